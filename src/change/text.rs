//! The text about the images is exchanged: the new one is written beside the old one, and one sector of the folder decides which
//! of them is there.
//!
//! While that is announced, the manifest names both. Nothing of it has a say in what boots.

use ramkey_format::manifest::{RangeEntry, range};
use zerocopy::FromZeros;

use super::steps::Steps;
use super::{ChangeError, Step, Stick};
use crate::layout::{Content, Extent, Role};
use crate::stick::{LAST_CLUSTER, Reader, SLOT_LEN, StickState, TEXT_NAME, Text, TextState, slot};
use crate::units::SECTOR_LEN;

/// The steps after which the text about the images is `text`; none if it is so, or if the one that is there is not as it was
/// written: then it is the user's.
///
/// # Errors
///
/// See [`ChangeError`].
pub fn write_text<'r>(
    reader: &'r Reader<'r>,
    state: &StickState<'r>,
    text: &[u8],
) -> Result<Vec<Step>, ChangeError> {
    let stick = Stick::of(reader, state)?;
    let Some(old) = stick.text().filter(|old| old.bytes != text && !text.is_empty()) else {
        return Ok(Vec::new());
    };
    stick.can_grow()?;
    let volume = &stick.volume.volume;
    let need = (text.len() as u64).div_ceil(volume.cluster_len());
    let chains = stick.room_for(&[need])?;
    let chain = chains.first().ok_or(ChangeError::Unsound)?;
    let &[(lba, _)] = &stick.runs_of(chain)[..] else { return Err(ChangeError::TooManyPieces) };
    let mut bytes = text.to_vec();
    bytes.resize(text.len().next_multiple_of(SECTOR_LEN as usize), 0);
    let sectors = bytes.len() as u64 / SECTOR_LEN;
    let mut new = RangeEntry::new_zeroed();
    (new.lba, new.sectors, new.kind) = (lba.into(), sectors.into(), range::TEXT);
    new.blake3 = *blake3::hash(&bytes).as_bytes();

    let mut steps = Steps::new(stick);
    steps.add(vec![Extent { lba, sectors, role: Role::Text, content: Content::Bytes(bytes) }], lba, false);
    let both = without_overlaps([&stick.manifest.ranges[..], &[new]].concat(), &new);
    let mut announced = both.clone();
    stick.hash_again(&mut announced, &steps.future)?;
    steps.manifest(1 - stick.slot, &announced, 1)?;
    for (index, &cluster) in chain.iter().enumerate() {
        steps.set(cluster, chain.get(index + 1).map_or(LAST_CLUSTER, |&next| next as u32))?;
    }
    steps.close(Role::FatTable);
    steps.copy_tables()?;
    let (named_in, at) = old.entry.slot;
    let named = slot(&TEXT_NAME, 0, stick.cluster_at(lba), text.len() as u32);
    steps.edit(named_in)?[at..at + SLOT_LEN].copy_from_slice(&named);
    steps.close(Role::Directory);
    let given = stick.chain(old.entry);
    for &cluster in &given {
        steps.set(cluster, 0)?;
    }
    steps.close(Role::FatTable);
    steps.copy_tables()?;
    let old_counts = stick.counts(&stick.manifest.ranges);
    let mut ranges = with_one_text(&both, Some(&new));
    steps.count(old_counts, stick.counts(&ranges), given.len() as i64 - chain.len() as i64)?;
    stick.hash_again(&mut ranges, &steps.future)?;
    steps.manifest(stick.slot, &ranges, 2)?;
    Ok(steps.done)
}

/// The same ranges in order, without a text in the sectors of `new` that is gone.
fn without_overlaps(mut ranges: Vec<RangeEntry>, new: &RangeEntry) -> Vec<RangeEntry> {
    ranges.retain(|range| {
        let is_apart = range.end() <= new.lba.get() || new.end() <= range.lba.get();
        range.kind != range::TEXT || range == new || is_apart
    });
    // Stable: what is announced stays behind the first piece.
    ranges.sort_by_key(|range| range.lba.get());
    ranges
}

/// The same ranges with `text`, or none, as the only one of a text.
fn with_one_text(ranges: &[RangeEntry], text: Option<&RangeEntry>) -> Vec<RangeEntry> {
    let is_kept = |range: &&RangeEntry| range.kind != range::TEXT || Some(*range) == text;
    ranges.iter().filter(is_kept).copied().collect()
}

impl<'s> Stick<'s, '_> {
    /// The text about the images, if it is as it was written.
    pub(super) fn text(&self) -> Option<Text<'s>> {
        let tree = self.volume.tree.as_ref()?;
        TextState::of(self.reader, &self.manifest.ranges, &tree.entries).text()
    }

    /// The ranges of the manifest, without a text that is the user's own by now.
    pub(super) fn ranges(&self) -> Vec<RangeEntry> {
        match self.text() {
            Some(_) => self.manifest.ranges.clone(),
            None => with_one_text(&self.manifest.ranges, None),
        }
    }

    /// The steps after which the manifest names the one text that is there, where it names two.
    pub(super) fn finish_text(self) -> Result<Vec<Step>, ChangeError> {
        let ranges = &self.manifest.ranges;
        if ranges.iter().filter(|range| range.kind == range::TEXT).count() < 2 {
            return Ok(Vec::new());
        }
        let there = self.text().map(|text| text.range);
        let mut ranges = with_one_text(ranges, there.as_ref());
        let mut steps = Steps::new(self);
        if self.is_own() {
            steps.count_as_written(self.counts(&ranges))?;
        }
        self.hash_again(&mut ranges, &steps.future)?;
        steps.manifest(1 - self.slot, &ranges, 1)?;
        Ok(steps.done)
    }
}
