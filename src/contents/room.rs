//! What takes the room of an image: the largest files, swap files, and what the file systems have free.

use serde::{Deserialize, Serialize};

use super::boot_sector;
use super::bpb::BpbFields;
use super::bytes::sector;
use super::cut::Used;
use super::ext::ExtRecord;
use super::facts::ImageFacts;
use super::files::{Largest, SpareFolders, VolumeFiles};
use super::free::fat_table::Table;
use super::free::sleep;
use super::guid_table::GuidTable;
use super::kind::Kind;
use super::mbr::{self, EXTENDED, slots};
use super::parts::places;
use crate::image::{Metered, Source};
use crate::units::SECTOR_LEN;

/// Bytes of the image that are looked at.
const LOOKED_AT_MAX: u64 = 128 << 20;
/// Files that are named.
const FILES_MAX: usize = 5;
/// Folders that are named.
const SPARE_MAX: usize = 8;
/// Most partitions that are looked at.
const PARTS_MAX: usize = 32;
/// Files to which systems swap memory, in the root folder or in that of an old Windows.
const SWAPS: [&str; 6] = [
    "pagefile.sys",
    "swapfile.sys",
    "win386.swp",
    "386spart.par",
    "WINDOWS\\win386.swp",
    "WIN95\\win386.swp",
];

/// What takes the room of an image.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, schemars::JsonSchema)]
pub struct Room {
    /// The file systems that are known, in the order of their partitions.
    pub volumes: Vec<VolumeRoom>,
    /// Swap files and files with the memory of a system that sleeps, folders that nobody needs to run a Windows, the largest
    /// first, and behind them the largest other files.
    pub files: Vec<RoomFile>,
    /// Whether not all of it was looked at, because it is damaged or too large.
    pub partial: bool,
}

/// The room of a file system.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, schemars::JsonSchema)]
pub struct VolumeRoom {
    /// Number of its partition; 0 without a partition table.
    pub partition: usize,
    /// Its name, as in `FAT16`.
    pub system: String,
    /// Its bytes.
    pub len: u64,
    /// Bytes of them that are free; `None` if that cannot be told.
    pub free: Option<u64>,
}

/// A file that takes room, or a folder with all below it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, schemars::JsonSchema)]
pub struct RoomFile {
    /// Number of its partition; 0 without a partition table.
    pub partition: usize,
    /// Its path, from the root folder.
    pub path: String,
    /// Its bytes; on an NTFS those of its clusters.
    pub len: u64,
    /// What it is there for.
    pub used_for: FileUse,
}

/// What a file is there for.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, schemars::JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum FileUse {
    /// What its owner wants.
    File,
    /// Memory that is swapped out; nobody needs what is in it when the system starts.
    Swap,
    /// The memory of a system that sleeps, or slept.
    Hibernation,
    /// A folder that nothing but setup, repairs, removals and help texts needs.
    Spare,
}

impl Room {
    /// Looks at the file systems of the image in `source`; of a CD nothing is said.
    pub(super) fn of(source: &dyn Source, facts: &ImageFacts) -> Self {
        let mut room = Self::default();
        if facts.kind == Kind::Disc {
            return room;
        }
        let metered = Metered::new(source, LOOKED_AT_MAX);
        let (mut largest, mut spare) = (Vec::new(), Vec::new());
        for (partition, start) in starts(&metered) {
            if room.look(&metered, partition, start, (&mut largest, &mut spare)).is_none() {
                room.partial = true;
            }
        }
        room.partial |= metered.is_spent();
        for files in [&mut largest, &mut spare] {
            files.sort_by_key(|file: &RoomFile| std::cmp::Reverse(file.len));
        }
        let is_known = |file: &RoomFile| {
            let same = |known: &RoomFile| {
                known.partition == file.partition && known.path.eq_ignore_ascii_case(&file.path)
            };
            room.files.iter().any(same)
        };
        largest.retain(|file| !is_known(file));
        room.files.extend(spare.into_iter().take(SPARE_MAX));
        room.files.extend(largest.into_iter().take(FILES_MAX));
        room
    }

    /// Looks at one file system; `None` if not all of it can be looked at.
    fn look(
        &mut self,
        source: &dyn Source,
        partition: usize,
        start: u64,
        (largest, spare): (&mut Vec<RoomFile>, &mut Vec<RoomFile>),
    ) -> Option<()> {
        if let Some(ExtRecord { name, sectors, free, .. }) = ExtRecord::read(source, start) {
            let len = sectors.saturating_mul(SECTOR_LEN);
            self.volumes.push(VolumeRoom { partition, system: name.into(), len, free: Some(free.min(len)) });
            return Some(());
        }
        let boot = sector(source, start)?;
        let Some(volume) = boot_sector::read(&boot) else { return Some(()) };
        let Ok(Some(files)) = VolumeFiles::open(source, start.saturating_mul(SECTOR_LEN)) else {
            return None;
        };
        let len = volume.sectors.saturating_mul(SECTOR_LEN);
        let free =
            if files.is_ntfs() { files.free().ok().flatten() } else { free_of_fat(source, start, &boot) };
        let free = free.map(|free| free.min(len));
        self.volumes.push(VolumeRoom { partition, system: volume.system.name().into(), len, free });
        let named = SWAPS.iter().map(|&path| (path.to_owned(), FileUse::Swap));
        let named = named.chain(sleep::FILES.iter().map(|name| (sleep::path(name), FileUse::Hibernation)));
        for (path, used_for) in named {
            if let Some(len) = files.len(&path).ok()?.filter(|&len| len > 0) {
                self.files.push(RoomFile { partition, path: format!("\\{path}"), len, used_for });
            }
        }
        // Some of the largest may be known already.
        let mut found = Largest::new(FILES_MAX + SWAPS.len() + sleep::FILES.len());
        let mut folders = SpareFolders::default();
        let is_whole = files.largest(&mut found, &mut folders).is_ok();
        let file = |used_for| move |(len, path)| RoomFile { partition, path, len, used_for };
        largest.extend(found.into_files().map(file(FileUse::File)));
        spare.extend(folders.into_folders().map(file(FileUse::Spare)));
        (is_whole && free.is_some()).then_some(())
    }
}

/// Number of the partition, and first sector, of each volume that there may be.
fn starts(source: &dyn Source) -> Vec<(usize, u64)> {
    let Some(first) = sector(source, 0) else { return Vec::new() };
    let present = source.len() / SECTOR_LEN;
    let entries = mbr::read(&first);
    if boot_sector::read(&first).is_some() || !entries.iter().any(|entry| entry.start < present) {
        return vec![(0, 0)];
    }
    let holds_others = |number: usize| {
        slots(&first).get(number.wrapping_sub(1)).is_some_and(|slot| EXTENDED.contains(&slot.type_byte))
    };
    let is_known = entries.iter().any(|entry| entry.is_protective());
    let gpt = if is_known { GuidTable::of(source) } else { None };
    let mut starts: Vec<(usize, u64)> = match &gpt {
        Some(table) => table.parts.iter().map(|part| (part.number, part.lba)).collect(),
        None => {
            let places = places(source, &first).into_iter().filter(|place| !holds_others(place.number));
            places.map(|place| (place.number, place.start)).collect()
        }
    };
    starts.truncate(PARTS_MAX);
    starts
}

/// Free bytes of a FAT, by its table.
fn free_of_fat(source: &dyn Source, start: u64, boot: &[u8; 512]) -> Option<u64> {
    let bpb = BpbFields::read(boot);
    let (clusters, bits) = bpb.clusters().zip(bpb.fat_bits())?;
    let table = Table {
        source,
        start: start.checked_add(u64::from(bpb.reserved))?.checked_mul(SECTOR_LEN)?,
        len: bpb.fat_sectors() * SECTOR_LEN,
        copies: 1,
        bits: if bpb.is_fat32() { 32 } else { bits },
        entries: clusters + 2,
    };
    let used = table.has_room().then(|| Used::of(&table).ok()).flatten()?;
    let free = clusters.saturating_sub(used.count + used.bad);
    Some(free * u64::from(bpb.cluster_sectors) * SECTOR_LEN)
}
