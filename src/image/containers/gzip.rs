//! gzip: one or more members behind each other. (RFC 1952.)

use flate2::bufread::GzDecoder;

use super::fault::Fault;
use super::member::Choice;
use super::packing::{Behind, Input, Packing, Sink, behind};

pub(super) struct Gzip;

impl Packing for Gzip {
    fn name(&self) -> &'static str {
        "gzip"
    }

    fn extensions(&self) -> &'static [&'static str] {
        &["gz", "gzip"]
    }

    fn detect(&self, head: &[u8]) -> bool {
        begins(head)
    }

    fn unpack(&self, input: &Input<'_>, _: &mut Choice<'_>, sink: &mut Sink<'_>) -> Result<(), Fault> {
        let mut reader = input.reader();
        loop {
            sink.take(&mut GzDecoder::new(&mut reader))?;
            match behind(&mut reader, begins)? {
                Behind::Nothing => return Ok(()),
                Behind::Stream => {}
                Behind::Other => return Err(Fault::behind()),
            }
        }
    }
}

/// The letters, the only method, and flags and a system that exist.
fn begins(head: &[u8]) -> bool {
    match head {
        [0x1F, 0x8B, 8, flags, _, _, _, _, extra, system, ..] => {
            flags & 0xE0 == 0 && matches!(extra, 0 | 2 | 4) && matches!(system, 0..=13 | 255)
        }
        _ => false,
    }
}
