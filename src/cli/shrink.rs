//! `ramkey shrink`: a smaller image, because RAM is what old machines have least of.

use std::io::{self, Write};
use std::path::PathBuf;

use clap::Args;

use crate::cli::own_output::look;
use crate::cli::settings::machine;
use crate::cli::words::wrapped;
use crate::cli::{CliError, Exit, Output, Progress, stop};
use crate::job::{Destination, Shrunk, prepare_shrink, shrink};
use crate::units::{Bytes, Ram};

/// Free room within a file system for which moving files is worth it.
const WORTH_MOVING: u64 = 1 << 20;

/// Make a smaller image of one whose last file system is a FAT
///
/// The image is cut behind the last cluster that is used, at the end of a cylinder, and its boot sector, tables and partition
/// say so. It has the same files at the same places, and the same kind, heads and sectors per track. IMAGE stays as it is; what is
/// written is read back and compared. docs/shrink.md says what is refused, and why.
#[derive(Debug, Args)]
pub struct ShrinkArgs {
    /// The image of a hard disk with partitions, or of one file system
    #[arg(value_name = "IMAGE")]
    image: PathBuf,

    /// The smaller image, a file that is not there yet
    #[arg(value_name = "SMALLER")]
    smaller: PathBuf,
}

impl ShrinkArgs {
    /// Makes the smaller image.
    ///
    /// # Errors
    ///
    /// [`CliError::Job`] if the image cannot be cut or the file cannot be made; then it is not there.
    pub fn run(self, output: &mut Output) -> Result<Exit, CliError> {
        let system = machine();
        let target = look(&system, &self.smaller)?;
        let destination = Destination { system: &system, target: &target };
        let prepared = prepare_shrink(&self.image, destination, &Progress::new())?;
        let made = shrink(prepared, &*stop::wish()?, &Progress::new())?;
        output.show(&made, |out| show(out, &made))?;
        Ok(Exit::Done)
    }
}

fn show(out: &mut dyn Write, made: &Shrunk) -> io::Result<()> {
    let Shrunk { before, after, .. } = made;
    let place = made.partition.map(|number| format!(" in partition {number}")).unwrap_or_default();
    writeln!(out, "image     {}, {}, geometry {}", made.path, Bytes(before.len), before.geometry)?;
    writeln!(out, "smaller   {}, {}, geometry {}", made.to, Bytes(after.len), after.geometry)?;
    writeln!(
        out,
        "          {}{place}: {} used, {} free",
        made.file_system,
        Bytes(made.used),
        Bytes(made.free)
    )?;
    writeln!(out, "BLAKE3    {}", made.blake3)?;
    writeln!(
        out,
        "RAM       {} less: a machine with {} instead of {}",
        Ram(made.ram_saved),
        Ram(after.ram_needed),
        Ram(before.ram_needed)
    )?;
    for warning in &made.warnings {
        writeln!(out, "warning   {warning}")?;
    }
    if let Some(words) = limit(made) {
        wrapped(out, "note      ", &words)?;
    }
    writeln!(out, "done      {} is read back and identical; {} is as it was", made.to, made.path)
}

/// Why it does not end earlier, if that can be changed or is not what one expects.
fn limit(made: &Shrunk) -> Option<String> {
    match (made.limit, made.clusters) {
        ("clusters", Some(clusters)) => {
            Some(format!("it ends where it would become another kind of FAT: it keeps {clusters} clusters"))
        }
        ("kind", _) => {
            Some("it ends where a shorter one would be another kind of disk or have another geometry".into())
        }
        _ if made.gaps < WORTH_MOVING => None,
        _ => {
            let last = made.last.as_deref().unwrap_or("a file whose name was not looked for");
            Some(format!(
                "the last file is {last}, and {} before it is free: defragment the image and shrink it again",
                Bytes(made.gaps)
            ))
        }
    }
}
