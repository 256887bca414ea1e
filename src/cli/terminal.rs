//! The one place through which everything is printed.
//!
//! File names, labels, registry values and names of hardware were written by others, and a terminal obeys what is in them.
//! So each print is one line, of which nothing but signs goes out as it is: whatever else is in it, a line end too, is shown
//! as an escape such as `\x1b`. `tests/host/rules/tidy.rs` sees to it that nothing else of the program prints.

use std::backtrace::{Backtrace, BacktraceStatus};
use std::env;
use std::ffi::OsStr;
use std::fmt::Arguments;
use std::fs::File;
use std::io::{self, IsTerminal, Write};
use std::os::unix::ffi::OsStrExt;
use std::panic::PanicHookInfo;
use std::sync::OnceLock;
use std::sync::atomic::{AtomicBool, Ordering};

use rustix::fd::BorrowedFd;
use rustix::fs::{OFlags, fcntl_getfl, fcntl_setfl};
use rustix::stdio::{dup2_stdin, stderr, stdin, stdout};
use rustix::termios::tcgetwinsize;
use serde::Serialize;

use crate::cli::log;
use crate::cli::voice::{self, Voice, says};
use crate::device::{System, TargetPath};
use crate::units::{is_hidden, named, shown};

/// Whether standard output was closed when the program was started. Rust's runtime opens `/dev/null` in its place before
/// `main`, and what was written there would seem to have arrived.
static STARTED_CLOSED: AtomicBool = AtomicBool::new(false);

ctor::declarative::ctor! {
    // SAFETY: it runs before `main` and before Rust's runtime is set up, and needs neither: it makes one system call and
    // sets an atomic.
    #[ctor(unsafe)]
    fn look_at_standard_output() {
        STARTED_CLOSED.store(rustix::io::fcntl_getfd(stdout()).is_err(), Ordering::Relaxed);
    }
}

/// Standard output or standard error, as a writer of lines.
pub struct Terminal<'a> {
    to: Box<dyn Write + 'a>,
    /// Whether labels have colours.
    has_colors: bool,
    /// Whether the log gets each line, too.
    is_logged: bool,
}

impl Terminal<'_> {
    /// Standard output. Nothing can be written to one that was closed at the start.
    pub fn output() -> Self {
        match STARTED_CLOSED.load(Ordering::Relaxed) {
            true => Self { to: Box::new(Closed), has_colors: false, is_logged: false },
            false => {
                let has_colors = voice::has_colors(io::stdout().is_terminal());
                Self { to: Box::new(io::stdout()), has_colors, is_logged: false }
            }
        }
    }

    /// Standard error.
    pub fn error() -> Self {
        let has_colors = voice::has_colors(io::stderr().is_terminal());
        Self { to: Box::new(io::stderr()), has_colors, is_logged: true }
    }

    /// Prints a value as JSON, in which a string has its true value and is nevertheless made of signs only.
    ///
    /// # Errors
    ///
    /// What writing says.
    pub fn json(&mut self, value: &impl Serialize) -> io::Result<()> {
        self.signs(&serde_json::to_string_pretty(value)?)
    }

    /// The same on one line.
    ///
    /// # Errors
    ///
    /// What writing says.
    pub fn json_line(&mut self, value: &impl Serialize) -> io::Result<()> {
        self.signs(&serde_json::to_string(value)?)
    }

    fn signs(&mut self, json: &str) -> io::Result<()> {
        let mut text = String::new();
        // Outside of its strings JSON has no such characters but the line ends between its values.
        for c in json.chars() {
            if is_hidden(c) && c != '\n' {
                c.encode_utf16(&mut [0; 2]).iter().for_each(|unit| text += &format!("\\u{unit:04x}"));
            } else {
                text.push(c);
            }
        }
        self.to.write_all(text.as_bytes())?;
        self.to.write_all(b"\n")
    }

    /// Prints text of this program's own as it is, with its tabs and line ends: nothing of it was written by others.
    ///
    /// # Errors
    ///
    /// What writing says.
    pub(super) fn own(&mut self, text: &str) -> io::Result<()> {
        self.to.write_all(text.as_bytes())?;
        self.to.flush()
    }

    /// Clears the screen of a terminal and prints these lines from its top.
    ///
    /// # Errors
    ///
    /// What writing says.
    pub fn redraw(&mut self, lines: &[String]) -> io::Result<()> {
        self.to.write_all(b"\x1b[H\x1b[2J")?;
        lines.iter().try_for_each(|line| writeln!(self, "{line}"))?;
        self.to.flush()
    }

    fn line(&mut self, text: &str) -> io::Result<()> {
        let (text, end) = text.strip_suffix('\n').map_or((text, ""), |text| (text, "\n"));
        if self.is_logged && !text.is_empty() {
            log::line("said", format_args!("{text}"));
        }
        let text = shown(text);
        let text = if self.has_colors { voice::painted(&text).into() } else { text };
        self.to.write_all((text + end).as_bytes())
    }
}

impl Write for Terminal<'_> {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.line(&named(OsStr::from_bytes(bytes))).map(|()| bytes.len())
    }

    /// What `write!` and `writeln!` call: a line, of which only the last character can be a line end.
    fn write_fmt(&mut self, text: Arguments) -> io::Result<()> {
        self.line(&text.to_string())
    }

    fn flush(&mut self) -> io::Result<()> {
        self.to.flush()
    }
}

/// A standard output that was closed.
struct Closed;

impl Write for Closed {
    fn write(&mut self, _: &[u8]) -> io::Result<usize> {
        Err(io::Error::new(io::ErrorKind::NotConnected, "standard output is closed"))
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

/// Standard output as a screen that is drawn on. Whoever draws makes text of others harmless before.
pub(super) fn canvas() -> Box<dyn Write> {
    Box::new(io::stdout())
}

/// Whether the terminal is one whose cursor can be moved.
pub(super) fn is_drawn_on() -> bool {
    is_screen() && std::env::var_os("TERM").is_some_and(|name| name != "dumb")
}

/// Whether the locale shows no signs but those of ASCII.
pub(super) fn shows_only_ascii() -> bool {
    let set = |name: &str| std::env::var(name).ok().filter(|value| !value.is_empty());
    let locale = ["LC_ALL", "LC_CTYPE", "LANG"].into_iter().find_map(set).unwrap_or_default();
    !locale.to_ascii_uppercase().replace('-', "").contains("UTF8")
}

/// Prints help or the version, with the parser's own emphasis on a terminal; all of it is ours.
///
/// # Errors
///
/// What writing says.
pub(super) fn print_help(help: &clap::Error) -> io::Result<()> {
    if STARTED_CLOSED.load(Ordering::Relaxed) {
        return Closed.write(&[]).map(drop);
    }
    let text = help.render();
    let has_colors = voice::has_colors(io::stdout().is_terminal());
    let text = if has_colors { text.ansi().to_string() } else { text.to_string() };
    let mut output = io::stdout();
    output.write_all(text.as_bytes())?;
    output.flush()
}

/// A line for people on standard error, unless they want errors only. There is nowhere to report that it could not be written.
pub(super) fn note(text: Arguments) {
    if says(Voice::Usual) {
        let _ = writeln!(Terminal::error(), "{text}");
    } else {
        log::line("note", text);
    }
}

/// What is done or decided, for whoever wants to know every step, and for the log.
pub(super) fn step(text: Arguments) {
    if says(Voice::Verbose) {
        let _ = writeln!(Terminal::error(), "step: {text}");
    } else {
        log::line("step", text);
    }
}

/// A line of what is wrong with the command line.
pub(super) fn complain(line: &str) {
    let _ = writeln!(Terminal::error(), "{line}");
}

/// Whether questions can be asked: somebody reads standard error, and can answer.
pub(super) fn can_ask() -> bool {
    io::stdin().is_terminal() && io::stderr().is_terminal()
}

/// Standard input and standard output of a process that talks to another one, and not to people.
///
/// # Errors
///
/// What the system says.
pub(super) fn raw_streams() -> io::Result<(File, File)> {
    let copy = |stream: BorrowedFd| stream.try_clone_to_owned().map(File::from);
    Ok((copy(stdin())?, copy(stdout())?))
}

/// Whether standard input or standard output is a person's.
pub(super) fn is_terminal() -> bool {
    io::stdin().is_terminal() || io::stdout().is_terminal()
}

/// Whether lines on standard error can be drawn again.
pub(super) fn is_error_screen() -> bool {
    io::stderr().is_terminal() && !voice::is_dumb()
}

/// Whether a screen can be redrawn on standard output.
pub(super) fn is_screen() -> bool {
    io::stdout().is_terminal() && !voice::is_dumb()
}

/// Columns of the terminal; without one, those that the environment names.
pub(super) fn columns() -> usize {
    let of_terminal = |stream: BorrowedFd| {
        Some(usize::from(tcgetwinsize(stream).ok()?.ws_col)).filter(|columns| *columns > 0)
    };
    let named = || env::var("COLUMNS").ok()?.parse().ok().filter(|columns| *columns > 0);
    of_terminal(stdout()).or_else(|| of_terminal(stderr())).or_else(named).unwrap_or(WIDTH)
}

/// Columns where nobody says how many there are.
const WIDTH: usize = 100;

/// Which of the program's own outputs go somewhere.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Streams {
    /// Standard output does.
    pub output: bool,
    /// Standard error does.
    pub error: bool,
}

/// Which outputs go to the file or device that is to be written, by whatever name or device, or to a part of that.
pub(super) fn leading_to(system: &System, target: &TargetPath) -> Streams {
    let writable = |stream: BorrowedFd| {
        let flags = fcntl_getfl(stream).ok()?;
        let writes = flags & OFlags::ACCMODE != OFlags::RDONLY;
        writes.then(|| stream.try_clone_to_owned().ok().map(File::from)).flatten()
    };
    let streams = [writable(stdout()), writable(stderr())];
    let files: Vec<&File> = streams.iter().flatten().collect();
    let mut leads = system.with_bytes_of(target, &files).into_iter();
    let [output, error] = streams.map(|stream| stream.is_some() && leads.next() == Some(true));
    Streams { output, error }
}

/// What is done before a panic is told.
static BEFORE_PANICS: OnceLock<fn()> = OnceLock::new();

/// Has `restore` called before a panic is told: what is told on a screen that is drawn on would be lost with it.
pub(super) fn restore_before_panics(restore: fn()) {
    // All that draw are one.
    let _ = BEFORE_PANICS.set(restore);
}

/// Makes a panic, which is a fault of this program and may quote anything, a message like any other.
pub(super) fn report_panics() {
    std::panic::set_hook(Box::new(|panic| {
        if let Some(restore) = BEFORE_PANICS.get() {
            restore();
        }
        let mut to = Terminal::error();
        for line in panic_lines(panic, &Backtrace::capture()) {
            // There is nowhere left to report it.
            let _ = writeln!(to, "{line}");
        }
    }));
}

fn panic_lines(panic: &PanicHookInfo, trace: &Backtrace) -> Vec<String> {
    let what = panic.payload_as_str().unwrap_or("no words");
    let place = panic.location().map(|place| format!(" in {}, line {}", place.file(), place.line()));
    let mut lines = vec![
        format!("error: a defect of ramkey stopped it{}", place.unwrap_or_default()),
        format!("  because: {what}"),
        "help: please report it with the command line".into(),
    ];
    if trace.status() == BacktraceStatus::Captured {
        lines.extend(trace.to_string().lines().map(str::to_owned));
    }
    lines
}

/// Nothing more comes from the terminal, and not its end either: whoever was just looking for an event would read that end again and
/// again, and never look at anything else (crossterm 0.29).
pub(super) fn read_no_more() {
    let silence = || {
        let (silent, never_written) = io::pipe()?;
        fcntl_setfl(&silent, OFlags::NONBLOCK)?;
        dup2_stdin(&silent)?;
        // As long as it is open there is no end.
        std::mem::forget(never_written);
        io::Result::Ok(())
    };
    // Where that fails it is looked for the end before each reading all the same.
    let _ = silence();
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::sync::Mutex;

    fn printed(print: impl FnOnce(&mut Terminal) -> io::Result<()>) -> String {
        let mut bytes = Vec::new();
        print(&mut Terminal { to: Box::new(&mut bytes), has_colors: false, is_logged: false })
            .expect("a vector takes everything");
        String::from_utf8(bytes).expect("text")
    }

    const FOREIGN: &str =
        "a\u{1b}[2J\u{7}\0\r\u{7f}\u{9b}31m\u{202e}\u{2066}\u{200b}\u{2028}\nerror: b\t\u{feff}é";
    const SHOWN: &str =
        r"a\x1b[2J\x07\x00\r\x7f\u{9b}31m\u{202e}\u{2066}\u{200b}\u{2028}\nerror: b\t\u{feff}é";

    #[test]
    fn text_of_others_is_shown_on_its_line_whatever_it_is_printed_with() {
        assert_eq!(
            printed(|to| writeln!(to, "name {FOREIGN}, and more")),
            format!("name {SHOWN}, and more\n")
        );
        assert_eq!(printed(|to| to.write_all(FOREIGN.as_bytes())), SHOWN);
        assert_eq!(printed(|to| to.write_all(b"\xFF\n")), "\\xff\n");
        let dynamic = |to: &mut dyn Write| writeln!(to, "{FOREIGN}");
        assert_eq!(printed(|to| dynamic(to)), format!("{SHOWN}\n"));
        assert_eq!(printed(|to| writeln!(to)), "\n");
        assert_eq!(
            printed(|to| to.redraw(&[FOREIGN.into(), "b".into()])),
            format!("\x1b[H\x1b[2J{SHOWN}\nb\n")
        );
    }

    #[test]
    fn a_panic_is_a_message_like_any_other() {
        static LINES: Mutex<Vec<String>> = Mutex::new(Vec::new());
        std::panic::set_hook(Box::new(|panic| {
            let lines = panic_lines(panic, &Backtrace::disabled());
            LINES.lock().expect("one test").extend(lines);
        }));
        std::panic::catch_unwind(|| panic!("{FOREIGN}")).expect_err("it panics");
        let _ = std::panic::take_hook();
        let lines = LINES.lock().expect("one test");
        let text = printed(|to| lines.iter().try_for_each(|line| writeln!(to, "{line}")));
        assert!(
            text.starts_with("error: a defect of ramkey stopped it in src/cli/terminal.rs, line "),
            "{text}"
        );
        assert!(
            text.ends_with(&format!("\n  because: {SHOWN}\nhelp: please report it with the command line\n"))
        );
    }

    #[test]
    fn json_has_the_true_value_and_only_signs() {
        let value = serde_json::json!({ FOREIGN: [FOREIGN, "\u{e0041}", "é\"\\"] });
        let text = printed(|to| to.json(&value));
        assert!(!text.chars().any(|c| is_hidden(c) && c != '\n'), "{text}");
        assert!(text.contains(r"\u009b31m\u202e\u2066\u200b\u2028\nerror: b\t\ufeffé"), "{text}");
        assert_eq!(serde_json::from_str::<serde_json::Value>(&text).expect("JSON"), value);
        let line = printed(|to| to.json_line(&value));
        assert!(!line.trim_end_matches('\n').chars().any(is_hidden), "{line}");
        assert_eq!(serde_json::from_str::<serde_json::Value>(&line).expect("JSON"), value);
    }
}
