//! The boot area: boot header, boot code, and the manifest.

use ramkey_format::boot::{BootHeader, BootHeaderError, HEADER_IS_DISC};
use ramkey_format::checksum::checksum;
use ramkey_format::manifest::{ManifestHeader, range};
use ramkey_format::memory::{BOOT_LBA, STAGE2_SECTORS};

use super::manifest::{self, Manifest, ManifestSlot, SLOTS};
use super::reader::{ReadError, Reader};
use crate::units::SECTOR_LEN;

/// The boot area, as far as it can be read.
#[derive(Clone, Debug)]
pub struct BootArea {
    /// The sector of the boot header.
    pub header_sector: Result<[u8; 512], ReadError>,
    /// The boot header, if its sector can be read.
    pub header: Option<Result<BootHeader, BootHeaderError>>,
    /// Checksums of the boot code, if there is a boot header that says how long it is.
    pub sums: Option<Result<BootSums, ReadError>>,
    /// Slots A and B of the manifest.
    pub slots: Vec<ManifestSlot>,
}

/// Checksums of the boot code as it is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct BootSums {
    /// Of boot header and stage 2.
    pub stage2: u32,
    /// Of the loader.
    pub loader: u32,
    /// Sectors of the loader.
    pub loader_sectors: u64,
}

/// Whether there is a boot header, or a manifest, sound or not.
pub(super) fn is_present(reader: &Reader) -> bool {
    let has =
        |lba: u32, magic: &[u8]| reader.sector(u64::from(lba)).is_ok_and(|sector| sector.starts_with(magic));
    has(BOOT_LBA, &BootHeader::MAGIC) || SLOTS.iter().any(|&lba| has(lba, &ManifestHeader::MAGIC))
}

impl BootArea {
    /// Reads the boot area; `None` if there is neither a boot header nor a manifest.
    pub(super) fn read(reader: &Reader) -> Option<Self> {
        if !is_present(reader) {
            return None;
        }
        let slots = SLOTS.iter().map(|&lba| ManifestSlot::read(reader, lba)).collect();
        let lba = u64::from(BOOT_LBA);
        let header_sector = reader.sector(lba);
        let header = header_sector.as_ref().ok().map(|sector| BootHeader::parse(sector).cloned());
        let sums = header.as_ref().and_then(|header| header.as_ref().ok());
        let sums = sums.map(|header| BootSums::read(reader, header.loader_sectors.get().into()));
        Some(Self { header_sector, header, sums, slots })
    }

    /// The number of the slot whose manifest counts: of the sound ones that with the highest generation, of equal ones the
    /// first.
    pub fn counting(&self) -> Option<usize> {
        manifest::counting(&self.slots)
    }

    /// The manifest that counts.
    pub fn manifest(&self) -> Option<&Manifest> {
        self.slots[self.counting()?].manifest()
    }

    /// Whether the medium is a disc as well: its boot header says so, or what the manifest says was written to it.
    pub fn is_disc(&self) -> bool {
        let header = self.header.as_ref().and_then(|header| header.as_ref().ok());
        let has_flag = header.is_some_and(|header| header.flags.get() & HEADER_IS_DISC != 0);
        let ranges = self.manifest().map_or(&[][..], |manifest| &manifest.ranges);
        has_flag || ranges.iter().any(|entry| entry.kind == range::DISC)
    }

    /// First sector of the file system, as the manifest says it, or the boot header.
    pub fn volume_lba(&self) -> Option<u64> {
        let of_header = || Some(u64::from(self.header.as_ref()?.as_ref().ok()?.volume_lba.get()));
        self.manifest().map(|manifest| manifest.header.volume_lba.get()).or_else(of_header)
    }
}

impl BootSums {
    fn read(reader: &Reader, loader_sectors: u64) -> Result<Self, ReadError> {
        let stage2 = u64::from(STAGE2_SECTORS);
        let bytes = reader.bytes(BOOT_LBA.into(), stage2 + loader_sectors)?;
        let (stage2, loader) = bytes.split_at((stage2 * SECTOR_LEN) as usize);
        Ok(Self { stage2: checksum(stage2), loader: checksum(loader), loader_sectors })
    }
}
