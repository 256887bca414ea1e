//! What people type: lists of disks that are never written, and of sticks by their serial numbers; the block of a halt.

use ramkey::device::{protected_disks, serial_numbers};
use ramkey::explain::{explanation, find_block, read};
use ramkey_format::errors::BOOT_ERRORS;

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

/// The block of a halt: what is read is written in the same way again, and what is not is told in two lines.
pub fn block(input: &[u8]) {
    let Ok(text) = std::str::from_utf8(input) else { return };
    match find_block(text) {
        None => {}
        Some(Ok(block)) => {
            let again: String = block.encode().characters().map(char::from).collect();
            assert_eq!(find_block(&again), Some(Ok(block)));
            let error = BOOT_ERRORS.iter().find(|error| error.code == block.code);
            assert_eq!(read(&block, error.map(explanation)).report.len(), 7);
        }
        Some(Err(why)) => {
            let is_line = |line: &str| !line.is_empty() && !line.contains(char::is_control);
            assert!(is_line(&why.what) && is_line(&why.help), "{why:?}");
        }
    }
}
