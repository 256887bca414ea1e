//! How results and errors reach the user.

use std::io::{self, Write};

use serde::Serialize;

use crate::cli::events::{self, ErrorObject};
use crate::cli::terminal::{Streams, Terminal};
use crate::cli::voice::{Voice, says};
use crate::cli::{CliError, Exit, rights};
use crate::job::JobError;

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

    /// Prints text of the program's own, such as a script, of several lines and as it is.
    ///
    /// # Errors
    ///
    /// What writing says; a closed pipe is no error.
    pub(super) fn own(&mut self, text: &str) -> io::Result<()> {
        match self.to.own(text) {
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
            events::print_result(&mut self.to, value)?;
        } else if says(Voice::Usual) {
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

    /// Prints an error about one of several sticks on standard error.
    pub(super) fn tell(about: &str, error: &CliError) {
        let mut to = Terminal::error();
        // As above.
        let _ = writeln!(to, "{about}:");
        let _ = error_lines(error).iter().try_for_each(|line| writeln!(to, "  {line}"));
    }

    /// Prints an error as JSON only.
    pub(super) fn error_object(&mut self, error: &CliError) {
        let object = ErrorObject {
            error: error.to_string(),
            because: error.causes(),
            help: rights::help(error),
            exit: error.exit(),
            exit_status: error.exit() as u8,
        };
        // As above.
        let _ = events::print_error(&mut self.to, &object);
    }
}

/// What people read of an error, a line each.
pub(super) fn error_lines(error: &CliError) -> Vec<String> {
    let mut lines = vec![format!("error: {error}")];
    lines.extend(error.causes().iter().map(|cause| format!("  because: {cause}")));
    if let CliError::Job(error) = error {
        // The first one is the error itself, or its cause.
        let skipped = usize::from(!matches!(error, JobError::FixedPlaces { .. }));
        let differences = error.differences();
        lines.extend(
            differences.iter().skip(skipped).take(MORE_MAX).map(|difference| format!("  also: {difference}")),
        );
        let rest = differences.len().saturating_sub(skipped + MORE_MAX);
        if rest > 0 {
            lines.push(format!("  also: {rest} more ranges"));
        }
    }
    if error.exit() == Exit::WillNotBoot {
        lines.push("  the stick will not boot: sector 0 and the boot headers are clear".into());
    }
    lines.extend(rights::help(error).map(|help| format!("help: {help}")));
    lines
}

/// Ranges that are listed beside the first one.
const MORE_MAX: usize = 4;
