//! What the file systems of an image do not need, so that it can be left out: clusters and blocks that they call free.
//!
//! A volume is believed only as far as it says of itself that it is whole, and its structures agree. Else nothing of it
//! is given up, and the answer says why. What belongs to no file system is never given up. (`docs/trimming.md`.)

mod asleep;
mod ext;
mod ext_layout;
mod fat;
pub(super) mod fat_table;
mod fat_tree;
mod ntfs;
mod places;
pub(super) mod sleep;
mod space;
mod usage;
mod volume;
mod why;

pub use space::{FreeQuestion, FreeSpace, Kept, KeptPlace};
pub use why::{Closed, Structure, Why};

use super::facts::ImageFacts;
use super::kind::Kind;
use crate::image::{Metered, Source};
use crate::units::SECTOR_LEN;
use asleep::Sleep;
use places::Volume;
use usage::Usage;

/// Most bytes of an image that are looked at: twice the largest tables of a FAT, and many folders.
const READ_MAX: u64 = 512 << 20;
/// Where a boot sector of LILO has its name.
const LILO: (u64, [u8; 4]) = (6, *b"LILO");
/// Most ranges of all volumes together.
const RANGES_MAX: usize = 1 << 18;

/// What the file systems of the image in `source`, of which `facts` are known, do not need, as far as `question` asks. What
/// cannot be read is kept, so there is always an answer.
pub fn free_space(source: &dyn Source, facts: &ImageFacts, question: FreeQuestion) -> FreeSpace {
    let mut space = FreeSpace::default();
    let nothing = match facts.kind {
        Kind::Disc => Some(Why::Disc),
        _ if source.len() < SECTOR_LEN => Some(Why::Unknown),
        _ => None,
    };
    if let Some(why) = nothing {
        space.kept.push(Kept { place: KeptPlace::Image, why });
        return space;
    }
    match usages(source, facts.kind, question) {
        Ok(usages) => {
            for (volume, usage) in usages {
                let given = usage.and_then(|usage| space.add(&usage, RANGES_MAX));
                space.kept.extend(given.err().map(|why| Kept { place: volume.place, why }));
            }
        }
        Err(why) => space.kept.push(Kept { place: KeptPlace::Image, why }),
    }
    space.ranges.sort_by_key(|range| range.start);
    space
}

/// Why nothing of the volume that begins at byte `start` of an image of this kind would be given up, or what is behind its
/// last cluster.
pub(in crate::contents) fn why_kept(source: &dyn Source, kind: Kind, start: u64) -> Option<Why> {
    match usages(source, kind, FreeQuestion::default()) {
        Ok(usages) => {
            let volume = usages.into_iter().find(|(volume, _)| volume.start == start);
            volume.map_or(Some(Why::Unknown), |(_, usage)| usage.err())
        }
        Err(why) => Some(why),
    }
}

/// A volume, and what it uses.
type Answer = (Volume, Result<Usage, Why>);

/// The volumes of an image, with what each of them uses, or why that is not to be believed.
fn usages(source: &dyn Source, kind: Kind, question: FreeQuestion) -> Result<Vec<Answer>, Why> {
    let metered = Metered::new(source, READ_MAX);
    let volumes = places::volumes(&metered, kind)?;
    let starts = volumes.iter().map(|volume| volume.start).chain([0]);
    // LILO remembers where the blocks of its files were, whether or not they are still those of a file.
    let has_list = starts.into_iter().any(|start| has_block_list(&metered, start));
    let sleeps: Vec<Sleep> = volumes.iter().map(|volume| Sleep::of(&metered, volume.start)).collect();
    let read = |(volume, sleep): (Volume, &Sleep)| {
        let usage = match (&volume.doubt, sleep) {
            (_, Sleep::Yes) => Err(Why::Sleeps),
            (Some(why), _) => Err(why.clone()),
            // What is in the memory of a sleeping system knows more of every volume than the disk does.
            _ if sleeps.contains(&Sleep::Yes) => Err(Why::SleepsBeside),
            (None, _) => volume::usage(&metered, volume.start, volume.len, question),
        };
        let usage = match usage {
            Ok(_) if sleeps.contains(&Sleep::Perhaps) => Err(Why::PerhapsSleepsBeside),
            Ok(_) if has_list => Err(Why::BlockList),
            usage => usage,
        };
        (volume, usage)
    };
    Ok(volumes.into_iter().zip(&sleeps).map(read).collect())
}

/// Whether the boot sector at byte `start` is LILO's.
fn has_block_list(source: &dyn Source, start: u64) -> bool {
    let mut bytes = [0; 4];
    let at = start.saturating_add(LILO.0);
    let is_there = at.saturating_add(bytes.len() as u64) <= source.len();
    is_there && source.read_at(at, &mut bytes).is_ok_and(|()| bytes == LILO.1)
}
