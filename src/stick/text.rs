//! The text about the images: whether it is the one that was written.
//!
//! It is a file like any other, and nothing depends on it. The manifest has its place and its hash, but not its name: the hash of
//! the directories leaves that out, as it does with files of others.

use ramkey_format::capsule::{FOLDER, README};
use ramkey_format::manifest::{RangeEntry, range};

use super::directories::{DirectorySlot, removed_slot, slot};
use super::names::SLOT_LEN;
use super::reader::{ReadError, Reader};
use super::tree::Entry;
use super::volume::Volume;
use crate::units::SECTOR_LEN;

/// Most sectors of a text that is read: 64 KiB.
const SECTORS_MAX: u64 = 128;
/// Most sectors of directories that are looked at with it.
const DIRECTORY_SECTORS_MAX: u64 = 1024;
/// Its name as a directory has it.
pub(crate) const TEXT_NAME: [u8; 11] = *b"README  TXT";

/// What became of the text about the images.
#[derive(Clone, Debug)]
pub enum TextState<'e> {
    /// The stick was written without one, or it is the user's own by now.
    None,
    /// It is gone, or has another name.
    Gone,
    /// Another one is there, or at another place.
    Other(Place<'e>),
    /// It cannot be read.
    Unreadable(Place<'e>, ReadError),
    /// It is there as it was written.
    AsWritten(Text<'e>),
}

/// Where a text is that may be the one that was written.
#[derive(Clone, Copy, Debug)]
pub struct Place<'e> {
    /// Its file.
    pub entry: &'e Entry,
    /// What the manifest says of what lies there, if it says anything.
    pub range: Option<RangeEntry>,
}

/// The text about the images as it was written.
#[derive(Clone, Debug)]
pub struct Text<'e> {
    /// Its file.
    pub entry: &'e Entry,
    /// What the manifest says of it.
    pub range: RangeEntry,
    /// Its bytes.
    pub bytes: Vec<u8>,
}

impl<'e> TextState<'e> {
    /// That of a stick with these ranges and files.
    pub fn of(reader: &Reader, ranges: &[RangeEntry], entries: &'e [Entry]) -> Self {
        let mut texts = ranges.iter().filter(|range| range.kind == range::TEXT).peekable();
        if texts.peek().is_none() {
            return Self::None;
        }
        let is_it = |entry: &&Entry| is_text(&entry.short_path) && !entry.is_folder;
        let Some(entry) = entries.iter().find(is_it) else { return Self::Gone };
        let first = entry.runs.first().copied();
        let is_there = |range: &&RangeEntry| {
            let (lba, sectors) = (range.lba.get(), range.sectors.get());
            entry.len.div_ceil(SECTOR_LEN) == sectors
                && sectors <= SECTORS_MAX
                && first.is_some_and(|(at, run)| at == lba && sectors <= run)
        };
        let range = texts.find(is_there).copied();
        let place = Place { entry, range };
        let Some(range) = range else { return Self::Other(place) };
        let mut bytes = match reader.bytes(range.lba.get(), range.sectors.get()) {
            Ok(bytes) => bytes,
            Err(error) => return Self::Unreadable(place, error),
        };
        let (text, rest) = bytes.split_at(entry.len as usize);
        // So its length is proven too.
        let is_whole = text.last() != Some(&0) && rest.iter().all(|&byte| byte == 0);
        let is_right = is_whole && *blake3::hash(&bytes).as_bytes() == range.blake3;
        bytes.truncate(entry.len as usize);
        if is_right { Self::AsWritten(Text { entry, range, bytes }) } else { Self::Other(place) }
    }

    /// Where it is, whatever it holds.
    pub fn place(&self) -> Option<Place<'e>> {
        match self {
            Self::None | Self::Gone => None,
            Self::Other(place) | Self::Unreadable(place, _) => Some(*place),
            Self::AsWritten(Text { entry, range, .. }) => Some(Place { entry, range: Some(*range) }),
        }
    }

    /// The text, if it is as it was written.
    pub fn text(self) -> Option<Text<'e>> {
        match self {
            Self::AsWritten(text) => Some(text),
            _ => None,
        }
    }
}

/// Whether a file with this path, made of short names, is where the text about the images is.
pub(crate) fn is_text(short_path: &str) -> bool {
    short_path.split_once('/') == Some((FOLDER, README))
}

impl Place<'_> {
    /// Its slot in the folder as it is written.
    fn slot(&self, volume: &Volume) -> Option<DirectorySlot> {
        let first = self.range?.lba.get().checked_sub(volume.cluster_lba(2))?;
        Some(slot(&TEXT_NAME, 0, 2 + first / volume.cluster_sectors(), self.entry.len as u32))
    }

    /// Takes its slot, if it is as it is written, out of `directories`, so that they are as if it had never been there.
    fn take_out(&self, volume: &Volume, directories: &mut [u8]) {
        let Some(own) = self.slot(volume) else { return };
        let slots = directories.as_chunks_mut::<SLOT_LEN>().0;
        let Some(number) = slots.iter().position(|slot| *slot == own) else { return };
        slots[number] = removed_slot();
        // Behind the last file are zeros.
        let mut end = number + 1;
        if slots.get(end).is_none_or(|slot| slot[0] == 0) {
            while end > 0 && slots[end - 1] == removed_slot() {
                end -= 1;
                slots[end] = [0; SLOT_LEN];
            }
        }
    }
}

/// The slot of the text that the manifest names, as it is written, whether the folder has it or not; `None` if it is not there any
/// more, or there are two.
pub(crate) fn text_slot(reader: &Reader, volume: &Volume, ranges: &[RangeEntry]) -> Option<DirectorySlot> {
    let mut texts = ranges.iter().filter(|range| range.kind == range::TEXT);
    let (Some(range), None) = (texts.next(), texts.next()) else { return None };
    let (lba, sectors) = (range.lba.get(), range.sectors.get());
    let first = 2 + lba.checked_sub(volume.cluster_lba(2))? / volume.cluster_sectors();
    let is_there = sectors <= SECTORS_MAX && volume.has(first) && volume.is_taken(first);
    let bytes = reader.bytes(lba, if is_there { sectors } else { return None }).ok()?;
    let len = bytes.iter().rposition(|&byte| byte != 0)? + 1;
    let is_right = *blake3::hash(&bytes).as_bytes() == range.blake3;
    is_right.then(|| slot(&TEXT_NAME, 0, first, len as u32))
}

/// BLAKE3 of directories as the manifest has it: without the slot of `text`.
///
/// # Errors
///
/// The first sector that cannot be read.
pub(crate) fn directory_hash(
    reader: &Reader,
    volume: &Volume,
    range: &RangeEntry,
    text: Option<&Place>,
) -> Result<blake3::Hash, ReadError> {
    let (lba, sectors) = (range.lba.get(), range.sectors.get());
    let is_in = |text: &&Place| (lba..lba + sectors).contains(&text.entry.slot.0);
    let Some(text) = text.filter(|_| sectors <= DIRECTORY_SECTORS_MAX).filter(is_in) else {
        return reader.hash(lba, sectors);
    };
    let mut bytes = reader.bytes(lba, sectors)?;
    text.take_out(volume, &mut bytes);
    Ok(blake3::hash(&bytes))
}
