//! What an image was packed in.

use serde::Serialize;

use crate::contents::ImageFacts;
use crate::image::Unpacked;
use crate::units::Bytes;

/// What an image was packed in: length and BLAKE3 of the image are those of what came out last.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, schemars::JsonSchema)]
pub struct UnpackedReport {
    /// The form, as in `gzip`.
    pub container: String,
    /// Bytes of the packed file.
    pub packed_len: u64,
    /// The name of the file in an archive.
    pub member: Option<String>,
    /// Bytes that came out.
    pub len: u64,
}

impl UnpackedReport {
    /// What an image was packed in, from the outside to the inside.
    pub fn of(facts: &ImageFacts) -> Vec<Self> {
        let one = |unpacked: &Unpacked| Self {
            container: unpacked.container.clone().into_owned(),
            packed_len: unpacked.packed_len,
            member: unpacked.member.clone(),
            len: unpacked.len,
        };
        facts.unpacked.iter().map(one).collect()
    }

    /// The same for people, as in `gzip, 2 MiB; unpacked to 8 MiB`.
    pub fn words(&self) -> String {
        let Self { container, packed_len, member, len } = self;
        if container.contains(" with") {
            let article = if container.starts_with('a') { "an" } else { "a" };
            return format!("made of {article} {container}, files of {} in it", Bytes(*packed_len));
        }
        let member = member.as_ref().map_or(String::new(), |member| format!("{member} in "));
        format!("{member}{container}, {}; unpacked to {}", Bytes(*packed_len), Bytes(*len))
    }
}
