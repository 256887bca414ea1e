//! Where an image came from: an optional record behind the chunk table.

use core::mem::offset_of;

use zerocopy::little_endian::{U16, U64};
use zerocopy::{FromBytes, Immutable, IntoBytes, KnownLayout, Unaligned};

use super::{CapsuleError, CapsuleHeader};

/// Length of [`Origin`], in bytes; its text follows it.
pub const ORIGIN_LEN: usize = 48;
/// Most bytes of the text behind an [`Origin`].
pub const ORIGIN_TEXT_MAX: usize = 400;

/// The file that an image was taken from. Its text, UTF-8 without control characters, follows it and ends the table
/// block.
#[derive(Clone, Copy, Debug, PartialEq, Eq, FromBytes, IntoBytes, Immutable, KnownLayout, Unaligned)]
#[repr(C)]
pub struct Origin {
    /// BLAKE3 of that file. Offset 0.
    pub container_blake3: [u8; 32],
    /// Length of that file in bytes. Offset 32.
    pub container_len: U64,
    /// Length of the text in bytes, at most [`ORIGIN_TEXT_MAX`]. Offset 40.
    pub text_len: U16,
    /// Zero. Offset 42.
    pub reserved: [u8; 6],
}

impl CapsuleHeader {
    /// The origin record in a table block, and its text; `None` if there is none.
    ///
    /// # Errors
    ///
    /// [`CapsuleError::Origin`] with the first field of the record that no writer would make.
    pub fn origin<'t>(&self, block: &'t [u8]) -> Result<Option<(&'t Origin, &'t str)>, CapsuleError> {
        let wrong = |offset: usize| CapsuleError::Origin { offset: offset as u16 };
        let rest = usize::try_from(self.entries_len()).ok().and_then(|len| block.get(len..));
        let Some(rest) = rest.filter(|rest| !rest.is_empty()) else { return Ok(None) };
        let Ok((origin, text)) = Origin::ref_from_prefix(rest) else { return Err(wrong(0)) };
        let text_len = usize::from(origin.text_len.get());
        if text_len > ORIGIN_TEXT_MAX || text_len != text.len() {
            return Err(wrong(offset_of!(Origin, text_len)));
        }
        if origin.reserved != [0; 6] {
            return Err(wrong(offset_of!(Origin, reserved)));
        }
        match core::str::from_utf8(text) {
            Ok(text) if !text.contains(char::is_control) => Ok(Some((origin, text))),
            _ => Err(wrong(ORIGIN_LEN)),
        }
    }
}

const _: () = {
    use core::mem::size_of;
    assert!(size_of::<Origin>() == ORIGIN_LEN);
    assert!(offset_of!(Origin, container_len) == 32);
    assert!(offset_of!(Origin, text_len) == 40);
};
