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
mod image_in_use;
mod inspect;
mod list;
mod notes;
mod own_files;
mod phram;
mod plan;
mod prepare;
mod reference;
mod render;
mod stop;
mod terminal;
mod unknown;
mod usage;
mod verify;
mod view;
mod windows;
mod write;

use std::process::ExitCode;
use std::{env, io, panic};

use clap::{Parser, Subcommand};

pub use exit::{CliError, Exit};
pub use reference::reference;
pub use render::{Output, Progress};
pub use terminal::{Streams, Terminal};
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
    terminal::report_panics();
    let exit = panic::catch_unwind(run).unwrap_or_else(|_| {
        // Its message is out already.
        if usage::asks_for_json(env::args_os()) {
            Output { to: Terminal::output(), json: true }.error_object(&CliError::Defect);
        }
        CliError::Defect.exit()
    });
    ExitCode::from(exit as u8)
}

fn run() -> Exit {
    let mut output = Output { to: Terminal::output(), json: false };
    if let Err(error) = stop::outlive_size_limits() {
        return output.fail(&error.into());
    }
    let cli = match Cli::try_parse() {
        Ok(cli) => cli,
        // Help and version are no errors; the parser tells them apart.
        Err(error) if error.use_stderr() => return usage::report(&error),
        Err(help) => {
            return match terminal::print_help(&help) {
                // Whoever closes a pipe has read enough.
                Err(error) if error.kind() != io::ErrorKind::BrokenPipe => output.fail(&error.into()),
                _ => Exit::Done,
            };
        }
    };
    output.json = cli.json;
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
    result.unwrap_or_else(|error| output.fail(&error))
}
