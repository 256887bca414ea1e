//! `ramkey report`: what somebody who is to help has to know, without what is nobody's business.

use std::fs::{self, File};
use std::io::Write;
use std::path::{Path, PathBuf};
use std::{env, io};

use clap::Args;
use serde::Serialize;

use crate::cli::list::show;
use crate::cli::scrub::Scrub;
use crate::cli::settings::{self, machine};
use crate::cli::{CliError, Exit, Output, log, version};
use crate::job::list;
use crate::units::named;

/// Bytes of a log that are looked at, from its end.
const LOG_MAX: usize = 256 << 10;

/// Gather what a report of a problem needs: version, system, disks, and what the last command did
///
/// The log is that of --log or RAMKEY_LOG; what the last command wrote to it comes into the report. Serial numbers are cut to their last
/// three characters, and names of users and of this machine and their folders are replaced. Read it before you send it: names of files, labels and
/// titles are in it.
#[derive(Debug, Args)]
pub struct ReportArgs {
    /// Write the report into this new file; if not given, it is printed
    #[arg(long, value_name = "FILE")]
    to: Option<PathBuf>,
}

/// A report.
#[derive(Serialize)]
struct Report {
    report: String,
    file: Option<String>,
}

impl ReportArgs {
    /// Makes the report, with what the last command wrote to a log.
    ///
    /// # Errors
    ///
    /// [`CliError::Log`] if there is no log where one was named, [`CliError::Create`] if the file is there or cannot be made.
    pub fn run(self, output: &mut Output, log: Option<PathBuf>) -> Result<Exit, CliError> {
        let path = log.or_else(|| settings::log(&|name| env::var_os(name)));
        let last =
            path.map(|path| log::last(&path, LOG_MAX).map_err(|source| CliError::Log { path, source }));
        let report = gathered(last.transpose()?)?;
        if let Some(path) = &self.to {
            write(path, &report).map_err(|source| CliError::Create { path: path.clone(), source })?;
        }
        let file = self.to.map(|path| named(&path).into_owned());
        let made = Report { report, file };
        output.show(&made, |out| match &made.file {
            Some(file) => writeln!(out, "written   {file}: read it before you send it"),
            None => made.report.lines().try_for_each(|line| writeln!(out, "{line}")),
        })?;
        Ok(Exit::Done)
    }
}

fn write(path: &Path, report: &str) -> io::Result<()> {
    File::create_new(path)?.write_all(report.as_bytes())
}

/// The text, from which everything is taken out that is nobody's business.
fn gathered(log: Option<String>) -> Result<String, CliError> {
    let system = machine();
    let listing = list(&system, true)?;
    let mut disks = Vec::new();
    show(&mut disks, &listing)?;
    let text = |path: &str| fs::read_to_string(path).unwrap_or_default();
    let release = text("/etc/os-release");
    let name = release.lines().find_map(|line| line.strip_prefix("PRETTY_NAME=")).unwrap_or("unknown");
    let mut report = format!(
        "ramkey {}\n\nsystem     {}, Linux {}\n",
        version::long(),
        name.trim_matches('"'),
        text("/proc/sys/kernel/osrelease").trim()
    );
    report +=
        &format!("user       {}\n", if rustix::process::geteuid().is_root() { "root" } else { "not root" });
    for note in &settings::settings().notes {
        report += &format!("settings   {note}\n");
    }
    report += &format!("\ndisks\n{}", String::from_utf8_lossy(&disks));
    report += &match log {
        Some(log) => format!("\nthe last command\n{log}"),
        None => "\nno log: `--log FILE` or RAMKEY_LOG keeps one of each command\n".into(),
    };
    let serials = listing
        .sticks
        .iter()
        .chain(&listing.others)
        .flat_map(|disk| [disk.facts.serial.clone(), disk.facts.wwn.clone()]);
    Ok(Scrub::of_this_machine(serials).scrubbed(&report))
}
