//! A stick of which some sectors hold no data: the images lie around them.

use std::collections::BTreeSet;
use std::io;
use std::ops::Range;

use ramkey_format::manifest::{ManifestHeader, range};
use ramkey_format::memory::{MANIFEST_LBA, MANIFEST_SECTORS_MAX};

use crate::image::{Source, StoredBytes, Unproven};
use crate::job::prove::write_and_prove;
use crate::job::resume::Unchanged;
use crate::job::{JobError, Prepared};
use crate::layout::{Content, Layout, Role, layout_around};
use crate::pipeline::{Aftermath, Committed, Difference, Failure, Input, Job};
use crate::units::{SECTOR_LEN, counted};

/// Times that images are moved away before the stick is called bad.
const ROUNDS: u32 = 3;
/// More sectors than this, 4 MiB, are no weak spot but a bad stick.
pub(super) const BAD_MAX: usize = 8192;
/// Stored bytes that prove themselves together in every form of an image.
const BLOCK_LEN: u64 = 1 << 20;
/// Most ranges that a warning names.
const SHOWN: usize = 4;

/// How a stick is written: as it was laid out, or around sectors that a write before this one found.
pub(super) struct Around {
    layout: Layout,
    bad: BTreeSet<u64>,
}

impl Around {
    /// As it was laid out.
    pub fn nothing(prepared: &Prepared) -> Self {
        Self { layout: prepared.layout.clone(), bad: BTreeSet::new() }
    }

    /// As the manifest on `stick` has it, if it is that of this write, with images that lie around bad sectors. Else as it was laid out.
    pub fn begun(prepared: &Prepared, stick: &dyn Source) -> Self {
        Self::moved(prepared, stick).unwrap_or_else(|| Self::nothing(prepared))
    }

    fn moved(prepared: &Prepared, stick: &dyn Source) -> Option<Self> {
        let Prepared { plan, scans, layout, .. } = prepared;
        let mut there = vec![0; (u64::from(MANIFEST_SECTORS_MAX) * SECTOR_LEN) as usize];
        stick.read_at(u64::from(MANIFEST_LBA) * SECTOR_LEN, &mut there).ok()?;
        let (_, ranges) = ManifestHeader::parse(&there).ok()?;
        let images = ranges.iter().filter(|range| range.kind == range::CAPSULE);
        let mut held: Vec<Range<u64>> = images
            .map(|range| range.lba.get()..range.lba.get().saturating_add(range.sectors.get()))
            .collect();
        held.sort_unstable_by_key(|range| range.start);
        let is_there = |layout: &Layout| {
            let bytes = layout.extents.iter().find(|extent| extent.role == Role::Manifest);
            matches!(bytes.map(|extent| &extent.content), Some(Content::Bytes(bytes)) if bytes.starts_with(&there))
        };
        let (mut layout, mut bad) = (layout.clone(), BTreeSet::new());
        // Where an image was to lie and does not, it was moved away; and so again.
        for _ in 0..=ROUNDS {
            if is_there(&layout) {
                return Some(Self { layout, bad });
            }
            bad.extend(not_held(&layout, &held)?);
            let all: Vec<u64> = bad.iter().copied().collect();
            layout = layout_around(plan, scans, &all).ok()?;
        }
        None
    }

    /// That sectors are out of use, if any are.
    pub fn warning(&self) -> Option<String> {
        warning(&self.bad)
    }

    /// What is written.
    pub fn layout(&self) -> &Layout {
        &self.layout
    }
}

/// The sectors of images in `layout` that are not in `held`, which is ascending; `None` if there are more than [`BAD_MAX`].
fn not_held(layout: &Layout, held: &[Range<u64>]) -> Option<Vec<u64>> {
    let mut missing = Vec::new();
    let images = layout.extents.iter().filter(|extent| matches!(extent.role, Role::Capsule { .. }));
    for extent in images {
        let (mut at, end) = (extent.lba, extent.lba + extent.sectors);
        while at < end {
            let next = held.partition_point(|range| range.end <= at);
            let gap_end = held.get(next).map_or(end, |range| range.start.min(end));
            if gap_end > at {
                if missing.len() as u64 + (gap_end - at) > BAD_MAX as u64 {
                    return None;
                }
                missing.extend(at..gap_end);
            }
            at = held.get(next).map_or(end, |range| range.end).max(gap_end);
        }
    }
    Some(missing)
}

/// Writes, proves and commits the stick, beginning with `first`. Where sectors of images do not keep what is written to them, their clusters are marked bad,
/// the images move to others, and what changes by that is written. Gives what is to be said of that.
///
/// # Errors
///
/// [`JobError::Pipeline`], or [`JobError::Differs`] if the stick cannot do without those sectors, or loses more and more.
pub(super) fn write_around(
    prepared: &Prepared,
    first: Around,
    job: Job,
) -> Result<(Committed, Option<String>), JobError> {
    let Prepared { plan, scans, .. } = prepared;
    let Around { mut layout, mut bad } = first;
    // A piece of an image that moved alone begins where no hash does.
    let covers: Vec<Cover> = job.inputs.iter().map(|input| Cover(input.stored)).collect();
    let names = job.inputs.iter().map(|input| input.name);
    let covered: Vec<Input> = names.zip(&covers).map(|(name, stored)| Input { name, stored }).collect();
    for round in 0..=ROUNDS {
        let target = Unchanged::new(job.target);
        let done = match round {
            0 if bad.is_empty() => write_and_prove(layout.clone(), job),
            0 => write_and_prove(layout.clone(), Job { inputs: &covered, ..job }),
            _ => {
                write_and_prove(layout.clone(), Job { target: &target, inputs: &covered, probe: None, ..job })
            }
        };
        let (stick, differences) = match done {
            Err(JobError::Differs { stick, differences }) => (stick, differences),
            // Nothing of this round, and all of those before it.
            Err(JobError::Pipeline(Failure { stick: Aftermath::Untouched, cause })) if round > 0 => {
                return Err(Failure { stick: Aftermath::WillNotBoot, cause }.into());
            }
            done => return done.map(|committed| (committed, warning(&bad))),
        };
        let lost = lost(&layout, &differences).filter(|lost| bad.len() + lost.len() <= BAD_MAX);
        let may_go_on = round < ROUNDS && stick == Aftermath::WillNotBoot && plan.division.disc.is_none();
        let next = lost.filter(|_| may_go_on).and_then(|lost| {
            bad.extend(lost);
            let bad: Vec<u64> = bad.iter().copied().collect();
            layout_around(plan, scans, &bad).ok()
        });
        let Some(next) = next else { return Err(JobError::Differs { stick, differences }) };
        layout = next;
    }
    unreachable!("the last round ends in one way or the other")
}

/// The sectors that differ, if all of them are images', or of the text about them, and there are no more than [`BAD_MAX`].
fn lost(layout: &Layout, differences: &[Difference]) -> Option<Vec<u64>> {
    let is_image = |&lba: &u64| {
        let mut extents = layout.extents.iter().filter(|extent| extent.has(lba));
        extents.any(|extent| matches!(extent.role, Role::Capsule { .. } | Role::Text))
    };
    sectors_of(differences).filter(|lost| lost.iter().all(is_image))
}

/// The sectors that differ, if there are no more than [`BAD_MAX`].
pub(super) fn sectors_of(differences: &[Difference]) -> Option<Vec<u64>> {
    let ranges = || {
        let differences = differences.iter();
        differences.map(|found| found.offset / SECTOR_LEN..found.end.div_ceil(SECTOR_LEN))
    };
    let count =
        ranges().fold(0u64, |count, range| count.saturating_add(range.end.saturating_sub(range.start)));
    (count <= BAD_MAX as u64).then(|| ranges().flatten().collect())
}

/// That sectors are out of use, if any are.
pub(super) fn warning(bad: &BTreeSet<u64>) -> Option<String> {
    let mut ranges: Vec<(u64, u64)> = Vec::new();
    for &lba in bad {
        match ranges.last_mut() {
            Some((_, end)) if *end == lba => *end += 1,
            _ => ranges.push((lba, lba + 1)),
        }
    }
    let named: Vec<String> =
        ranges.iter().take(SHOWN).map(|(start, end)| format!("{start}..{end}")).collect();
    let more = match ranges.len().saturating_sub(SHOWN) {
        0 => String::new(),
        more => format!(" and {}", counted(more as u64, "range more")),
    };
    (!ranges.is_empty()).then(|| {
        format!(
            "sectors {}{more} of the stick do not keep data: they are marked bad in the file system and the images lie around them; the stick wears out",
            named.join(", ")
        )
    })
}

/// Stored bytes of which every range proves itself, together with what is around it.
pub(super) struct Cover<'s>(pub &'s dyn StoredBytes);

impl StoredBytes for Cover<'_> {
    fn len(&self) -> u64 {
        self.0.len()
    }

    fn read_at(&self, offset: u64, buffer: &mut [u8]) -> io::Result<()> {
        self.0.read_at(offset, buffer)
    }

    fn prove(&self, offset: u64, bytes: &[u8]) -> Result<(), Unproven> {
        match self.0.prove(offset, bytes) {
            Err(Unproven::Unaligned) => {}
            result => return result,
        }
        let end = offset + bytes.len() as u64;
        let start = offset / BLOCK_LEN * BLOCK_LEN;
        let cover_end = end.next_multiple_of(BLOCK_LEN).min(self.0.len());
        let changed = || Unproven::Changed(offset..end);
        let mut cover = vec![0; (cover_end - start) as usize];
        self.0.read_at(start, &mut cover).map_err(|_| changed())?;
        self.0.prove(start, &cover)?;
        let same = cover[(offset - start) as usize..][..bytes.len()] == *bytes;
        if same { Ok(()) } else { Err(changed()) }
    }
}

#[cfg(test)]
mod tests {
    use super::{BAD_MAX, lost};
    use crate::layout::{Content, Extent, Layout, Role};
    use crate::pipeline::{Difference, Found};

    #[test]
    fn more_sectors_than_a_weak_spot_has_are_not_even_listed() {
        let sectors = 4 * BAD_MAX as u64;
        let content = Content::Bytes(Vec::new());
        let extents = vec![Extent { lba: 0, sectors, role: Role::Capsule { image: 0 }, content }];
        let layout =
            Layout { stick_sectors: sectors, cleared_first: Vec::new(), held_back: Vec::new(), extents };
        let hash = blake3::hash(&[]);
        let found = |count: u64| {
            let (written, read) = (hash, Found::Bytes(hash));
            lost(&layout, &[Difference { offset: 512, end: 512 * (count + 1), written, read, tries: 4 }])
        };
        assert_eq!(found(BAD_MAX as u64).map(|lost| lost.len()), Some(BAD_MAX));
        assert_eq!(found(BAD_MAX as u64 + 1), None);
    }
}
