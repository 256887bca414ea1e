//! What was said so far, line by line: the last of it is shown again when the image gets the screen.

use crate::screen::Text;

/// Lines that are kept: those of a screen.
pub const LINES: usize = 24;

/// The last lines.
#[derive(Clone)]
pub struct Log {
    lines: [(Text, bool); LINES],
    /// Lines that were said.
    count: usize,
    /// The first that is shown now.
    first: usize,
}

impl Log {
    /// Nothing was said.
    pub const fn new() -> Self {
        Self { lines: [(Text::new(), false); LINES], count: 0, first: 0 }
    }

    /// Adds a line; it is no news if the rest of the screen shows the same.
    #[inline(never)]
    pub fn push(&mut self, line: &Text, is_news: bool) {
        if let Some(place) = self.lines.get_mut(self.count % LINES) {
            *place = (*line, is_news);
        }
        self.count += 1;
    }

    /// Ends a paragraph: two empty lines never follow each other, and none is the first that is news.
    #[inline(never)]
    pub fn end_paragraph(&mut self) {
        let empty = Text::new();
        let last = self.lines.get(self.count.wrapping_sub(1) % LINES);
        if self.count > 0 && last.is_some_and(|(line, _)| *line != empty) {
            let is_between = self.news().next().is_some();
            self.push(&empty, is_between);
        }
    }

    /// Lines that were said; [`Self::back_to`] forgets what came later.
    pub fn mark(&self) -> usize {
        self.count
    }

    /// Forgets what was said later.
    pub fn back_to(&mut self, mark: usize) {
        self.count = self.count.min(mark);
        self.first = self.first.min(self.count);
    }

    /// What was said until now is no news any more.
    pub fn read(&mut self) {
        self.first = self.count;
    }

    /// What is news.
    pub fn news(&self) -> impl Iterator<Item = &Text> {
        self.from(self.first).filter(|(_, is_news)| *is_news).map(|(line, _)| line)
    }

    /// Everything that is known still.
    pub fn all(&self) -> impl Iterator<Item = &Text> {
        self.from(0).map(|(line, _)| line)
    }

    fn from(&self, first: usize) -> impl Iterator<Item = &(Text, bool)> {
        let first = first.max(self.count.saturating_sub(LINES));
        (first..self.count).filter_map(|number| self.lines.get(number % LINES))
    }
}

impl Default for Log {
    fn default() -> Self {
        Self::new()
    }
}
