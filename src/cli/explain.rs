//! `ramkey explain`: what a code on the target machine's screen says.

use std::io::{self, Write};

use clap::Args;
use ramkey_format::errors::{BOOT_ERRORS, BootError, READ_FAILED, REPORT, ReportLine, SECTOR0_ERRORS};
use serde::Serialize;

use crate::cli::bios_status::{self, BIOS_STATUSES, BiosStatus};
use crate::cli::render::wrapped;
use crate::cli::{CliError, Exit, Output};

/// Explain a code that the target machine shows
///
/// Says what happened, what the likely causes are, and what to try in which order: the text of docs/errors.md. A BIOS
/// status behind the code is explained too: `ramkey explain R 80`, or `ramkey explain E31 status 80h`. The line of the
/// screen can be given as it stands there. `ramkey explain report` explains the numbers that stand below a code. Without a
/// code, all codes and statuses are listed.
#[derive(Debug, Args)]
pub struct ExplainArgs {
    /// The code: E22, 22, R or S, and the BIOS status behind it; or "report"
    #[arg(value_name = "CODE")]
    words: Vec<String>,
}

/// One code, and the status behind it.
#[derive(Serialize)]
struct Explanation {
    code: String,
    name: &'static str,
    screen: &'static str,
    what_happened: &'static str,
    likely_causes: &'static [&'static str],
    what_to_try: &'static [&'static str],
    status: Option<BiosStatus>,
}

/// One line of the report.
#[derive(Serialize)]
struct LineMeaning {
    screen: &'static str,
    meaning: &'static str,
}

impl LineMeaning {
    fn of(line: &ReportLine) -> Self {
        Self { screen: line.shows, meaning: line.means }
    }
}

/// Everything that can be asked for.
#[derive(Serialize)]
struct Listing {
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
        if is_report(&self.words) {
            let lines: Vec<LineMeaning> = REPORT.iter().map(LineMeaning::of).collect();
            output.show(&lines, |out| show_report(out, &lines))?;
            return Ok(Exit::Done);
        }
        let asked = parse(&self.words.join(" "))?;
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

impl Explanation {
    fn new(error: &'static BootError, status: Option<BiosStatus>) -> Self {
        Self {
            code: code_of(error),
            name: error.name,
            screen: error.text,
            what_happened: error.happened,
            likely_causes: error.causes,
            what_to_try: error.steps,
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
    is_letter(error) || error.code == READ_FAILED
}

fn is_report(words: &[String]) -> bool {
    matches!(words, [word] if word.eq_ignore_ascii_case("report"))
}

/// Reads a code as a person types it, or copies it from the screen.
fn parse(text: &str) -> Result<Asked, CliError> {
    let no_code = |help: String| CliError::NoCode { what: format!("\"{text}\" is no code of ramkey"), help };
    let lists = || no_code("`ramkey explain` lists the codes".into());
    let lower = text.to_ascii_lowercase().replace([':', ','], " ");
    let mut words = lower.split_whitespace().skip_while(|&word| word == "ramkey");
    let first = words.next().ok_or_else(lists)?;
    let rest: Vec<&str> = words.collect();
    let (error, glued) = find(first).ok_or_else(|| match byte(first).and_then(bios_status::find) {
        Some(BiosStatus { status, .. }) => no_code(format!(
            "`ramkey explain R {status:02X}` explains a BIOS status, and `ramkey explain` lists the codes"
        )),
        None => lists(),
    })?;
    let after = |at: usize| rest.get(at).copied().and_then(byte);
    let status = match (glued, rest.iter().position(|&word| word == "status")) {
        (Some(status), _) if rest.is_empty() => Some(status),
        (None, Some(at)) => Some(after(at + 1).ok_or_else(lists)?),
        (None, None) if rest.is_empty() => None,
        (None, None) if rest.len() == 1 && after(0).is_some() => after(0),
        // The text of the screen, with numbers that mean nothing by themselves.
        (None, None) if rest.join(" ").starts_with(&error.text.to_ascii_lowercase()) => None,
        _ => return Err(lists()),
    };
    if status.is_some() && !shows_digits(error) {
        let code = code_of(error);
        return Err(no_code(format!("{code} has no BIOS status; `ramkey explain {code}` explains it")));
    }
    Ok(Asked { error, status })
}

/// The code in `word`, which is in small letters; and the status that stands behind a letter without a space.
fn find(word: &str) -> Option<(&'static BootError, Option<u8>)> {
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

/// A list whose first line has `label`.
fn numbered(out: &mut dyn Write, label: &str, list: &[&str]) -> io::Result<()> {
    for (number, item) in (1..).zip(list) {
        wrapped(out, &format!("{:<10}{number}. ", if number == 1 { label } else { "" }), item)?;
    }
    Ok(())
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
    writeln!(out, "BIOS statuses of INT 13h, shown behind R and E31:")?;
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
            ("ramkey E31: reading the stick failed, status 80h, LBA 2048", "E31", Some(0x80)),
        ];
        for (text, name, status) in table {
            assert_eq!(code(text), Some((name.to_owned(), status)), "{text}");
        }
    }

    #[test]
    fn what_is_no_code_is_refused() {
        for text in
            ["", "E", "E99", "X", "e2", "RR", "R 80 80", "R80 80", "E31 status", "E31 status LBA", "E22 80"]
        {
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
