//! A target that is not what it was a moment ago: exchanged while the question waits, behind its link or its node, shorter,
//! read-only or failing; and that nobody else gets at it while a job has it. On real loop devices.

use std::fs::{self, File};
use std::io::{Read, Write};
use std::os::unix::fs::{FileExt, OpenOptionsExt, symlink};
use std::path::Path;
use std::process::{Command, Stdio};
use std::sync::Mutex;
use std::sync::atomic::AtomicBool;

use ramkey::device::{BlockTarget, DeviceFacts, OpenError, Refusal, System, TargetPath};
use ramkey::job::{
    Destination, Images, ReflashRequest, StickRequest, prepare, prepare_reflash, reflash, write,
};
use ramkey::pipeline::Target;
use rustix::fs::{FlockOperation, OFlags, flock};

use crate::frames::loops::{Desk, LEN, Loop, Mount, exchange, look, must, open, run};
use crate::frames::skip::skip;

#[test]
fn identity_is_number_size_serial_medium_and_port() {
    let facts = crate::frames::made_up::stick();
    let others = [
        DeviceFacts { len: facts.len + 512, ..facts.clone() },
        DeviceFacts { serial: "12345".into(), ..facts.clone() },
        DeviceFacts { sequence: Some(8), ..facts.clone() },
        DeviceFacts { sequence: None, ..facts.clone() },
        DeviceFacts { usb_path: "1-2".into(), ..facts.clone() },
        DeviceFacts { number: ramkey::device::DeviceNumber { major: 240, minor: 32 }, ..facts.clone() },
    ];
    assert!(others.iter().all(|other| !facts.is_same_device(other)));
    let renamed = DeviceFacts { node: "/dev/disk/by-id/usb".into(), read_only: true, ..facts.clone() };
    assert!(facts.is_same_device(&renamed), "a name is no identity");
}

/// Starts `ramkey write` on a terminal and waits for its question; what was printed until then.
fn asked(desk: &Desk, node: &Path) -> (std::process::Child, String) {
    let ramkey = format!(
        "{} write {} --to {}",
        env!("CARGO_BIN_EXE_ramkey"),
        desk.path("dos.img").display(),
        node.display()
    );
    let mut command = Command::new("script");
    command.args(["--quiet", "--return", "--command", &ramkey, "/dev/null"]);
    let mut child =
        command.stdin(Stdio::piped()).stdout(Stdio::piped()).spawn().expect("`script` of util-linux");
    // The image is one of which nothing is known, so that is asked first.
    let mut screen = read_until(&mut child, "Type yes to write it: ");
    child.stdin.as_mut().unwrap().write_all(b"yes\n").unwrap();
    screen += &read_until(&mut child, "to erase it: ");
    (child, screen)
}

fn read_until(child: &mut std::process::Child, end: &str) -> String {
    let mut screen = Vec::new();
    let mut byte = [0];
    while !screen.ends_with(end.as_bytes()) {
        let read = child.stdout.as_mut().unwrap().read(&mut byte).unwrap();
        assert_eq!(read, 1, "no question: {}", String::from_utf8_lossy(&screen));
        screen.push(byte[0]);
    }
    String::from_utf8_lossy(&screen).into_owned()
}

/// Answers, and gives the exit status and what was printed then.
fn answer(mut child: std::process::Child, answer: &str) -> (Option<i32>, String) {
    writeln!(child.stdin.take().unwrap(), "{answer}").unwrap();
    let output = child.wait_with_output().unwrap();
    (output.status.code(), String::from_utf8_lossy(&output.stdout).into_owned())
}

#[test]
fn a_stick_that_is_exchanged_while_the_question_waits_is_not_written() {
    let desk = Desk::new();
    let Some(device) = Loop::of(&desk.path("disk.img"), &[]) else { return };
    let (child, screen) = asked(&desk, &device.node);
    assert!(screen.contains(&format!("Type {} to erase it", device.name())), "{screen}");
    let other = desk.file("other.img");
    desk.mark(&other);
    exchange(&device.node, &other);
    let (status, screen) = answer(child, &device.name());
    assert_eq!(status, Some(3), "{screen}");
    assert!(screen.contains("changed since it was checked"), "{screen}");
    drop(device);
    let bytes = fs::read(&other).unwrap();
    assert!(bytes[..512] == [0xD1; 512] && bytes[512..].iter().all(|&byte| byte == 0));
}

#[test]
fn a_stick_that_stays_is_written_after_the_question() {
    let desk = Desk::new();
    let Some(device) = Loop::of(&desk.path("disk.img"), &[]) else { return };
    for (reply, expected) in [("loop", 3), ("yes", 3), (&*device.name(), 0)] {
        let (child, _) = asked(&desk, &device.node);
        let (status, screen) = answer(child, reply);
        assert_eq!(status, Some(expected), "{screen}");
    }
}

#[test]
fn a_link_that_leads_elsewhere_after_the_check_and_a_node_that_became_another_do_no_harm() {
    let desk = Desk::new();
    let (Some(first), Some(second)) =
        (Loop::of(&desk.path("disk.img"), &[]), Loop::of(&desk.file("second.img"), &[]))
    else {
        return;
    };
    let link = desk.path("link");
    symlink(&first.node, &link).unwrap();
    let (system, facts) = look(&link);
    assert_eq!(facts.node, first.node, "the link is followed once");
    fs::remove_file(&link).unwrap();
    symlink(&second.node, &link).unwrap();
    let target = BlockTarget::open(&system, &facts, &[]).unwrap();
    assert!(matches!(open(&first.node), Err(OpenError::Busy { .. })), "the one that was checked is open");
    drop(open(&second.node).unwrap());
    drop(target);

    let node = desk.path("node");
    let make = |of: &Path| {
        let _ = fs::remove_file(&node);
        let number = look(of).1.number;
        let words = [node.as_os_str(), "b".as_ref()];
        let numbers = [number.major.to_string(), number.minor.to_string()];
        let words: Vec<_> = words.into_iter().chain(numbers.iter().map(AsRef::as_ref)).collect();
        run("mknod", &words)
    };
    let made = make(&first.node);
    if !made.status.success() {
        return skip("device node", &made.stderr);
    }
    let (system, facts) = look(&node);
    make(&second.node);
    let opened = BlockTarget::open(&system, &facts, &[]);
    assert!(matches!(opened, Err(OpenError::Changed { .. })), "the node is another device's now");
    fs::remove_file(&node).unwrap();
    let opened = BlockTarget::open(&system, &facts, &[]);
    assert!(matches!(opened, Err(OpenError::Open { .. })), "no file is made in its place");
    assert!(!node.exists());
}

/// Gives the file behind a loop device another length, and tells the device.
fn resize(desk: &Desk, device: &Loop, len: u64) {
    File::options().write(true).open(desk.path("disk.img")).unwrap().set_len(len).unwrap();
    must("losetup", &["--set-capacity".as_ref(), device.node.as_os_str()]);
}

#[test]
fn a_device_whose_length_changes_is_not_opened_and_not_finished() {
    let desk = Desk::new();
    let Some(device) = Loop::of(&desk.path("disk.img"), &[]) else { return };
    for len in [LEN / 2, LEN + 512] {
        resize(&desk, &device, LEN);
        let (system, facts) = look(&device.node);
        let target = BlockTarget::open(&system, &facts, &[]).unwrap();
        target.same_device().unwrap();
        resize(&desk, &device, len);
        let error = target.same_device().unwrap_err();
        assert_eq!(error.to_string(), format!("another medium is in {}", device.node.display()));
        drop(target);
        assert!(matches!(BlockTarget::open(&system, &facts, &[]), Err(OpenError::Changed { .. })), "{len}");
    }
}

#[test]
fn a_switch_that_is_moved_makes_a_device_read_only_before_or_after_the_check() {
    let desk = Desk::new();
    let Some(device) = Loop::of(&desk.path("disk.img"), &[]) else { return };
    let (system, facts) = look(&device.node);
    must("blockdev", &["--setro".as_ref(), device.node.as_os_str()]);
    let opened = BlockTarget::open(&system, &facts, &[]).map(drop);
    assert!(matches!(opened, Err(OpenError::Refused(Refusal::ReadOnly { .. }))), "{opened:?}");
    desk.refuses(&device.node, &["it is read-only", "move the switch on the stick"]);
    must("blockdev", &["--setrw".as_ref(), device.node.as_os_str()]);
    desk.accepts(&device.node);
}

#[test]
fn a_length_that_is_no_multiple_of_anything_but_a_sector_is_a_length() {
    let desk = Desk::new();
    for sectors in [16385, 16387, 17001] {
        let file = desk.path("odd.img");
        File::create(&file).unwrap().set_len(sectors * 512).unwrap();
        let Some(device) = Loop::of(&file, &[]) else { return };
        assert_eq!(look(&device.node).1.len, sectors * 512);
        desk.accepts(&device.node);
        let mut verify = Command::new(env!("CARGO_BIN_EXE_ramkey"));
        let output = verify.args(["verify", "--strict"]).arg(&device.node).output().unwrap();
        assert!(output.status.success(), "{sectors}: {}", String::from_utf8_lossy(&output.stdout));
    }
}

#[test]
fn a_device_that_fails_in_the_middle_does_not_boot_and_its_sector_is_named() {
    let desk = Desk::new();
    // The file behind the device cannot grow beyond what the file system has room for.
    let Some(small) = Mount::new(Path::new("none"), desk.path("small"), &["-t", "tmpfs", "-o", "size=6M"])
    else {
        return;
    };
    let file = small.folder.join("disk.img");
    File::create(&file).unwrap().set_len(32 << 20).unwrap();
    desk.mark(&file);
    let image = desk.path("large.img");
    let mut bytes = vec![0; 12 << 20];
    blake3::Hasher::new().finalize_xof().fill(&mut bytes);
    fs::write(&image, bytes).unwrap();
    let Some(device) = Loop::of(&file, &[]) else { return };
    let output = desk.write(&image, &device.node);
    let errors = String::from_utf8_lossy(&output.stderr).into_owned();
    assert_eq!(output.status.code(), Some(5), "{errors}");
    assert!(errors.contains("will not boot") || errors.contains("does not boot"), "{errors}");
    let mut sector = [0xD1; 512];
    File::open(&device.node).unwrap().read_exact_at(&mut sector, 0).unwrap();
    assert!(sector == [0; 512], "sector 0 is clear");
}

/// What others get who want the device: the lock, and the whole of it.
fn is_ours(node: &Path) -> bool {
    let plain = File::open(node).unwrap();
    let lock = flock(&plain, FlockOperation::NonBlockingLockExclusive);
    let exclusive = File::options().read(true).custom_flags(OFlags::EXCL.bits().cast_signed()).open(node);
    lock == Err(rustix::io::Errno::WOULDBLOCK)
        && exclusive.is_err_and(|error| error.raw_os_error() == Some(rustix::io::Errno::BUSY.raw_os_error()))
}

#[test]
fn the_lock_and_the_claim_are_held_from_the_first_step_of_a_job_to_its_last() {
    let desk = Desk::new();
    let Some(device) = Loop::of(&desk.path("disk.img"), &[]) else { return };
    let system = System::default();
    let target = TargetPath::look(&system, &device.node).unwrap();
    let destination = Destination { system: &system, target: &target };
    let request = StickRequest::new(vec![desk.path("dos.img")]);
    let prepared = prepare(&request, Images::open(&request).unwrap(), Some(destination), &|_| ()).unwrap();
    assert!(!is_ours(&device.node));
    let answers = Mutex::new(Vec::new());
    let observer = |_| answers.lock().unwrap().push(is_ours(&device.node));
    write(&prepared, destination, &AtomicBool::new(false), &observer).unwrap();
    let held = std::mem::take(&mut *answers.lock().unwrap());
    assert!(held.len() > 5 && held.iter().all(|held| *held), "{held:?}");

    let mut bytes = fs::read(desk.path("dos.img")).unwrap();
    bytes[50_000] ^= 1;
    fs::write(desk.path("new.img"), bytes).unwrap();
    let request = ReflashRequest { image: StickRequest::new(vec![desk.path("new.img")]), replaces: None };
    let prepared = prepare_reflash(request, destination, &|_| ()).unwrap();
    reflash(&prepared, destination, &AtomicBool::new(false), &observer, &|| false).unwrap();
    let held = answers.lock().unwrap();
    assert!(held.len() > 5 && held.iter().all(|held| *held), "{held:?}");
    assert!(!is_ours(&device.node), "it is free again");
}
