//! Why a stick cannot be changed in its place. Nothing was written.

use crate::layout::LayoutError;
use crate::stick::ReadError;
use crate::units::Bytes;

/// Why a stick cannot be changed in its place.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum ChangeError {
    /// Nobody knows what was written where.
    #[error("no manifest of it is sound")]
    NoManifest,
    /// Its files cannot be read.
    #[error("its file system cannot be read")]
    NoFileSystem,
    /// It has not enough room for what is new beside what is old.
    #[error("it has {} of free space, and the change takes {} beside what is there", Bytes(*free), Bytes(*needed))]
    NoRoom {
        /// Bytes that the file must grow by.
        needed: u64,
        /// Bytes that it can grow by.
        free: u64,
    },
    /// A sector that keeps nothing is needed where it is.
    #[error("sector {lba} of it keeps nothing, and it cannot do without it")]
    Needed {
        /// Its number.
        lba: u64,
    },
    /// Its tables contradict each other, or it has clusters that no file owns.
    #[error("its file system has errors, and the image's file must grow")]
    Unclean,
    /// Some folders were not looked into, so nobody knows which clusters are free.
    #[error("it has too many files or folders")]
    TooManyFiles,
    /// The file would be longer than a file can be, while both images are in it.
    #[error("the file would have 4 GiB or more while both images are in it")]
    TooLong,
    /// The file would lie in more pieces than the manifest can name.
    #[error("its files lie in too many pieces")]
    TooManyPieces,
    /// The folder of the images has no place for another file.
    #[error("the folder RAMKEY has no place for another file")]
    FolderFull,
    /// There is no folder of the images, or a file is not in it.
    #[error("its folder RAMKEY is not where its images are")]
    NoFolder,
    /// Another image than the one that is meant was being written over when that was cut off.
    #[error("\"{title}\" was being replaced when that was cut off, and comes first")]
    OtherFirst {
        /// Its title.
        title: String,
    },
    /// An image was being written over the one before it, and that was cut off.
    #[error("an image on it was being written over the one before it, and that was cut off")]
    WrittenOver,
    /// Something was to stand beside an image that itself stands beside others.
    #[error("\"{title}\" stands beside others, and nothing stands beside it")]
    Beside {
        /// Its title.
        title: String,
    },
    /// It was changed so often that there is no number for another change.
    #[error("it was changed too often")]
    TooOften,
    /// A sector that is needed cannot be read.
    #[error(transparent)]
    Read(#[from] ReadError),
    /// The new capsule would contradict itself.
    #[error("the new image cannot take the place of the old one")]
    Unsound,
}

impl From<LayoutError> for ChangeError {
    fn from(error: LayoutError) -> Self {
        match error {
            LayoutError::TooManyRanges { .. } => Self::TooManyPieces,
            _ => Self::Unsound,
        }
    }
}

impl ChangeError {
    /// What a person can do next.
    pub fn help(&self) -> &'static str {
        match self {
            Self::Unclean => {
                "`fsck.fat -a` on its partition mends that; or write the stick anew with `ramkey write`"
            }
            Self::NoRoom { .. } | Self::TooLong => {
                "delete files of your own, or write the stick anew with `ramkey write`; --yes lets `ramkey reflash` write over \
                 the old image, while the stick does not boot"
            }
            Self::WrittenOver => {
                "finish that with `ramkey reflash`, or write the stick anew with `ramkey write`"
            }
            Self::OtherFirst { .. } => "replace that image first, with --replace and its title",
            Self::Beside { .. } => {
                "leave out --with and --floppy, or name the image of the menu with --replace"
            }
            Self::FolderFull => "delete files of your own from the folder RAMKEY",
            _ => "write the stick anew with `ramkey write`; what else is on it must be copied away first",
        }
    }
}
