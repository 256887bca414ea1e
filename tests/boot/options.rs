//! What the options of a set do: whose disks come first, what becomes of the stick and of writes, how bytes are copied.

use std::fs;
use std::path::{Path, PathBuf};

use ramkey::emulator::{CdBus, Controller, Machine, Port, Stick};

use super::discs::{self, BLOCK, Media};
use super::harness::{DEADLINE, Evidence, Geometry, PROVEN, Running, disk, file, scratch};
use super::int13::passes;
use super::sticks;

const DISK: Geometry = Geometry::new(20, 16, 63);
const FLOPPY: Geometry = Geometry::new(80, 2, 18);
/// Sector, or block of a CD, that begins with the tag.
const TAG_SECTOR: usize = 30;
/// The tags of the drives, which `drives.asm` looks for.
const BOOT: u16 = 0xB007;
const DATA: u16 = 0xDA7A;
const EXTRA: u16 = 0xE17A;
const INTERNAL: u16 = 0x1A7E;
const STICK: u16 = 0x571C;

/// What `drives.asm` does with a drive: only reads it, or writes to it as well.
const READ: u16 = 0;
const KEPT: u16 = 1;
const REFUSED: u16 = 2;
const DROPPED: u16 = 3;

/// A machine's internal disk, or a disk without code.
fn plain(sectors: usize, tag: u16) -> Vec<u8> {
    let mut disk = vec![0xD1; sectors * 512];
    put_tag(&mut disk, 512, tag);
    disk
}

fn put_tag(image: &mut [u8], sector_len: usize, tag: u16) {
    image[TAG_SECTOR * sector_len..][..2].copy_from_slice(&tag.to_le_bytes());
}

/// What the guest expects: number, tag and writes of each drive, hard disks and floppies that are counted.
struct Expected<'a> {
    drives: &'a [(u8, u16, u16)],
    disks: u8,
    floppies: u8,
}

impl Expected<'_> {
    fn definitions(&self) -> Vec<String> {
        let word = |&(number, tag, writes): &(u8, u16, u16)| format!("{number:#x},{tag:#x},{writes}");
        let drives: Vec<String> = self.drives.iter().map(word).collect();
        vec![
            format!("DRIVES={}", drives.join(",")),
            format!("DISKS={}", self.disks),
            format!("FLOPPIES={}", self.floppies),
        ]
    }
}

/// What boots.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Boot {
    Disk,
    Floppy,
    Cd,
    /// A CD that emulates a floppy.
    EmulatedFloppy,
}

impl Boot {
    fn image(self, expected: &Expected) -> Vec<u8> {
        let definitions = expected.definitions();
        let definitions: Vec<&str> = definitions.iter().map(String::as_str).collect();
        let mut image = match self {
            Self::Disk => disk("drives", DISK, DISK.sectors(), &definitions),
            Self::Floppy | Self::EmulatedFloppy => disk("drives", FLOPPY, FLOPPY.sectors(), &definitions),
            Self::Cd => discs::no_emulation("drives", 400, &definitions),
        };
        put_tag(&mut image, if self == Self::Cd { BLOCK } else { 512 }, BOOT);
        if self == Self::EmulatedFloppy {
            image = discs::emulating(Media::Floppy144, &image);
        }
        image
    }
}

/// A set and its machine.
struct Set<'a> {
    boot: Boot,
    /// Options, with `DATA` and `FLOPPY` for the files of that name.
    options: &'a [&'a str],
    internal: bool,
    floppy_drive: bool,
    /// On a disc, which is ejected.
    on_disc: bool,
}

/// Boots a set, and gives the guest's verdict.
fn verdict(folder: &Path, set: &Set, expected: &Expected) -> (bool, Evidence) {
    let image = file(folder, "guest.img", &set.boot.image(expected));
    let data = file(folder, "data.img", &plain(DISK.sectors() as usize, DATA));
    let floppy = file(folder, "floppy.img", &plain(FLOPPY.sectors() as usize, EXTRA));
    let path = |&option: &&str| match option {
        "DATA" => data.display().to_string(),
        "FLOPPY" => floppy.display().to_string(),
        other => other.to_owned(),
    };
    let mut options: Vec<String> = set.options.iter().map(path).collect();
    if set.boot == Boot::Disk {
        options.extend(["--kind", "hdd", "--chs", "20/16/63"].map(str::to_owned));
    }
    let options: Vec<&str> = options.iter().map(String::as_str).collect();
    let (stick, port) = if set.on_disc {
        (sticks::ramkey_disc(folder, &[&image], &options), Port::Cd(CdBus::Ide))
    } else {
        (sticks::ramkey(folder, &[&image], &options), Port::Usb(Controller::Xhci))
    };
    // The sector lies before the boot area, where nothing is.
    let mut bytes = fs::read(&stick).expect("the stick");
    put_tag(&mut bytes, 512, STICK);
    fs::write(&stick, bytes).expect("the stick");
    let mut machine = Machine::new(Stick::new(stick, port));
    machine.floppy_drive = set.floppy_drive;
    if set.internal {
        machine.disks.push(file(folder, "internal.img", &plain(16 * 1024, INTERNAL)));
    }
    let mut running = Running::start(&machine);
    if set.options.contains(&"--keep-stick") {
        running.wait_text("Leave the stick plugged in.", DEADLINE);
        running.press(&["ret"]);
    } else if set.on_disc {
        running.eject_and_boot();
    } else {
        running.pull_and_boot();
    }
    running.verdict(DEADLINE)
}

const SET: Set<'static> =
    Set { boot: Boot::Disk, options: &[], internal: false, floppy_drive: false, on_disc: false };

/// The guest must pass under both identities.
fn check(set: Set, drives: &[(u8, u16, u16)], disks: u8, floppies: u8) {
    for identity in ["memdisk", "grub4dos"] {
        println!("{:?} {:?} {identity}", set.boot, set.options);
        let folder = scratch();
        let options = [set.options, &["--identity", identity]].concat();
        let expected = Expected { drives, disks, floppies };
        let (passed, evidence) = verdict(folder.path(), &Set { options: &options, ..set }, &expected);
        assert!(passed, "the guest failed\n{evidence}");
    }
}

#[test]
fn hard_disks_in_ram_come_before_the_machine_s_or_after_them() {
    let set = Set { options: &["--with", "DATA"], internal: true, ..SET };
    check(set, &[(0x80, BOOT, KEPT), (0x81, DATA, KEPT), (0x82, INTERNAL, READ)], 3, 0);
    let set = Set { options: &["--with", "DATA", "--first-disk", "internal"], internal: true, ..SET };
    check(set, &[(0x80, INTERNAL, READ), (0x81, BOOT, KEPT), (0x82, DATA, KEPT)], 3, 0);
}

#[test]
fn a_disc_leaves_the_same_drives_however_it_was_booted() {
    for mode in ["no-emulation", "floppy", "hard-disk"] {
        let options = ["--boot", mode, "--with", "DATA", "--first-disk", "internal"];
        let set = Set { options: &options, internal: true, on_disc: true, ..SET };
        check(set, &[(0x80, INTERNAL, READ), (0x81, BOOT, KEPT), (0x82, DATA, KEPT)], 3, 0);
    }
}

#[test]
fn beside_a_floppy_or_a_cd_the_internal_disk_stays_80h() {
    let set = Set { boot: Boot::Floppy, options: &["--with", "DATA"], internal: true, ..SET };
    check(set, &[(0, BOOT, KEPT), (0x80, INTERNAL, READ), (0x81, DATA, KEPT)], 2, 1);
    let options = ["--with", "DATA", "--floppy", "FLOPPY"];
    let set = Set { boot: Boot::Cd, options: &options, internal: true, ..SET };
    let drives = [(0, EXTRA, KEPT), (0x80, INTERNAL, READ), (0x81, DATA, KEPT), (0xE0, BOOT, REFUSED)];
    check(set, &drives, 2, 1);
    let options = ["--with", "DATA", "--first-disk", "ram"];
    let set = Set { boot: Boot::Cd, options: &options, internal: true, ..SET };
    check(set, &[(0x80, DATA, KEPT), (0x81, INTERNAL, READ), (0xE0, BOOT, REFUSED)], 2, 0);
}

#[test]
fn an_emulated_floppy_comes_before_another_in_ram_and_the_drive_of_the_machine() {
    let set = Set { boot: Boot::EmulatedFloppy, options: &["--floppy", "FLOPPY"], ..SET };
    let folder = scratch();
    // The tag of the CD is what its block 30 happens to hold: a part of the floppy.
    let expected = Expected { drives: &[(0, BOOT, KEPT)], disks: 0, floppies: 2 };
    let image = set.boot.image(&expected);
    let at = TAG_SECTOR * BLOCK;
    let tag = u16::from_le_bytes([image[at], image[at + 1]]);
    let drives = [(0, BOOT, KEPT), (1, EXTRA, KEPT), (0xE0, tag, READ)];
    let expected = Expected { drives: &drives, disks: 0, floppies: 2 };
    let (passed, evidence) = verdict(folder.path(), &set, &expected);
    assert!(passed, "the guest failed\n{evidence}");
}

#[test]
fn a_number_that_was_asked_for_is_kept() {
    let folder = scratch();
    let data = file(folder.path(), "data.img", &plain(DISK.sectors() as usize, DATA));
    let numbered = format!("82h:{}", data.display());
    let set = Set { options: &["--with", &numbered], internal: true, ..SET };
    check(set, &[(0x80, BOOT, KEPT), (0x81, INTERNAL, READ), (0x82, DATA, KEPT)], 3, 0);
}

#[test]
fn a_stick_that_is_kept_has_a_number_and_its_own_bytes() {
    let set = Set { options: &["--keep-stick"], ..SET };
    check(set, &[(0x80, BOOT, KEPT), (0x81, STICK, READ)], 2, 0);
}

#[test]
fn writes_are_refused_or_dropped_on_every_drive() {
    for (option, writes) in [("--read-only", REFUSED), ("--fake-write", DROPPED)] {
        let set = Set { options: &["--with", "DATA", "--floppy", "FLOPPY", option], ..SET };
        check(set, &[(0, EXTRA, writes), (0x80, BOOT, writes), (0x81, DATA, writes)], 2, 1);
    }
}

/// A disk that is as small as a floppy, and has nothing that says which of the two it is. In RAM its last cylinder ends early.
#[test]
fn a_disk_that_was_taken_for_a_floppy_starts_as_a_disk_by_a_key_and_without_it_as_a_floppy() {
    let small = Geometry::new(3, 16, 63);
    let image_sectors = FLOPPY.sectors() - 100;
    for (key, number, disks, floppies) in [("k", 0x80, 1, 0), ("ret", 0, 0, 1)] {
        let folder = scratch();
        let drives = [(number, BOOT, KEPT)];
        let definitions = Expected { drives: &drives, disks, floppies }.definitions();
        let definitions: Vec<&str> = definitions.iter().map(String::as_str).collect();
        let geometry = if number == 0 { FLOPPY } else { small };
        let mut image = disk("drives", geometry, image_sectors, &definitions);
        put_tag(&mut image, 512, BOOT);
        let stick = sticks::ramkey(folder.path(), &[&file(folder.path(), "guest.img", &image)], &[]);
        let mut running = Running::start(&Machine::new(Stick::new(stick, Port::Usb(Controller::Xhci))));
        running
            .wait_text("It is taken for a floppy, which is a guess; K starts it as a hard disk.", DEADLINE);
        running.pull();
        running.press(&[key]);
        let (passed, evidence) = running.verdict(DEADLINE);
        assert!(passed, "{key}\n{evidence}");
    }
}

#[test]
fn a_drive_with_another_s_bytes_is_noticed() {
    let folder = scratch();
    let set = Set { options: &["--with", "DATA"], ..SET };
    let drives = [(0x80, BOOT, KEPT), (0x81, EXTRA, READ)];
    let expected = Expected { drives: &drives, disks: 2, floppies: 0 };
    let (passed, evidence) = verdict(folder.path(), &set, &expected);
    assert!(!passed, "{evidence}");
    assert!(evidence.console.contains("another's bytes"), "{evidence}");
}

const SMALL: Geometry = Geometry::new(4, 16, 63);
const AS_HDD: [&str; 4] = ["--kind", "hdd", "--chs", "4/16/63"];

#[test]
fn the_bios_copies_only_where_it_is_told_to() {
    for (mode, moves) in [("auto", 0), ("direct", 0), ("int15", 1)] {
        println!("--copy {mode}");
        let image = disk("copies", SMALL, SMALL.sectors(), &[&format!("MOVES={moves}")]);
        passes(&image, &[&AS_HDD[..], &["--copy", mode]].concat(), |_| ());
    }
}

#[test]
fn every_call_works_through_the_bios() {
    let image = disk("int13_hdd", SMALL, SMALL.sectors(), &[]);
    passes(&image, &[&AS_HDD[..], &["--copy", "int15"]].concat(), |_| ());
}

/// A stick whose guest wants this many moves, up to the countdown.
fn at_the_countdown(folder: &Path, moves: u8) -> Running {
    let image = disk("copies", SMALL, SMALL.sectors(), &[&format!("MOVES={moves}")]);
    let image: PathBuf = file(folder, "guest.img", &image);
    let stick = sticks::ramkey(folder, &[&image], &AS_HDD);
    let mut running = Running::start(&Machine::new(Stick::new(stick, Port::Usb(Controller::Xhci))));
    running.wait_text(PROVEN, DEADLINE);
    running.pull();
    running
}

#[test]
fn the_key_c_changes_who_copies() {
    let folder = scratch();
    let mut running = at_the_countdown(folder.path(), 1);
    for mode in ["direct", "INT 15h"] {
        running.press(&["c"]);
        running.wait_screen(&format!("INT 13h copies: {mode}."), DEADLINE);
    }
    running.press(&["ret"]);
    running.must_pass();
}
