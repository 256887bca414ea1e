//! `ramkey explain`: what a code on the target machine's screen says.

use std::io::{self, Write};

use clap::Args;
use ramkey_format::errors::{BOOT_ERRORS, BootError, OUT_OF_REACH, READ_FAILED, SECTOR0_ERRORS};
use serde::Serialize;

use crate::cli::bios_status::{self, BIOS_STATUSES, BiosStatus};
use crate::cli::explain_block::{self, numbered};
use crate::cli::words::wrapped;
use crate::cli::{CliError, Exit, Output};
use crate::explain::{self, REPORT, ReportLine};

/// Explain a code that the target machine shows
///
/// Says what happened, what the likely causes are, and what to try in which order: the text of docs/errors.md. The block
/// of letters and digits that a boot which stops shows has all numbers of that machine in it: typed in capitals or not,
/// with spaces or dashes, it says what is odd about them too, and names the place of a mistake. A BIOS status behind the
/// code is explained too: `ramkey explain R 80`, or `ramkey explain E31 status 80h`. What the screen shows can be given
/// as it stands there, a line or all of it. `ramkey explain report` explains the numbers that stand below a code. Without
/// a code, all codes and statuses are listed.
#[derive(Debug, Args)]
pub struct ExplainArgs {
    /// The block that the screen shows; or the code: E22, 22, R or S, and the BIOS status behind it; or "report"
    #[arg(value_name = "CODE")]
    words: Vec<String>,
}

/// One code, and the status behind it.
#[derive(Serialize, schemars::JsonSchema)]
pub(super) struct Explanation {
    code: String,
    name: &'static str,
    screen: &'static str,
    what_happened: &'static str,
    likely_causes: &'static [&'static str],
    what_to_try: &'static [&'static str],
    status: Option<BiosStatus>,
}

/// Lines of the report.
#[derive(Serialize, schemars::JsonSchema)]
#[schemars(rename = "ReportMeaning")]
pub(super) struct Report {
    report: Vec<LineMeaning>,
}

/// One line of the report.
#[derive(Serialize, schemars::JsonSchema)]
pub(super) struct LineMeaning {
    screen: &'static str,
    meaning: &'static str,
}

impl LineMeaning {
    fn of(line: &ReportLine) -> Self {
        Self { screen: line.shows, meaning: line.means }
    }
}

/// Everything that can be asked for.
#[derive(Serialize, schemars::JsonSchema)]
#[schemars(rename = "Codes")]
pub(super) struct Listing {
    codes: Vec<Explanation>,
    statuses: &'static [BiosStatus],
}

/// A code that was found, and what stands behind it.
struct Asked {
    error: &'static BootError,
    status: Option<u8>,
}

impl ExplainArgs {
    /// Prints the explanation.
    ///
    /// # Errors
    ///
    /// [`CliError::NoCode`] if there is no such code or status.
    pub fn run(self, output: &mut Output) -> Result<Exit, CliError> {
        if self.words.is_empty() {
            let codes = all().map(|error| Explanation::new(error, None)).collect();
            let listing = Listing { codes, statuses: BIOS_STATUSES };
            output.show(&listing, |out| show_all(out, &listing))?;
            return Ok(Exit::Done);
        }
        let text = self.words.join(" ");
        if let Some(block) = explain::find_block(&text) {
            return explain_block::run(&block, output);
        }
        if is_report(&self.words) {
            return report(output, REPORT.iter().map(LineMeaning::of).collect());
        }
        let asked = match (parse(&text), report_lines(&text)) {
            (Ok(asked), _) => asked,
            (Err(error), lines) if lines.is_empty() => return Err(error),
            (Err(_), lines) => return report(output, lines),
        };
        let status = match asked.status.filter(|_| has_status(asked.error)) {
            None => None,
            Some(status) => Some(bios_status::find(status).copied().ok_or(CliError::NoCode {
                what: format!("INT 13h has no status {status:02X}h that is known"),
                help: "`ramkey explain` lists the statuses; look at the digits again".into(),
            })?),
        };
        let explanation = Explanation::new(asked.error, status);
        output.show(&explanation, |out| show_one(out, &explanation))?;
        Ok(Exit::Done)
    }
}

fn report(output: &mut Output, report: Vec<LineMeaning>) -> Result<Exit, CliError> {
    let report = Report { report };
    output.show(&report, |out| show_report(out, &report.report))?;
    Ok(Exit::Done)
}

impl Explanation {
    fn new(error: &'static BootError, status: Option<BiosStatus>) -> Self {
        let explained = explain::explanation(error);
        Self {
            code: code_of(error),
            name: error.name,
            screen: error.text,
            what_happened: explained.happened,
            likely_causes: explained.causes,
            what_to_try: explained.steps,
            status,
        }
    }
}

/// Every code, in the order in which a boot can show them.
fn all() -> impl Iterator<Item = &'static BootError> {
    SECTOR0_ERRORS.iter().chain(BOOT_ERRORS)
}

fn is_letter(error: &BootError) -> bool {
    SECTOR0_ERRORS.iter().any(|letter| letter.code == error.code && letter.name == error.name)
}

/// The code as the screen shows it.
fn code_of(error: &BootError) -> String {
    if is_letter(error) { char::from(error.code).into() } else { format!("E{:02X}", error.code) }
}

/// Whether the screen shows a BIOS status behind it.
fn has_status(error: &BootError) -> bool {
    shows_digits(error) && error.code != b'S'
}

/// Whether the screen shows two more digits behind it. Behind S they are of a call that did not fail.
fn shows_digits(error: &BootError) -> bool {
    is_letter(error) || [READ_FAILED, OUT_OF_REACH].contains(&error.code)
}

fn is_report(words: &[String]) -> bool {
    matches!(words, [word] if word.eq_ignore_ascii_case("report"))
}

/// Reads a code as a person types it, or what the screen shows: lines of it, or all of it, with other words around.
fn parse(text: &str) -> Result<Asked, CliError> {
    let no_code = |help: String| CliError::NoCode {
        what: format!("\"{}\" is no code of ramkey", in_short(text)),
        help,
    };
    let lists = || no_code("`ramkey explain` lists the codes".into());
    let lower = text.to_ascii_lowercase();
    let words = words(&lower);
    let Some((at, error, glued)) = find(&words).or_else(|| by_words(&words)) else {
        let status = words.first().and_then(|word| byte(word)).and_then(bios_status::find);
        return Err(status.map_or_else(lists, |BiosStatus { status, .. }| {
            no_code(format!(
                "`ramkey explain R {status:02X}` explains a BIOS status, and `ramkey explain` lists the codes"
            ))
        }));
    };
    let behind = &words[at + 1..];
    // The report has a status of its own, which is of an older call.
    let named = (0..behind.len()).find(|&at| behind[at] == "status" && (at == 0 || behind[at - 1] != "last"));
    let digits = |at: usize| behind.get(at).and_then(|word| byte(word));
    let status = match (glued, digits(0), named) {
        (None, None, None) => None,
        (None, None, Some(at)) => Some(digits(at + 1).ok_or_else(lists)?),
        (None, Some(status), _) if digits(1).is_none() => Some(status),
        (Some(status), None, _) => Some(status),
        _ => return Err(lists()),
    };
    if status.is_some() && !shows_digits(error) {
        let code = code_of(error);
        return Err(no_code(format!("{code} has no BIOS status; `ramkey explain {code}` explains it")));
    }
    Ok(Asked { error, status })
}

/// A text that is repeated in an error, which is one line.
fn in_short(text: &str) -> String {
    const MOST: usize = 60;
    let line = text.split_whitespace().collect::<Vec<_>>().join(" ");
    match line.char_indices().nth(MOST) {
        Some((end, _)) => format!("{}...", &line[..end]),
        None => line,
    }
}

/// A code among `words`, which are in small letters: where it stands, and the status that is glued to a letter. What
/// stands behind the program's name goes first, then `E` with two digits, then a letter with digits, then the first word.
fn find(words: &[&str]) -> Option<(usize, &'static BootError, Option<u8>)> {
    let look = |is_one: &dyn Fn(usize) -> bool| {
        let at = (0..words.len()).filter(|&at| is_one(at));
        at.filter_map(|at| code(words[at]).map(|(error, glued)| (at, error, glued))).next()
    };
    let is_letter = |at: usize| words[at].len() == 1 && !words[at].starts_with(|c: char| c.is_ascii_digit());
    let has_digit = |at: usize| words[at].contains(|c: char| c.is_ascii_digit());
    let before_status = |at: usize| words.get(at + 1).is_some_and(|word| byte(word).is_some());
    look(&|at| at > 0 && words[at - 1] == "ramkey")
        .or_else(|| look(&|at| words[at].len() == 3 && words[at].starts_with('e')))
        .or_else(|| {
            look(&|at| {
                words[at].starts_with(['r', 's']) && has_digit(at) || is_letter(at) && before_status(at)
            })
        })
        // A word such as "see" is no letter with two digits.
        .or_else(|| look(&|at| at == 0 && (words.len() == 1 || is_letter(at) || has_digit(at))))
}

/// The code in one word, and the status that stands behind a letter without a space.
fn code(word: &str) -> Option<(&'static BootError, Option<u8>)> {
    let letter = |error: &&BootError| word.starts_with(char::from(error.code).to_ascii_lowercase());
    if let Some(error) = SECTOR0_ERRORS.iter().find(letter) {
        return match &word[1..] {
            "" => Some((error, None)),
            digits => byte(digits).map(|status| (error, Some(status))),
        };
    }
    let code = byte(word.strip_prefix('e').filter(|digits| digits.len() >= 2).unwrap_or(word))?;
    BOOT_ERRORS.iter().find(|error| error.code == code).map(|error| (error, None))
}

/// The code whose words these are, without the code itself; as if it stood before them.
fn by_words(words: &[&str]) -> Option<(usize, &'static BootError, Option<u8>)> {
    BOOT_ERRORS.iter().find_map(|error| {
        let text = error.text.to_ascii_lowercase();
        let text = self::words(&text);
        let at = words.windows(text.len()).position(|window| window == text)?;
        Some((at + text.len() - 1, error, None))
    })
}

/// The words of a text, without what stands between them.
fn words(text: &str) -> Vec<&str> {
    let apart = |c: char| c.is_whitespace() || ":;,.()\"'`|".contains(c);
    text.split(apart).filter(|word| !word.is_empty()).collect()
}

/// Words that only this line of the report has, in the order of [`REPORT`].
const REPORT_MARKS: [&str; 8] = [
    ", the bios passed ",
    "edd: ",
    "chs: ",
    "ah=08h says ",
    "calls that hung ",
    "lba asked last ",
    ", a20 ",
    "1: single sectors",
];

/// The lines of the report of which `text` has a part.
fn report_lines(text: &str) -> Vec<LineMeaning> {
    let lower = text.to_ascii_lowercase().split_whitespace().collect::<Vec<_>>().join(" ");
    let seen = REPORT.iter().zip(REPORT_MARKS).filter(|(_, mark)| lower.contains(mark));
    seen.map(|(line, _)| LineMeaning::of(line)).collect()
}

/// Two hex digits, perhaps marked as such.
fn byte(word: &str) -> Option<u8> {
    let digits = word.strip_prefix("0x").unwrap_or(word);
    let digits = digits.strip_suffix('h').unwrap_or(digits);
    let sound = (1..=2).contains(&digits.len()) && digits.bytes().all(|digit| digit.is_ascii_hexdigit());
    sound.then(|| u8::from_str_radix(digits, 16).ok()).flatten()
}

fn show_one(out: &mut dyn Write, one: &Explanation) -> io::Result<()> {
    writeln!(out, "{}  {}", one.code, one.screen)?;
    wrapped(out, "happened  ", one.what_happened)?;
    numbered(out, "likely", one.likely_causes)?;
    numbered(out, "try", one.what_to_try)?;
    match &one.status {
        Some(BiosStatus { status, text, on_a_stick }) => {
            wrapped(out, "status    ", &format!("{status:02X}h: {text}"))?;
            wrapped(out, "          ", on_a_stick)
        }
        None if has_status(find_by_name(one.name)) => wrapped(
            out,
            "status    ",
            &format!(
                "the screen shows two more digits, the BIOS status; `ramkey explain {} 80` explains 80h",
                one.code
            ),
        ),
        None => Ok(()),
    }
}

fn show_report(out: &mut dyn Write, lines: &[LineMeaning]) -> io::Result<()> {
    for LineMeaning { screen, meaning } in lines {
        writeln!(out, "{screen}")?;
        wrapped(out, "    ", meaning)?;
    }
    Ok(())
}

fn find_by_name(name: &str) -> &'static BootError {
    all().find(|error| error.name == name).expect("a name of the table")
}

fn show_all(out: &mut dyn Write, listing: &Listing) -> io::Result<()> {
    for Explanation { code, screen, .. } in &listing.codes {
        writeln!(out, "{code:<4} {screen}")?;
    }
    writeln!(out)?;
    writeln!(out, "The numbers below a code: `ramkey explain report`.")?;
    writeln!(out)?;
    writeln!(out, "BIOS statuses of INT 13h, shown behind R, E31 and E33:")?;
    for BiosStatus { status, text, .. } in listing.statuses {
        writeln!(out, "{status:02X}h  {text}")?;
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::{all, code_of, parse};

    fn code(text: &str) -> Option<(String, Option<u8>)> {
        parse(text).ok().map(|asked| (code_of(asked.error), asked.status))
    }

    #[test]
    fn a_code_is_read_as_people_type_it_and_as_the_screen_shows_it() {
        let table = [
            ("E22", "E22", None),
            ("e22", "E22", None),
            ("22", "E22", None),
            ("22h", "E22", None),
            ("0x22", "E22", None),
            ("ramkey E22: this image does not fit this machine's memory", "E22", None),
            ("R", "R", None),
            ("s", "S", None),
            ("R 80", "R", Some(0x80)),
            ("ramkey R80", "R", Some(0x80)),
            ("r 4", "R", Some(4)),
            ("E31 status 80h", "E31", Some(0x80)),
            ("E31 80", "E31", Some(0x80)),
            ("ramkey E31: reading the boot medium failed, status 80h, LBA 2048", "E31", Some(0x80)),
        ];
        for (text, name, status) in table {
            assert_eq!(code(text), Some((name.to_owned(), status)), "{text}");
        }
    }

    #[test]
    fn what_the_screen_shows_is_read_whatever_stands_around_it() {
        let below = "LBA 2048\ndrive 80h, the BIOS passed 81h, read by EDD\nEDD: works, hidden 0, AH=41h says 30h 05h\n\
                     LBA asked last 2048, read last 2047, last status 04h\nmemory 64 MB by E820, base 638 KB, A20 Int15\n\
                     At another computer, this says what happened and what to try:\n\
                     Nothing was booted. Ctrl-Alt-Del starts again.";
        let screen = |code: &str, details: &str| format!("ramkey 0.1.0\n\nramkey {code}\n{details}{below}");
        let table = [
            ("E31 80 LBA 1234".into(), "E31", Some(0x80)),
            ("e31 80h lba 1234".into(), "E31", Some(0x80)),
            ("E31 LBA 1234".into(), "E31", None),
            ("the screen says E31 80, what now?".into(), "E31", Some(0x80)),
            ("it shows R80".into(), "R", Some(0x80)),
            ("it shows R 80 and stops".into(), "R", Some(0x80)),
            ("status 80h, LBA 1234".into(), "", None),
            ("reading the boot medium failed, status 80h, LBA 1234".into(), "E31", Some(0x80)),
            ("THE BOOT MEDIUM HAS NO FOLDER RAMKEY".into(), "E41", None),
            ("see E44".into(), "E44", None),
            (screen("E31: reading the boot medium failed", "status 80h, "), "E31", Some(0x80)),
            (screen("E31: reading the boot medium failed", "E1.RKC: status AAh, "), "E31", Some(0xAA)),
            (
                screen(
                    "E31: reading the boot medium failed",
                    "image bytes 0x00040000..0x00080000, status 04h, ",
                ),
                "E31",
                Some(4),
            ),
            (
                screen("E33: this BIOS does not reach that far into the boot medium", "status FDh, "),
                "E33",
                Some(0xFD),
            ),
            (screen("E44: the image file is damaged", "AB.RKC: "), "E44", None),
            (
                screen("E46: the boot medium returns wrong data", "image bytes 0x00000000..0x00040000, "),
                "E46",
                None,
            ),
            (screen("E43: the file system is damaged", "cluster 22\n"), "E43", None),
            (screen("E50: the loader found a fault in itself", "src/load.rs line 80\n"), "E50", None),
        ];
        for (text, name, status) in table {
            let expected = (!name.is_empty()).then(|| (name.to_owned(), status));
            assert_eq!(code(&text), expected, "{text}");
            assert_eq!(code(&text.to_uppercase()), expected, "{text}");
            assert_eq!(code(&text.replace('\n', " ")), expected, "{text}");
        }
    }

    #[test]
    fn what_is_no_code_is_refused() {
        for text in [
            "",
            "E",
            "E99",
            "X",
            "e2",
            "RR",
            "R 80 80",
            "R80 80",
            "E31 80 80",
            "E31 status",
            "E31 status LBA",
            "E22 80",
            "E22 status 80",
            "see the screen",
            "read it",
            "hello",
            "ramkey 0.1.0",
            "status 80h",
        ] {
            assert_eq!(code(text), None, "{text}");
        }
    }

    #[test]
    fn every_code_is_found_by_what_the_screen_shows() {
        for error in all() {
            assert_eq!(code(&code_of(error)), Some((code_of(error), None)));
        }
    }
}
