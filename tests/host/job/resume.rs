//! A write that was interrupted goes on: with what is missing, on the stick that it was begun on, and on no other.

use std::fs::{self, File};
use std::os::unix::fs::FileExt;
use std::path::{Path, PathBuf};
use std::process::{Command, Output, Stdio};
use std::sync::atomic::AtomicBool;
use std::thread::sleep;
use std::time::Duration;

use ramkey::job::{
    Images, JobError, NotResumed, Prepared, StickRequest, prepare, resume_to, verify, write_to,
};
use ramkey::layout::Role;
use ramkey::plan::{FatBits, FsChoice, LayoutKind};
use ramkey::report::Report;
use ramkey::verify::Strictness;
use ramkey_format::memory::MANIFEST_LBA;
use rustix::process::{Pid, Signal, kill_process};

use crate::frames::loops::Loop;
use crate::frames::recorder::{Op, Recorder, each_cut};
use crate::frames::sticks::{MIB, POISON, noise, printed, tool};
use crate::frames::verdicts::volume_offset;

struct Desk {
    folder: tempfile::TempDir,
}

impl Desk {
    fn new() -> Self {
        let desk = Self { folder: tempfile::tempdir().unwrap() };
        fs::write(desk.path("one.img"), noise(3_300_000)).unwrap();
        desk
    }

    fn path(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }

    fn request(&self, layout: LayoutKind) -> StickRequest {
        StickRequest {
            layout: layout.into(),
            size: Some(16 * MIB),
            ..StickRequest::new(vec![self.path("one.img")])
        }
    }
}

fn prepared(request: &StickRequest) -> Prepared {
    prepare(request, Images::open(request).unwrap(), None, &|_| ()).unwrap()
}

/// Writes over `before`; what the stick holds then, and what came to it.
fn written(prepared: &Prepared, before: Vec<u8>) -> (Vec<u8>, Vec<Op>) {
    let stick = Recorder::new(before);
    write_to(prepared, &stick, &AtomicBool::new(false), &|_| ()).unwrap();
    stick.end()
}

/// Goes on with a write on a stick; what it holds then, what came to it, and what was said.
fn resumed(prepared: &Prepared, stick: &[u8]) -> (Vec<u8>, Vec<Op>, Result<Report, JobError>) {
    let stick = Recorder::new(stick.to_vec());
    let report = resume_to(prepared, Path::new("stick"), &stick, &AtomicBool::new(false), &|_| ());
    let (bytes, log) = stick.end();
    (bytes, log, report)
}

/// Goes on on a stick that is no unfinished one of this write, and must not be written.
fn refused(prepared: &Prepared, stick: &[u8], case: &str) -> NotResumed {
    let (after, log, report) = resumed(prepared, stick);
    assert!(log.is_empty() && after == stick, "{case}: it was written");
    match report {
        Err(JobError::NotResumed { why, .. }) => why,
        Err(error) => panic!("{case}: {error}"),
        Ok(_) => panic!("{case}: it went on"),
    }
}

/// What a write that was cut in the middle of the images leaves.
fn unfinished(prepared: &Prepared, before: Vec<u8>) -> Vec<u8> {
    let (_, log) = written(prepared, before.clone());
    let last = log.iter().rposition(|op| matches!(op, Op::Write(_, bytes) if bytes.len() > 512)).unwrap();
    let mut stick = before;
    for op in &log[..last] {
        if let Op::Write(offset, bytes) = op {
            stick[*offset as usize..][..bytes.len()].copy_from_slice(bytes);
        }
    }
    stick
}

fn poison() -> Vec<u8> {
    vec![POISON; 16 << 20]
}

#[test]
fn cut_at_any_write_it_goes_on_with_what_is_missing_or_writes_nothing() {
    let desk = Desk::new();
    for layout in [LayoutKind::Hdd, LayoutKind::Superfloppy] {
        let prepared = prepared(&desk.request(layout));
        let (whole, log) = written(&prepared, poison());
        let all: usize =
            log.iter().map(|op| if let Op::Write(_, bytes) = op { bytes.len() } else { 0 }).sum();
        let image = prepared.layout.extents.iter().find(|extent| matches!(extent.role, Role::Capsule { .. }));
        let image = image.unwrap().lba as usize * 512;
        let (mut went_on, mut refusals, mut spared) = (0, 0, 0);
        let before = poison();
        each_cut(&before, &log, 1, |case, stick| {
            let case = format!("{layout:?}, {case}");
            let (after, log, report) = resumed(&prepared, stick);
            match report {
                Ok(report) => {
                    assert!(after == whole, "{case}: it is not the stick that it was to be");
                    let resumed = report.resumed.unwrap();
                    let len = |op: &Op| if let Op::Write(_, bytes) = op { bytes.len() as u64 } else { 0 };
                    // Sectors that are cleared and written again are counted once.
                    let sent = log.iter().map(len).sum::<u64>();
                    assert!(resumed.written <= sent && sent <= resumed.written + 4096, "{case}: {sent}");
                    assert_eq!(resumed.complete, stick == whole, "{case}");
                    assert!(resumed.written <= all as u64, "{case}");
                    went_on += 1;
                    spared += u32::from(resumed.skipped > 2 * resumed.written);
                }
                Err(JobError::NotResumed { why, .. }) => {
                    assert!(log.is_empty() && after == stick, "{case}: {why}");
                    // Nothing of the images is there, but where a flush left half of everything.
                    let is_flush = case.contains("flush");
                    assert!(
                        is_flush || stick[image..image + 4096] != whole[image..image + 4096],
                        "{case}: {why}"
                    );
                    refusals += 1;
                }
                Err(error) => panic!("{case}: {error}"),
            }
        });
        assert!(went_on > 8 && refusals > 3 && spared > 3, "{went_on} {refusals} {spared}");
    }
}

#[test]
fn another_image_other_options_and_another_stick_are_left_alone() {
    let desk = Desk::new();
    let request = desk.request(LayoutKind::Hdd);
    let write = prepared(&request);
    let stick = unfinished(&write, poison());
    let (after, _, report) = resumed(&write, &stick);
    assert!(report.is_ok() && after == written(&write, poison()).0, "it is the stick that goes on");

    fs::write(desk.path("two.img"), noise(3_300_512)).unwrap();
    let mut image = noise(3_300_000);
    image[2_000_000] ^= 1;
    fs::write(desk.path("three.img"), image).unwrap();
    let others = [
        ("a larger image", StickRequest { images: vec![desk.path("two.img")], ..request.clone() }),
        (
            "an image that differs in a bit",
            StickRequest { images: vec![desk.path("three.img")], ..request.clone() },
        ),
        ("another title", StickRequest { titles: vec!["Two".into()], ..request.clone() }),
        ("another label", StickRequest { label: Some("OTHER".into()), ..request.clone() }),
        ("another layout", StickRequest { layout: LayoutKind::Superfloppy.into(), ..request.clone() }),
        ("another FAT", StickRequest { fs: FsChoice::Is(FatBits::Fat16), ..request.clone() }),
        ("another identity", StickRequest { id: Some([7; 16]), ..request.clone() }),
    ];
    for (case, other) in &others {
        assert_eq!(refused(&prepared(other), &stick, case), NotResumed::Nothing, "{case}");
        let (finished, _) = written(&prepared(other), poison());
        assert_eq!(refused(&write, &finished, case), NotResumed::Nothing, "{case}");
    }
    assert_eq!(refused(&write, &poison(), "a foreign stick"), NotResumed::Nothing);
    assert_eq!(refused(&write, &vec![0; 16 << 20], "an empty stick"), NotResumed::Nothing);
    assert_eq!(refused(&write, &stick[..100 * 512], "a stick of 100 sectors"), NotResumed::Nothing);
}

#[test]
fn what_was_put_on_it_since_is_not_lost() {
    let desk = Desk::new();
    let write = prepared(&desk.request(LayoutKind::Hdd));
    let stick = unfinished(&write, poison());

    let path = desk.path("stick.img");
    fs::write(&path, &stick).unwrap();
    fs::write(desk.path("letter.txt"), "mine").unwrap();
    let volume = format!("{}@@{}", path.display(), volume_offset(LayoutKind::Hdd));
    let letter = desk.path("letter.txt");
    let copied = tool("mtools", "mcopy", &["-i", &volume, letter.to_str().unwrap(), "::"]);
    assert!(copied.status.success(), "{}", printed(&copied));
    let why = refused(&write, &fs::read(&path).unwrap(), "a file");
    assert!(matches!(&why, NotResumed::Files { what } if what.contains("LETTER.TXT")), "{why}");

    // A new partition table, and a boot loader where ours was.
    let mut table = stick.clone();
    table[446] = 0x80;
    assert_eq!(refused(&write, &table, "a table"), NotResumed::Other { lba: 0 });
    for &lba in write.layout.cleared_first.iter().filter(|&&lba| lba != 0) {
        let mut loader = stick.clone();
        loader[lba as usize * 512 + 3] = 1;
        assert_eq!(refused(&write, &loader, "a loader"), NotResumed::Other { lba });
    }
}

#[test]
fn a_complete_stick_is_left_as_it_is_and_a_changed_one_too() {
    let desk = Desk::new();
    let write = prepared(&desk.request(LayoutKind::Universal { slot: ramkey::plan::Slot::First }));
    let (whole, _) = written(&write, poison());
    let (after, log, report) = resumed(&write, &whole);
    let report = report.unwrap();
    let told = report.resumed.unwrap();
    assert!(log.is_empty() && after == whole, "it was written");
    assert_eq!((told.complete, told.skipped, told.written), (true, report.stick.bytes, 0));

    for extent in &write.layout.extents {
        // Sector 0 and the first sector of the manifest say which stick it is.
        let lba = extent.lba + extent.sectors / 2;
        if [0, u64::from(MANIFEST_LBA)].contains(&lba) {
            continue;
        }
        let mut changed = whole.clone();
        changed[lba as usize * 512 + 77] ^= 1;
        let why = refused(&write, &changed, "a changed stick");
        assert!(matches!(why, NotResumed::Finished { lba: found } if found <= lba), "{lba}: {why}");
    }
}

/// Runs `ramkey`.
fn ramkey(desk: &Desk, arguments: &[&str]) -> Output {
    let mut command = Command::new(env!("CARGO_BIN_EXE_ramkey"));
    command.args(arguments).current_dir(desk.folder.path()).stdin(Stdio::null()).output().unwrap()
}

/// Kills `ramkey write` on the device over `file` when the stick has some of its bytes; whether it was not finished then.
fn killed(desk: &Desk, node: &str, file: &Path) -> bool {
    let mut command = Command::new(env!("CARGO_BIN_EXE_ramkey"));
    command
        .args(["write", "large.img", "--to", node, "--yes", "--compress", "none"])
        .current_dir(desk.folder.path());
    let mut child = command.stdout(Stdio::null()).stderr(Stdio::null()).spawn().unwrap();
    let file = File::open(file).unwrap();
    let mut sector = [0; 512];
    while child.try_wait().unwrap().is_none() {
        file.read_exact_at(&mut sector, 6 * MIB).unwrap();
        if sector != [POISON; 512] {
            kill_process(Pid::from_raw(child.id().try_into().unwrap()).unwrap(), Signal::KILL).unwrap();
            break;
        }
        sleep(Duration::from_micros(200));
    }
    child.wait().unwrap();
    file.read_exact_at(&mut sector, 0).unwrap();
    sector == [0; 512]
}

#[test]
fn killed_on_a_real_device_it_goes_on_and_is_proven() {
    let desk = Desk::new();
    let mut image = vec![0; 20 << 20];
    blake3::Hasher::new().update(b"large").finalize_xof().fill(&mut image);
    image[446] = 0x7F;
    image[510..512].copy_from_slice(&[0x55, 0xAA]);
    fs::write(desk.path("large.img"), image).unwrap();
    let file = desk.path("disk.img");
    fs::write(&file, vec![POISON; 32 << 20]).unwrap();
    let Some(device) = Loop::of(&file, &[]) else { return };
    let node = device.node.to_str().unwrap();

    // Another stick in the port is not continued, nor asked about.
    let output = ramkey(&desk, &["write", "large.img", "--to", node, "--resume"]);
    assert_eq!(output.status.code(), Some(3), "{}", printed(&output));
    assert!(printed(&output).contains("is not the unfinished stick of this write"), "{}", printed(&output));

    let cut = (0..16).any(|_| {
        fs::write(&file, vec![POISON; 32 << 20]).unwrap();
        killed(&desk, node, &file)
    });
    assert!(cut, "no kill came before the end");
    let output =
        ramkey(&desk, &["write", "large.img", "--to", node, "--compress", "none", "--resume", "--json"]);
    assert_eq!(output.status.code(), Some(0), "{}", printed(&output));
    let report: serde_json::Value = serde_json::from_slice(&output.stdout).unwrap();
    let told = &report["resumed"];
    assert_eq!(told["complete"], false);
    assert!(told["skipped"].as_u64() > Some(3 * MIB) && told["written"].as_u64() > Some(0), "{told}");
    let verdict = verify(&device.node, Strictness::EveryByte, &|_| ()).unwrap();
    assert!(verdict.sound && verdict.changes.is_empty(), "{:?}", verdict.faults);

    let output = ramkey(&desk, &["write", "large.img", "--to", node, "--compress", "none", "--resume"]);
    let text = printed(&output);
    assert!(output.status.success() && text.contains("\nwritten   nothing: all "), "{text}");
    let output = ramkey(&desk, &["write", "one.img", "--to", node, "--resume"]);
    assert_eq!(output.status.code(), Some(3), "{}", printed(&output));
}

#[test]
fn where_nothing_was_begun_no_file_is_made() {
    let desk = Desk::new();
    fs::write(desk.path("empty.img"), "").unwrap();
    for name in ["new.img", "empty.img"] {
        let output = ramkey(&desk, &["write", "one.img", "--to", name, "--resume"]);
        assert_eq!(output.status.code(), Some(3), "{}", printed(&output));
    }
    assert!(!desk.path("new.img").exists() && fs::read(desk.path("empty.img")).unwrap().is_empty());
}

#[test]
fn a_copy_of_a_disc_goes_on_too() {
    let desk = Desk::new();
    assert!(ramkey(&desk, &["disc", "one.img", "--to", "disc.iso"]).status.success());
    fs::write(desk.path("copy.img"), poison()).unwrap();
    let arguments = ["write", "disc.iso", "--to", "copy.img"];
    assert!(ramkey(&desk, &[&arguments[..], &["--yes"]].concat()).status.success());
    let whole = fs::read(desk.path("copy.img")).unwrap();
    let mut cut = whole.clone();
    cut[..512].fill(0);
    cut[3 << 20..4 << 20].fill(POISON);
    fs::write(desk.path("copy.img"), cut).unwrap();
    let output = ramkey(&desk, &[&arguments[..], &["--resume", "--json"]].concat());
    let report: serde_json::Value = serde_json::from_slice(&output.stdout).unwrap();
    assert!(output.status.success(), "{}", printed(&output));
    assert!(fs::read(desk.path("copy.img")).unwrap() == whole, "{report}");
    assert!(report["resumed"]["written"].as_u64() < Some(3 << 20), "{report}");
}
