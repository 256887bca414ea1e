//! What a medium has beside a stick's own ranges, and what it must know of them.

use std::ops::Range;

use super::extent::Extent;
use crate::capsule::Capsule;

/// Where the capsules lie, for what a medium has beside a stick's own ranges.
pub(super) struct Placed<'p> {
    /// The capsules, in the order of the plan.
    pub capsules: &'p [Capsule],
    /// The sectors of the file of each.
    pub files: &'p [Vec<Range<u64>>],
    /// What tells boot code of other sizes or options apart.
    pub options: [u8; 8],
    /// Type of the partition, as the table in sector 0 has it.
    pub partition_type: u8,
}

/// What a medium has beside a stick's own ranges.
#[derive(Default)]
pub(super) struct Beside {
    /// Its ranges. Where they lie among stamped sectors, nothing is stamped.
    pub extents: Vec<Extent>,
    /// Hash of the user's own files among them.
    pub files_hash: [u8; 32],
}
