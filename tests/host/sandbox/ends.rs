//! What ends a process that reads a stick, and what is left then; and what it does without.

use std::fs;
use std::os::fd::OwnedFd;
use std::os::unix::net::UnixStream;
use std::os::unix::process::ExitStatusExt;
use std::path::Path;
use std::process::{Command, Stdio};
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, Instant};

use ramkey::device::{ReadOnly, System, TargetPath};
use ramkey::job::{Destination, Event, JobError, Part, check, prepare_repair, repair};
use ramkey::pipeline::Aftermath;
use ramkey::repair::Scope;
use ramkey::sandbox::{self, LookError};
use ramkey::verify::Strictness;
use rustix::process::Signal;

use super::rights::{NAME, await_field, field, is_root};
use super::sticks::{child_of, child_with, files, kill, stopped};
use crate::frames::packers::pack;
use crate::frames::sticks::{noise, printed};
use crate::frames::verdicts::IMAGE_LEN;

/// One sector of the image is another, and one of the stamps.
fn broken(path: &Path, image: &[u8]) {
    let mut bytes = fs::read(path).unwrap();
    let place = bytes.windows(512).position(|sector| sector == &image[600_000..600_512]).unwrap();
    bytes[place] ^= 1;
    bytes[100 * 512..101 * 512].fill(0);
    fs::write(path, bytes).unwrap();
}

#[test]
fn a_system_without_a_place_for_files_repairs_a_stick_with_an_image_and_without() {
    if !is_root() {
        return;
    }
    let (folder, path) = files();
    let image = noise(IMAGE_LEN);
    let whole = fs::read(&path).unwrap();
    fs::write(folder.path().join("dos.img"), &image).unwrap();
    broken(&path, &image);
    let repair = |images: &[&str], status| {
        let mut command = Command::new(env!("CARGO_BIN_EXE_ramkey"));
        command.args(["verify", "stick.img", "--yes", "--repair"]).args(images);
        command.current_dir(folder.path()).env("TMPDIR", "/no/such/folder").stdin(Stdio::null());
        let output = command.output().unwrap();
        assert_eq!(output.status.code(), Some(status), "{}", printed(&output));
        fs::read(&path).unwrap()
    };
    let after = repair(&[], 4);
    assert!(after != whole && after[100 * 512..101 * 512] == whole[100 * 512..101 * 512]);
    assert!(repair(&["dos.img"], 0) == whole);
}

#[test]
fn whoever_no_longer_wants_an_answer_about_a_stick_does_not_wait_for_it() {
    if !is_root() {
        return;
    }
    let (_folder, path) = files();
    let target = TargetPath::look(&System::default(), &path).unwrap();
    let stick = ReadOnly::open(&target).unwrap();
    let no = || false;
    let is_stopped = |error: Option<LookError>| matches!(error, Some(LookError::Stopped { .. }));
    assert!(is_stopped(sandbox::mend(&path, &stick, &[], Scope::All, &no).err()));
    assert!(is_stopped(sandbox::update(&path, &stick, &no).err()));
    assert!(is_stopped(sandbox::verify(&path, &stick, Strictness::Boot, (&no, &|_| ())).err()));
}

#[test]
fn who_stops_a_repair_while_it_is_looked_at_is_told_what_was_written() {
    if !is_root() {
        return;
    }
    let (_folder, path) = files();
    let whole = fs::read(&path).unwrap();
    broken(&path, &noise(IMAGE_LEN));
    let before = fs::read(&path).unwrap();
    let (system, stop) = (System::default(), AtomicBool::new(false));
    let stopped_at = |wanted: Part| {
        let target = TargetPath::look(&system, &path).unwrap();
        let destination = || Destination { system: &system, target: &target };
        let prepared = prepare_repair(Vec::new(), destination(), &|_| ()).unwrap();
        stop.store(false, Ordering::Relaxed);
        let observe = |event: Event| {
            if matches!(event, Event::Begin { part, .. } if part == wanted) {
                stop.store(true, Ordering::Relaxed);
            }
        };
        let error = repair(prepared, destination(), &stop, &observe).map(drop).unwrap_err();
        assert!(matches!(error, JobError::Pipeline(_)), "{error}");
        error.stick()
    };
    assert_eq!(stopped_at(Part::Mend), Aftermath::Untouched);
    assert!(fs::read(&path).unwrap() == before);
    // All is written by then, and not looked at as a whole.
    assert_eq!(stopped_at(Part::Read), Aftermath::BootsAsBefore);
    assert!(fs::read(&path).unwrap()[100 * 512..101 * 512] == whole[100 * 512..101 * 512]);
}

#[test]
fn what_was_read_of_a_stick_is_told_where_nobody_can_verify_it() {
    if !is_root() {
        return;
    }
    let (folder, path) = files();
    let (parent, child) = stopped(&["check", "stick.img"], folder.path());
    kill(child, Signal::KILL);
    let output = parent.wait_with_output().unwrap();
    let text = printed(&output);
    assert_eq!(output.status.code(), Some(3), "{text}");
    for part in [
        "read      17 MiB at ",
        "ended     stick.img was not looked at: the process without rights was ended by signal 9; \
         all of it was read, and it was not verified; no fault so far",
    ] {
        assert!(text.contains(part), "{part:?} is not in: {text}");
    }
    // Or wants to.
    let stop = AtomicBool::new(false);
    let observe = |event: Event| {
        if matches!(event, Event::Begin { part: Part::Read, .. }) {
            stop.store(true, Ordering::Relaxed);
        }
    };
    let target = TargetPath::look(&System::default(), &path).unwrap();
    let report = check(&target, &stop, &observe).unwrap();
    let why = report.ended.as_deref().unwrap();
    assert!(why.starts_with("stopped on request; all of it was read"), "{why}");
    assert!(!report.good && report.read == report.len && report.stick.is_none());
}

#[test]
fn a_process_without_rights_that_dies_is_one_clear_error_and_who_stops_the_command_ends_both() {
    if !is_root() {
        return;
    }
    let (folder, _) = files();
    let extract = ["extract", "tiny", "--from", "stick.img", "--to", "out.img"];
    for arguments in [&["verify", "stick.img"][..], &extract] {
        let (parent, child) = stopped(arguments, folder.path());
        kill(child, Signal::KILL);
        let output = parent.wait_with_output().unwrap();
        let text = printed(&output);
        assert_eq!(output.status.code(), Some(1), "{text}");
        let error = "stick.img was not looked at: the process without rights was ended by signal 9";
        assert!(text.contains(error), "{text}");
        assert!(!folder.path().join("out.img").exists());
    }
    for signal in [Signal::INT, Signal::KILL] {
        let mut command = Command::new(env!("CARGO_BIN_EXE_ramkey"));
        command.args(["verify", "stick.img"]).current_dir(folder.path());
        let mut parent = command.stdout(Stdio::null()).stderr(Stdio::null()).spawn().unwrap();
        let child = child_of(&parent);
        // By now it is told when its parent ends; and a process that stands still ends by that alone.
        await_field(child, "limits", "Max open files", "0 0 files");
        kill(child, Signal::STOP);
        kill(parent.id(), signal);
        assert_eq!(parent.wait().unwrap().signal(), Some(signal.as_raw()));
        await_end(child);
    }
}

/// Waits until the process is gone, or as good as that.
fn await_end(pid: u32) {
    let end = Instant::now() + Duration::from_secs(10);
    while !matches!(&*field(pid, "status", "State:"), "" | "Z (zombie)" | "X (dead)") {
        if Instant::now() > end {
            let state = field(pid, "status", "State:");
            kill(pid, Signal::KILL);
            panic!("it goes on: {state}");
        }
        std::thread::sleep(Duration::from_millis(5));
    }
}

#[test]
fn a_process_without_rights_whose_parent_ended_before_it_began_ends_though_its_socket_is_held_open() {
    if !is_root() {
        return;
    }
    let (ours, theirs) = UnixStream::pair().unwrap();
    // The shell between them is gone before the program is started.
    let script = "exec 3<&0; { until [ ! -e /proc/$$/fd/0 ]; do :; done; exec -a \"$1\" \"$0\" 'and proves' 0<&3; } >/dev/null & \
        echo $!";
    let mut command = Command::new("bash");
    command.args(["-c", script, env!("CARGO_BIN_EXE_ramkey"), NAME]);
    let output = command.stdin(OwnedFd::from(theirs)).stderr(Stdio::null()).output().unwrap();
    let child = String::from_utf8(output.stdout).unwrap().trim().parse().unwrap();
    await_end(child);
    drop(ours);
}

#[test]
fn a_child_ends_when_whoever_waits_for_it_unwinds() {
    if !is_root() {
        return;
    }
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("zeros.gz");
    fs::write(&path, pack(&["gzip"], &vec![0; 64 << 20])).unwrap();
    let unwinds = || sandbox::open(&path, &|_| std::panic::resume_unwind(Box::new(()))).map(drop);
    std::panic::catch_unwind(std::panic::AssertUnwindSafe(unwinds)).expect_err("it was not told of");
    // It would have the file soon, and for a while.
    for _ in 0..100 {
        assert_eq!(child_with(&path), None, "it goes on");
        std::thread::sleep(Duration::from_millis(1));
    }
}
