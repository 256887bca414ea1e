//! One written range of a stick, and the list of all of them.

use std::fmt;

use crate::units::SECTOR_LEN;

/// What a range is for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Role {
    /// Sector 0: cleared first, written last.
    Sector0,
    /// Partition table sectors other than sector 0.
    Table,
    /// Boot header, stage 2 and loader.
    BootCode,
    /// The stick manifest.
    Manifest,
    /// Boot sector and reserved sectors of the file system.
    FatReserved,
    /// File allocation tables.
    FatTable,
    /// Directories.
    Directory,
    /// A piece of the capsule of one image.
    Capsule {
        /// Number of the image in the request.
        image: usize,
    },
    /// Zeros that clear what another tool may have left.
    Cleared,
}

/// Where the bytes of a range come from.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Content {
    /// These bytes, exactly as long as the range.
    Bytes(Vec<u8>),
    /// Zeros.
    Zeros,
    /// Bytes of an image from `offset` on; zeros behind the image's end.
    Image {
        /// Number of the image in the request.
        image: usize,
        /// First byte.
        offset: u64,
    },
}

/// One written range.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Extent {
    /// First sector.
    pub lba: u64,
    /// Sectors, at least 1.
    pub sectors: u64,
    /// What it is for.
    pub role: Role,
    /// What is written.
    pub content: Content,
}

/// Every range that is written to a stick, ascending, not overlapping; the first is sector 0.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Layout {
    /// Sectors of the stick.
    pub stick_sectors: u64,
    /// The ranges.
    pub extents: Vec<Extent>,
}

impl fmt::Display for Role {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Sector0 => f.write_str("sector 0"),
            Self::Table => f.write_str("partition table"),
            Self::BootCode => f.write_str("boot code"),
            Self::Manifest => f.write_str("manifest"),
            Self::FatReserved => f.write_str("file system's boot sector"),
            Self::FatTable => f.write_str("file allocation tables"),
            Self::Directory => f.write_str("directory"),
            Self::Capsule { image } => write!(f, "image {}", image + 1),
            Self::Cleared => f.write_str("cleared"),
        }
    }
}

impl Layout {
    /// Sectors that are written.
    pub fn written_sectors(&self) -> u64 {
        self.extents.iter().map(|extent| extent.sectors).sum()
    }

    /// Sectors of all images' capsules.
    pub fn capsule_sectors(&self) -> u64 {
        let capsules = self.extents.iter().filter(|extent| matches!(extent.role, Role::Capsule { .. }));
        capsules.map(|extent| extent.sectors).sum()
    }

    /// What is wrong with the list, if anything is: it must begin with sector 0, ascend, not overlap and stay on the
    /// stick, and all bytes must be as long as their range.
    pub(super) fn check(&self) -> Result<(), &'static str> {
        let first = self.extents.first().map(|extent| (extent.lba, extent.sectors, extent.role));
        if first != Some((0, 1, Role::Sector0)) {
            return Err("it does not begin with sector 0");
        }
        let mut free_from = 0;
        for extent in &self.extents {
            if extent.lba < free_from || extent.sectors == 0 {
                return Err("its ranges overlap or are empty");
            }
            if let Content::Bytes(bytes) = &extent.content
                && bytes.len() as u64 != extent.sectors * SECTOR_LEN
            {
                return Err("a range has more or fewer bytes than sectors");
            }
            free_from = extent.lba + extent.sectors;
        }
        if free_from > self.stick_sectors { Err("it leaves the stick") } else { Ok(()) }
    }
}
