//! `ramkey completions`: what a shell needs to complete commands and options.

use std::io;

use clap::{Args, Command};
use clap_complete::{Shell, generate};

use crate::cli::{CliError, Exit, Output};

/// Print the completions of a shell
///
/// For bash a line in ~/.bashrc, `source <(ramkey completions bash)`; for zsh a file `_ramkey` in a folder of $fpath; for fish the file
/// ramkey.fish in ~/.config/fish/completions; for PowerShell what is printed goes to the end of the file that $PROFILE names.
#[derive(Debug, Args)]
pub struct CompletionsArgs {
    /// The shell
    #[arg(value_enum, value_name = "SHELL")]
    shell: Shell,
}

impl CompletionsArgs {
    /// Prints the completions of `program`.
    ///
    /// # Errors
    ///
    /// If standard output cannot be written.
    pub fn run(self, output: &mut Output, mut program: Command) -> Result<Exit, CliError> {
        let mut text = Vec::new();
        generate(self.shell, &mut program, "ramkey", &mut text);
        output.own(&String::from_utf8(text).map_err(io::Error::other)?)?;
        Ok(Exit::Done)
    }
}
