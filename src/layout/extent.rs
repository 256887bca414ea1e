//! One written range, and the list of all of them.

use std::fmt;

use crate::boot;
use crate::units::SECTOR_LEN;

/// What a range is for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Role {
    /// Sector 0.
    Sector0,
    /// Partition table sectors other than sector 0.
    Table,
    /// Boot header, stage 2 and loader.
    BootCode,
    /// The same again, behind the start of the partition.
    BootCopy,
    /// Copies of sector 0's code, and sectors that hold their own number.
    Stamps,
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
    /// What ISO 9660 and El Torito have on a medium that is a disc as well.
    Disc,
    /// Files of the user's own, which ISO 9660 alone names.
    Files,
    /// The text about the images, which a stick has as a file of its own.
    Text,
    /// Sectors of a disc image that is copied as it is.
    Copy,
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
    /// In each sector its own number, beside the checksum of the boot header and stage 2.
    Stamps {
        /// That checksum.
        boot_checksum: u32,
    },
    /// Stored bytes of an image from `offset` on; zeros behind their end.
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

/// Every range that is written to a medium, and in which order what makes it boot comes.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Layout {
    /// Sectors of the medium.
    pub stick_sectors: u64,
    /// The sectors that are cleared and proven to be clear before anything else is written, in this order; those behind the
    /// end of the medium do not count. While all of them are clear, nothing boots. None of a medium that goes on to boot what
    /// it did: what is held back is then exchanged, and no other range may have what boots until then.
    pub cleared_first: Vec<u64>,
    /// Those of them, or if none are cleared those of any range, that are written last, in this order: only when everything
    /// else is proven, one by one. At least one, each once, and each in a range.
    pub held_back: Vec<u64>,
    /// The ranges, ascending, not overlapping.
    pub extents: Vec<Extent>,
}

impl fmt::Display for Role {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Sector0 => f.write_str("sector 0"),
            Self::Table => f.write_str("partition table"),
            Self::BootCode => f.write_str("boot code"),
            Self::BootCopy => f.write_str("copy of the boot code"),
            Self::Stamps => f.write_str("stamps"),
            Self::Manifest => f.write_str("manifest"),
            Self::FatReserved => f.write_str("file system's boot sector"),
            Self::FatTable => f.write_str("file allocation tables"),
            Self::Directory => f.write_str("directory"),
            Self::Capsule { image } => write!(f, "image {}", image + 1),
            Self::Disc => f.write_str("disc"),
            Self::Files => f.write_str("files"),
            Self::Text => f.write_str("README.TXT"),
            Self::Copy => f.write_str("copy"),
            Self::Cleared => f.write_str("cleared"),
        }
    }
}

/// Stored bytes that an image must give.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Wanted {
    /// Number of the image in the request.
    pub image: usize,
    /// First byte; zeros follow behind their end.
    pub offset: u64,
}

impl Extent {
    /// Whether sector `lba` is one of this range.
    pub fn has(&self, lba: u64) -> bool {
        lba >= self.lba && lba - self.lba < self.sectors
    }

    /// Fills `buffer` with whole sectors of this range, from `lba` on; what is an image's the caller must put there.
    ///
    /// # Panics
    ///
    /// If those sectors are not in this range.
    pub(crate) fn fill(&self, lba: u64, buffer: &mut [u8]) -> Option<Wanted> {
        let skip = (lba - self.lba) * SECTOR_LEN;
        match &self.content {
            Content::Bytes(bytes) => buffer.copy_from_slice(&bytes[skip as usize..][..buffer.len()]),
            Content::Zeros => buffer.fill(0),
            Content::Stamps { boot_checksum } => {
                for (lba, sector) in (lba..).zip(buffer.chunks_exact_mut(SECTOR_LEN as usize)) {
                    sector.copy_from_slice(&boot::stamp(lba as u32, *boot_checksum));
                }
            }
            Content::Image { image, offset } => return Some(Wanted { image: *image, offset: offset + skip }),
        }
        None
    }
}

impl Layout {
    /// Sectors that are written.
    pub fn written_sectors(&self) -> u64 {
        self.extents.iter().map(|extent| extent.sectors).sum()
    }

    /// Whether the medium boots what it did until the first sector that is held back is exchanged.
    pub fn is_exchange(&self) -> bool {
        self.cleared_first.is_empty()
    }

    /// Whether it is known what sector `lba` holds while it is held back: zeros, or what it did if nothing is cleared.
    pub(crate) fn may_hold_back(&self, lba: u64) -> bool {
        self.is_exchange() || self.cleared_first.contains(&lba)
    }

    /// Sectors of all images' capsules.
    pub fn capsule_sectors(&self) -> u64 {
        let capsules = self.extents.iter().filter(|extent| matches!(extent.role, Role::Capsule { .. }));
        capsules.map(|extent| extent.sectors).sum()
    }

    /// What is wrong with the lists, if anything is: the ranges must ascend, not overlap and stay on the medium, all bytes
    /// must be as long as their range, and what is held back must be in a range, and cleared first if anything is.
    pub(crate) fn check(&self) -> Result<(), &'static str> {
        if self.held_back.is_empty() {
            return Err("nothing of it is held back");
        }
        for (index, lba) in self.held_back.iter().enumerate() {
            let is_written = self.extents.iter().any(|extent| extent.has(*lba));
            if !is_written || !self.may_hold_back(*lba) || self.held_back[..index].contains(lba) {
                return Err("a sector is held back that is not cleared first, or not written once");
            }
        }
        let mut free_from = 0;
        for extent in &self.extents {
            if extent.lba < free_from || extent.sectors == 0 {
                return Err("its ranges overlap or are empty");
            }
            if let Content::Bytes(bytes) = &extent.content
                && Some(bytes.len() as u64) != extent.sectors.checked_mul(SECTOR_LEN)
            {
                return Err("a range has more or fewer bytes than sectors");
            }
            free_from = extent.lba.checked_add(extent.sectors).ok_or("it leaves the medium")?;
        }
        if free_from > self.stick_sectors { Err("it leaves the medium") } else { Ok(()) }
    }
}
