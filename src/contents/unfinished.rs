//! Sticks of this program that were not finished: their sector 0 or boot header is clear, and something of them is there.

use std::io;

use ramkey_format::boot::{
    BootHeader, SECTOR0_BOOT_CHECKSUM, SECTOR0_BOOT_LBA, SECTOR0_MAGIC, SECTOR0_STAMP,
};
use ramkey_format::manifest::ManifestHeader;
use ramkey_format::memory::{BOOT_LBA, MANIFEST_2_LBA, MANIFEST_LBA, PARTITION_LBA};

use crate::image::{BOOT_SIGNATURE, Source};
use crate::units::SECTOR_LEN;

/// Sectors that are stamped on every stick, whatever its layout.
const STAMPED: std::ops::Range<u32> = 96..BOOT_LBA;

/// What shows that writing a stick was not finished.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Unfinished {
    /// Sector 0 is clear, and there is a boot header, a manifest, or both.
    Sector0,
    /// Sector 0 is clear, and only copies of its code and stamps are left.
    Copies,
    /// Sector 0 is there, and the boot header that it leads to is clear.
    BootHeader,
}

impl Unfinished {
    /// Looks at the sectors of `stick` that are written last, and at what is left of the others.
    ///
    /// # Errors
    ///
    /// What the system says when one of them cannot be read.
    pub fn look(stick: &dyn Source) -> io::Result<Option<Self>> {
        let first = sector(stick, 0)?;
        let has = |lba: u32, magic: &[u8]| Ok::<bool, io::Error>(sector(stick, lba)?.starts_with(magic));
        if first != [0; 512] {
            let leads = first[SECTOR0_MAGIC as usize..] == BOOT_SIGNATURE
                && stamp(&first, 0).is_some()
                && u32_at(&first, SECTOR0_BOOT_LBA) == BOOT_LBA;
            let is_clear = leads && sector(stick, BOOT_LBA)? == [0; 512];
            return Ok(is_clear.then_some(Self::BootHeader));
        }
        if has(BOOT_LBA, &BootHeader::MAGIC)?
            || has(MANIFEST_LBA, &ManifestHeader::MAGIC)?
            || has(MANIFEST_2_LBA, &ManifestHeader::MAGIC)?
            || has(PARTITION_LBA + BOOT_LBA, &BootHeader::MAGIC)?
        {
            return Ok(Some(Self::Sector0));
        }
        let mut checksum = None;
        for lba in STAMPED {
            let stamp = stamp(&sector(stick, lba)?, lba);
            if stamp.is_none() || checksum.is_some_and(|checksum| Some(checksum) != stamp) {
                return Ok(None);
            }
            checksum = stamp;
        }
        Ok(Some(Self::Copies))
    }
}

/// The checksum by which a stick knows its stamps, if `sector` is one of sector `lba`.
fn stamp(sector: &[u8; 512], lba: u32) -> Option<u32> {
    let checksum = u32_at(sector, SECTOR0_BOOT_CHECKSUM);
    (u32_at(sector, SECTOR0_STAMP) == lba && checksum != 0).then_some(checksum)
}

/// A sector; zeros behind the end.
fn sector(stick: &dyn Source, lba: u32) -> io::Result<[u8; 512]> {
    let mut sector = [0; 512];
    let offset = u64::from(lba) * SECTOR_LEN;
    if offset + SECTOR_LEN <= stick.len() {
        stick.read_at(offset, &mut sector)?;
    }
    Ok(sector)
}

fn u32_at(sector: &[u8; 512], offset: u32) -> u32 {
    let at = offset as usize;
    u32::from_le_bytes([sector[at], sector[at + 1], sector[at + 2], sector[at + 3]])
}
