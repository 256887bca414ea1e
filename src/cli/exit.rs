//! Exit statuses, and the error that every subcommand ends with.

use std::error::Error;
use std::io;
use std::path::PathBuf;

use crate::cli::Streams;
use crate::contents::ProbeError;
use crate::device::{NEW_FILE, OpenError, Refusal};
use crate::doctor::DoctorError;
use crate::emulator::EmulatorError;
use crate::image::ImageError;
use crate::layout::LayoutError;
use crate::linux_phram::PhramError;
use crate::pipeline::{Difference, Failure, StickState};
use crate::plan::PlanError;
use crate::units::{Bytes, named, shell_word};

/// How the program ends. Listed in `docs/cli.md`; the numbers do not change.
#[derive(Clone, Copy, Debug, PartialEq, Eq, serde::Serialize)]
#[serde(rename_all = "kebab-case")]
#[repr(u8)]
pub enum Exit {
    /// Everything that was asked for is done.
    Done = 0,
    /// It failed; if a stick was being written, its state is unknown.
    Failed = 1,
    /// The command line makes no sense.
    Usage = 2,
    /// It was refused; nothing was touched.
    Refused = 3,
    /// `verify` or `doctor` found a difference.
    Difference = 4,
    /// It was interrupted or failed on the way; the stick does not boot.
    WillNotBoot = 5,
}

/// Anything that a subcommand can fail with.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum CliError {
    /// The options contradict each other.
    #[error("{what}")]
    Usage {
        /// What is wrong.
        what: String,
    },
    /// The options cannot be understood.
    #[error("{what}")]
    CommandLine {
        /// What is wrong.
        what: String,
        /// What was probably meant.
        tips: Vec<String>,
    },
    /// A stick cannot be looked at.
    #[error("looking at {}", named(path))]
    Doctor {
        /// The file or device.
        path: PathBuf,
        /// What is in the way.
        source: DoctorError,
    },
    /// What was to be explained is no code of ours.
    #[error("{what}")]
    NoCode {
        /// What is wrong.
        what: String,
        /// What to type instead.
        help: String,
    },
    /// The target cannot be written.
    #[error(transparent)]
    Target(OpenError),
    /// A file or device cannot be read.
    #[error(transparent)]
    Open(OpenError),
    /// An image that was to be written cannot be used.
    #[error(transparent)]
    Image(#[from] ProbeError),
    /// What was to be inspected is no image.
    #[error(transparent)]
    Unusable(ProbeError),
    /// There can be no such stick.
    #[error(transparent)]
    Plan(#[from] PlanError),
    /// The images do not fit.
    #[error(transparent)]
    Layout(#[from] LayoutError),
    /// A file that is there already is too small for the stick.
    #[error("{} is there already, and its {len} bytes are too few for this stick", named(path))]
    SmallFile {
        /// The file.
        path: PathBuf,
        /// Its length in bytes.
        len: u64,
        /// What has no room.
        source: Box<CliError>,
    },
    /// Nothing is known of an image, and there is nobody to ask.
    #[error(
        "{} has no boot signature, no partition table and no file system that is known, and there is no terminal to confirm that it is an image",
        named(path)
    )]
    Unknown {
        /// The image.
        path: PathBuf,
    },
    /// The user did not confirm that it is an image.
    #[error("{} was not confirmed, and nothing was written", named(path))]
    Unwanted {
        /// The image.
        path: PathBuf,
    },
    /// A new file does not fit its disk, and is gone again; or one that was there before does not.
    #[error("{} has no room: {} and the stick takes {} of it", named(path), full(source), Bytes(*needed))]
    NoRoom {
        /// The file.
        path: PathBuf,
        /// What the stick takes, in bytes.
        needed: u64,
        /// What is known of the file now.
        stick: StickState,
        /// What the system said.
        source: io::Error,
    },
    /// Standard output or standard error would write over what is to be written.
    #[error("{} is refused: {} of this command goes to it", named(path), stream_words(*streams))]
    OwnOutput {
        /// The target.
        path: PathBuf,
        /// Which of them.
        streams: Streams,
    },
    /// This program is wrong.
    #[error("a defect of ramkey stopped it")]
    Defect,
    /// The user did not confirm.
    #[error("{} was not confirmed and stays as it is", named(path))]
    NotConfirmed {
        /// The device or file.
        path: PathBuf,
    },
    /// There is nobody to ask.
    #[error("{} would be erased, and there is no terminal to confirm that", named(path))]
    NoTerminal {
        /// The device.
        path: PathBuf,
    },
    /// A file would be overwritten, and there is nobody to ask.
    #[error(
        "{} would be overwritten: it holds {what}, and there is no terminal to confirm that",
        named(path)
    )]
    Occupied {
        /// The file.
        path: PathBuf,
        /// What is in it.
        what: String,
    },
    /// What was to be verified is no stick.
    #[error("{} is no stick of ramkey", named(path))]
    NoStick {
        /// The file or device.
        path: PathBuf,
    },
    /// What was to be booted is no stick.
    #[error("{} is no stick of ramkey, and is not booted", named(path))]
    NotBooted {
        /// The file or device.
        path: PathBuf,
    },
    /// A file cannot be made.
    #[error("writing {}", named(path))]
    Create {
        /// The file.
        path: PathBuf,
        /// What the system said.
        source: io::Error,
    },
    /// A file that would be made is there already, with other contents.
    #[error("{} exists and holds something else", named(path))]
    Exists {
        /// The file.
        path: PathBuf,
    },
    /// A file cannot be written.
    #[error("writing {}", named(path))]
    Write {
        /// The file.
        path: PathBuf,
        /// What the system said.
        source: io::Error,
    },
    /// The addition to an initramfs cannot be made.
    #[error(transparent)]
    Phram(#[from] PhramError),
    /// A picture would overwrite something else.
    #[error("{} exists and is no picture", named(path))]
    NoPicture {
        /// The file or device.
        path: PathBuf,
    },
    /// Writing stopped.
    #[error(transparent)]
    Pipeline(#[from] Failure),
    /// The stick does not keep what is written to it.
    #[error("{}", differences.first().map(ToString::to_string).unwrap_or_default())]
    Differs {
        /// What is known of its sector 0.
        stick: StickState,
        /// The ranges that stay wrong.
        differences: Vec<Difference>,
    },
    /// The emulator did not do what was asked of it.
    #[error(transparent)]
    Emulator(#[from] EmulatorError),
    /// The system does not tell something.
    #[error("reading {}", named(path))]
    Read {
        /// What was read.
        path: PathBuf,
        /// What the system said.
        source: io::Error,
    },
    /// The stick is finished, and standard output is not there to say so.
    #[error("{} is complete and proven, but its report could not be written", named(path))]
    Unreported {
        /// The stick.
        path: PathBuf,
        /// What the system said.
        source: io::Error,
    },
    /// Standard output or a temporary file went away.
    #[error("writing the output")]
    Output(#[from] io::Error),
}

impl From<ImageError> for CliError {
    fn from(error: ImageError) -> Self {
        Self::Image(error.into())
    }
}

impl CliError {
    /// The exit status that it stands for.
    pub fn exit(&self) -> Exit {
        let of_stick = |stick| match stick {
            StickState::Untouched => Exit::Refused,
            StickState::WillNotBoot => Exit::WillNotBoot,
            StickState::Unknown => Exit::Failed,
        };
        match self {
            Self::Usage { .. } | Self::CommandLine { .. } | Self::NoCode { .. } => Exit::Usage,
            Self::Target(_) | Self::Image(_) | Self::Plan(_) | Self::Layout(_) => Exit::Refused,
            Self::NotConfirmed { .. }
            | Self::Unknown { .. }
            | Self::Unwanted { .. }
            | Self::NoTerminal { .. }
            | Self::NoPicture { .. }
            | Self::Occupied { .. }
            | Self::NotBooted { .. } => Exit::Refused,
            Self::Exists { .. } | Self::SmallFile { .. } | Self::Phram(_) => Exit::Refused,
            Self::OwnOutput { .. } => Exit::Refused,
            Self::Pipeline(failure) => of_stick(failure.stick),
            Self::NoRoom { stick, .. } => of_stick(*stick),
            Self::Differs { stick, .. } => of_stick(*stick),
            Self::NoStick { .. }
            | Self::Create { .. }
            | Self::Doctor { .. }
            | Self::Open(_)
            | Self::Unusable(_)
            | Self::Emulator(_)
            | Self::Read { .. } => Exit::Failed,
            Self::Unreported { .. } | Self::Output(_) | Self::Write { .. } | Self::Defect => Exit::Failed,
        }
    }

    /// What the person at the terminal can do next.
    pub fn help(&self) -> Option<String> {
        Some(match self {
            Self::CommandLine { tips, .. } if !tips.is_empty() => tips.join("; "),
            Self::Usage { .. } | Self::CommandLine { .. } => {
                "`ramkey help` lists commands and options".into()
            }
            Self::NoCode { help, .. } => help.clone(),
            Self::Doctor { source, .. } => source.help().into(),
            Self::Target(error) | Self::Open(error) => error.help(),
            Self::Image(error) | Self::Unusable(error) => error.help(),
            Self::Plan(error) => error.help(),
            Self::Layout(error) => error.help(),
            Self::SmallFile { .. } => NEW_FILE.into(),
            Self::NoRoom { source, .. } if source.kind() == io::ErrorKind::FileTooLarge => {
                "`ulimit -f unlimited` lifts the limit; or name a file on another disk".into()
            }
            Self::NoRoom { .. } => "make room, or name a file on another disk".into(),
            Self::OwnOutput { .. } => "send the output to another file, or nowhere: `>/dev/null`".into(),
            Self::Defect => "please report it with the command line".into(),
            Self::NotConfirmed { .. } => "repeat the command and type the word that is shown".into(),
            Self::Unknown { path } => format!(
                "`file {}` may tell what it is; add --yes if it is the image of a disk all the same",
                shell_word(path)
            ),
            Self::Unwanted { .. } => "repeat the command and type yes, or give another image".into(),
            Self::NoTerminal { .. } => "run it in a terminal, or add --yes".into(),
            Self::Occupied { .. } => "name another file, or add --yes if what is in it may be lost".into(),
            Self::NoStick { path } => format!("`ramkey inspect {}` tells what it is", shell_word(path)),
            Self::NotBooted { path } => {
                format!("`ramkey write {} --to STICK` makes a stick that boots it", shell_word(path))
            }
            Self::NoPicture { .. } => "name another file for the picture".into(),
            Self::Create { .. } => "name a file in a folder that exists and can be written".into(),
            Self::Exists { path } => format!("move {} away", shell_word(path)),
            Self::Phram(error) => error.help().into(),
            Self::Write { .. } => "check the folder: it must exist, and have room, and let you write".into(),
            Self::Pipeline(failure) => failure.cause.help().into(),
            Self::Differs { .. } => "the stick loses data after reporting success; do not use it".into(),
            Self::Emulator(error) => return error.help(),
            Self::Unreported { path, .. } => format!("`ramkey verify {}` proves it again", shell_word(path)),
            Self::Read { source, .. } if source.kind() == io::ErrorKind::NotFound => {
                "check the name; a relative name counts from the current directory".into()
            }
            Self::Read { .. } | Self::Output(_) => return None,
        })
    }

    /// The messages of what caused it, outermost first.
    pub fn causes(&self) -> Vec<String> {
        let mut causes = Vec::new();
        let mut next = self.source();
        while let Some(cause) = next {
            causes.push(cause.to_string());
            next = cause.source();
        }
        causes
    }
}

/// Which limit was met.
fn full(source: &io::Error) -> &'static str {
    match source.kind() {
        io::ErrorKind::FileTooLarge => "a file may not be so long there,",
        io::ErrorKind::QuotaExceeded => "the quota is used up,",
        _ => "the disk is full,",
    }
}

fn stream_words(streams: Streams) -> &'static str {
    match streams {
        Streams { output: true, error: true } => "the output",
        Streams { output: true, .. } => "the standard output",
        Streams { .. } => "the standard error",
    }
}

impl From<Refusal> for CliError {
    fn from(refusal: Refusal) -> Self {
        Self::Target(refusal.into())
    }
}
