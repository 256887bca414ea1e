//! Why something was not looked at, or what was wrong with it.

use std::error::Error;
use std::fmt;
use std::io;
use std::path::PathBuf;

use serde::{Deserialize, Serialize};

use crate::contents::ProbeError;
use crate::doctor::DoctorError;
use crate::image::ImageError;
use crate::units::named;
use crate::windows::WindowsError;

/// Why there is no answer about an image or a stick.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum LookError {
    /// It cannot be used.
    #[error(transparent)]
    Probe(#[from] ProbeError),
    /// It cannot be read as a stick.
    #[error(transparent)]
    Doctor(#[from] DoctorError),
    /// The Windows in it cannot be changed.
    #[error(transparent)]
    Windows(#[from] WindowsError),
    /// The same, in the words of the process that looked at it.
    #[error(transparent)]
    Told(Told),
    /// The process that was to look at it could not be started.
    #[error("{} was not looked at: a process without rights cannot be started", named(path))]
    Start {
        /// The image.
        path: PathBuf,
        /// What the system said.
        source: io::Error,
    },
    /// The process that looked at it ended without an answer.
    #[error("{} was not looked at: the process without rights {how}", named(path))]
    Ended {
        /// The image.
        path: PathBuf,
        /// As in `ended by signal 9`.
        how: String,
    },
    /// Nobody wanted the answer any more.
    #[error("{} was not looked at: stopped on request", named(path))]
    Stopped {
        /// The image.
        path: PathBuf,
    },
    /// The answer cannot be one.
    #[error("{} was not looked at: what the process without rights says cannot be", named(path))]
    Answer {
        /// The image.
        path: PathBuf,
    },
}

impl From<ImageError> for LookError {
    fn from(error: ImageError) -> Self {
        Self::Probe(error.into())
    }
}

impl LookError {
    /// What the person at the terminal can do next.
    pub fn help(&self) -> String {
        match self {
            Self::Probe(error) => error.help(),
            Self::Doctor(error) => error.help().into(),
            Self::Windows(error) => error.help(),
            Self::Told(told) => told.help.clone(),
            Self::Stopped { .. } => "repeat the command".into(),
            Self::Start { .. } | Self::Ended { .. } | Self::Answer { .. } => {
                "a user who may read it and is not root needs no such process: `ramkey inspect`, `ramkey verify` and `ramkey doctor` look at it too".into()
            }
        }
    }
}

/// An error that another process told.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Told {
    message: String,
    because: Option<Box<Told>>,
    help: String,
}

impl Told {
    /// The words of `error`, of what caused it, and of what helps.
    pub(super) fn new(error: &dyn Error, help: String) -> Self {
        let because = error.source().map(|cause| Box::new(Self::new(cause, String::new())));
        Self { message: error.to_string(), because, help }
    }
}

impl fmt::Display for Told {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.message)
    }
}

impl Error for Told {
    fn source(&self) -> Option<&(dyn Error + 'static)> {
        self.because.as_deref().map(|cause| cause as &(dyn Error + 'static))
    }
}
