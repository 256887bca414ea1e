//! Where the changed image goes, what becomes of the one that was there, and what a stick says of a driver that it got on the way.

use std::fs::{self, Permissions};
use std::os::unix::fs::{MetadataExt, PermissionsExt, chown, symlink};
use std::os::unix::process::{CommandExt, ExitStatusExt};
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::sync::Mutex;
use std::sync::atomic::AtomicBool;
use std::thread::sleep;
use std::time::{Duration, Instant};

use flate2::{Compression, write::GzEncoder};
use rustix::process::{Pid, Signal, geteuid, kill_process_group};
use serde_json::Value;

use super::desk::{Desk, Wish};
use crate::frames::drivers::{X86, driver};
use crate::frames::limits::ramkey;
use crate::frames::loops::Loop;
use crate::frames::sticks::printed;
use crate::frames::windows_image::{System, bare};
use ramkey::job::{Event, JobError, WindowsChange, WindowsOutput, prepare_windows};

pub fn fat() -> Desk {
    Desk::new(&bare(System::Fat16))
}

fn words(desk: &Desk, words: &[&str]) -> Vec<String> {
    let is_file = |word: &str| desk.path(word).symlink_metadata().is_ok() || word.ends_with(".img");
    words
        .iter()
        .map(|word| if is_file(word) { desk.path(word).display().to_string() } else { (*word).into() })
        .collect()
}

/// What the program says, which ends with `exit`.
pub fn says(desk: &Desk, line: &[&str], exit: i32) -> String {
    let line = words(desk, line);
    let output = ramkey(&line.iter().map(String::as_str).collect::<Vec<_>>());
    assert_eq!(output.status.code(), Some(exit), "{line:?}: {}", printed(&output));
    printed(&output)
}

#[test]
fn a_stick_with_a_driver_never_takes_the_place_of_the_image() {
    let desk = fat();
    let old = desk.image("xp.img");
    fs::hard_link(desk.path("xp.img"), desk.path("hard.img")).unwrap();
    symlink(desk.path("xp.img"), desk.path("soft.img")).unwrap();
    for target in ["xp.img", "hard.img", "soft.img"] {
        let said = says(&desk, &["write", "xp.img", "--driver", "firadisk.sys", "--to", target, "--yes"], 3);
        assert!(said.contains("error:"), "{said}");
        assert!(desk.image("xp.img") == old, "{target}: {said}");
    }
    let line =
        ["write", "xp.img", "--driver", "firadisk.sys", "--to", "stick.img", "--to", "hard.img", "--yes"];
    says(&desk, &line, 3);
    assert!(desk.image("xp.img") == old && !desk.path("stick.img").exists());
    let Some(device) = Loop::of(&desk.path("xp.img"), &[]) else { return };
    let node = device.node.to_str().unwrap();
    says(&desk, &["write", "xp.img", "--driver", "firadisk.sys", "--to", node, "--yes"], 3);
    assert!(desk.image("xp.img") == old);
}

#[test]
fn what_has_the_image_open_is_told_with_a_driver_too() {
    let desk = fat();
    let mut holder = Command::new("sh");
    holder.args(["-c", "exec 3<>\"$0\" && echo && read line"]).arg(desk.path("xp.img"));
    let mut holder = holder.stdin(Stdio::piped()).stdout(Stdio::piped()).spawn().unwrap();
    std::io::Read::read_exact(holder.stdout.as_mut().unwrap(), &mut [0]).unwrap();
    let said = says(&desk, &["write", "xp.img", "--driver", "firadisk.sys", "--to", "stick.img", "--yes"], 0);
    drop(holder.stdin.take());
    holder.wait().unwrap();
    assert!(said.contains("has it open for writing"), "{said}");
}

#[test]
fn report_and_receipt_name_the_image_of_the_user_and_the_driver() {
    let desk = fat();
    let folder = desk.path("receipts");
    fs::create_dir(&folder).unwrap();
    let line = ["write", "xp.img", "--driver", "firadisk.sys", "--to", "stick.img", "--yes", "--json"];
    let line = [&line[..], &["--receipt", folder.to_str().unwrap()]].concat();
    let line = words(&desk, &line);
    let output = ramkey(&line.iter().map(String::as_str).collect::<Vec<_>>());
    assert!(output.status.success(), "{}", printed(&output));
    let report: Value = serde_json::from_slice(&output.stdout).unwrap();
    let receipt = fs::read(folder.join("stick.img.json")).unwrap();
    let receipt: Value = serde_json::from_slice(&receipt).unwrap();
    let blake3 = blake3::hash(&driver("FiraDisk", X86)).to_hex();
    let made = serde_json::json!({ "name": "FiraDisk", "version": "0.0.1.30", "blake3": &*blake3, "attach": "root" });
    let image = &report["images"][0];
    for image in [image, &receipt["images"][0]] {
        assert_eq!(image["path"], desk.path("xp.img").to_str().unwrap(), "{image}");
        assert_eq!(image["driver"], made, "{image}");
    }
    // The stick itself says so, and what is loaded from it is not changed by that.
    let stick = desk.path("stick.img");
    let found = ramkey(&["verify", stick.to_str().unwrap(), "--json"]);
    assert!(found.status.success(), "{}", printed(&found));
    let found: Value = serde_json::from_slice(&found.stdout).unwrap();
    let old = desk.image("xp.img");
    let made_of = serde_json::json!({
        "text": format!("with the driver FiraDisk 0.0.1.30 (root), whose file has the BLAKE3 {blake3}"),
        "len": old.len(),
        "blake3": &*blake3::hash(&old).to_hex(),
    });
    assert_eq!(found["capsules"][0]["made_of"], made_of, "{found}");
    let said = says(&desk, &["verify", "stick.img"], 0);
    assert!(said.contains("with the driver FiraDisk 0.0.1.30 (root)"), "{said}");
    // Who goes on with it makes the same copy.
    says(&desk, &["write", "xp.img", "--driver", "firadisk.sys", "--to", "stick.img", "--resume"], 0);
    // A hash is one of the image that the user has.
    let hash = blake3::hash(&desk.image("xp.img")).to_hex();
    let line =
        ["write", "xp.img", "--driver", "firadisk.sys", "--expect", &hash, "--to", "same.img", "--yes"];
    says(&desk, &line, 0);
    assert_eq!(fs::read(desk.path("same.img")).unwrap(), desk.image("stick.img"));
}

#[test]
fn the_record_of_a_driver_stays_with_its_image_and_advice_is_given_whenever_an_image_comes() {
    let desk = fat();
    says(&desk, &["write", "xp.img", "--driver", "firadisk.sys", "--to", "stick.img", "--yes"], 0);
    // One that is made of the same image without a driver on the way has no such record.
    says(&desk, &["windows", "add-driver", "xp.img", "--driver", "firadisk.sys", "--to", "with.img"], 0);
    let said = says(&desk, &["reflash", "with.img", "--to", "stick.img"], 0);
    assert!(says(&desk, &["verify", "stick.img"], 0).contains("with the driver"), "{said}");
    let said = says(&desk, &["reflash", "xp.img", "--to", "stick.img"], 0);
    assert!(said.contains("note      Windows XP has had no updates since"), "{said}");
    let said = says(&desk, &["add", "with.img", "--title", "with", "--to", "stick.img", "--json"], 0);
    assert!(said.contains("Windows XP has had no updates since"), "{said}");
    assert!(!says(&desk, &["verify", "stick.img"], 0).contains("with the driver"));
}

#[test]
fn a_dry_run_refuses_what_the_real_one_refuses() {
    let desk = fat();
    let dry = ["windows", "add-driver", "xp.img", "--driver", "firadisk.sys", "--dry-run"];
    says(&desk, &dry, 0);
    fs::write(desk.path("taken.img"), "mine").unwrap();
    for run in [&dry[..], &dry[..5]] {
        let said = says(&desk, &[run, &["--to", "taken.img"]].concat(), 3);
        assert!(said.contains("move "), "{said}");
        says(&desk, &[run, &["--to", "xp.img"]].concat(), 3);
    }
    fs::write(desk.path("xp.img.before-driver"), "mine").unwrap();
    for run in [&dry[..], &dry[..5]] {
        let said = says(&desk, run, 3);
        assert!(said.contains("xp.img.before-driver"), "{said}");
    }
    assert_eq!(desk.image("xp.img.before-driver"), b"mine");
}

fn add(desk: &Desk) -> WindowsChange {
    let driver = desk.path("firadisk.sys");
    WindowsChange::Add { driver, attach: None, remove_other: false, allow_unsigned: false }
}

#[test]
fn a_backup_that_appears_meanwhile_is_not_written_over() {
    let desk = fat();
    let old = desk.image("xp.img");
    let prepare =
        || prepare_windows(&desk.path("xp.img"), &add(&desk), WindowsOutput::InPlace, &|_: Event| ());
    let prepared = prepare().unwrap();
    fs::write(desk.path("xp.img.before-driver"), "mine").unwrap();
    let error = prepared.change(&AtomicBool::new(false), &|_: Event| ()).unwrap_err();
    assert!(matches!(error, JobError::Exists { .. }), "{error:?}");
    assert_eq!(desk.image("xp.img.before-driver"), b"mine");
    assert!(desk.image("xp.img") == old && !desk.path("xp.img.unfinished").exists());
    // An image that is another one by now.
    fs::remove_file(desk.path("xp.img.before-driver")).unwrap();
    let prepared = prepare().unwrap();
    fs::write(desk.path("other.img"), &old).unwrap();
    fs::rename(desk.path("other.img"), desk.path("xp.img")).unwrap();
    let error = prepared.change(&AtomicBool::new(false), &|_: Event| ()).unwrap_err();
    assert!(matches!(error, JobError::Target(_)), "{error:?}");
    assert!(desk.image("xp.img") == old && !desk.path("xp.img.before-driver").exists());
    // What an exchange leaves that was cut off before its last step is in nobody's way.
    fs::hard_link(desk.path("xp.img"), desk.path("xp.img.before-driver")).unwrap();
    desk.add("xp.img", "firadisk.sys", "xp.img", Wish::default()).unwrap();
    assert!(desk.image("xp.img.before-driver") == old && desk.image("xp.img") != old);
}

#[test]
fn nobody_else_reads_an_image_meanwhile_and_its_owner_keeps_it() {
    let desk = fat();
    let (image, is_root) = (desk.path("xp.img"), geteuid().is_root());
    if is_root {
        chown(&image, Some(12_345), Some(23_456)).unwrap();
    }
    fs::set_permissions(&image, Permissions::from_mode(0o640)).unwrap();
    let known =
        |path: &Path| fs::metadata(path).map(|meta| (meta.uid(), meta.gid(), meta.mode() & 0o7777)).unwrap();
    let (before, seen) = (known(&image), Mutex::new(Vec::new()));
    let observer = |name: &str| {
        let (path, seen) = (desk.path(name), &seen);
        move |_: Event| {
            let mode = fs::metadata(&path).map(|meta| meta.mode() & 0o777);
            // It has its own rights for the last moment, when it is whole.
            seen.lock().unwrap().extend(mode.ok());
        }
    };
    let prepared = prepare_windows(&image, &add(&desk), WindowsOutput::InPlace, &|_: Event| ()).unwrap();
    let report = prepared.change(&AtomicBool::new(false), &observer("xp.img.unfinished")).unwrap();
    assert_eq!((known(&image), known(&desk.path("xp.img.before-driver"))), (before, before));
    assert_eq!(report.warnings, [""; 0]);
    desk.add("xp.img.before-driver", "firadisk.sys", "new.img", Wish::default()).unwrap();
    assert_eq!(known(&desk.path("new.img")).2, 0o640);
    let seen = seen.into_inner().unwrap();
    assert!(seen.len() > 3 && seen.iter().all(|mode| *mode == 0o600), "{seen:?}");
}

fn ends(child: &mut Child) -> Option<i32> {
    let until = Instant::now() + Duration::from_secs(20);
    while Instant::now() < until {
        if let Some(status) = child.try_wait().unwrap() {
            return status.signal();
        }
        sleep(Duration::from_millis(5));
    }
    let _ = child.kill();
    panic!("it does not end: {:?}", child.wait());
}

pub fn started(desk: &Desk, line: &[&str], stdin: Stdio, folder: &Path) -> Child {
    let mut command = Command::new(env!("CARGO_BIN_EXE_ramkey"));
    command.args(words(desk, line)).env("TMPDIR", folder).process_group(0);
    command.stdin(stdin).stdout(Stdio::null()).stderr(Stdio::piped()).spawn().unwrap()
}

/// Something packed that is unpacked for a long while.
fn long() -> Vec<u8> {
    let mut member = GzEncoder::new(Vec::new(), Compression::fast());
    std::io::Write::write_all(&mut member, &vec![0; 32 << 20]).unwrap();
    member.finish().unwrap().repeat(100)
}

#[test]
fn the_first_interrupt_before_anything_is_written_ends_the_command() {
    let desk = fat();
    fs::write(desk.path("long.img"), long()).unwrap();
    let temporary = desk.path("temporary");
    fs::create_dir(&temporary).unwrap();
    let commands = |image: &'static str| {
        [
            vec!["shrink", image, "new.img"],
            vec!["windows", "add-driver", image, "--driver", "firadisk.sys", "--to", "new.img"],
            vec!["write", image, "--driver", "firadisk.sys", "--to", "new.img", "--yes"],
        ]
    };
    for image in ["-", "long.img"] {
        for line in commands(image) {
            let mut child = started(&desk, &line, Stdio::piped(), &temporary);
            sleep(Duration::from_millis(300));
            assert_eq!(child.try_wait().unwrap(), None, "{line:?}");
            let pid = Pid::from_raw(child.id().try_into().unwrap()).unwrap();
            if image != "-" && geteuid().is_root() {
                // What ends this command does not make an error of the process without rights.
                // Which of its threads started that one, it decides.
                let threads = fs::read_dir(format!("/proc/{}/task", child.id())).unwrap();
                let children: String = threads
                    .map(|thread| fs::read_to_string(thread.unwrap().path().join("children")).unwrap())
                    .collect();
                let stat = fs::read_to_string(format!("/proc/{}/stat", children.trim())).unwrap();
                let group = stat.rsplit(") ").next().unwrap().split(' ').nth(2).unwrap();
                assert_eq!(group, children.trim(), "{line:?}");
            }
            kill_process_group(pid, Signal::INT).unwrap();
            assert_eq!(ends(&mut child), Some(2), "{line:?}");
            assert!(!desk.path("new.img").exists(), "{line:?}");
            assert_eq!(fs::read_dir(&temporary).unwrap().count(), 0, "{line:?}");
        }
    }
}
