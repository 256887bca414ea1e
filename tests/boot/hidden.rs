//! The stick is gone for the system that runs: no number, no call that reaches it, nothing that waits for it.

use super::harness::{Geometry, disk, file, scratch};
use super::int13::{passes, verdict};

const SMALL: Geometry = Geometry::new(4, 16, 63);
const AS_HDD: [&str; 4] = ["--kind", "hdd", "--chs", "4/16/63"];

/// The word that `hidden_stick.asm` looks for in sector 1 of an internal disk.
const WORD: u32 = 0x1A7E_55AA;

/// An internal disk of 8 MiB that does not boot.
fn internal_disk() -> Vec<u8> {
    let mut disk = vec![0; 8 << 20];
    disk[512..516].copy_from_slice(&WORD.to_le_bytes());
    disk
}

#[test]
fn a_hard_disk_image_alone_is_the_only_disk() {
    let image = disk("hidden_stick", SMALL, SMALL.sectors(), &["DISKS=1", "FIRST=0x81"]);
    passes(&image, &AS_HDD, |_| ());
}

#[test]
fn an_internal_disk_follows_as_81h_with_its_own_data() {
    let folder = scratch();
    let image = disk("hidden_stick", SMALL, SMALL.sectors(), &["DISKS=2", "FIRST=0x81"]);
    let internal = file(folder.path(), "internal.img", &internal_disk());
    let (passed, evidence) = verdict(folder.path(), &image, &AS_HDD, |machine| machine.disks.push(internal));
    assert!(passed, "the guest failed\n{evidence}");
}

#[test]
fn under_a_floppy_image_the_internal_disk_is_80h() {
    let folder = scratch();
    let floppy = Geometry::new(80, 2, 18);
    let image = disk("hidden_stick", floppy, floppy.sectors(), &["DISKS=1", "FIRST=0x80", "FLOPPY_RAM"]);
    let internal = file(folder.path(), "internal.img", &internal_disk());
    let (passed, evidence) =
        verdict(folder.path(), &image, &["--kind", "floppy"], |machine| machine.disks.push(internal));
    assert!(passed, "the guest failed\n{evidence}");
}

#[test]
fn under_a_floppy_image_there_is_no_hard_disk_at_all() {
    let floppy = Geometry::new(80, 2, 18);
    let image = disk("hidden_stick", floppy, floppy.sectors(), &["DISKS=0", "FIRST=0x80", "FLOPPY_RAM"]);
    passes(&image, &["--kind", "floppy"], |_| ());
}

#[test]
fn a_wrong_count_of_disks_is_noticed() {
    let folder = scratch();
    let image = disk("hidden_stick", SMALL, SMALL.sectors(), &["DISKS=2", "FIRST=0x81"]);
    let (passed, evidence) = verdict(folder.path(), &image, &AS_HDD, |_| ());
    assert!(!passed, "{evidence}");
}
