//! What the sectors of a hard disk say about its heads and sectors per track. Which of them is right is for
//! [`solve`](super::solve) to judge.

use crate::contents::boot_code::{self, CODE_LEN, Starts};
use crate::contents::boot_sector;
use crate::contents::mbr::{self, EXTENDED, Slot, TableEntry};
use crate::contents::parts::LOGICAL_MAX;
use crate::units::Chs;

/// Type of a partition that is for UEFI alone: no BIOS counts by its boot sector.
const EFI_SYSTEM: u8 = 0xEF;

/// Number of the partition that is the whole disk.
pub(crate) const WHOLE_DISK: usize = 0;

/// Heads and sectors per track.
pub(crate) type Tracks = (u16, u16);

/// A sector by both of its addresses.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Address {
    /// Number of the partition that begins or ends there.
    pub partition: usize,
    pub lba: u64,
    pub chs: Chs,
    pub is_end: bool,
}

impl Address {
    /// The address, if it tells something: sector 0 is 0/0/1 with every geometry, there is no sector number 0, and
    /// FE FF FF and FF FF FF stand for "behind what CHS reaches", whatever the geometry.
    fn telling(partition: usize, lba: u64, chs: Chs, is_end: bool) -> Option<Self> {
        let is_saturated = chs.cylinder == 1023 && chs.head >= 254 && chs.sector == 63;
        (lba != 0 && chs.sector != 0 && !is_saturated).then_some(Self { partition, lba, chs, is_end })
    }

    /// Heads and sectors per track, if the last sector of a partition is the last of a cylinder.
    pub fn as_last(&self) -> Option<Tracks> {
        let tracks = (u16::from(self.chs.head) + 1, u16::from(self.chs.sector));
        (self.is_end && tracks.0 <= 255).then_some(tracks)
    }
}

/// What the code in a sector does.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Code {
    /// It reads nothing.
    Nothing,
    /// It was left by a formatter and tells that the disk does not boot.
    Dummy,
    /// It reads by CHS and does not know EDD.
    ByChs,
    /// It reads with EDD too.
    ByLba,
}

/// What a boot sector says of its disk.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct SectorClaim {
    /// Number of its partition, or [`WHOLE_DISK`].
    pub partition: usize,
    /// Whether it is the active one.
    pub active: bool,
    pub tracks: Tracks,
    /// Whether its hidden sectors are those before it.
    pub knows_its_place: bool,
    /// Whether its hidden sectors are 0, as `mkfs.fat` leaves them, and its sectors fit the partition.
    pub has_no_place: bool,
    pub code: Code,
    /// One past the last sector of its partition.
    pub end: u64,
}

/// Everything that is said about one disk.
#[derive(Clone, Debug)]
pub(crate) struct Witnesses {
    pub addresses: Vec<Address>,
    /// Of the active partition first.
    pub claims: Vec<SectorClaim>,
    /// Where the boot code of sector 0, which reads by CHS alone, looks for the active partition.
    pub read_by_chs: Option<Address>,
    /// Sectors of the disk.
    pub sectors: u64,
    /// Whether its last sector must stay the last: the copy of a GPT is there.
    pub keeps_end: bool,
    /// What such a disk mostly has.
    pub otherwise: Tracks,
}

/// The entries of the table `slots` that describe partitions.
pub(crate) fn entries(slots: &[Slot; 4]) -> Vec<TableEntry> {
    let entries = (1..).zip(slots).map(|(number, slot)| TableEntry::of(number, slot));
    entries.filter(|entry| entry.type_byte != 0 && !entry.is_protective() && entry.sectors > 0).collect()
}

impl Witnesses {
    /// Asks the table in `record`, which has `entries`, the tables within extended partitions, and all boot sectors of a
    /// disk of `sectors` sectors, which mostly has the heads and sectors per track `otherwise`.
    ///
    /// `read` gives a sector of the disk, or `None` if the disk ends before it. It is called at most twice for each
    /// partition, and there are no more than 36.
    ///
    /// # Errors
    ///
    /// What `read` fails with.
    pub fn of<E>(
        record: &[u8; 512],
        entries: &[TableEntry],
        sectors: u64,
        otherwise: Tracks,
        read: &mut dyn FnMut(u64) -> Result<Option<[u8; 512]>, E>,
    ) -> Result<Self, E> {
        let mut all: Vec<(TableEntry, u64)> =
            entries.iter().filter(|entry| !entry.is_protective()).map(|&entry| (entry, 0)).collect();
        if let Some(extended) = all.iter().map(|(entry, _)| *entry).find(is_extended) {
            all.extend(logical(extended.start, read)?);
        }
        let mut witnesses = Self {
            addresses: Vec::new(),
            claims: Vec::new(),
            read_by_chs: None,
            sectors,
            keeps_end: entries.iter().any(TableEntry::is_protective),
            otherwise,
        };
        let active = mbr::active(entries).map(|entry| entry.number);
        for &(entry, container) in &all {
            let TableEntry { number, start, .. } = entry;
            let first = Address::telling(number, start, entry.start_chs, false);
            let last = Address::telling(number, entry.end() - 1, entry.end_chs, true);
            let is_active = active == Some(number);
            if is_active && reads_by_chs(record) {
                witnesses.read_by_chs = first;
            }
            witnesses.addresses.extend(first.into_iter().chain(last));
            // A boot sector in sector 0 is that of the disk, not of a partition.
            if start == 0 || is_extended(&entry) || entry.type_byte == EFI_SYSTEM {
                continue;
            }
            let claim = read(start)?.and_then(|sector| claim(&entry, container, is_active, &sector));
            witnesses.claims.extend(claim);
        }
        witnesses.claims.sort_by_key(|claim| !claim.active);
        witnesses.claims.extend(of_disk(record, sectors));
        Ok(witnesses)
    }
}

/// What a file system says that begins in sector 0 of a disk of `sectors` sectors, beside the table that is there too.
fn of_disk(record: &[u8; 512], sectors: u64) -> Option<SectorClaim> {
    let volume = boot_sector::read(record)?;
    Some(SectorClaim {
        partition: WHOLE_DISK,
        active: false,
        tracks: (volume.heads, volume.sectors_per_track),
        knows_its_place: volume.hidden == 0,
        has_no_place: false,
        code: Code::Nothing,
        end: sectors,
    })
}

fn is_extended(entry: &TableEntry) -> bool {
    EXTENDED.contains(&entry.type_byte)
}

/// The partitions within the extended one at `extended`, with their place on the disk, each with the sector in which
/// its table is.
fn logical<E>(
    extended: u64,
    read: &mut dyn FnMut(u64) -> Result<Option<[u8; 512]>, E>,
) -> Result<Vec<(TableEntry, u64)>, E> {
    let (mut found, mut at) = (Vec::new(), extended);
    while found.len() < LOGICAL_MAX {
        let Some(sector) = read(at)? else { break };
        let (further, own): (Vec<_>, Vec<_>) = mbr::read(&sector).into_iter().partition(is_extended);
        let Some(own) = own.first() else { break };
        let number = 5 + found.len();
        found.push((TableEntry { number, start: at + own.start, active: false, ..*own }, at));
        let Some(further) = further.first() else { break };
        at = extended + further.start;
    }
    Ok(found)
}

/// What the boot sector of the partition `entry` says. The drives within an extended partition count their hidden
/// sectors from the table before them, in `container`, or from the start of the disk.
fn claim(entry: &TableEntry, container: u64, active: bool, sector: &[u8; 512]) -> Option<SectorClaim> {
    let volume = boot_sector::read(sector)?;
    let hidden = u64::from(volume.hidden);
    Some(SectorClaim {
        partition: entry.number,
        active,
        tracks: (volume.heads, volume.sectors_per_track),
        knows_its_place: hidden == entry.start || hidden == entry.start - container,
        has_no_place: hidden == 0 && volume.sectors <= entry.sectors,
        code: code(sector),
        end: entry.end(),
    })
}

/// Whether the code of a master boot record starts the active partition and reads by CHS alone.
fn reads_by_chs(record: &[u8; 512]) -> bool {
    boot_code::starts(record) == Starts::Active && calls(&record[..CODE_LEN]) == Code::ByChs
}

/// What the boot sector of a file system does.
fn code(sector: &[u8; 512]) -> Code {
    match boot_code::dummy(sector) {
        Some(_) => Code::Dummy,
        None => calls(&sector[3..510]),
    }
}

/// What `bytes` of a sector do, by the calls of INT 13h in them.
fn calls(bytes: &[u8]) -> Code {
    let has = |pattern: &[u8]| bytes.windows(pattern.len()).any(|window| window == pattern);
    let sets = |function: u8| {
        has(&[0xB4, function]) || bytes.windows(3).any(|three| three[0] == 0xB8 && three[2] == function)
    };
    match has(&[0xCD, 0x13]) {
        true if sets(0x41) || sets(0x42) => Code::ByLba,
        true => Code::ByChs,
        false => Code::Nothing,
    }
}
