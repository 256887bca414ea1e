//! `ramkey plan`: what `write` would do.

use std::path::PathBuf;

use clap::Args;

use crate::cli::args::StickArgs;
use crate::cli::prepare::{Prepared, name_file, prepare};
use crate::cli::write::{look, show_stick};
use crate::cli::{CliError, Exit, Output, unknown};
use crate::device::System;
use crate::units::Bytes;

/// Show every range that `write` would write, and why
///
/// Opens nothing for writing; the same as `write --dry-run`. The size of the stick comes from --size or from the
/// target; without them it is the one that `write` would choose.
#[derive(Debug, Args)]
pub struct PlanArgs {
    #[command(flatten)]
    stick: StickArgs,

    /// The stick: a device such as /dev/sdX, or a file
    #[arg(long, value_name = "TARGET")]
    to: Option<PathBuf>,
}

impl PlanArgs {
    /// Prints the plan.
    ///
    /// # Errors
    ///
    /// What `write` would refuse.
    pub fn run(self, output: &mut Output) -> Result<Exit, CliError> {
        self.stick.check()?;
        let size = self.stick.size.map(|Bytes(len)| len);
        let images = self.stick.open()?;
        let prepared = match &self.to {
            None => prepare(&self.stick, images, size)?,
            Some(to) => {
                let system = System::default();
                let target = look(&system, to)?;
                target.admit(&system, &self.stick.paths())?;
                let len = target.stick_len(size).map_err(CliError::Target)?;
                prepare(&self.stick, images, len).map_err(|error| name_file(&target, error))?
            }
        };
        show_plan(output, &prepared)?;
        Ok(Exit::Done)
    }
}

/// Prints images, stick and ranges.
pub(super) fn show_plan(output: &mut Output, prepared: &Prepared) -> Result<(), CliError> {
    let mut report = prepared.report();
    let boots = report.images.len();
    for (number, image) in report.images.iter_mut().chain(&mut report.companions).enumerate() {
        if unknown::is_asked_about(&prepared.images, boots, number) {
            image.notes.push(unknown::NOTE.into());
        }
    }
    output.show(&report, |out| {
        show_stick(out, &report)?;
        writeln!(out)?;
        writeln!(out, "{:>23}  {:>10}  {:<12}  why", "sectors", "bytes", "what")?;
        for range in &report.ranges {
            let sectors = format!("{}..{}", range.lba, range.lba + range.sectors);
            let bytes = range.sectors * crate::units::SECTOR_LEN;
            writeln!(out, "{sectors:>23}  {bytes:>10}  {:<12}  {}", range.role, range.why)?;
        }
        writeln!(out)?;
        writeln!(out, "{} in {} ranges; nothing was written", Bytes(report.bytes), report.ranges.len())
    })?;
    Ok(())
}
