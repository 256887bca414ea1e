//! What of a stick can be put right, for whoever writes it.

use ramkey_format::memory::BOOT_AREA_END_LBA;

use super::{Mended, Repair, Scope};
use crate::layout::{Extent, Layout};

/// What of a stick can be put right, and what is written for it.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Mend {
    /// What is put right, in the order in which it was found.
    pub mended: Vec<Mended>,
    /// What is written.
    pub extents: Vec<Extent>,
    /// See [`Repair::cleared_first`].
    pub cleared_first: Vec<u64>,
    /// See [`Repair::more`].
    pub more: bool,
    /// See [`Repair::is_foreign`].
    pub is_foreign: bool,
}

impl From<Repair<'_>> for Mend {
    fn from(repair: Repair) -> Self {
        let Repair { stick, mended, more, is_foreign, cleared_first } = repair;
        Self { mended, extents: stick.extents(), cleared_first, more, is_foreign }
    }
}

impl Mend {
    /// The layout that exchanges these ranges and nothing else. What must not boot meanwhile is cleared first, and comes last; else
    /// it is the first sector.
    pub fn layout(&self, stick_sectors: u64) -> Layout {
        let (extents, cleared_first) = (self.extents.clone(), self.cleared_first.clone());
        let held_back = match cleared_first.is_empty() {
            true => extents.first().map(|extent| extent.lba).into_iter().collect(),
            false => cleared_first.iter().rev().copied().collect(),
        };
        Layout { stick_sectors, cleared_first, held_back, extents }
    }

    /// Whether nothing is written that is not to be put right: the text about the images is a file, and lies behind what starts a stick.
    pub fn is_within(&self, scope: Scope) -> bool {
        let is_behind = |extent: &Extent| extent.lba >= u64::from(BOOT_AREA_END_LBA);
        match scope {
            Scope::All => true,
            Scope::Text => self.cleared_first.is_empty() && self.extents.iter().all(is_behind),
        }
    }

    /// Whether this can be done to a stick of so many sectors. Who did not look itself asks that before it writes.
    pub fn is_possible(&self, stick_sectors: u64) -> bool {
        let is_mended =
            |mended: &Mended| mended.lba.checked_add(mended.sectors).is_some_and(|end| end <= stick_sectors);
        match self.extents.is_empty() {
            true => self.mended.is_empty() && self.cleared_first.is_empty(),
            false => {
                !self.is_foreign
                    && self.mended.iter().all(is_mended)
                    && self.layout(stick_sectors).check().is_ok()
            }
        }
    }
}
