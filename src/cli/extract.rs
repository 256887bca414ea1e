//! `ramkey extract`: an image out of a stick.

use std::io::{self, Write};
use std::path::PathBuf;

use clap::Args;

use crate::cli::own_output::look;
use crate::cli::settings::machine;
use crate::cli::{CliError, Exit, Output, Progress, confirm, stop};
use crate::device::TargetPath;
use crate::job::{Destination, Extracted, Extraction};
use crate::units::Bytes;

/// Take an image out of a stick or a disc, into a file
///
/// The image is unpacked, and each piece is proven by its BLAKE3 while it is written; then the file is read back. Where bytes were left out
/// when the stick was written, the file has zeros, and both hashes are shown. If anything of it is damaged, the bytes are named,
/// and there is no file. The stick is only read.
#[derive(Debug, Args)]
pub struct ExtractArgs {
    /// Title in the boot menu, or file in the folder RAMKEY, of the image; needed if there are several
    #[arg(value_name = "NAME")]
    name: Option<String>,

    /// The stick or disc: a device such as /dev/sdX, or a file
    #[arg(long, value_name = "STICK")]
    from: PathBuf,

    /// The file that is made
    #[arg(long, value_name = "FILE")]
    to: PathBuf,

    /// Do not ask before a file with contents of its own is overwritten
    #[arg(long)]
    yes: bool,
}

impl ExtractArgs {
    /// Takes the image out.
    ///
    /// # Errors
    ///
    /// [`CliError::Job`] if it is not there or not whole, [`CliError::Occupied`] or [`CliError::NotConfirmed`] if the file is to stay.
    pub fn run(self, output: &mut Output) -> Result<Exit, CliError> {
        let system = machine();
        let found = Extraction::find(&self.from, self.name)?;
        let target = look(&system, &self.to)?;
        if !self.yes && matches!(target, TargetPath::File { .. }) {
            confirm::ask(&system, &target, &[])?;
        }
        let destination = Destination { system: &system, target: &target };
        let made = found.extract(destination, &*stop::wish()?, &Progress::new())?;
        output.show(&made, |out| show(out, &made))?;
        Ok(Exit::Done)
    }
}

fn show(out: &mut dyn Write, made: &Extracted) -> io::Result<()> {
    let Extracted { path, file, title, words, to, len, blake3, ram_blake3 } = made;
    writeln!(out, "image     {blake3}  {path}: {file}")?;
    writeln!(out, "          \"{title}\": {words}, {}", Bytes(*len))?;
    match ram_blake3 {
        None => writeln!(out, "done      {to} is that image, proven and read back"),
        Some(in_file) => {
            writeln!(out, "file      {in_file}  {to}")?;
            writeln!(out, "note      bytes that were left out when the stick was written are zeros in it")?;
            writeln!(out, "done      {to} is what boots from the stick, proven and read back")
        }
    }
}
