//! The plain bytes of a capsule's chunks, made from what is stored.

use std::ops::Range;

use ramkey_format::capsule::{CapsuleHeader, Codec, Form};
use ramkey_loader_core::decode::{Encoded, Stored, decode};

use crate::capsule::Table;
use crate::stick::{RUN_LEN, ReadError, StickFile};
use crate::verify::window::Window;

/// How often a stick may be read as a whole for chunks that share bytes.
pub(crate) const READ_MAX: u64 = 4;

/// The chunks of a capsule, one after the other. Whether they are right is not asked.
pub struct Chunks<'c, 'a> {
    pub(super) file: &'c StickFile<'a>,
    pub(super) header: &'c CapsuleHeader,
    pub(super) table: &'c Table<'c>,
    pieces: Pieces<'c, 'a>,
    window: Window,
    scratch: Vec<u8>,
}

impl<'c, 'a> Chunks<'c, 'a> {
    /// Those of the capsule in `file`.
    pub fn new(file: &'c StickFile<'a>, header: &'c CapsuleHeader, table: &'c Table<'c>) -> Self {
        let windows = (0..).zip(&table.forms).map(|(index, form)| window(header, index, *form));
        Self {
            file,
            header,
            table,
            pieces: Pieces { file, bytes: Vec::new() },
            window: Window::new(windows),
            scratch: vec![0; Codec::SCRATCH_LEN],
        }
    }

    /// The plain bytes of chunk `index`, or `None` of one that is all zeros. They are asked for in order, each once.
    ///
    /// # Errors
    ///
    /// A sector of what is stored cannot be read. What is unpacked later and refers to this chunk is wrong.
    pub fn plain(&mut self, index: u32) -> Result<Option<&[u8]>, ReadError> {
        let (form, entry) = (self.table.forms[index as usize], &self.table.entries[index as usize]);
        let window = window(self.header, index, form);
        if form == Form::Zero {
            self.window.skip(index as usize, window);
            return Ok(None);
        }
        let len = self.header.raw_len(index) as usize;
        let (before, room) = self.window.room(index as usize, window, len);
        let chunk = Encoded { form, stored: entry.stored(), before };
        decode(&chunk, &mut self.pieces, &mut self.scratch, room, &mut |_| {})?;
        Ok(Some(room))
    }
}

/// The bytes of the image that chunk `index` is made of: those to which it refers, and its own.
fn window(header: &CapsuleHeader, index: u32, form: Form) -> Range<u64> {
    let start = u64::from(index) << header.chunk_shift;
    start - form.before_len(header.chunk_len())..start + header.raw_len(index)
}

/// The bytes of a file, piece by piece.
struct Pieces<'f, 'a> {
    file: &'f StickFile<'a>,
    bytes: Vec<u8>,
}

impl Stored for Pieces<'_, '_> {
    type Error = ReadError;

    fn piece(&mut self, offset: u64, max: usize) -> Result<&[u8], ReadError> {
        self.bytes = self.file.read(offset, max.min(RUN_LEN) as u64)?;
        Ok(&self.bytes)
    }
}
