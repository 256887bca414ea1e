//! `ramkey verify`: proves a stick without its images.

use std::io::{self, Write};
use std::path::PathBuf;

use clap::Args;

use crate::cli::target_args::TargetArgs;
use crate::cli::words::{gets_signature, number_words, ram_text, show_words};
use crate::cli::{CliError, Exit, Output, Progress, repair};
use crate::job;
use crate::units::{Bytes, SECTOR_LEN};
use crate::verify::{Fault, FaultKind, FoundCapsule, FoundOrigin, StickVerdict, Strictness};

/// Prove a stick: boot code, tables, file system and every image on it
///
/// Needs no image: the stick carries its hashes. What was done to its files is named and is no fault as long as the images
/// boot: added, removed, replaced, renamed, swapped. Exit status 4 says that there is a fault: each is shown with its
/// sectors and both hashes. What is no stick of ramkey is an error, exit status 1.
#[derive(Debug, Args)]
pub struct VerifyArgs {
    /// The stick: a device such as /dev/sdX, or a file
    #[arg(value_name = "STICK")]
    stick: PathBuf,

    /// Any byte that is not as written is a fault
    #[arg(long)]
    strict: bool,

    /// Put right what is wrong where that can be proven, also from the images given; status 0 says that it is sound then, 4 that faults are left
    #[arg(long, value_name = "IMAGE", num_args = 0.., conflicts_with = "strict")]
    repair: Option<Vec<PathBuf>>,

    #[command(flatten)]
    target: TargetArgs,
}

impl VerifyArgs {
    /// Verifies and prints the verdict.
    ///
    /// # Errors
    ///
    /// [`CliError::Job`] if the stick cannot be opened, or nothing on it is ours; a fault is no error but an answer.
    pub fn run(self, output: &mut Output) -> Result<Exit, CliError> {
        if let Some(images) = self.repair {
            return repair::run(output, self.stick, images, &self.target, &show_stick);
        }
        self.target.check_only_reads()?;
        let strictness = if self.strict { Strictness::EveryByte } else { Strictness::Boot };
        let verdict = job::verify(&self.stick, strictness, &Progress::new())?;
        output.show(&verdict, |out| {
            show_stick(out, &verdict)?;
            let read = Bytes(verdict.bytes_read);
            match (verdict.sound, verdict.strictness) {
                (true, Strictness::Boot) => {
                    writeln!(out, "sound     all that a boot needs is right; {read} read")
                }
                (true, Strictness::EveryByte) => {
                    writeln!(out, "sound     every byte is as written; {read} read")
                }
                (false, _) => writeln!(out, "faults    {}; {read} read", verdict.faults.len()),
            }
        })?;
        Ok(if verdict.sound { Exit::Done } else { Exit::Difference })
    }
}

/// Images, stick, changes and faults, a line each.
pub(super) fn show_stick(out: &mut dyn Write, stick: &StickVerdict) -> io::Result<()> {
    // Without a manifest nobody knows what was added.
    let is_known = |fault: &Fault| !matches!(fault.kind, FaultKind::Manifest | FaultKind::NoStick);
    let is_known = stick.faults.iter().all(is_known);
    for image in &stick.capsules {
        let origin = if is_known && !image.as_written { ", added later" } else { "" };
        show_image(out, image, origin)?;
    }
    if !stick.stick_id.is_empty() || !stick.file_system.is_empty() {
        let layout = if stick.layout.is_empty() { "unknown layout" } else { stick.layout };
        let StickVerdict { file_system, label, stick_id, .. } = stick;
        let medium = if stick.disc { "disc " } else { "stick" };
        if file_system.is_empty() {
            writeln!(out, "{medium}     {layout}, no file system that can be read, id {stick_id}")?;
        } else {
            let (size, free) = (Bytes(stick.volume_sectors.saturating_mul(SECTOR_LEN)), Bytes(stick.free));
            writeln!(
                out,
                "{medium}     {layout}, {file_system} of {size} \"{label}\", {free} free, id {stick_id}"
            )?;
        }
    }
    for change in &stick.changes {
        writeln!(out, "changed   {change}")?;
    }
    for fault in &stick.faults {
        writeln!(out, "fault     {fault}")?;
    }
    Ok(())
}

/// An image of the menu, or one that stands beside them.
fn show_image(out: &mut dyn Write, image: &FoundCapsule, origin: &str) -> io::Result<()> {
    let state = match (image.proven, &image.ram_blake3) {
        (true, None) => "proven",
        (true, Some(_)) => "proven as it is in memory",
        (false, _) => "not proven",
    };
    let pieces = if image.fragments > 1 { format!(", in {} pieces", image.fragments) } else { String::new() };
    let (name, number) = match image.companion {
        false => ("image", format!("\"{}\"", image.title)),
        true => ("with ", number_words(image.drive)),
    };
    let needs = match (image.companion, image.companions.is_empty()) {
        (true, _) => String::new(),
        (false, true) => format!(", {}", ram_text(image.ram_needed, "")),
        (false, false) => format!(", {}", ram_text(image.ram_needed, " for all its drives")),
    };
    let writes = image.options.writes_words();
    writeln!(out, "{name}     {}  {}", image.blake3, image.file)?;
    if let Some(in_memory) = &image.ram_blake3 {
        writeln!(out, "in memory {in_memory}, without what was left out")?;
    }
    writeln!(
        out,
        "          {number}: {}, {}{needs}{writes}{pieces}{origin}; {state}",
        image.words,
        Bytes(image.len)
    )?;
    if let Some(made_of) = &image.made_of {
        let FoundOrigin { text, len, blake3 } = made_of;
        writeln!(out, "          {text}; it was {} before, {blake3}", Bytes(*len))?;
    }
    show_words(out, &image.options)?;
    if !image.companions.is_empty() {
        let files: Vec<&str> = image.companions.iter().map(|companion| &companion.file[..]).collect();
        writeln!(out, "          with {}", files.join(", "))?;
    }
    match image.disk_signature {
        Some(signature) => writeln!(out, "          {}", gets_signature(signature)),
        None => Ok(()),
    }
}
