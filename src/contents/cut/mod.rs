//! Where the image of a FAT can end: behind the last cluster that is used, so that the disk in memory is smaller.
//!
//! The end of the volume, of its partition and of the image move; no cluster does. What is uncertain is refused, and
//! what is made of it is looked at once more, as any image is, before anybody gets it.

mod change;
mod error;
mod place;
mod table;
mod view;
mod volume;

use std::ops::Range;
use std::path::Path;

use serde::{Deserialize, Serialize};

use super::facts::ImageFacts;
use super::files::VolumeFiles;
use super::geometry::size::FLOPPY_SECTORS_MAX;
use super::kind::{Kind, KindChoice};
use super::probe::probe;
use crate::image::{Metered, Source};
use crate::units::SECTOR_LEN;
pub use error::NoCut;
use place::Place;
pub(super) use table::{Table, Used};
pub use view::Shortened;
use volume::{Volume, damaged};

/// Bytes of an image that are looked at for the file that ends last.
const LOOKED_AT_MAX: u64 = 64 << 20;
/// Bytes that change at most, beside those that become zeros.
const CHANGED_MAX: u64 = 512;
/// Names of files in the root folder that hold the memory of a system that sleeps: of Windows NT, of Windows 98 and ME,
/// and of the BIOSes of notebooks.
pub(super) const SLEEPS: [&str; 4] = ["hiberfil.sys", "vmmhiber.w9x", "save2dsk.bin", "pm_hiber.bin"];
/// How such a file begins when the system woke up from it. (Microsoft's ntldr and bootmgr write it there.)
pub(super) const AWAKE: [&[u8; 4]; 2] = [b"wake", b"WAKE"];
/// Sectors of a hard disk of 504 MiB: a larger one without witnesses has another geometry.
const LARGE_SECTORS: u64 = 1024 * 16 * 63 + 1;
/// Sectors of 4 MiB: a shorter image without a partition table may be a floppy.
const NO_FLOPPY_SECTORS: u64 = (4 << 20) / SECTOR_LEN;

/// Where an image can end, and what changes in it then.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Cut {
    /// Bytes of the image that are left, a multiple of 512.
    pub len: u64,
    /// Bytes that are written over those of the image: where, and what.
    pub changes: Vec<(u64, Vec<u8>)>,
    /// Bytes of the image that become zeros.
    pub cleared: Vec<Range<u64>>,
    /// The file system, as in `FAT16`.
    pub system: String,
    /// Number of its partition; `None` without a partition table.
    pub partition: Option<usize>,
    /// Sectors of the file system before, and after.
    pub sectors: (u64, u64),
    /// Free bytes that the file system has left.
    pub free: u64,
    /// Bytes of the clusters that are used.
    pub used: u64,
    /// Why it does not end earlier.
    pub limit: Limit,
    /// Sectors of the disk in memory before, and after.
    pub disk_sectors: (u32, u32),
    /// What the image is when it is cut.
    pub facts: ImageFacts,
}

/// What an image ends with when it is cut.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Limit {
    /// The last cluster that is used, of this file or folder if its name is known.
    Used(Option<String>),
    /// The fewest clusters that such a FAT can have.
    Clusters(u64),
    /// The smallest disk that is still of the same kind and geometry.
    Kind,
}

impl Cut {
    /// Whether this can be said of an image of `len` bytes. Who did not look itself asks that before it believes it.
    pub(super) fn is_possible(&self, len: u64) -> bool {
        let is_within = |range: &Range<u64>| range.start < range.end && range.end <= self.len;
        let changed: u64 = self.changes.iter().map(|(_, bytes)| bytes.len() as u64).sum();
        let mut changes = self.changes.iter().map(|(at, bytes)| *at..at.saturating_add(bytes.len() as u64));
        self.len > 0
            && self.len < len
            && self.len.is_multiple_of(SECTOR_LEN)
            && self.facts.len == self.len
            && changed <= CHANGED_MAX
            && changes.all(|range| is_within(&range))
            && self.cleared.iter().all(is_within)
    }
}

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
    let used = volume.used(source)?;
    let last = look_at_files(source, &volume, &used)?;
    volume.is_clear_behind(source)?;
    let cylinder = facts.geometry.cylinder_sectors();
    let lead = u64::from(facts.lead_sectors);
    let clusters = volume.clusters_needed(&used);
    let needed = volume.place.start + volume.bpb.data() + clusters * u64::from(volume.bpb.cluster_sectors);
    let limit = match clusters > used.clusters() {
        true => Limit::Clusters(clusters),
        false => Limit::Used(last.clone()),
    };
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
        let Some(after) = after.ok().filter(|after| is_same_disk(facts, after)) else { continue };
        if after.disk_sectors >= facts.disk_sectors {
            break;
        }
        cut.disk_sectors = (facts.disk_sectors, after.disk_sectors);
        cut.facts = after;
        return Ok(cut);
    }
    Err(NoCut::Nothing { file: last })
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
    before.kind == after.kind
        && tracks(before) == tracks(after)
        && before.drive == after.drive
        && before.lead_sectors == after.lead_sectors
        && before.contents == after.contents
        && after.warnings.iter().all(|warning| before.warnings.contains(warning))
}
