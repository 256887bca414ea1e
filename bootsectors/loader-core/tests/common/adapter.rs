//! A screen that is played.

use ramkey_format::cp437;
use ramkey_loader_core::canvas::{Look, ROWS, Video};
use ramkey_loader_core::page::Page;
use ramkey_loader_core::screen::{Language, Sentence, Text};

/// An adapter, which takes nothing that would leave a row.
pub struct Adapter {
    pub columns: usize,
    pub cells: Vec<Vec<(u8, Look)>>,
    pub calls: usize,
    pub cursor: (usize, usize),
}

impl Video for Adapter {
    fn fill(&mut self, row: usize, column: usize, byte: u8, look: Look, count: usize) {
        assert!(row < ROWS && count > 0 && column + count <= self.columns, "{row} {column} {count}");
        self.cells[row][column..column + count].fill((byte, look));
        self.calls += 1;
    }

    fn cursor(&mut self, row: usize, column: usize) {
        assert!(row < ROWS && column < self.columns, "{row} {column}");
        self.cursor = (row, column);
    }
}

impl Adapter {
    pub fn new(columns: usize) -> Self {
        let cells = vec![vec![(b' ', Look::Plain); columns]; ROWS];
        Self { columns, cells, calls: 0, cursor: (0, 0) }
    }

    pub fn row(&self, row: usize) -> String {
        text(&self.cells[row].iter().map(|&(byte, _)| byte).collect::<Vec<_>>())
    }

    /// All words, in order, with one space between them.
    pub fn words(&self) -> String {
        let rows: Vec<String> = (0..ROWS).map(|row| self.row(row)).collect();
        rows.join(" ").split_whitespace().collect::<Vec<_>>().join(" ")
    }

    /// Asserts that a sentence is there, in one row or wrapped, and whole.
    pub fn must_show(&self, line: &Text, case: &str) {
        let wanted = text(line.as_bytes()).split_whitespace().collect::<Vec<_>>().join(" ");
        let shown = self.words().replace(" ║ ║ ", " ");
        assert!(shown.contains(&wanted), "{case}: no {wanted:?} in\n{shown}");
    }

    pub fn looks(&self, row: usize) -> Vec<Look> {
        self.cells[row].iter().map(|&(_, look)| look).collect()
    }
}

pub fn text(page: &[u8]) -> String {
    page.iter().map(|&byte| cp437::decode(byte).expect("text")).collect()
}

pub fn page(columns: usize) -> Page {
    let mut page = Page::new();
    page.open(columns);
    page
}

/// Every language on both kinds of screen.
pub fn each(mut test: impl FnMut(Language, &mut Page, &mut Adapter, &str)) {
    for &(language, _) in Language::ALL {
        for columns in [40, 80] {
            let case = format!("{language:?}, {columns} columns");
            test(language, &mut page(columns), &mut Adapter::new(columns), &case);
        }
    }
}

pub fn line<const PLACES: usize>(language: Language, sentence: &Sentence<'_, PLACES>) -> Text {
    language.line(sentence)
}
