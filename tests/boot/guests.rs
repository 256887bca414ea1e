//! The guests themselves, proven under a real BIOS and under MEMDISK before they judge ramkey.

use ramkey::emulator::{Controller, Machine, Port, Stick};

use super::harness::{DEADLINE, Geometry, Running, disk, file, scratch};
use super::sticks;

const HARD_DISK: Geometry = Geometry::new(4, 16, 63);

#[test]
fn a_guest_can_fail() {
    let folder = scratch();
    let image = file(folder.path(), "guest.img", &disk("must_fail", HARD_DISK, HARD_DISK.sectors(), &[]));
    let (passed, evidence) = Running::start(&Machine::new(Stick::new(image, Port::Ide))).verdict(DEADLINE);
    assert!(!passed, "{evidence}");
    assert!(evidence.console.contains("FAIL: the stack pointer is zero"), "{evidence}");
}

#[test]
fn a_real_hard_disk_passes_the_hard_disk_guest() {
    let folder = scratch();
    let image = disk("int13_hdd", HARD_DISK, HARD_DISK.sectors(), &["REFERENCE"]);
    let image = file(folder.path(), "guest.img", &image);
    Running::start(&Machine::new(Stick::new(image, Port::Ide))).must_pass();
}

#[test]
fn a_hard_disk_with_one_wrong_byte_does_not_pass_it() {
    let folder = scratch();
    let mut image = disk("int13_hdd", HARD_DISK, HARD_DISK.sectors(), &["REFERENCE"]);
    image[3000 * 512] ^= 1;
    let image = file(folder.path(), "guest.img", &image);
    let (passed, evidence) = Running::start(&Machine::new(Stick::new(image, Port::Ide))).verdict(DEADLINE);
    assert!(!passed, "{evidence}");
    assert!(evidence.console.contains("FAIL: AH=02h: the bytes"), "{evidence}");
}

#[test]
fn a_disk_of_memdisk_passes_it_after_the_pull() {
    let folder = scratch();
    let definitions = ["REFERENCE", "MEMDISK", "WAIT_FOR_KEY"];
    let image = disk("int13_hdd", HARD_DISK, HARD_DISK.sectors(), &definitions);
    let image = file(folder.path(), "guest.img", &image);
    let stick = sticks::memdisk(folder.path(), &image, "harddisk c=4 h=16 s=63");
    let mut machine = Running::start(&Machine::new(Stick::new(stick, Port::Usb(Controller::Xhci))));
    machine.wait_hook(DEADLINE);
    machine.pull();
    machine.press(&["ret"]);
    machine.must_pass();
}

#[test]
fn a_real_hard_disk_passes_the_guest_about_limits() {
    let folder = scratch();
    let image = disk("limits", HARD_DISK, HARD_DISK.sectors(), &["REFERENCE", "NUMBER=0x80"]);
    let image = file(folder.path(), "guest.img", &image);
    Running::start(&Machine::new(Stick::new(image, Port::Ide))).must_pass();
}
