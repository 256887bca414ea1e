//! As root, sticks that others may have changed are read by a process without rights, and what it says is checked.

use std::fs::{self, File};
use std::io::{self, Read, Write};
use std::os::fd::{AsFd, OwnedFd};
use std::os::unix::fs::{FileExt, PermissionsExt};
use std::os::unix::net::UnixStream;
use std::os::unix::process::CommandExt;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Output, Stdio};
use std::time::{Duration, Instant};

use ramkey::layout::{Content, Extent};
use ramkey::plan::{FatBits, FsChoice, LayoutKind};
use ramkey::repair::{Mend, Mended, Scope, Update, repair, update};
use ramkey::sandbox::NOBODY;
use ramkey::verify::{StickVerdict, Strictness, TakenImage};
use rustix::net::{SendAncillaryBuffer, SendAncillaryMessage, SendFlags, sendmsg};
use serde_json::{Value, json};

use super::rights::{NAME, await_field, field, framed, is_root, told};
use crate::frames::sticks::{Image, MIB, Stick, printed};
use crate::frames::verdicts::{IMAGE_LEN, judge, stick};
use crate::frames::virtual_disks::Workshop;

fn superfloppy() -> Stick {
    stick(LayoutKind::Superfloppy, FsChoice::Is(FatBits::Fat16), 17 * MIB)
}

fn nobody() -> String {
    vec![NOBODY.to_string(); 4].join(" ")
}

/// A process that was asked something, and waits with its answer because nobody takes it.
struct Held {
    child: Child,
    out: io::PipeReader,
    socket: UnixStream,
}

impl Held {
    /// One that is called to do something, with its request and its files.
    fn new(argument: &str, request: &Value, files: &[&File]) -> Self {
        // Its answer does not fit into a pipe that is full.
        let (out, into) = io::pipe().unwrap();
        rustix::pipe::fcntl_setpipe_size(&into, 4096).unwrap();
        (&into).write_all(&[b' '; 4096]).unwrap();
        let (ours, theirs) = UnixStream::pair().unwrap();
        let mut command = Command::new(env!("CARGO_BIN_EXE_ramkey"));
        command.arg0(NAME).arg(argument).stdin(OwnedFd::from(theirs)).stdout(into).stderr(Stdio::null());
        let child = command.spawn().unwrap();
        let mut space = [const { std::mem::MaybeUninit::uninit() }; rustix::cmsg_space!(ScmRights(4))];
        let mut descriptors = SendAncillaryBuffer::new(&mut space);
        let files: Vec<_> = files.iter().map(AsFd::as_fd).collect();
        assert!(descriptors.push(SendAncillaryMessage::ScmRights(&files)));
        let request = framed(request.to_string().as_bytes());
        sendmsg(&ours, &[io::IoSlice::new(&request)], &mut descriptors, SendFlags::empty()).unwrap();
        Self { child, out, socket: ours }
    }

    /// It has no rights, and can make a file only so long.
    fn has_no_rights(&self, file_len: u64) {
        let pid = self.child.id();
        let len = format!("{file_len} {file_len} bytes");
        for (name, value) in [
            ("Max open files", "0 0 files"),
            ("Max file size", &len),
            ("Max processes", "0 0 processes"),
            ("Max core file size", "0 0 bytes"),
        ] {
            await_field(pid, "limits", name, value);
        }
        for (name, value) in
            [("Uid:", nobody()), ("Gid:", nobody()), ("Groups:", String::new()), ("NoNewPrivs:", "1".into())]
        {
            assert_eq!(field(pid, "status", name), value, "{name}");
        }
        for sets in ["CapInh:", "CapPrm:", "CapEff:"] {
            assert_eq!(field(pid, "status", sets), "0000000000000000", "{sets}");
        }
    }

    fn answer(mut self) -> Value {
        let mut answer = String::new();
        self.out.read_to_string(&mut answer).unwrap();
        assert!(self.child.wait().unwrap().success());
        serde_json::from_str(answer.trim()).unwrap()
    }
}

#[test]
fn the_process_that_proves_a_stick_and_the_one_that_takes_an_image_out_of_it_have_no_rights() {
    if !is_root() {
        return;
    }
    let folder = tempfile::tempdir().unwrap();
    let stick = File::open(superfloppy().file(folder.path())).unwrap();
    let gauge = tempfile::tempfile().unwrap();
    let ask = |question: Value| json!({"path": [120], "task": {"Stick": {"question": question, "has_direct": false}}});
    let proves = Held::new("and proves", &ask(json!({"Verify": "boot"})), &[&gauge, &stick]);
    proves.has_no_rights(0);
    let answer = proves.answer();
    assert_eq!(answer["Stick"]["Verdict"]["sound"], true, "{answer}");
    assert!(io::Seek::stream_position(&mut &gauge).unwrap() > 2 * IMAGE_LEN as u64, "it told how far it was");

    let maps =
        Held::new("and proves", &ask(json!({"Map": {"proof": true, "against": false}})), &[&gauge, &stick]);
    maps.has_no_rights(0);
    let answer = maps.answer();
    assert_eq!(answer["Stick"]["Map"]["capsules"][0]["states"]["bad"], 0, "{answer}");

    let out = tempfile::tempfile().unwrap();
    let takes = Held::new("and takes out", &ask(json!({"TakeOut": "tiny"})), &[&gauge, &stick, &out]);
    takes.has_no_rights(ramkey::image::DISK_LEN_MAX);
    let answer = takes.answer();
    assert_eq!(answer["Stick"]["Taken"]["Ok"]["len"], 1000, "{answer}");
    let mut bytes = vec![0; 1000];
    out.read_exact_at(&mut bytes, 0).unwrap();
    assert!(bytes == crate::frames::sticks::noise(1000));
}

#[test]
fn the_process_that_reads_a_virtual_machines_disk_has_no_rights_and_serves_until_nobody_asks() {
    if !is_root() {
        return;
    }
    let disk = crate::frames::sticks::noise(300_000 / 512 * 512);
    let made = Workshop::new(&disk);
    made.qemu_img(&["convert", "-f", "raw", "-O", "qcow2", "-c", "@plain.img", "@disk.qcow2"]);
    let file = File::open(made.path("disk.qcow2")).unwrap();
    let mut serves =
        Held::new("and serves", &json!({"path": [120], "task": {"Serve": {"is_all": false}}}), &[&file]);
    let mut len = [0; 4];
    serves.socket.read_exact(&mut len).unwrap();
    let mut opening = vec![0; u32::from_le_bytes(len) as usize];
    serves.socket.read_exact(&mut opening).unwrap();
    let opening: Value = serde_json::from_slice(&opening).unwrap();
    assert_eq!(opening["Image"]["len"], disk.len(), "{opening}");
    serves.has_no_rights(0);
    for (place, count) in [(0, 100), (70_000, 131_072), (disk.len() - 1, 1)] {
        serves
            .socket
            .write_all(&[(place as u64).to_le_bytes(), (count as u64).to_le_bytes()].concat())
            .unwrap();
        let mut piece = vec![0xD1; count + 1];
        serves.socket.read_exact(&mut piece).unwrap();
        assert!(piece[0] == 0 && piece[1..] == disk[place..place + count], "{place}");
    }
    serves.socket.shutdown(std::net::Shutdown::Both).unwrap();
    assert!(serves.child.wait().unwrap().success());

    // In a command that reads with rights, what it serves is as good as the file, also when the thread that opened it has ended, and
    // its end is an error.
    let path = made.path("disk.qcow2");
    let opened = |path: PathBuf| ramkey::sandbox::open(&path, &|_| ()).unwrap();
    let source = {
        let path = path.clone();
        std::thread::spawn(move || opened(path)).join().unwrap()
    };
    let mut found = vec![0; disk.len()];
    source.read_at(0, &mut found).unwrap();
    assert!(found == disk && source.len() == disk.len() as u64);
    kill(child_with(&path).expect("it has a child"), rustix::process::Signal::KILL);
    let error = source.read_at(0, &mut found).unwrap_err().to_string();
    assert!(error.contains("the process without rights that reads it has ended, or is too slow"), "{error}");
}

#[test]
fn a_disk_in_many_files_is_served_as_it_is_read_by_anybody() {
    if !is_root() {
        return;
    }
    let disk = crate::frames::sticks::noise(5 << 20);
    let made = Workshop::new(&disk);
    made.qemu_img(&[
        "convert",
        "-f",
        "raw",
        "-O",
        "vmdk",
        "-o",
        "subformat=twoGbMaxExtentFlat",
        "@plain.img",
        "@flat.vmdk",
    ]);
    let source = ramkey::sandbox::open(&made.path("flat.vmdk"), &|_| ()).unwrap();
    let mut found = vec![0; disk.len()];
    source.read_at(0, &mut found).unwrap();
    assert!(found == disk);
    assert_eq!(source.files().len(), 2, "the descriptor, and what it names");
    // What it names is opened as ever.
    fs::remove_file(made.path("flat-f001.vmdk")).unwrap();
    std::os::unix::fs::symlink("plain.img", made.path("flat-f001.vmdk")).unwrap();
    let Err(error) = ramkey::sandbox::open(&made.path("flat.vmdk"), &|_| ()) else {
        panic!("a link is opened")
    };
    assert!(error.to_string().contains("symbolic link"), "{error}");
}

/// The children of all threads of a process.
fn children(parent: u32) -> Vec<String> {
    let threads = fs::read_dir(format!("/proc/{parent}/task")).into_iter().flatten();
    let of = |thread: io::Result<fs::DirEntry>| fs::read_to_string(thread.ok()?.path().join("children")).ok();
    let all: Vec<String> = threads.filter_map(of).collect();
    all.iter().flat_map(|children| children.split_whitespace()).map(str::to_owned).collect()
}

/// The child of this process that has the file at `path`.
pub(super) fn child_with(path: &Path) -> Option<u32> {
    let has_it = |child: &String| {
        let open = fs::read_dir(format!("/proc/{child}/fd")).into_iter().flatten().flatten();
        open.filter_map(|entry| fs::read_link(entry.path()).ok()).any(|name| name == path)
    };
    children(std::process::id()).into_iter().find(has_it)?.parse().ok()
}

/// The child of a process, once it is the program that looks.
pub(super) fn child_of(parent: &Child) -> u32 {
    let end = Instant::now() + Duration::from_secs(30);
    loop {
        if let Some(child) = children(parent.id()).first() {
            let name = fs::read(format!("/proc/{child}/cmdline")).unwrap_or_default();
            if name.starts_with(NAME.as_bytes()) {
                return child.parse().unwrap();
            }
        }
        assert!(Instant::now() < end, "it has no child");
        std::thread::sleep(Duration::from_micros(100));
    }
}

pub(super) fn kill(pid: u32, signal: rustix::process::Signal) {
    let pid = rustix::process::Pid::from_raw(pid.cast_signed()).unwrap();
    rustix::process::kill_process(pid, signal).unwrap();
}

/// A command whose child is kept from going on as soon as there is one.
pub(super) fn stopped(arguments: &[&str], folder: &Path) -> (Child, u32) {
    let mut command = Command::new(env!("CARGO_BIN_EXE_ramkey"));
    command.args(arguments).current_dir(folder).stdout(Stdio::piped()).stderr(Stdio::piped());
    let parent = command.spawn().unwrap();
    let child = child_of(&parent);
    kill(child, rustix::process::Signal::STOP);
    (parent, child)
}

pub(super) fn files() -> (tempfile::TempDir, PathBuf) {
    let folder = tempfile::tempdir().unwrap();
    fs::set_permissions(folder.path(), fs::Permissions::from_mode(0o777)).unwrap();
    let path = superfloppy().file(folder.path());
    let own = folder.path().join("stick.img");
    fs::rename(path, &own).unwrap();
    fs::set_permissions(&own, fs::Permissions::from_mode(0o644)).unwrap();
    (folder, own)
}

#[test]
fn of_sticks_too_root_is_told_the_same_as_anybody() {
    if !is_root() {
        return;
    }
    let (folder, path) = files();
    let whole = fs::read(&path).unwrap();
    let damaged = |from: usize| {
        let mut bytes = whole.clone();
        bytes[from..].iter_mut().step_by(4096).take(400).for_each(|byte| *byte ^= 1);
        bytes
    };
    let sticks = [whole.clone(), damaged(0), damaged(3 << 20), vec![0xD1; 1 << 20]];
    for (number, bytes) in sticks.iter().enumerate() {
        fs::write(&path, bytes).unwrap();
        let all = [&["verify"][..], &["inspect"], &["verify", "--strict"], &["check"]];
        for arguments in &all[..if number == 2 { 4 } else { 2 }] {
            let (root, anybody) = (told(arguments, &path, false), told(arguments, &path, true));
            let rated = |(status, mut value): (Option<i32>, Value)| {
                ["read_rate", "slow"]
                    .iter()
                    .for_each(|name| drop(value.as_object_mut().unwrap().remove(*name)));
                (status, value)
            };
            assert_eq!(rated(root), rated(anybody), "{arguments:?} {number}");
        }
        let taken = |as_nobody| {
            let mut command = Command::new(env!("CARGO_BIN_EXE_ramkey"));
            command.args(["extract", "dos", "--from", "stick.img", "--to", "out.img", "--json"]);
            if as_nobody {
                command.uid(NOBODY).gid(NOBODY);
            }
            let Output { status, stdout, stderr } = command.current_dir(folder.path()).output().unwrap();
            let out = folder.path().join("out.img");
            let bytes = fs::read(&out).ok();
            let _ = fs::remove_file(&out);
            (status.code(), String::from_utf8(stdout).unwrap(), String::from_utf8(stderr).unwrap(), bytes)
        };
        let (root, anybody) = (taken(false), taken(true));
        assert!(root == anybody, "{number}: {:?} {:?}", (root.0, &root.2), (anybody.0, &anybody.2));
    }
}

#[test]
fn root_writes_to_a_stick_what_anybody_would() {
    if !is_root() {
        return;
    }
    let (folder, path) = files();
    let whole = fs::read(&path).unwrap();
    let image = crate::frames::sticks::noise(IMAGE_LEN);
    fs::write(folder.path().join("dos.img"), &image).unwrap();
    fs::set_permissions(folder.path().join("dos.img"), fs::Permissions::from_mode(0o644)).unwrap();
    // Who else has it open, only its owner is told.
    std::os::unix::fs::chown(&path, Some(NOBODY), Some(NOBODY)).unwrap();
    let mut broken = whole.clone();
    let place = whole.windows(512).position(|bytes| bytes == &image[600_000..600_512]).unwrap();
    broken[place] ^= 1;
    broken[700 * 512..701 * 512].fill(0);
    let mut other = whole.clone();
    crate::frames::foreign::foreign(&mut other);
    let repair = &["verify", "stick.img", "--repair", "dos.img", "--yes", "--json"][..];
    let update = &["update", "stick.img", "--yes", "--json"][..];
    let cases = [(&broken, repair), (&broken, update), (&other, update)];
    let mut written = 0;
    for (number, (stick, arguments)) in cases.into_iter().enumerate() {
        let done = |as_nobody| {
            fs::write(&path, stick).unwrap();
            let mut command = Command::new(env!("CARGO_BIN_EXE_ramkey"));
            command.args(arguments).current_dir(folder.path());
            if as_nobody {
                command.uid(NOBODY).gid(NOBODY);
            }
            let output = command.output().unwrap();
            (output.status.code(), printed(&output), fs::read(&path).unwrap())
        };
        let (root, anybody) = (done(false), done(true));
        assert_eq!((root.0, &root.1), (anybody.0, &anybody.1), "{number}");
        assert!(root.2 == anybody.2, "{number}: {}", root.1);
        written += usize::from(root.2 != *stick);
    }
    assert!(written >= 2, "{written}");
}

#[test]
fn a_verdict_that_cannot_be_one_is_refused() {
    let whole = Image(superfloppy().bytes());
    let len = whole.0.len() as u64;
    let verdict = judge(&whole, Strictness::Boot);
    let is_possible = |value: &Value| {
        let verdict: Option<StickVerdict> = serde_json::from_value(value.clone()).ok();
        verdict.is_some_and(|verdict| verdict.is_possible(len, Strictness::Boot, true))
    };
    let told = serde_json::to_value(&verdict).unwrap();
    assert!(is_possible(&told), "{told}");
    let fault = json!({"kind": "capsule", "lba": 1, "sectors": 1, "offset": 0, "end": 0, "message": "x"});
    let many = Value::Array(vec![fault.clone(); 1002]);
    for (place, forged) in [
        ("/sound", json!(false)),
        ("/proof", json!(false)),
        ("/strictness", json!("every-byte")),
        ("/faults", json!([fault])),
        ("/faults", many),
        ("/stick_id", json!("00")),
        ("/layout", json!("round")),
        ("/capsules/0/blake3", json!("\u{1b}[2J")),
        ("/capsules/0/ram_blake3", json!("00")),
        ("/capsules/0/fragments", json!(len)),
        ("/capsules/0/options/copy", json!("by hand")),
        ("/capsules/0/drive", json!(256)),
        ("/changes", json!([{"change": "nothing"}])),
    ] {
        let mut value = told.clone();
        *value.pointer_mut(place).unwrap() = forged.clone();
        assert!(!is_possible(&value), "{place} {forged}");
    }
    let taken = TakenImage::find(&whole, Some("tiny")).unwrap();
    assert!(taken.is_possible());
    for forged in [
        TakenImage { len: u64::MAX, ..taken.clone() },
        TakenImage { blake3: "0".repeat(63), ..taken.clone() },
        TakenImage { ram_blake3: Some("z".repeat(64)), ..taken.clone() },
    ] {
        assert!(!forged.is_possible(), "{forged:?}");
    }
}

/// A stick with a damaged sector.
fn broken() -> Image {
    let mut broken = Image(superfloppy().bytes());
    broken.0[700 * 512..701 * 512].fill(0);
    broken
}

#[test]
fn a_repair_that_cannot_be_one_is_refused() {
    let broken = broken();
    let mend = Mend::from(repair(&broken, &[]));
    let sectors = broken.0.len() as u64 / 512;
    assert!(mend.is_possible(sectors) && !mend.extents.is_empty());
    let extent = mend.extents[0].clone();
    let written = |extents: Vec<Extent>| Mend { extents, ..mend.clone() };
    for forged in [
        Mend { is_foreign: true, ..mend.clone() },
        Mend { cleared_first: vec![sectors - 1], ..mend.clone() },
        Mend { mended: vec![Mended { what: String::new(), lba: 1, sectors: u64::MAX }], ..mend.clone() },
        written(Vec::new()),
        written(vec![Extent { lba: sectors, ..extent.clone() }]),
        written(vec![Extent { lba: u64::MAX, ..extent.clone() }]),
        written(vec![Extent { sectors: 0, ..extent.clone() }]),
        written(vec![Extent { sectors: u64::MAX, ..extent.clone() }]),
        written(vec![extent.clone(), extent.clone()]),
    ] {
        assert!(!forged.is_possible(sectors), "{forged:?}");
    }
    for (lba, cleared_first, is_text) in [(591, vec![], false), (592, vec![], true), (592, vec![592], false)]
    {
        let text = Mend { cleared_first, ..written(vec![Extent { lba, ..extent.clone() }]) };
        assert_eq!(text.is_within(Scope::Text), is_text, "{lba}");
        assert!(text.is_within(Scope::All));
    }
}

#[test]
fn an_update_that_cannot_be_one_is_refused() {
    let mut broken = broken();
    let sectors = broken.0.len() as u64 / 512;
    let extent = Mend::from(repair(&broken, &[])).extents[0].clone();
    crate::frames::foreign::foreign(&mut broken.0);
    let made = update(&broken).unwrap();
    assert!(made.is_possible(sectors) && !made.is_possible(sectors - 1));
    assert!(!Update { code: None, ..made.clone() }.is_possible(sectors));
    for (lba, count, is_of_start) in [
        (4159, 1, true),
        (4160, 1, false),
        (4159, 2, false),
        (sectors - 34, 1, false),
        (sectors - 33, 1, true),
    ] {
        let mut code = made.code.clone().unwrap();
        code.extents.retain(|extent| extent.lba + extent.sectors <= lba);
        let content = Content::Zeros;
        code.extents.push(Extent { lba, sectors: count, content, ..extent.clone() });
        let forged = Update { code: Some(code), ..made.clone() };
        assert_eq!(forged.is_possible(sectors), is_of_start, "{lba}");
    }
    assert!(!Update { manifest: made.code.clone(), ..made }.is_possible(sectors));
}
