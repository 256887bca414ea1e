//! The layout of any medium: a stick, or one that is a disc as well.

use super::beside::Beside;
use super::error::LayoutError;
use super::extent::Layout;
use super::{disc, stick};
use crate::image::Scan;
use crate::plan::Plan;

/// Lays out the medium of `plan`. `scans` are the images' hashes, in the order of the plan.
///
/// # Errors
///
/// [`LayoutError::TooLarge`] if the capsules do not fit the file system, [`LayoutError::TooManyRanges`] if they are
/// too many, [`LayoutError::Files`] if ISO 9660 cannot name a file; the others are faults of this program.
///
/// # Panics
///
/// If there is not exactly one scan for each image of the plan.
pub fn layout(plan: &Plan, scans: &[Scan]) -> Result<Layout, LayoutError> {
    layout_around(plan, scans, &[])
}

/// The same with no image in the sectors `bad`: their clusters are marked bad in the file system. The layout is that without them
/// but for what must change.
///
/// # Errors
///
/// As [`layout`]; [`LayoutError::Fixed`] if one of them is not where an image's file may be.
///
/// # Panics
///
/// As [`layout`].
pub fn layout_around(plan: &Plan, scans: &[Scan], bad: &[u64]) -> Result<Layout, LayoutError> {
    stick::layout(plan, scans, bad, &|placed| match &plan.division.disc {
        None => Ok(Beside::default()),
        Some(disc) => disc::beside(plan, disc, placed),
    })
}
