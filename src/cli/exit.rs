//! Exit statuses, and the error that every subcommand ends with.

use std::error::Error;
use std::io;
use std::path::PathBuf;

use crate::cli::Streams;
use crate::emulator::EmulatorError;
use crate::job::JobError;
use crate::pipeline::Aftermath;
use crate::units::{named, shell_word};

/// How the program ends. Listed in `docs/cli.md`; the numbers do not change.
#[derive(Clone, Copy, Debug, PartialEq, Eq, serde::Serialize, schemars::JsonSchema)]
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

impl Exit {
    /// Of two sticks the exit status of the one that is worse off.
    pub(super) fn or_worse(self, other: Self) -> Self {
        let rank = |exit| match exit {
            Self::Done => 0,
            Self::Usage => 1,
            Self::Refused => 2,
            Self::Difference => 3,
            Self::WillNotBoot => 4,
            Self::Failed => 5,
        };
        if rank(other) > rank(self) { other } else { self }
    }
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
    /// What is usual for the user or the machine cannot be understood.
    #[error("{place}: {what}")]
    Setting {
        /// The file and line, or the variable.
        place: String,
        /// What is wrong.
        what: String,
    },
    /// A log cannot be written.
    #[error("{} cannot be used as a log", named(path))]
    Log {
        /// The file.
        path: PathBuf,
        /// What the system said.
        source: io::Error,
    },
    /// The options cannot be understood.
    #[error("{what}")]
    CommandLine {
        /// What is wrong.
        what: String,
        /// What was probably meant.
        tips: Vec<String>,
    },
    /// What was to be explained is no code of ours.
    #[error("{what}")]
    NoCode {
        /// What is wrong.
        what: String,
        /// What to type instead.
        help: String,
    },
    /// A job was not done.
    #[error(transparent)]
    Job(#[from] JobError),
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
    /// A device would be changed in its place, and there is nobody to ask.
    #[error("{} would be changed, and there is no terminal to confirm that", named(path))]
    Unasked {
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
    /// A picture would overwrite something else.
    #[error("{} exists and is no picture", named(path))]
    NoPicture {
        /// The file or device.
        path: PathBuf,
    },
    /// A label would overwrite something else.
    #[error("{} exists and is no label of ramkey", named(path))]
    NoLabel {
        /// The file or device.
        path: PathBuf,
    },
    /// The label and the disc would be one file.
    #[error("{} cannot be the disc and its label", named(path))]
    LabelIsDisc {
        /// The file.
        path: PathBuf,
    },
    /// The disc is finished, and its label is not.
    #[error("{} is complete and proven, but its label {} could not be written", named(disc), named(path))]
    NotLabelled {
        /// The disc.
        disc: PathBuf,
        /// The label.
        path: PathBuf,
        /// What the system said.
        source: io::Error,
    },
    /// A map would overwrite something else.
    #[error("{} exists and is no map of ramkey", named(path))]
    NoDrawing {
        /// The file or device.
        path: PathBuf,
    },
    /// A map could not be written.
    #[error("the map {} could not be written", named(path))]
    NotDrawn {
        /// The file.
        path: PathBuf,
        /// What the system said.
        source: io::Error,
    },
    /// The emulator did not do what was asked of it.
    #[error(transparent)]
    Emulator(#[from] EmulatorError),
    /// The stick is finished, and standard output is not there to say so.
    #[error("{} is complete and proven, but its report could not be written", named(path))]
    Unreported {
        /// The stick.
        path: PathBuf,
        /// What the system said.
        source: io::Error,
    },
    /// A receipt would overwrite something else.
    #[error("{} exists and is no receipt of ramkey", named(path))]
    NoReceipt {
        /// The file or device.
        path: PathBuf,
    },
    /// The receipt of a stick could not be written.
    #[error("the receipt of {}, {}, could not be written", named(stick), named(path))]
    NotReceipted {
        /// The stick.
        stick: PathBuf,
        /// The receipt.
        path: PathBuf,
        /// What the system said.
        source: io::Error,
    },
    /// A list of serial numbers is of no use.
    #[error("{} {}", named(path), if source.is_some() { "cannot be read" } else { "has no serial number in it" })]
    Serials {
        /// The list.
        path: PathBuf,
        /// What the system said, if it cannot be read.
        source: Option<io::Error>,
    },
    /// A serial number names two sticks.
    #[error("{} and {} have the same serial number, {serial}", named(&nodes[0]), named(&nodes[1]))]
    SameSerial {
        /// The serial number.
        serial: String,
        /// Two devices.
        nodes: [PathBuf; 2],
    },
    /// No stick of a list is there.
    #[error("no stick of {} is plugged in", named(path))]
    NoneMatching {
        /// The list.
        path: PathBuf,
    },
    /// Only root may write the device, and nobody can be asked to let us.
    #[error("a stick is written as root, and this is another user")]
    NeedsRoot {
        /// What is in the way.
        source: Box<JobError>,
        /// The command that does it.
        command: String,
    },
    /// File systems would be unmounted, and there is nobody to ask.
    #[error(
        "{} would be unmounted from {}, and there is no terminal to confirm that",
        named(path),
        named(folder)
    )]
    NotUnmounted {
        /// The device.
        path: PathBuf,
        /// Where it is mounted.
        folder: PathBuf,
    },
    /// Standard output or a temporary file went away.
    #[error("writing the output")]
    Output(#[from] io::Error),
}

impl CliError {
    /// The exit status that it stands for.
    pub fn exit(&self) -> Exit {
        match self {
            Self::Usage { .. } | Self::Setting { .. } | Self::CommandLine { .. } | Self::NoCode { .. } => {
                Exit::Usage
            }
            Self::Job(error) => exit_of(error),
            Self::NotConfirmed { .. }
            | Self::NeedsRoot { .. }
            | Self::Unknown { .. }
            | Self::Unwanted { .. }
            | Self::NoTerminal { .. }
            | Self::NotUnmounted { .. }
            | Self::Unasked { .. }
            | Self::NoPicture { .. }
            | Self::NoReceipt { .. }
            | Self::Serials { .. }
            | Self::SameSerial { .. }
            | Self::NoneMatching { .. }
            | Self::NoLabel { .. }
            | Self::LabelIsDisc { .. }
            | Self::NoDrawing { .. }
            | Self::Occupied { .. }
            | Self::OwnOutput { .. }
            | Self::Log { .. }
            | Self::NotBooted { .. } => Exit::Refused,
            Self::Create { .. }
            | Self::NotLabelled { .. }
            | Self::NotDrawn { .. }
            | Self::NotReceipted { .. }
            | Self::Emulator(_)
            | Self::Unreported { .. }
            | Self::Output(_)
            | Self::Defect => Exit::Failed,
        }
    }

    /// What the person at the terminal can do next.
    pub fn help(&self) -> Option<String> {
        Some(match self {
            Self::CommandLine { tips, .. } if !tips.is_empty() => tips.join("; "),
            Self::Usage { .. } | Self::CommandLine { .. } => {
                "`ramkey help` lists commands and options".into()
            }
            Self::Setting { .. } => {
                "the keys are lang, bus, compress, color and protect: docs/config.md has what each may be"
                    .into()
            }
            Self::Log { .. } => "name a new file, or a log that ramkey wrote".into(),
            Self::NoCode { help, .. } => help.clone(),
            Self::Job(error) => return error.help(),
            Self::OwnOutput { .. } => "send the output to another file, or nowhere: `>/dev/null`".into(),
            Self::Defect => "please report it with the command line".into(),
            Self::NotConfirmed { .. } => "repeat the command and type the word that is shown".into(),
            Self::Unknown { path } => format!(
                "`file {}` may tell what it is; add --yes if it is the image of a disk all the same",
                shell_word(path)
            ),
            Self::Unwanted { .. } => "repeat the command and type yes, or give another image".into(),
            Self::NoTerminal { .. } | Self::Unasked { .. } | Self::NotUnmounted { .. } => {
                "run it in a terminal, or add --yes".into()
            }
            Self::Occupied { .. } => "name another file, or add --yes if what is in it may be lost".into(),
            Self::NotBooted { path } => {
                format!("`ramkey write {} --to STICK` makes a stick that boots it", shell_word(path))
            }
            Self::NoPicture { .. } => "name another file for the picture".into(),
            Self::NoLabel { .. } | Self::LabelIsDisc { .. } => "name another file for the label".into(),
            Self::NoDrawing { .. } | Self::NotDrawn { .. } => "name another file for the map".into(),
            Self::NotLabelled { .. } => {
                "repeat the command with another file for the label: the same disc has the same label".into()
            }
            Self::Create { .. } => "name a file in a folder that exists and can be written".into(),
            Self::Emulator(error) => return error.help(),
            Self::Unreported { path, .. } => format!("`ramkey verify {}` proves it again", shell_word(path)),
            Self::NoReceipt { .. } => "name another folder for the receipts".into(),
            Self::NotReceipted { .. } => {
                "--json prints it, too; `ramkey verify` proves the stick again".into()
            }
            Self::Serials { .. } => {
                "put the serial numbers that `ramkey list` shows into it, one on a line".into()
            }
            Self::SameSerial { .. } => "name each stick with --to".into(),
            Self::NoneMatching { .. } => {
                "`ramkey list` shows the sticks that are, with their serial numbers".into()
            }
            Self::NeedsRoot { command, .. } => {
                format!("run it in a terminal, which asks for the rights, or `{command}`")
            }
            Self::Output(_) => return None,
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

/// The exit status of a job that was not done.
fn exit_of(error: &JobError) -> Exit {
    match error {
        JobError::Target(_)
        | JobError::Image(_)
        | JobError::Origin(_)
        | JobError::Plan(_)
        | JobError::Layout(_)
        | JobError::DiscOnDevice { .. }
        | JobError::SmallFile { .. }
        | JobError::DamagedDisc { .. }
        | JobError::SmallTarget { .. }
        | JobError::Exists { .. }
        | JobError::Shrink { .. }
        | JobError::ShrinkStick { .. }
        | JobError::ShrinkDevice { .. }
        | JobError::ShrinkStopped { .. }
        | JobError::ImageOnDevice { .. }
        | JobError::NotPlain { .. }
        | JobError::Windows { .. }
        | JobError::ForeignStick { .. }
        | JobError::TakenOver { .. }
        | JobError::FaultyStick { .. }
        | JobError::DiscStays { .. }
        | JobError::OtherBootCode { .. }
        | JobError::NotReplaced { .. }
        | JobError::Change { has_written: false, .. }
        | JobError::SameTarget { .. }
        | JobError::NotResumed { .. }
        | JobError::NotExtracted { .. }
        | JobError::ExtractDevice { .. }
        | JobError::MenuFull { .. }
        | JobError::TitleTaken { .. }
        | JobError::LastImage { .. }
        | JobError::Needed { .. }
        | JobError::Update { .. }
        | JobError::Phram(_) => Exit::Refused,
        JobError::Pipeline(_)
        | JobError::NoRoom { .. }
        | JobError::Differs { .. }
        | JobError::FixedPlaces { .. }
        | JobError::NoOtherRoom { .. } => match error.stick() {
            Aftermath::Untouched => Exit::Refused,
            Aftermath::WillNotBoot => Exit::WillNotBoot,
            Aftermath::BootsAsBefore | Aftermath::Unknown => Exit::Failed,
        },
        JobError::Open(_)
        | JobError::Unusable(_)
        | JobError::NoStick { .. }
        | JobError::Doctor { .. }
        | JobError::Change { has_written: true, .. }
        | JobError::Unfinished { .. }
        | JobError::Write { .. }
        | JobError::DamagedImage { .. }
        | JobError::ExtractStopped { .. }
        | JobError::Read { .. } => Exit::Failed,
    }
}

fn stream_words(streams: Streams) -> &'static str {
    match streams {
        Streams { output: true, error: true } => "the output",
        Streams { output: true, .. } => "the standard output",
        Streams { .. } => "the standard error",
    }
}
