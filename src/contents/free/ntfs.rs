//! Free clusters of an NTFS: those that its `$Bitmap` calls so, if every file agrees and its log has nothing that is not
//! on the disk yet.
//!
//! Sources: Microsoft, "How NTFS Works" and `ntfs_on_disk`-structures as the Linux-NTFS project documents them (NTFS
//! Documentation: `$Volume`, `$LogFile`, `$Bitmap`); Metz, "Volume Shadow Snapshot (VSS) format".

use super::space::FreeQuestion;
use super::usage::{Bits, Usage};
use super::why::{Closed, Structure, Why};
use crate::contents::bytes::{get_u16, get_u32, get_u64, u16_at, u64_at};
use crate::contents::files::{FilesError, NtfsVolume, SystemPart, restore};
use crate::image::Source;
use crate::units::SECTOR_LEN;

/// Records of the volume's own files.
const LOG: u64 = 2;
const VOLUME: u64 = 3;
const BITMAP: u64 = 6;
/// Where the boot sector has bytes of a sector, and sectors of the volume without the copy of the boot sector.
const BYTES_PER_SECTOR: usize = 11;
const SECTORS: usize = 40;
/// Versions: of Windows NT 3.51 and 4, of 2000, and of XP and everything behind.
const VERSIONS: [[u8; 2]; 4] = [[1, 1], [1, 2], [3, 0], [3, 1]];
/// Marks of a volume: it is to be checked, its journal of changes is being deleted, a check is under way.
const DIRTY: u16 = 0x0001 | 0x0010 | 0x4000;
/// Bytes of a page of the log. The first two say how it was left.
const PAGE_LEN: usize = 4096;
/// Fields of a page that says so: where the area with the others begins, and in that area the number of what was written
/// last, the first program that uses the log, and flags.
const AREA: usize = 24;
const AREA_LSN: usize = 0;
const AREA_CLIENT: usize = 12;
const AREA_FLAGS: usize = 14;
const PAGE_LEN_FIELD: usize = 16;
const NO_CLIENT: u16 = 0xFFFF;
const IS_CLEAN: u16 = 2;
/// What an erased log is full of, and how much of it is looked at.
const ERASED: u8 = 0xFF;
const ERASED_LEN: u64 = 1 << 20;
/// Where the list of shadow copies is announced, with which identifier, and where its first block is said.
const SNAPSHOTS: u64 = 0x1E00;
const SNAPSHOTS_ID: [u8; 16] =
    [0x6B, 0x87, 0x08, 0x38, 0x76, 0xC1, 0x48, 0x4E, 0xB7, 0xAE, 0x04, 0x04, 0x6E, 0x6C, 0xC7, 0x52];
const SNAPSHOTS_LIST: usize = 48;
/// Where it has the identifier of the volume, and that of the volume on which the shadow copies are.
const SNAPSHOTS_VOLUME: usize = 64;
const SNAPSHOTS_STORE: usize = 80;
/// The memory of a Windows that sleeps, and what is swapped out.
const SLEEP_FILE: &str = "hiberfil.sys";
const SWAP_FILES: [&str; 2] = ["pagefile.sys", "swapfile.sys"];

impl From<FilesError> for Why {
    fn from(error: FilesError) -> Self {
        match error {
            FilesError::Read(_) => Self::Unreadable,
            _ => Self::Damaged(Structure::Record),
        }
    }
}

/// What the NTFS calls free whose boot sector is `sector`, and which has the `len` bytes from `start` on.
pub(super) fn usage(
    source: &dyn Source,
    start: u64,
    len: u64,
    sector: &[u8; 512],
    question: FreeQuestion,
) -> Result<Usage, Why> {
    let sectors = u64_at(sector, SECTORS);
    if u64::from(u16_at(sector, BYTES_PER_SECTOR)) != SECTOR_LEN || sectors == 0 {
        return Err(Why::Damaged(Structure::BootSector));
    }
    if sectors > len / SECTOR_LEN {
        return Err(Why::BeyondPartition);
    }
    let volume = NtfsVolume::open(source, start, sector)?;
    check_marks(&volume)?;
    check_log(&volume)?;
    if has_snapshots(source, start)? {
        return Err(Why::Snapshots);
    }
    let units = sectors.saturating_mul(SECTOR_LEN) / volume.cluster_len();
    if units == 0 {
        return Err(Why::Damaged(Structure::BootSector));
    }
    let mut usage = Usage::new(start, volume.cluster_len(), units)?;
    let map = volume.system_start(BITMAP, SystemPart::Data, usage.units().div_ceil(8))?;
    usage.load(0, &map.ok_or(Why::Damaged(Structure::Bitmap))?);
    check_files(&volume, &usage)?;
    if question.swap {
        for path in SWAP_FILES.into_iter().chain([SLEEP_FILE]) {
            let clusters = volume.clusters(path)?.unwrap_or_default();
            // Each belongs to no other file.
            for clusters in clusters {
                if clusters.end > usage.units() {
                    return Err(Why::Damaged(Structure::Record));
                }
                usage.free_swap(clusters);
            }
        }
    }
    Ok(usage)
}

/// Checks version and marks.
fn check_marks(volume: &NtfsVolume<'_>) -> Result<(), Why> {
    let about = volume.system_start(VOLUME, SystemPart::VolumeInformation, 12)?;
    let about = about.ok_or(Why::Damaged(Structure::Record))?;
    if !VERSIONS.contains(&[about[8], about[9]]) {
        return Err(Why::Features);
    }
    if u16_at(&about, 10) & DIRTY == 0 { Ok(()) } else { Err(Why::NotClosed(Closed::Mark)) }
}

/// Checks that the log has nothing that is not on the disk yet: it was never used since it was emptied, or whoever used it
/// closed it.
fn check_log(volume: &NtfsVolume<'_>) -> Result<(), Why> {
    let pages = volume.system_start(LOG, SystemPart::Data, 2 * PAGE_LEN as u64)?;
    let mut pages = pages.ok_or(Why::Damaged(Structure::Log))?;
    if pages.iter().all(|&byte| byte == ERASED) {
        // Two pages can be erased where a log goes on behind them.
        let more = volume.system_start(LOG, SystemPart::Data, ERASED_LEN)?;
        let is_erased = more.is_none_or(|more| more.iter().all(|&byte| byte == ERASED));
        return if is_erased { Ok(()) } else { Err(Why::NotClosed(Closed::Log)) };
    }
    let mut last: Option<(u64, bool)> = None;
    for page in pages.chunks_exact_mut(PAGE_LEN) {
        let (lsn, is_closed) = how_left(page).ok_or(Why::NotClosed(Closed::Log))?;
        if last.is_none_or(|(before, _)| lsn > before) {
            last = Some((lsn, is_closed));
        }
    }
    match last {
        Some((_, true)) => Ok(()),
        _ => Err(Why::NotClosed(Closed::Log)),
    }
}

/// The number of what was written last when `page` was, and whether the log was closed then; `None` if it is no such page.
fn how_left(page: &mut [u8]) -> Option<(u64, bool)> {
    restore(page, b"RSTR")?;
    let area = page.get(usize::from(get_u16(page, AREA)?)..)?;
    let is_closed = get_u16(area, AREA_CLIENT)? == NO_CLIENT || get_u16(area, AREA_FLAGS)? & IS_CLEAN != 0;
    let has_length = get_u32(page, PAGE_LEN_FIELD)? as usize == PAGE_LEN;
    has_length.then_some((get_u64(area, AREA_LSN)?, is_closed))
}

/// Whether it has shadow copies: what they show of files that are gone stands in free clusters.
fn has_snapshots(source: &dyn Source, start: u64) -> Result<bool, Why> {
    let mut header = [0; SNAPSHOTS_STORE + 16];
    let at = start.saturating_add(SNAPSHOTS);
    if at.saturating_add(header.len() as u64) > source.len() {
        return Ok(false);
    }
    source.read_at(at, &mut header).map_err(|_| Why::Unreadable)?;
    let is_elsewhere = header[SNAPSHOTS_VOLUME..][..16] != header[SNAPSHOTS_STORE..][..16];
    let has_list = u64_at(&header, SNAPSHOTS_LIST) != 0;
    Ok(header.starts_with(&SNAPSHOTS_ID) && (has_list || is_elsewhere))
}

/// Checks that each cluster of each file is used, and is that of no other file.
fn check_files(volume: &NtfsVolume<'_>, usage: &Usage) -> Result<(), Why> {
    let mut owned = Bits::new(usage.units(), false);
    volume.each_run(|clusters| {
        if clusters.end > usage.units() {
            return Err(Why::Damaged(Structure::Record));
        }
        for cluster in clusters {
            if !usage.is_used(cluster) {
                return Err(Why::UsedIsFree);
            }
            if owned.get(cluster) {
                return Err(Why::Damaged(Structure::Record));
            }
            owned.set(cluster, true);
        }
        Ok(())
    })?;
    // The boot sector is a file too.
    if owned.get(0) { Ok(()) } else { Err(Why::Damaged(Structure::Bitmap)) }
}
