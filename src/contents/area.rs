//! Parts of an image, by their sectors.

use serde::{Deserialize, Serialize};

/// Most parts that are told of one image, and most bytes of the name of one.
pub(super) const AREAS_MAX: usize = 4096;
pub(super) const NAME_LEN_MAX: usize = 1024;

/// What a part of an image is there for.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum AreaUse {
    /// A partition table.
    Table,
    /// Boot sector and reserved sectors of a FAT.
    FatReserved,
    /// A file allocation table.
    FatTable,
    /// A directory.
    Directory,
    /// Descriptors, boot catalogue and path tables of a CD, and what lies before them.
    Disc,
    /// A file of a CD.
    File,
    /// What a BIOS boots of a CD.
    BootImage,
    /// A partition or file system, as far as nothing of it is told by itself.
    Volume,
}

/// A part of an image.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Area {
    /// First sector.
    pub lba: u64,
    /// Sectors, at least 1.
    pub sectors: u64,
    /// What it is there for.
    pub used_for: AreaUse,
    /// What it is, for people.
    pub name: String,
}

/// The parts of an image. Where two of them have the same sector, the first says more of it.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Areas {
    /// The parts, as they were found.
    pub list: Vec<Area>,
    /// Whether there are more, or some could not be looked at.
    pub partial: bool,
}

impl Areas {
    /// Adds a part, if it has a sector and there is room for it.
    pub(super) fn add(&mut self, (lba, sectors): (u64, u64), used_for: AreaUse, name: impl Into<String>) {
        let mut name = name.into();
        if self.list.len() == AREAS_MAX || name.len() > NAME_LEN_MAX {
            self.partial = true;
            name = name.chars().take(NAME_LEN_MAX / 4).collect();
        }
        if self.list.len() < AREAS_MAX && sectors > 0 {
            self.list.push(Area { lba, sectors, used_for, name });
        }
    }

    /// Whether this can be said of an image. Who did not look itself asks that before it believes it.
    pub(super) fn is_possible(&self) -> bool {
        let is_area = |area: &Area| {
            area.sectors > 0
                && area.lba.checked_add(area.sectors).is_some()
                && area.name.len() <= NAME_LEN_MAX
        };
        self.list.len() <= AREAS_MAX && self.list.iter().all(is_area)
    }
}
