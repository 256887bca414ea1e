//! Geometries that are not told by the image, but by its size.

use ramkey_format::capsule::{USUAL_HEADS, USUAL_SECTORS_PER_TRACK};

use crate::units::{Geometry, SECTOR_LEN};

/// Sectors of the largest floppy that was sold: 2.88 MB.
pub(crate) const FLOPPY_SECTORS_MAX: u64 = 5760;
/// Most cylinders of a floppy: what a BIOS keeps of one has a byte for them.
pub(crate) const FLOPPY_CYLINDERS_MAX: u64 = 255;
/// Fewest sectors of a floppy that was sold: 160 KB.
const FLOPPY_SECTORS_MIN: u64 = 320;
/// Sectors per track of floppies that drives can be made to write, and of those that only exist as images.
const FLOPPY_TRACKS: std::ops::RangeInclusive<u64> = 8..=48;
/// Most zeros that are added because a partition table or boot sector claims them: 16 MiB.
const CLAIM_SECTORS_MAX: u64 = (16 << 20) / SECTOR_LEN;
/// Largest hard disk that 16 heads and 63 sectors reach with 1024 cylinders: 504 MiB.
const SMALL_DISK_SECTORS: u64 = 1024 * USUAL_HEADS as u64 * USUAL_SECTORS_PER_TRACK as u64;

/// Longest cylinder that is filled up: 1 MiB.
const LAST_CYLINDER_MAX: u64 = 2048;

/// Floppies as they were sold, by their number of sectors: cylinders, heads, sectors per track.
const FLOPPIES: &[(u32, u16, u16)] = &[
    (40, 1, 8),  // 160K
    (40, 1, 9),  // 180K
    (40, 2, 8),  // 320K
    (40, 2, 9),  // 360K
    (80, 2, 8),  // 640K
    (80, 2, 9),  // 720K
    (80, 2, 15), // 1.2M
    (80, 2, 18), // 1.44M
    (80, 2, 21), // 1.68M, Microsoft's distribution format
    (82, 2, 21), // 1.722M
    (80, 2, 36), // 2.88M
];

fn floppies() -> impl Iterator<Item = Geometry> {
    FLOPPIES.iter().map(|&(cylinders, heads, sectors_per_track)| Geometry {
        cylinders,
        heads,
        sectors_per_track,
    })
}

/// The floppy that was sold with exactly `sectors` sectors.
pub(crate) fn sold_floppy(sectors: u64) -> Option<Geometry> {
    floppies().find(|floppy| floppy.sectors() == sectors)
}

/// The floppy of exactly `sectors` sectors, with the fewest cylinders: drives of 40 cylinders go to 43, drives of 80
/// to 84, and some images of two sides to 86. Where that is ambiguous, the heads are those that MEMDISK takes.
pub(crate) fn exact_floppy(sectors: u64) -> Option<Geometry> {
    let kinds: &[(u16, std::ops::RangeInclusive<u32>)] = match sectors {
        ..FLOPPY_SECTORS_MIN => &[],
        FLOPPY_SECTORS_MIN..640 => &[(1, 40..=43)],
        640..1280 => &[(2, 40..=43), (1, 80..=84)],
        1280.. => &[(2, 80..=86), (1, 80..=84)],
    };
    let whole_tracks = |&(heads, ref cylinders): &(u16, std::ops::RangeInclusive<u32>)| {
        cylinders.clone().find_map(|cylinders| {
            let tracks = u64::from(cylinders) * u64::from(heads);
            let track = sectors / tracks;
            let fits = sectors.is_multiple_of(tracks) && FLOPPY_TRACKS.contains(&track);
            if fits { Geometry::new(cylinders, heads, track as u16) } else { None }
        })
    };
    sold_floppy(sectors).or_else(|| kinds.iter().find_map(whole_tracks))
}

/// The floppy that an image of `len` bytes goes on: the one of exactly its size, else 1.44M, else the next larger
/// one that was sold, else as many cylinders with 36 sectors per track as it takes. `None` if it takes more than 255.
pub(crate) fn floppy(len: u64) -> Option<Geometry> {
    if len.is_multiple_of(SECTOR_LEN)
        && let Some(exact) = exact_floppy(len / SECTOR_LEN)
    {
        return Some(exact);
    }
    let sectors = len.div_ceil(SECTOR_LEN);
    let from_1440 = floppies().find(|floppy| floppy.sectors() >= sectors.max(2880));
    from_1440.or_else(|| {
        let cylinders = sectors.div_ceil(2 * 36);
        if cylinders <= FLOPPY_CYLINDERS_MAX { Geometry::new(cylinders as u32, 2, 36) } else { None }
    })
}

/// Whether it was only guessed that an image of `sectors` sectors goes on `floppy`: it has more than a boot sector and
/// what that loads, and is the size of no floppy that is known.
pub(crate) fn is_guess(sectors: u64, floppy: &Geometry) -> bool {
    sectors >= FLOPPY_SECTORS_MIN && floppy.sectors() != sectors
}

/// Sectors of a disk that has `present` ones and says that it ends at `claimed`, if that is believed: what is missing
/// is zeros then.
pub(crate) fn wanted(present: u64, claimed: u64) -> Option<u64> {
    (claimed <= present + CLAIM_SECTORS_MAX).then_some(present.max(claimed))
}

/// Bytes of the largest floppy that [`floppy`] makes.
pub(crate) const FLOPPY_LEN_MAX: u64 = FLOPPY_CYLINDERS_MAX * 2 * 36 * SECTOR_LEN;

/// CMOS type of the drive that reads such a floppy: 1 is 360K, 2 is 1.2M, 3 is 720K, 4 is 1.44M, 6 is 2.88M.
pub(crate) fn drive_type(geometry: &Geometry) -> u8 {
    match (geometry.cylinders, geometry.sectors_per_track) {
        (..=43, ..=12) => 1,
        (_, ..=12) => 3,
        (_, 13..=16) => 2,
        (_, 17..=23) => 4,
        _ => 6,
    }
}

/// Heads and sectors per track of a hard disk that says nothing about them.
pub(crate) fn hard_disk(sectors: u64) -> (u16, u16) {
    if sectors <= SMALL_DISK_SECTORS { (USUAL_HEADS, USUAL_SECTORS_PER_TRACK) } else { (255, 63) }
}

/// Cylinders of a hard disk that holds `sectors` sectors, and its sectors.
///
/// A last cylinder that is not whole is filled up with zeros while that costs less than 1 MiB of memory, so that a
/// guest that reads by CHS alone reaches everything; else, or if the disk `keeps_end`, it is left out of the count, as
/// BIOSes do it. There is at least one cylinder.
pub(crate) fn whole_cylinders(sectors: u64, cylinder: u64, keeps_end: bool) -> (u32, u64) {
    let is_filled = cylinder <= LAST_CYLINDER_MAX && !keeps_end;
    let whole = if is_filled { sectors.div_ceil(cylinder) } else { sectors / cylinder };
    let cylinders = whole.max(1);
    (cylinders as u32, sectors.max(cylinders * cylinder))
}

/// Whether a disk of `sectors` sectors was plausibly used with so many heads and sectors per track: boot code that
/// reads by CHS reaches all of it, or as much as any geometry lets it.
pub(crate) fn reaches(heads: u16, sectors_per_track: u16, sectors: u64) -> bool {
    let cylinder = u64::from(heads) * u64::from(sectors_per_track);
    sectors <= 1024 * cylinder || (heads >= 240 && sectors_per_track == 63)
}
