//! The command line: one file for each subcommand. The only module that prints.

mod account;
mod add;
mod args;
mod awake;
mod bios_status;
mod boot;
mod check;
mod command;
mod common;
mod completions;
mod confirm;
mod copy;
mod demo;
mod disc;
mod disc_options;
mod disc_view;
mod doctor;
mod drawing;
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
mod log;
mod man;
mod manner;
mod map;
mod origin;
mod own_output;
mod pack;
mod pack_names;
mod phram;
mod plan;
mod progress;
mod receipts;
mod reference;
mod reflash;
mod render;
mod repair;
mod replug;
mod report;
mod restore;
pub mod rights;
mod room;
mod schema;
mod scrub;
mod serials;
mod settings;
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
mod version;
mod view;
mod voice;
mod windows;
mod windows_driver;
mod words;
mod write;

use std::io::Write;
use std::path::Path;
use std::process::ExitCode;
use std::time::Instant;
use std::{env, io, panic};

use command::Cli;
pub use events::JsonForm;
pub use exit::{CliError, Exit};
pub use progress::Progress;
pub use reference::{Help, helps, reference};
pub use render::Output;
pub use schema::schema;
use settings::{Places, Settings};
use terminal::step;
pub use terminal::{Streams, Terminal};
use voice::{Voice, says};

use crate::units::shell_argument;

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
    let variable = |name: &str| env::var_os(name);
    let user = rustix::process::geteuid().as_raw();
    let settings = Settings::read(&Places { variable: &variable, machine: Path::new(MACHINE_FILE), user });
    let usual_color = settings.as_ref().ok().and_then(|settings| settings.color);
    if let Some(color) = voice::asked_color(env::args_os()).or(usual_color) {
        voice::paint(color);
    }
    output.to = Terminal::output();
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
    output.json = cli.common.json.is_some();
    cli.common.json.into_iter().for_each(events::want);
    voice::speak(cli.common.voice());
    let begun = Instant::now();
    let result = begin(&cli, settings).and_then(|()| cli.command.run(&mut output, cli.common.log));
    let exit = result.unwrap_or_else(|error| output.fail(&error));
    say_last(&mut output);
    step(format_args!("ends with exit status {} after {:.3} s", exit as u8, begun.elapsed().as_secs_f64()));
    exit
}

/// The file of this machine.
const MACHINE_FILE: &str = "/etc/ramkey.toml";

/// Opens the log, and takes the settings.
fn begin(cli: &Cli, settings: Result<Settings, CliError>) -> Result<(), CliError> {
    if let Some(path) = cli.log() {
        log::open(&path).map_err(|source| CliError::Log { path, source })?;
        let words = env::args_os().skip(1).map(shell_argument);
        let words: Vec<String> = std::iter::once("ramkey".to_owned()).chain(words).collect();
        log::begin(version::short(), &words);
    }
    let settings = settings?;
    step(format_args!("ramkey {}", version::short()));
    settings.notes.iter().for_each(|note| step(format_args!("{note}")));
    settings::keep(settings);
    Ok(())
}

/// Says what comes behind the result: on standard error if that is for a program.
fn say_last(output: &mut Output) {
    for line in voice::last_lines().iter().filter(|_| says(Voice::Usual)) {
        // The result is out, and there is nowhere to report that this is not.
        let _ = match output.json {
            true => writeln!(Terminal::error(), "{line}"),
            false => writeln!(output.to, "{line}"),
        };
    }
}
