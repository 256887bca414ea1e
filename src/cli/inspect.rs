//! `ramkey inspect`: what a stick or an image is.

use std::io::{self, Write};
use std::path::PathBuf;

use clap::Args;

use crate::cli::args::LookArgs;
use crate::cli::disc_view::show_disc;
use crate::cli::origin::OriginArgs;
use crate::cli::room::show_room;
use crate::cli::show::{show_machine, show_origin};
use crate::cli::verify::show_stick;
use crate::cli::windows::show_windows;
use crate::cli::words::ram_text;
use crate::cli::{CliError, Exit, Output, Progress};
use crate::job::{EstimateReport, HashReport, ImageView, InspectRequest, Inspected, inspect};
use crate::report::time_words;
use crate::units::{Bytes, counted};
use crate::verify::StickVerdict;

/// Show what a stick or an image is
///
/// Of a stick: layout, file system, images, faults and changes, from all but the images' bytes, which `ramkey verify`
/// proves. Of an image: the disk that a machine would see, and why; of a Windows on it, whether it will find that disk.
#[derive(Debug, Args)]
pub struct InspectArgs {
    /// A stick, or a disk image; what is packed is unpacked, FILE#NAME is a file in an archive, and - is standard input
    #[arg(value_name = "PATH")]
    path: PathBuf,

    /// Also print BLAKE3, SHA-256, SHA-1 and MD5 of an image, and of its file if there is more in that
    #[arg(long)]
    hash: bool,

    #[command(flatten)]
    origin: OriginArgs,

    #[command(flatten)]
    look: LookArgs,
}

impl InspectArgs {
    /// Prints what it is.
    ///
    /// # Errors
    ///
    /// [`CliError::Job`] if it cannot be read or is neither.
    pub fn run(self, output: &mut Output) -> Result<Exit, CliError> {
        let request = InspectRequest {
            path: self.path,
            hash: self.hash,
            kind: self.look.kind(),
            geometry: self.look.chs,
            folder_free: self.look.folder.free(),
            expectations: self.origin.expectations(),
        };
        let inspected = inspect(&request, &Progress::new())?;
        output.show(&inspected, |out| match &inspected {
            Inspected::Stick(stick) => {
                show_looked_at(out, &stick.verdict)?;
                show_origin(out, &stick.origin)
            }
            Inspected::Image(image) => show_image(out, image),
        })?;
        Ok(Exit::Done)
    }
}

/// A stick of which all but the images' bytes was read.
fn show_looked_at(out: &mut dyn Write, stick: &StickVerdict) -> io::Result<()> {
    show_stick(out, stick)?;
    match stick.faults.len() {
        0 => writeln!(out, "seen      no fault beside the images' bytes, which `ramkey verify` proves"),
        count => writeln!(out, "faults    {count}; `ramkey verify` looks at the images' bytes too"),
    }
}

/// The hashes of an image, and of its file.
fn show_hashes(out: &mut dyn Write, image: &ImageView) -> io::Result<()> {
    let all = |hashes: &HashReport| {
        let HashReport { blake3, sha256, sha1, md5 } = hashes.clone();
        [("BLAKE3", blake3), ("SHA-256", sha256), ("SHA-1", sha1), ("MD5", md5)]
    };
    for (name, hash) in image.hashes.iter().flat_map(all) {
        writeln!(out, "{name:<9} {hash}")?;
    }
    for ((name, hash), label) in image.file_hashes.iter().flat_map(all).zip(["file", "", "", ""]) {
        writeln!(out, "{label:<9} {name} {hash}")?;
    }
    Ok(())
}

/// The disk that a machine will see.
fn show_drive(out: &mut dyn Write, image: &ImageView) -> io::Result<()> {
    let lead = match image.lead_sectors {
        0 => String::new(),
        lead => format!(", behind {} that the loader makes", counted(u64::from(lead), "sector")),
    };
    match &image.disc {
        None => writeln!(
            out,
            "disk      {:02X}h, {}, geometry {}{lead}",
            image.drive,
            counted(u64::from(image.disk_sectors), "sector"),
            image.geometry
        )?,
        Some(_) => {
            writeln!(out, "disk      {:02X}h, {} blocks of 2048 bytes", image.drive, image.disk_sectors / 4)?;
        }
    }
    match image.disk_signature {
        Some(0) => writeln!(out, "signature none; the RAM disk gets one, and the image stays as it is")?,
        Some(signature) => writeln!(out, "signature {signature:08X}")?,
        None => {}
    }
    Ok(())
}

/// The image, and the disk that a machine would see.
pub(super) fn show_image(out: &mut dyn Write, image: &ImageView) -> io::Result<()> {
    show_hashes(out, image)?;
    show_origin(out, &image.origin)?;
    let exact = if image.len < 1024 { String::new() } else { format!(" ({} bytes)", image.len) };
    writeln!(out, "image     {}, {}{exact}", image.path, Bytes(image.len))?;
    for unpacked in &image.unpacked {
        writeln!(out, "packed    {}", unpacked.words())?;
    }
    if let Some(header) = &image.header {
        let label = if header.len.is_some() { "header" } else { "file" };
        writeln!(out, "{label:<10}{}", header.words())?;
    }
    writeln!(out, "kind      {}: {}", image.kind, image.reason)?;
    if let Some(contents) = &image.contents {
        writeln!(out, "contents  {contents}")?;
    }
    show_drive(out, image)?;
    writeln!(out, "RAM       {}", ram_text(image.ram_needed, ""))?;
    show_machine(out, "machines  ", &image.machine)?;
    if let Some(EstimateReport { sampled, chunks, stored, seconds }) = &image.load {
        writeln!(out, "load      about {}", time_words(seconds))?;
        let pieces =
            if sampled == chunks { "all pieces".into() } else { format!("{sampled} of {chunks} pieces") };
        writeln!(out, "          an estimate: {pieces} were packed, which gives {} in all", Bytes(*stored))?;
    }
    // What keeps a Windows from starting is shown with its step.
    let problems = || image.windows.iter().flat_map(|windows| &windows.problems);
    for warning in &image.warnings {
        if problems().all(|problem| problem.problem != *warning) {
            writeln!(out, "warning   {warning}")?;
        }
    }
    for note in &image.notes {
        writeln!(out, "note      {note}")?;
    }
    if let Some(room) = &image.room {
        show_room(out, "room      ", room)?;
    }
    match (image.left_out, image.swap_left_out) {
        (0, 0) => {}
        (left_out, 0) => writeln!(out, "trimming  leaves {} out", Bytes(left_out))?,
        (left_out, swap) => writeln!(
            out,
            "trimming  leaves {} out, and with --trim-swap {} of swap files too",
            Bytes(left_out),
            Bytes(swap)
        )?,
    }
    if let Some(disc) = &image.disc {
        show_disc(out, disc)?;
    }
    match &image.windows {
        Some(windows) => show_windows(out, windows),
        None => Ok(()),
    }
}
