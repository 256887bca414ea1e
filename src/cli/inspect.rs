//! `ramkey inspect`: what a stick or an image is.

use std::io::{self, Write};
use std::path::PathBuf;

use clap::Args;
use serde::Serialize;

use crate::cli::args::{KindArg, kind_choice, parse_geometry};
use crate::cli::disc::DiscView;
use crate::cli::verify::{open, show_stick};
use crate::cli::windows::show_windows;
use crate::cli::write::ram_text;
use crate::cli::{CliError, Exit, Output, Progress, unknown};
use crate::image::windows::{self, Windows};
use crate::image::{ImageError, ImageFacts, Source, Stripped, probe, scan};
use crate::report::{HeaderReport, hex, ram_needed};
use crate::stick::has_trace;
use crate::units::{Bytes, Geometry, counted, named};
use crate::verify::{StickVerdict, facts};

/// Show what a stick or an image is
///
/// Of a stick: layout, file system, images, faults and changes, from all but the images' bytes, which `ramkey verify`
/// proves. Of an image: the disk that a machine would see, and why; of a Windows on it, whether it will find that disk.
#[derive(Debug, Args)]
pub struct InspectArgs {
    /// A stick, or a disk image
    #[arg(value_name = "PATH")]
    path: PathBuf,

    /// Also print the BLAKE3 of an image
    #[arg(long)]
    hash: bool,

    /// Kind of disk that an image is
    #[arg(long, value_enum, default_value_t)]
    kind: KindArg,

    /// Geometry of an image: cylinders/heads/sectors per track
    #[arg(long, value_name = "C/H/S", value_parser = parse_geometry)]
    chs: Option<Geometry>,
}

#[derive(Serialize)]
#[serde(tag = "what", rename_all = "kebab-case")]
enum Inspected {
    Stick(Box<StickView>),
    Image(Box<ImageView>),
}

#[derive(Serialize)]
struct StickView {
    path: String,
    #[serde(flatten)]
    verdict: StickVerdict,
}

#[derive(Serialize)]
struct ImageView {
    path: String,
    kind: String,
    reason: &'static str,
    contents: Option<String>,
    geometry: String,
    len: u64,
    /// The header that is left out.
    header: Option<HeaderReport>,
    disk_sectors: u32,
    lead_sectors: u32,
    drive: u8,
    ram_needed: u64,
    boot_signature: bool,
    /// What speaks against booting it, or what is wrong with it.
    warnings: Vec<String>,
    /// What is good to know and speaks against nothing.
    notes: Vec<String>,
    /// NT disk signature of the image; 0 if it has none and could have one.
    disk_signature: Option<u32>,
    disc: Option<DiscView>,
    windows: Option<Windows>,
    blake3: Option<String>,
}

impl ImageView {
    fn new(facts: &ImageFacts, source: &dyn Source, blake3: Option<String>) -> Self {
        let texts = |is_note| {
            let warnings = facts.warnings.iter().filter(|warning| warning.is_note() == is_note);
            warnings.map(ToString::to_string).collect::<Vec<_>>()
        };
        Self {
            path: named(&facts.path).into_owned(),
            kind: facts.kind.to_string(),
            reason: facts.reason,
            contents: facts.contents.clone(),
            geometry: facts.geometry.to_string(),
            len: facts.len,
            header: HeaderReport::of(facts),
            disk_sectors: facts.disk_sectors,
            lead_sectors: facts.lead_sectors,
            drive: facts.drive,
            ram_needed: ram_needed(facts.disk_sectors),
            boot_signature: facts.boot_signature,
            warnings: texts(false),
            notes: texts(true).into_iter().chain(unknown::note(source, facts)).collect(),
            disk_signature: facts.disk_signature,
            disc: DiscView::look(source, facts),
            windows: windows::look(source, facts),
            blake3,
        }
    }
}

impl InspectArgs {
    /// Prints what it is.
    ///
    /// # Errors
    ///
    /// [`CliError::Open`] or [`CliError::Unusable`] if it cannot be read or is neither.
    pub fn run(self, output: &mut Output) -> Result<Exit, CliError> {
        let inspected = self.look(&open(&self.path)?)?;
        output.show(&inspected, |out| match &inspected {
            Inspected::Stick(stick) => show_looked_at(out, &stick.verdict),
            Inspected::Image(image) => show_image(out, image),
        })?;
        Ok(Exit::Done)
    }

    fn look(&self, source: &dyn Source) -> Result<Inspected, CliError> {
        if has_trace(source) {
            let path = named(&self.path).into_owned();
            return Ok(Inspected::Stick(Box::new(StickView { path, verdict: facts(source) })));
        }
        let source = &Stripped::new(&self.path, source).map_err(CliError::Unusable)?;
        let facts =
            probe(&self.path, source, kind_choice(self.kind), self.chs).map_err(CliError::Unusable)?;
        let hash = if self.hash { Some(self.hash(source)?) } else { None };
        Ok(Inspected::Image(Box::new(ImageView::new(&facts, source, hash))))
    }

    fn hash(&self, source: &dyn Source) -> Result<String, CliError> {
        let bar = Progress::bar("hashing", source.len());
        let result = scan(source, &mut |bytes| bar.inc(bytes));
        bar.finish_and_clear();
        let read = |source| ImageError::Read { path: self.path.clone(), offset: 0, source };
        Ok(hex(result.map_err(read).map_err(CliError::Unusable)?.root))
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

fn show_image(out: &mut dyn Write, image: &ImageView) -> io::Result<()> {
    if let Some(hash) = &image.blake3 {
        writeln!(out, "BLAKE3    {hash}")?;
    }
    let exact = if image.len < 1024 { String::new() } else { format!(" ({} bytes)", image.len) };
    writeln!(out, "image     {}, {}{exact}", image.path, Bytes(image.len))?;
    if let Some(header) = &image.header {
        writeln!(out, "header    {}", header.words())?;
    }
    writeln!(out, "kind      {}: {}", image.kind, image.reason)?;
    if let Some(contents) = &image.contents {
        writeln!(out, "contents  {contents}")?;
    }
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
    writeln!(out, "RAM       {}", ram_text(image.ram_needed, ""))?;
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
    if let Some(disc) = &image.disc {
        disc.show(out)?;
    }
    match &image.windows {
        Some(windows) => show_windows(out, windows),
        None => Ok(()),
    }
}
