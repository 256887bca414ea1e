//! `ramkey restore`: a plain stick again.

use std::io::{self, Write};
use std::path::PathBuf;

use clap::Args;

use crate::cli::own_output::look;
use crate::cli::rights::{RightsArgs, needed};
use crate::cli::target_args::TargetArgs;
use crate::cli::{CliError, Exit, Output, Progress, stop};
use crate::job::{Destination, RestoreReport, RestoreRequest, prepare_restore, restore};
use crate::units::{Bytes, SECTOR_LEN};

/// Make a plain stick again: one partition with an empty FAT, and nothing of ramkey
///
/// Everything on the stick is lost. The partition begins at 1 MiB and is not active; FAT12 below 16 MiB, FAT16 up to 1 GiB, FAT32 above. The
/// stick is written and proven as by `ramkey write`: one that was interrupted does not boot, and the same command makes it whole.
#[derive(Debug, Args)]
pub struct RestoreArgs {
    /// The stick: a device such as /dev/sdX, or a file
    #[arg(value_name = "STICK")]
    stick: PathBuf,

    /// Label of the file system, at most 11 characters
    #[arg(long, value_name = "LABEL", default_value = "USB")]
    label: String,

    /// Serial number of the file system, as in 1234-ABCD; else one is chosen
    #[arg(long, value_name = "ID", value_parser = parse_volume_id)]
    volume_id: Option<u32>,

    #[command(flatten)]
    rights: RightsArgs,

    #[command(flatten)]
    target: TargetArgs,
}

fn parse_volume_id(text: &str) -> Result<u32, String> {
    let digits: String = text.chars().filter(|&letter| letter != '-').collect();
    let is_whole = digits.len() == 8 && digits.bytes().all(|byte| byte.is_ascii_hexdigit());
    let number = u32::from_str_radix(&digits, 16).ok().filter(|_| is_whole);
    number.ok_or_else(|| "eight hexadecimal digits are needed, as in 1234-ABCD".to_owned())
}

impl RestoreArgs {
    /// Asks, and makes the stick a plain one.
    ///
    /// # Errors
    ///
    /// See [`CliError`]; its exit status says what became of the stick.
    pub fn run(self, output: &mut Output) -> Result<Exit, CliError> {
        let system = self.target.system();
        let target = look(&system, &self.stick)?;
        let system = self.rights.system(system, std::slice::from_ref(&target))?;
        let done = self.restore(output, Destination { system: &system, target: &target });
        done.map_err(|error| needed(error, &system))
    }

    fn restore(self, output: &mut Output, destination: Destination) -> Result<Exit, CliError> {
        let request = RestoreRequest { label: self.label, volume_id: self.volume_id };
        let prepared = prepare_restore(&request, destination)?;
        self.target.confirm_erasing(destination.system, destination.target)?;
        let report = restore(&prepared, destination, &*stop::wish()?, &Progress::new())?;
        let shown = output.show(&report, |out| show(out, &report));
        shown.map_err(|source| CliError::Unreported { path: self.stick, source })?;
        Ok(Exit::Done)
    }
}

fn show(out: &mut dyn Write, report: &RestoreReport) -> io::Result<()> {
    let RestoreReport { path, file_system, label, volume_id, volume_lba, volume_sectors, .. } = report;
    let size = Bytes(volume_sectors * SECTOR_LEN);
    writeln!(out, "partition {file_system} of {size} \"{label}\" {volume_id}, from sector {volume_lba} on")?;
    writeln!(out, "written   {}, all read back and identical", Bytes(report.written))?;
    writeln!(out, "done      {path} is a plain stick and boots nothing")
}
