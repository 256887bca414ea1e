//! `ramkey verify`: proves a stick without its images.

use std::path::PathBuf;

use clap::Args;

use crate::cli::{CliError, Exit, Output};

/// Prove a stick: boot code, tables, file system and every image on it
#[derive(Debug, Args)]
pub struct VerifyArgs {
    /// The stick: a device such as /dev/sdX, or a file
    #[arg(value_name = "STICK")]
    stick: PathBuf,

    /// Any byte that is not as written is a difference
    #[arg(long)]
    strict: bool,
}

impl VerifyArgs {
    pub fn run(self, _output: &mut Output) -> Result<Exit, CliError> {
        Err(CliError::Usage { what: "verify comes next".into() })
    }
}
