//! A stick of which some sectors hold no data: the images lie around them.

use std::collections::BTreeSet;
use std::io;

use crate::image::{StoredBytes, Unproven};
use crate::job::prove::write_and_prove;
use crate::job::resume::Unchanged;
use crate::job::{JobError, Prepared};
use crate::layout::{Layout, Role, layout_around};
use crate::pipeline::{Aftermath, Committed, Difference, Failure, Input, Job};
use crate::units::{SECTOR_LEN, counted};

/// Times that images are moved away before the stick is called bad.
const ROUNDS: u32 = 3;
/// More sectors than this, 4 MiB, are no weak spot but a bad stick.
const BAD_MAX: usize = 8192;
/// Stored bytes that prove themselves together in every form of an image.
const BLOCK_LEN: u64 = 1 << 20;
/// Most ranges that a warning names.
const SHOWN: usize = 4;

/// Writes, proves and commits the stick. Where sectors of images do not keep what is written to them, their clusters are marked bad,
/// the images move to others, and what changes by that is written. Gives what is to be said of that.
///
/// # Errors
///
/// [`JobError::Pipeline`], or [`JobError::Differs`] if the stick cannot do without those sectors, or loses more and more.
pub(super) fn write_around(prepared: &Prepared, job: Job) -> Result<(Committed, Option<String>), JobError> {
    let Prepared { plan, scans, .. } = prepared;
    let mut layout = prepared.layout.clone();
    let mut bad = BTreeSet::new();
    // A piece of an image that moved alone begins where no hash does.
    let covers: Vec<Cover> = job.inputs.iter().map(|input| Cover(input.stored)).collect();
    let names = job.inputs.iter().map(|input| input.name);
    let covered: Vec<Input> = names.zip(&covers).map(|(name, stored)| Input { name, stored }).collect();
    for round in 0..=ROUNDS {
        let target = Unchanged::new(job.target);
        let done = match round {
            0 => write_and_prove(layout.clone(), job),
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
    let ranges = || {
        let differences = differences.iter();
        differences.map(|found| found.offset / SECTOR_LEN..found.end.div_ceil(SECTOR_LEN))
    };
    let count =
        ranges().fold(0u64, |count, range| count.saturating_add(range.end.saturating_sub(range.start)));
    if count > BAD_MAX as u64 {
        return None;
    }
    let sectors = ranges().flatten();
    let is_image = |lba: u64| {
        let mut extents = layout.extents.iter().filter(|extent| extent.has(lba));
        extents.any(|extent| matches!(extent.role, Role::Capsule { .. } | Role::Text))
    };
    sectors.map(|lba| is_image(lba).then_some(lba)).collect()
}

/// That sectors are out of use, if any are.
fn warning(bad: &BTreeSet<u64>) -> Option<String> {
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
struct Cover<'s>(&'s dyn StoredBytes);

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
