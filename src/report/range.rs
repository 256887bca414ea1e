//! A range that is written, and why.

use serde::Serialize;

use crate::layout::{Content, Extent, Layout, Role};
use crate::plan::Plan;

/// Why most of a copy is written.
const COPIED: &str = "the disc image as it is";

/// One range of a stick.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, schemars::JsonSchema)]
pub struct RangeReport {
    /// First sector.
    pub lba: u64,
    /// Sectors.
    pub sectors: u64,
    /// Short name of its purpose; does not change between versions.
    pub role: &'static str,
    /// Why it is written.
    pub why: String,
}

impl RangeReport {
    /// Describes a range of the stick of `plan`.
    pub(super) fn new(extent: &Extent, plan: &Plan) -> Self {
        let (role, why) = match extent.role {
            Role::Sector0 => ("sector-0", "first boot code; cleared first, written last".into()),
            Role::Table => ("table", "partition table".into()),
            Role::BootCode => ("boot-code", "boot header, second stage and loader".into()),
            Role::BootCopy => {
                ("boot-copy", "the boot code again, for a BIOS that hides all before a partition".into())
            }
            Role::Stamps if matches!(extent.content, Content::Bytes(_)) => (
                "code-copies",
                "first boot code again, and the next stage, for a BIOS that hides a track".into(),
            ),
            Role::Stamps => ("stamps", "each sector's number, to measure the BIOS by".into()),
            Role::Manifest => ("manifest", "hash of every range, for `ramkey verify`".into()),
            Role::FatReserved => {
                ("fat-reserved", "boot sector and reserved sectors of the file system".into())
            }
            Role::FatTable => ("fat-table", "file allocation tables".into()),
            Role::Directory => ("directory", "directories".into()),
            Role::Capsule { image } => {
                let name = plan.carried.capsules.get(image).map_or("", |capsule| &capsule.file_name);
                ("capsule", format!("RAMKEY/{name}"))
            }
            Role::Disc => ("disc", "ISO 9660 and El Torito: the same files as a disc".into()),
            Role::Text => ("readme", "RAMKEY/README.TXT: what the images are".into()),
            Role::Files => ("files", "files of your own, as a disc has them".into()),
            Role::Copy => ("copy", COPIED.into()),
            Role::Cleared => ("cleared", "zeros over what another tool may have left".into()),
        };
        Self { lba: extent.lba, sectors: extent.sectors, role, why }
    }

    /// Describes the ranges of a disc image that is copied as it is.
    pub fn of_copy(layout: &Layout) -> Vec<Self> {
        let one = |extent: &Extent| {
            let (role, why) = match extent.role {
                Role::Sector0 => ("sector-0", "its first boot code; cleared first, written last"),
                Role::BootCode => {
                    ("boot-code", "its boot header; cleared first, written when all else is proven")
                }
                Role::BootCopy => ("boot-copy", "its second boot header, in the same way"),
                Role::Cleared => ("cleared", "zeros over the GPT that another tool may have left"),
                _ => ("copy", COPIED),
            };
            Self { lba: extent.lba, sectors: extent.sectors, role, why: why.into() }
        };
        layout.extents.iter().map(one).collect()
    }
}
