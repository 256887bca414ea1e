//! The subcommands, and what all of them have.

use clap::{Parser, Subcommand};

use crate::cli::add::{AddArgs, RemoveArgs};
use crate::cli::boot::BootArgs;
use crate::cli::check::CheckArgs;
use crate::cli::demo::DemoArgs;
use crate::cli::disc::DiscArgs;
use crate::cli::doctor::DoctorArgs;
use crate::cli::explain::ExplainArgs;
use crate::cli::extract::ExtractArgs;
use crate::cli::guide::GuideArgs;
use crate::cli::inspect::InspectArgs;
use crate::cli::list::ListArgs;
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

    /// Print one JSON object instead of text
    #[arg(long, global = true)]
    pub json: bool,
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
    Shrink(ShrinkArgs),
    Windows(WindowsArgs),
    List(ListArgs),
    Explain(ExplainArgs),
    Doctor(DoctorArgs),
    Phram(PhramArgs),
    Boot(BootArgs),
    Demo(DemoArgs),
    Guide(GuideArgs),
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
            Self::Shrink(args) => args.run(output),
            Self::Windows(args) => args.run(output),
            Self::List(args) => args.run(output),
            Self::Explain(args) => args.run(output),
            Self::Doctor(args) => args.run(output),
            Self::Phram(args) => args.run(output),
            Self::Boot(args) => args.run(output),
            Self::Demo(args) => args.run(output),
            Self::Guide(args) => args.run(output),
        }
    }
}
