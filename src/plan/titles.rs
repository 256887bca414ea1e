//! Titles in the boot menu: letters of code page 437, which the screen of every PC shows.

use std::path::Path;

use ramkey_format::capsule::is_title_byte;
use ramkey_format::cp437;

use super::request::TITLE_MAX;

/// Title of an image whose own name has no usable character.
const NAMELESS: &str = "IMAGE";
/// Stands for a character that the code page does not have.
const MISSING: char = '_';

/// Letters of the code page, and what file systems and keyboards make of them that write letter and mark apart.
const COMPOSED: &[(char, &str)] = &[
    ('\u{300}', "aàeèiìoòuù"),
    ('\u{301}', "eéEÉaáiíoóuú"),
    ('\u{302}', "aâeêiîoôuû"),
    ('\u{303}', "nñNÑ"),
    ('\u{308}', "uüUÜaäAÄoöOÖeëiïyÿ"),
    ('\u{30A}', "aåAÅ"),
    ('\u{327}', "cçCÇ"),
];

/// Characters that look like one of the code page, and are others to Unicode.
const ALIKE: &[(char, char)] = &[
    ('\u{A0}', ' '),
    ('\u{3BC}', 'µ'),
    ('\u{3B2}', 'ß'),
    ('\u{2126}', 'Ω'),
    ('\u{212B}', 'Å'),
    ('\u{2211}', 'Σ'),
];

/// A title that was made from a file's name.
pub(super) struct Made {
    /// The title.
    pub title: String,
    /// What it does not have of the name, for people.
    pub lost: Option<&'static str>,
}

/// The title that was asked for, if the screen can show it.
pub(super) fn asked(text: &str) -> Option<String> {
    let title: Option<String> = composed(text).into_iter().map(shown).collect();
    title.filter(|title| is_title(title))
}

/// The title of the image at `path`: its name without the extension.
pub(super) fn of_file(path: &Path) -> Made {
    let stem = path.file_stem().unwrap_or_default().to_string_lossy();
    let letters = composed(&stem);
    let title: String = letters.iter().take(TITLE_MAX).map(|&c| shown(c).unwrap_or(MISSING)).collect();
    let lost = if letters.iter().any(|&c| shown(c).is_none()) {
        Some("the file's name has letters that the target machine's screen does not have")
    } else if letters.len() > TITLE_MAX {
        Some("the file's name is longer than a title can be")
    } else {
        None
    };
    let title = if is_title(&title) { title } else { NAMELESS.into() };
    Made { title, lost }
}

fn is_title(title: &str) -> bool {
    (1..=TITLE_MAX).contains(&title.chars().count()) && !title.trim().is_empty()
}

/// The character of the code page that stands for `c` in a title.
fn shown(c: char) -> Option<char> {
    let c = ALIKE.iter().find(|(other, _)| *other == c).map_or(c, |(_, c)| *c);
    cp437::encode(c).filter(|&byte| is_title_byte(byte)).map(|_| c)
}

/// Its characters, with each letter and its mark as one where the code page has that.
fn composed(text: &str) -> Vec<char> {
    let mut letters: Vec<char> = Vec::new();
    for c in text.chars() {
        let pairs = COMPOSED.iter().find(|(mark, _)| *mark == c).map_or("", |(_, pairs)| pairs);
        let pairs: Vec<char> = pairs.chars().collect();
        let whole = pairs.chunks_exact(2).find(|pair| letters.last() == Some(&pair[0]));
        match (whole, letters.last_mut()) {
            (Some(pair), Some(last)) => *last = pair[1],
            _ => letters.push(c),
        }
    }
    letters
}

/// The title, or the title with the first number from 2 on that is not taken; it is cut so that the number fits.
pub(super) fn distinct(title: &str, taken: &[String]) -> String {
    let mut distinct = title.to_owned();
    let mut number = 1;
    // Ends: one of so many numbers is free.
    while taken.contains(&distinct) {
        number += 1;
        let suffix = format!(" ({number})");
        distinct = title.chars().take(TITLE_MAX - suffix.len()).collect::<String>() + &suffix;
    }
    distinct
}
