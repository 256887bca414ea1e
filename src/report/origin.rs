//! What was said of an image's file, and is true.

use serde::Serialize;

use crate::origin::{Confirmed, ListedBy, Origin};
use crate::units::named;

/// A hash of an image's file that is as somebody said.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, schemars::JsonSchema)]
pub struct OriginReport {
    /// `BLAKE3`, `SHA-256`, `SHA-1` or `MD5`.
    pub algorithm: &'static str,
    /// The list that says so; null of a hash that was given.
    pub list: Option<String>,
    /// The same for people.
    #[serde(skip)]
    pub words: String,
}

impl OriginReport {
    /// All that was said of the file `origin`.
    pub fn all(origin: Option<&Origin>) -> Vec<Self> {
        let confirmed = origin.map_or(&[][..], |origin| &origin.confirmed);
        let one = |confirmed: &Confirmed| Self {
            algorithm: confirmed.algorithm.name(),
            list: match &confirmed.by {
                ListedBy::Given => None,
                ListedBy::List(path) => Some(named(path).into_owned()),
            },
            words: confirmed.words(),
        };
        confirmed.iter().map(one).collect()
    }

    /// All of them in one line, each once.
    pub fn line(all: &[Self]) -> Option<String> {
        let mut words: Vec<&str> = Vec::new();
        for one in all {
            if !words.contains(&&one.words[..]) {
                words.push(&one.words);
            }
        }
        (!words.is_empty()).then(|| words.join(", "))
    }
}
