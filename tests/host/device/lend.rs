//! A process with rights opens a device for one that has none: through sudo itself, and end to end over a socket.

use std::ffi::OsStr;
use std::fs::{self, File, Permissions};
use std::io::{Read, Write};
use std::net::Shutdown;
use std::os::unix::fs::{FileExt, PermissionsExt};
use std::os::unix::net::UnixStream;
use std::path::Path;
use std::process::{Command, Output, Stdio};
use std::sync::atomic::AtomicBool;
use std::sync::{Arc, Mutex};
use std::thread::{self, JoinHandle};
use std::time::{Duration, Instant};

use ramkey::device::lend::{Channel, LendError, Lender, LentTarget, PROTOCOL, Wanted, lend};
use ramkey::device::{DeviceFacts, OpenError, Refusal, System, TargetPath};
use ramkey::job::{self, Destination, Event, Images, Part, StickRequest, prepare};
use ramkey::pipeline::{Phase, Target};
use rustix::process::{Pid, Signal, kill_process};
use serde_json::{Value, json};

use crate::frames::loops::{Desk, LEN, Loop, Mount, look, must, open, run};
use crate::frames::skip::skip;
use crate::frames::sticks::printed;

/// Sectors that a stick is not started without.
const BOOTS: [u64; 3] = [0, 128, 2176];

fn wanted(facts: &DeviceFacts) -> Wanted {
    Wanted {
        protocol: PROTOCOL,
        number: [facts.number.major, facts.number.minor],
        len: facts.len,
        serial: facts.serial.clone(),
        usb_path: facts.usb_path.clone(),
        sequence: facts.sequence,
        large: false,
        hard_verify: false,
        mounts: Vec::new(),
    }
}

/// A message as it goes through the channel.
fn message(json: &[u8]) -> Vec<u8> {
    [&(json.len() as u32).to_le_bytes()[..], json].concat()
}

/// What a lender says to these bytes, behind its greeting, and how it ends.
fn told(input: &[u8]) -> (Vec<u8>, Result<(), LendError>) {
    let mut said = Vec::new();
    let result = lend(&System::default(), &mut &*input, &mut said);
    let len = u32::from_le_bytes(said[..4].try_into().unwrap()) as usize;
    let greeting: Value = serde_json::from_slice(&said[4..4 + len]).unwrap();
    assert_eq!((&greeting["program"], &greeting["protocol"]), (&"ramkey".into(), &PROTOCOL.into()));
    (said.split_off(4 + len), result)
}

#[test]
fn what_is_no_request_is_refused_and_nothing_is_opened() {
    let good = serde_json::to_value(wanted(&crate::frames::made_up::stick())).unwrap();
    let with = |key: &str, value: Value| {
        let mut changed = good.clone();
        changed[key] = value;
        message(changed.to_string().as_bytes())
    };
    let garbage: [(&str, Vec<u8>); 8] = [
        ("no JSON", message(b"\xFF\0garbage")),
        ("nothing in it", message(b"")),
        ("too long", (1_u32 << 16 | 1).to_le_bytes().to_vec()),
        ("much too long", vec![0xFF; 100]),
        ("another field", with("receipt", json!("/etc/shadow"))),
        ("a number that is none", with("number", json!([-1, 0]))),
        ("three numbers", with("number", json!([8, 0, 0]))),
        ("no version", message(b"{}")),
    ];
    for (what, input) in &garbage {
        let (said, result) = told(input);
        assert!(matches!(result, Err(LendError::Garbage)), "{what}: {result:?}");
        assert!(String::from_utf8_lossy(&said).contains("Refused"), "{what}");
        assert!(result.unwrap_err().is_untouched(), "{what}");
    }
    let (said, result) = told(&with("protocol", json!(PROTOCOL + 1)));
    assert!(matches!(result, Err(LendError::Version { found }) if found == PROTOCOL + 1), "{result:?}");
    assert!(String::from_utf8_lossy(&said).contains("has version 2"), "{}", String::from_utf8_lossy(&said));
    // No such device is there.
    let (_, result) = told(&with("number", json!([240, 4_000_000])));
    assert!(matches!(result, Err(LendError::Refused(OpenError::Changed { .. }))), "{result:?}");
    // Who says nothing is not told anything.
    let (said, result) = told(b"");
    assert!(said.is_empty() && result.is_ok());
}

#[test]
fn the_command_says_the_same_with_the_status_of_what_is_untouched() {
    let mut command = Command::new(env!("CARGO_BIN_EXE_ramkey"));
    let mut child = command.arg("lend").stdin(Stdio::piped()).stdout(Stdio::piped()).spawn().unwrap();
    child.stdin.take().unwrap().write_all(&message(b"{}")).unwrap();
    let output = child.wait_with_output().unwrap();
    assert_eq!(output.status.code(), Some(3));
    assert!(String::from_utf8_lossy(&output.stdout).contains("no request of ramkey"), "{output:?}");
}

#[test]
fn another_device_than_the_confirmed_one_is_not_lent_nor_one_that_is_in_use() {
    let desk = Desk::new();
    let Some(device) = Loop::of(&desk.path("disk.img"), &[]) else { return };
    let (_, facts) = look(&device.node);
    let right = wanted(&facts);
    let ask = |wanted: &Wanted| told(&message(&serde_json::to_vec(wanted).unwrap())).1;
    assert!(ask(&right).is_ok());
    for other in [
        Wanted { len: LEN - 512, ..right.clone() },
        Wanted { serial: "12345".into(), ..right.clone() },
        Wanted { usb_path: "1-1".into(), ..right.clone() },
        Wanted { sequence: facts.sequence.map(|sequence| sequence + 1), ..right.clone() },
    ] {
        let result = ask(&other);
        assert!(
            matches!(result, Err(LendError::Refused(OpenError::Changed { .. }))),
            "{other:?}: {result:?}"
        );
    }
    // The disk that the system runs from, or a part of it, whatever is said of it.
    desk.format(&device.node);
    let Some(mount) = Mount::new(&device.node, desk.path("mount"), &[]) else { return };
    let result = ask(&right);
    let mounted =
        |refusal: &Refusal| matches!(refusal, Refusal::Mounted { folder, .. } if *folder == mount.folder);
    assert!(
        matches!(&result, Err(LendError::Refused(OpenError::Refused(refusal))) if mounted(refusal)),
        "{result:?}"
    );
    let mut unmounted = serde_json::to_value(&right).unwrap();
    unmounted["mounts"] = json!([{ "name": "sda1", "folder": "/", "file_system": "ext4", "id": 1 }]);
    let result = told(&message(unmounted.to_string().as_bytes())).1;
    assert!(
        matches!(&result, Err(LendError::Refused(OpenError::Changed { path })) if path == Path::new("/")),
        "{result:?}"
    );
}

/// The other end of a channel.
type Ends = Arc<Mutex<Vec<(UnixStream, JoinHandle<Result<(), LendError>>)>>>;

/// A lender in a thread of this process, and what it is reached by.
fn lender() -> (Lender, Ends) {
    let ends = Ends::default();
    let kept = Arc::clone(&ends);
    let lender = Lender::new(move |_| {
        let (ours, theirs) = UnixStream::pair().unwrap();
        let (mut from, mut to) = (theirs.try_clone().unwrap(), theirs.try_clone().unwrap());
        let thread = thread::spawn(move || {
            let result = lend(&System::default(), &mut from, &mut to);
            // The end of a process does that.
            let _ = to.shutdown(Shutdown::Both);
            result
        });
        kept.lock().unwrap().push((theirs, thread));
        Ok(Channel { from: Box::new(ours.try_clone().unwrap()), to: Box::new(ours), held: Box::new(()) })
    });
    (lender, ends)
}

fn end(ends: &Ends) -> Result<(), LendError> {
    let (stream, thread) = ends.lock().unwrap().pop().unwrap();
    drop(stream);
    thread.join().unwrap()
}

#[test]
fn a_device_is_read_and_written_within_its_bounds_and_closed_with_the_channel() {
    let desk = Desk::new();
    let Some(device) = Loop::of(&desk.path("disk.img"), &[]) else { return };
    let (system, facts) = look(&device.node);
    let own_level = open(&device.node).unwrap().level();
    let (lender, ends) = lender();
    let lent = LentTarget::open(&system, &lender, &facts, &[]).unwrap();
    assert_eq!((lent.len(), lent.level()), (LEN, own_level));
    let bytes: Vec<u8> = (0..3_u32 << 20).map(|at| (at % 251) as u8).collect();
    lent.write_at(512, &bytes).unwrap();
    lent.flush().unwrap();
    lent.same_device().unwrap();
    let mut found = vec![0; bytes.len()];
    lent.read_at(512, &mut found).unwrap();
    assert!(found == bytes);
    // The kernel's claim is held, so nobody else gets it.
    assert!(matches!(open(&device.node), Err(OpenError::Busy { .. } | OpenError::Refused(_))));
    drop(lent);
    end(&ends).unwrap();
    open(&device.node).unwrap();
    // What lies behind the end is no request, and ends the lender.
    let lent = LentTarget::open(&system, &lender, &facts, &[]).unwrap();
    lent.write_at(LEN - 512, &[0xEE; 1024]).unwrap_err();
    let error = lent.read_at(0, &mut found[..512]).unwrap_err();
    assert_eq!(error.to_string(), "the process with rights has ended");
    drop(lent);
    assert!(matches!(end(&ends), Err(LendError::NoRequest)));
    assert!(fs::read(desk.path("disk.img")).unwrap()[LEN as usize - 512..].iter().all(|byte| *byte == 0));
}

#[test]
fn a_stick_whose_lender_ends_or_whose_user_stops_on_the_way_does_not_boot() {
    let desk = Desk::new();
    let Some(device) = Loop::of(&desk.path("disk.img"), &[]) else { return };
    let (system, facts) = look(&device.node);
    let target = TargetPath::Block(Box::new(facts));
    let (lender, ends) = lender();
    let system = System { lender: Some(lender), ..system };
    let destination = Destination { system: &system, target: &target };
    let request = StickRequest::new(vec![desk.path("dos.img")]);
    let prepared = || {
        let images = Images::open(&request).unwrap();
        prepare(&request, images, Some(destination), &|_| ()).unwrap()
    };
    let stop = AtomicBool::new(false);
    job::write(&prepared(), destination, &stop, &|_| ()).unwrap();
    end(&ends).unwrap();
    let boots = || {
        let disk = File::open(&device.node).unwrap();
        let sector = |lba: u64| {
            let mut sector = [0; 512];
            disk.read_exact_at(&mut sector, lba * 512).unwrap();
            sector != [0; 512]
        };
        BOOTS.map(sector)
    };
    assert!(boots()[0]);
    for cut in [true, false] {
        let observer = |event: Event| {
            if let Event::Begin { part: Part::Write(Phase::Write), .. } = event {
                match cut {
                    true => ends.lock().unwrap()[0].0.shutdown(Shutdown::Both).unwrap(),
                    false => stop.store(true, std::sync::atomic::Ordering::Relaxed),
                }
            }
        };
        let error = job::write(&prepared(), destination, &stop, &observer).unwrap_err();
        let _ = end(&ends);
        must("sync", &[]);
        assert_eq!(boots(), [false; 3], "{error}");
    }
}

/// A command of a user without rights, in a machine with these rules for sudo, where this device is mounted.
fn as_nobody(desk: &Desk, mounted: Option<&Loop>, rules: &str, arguments: &[&str]) -> Option<Output> {
    let sudo = Path::new("/usr/bin/sudo");
    if !sudo.exists() {
        skip("sudo", b"install the package sudo");
        return None;
    }
    let (program, sudoers) = (desk.path("ramkey"), desk.path("sudoers"));
    if !program.exists() {
        // Whoever runs the tests may have a folder that others can write.
        fs::copy(env!("CARGO_BIN_EXE_ramkey"), &program).unwrap();
        fs::set_permissions(desk.path(""), Permissions::from_mode(0o755)).unwrap();
    }
    let _ = fs::remove_file(&sudoers);
    fs::write(&sudoers, format!("{rules}\n")).unwrap();
    fs::set_permissions(&sudoers, Permissions::from_mode(0o440)).unwrap();
    // The rules and the mount are this command's alone.
    let script = "mount --bind sudoers /etc/sudoers && { [ -z \"$0\" ] || mount -o ro \"$0\" mount; } && \
                  exec setpriv --reuid=65534 --regid=65534 --clear-groups ./ramkey \"$@\"";
    let mut command = Command::new("unshare");
    command
        .args(["--mount", "sh", "-c", script])
        .arg(mounted.map_or(OsStr::new(""), |device| device.node.as_os_str()))
        .args(arguments);
    Some(command.current_dir(desk.path("")).stdin(Stdio::null()).output().unwrap())
}

#[test]
fn a_user_without_rights_writes_a_stick_through_sudo_and_without_them_it_is_untouched() {
    let desk = Desk::new();
    let Some(device) = Loop::of(&desk.path("disk.img"), &[]) else { return };
    desk.format(&device.node);
    fs::create_dir(desk.path("mount")).unwrap();
    let before = fs::read(desk.path("disk.img")).unwrap();
    let node = device.node.to_str().unwrap();
    let write = ["write", "dos.img", "--to", node, "--yes", "--unmount"];
    let may = "nobody ALL=(root) NOPASSWD: ALL";
    // With a password that nobody can type here, and without the wish.
    let refused: [(&str, &[&str], &str); 3] = [
        ("nobody ALL=(root) ALL", &["--as-root", "sudo"], "sudo gave no rights"),
        (may, &[], "a stick is written as root"),
        (may, &["--as-root", "never"], "a stick is written as root"),
    ];
    for (rules, how, words) in refused {
        let Some(output) = as_nobody(&desk, Some(&device), rules, &[&write, how].concat()) else { return };
        let text = printed(&output);
        assert_eq!(output.status.code(), Some(3), "{rules}: {text}");
        assert!(text.contains(words) && text.contains("as root"), "{rules}: {text}");
    }
    assert!(fs::read(desk.path("disk.img")).unwrap() == before, "it was touched");
    let Some(output) = as_nobody(&desk, Some(&device), may, &[&write[..], &["--as-root", "sudo"]].concat())
    else {
        return;
    };
    assert_eq!(output.status.code(), Some(0), "{}", printed(&output));
    assert!(printed(&output).contains("is unmounted"), "{}", printed(&output));
    let verified = run(env!("CARGO_BIN_EXE_ramkey"), &["verify".as_ref(), device.node.as_os_str()]);
    assert!(verified.status.success(), "{}", printed(&verified));
    // The same bytes as those that root writes.
    let mut lent = vec![0; LEN as usize];
    File::open(&device.node).unwrap().read_exact(&mut lent).unwrap();
    desk.accepts(&device.node);
    let mut own = vec![0; LEN as usize];
    File::open(&device.node).unwrap().read_exact(&mut own).unwrap();
    assert!(lent == own);
}

#[test]
fn a_user_without_rights_changes_a_stick_in_its_place_and_makes_it_plain_through_sudo() {
    let desk = Desk::new();
    let Some(device) = Loop::of(&desk.path("disk.img"), &[]) else { return };
    let node = device.node.to_str().unwrap();
    let image = desk.path("dos.img");
    let write = ["write", image.to_str().unwrap(), "--to", node, "--yes"];
    let written = run(env!("CARGO_BIN_EXE_ramkey"), &write.map(AsRef::as_ref));
    assert!(written.status.success(), "{}", printed(&written));
    let mut other = fs::read(&image).unwrap();
    other[50_000..50_010].fill(0x77);
    fs::write(desk.path("other.img"), other).unwrap();
    let may = "nobody ALL=(root) NOPASSWD: ALL";
    let commands: [(&[&str], &str); 4] = [
        (&["add", "other.img", "--title", "two", "--to", node], "has the image, proven"),
        (&["reflash", "dos.img", "--replace", "two", "--to", node], "has the new image, proven"),
        (&["remove", "two", "--from", node], "it is gone from"),
        (&["restore", node], "is a plain stick"),
    ];
    for (command, words) in commands {
        let Some(output) = as_nobody(&desk, None, may, &[command, &["--yes"]].concat()) else {
            return;
        };
        let text = printed(&output);
        assert_eq!(output.status.code(), Some(3), "{text}");
        let by_sudo = format!("or `sudo ./ramkey {} --yes`", command.join(" "));
        assert!(text.contains(&by_sudo), "{text}");
        let how = ["--yes", "--as-root", "sudo"];
        let output = as_nobody(&desk, None, may, &[command, &how].concat()).unwrap();
        let text = printed(&output);
        assert_eq!(output.status.code(), Some(0), "{text}");
        assert!(text.contains(words), "{text}");
        if command[0] == "remove" {
            let verified = run(env!("CARGO_BIN_EXE_ramkey"), &["verify".as_ref(), device.node.as_os_str()]);
            assert!(verified.status.success(), "{}", printed(&verified));
            // Those that look at the stick before they open it for writing, and those that only look, are told how.
            for (command, status) in [(&["update", node, "--yes"][..], 3), (&["verify", node], 1)] {
                let output = as_nobody(&desk, None, may, command).unwrap();
                let text = printed(&output);
                assert_eq!(output.status.code(), Some(status), "{text}");
                assert!(text.contains(&format!("`sudo ./ramkey {}`", command.join(" "))), "{text}");
            }
        }
    }
}

#[test]
fn whoever_stops_a_command_while_it_asks_for_rights_ends_both_and_the_stick_is_untouched() {
    let desk = Desk::new();
    let Some(device) = Loop::of(&desk.path("disk.img"), &[]) else { return };
    if !Path::new("/usr/bin/sudo").exists() {
        return skip("sudo", b"install the package sudo");
    }
    fs::copy(env!("CARGO_BIN_EXE_ramkey"), desk.path("ramkey")).unwrap();
    // It asks, and nobody answers.
    fs::write(desk.path("sudo"), "#!/bin/sh\nexec sleep 300\n").unwrap();
    for name in ["", "sudo"] {
        fs::set_permissions(desk.path(name), Permissions::from_mode(0o755)).unwrap();
    }
    let script = "mount --bind sudo /usr/bin/sudo && \
                  exec setpriv --reuid=65534 --regid=65534 --clear-groups ./ramkey \"$@\"";
    for signal in [Signal::TERM, Signal::INT] {
        let mut command = Command::new("unshare");
        command.args(["--mount", "sh", "-c", script, "sh", "write", "dos.img", "--yes", "--as-root", "sudo"]);
        command.arg("--to").arg(&device.node).current_dir(desk.path("")).stdin(Stdio::null());
        let child = command.stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap();
        let asker = asker_of(child.id());
        kill_process(Pid::from_child(&child), signal).unwrap();
        let output = child.wait_with_output().unwrap();
        let text = printed(&output);
        assert_eq!(output.status.code(), Some(3), "{text}");
        assert!(text.contains("it was stopped while sudo was asked for rights"), "{text}");
        assert!(!Path::new(&format!("/proc/{asker}")).exists(), "it asks on");
    }
    assert!(fs::read(desk.path("disk.img")).unwrap().iter().all(|byte| *byte == 0), "it was touched");
}

/// The process that is asked for rights by this one, once it waits for an answer.
fn asker_of(parent: u32) -> u32 {
    let end = Instant::now() + Duration::from_secs(30);
    loop {
        let threads = fs::read_dir(format!("/proc/{parent}/task")).into_iter().flatten().flatten();
        let children = threads.filter_map(|thread| fs::read_to_string(thread.path().join("children")).ok());
        for child in children.collect::<String>().split_whitespace() {
            if fs::read(format!("/proc/{child}/cmdline")).unwrap_or_default().starts_with(b"sleep") {
                return child.parse().unwrap();
            }
        }
        assert!(Instant::now() < end, "nobody is asked");
        thread::sleep(Duration::from_millis(5));
    }
}
