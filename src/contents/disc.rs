//! The drive that a CD image becomes.

use super::facts::Warning;
use super::geometry::size;
use super::iso::{BLOCK_LEN, Disc, DiscWarning, Emulation};
use super::kind::{Kind, KindChoice};
use super::will_boot;
use crate::image::{Rest, Source};
use crate::units::{Geometry, SECTOR_LEN};

/// Sectors of 512 bytes in a block.
const BLOCK_SECTORS: u64 = BLOCK_LEN / SECTOR_LEN;
/// What INT 13h AH=08h answers for a CD, which has no geometry.
pub const DISC_GEOMETRY: Geometry = Geometry { cylinders: 65535, heads: 255, sectors_per_track: 15 };

/// The geometry of the disk that `disc` emulates, or what stands for that of a CD.
pub(super) fn geometry(disc: &Disc) -> Geometry {
    let disk = disc.boot.as_ref().and_then(|boot| boot.disk.as_ref());
    disk.map_or(DISC_GEOMETRY, |disk| disk.geometry)
}

/// CMOS type of the floppy that `disc` emulates; else 0.
pub(super) fn drive_type(disc: &Disc) -> u8 {
    let Some(boot) = &disc.boot else { return 0 };
    match (boot.emulation, &boot.disk) {
        (Emulation::NoEmulation | Emulation::HardDisk, _) | (_, None) => 0,
        (_, Some(disk)) => size::drive_type(&disk.geometry),
    }
}

/// Sectors of 512 bytes of the RAM disk: whole blocks, and zeros behind them where the boot image goes on.
pub(super) fn sectors(disc: &Disc) -> u64 {
    let end = disc.boot.as_ref().map_or(0, |boot| {
        let sectors = boot.disk.as_ref().map_or(u64::from(boot.load_sectors), |disk| disk.sectors);
        u64::from(boot.load_lba) * BLOCK_SECTORS + sectors
    });
    disc.len.div_ceil(SECTOR_LEN).max(end).next_multiple_of(BLOCK_SECTORS)
}

/// What is on it, in a few words.
pub(super) fn contents(disc: &Disc) -> String {
    let boot = match (&disc.boot, &disc.no_boot) {
        (Some(boot), _) => format!("boots with {}", boot.emulation),
        (None, Some(why)) => format!("does not boot: {why}"),
        (None, None) => "does not boot".into(),
    };
    let also = if disc.hybrid { "; also boots as a disk" } else { "" };
    match &disc.volume_id[..] {
        "" => format!("{}, {boot}{also}", disc.file_system),
        label => format!("{} \"{label}\", {boot}{also}", disc.file_system),
    }
}

/// What the user should know before booting it.
pub(super) fn warnings(disc: &Disc) -> impl Iterator<Item = Warning> {
    disc.warnings.iter().cloned().map(Warning::Disc)
}

/// What speaks against a boot of the disk that `disc` emulates.
pub(super) fn doubts(disc: &Disc, source: &dyn Source) -> Vec<Warning> {
    let Some(boot) = disc.boot.as_ref().filter(|boot| boot.disk.is_some()) else { return Vec::new() };
    let part = Rest::new(source, u64::from(boot.load_lba) * BLOCK_LEN);
    let is_disk = boot.emulation == Emulation::HardDisk;
    let kind = if is_disk { Kind::HardDisk } else { Kind::Floppy };
    will_boot::look(&part, kind, is_disk).into_iter().map(Warning::EmulatedNoStart).collect()
}

/// What the user should know of a CD image that does not become a CD. One that boots as a disk may become a hard disk.
pub(super) fn warnings_as(disc: &Disc, choice: KindChoice) -> Vec<Warning> {
    match choice {
        KindChoice::Is(kind) if !disc.hybrid || kind != Kind::HardDisk => vec![Warning::CdAs { kind }],
        _ => {
            let cut = |warning: &&DiscWarning| matches!(warning, DiscWarning::Truncated { .. });
            disc.warnings.iter().filter(cut).cloned().map(Warning::Disc).collect()
        }
    }
}
