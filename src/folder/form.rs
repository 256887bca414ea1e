//! What the image of a folder is to be.

/// What is made of a folder.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Form {
    /// A hard disk with a partition table.
    #[default]
    HardDisk,
    /// The partition of one, without the table.
    Partition,
    /// A floppy.
    Floppy,
}

/// What is asked of the image.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Wish {
    /// What it is.
    pub form: Form,
    /// Bytes that stay free in it; some if nobody said how many.
    pub free: Option<u64>,
    /// Whether it must start a system that is known.
    pub boots: bool,
}
