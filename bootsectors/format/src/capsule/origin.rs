//! Where an image came from: an optional record behind the chunk table.

use zerocopy::FromBytes;
use zerocopy::little_endian::{U16, U64};

use super::{CapsuleError, CapsuleHeader};

/// Length of [`Origin`], in bytes; its text follows it.
pub const ORIGIN_LEN: usize = Origin::LEN;
/// Most bytes of the text behind an [`Origin`].
pub const ORIGIN_TEXT_MAX: usize = 400;

record! {
    /// The file that an image was taken from. Its text, UTF-8 without control characters, follows it and ends the table
    /// block.
    #[derive(Copy)]
    pub struct Origin[48] {
        /// BLAKE3 of that file
        pub container_blake3: [u8; 32],
        /// its length in bytes
        pub container_len: U64,
        /// length of the text in bytes
        pub text_len: U16,
        /// zero
        pub reserved: [u8; 6],
    }
}

impl CapsuleHeader {
    /// The origin record in a table block, and its text; `None` if there is none.
    ///
    /// # Errors
    ///
    /// [`CapsuleError::Origin`] with the first field of the record that no writer would make.
    pub fn origin<'t>(&self, block: &'t [u8]) -> Result<Option<(&'t Origin, &'t str)>, CapsuleError> {
        let wrong = |offset: u16| CapsuleError::Origin { offset };
        let rest = usize::try_from(self.entries_len()).ok().and_then(|len| block.get(len..));
        let Some(rest) = rest.filter(|rest| !rest.is_empty()) else { return Ok(None) };
        let Ok((origin, text)) = Origin::ref_from_prefix(rest) else { return Err(wrong(0)) };
        let text_len = usize::from(origin.text_len.get());
        if text_len > ORIGIN_TEXT_MAX || text_len != text.len() {
            return Err(wrong(crate::field_offset!(Origin, text_len)));
        }
        if origin.reserved != [0; 6] {
            return Err(wrong(crate::field_offset!(Origin, reserved)));
        }
        match core::str::from_utf8(text) {
            Ok(text) if !text.contains(char::is_control) => Ok(Some((origin, text))),
            _ => Err(wrong(ORIGIN_LEN as u16)),
        }
    }
}
