//! Sets of drives in RAM, under both identities: what each driver finds, and that it is what the files hold.
//! `docs/boot-protocol.md` has the same as a table.

use std::path::PathBuf;

use ramkey::emulator::{Controller, Machine, Port, Stick};

use super::live::{Expected, Still, assert_finds};
use super::{Class, Found, Search, Shape, freebsd, mdiskchk};
use crate::discs::{self, BLOCK, BOOT, Media};
use crate::harness::{GUEST_SECTORS, Geometry, Running, disk, file, scratch};
use crate::sticks;

const SMALL: Geometry = Geometry::new(4, 16, 63);
const LARGE: Geometry = Geometry::new(20, 16, 63);
const FLOPPY: Geometry = Geometry::new(80, 2, 18);
const OLD_FLOPPY: Geometry = Geometry::new(80, 2, 9);
/// Blocks of a disc without emulation.
const BLOCKS: u32 = 400;
/// What a CD's geometry is said to be.
const DISC_SHAPE: Shape = Shape { cylinders: None, heads: 255, track_sectors: 15 };

/// One image of a set.
#[derive(Clone, Copy, Debug)]
enum Member {
    Disk(Geometry),
    Floppy(Geometry),
    Disc,
    /// A disc that emulates a disk or a floppy.
    Emulating(Media, Geometry),
}
use Member::{Disc, Disk, Emulating, Floppy};

/// A hard disk of the guest with one partition and a signature of its own, so that nothing in it is changed.
fn partitioned(geometry: Geometry, letter: &str) -> Vec<u8> {
    let mut image = disk("idle", geometry, geometry.sectors(), &[letter]);
    let Geometry { cylinders, heads, track_sectors } = geometry;
    image[0x1B8..0x1BC].copy_from_slice(&[0x11, 0x22, 0x33, letter.as_bytes()[7]]);
    image[0x1BE..0x1C6].copy_from_slice(&[
        0x80,
        1,
        1,
        0,
        6,
        (heads - 1) as u8,
        track_sectors as u8,
        (cylinders - 1) as u8,
    ]);
    image[0x1C6..0x1CA].copy_from_slice(&track_sectors.to_le_bytes());
    image[0x1CA..0x1CE].copy_from_slice(&(geometry.sectors() - track_sectors).to_le_bytes());
    image
}

impl Member {
    /// Its bytes; `number` tells it from its like.
    fn image(self, number: usize) -> Vec<u8> {
        let letter = format!("LETTER={}", 65 + number);
        match self {
            Disk(geometry) => partitioned(geometry, &letter),
            Floppy(geometry) => disk("idle", geometry, geometry.sectors(), &[&letter]),
            Disc => discs::no_emulation("idle", BLOCKS + number as u32, &[&letter]),
            Emulating(media @ Media::HardDisk, geometry) => {
                discs::emulating(media, &partitioned(geometry, &letter))
            }
            Emulating(media, geometry) => {
                discs::emulating(media, &disk("idle", geometry, geometry.sectors(), &[&letter]))
            }
        }
    }

    /// The drives that it is: of a disc that emulates, first what it emulates.
    fn drives(self, image: &[u8]) -> Vec<Expected<'_>> {
        let cd = Expected { class: Class::Cd, image, bytes: image.len() as u64, shape: DISC_SHAPE };
        match self {
            Disk(geometry) => vec![Expected::disk(Class::Disk, image, geometry)],
            Floppy(geometry) => vec![Expected::disk(Class::Floppy, image, geometry)],
            Disc => vec![cd],
            Emulating(media, geometry) => {
                let class = if media == Media::HardDisk { Class::Disk } else { Class::Floppy };
                let inside = &image[BOOT as usize * BLOCK..][..geometry.sectors() as usize * 512];
                vec![Expected::disk(class, inside, geometry), cd]
            }
        }
    }
}

/// Boots the set under an identity, pulls the stick, and waits for the guest of its first image.
fn boot(images: &[Vec<u8>], identity: &str) -> Still {
    let folder = scratch();
    let name = |(number, image): (usize, &Vec<u8>)| file(folder.path(), &format!("drive{number}.img"), image);
    let paths: Vec<PathBuf> = images.iter().enumerate().map(name).collect();
    let mut options = vec!["--identity".to_owned(), identity.to_owned()];
    for path in &paths[1..] {
        options.extend(["--with".to_owned(), path.display().to_string()]);
    }
    let options: Vec<&str> = options.iter().map(String::as_str).collect();
    let stick = sticks::ramkey(folder.path(), &[&paths[0]], &options);
    let mut running = Running::start(&Machine::new(Stick::new(stick, Port::Usb(Controller::Xhci))));
    running.pull_and_boot();
    Still::of(running)
}

/// SVBus without what it is wrong about: it leaves the last sector of a hard disk out, and so the last cylinder.
fn with_footer(search: Search) -> Search {
    let footer = |found: &Found| found.bytes + if found.class == Some(Class::Disk) { 512 } else { 0 };
    let whole = |shape: Shape| Shape { cylinders: None, ..shape };
    let found = with_bytes(search, footer)?.into_iter();
    Ok(found.map(|found| Found { shape: found.shape.map(whole), ..found }).collect())
}

/// What a driver says of the length of a drive, if it is wrong about it.
fn with_bytes(search: Search, bytes: impl Fn(&Found) -> u64) -> Search {
    search.map(|found| found.into_iter().map(|found| Found { bytes: bytes(&found), ..found }).collect())
}

/// Checks a set under both identities.
fn check(members: &[Member]) {
    println!("{members:?}");
    let images: Vec<Vec<u8>> =
        members.iter().enumerate().map(|(number, member)| member.image(number)).collect();
    let all = members.iter().zip(&images).flat_map(|(member, image)| member.drives(image));
    let all: Vec<Expected> = all.collect();
    check_memdisk(&images, &all);
    check_grub4dos(&images, &all);
}

fn check_memdisk(images: &[Vec<u8>], all: &[Expected]) {
    // Programs that know no CDs take its blocks for sectors.
    let blocks = |found: &Found| {
        let of_cd = all.iter().find(|drive| drive.class == Class::Cd && drive.bytes == found.bytes * 4);
        of_cd.map_or(found.bytes, |drive| drive.bytes)
    };
    let mut still = boot(images, "memdisk");
    for (driver, search) in [
        ("FiraDisk", still.firadisk()),
        ("WinVBlock", still.winvblock()),
        ("FreeBSD", freebsd::search(&still.memory)),
        ("mdiskchk --mbfts", with_bytes(mdiskchk::tables(&still.memory), blocks)),
        ("mdiskchk --safe-hooks", with_bytes(mdiskchk::hooks(&still.memory), blocks)),
    ] {
        assert_finds(&mut still, driver, &search, all);
    }
    let first = still.memdiskfind();
    assert_finds(&mut still, "memdiskfind", &first, &all[..1]);
    assert_eq!(still.svbus(), Ok(Vec::new()), "SVBus wants GRUB4DOS");
}

fn check_grub4dos(images: &[Vec<u8>], all: &[Expected]) {
    // Four times the length of a CD.
    let cd = |found: &Found| if found.class == Some(Class::Cd) { found.bytes / 4 } else { found.bytes };
    let mut still = boot(images, "grub4dos");
    for (driver, search) in [
        ("FiraDisk", still.firadisk()),
        ("WinVBlock", with_bytes(still.winvblock(), cd)),
        ("SVBus", with_footer(still.svbus())),
    ] {
        assert_finds(&mut still, driver, &search, all);
    }
    for search in [
        freebsd::search(&still.memory),
        mdiskchk::tables(&still.memory),
        mdiskchk::hooks(&still.memory),
        still.memdiskfind(),
    ] {
        assert_eq!(search, Ok(Vec::new()), "tools that want MEMDISK");
    }
}

#[test]
fn two_hard_disks() {
    check(&[Disk(SMALL), Disk(LARGE)]);
}

#[test]
fn two_floppies() {
    check(&[Floppy(FLOPPY), Floppy(OLD_FLOPPY)]);
}

#[test]
fn a_cd_and_its_driver_floppy() {
    check(&[Disc, Floppy(FLOPPY)]);
}

#[test]
fn a_cd_alone_in_every_form() {
    check(&[Disc]);
    check(&[Emulating(Media::Floppy12, Geometry::new(80, 2, 15))]);
    check(&[Emulating(Media::Floppy144, FLOPPY)]);
    check(&[Emulating(Media::Floppy288, Geometry::new(80, 2, 36))]);
    check(&[Emulating(Media::HardDisk, SMALL)]);
}

#[test]
fn a_hard_disk_a_floppy_and_a_cd_whichever_boots() {
    check(&[Disk(SMALL), Floppy(FLOPPY), Disc]);
    check(&[Floppy(FLOPPY), Disc, Disk(SMALL)]);
    check(&[Disc, Disk(SMALL), Floppy(FLOPPY)]);
}

#[test]
fn a_cd_that_emulates_a_disk_beside_everything_else() {
    check(&[Emulating(Media::HardDisk, SMALL), Disk(LARGE), Floppy(FLOPPY), Disc]);
}

#[test]
fn eight_drives() {
    let disk = Disk(SMALL);
    check(&[disk, disk, Disk(LARGE), Floppy(FLOPPY), Floppy(OLD_FLOPPY), Disc, Disc, disk]);
}

#[test]
fn a_disk_without_a_signature_gets_one_in_memory_and_two_of_the_same_get_two() {
    let mut blank = partitioned(SMALL, "LETTER=65");
    blank[0x1B8..0x1BC].fill(0);
    let images = [blank.clone(), blank.clone(), partitioned(LARGE, "LETTER=66")];
    let mut still = boot(&images, "memdisk");
    let found = still.firadisk().expect("no crash");
    let mut signatures = Vec::new();
    for (found, image) in found.iter().zip(&images) {
        let bytes = still.bytes(found.address, found.bytes);
        signatures.push(u32::from_le_bytes([bytes[0x1B8], bytes[0x1B9], bytes[0x1BA], bytes[0x1BB]]));
        let mut rest = bytes;
        rest[0x1B8..0x1BC].copy_from_slice(&image[0x1B8..0x1BC]);
        assert!(rest == *image, "more than the signature was changed");
    }
    assert!(signatures.iter().all(|&signature| signature != 0), "{signatures:x?}");
    assert!(signatures[0] != signatures[1] && signatures[1] != signatures[2], "{signatures:x?}");
    assert_eq!(signatures[2].to_le_bytes()[..3], [0x11, 0x22, 0x33], "a signature of its own was changed");
}

#[test]
fn nothing_that_looks_like_a_hook_is_left_below_1_mib() {
    let images = [Disk(SMALL).image(0), Disk(LARGE).image(1), Floppy(FLOPPY).image(2)];
    for (identity, tables, hooks) in [("memdisk", 3, 3), ("grub4dos", 0, 1)] {
        let still = boot(&images, identity);
        let low = still.memory.bytes(0, 0xF_FFFF);
        let count = |name: &[u8]| low.windows(name.len()).filter(|window| *window == name).count();
        assert_eq!(count(b"mBFT"), tables, "{identity}");
        assert_eq!(count(b"$INT13SF"), hooks, "{identity}");
        // The guest is the only thing that was put below the resident part.
        let used = GUEST_SECTORS * 512 + 0x7C00;
        assert!(still.memory.bytes(used + 0x1_0000, 0x3_0000).iter().all(|&byte| byte == 0), "{identity}");
    }
}
