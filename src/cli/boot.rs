//! `ramkey boot`.

use clap::Args;

use crate::cli::{CliError, Exit, Output};

/// Boot a stick in QEMU
#[derive(Debug, Args)]
pub struct BootArgs {}

impl BootArgs {
    /// Runs it.
    ///
    /// # Errors
    ///
    /// See [`CliError`].
    pub fn run(self, _output: &mut Output) -> Result<Exit, CliError> {
        Err(CliError::Usage { what: "boot comes with the emulator".into() })
    }
}
