//! What of a stick does not depend on its images: boot code in each place, tables, reserved sectors, zeros.
//!
//! It is made again from what the manifest and the boot header say, byte for byte as it was written if the boot code is that of this
//! program.

use ramkey_format::boot::BootHeader;
use ramkey_format::manifest::RangeEntry;
use zerocopy::FromBytes;

use super::fat::FatVolume;
use super::identity::Identity;
use super::manifest::{Hashes, kind, ranges};
use super::{CLEARED_FIRST, Code, held_back, mbr, options, start, table};
use crate::image::{chunk_value, combine};
use crate::layout::error::LayoutError;
use crate::layout::extent::{Content, Extent, Layout, Role};
use crate::layout::extents::Extents;
use crate::plan::{Division, FatBits, Language, StartOptions};
use crate::units::SECTOR_LEN;

/// Where a FAT32 has its summaries of free clusters, and the counts in them.
const SUMMARIES: [u64; 2] = [1, 7];
const COUNTS: std::ops::Range<usize> = 488..496;

/// Everything on a stick but its file tables, directories, images and manifests.
#[derive(Clone, Debug)]
pub struct Frame {
    stick_sectors: u64,
    extents: Vec<Extent>,
}

impl Frame {
    /// That of the stick that is divided so. `counts` is what the summary of a FAT32 says of free clusters.
    ///
    /// # Errors
    ///
    /// What `layout` says of such a stick.
    pub fn of(
        division: &Division,
        stick_id: [u8; 16],
        start: StartOptions,
        counts: [u8; 8],
    ) -> Result<Self, LayoutError> {
        let identity = Identity::of_stick(stick_id);
        let Code { boot_code, boot_checksum, code, .. } = Code::of(division, start)?;
        let mut volume = FatVolume::make(division, (&[], 0), identity.volume_serial, &code, &[])?;
        let seen = start::seen_from(division, &volume.boot_sector, 0);
        let sector_0 = mbr::sector_0(division, &identity, &code, &seen)?;
        let mut extents = Extents::default();
        extents.bytes(0, Role::Sector0, sector_0.to_vec());
        volume.copy_sector_0(&sector_0);
        table(&mut extents, division, &identity)?;
        let start = start::Start { division, code: &code, sector_0: &sector_0, boot_code, boot_checksum };
        start.lay_out(&volume, &mut extents);
        let mut extents = extents.0;
        extents.sort_by_key(|extent| extent.lba);
        let mut frame = Self { stick_sectors: division.sectors, extents };
        if division.volume.bits == FatBits::Fat32 {
            SUMMARIES.into_iter().for_each(|number| frame.count(division.volume.lba + number, counts));
        }
        Ok(frame)
    }

    /// Lets the summary in sector `lba` say these counts.
    fn count(&mut self, lba: u64, counts: [u8; 8]) {
        if let Some(extent) = self.extents.iter_mut().find(|extent| extent.has(lba))
            && let Content::Bytes(bytes) = &mut extent.content
        {
            let at = ((lba - extent.lba) * SECTOR_LEN) as usize;
            bytes[at..][COUNTS].copy_from_slice(&counts);
        }
    }

    /// The bytes of a range of a manifest, if all of it is of the frame and of that kind.
    pub fn bytes_of(&self, range: &RangeEntry) -> Option<Vec<u8>> {
        let (mut at, end) = (range.lba.get(), range.lba.get().checked_add(range.sectors.get())?);
        let mut bytes = Vec::new();
        while at < end {
            let extent = self.extents.iter().find(|extent| extent.has(at))?;
            if kind(extent.role) != range.kind {
                return None;
            }
            let sectors = (extent.lba + extent.sectors).min(end) - at;
            let start = bytes.len();
            bytes.resize(start + (sectors * SECTOR_LEN) as usize, 0);
            // None of them has bytes of an image.
            extent.fill(at, &mut bytes[start..]);
            at += sectors;
        }
        Some(bytes)
    }

    /// One of its sectors.
    pub fn sector(&self, lba: u64) -> Option<[u8; 512]> {
        let extent = self.extents.iter().find(|extent| extent.has(lba))?;
        let mut sector = [0; 512];
        extent.fill(lba, &mut sector);
        Some(sector)
    }

    /// What a manifest says of its ranges.
    pub fn ranges(&self) -> Vec<RangeEntry> {
        ranges(&self.extents, &Hashes { capsules: &[], files: [0; 32], without_text: None })
    }

    /// Its ranges.
    pub fn extents(&self) -> &[Extent] {
        &self.extents
    }

    /// What is written so that a stick has this frame, with `sectors` instead of those of the frame; it does not boot meanwhile.
    ///
    /// # Errors
    ///
    /// [`LayoutError::Unsound`] is a fault of this program.
    pub fn layout(&self, instead: &dyn Fn(u64, &mut [u8])) -> Result<Layout, LayoutError> {
        let made = self.extents.iter().map(|extent| {
            let mut bytes = vec![0; (extent.sectors * SECTOR_LEN) as usize];
            extent.fill(extent.lba, &mut bytes);
            for (lba, sector) in (extent.lba..).zip(bytes.chunks_exact_mut(SECTOR_LEN as usize)) {
                instead(lba, sector);
            }
            Extent { content: Content::Bytes(bytes), ..extent.clone() }
        });
        let extents: Vec<Extent> = made.collect();
        let held_back = held_back(&extents);
        // A stick without a copy of the boot area may have an image there.
        let cleared_first = CLEARED_FIRST.into_iter().filter(|lba| held_back.contains(lba)).collect();
        let stick_sectors = self.stick_sectors;
        let layout = Layout { stick_sectors, cleared_first, held_back, extents };
        layout.check().map_err(|what| LayoutError::Unsound { what })?;
        Ok(layout)
    }
}

/// What the boot header of such a stick says that derives from its options, by which they are proven.
pub fn options_of(division: &Division, start: StartOptions) -> [u8; 8] {
    options(division, start)
}

/// Bytes of the pieces by which the hash of a boot area is put together.
const PIECE_LEN: usize = 1 << 14;

/// The start options with which the boot area of such a stick has the hash `wanted`: one of `likely`, or any that there can be.
pub fn start_of_hash(
    division: &Division,
    wanted: &[u8; 32],
    likely: &[StartOptions],
) -> Option<StartOptions> {
    let area = |start| Code::of(division, start).map(|code| code.boot_code);
    let is_it = |start: &StartOptions| area(*start).is_ok_and(|area| blake3::hash(&area) == *wanted);
    if let Some(found) = likely.iter().copied().find(is_it) {
        return Some(found);
    }
    let area = area(StartOptions::default()).ok()?;
    let count = area.len().div_ceil(PIECE_LEN);
    let pieces = area.chunks(PIECE_LEN).zip((0..).step_by(PIECE_LEN));
    // Only the first piece depends on the options.
    let mut values: Vec<[u8; 32]> = pieces.map(|(piece, at)| chunk_value(piece, at, count)).collect();
    let mut first = area[..PIECE_LEN.min(area.len())].to_vec();
    let others = Language::ALL.iter().flat_map(|&(language, _)| [(language, false), (language, true)]);
    for (language, serial) in others {
        for timeouts in 0..=u16::MAX {
            let [start_timeout, menu_timeout] = timeouts.to_le_bytes();
            let start = StartOptions { start_timeout, menu_timeout, language, serial };
            let (header, _) = BootHeader::mut_from_prefix(&mut first).ok()?;
            start.put_into(header);
            header.options = options(division, start);
            values[0] = chunk_value(&first, 0, count);
            if combine(&values) == *wanted {
                return Some(start);
            }
        }
    }
    None
}
