//! Names of keys and values: how they are stored, ordered and hashed.

use std::cmp::Ordering;

use super::error::HiveEditError;

/// Longest name of a key in UTF-16.
const KEY_UNITS_MAX: usize = 255;
/// Longest name of a value in UTF-16.
const VALUE_UNITS_MAX: usize = 16383;

/// A name as it is stored.
pub(super) struct StoredName {
    pub bytes: Vec<u8>,
    /// One byte for each letter.
    pub is_narrow: bool,
    /// Its length in UTF-16, in bytes.
    pub wide_len: u32,
}

impl StoredName {
    /// The name of a key.
    pub fn of_key(name: &str) -> Result<Self, HiveEditError> {
        if name.is_empty() || name.contains('\\') {
            return Err(HiveEditError::Name { name: name.to_owned() });
        }
        Self::new(name, KEY_UNITS_MAX)
    }

    /// The name of a value; the empty one is that of a key's default value.
    pub fn of_value(name: &str) -> Result<Self, HiveEditError> {
        Self::new(name, VALUE_UNITS_MAX)
    }

    fn new(name: &str, most: usize) -> Result<Self, HiveEditError> {
        let units: Vec<u16> = name.encode_utf16().collect();
        if units.len() > most {
            return Err(HiveEditError::Name { name: name.to_owned() });
        }
        let is_narrow = name.is_ascii();
        let wide_len = units.len() as u32 * 2;
        let bytes = if is_narrow {
            name.as_bytes().to_vec()
        } else {
            units.into_iter().flat_map(u16::to_le_bytes).collect()
        };
        Ok(Self { bytes, is_narrow, wide_len })
    }
}

/// The units of a stored name.
pub(super) fn units(bytes: &[u8], is_narrow: bool) -> Vec<u16> {
    if is_narrow {
        bytes.iter().copied().map(u16::from).collect()
    } else {
        bytes.chunks_exact(2).map(|unit| u16::from_le_bytes([unit[0], unit[1]])).collect()
    }
}

/// The name as text; what is no text in it becomes a replacement character.
pub(super) fn text(units: &[u16]) -> String {
    char::decode_utf16(units.iter().copied())
        .map(|unit| unit.unwrap_or(char::REPLACEMENT_CHARACTER))
        .collect()
}

/// A unit in upper case, as far as that is one unit again.
fn upper(unit: u16) -> u16 {
    if let Ok(letter @ ..0x80) = u8::try_from(unit) {
        return letter.to_ascii_uppercase().into();
    }
    let Some(letter) = char::from_u32(unit.into()) else { return unit };
    let mut upper = letter.to_uppercase();
    match (upper.next(), upper.next()) {
        (Some(upper), None) => u16::try_from(u32::from(upper)).unwrap_or(unit),
        _ => unit,
    }
}

/// The order of keys in their lists: without case, unit by unit.
pub(super) fn order(one: &[u16], other: &[u16]) -> Ordering {
    one.iter().copied().map(upper).cmp(other.iter().copied().map(upper))
}

/// The hash of a name in an `lh` list.
pub(super) fn hash(units: &[u16]) -> u32 {
    let add = |hash: u32, unit: u16| hash.wrapping_mul(37).wrapping_add(upper(unit).into());
    units.iter().copied().fold(0, add)
}

/// The first letters of a name, as an `lf` list has them; nothing if they are not all of one byte.
pub(super) fn hint(units: &[u16]) -> u32 {
    let first = &units[..units.len().min(4)];
    let mut bytes = [0; 4];
    for (byte, &unit) in bytes.iter_mut().zip(first) {
        match u8::try_from(unit) {
            Ok(letter) => *byte = letter,
            Err(_) => return 0,
        }
    }
    u32::from_le_bytes(bytes)
}
