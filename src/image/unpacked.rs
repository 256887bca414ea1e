//! What an image was packed in.

use std::borrow::Cow;

use serde::{Deserialize, Serialize};

use crate::units::is_hidden;

/// Longest name of a file in an archive.
const NAME_LEN_MAX: usize = 4096;

/// What an image, or something that it is in, was packed in.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Unpacked {
    /// The form, as in `gzip`.
    pub container: Cow<'static, str>,
    /// Bytes of the file that it was unpacked from.
    pub packed_len: u64,
    /// The name of the file in an archive, of signs alone.
    pub member: Option<String>,
    /// Bytes that came out.
    pub len: u64,
    /// What is asked of what came out.
    pub rest: Option<String>,
}

impl Unpacked {
    /// Whether this can be said of `packed_len` bytes that were unpacked to `len`, when the file `asked` for was asked. Who did
    /// not unpack asks that before it believes an answer.
    pub fn is_possible(&self, container: &str, lens: [u64; 2], asked: Option<&str>) -> bool {
        let rest = self.rest.as_deref();
        let is_plain = |name: &String| name.len() <= NAME_LEN_MAX && !name.chars().any(is_hidden);
        self.container == container
            && [self.packed_len, self.len] == lens
            && self.member.as_ref().is_none_or(is_plain)
            && (self.member.is_none() && rest == asked
                || rest.is_none_or(|rest| asked.is_some_and(|asked| asked.ends_with(rest))))
    }
}
