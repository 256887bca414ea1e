//! Everything that is asked of an image before its bytes are hashed, in one question and one answer. Both can be told to
//! another process.

use std::path::Path;

use serde::{Deserialize, Serialize};

use super::area::Areas;
use super::areas::areas;
use super::cut::{Cut, NoCut, cut};
use super::error::ProbeError;
use super::facts::ImageFacts;
use super::free::{FreeQuestion, FreeSpace, free_space};
use super::iso::{self, Disc, System};
use super::kind::{Kind, KindChoice};
use super::probe::{LEAD_SECTORS_MAX, probe};
use super::room::Room;
use super::unknown::{is_blank, is_known};
use super::windows::{self, DiskOrder, Windows};
use crate::image::{DISK_LEN_MAX, Source, Wrapping};
use crate::units::{Geometry, SECTOR_LEN};

/// What is asked of an image.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Question {
    /// The kind of disk that it is to be.
    pub kind: KindChoice,
    /// Its geometry, if the image is not to say it.
    pub geometry: Option<Geometry>,
    /// Whether the system on it is looked for; for a machine that counts its disks in this order.
    pub system: Option<DiskOrder>,
    /// Whether what takes its room is looked for.
    pub room: bool,
    /// Whether it is to be found out where it can end.
    pub cut: bool,
    /// Whether it is asked what its file systems do not need.
    pub free: Option<FreeQuestion>,
    /// Whether it is asked where its parts lie.
    pub areas: bool,
}

/// What is known of an image.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct Looked {
    /// The disk that it becomes.
    pub facts: ImageFacts,
    /// Whether anything is known of what is on it.
    pub is_known: bool,
    /// Whether it begins as a disk that was not used yet.
    pub is_blank: bool,
    /// The CD that it becomes, and the system on it; `None` if it was not asked for or cannot be read.
    pub disc: Option<(Disc, System)>,
    /// The Windows on it.
    pub windows: Option<Windows>,
    /// What takes its room; `None` if it was not asked for.
    pub room: Option<Room>,
    /// Where it can end, or why it cannot be cut; `None` if that was not asked for.
    pub cut: Option<Result<Cut, NoCut>>,
    /// What its file systems do not need; `None` if it was not asked for.
    pub free: Option<FreeSpace>,
    /// Where its parts lie; `None` if it was not asked for.
    pub areas: Option<Areas>,
}

/// Answers `question` about the image in `source`. `path` is for messages and titles only.
///
/// # Errors
///
/// As [`probe`].
pub fn look(path: &Path, source: &dyn Source, question: &Question) -> Result<Looked, ProbeError> {
    let facts = probe(path, source, question.kind, question.geometry)?;
    let disc = question.system.filter(|_| facts.kind == Kind::Disc).and_then(|_| system_on(source));
    let windows = question.system.and_then(|order| windows::look_in(source, &facts, order));
    let (is_known, is_blank) = (is_known(source, &facts), is_blank(source));
    let room = question.room.then(|| Room::of(source, &facts));
    let cut = question.cut.then(|| cut(path, source, question.kind, &facts));
    let free = question.free.map(|question| free_space(source, &facts, question));
    let areas = question.areas.then(|| areas(source, facts.kind));
    Ok(Looked { facts, is_known, is_blank, disc, windows, free, room, cut, areas })
}

fn system_on(source: &dyn Source) -> Option<(Disc, System)> {
    let disc = iso::read(source).ok()??;
    let system = iso::recognise(&disc, source).ok()?;
    Some((disc, system))
}

impl Looked {
    /// Whether this can be an answer to `question` about an image of `len` bytes in this `wrapping`. Who did not look
    /// itself asks that before it believes an answer.
    pub fn is_possible(&self, question: &Question, len: u64, wrapping: Option<&Wrapping>) -> bool {
        let facts = &self.facts;
        let Geometry { cylinders, heads, sectors_per_track } = facts.geometry;
        let sectors = u64::from(facts.disk_sectors);
        let lead = facts.lead_sectors;
        let drive = match facts.kind {
            Kind::HardDisk | Kind::Partition => 0x80,
            Kind::Floppy => 0,
            Kind::Disc => 0xE0,
        };
        let is_asked = match question.kind {
            KindChoice::Auto => true,
            KindChoice::Is(kind) => kind == facts.kind,
        };
        self.free.is_some() == question.free.is_some()
            && self.free.as_ref().is_none_or(|free| free.is_possible(len))
            && self.room.is_some() == question.room
            && self.areas.is_some() == question.areas
            && self.areas.as_ref().is_none_or(Areas::is_possible)
            && self.cut.is_some() == question.cut
            && self.cut.as_ref().and_then(|cut| cut.as_ref().ok()).is_none_or(|cut| cut.is_possible(len))
            && facts.len == len
            && facts.wrapping.as_ref() == wrapping
            && is_asked
            && question.geometry.is_none_or(|asked| asked == facts.geometry)
            && Geometry::new(cylinders, heads, sectors_per_track).is_some()
            && sectors * SECTOR_LEN <= DISK_LEN_MAX
            && sectors >= u64::from(lead) + len.div_ceil(SECTOR_LEN)
            && lead <= LEAD_SECTORS_MAX
            && (lead == 0 || facts.kind == Kind::Partition)
            && facts.drive == drive
            && facts.disc.is_some() == (facts.kind == Kind::Disc)
            && facts.boot_entry().is_none_or(|boot| u64::from(boot.load_lba) <= len / iso::BLOCK_LEN)
    }
}
