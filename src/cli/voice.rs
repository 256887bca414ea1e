//! How much is said by this process, and in which colours.

use std::env;
use std::ffi::OsString;
use std::sync::Mutex;
use std::sync::atomic::{AtomicU8, Ordering};

use clap::ValueEnum;

/// How much is said.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
#[repr(u8)]
pub(super) enum Voice {
    /// Errors and questions.
    Quiet,
    /// Results, notes and how far it is, too.
    Usual,
    /// What is done and decided, too.
    Verbose,
}

/// When colours are used.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, ValueEnum)]
pub(super) enum ColorArg {
    /// On a terminal, unless NO_COLOR is set or TERM is dumb
    #[default]
    Auto,
    /// Also in files and pipes
    Always,
    /// Not at all
    Never,
}

static VOICE: AtomicU8 = AtomicU8::new(Voice::Usual as u8);
static COLORS: Mutex<Option<ColorArg>> = Mutex::new(None);
static LAST: Mutex<Vec<String>> = Mutex::new(Vec::new());

/// From now on so much is said.
pub(super) fn speak(voice: Voice) {
    VOICE.store(voice as u8, Ordering::Relaxed);
}

/// Whether so much is said.
pub(super) fn says(voice: Voice) -> bool {
    VOICE.load(Ordering::Relaxed) >= voice as u8
}

/// From now on colours are used so.
pub(super) fn paint(color: ColorArg) {
    *COLORS.lock().unwrap_or_else(std::sync::PoisonError::into_inner) = Some(color);
}

/// Whether colours are used on a stream that is a terminal or none.
pub(super) fn has_colors(is_terminal: bool) -> bool {
    let asked = COLORS.lock().unwrap_or_else(std::sync::PoisonError::into_inner).unwrap_or_default();
    decide(asked, is_terminal, &|name| env::var_os(name))
}

/// A line that is said behind the result.
pub(super) fn say_last(line: String) {
    LAST.lock().unwrap_or_else(std::sync::PoisonError::into_inner).push(line);
}

/// The lines that are to be said behind the result.
pub(super) fn last_lines() -> Vec<String> {
    std::mem::take(&mut *LAST.lock().unwrap_or_else(std::sync::PoisonError::into_inner))
}

/// Whether a terminal can only write lines, one below the other.
pub(super) fn is_dumb() -> bool {
    env::var_os("TERM").is_some_and(|term| term == "dumb")
}

fn decide(asked: ColorArg, is_terminal: bool, variable: &dyn Fn(&str) -> Option<OsString>) -> bool {
    let is_set = |name: &str| variable(name).is_some_and(|value| !value.is_empty());
    match asked {
        ColorArg::Always => true,
        ColorArg::Never => false,
        ColorArg::Auto if is_set("NO_COLOR") => false,
        ColorArg::Auto
            if variable("CLICOLOR_FORCE").is_some_and(|value| !value.is_empty() && value != "0") =>
        {
            true
        }
        ColorArg::Auto => is_terminal && variable("TERM").is_none_or(|term| term != "dumb"),
    }
}

/// What `--color` asks for, among arguments that need not make sense otherwise.
pub(super) fn asked_color(arguments: impl Iterator<Item = OsString>) -> Option<ColorArg> {
    let mut asked = None;
    let mut arguments = arguments.skip(1).take_while(|argument| argument != "--");
    while let Some(argument) = arguments.next() {
        let argument = argument.to_string_lossy().into_owned();
        let value = match argument.strip_prefix("--color") {
            Some("") => arguments.next().map(|value| value.to_string_lossy().into_owned()),
            Some(value) => value.strip_prefix('=').map(str::to_owned),
            None => None,
        };
        asked = value.and_then(|value| ColorArg::from_str(&value, false).ok()).or(asked);
    }
    asked
}

/// How labels of lines look: errors, warnings, and what is done.
const LABELS: [(&str, &str); 8] = [
    ("error:", "\x1b[1;31m"),
    ("help:", "\x1b[1;36m"),
    ("note:", "\x1b[1m"),
    ("warning ", "\x1b[1;33m"),
    ("fault ", "\x1b[1;31m"),
    ("damaged ", "\x1b[1;31m"),
    ("done ", "\x1b[1;32m"),
    ("ejected ", "\x1b[1;32m"),
];

/// A line with its label in the label's colour.
pub(super) fn painted(line: &str) -> String {
    let label = LABELS.iter().find(|(label, _)| line.starts_with(label));
    label.map_or_else(
        || line.to_owned(),
        |(label, color)| {
            let label = label.trim_end();
            format!("{color}{label}\x1b[0m{}", &line[label.len()..])
        },
    )
}

#[cfg(test)]
mod tests {
    use std::ffi::OsString;

    use super::{ColorArg, asked_color, decide, painted};

    #[test]
    fn colours_are_for_terminals_unless_an_option_or_the_environment_says_otherwise() {
        use ColorArg::{Always, Auto, Never};
        let with = |asked, is_terminal, environment: &[(&str, &str)]| {
            let variable = |name: &str| {
                environment.iter().find(|(of, _)| *of == name).map(|(_, value)| OsString::from(value))
            };
            decide(asked, is_terminal, &variable)
        };
        for (asked, is_terminal, environment, expected) in [
            (Auto, true, &[("TERM", "xterm")][..], true),
            (Auto, true, &[], true),
            (Auto, false, &[("TERM", "xterm")], false),
            (Auto, true, &[("TERM", "dumb")], false),
            (Auto, true, &[("NO_COLOR", "1")], false),
            (Auto, true, &[("NO_COLOR", "")], true),
            (Auto, false, &[("CLICOLOR_FORCE", "1")], true),
            (Auto, false, &[("CLICOLOR_FORCE", "0")], false),
            (Auto, true, &[("CLICOLOR_FORCE", "1"), ("NO_COLOR", "1")], false),
            (Always, false, &[("NO_COLOR", "1"), ("TERM", "dumb")], true),
            (Never, true, &[("CLICOLOR_FORCE", "1")], false),
        ] {
            assert_eq!(with(asked, is_terminal, environment), expected, "{asked:?} {environment:?}");
        }
    }

    #[test]
    fn the_option_for_colours_is_found_in_any_command_line() {
        let asked = |words: &[&str]| asked_color(words.iter().map(OsString::from));
        assert_eq!(asked(&["ramkey", "--color", "never", "fly"]), Some(ColorArg::Never));
        assert_eq!(asked(&["ramkey", "list", "--color=always"]), Some(ColorArg::Always));
        assert_eq!(asked(&["ramkey", "--color=never", "--color=always"]), Some(ColorArg::Always));
        for none in [
            &["ramkey", "list"][..],
            &["ramkey", "--", "--color=always"],
            &["ramkey", "--color"],
            &["ramkey", "--color=red"],
        ] {
            assert_eq!(asked(none), None, "{none:?}");
        }
    }

    #[test]
    fn a_label_has_its_colour_and_the_rest_of_a_line_has_none() {
        assert_eq!(painted("error: no"), "\x1b[1;31merror:\x1b[0m no");
        assert_eq!(painted("done      it boots"), "\x1b[1;32mdone\x1b[0m      it boots");
        assert_eq!(painted("donewith"), "donewith");
    }
}
