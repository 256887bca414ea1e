//! A RAM disk answers INT 13h as the drive that it stands for, with its stick pulled.

use std::path::Path;

use ramkey::emulator::{Controller, Machine, Port, Stick};

use super::harness::{DEADLINE, Evidence, Geometry, Running, disk, file, scratch};
use super::sticks;

/// Boots `image` from a ramkey stick made with `options`, pulls the stick, and waits for the guest's verdict.
pub fn verdict(
    folder: &Path,
    image: &[u8],
    options: &[&str],
    change: impl FnOnce(&mut Machine),
) -> (bool, Evidence) {
    let image = file(folder, "guest.img", image);
    let stick = sticks::ramkey(folder, &[&image], options);
    let mut machine = Machine::new(Stick::new(stick, Port::Usb(Controller::Xhci)));
    change(&mut machine);
    let mut running = Running::start(&machine);
    running.pull_and_boot();
    running.verdict(DEADLINE)
}

/// The same, and the guest must pass.
pub fn passes(image: &[u8], options: &[&str], change: impl FnOnce(&mut Machine)) {
    let folder = scratch();
    let (passed, evidence) = verdict(folder.path(), image, options, change);
    assert!(passed, "the guest failed\n{evidence}");
}

const SMALL: Geometry = Geometry::new(4, 16, 63);

#[test]
fn a_guest_that_fails_on_a_ram_disk_is_noticed() {
    let folder = scratch();
    let image = disk("must_fail", SMALL, SMALL.sectors(), &[]);
    let (passed, evidence) = verdict(folder.path(), &image, &["--kind", "hdd", "--chs", "4/16/63"], |_| ());
    assert!(!passed, "{evidence}");
}

#[test]
fn a_hard_disk_answers_every_call() {
    let image = disk("int13_hdd", SMALL, SMALL.sectors(), &[]);
    passes(&image, &["--kind", "hdd", "--chs", "4/16/63"], |_| ());
}

#[test]
fn an_image_smaller_than_its_geometry_is_followed_by_zeros() {
    let image = disk("int13_hdd", SMALL, 1500, &[]);
    passes(&image, &["--kind", "hdd", "--chs", "4/16/63"], |_| ());
}

#[test]
fn an_image_that_ends_inside_a_sector_is_followed_by_zeros() {
    let mut image = disk("int13_hdd", SMALL, 1500, &[]);
    image.extend([0; 5]);
    passes(&image, &["--kind", "hdd", "--chs", "4/16/63"], |_| ());
}

#[test]
fn a_read_only_disk_refuses_writes_and_answers_all_else() {
    let image = disk("int13_hdd", SMALL, SMALL.sectors(), &["READ_ONLY"]);
    passes(&image, &["--kind", "hdd", "--chs", "4/16/63", "--read-only"], |_| ());
}

#[test]
fn a_disk_of_255_heads_and_another_processor() {
    let geometry = Geometry::new(2, 255, 63);
    let image = disk("int13_hdd", geometry, geometry.sectors(), &[]);
    passes(&image, &["--kind", "hdd", "--chs", "2/255/63"], |machine| machine.cpu = Some("486".into()));
}

/// Every floppy that was sold: its geometry, and the CMOS type of the drive that reads it.
const FLOPPIES: [(&str, Geometry, u8); 9] = [
    ("160K", Geometry::new(40, 1, 8), 1),
    ("180K", Geometry::new(40, 1, 9), 1),
    ("320K", Geometry::new(40, 2, 8), 1),
    ("360K", Geometry::new(40, 2, 9), 1),
    ("640K", Geometry::new(80, 2, 8), 3),
    ("720K", Geometry::new(80, 2, 9), 3),
    ("1.2M", Geometry::new(80, 2, 15), 2),
    ("1.44M", Geometry::new(80, 2, 18), 4),
    ("2.88M", Geometry::new(80, 2, 36), 6),
];

/// Floppies that drives can be made to write, and one that only exists as an image.
const OTHER_FLOPPIES: [(&str, Geometry, u8); 4] = [
    ("420K", Geometry::new(42, 2, 10), 1),
    ("820K", Geometry::new(82, 2, 10), 3),
    ("1743K", Geometry::new(83, 2, 21), 4),
    ("3.84M", Geometry::new(80, 2, 48), 6),
];

fn floppies(floppies: &[(&str, Geometry, u8)]) {
    for (name, geometry, drive_type) in floppies {
        let folder = scratch();
        let drive_type = format!("DRIVE_TYPE={drive_type}");
        let image = disk("int13_floppy", *geometry, geometry.sectors(), &[&drive_type]);
        let (passed, evidence) = verdict(folder.path(), &image, &["--kind", "floppy"], |_| ());
        assert!(passed, "the guest failed on a floppy of {name}\n{evidence}");
    }
}

#[test]
fn small_floppies_answer_every_call() {
    floppies(&FLOPPIES[..5]);
}

#[test]
fn large_floppies_answer_every_call() {
    floppies(&FLOPPIES[5..]);
}

#[test]
fn floppies_of_other_whole_tracks_answer_every_call() {
    floppies(&OTHER_FLOPPIES);
}

#[test]
fn a_short_floppy_image_is_a_whole_floppy_of_zeros_behind_it() {
    let geometry = Geometry::new(80, 2, 18);
    let image = disk("int13_floppy", geometry, 40, &["DRIVE_TYPE=4"]);
    passes(&image, &["--kind", "floppy"], |_| ());
}

#[test]
fn a_floppy_drive_that_is_there_follows_as_the_second() {
    let geometry = Geometry::new(80, 2, 18);
    let image = disk("int13_floppy", geometry, geometry.sectors(), &["DRIVE_TYPE=4", "FLOPPIES=2"]);
    passes(&image, &["--kind", "floppy"], |machine| machine.floppy_drive = true);
}

/// The guest that reads and writes over the resident part, from drive `number`.
fn covers(number: &str, geometry: Geometry, more: &[&str]) -> Vec<u8> {
    let number = format!("NUMBER={number}");
    disk("covers", geometry, geometry.sectors(), &[&[number.as_str()], more].concat())
}

#[test]
fn a_transfer_over_the_resident_part_moves_all_around_it_and_harms_nothing() {
    let hdd = ["--kind", "hdd", "--chs", "4/16/63"];
    let ways: [&[&str]; 4] = [&[], &["--identity", "grub4dos"], &["--copy", "int15"], &["--copy", "direct"]];
    for way in ways {
        println!("hard disk {way:?}");
        passes(&covers("0x80", SMALL, &[]), &[&hdd, way].concat(), |_| ());
    }
    let floppy = covers("0", Geometry::new(80, 2, 18), &[]);
    for way in ways {
        println!("floppy {way:?}");
        passes(&floppy, &[&["--kind", "floppy"], way].concat(), |_| ());
    }
}

#[test]
fn harm_by_such_a_transfer_is_noticed() {
    for (spoilt, said) in
        [("SPOIL=1", "heads and code"), ("SPOIL=2", "the E820 table"), ("SPOIL=3", "the bytes around it")]
    {
        let folder = scratch();
        let image = covers("0x80", SMALL, &[spoilt]);
        let (passed, evidence) =
            verdict(folder.path(), &image, &["--kind", "hdd", "--chs", "4/16/63"], |_| ());
        assert!(!passed && evidence.console.contains(said), "{spoilt}\n{evidence}");
    }
}

#[test]
fn a_call_moves_no_more_than_a_bios_does_and_no_less() {
    let hdd = disk("limits", SMALL, SMALL.sectors(), &["NUMBER=0x80"]);
    passes(&hdd, &["--kind", "hdd", "--chs", "4/16/63"], |_| ());
    let geometry = Geometry::new(80, 2, 18);
    let floppy = disk("limits", geometry, geometry.sectors(), &["NUMBER=0"]);
    passes(&floppy, &["--kind", "floppy"], |_| ());
}
