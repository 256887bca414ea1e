//! The command line: one file for each subcommand. The only module that prints.

mod args;
mod bios_status;
mod boot;
mod confirm;
mod demo;
mod disc;
mod doctor;
mod drives;
mod exit;
mod explain;
mod fields;
mod inspect;
mod list;
mod notes;
mod phram;
mod plan;
mod prepare;
mod reference;
mod render;
mod stop;
mod usage;
mod verify;
mod view;
mod windows;
mod write;

use std::io;
use std::process::ExitCode;

use clap::{Parser, Subcommand};

pub use exit::{CliError, Exit};
pub use reference::reference;
pub use render::{Output, Progress};
pub use write::{Destination, make_stick};

/// Makes USB sticks that old BIOS machines boot from RAM, every byte proven
#[derive(Debug, Parser)]
#[command(name = "ramkey", version, max_term_width = 100)]
struct Cli {
    #[command(subcommand)]
    command: Command,

    /// Print one JSON object instead of text
    #[arg(long, global = true)]
    json: bool,
}

#[derive(Debug, Subcommand)]
enum Command {
    Write(write::WriteArgs),
    Plan(plan::PlanArgs),
    Verify(verify::VerifyArgs),
    Inspect(inspect::InspectArgs),
    List(list::ListArgs),
    Explain(explain::ExplainArgs),
    Doctor(doctor::DoctorArgs),
    Phram(phram::PhramArgs),
    Boot(boot::BootArgs),
    Demo(demo::DemoArgs),
}

/// Runs the command line of this process; gives its exit status.
pub fn main() -> ExitCode {
    let cli = match Cli::try_parse() {
        Ok(cli) => cli,
        Err(error) => {
            // Help and version are no errors; clap tells them apart. A closed output is the reader's choice.
            let _ = error.print();
            if !error.use_stderr() {
                return ExitCode::from(Exit::Done as u8);
            }
            if usage::asks_for_json(std::env::args_os()) {
                Output { to: &mut io::stdout(), json: true }.error_object(&usage::error(&error));
            }
            return ExitCode::from(Exit::Usage as u8);
        }
    };
    let mut stdout = io::stdout().lock();
    let mut output = Output { to: &mut stdout, json: cli.json };
    let result = match cli.command {
        Command::Write(args) => args.run(&mut output),
        Command::Plan(args) => args.run(&mut output),
        Command::Verify(args) => args.run(&mut output),
        Command::Inspect(args) => args.run(&mut output),
        Command::List(args) => args.run(&mut output),
        Command::Explain(args) => args.run(&mut output),
        Command::Doctor(args) => args.run(&mut output),
        Command::Phram(args) => args.run(&mut output),
        Command::Boot(args) => args.run(&mut output),
        Command::Demo(args) => args.run(&mut output),
    };
    let exit = result.unwrap_or_else(|error| {
        output.error(&error);
        error.exit()
    });
    ExitCode::from(exit as u8)
}
