//! Sticks that do not start at their own sector 0.

use std::fs;

use ramkey::emulator::{Controller, Machine, Port, Stick};

use super::harness::{Geometry, Running, disk, file, scratch};
use super::sticks;

/// Debian's SYSLINUX MBR: starts the active partition's boot sector and knows nothing of ramkey.
const FOREIGN_MBR: &str = "/usr/lib/syslinux/mbr/mbr.bin";
const HARD_DISK: Geometry = Geometry::new(4, 16, 63);

/// What another tool overwrites.
#[derive(Clone, Copy, Debug)]
enum Overwritten {
    /// The code of sector 0.
    Code,
    /// That, and the rest of the first track, where GRUB and others keep their second stage.
    FirstTrack,
}

#[test]
fn a_stick_whose_mbr_was_replaced_starts_through_its_partition() {
    for (fs, overwritten) in [
        ("fat16", Overwritten::Code),
        ("fat16", Overwritten::FirstTrack),
        ("fat32", Overwritten::Code),
        ("fat32", Overwritten::FirstTrack),
    ] {
        let folder = scratch();
        let image = disk("int13_hdd", HARD_DISK, HARD_DISK.sectors(), &[]);
        let image = file(folder.path(), "guest.img", &image);
        let stick = sticks::ramkey(folder.path(), &[&image], &["--fs", fs, "--kind", "hdd"]);
        let mut bytes = fs::read(&stick).expect("the stick");
        let foreign = fs::read(FOREIGN_MBR).expect("syslinux is needed: `cargo xtask tools` installs it");
        assert!(foreign.len() <= 440, "the table is not the MBR's");
        bytes[..440].fill(0);
        bytes[..foreign.len()].copy_from_slice(&foreign);
        if let Overwritten::FirstTrack = overwritten {
            bytes[512..63 * 512].fill(0xD1);
        }
        fs::write(&stick, bytes).expect("the stick");
        let mut machine = Running::start(&Machine::new(Stick::new(stick, Port::Usb(Controller::Xhci))));
        machine.pull_and_boot();
        machine.must_pass();
    }
}
