//! CD images: what is on the disc, how a BIOS boots it, and what its system does afterwards.
//!
//! [`read`] reads the volume descriptors and the boot catalogue; [`recognise`] tells systems apart that look for
//! the CD again once they have left real mode. Nothing here is written, and every length that a disc tells is
//! bounded before it is believed.

mod blocks;
mod catalogue;
mod descriptor;
mod directory;
mod disc;
mod emulated;
mod error;
mod recognise;
mod udf;

pub use catalogue::CatalogueFault;
pub use disc::{BootEntry, Disc, DiscWarning, EmulatedDisk, Emulation, FileSystem, NoBoot, read};
pub use error::IsoError;
pub use recognise::{LiveSystem, System, recognise};

/// Bytes of a block: every address on a CD counts these.
pub const BLOCK_LEN: u64 = 2048;
