//! `ramkey guide`, and `ramkey` alone: asks for everything that a stick needs, one step after the other.
//!
//! There is one guide, and it has two faces. [`steps`] knows which question comes when, and touches nothing; [`screen`] and [`plain`]
//! show its pages and take answers, and do the work between them. What it writes is what its command line says: [`order`] makes the
//! arguments of `ramkey write` or `ramkey disc`, which are read as those of everybody.

mod draw;
mod image;
mod machine;
mod medium;
mod order;
mod pace;
mod page;
mod plain;
mod run;
mod screen;
mod state;
mod steps;
mod summary;
mod view;
mod work;

use std::ffi::OsString;

use clap::Args;

use crate::cli::guide::order::Ready;
use crate::cli::guide::state::{Guide, Try};
use crate::cli::settings::machine;
use crate::cli::terminal::{can_ask, is_drawn_on, is_screen, note};
use crate::cli::{CliError, Exit, Output, disc, write};
use crate::report::Report;
use crate::units::named;

/// Ask for image, stick and machine step by step, and write the stick in the end
///
/// The same as `ramkey` alone in a terminal. Every step says what is wanted, and can be gone back from; nothing is written before
/// it was confirmed. It shows the command that does the same.
#[derive(Debug, Default, Args)]
pub struct GuideArgs {
    /// Ask line by line, without moving the cursor: for screen readers and serial lines
    #[arg(long)]
    plain: bool,
}

/// The arguments of this process, with the command `guide` where there is none and somebody sits at a terminal.
pub(super) fn meant(mut arguments: Vec<OsString>) -> Vec<OsString> {
    let is_alone = match &arguments[..] {
        [_] => is_screen() && can_ask(),
        [_, option] => option == "--plain" && can_ask(),
        _ => false,
    };
    if is_alone {
        arguments.insert(1, "guide".into());
    }
    arguments
}

impl GuideArgs {
    /// Asks, and writes what was chosen.
    ///
    /// # Errors
    ///
    /// [`CliError::Usage`] without a terminal; else those of `write`.
    pub fn run(self, output: &mut Output) -> Result<Exit, CliError> {
        if !can_ask() {
            return Err(CliError::Usage {
                what: "the guide asks, and there is no terminal to answer".into(),
            });
        }
        let system = machine();
        let mut guide = Guide::new();
        let first = steps::begin(".".into());
        match self.plain || !is_drawn_on() {
            true => plain::run(&mut guide, &system, first)?,
            false => screen::run(&mut guide, &system, first)?,
        }
        end(output, guide)
    }
}

/// Tells what became of the last medium that was begun, as `write` does, or of the last try if none was. Where another one was begun
/// and not finished since, the exit status says that.
fn end(output: &mut Output, mut guide: Guide) -> Result<Exit, CliError> {
    let last = guide.tries.iter().rposition(Try::has_begun).or(guide.tries.len().checked_sub(1));
    let Some(last) = last else {
        note(format_args!("nothing was written"));
        return Ok(Exit::Refused);
    };
    let mut spoilt = guide.spoilt();
    let Try { ready, outcome } = guide.tries.swap_remove(last);
    let ended = match outcome {
        Ok(report) => {
            show(output, &report, &ready)?;
            note(format_args!("the same is done by: {}", ready.order.command_line()));
            Exit::Done
        }
        Err(error) => {
            // It is the last of them, and told by its error.
            spoilt.pop();
            output.fail(&error)
        }
    };
    for path in &spoilt {
        note(format_args!("{}, which was begun before, starts nothing: write it again", named(path)));
    }
    Ok(if spoilt.is_empty() { ended } else { ended.or_worse(Exit::WillNotBoot) })
}

fn show(output: &mut Output, report: &Report, ready: &Ready) -> Result<(), CliError> {
    let to = ready.single.target.path();
    let shown = output.show(report, |out| match ready.order.is_disc() {
        true => disc::show_report(out, to, None, report),
        false => write::show_report(out, to, report),
    });
    shown.map_err(|source| CliError::Unreported { path: to.to_owned(), source })
}
