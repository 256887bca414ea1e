//! What a process without rights is asked about a stick of this program, and what it answers.

use std::fs::File;
use std::io;
use std::os::unix::fs::FileExt;
use std::path::Path;

use serde::{Deserialize, Serialize};

use super::donors::{GivenDonor, taken};
use super::error::LookError;
use super::gauge::Gauge;
use super::given::next;
use super::layouts::{MendRecord, UpdateRecord};
use crate::device::ReadOnly;
use crate::image::{CHUNK_SHIFT, DISK_LEN_MAX, ImageError, Source};
use crate::map::{self, Map, MapQuestion};
use crate::repair::{self, Donor, Scope, UpdateError};
use crate::stick::{cleared_over, has_trace, is_disc};
use crate::verify::{self, NotTaken, StickVerdict, Strictness, TakenImage, Way};

/// Longest list of values: that of the largest image in chunks of 256 KiB.
const VALUES_LEN_MAX: u64 = (DISK_LEN_MAX >> CHUNK_SHIFT) * 32;

/// What is asked about a stick. Its files are the gauge, those of the stick, and what the question needs.
#[derive(Serialize, Deserialize)]
pub(super) struct StickTask {
    pub question: Question,
    /// Whether there is a descriptor that reads past the page cache.
    pub has_direct: bool,
}

#[derive(Serialize, Deserialize)]
pub(super) enum Question {
    /// Is all of it as it was written?
    Verify(Strictness),
    /// What do its headers and directories say?
    Facts,
    /// Which image has this name?
    Find(Option<String>),
    /// The same, and it is to be put into the last file.
    TakeOut(Option<String>),
    /// What of it can be put right, with these images?
    Mend(Vec<GivenDonor>, Scope),
    /// What is written so that it has the boot code of this program?
    Update,
    /// What is it, in the first place?
    State,
    /// What lies where?
    Map {
        /// Whether its images are read.
        proof: bool,
        /// Whether the values of the chunks of another image are in the last file.
        against: bool,
    },
}

/// What is answered.
#[derive(Serialize, Deserialize)]
pub(super) enum StickAnswer {
    /// `None` if nothing on it is of this program.
    Verdict(Option<Box<StickVerdict>>),
    Taken(Result<TakenImage, NotTaken>),
    Mend(MendRecord),
    Update(Result<UpdateRecord, UpdateError>),
    State(State),
    Map(Box<Map>),
}

/// What a stick is, before it is read as a whole.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct State {
    /// Whether anything on it is of this program.
    pub is_ours: bool,
    /// Whether it is a disc as well.
    pub is_disc: bool,
    /// Whether an image was being written over the one before it, and that was cut off.
    pub is_written_over: bool,
}

impl State {
    /// What `stick` is.
    pub fn of(stick: &dyn Source) -> Self {
        Self {
            is_ours: has_trace(stick),
            is_disc: is_disc(stick),
            is_written_over: !cleared_over(stick).is_empty(),
        }
    }
}

/// What a process without rights does.
pub(super) fn answer(path: &Path, task: StickTask, files: Vec<File>) -> Result<StickAnswer, LookError> {
    let mut files = files.into_iter();
    let gauge = Gauge::of(next(path, &mut files)?);
    let file = next(path, &mut files)?;
    let direct = task.has_direct.then(|| next(path, &mut files)).transpose()?;
    let stick = ReadOnly::given(file, direct);
    let stick = stick.map_err(|source| ImageError::Open { path: path.to_owned(), source })?;
    let stick = Alive { source: stick, gauge: &gauge };
    let verdict =
        |judge: &dyn Fn() -> StickVerdict| StickAnswer::Verdict(has_trace(&stick).then(|| Box::new(judge())));
    Ok(match task.question {
        Question::Verify(strictness) => {
            verdict(&|| verify::verify(&stick, strictness, &|bytes| gauge.advance(bytes)))
        }
        Question::Facts => verdict(&|| verify::facts(&stick)),
        Question::Find(name) => StickAnswer::Taken(TakenImage::find(&stick, name.as_deref())),
        Question::TakeOut(name) => {
            let out = next(path, &mut files)?;
            let tell = |bytes| {
                gauge.advance(bytes);
                true
            };
            let write = |offset, bytes: &[u8]| out.write_all_at(bytes, offset);
            let way = Way { write: &write, tell: &tell };
            StickAnswer::Taken(TakenImage::take_out(&stick, name.as_deref(), &way))
        }
        Question::Mend(given, scope) => {
            let donors = taken(path, given, files)?;
            let donors: Vec<(Alive<&dyn Source>, _)> = donors
                .iter()
                .map(|(source, free)| (Alive { source: &**source, gauge: &gauge }, free))
                .collect();
            let donors: Vec<Donor> = donors.iter().map(|(source, free)| Donor { source, free }).collect();
            StickAnswer::Mend(MendRecord::of(scope.repair(&stick, &donors).into()))
        }
        Question::Update => StickAnswer::Update(repair::update(&stick).map(UpdateRecord::of)),
        Question::State => StickAnswer::State(State::of(&stick)),
        Question::Map { proof, against } => {
            let values = against.then(|| values(path, &mut files)).transpose()?;
            let question = MapQuestion { proof, against: values.as_deref() };
            StickAnswer::Map(Box::new(map::of_stick(&stick, &question, &|bytes| gauge.advance(bytes))))
        }
    })
}

/// The values of the chunks of an image, one behind the other in the next file.
fn values(path: &Path, files: &mut impl Iterator<Item = File>) -> Result<Vec<[u8; 32]>, LookError> {
    let unread = |source| ImageError::Open { path: path.to_owned(), source };
    let file = next(path, files)?;
    let mut bytes = vec![0; file.metadata().map_err(unread)?.len().min(VALUES_LEN_MAX) as usize];
    file.read_exact_at(&mut bytes, 0).map_err(unread)?;
    Ok(bytes.as_chunks().0.to_vec())
}

/// What is read by a process that tells each time that it is alive.
struct Alive<'g, S> {
    source: S,
    gauge: &'g Gauge,
}

impl<S: Source> Source for Alive<'_, S> {
    fn len(&self) -> u64 {
        self.source.len()
    }

    fn read_at(&self, offset: u64, buffer: &mut [u8]) -> io::Result<()> {
        self.gauge.beat();
        self.source.read_at(offset, buffer)
    }
}
