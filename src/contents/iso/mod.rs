//! CD images: what is on the disc, how a BIOS boots it, and what its system does afterwards.
//!
//! [`read`] reads the volume descriptors and the boot catalogue; [`recognise`] tells systems apart that look for
//! the CD again once they have left real mode. Nothing here is written, and every length that a disc tells is
//! bounded before it is believed.

mod areas;
mod blocks;
mod boot_entry;
mod catalogue;
mod descriptor;
mod directory;
mod disc;
mod emulated;
mod error;
mod no_boot;
mod recognise;
mod udf;
mod warning;

pub(super) use areas::areas;
pub use blocks::BLOCK_LEN;
pub use boot_entry::{BootEntry, EmulatedDisk, Emulation};
pub use disc::{Disc, FileSystem, read};
pub use error::IsoError;
pub use no_boot::{CatalogueFault, NoBoot};
pub use recognise::{LiveSystem, System, recognise};
pub use warning::DiscWarning;
