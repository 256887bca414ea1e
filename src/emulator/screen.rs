//! The text screen of a PC, as lines.

use std::fmt;

use ramkey_format::cp437;

/// Columns of the text page.
const COLUMNS: usize = 80;
/// Rows of the text page.
const ROWS: usize = 25;
/// Bytes of the text page: a character and its colours for each cell.
pub(super) const PAGE_LEN: usize = COLUMNS * ROWS * 2;
/// Linear address of the text page.
pub(super) const PAGE: u64 = 0xB_8000;

/// What is on the text screen, without the colours.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Screen {
    /// The rows from the top, without spaces at their ends.
    pub lines: Vec<String>,
}

impl Screen {
    /// Reads a text page of 80 by 25 cells.
    pub(super) fn from_page(page: &[u8]) -> Self {
        let character = |byte: u8| match byte {
            // A space that keeps words together.
            0xFF => ' ',
            _ => cp437::decode(byte).unwrap_or(' '),
        };
        let row = |row: &[u8]| {
            let text: String = row.iter().step_by(2).map(|&byte| character(byte)).collect();
            text.trim_end().to_owned()
        };
        let mut lines: Vec<String> = page.chunks(COLUMNS * 2).take(ROWS).map(row).collect();
        lines.resize(ROWS, String::new());
        Self { lines }
    }

    /// The rows down to the last one that is not empty.
    pub fn used(&self) -> &[String] {
        let used = self.lines.iter().rposition(|line| !line.is_empty()).map_or(0, |last| last + 1);
        &self.lines[..used]
    }

    /// Whether there is nothing on it.
    pub fn is_empty(&self) -> bool {
        self.lines.iter().all(String::is_empty)
    }

    /// Whether a row contains `text`. Text that the screen wraps is found too.
    pub fn contains(&self, text: &str) -> bool {
        let full = |line: &String| format!("{line:COLUMNS$}");
        self.lines.iter().map(full).collect::<String>().contains(text)
    }
}

impl fmt::Display for Screen {
    /// The used rows, a line each.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.used().iter().try_for_each(|line| writeln!(f, "{line}"))
    }
}

#[cfg(test)]
mod tests {
    use super::{PAGE_LEN, Screen};
    use ramkey_format::markers::MAY_REMOVE;

    fn page(text: &str) -> Vec<u8> {
        let mut page = [b' ', 7].repeat(PAGE_LEN / 2);
        for (cell, byte) in text.bytes().enumerate() {
            page[cell * 2] = byte;
        }
        page
    }

    #[test]
    fn bytes_above_ascii_are_those_of_the_code_page() {
        assert_eq!(Screen::from_page(&[0xB0, 7, 0xFE, 7]).lines[0], "░■");
    }

    #[test]
    fn text_that_wraps_is_found() {
        let screen = Screen::from_page(&page(&format!("{}{MAY_REMOVE}", ".".repeat(70))));
        assert!(screen.contains(MAY_REMOVE));
        assert!(!screen.contains("You must"));
        assert_eq!(screen.to_string().lines().count(), 2);
    }
}
