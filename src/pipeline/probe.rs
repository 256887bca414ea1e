//! Whether a stick has what it claims, found out with a few megabytes.
//!
//! Stamps go to the last MiB and behind each power of two, the higher ones first, and then so many into what the layout will
//! write anyway that a stick which answers from its memory has forgotten the first. Then all are read back. A stick that
//! counts from the start again gives itself away by the stamp of another sector, at a power of two or where the last MiB came
//! to lie; one that drops what it has no room for, by anything else. What was stamped and is not the layout's gets back
//! what it held, in the order that does so on a stick that counts from the start, too.

use std::ops::Range;
use std::sync::atomic::{AtomicBool, Ordering};

use crate::layout::{Extent, Layout};
use crate::pipeline::{Buffer, Event, Evidence, Fake, Kept, Phase, PipelineError, RunId, Target};
use crate::units::SECTOR_LEN;

/// Sectors that are stamped at a place: what flash writes at once.
const BLOCK: u64 = 8;
/// Sectors at the end that are stamped together, and the step in which they are looked for elsewhere.
const WINDOW: u64 = 2048;
/// Most places at which the window is looked for.
const LOOKS_MAX: u64 = 4096;
/// Sectors that are written between the stamps and their reading: more than the 4 MB that sticks were seen to remember
/// (f3, issue 50).
const FLOOD: u64 = 9216;
/// The lowest place, and the distance of the others from the powers of two.
const BASE: u64 = 8;
/// No stick is made that counts from the start again before this sector.
const LOWEST: u64 = 2048;
/// Sectors of a stick that is too small to be worth a lie.
const SMALLEST: u64 = 16384;
/// Places of one round of a search, and rounds; it is over when so many sectors are left.
const SPLIT: u64 = 16;
const ROUNDS: u32 = 6;
const NEAR: u64 = 1024;
/// Parts that a distance between two equal sectors is divided into.
const PARTS: u64 = 32;
/// Sectors of one request.
const PIECE: u64 = 2048;

/// What a probe works with, beside the layout.
#[derive(Clone, Copy)]
pub(super) struct Tools<'a> {
    pub target: &'a dyn Target,
    pub stop: &'a AtomicBool,
    pub observe: &'a (dyn Fn(Event) + Sync),
    pub id: RunId,
}

/// Looks whether the stick has what the layout was made for. The sectors that are cleared first are clear, and stay so.
///
/// # Errors
///
/// [`PipelineError::Fake`] if it does not; [`PipelineError::Stopped`]; [`PipelineError::Read`] and [`PipelineError::Write`]
/// if it does not work at all, or does not take back what it held.
pub(super) fn probe(tools: Tools, layout: &Layout) -> Result<(), PipelineError> {
    let sectors = layout.stick_sectors.min(tools.target.len() / SECTOR_LEN);
    if sectors < SMALLEST {
        return Ok(());
    }
    let buffer = Buffer::new((PIECE * SECTOR_LEN) as usize, tools.target.alignment());
    let mut probe = Probe { tools, layout, sectors, buffer, saved: Vec::new() };
    let found = probe.run();
    let restored = probe.restore();
    found.and(restored)
}

/// A place that was stamped, and what became of it; `None` if it is as it should be.
type Answer = (u64, Option<Evidence>);

/// Whether a place keeps what is written. Some bits of it may be changed: that is worn, and no lie.
fn is_kept((_, answer): &Answer) -> bool {
    matches!(answer, None | Some(Evidence::Held(Kept::Bits(_))))
}

struct Probe<'p> {
    tools: Tools<'p>,
    layout: &'p Layout,
    /// Sectors that are looked at.
    sectors: u64,
    buffer: Buffer,
    /// What was stamped held this before; the latest last.
    saved: Vec<(u64, Vec<u8>)>,
}

impl Probe<'_> {
    fn run(&mut self) -> Result<(), PipelineError> {
        let window = self.sectors - WINDOW..self.sectors;
        let powers =
            (0..).map(|power| LOWEST << power).take_while(|power| power + BASE + BLOCK <= window.start);
        let mut places = vec![BASE];
        places.extend(powers.map(|power| power + BASE));
        places.retain(|&place| self.is_free(place));
        let looks = (window.start / WINDOW).min(LOOKS_MAX);
        let bytes = (2 * WINDOW + FLOOD + 3 * BLOCK * places.len() as u64 + BLOCK * looks) * SECTOR_LEN;
        self.tell(Event::Begin { phase: Phase::Probe, bytes });
        self.save(window.clone())?;
        places.iter().try_for_each(|&place| self.save(place..place + BLOCK))?;
        let refused = self.stamp(window.clone())?;
        let mut answers = self.ask(&places)?;
        let last = self.sectors - BLOCK;
        answers.push(match refused {
            Some(why) => (last, Some(why)),
            None => self.look(last)?,
        });
        if let Some(fake) = self.judge(&answers)? {
            return Err(PipelineError::Fake(Box::new(fake)));
        }
        for look in 0..looks {
            let place = look * WINDOW;
            let Some(lba) = self.stamp_at(place)?.filter(|&lba| lba != place) else { continue };
            let fake = self.search(&answers, place, Evidence::Held(Kept::Stamp { lba }))?;
            return Err(PipelineError::Fake(Box::new(fake)));
        }
        Ok(())
    }

    /// What the answers, ascending, say of the size.
    fn judge(&mut self, answers: &[Answer]) -> Result<Option<Fake>, PipelineError> {
        let is_foreign = |answer: &&Answer| matches!(answer.1, Some(Evidence::Held(Kept::Stamp { .. })));
        if let Some((place, Some(evidence))) = answers.iter().find(is_foreign) {
            return self.search(answers, *place, evidence.clone()).map(Some);
        }
        // One place that keeps nothing, with others above it that do, is worn and no lie.
        let kept = answers.iter().rposition(is_kept);
        let lost = kept.map_or(0, |kept| kept + 1);
        let Some((place, Some(evidence))) = answers.get(lost) else { return Ok(None) };
        let offset = place * SECTOR_LEN;
        match evidence {
            // Nothing works: it was pulled, or is broken.
            Evidence::Refused(why) if kept.is_none() => Err(PipelineError::Write {
                offset,
                end: offset + BLOCK * SECTOR_LEN,
                source: std::io::Error::other(why.clone()),
            }),
            Evidence::Unreadable(why) if kept.is_none() => {
                Err(PipelineError::Read { offset, source: std::io::Error::other(why.clone()) })
            }
            evidence => {
                let fake = self.search(answers, *place, evidence.clone())?;
                // So little is a worn end.
                Ok((fake.kept < (self.sectors - WINDOW) * SECTOR_LEN).then_some(fake))
            }
        }
    }

    /// Where a stick ends that gave itself away at `sector`, as near as a few more places tell.
    fn search(&mut self, answers: &[Answer], sector: u64, evidence: Evidence) -> Result<Fake, PipelineError> {
        self.tell(Event::Begin { phase: Phase::Probe, bytes: 0 });
        let repeats = match evidence {
            Evidence::Held(Kept::Stamp { lba }) => Some(self.smallest_period(sector.abs_diff(lba))?),
            _ => None,
        };
        let (mut end, mut is_whole) = (repeats.unwrap_or(sector), repeats.is_some());
        let mut found = (sector, evidence);
        let below = answers.iter().filter(|answer| is_kept(answer) && answer.0 + BLOCK <= end);
        let mut kept = below.map(|(place, _)| place + BLOCK).max().unwrap_or(0);
        for _ in 0..ROUNDS {
            let left = end.saturating_sub(kept);
            if left <= NEAR {
                break;
            }
            let step = (left / SPLIT).max(NEAR / 4).next_multiple_of(BLOCK);
            let start = kept.next_multiple_of(BLOCK);
            let between = (1..SPLIT).map(|number| start + number * step);
            let places: Vec<u64> =
                between.filter(|&place| place + BLOCK <= end && self.is_free(place)).collect();
            places.iter().try_for_each(|&place| self.save(place..place + BLOCK))?;
            let answers = self.ask(&places)?;
            let lost = answers.iter().position(|answer| !is_kept(answer)).unwrap_or(answers.len());
            if let Some((place, Some(evidence))) = answers.get(lost) {
                (end, found, is_whole) = (*place, (*place, evidence.clone()), false);
            }
            kept = answers[..lost].last().map_or(kept, |(place, _)| place + BLOCK);
        }
        let kept = if is_whole { end } else { kept };
        let (sector, evidence) = found;
        Ok(Fake { claimed: self.sectors * SECTOR_LEN, kept: kept * SECTOR_LEN, sector, evidence })
    }

    /// The shortest distance at which sectors are the same, if two are that lie `distance` apart: a part of that distance.
    fn smallest_period(&mut self, distance: u64) -> Result<u64, PipelineError> {
        let parts = (1..=PARTS).filter(|part| distance.is_multiple_of(*part)).map(|part| distance / part);
        let above = parts.filter(|&period| period >= LOWEST).map(|period| period + BASE);
        let mut places: Vec<u64> = above.filter(|&place| self.is_free(place)).collect();
        places.push(BASE);
        places.sort_unstable();
        places.iter().try_for_each(|&place| self.save(place..place + BLOCK))?;
        let answers = self.ask(&places)?;
        let is_base = |(place, answer): &&Answer| {
            let base = Some(Evidence::Held(Kept::Stamp { lba: BASE }));
            *place != BASE && *answer == base
        };
        Ok(answers.iter().find(is_base).map_or(distance, |(place, _)| place - BASE))
    }

    /// Stamps `places`, which ascend, the highest first, then lets the stick forget what it has not written, and reads them.
    fn ask(&mut self, places: &[u64]) -> Result<Vec<Answer>, PipelineError> {
        let mut refused = Vec::new();
        for &place in places.iter().rev() {
            refused.push(self.stamp(place..place + BLOCK)?);
        }
        self.flood(places)?;
        self.tools.target.flush().map_err(PipelineError::Flush)?;
        let mut answers = Vec::new();
        for (&place, refused) in places.iter().zip(refused.into_iter().rev()) {
            answers.push(match refused {
                Some(why) => (place, Some(why)),
                None => self.look(place)?,
            });
        }
        Ok(answers)
    }

    /// Whether a block at `place` lies within the stick and leaves alone what is clear.
    fn is_free(&self, place: u64) -> bool {
        let clear = self.layout.cleared_first.iter().chain(&self.layout.held_back);
        place + BLOCK <= self.sectors && clear.into_iter().all(|lba| !(place..place + BLOCK).contains(lba))
    }

    /// Remembers what sectors hold. What cannot be read is not to be kept.
    fn save(&mut self, range: Range<u64>) -> Result<(), PipelineError> {
        self.check_stop()?;
        let is_written =
            |extent: &Extent| extent.lba <= range.start && range.end <= extent.lba + extent.sectors;
        if self.layout.extents.iter().any(is_written) {
            return Ok(());
        }
        let bytes = part(&mut self.buffer, &range);
        if self.tools.target.read_at(range.start * SECTOR_LEN, bytes).is_ok() {
            self.saved.push((range.start, bytes.to_vec()));
        }
        self.advance(range.end - range.start);
        Ok(())
    }

    /// Stamps sectors; what the system said if it could not.
    fn stamp(&mut self, range: Range<u64>) -> Result<Option<Evidence>, PipelineError> {
        self.check_stop()?;
        let bytes = part(&mut self.buffer, &range);
        self.tools.id.stamp_all(range.start, bytes);
        let written = self.tools.target.write_at(range.start * SECTOR_LEN, bytes);
        self.advance(range.end - range.start);
        Ok(written.err().map(|error| Evidence::Refused(error.to_string())))
    }

    /// What the block at `place` holds: the first sector of it that is not as it should be.
    fn look(&mut self, place: u64) -> Result<Answer, PipelineError> {
        self.check_stop()?;
        let bytes = part(&mut self.buffer, &(place..place + BLOCK));
        if let Err(error) = self.tools.target.read_at(place * SECTOR_LEN, bytes) {
            return Ok((place, Some(Evidence::Unreadable(error.to_string()))));
        }
        let sectors = (place..).zip(bytes.as_chunks().0);
        let held = sectors.map(|(lba, sector)| (lba, self.tools.id.read(lba, sector)));
        let bad = held.into_iter().find(|(_, held)| *held != Kept::Own);
        self.advance(BLOCK);
        Ok(match bad {
            // Told of the first sector of the block, as the place is.
            Some((lba, Kept::Stamp { lba: other })) if other >= lba - place => {
                (place, Some(Evidence::Held(Kept::Stamp { lba: other - (lba - place) })))
            }
            bad => (place, bad.map(|(_, held)| Evidence::Held(held))),
        })
    }

    /// Whose stamp sector `place` holds.
    fn stamp_at(&mut self, place: u64) -> Result<Option<u64>, PipelineError> {
        self.check_stop()?;
        let bytes = part(&mut self.buffer, &(place..place + BLOCK));
        let read = self.tools.target.read_at(place * SECTOR_LEN, bytes);
        self.advance(BLOCK);
        Ok(read.ok().and_then(|()| self.tools.id.stamp_in(self.buffer.bytes().first_chunk()?)))
    }

    /// Writes stamps where the layout will write, but not over those that are asked for.
    fn flood(&mut self, places: &[u64]) -> Result<(), PipelineError> {
        let mut left = FLOOD;
        let window = self.sectors - WINDOW..self.sectors;
        let clear = self.layout.cleared_first.iter().chain(&self.layout.held_back);
        let mut kept: Vec<Range<u64>> = clear.map(|&lba| lba..lba + 1).collect();
        kept.extend(places.iter().chain([&BASE]).map(|&place| place..place + BLOCK));
        kept.push(window);
        kept.sort_by_key(|range| range.start);
        for extent in &self.layout.extents {
            let mut lba = extent.lba;
            let end = extent.lba + extent.sectors;
            while lba < end && left > 0 {
                let inside = kept.iter().find(|range| range.contains(&lba));
                if let Some(range) = inside {
                    lba = range.end;
                    continue;
                }
                let next = kept.iter().map(|range| range.start).filter(|&start| start > lba).min();
                let stop = end.min(next.unwrap_or(end)).min(lba + PIECE.min(left));
                // A failure shows where something is asked for, or when the layout is written.
                let _ = self.stamp(lba..stop)?;
                left -= stop - lba;
                lba = stop;
            }
        }
        Ok(())
    }

    /// Gives back what was saved, the latest first: two numbers may mean one sector.
    fn restore(&mut self) -> Result<(), PipelineError> {
        let mut failed = None;
        for (lba, bytes) in self.saved.iter().rev() {
            let place = part(&mut self.buffer, &(*lba..lba + bytes.len() as u64 / SECTOR_LEN));
            place.copy_from_slice(bytes);
            let offset = lba * SECTOR_LEN;
            let Err(source) = self.tools.target.write_at(offset, place) else { continue };
            // A place that takes no writes did not take the stamp either.
            let has_it = self.tools.target.read_at(offset, place).is_ok() && place == bytes.as_slice();
            if !has_it && failed.is_none() {
                failed = Some(PipelineError::Write { offset, end: offset + bytes.len() as u64, source });
            }
        }
        self.tools.target.flush().map_err(PipelineError::Flush)?;
        failed.map_or(Ok(()), Err)
    }

    fn check_stop(&self) -> Result<(), PipelineError> {
        match self.tools.stop.load(Ordering::Relaxed) {
            true => Err(PipelineError::Stopped { phase: Phase::Probe }),
            false => Ok(()),
        }
    }

    fn tell(&self, event: Event) {
        (self.tools.observe)(event);
    }

    fn advance(&self, sectors: u64) {
        self.tell(Event::Advance { phase: Phase::Probe, bytes: sectors * SECTOR_LEN });
    }
}

/// As much of the buffer as the range takes.
fn part<'b>(buffer: &'b mut Buffer, range: &Range<u64>) -> &'b mut [u8] {
    &mut buffer.bytes_mut()[..((range.end - range.start) * SECTOR_LEN) as usize]
}
