//! How results, errors and progress reach the user.

use std::io::{self, Write};
use std::sync::Mutex;

use indicatif::{ProgressBar, ProgressStyle};
use serde::Serialize;
use serde_json::json;

use crate::cli::terminal::{Streams, Terminal, note};
use crate::cli::{CliError, Exit};
use crate::pipeline::{Event, Phase};
use crate::report::DriveOptions;

/// Where a subcommand's result goes.
pub struct Output {
    /// Standard output.
    pub to: Terminal<'static>,
    /// Whether the result is one JSON object instead of text.
    pub json: bool,
}

impl Output {
    /// Prints `value` as JSON, or what `text` writes.
    ///
    /// # Errors
    ///
    /// What writing says; a closed pipe is no error.
    pub fn show(
        &mut self,
        value: &impl Serialize,
        text: impl FnOnce(&mut dyn Write) -> io::Result<()>,
    ) -> io::Result<()> {
        match self.write(value, text) {
            // Whoever closes a pipe has read enough.
            Err(error) if error.kind() == io::ErrorKind::BrokenPipe => Ok(()),
            result => result,
        }
    }

    fn write(
        &mut self,
        value: &impl Serialize,
        text: impl FnOnce(&mut dyn Write) -> io::Result<()>,
    ) -> io::Result<()> {
        if self.json {
            self.to.json(value)?;
        } else {
            text(&mut self.to)?;
        }
        self.to.flush()
    }

    /// Prints an error and gives the exit status that it stands for.
    pub fn fail(&mut self, error: &CliError) -> Exit {
        self.error(error);
        error.exit()
    }

    /// Prints an error: on standard error for people, and as JSON on standard output if that was asked for. Nothing goes
    /// to where it would do the damage that it reports.
    pub fn error(&mut self, error: &CliError) {
        let harmful = match error {
            CliError::OwnOutput { streams, .. } => *streams,
            _ => Streams::default(),
        };
        let to = match harmful {
            Streams { error: false, .. } => Some(Terminal::error()),
            Streams { output: false, .. } if !self.json => Some(Terminal::output()),
            _ => None,
        };
        if let Some(mut to) = to {
            // There is nowhere left to report a failure to report a failure.
            let _ = error_lines(error).iter().try_for_each(|line| writeln!(to, "{line}"));
        }
        if self.json && !harmful.output {
            self.error_object(error);
        }
    }

    /// Prints an error as JSON only.
    pub(super) fn error_object(&mut self, error: &CliError) {
        let value = json!({
            "error": error.to_string(),
            "because": error.causes(),
            "help": error.help(),
            "exit": error.exit(),
            "exit_status": error.exit() as u8,
        });
        // As above.
        let _ = self.to.json(&value);
    }
}

/// What people read of an error, a line each.
fn error_lines(error: &CliError) -> Vec<String> {
    let mut lines = vec![format!("error: {error}")];
    lines.extend(error.causes().iter().map(|cause| format!("  because: {cause}")));
    if let CliError::Differs { differences, .. } = error {
        lines.extend(
            differences.iter().skip(1).take(MORE_MAX).map(|difference| format!("  also: {difference}")),
        );
        let rest = differences.len().saturating_sub(1 + MORE_MAX);
        if rest > 0 {
            lines.push(format!("  also: {rest} more ranges"));
        }
    }
    if error.exit() == Exit::WillNotBoot {
        lines.push("  the stick will not boot: sector 0 and the boot headers are clear".into());
    }
    lines.extend(error.help().map(|help| format!("help: {help}")));
    lines
}

/// Columns of a line of text.
const COLUMNS: usize = 100;

/// Prints `text` in lines of at most [`COLUMNS`] columns, the first behind `label` and the others below its text.
pub(super) fn wrapped(out: &mut dyn Write, label: &str, text: &str) -> io::Result<()> {
    let (mut line, mut is_empty) = (label.to_owned(), true);
    for word in text.split(' ') {
        if !is_empty && line.chars().count() + 1 + word.chars().count() > COLUMNS {
            writeln!(out, "{line}")?;
            (line, is_empty) = (" ".repeat(label.len()), true);
        }
        if !is_empty {
            line.push(' ');
        }
        line += word;
        is_empty = false;
    }
    writeln!(out, "{line}")
}

/// The number of a drive beside the boot drive. The first of a class means the next that is free.
pub(super) fn number_words(number: u8) -> String {
    match number {
        0x00 | 0x80 | 0xE0 => "next drive".into(),
        _ => format!("drive {number:02X}h"),
    }
}

/// What was chosen for a set of drives, if anything was.
pub(super) fn show_words(out: &mut dyn Write, options: &DriveOptions) -> io::Result<()> {
    let words = options.words();
    if words.is_empty() { Ok(()) } else { writeln!(out, "          {}", words.join("; ")) }
}

/// That a RAM disk gets a disk signature.
pub(super) fn gets_signature(signature: u32) -> String {
    format!("gets the disk signature {signature:08X} in RAM, because it has none")
}

/// Ranges that are listed beside the first one.
const MORE_MAX: usize = 4;

/// A progress bar with a name of ours, which is all that it shows beside numbers.
pub struct Bar {
    bar: ProgressBar,
}

impl Bar {
    /// Counts so many bytes more.
    pub fn inc(&self, bytes: u64) {
        self.bar.inc(bytes);
    }

    /// Takes the bar away.
    pub fn finish_and_clear(&self) {
        self.bar.finish_and_clear();
    }
}

/// Progress bars on standard error; nothing at all when that is no terminal.
pub struct Progress {
    bar: Mutex<Option<(Phase, Bar)>>,
}

impl Progress {
    /// No bar yet.
    pub fn new() -> Self {
        Self { bar: Mutex::new(None) }
    }

    /// A bar of its own, for work outside the pipeline.
    pub fn bar(name: &'static str, bytes: u64) -> Bar {
        let bar = ProgressBar::new(bytes);
        let template = "{msg:<12} {bar:30} {bytes:>10} of {total_bytes}  {binary_bytes_per_sec}  {eta} left";
        if let Ok(style) = ProgressStyle::with_template(template) {
            bar.set_style(style);
        }
        bar.set_message(name);
        Bar { bar }
    }

    /// Shows one event of the pipeline.
    pub fn show(&self, event: Event) {
        let mut bar = self.bar.lock().unwrap_or_else(std::sync::PoisonError::into_inner);
        match event {
            Event::Begin { phase, bytes } => {
                if let Some((_, old)) = bar.take() {
                    old.bar.finish();
                }
                *bar = Some((phase, Self::bar(phase.name(), bytes)));
            }
            Event::Advance { bytes, .. } => {
                if let Some((_, bar)) = &*bar {
                    bar.inc(bytes);
                }
            }
            Event::Repaired { lba, sectors, tries } => {
                let end = lba + sectors;
                let text =
                    format!("sectors {lba}..{end} came back changed, and are right after {tries} tries");
                match &*bar {
                    Some((_, bar)) => bar.bar.println(text),
                    None => note(format_args!("{text}")),
                }
            }
        }
    }

    /// Takes the last bar away.
    pub fn end(&self) {
        let bar = self.bar.lock().unwrap_or_else(std::sync::PoisonError::into_inner).take();
        if let Some((_, bar)) = bar {
            bar.finish_and_clear();
        }
    }
}

impl Default for Progress {
    fn default() -> Self {
        Self::new()
    }
}
