//! Reads everything back and compares it with what was written; repairs what can be repaired.

use std::io;
use std::sync::{Mutex, PoisonError};

use crate::layout::{Content, Layout};
use crate::pipeline::belt::{self, Crew};
use crate::pipeline::compare::{Difference, Expected};
use crate::pipeline::piece::Piece;
use crate::pipeline::port::{Port, Refused};
use crate::pipeline::repair::repair;
use crate::pipeline::write::{Job, Written};
use crate::pipeline::{Aftermath, Buffer, Event, Failure, Phase, PipelineError, Repair, VerifyLevel};

/// Times that everything is read. After a repair everything is read again, because on a stick that claims
/// more room than it has, each repair destroys something else.
const PASSES: u32 = 4;
/// More bad pieces than this in one pass are no weak spot but a bad stick.
const BAD_MAX: usize = 64;
/// More pieces than this are not given up one by one after three tries each.
const GIVEN_UP_MAX: usize = 8;

/// The answer to "does the stick hold what was written?".
///
/// A difference is an answer, not an error: the comparison worked.
#[must_use]
pub enum Verdict<'a> {
    /// Every byte read back equals the byte written.
    Identical(Box<Proven<'a>>),
    /// The stick does not keep what is written to it.
    Differs {
        /// What is known of the stick: what the layout wants cleared first, if anything, was cleared once more.
        stick: Aftermath,
        /// The ranges that stay wrong, at least one, each of sectors that lie together. All of them, unless there were so many
        /// that the stick was given up before its end.
        differences: Vec<Difference>,
    },
}

/// A stick of which everything that is not held back was read back and found right. Only [`verify`] makes one.
#[must_use]
pub struct Proven<'a> {
    pub(super) job: Job<'a>,
    pub(super) layout: Layout,
    pub(super) port: Box<Port<'a>>,
    /// Bytes that were read back.
    pub(super) bytes: u64,
    pub(super) skipped: u64,
    pub(super) repairs: Vec<Repair>,
}

/// Reads every written byte back, and what is held back, which must be clear; what is exchanged later is left as it is.
///
/// A piece that differs or cannot be read is written again, up to three times; after a repair everything is
/// read again. What stays wrong is compared sector by sector.
///
/// # Errors
///
/// A [`Failure`], always with a stick that does not boot, or boots what it did before, if the user asks to stop, the stick is gone or
/// another, or an image cannot be read again.
pub fn verify(written: Written<'_>) -> Result<Verdict<'_>, Failure> {
    let Written { job, layout, port, mut buffers, pieces, unwritable, skipped } = written;
    let held_back = Aftermath::held_back(&layout);
    let dead = |cause| Failure { stick: held_back, cause };
    begin(&job).map_err(dead)?;
    let expected = Expected { layout: &layout, inputs: job.inputs };
    let mut repairs = Vec::<Repair>::new();
    let mut last_bad = Vec::new();
    for _ in 0..PASSES {
        let pass = Pass { job: &job, port: &port, expected, unwritable: &unwritable };
        let bad = pass.read_back(&pieces, &mut buffers).map_err(dead)?;
        if bad.is_empty() {
            let bytes = pieces.iter().map(Piece::len).sum();
            return Ok(Verdict::Identical(Box::new(Proven { job, layout, port, bytes, skipped, repairs })));
        }
        if job.target.is_found_anew() && is_another(&layout, &pieces, &bad) {
            // Nothing was written since it was found anew, and nothing is.
            let source = io::Error::other("the stick that was plugged in does not hold what was written");
            return Err(dead(PipelineError::DeviceChanged(source)));
        }
        job.target.same_device().map_err(PipelineError::DeviceChanged).map_err(dead)?;
        let is_hopeless = bad.len() > BAD_MAX;
        let mut lost = Vec::new();
        let mut given_up = 0;
        for Bad { piece, differences } in bad {
            job.check_stop(Phase::ReadBack).map_err(dead)?;
            if is_hopeless || given_up == GIVEN_UP_MAX {
                lost.extend(differences);
                continue;
            }
            match repair(&expected, &port, &piece, &mut buffers[0]).map_err(dead)? {
                Ok(repair) => {
                    let Repair { lba, sectors, tries } = repair;
                    job.tell(Event::Repaired { lba, sectors, tries });
                    repairs.push(repair);
                    last_bad.extend(differences);
                }
                Err(differences) => {
                    lost.extend(differences);
                    given_up += 1;
                }
            }
        }
        if !lost.is_empty() {
            return Ok(differs(&job, &layout, &port, lost));
        }
        if matches!(job.target.level(), VerifyLevel::Reset | VerifyLevel::Replugged) {
            // What was written again is in the stick's cache.
            begin(&job).map_err(dead)?;
        }
    }
    Ok(differs(&job, &layout, &port, last_bad))
}

/// Lets the target forget what it has not in its memory, which a person may be asked for.
fn begin(job: &Job) -> Result<(), PipelineError> {
    job.target.begin_read_back().map_err(|error| match job.check_stop(Phase::ReadBack) {
        Ok(()) => PipelineError::CacheKept(error),
        Err(stopped) => stopped,
    })
}

/// Whether most of what is not zeros is not there, or what was cleared is not clear: that is another stick, which may boot.
fn is_another(layout: &Layout, pieces: &[Piece], bad: &[Bad]) -> bool {
    if !layout.is_exchange() && bad.iter().any(|bad| bad.piece.is_held_back(layout)) {
        return true;
    }
    let has_bytes =
        |piece: &Piece| !piece.is_held_back(layout) && layout.extents[piece.extent].content != Content::Zeros;
    let all = pieces.iter().filter(|piece| has_bytes(piece)).count();
    let wrong = bad.iter().filter(|bad| has_bytes(&bad.piece)).count();
    wrong > BAD_MAX || wrong * 2 > all
}

fn differs<'a>(job: &Job, layout: &Layout, port: &Port, differences: Vec<Difference>) -> Verdict<'a> {
    let stick =
        if layout.is_exchange() { Aftermath::held_back(layout) } else { job.clear_again(layout, port) };
    Verdict::Differs { stick, differences }
}

/// A piece that did not come back as it was written.
struct Bad {
    piece: Piece,
    differences: Vec<Difference>,
}

/// One reading of all pieces.
struct Pass<'p, 'a> {
    job: &'p Job<'a>,
    port: &'p Port<'a>,
    expected: Expected<'p>,
    unwritable: &'p [Refused],
}

impl Pass<'_, '_> {
    /// The pieces that are wrong, in order; no more are looked for once there are too many. Compares in threads of their own.
    fn read_back(&self, pieces: &[Piece], buffers: &mut Vec<Buffer>) -> Result<Vec<Bad>, PipelineError> {
        let Self { job, port, expected, unwritable } = self;
        job.tell(Event::Begin { phase: Phase::ReadBack, bytes: pieces.iter().map(Piece::len).sum() });
        let unreadable = Mutex::new(Vec::<Refused>::new());
        let bad = Mutex::new(Vec::<Bad>::new());
        let is_over = || bad.lock().unwrap_or_else(PoisonError::into_inner).len() > BAD_MAX;
        let in_flight = job.target.in_flight();
        let crew = Crew { fill: in_flight, empty: in_flight };
        belt::run(
            pieces,
            buffers,
            crew,
            &|piece, bytes| {
                job.check_stop(Phase::ReadBack)?;
                if is_over() {
                    return Ok(());
                }
                let refused = port.read(piece.lba, bytes)?;
                job.tell(Event::Advance { phase: Phase::ReadBack, bytes: piece.len() });
                unreadable.lock().unwrap_or_else(PoisonError::into_inner).extend(refused);
                Ok(())
            },
            &|piece, bytes| {
                let of = |all: &[Refused]| -> Vec<Refused> {
                    all.iter().filter(|refused| piece.has(refused.lba)).cloned().collect()
                };
                let unreadable = of(&unreadable.lock().unwrap_or_else(PoisonError::into_inner));
                if is_over() || (unreadable.is_empty() && expected.is(piece, bytes)) {
                    return Ok(());
                }
                let differences = expected.differences(piece, bytes, (&unreadable, &of(unwritable)), 1)?;
                let found = Bad { piece: *piece, differences };
                bad.lock().unwrap_or_else(PoisonError::into_inner).push(found);
                Ok(())
            },
        )?;
        let mut bad = bad.into_inner().unwrap_or_else(PoisonError::into_inner);
        bad.sort_by_key(|bad| bad.piece.lba);
        Ok(bad)
    }
}
