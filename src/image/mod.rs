//! The images that a user brings: what they are, and their bytes.
//!
//! [`probe`] decides what kind of disk an image is and which geometry it has; [`scan`] reads it once and hashes
//! it; [`iso`] reads CD images; [`windows::look`] tells whether a Windows on an image will find its RAM disk. None of
//! them writes anything.

mod boot_code;
mod bpb;
mod container;
mod disc;
mod ends;
mod error;
mod facts;
mod file;
mod files;
mod geometry;
mod guid_table;
mod hash;
mod identity;
pub mod iso;
mod metered;
mod probe;
mod scan;
mod solve;
mod source;
mod stripped;
mod table;
mod unfinished;
mod unknown;
mod volume;
mod will_boot;
pub mod windows;
mod witness;

pub use boot_code::{Dummy, has_no_code};
pub use bpb::{BOOT_SIGNATURE, BpbFields, Slot, slots};
pub(crate) use container::no_raw;
pub use disc::DISC_GEOMETRY;
pub use ends::Claim;
pub use error::ImageError;
pub use facts::{ImageFacts, Kind, KindChoice, Warning};
pub use file::FileSource;
pub(crate) use files::LongName;
pub(crate) use geometry::{hard_disk, wanted};
pub use guid_table::{GuidPart, GuidTable};
pub use hash::{chunk_value, combine, joined};
pub use identity::Identity;
pub use probe::probe;
pub use scan::{CHUNK_LEN, CHUNK_SHIFT, Chunk, Scan, scan};
pub use solve::{Answer, Disagreement, Witness};
pub(crate) use solve::{Solution, solve};
pub use source::Source;
pub use stripped::{DiskHeader, Stripped};
pub use unfinished::Unfinished;
pub use unknown::{is_blank, is_known};
pub use will_boot::{NoStart, PartFault, look as no_start};
pub(crate) use witness::{Tracks, Witnesses, entries};
