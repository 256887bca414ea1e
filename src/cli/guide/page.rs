//! What one page of the guide shows and asks. Both faces show the same pages, and give the same answers.

/// A page.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct Page {
    /// Which step it is.
    pub title: String,
    /// What is wanted, in one sentence.
    pub wanted: String,
    /// What is to be known for that, a paragraph each. One that begins with [`DOUBT`] speaks against something.
    pub facts: Vec<String>,
    /// What can be chosen.
    pub choices: Vec<Choice>,
    /// The choice that is usual.
    pub usual: usize,
    /// What can be typed instead.
    pub field: Option<Field>,
}

/// How a line begins that speaks against something.
pub(super) const DOUBT: &str = "! ";

/// Something that can be chosen.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct Choice {
    /// What it is, in one line.
    pub label: String,
    /// What is to be known of it.
    pub details: Vec<String>,
    /// Whether it can be seen only; the details say why.
    pub is_refused: bool,
}

impl Choice {
    /// One of which nothing more is to be known.
    pub fn new(label: impl Into<String>) -> Self {
        Self { label: label.into(), ..Self::default() }
    }

    /// One with a line about it.
    pub fn with(label: impl Into<String>, detail: impl Into<String>) -> Self {
        Self { details: vec![detail.into()], ..Self::new(label) }
    }
}

/// A line to type in.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct Field {
    /// What is typed.
    pub label: String,
    /// What stands in it already.
    pub text: String,
}

impl Field {
    /// An empty one.
    pub fn new(label: impl Into<String>) -> Self {
        Self { label: label.into(), text: String::new() }
    }
}

/// What a person does with a page.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Answer {
    /// Takes the choice with this number, from 0 on.
    Choice(usize),
    /// Types something.
    Text(String),
    /// Goes to the page before.
    Back,
}

/// By how much the lines of a paragraph behind its first one begin further right, so that its mark or its number stands out.
pub(super) fn hang(text: &str) -> usize {
    let words = text.trim_start_matches(' ');
    let digits = words.bytes().take_while(u8::is_ascii_digit).count();
    let is_numbered = digits > 0 && words[digits..].starts_with(". ");
    let mark = if words.starts_with(DOUBT) { DOUBT.len() } else { 0 };
    text.len() - words.len() + if is_numbered { digits + 2 } else { mark }
}

/// `text` in lines of at most `width` columns; those behind the first begin with `indent` blanks. A word that is longer is cut.
pub(super) fn wrap(text: &str, width: usize, indent: usize) -> Vec<String> {
    let width = width.max(indent + 8).max(text.len() - text.trim_start_matches(' ').len() + 1);
    let words = text.trim_start_matches(' ');
    let begin = text.len() - words.len();
    let mut lines = vec![" ".repeat(begin)];
    let mut columns = begin;
    for word in words.split(' ') {
        let mut word: Vec<char> = word.chars().collect();
        let is_first = columns == if lines.len() == 1 { begin } else { indent };
        if !is_first && columns + 1 + word.len() > width {
            lines.push(" ".repeat(indent));
            columns = indent;
        } else if !is_first {
            lines.last_mut().expect("there is one").push(' ');
            columns += 1;
        }
        // Ends: each turn takes at least one character.
        while columns + word.len() > width {
            let rest = word.split_off(width - columns);
            lines.last_mut().expect("there is one").extend(word);
            lines.push(" ".repeat(indent));
            columns = indent;
            word = rest;
        }
        columns += word.len();
        lines.last_mut().expect("there is one").extend(word);
    }
    lines
}

#[cfg(test)]
mod tests {
    use super::{hang, wrap};

    #[test]
    fn a_paragraph_is_wrapped_at_blanks_and_a_long_word_is_cut() {
        assert_eq!(wrap("one two three four", 10, 0), ["one two", "three four"]);
        assert_eq!(wrap("  one two three", 10, 2), ["  one two", "  three"]);
        assert_eq!(wrap("0123456789abcdef x", 10, 1), ["0123456789", " abcdef x"]);
        assert_eq!(wrap("", 10, 0), [""]);
        assert_eq!(wrap("0123456789", 10, 0), ["0123456789"]);
    }

    #[test]
    fn marks_and_numbers_stand_out() {
        assert_eq!(["a", "  a", "! a", "12. a", "1.5 a", ""].map(hang), [0, 2, 2, 4, 0, 0]);
    }
}
