//! The FAT volume: where its clusters lie, which follows which, and which are free.

use super::bpb::{Bpb, BpbError};
use super::kind::FatBits;
use super::reader::{ReadError, Reader};
use super::table::{Comparison, Next, Table, TableDifference};

/// Why there is no volume at a place.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum NoVolume {
    /// Its boot sector cannot be read.
    Unreadable(ReadError),
    /// The boot sector describes no FAT.
    NoFat(BpbError),
    /// It ends behind the end of the medium.
    TooLarge,
}

/// A volume. Cluster numbers begin at 2.
pub struct Volume<'r> {
    /// Label in the boot sector.
    pub label: [u8; 11],
    /// Its numbers.
    pub bpb: Bpb,
    /// First sector on the medium.
    pub lba: u64,
    table: Table<'r>,
    /// A bit for each cluster that belongs to a file or folder; none until the first is claimed.
    claimed: Vec<u64>,
}

/// A run of sectors on the medium: first sector and number.
pub type Run = (u64, u64);

/// A chain of clusters.
#[derive(Clone, Debug, Default)]
pub(super) struct Chain {
    /// The first of its runs, neighbours joined, as many as were asked for.
    pub runs: Vec<Run>,
    /// Its clusters.
    pub clusters: u64,
    /// Its runs.
    pub pieces: u64,
}

/// How a chain ends that does not end well.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ChainFault {
    /// It names a cluster that the volume does not have.
    Leaves,
    /// It runs into a cluster of another chain, or its own.
    Taken,
    /// Its last cluster is free.
    Free,
    /// Its last cluster is marked as bad, or the table cannot be read there.
    Bad,
}

/// Clusters that are taken and belong to nothing that was claimed: the first runs of them.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Lost {
    /// First cluster and number of each run.
    pub runs: Vec<(u64, u64)>,
    /// Whether there are more.
    pub more: bool,
}

/// Most runs of lost clusters that are kept.
const LOST_MAX: usize = 4096;

impl Lost {
    fn add(&mut self, cluster: u64) {
        let is_full = self.runs.len() == LOST_MAX;
        match self.runs.last_mut() {
            Some((first, count)) if *first + *count == cluster => *count += 1,
            _ if is_full => self.more = true,
            _ => self.runs.push((cluster, 1)),
        }
    }
}

/// What the table says together with what was claimed, in clusters.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Usage {
    /// Clusters that are free.
    pub free: u64,
    /// Clusters that are taken and belong to nothing that was claimed.
    pub lost: u64,
    /// The first of these.
    pub first_lost: u64,
    /// Clusters that are marked as bad.
    pub bad: u64,
}

/// What there is to say of the tables of a volume.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct TableState {
    /// Whether the table has an entry for each cluster. If not, nothing else was looked at.
    pub is_whole: bool,
    /// The first difference of each copy.
    pub differences: Vec<TableDifference>,
    /// The sector of the table that cannot be read. If there is one, no chain was followed.
    pub unreadable: Option<ReadError>,
    /// Whether entries 0 and 1 hold what belongs there.
    pub has_sound_start: bool,
    /// Whether a system says that it did not unmount the volume.
    pub is_dirty: bool,
}

impl TableState {
    /// Whether chains can be followed.
    pub fn is_usable(&self) -> bool {
        self.is_whole && self.unreadable.is_none()
    }
}

impl<'r> Volume<'r> {
    /// Reads the boot sector of the volume at `lba`, and nothing else.
    ///
    /// # Errors
    ///
    /// There is no volume that lies on the medium.
    pub fn open(reader: &'r Reader<'r>, lba: u64) -> Result<Self, NoVolume> {
        let sector = reader.sector(lba).map_err(NoVolume::Unreadable)?;
        let bpb = Bpb::parse(&sector).map_err(NoVolume::NoFat)?;
        if lba + bpb.data() + bpb.clusters * bpb.cluster_sectors > reader.sectors() {
            return Err(NoVolume::TooLarge);
        }
        let table = Table::new(reader, bpb.bits, lba + bpb.reserved, bpb.clusters);
        let mut label = [b' '; 11];
        label.copy_from_slice(&sector[Bpb::label(bpb.bits)]);
        Ok(Self { label, bpb, lba, table, claimed: Vec::new() })
    }

    /// Reads all tables.
    pub fn table_state(&self) -> TableState {
        let is_whole = self.bpb.has_whole_table();
        let Comparison { differences, unreadable } = match is_whole {
            true => self.table.compare(self.bpb.fat_sectors, self.bpb.fats),
            false => Comparison::default(),
        };
        let mut state =
            TableState { is_whole, differences, unreadable, has_sound_start: false, is_dirty: false };
        if state.is_usable() {
            state.has_sound_start = self.table.has_sound_start(self.bpb.media);
            state.is_dirty = self.table.is_dirty();
        }
        state
    }

    /// Bits in an entry of its table.
    pub fn bits(&self) -> FatBits {
        self.bpb.bits
    }

    /// First sector of its first table.
    pub fn table_lba(&self) -> u64 {
        self.lba + self.bpb.reserved
    }

    /// Bytes of a cluster.
    pub fn cluster_len(&self) -> u64 {
        self.bpb.cluster_sectors * crate::units::SECTOR_LEN
    }

    /// Sectors of a cluster.
    pub fn cluster_sectors(&self) -> u64 {
        self.bpb.cluster_sectors
    }

    /// The sectors of the root directory of a FAT12 or FAT16.
    ///
    /// # Errors
    ///
    /// Its first cluster, on a FAT32.
    pub fn root(&self) -> Result<Run, u64> {
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

    /// Whether a cluster belongs to something.
    pub(super) fn is_taken(&self, cluster: u64) -> bool {
        matches!(self.table.next(cluster), Next::Cluster(_) | Next::End)
    }

    /// First sector of a cluster; of a number that no cluster has, something on the volume or behind it.
    pub fn cluster_lba(&self, cluster: u64) -> u64 {
        self.lba + self.bpb.data() + cluster.saturating_sub(2) * self.bpb.cluster_sectors
    }

    /// Whether the volume has this cluster.
    pub fn has(&self, cluster: u64) -> bool {
        (2..self.bpb.clusters + 2).contains(&cluster)
    }

    /// Gives the runs of sectors that are free to `take`, ascending. The table is read again, piece by piece.
    ///
    /// # Errors
    ///
    /// A sector of the table cannot be read any more.
    pub fn each_free(&self, mut take: impl FnMut(Run)) -> Result<(), ReadError> {
        let mut from = 2;
        let mut free = |clusters: std::ops::Range<u64>| {
            if !clusters.is_empty() {
                let sectors = (clusters.end - clusters.start) * self.bpb.cluster_sectors;
                take((self.cluster_lba(clusters.start), sectors));
            }
        };
        self.table.each(|cluster, _| {
            free(from..cluster);
            from = cluster + 1;
        })?;
        free(from..self.bpb.clusters + 2);
        Ok(())
    }

    /// Gives the runs of sectors that are marked as bad to `take`, ascending.
    ///
    /// # Errors
    ///
    /// A sector of the table cannot be read any more.
    pub fn each_bad(&self, mut take: impl FnMut(Run)) -> Result<(), ReadError> {
        let mut run: Option<(u64, u64)> = None;
        self.table.each(|cluster, next| {
            if next == Next::Bad {
                match &mut run {
                    Some((first, count)) if *first + *count == cluster => *count += 1,
                    _ => {
                        let before = run.replace((cluster, 1));
                        before.into_iter().for_each(|clusters| take(self.sectors_of(clusters)));
                    }
                }
            }
        })?;
        run.into_iter().for_each(|clusters| take(self.sectors_of(clusters)));
        Ok(())
    }

    /// The sectors of a run of clusters.
    fn sectors_of(&self, (first, count): (u64, u64)) -> Run {
        (self.cluster_lba(first), count * self.bpb.cluster_sectors)
    }

    /// Follows the chain from `first` and claims it; its first `keep` runs, and what is wrong if it does not end well, with
    /// the sector where that is.
    pub(super) fn claim(&mut self, first: u64, keep: usize) -> (Chain, Result<(), (u64, ChainFault)>) {
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
                return (chain, Err((here, ChainFault::Leaves)));
            }
            let (word, bit) = ((cluster / 64) as usize, 1 << (cluster % 64));
            let lba = self.cluster_lba(cluster);
            if self.claimed[word] & bit != 0 {
                return (chain, Err((lba, ChainFault::Taken)));
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
                Next::Free => return (chain, Err((lba, ChainFault::Free))),
                Next::Bad => return (chain, Err((lba, ChainFault::Bad))),
                Next::Cluster(next) => next,
            };
        }
    }

    /// Goes through the table and gives the claims back.
    ///
    /// # Errors
    ///
    /// A sector of the table cannot be read any more.
    pub(super) fn usage(&mut self) -> Result<(Usage, Lost), ReadError> {
        let claimed = std::mem::take(&mut self.claimed);
        let is_claimed = |cluster: u64| {
            claimed.get((cluster / 64) as usize).is_some_and(|word| word & 1 << (cluster % 64) != 0)
        };
        let mut usage = Usage { free: self.bpb.clusters, ..Usage::default() };
        let mut lost = Lost::default();
        self.table.each(|cluster, next| {
            usage.free -= 1;
            usage.bad += u64::from(next == Next::Bad);
            if matches!(next, Next::End | Next::Cluster(_)) && !is_claimed(cluster) {
                if usage.lost == 0 {
                    usage.first_lost = cluster;
                }
                usage.lost += 1;
                lost.add(cluster);
            }
        })?;
        Ok((usage, lost))
    }
}
