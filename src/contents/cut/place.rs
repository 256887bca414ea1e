//! Where the volume lies that is cut.

use super::error::NoCut;
use crate::contents::boot_sector::{self, ex_fat_sectors};
use crate::contents::bytes::sector;
use crate::contents::ext::ExtRecord;
use crate::contents::facts::ImageFacts;
use crate::contents::kind::Kind;
use crate::contents::mbr::{self, EXTENDED, PROTECTIVE, Slot, slots};
use crate::contents::parts::places;
use crate::image::Source;
use crate::units::SECTOR_LEN;

/// The volume, in sectors of the image.
#[derive(Clone, Copy, Debug)]
pub(super) struct Place {
    pub start: u64,
    /// Sectors that it may have.
    pub room: u64,
    /// Its partition: number and entry; `None` without a partition table.
    pub partition: Option<(usize, Slot)>,
}

impl Place {
    /// The last partition, or the whole image if it has no table.
    pub fn find(source: &dyn Source, facts: &ImageFacts) -> Result<Self, NoCut> {
        let present = source.len() / SECTOR_LEN;
        let first = sector(source, 0).ok_or(NoCut::Unreadable)?;
        let volume = boot_sector::read(&first);
        let entries = mbr::read(&first);
        let has_table = !entries.is_empty()
            && entries.iter().any(|entry| entry.start != 0 && entry.start < present)
            && facts.kind == Kind::HardDisk;
        if !has_table {
            let place = Self { start: 0, room: present, partition: None };
            return if volume.is_some() { Ok(place) } else { Err(other(source, 0, &first)) };
        }
        if entries.iter().any(|entry| entry.type_byte == PROTECTIVE) {
            return Err(NoCut::GuidTable);
        }
        if volume.is_some() {
            return Err(NoCut::TableAndVolume);
        }
        let all = places(source, &first);
        let last = entries.iter().max_by_key(|entry| entry.end()).ok_or(NoCut::NoVolume)?;
        if EXTENDED.contains(&last.type_byte) {
            return Err(NoCut::Extended);
        }
        if all.iter().any(|other| other.number != last.number && other.end() > last.start) {
            return Err(NoCut::Overlap);
        }
        if last.end() > present {
            return Err(NoCut::Short);
        }
        let boot = sector(source, last.start).ok_or(NoCut::Unreadable)?;
        if boot_sector::read(&boot).is_none() {
            return Err(other(source, last.start, &boot));
        }
        let slot = slots(&first)[last.number - 1];
        Ok(Self { start: last.start, room: last.sectors, partition: Some((last.number, slot)) })
    }
}

/// That there is another file system, with its name if that is known.
fn other(source: &dyn Source, lba: u64, boot: &[u8; 512]) -> NoCut {
    let name = match ExtRecord::read(source, lba) {
        Some(record) => Some(record.name),
        None if ex_fat_sectors(boot).is_some() => Some("exFAT"),
        None if &boot[3..11] == b"NTFS    " => Some("NTFS"),
        None => None,
    };
    name.map_or(NoCut::NoVolume, |name| NoCut::Other { system: name.into() })
}
