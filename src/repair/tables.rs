//! The file allocation tables: one from the other, or both from the manifest.

use std::collections::BTreeSet;

use ramkey_format::manifest::{RangeEntry, range};

use super::patched::{Patched, Sector, Sectors, each_sector};
use crate::stick::{self, BAD_CLUSTER, Entry, FatBits, LAST_CLUSTER, Manifest, Reader, Run, Volume};
use crate::units::SECTOR_LEN;

/// Most sectors that are exchanged: a table with more is another stick's.
const PATCHED_MAX: usize = 1 << 14;
/// Most sectors of a table that is looked at: that of a FAT32 of 64 GiB.
const TABLE_MAX: u64 = 1 << 14;

/// Path, length and places of a file.
type FileMeaning = (String, u64, Vec<Run>);
/// The runs of clusters of a file: the first of each, and the one behind it; with the hash of its first sector.
type Chain = ([u8; 32], Vec<Run>);

/// Which of the candidates is the one that is made.
const MADE: usize = 2;

/// A table that makes sense.
struct Candidate {
    /// Whether it was made from the manifest.
    is_made: bool,
    /// Whether it has the hash of what was written.
    is_proven: bool,
    sectors: Sectors,
    meaning: Meaning,
}

/// What a file system says, to be compared.
struct Meaning {
    is_clean: bool,
    files: Vec<FileMeaning>,
    free: u64,
}

/// What makes the tables say the same, and sense; `None` if they do, or it is not known which is right.
pub(super) fn tables(stick: &Patched, manifest: &Manifest) -> Option<Sectors> {
    let reader = Reader::new(stick, &|_| {});
    let volume = Volume::open(&reader, manifest.header.volume_lba.get()).ok()?;
    let is_table = |entry: &&RangeEntry| {
        entry.kind == range::FAT_TABLE
            && entry.lba.get() == volume.table_lba()
            && entry.sectors.get() == volume.bpb.fats * volume.bpb.fat_sectors
    };
    let entry = manifest.ranges.iter().find(is_table)?;
    let (lba, count) = (volume.table_lba(), volume.bpb.fat_sectors);
    if volume.bpb.fats != 2 || count > TABLE_MAX {
        return None;
    }
    let now = meaning(stick);
    if now.as_ref().is_some_and(|now| now.is_clean) {
        return None;
    }
    let first = each_sector(stick, lba, count);
    let second = each_sector(stick, lba + count, count);
    let mut written = Written::of(&volume, manifest);
    written.bad = [&first, &second].into_iter().flat_map(|table| written.marked(table)).collect();
    let other = |one: &[Option<Sector>], two: &[Option<Sector>]| -> Option<Vec<Sector>> {
        one.iter().zip(two).map(|(one, two)| one.or(*two)).collect()
    };
    let candidates = [
        other(&first, &second),
        other(&second, &first),
        Some((0..count).map(|number| written.sector(number)).collect()),
    ];
    let candidates = candidates.into_iter().enumerate();
    let candidates = candidates.filter_map(|(number, table)| Some((number == MADE, table?)));
    let patched = candidates.filter_map(|(is_made, table)| {
        let mut hasher = blake3::Hasher::new();
        for _ in 0..2 {
            for sector in &table {
                hasher.update(sector);
            }
        }
        let is_proven = *hasher.finalize().as_bytes() == entry.blake3;
        let both = first.iter().zip(lba..).chain(second.iter().zip(lba + count..));
        let pairs = both.zip(table.iter().chain(&table));
        let differ = pairs.filter(|((found, _), wanted)| found.as_ref() != Some(*wanted));
        let sectors: Sectors = differ.map(|((_, lba), wanted)| (lba, *wanted)).collect();
        let meaning = meaning(&stick.with(&sectors)).filter(|meaning| meaning.is_clean)?;
        (sectors.len() <= PATCHED_MAX).then_some(Candidate { is_made, is_proven, sectors, meaning })
    });
    let mut clean: Vec<Candidate> = patched.collect();
    if let Some(proven) = clean.iter().position(|candidate| candidate.is_proven) {
        return Some(clean.swap_remove(proven).sectors);
    }
    // Without the hash it is enough that whatever makes sense makes the same sense. But a table that is made knows nothing of clusters
    // that became bad since, where no table that is there tells.
    let Candidate { sectors, meaning, .. } = clean.first().filter(|candidate| !candidate.is_made)?;
    let is_same = |Candidate { meaning: other, .. }: &Candidate| {
        (&other.files, other.free) == (&meaning.files, meaning.free)
    };
    clean.iter().all(is_same).then(|| sectors.clone())
}

/// What the file system of a stick says; `None` if it has none that can be read.
fn meaning(stick: &Patched) -> Option<Meaning> {
    let reader = Reader::new(stick, &|_| {});
    let state = stick::read(&reader);
    let found = state.file_system?.ok()?;
    let tree = found.tree?;
    let file = |entry: &Entry| (entry.path.clone(), entry.len, entry.runs.clone());
    Some(Meaning {
        is_clean: found.table.differences.is_empty()
            && found.table.has_sound_start
            && tree.oddities.first.is_empty()
            && tree.usage.lost == 0
            && !tree.is_partial,
        files: tree.entries.iter().map(file).collect(),
        free: tree.usage.free,
    })
}

/// The table as it was written, by the manifest.
struct Written {
    bits: FatBits,
    media: u8,
    /// The first cluster that the volume has not: the rest of the table is taken.
    end: u64,
    /// First cluster of each run, the one behind its last, and what follows that.
    runs: Vec<(u64, u64, u32)>,
    /// Clusters that a table marks as bad.
    bad: BTreeSet<u64>,
}

impl Written {
    fn of(volume: &Volume, manifest: &Manifest) -> Self {
        let data = volume.cluster_lba(2);
        let step = volume.cluster_sectors();
        let clusters = |lba: u64, sectors: u64| {
            let first = lba.checked_sub(data)? / step + 2;
            Some((first, first + sectors.div_ceil(step)))
        };
        let mut chains: Vec<Chain> = Vec::new();
        for entry in &manifest.ranges {
            let (lba, sectors) = (entry.lba.get(), entry.sectors.get());
            match entry.kind {
                range::TEXT => chains.extend(clusters(lba, sectors).map(|run| (entry.blake3, vec![run]))),
                range::CAPSULE => {
                    let Some(run) = clusters(lba, sectors) else { continue };
                    let number = chains.iter().rposition(|(hash, _)| *hash == entry.blake3);
                    match number.filter(|_| entry.file_sector.get() != 0) {
                        Some(number) => chains[number].1.push(run),
                        None => chains.push((entry.blake3, vec![run])),
                    }
                }
                range::DIRECTORY => {
                    // The root directory of a FAT32 is one cluster; what is behind it is the folder.
                    let root = match volume.root() {
                        Ok((root, sectors)) if root == lba => sectors,
                        Err(cluster) if volume.cluster_lba(cluster) == lba => step,
                        _ => 0,
                    };
                    let parts = [(lba, root.min(sectors)), (lba + root, sectors.saturating_sub(root))];
                    for (lba, sectors) in parts.into_iter().filter(|(_, sectors)| *sectors > 0) {
                        chains.extend(clusters(lba, sectors).map(|run| ([0; 32], vec![run])));
                    }
                }
                _ => {}
            }
        }
        let mut runs = Vec::new();
        for (_, chain) in &chains {
            for (number, &(first, end)) in chain.iter().enumerate() {
                let next = chain.get(number + 1).map_or(LAST_CLUSTER, |(next, _)| *next as u32);
                runs.push((first, end, next));
            }
        }
        runs.sort_unstable();
        Self {
            bits: volume.bits(),
            media: volume.bpb.media,
            end: volume.bpb.clusters + 2,
            runs,
            bad: BTreeSet::new(),
        }
    }

    /// What the entry of a cluster says.
    fn value(&self, cluster: u64) -> u32 {
        match cluster {
            0 => 0x0FFF_FF00 | u32::from(self.media),
            // All bits, of which a FAT32 keeps some to itself.
            1 => u32::MAX,
            _ if cluster >= self.end => LAST_CLUSTER,
            _ => {
                let place = self.runs.partition_point(|(_, end, _)| *end <= cluster);
                match self.runs.get(place) {
                    Some(&(first, end, next)) if first <= cluster => {
                        if cluster + 1 == end {
                            next
                        } else {
                            cluster as u32 + 1
                        }
                    }
                    _ if self.bad.contains(&cluster) => BAD_CLUSTER,
                    _ => 0,
                }
            }
        }
    }

    /// The clusters that `table` marks as bad, as far as it can be read.
    fn marked(&self, table: &[Option<Sector>]) -> Vec<u64> {
        let bits = u64::from(self.bits.bits());
        let wanted = BAD_CLUSTER & (u32::MAX >> (32 - bits.min(28)));
        let bytes: Vec<u8> =
            table.iter().flat_map(|sector| sector.unwrap_or([0; SECTOR_LEN as usize])).collect();
        let value = |cluster: u64| {
            let at = cluster * bits;
            let end = ((at + bits).div_ceil(8) as usize).min(bytes.len());
            let entry = bytes.get((at / 8) as usize..end)?;
            let value = entry.iter().rev().fold(0u32, |value, &byte| value << 8 | u32::from(byte));
            Some(value >> (at % 8) & (u32::MAX >> (32 - bits.min(28))))
        };
        (2..self.end).filter(|&cluster| value(cluster) == Some(wanted)).collect()
    }

    /// Sector `number` of the table.
    fn sector(&self, number: u64) -> Sector {
        let bits = u64::from(self.bits.bits());
        let mut sector = [0; SECTOR_LEN as usize];
        let (start, end) = (number * SECTOR_LEN * 8, (number + 1) * SECTOR_LEN * 8);
        // In half bytes, which are what the entry of a FAT12 ends with.
        for cluster in start / bits..end.div_ceil(bits) {
            let value = self.value(cluster);
            for nibble in 0..bits / 4 {
                let at = cluster * bits + nibble * 4;
                if (start..end).contains(&at) {
                    let half = (value >> (nibble * 4) & 0xF) as u8;
                    sector[((at - start) / 8) as usize] |= half << (at % 8);
                }
            }
        }
        sector
    }
}
