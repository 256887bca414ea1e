//! Reads everything back and compares it with what was written; repairs what can be repaired.

use std::sync::mpsc::sync_channel;
use std::{fmt, io, thread};

use crate::layout::Layout;
use crate::pipeline::piece;
use crate::pipeline::write::{Job, Mark, Written};
use crate::pipeline::{Aftermath, Buffer, Event, Failure, PIECE_LEN, Phase, PipelineError, Repair};

/// Times that a piece is written again before the stick is given up.
const REPAIR_TRIES: u32 = 3;
/// Times that everything is read. After a repair everything is read again, because on a stick that claims
/// more room than it has, each repair destroys something else.
const PASSES: u32 = 4;
/// More bad pieces than this in one pass are no weak spot but a bad stick.
const REPAIRS_MAX: usize = 64;

/// The answer to "does the stick hold what was written?".
///
/// A difference is an answer, not an error: the comparison worked.
#[must_use]
pub enum Verdict<'a> {
    /// Every byte read back equals the byte written.
    Identical(Proven<'a>),
    /// The stick does not keep what is written to it.
    Differs {
        /// What is known of the stick: what the layout wants cleared first, if anything, was cleared once more.
        stick: Aftermath,
        /// The ranges that stay wrong, at least one.
        differences: Vec<Difference>,
    },
}

/// A stick of which everything that is not held back was read back and found right. Only [`verify`] makes one.
#[must_use]
pub struct Proven<'a> {
    pub(super) job: Job<'a>,
    pub(super) layout: Layout,
    pub(super) marks: Vec<Mark>,
    pub(super) repairs: Vec<Repair>,
}

/// What was read where something else was written.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Found {
    /// Bytes with this BLAKE3 hash.
    Bytes(blake3::Hash),
    /// Nothing: reading failed with this message.
    Unreadable(String),
}

/// One range that came back changed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Difference {
    /// First byte, from the start of the stick.
    pub offset: u64,
    /// One past the last byte.
    pub end: u64,
    /// BLAKE3 of the bytes written.
    pub written: blake3::Hash,
    /// What was read back.
    pub read: Found,
}

impl fmt::Display for Difference {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { offset, end, written, read } = self;
        match read {
            Found::Bytes(read) => {
                write!(f, "bytes {offset:#x}..{end:#x} changed: wrote {written}, read back {read}")
            }
            Found::Unreadable(why) => {
                write!(f, "bytes {offset:#x}..{end:#x} cannot be read: wrote {written}, {why}")
            }
        }
    }
}

impl Difference {
    fn new(mark: &Mark, read: Found) -> Self {
        Self { offset: mark.piece.offset(), end: mark.piece.end(), written: mark.hash, read }
    }
}

/// Reads every written byte back, and what is held back, which must be clear; what is exchanged later is left as it is.
///
/// A piece that differs or cannot be read is written again, up to three times; after a repair everything is
/// read again.
///
/// # Errors
///
/// A [`Failure`], always with a stick that does not boot, or boots what it did before, if the user asks to stop, the stick refuses a repair,
/// or an image cannot be read again.
pub fn verify(written: Written<'_>) -> Result<Verdict<'_>, Failure> {
    let Written { job, layout, marks } = written;
    let held_back = Aftermath::held_back(&layout);
    let dead = |cause| Failure { stick: held_back, cause };
    let mut repairs = Vec::<Repair>::new();
    let mut last_bad = Vec::new();
    for _ in 0..PASSES {
        let bad = read_back(&job, &marks).map_err(dead)?;
        if bad.is_empty() {
            return Ok(Verdict::Identical(Proven { job, layout, marks, repairs }));
        }
        if bad.len() > REPAIRS_MAX {
            last_bad = bad;
            break;
        }
        for (mark, _) in &bad {
            job.check_stop(Phase::ReadBack).map_err(dead)?;
            match repair(&job, &layout, mark).map_err(dead)? {
                Ok(repair) => {
                    let Repair { lba, sectors, tries } = repair;
                    job.tell(Event::Repaired { lba, sectors, tries });
                    repairs.push(repair);
                }
                Err(difference) => return Ok(differs(&job, &layout, vec![difference])),
            }
        }
        last_bad = bad;
    }
    Ok(differs(&job, &layout, last_bad.into_iter().map(|(_, difference)| difference).collect()))
}

fn differs<'a>(job: &Job, layout: &Layout, differences: Vec<Difference>) -> Verdict<'a> {
    let stick = if layout.is_exchange() { Aftermath::held_back(layout) } else { job.clear_again(layout) };
    Verdict::Differs { stick, differences }
}

/// One pass over all pieces: those that are wrong, in order. Hashes in a second thread.
fn read_back(job: &Job, marks: &[Mark]) -> Result<Vec<(Mark, Difference)>, PipelineError> {
    let bytes = marks.iter().map(|mark| mark.piece.len()).sum();
    job.tell(Event::Begin { phase: Phase::ReadBack, bytes });
    thread::scope(|scope| {
        let (filled, to_hash) = sync_channel::<(Mark, io::Result<Buffer>)>(job.buffers);
        let (emptied, to_fill) = sync_channel::<Buffer>(job.buffers);
        for _ in 0..job.buffers {
            // The receiver lives in this function, so a send cannot fail yet.
            let _ = emptied.send(Buffer::new(PIECE_LEN as usize, job.target.alignment()));
        }
        let hasher = scope.spawn(move || {
            let mut bad = Vec::new();
            for (mark, result) in to_hash {
                let read = match result {
                    Ok(buffer) => {
                        let read = blake3::hash(&buffer.bytes()[..mark.piece.len() as usize]);
                        // The reader is gone when it has nothing more to read.
                        let _ = emptied.send(buffer);
                        Found::Bytes(read)
                    }
                    Err(error) => Found::Unreadable(error.to_string()),
                };
                if read != Found::Bytes(mark.hash) {
                    bad.push((mark, Difference::new(&mark, read)));
                }
            }
            bad
        });
        let mut stopped = Ok(());
        let mut spare = None;
        for mark in marks {
            stopped = job.check_stop(Phase::ReadBack);
            let Some(mut buffer) = spare.take().or_else(|| to_fill.recv().ok()) else { break };
            if stopped.is_err() {
                break;
            }
            let bytes = &mut buffer.bytes_mut()[..mark.piece.len() as usize];
            let result = match job.target.read_at(mark.piece.offset(), bytes) {
                Ok(()) => Ok(buffer),
                Err(error) => {
                    spare = Some(buffer);
                    Err(error)
                }
            };
            if filled.send((*mark, result)).is_err() {
                break;
            }
            job.tell(Event::Advance { phase: Phase::ReadBack, bytes: mark.piece.len() });
        }
        drop(filled);
        let bad = hasher.join().unwrap_or_else(|panic| std::panic::resume_unwind(panic));
        stopped.map(|()| bad)
    })
}

/// Writes a piece again until it reads back right.
fn repair(job: &Job, layout: &Layout, mark: &Mark) -> Result<Result<Repair, Difference>, PipelineError> {
    let piece = &mark.piece;
    let mut buffer = Buffer::new(piece.len() as usize, job.target.alignment());
    let mut read = Found::Bytes(mark.hash);
    for tries in 1..=REPAIR_TRIES {
        if piece.is_held_back(layout) {
            buffer.bytes_mut().fill(0);
        } else {
            piece::fill(piece, layout, job.inputs, buffer.bytes_mut())?;
        }
        job.target.write_at(piece.offset(), buffer.bytes()).map_err(|source| PipelineError::Write {
            offset: piece.offset(),
            end: piece.end(),
            source,
        })?;
        job.target.flush().map_err(PipelineError::Flush)?;
        buffer.bytes_mut().fill(0xD1);
        read = match job.target.read_at(piece.offset(), buffer.bytes_mut()) {
            Ok(()) => Found::Bytes(blake3::hash(buffer.bytes())),
            Err(error) => Found::Unreadable(error.to_string()),
        };
        if read == Found::Bytes(mark.hash) {
            return Ok(Ok(Repair { lba: piece.lba, sectors: piece.sectors, tries }));
        }
    }
    Ok(Err(Difference::new(mark, read)))
}
