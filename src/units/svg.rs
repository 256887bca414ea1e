//! What every drawing shares: its letters, and its numbers.

use std::fmt;

/// Fonts whose letters are all of one width, at most 0.61 of their size.
pub(crate) const MONOSPACE: &str =
    "DejaVu Sans Mono, Liberation Mono, Menlo, Consolas, Courier New, monospace";

/// A number of hundredths, shown with a point and without zeros at its end.
pub(crate) struct Hundredths(pub i64);

impl fmt::Display for Hundredths {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let sign = if self.0 < 0 { "-" } else { "" };
        let digits = format!("{}.{:02}", self.0.unsigned_abs() / 100, self.0.unsigned_abs() % 100);
        write!(f, "{sign}{}", digits.trim_end_matches('0').trim_end_matches('.'))
    }
}

#[cfg(test)]
mod tests {
    use super::Hundredths;

    #[test]
    fn hundredths_are_shown_as_short_as_they_are() {
        for (number, text) in [(0, "0"), (5, "0.05"), (-50, "-0.5"), (1200, "12"), (-1234, "-12.34")] {
            assert_eq!(Hundredths(number).to_string(), text);
        }
    }
}
