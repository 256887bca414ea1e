//! Contents of values.

use crate::contents::windows::hive::ValueData;

/// Types of values.
const TEXT: u32 = 1;
const VARIABLE_TEXT: u32 = 2;
const NUMBER: u32 = 4;
const TEXTS: u32 = 7;

fn utf16(text: &str) -> Vec<u8> {
    text.encode_utf16().flat_map(u16::to_le_bytes).collect()
}

/// A text as a value.
pub(in crate::windows) fn text(text: &str) -> ValueData {
    ValueData { kind: TEXT, bytes: utf16(&format!("{text}\0")) }
}

/// A text with variables as a value.
pub(in crate::windows) fn variable_text(text: &str) -> ValueData {
    ValueData { kind: VARIABLE_TEXT, bytes: utf16(&format!("{text}\0")) }
}

/// A number as a value.
pub(in crate::windows) fn number(number: u32) -> ValueData {
    ValueData { kind: NUMBER, bytes: number.to_le_bytes().to_vec() }
}

/// Texts as a value.
pub(in crate::windows) fn texts(texts: &[String]) -> ValueData {
    ValueData { kind: TEXTS, bytes: utf16(&(texts.join("\0") + "\0\0")) }
}
