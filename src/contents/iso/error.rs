//! Why a CD image cannot be used.

use std::io;

use super::no_boot::NoBoot;

/// Why a CD image cannot be read, or not booted as a CD.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum IsoError {
    /// The image cannot be read.
    #[error("reading the CD image at byte {offset:#x}")]
    Read {
        /// First byte that was wanted.
        offset: u64,
        /// What the system said.
        #[source]
        source: io::Error,
    },
    /// Its blocks have another length than those of a CD.
    #[error("the CD image says that its blocks have {found} bytes and those of a CD have 2048")]
    BlockLen {
        /// Bytes of a block, as its volume descriptor says.
        found: u16,
    },
    /// Its volume descriptors end before the one that describes the volume.
    #[error("the CD image has no primary volume descriptor in its first {searched} descriptors")]
    NoVolume {
        /// Descriptors that were looked at.
        searched: u64,
    },
    /// No BIOS boots it as a CD.
    #[error("the CD image does not boot as a CD: {why}")]
    NoBoot {
        /// Why not.
        why: NoBoot,
    },
}

impl IsoError {
    /// What the person at the terminal can do next.
    pub fn help(&self) -> &'static str {
        match self {
            Self::Read { .. } => "copy the image to a healthy disk and try again",
            Self::BlockLen { .. } | Self::NoVolume { .. } => {
                "copy the disc again with `dd if=/dev/sr0 of=disc.iso bs=2048`; a track in another form is no image"
            }
            Self::NoBoot { why } => why.help(),
        }
    }
}
