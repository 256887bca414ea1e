//! The command line: one file for each subcommand. The only module that prints.

mod add;
mod args;
mod awake;
mod bios_status;
mod boot;
mod check;
mod command;
mod completions;
mod confirm;
mod copy;
mod demo;
mod disc;
mod disc_options;
mod disc_view;
mod doctor;
mod driver;
mod drives;
mod events;
mod exit;
mod explain;
mod explain_block;
mod extract;
mod fields;
mod guide;
mod help;
mod inspect;
mod label;
mod lend;
mod list;
mod man;
mod manner;
mod origin;
mod own_output;
mod phram;
mod pack;
mod plan;
mod receipts;
mod reflash;
mod reference;
mod replug;
mod render;
mod repair;
mod restore;
pub mod rights;
mod room;
mod schema;
mod serials;
mod several;
mod show;
mod shrink;
mod single;
mod stop;
mod table;
mod target_args;
mod terminal;
mod unknown;
mod update;
mod usage;
mod verify;
mod view;
mod windows;
mod windows_driver;
mod words;
mod write;

use std::process::ExitCode;
use std::{env, io, panic};

use command::Cli;
pub use events::JsonForm;
pub use exit::{CliError, Exit};
pub use reference::{Help, helps, reference};
pub use render::{Output, Progress};
pub use schema::schema;
pub use terminal::{Streams, Terminal};

/// Runs the command line of this process; gives its exit status.
pub fn main() -> ExitCode {
    terminal::report_panics();
    let exit = panic::catch_unwind(run).unwrap_or_else(|_| {
        // Its message is out already.
        if let Some(form) = usage::json_of(env::args_os()) {
            events::want(form);
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
    if lend::is_asked() {
        return lend::run().unwrap_or_else(|error| output.fail(&error));
    }
    let cli = match Cli::read(guide::meant(env::args_os().collect()), terminal::columns()) {
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
    output.json = cli.json.is_some();
    cli.json.into_iter().for_each(events::want);
    let result = cli.command.run(&mut output);
    result.unwrap_or_else(|error| output.fail(&error))
}
