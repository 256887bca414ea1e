//! What of a stick that has faults can be put right, and proven to be: sectors as they will be.
//!
//! Everything is proven by a hash that stands on the stick, in the manifest or in a capsule, or by the tables of a file system, of
//! which only one makes sense. What is not proven stays as it is. Nothing is written here.

mod capsules;
mod directories;
mod donor;
mod foreign;
mod frame;
mod manifest;
mod mend;
mod patched;
mod tables;
mod text;
mod update;

use ramkey_format::manifest::{is_changing, range};
use serde::{Deserialize, Serialize};

use crate::image::Source;
use crate::stick::{self, ChainFault, LayoutKind, Manifest, Odd, Oddity, Reader};

pub use donor::Donor;
pub use frame::{division_of, frame_of, start_options};
pub use mend::Mend;
pub use patched::Patched;
use patched::Sectors;
pub use update::{Update, UpdateError, has_this_loader, update};

/// How often the images are looked at: a chunk that refers to a damaged one is right once that one is.
const ROUNDS: usize = 3;

/// Most sectors that are exchanged at once: 8 MiB, and the rest of a piece.
pub const SECTORS_MAX: usize = 1 << 14;

/// Something that is put right.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, schemars::JsonSchema)]
pub struct Mended {
    /// What it is, in words.
    pub what: String,
    /// First sector.
    pub lba: u64,
    /// Sectors from the first to the last that is exchanged.
    pub sectors: u64,
}

/// A stick as it will be, and what is right then that was not.
pub struct Repair<'s> {
    /// The stick.
    pub stick: Patched<'s>,
    /// What is put right, in the order in which it was found.
    pub mended: Vec<Mended>,
    /// Whether there may be more: so many sectors are not kept in memory, or some are made of others that come first.
    pub more: bool,
    /// Whether somebody else divided or formatted it since it was written: then nothing is put right.
    pub is_foreign: bool,
    /// The sectors that are cleared first because what they start is exchanged, in this order; each is among those that are exchanged.
    pub cleared_first: Vec<u64>,
}

impl Repair<'_> {
    /// Puts the text about the images right.
    fn text(&mut self) {
        let mended = with_state(&self.stick, |stick, state| {
            state.manifest().map(|manifest| text::text(stick, state, manifest)).unwrap_or_default()
        });
        self.take("README.TXT", mended);
    }

    /// Takes sectors that are known to be right.
    fn take(&mut self, what: &str, sectors: Sectors) {
        let (Some((&first, _)), Some((&last, _))) = (sectors.first_key_value(), sectors.last_key_value())
        else {
            return;
        };
        self.mended.push(Mended { what: what.to_owned(), lba: first, sectors: last + 1 - first });
        self.stick.sectors.extend(sectors);
    }
}

/// What of `stick` can be put right, with the images that are at hand.
pub fn repair<'s>(stick: &'s dyn Source, donors: &[Donor]) -> Repair<'s> {
    let stick = Patched::new(stick);
    let (mended, cleared_first) = (Vec::new(), Vec::new());
    let mut repair = Repair { stick, mended, more: false, is_foreign: false, cleared_first };
    let slots = with_state(&repair.stick, manifest::manifest);
    let mended = repair.stick.with(&slots);
    let known = with_state(&mended, |_, state| {
        let is_disc = state.area.as_ref().is_some_and(stick::BootArea::is_disc);
        state.manifest().cloned().map(|manifest| (manifest, is_disc))
    });
    repair.is_foreign = known.as_ref().is_some_and(|(manifest, _)| foreign::is_foreign(&mended, manifest));
    if repair.is_foreign {
        return repair;
    }
    repair.take("the manifest", slots);
    if let Some((manifest, is_disc)) = &known {
        let found = frame::ranges(&repair.stick, manifest, *is_disc);
        (repair.cleared_first, repair.more) = (found.cleared_first, found.more);
        for (what, sectors) in by_range(manifest, found.sectors) {
            repair.take(what, sectors);
        }
        // Where a file may be growing, the change is finished first.
        if !is_changing(&manifest.ranges) {
            // One entry of a directory each time.
            for _ in 0..4 {
                let sectors = tables::tables(&repair.stick, manifest).unwrap_or_default();
                repair.take("the file allocation tables", sectors);
                let sectors = directories::directories(&repair.stick).unwrap_or_default();
                repair.take("a directory", sectors);
            }
        }
    }
    repair.text();
    let manifest = known.as_ref().map(|(manifest, _)| manifest);
    // Where two files claim the same bytes, nobody knows whose they are.
    if with_state(&repair.stick, |_, state| has_crossed(state)) {
        return repair;
    }
    for entry in capsules::entries(&repair.stick) {
        for _ in 0..ROUNDS + 2 {
            let room = SECTORS_MAX.saturating_sub(repair.stick.sectors.len());
            repair.more |= room == 0;
            if room == 0 {
                return repair;
            }
            let mended = capsules::capsule(&repair.stick, &entry, manifest, donors, room);
            if mended.is_empty() {
                break;
            }
            mended.into_iter().for_each(|mended| repair.take(&mended.what, mended.sectors));
        }
    }
    repair
}

/// What of a stick is to be put right.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, schemars::JsonSchema)]
pub enum Scope {
    /// All of it.
    All,
    /// The text about the images alone: all else of a sound stick is as somebody wants it.
    Text,
}

impl Scope {
    /// As [`repair`] or [`repair_text`].
    pub fn repair<'s>(self, stick: &'s dyn Source, donors: &[Donor]) -> Repair<'s> {
        match self {
            Self::All => repair(stick, donors),
            Self::Text => repair_text(stick),
        }
    }
}

/// The same of the text about the images alone.
pub fn repair_text(stick: &dyn Source) -> Repair<'_> {
    let stick = Patched::new(stick);
    let (mended, cleared_first) = (Vec::new(), Vec::new());
    let mut repair = Repair { stick, mended, more: false, is_foreign: false, cleared_first };
    repair.text();
    repair
}

/// Whether the chain of a file may run into that of another.
fn has_crossed(state: &stick::StickState) -> bool {
    let Some(Ok(volume)) = &state.file_system else { return false };
    volume.tree.as_ref().is_some_and(|tree| {
        let is_taken = |oddity: &Oddity| {
            matches!(oddity.what, Odd::Chain(ChainFault::Taken) | Odd::RootChain(ChainFault::Taken))
        };
        tree.oddities.more.is_some() || tree.oddities.first.iter().any(is_taken)
    })
}

/// Calls `look` with what is on a stick.
fn with_state<T>(stick: &Patched, look: impl FnOnce(&Patched, &stick::StickState) -> T) -> T {
    let reader = Reader::new(stick, &|_| {});
    let state = stick::read(&reader);
    look(stick, &state)
}

/// Sectors by the range of the manifest in which they lie, and what that is called.
fn by_range(manifest: &Manifest, mut sectors: Sectors) -> Vec<(&'static str, Sectors)> {
    let mut parts = Vec::new();
    for entry in &manifest.ranges {
        let (lba, end) = (entry.lba.get(), entry.lba.get().saturating_add(entry.sectors.get()));
        let behind = sectors.split_off(&lba);
        let mut within = behind;
        let rest = within.split_off(&end);
        sectors.extend(rest);
        let is_gpt = LayoutKind::from_code(manifest.header.layout) == Some(LayoutKind::Gpt);
        let what = match entry.kind {
            range::SECTOR_0 => "sector 0",
            range::TABLE if is_gpt => "the partition table",
            range::TABLE => "the end of the stick",
            range::BOOT_CODE => "the boot code",
            range::BOOT_COPY => "the copy of the boot code",
            range::STAMPS => "copies of sector 0 and the numbers of sectors",
            range::CLEARED => "zeros",
            _ => "the file system's boot sector",
        };
        parts.push((what, within));
    }
    parts
}
