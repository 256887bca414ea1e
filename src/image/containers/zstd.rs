//! zstd: one or more frames behind each other, and some that are skipped. (RFC 8878.)

use std::io::BufRead;

use zstd_safe::{DCtx, DParameter, InBuffer, OutBuffer, get_error_name};

use super::fault::Fault;
use super::member::Choice;
use super::packing::{Behind, Input, Packing, Sink, behind};

/// What a frame begins with.
const MAGIC: &[u8; 4] = b"\x28\xB5\x2F\xFD";
/// log2 of the largest window: twice what zstd itself takes unless it is asked for more.
const WINDOW_LOG_MAX: u32 = 28;
/// Bytes that come out at once.
const PIECE: usize = 1 << 17;
/// Frames that are skipped in front of the first, at most, when it is looked for.
const SKIPPED_MAX: usize = 4;

pub(super) struct Zstd;

impl Packing for Zstd {
    fn name(&self) -> &'static str {
        "zstd"
    }

    fn extensions(&self) -> &'static [&'static str] {
        &["zst", "zstd"]
    }

    fn detect(&self, head: &[u8]) -> bool {
        let mut head = head;
        for _ in 0..SKIPPED_MAX {
            match skipped(head).and_then(|len| head.get(len..)) {
                Some(rest) => head = rest,
                None => break,
            }
        }
        // Bit 3 of the descriptor is reserved.
        head.starts_with(MAGIC) && head.get(4).is_some_and(|descriptor| descriptor & 8 == 0)
    }

    fn unpack(&self, input: &Input<'_>, _: &mut Choice<'_>, sink: &mut Sink<'_>) -> Result<(), Fault> {
        unpack(&mut input.reader(), input.memory(), sink)
    }
}

/// Bytes of the frame at the start of `head`, if it is one that is skipped.
pub(super) fn skipped(head: &[u8]) -> Option<usize> {
    match head {
        [0x50..=0x5F, 0x2A, 0x4D, 0x18, a, b, c, d, ..] => {
            (u32::from_le_bytes([*a, *b, *c, *d]) as usize).checked_add(8)
        }
        _ => None,
    }
}

/// Puts what all frames of `reader` have into `sink`; a decoder may take so much `memory`.
pub(super) fn unpack(reader: &mut dyn BufRead, memory: u64, sink: &mut Sink<'_>) -> Result<(), Fault> {
    let mut context = DCtx::try_create().ok_or(Fault::Memory(None))?;
    context
        .set_parameter(DParameter::WindowLogMax(memory.ilog2().clamp(10, WINDOW_LOG_MAX)))
        .map_err(fault)?;
    let mut piece = vec![0; PIECE];
    loop {
        let bytes = reader.fill_buf()?;
        if bytes.is_empty() {
            return Err(Fault::Short);
        }
        let mut input = InBuffer::around(bytes);
        let mut output = OutBuffer::around(&mut piece[..]);
        let wanted = context.decompress_stream(&mut output, &mut input).map_err(fault)?;
        let (read, put) = (input.pos(), output.pos());
        reader.consume(read);
        sink.take_bytes(&piece[..put])?;
        // Nothing more is wanted at the end of a frame.
        if wanted == 0 {
            match behind(reader, |head| head.starts_with(MAGIC) || skipped(head).is_some())? {
                Behind::Nothing => return Ok(()),
                Behind::Stream => {}
                Behind::Other => return Err(Fault::behind()),
            }
        }
    }
}

fn fault(code: usize) -> Fault {
    match get_error_name(code) {
        "Frame requires too much memory for decoding" => Fault::Memory(None),
        name => Fault::Damaged(name.to_owned()),
    }
}
