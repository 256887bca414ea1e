//! The subcommands, and what all of them have.

use std::ffi::OsString;
use std::path::PathBuf;

use clap::{CommandFactory, FromArgMatches, Parser, Subcommand};

use crate::cli::add::{AddArgs, RemoveArgs};
use crate::cli::boot::BootArgs;
use crate::cli::check::CheckArgs;
use crate::cli::common::CommonArgs;
use crate::cli::completions::CompletionsArgs;
use crate::cli::demo::DemoArgs;
use crate::cli::disc::DiscArgs;
use crate::cli::doctor::DoctorArgs;
use crate::cli::explain::ExplainArgs;
use crate::cli::extract::ExtractArgs;
use crate::cli::guide::GuideArgs;
use crate::cli::inspect::InspectArgs;
use crate::cli::list::ListArgs;
use crate::cli::man::ManArgs;
use crate::cli::map::MapArgs;
use crate::cli::phram::PhramArgs;
use crate::cli::plan::PlanArgs;
use crate::cli::reflash::ReflashArgs;
use crate::cli::report::ReportArgs;
use crate::cli::restore::RestoreArgs;
use crate::cli::shrink::ShrinkArgs;
use crate::cli::update::UpdateArgs;
use crate::cli::verify::VerifyArgs;
use crate::cli::windows_driver::WindowsArgs;
use crate::cli::write::WriteArgs;
use crate::cli::{CliError, Exit, Output, help, settings, version};

/// Makes USB sticks that old BIOS machines boot from RAM, every byte proven
#[derive(Debug, Parser)]
#[command(name = "ramkey", version = version::short(), long_version = version::long())]
pub(super) struct Cli {
    #[command(subcommand)]
    pub command: Command,

    #[command(flatten)]
    pub common: CommonArgs,
}

impl Cli {
    /// The program, with its help for so many columns.
    pub fn program(columns: usize) -> clap::Command {
        help::dressed(Self::command(), columns)
    }

    /// The file that gets what is done, if there is one; a report reads it.
    pub fn log(&self) -> Option<PathBuf> {
        let named = || settings::log(&|name| std::env::var_os(name));
        if matches!(self.command, Command::Report(_)) { None } else { self.common.log.clone().or_else(named) }
    }

    /// Reads a command line.
    ///
    /// # Errors
    ///
    /// What is wrong with it; help and the version come as errors too.
    pub fn read(
        arguments: impl IntoIterator<Item = impl Into<OsString> + Clone>,
        columns: usize,
    ) -> Result<Self, clap::Error> {
        let program = Self::program(columns);
        Self::from_arg_matches(&program.try_get_matches_from(arguments)?)
    }
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
    Guide(GuideArgs),
    Man(ManArgs),
    Report(ReportArgs),
    Completions(CompletionsArgs),
}

impl Command {
    /// Runs it; `log` is the one that was named.
    ///
    /// # Errors
    ///
    /// Those of the subcommand.
    pub fn run(self, output: &mut Output, log: Option<PathBuf>) -> Result<Exit, CliError> {
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
            Self::Guide(args) => args.run(output),
            Self::Man(args) => args.run(output, Cli::program(help::WIDTH_MAX)),
            Self::Report(args) => args.run(output, log),
            Self::Completions(args) => args.run(output, Cli::program(help::WIDTH_MAX)),
        }
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::{Cli, help};
    use crate::cli::help::{EXAMPLES, WIDTH_MAX, commands, groups_of, is_public, options, words};

    /// The part of an example that this program reads.
    fn own_words(line: &str) -> Vec<String> {
        let line = line[line.find("ramkey").expect(line)..].split(['|', '>', ')']).next().unwrap_or_default();
        words(line.trim_end()).iter().map(|word| word.replace('"', "")).collect()
    }

    fn own_commands(program: &clap::Command) -> impl Iterator<Item = &str> {
        program.get_subcommands().filter(|command| is_public(command)).map(clap::Command::get_name)
    }

    #[test]
    fn each_command_has_two_or_three_examples_and_all_of_them_are_command_lines() {
        let program = Cli::program(WIDTH_MAX);
        let named: BTreeSet<&str> = EXAMPLES.iter().map(|(name, _)| *name).collect();
        assert_eq!(named, own_commands(&program).collect());
        for (name, examples) in EXAMPLES {
            assert!((2..=3).contains(&examples.len()), "{name}");
            for (_, line) in examples {
                let mut words = own_words(line);
                // The program alone is the guide, at a terminal.
                words.extend((words.len() == 1).then(|| "guide".to_owned()));
                assert_eq!(words[1], name, "{line}");
                Cli::read(&words, WIDTH_MAX).unwrap_or_else(|error| panic!("{line}: {error}"));
            }
        }
    }

    #[test]
    fn an_example_is_broken_so_that_a_shell_reads_the_same_words() {
        let lines = help::command_lines("ramkey add tools.iso --title \"Disk tools\"", "  ", 24);
        assert_eq!(lines, ["  ramkey add tools.iso \\", "    --title \\", "    \"Disk tools\""]);
    }

    #[test]
    fn each_command_and_each_option_has_its_place_in_the_help_and_no_place_is_left_over() {
        let program = Cli::program(WIDTH_MAX);
        let mut listed: Vec<&str> = commands().collect();
        let mut found: Vec<&str> = own_commands(&program).collect();
        listed.sort_unstable();
        found.sort_unstable();
        assert_eq!(listed, found, "commands, and those of the groups");
        let own = || program.get_subcommands().filter(|command| is_public(command));
        let all =
            std::iter::once(&program).chain(own()).chain(own().flat_map(clap::Command::get_subcommands));
        let found: BTreeSet<&str> =
            all.flat_map(clap::Command::get_arguments).filter_map(clap::Arg::get_long).collect();
        assert_eq!(found, options().collect(), "options, and those of the headings");
        assert!(found.iter().all(|option| groups_of(option) == 1), "an option has one heading");
    }
}
