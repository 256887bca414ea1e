//! `ramkey update`: newer boot code on a stick that is there.

use std::io::{self, Write};
use std::path::PathBuf;

use clap::Args;

use crate::cli::own_output::look;
use crate::cli::target_args::TargetArgs;
use crate::cli::terminal::note;
use crate::cli::{CliError, Exit, Output, Progress, confirm, stop};
use crate::job::{Destination, UpdateReport, prepare_update, update};
use crate::units::Bytes;

/// Put the boot code of this ramkey onto a stick that another version wrote
///
/// Images, titles, timeouts, language, identity and your own files stay. The boot sectors are cleared first and written last, as by `ramkey
/// write`: a stick that was interrupted does not boot, and the same command goes on. A stick that has this boot code already is left as it
/// is, exit status 0.
#[derive(Debug, Args)]
pub struct UpdateArgs {
    /// The stick: a device such as /dev/sdX, or a file
    #[arg(value_name = "STICK")]
    stick: PathBuf,

    #[command(flatten)]
    target: TargetArgs,
}

impl UpdateArgs {
    /// Asks, and exchanges the boot code.
    ///
    /// # Errors
    ///
    /// See [`CliError`]; its exit status says what became of the stick.
    pub fn run(self, output: &mut Output) -> Result<Exit, CliError> {
        let system = self.target.system();
        let target = look(&system, &self.stick)?;
        let destination = Destination { system: &system, target: &target };
        let prepared = prepare_update(destination)?;
        if !self.target.yes && !prepared.is_same() {
            let lines = ["  its boot code is exchanged; until that is proven it does not boot".to_owned()];
            confirm::change(&target, &lines, "update")?;
        }
        if !prepared.is_same() {
            self.target.confirm_unmounting(&system, &target)?;
        } else if self.target.eject {
            note(format_args!("note: nothing is to be written, so nothing is ejected"));
        }
        let report = update(prepared, destination, &*stop::wish()?, &Progress::new())?;
        let shown = output.show(&report, |out| show(out, &report));
        shown.map_err(|source| CliError::Unreported { path: self.stick, source })?;
        Ok(Exit::Done)
    }
}

fn show(out: &mut dyn Write, report: &UpdateReport) -> io::Result<()> {
    let UpdateReport { path, same, written, .. } = report;
    if *same {
        return writeln!(out, "done      {path} has this boot code already; nothing was written");
    }
    writeln!(out, "written   {}, all read back and identical", Bytes(*written))?;
    writeln!(out, "done      {path} has the boot code of this ramkey; everything else on it is as it was")
}
