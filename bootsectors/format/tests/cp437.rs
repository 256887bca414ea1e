//! Code page 437, both ways.

use ramkey_format::capsule::is_title_byte;
use ramkey_format::cp437::{decode, encode};

#[test]
fn every_byte_that_is_text_comes_back_and_no_control_is_text() {
    for byte in 0..=0xFF {
        let is_text = matches!(byte, 0x20..=0x7E | 0x80..);
        assert_eq!(decode(byte).and_then(encode), is_text.then_some(byte), "{byte:02X}");
        // FFh is text, and shows nothing.
        assert_eq!(is_title_byte(byte), is_text && byte != 0xFF, "{byte:02X}");
    }
    for (byte, character) in
        [(0x80, 'Ç'), (0x82, 'é'), (0x9B, '¢'), (0xAB, '½'), (0xB0, '░'), (0xE1, 'ß'), (0xFE, '■')]
    {
        assert_eq!(decode(byte), Some(character));
    }
    for missing in ['Ж', '重', '€', '\n', '\u{7F}', '\u{301}'] {
        assert_eq!(encode(missing), None, "{missing:?}");
    }
}
