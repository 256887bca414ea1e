//! Where the parts of an image lie: tables, partitions and file systems, or the structures and files of a CD.

use super::area::{AreaUse, Areas};
use super::boot_sector::{self, FatOrNtfs};
use super::bpb::BpbFields;
use super::bytes::sector;
use super::ext::ExtRecord;
use super::guid_table::GuidTable;
use super::iso;
use super::kind::Kind;
use super::mbr::{self, EXTENDED, slots};
use super::parts::{logical, places};
use crate::image::{Metered, Source};
use crate::units::SECTOR_LEN;

/// Bytes of the image that are looked at.
const LOOKED_AT_MAX: u64 = 64 << 20;
/// Sectors of a GUID partition table of the usual size, with its header.
const GUID_TABLE_SECTORS: u64 = 33;
/// Tables of a FAT.
const TABLES_MAX: u8 = 4;

/// The parts of the image in `source`, which is of this kind. What cannot be read is missing.
pub fn areas(source: &dyn Source, kind: Kind) -> Areas {
    let metered = Metered::new(source, LOOKED_AT_MAX);
    let mut areas = match kind {
        Kind::Disc => iso::areas(&metered),
        Kind::HardDisk | Kind::Floppy | Kind::Partition => of_disk(&metered),
    };
    areas.partial |= metered.is_spent();
    areas
}

fn of_disk(source: &dyn Source) -> Areas {
    let mut areas = Areas::default();
    let Some(first) = sector(source, 0) else {
        areas.partial = true;
        return areas;
    };
    let present = source.len().div_ceil(SECTOR_LEN);
    let entries = mbr::read(&first);
    let has_volume = boot_sector::read(&first).is_some();
    if has_volume || entries.is_empty() {
        volume(&mut areas, source, (0, present), "");
        return areas;
    }
    areas.add((0, 1), AreaUse::Table, "master boot record");
    let table = entries.iter().any(|entry| entry.is_protective()).then(|| GuidTable::of(source)).flatten();
    match table {
        Some(table) => {
            areas.add((1, GUID_TABLE_SECTORS), AreaUse::Table, "GUID partition table");
            let copy = table.copy_lba.saturating_sub(GUID_TABLE_SECTORS - 1);
            areas.add((copy, GUID_TABLE_SECTORS), AreaUse::Table, "copy of the GUID partition table");
            for part in &table.parts {
                let name = format!("partition {}", part.number);
                volume(&mut areas, source, (part.lba, part.sectors), &name);
            }
        }
        None => of_table(&mut areas, source, &first),
    }
    areas
}

/// The partitions of a master boot record, and those within an extended one.
fn of_table(areas: &mut Areas, source: &dyn Source, first: &[u8; 512]) {
    let slots = slots(first);
    let extended = slots.iter().find(|slot| EXTENDED.contains(&slot.type_byte));
    for place in extended.iter().flat_map(|extended| logical(source, extended.start)) {
        areas.add((place.table, 1), AreaUse::Table, "table of the extended partition");
    }
    let holds_others = |number: usize| {
        slots.get(number.wrapping_sub(1)).is_some_and(|slot| EXTENDED.contains(&slot.type_byte))
    };
    let (outer, own): (Vec<_>, Vec<_>) =
        places(source, first).into_iter().partition(|place| holds_others(place.number));
    for place in own {
        volume(areas, source, (place.start, place.sectors), &format!("partition {}", place.number));
    }
    for place in outer {
        areas.add((place.start, place.sectors), AreaUse::Volume, "extended partition");
    }
}

/// A partition, or all of an image without any: what its file system is made of, and the whole of it.
fn volume(areas: &mut Areas, source: &dyn Source, (lba, sectors): (u64, u64), name: &str) {
    let in_part = |what: &str| if name.is_empty() { what.to_owned() } else { format!("{name}: {what}") };
    let boot = sector(source, lba).filter(|_| lba < source.len().div_ceil(SECTOR_LEN));
    let found = boot.as_ref().and_then(boot_sector::read);
    let system = match &found {
        Some(found) => Some(found.system.name()),
        None => ExtRecord::read(source, lba).map(|record| record.name),
    };
    if let (Some(boot), Some(found)) = (&boot, &found)
        && found.system != FatOrNtfs::Ntfs
    {
        let bpb = BpbFields::read(boot);
        let reserved = u64::from(bpb.reserved);
        areas.add((lba, reserved), AreaUse::FatReserved, in_part("boot sector and reserved sectors"));
        for number in 0..bpb.fats.min(TABLES_MAX) {
            let start = lba + reserved + u64::from(number) * bpb.fat_sectors();
            let what = in_part(&format!("file allocation table {}", number + 1));
            areas.add((start, bpb.fat_sectors()), AreaUse::FatTable, what);
        }
        let root = (lba + bpb.data().saturating_sub(bpb.root_sectors()), bpb.root_sectors());
        areas.add(root, AreaUse::Directory, in_part("root directory"));
    }
    areas.add((lba, sectors), AreaUse::Volume, in_part(system.unwrap_or("no file system that is known")));
}
