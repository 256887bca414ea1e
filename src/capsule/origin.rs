//! What a capsule says of the image that its own was made of, behind its chunk table.

use ramkey_format::capsule::{CapsuleHeader, ORIGIN_TEXT_MAX, Origin};
use zerocopy::IntoBytes;

use crate::contents::MadeOf;

/// The record, as it is stored; its text is cut where it is too long.
pub(super) fn record(made_of: &MadeOf) -> Vec<u8> {
    let mut text: String =
        made_of.text.chars().map(|letter| if letter.is_control() { '?' } else { letter }).collect();
    text.truncate(text.floor_char_boundary(ORIGIN_TEXT_MAX));
    let origin = Origin {
        container_blake3: made_of.blake3,
        container_len: made_of.len.into(),
        text_len: (text.len() as u16).into(),
        reserved: [0; 6],
    };
    [origin.as_bytes(), text.as_bytes()].concat()
}

/// What the table block `block`, which was proven, says of it; `None` if it says nothing.
pub fn made_of(header: &CapsuleHeader, block: &[u8]) -> Option<MadeOf> {
    let (origin, text) = header.origin(block).ok().flatten()?;
    Some(MadeOf { len: origin.container_len.get(), blake3: origin.container_blake3, text: text.to_owned() })
}

#[cfg(test)]
mod tests {
    use super::record;
    use crate::contents::MadeOf;

    #[test]
    fn the_text_has_no_control_characters_and_ends_with_a_whole_letter() {
        let of = |text: String| record(&MadeOf { len: 1, blake3: [7; 32], text });
        let bytes = of("a\n\u{85}b".into());
        assert_eq!(bytes[48..], *b"a??b");
        let bytes = of("ä".repeat(201));
        assert_eq!((bytes.len(), &bytes[40..42]), (448, &400u16.to_le_bytes()[..]));
        let bytes = of(format!("a{}", "ä".repeat(200)));
        assert_eq!((bytes.len(), &bytes[40..42]), (447, &399u16.to_le_bytes()[..]));
    }
}
