//! The options of every command: how much is said, and to whom.

use std::path::PathBuf;

use clap::Args;

use crate::cli::events::JsonForm;
use crate::cli::voice::{ColorArg, Voice};

/// How the result reaches whoever asked.
#[derive(Clone, Debug, Args)]
pub(super) struct CommonArgs {
    /// Print one JSON object instead of text, or with --json=events an object on each line: what is done, and the result last
    #[arg(long, global = true, value_name = "FORM", value_enum, num_args = 0..=1, require_equals = true, default_missing_value = "object")]
    pub json: Option<JsonForm>,

    /// Print errors only; the exit status tells the result. Questions are asked all the same
    #[arg(long, short, global = true, conflicts_with = "verbose")]
    pub quiet: bool,

    /// Also print what is looked at, decided and done, step by step, on standard error
    #[arg(long, short, global = true)]
    pub verbose: bool,

    /// When colours are used; auto if not given: on a terminal, unless NO_COLOR is set or TERM is dumb
    #[arg(long, global = true, value_enum, value_name = "WHEN")]
    pub color: Option<ColorArg>,

    /// Also write what is done to the end of this file, with the time of each step; RAMKEY_LOG names it if this is not given
    #[arg(long, global = true, value_name = "FILE")]
    pub log: Option<PathBuf>,
}

impl CommonArgs {
    /// How much is said.
    pub fn voice(&self) -> Voice {
        match (self.quiet, self.verbose) {
            (true, _) => Voice::Quiet,
            (_, true) => Voice::Verbose,
            _ => Voice::Usual,
        }
    }
}
