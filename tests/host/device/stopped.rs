//! A write to a device that is asked to stop, and what keeps the machine awake meanwhile.

use std::fs::{self, File};
use std::os::unix::fs::{FileExt, PermissionsExt};
use std::os::unix::net::UnixListener;
use std::os::unix::process::ExitStatusExt;
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::thread::sleep;
use std::time::{Duration, Instant};

use rustix::process::{Pid, Signal, kill_process};

use crate::frames::loops::{Desk, Loop, must};
use crate::frames::sticks::noise;

/// A desk with a device of 24 MiB and an image that takes a while to write.
fn slow(desk: &Desk) -> Option<Loop> {
    File::create(desk.path("disk.img")).unwrap().set_len(24 << 20).unwrap();
    let mut image = noise(12 << 20);
    image[510..512].copy_from_slice(&[0x55, 0xAA]);
    fs::write(desk.path("dos.img"), image).unwrap();
    let device = Loop::of(&desk.path("disk.img"), &[])?;
    desk.mark(&device.node);
    Some(device)
}

fn write(desk: &Desk, node: &Path) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_ramkey"));
    command.arg("write").arg(desk.path("dos.img")).arg("--to").arg(node).arg("--yes");
    command.stdin(Stdio::null()).stdout(Stdio::null()).stderr(Stdio::piped());
    command
}

/// Waits until sector 0 is cleared, which is the first that is written.
fn begun(desk: &Desk, child: &mut Child) {
    let until = Instant::now() + Duration::from_secs(120);
    let mut sector = [0xD1; 512];
    while sector == [0xD1; 512] {
        assert!(Instant::now() < until, "nothing was written");
        assert_eq!(child.try_wait().unwrap(), None, "it has ended already");
        sleep(Duration::from_millis(5));
        File::open(desk.path("disk.img")).unwrap().read_exact_at(&mut sector, 0).unwrap();
    }
}

fn send(child: &Child, signal: Signal) {
    kill_process(Pid::from_raw(child.id().try_into().unwrap()).unwrap(), signal).unwrap();
}

#[test]
fn each_signal_ends_a_write_after_the_piece_in_work_and_sector_0_stays_clear() {
    let desk = Desk::new();
    let Some(device) = slow(&desk) else { return };
    for signal in [Signal::INT, Signal::TERM, Signal::HUP] {
        desk.mark(&device.node);
        must("blockdev", &["--flushbufs".as_ref(), device.node.as_os_str()]);
        let mut child = write(&desk, &device.node).spawn().unwrap();
        begun(&desk, &mut child);
        send(&child, signal);
        let output = child.wait_with_output().unwrap();
        let errors = String::from_utf8_lossy(&output.stderr).into_owned();
        assert_eq!(output.status.code(), Some(5), "{signal:?}: {errors}");
        assert!(errors.contains("does not boot") || errors.contains("will not boot"), "{signal:?}: {errors}");
        assert!(errors.contains("help: repeat the command"), "{signal:?}: {errors}");
        let mut sector = [0xD1; 512];
        File::open(&device.node).unwrap().read_exact_at(&mut sector, 0).unwrap();
        assert!(sector == [0; 512], "{signal:?}");
    }
    // The terminal that was closed takes no message, and it ends as well.
    desk.mark(&device.node);
    must("blockdev", &["--flushbufs".as_ref(), device.node.as_os_str()]);
    let mut child = write(&desk, &device.node).spawn().unwrap();
    drop(child.stderr.take());
    begun(&desk, &mut child);
    send(&child, Signal::HUP);
    assert_eq!(child.wait().unwrap().code(), Some(5));
    desk.accepts(&device.node);
}

#[test]
fn a_signal_before_the_first_write_leaves_the_device_as_it_was() {
    let desk = Desk::new();
    let Some(device) = slow(&desk) else { return };
    let child = write(&desk, &device.node).spawn().unwrap();
    sleep(Duration::from_millis(50));
    send(&child, Signal::INT);
    let output = child.wait_with_output().unwrap();
    let mut sector = [0; 512];
    File::open(&device.node).unwrap().read_exact_at(&mut sector, 0).unwrap();
    match (output.status.code(), output.status.signal()) {
        (Some(3), _) | (None, Some(_)) => assert!(sector == [0xD1; 512]),
        // A machine that is faster than this test.
        (Some(5), _) => assert!(sector == [0; 512]),
        other => panic!("{other:?}"),
    }
}

/// A folder for `PATH` with a stand-in for logind's program, which runs what it is given and says when that has ended.
fn stand_in(desk: &Desk, script: &str) -> String {
    let folder = desk.path("programs");
    fs::create_dir_all(&folder).unwrap();
    let program = folder.join("systemd-inhibit");
    // Another process writes it: one that this process has open for writing cannot be started.
    let text = format!("#!/bin/sh\n{script}\n").replace("LOG", &desk.path("log").display().to_string());
    fs::write(desk.path("script"), text).unwrap();
    must("cp", &[desk.path("script").as_os_str(), program.as_os_str()]);
    fs::set_permissions(&program, fs::Permissions::from_mode(0o755)).unwrap();
    format!("{}:{}", folder.display(), std::env::var("PATH").unwrap())
}

/// What the stand-in has said, when it has ended.
fn said(desk: &Desk) -> String {
    let until = Instant::now() + Duration::from_secs(60);
    loop {
        let text = fs::read_to_string(desk.path("log")).unwrap_or_default();
        if text.ends_with("awake no more\n") {
            return text;
        }
        assert!(Instant::now() < until, "it holds the lock: {text:?}");
        sleep(Duration::from_millis(20));
    }
}

/// Names the bus on which logind is asked.
const BUS: &str = "DBUS_SYSTEM_BUS_ADDRESS";
const HOLDS: &str =
    "for word; do printf '[%s]' \"$word\"; done >>LOG; shift 4; \"$@\"; echo ' awake no more' >>LOG";

#[test]
fn the_machine_is_kept_awake_while_a_device_is_written_and_no_longer() {
    let desk = Desk::new();
    let path = stand_in(&desk, HOLDS);
    let Some(device) = slow(&desk) else { return };
    let bus = desk.path("bus");
    let _listener = UnixListener::bind(&bus).unwrap();
    let address = format!("unix:path={}", bus.display());
    let expected = "[--what=sleep:shutdown:idle:handle-lid-switch][--who=ramkey][--why=A stick is being written]\
                    [--mode=block][cat] awake no more\n";
    let start = || {
        let _ = fs::remove_file(desk.path("log"));
        desk.mark(&device.node);
        must("blockdev", &["--flushbufs".as_ref(), device.node.as_os_str()]);
        write(&desk, &device.node).env("PATH", &path).env(BUS, &address).spawn().unwrap()
    };
    let mut child = start();
    begun(&desk, &mut child);
    assert!(
        !fs::read_to_string(desk.path("log")).unwrap_or_default().contains("no more"),
        "it is written now"
    );
    assert_eq!(child.wait().unwrap().code(), Some(0));
    assert_eq!(said(&desk), expected);
    // Whatever ends it.
    let mut child = start();
    begun(&desk, &mut child);
    child.kill().unwrap();
    child.wait().unwrap();
    assert_eq!(said(&desk), expected);
    // A file is nobody's haste.
    let _ = fs::remove_file(desk.path("log"));
    let file = desk.path("stick.img");
    let is_done = |command: &mut Command| command.status().unwrap().code() == Some(0);
    assert!(is_done(write(&desk, &file).env("PATH", &path).env(BUS, &address)));
    assert!(!desk.path("log").exists());
    // Where no bus answers, there is nobody to ask.
    fs::remove_file(&bus).unwrap();
    assert!(is_done(write(&desk, &device.node).env("PATH", &path).env(BUS, &address)));
    assert!(!desk.path("log").exists());
}

#[test]
fn a_machine_that_will_not_be_kept_awake_is_no_error() {
    let desk = Desk::new();
    let Some(device) = Loop::of(&desk.path("disk.img"), &[]) else { return };
    let nothing = desk.path("nothing").display().to_string();
    for path in [stand_in(&desk, "echo no >&2; exit 1"), stand_in(&desk, "exec sleep 1"), nothing] {
        let output = write(&desk, &device.node).env("PATH", path).env(BUS, "tcp:").output().unwrap();
        let errors = String::from_utf8_lossy(&output.stderr).into_owned();
        assert_eq!(output.status.code(), Some(0), "{errors}");
        assert!(!errors.contains("error:") && !errors.contains("inhibit"), "{errors}");
    }
}
