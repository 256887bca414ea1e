//! A command line that cannot be understood, as an error like any other.

use std::ffi::OsString;

use clap::error::ErrorKind;

use crate::cli::command::Cli;
use crate::cli::events::{self, JsonForm};
use crate::cli::terminal::{columns, complain};
use crate::cli::{CliError, Exit, Output, Terminal};
use crate::units::{named, shown};

/// The JSON that the arguments ask for; they need not make sense otherwise.
pub(super) fn json_of(arguments: impl Iterator<Item = OsString>) -> Option<JsonForm> {
    let form = |argument: OsString| match argument.as_encoded_bytes() {
        b"--json=events" => Some(JsonForm::Events),
        b"--json" => Some(JsonForm::Object),
        other => other.starts_with(b"--json=").then_some(JsonForm::Object),
    };
    arguments.skip(1).take_while(|argument| argument != "--").find_map(form)
}

/// Prints what is wrong with the command line of this process; gives the exit status.
///
/// The parser quotes arguments, and prints several lines. So it looks again at arguments that are made of signs only, as
/// they are shown.
pub(super) fn report(error: &clap::Error) -> Exit {
    let arguments = std::env::args_os().map(|argument| shown(&named(&argument)).into_owned());
    let again = Cli::read(arguments, columns()).err().filter(|again| again.kind() == error.kind());
    let error = again.as_ref().unwrap_or(error);
    for line in error.render().to_string().lines() {
        complain(line);
    }
    if let Some(form) = json_of(std::env::args_os()) {
        events::want(form);
        Output { to: Terminal::output(), json: true }.error_object(&self::error(error));
    }
    Exit::Usage
}

/// The parser's words: what is wrong on one line, and its tips.
pub(super) fn error(error: &clap::Error) -> CliError {
    let none = [ErrorKind::DisplayHelpOnMissingArgumentOrSubcommand, ErrorKind::MissingSubcommand];
    if none.contains(&error.kind()) {
        return CliError::CommandLine { what: "no command was given".into(), tips: Vec::new() };
    }
    let text = error.to_string();
    let lines = text.lines().map(str::trim);
    let tips = lines.clone().filter_map(|line| line.strip_prefix("tip: ")).map(str::to_owned).collect();
    // The message ends before an empty line; tips, usage and the pointer to the help follow.
    let what: Vec<&str> = lines.take_while(|line| !line.is_empty()).collect();
    let what = what.join(" ");
    CliError::CommandLine { what: what.strip_prefix("error: ").unwrap_or(&what).to_owned(), tips }
}

#[cfg(test)]
mod tests {
    use super::{error, json_of};
    use crate::cli::CliError;
    use crate::cli::command::Cli;
    use crate::cli::events::JsonForm;

    fn parts(arguments: &[&str]) -> (String, Vec<String>) {
        match error(&Cli::read(arguments, 100).expect_err("no command line")) {
            CliError::CommandLine { what, tips } => (what, tips),
            other => panic!("{other}"),
        }
    }

    #[test]
    fn what_is_wrong_is_one_line_and_tips_are_apart() {
        let (what, tips) = parts(&["ramkey", "write", "--json"]);
        assert_eq!(what, "the following required arguments were not provided: --to <TARGET> <IMAGE>...");
        assert_eq!(tips, [""; 0]);
        let (what, tips) = parts(&["ramkey", "verify", "x", "--strickt"]);
        assert_eq!(what, "unexpected argument '--strickt' found");
        assert_eq!(tips, ["a similar argument exists: '--strict'"]);
        assert_eq!(parts(&["ramkey"]).0, "no command was given");
    }

    #[test]
    fn json_is_asked_for_by_an_option_and_not_by_a_name() {
        let form = |list: &[&str]| json_of(list.iter().map(Into::into));
        assert_eq!(form(&["ramkey", "verify", "--json"]), Some(JsonForm::Object));
        assert_eq!(form(&["ramkey", "--json=events", "verify"]), Some(JsonForm::Events));
        // What is no form is told in JSON, too.
        assert_eq!(form(&["ramkey", "--json=lines"]), Some(JsonForm::Object));
        assert_eq!(form(&["--json", "verify", "--", "--json"]), None);
    }
}
