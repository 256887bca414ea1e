//! One written range of a stick, and the list of all of them.

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
