//! Lists that people write: of disks that are never written, and of sticks by their serial numbers.

use ramkey::device::{protected_disks, serial_numbers};

/// A list of protected disks: how many entries it has, or one line that says what is wrong with it.
pub fn config(input: &[u8]) {
    let Ok(text) = std::str::from_utf8(input) else { return };
    match protected_disks(text) {
        Ok(count) => assert!(count <= text.matches("protect").count() + text.matches('{').count()),
        Err(why) => assert!(!why.is_empty() && !why.contains(char::is_control), "{why:?}"),
    }
}

/// A list of serial numbers: each is there once, and is more than spaces.
pub fn serials(input: &[u8]) {
    let mut serials = serial_numbers(input);
    assert!(
        serials
            .iter()
            .all(|serial| !serial.is_empty() && serial.trim() == serial && !serial.starts_with('#'))
    );
    let count = serials.len();
    serials.sort();
    serials.dedup();
    assert_eq!(serials.len(), count, "each once");
}
