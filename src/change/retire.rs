//! Clusters that do not keep what they get are taken out of use: they are marked as bad, and where a file has them and nothing in
//! them counts, other clusters take their places in its chain.

use std::collections::BTreeSet;
use std::ops::Range;

use ramkey_format::manifest::RangeEntry;

use super::manifest::{Named, first_of, with_capsule, without_capsule};
use super::steps::Steps;
use super::{ChangeError, Step, Stick};
use crate::capsule;
use crate::layout::Role;
use crate::stick::{BAD_CLUSTER, Entry, FatBits, LAST_CLUSTER, Reader, StickFile, StickState};
use crate::units::SECTOR_LEN;

/// Clusters that are to go out of use.
struct Wear<'e> {
    /// All of them.
    bad: BTreeSet<u64>,
    /// Those that are free.
    free: BTreeSet<u64>,
    /// The files that have the others.
    worn: Vec<Worn<'e>>,
}

/// A capsule's file, some of whose clusters are bad.
struct Worn<'e> {
    entry: &'e Entry,
    chain: Vec<u64>,
    /// The places of these in the chain, ascending.
    places: Vec<usize>,
}

/// The steps after which no file has the clusters of `sectors` and nobody takes them any more: they are marked as bad in all tables.
///
/// Wherever that is cut, every capsule has all that counts, and a change that was announced and not finished is all that is to be
/// seen of it.
///
/// # Errors
///
/// [`ChangeError::Needed`] if one of them lies in no cluster, or in one that holds something; [`ChangeError::NoRoom`] if no others are
/// free; else see [`ChangeError`].
pub fn retire<'r>(
    reader: &'r Reader<'r>,
    state: &StickState<'r>,
    sectors: &[u64],
) -> Result<Vec<Step>, ChangeError> {
    let stick = Stick::of(reader, state)?;
    stick.can_grow()?;
    let Wear { bad, free, worn } = Wear::of(&stick, sectors)?;
    let count: usize = worn.iter().map(|worn| worn.places.len()).sum();
    let mut others = stick.others(count as u64, &free)?.into_iter();

    let announced: Vec<&Entry> = match worn.is_empty() {
        // Any of them will do: that a change is under way is all that is to be told.
        true => capsules(&stick).filter(|entry| stick.is_named(entry)).take(1).collect(),
        false => worn.iter().map(|worn| worn.entry).collect(),
    };
    if announced.is_empty() {
        return Err(ChangeError::NoManifest);
    }
    let mut ranges = stick.ranges();
    for entry in &announced {
        ranges = stick.announced_to_go(&ranges, entry)?;
    }
    let mut steps = Steps::new(stick);
    stick.hash_again(&mut ranges, &steps.future)?;
    steps.manifest(1 - stick.slot, &ranges, 1)?;

    let chains: Vec<Vec<u64>> = worn.iter().map(|worn| worn.with(&mut others)).collect();
    for (worn, chain) in worn.iter().zip(&chains) {
        for &place in &worn.places {
            steps.set(chain[place], chain.get(place + 1).map_or(LAST_CLUSTER, |&next| next as u32))?;
        }
    }
    steps.close(Role::FatTable);
    for (worn, chain) in worn.iter().zip(&chains) {
        for &place in worn.places.iter().filter(|&place| !worn.places.contains(&(place - 1))) {
            steps.set(chain[place - 1], chain[place] as u32)?;
        }
    }
    steps.close(Role::FatTable);
    for &cluster in &bad {
        steps.set(cluster, BAD_CLUSTER)?;
    }
    steps.close(Role::FatTable);
    steps.copy_tables()?;

    let count = bad.len() as u64;
    let counted = if stick.volume.volume.bits() == FatBits::Fat32 { count } else { 0 };
    let stick = Stick { bad_then: stick.bad_then + counted, ..stick };
    let mut after = stick.ranges();
    for (worn, chain) in worn.iter().zip(&chains) {
        after = stick.ranges_after(&after, worn, chain)?;
    }
    let old_counts = stick.counts(&stick.manifest.ranges);
    steps.count(old_counts, stick.counts_then(&after), -(count as i64))?;
    stick.hash_again(&mut after, &steps.future)?;
    steps.manifest(stick.slot, &after, 2)?;
    Ok(steps.done)
}

/// Whether [`retire`] takes the clusters of `sectors` out of use, as far as that depends on what is in them.
pub fn can_retire<'r>(reader: &'r Reader<'r>, state: &StickState<'r>, sectors: &[u64]) -> bool {
    Stick::of(reader, state).is_ok_and(|stick| Wear::of(&stick, sectors).is_ok())
}

/// The capsules of a stick.
fn capsules<'s>(stick: &Stick<'s, '_>) -> impl Iterator<Item = &'s Entry> {
    let entries = stick.volume.tree.as_ref().map_or(&[][..], |tree| &tree.entries);
    entries.iter().filter(|entry| entry.is_capsule)
}

impl<'s> Wear<'s> {
    /// The clusters of `sectors`.
    fn of(stick: &Stick<'s, '_>, sectors: &[u64]) -> Result<Self, ChangeError> {
        let clusters = sectors.iter().map(|&lba| stick.cluster_of(lba).ok_or(ChangeError::Needed { lba }));
        let bad = clusters.collect::<Result<BTreeSet<u64>, ChangeError>>()?;
        let free = stick.free_among(&bad)?;
        let worn: Vec<Worn> = capsules(stick).filter_map(|entry| Worn::of(stick, entry, &bad)).collect();
        let known: BTreeSet<u64> = free.iter().copied().chain(worn.iter().flat_map(Worn::bad)).collect();
        if let Some(&cluster) = bad.difference(&known).next() {
            return Err(ChangeError::Needed { lba: stick.volume.volume.cluster_lba(cluster) });
        }
        worn.iter().try_for_each(|worn| worn.check(stick))?;
        Ok(Self { bad, free, worn })
    }
}

impl<'e> Worn<'e> {
    /// The file of `entry`, if it has one of the clusters `bad`.
    fn of(stick: &Stick, entry: &'e Entry, bad: &BTreeSet<u64>) -> Option<Self> {
        let chain = stick.chain(entry);
        let places: Vec<usize> = (0..chain.len()).filter(|&place| bad.contains(&chain[place])).collect();
        (!places.is_empty()).then_some(Self { entry, chain, places })
    }

    /// Its bad clusters.
    fn bad(&self) -> impl Iterator<Item = u64> {
        self.places.iter().map(|&place| self.chain[place])
    }

    /// Refuses a cluster in which something counts, and one whose place in the chain cannot be taken at once.
    fn check(&self, stick: &Stick) -> Result<(), ChangeError> {
        let step = stick.volume.volume.cluster_sectors();
        let taken = self.taken(stick.reader)?;
        for &place in &self.places {
            let (start, end) = (place as u64 * step, (place as u64 + 1) * step);
            let counts = taken.iter().any(|taken| taken.start < end && start < taken.end);
            let before = place.checked_sub(1).map(|before| self.chain[before]);
            if counts || before.is_none_or(|before| stick.is_in_two_sectors(before)) {
                return Err(ChangeError::Needed { lba: stick.volume.volume.cluster_lba(self.chain[place]) });
            }
        }
        Ok(())
    }

    /// The sectors of the file that its header names, and this itself.
    fn taken(&self, reader: &Reader) -> Result<Vec<Range<u64>>, ChangeError> {
        let file = StickFile::new(reader, self.entry);
        let sector: [u8; SECTOR_LEN as usize] =
            file.read(0, SECTOR_LEN)?.try_into().map_err(|_| ChangeError::Unsound)?;
        let header = capsule::header(&sector).map_err(|_| ChangeError::Unsound)?;
        let (start, len) = (header.table_offset.get(), u64::from(header.table_len.get()));
        let block = file.read(start, len)?;
        let table = capsule::table(header, &block).map_err(|_| ChangeError::Unsound)?;
        let stored = table.entries.iter().map(|entry| entry.stored()).filter(|stored| !stored.is_empty());
        let all = [0..SECTOR_LEN, start..start + len].into_iter().chain(stored);
        Ok(all.map(|bytes| bytes.start / SECTOR_LEN..bytes.end.div_ceil(SECTOR_LEN)).collect())
    }

    /// Its chain with `others` in the place of those that are bad.
    fn with(&self, others: &mut impl Iterator<Item = u64>) -> Vec<u64> {
        let mut chain = self.chain.clone();
        for &place in &self.places {
            chain[place] = others.next().unwrap_or(chain[place]);
        }
        chain
    }
}

impl Stick<'_, '_> {
    /// The cluster of sector `lba`, if it lies in one.
    fn cluster_of(&self, lba: u64) -> Option<u64> {
        let volume = &self.volume.volume;
        (lba >= volume.cluster_lba(2)).then(|| self.cluster_at(lba)).filter(|&cluster| volume.has(cluster))
    }

    /// Those of `clusters` that are free.
    fn free_among(&self, clusters: &BTreeSet<u64>) -> Result<BTreeSet<u64>, ChangeError> {
        let volume = &self.volume.volume;
        let mut free = BTreeSet::new();
        volume.each_free(|(lba, sectors)| {
            let first = self.cluster_at(lba);
            free.extend(clusters.range(first..first + sectors / volume.cluster_sectors()));
        })?;
        Ok(free)
    }

    /// `count` clusters that are free and none of `bad`, ascending.
    fn others(&self, count: u64, bad: &BTreeSet<u64>) -> Result<Vec<u64>, ChangeError> {
        if count == 0 {
            return Ok(Vec::new());
        }
        // The others are looked for among so many more.
        let more = bad.iter().filter(|&&cluster| !self.is_in_two_sectors(cluster)).count() as u64;
        let free = self.free_clusters(0, count + more).map_err(|error| match error {
            ChangeError::NoRoom { free, .. } => {
                let len = self.volume.volume.cluster_len();
                ChangeError::NoRoom { needed: count * len, free: free.saturating_sub(more * len) }
            }
            error => error,
        })?;
        Ok(free.into_iter().filter(|cluster| !bad.contains(cluster)).take(count as usize).collect())
    }

    /// Whether the manifest names the capsule of `entry`.
    fn is_named(&self, entry: &Entry) -> bool {
        let lba = entry.runs.first().map(|(lba, _)| *lba);
        self.manifest.ranges.iter().any(|range| range.is_first_piece() && Some(range.lba.get()) == lba)
    }

    /// `ranges` when the file of `worn` has `chain`; one that they do not name stays so.
    fn ranges_after(
        &self,
        ranges: &[RangeEntry],
        worn: &Worn,
        chain: &[u64],
    ) -> Result<Vec<RangeEntry>, ChangeError> {
        let &(lba, _) = worn.entry.runs.first().ok_or(ChangeError::Unsound)?;
        let runs = self.runs_of(chain);
        let ranges = without_capsule(ranges, &worn.entry.runs);
        if !self.is_named(worn.entry) {
            return Ok(without_capsule(&ranges, &runs));
        }
        let header = *blake3::hash(&self.reader.sector(lba)?).as_bytes();
        let own = first_of(runs.iter().copied(), worn.entry.len.div_ceil(SECTOR_LEN));
        Ok(with_capsule(&ranges, &runs, &Named { runs: &own, header, next: None }))
    }
}
