//! What a person can do about what stopped a job.

use std::io;

use crate::device::NEW_FILE;
use crate::job::JobError;
use crate::pipeline::{Aftermath, Failure, Fake, PipelineError};
use crate::repair::UpdateError;
use crate::units::shell_word;

impl JobError {
    /// What a person can do next; `None` if that cannot be said.
    pub fn help(&self) -> Option<String> {
        Some(match self {
            Self::Target(error) | Self::Open(error) => error.help(),
            Self::Image(error) | Self::Unusable(error) | Self::Doctor { source: error, .. } => error.help(),
            Self::Origin(error) => return error.help(),
            Self::Plan(error) => error.help(),
            Self::Layout(error) => error.help(),
            Self::DiscOnDevice { .. } => {
                "name a file that ends in .iso and burn it; `ramkey write` writes a stick, from a disc image too".into()
            }
            Self::DamagedDisc { path, .. } => format!(
                "copy it again from where it is whole, or make it anew with `ramkey disc`; `ramkey verify {}` shows every fault",
                shell_word(path)
            ),
            Self::SmallTarget { help, .. } => (*help).into(),
            Self::SmallFile { .. } => NEW_FILE.into(),
            Self::NoRoom { source, .. } if source.kind() == io::ErrorKind::FileTooLarge => {
                "`ulimit -f unlimited` lifts the limit; or name a file on another disk".into()
            }
            Self::NoRoom { .. } => "make room, or name a file on another disk".into(),
            Self::Pipeline(failure) => failure_help(failure),
            Self::Differs { .. } => "the stick loses data after reporting success; do not use it".into(),
            Self::NoOtherRoom { .. } => {
                "the stick wears out and boots what it did: delete files of your own from it, or write another stick".into()
            }
            Self::FixedPlaces { .. } => {
                "use another stick; or write the images themselves with `ramkey write IMAGE`, which lays them around bad places".into()
            }
            Self::ForeignStick { .. } => "`ramkey write` makes a stick of it, and everything on it is lost".into(),
            Self::FaultyStick { path, .. } => format!(
                "`ramkey verify {}` shows every fault; write the stick anew with `ramkey write`",
                shell_word(path)
            ),
            Self::DiscStays { .. } => "make a new disc with `ramkey disc`, or a stick with `ramkey write`".into(),
            Self::NotReplaced { .. } => "name one by its title, or by its file in the folder RAMKEY".into(),
            Self::Change { source, .. } => source.help().into(),
            Self::Unfinished { .. } => "repeat the command: it finishes what is left".into(),
            Self::NoStick { path } => format!("`ramkey inspect {}` tells what it is", shell_word(path)),
            Self::Exists { path } => format!("move {} away", shell_word(path)),
            Self::Write { .. } => "check the folder: it must exist, and have room, and let you write".into(),
            Self::Shrink { why, .. } => why.help(),
            Self::ShrinkStick { .. } => "`ramkey write` makes a stick of another size from the same images".into(),
            Self::ShrinkDevice { .. } => "name a file that is not there yet".into(),
            Self::ImageOnDevice { .. } => "name a file that is not there yet".into(),
            Self::NotPlain { .. } => "--to NEW makes a plain image of it".into(),
            Self::Windows { source, .. } => source.help(),
            Self::ShrinkStopped { .. } | Self::ExtractStopped { .. } => "repeat the command".into(),
            Self::Phram(error) => error.help().into(),
            Self::SameTarget { .. } => "name each stick once".into(),
            Self::NotResumed { path, why } => why.help(path),
            Self::NotExtracted { found, .. } if found.len() > 1 => "name one of them, by its title or its file".into(),
            Self::NotExtracted { path, .. } => format!("`ramkey verify {}` shows what is on it", shell_word(path)),
            Self::DamagedImage { path, .. } => {
                format!("`ramkey verify {} --repair IMAGE` puts it right from the image", shell_word(path))
            }
            Self::TakenOver { .. } | Self::Update { source: UpdateError::Foreign, .. } => {
                "nothing was written; copy your files away, and write the stick anew with `ramkey write`".into()
            }
            Self::Update { path, .. } => format!(
                "`ramkey verify {} --repair` puts right what it can; else write the stick anew with `ramkey write`",
                shell_word(path)
            ),
            Self::ExtractDevice { .. } => "name a file".into(),
            Self::Read { source, .. } if source.kind() == io::ErrorKind::NotFound => {
                "check the name; a relative name counts from the current directory".into()
            }
            Self::Read { .. } => return None,
            error => error.help_of_images(),
        })
    }

    /// What a person can do where an image cannot come to a stick or leave it.
    fn help_of_images(&self) -> String {
        match self {
            Self::MenuFull { .. } => "make room with `ramkey remove TITLE --from STICK`".into(),
            Self::TitleTaken { .. } => {
                "name another --title, or replace that image with `ramkey reflash --replace TITLE`".into()
            }
            Self::LastImage { .. } => {
                "replace it with `ramkey reflash`, or add another one before with `ramkey add`".into()
            }
            Self::Needed { by, .. } => format!("remove \"{by}\": what stands beside it alone goes with it"),
            Self::OtherBootCode { is_dead: true, .. } => {
                "say what it is with `--kind floppy` or `--kind hdd`: `ramkey update` can come when the image is whole".into()
            }
            Self::OtherBootCode { path, .. } => {
                format!("run `ramkey update {}` first, or say what it is with `--kind`", shell_word(path))
            }
            _ => String::new(),
        }
    }
}

/// What can be done when writing stopped.
fn failure_help(failure: &Failure) -> String {
    match (&failure.cause, failure.stick) {
        (PipelineError::Stopped { .. }, Aftermath::BootsAsBefore) => {
            "the stick boots what it did; repeat the command to go on".into()
        }
        (PipelineError::Fake(fake), _) => fake_help(fake),
        (cause, _) => cause.help().into(),
    }
}

/// What can be done with a stick that has less than it claims.
fn fake_help(fake: &Fake) -> String {
    let whole = "`ramkey check STICK --destructive` finds out all that it has";
    match fake.usable_mib() {
        Some(mib) => format!(
            "use another stick; or, for something that may be lost, the part that it keeps: --size {mib}M. {whole}"
        ),
        None => format!("use another stick. {whole}"),
    }
}
