//! Boot code, tables, reserved sectors and zeros, from this program's own boot code, and from what stands on a stick twice.

use ramkey_format::boot::BootHeader;
use ramkey_format::manifest::{RangeEntry, range};
use ramkey_format::memory::{BOOT_LBA, PARTITION_LBA};

use super::patched::{Patched, Sectors, differing, each_sector};
use crate::layout::{Frame, start_of_hash};
use crate::plan::{Division, FatBits, FsChoice, LayoutKind, StartOptions, divide};
use crate::stick::{
    BAD_CLUSTER, Bpb, FS_INFO, FS_INFO_COUNTS, Manifest, Reader, Reserved, bad_then, with_bad, written_counts,
};
use crate::units::SECTOR_LEN;

/// Most sectors of a range that is made again: stamps have the longest, and an end of a GPT is short.
const RANGE_MAX: u64 = 1 << 13;
/// Most numbers of clusters of which it is asked whether so many were bad when the stick was written.
const BAD_TRIED: usize = 8;
/// Most sectors in which two copies of the boot area may differ for all choices of them to be tried.
const CHOICES_MAX: usize = 10;

/// How a stick was divided, as its manifest says it; `None` if this program divides none so, as a disc.
pub fn division_of(manifest: &Manifest) -> Option<Division> {
    let header = &manifest.header;
    let layout = LayoutKind::from_code(header.layout)?;
    let bits = [FatBits::Fat12, FatBits::Fat16, FatBits::Fat32];
    let bits = bits.into_iter().find(|bits| bits.bits() == header.fat_bits)?;
    let division = divide(layout, header.stick_sectors.get(), FsChoice::Is(bits), header.label).ok()?;
    let volume = &division.volume;
    let is_it = (volume.lba, volume.sectors) == (header.volume_lba.get(), header.volume_sectors.get());
    is_it.then_some(division)
}

/// The start options that the boot headers of a stick name, as far as they can be read.
pub fn start_options(stick: &Reader) -> Vec<StartOptions> {
    let lbas = [BOOT_LBA, PARTITION_LBA + BOOT_LBA];
    let sectors = lbas.into_iter().filter_map(|lba| stick.sector(lba.into()).ok());
    let mut found = Vec::new();
    for sector in sectors.filter(|sector| sector.starts_with(&BootHeader::MAGIC)) {
        let Ok(header) = BootHeader::parse(&sector) else { continue };
        let start = StartOptions::of(header);
        if !found.contains(&start) {
            found.push(start);
        }
    }
    found
}

/// The frame with the counts of free clusters that follow from the manifest, and from the table of `stick`, which may have marked
/// clusters as bad: as many of them count as taken as make the frame that was written, and else all.
pub fn frame_of(
    division: &Division,
    manifest: &Manifest,
    start: StartOptions,
    stick: Option<&Reader>,
) -> Option<Frame> {
    let make = |counts| Frame::of(division, manifest.header.stick_id, start, counts).ok();
    let frame = make([0; 8])?;
    if division.volume.bits != FatBits::Fat32 {
        return Some(frame);
    }
    let lba = division.volume.lba;
    let bpb = bpb_of(&frame, lba)?;
    let counts = written_counts(&bpb, &manifest.ranges, lba + bpb.data());
    let marked = stick.map_or(0, |stick| marked(stick, &bpb, lba));
    if marked == 0 {
        return make(counts);
    }
    let mut reserved = manifest.ranges.iter().filter(|entry| entry.kind == range::FAT_RESERVED);
    let summary = reserved.find(|entry| (entry.lba.get()..entry.end()).contains(&(lba + FS_INFO)));
    let is_it = |frame: &Frame| {
        let bytes = summary.and_then(|entry| Some((entry, frame.bytes_of(entry)?)));
        bytes.is_some_and(|(entry, bytes)| *blake3::hash(&bytes).as_bytes() == entry.blake3)
    };
    let numbers = bad_then(marked).take(BAD_TRIED).chain([0]);
    let mut frames = numbers.filter_map(|bad| make(with_bad(counts, bad)));
    frames.find(is_it).or_else(|| make(with_bad(counts, marked)))
}

/// Clusters that the first table of a FAT32 marks as bad; none if it cannot be read.
fn marked(stick: &Reader, bpb: &Bpb, volume_lba: u64) -> u64 {
    let (mut marked, mut left) = (0, bpb.clusters + 2);
    let counted = stick.each(volume_lba + bpb.reserved, bpb.fat_sectors, |part| {
        for entry in part.as_chunks::<4>().0.iter().take(left as usize) {
            marked += u64::from(u32::from_le_bytes(*entry) & 0x0FFF_FFFF == BAD_CLUSTER);
        }
        left = left.saturating_sub(part.len() as u64 / 4);
    });
    counted.map_or(0, |_| marked)
}

/// The numbers of the file system in a frame.
fn bpb_of(frame: &Frame, lba: u64) -> Option<Bpb> {
    Bpb::parse(&frame.sector(lba)?).ok()
}

/// What makes ranges of a stick right again.
#[derive(Default)]
pub(super) struct Ranges {
    /// The sectors that are exchanged.
    pub sectors: Sectors,
    /// Those of them that are cleared first, in this order.
    pub cleared_first: Vec<u64>,
    /// Whether others are known that come when these are there.
    pub more: bool,
}

/// What makes the ranges of the manifest that are no file system's right again, as far as it is known what they held.
pub(super) fn ranges(stick: &Patched, manifest: &Manifest, is_disc: bool) -> Ranges {
    let mut sectors = Sectors::new();
    let reader = Reader::new(stick, &|_| {});
    let wrong: Vec<&RangeEntry> = manifest.ranges.iter().filter(|entry| is_wrong(&reader, entry)).collect();
    if wrong.is_empty() {
        return Ranges::default();
    }
    let of_kind = |kind| manifest.ranges.iter().find(move |entry| entry.kind == kind);
    let code = of_kind(range::BOOT_CODE);
    let division = division_of(manifest).filter(|_| !is_disc);
    // Where nobody knows what tables it had, those that it has must be the ones that were written.
    if division.is_none() && wrong.iter().any(|entry| entry.kind == range::SECTOR_0) {
        return Ranges::default();
    }
    let made = division.as_ref().and_then(|division| {
        let start = start_of_hash(division, &code?.blake3, &start_options(&reader))?;
        Some((frame_of(division, manifest, start, Some(&reader))?, division.volume.lba))
    });
    for entry in wrong {
        let (lba, count) = (entry.lba.get(), entry.sectors.get());
        let is_it = |bytes: &Vec<u8>| *blake3::hash(bytes).as_bytes() == entry.blake3;
        let from_frame = || made.as_ref().and_then(|(frame, _)| frame.bytes_of(entry)).filter(is_it);
        let zeros = || Some(vec![0; (count * SECTOR_LEN) as usize]).filter(is_it);
        let other = match entry.kind {
            range::BOOT_CODE => of_kind(range::BOOT_COPY),
            range::BOOT_COPY => code,
            _ => None,
        };
        let from_other = || merged(stick, entry, other?);
        let Some(bytes) = from_frame().or_else(zeros).or_else(from_other) else { continue };
        let mut differ = differing(stick, lba, &bytes);
        if let Some((frame, volume_lba)) = &made
            && matches!(entry.kind, range::FAT_RESERVED | range::SECTOR_0)
        {
            keep_changes(&reader, manifest, (frame, *volume_lba), entry, &bytes, &mut differ);
        }
        sectors.extend(differ);
    }
    // Of two areas that are made from each other one must be there: one comes after the other.
    let more = made.is_none() && keep_one_area(manifest, &mut sectors);
    let cleared_first = cleared_first(stick, manifest, &mut sectors);
    Ranges { sectors, cleared_first, more }
}

/// The boot areas of which something is among `sectors`.
fn areas<'m>(manifest: &'m Manifest, sectors: &Sectors) -> Vec<&'m RangeEntry> {
    let is_touched = |entry: &&RangeEntry| {
        let (lba, end) = (entry.lba.get(), entry.lba.get() + entry.sectors.get());
        matches!(entry.kind, range::BOOT_CODE | range::BOOT_COPY) && sectors.range(lba..end).next().is_some()
    };
    manifest.ranges.iter().filter(is_touched).collect()
}

/// Where two boot areas are touched, leaves of `sectors` those of one of them: the one whose header is lost, so that the other header
/// is there while this one is clear. Says whether anything was left out.
fn keep_one_area(manifest: &Manifest, sectors: &mut Sectors) -> bool {
    let areas = areas(manifest, sectors);
    let &[.., last] = &areas[..] else { return false };
    if areas.len() < 2 {
        return false;
    }
    let first = areas.into_iter().find(|area| sectors.contains_key(&area.lba.get())).unwrap_or(last);
    let lbas = first.lba.get()..first.lba.get() + first.sectors.get();
    sectors.retain(|lba, _| lbas.contains(lba));
    true
}

/// The sectors that are cleared before boot code is exchanged: the headers of the boot areas of which something is, and sector 0 if it is
/// among `sectors`, to which the headers are added.
fn cleared_first(stick: &Patched, manifest: &Manifest, sectors: &mut Sectors) -> Vec<u64> {
    let headers: Vec<u64> = areas(manifest, sectors).iter().map(|entry| entry.lba.get()).collect();
    if headers.is_empty() {
        return Vec::new();
    }
    for &lba in &headers {
        if let (false, Some(header)) = (sectors.contains_key(&lba), each_sector(stick, lba, 1)[0]) {
            sectors.insert(lba, header);
        }
    }
    let sector_0 = sectors.contains_key(&0).then_some(0);
    sector_0.into_iter().chain(headers).filter(|lba| sectors.contains_key(lba)).collect()
}

/// Whether a range of this kind depends on boot code.
pub(super) fn is_of_frame(kind: u8) -> bool {
    matches!(
        kind,
        range::SECTOR_0
            | range::TABLE
            | range::BOOT_CODE
            | range::BOOT_COPY
            | range::STAMPS
            | range::CLEARED
            | range::FAT_RESERVED
    )
}

/// Whether a range is one that nobody changes, and is not as written.
fn is_wrong(reader: &Reader, entry: &RangeEntry) -> bool {
    let (lba, sectors) = (entry.lba.get(), entry.sectors.get());
    let is_there = lba.checked_add(sectors).is_some_and(|end| end <= reader.sectors());
    is_of_frame(entry.kind)
        && is_there
        && sectors <= RANGE_MAX
        && reader.hash(lba, sectors).map_or(true, |hash| *hash.as_bytes() != entry.blake3)
}

/// Leaves those sectors as they are that differ in nothing but what systems write there.
fn keep_changes(
    reader: &Reader,
    manifest: &Manifest,
    (frame, volume_lba): (&Frame, u64),
    entry: &RangeEntry,
    wanted: &[u8],
    differ: &mut Sectors,
) {
    let Some(bpb) = &bpb_of(frame, volume_lba) else { return };
    let (lba, sectors) = (entry.lba.get(), entry.sectors.get());
    let found = each_sector(reader.stick(), lba, sectors);
    let mut bytes: Vec<u8> =
        found.iter().flat_map(|sector| sector.unwrap_or([0; SECTOR_LEN as usize])).collect();
    // As the frame has them, in which those count that were bad then.
    let summary =
        frame.sector(volume_lba + FS_INFO).and_then(|sector| sector[FS_INFO_COUNTS].try_into().ok());
    let counts = summary.filter(|_| manifest.header.fat_bits == FatBits::Fat32.bits());
    let counts = counts.unwrap_or_else(|| written_counts(bpb, &manifest.ranges, volume_lba + bpb.data()));
    let label = manifest.header.label;
    Reserved { reader, bpb, volume_lba, label, counts }.undo(lba, &mut bytes);
    let same = bytes.chunks(SECTOR_LEN as usize).zip(wanted.chunks(SECTOR_LEN as usize));
    for ((lba, found), (undone, wanted)) in (lba..).zip(&found).zip(same) {
        if found.is_some() && undone == wanted {
            differ.remove(&lba);
        }
    }
}

/// The bytes of a range of which another one is a copy: from the sectors of both, those with the right hash.
fn merged(stick: &Patched, entry: &RangeEntry, other: &RangeEntry) -> Option<Vec<u8>> {
    if entry.sectors != other.sectors {
        return None;
    }
    let count = entry.sectors.get();
    let [one, two] = [entry, other].map(|entry| {
        let mut sectors = each_sector(stick, entry.lba.get(), count);
        // A header that was cleared is no choice.
        if let Some(header) = sectors.first_mut() {
            *header = header.filter(|header| *header != [0; SECTOR_LEN as usize]);
        }
        sectors
    });
    let open: Vec<usize> =
        (0..one.len()).filter(|&at| one[at].is_some() && two[at].is_some() && one[at] != two[at]).collect();
    let choices = 1u32 << open.len().min(CHOICES_MAX);
    (0..choices).find_map(|choice| {
        let mut bytes = Vec::new();
        for (at, (one, two)) in one.iter().zip(&two).enumerate() {
            let place = open.iter().position(|&open| open == at);
            // The copy first: this range is the one that is wrong.
            let takes_one = place.is_some_and(|place| choice & 1 << place.min(31) != 0);
            let sector = if takes_one { *one } else { two.or(*one) };
            bytes.extend_from_slice(&sector?);
        }
        (*blake3::hash(&bytes).as_bytes() == entry.blake3).then_some(bytes)
    })
}
