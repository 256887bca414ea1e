//! The program itself is stopped: killed at any moment, asked to end, or out of room.

use std::fs;
use std::os::unix::fs::MetadataExt;
use std::os::unix::process::ExitStatusExt;
use std::path::{Path, PathBuf};
use std::process::{Command, ExitStatus, Stdio};
use std::thread::sleep;
use std::time::{Duration, Instant};

use crate::frames::mock::CLEARED_FIRST;
use crate::frames::skip::skip;
use rustix::process::{Pid, Signal, kill_process};

const ROUNDS: u32 = 16;

struct Desk {
    folder: tempfile::TempDir,
}

impl Desk {
    /// Two images of which each takes a while to write.
    fn new(image_len: usize) -> Self {
        let desk = Self { folder: tempfile::tempdir().unwrap() };
        for (name, seed) in [("old.img", 1u64), ("new.img", 2)] {
            let mut image = vec![0; image_len];
            blake3::Hasher::new().update(&seed.to_le_bytes()).finalize_xof().fill(&mut image);
            image[446] = 0x7F;
            image[510..512].copy_from_slice(&[0x55, 0xAA]);
            fs::write(desk.path(name), image).unwrap();
        }
        desk
    }

    fn path(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }

    fn write(&self, image: &str, stick: &Path) -> Command {
        let mut command = Command::new(env!("CARGO_BIN_EXE_ramkey"));
        command.arg("write").arg(self.path(image)).arg("--to").arg(stick).args(["--size", "64M"]);
        // Packing would take most of the time, in which nothing is written.
        command.args(["--compress", "none"]);
        command.stdout(Stdio::null()).stderr(Stdio::null());
        command
    }

    /// Starts a write and sends it a signal after `delay`.
    fn signalled(&self, stick: &Path, delay: Duration, signal: Signal) -> ExitStatus {
        let mut child = self.write("new.img", stick).spawn().unwrap();
        sleep(delay);
        let pid = Pid::from_raw(child.id().try_into().unwrap()).unwrap();
        kill_process(pid, signal).unwrap();
        child.wait().unwrap()
    }

    /// Starts a write to a new file and sends it a signal when the file has its first bytes.
    fn signalled_when_begun(&self, stick: &Path, signal: Signal) -> ExitStatus {
        let mut child = self.write("new.img", stick).spawn().unwrap();
        while fs::metadata(stick).map_or(0, |stick| stick.blocks()) == 0 {
            if let Some(status) = child.try_wait().unwrap() {
                return status;
            }
            sleep(Duration::from_millis(1));
        }
        let pid = Pid::from_raw(child.id().try_into().unwrap()).unwrap();
        kill_process(pid, signal).unwrap();
        child.wait().unwrap()
    }

    /// How long a whole write takes.
    fn time(&self) -> Duration {
        let stick = self.path("timed.img");
        let begin = Instant::now();
        assert!(self.write("new.img", &stick).status().unwrap().success());
        let time = begin.elapsed();
        fs::remove_file(stick).unwrap();
        time
    }

    /// Whether these bytes are those of a complete stick, but for the sectors that are cleared first.
    fn is_whole(&self, bytes: &[u8]) -> bool {
        ["old.img", "new.img"].iter().any(|image| {
            let stick = self.path("whole.img");
            assert!(self.write(image, &stick).status().unwrap().success());
            let whole = fs::read(&stick).unwrap();
            fs::remove_file(stick).unwrap();
            let sectors = (0..).zip(whole.chunks(512).zip(bytes.chunks(512)));
            let mut behind = sectors.filter(|(lba, _)| !CLEARED_FIRST.contains(lba));
            whole.len() == bytes.len() && behind.all(|(_, (whole, found))| whole == found)
        })
    }
}

/// What a stick is: clear, or complete, with which image, or one whose sector 0 alone is missing. Anything else fails
/// the test.
#[derive(Debug, PartialEq)]
enum Left {
    Nothing,
    Clear,
    Whole,
    Complete(String),
}

fn left(desk: &Desk, stick: &Path, case: &str) -> Left {
    let Ok(bytes) = fs::read(stick) else { return Left::Nothing };
    if bytes.is_empty() {
        return Left::Nothing;
    }
    let is_clear = |lba: &u64| bytes[*lba as usize * 512..][..512] == [0; 512];
    if CLEARED_FIRST.iter().all(is_clear) {
        return Left::Clear;
    }
    if is_clear(&0) {
        assert!(desk.is_whole(&bytes), "{case}: a copy of sector 0 may boot what is not complete");
        return Left::Whole;
    }
    let mut command = Command::new(env!("CARGO_BIN_EXE_ramkey"));
    let output = command.arg("verify").arg(stick).args(["--strict", "--json"]).output().unwrap();
    let text = String::from_utf8_lossy(&output.stdout).into_owned();
    assert!(output.status.success(), "{case}: it boots and is not complete: {text}");
    let verdict: serde_json::Value = serde_json::from_str(&text).unwrap();
    Left::Complete(verdict["capsules"][0]["title"].as_str().unwrap().to_owned())
}

#[test]
fn killed_at_any_moment_a_stick_is_complete_or_does_not_boot() {
    let desk = Desk::new(24 << 20);
    let time = desk.time();
    let mut clear = 0;
    for round in 0..ROUNDS {
        let stick = desk.path(&format!("stick{round}.img"));
        let over_old = round % 2 == 0;
        if over_old {
            assert!(desk.write("old.img", &stick).status().unwrap().success());
        }
        desk.signalled(&stick, time * round / ROUNDS, Signal::KILL);
        let left = left(&desk, &stick, &format!("round {round}"));
        clear += u32::from(left == Left::Clear);
        assert!(!over_old || left != Left::Nothing, "round {round}: the old stick is gone");
        fs::remove_file(&stick).ok();
    }
    // On a machine whose speed changes, all of these may come too early or too late.
    for round in 0..ROUNDS {
        let stick = desk.path("begun.img");
        desk.signalled_when_begun(&stick, Signal::KILL);
        clear += u32::from(left(&desk, &stick, &format!("begun {round}")) == Left::Clear);
        fs::remove_file(&stick).ok();
        if clear > 0 {
            return;
        }
    }
    panic!("no round came between the first write and the last");
}

#[test]
fn asked_to_end_it_says_what_became_of_the_stick() {
    let desk = Desk::new(24 << 20);
    let time = desk.time();
    let mut stopped = 0;
    for round in 0..2 * ROUNDS {
        let stick = desk.path(&format!("stick{round}.img"));
        let signal = [Signal::INT, Signal::TERM, Signal::HUP][round as usize % 3];
        // On a machine whose speed changes, all of the first rounds may come too early or too late.
        let status = match round {
            0..ROUNDS => desk.signalled(&stick, time * round / ROUNDS, signal),
            _ if stopped > 0 => break,
            _ => desk.signalled_when_begun(&stick, signal),
        };
        let left = left(&desk, &stick, &format!("round {round}"));
        let expected = match (status.code(), status.signal()) {
            (Some(0), _) => Left::Complete("new".into()),
            (Some(5), _) => Left::Clear,
            // Before there was anything to clean up.
            (Some(3), _) | (None, Some(_)) => Left::Nothing,
            other => panic!("round {round}: {other:?}"),
        };
        assert_eq!(left, expected, "round {round}: {status}");
        stopped += u32::from(status.code() == Some(5));
        fs::remove_file(&stick).ok();
    }
    assert!(stopped > 0, "no round came between the first write and the last");
}

/// A file system of 4 MiB, mounted until it is dropped.
struct Small {
    folder: PathBuf,
}

impl Small {
    fn new(desk: &Desk) -> Option<Self> {
        let folder = desk.path("small");
        fs::create_dir(&folder).unwrap();
        let mut mount = Command::new("mount");
        let output = mount.args(["-t", "tmpfs", "-o", "size=4M", "tmpfs"]).arg(&folder).output().unwrap();
        if !output.status.success() {
            skip("small file system", &output.stderr);
            return None;
        }
        Some(Self { folder })
    }
}

impl Drop for Small {
    fn drop(&mut self) {
        assert!(Command::new("umount").arg(&self.folder).status().unwrap().success());
    }
}

#[test]
fn a_full_disk_is_named_and_keeps_no_part_of_a_new_stick() {
    let desk = Desk::new(8 << 20);
    let Some(small) = Small::new(&desk) else { return };
    let stick = small.folder.join("stick.img");
    let written = || {
        let output = desk.write("new.img", &stick).arg("--yes").stderr(Stdio::piped()).output().unwrap();
        let text = String::from_utf8(output.stderr).unwrap();
        assert!(
            text.contains("/stick.img has no room: the disk is full, and the stick takes 10.1 MiB"),
            "{text}"
        );
        assert!(text.contains("\nhelp: make room, or name a file on another disk\n"), "{text}");
        output.status.code()
    };
    assert_eq!((written(), stick.exists()), (Some(3), false), "a new file");
    fs::write(&stick, "").unwrap();
    assert_eq!((written(), fs::metadata(&stick).unwrap().len()), (Some(3), 0), "an empty file");
    fs::File::create(&stick).unwrap().set_len(64 << 20).unwrap();
    assert_eq!((written(), left(&desk, &stick, "full")), (Some(5), Left::Clear), "a file that was there");
}

#[test]
fn a_limit_on_the_length_of_files_is_an_error_and_keeps_no_part_of_a_new_file() {
    let desk = Desk::new(1 << 20);
    let stick = desk.path("stick.img");
    let limited = |blocks: u32, command: &str| {
        let ramkey = env!("CARGO_BIN_EXE_ramkey");
        let script = format!("ulimit -f {blocks}; exec '{ramkey}' {command}");
        let mut shell = Command::new("bash");
        shell.args(["-c", &script]).current_dir(desk.folder.path()).output().unwrap()
    };
    // In units of 1024 bytes.
    let output = limited(1000, "write new.img --to stick.img --size 8M");
    let text = String::from_utf8_lossy(&output.stderr).into_owned();
    assert_eq!((output.status.code(), stick.exists()), (Some(3), false), "{text}");
    assert!(
        text.contains("File too large") && text.contains("help: ") && text.contains("ulimit -f"),
        "{text}"
    );

    assert!(desk.write("old.img", &stick).status().unwrap().success());
    let output = limited(2000, "write new.img --to stick.img --yes");
    let text = String::from_utf8_lossy(&output.stderr).into_owned();
    assert_eq!((output.status.code(), left(&desk, &stick, "limit")), (Some(5), Left::Clear), "{text}");
    assert!(text.contains("stick.img has no room: a file may not be so long there"), "{text}");

    let output = limited(0, "phram --to addition.cpio");
    let text = String::from_utf8_lossy(&output.stderr).into_owned();
    assert_eq!((output.status.code(), desk.path("addition.cpio").exists()), (Some(1), false), "{text}");
    assert!(text.contains("error: writing addition.cpio\n"), "{text}");
    for command in ["explain", "--help"] {
        let output = limited(0, &format!("{command} >report.txt"));
        let text = String::from_utf8_lossy(&output.stderr).into_owned();
        assert_eq!(output.status.code(), Some(1), "{command}: {text}");
        assert!(text.contains("error: writing the output\n  because: File too large"), "{command}: {text}");
    }
}
