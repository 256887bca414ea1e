//! Which bytes go where on a stick: a pure function of the plan and the images' hashes.
//!
//! Nothing here reads a clock, a random number, a file or a device: the same plan and hashes give the same bytes on
//! every machine. What is a stick's own lies in `stick`; the list of ranges, and how it is read, serves any medium.

mod beside;
mod capsules;
mod copy;
pub mod disc;
mod error;
mod extent;
mod extents;
mod identity;
mod manifest;
mod materialise;
mod medium;
mod set;
mod stick;

pub use capsules::capsules;
pub use copy::{START_LEN, copy};
pub use error::LayoutError;
pub(crate) use extent::Wanted;
pub use extent::{Content, Extent, Layout, Role};
pub use extents::capsule_extents;
pub use manifest::{ManifestFacts, manifest_slot};
pub use materialise::materialise;
pub use medium::{layout, layout_around};
pub use set::{disk_signatures, signature};
pub use stick::{Frame, loader_sum, options_of, plain, start_of_hash};
