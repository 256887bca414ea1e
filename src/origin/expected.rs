//! What is expected of images.

use std::path::PathBuf;

use super::hashes::Published;

/// One thing that was said of images.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Expected {
    /// The hash of one.
    Hash(Published),
    /// A file with a list of hashes.
    List(PathBuf),
}

/// Everything that is expected of the images of a request.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Expectations {
    /// What was said. The hashes are those of the images that were named first, in their order, one for each; a list is for all of
    /// them.
    pub given: Vec<Expected>,
    /// Whether lists beside an image are looked for.
    pub beside: bool,
}

impl Default for Expectations {
    /// Nothing was said, and lists beside the images count.
    fn default() -> Self {
        Self { given: Vec::new(), beside: true }
    }
}

impl Expectations {
    /// The hashes that were said, in their order.
    pub fn hashes(&self) -> impl Iterator<Item = &Published> {
        self.given.iter().filter_map(|expected| match expected {
            Expected::Hash(hash) => Some(hash),
            Expected::List(_) => None,
        })
    }

    /// The lists that were named.
    pub fn lists(&self) -> impl Iterator<Item = &PathBuf> {
        self.given.iter().filter_map(|expected| match expected {
            Expected::Hash(_) => None,
            Expected::List(path) => Some(path),
        })
    }
}

impl Expected {
    /// What `text` means: a hash, told by its number of hexadecimal digits, or the path of a list.
    ///
    /// # Errors
    ///
    /// It is hexadecimal digits, and of no hash that is known, and there is no such file; in words.
    pub fn parse(text: &str) -> Result<Self, String> {
        if let Some(hash) = Published::of_digits(text.as_bytes()) {
            return Ok(Self::Hash(hash));
        }
        let is_digits = text.len() >= 16 && text.bytes().all(|byte| byte.is_ascii_hexdigit());
        match is_digits {
            true => Err(format!(
                "a hash has 64 hexadecimal digits (SHA-256, BLAKE3), 40 (SHA-1) or 32 (MD5), and here are {}; a file of \
                 that name is ./{text}",
                text.len()
            )),
            false => Ok(Self::List(text.into())),
        }
    }
}
