//! What is known about reading the stick before the loader reads its first sector.
//!
//! Stage 2 measured it by the stick's own stamps; what the BIOS says of itself counts only where it could not.

use ramkey_format::boot::{BootInfo, MEASURED_CHS, MEASURED_EDD, MEASURED_HEADS, MEASURED_SECTORS};
use ramkey_format::memory::HEADS_MAX;

use crate::geometry::Geometry;
use crate::way::Method;

/// Heads that a BIOS may count by when no stamp could measure them, the most usual first.
pub const HEADS: [u16; 11] = [255, 240, 128, 64, 16, 32, 120, 15, 8, 4, 2];

/// Heads that may be right, and whether to read single sectors with them.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Trial {
    /// Heads.
    pub heads: u16,
    /// One sector in each call: the BIOS may spoil long transfers.
    pub single: bool,
}

/// What to try as number `number`, from 0, when the heads were only told: those, then [`HEADS`], then both with single
/// sectors, and at last every other number.
pub fn trial(number: usize, told: u16) -> Option<Trial> {
    const USUAL: usize = HEADS.len() + 1;
    let usual = |number: usize| number.checked_sub(1).map_or(Some(told), |at| HEADS.get(at).copied());
    if number < 2 * USUAL {
        return Some(Trial { heads: usual(number % USUAL)?, single: number >= USUAL });
    }
    let heads = (HEADS_MAX as usize).checked_sub(number - 2 * USUAL).filter(|&heads| heads > 0)?;
    Some(Trial { heads: heads as u16, single: false })
}

/// How a drive is read at first.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct DriveAccess {
    /// The method that is tried first.
    pub first: Method,
    /// Sectors of the stick before the one that EDD calls number 0.
    pub edd_hidden: u32,
    /// Sectors of the stick before the one that CHS calls have at 0/0/1.
    pub chs_hidden: u32,
    /// What CHS calls count by, if anybody knows.
    pub geometry: Option<Geometry>,
    /// Whether the heads are only what somebody told.
    pub heads_are_told: bool,
    /// Most sectors in the first transfer; 0 for as many as a call can have.
    pub transfer: u16,
    /// log2 of the sectors in a block that EDD calls count: 0, or 2 on a disc.
    pub block_shift: u8,
    /// Whether it is a disc, in whatever its EDD calls count: it has no CHS, hides nothing, and needs patience.
    pub is_disc: bool,
}

impl DriveAccess {
    /// What stage 2 found. `claimed` is what AH=41h says now: that there are packet calls.
    ///
    /// The method that read the loader comes first. Where no stamp was found, that is EDD only if it is claimed, too.
    pub fn from_info(info: &BootInfo, claimed: bool) -> Self {
        let measured = |bit: u32| u32::from(info.measured) & bit != 0;
        let told = Geometry { heads: info.told_heads.get(), sectors_per_track: info.told_sectors.get() };
        let known = Geometry { heads: info.heads.get(), sectors_per_track: info.sectors_per_track.get() };
        let geometry = [known, told].into_iter().find(Geometry::is_sound);
        let edd_works = measured(MEASURED_EDD) || claimed && !measured(MEASURED_CHS);
        let edd_first = info.edd != 0 && edd_works || measured(MEASURED_EDD) && !measured(MEASURED_CHS);
        Self {
            first: if edd_first { Method::Edd } else { Method::Chs },
            edd_hidden: info.edd_hidden.get(),
            chs_hidden: info.chs_hidden.get(),
            geometry,
            heads_are_told: !(measured(MEASURED_HEADS) && measured(MEASURED_SECTORS)),
            transfer: info.transfer.get(),
            block_shift: info.block_shift,
            is_disc: info.block_shift != 0,
        }
    }

    /// A disc that EDD calls read, and of which nothing else is known. `block_shift` as in [`DriveAccess`].
    pub const fn disc(block_shift: u8) -> Self {
        Self {
            first: Method::Edd,
            edd_hidden: 0,
            chs_hidden: 0,
            geometry: None,
            heads_are_told: false,
            transfer: 0,
            block_shift,
            is_disc: true,
        }
    }
}
