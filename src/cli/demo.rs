//! `ramkey demo`.

use clap::Args;

use crate::cli::{CliError, Exit, Output};

/// Boot a stick in QEMU
#[derive(Debug, Args)]
pub struct DemoArgs {}

impl DemoArgs {
    /// Runs it.
    ///
    /// # Errors
    ///
    /// See [`CliError`].
    pub fn run(self, _output: &mut Output) -> Result<Exit, CliError> {
        Err(CliError::Usage { what: "demo comes with the emulator".into() })
    }
}
