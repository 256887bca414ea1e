//! Where the image of a FAT can end: behind the last cluster that is used, so that the disk in memory is smaller.
//!
//! The end of the volume, of its partition and of the image move; no cluster does. What is uncertain is refused, and
//! what is made of it is looked at once more, as any image is, before anybody gets it.

mod change;
mod error;
mod place;
mod record;
mod used;
mod view;
mod volume;

use std::path::Path;

use super::facts::{ImageFacts, Warning};
use super::files::VolumeFiles;
use super::free::why_kept;
use super::geometry::size::FLOPPY_SECTORS_MAX;
use super::kind::{Kind, KindChoice};
use super::probe::probe;
use crate::image::{Metered, Source};
use crate::units::SECTOR_LEN;
pub use error::NoCut;
use place::Place;
pub use record::{Cut, Limit};
pub(super) use used::Used;
pub use view::Shortened;
use volume::{Volume, damaged};

/// Bytes of an image that are looked at for the file that ends last.
const LOOKED_AT_MAX: u64 = 64 << 20;
/// Sectors of a hard disk of 504 MiB: a larger one without witnesses has another geometry.
const LARGE_SECTORS: u64 = 1024 * 16 * 63 + 1;
/// Sectors of 4 MiB: a shorter image without a partition table may be a floppy.
const NO_FLOPPY_SECTORS: u64 = (4 << 20) / SECTOR_LEN;

/// Finds out where the image in `source`, which was asked to be of the kind `choice` and is what `facts` say, can end.
///
/// # Errors
///
/// Why it cannot be cut.
pub fn cut(path: &Path, source: &dyn Source, choice: KindChoice, facts: &ImageFacts) -> Result<Cut, NoCut> {
    match (facts.kind, &facts.wrapping) {
        (Kind::Floppy, _) => return Err(NoCut::Floppy),
        (Kind::Disc, _) => return Err(NoCut::Disc),
        (_, Some(wrapping)) => return Err(NoCut::Wrapped { command: wrapping.plain_command.clone() }),
        (Kind::HardDisk | Kind::Partition, None) => {}
    }
    let place = Place::find(source, facts)?;
    let volume = Volume::open(source, place)?;
    let used = volume.used()?;
    let last = look_at_files(source, &volume, &used)?;
    if let Some(why) = why_kept(source, facts.kind, volume.place.start * SECTOR_LEN) {
        return Err(NoCut::Kept { why });
    }
    volume.is_clear_behind(source)?;
    let cylinder = facts.geometry.cylinder_sectors();
    let lead = u64::from(facts.lead_sectors);
    let clusters = volume.clusters_needed(&used);
    let needed = volume.place.start + volume.bpb.data() + clusters * u64::from(volume.bpb.cluster_sectors);
    let limit = match clusters > used.clusters() {
        true => Limit::Clusters(clusters),
        false => Limit::Used(last.clone()),
    };
    let mut is_other = false;
    let of_kind = [NO_FLOPPY_SECTORS.max(FLOPPY_SECTORS_MAX + 1), LARGE_SECTORS];
    for (at_least, limit) in
        [(needed, limit)].into_iter().chain(of_kind.map(|sectors| (sectors, Limit::Kind)))
    {
        let end = (needed.max(at_least) + lead).next_multiple_of(cylinder) - lead;
        if end * SECTOR_LEN >= source.len() {
            break;
        }
        let mut cut = volume.cut_at(source, end, &used, limit, facts)?;
        let after = probe(path, &Shortened::new(source, &cut), choice, None);
        let Some(after) = after.ok().filter(|after| is_same_disk(facts, after)) else {
            is_other = true;
            continue;
        };
        if after.disk_sectors >= facts.disk_sectors {
            break;
        }
        cut.disk_sectors = (facts.disk_sectors, after.disk_sectors);
        cut.facts = after;
        return Ok(cut);
    }
    Err(if is_other { NoCut::OtherDisk } else { NoCut::Nothing { file: last } })
}

/// The file or folder that has the last cluster that is used, if that can be found with reasonable work. All files are
/// looked at on the way.
fn look_at_files(source: &dyn Source, volume: &Volume, used: &Used) -> Result<Option<String>, NoCut> {
    let metered = Metered::new(source, LOOKED_AT_MAX);
    let offset = volume.place.start * SECTOR_LEN;
    let files = VolumeFiles::open(&metered, offset).map_err(|error| damaged(&error))?;
    let files = files.ok_or(NoCut::BootSector)?;
    volume.is_awake(&files)?;
    match files.owner(used.last as u32) {
        Ok(owner) => Ok(owner),
        Err(_) if metered.is_spent() => Ok(None),
        Err(error) => Err(damaged(&error)),
    }
}

/// Whether the machine sees the same disk but for its end, and nothing new speaks against it.
fn is_same_disk(before: &ImageFacts, after: &ImageFacts) -> bool {
    let tracks = |facts: &ImageFacts| (facts.geometry.heads, facts.geometry.sectors_per_track);
    // The cylinders in such a warning are others.
    let is_disagreement = |warning: &Warning| matches!(warning, Warning::Geometries(_));
    let is_known = |warning: &Warning| {
        let same = |old: &Warning| old == warning || (is_disagreement(old) && is_disagreement(warning));
        before.warnings.iter().any(same)
    };
    before.kind == after.kind
        && tracks(before) == tracks(after)
        && before.drive == after.drive
        && before.lead_sectors == after.lead_sectors
        && before.contents == after.contents
        && after.warnings.iter().all(is_known)
}
