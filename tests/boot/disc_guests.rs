//! Guests from discs: each kind of image by each boot mode, with the disc ejected before the image boots.

use std::path::Path;

use ramkey::emulator::{CdBus, Machine, Port, Stick};

use super::discs;
use super::harness::{DEADLINE, Geometry, Running, assemble, disk, file, scratch};
use super::real::{answer, enter, package_file};
use super::sticks;

const MODES: [&str; 3] = ["no-emulation", "floppy", "hard-disk"];
/// 10 MiB, so both the FAT's end and the image lie behind what a floppy shows.
const LARGE: Geometry = Geometry::new(21, 16, 63);
const FLOPPY: Geometry = Geometry::new(80, 2, 18);
/// What the loader says where the emulated drive does not reach the file system.
const BEYOND: &str = "Reading the disc, drive E0h.";

/// Boots an image from a disc that is ejected first.
fn boot_and_eject(image: &Path, options: &[&str]) -> Running {
    let folder = scratch();
    let disc = sticks::ramkey_disc(folder.path(), &[image], options);
    let mut running = Running::start(&Machine::new(Stick::new(disc, Port::Cd(CdBus::Ide))));
    running.eject_and_boot();
    running
}

/// By every mode, the guest passes; and the loader reads the disc behind the emulated floppy, or need not.
fn passes_by_every_mode(image: &[u8], options: &[&str], is_beyond: bool) {
    for mode in MODES {
        let folder = scratch();
        let image = file(folder.path(), "guest.img", image);
        let running = boot_and_eject(&image, &[options, &["--boot", mode]].concat());
        let (passed, evidence) = running.verdict(DEADLINE);
        assert!(passed, "the guest failed, {mode}\n{evidence}");
        let was_beyond = evidence.console.contains(BEYOND);
        assert_eq!(was_beyond, is_beyond && mode == "floppy", "{mode}\n{evidence}");
    }
}

#[test]
fn an_image_of_one_sector() {
    passes_by_every_mode(&assemble("one_sector", &["DRIVE=0".into()]), &["--kind", "floppy"], false);
}

#[test]
fn a_floppy() {
    let image = disk("int13_floppy", FLOPPY, FLOPPY.sectors(), &["DRIVE_TYPE=4"]);
    passes_by_every_mode(&image, &["--kind", "floppy"], true);
}

#[test]
fn a_disk_of_10_mib() {
    let image = disk("int13_hdd", LARGE, LARGE.sectors(), &[]);
    passes_by_every_mode(&image, &["--kind", "hdd", "--chs", "21/16/63"], true);
}

#[test]
fn a_cd_takes_the_next_number_below_that_of_the_drive() {
    // Short enough to lie within an emulated floppy of 2.88 MB.
    passes_by_every_mode(&discs::no_emulation("cd", 512, &["NUMBER=0xDF"]), &[], false);
}

#[test]
fn a_guest_that_fails_is_noticed() {
    let folder = scratch();
    let image = file(folder.path(), "guest.img", &disk("must_fail", LARGE, 1008, &[]));
    let options = ["--kind", "hdd", "--chs", "1/16/63"];
    let (passed, evidence) = boot_and_eject(&image, &options).verdict(DEADLINE);
    assert!(!passed, "{evidence}");
}

/// GRUB 2 from a floppy and from a CD: it lists its drives, and reads its own.
#[test]
fn grub_2_from_a_floppy_and_from_a_live_cd() {
    let folder = "/usr/lib/grub-rescue";
    for (name, mode, listed) in [
        ("grub-rescue-floppy.img", "floppy", "(fd0)"),
        ("grub-rescue-floppy.img", "hard-disk", "(fd0)"),
        ("grub-rescue-cdrom.iso", "auto", "(cd)"),
        ("grub-rescue-cdrom.iso", "floppy", "(cd)"),
    ] {
        let image = package_file(&format!("{folder}/{name}"));
        let kind: &[&str] = if name.ends_with(".iso") { &[] } else { &["--kind", "floppy"] };
        let mut running = boot_and_eject(&image, &[kind, &["--boot", mode]].concat());
        running.wait_screen("GNU GRUB", DEADLINE);
        running.press(&["c"]);
        enter(&mut running, "ls");
        let drives = answer(&mut running, "ls");
        assert!(drives.contains(listed), "{listed} is missing, {mode}\n{drives}");
        assert!(!drives.contains("(hd0)"), "the emulated disk is still listed, {mode}\n{drives}");
        if listed == "(cd)" {
            enter(&mut running, "ls /boot");
            assert!(answer(&mut running, "ls /boot").contains("grub"), "the CD cannot be read");
        }
    }
}
