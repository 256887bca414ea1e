//! The subcommands, and what all of them have.

use clap::{Parser, Subcommand};

use crate::cli::add::{AddArgs, RemoveArgs};
use crate::cli::boot::BootArgs;
use crate::cli::check::CheckArgs;
use crate::cli::demo::DemoArgs;
use crate::cli::disc::DiscArgs;
use crate::cli::doctor::DoctorArgs;
use crate::cli::events::JsonForm;
use crate::cli::explain::ExplainArgs;
use crate::cli::extract::ExtractArgs;
use crate::cli::inspect::InspectArgs;
use crate::cli::lend::LendArgs;
use crate::cli::list::ListArgs;
use crate::cli::map::MapArgs;
use crate::cli::phram::PhramArgs;
use crate::cli::plan::PlanArgs;
use crate::cli::reflash::ReflashArgs;
use crate::cli::restore::RestoreArgs;
use crate::cli::shrink::ShrinkArgs;
use crate::cli::update::UpdateArgs;
use crate::cli::verify::VerifyArgs;
use crate::cli::windows_driver::WindowsArgs;
use crate::cli::write::WriteArgs;
use crate::cli::{CliError, Exit, Output};

/// Makes USB sticks that old BIOS machines boot from RAM, every byte proven
#[derive(Debug, Parser)]
#[command(name = "ramkey", version, max_term_width = 100)]
pub(super) struct Cli {
    #[command(subcommand)]
    pub command: Command,

    /// Print one JSON object instead of text, or with --json=events an object on each line: what is done, and the result last
    #[arg(long, global = true, value_name = "FORM", value_enum, num_args = 0..=1, require_equals = true, default_missing_value = "object")]
    pub json: Option<JsonForm>,
}

#[derive(Debug, Subcommand)]
pub(super) enum Command {
    Write(WriteArgs),
    Disc(DiscArgs),
    Reflash(ReflashArgs),
    Add(AddArgs),
    Remove(RemoveArgs),
    Plan(PlanArgs),
    Verify(VerifyArgs),
    Check(CheckArgs),
    Extract(ExtractArgs),
    Update(UpdateArgs),
    Restore(RestoreArgs),
    Inspect(InspectArgs),
    Map(MapArgs),
    Shrink(ShrinkArgs),
    Windows(WindowsArgs),
    List(ListArgs),
    Explain(ExplainArgs),
    Doctor(DoctorArgs),
    Phram(PhramArgs),
    Boot(BootArgs),
    Demo(DemoArgs),
    #[command(hide = true)]
    Lend(LendArgs),
}

impl Command {
    /// Runs it.
    ///
    /// # Errors
    ///
    /// Those of the subcommand.
    pub fn run(self, output: &mut Output) -> Result<Exit, CliError> {
        match self {
            Self::Write(args) => args.run(output),
            Self::Disc(args) => args.run(output),
            Self::Reflash(args) => args.run(output),
            Self::Add(args) => args.run(output),
            Self::Remove(args) => args.run(output),
            Self::Plan(args) => args.run(output),
            Self::Verify(args) => args.run(output),
            Self::Check(args) => args.run(output),
            Self::Extract(args) => args.run(output),
            Self::Update(args) => args.run(output),
            Self::Restore(args) => args.run(output),
            Self::Inspect(args) => args.run(output),
            Self::Map(args) => args.run(output),
            Self::Shrink(args) => args.run(output),
            Self::Windows(args) => args.run(output),
            Self::List(args) => args.run(output),
            Self::Explain(args) => args.run(output),
            Self::Doctor(args) => args.run(output),
            Self::Phram(args) => args.run(output),
            Self::Boot(args) => args.run(output),
            Self::Demo(args) => args.run(output),
            Self::Lend(args) => args.run(output),
        }
    }
}
