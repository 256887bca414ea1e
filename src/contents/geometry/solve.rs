//! The heads and sectors per track of a hard disk, from everything that is said about them.
//!
//! No witness is the judge. Boot code reads by the BIOS parameter block of its own boot sector, so that of the active
//! partition counts most; the addresses of the partition table are held against its LBAs, and what fits most of them
//! is what the table was made with.

use std::fmt;

use serde::{Deserialize, Serialize};

use super::size;
use super::witness::{Address, Code, SectorClaim, Tracks, WHOLE_DISK, Witnesses};
use crate::units::{Chs, Geometry};

/// Heads and sectors per track that disks are made with, the usual first: of today's tools, of BIOSes that translate,
/// of ZIP drives, of flash cards, of the disks of the first PCs.
const USUAL: [Tracks; 26] = [
    (255, 63),
    (240, 63),
    (128, 63),
    (64, 63),
    (32, 63),
    (16, 63),
    (15, 63),
    (8, 63),
    (64, 32),
    (32, 32),
    (16, 32),
    (8, 32),
    (4, 32),
    (2, 32),
    (2, 16),
    (16, 17),
    (15, 17),
    (8, 17),
    (7, 17),
    (6, 17),
    (5, 17),
    (4, 17),
    (2, 17),
    (8, 26),
    (6, 26),
    (4, 26),
];
/// What the address that boot code reads by counts, beside one as others.
const READ_WEIGHT: usize = 2;

/// Who says what a geometry is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, schemars::JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum Witness {
    /// The addresses of a partition table.
    Table,
    /// The addresses of the partition with this number.
    Entry(usize),
    /// The boot sector of the partition with this number.
    BootSector(usize),
    /// The boot sector of the image.
    FirstSector,
    /// The length of the image.
    Size,
}

impl fmt::Display for Witness {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Table => f.write_str("its partition table"),
            Self::Entry(number) => write!(f, "the table's entry of partition {number}"),
            Self::BootSector(number) => write!(f, "the boot sector of partition {number}"),
            Self::FirstSector => f.write_str("its boot sector"),
            Self::Size => f.write_str("its size"),
        }
    }
}

/// A geometry, and who says that it is the image's.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, schemars::JsonSchema)]
pub struct Answer {
    /// Who says so.
    pub witness: Witness,
    /// The geometry.
    pub geometry: Geometry,
}

/// Answers that contradict each other.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, schemars::JsonSchema)]
pub struct Disagreement {
    /// The one that is taken.
    pub taken: Answer,
    /// The others, at least one.
    pub others: Vec<Answer>,
}

impl Disagreement {
    /// Writes who says what, with `before` each geometry.
    pub(crate) fn write(&self, f: &mut fmt::Formatter<'_>, before: &str) -> fmt::Result {
        let Answer { witness, geometry } = self.taken;
        write!(f, "{witness} says {before}{geometry}, which is taken")?;
        let mut others = self.others.iter();
        others.try_for_each(|other| write!(f, "; {} says {before}{}", other.witness, other.geometry))
    }
}

/// The geometry that a disk gets.
#[derive(Clone, Debug)]
pub(crate) struct Fitted {
    pub geometry: Geometry,
    /// Sectors of the disk, with those that fill up its last cylinder.
    pub sectors: u64,
    pub disagreement: Option<Disagreement>,
}

/// The geometry of the disk that `witnesses` speak of; what such a disk mostly has if they say nothing.
pub(crate) fn fit(witnesses: &Witnesses) -> Fitted {
    let whole = |(heads, sectors_per_track): Tracks| {
        let cylinder = u64::from(heads) * u64::from(sectors_per_track);
        let (cylinders, sectors) = size::whole_cylinders(witnesses.sectors, cylinder, witnesses.keeps_end);
        (Geometry { cylinders, heads, sectors_per_track }, sectors)
    };
    let solution = solve(witnesses);
    let (geometry, sectors) =
        whole(solution.as_ref().map_or(witnesses.otherwise, |solution| solution.tracks));
    let disagreement = solution.filter(|solution| !solution.others.is_empty()).map(|solution| {
        let answer = |(witness, tracks)| Answer { witness, geometry: whole(tracks).0 };
        let taken = Answer { witness: solution.witness, geometry };
        Disagreement { taken, others: solution.others.into_iter().map(answer).collect() }
    });
    Fitted { geometry, sectors, disagreement }
}

/// The answer, and who contradicts it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Solution {
    pub tracks: Tracks,
    pub witness: Witness,
    /// What most addresses of the table fit, if any fit anything.
    pub table: Option<Tracks>,
    /// Other answers, each once.
    pub others: Vec<(Witness, Tracks)>,
}

/// The heads and sectors per track that the `witnesses` speak of; `None` if none of them says anything that can be so.
pub(crate) fn solve(witnesses: &Witnesses) -> Option<Solution> {
    let table = table_fit(witnesses);
    let by_table = table.map(|tracks| (Witness::Table, tracks));
    let boot_sector = |claim: &SectorClaim| (claim.witness(), claim.tracks);
    let active = witnesses.claims.first().filter(|claim| claim.active);
    let active = active.filter(|claim| is_believed(witnesses, claim, table)).map(boot_sector);
    let other = || {
        let placed = |claim: &&SectorClaim| claim.knows_its_place || claim.has_no_place;
        let reaches = |claim: &&SectorClaim| size::reaches(claim.tracks.0, claim.tracks.1, claim.end);
        witnesses.claims.iter().filter(placed).find(reaches).map(boot_sector)
    };
    let (witness, tracks) = active.or(by_table).or_else(other)?;
    Some(Solution { tracks, witness, table, others: others(witnesses, tracks, table) })
}

/// Whether the boot sector of the active partition is a better witness than the addresses of the table.
fn is_believed(witnesses: &Witnesses, claim: &SectorClaim, table: Option<Tracks>) -> bool {
    let (heads, track) = claim.tracks;
    let placed = claim.knows_its_place || (claim.has_no_place && claim.code != Code::Dummy);
    if !placed || !size::reaches(heads, track, claim.end) {
        return false;
    }
    let Some(table) = table else { return true };
    // Where only the table's geometry reaches the whole disk, it is the disk's.
    let is_whole = witnesses.addresses.iter().all(|address| fits(address, table));
    let reach = |(heads, track)| size::reaches(heads, track, witnesses.sectors);
    if is_whole && reach(table) && !reach(claim.tracks) {
        return false;
    }
    // Code in sector 0 that reads by CHS alone finds the boot sector by the table's geometry only. A boot sector that
    // does not know its place, or that has EDD or no code, loses nothing by that.
    let is_found = |tracks| witnesses.read_by_chs.is_none_or(|address| fits(&address, tracks));
    let needs_its_own = claim.knows_its_place && claim.code == Code::ByChs;
    needs_its_own || is_found(claim.tracks) || !is_found(table)
}

/// What most addresses fit, the likely first: what boot sectors say, an end on a cylinder with which all agree, what such
/// a disk mostly has, what is usual, and anything.
fn table_fit(witnesses: &Witnesses) -> Option<Tracks> {
    let addresses = &witnesses.addresses;
    let votes = |tracks: Tracks| {
        let read = witnesses.read_by_chs.filter(|address| fits(address, tracks));
        agreeing(addresses, tracks) + read.map_or(0, |_| READ_WEIGHT)
    };
    let ends = addresses.iter().filter_map(Address::as_last);
    let last = ends.clone().reduce(|(heads, track), other| (heads.max(other.0), track.max(other.1)));
    let last = last.filter(|&tracks| agreeing(addresses, tracks) == addresses.len());
    let claimed = witnesses.claims.iter().map(|claim| claim.tracks);
    let candidates = claimed.chain(last).chain([witnesses.otherwise]).chain(USUAL).chain(ends);
    let mut best = first_of_most(candidates, votes);
    if best.is_none_or(|(tracks, _)| agreeing(addresses, tracks) < addresses.len()) && addresses.len() > 1 {
        let any = (1..=255).flat_map(|heads| (1..=63).map(move |track| (heads, track)));
        let unusual = first_of_most(any, votes).filter(|&(tracks, _)| agreeing(addresses, tracks) > 1);
        best = match (best, unusual) {
            (Some(best), Some(unusual)) if unusual.1 <= best.1 => Some(best),
            (best, unusual) => unusual.or(best),
        };
    }
    best.map(|(tracks, _)| tracks)
}

impl SectorClaim {
    fn witness(&self) -> Witness {
        match self.partition {
            WHOLE_DISK => Witness::FirstSector,
            number => Witness::BootSector(number),
        }
    }
}

/// The first of those with the most votes, and how many; `None` if none has one.
fn first_of_most(
    candidates: impl Iterator<Item = Tracks>,
    votes: impl Fn(Tracks) -> usize,
) -> Option<(Tracks, usize)> {
    let mut best = None;
    for tracks in candidates {
        let count = votes(tracks);
        if count > best.map_or(0, |(_, most)| most) {
            best = Some((tracks, count));
        }
    }
    best
}

/// Answers that contradict `tracks`: of the table, of boot sectors that can be meant, and of entries that neither fits.
fn others(witnesses: &Witnesses, tracks: Tracks, table: Option<Tracks>) -> Vec<(Witness, Tracks)> {
    let addresses = &witnesses.addresses;
    let mut others: Vec<(Witness, Tracks)> = Vec::new();
    let mut add = |witness, other: Tracks| {
        if other != tracks && others.iter().all(|&(_, known)| known != other) {
            others.push((witness, other));
        }
    };
    let table = table.filter(|&table| agreeing(addresses, tracks) < agreeing(addresses, table));
    if let Some(table) = table {
        add(Witness::Table, table);
    }
    for claim in witnesses.claims.iter().filter(|claim| claim.knows_its_place || claim.has_no_place) {
        add(claim.witness(), claim.tracks);
    }
    let explained = |address: &Address| fits(address, tracks) || table.is_some_and(|it| fits(address, it));
    for contradicting in addresses.iter().filter(|address| !explained(address)) {
        let own: Vec<Address> = addresses
            .iter()
            .filter(|address| address.partition == contradicting.partition)
            .copied()
            .collect();
        let candidates = own.iter().filter_map(Address::as_last).chain(USUAL);
        if let Some(fit) = candidates.clone().find(|&candidate| agreeing(&own, candidate) == own.len()) {
            add(Witness::Entry(contradicting.partition), fit);
        }
    }
    others
}

fn agreeing(addresses: &[Address], tracks: Tracks) -> usize {
    addresses.iter().filter(|address| fits(address, tracks)).count()
}

/// Whether both addresses of a sector are the same with so many heads and sectors per track.
fn fits(address: &Address, (heads, sectors_per_track): Tracks) -> bool {
    let geometry = Geometry { cylinders: 1, heads, sectors_per_track };
    Chs::from_lba(address.lba, &geometry) == address.chs
}
