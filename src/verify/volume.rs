//! The FAT volume: its boot sector, its table, and the changes to its reserved sectors that systems make.

use std::ops::Range;

use ramkey_format::manifest::{RangeEntry, range};

use crate::contents::BpbFields;
use crate::image::BOOT_SIGNATURE;
use crate::plan::LayoutKind;
use crate::units::SECTOR_LEN;
use crate::verify::boot_area::BootArea;
use crate::verify::fat::{Next, Table};
use crate::verify::fault::Findings;
use crate::verify::reader::{BadSector, Reader};
use crate::verify::{Change, Fault, FaultKind, Place};

/// Where the boot sector names the system that formatted it, which some systems replace; and the name as written.
const OEM_NAME: Range<usize> = 3..11;
const OEM_NAME_WRITTEN: &[u8; 8] = b"MSWIN4.1";
/// Sectors of a FAT32: summary of free clusters, copy of the boot sector, copy of the summary.
const FS_INFO: u64 = 1;
const BACKUP_BOOT: u64 = 6;
/// Sectors in which a file system keeps these.
const OWN_SECTORS: u64 = 16;
const FS_INFO_MAGIC: &[u8; 4] = b"RRaA";
/// Where the summary has its counts.
const FS_INFO_COUNTS: Range<usize> = 488..496;

/// The numbers of a boot sector.
struct Bpb {
    bits: u8,
    media: u8,
    cluster_sectors: u64,
    reserved: u64,
    fats: u64,
    fat_sectors: u64,
    root_sectors: u64,
    root_cluster: u64,
    clusters: u64,
}

/// Most clusters of a FAT32. What has them all needs 32 MiB here, a bit for each.
const CLUSTERS_MAX: u64 = 0x0FFF_FFF5;
/// Most sectors of a range that is explained; those that are written have a few hundred.
const EXPLAINED_MAX: u64 = 1 << 10;

/// A volume. Cluster numbers begin at 2.
pub(super) struct Volume<'r> {
    pub bits: u8,
    /// Label in the boot sector.
    pub label: [u8; 11],
    bpb: Bpb,
    lba: u64,
    table: Table<'r>,
    /// A bit for each cluster that belongs to a file or folder; none until the first is claimed.
    claimed: Vec<u64>,
}

/// The sectors of a chain, neighbours joined: first sector and number.
pub(super) type Runs = Vec<(u64, u64)>;

/// A chain of clusters.
#[derive(Clone, Debug, Default)]
pub(super) struct Chain {
    /// The first of its runs, as many as were asked for.
    pub runs: Runs,
    /// Its clusters.
    pub clusters: u64,
    /// Its runs.
    pub pieces: u64,
}

/// What the table says together with what was claimed.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Usage {
    /// Clusters that are free.
    pub free: u64,
    /// Clusters that are taken and belong to nothing that was claimed.
    pub lost: u64,
    /// The first of these.
    pub first_lost: u64,
}

impl Bpb {
    fn parse(sector: &[u8; 512]) -> Result<Self, &'static str> {
        let fields = BpbFields::read(sector);
        if sector[510..] != BOOT_SIGNATURE {
            return Err("it has no signature");
        }
        if u64::from(fields.bytes_per_sector) != SECTOR_LEN {
            return Err("its sectors do not have 512 bytes");
        }
        if !fields.cluster_sectors.is_power_of_two() {
            return Err("the length of a cluster is no power of two");
        }
        if fields.reserved == 0 || !(1..=2).contains(&fields.fats) || fields.fat_sectors() == 0 {
            return Err("it has no table");
        }
        let clusters = fields.clusters().ok_or("it is smaller than its tables")?;
        if clusters > CLUSTERS_MAX {
            return Err("it has more clusters than a FAT32 can have");
        }
        let bits = match clusters {
            0..4085 => 12,
            4085..65525 => 16,
            _ => 32,
        };
        if (bits == 32) != fields.is_fat32() || (bits == 32) != (fields.root_entries == 0) {
            return Err("its numbers are those of two kinds of FAT");
        }
        Ok(Self {
            bits,
            media: fields.media,
            cluster_sectors: fields.cluster_sectors.into(),
            reserved: fields.reserved.into(),
            fats: fields.fats.into(),
            fat_sectors: fields.fat_sectors(),
            root_sectors: fields.root_sectors(),
            root_cluster: if bits == 32 { fields.root_cluster.into() } else { 0 },
            clusters,
        })
    }

    /// First sector of cluster 2, from the start of the volume.
    fn data(&self) -> u64 {
        self.reserved + self.fats * self.fat_sectors + self.root_sectors
    }
}

impl<'r> Volume<'r> {
    /// Reads the boot sector of the volume at `lba`.
    pub fn open(reader: &'r Reader<'r>, lba: u64, findings: &mut Findings) -> Option<Self> {
        let sector = match reader.sector(lba) {
            Ok(sector) => sector,
            Err(bad) => {
                findings.unreadable(bad, None);
                return None;
            }
        };
        let mut fault = |message: String| {
            findings.fault(Fault::new(FaultKind::FatReserved, Place::sectors(lba, 1), message));
        };
        let bpb = match Bpb::parse(&sector) {
            Ok(bpb) => bpb,
            Err(what) => {
                fault(format!("the boot sector describes no FAT file system: {what}"));
                return None;
            }
        };
        let end = lba + bpb.data() + bpb.clusters * bpb.cluster_sectors;
        if end > reader.sectors() {
            if !findings.has(FaultKind::TooShort) {
                let message = "the file system is larger than the stick";
                findings.fault(Fault::new(FaultKind::FatReserved, Place::sectors(lba, 1), message));
            }
            return None;
        }
        let table = Table::new(reader, bpb.bits, lba + bpb.reserved, bpb.clusters);
        let mut label = [b' '; 11];
        label.copy_from_slice(&sector[label_range(bpb.bits)]);
        Some(Self { bits: bpb.bits, label, bpb, lba, table, claimed: Vec::new() })
    }

    /// The same, and judges its tables.
    pub fn read(reader: &'r Reader<'r>, lba: u64, findings: &mut Findings) -> Option<Self> {
        let volume = Self::open(reader, lba, findings)?;
        let (bpb, table) = (&volume.bpb, &volume.table);
        let place = Place::sectors(lba + bpb.reserved, 1);
        if bpb.fat_sectors * SECTOR_LEN * 8 / u64::from(bpb.bits) < bpb.clusters + 2 {
            let message = "the file allocation table is too short for the file system";
            findings.fault(Fault::new(FaultKind::FatTable, place, message));
            return None;
        }
        table.compare(bpb.fat_sectors, bpb.fats, findings)?;
        if !table.has_sound_start(bpb.media) {
            let message = "the file allocation table does not begin as one";
            findings.fault(Fault::new(FaultKind::FatTable, place, message));
        }
        if table.is_dirty() {
            findings.changes.push(Change::Volume { what: "the stick was pulled while it was mounted" });
        }
        Some(volume)
    }

    pub fn cluster_len(&self) -> u64 {
        self.bpb.cluster_sectors * SECTOR_LEN
    }

    /// Sectors of a cluster.
    pub fn cluster_sectors(&self) -> u64 {
        self.bpb.cluster_sectors
    }

    /// The sectors of the root directory of a FAT12 or FAT16, or its first cluster.
    pub fn root(&self) -> Result<(u64, u64), u64> {
        match self.bpb.root_cluster {
            0 => Ok((self.lba + self.bpb.data() - self.bpb.root_sectors, self.bpb.root_sectors)),
            cluster => Err(cluster),
        }
    }

    /// The cluster behind `cluster`, if its chain goes on within the file system.
    pub fn follow(&self, cluster: u64) -> Option<u64> {
        match self.table.next(cluster) {
            Next::Cluster(next) if self.has(next) => Some(next),
            _ => None,
        }
    }

    /// First sector of a cluster; of a number that no cluster has, something on the volume or behind it.
    pub fn cluster_lba(&self, cluster: u64) -> u64 {
        self.lba + self.bpb.data() + cluster.saturating_sub(2) * self.bpb.cluster_sectors
    }

    /// Follows the chain from `first` and claims it; its first `keep` runs, and what is wrong if it does not end well.
    pub fn claim(&mut self, first: u64, keep: usize) -> (Chain, Result<(), (u64, &'static str)>) {
        if self.claimed.is_empty() {
            self.claimed = vec![0; (self.bpb.clusters + 2).div_ceil(64) as usize];
        }
        let mut chain = Chain::default();
        let mut cluster = first;
        let mut last = None;
        // Ends: each cluster is claimed once, and there are so many.
        loop {
            let here = last.map_or(self.lba, |cluster| self.cluster_lba(cluster));
            if !self.has(cluster) {
                return (chain, Err((here, "its chain leaves the file system")));
            }
            let (word, bit) = ((cluster / 64) as usize, 1 << (cluster % 64));
            let lba = self.cluster_lba(cluster);
            if self.claimed[word] & bit != 0 {
                return (chain, Err((lba, "its chain runs into one that is taken already")));
            }
            self.claimed[word] |= bit;
            if last.is_none_or(|last| last + 1 != cluster) {
                chain.pieces += 1;
                if chain.runs.len() < keep {
                    chain.runs.push((lba, 0));
                }
            }
            if let Some((_, sectors)) = chain.runs.last_mut().filter(|_| chain.pieces <= keep as u64) {
                *sectors += self.bpb.cluster_sectors;
            }
            chain.clusters += 1;
            last = Some(cluster);
            cluster = match self.table.next(cluster) {
                Next::End => return (chain, Ok(())),
                Next::Free => return (chain, Err((lba, "its chain ends in a free cluster"))),
                Next::Bad => return (chain, Err((lba, "its chain ends in a bad cluster"))),
                Next::Cluster(next) => next,
            };
        }
    }

    /// Goes through the table and gives the claims back.
    ///
    /// # Errors
    ///
    /// A sector of the table cannot be read any more.
    pub fn usage(&mut self) -> Result<Usage, BadSector> {
        let claimed = std::mem::take(&mut self.claimed);
        let is_claimed = |cluster: u64| {
            claimed.get((cluster / 64) as usize).is_some_and(|word| word & 1 << (cluster % 64) != 0)
        };
        let mut usage = Usage { free: self.bpb.clusters, ..Usage::default() };
        self.table.each(|cluster, next| {
            usage.free -= 1;
            if matches!(next, Next::End | Next::Cluster(_)) && !is_claimed(cluster) {
                if usage.lost == 0 {
                    usage.first_lost = cluster;
                }
                usage.lost += 1;
            }
        })?;
        Ok(usage)
    }

    /// Whether the volume has this cluster.
    pub fn has(&self, cluster: u64) -> bool {
        (2..self.bpb.clusters + 2).contains(&cluster)
    }
}

/// Tries to explain a boot sector or reserved sectors that are not as written by what systems do to them: they
/// mark the volume as mounted, name it, and count free clusters; mtools also copies the first eight sectors of a FAT32
/// behind the copy of the boot sector.
///
/// Undoes each of these; if that gives the bytes that were written, nothing else changed. A label is no change of its
/// own here: the root directory has it too.
pub(super) fn explain(reader: &Reader, area: &BootArea, entry: &RangeEntry) -> Option<Vec<Change>> {
    let lba = area.volume_lba?;
    let (start, sectors) = (entry.lba.get(), entry.sectors.get());
    if sectors > EXPLAINED_MAX {
        return None;
    }
    let mut bytes = reader.bytes(start, sectors).ok()?;
    let bpb = Bpb::parse(&reader.sector(lba).ok()?).ok()?;
    // A universal stick has boot sectors of the whole stick too, in sector 0 and in its copy.
    let is_own = (lba..lba + OWN_SECTORS).contains(&start);
    let base = if is_own { lba } else { start };
    let at = |number: u64| {
        let sector = (base + number).checked_sub(start).filter(|&sector| sector < sectors)?;
        Some((sector * SECTOR_LEN) as usize..((sector + 1) * SECTOR_LEN) as usize)
    };
    let fat32 = bpb.bits == 32;
    // On a FAT32 the first eight sectors, their copy, and what mtools makes of the copy.
    let copies: &[u64] = if fat32 && is_own { &[0, BACKUP_BOOT, 2 * BACKUP_BOOT] } else { &[0] };
    let mut changes = Vec::new();
    let mut change = |what| {
        let change = Change::Volume { what };
        if !changes.contains(&change) {
            changes.push(change);
        }
    };
    for range in copies.iter().filter_map(|&number| at(number)) {
        let sector = &mut bytes[range];
        if sector.iter().all(|&byte| byte == 0) {
            continue;
        }
        let state = &mut sector[if fat32 { 0x41 } else { 0x25 }];
        if *state & 3 != 0 {
            change("the file system's boot sector says that it is mounted");
            *state &= !3;
        }
        sector[label_range(bpb.bits)].copy_from_slice(&area.label);
        if sector[OEM_NAME] != *OEM_NAME_WRITTEN {
            change("another system put its name into the file system's boot sector");
            sector[OEM_NAME].copy_from_slice(OEM_NAME_WRITTEN);
        }
    }
    let counts = written_counts(&bpb, area, lba);
    for range in copies.iter().filter_map(|&number| at(number + FS_INFO)) {
        let sector = &mut bytes[range];
        if fat32 && sector.starts_with(FS_INFO_MAGIC) && sector[FS_INFO_COUNTS] != counts {
            change("the count of free clusters is another");
            sector[FS_INFO_COUNTS].copy_from_slice(&counts);
        }
    }
    for number in [BACKUP_BOOT, BACKUP_BOOT + FS_INFO] {
        if fat32
            && let (Some(copy), Some(second)) = (at(number), at(number + BACKUP_BOOT))
            && bytes[copy] == bytes[second.clone()]
        {
            bytes[second].fill(0);
        }
    }
    if !is_own {
        undo_mlabel(reader, &mut bytes);
    }
    (*blake3::hash(&bytes).as_bytes() == entry.blake3).then_some(changes)
}

/// Undoes what mlabel writes behind the copy of sector 0: the sectors behind sector 0, where zeros were.
fn undo_mlabel(reader: &Reader, bytes: &mut [u8]) {
    for (number, sector) in (0..).zip(bytes.chunks_exact_mut(SECTOR_LEN as usize)).skip(1) {
        if reader.sector(number).is_ok_and(|original| *sector == original) {
            sector.fill(0);
        }
    }
}

/// Where the boot sector has its label.
fn label_range(bits: u8) -> Range<usize> {
    let start = if bits == 32 { 0x47 } else { 0x2B };
    start..start + 11
}

/// The summary of free clusters as it was written: the manifest tells which clusters were taken.
fn written_counts(bpb: &Bpb, area: &BootArea, lba: u64) -> [u8; 8] {
    let data = lba + bpb.data();
    let in_data = |entry: &&RangeEntry| {
        matches!(entry.kind, range::CAPSULE | range::DIRECTORY) && entry.lba.get() >= data
    };
    let (mut used, mut end) = (0, 2);
    for entry in area.ranges.iter().filter(in_data) {
        let clusters = entry.sectors.get().div_ceil(bpb.cluster_sectors);
        used += clusters;
        end = end.max(2 + (entry.lba.get() - data) / bpb.cluster_sectors + clusters);
    }
    let free = bpb.clusters.saturating_sub(used) as u32;
    let next = end.min(bpb.clusters + 1) as u32;
    let mut counts = [0; 8];
    counts[..4].copy_from_slice(&free.to_le_bytes());
    counts[4..].copy_from_slice(&next.to_le_bytes());
    counts
}

/// Whether sector 0 is a boot sector of the file system.
pub(super) fn is_in_sector_0(area: &BootArea) -> bool {
    LayoutKind::from_code(area.layout).is_some_and(LayoutKind::has_volume_in_sector_0)
}
