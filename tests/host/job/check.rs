//! `ramkey check` of files and of real devices that lie.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, Output, Stdio};
use std::sync::atomic::AtomicBool;

use crate::frames::fake::{Fake, Lies, Missing};
use crate::frames::fuse::Device;
use crate::frames::recorder::{Op, Recorder};
use crate::frames::sticks::{noise, printed};
use ramkey::job::{Event, stamp_on};
use serde_json::Value;

/// What devices claim: 64 MiB.
const CLAIMED: u64 = 1 << 17;

struct Desk(tempfile::TempDir);

impl Desk {
    fn new() -> Self {
        Self(tempfile::tempdir().unwrap())
    }

    fn path(&self, name: &str) -> PathBuf {
        self.0.path().join(name)
    }

    fn ramkey(&self, arguments: &[&str]) -> Output {
        let mut command = Command::new(env!("CARGO_BIN_EXE_ramkey"));
        command.args(arguments).stdin(Stdio::null()).current_dir(self.0.path()).output().unwrap()
    }

    #[track_caller]
    fn says(&self, arguments: &[&str], status: i32, parts: &[&str]) {
        let output = self.ramkey(arguments);
        let words = printed(&output);
        assert_eq!(output.status.code(), Some(status), "{arguments:?}: {words}");
        for part in parts {
            assert!(words.contains(part), "{part:?} is not in: {words}");
        }
    }

    #[track_caller]
    fn json(&self, arguments: &[&str], status: i32) -> Value {
        let output = self.ramkey(&[arguments, &["--json"]].concat());
        assert_eq!(output.status.code(), Some(status), "{arguments:?}: {}", printed(&output));
        serde_json::from_slice(&output.stdout).unwrap()
    }

    fn stick(&self) -> PathBuf {
        fs::write(self.path("dos.img"), noise(300_000)).unwrap();
        let output = self.ramkey(&["write", "dos.img", "--to", "stick.img", "--size", "8M"]);
        assert!(output.status.success(), "{}", printed(&output));
        self.path("stick.img")
    }
}

fn text(path: &Path) -> &str {
    path.to_str().unwrap()
}

#[test]
fn a_stick_of_ramkey_is_read_and_verified_and_not_changed() {
    let desk = Desk::new();
    let path = desk.stick();
    let before = fs::read(&path).unwrap();
    desk.says(
        &["check", "stick.img"],
        0,
        &["read      8 MiB at ", "; proven", "good      every sector can be read"],
    );
    assert!(fs::read(&path).unwrap() == before);
    let mut bytes = before;
    let capsule = bytes.windows(8).position(|window| window == b"RAMKEYRC").unwrap();
    bytes[capsule + 2000] ^= 1;
    fs::write(&path, bytes).unwrap();
    desk.says(&["check", "stick.img"], 4, &["fault     ", "faults    see above"]);
    let found = desk.json(&["check", "stick.img"], 4);
    assert_eq!((&found["good"], &found["stick"]["sound"]), (&false.into(), &false.into()));
    fs::write(desk.path("any.bin"), [7; 5000]).unwrap();
    assert_eq!(desk.json(&["check", "any.bin"], 0)["stick"], Value::Null);
    desk.says(&["check", "nothing.img"], 1, &["does not exist"]);
}

#[test]
fn a_file_is_filled_only_after_a_question() {
    let desk = Desk::new();
    let path = desk.stick();
    fs::write(desk.path("mine.img"), [7; 1 << 20]).unwrap();
    let before = fs::read(desk.path("mine.img")).unwrap();
    desk.says(&["check", "mine.img", "--destructive"], 3, &["no terminal to confirm"]);
    assert!(fs::read(desk.path("mine.img")).unwrap() == before);
    desk.says(&["check", "new.img", "--destructive", "--yes"], 3, &["does not exist"]);
    desk.says(&["check", "mine.img", "--replug"], 2, &["--destructive"]);
    desk.says(&["check", "mine.img", "--destructive", "--replug", "--yes"], 2, &["this is a file"]);
    desk.says(
        &["check", "mine.img", "--destructive", "--yes"],
        0,
        &["written   1 MiB at ", "good      every sector keeps what is written", "holds nothing any more"],
    );
    let bytes = fs::read(desk.path("mine.img")).unwrap();
    assert!(bytes.len() == 1 << 20 && bytes != before);
    // A stick of ours with nothing else on it is no loss.
    desk.says(&["check", "stick.img", "--destructive"], 0, &["good"]);
    desk.says(&["verify", text(&path)], 1, &["no stick of ramkey"]);
}

#[test]
fn a_device_that_counts_from_the_start_again_is_found_with_its_size() {
    let desk = Desk::new();
    let Some(device) = Device::new(Fake::new(Lies::wraps(CLAIMED, 50_000))) else { return };
    let node = text(&device.disk.node);
    desk.says(&["check", node], 0, &["good      every sector can be read"]);
    desk.says(&["check", node, "--destructive"], 3, &["no terminal to confirm"]);
    let found = desk.json(&["check", node, "--destructive", "--yes"], 4);
    assert_eq!((&found["real_len"], &found["good"]), (&(50_000 * 512).into(), &false.into()));
    assert_eq!(found["counts"]["overwritten"], CLAIMED - 50_000);
    desk.says(
        &["check", node, "--destructive", "--yes"],
        4,
        &[
            "capacity  claims 64 MiB and has 24.4 MiB (25600000 bytes)",
            "bad       sectors 0..15536: overwritten by what was written to sectors 50000..65536",
            "do not trust this stick",
        ],
    );
}

#[test]
fn what_a_device_drops_and_cannot_read_is_found() {
    let desk = Desk::new();
    let lies = Lies { unreadable: 8000..8003, ..Lies::drops(CLAIMED, 100_000, Missing::Zeros) };
    let Some(device) = Device::new(Fake::new(lies)) else { return };
    let node = text(&device.disk.node);
    desk.says(&["check", node], 4, &["bad       sectors 8000..8003: cannot be read (", "3 sectors"]);
    let found = desk.json(&["check", node, "--destructive", "--yes"], 4);
    assert_eq!(found["real_len"], 100_000 * 512);
    let counts = &found["counts"];
    assert_eq!((&counts["unreadable"], &counts["lost"]), (&3.into(), &(CLAIMED - 100_000).into()));
    assert_eq!(found["ranges"][0]["lba"], 8000);
}

#[test]
fn what_a_stick_forgets_without_power_is_found_after_it() {
    let stick = Fake::new(Lies { volatile: 20_000..40_000, ..Lies::none(CLAIMED) });
    let (stop, observer) = (AtomicBool::new(false), |_: Event| {});
    let stamped = stamp_on(Path::new("/dev/sdx"), &stick, &stop, &observer);
    assert!(stamped.report.good && !stamped.report.replugged);
    stick.power_cycle();
    let report = stamped.read_again_on(&stick, &stop, &observer);
    assert!(report.replugged && !report.good);
    assert_eq!((report.forgotten, report.counts.lost), (20_000, 20_000));
    assert_eq!((report.ranges[0].lba, report.ranges[0].sectors), (20_000, 20_000));
}

#[test]
fn a_wish_to_stop_is_reported_with_what_was_done() {
    let stick = Fake::new(Lies::none(CLAIMED));
    let stop = AtomicBool::new(false);
    let observer = |event: Event| {
        if matches!(event, Event::Advance { .. }) {
            stop.store(true, std::sync::atomic::Ordering::Relaxed);
        }
    };
    let report = stamp_on(Path::new("/dev/sdx"), &stick, &stop, &observer).report;
    let why = report.ended.as_deref().unwrap();
    assert!(why.starts_with("stopped on request; ") && why.ends_with(" of 64 MiB were written"), "{why}");
    assert!(!report.good && !report.has_fault() && report.written > 0 && report.read == 0);
    let report = stamp_on(Path::new("/dev/sdx"), &stick, &stop, &observer).report;
    assert_eq!((report.written, report.good), (0, false));
}

#[test]
fn what_boots_is_cleared_and_proven_before_the_first_stamp() {
    let desk = Desk::new();
    let before = fs::read(desk.stick()).unwrap();
    let boots = [0, 128, 2176].map(|lba| lba * 512);
    let target = Recorder::new(before.clone());
    stamp_on(Path::new("stick.img"), &target, &AtomicBool::new(false), &|_| ());
    let (after, log) = target.end();
    for (offset, ops) in boots.iter().zip(log.chunks(2)) {
        let [Op::Write(at, bytes), Op::Flush] = ops else { panic!("{offset}: {ops:?}") };
        assert!(at == offset && bytes[..] == [0; 512], "{offset}: {at}");
    }
    assert!(boots.iter().all(|&at| after[at as usize..][..512] != [0; 512]), "each has its stamp");
    // Whoever stops before the first of them has the stick that it was.
    let target = Recorder::new(before.clone());
    let stamped = stamp_on(Path::new("stick.img"), &target, &AtomicBool::new(true), &|_| ());
    assert!(target.end() == (before, Vec::new()) && stamped.report.written == 0);
}
