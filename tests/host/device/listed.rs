//! `ramkey list`: which disks are told of, why each is refused, and what comes and goes while it watches.

use std::cell::RefCell;
use std::fs;
use std::io::{BufRead, BufReader};
use std::os::unix::fs::symlink;
use std::process::{Child, Command, Stdio};
use std::sync::atomic::{AtomicBool, Ordering};

use ramkey::device::lend::Lender;
use ramkey::device::{DeviceKind, System, TargetPath};
use ramkey::job::{Change, Changed, JobError, list, watch};
use rustix::process::{Pid, Signal, kill_process};
use serde_json::Value;

use crate::frames::loops::{Desk, LEN, Loop};
use crate::frames::made_up::Machine;
use crate::frames::schema::must_fit;

#[test]
fn sticks_are_listed_and_with_all_every_other_disk_with_its_reason() {
    let machine = Machine::new();
    machine.put("sys/devices/usb1/1-1/host/sdz/device/model", "Stick\n");
    machine.disk("sys/devices/usb1/1-2/host/sdy", "240:48", 0);
    machine.put("sys/devices/usb1/1-2/host/sdy/removable", "1\n");
    machine.put("sys/devices/usb1/1-2/host/sdy/device/model", "Reader\n");
    machine.disk("sys/devices/virtual/loop3", "242:3", 0);
    machine.disk("sys/devices/virtual/zram0", "251:0", 100);
    let names = |listed: &[ramkey::job::Listed]| -> Vec<String> {
        listed.iter().map(|disk| disk.facts.node.file_name().unwrap().to_str().unwrap().to_owned()).collect()
    };
    let usual = list(&machine.system, false).unwrap();
    assert_eq!((names(&usual.sticks), names(&usual.others)), (vec!["sdz".into()], vec![]));
    assert_eq!(usual.unlisted, 2, "the reader and the built-in disk; nobody asks for devices made of others");
    assert!(usual.sticks[0].writable && usual.sticks[0].refused.is_none());

    machine.put("proc/self/mountinfo", "30 1 240:17 / /media/x rw - vfat /dev/sdz1 rw\n");
    let all = list(&machine.system, true).unwrap();
    assert_eq!(all.unlisted, 0);
    let reasons: Vec<(String, String, Option<String>)> = all
        .sticks
        .iter()
        .chain(&all.others)
        .map(|disk| {
            let name = disk.facts.node.file_name().unwrap().to_str().unwrap().to_owned();
            let refused = disk.refused.clone().unwrap();
            assert!(
                !disk.writable && refused.starts_with(&disk.facts.node.display().to_string()),
                "{refused}"
            );
            (name, refused.split_once(" is refused: ").unwrap().1.to_owned(), disk.help.clone())
        })
        .collect();
    let row = |name: &str, why: &str, help: Option<&str>| (name.into(), why.into(), help.map(Into::into));
    assert_eq!(
        reasons,
        [
            row("sdz", "sdz1 is mounted on /media/x", Some("run `umount /media/x` first, or add --unmount")),
            row("dm-0", "it is no disk but a device made of others", None),
            row("sdy", "it holds no medium", Some("put the card or stick in")),
            row("sdzz", "it is not removable", None),
            row("zram0", "it is no disk but a device made of others", None),
        ]
    );
    // The same that `write` says.
    for disk in all.sticks.iter().chain(&all.others) {
        let refusal =
            TargetPath::Block(Box::new(disk.facts.clone())).admit(&machine.system, &[]).unwrap_err();
        assert_eq!(Some(refusal.to_string()), disk.refused);
    }
    assert!(
        all.others.iter().all(|disk| disk.facts.kind != DeviceKind::Loop),
        "one that shows nothing is nothing"
    );
}

#[test]
fn what_comes_changes_and_goes_is_told_once() {
    let machine = Machine::new();
    let stop = AtomicBool::new(false);
    let told = RefCell::new(Vec::new());
    let block = |name: &str| machine.folder.path().join("sys/block").join(name);
    let away = machine.folder.path().join("away");
    let tell = |Changed { change, disk }: &Changed| -> Result<(), JobError> {
        let name = disk.facts.node.file_name().unwrap().to_str().unwrap().to_owned();
        told.borrow_mut().push((*change, name, disk.writable));
        match told.borrow().len() {
            1 => machine.put("proc/self/mountinfo", "30 1 240:17 / /media/x rw - vfat /dev/sdz1 rw\n"),
            2 => {
                machine.put("proc/self/mountinfo", "");
                fs::rename(block("sdz"), &away).unwrap();
            }
            3 => {
                let folder = "sys/devices/usb1/1-2/host/sdx";
                machine.disk(folder, "240:64", 4096);
                machine.put("sys/devices/usb1/1-2/idVendor", "1234\n");
                machine.put("sys/devices/usb1/1-2/idProduct", "5678\n");
                machine.put(&format!("{folder}/device/model"), "Other\n");
            }
            // The name and the number of the first, and another medium in them.
            4 => {
                machine.put("sys/devices/usb1/1-1/host/sdz/diskseq", "10\n");
                symlink(machine.folder.path().join("sys/devices/usb1/1-1/host/sdz"), block("sdz")).unwrap();
            }
            5 => machine.put("sys/devices/usb1/1-1/host/sdz/diskseq", "11\n"),
            _ => stop.store(told.borrow().len() == 7, Ordering::Relaxed),
        }
        Ok(())
    };
    watch(&machine.system, false, &stop, tell).unwrap();
    let row = |change, name: &str, writable| (change, name.to_owned(), writable);
    assert_eq!(
        told.into_inner(),
        [
            row(Change::There, "sdz", true),
            row(Change::Changed, "sdz", false),
            row(Change::Gone, "sdz", false),
            row(Change::PluggedIn, "sdx", true),
            row(Change::PluggedIn, "sdz", true),
            row(Change::Gone, "sdz", false),
            row(Change::PluggedIn, "sdz", true),
        ]
    );
}

#[test]
fn what_root_alone_is_told_of_a_stick_is_no_reason_to_refuse_it_to_who_can_ask_for_rights() {
    let machine = Machine::new();
    // Of the processes of others nothing is seen, not even the first of all.
    fs::create_dir_all(machine.folder.path().join("proc/5")).unwrap();
    fs::remove_dir_all(machine.folder.path().join("proc/self")).unwrap();
    machine.put("proc/5/mountinfo", "");
    symlink("5", machine.folder.path().join("proc/self")).unwrap();
    let refused = list(&machine.system, false).unwrap().sticks.remove(0);
    assert!(!refused.writable && refused.notes.is_empty(), "{:?}", refused.notes);
    assert!(refused.refused.unwrap().contains("is not told"));
    let lender = Lender::new(|_| panic!("a list asks for no rights"));
    let asked = System { lender: Some(lender), ..machine.system.clone() };
    let stick = list(&asked, false).unwrap().sticks.remove(0);
    assert!(stick.writable && stick.refused.is_none() && stick.help.is_none(), "{:?}", stick.refused);
    assert!(stick.notes[0].contains("told to root alone"), "{:?}", stick.notes);
    // What is known is a reason for everybody.
    machine.put("proc/5/mountinfo", "30 1 240:17 / /media/x rw - vfat /dev/sdz1 rw\n");
    let mounted = list(&asked, false).unwrap().sticks.remove(0);
    assert!(mounted.refused.unwrap().contains("is mounted on /media/x"));
    assert!(mounted.notes.is_empty(), "{:?}", mounted.notes);
}

#[test]
fn an_error_of_whoever_is_told_ends_it() {
    let machine = Machine::new();
    let fails = |_: &Changed| Err(JobError::NoStick { path: "x".into() });
    let ended = watch(&machine.system, true, &AtomicBool::new(false), fails);
    assert!(matches!(ended, Err(JobError::NoStick { .. })));
    let never = |_: &Changed| -> Result<(), JobError> { panic!("it was to stop at once") };
    watch(&machine.system, true, &AtomicBool::new(true), never).unwrap();
}

/// The program while it watches.
fn watching() -> (Child, impl Iterator<Item = Value>) {
    let mut command = Command::new(env!("CARGO_BIN_EXE_ramkey"));
    let mut child =
        command.args(["list", "--all", "--watch", "--json"]).stdout(Stdio::piped()).spawn().unwrap();
    let lines = BufReader::new(child.stdout.take().unwrap()).lines();
    let change = |line: std::io::Result<String>| {
        let change: Value = serde_json::from_str(&line.unwrap()).expect("one object a line");
        must_fit("list-watch", &change);
        change
    };
    (child, lines.map(change))
}

#[test]
fn the_program_watches_until_it_is_asked_to_end_or_nobody_reads() {
    /// Of no device of another test, which may have had the same number a moment ago.
    const OURS: u64 = LEN + 3 * 4096;
    let desk = Desk::new();
    let image = desk.path("disk.img");
    std::fs::OpenOptions::new().write(true).open(&image).unwrap().set_len(OURS).unwrap();
    let (mut child, mut lines) = watching();
    // Whatever is there is told first; this machine may have nothing.
    std::thread::sleep(std::time::Duration::from_secs(2));
    let Some(device) = Loop::of(&image, &[]) else {
        child.kill().unwrap();
        child.wait().unwrap();
        return;
    };
    let node = device.node.display().to_string();
    let is = |line: &Value, change: &str| line["node"] == *node && line["change"] == change;
    let line = lines.find(|line| is(line, "plugged-in") && line["len"] == OURS).unwrap();
    assert_eq!(line["kind"], "loop");
    drop(device);
    lines.find(|line| is(line, "gone")).unwrap();
    kill_process(Pid::from_raw(child.id().try_into().unwrap()).unwrap(), Signal::INT).unwrap();
    assert_eq!(child.wait().unwrap().code(), Some(0));

    let (mut child, lines) = watching();
    drop(lines);
    let Some(_device) = Loop::of(&image, &[]) else { return };
    assert_eq!(child.wait().unwrap().code(), Some(0), "nobody reads");
}
