//! An error in the words of another process.

use std::error::Error;
use std::fmt;

use serde::{Deserialize, Serialize};

/// What another process said of an error, and of what caused it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Words {
    /// What happened.
    text: String,
    /// What that comes from.
    because: Option<Box<Words>>,
}

impl Words {
    /// The words of an error and of its causes.
    pub fn of(error: &dyn Error) -> Self {
        Self { text: error.to_string(), because: error.source().map(|cause| Box::new(Self::of(cause))) }
    }

    /// What happened, and what that comes from.
    pub(super) fn parts(self) -> (String, Option<Self>) {
        (self.text, self.because.map(|because| *because))
    }
}

impl fmt::Display for Words {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.text)
    }
}

impl Error for Words {
    fn source(&self) -> Option<&(dyn Error + 'static)> {
        self.because.as_deref().map(|cause| cause as _)
    }
}
