//! `ramkey inspect`: what a stick or an image is.

use std::path::PathBuf;

use clap::Args;

use crate::cli::{CliError, Exit, Output};

/// Show what a stick or an image is
#[derive(Debug, Args)]
pub struct InspectArgs {
    /// A stick, or a disk image
    #[arg(value_name = "PATH")]
    path: PathBuf,
}

impl InspectArgs {
    pub fn run(self, _output: &mut Output) -> Result<Exit, CliError> {
        Err(CliError::Usage { what: "inspect comes next".into() })
    }
}
