//! xz: one or more streams behind each other. (The .xz File Format, 1.2.)

use std::io;

use lzma_rust2::XzReader;

use super::fault::{Fault, MEMORY_MAX};
use super::member::Choice;
use super::packing::{Behind, Input, Packing, Sink, behind};

/// What a stream begins with.
const MAGIC: &[u8; 6] = b"\xFD7zXZ\0";

pub(super) struct Xz;

impl Packing for Xz {
    fn name(&self) -> &'static str {
        "xz"
    }

    fn extensions(&self) -> &'static [&'static str] {
        &["xz"]
    }

    fn detect(&self, head: &[u8]) -> bool {
        begins(head)
    }

    fn unpack(&self, input: &Input<'_>, _: &mut Choice<'_>, sink: &mut Sink<'_>) -> Result<(), Fault> {
        unpack(&mut input.reader(), sink)
    }
}

/// Puts what all streams of `reader` have into `sink`.
pub(super) fn unpack(reader: &mut dyn io::BufRead, sink: &mut Sink<'_>) -> Result<(), Fault> {
    loop {
        sink.take(&mut XzReader::new_mem_limit(&mut *reader, false, (MEMORY_MAX >> 10) as u32 + SPARE))?;
        match behind(reader, begins)? {
            Behind::Nothing => return Ok(()),
            Behind::Stream => {}
            Behind::Other => return Err(Fault::behind()),
        }
    }
}

/// KiB that a decoder takes beside its dictionary.
pub(super) const SPARE: u32 = 1024;

fn begins(head: &[u8]) -> bool {
    head.starts_with(MAGIC)
}
