//! xz: one or more streams behind each other. (The .xz File Format, 1.2.)

use std::io::BufRead;

use lzma_rust2::XzReader;

use super::fault::Fault;
use super::member::Choice;
use super::packing::{Behind, Input, Packing, Sink, behind};

/// What a stream begins with.
const MAGIC: &[u8; 6] = b"\xFD7zXZ\0";

/// KiB that a decoder takes beside its dictionary.
const SPARE: u32 = 1024;

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
        unpack(&mut input.reader(), input.memory(), sink)
    }
}

/// Puts what all streams of `reader` have into `sink`; a decoder may take so much `memory`.
pub(super) fn unpack(reader: &mut dyn BufRead, memory: u64, sink: &mut Sink<'_>) -> Result<(), Fault> {
    let limit = u32::try_from(memory >> 10).unwrap_or(u32::MAX - SPARE) + SPARE;
    loop {
        sink.take(&mut XzReader::new_mem_limit(&mut *reader, false, limit))?;
        match behind(reader, begins)? {
            Behind::Nothing => return Ok(()),
            Behind::Stream => {}
            Behind::Other => return Err(Fault::behind()),
        }
    }
}

fn begins(head: &[u8]) -> bool {
    head.starts_with(MAGIC)
}
