//! A disc image that is copied as it is to a stick: the same sectors, in the order in which a stick's own are written.

use ramkey_format::boot::BootHeader;

use super::error::LayoutError;
use super::extent::{Content, Extent, Layout, Role};
use super::extents::Extents;
use super::stick::{CLEARED_FIRST, held_back};
use crate::image::CHUNK_LEN;
use crate::plan::GPT_SECTORS;
use crate::units::SECTOR_LEN;

/// Bytes of a disc image that [`copy`] must be given, or all of a shorter one: whole chunks, and all that may be held back lies in
/// them. What follows proves itself by its chunks.
pub const START_LEN: usize = start_len();

const fn start_len() -> usize {
    let (mut last, mut index) = (0, 0);
    while index < CLEARED_FIRST.len() {
        last = if CLEARED_FIRST[index] > last { CLEARED_FIRST[index] } else { last };
        index += 1;
    }
    ((last as usize + 1) * SECTOR_LEN as usize).next_multiple_of(CHUNK_LEN)
}

/// Lays out a stick of `stick_sectors` sectors that gets the first `sectors` sectors of a disc image, which begins with `start`.
/// What an older GPT may have left at the end of a longer stick is cleared.
///
/// # Errors
///
/// [`LayoutError::Unsound`] if the image does not fit the stick, or `start` is not as long as [`START_LEN`] says.
pub fn copy(start: &[u8], sectors: u64, stick_sectors: u64) -> Result<Layout, LayoutError> {
    let start_sectors = sectors.min(START_LEN as u64 / SECTOR_LEN);
    if start.is_empty() || start.len() as u64 != start_sectors * SECTOR_LEN {
        return Err(LayoutError::Unsound {
            what: "the start of the disc image is shorter or longer than planned",
        });
    }
    let mut extents = Extents::default();
    let mut free_from = 0;
    for (lba, role) in alone(start) {
        extents.copied(free_from, lba, Role::Copy, start);
        extents.copied(lba, lba + 1, role, start);
        free_from = lba + 1;
    }
    extents.copied(free_from, start_sectors, Role::Copy, start);
    if sectors > start_sectors {
        let content = Content::Image { image: 0, offset: start_sectors * SECTOR_LEN };
        let sectors = sectors - start_sectors;
        extents.0.push(Extent { lba: start_sectors, sectors, role: Role::Copy, content });
    }
    extents.zeros(sectors.max(stick_sectors.saturating_sub(GPT_SECTORS))..stick_sectors, Role::Cleared);
    let layout = Layout {
        stick_sectors,
        cleared_first: CLEARED_FIRST.to_vec(),
        held_back: held_back(&extents.0),
        extents: extents.0,
    };
    layout.check().map_err(|what| LayoutError::Unsound { what })?;
    Ok(layout)
}

/// The sectors that are held back, ascending: sector 0, and each boot header.
fn alone(start: &[u8]) -> impl Iterator<Item = (u64, Role)> {
    let [sector_0, header, copy] = CLEARED_FIRST;
    let has_header = |lba: u64| {
        let sector = start.get((lba * SECTOR_LEN) as usize..);
        sector.is_some_and(|sector| sector.starts_with(&BootHeader::MAGIC))
    };
    let headers = [(header, Role::BootCode), (copy, Role::BootCopy)];
    let headers = headers.into_iter().filter(move |(lba, _)| has_header(*lba));
    [(sector_0, Role::Sector0)].into_iter().chain(headers)
}

impl Extents {
    /// The sectors from `lba` up to `end` of an image that begins with `start`, if there are any.
    fn copied(&mut self, lba: u64, end: u64, role: Role, start: &[u8]) {
        if lba < end {
            self.bytes(lba, role, start[(lba * SECTOR_LEN) as usize..(end * SECTOR_LEN) as usize].to_vec());
        }
    }
}
