//! Sticks in the guide: on a machine whose sysfs and devices are made up, with a loop device in the place of the stick.

use std::fs;

use crate::frames::loops::Loop;
use crate::frames::made_up::Machine;
use crate::guide::person::{Desk, ENTER, Person};
use crate::guide::screen::WAY;

/// Shows another `/sys` and `/dev` to a program, and to nobody else.
const IN_ITS_PLACE: &str = "mount --bind \"$1\" /sys && mount --bind \"$2\" /dev && shift 2 && exec \"$@\"";

/// Starts the guide on a made-up machine.
fn starts(desk: &Desk, machine: &Machine) -> Person {
    let at = |name: &str| machine.folder.path().join(name).to_str().unwrap().to_owned();
    let (sys, dev, ramkey) = (at("sys"), at("dev"), env!("CARGO_BIN_EXE_ramkey"));
    Person::starts_command(desk, &["unshare", "--mount", "sh", "-c", IN_ITS_PLACE, "sh", &sys, &dev, ramkey])
}

#[test]
fn a_stick_that_is_refused_is_shown_with_its_reason_and_cannot_be_chosen() {
    let machine = Machine::new();
    let Some(_) = machine.node("sdz", "240:16") else { return };
    machine.char_node("null", "1:3").unwrap();
    machine.put("sys/devices/usb1/1-1/host/sdz/ro", "1\n");
    let desk = Desk::new();
    let mut person = starts(&desk, &machine);
    person.walks(&WAY[..2]);
    let reason = "! /dev/sdz is refused: it is read-only; move the switch on the stick";
    person.sees(&["x /dev/sdz  Cruzer", reason]);
    assert!(person.marked().unwrap().contains("A file"), "the usual choice is one that can be taken");
    person.presses("\u{1b}[A").sees(&["> x /dev/sdz"]);
    person.presses(ENTER);
    person.sees(&["Step 2 of 8"]);
    // It stands above the list then, and the list is still there.
    let twice = |person: &Person| person.screen().matches("is refused: it is read-only").count() == 2;
    while !twice(&person) {
        std::thread::sleep(std::time::Duration::from_millis(10));
    }
    person.presses("q");
    person.ends_with(3);
}

#[test]
fn a_stick_is_written_after_its_name_was_typed() {
    let desk = Desk::new();
    let file = desk.path("device");
    fs::write(&file, vec![0; 8 << 20]).unwrap();
    let Some(device) = Loop::of(&file, &[]) else { return };
    let machine = Machine::new();
    let number = fs::read_to_string(format!("/sys/block/{}/dev", device.name())).unwrap();
    let number = number.trim();
    fs::remove_dir_all(machine.folder.path().join("sys/devices/usb1/1-1/host/sdz")).unwrap();
    fs::remove_file(machine.folder.path().join("sys/block/sdz")).unwrap();
    machine.disk("sys/devices/usb1/1-1/host/sdz", number, (8 << 20) / 512);
    machine.put("sys/devices/usb1/1-1/host/sdz/removable", "1\n");
    let sequence = fs::read_to_string(format!("/sys/block/{}/diskseq", device.name())).unwrap();
    machine.put("sys/devices/usb1/1-1/host/sdz/diskseq", &sequence);
    machine.put("sys/devices/usb1/1-1/host/sdz/device/model", "Cruzer\n");
    let Some(_) = machine.node("sdz", number) else { return };
    machine.char_node("null", "1:3").unwrap();
    let mut person = starts(&desk, &machine);
    person.walks(&WAY[..2]);
    person.sees(&["/dev/sdz  Cruzer", "8 MiB (8388608 bytes), USB", "will be lost"]).chooses("/dev/sdz");
    person.walks(&WAY[5..]).sees(&["ramkey write --to /dev/sdz --bus usb2 dos.img"]);
    person.chooses("Go on");
    person.sees(&["Everything on this stick will be lost", "Type sdz to erase it: _"]);
    assert!(fs::read(&file).unwrap().iter().all(|byte| *byte == 0), "it was written without the word");
    person.presses("sdz").presses(ENTER).sees(&["written and proven"]);
    person.chooses("Leave");
    person.ends_with(0);
    drop(device);
    assert_eq!(fs::read(&file).unwrap()[510..512], [0x55, 0xAA]);
}
