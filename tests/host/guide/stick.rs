//! Sticks in the guide: on a machine whose sysfs and devices are made up, with a loop device in the place of the stick.

use std::fs::{self, Permissions};
use std::os::unix::fs::PermissionsExt;
use std::path::Path;

use crate::frames::loops::Loop;
use crate::frames::made_up::Machine;
use crate::frames::skip::skip;
use crate::guide::person::{Desk, ENTER, Person};
use crate::guide::screen::WAY;

/// Shows another `/sys` and `/dev` to a program, and to nobody else.
const IN_ITS_PLACE: &str = "mount --bind \"$1\" /sys && mount --bind \"$2\" /dev && shift 2 && exec \"$@\"";

/// The same to a user without rights, who gets some from sudo without a password.
const AS_NOBODY: &str = "mount --bind sudoers /etc/sudoers && cp -a /dev/tty \"$2\" && mount --bind \"$1\" /sys && \
    mount --bind \"$2\" /dev && shift 2 && exec setpriv --reuid=65534 --regid=65534 --clear-groups \"$@\"";

/// Starts the guide on a made-up machine.
fn starts(desk: &Desk, machine: &Machine) -> Person {
    starts_by(desk, machine, IN_ITS_PLACE, env!("CARGO_BIN_EXE_ramkey"))
}

fn starts_by(desk: &Desk, machine: &Machine, script: &str, ramkey: &str) -> Person {
    let at = |name: &str| machine.folder.path().join(name).to_str().unwrap().to_owned();
    let (sys, dev) = (at("sys"), at("dev"));
    Person::starts_command(desk, &["unshare", "--mount", "sh", "-c", script, "sh", &sys, &dev, ramkey])
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

/// A machine with a stick that is this device.
fn machine_of(device: &Loop) -> Option<Machine> {
    let machine = Machine::new();
    let of_device = |name: &str| {
        fs::read_to_string(format!("/sys/block/{}/{name}", device.name())).unwrap().trim().to_owned()
    };
    let number = of_device("dev");
    let stick = "sys/devices/usb1/1-1/host/sdz";
    fs::remove_dir_all(machine.folder.path().join(stick)).unwrap();
    fs::remove_file(machine.folder.path().join("sys/block/sdz")).unwrap();
    machine.disk(stick, &number, (8 << 20) / 512);
    machine.put(&format!("{stick}/removable"), "1\n");
    machine.put(&format!("{stick}/diskseq"), &of_device("diskseq"));
    machine.put(&format!("{stick}/device/model"), "Cruzer\n");
    machine.node("sdz", &number)?;
    machine.char_node("null", "1:3")?;
    fs::set_permissions(machine.folder.path().join("dev/null"), Permissions::from_mode(0o666)).unwrap();
    Some(machine)
}

#[test]
fn a_stick_is_written_after_its_name_was_typed() {
    let desk = Desk::new();
    let file = desk.path("device");
    fs::write(&file, vec![0; 8 << 20]).unwrap();
    let Some(device) = Loop::of(&file, &[]) else { return };
    let Some(machine) = machine_of(&device) else { return };
    let person = starts(&desk, &machine);
    goes_to_the_word(person, &file);
    drop(device);
    assert_eq!(fs::read(&file).unwrap()[510..512], [0x55, 0xAA]);
}

/// Writes the stick, whose bytes are those of `file`.
fn goes_to_the_word(mut person: Person, file: &Path) {
    person.walks(&WAY[..2]);
    person.sees(&["/dev/sdz  Cruzer", "8 MiB (8388608 bytes), USB", "will be lost"]).chooses("/dev/sdz");
    person.walks(&WAY[5..]).sees(&["ramkey write --to /dev/sdz --bus usb2 dos.img"]);
    person.chooses("Go on");
    person.sees(&["Everything on this stick will be lost", "Type sdz to erase it: _"]);
    assert!(fs::read(file).unwrap().iter().all(|byte| *byte == 0), "it was written without the word");
    person.presses("sdz").presses(ENTER).sees(&["written and proven"]);
    person.chooses("Leave");
    person.ends_with(0);
}

#[test]
fn a_user_without_rights_is_asked_for_them_when_the_stick_is_opened_and_sees_the_screen_again() {
    if !Path::new("/usr/bin/sudo").exists() {
        return skip("sudo", b"install the package sudo");
    }
    let desk = Desk::new();
    let file = desk.path("device");
    fs::write(&file, vec![0; 8 << 20]).unwrap();
    let Some(device) = Loop::of(&file, &[]) else { return };
    let Some(machine) = machine_of(&device) else { return };
    // Whoever runs the tests may have a folder that others can write.
    fs::copy(env!("CARGO_BIN_EXE_ramkey"), desk.path("ramkey")).unwrap();
    fs::write(desk.path("sudoers"), "Defaults !use_pty\nnobody ALL=(root) NOPASSWD: ALL\n").unwrap();
    for (path, mode) in
        [(desk.path("sudoers"), 0o440), (desk.path(""), 0o755), (machine.folder.path().into(), 0o755)]
    {
        fs::set_permissions(path, Permissions::from_mode(mode)).unwrap();
    }
    let person = starts_by(&desk, &machine, AS_NOBODY, "./ramkey");
    goes_to_the_word(person, &file);
    drop(device);
    assert_eq!(fs::read(&file).unwrap()[510..512], [0x55, 0xAA]);
}
