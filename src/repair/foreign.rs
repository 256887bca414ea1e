//! Whether somebody else divided or formatted a stick since it was written. Its boot area outlives that, and so does its manifest: what
//! they name must not be put back over what is there now.

use super::capsules;
use super::frame::{division_of, frame_of};
use super::patched::{Patched, Sector, Sectors, each_sector};
use crate::layout::Frame;
use crate::plan::{Division, FatBits, LayoutKind, StartOptions};
use crate::stick::{Bpb, Manifest};
use crate::units::SECTOR_LEN;

/// Most bytes that are damage and not another table or file system: whoever makes one changes more of them.
const DAMAGED_MAX: usize = 2;
/// The partition table in sector 0.
const ENTRIES: std::ops::Range<usize> = 446..510;
/// The header of a GUID table behind it: one with another entry has other checksums.
const GUID_HEADER: (u64, std::ops::Range<usize>) = (1, 0..92);
/// The names of those that are no FAT but have a boot sector, where a FAT has that of its maker.
const NAME: std::ops::Range<usize> = 3..11;
const OTHER_NAMES: [&[u8; 8]; 2] = [b"NTFS    ", b"EXFAT   "];
/// An ext file system has no boot sector: in which sector and where there it begins to be known, and by what (Linux,
/// `Documentation/filesystems/ext4/super.rst`).
const EXT: (u64, std::ops::Range<usize>, [u8; 2]) = (2, 56..58, [0x53, 0xEF]);

/// Whether the tables or the file system of `stick` are another's. `false` if this program divides no stick as `manifest` says.
pub(super) fn is_foreign(stick: &Patched, manifest: &Manifest) -> bool {
    let Some(division) = division_of(manifest) else { return false };
    // What is compared does not depend on how it starts.
    let Some(frame) = frame_of(&division, manifest, StartOptions::default(), None) else { return false };
    is_divided(stick, &division, &frame) || is_formatted(stick, &division, &frame)
}

/// Whether its partitions are others.
fn is_divided(stick: &Patched, division: &Division, frame: &Frame) -> bool {
    let mut places = Vec::new();
    if division.volume.lba != 0 {
        places.push((0, ENTRIES));
    }
    if division.layout == LayoutKind::Gpt {
        places.push(GUID_HEADER);
    }
    places.into_iter().any(|(lba, bytes)| {
        let (Some(found), Some(wanted)) = (sector(stick, lba), frame.sector(lba)) else { return false };
        found != [0; SECTOR_LEN as usize] && different(&found, &wanted, bytes) > DAMAGED_MAX
    })
}

/// Whether its file system is another.
fn is_formatted(stick: &Patched, division: &Division, frame: &Frame) -> bool {
    let (lba, bits) = (division.volume.lba, division.volume.bits);
    let Some(wanted) = frame.sector(lba) else { return false };
    let is_ext = |start: u64| {
        let (number, bytes, magic) = EXT;
        let is_it = |sector: Sector| sector[bytes.clone()] == magic;
        let is_ours = frame.sector(start + number).is_some_and(is_it);
        !is_ours && sector(stick, start + number).is_some_and(is_it)
    };
    if is_ext(0) || is_ext(lba) {
        return true;
    }
    // A sector that cannot be read is damage.
    let Some(found) = sector(stick, lba) else { return false };
    let (state, end) = if bits == FatBits::Fat32 { (0x41, 0x5A) } else { (0x25, 0x3E) };
    let label = Bpb::label(bits);
    // Systems name it and say that it is mounted; all else stays, and a new one has another serial number at least.
    let parts = [11..state, state + 1..label.start, label.end..end];
    if parts.into_iter().map(|part| different(&found, &wanted, part)).sum::<usize>() <= DAMAGED_MAX {
        return false;
    }
    if Bpb::parse(&found).is_ok() || OTHER_NAMES.iter().any(|name| found[NAME] == name[..]) {
        return true;
    }
    // It is no file system that is known: damage, if the images are where that boot sector would have them.
    capsules::entries(&stick.with(&Sectors::from([(lba, wanted)]))).is_empty()
}

pub(super) fn sector(stick: &Patched, lba: u64) -> Option<Sector> {
    each_sector(stick, lba, 1)[0]
}

fn different(found: &Sector, wanted: &Sector, bytes: std::ops::Range<usize>) -> usize {
    found[bytes.clone()].iter().zip(&wanted[bytes]).filter(|(found, wanted)| found != wanted).count()
}
