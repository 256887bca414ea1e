//! What the file systems of an image do not need, so that it can be left out: clusters and blocks that they call free.
//!
//! A volume is believed only as far as it says of itself that it is whole, and its structures agree. Else nothing of it
//! is given up, and the answer says why. What belongs to no file system is never given up. (`docs/trimming.md`.)

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
use places::Volume;
use usage::Usage;

/// Most bytes of an image that are looked at: twice the largest tables of a FAT, and many folders.
const READ_MAX: u64 = 512 << 20;
/// Most ranges of all volumes together.
const RANGES_MAX: usize = 1 << 18;

/// What the file systems of the image in `source`, of which `facts` are known, do not need; with `swap` also the contents
/// of swap files. What cannot be read is kept, so there is always an answer.
pub fn free_space(source: &dyn Source, facts: &ImageFacts, swap: bool) -> FreeSpace {
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
    let metered = Metered::new(source, READ_MAX);
    let volumes = match places::volumes(&metered, facts.kind) {
        Ok(volumes) => volumes,
        Err(why) => {
            space.kept.push(Kept { place: KeptPlace::Image, why });
            return space;
        }
    };
    let read = |volume: &Volume| match &volume.doubt {
        Some(why) => Err(why.clone()),
        None => volume::usage(&metered, volume.start, volume.len, swap),
    };
    let mut read: Vec<(KeptPlace, Result<Usage, Why>)> =
        volumes.iter().map(|volume| (volume.place, read(volume))).collect();
    // What is in the memory of a sleeping system knows more of every volume than the disk does.
    if read.iter().any(|(_, usage)| usage.as_ref().is_err_and(Why::is_sleep)) {
        for (_, usage) in read.iter_mut().filter(|(_, usage)| usage.is_ok()) {
            *usage = Err(Why::SleepsBeside);
        }
    }
    for (place, usage) in read {
        let given = usage.and_then(|usage| space.add(&usage, RANGES_MAX));
        space.kept.extend(given.err().map(|why| Kept { place, why }));
    }
    space.ranges.sort_by_key(|range| range.start);
    space
}
