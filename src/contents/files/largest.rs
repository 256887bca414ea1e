//! The files that take most room.

use std::cmp::Reverse;
use std::collections::BTreeSet;

/// The largest files of those that were looked at; of equal ones those that come first by `T`.
pub(in crate::contents) struct Largest<T = String> {
    most: usize,
    files: BTreeSet<(Reverse<u64>, T)>,
}

impl<T: Ord> Largest<T> {
    /// Keeps up to `most` files.
    pub fn new(most: usize) -> Self {
        Self { most, files: BTreeSet::new() }
    }

    /// How many are kept.
    pub fn most(&self) -> usize {
        self.most
    }

    /// Whether a file of `len` bytes would be among them; an empty one never is.
    pub fn takes(&self, len: u64) -> bool {
        let smallest = self.files.last().map_or(0, |(Reverse(len), _)| *len);
        len > 0 && self.most > 0 && (self.files.len() < self.most || len > smallest)
    }

    /// Adds a file, if it is among them.
    pub fn add(&mut self, len: u64, file: T) {
        if self.takes(len) {
            self.files.insert((Reverse(len), file));
            if self.files.len() > self.most {
                self.files.pop_last();
            }
        }
    }

    /// Length and name of each, the largest first.
    pub fn into_files(self) -> impl Iterator<Item = (u64, T)> {
        self.files.into_iter().map(|(Reverse(len), file)| (len, file))
    }
}

#[cfg(test)]
mod tests {
    use super::Largest;

    #[test]
    fn the_largest_are_kept_in_order_and_an_empty_file_is_none() {
        let mut largest = Largest::new(2);
        for (len, name) in [(3, "c"), (0, "empty"), (9, "nine"), (1, "one"), (3, "b"), (5, "five")] {
            largest.add(len, name);
        }
        assert_eq!(largest.into_files().collect::<Vec<_>>(), [(9, "nine"), (5, "five")]);
        let mut none = Largest::new(0);
        none.add(1, "one");
        assert_eq!(none.into_files().count(), 0);
    }
}
