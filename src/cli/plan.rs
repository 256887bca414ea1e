//! `ramkey plan`: what `write` would do.

use std::path::PathBuf;

use clap::Args;

use crate::cli::args::StickArgs;
use crate::cli::disc_options::DiscOptionsArgs;
use crate::cli::drawing::{draw, map_file};
use crate::cli::own_output::look;
use crate::cli::settings::machine;
use crate::cli::show::{show_needs, show_ranges, show_stick};
use crate::cli::{CliError, Exit, Output, Progress, copy};
use crate::job::{self, Destination, Images, Opener, Prepared, prepare};
use crate::report::StickReport;

/// Show every range that `write` would write, and why
///
/// Opens nothing for writing; the same as `write --dry-run`. The size of the stick comes from --size or from the
/// target; without them it is the one that `write` would choose.
#[derive(Debug, Args)]
pub struct PlanArgs {
    #[command(flatten)]
    stick: StickArgs,

    /// The stick: a device such as /dev/sdX, or a file
    #[arg(long, value_name = "TARGET", conflicts_with = "disc")]
    to: Option<PathBuf>,

    /// What `disc` would write: size, layout and file system are chosen
    #[arg(long, conflicts_with_all = ["size", "layout", "zip", "fs"])]
    disc: bool,

    /// Also draw it as an SVG, into a file that is new or a map already
    #[arg(long, value_name = "FILE")]
    svg: Option<PathBuf>,

    #[command(flatten)]
    options: DiscOptionsArgs,
}

impl PlanArgs {
    /// Prints the plan.
    ///
    /// # Errors
    ///
    /// What `write` would refuse.
    pub fn run(self, output: &mut Output) -> Result<Exit, CliError> {
        self.stick.check()?;
        if let Some(option) = self.options.first_given().filter(|_| !self.disc) {
            let what = format!("{option} is for a disc: give --disc too");
            return Err(CliError::Usage { what });
        }
        let progress = Progress::new();
        let opener = Opener::new(&progress);
        let mut request = self.stick.request();
        let system = machine();
        let target = self.to.as_ref().map(|to| look(&system, to)).transpose()?;
        let destination = target.as_ref().map(|target| Destination { system: &system, target });
        if self.disc {
            request = self.options.of(request);
        } else if let Some(image) = copy::find(&self.stick, None, &opener)? {
            if self.svg.is_some() {
                let what =
                    "--svg draws a stick that is made of images; `ramkey map` draws a disc image".into();
                return Err(CliError::Usage { what });
            }
            return copy::plan(output, image, request.size, destination);
        }
        let images = Images::open_by(&request, &opener)?;
        let first = &self.stick.images.images.first().cloned().unwrap_or_default();
        let svg = self.svg.as_deref().map(|svg| map_file(svg, first)).transpose()?;
        let prepared = prepare(&request, images, destination, &progress)?;
        let report = show_plan(output, &prepared)?;
        if let Some(file) = &svg {
            draw(file, &report.map, "plan")?;
        }
        Ok(Exit::Done)
    }
}

/// Prints images, stick and ranges.
pub(super) fn show_plan(output: &mut Output, prepared: &Prepared) -> Result<StickReport, CliError> {
    let report = job::plan(prepared);
    output.show(&report, |out| {
        show_stick(out, &report)?;
        show_needs(out, &report)?;
        show_ranges(out, &report.ranges, report.bytes)
    })?;
    Ok(report)
}
