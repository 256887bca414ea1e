//! What a command tells while it works, for programs: with `--json=events`, an object on each line of standard output.

use std::io;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Mutex, PoisonError};
use std::time::{Duration, Instant};

use clap::ValueEnum;
use serde::Serialize;

use crate::cli::{Exit, Terminal};
use crate::job::{self, Part};

/// What `--json` prints.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub enum JsonForm {
    /// One object when the command ends
    Object,
    /// An object on each line: what is done, and the result last
    Events,
}

/// How often it is told how far a part is.
const PAUSE: Duration = Duration::from_millis(100);

/// Whether this command tells.
static ARE_WANTED: AtomicBool = AtomicBool::new(false);
/// Whoever prints a line.
static LINE: Mutex<()> = Mutex::new(());

/// From now on everything is told that this form has.
pub(super) fn want(form: JsonForm) {
    ARE_WANTED.store(form == JsonForm::Events, Ordering::Relaxed);
}

/// Whether it is.
pub(super) fn are_wanted() -> bool {
    ARE_WANTED.load(Ordering::Relaxed)
}

/// A step of the work.
#[derive(Debug, Serialize, schemars::JsonSchema)]
#[serde(tag = "event", rename_all = "kebab-case")]
pub(super) enum Step<'a> {
    /// A part begins.
    Begin {
        /// What is done.
        part: &'a str,
        /// Bytes that it handles.
        bytes: u64,
    },
    /// So much of a part is done.
    Advance {
        /// What is done.
        part: &'a str,
        /// Its bytes that are done.
        done: u64,
        /// Bytes that it handles.
        bytes: u64,
    },
    /// A part is over, whether it failed or not.
    End {
        /// What was done.
        part: &'a str,
        /// Its bytes that are done.
        done: u64,
        /// Bytes that it was to handle.
        bytes: u64,
    },
    /// A range of the stick came back changed, was written again, and is right now.
    Repaired {
        /// First sector.
        lba: u64,
        /// Sectors.
        sectors: u64,
        /// Times that it was written again.
        tries: u32,
    },
    /// The stick is finished, and the system did not read its new partition table.
    PartitionsNotSeen {
        /// What the system said.
        because: String,
    },
    /// What the parts from here on handle, as far as it is known.
    Expect {
        /// Bytes; those that are handled by several parts count for each.
        bytes: u64,
        /// Those that come behind what is prepared here, if that is done: of reading a stick that is there, of writing and of
        /// reading back.
        later: u64,
    },
    /// The stick is finished, and was ejected.
    Ejected,
    /// The stick is finished, and could not be ejected.
    NotEjected {
        /// What the system said.
        because: String,
    },
    /// One of several sticks has ended.
    Ended {
        /// How, in words.
        state: &'a str,
    },
}

/// A step, and the stick that it is about.
#[derive(Debug, Serialize, schemars::JsonSchema)]
pub(super) struct Told<'a> {
    #[serde(flatten)]
    step: Step<'a>,
    /// The stick, where there are several.
    stick: Option<&'a str>,
}

/// What a command printed as its result.
#[derive(Debug, Serialize, schemars::JsonSchema)]
pub(super) struct Ending<'a, T: Serialize> {
    /// That it is the last line.
    #[schemars(extend("const" = "result"))]
    event: &'static str,
    /// The object that it prints without events.
    result: &'a T,
}

/// Why nothing was printed as a result.
#[derive(Clone, Debug, Serialize, schemars::JsonSchema)]
pub(super) struct ErrorObject {
    /// What that comes from, outermost first.
    pub because: Vec<String>,
    /// What happened.
    pub error: String,
    /// The name of the exit status.
    pub exit: Exit,
    /// The exit status.
    pub exit_status: u8,
    /// What can be done.
    pub help: Option<String>,
}

/// The same as the last line.
#[derive(Debug, Serialize, schemars::JsonSchema)]
pub(super) struct Failure<'a> {
    /// That it is the last line.
    #[schemars(extend("const" = "error"))]
    event: &'static str,
    #[serde(flatten)]
    error: &'a ErrorObject,
}

/// Prints a result, on a line behind the events if those are wanted.
///
/// # Errors
///
/// What writing says.
pub(super) fn print_result(to: &mut Terminal, result: &impl Serialize) -> io::Result<()> {
    match are_wanted() {
        false => to.json(result),
        true => line(to, &Ending { event: "result", result }),
    }
}

/// Prints an error in the same way.
///
/// # Errors
///
/// What writing says.
pub(super) fn print_error(to: &mut Terminal, error: &ErrorObject) -> io::Result<()> {
    match are_wanted() {
        false => to.json(error),
        true => line(to, &Failure { event: "error", error }),
    }
}

fn line(to: &mut Terminal, value: &impl Serialize) -> io::Result<()> {
    let _turn = LINE.lock().unwrap_or_else(PoisonError::into_inner);
    to.json_line(value)?;
    io::Write::flush(to)
}

/// Tells of a job, or of one of several sticks.
pub(super) struct Teller {
    stick: Option<String>,
    part: Mutex<Option<Doing>>,
}

/// A part that is under way.
struct Doing {
    part: Part,
    bytes: u64,
    done: u64,
    told: Instant,
}

impl Teller {
    /// Tells, if that is wanted; of the stick with this name, where there are several.
    pub fn if_wanted(stick: Option<&str>) -> Option<Self> {
        are_wanted().then(|| Self { stick: stick.map(str::to_owned), part: Mutex::default() })
    }

    /// How one of several sticks has ended.
    pub fn ended(&self, words: &str) {
        self.print(Step::Ended { state: words });
    }

    /// Takes one step.
    pub fn tell(&self, event: &job::Event) {
        let mut part = self.part.lock().unwrap_or_else(PoisonError::into_inner);
        match event {
            job::Event::Begin { part: new, bytes } => {
                self.end(part.take());
                self.print(Step::Begin { part: new.name(), bytes: *bytes });
                *part = Some(Doing { part: *new, bytes: *bytes, done: 0, told: Instant::now() });
            }
            job::Event::Advance { bytes } => {
                if let Some(doing) = &mut *part {
                    doing.done += bytes;
                    if doing.told.elapsed() >= PAUSE {
                        doing.told = Instant::now();
                        let Doing { part, bytes, done, .. } = *doing;
                        self.print(Step::Advance { part: part.name(), done, bytes });
                    }
                }
            }
            job::Event::End => self.end(part.take()),
            job::Event::Repaired { lba, sectors, tries } => {
                self.print(Step::Repaired { lba: *lba, sectors: *sectors, tries: *tries });
            }
            job::Event::Expect { bytes, later } => self.print(Step::Expect { bytes: *bytes, later: *later }),
            job::Event::Ejected => self.print(Step::Ejected),
            job::Event::NotEjected { source } => {
                self.print(Step::NotEjected { because: source.to_string() });
            }
            job::Event::PartitionsNotSeen { source } => {
                self.print(Step::PartitionsNotSeen { because: source.to_string() });
            }
        }
    }

    fn end(&self, part: Option<Doing>) {
        if let Some(Doing { part, bytes, done, .. }) = part {
            self.print(Step::End { part: part.name(), done, bytes });
        }
    }

    fn print(&self, step: Step) {
        // Whoever does not read them any more wants the work done all the same.
        let _ = line(&mut Terminal::output(), &Told { step, stick: self.stick.as_deref() });
    }
}
