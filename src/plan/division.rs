//! How the stick is divided: the layouts, and the bounds that each gives to its file system.

use ramkey_format::memory::{BOOT_AREA_END_LBA, STAMPED_SECTORS};

use super::error::PlanError;
use super::fs;
use crate::stick::{LayoutKind, PARTITION_LBA, Slot};
use crate::units::{Geometry, SECTOR_LEN};

/// Sectors of a GPT at each end of the stick: header and 128 entries; a protective MBR comes before the first.
pub(crate) const GPT_SECTORS: u64 = 33;
/// Largest stick with 64 heads and 32 sectors per track: 1024 cylinders of 1 MiB.
const SMALL_STICK_SECTORS: u64 = 1024 * 64 * 32;
/// Smallest stick that is stamped behind the start of its partition too: 16 MiB. On a smaller one 1 MiB would be missed.
const STAMPED_STICK_SECTORS: u64 = (16 << 20) / SECTOR_LEN;

impl LayoutKind {
    /// For which machines it is, in one line.
    pub fn machines(self) -> &'static str {
        match self {
            Self::Universal { slot: Slot::First } => {
                "a BIOS that boots sticks as USB-HDD, USB-ZIP or USB-FDD, whichever it is"
            }
            Self::Universal { slot: Slot::Fourth } => {
                "the same as universal, if the BIOS boots a USB-ZIP from entry 4 of the table only"
            }
            Self::Hdd => "a BIOS that boots sticks as USB-HDD: most machines since 2004",
            Self::Zip => "a BIOS that boots sticks as USB-ZIP only: drive 00h, 64 heads, 32 sectors",
            Self::Fdd => "a BIOS that boots sticks as USB-FDD only: drive 00h, no partition table",
            Self::TwoPartitions => "a BIOS that takes a stick with one partition for a floppy or ZIP disk",
            Self::Gpt => {
                "a BIOS that boots USB-HDD without an active partition, beside tools that want a GPT"
            }
            Self::Superfloppy => "a BIOS that boots a file system without a partition table as drive 80h",
        }
    }

    /// One past the last sector that is stamped, on a stick of `stick_sectors`. What of that lies behind the start of
    /// the file system are its reserved sectors.
    pub(crate) fn stamped_end(self, stick_sectors: u64) -> u64 {
        let is_small = stick_sectors < STAMPED_STICK_SECTORS;
        match (is_small, self.volume_lba()) {
            (false, _) => PARTITION_LBA + u64::from(STAMPED_SECTORS),
            (true, PARTITION_LBA) => PARTITION_LBA + u64::from(BOOT_AREA_END_LBA),
            (true, _) => BOOT_AREA_END_LBA.into(),
        }
    }

    /// Whether the boot code stands a second time where a partition begins, for a BIOS that hides what comes before.
    pub(crate) fn has_boot_copy(self, stick_sectors: u64) -> bool {
        self.stamped_end(stick_sectors) > PARTITION_LBA
    }

    /// 64/32 while 1024 cylinders of it reach the end, else 255/63: the two that most BIOSes and tools agree on. A ZIP
    /// disk always has 64/32.
    pub(super) fn geometry(self, stick_sectors: u64) -> Geometry {
        let is_zip = matches!(self, Self::Universal { .. } | Self::Zip);
        let is_small = is_zip || stick_sectors <= SMALL_STICK_SECTORS;
        let (heads, sectors_per_track) = if is_small { (64, 32) } else { (255, 63) };
        let cylinders = stick_sectors / (u64::from(heads) * u64::from(sectors_per_track));
        let cylinders = u32::try_from(cylinders).unwrap_or(u32::MAX).max(1);
        Geometry { cylinders, heads, sectors_per_track }
    }

    /// First sector of the file system, and one past its last.
    ///
    /// Every layout leaves the last sectors of the stick free: a GPT puts its copy there, the others clear what an
    /// earlier GPT may have left. A partition in an MBR ends on a cylinder, because BIOSes take the geometry from there,
    /// and so does a floppy, because they take the number of cylinders from its length.
    pub(super) fn volume_bounds(self, stick_sectors: u64) -> Result<(u64, u64), PlanError> {
        let cylinder = self.geometry(stick_sectors).cylinder_sectors();
        let (unit, least_end, behind) = match self {
            Self::Universal { .. } | Self::Hdd => (cylinder, 2 * PARTITION_LBA, 0),
            Self::TwoPartitions => (cylinder, 2 * PARTITION_LBA, cylinder),
            Self::Zip | Self::Fdd => (cylinder, cylinder.max(fs::VOLUME_SECTORS_MIN), 0),
            Self::Gpt => (PARTITION_LBA, 2 * PARTITION_LBA, 0),
            Self::Superfloppy => (1, fs::VOLUME_SECTORS_MIN, 0),
        };
        let usable = stick_sectors.saturating_sub(GPT_SECTORS).min(u64::from(u32::MAX));
        let end = (usable / unit * unit).saturating_sub(behind);
        if end < least_end {
            return Err(PlanError::StickTooSmall {
                needed: (least_end + behind + GPT_SECTORS) * SECTOR_LEN,
                available: stick_sectors * SECTOR_LEN,
            });
        }
        Ok((self.volume_lba(), end))
    }
}
