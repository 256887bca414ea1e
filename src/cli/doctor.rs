//! `ramkey doctor`: what on a stick contradicts what.

use std::io::{self, Write};
use std::path::PathBuf;

use clap::Args;
use serde::Serialize;

use crate::cli::words::wrapped;
use crate::cli::{CliError, Exit, Output};
use crate::doctor::{Diagnosis, Finding, Kind, Part};
use crate::job;
use crate::units::{Bytes, SECTOR_LEN, named};

/// Explain what on a stick contradicts what, and which machines stumble over it
///
/// Reads any stick, or an image of one, and changes nothing: partition table, boot sectors, GPT. Each finding says what
/// it is, why it matters, where it hurts and what to do; docs/doctor.md has all of them. Exit status 4 says that
/// something is more than a note. Whether the images on a stick of ramkey are right is what `ramkey verify` tells.
#[derive(Debug, Args)]
pub struct DoctorArgs {
    /// The stick: a device such as /dev/sdX, or a file
    #[arg(value_name = "STICK")]
    stick: PathBuf,
}

#[derive(Serialize, schemars::JsonSchema)]
pub(super) struct View<'a> {
    path: String,
    #[serde(flatten)]
    diagnosis: &'a Diagnosis,
}

impl DoctorArgs {
    /// Prints the findings.
    ///
    /// # Errors
    ///
    /// [`CliError::Job`] if the stick cannot be read; a finding is no error but an answer.
    pub fn run(self, output: &mut Output) -> Result<Exit, CliError> {
        let diagnosis = job::diagnose(&self.stick)?;
        let path = named(&self.stick).into_owned();
        let view = View { path, diagnosis: &diagnosis };
        output.show(&view, |out| show(out, &view.path, &diagnosis))?;
        Ok(if diagnosis.contradictions == 0 { Exit::Done } else { Exit::Difference })
    }
}

fn show(out: &mut dyn Write, path: &str, diagnosis: &Diagnosis) -> io::Result<()> {
    let layout = match &*diagnosis.layout {
        "none" => "no partition table",
        layout => layout,
    };
    let geometry = match diagnosis.geometry {
        Some((heads, track)) => format!(", geometry {heads}/{track}"),
        None => String::new(),
    };
    let size = Bytes(diagnosis.sectors * SECTOR_LEN);
    let is_disc = diagnosis.findings.iter().any(|finding| finding.kind == Kind::RamkeyDisc);
    let medium = if is_disc { "disc " } else { "stick" };
    writeln!(out, "{medium}     {path}: {size}, {} sectors, {layout}{geometry}", diagnosis.sectors)?;
    for part in &diagnosis.parts {
        show_part(out, part)?;
    }
    for finding in &diagnosis.findings {
        show_finding(out, finding)?;
    }
    let notes = diagnosis.findings.len() - diagnosis.contradictions;
    let notes = match notes {
        0 => String::new(),
        1 => "; 1 note".into(),
        _ => format!("; {notes} notes"),
    };
    match diagnosis.contradictions {
        0 => writeln!(out, "clean     nothing contradicts{notes}"),
        1 => writeln!(out, "found     1 contradiction{notes}"),
        count => writeln!(out, "found     {count} contradictions{notes}"),
    }
}

fn show_part(out: &mut dyn Write, part: &Part) -> io::Result<()> {
    let number = part.number.map_or("whole".into(), |number| number.to_string());
    let type_byte = part.type_byte.map_or(String::new(), |type_byte| format!(", type {type_byte:02X}"));
    let active = if part.active { ", active" } else { "" };
    let end = part.lba + part.sectors;
    let system = part.system.as_deref().unwrap_or("unknown contents");
    writeln!(out, "part      {number}: sectors {}..{end}{type_byte}{active}, {system}", part.lba)
}

fn show_finding(out: &mut dyn Write, finding: &Finding) -> io::Result<()> {
    let name = finding.kind.explanation().name;
    let label = format!("{:<10}", finding.severity.name());
    wrapped(out, &label, &format!("{name}: {}", finding.what))?;
    wrapped(out, "  why     ", finding.why)?;
    wrapped(out, "  hurts   ", finding.hurts)?;
    wrapped(out, "  do      ", finding.remedy)?;
    wrapped(out, "  source  ", finding.source)
}
