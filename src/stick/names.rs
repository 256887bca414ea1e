//! The slots of a directory, and the names in them.

use crate::contents::LongName;

/// Bytes of a slot.
pub(crate) const SLOT_LEN: usize = 32;
/// First byte of a slot whose file was deleted.
pub(crate) const DELETED: u8 = 0xE5;
/// Attribute of a folder.
pub(crate) const FOLDER_BIT: u8 = 0x10;
/// Attributes of a part of a long name, and of a label.
pub(crate) const LONG_NAME: u8 = 0x0F;
pub(crate) const VOLUME_LABEL: u8 = 0x08;

/// The number in two bytes of a slot.
pub(super) fn word(slot: &[u8], at: usize) -> u16 {
    u16::from_le_bytes([slot[at], slot[at + 1]])
}

/// The name of the entry in `slot`: the long one if it belongs to it, else the short one.
pub(super) fn name_of(long: LongName, slot: &[u8]) -> String {
    let shown = |c: char| if c.is_control() { '_' } else { c };
    long.of(slot).map_or_else(|| short_name(slot), |name| name.map(shown).collect())
}

/// The short name of an entry, with a point before its extension.
pub(super) fn short_name(slot: &[u8]) -> String {
    let (stem, extension) = (text(&slot[..8]), text(&slot[8..11]));
    if extension.is_empty() { stem } else { format!("{stem}.{extension}") }
}

/// Bytes of a short name or label as text, without the spaces behind it.
pub(crate) fn text(bytes: &[u8]) -> String {
    let shown = |&byte: &u8| if (0x20..0x7F).contains(&byte) { char::from(byte) } else { '_' };
    bytes.iter().map(shown).collect::<String>().trim_end().to_owned()
}
