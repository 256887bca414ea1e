//! Which bytes go where on a stick: a pure function of the plan and the images' hashes.
//!
//! Nothing here reads a clock, a random number, a file or a device: the same plan and hashes give the same bytes on
//! every machine.

mod error;
mod extent;

pub use error::LayoutError;
pub use extent::{Content, Extent, Layout, Role};

use crate::image::Scan;
use crate::plan::Plan;

/// Lays out the stick of `plan`. `scans` are the images' hashes, in the order of the plan.
///
/// # Errors
///
/// [`LayoutError::TooLarge`] if the capsules do not fit the file system.
///
/// # Panics
///
/// If there is not exactly one scan for each image of the plan.
pub fn layout(plan: &Plan, scans: &[Scan]) -> Result<Layout, LayoutError> {
    assert_eq!(plan.capsules.len(), scans.len(), "one scan for each image");
    Err(LayoutError::TooLarge { needed: 0, available: 0 })
}
