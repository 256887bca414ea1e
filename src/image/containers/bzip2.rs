//! bzip2: one or more streams behind each other.

use std::io;

use bzip2::bufread::BzDecoder;

use super::fault::Fault;
use super::member::Choice;
use super::packing::{Behind, Input, Packing, Sink, behind};

/// What stands behind the header: a block, or the end of a stream without any.
const BLOCK: [u8; 6] = [0x31, 0x41, 0x59, 0x26, 0x53, 0x59];
const END: [u8; 6] = [0x17, 0x72, 0x45, 0x38, 0x50, 0x90];

pub(super) struct Bzip2;

impl Packing for Bzip2 {
    fn name(&self) -> &'static str {
        "bzip2"
    }

    fn extensions(&self) -> &'static [&'static str] {
        &["bz2", "bz"]
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
        sink.take(&mut BzDecoder::new(&mut *reader))?;
        match behind(reader, begins)? {
            Behind::Nothing => return Ok(()),
            Behind::Stream => {}
            Behind::Other => return Err(Fault::behind()),
        }
    }
}

fn begins(head: &[u8]) -> bool {
    match head {
        [b'B', b'Z', b'h', b'1'..=b'9', rest @ ..] => rest.starts_with(&BLOCK) || rest.starts_with(&END),
        _ => false,
    }
}
