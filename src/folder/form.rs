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
