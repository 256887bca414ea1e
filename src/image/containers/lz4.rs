//! lz4: one or more frames behind each other, those of old versions, and some that are skipped. (LZ4 Frame Format, 1.6.)

use std::hash::Hasher;
use std::io::{self, BufRead};

use lz4_flex::block::decompress_into_with_dict;
use twox_hash::XxHash32;

use super::fault::{BY_HAND, Fault};
use super::member::Choice;
use super::packing::{Behind, Input, Packing, Sink, behind};
use super::zstd::skipped;

/// What a frame begins with, and one of an old version.
const MAGIC: &[u8; 4] = b"\x04\x22\x4D\x18";
const OLD_MAGIC: &[u8; 4] = b"\x02\x21\x4C\x18";
/// Bytes of each block of an old frame but the last.
const OLD_BLOCK_LEN: usize = 8 << 20;
/// How far back a block can reach.
const WINDOW: usize = 64 << 10;

/// Bits of the flags of a frame.
const LINKED: u8 = 0x20;
const BLOCK_SUMS: u8 = 0x10;
const LEN: u8 = 8;
const SUM: u8 = 4;
const DICTIONARY: u8 = 1;
/// Bits that are reserved, and must be 0: of the flags and of the byte behind them.
const RESERVED: [u8; 2] = [2, 0x8F];
/// Bit of the length of a block that is stored as it is.
const STORED: u32 = 1 << 31;

pub(super) struct Lz4;

impl Packing for Lz4 {
    fn name(&self) -> &'static str {
        "lz4"
    }

    fn extensions(&self) -> &'static [&'static str] {
        &["lz4"]
    }

    fn detect(&self, head: &[u8]) -> bool {
        if head.starts_with(OLD_MAGIC) {
            let len = head.get(4..).and_then(|rest| rest.first_chunk());
            return len.is_some_and(|len| {
                (1..=most_packed(OLD_BLOCK_LEN) as u32).contains(&u32::from_le_bytes(*len))
            });
        }
        match head {
            [rest @ .., _] if rest.starts_with(MAGIC) => {
                rest.get(4..6).is_some_and(|bytes| bytes[0] >> 6 == 1 && are_free(bytes))
            }
            _ => false,
        }
    }

    fn unpack(&self, input: &Input<'_>, _: &mut Choice<'_>, sink: &mut Sink<'_>) -> Result<(), Fault> {
        let mut reader = input.reader();
        let mut blocks = Blocks::default();
        loop {
            let magic: [u8; 4] = bytes(&mut reader)?;
            match &magic {
                OLD_MAGIC => blocks.old_frame(&mut reader, sink)?,
                MAGIC => blocks.frame(&mut reader, sink)?,
                _ => {
                    let len = u32::from_le_bytes(bytes(&mut reader)?);
                    let taken = io::copy(&mut io::Read::take(&mut reader, len.into()), &mut io::sink())?;
                    if taken < len.into() {
                        return Err(Fault::Short);
                    }
                }
            }
            match behind(&mut reader, begins)? {
                Behind::Nothing => return Ok(()),
                Behind::Stream => {}
                Behind::Other => return Err(Fault::behind()),
            }
        }
    }
}

fn begins(head: &[u8]) -> bool {
    head.starts_with(MAGIC) || head.starts_with(OLD_MAGIC) || skipped(head).is_some()
}

fn are_free(bytes: &[u8]) -> bool {
    bytes.iter().zip(RESERVED).all(|(byte, reserved)| byte & reserved == 0)
}

/// Most bytes that a block of `len` bytes can be packed to.
fn most_packed(len: usize) -> usize {
    len + len / 255 + 16
}

fn bytes<const N: usize>(reader: &mut dyn BufRead) -> io::Result<[u8; N]> {
    let mut bytes = [0; N];
    reader.read_exact(&mut bytes).map(|()| bytes)
}

fn sum(bytes: &[u8]) -> u32 {
    XxHash32::oneshot(0, bytes)
}

fn wrong(what: &str) -> Fault {
    Fault::Damaged(format!("the checksum of {what} is wrong"))
}

/// What the blocks of a frame need: what is packed, room for what comes out, and what came out before.
#[derive(Default)]
struct Blocks {
    packed: Vec<u8>,
    room: Vec<u8>,
    before: Vec<u8>,
}

impl Blocks {
    /// A frame behind its first four bytes.
    fn frame(&mut self, reader: &mut dyn BufRead, sink: &mut Sink<'_>) -> Result<(), Fault> {
        let mut header = bytes::<2>(reader)?.to_vec();
        let [flags, size] = [header[0], header[1]];
        if flags >> 6 != 1 || !are_free(&header) {
            return Err(Fault::Other("its frame is of a version that is not known".into(), BY_HAND));
        }
        let len = if flags & LEN == 0 { None } else { Some(u64::from_le_bytes(bytes(reader)?)) };
        len.iter().for_each(|len| header.extend(len.to_le_bytes()));
        if flags & DICTIONARY != 0 {
            return Err(Fault::Other("it was packed with a dictionary, which is not in it".into(), BY_HAND));
        }
        let [header_sum] = bytes(reader)?;
        if header_sum != (sum(&header) >> 8) as u8 {
            return Err(wrong("a frame's header"));
        }
        let block_len = match size >> 4 {
            size @ 4..=7 => 1usize << (8 + 2 * size),
            size => return Err(Fault::Damaged(format!("a frame has blocks of the size {size}"))),
        };
        let start = sink.len();
        let mut hash = XxHash32::with_seed(0);
        self.before.clear();
        loop {
            let stored = u32::from_le_bytes(bytes(reader)?);
            if stored == 0 {
                break;
            }
            self.read(reader, stored & !STORED, block_len)?;
            if flags & BLOCK_SUMS != 0 && u32::from_le_bytes(bytes(reader)?) != sum(&self.packed) {
                return Err(wrong("a block"));
            }
            let len = if stored & STORED == 0 { Some(self.unpack(block_len)?) } else { None };
            let plain = len.map_or(&self.packed[..], |len| &self.room[..len]);
            if flags & SUM != 0 {
                hash.write(plain);
            }
            sink.take_bytes(plain)?;
            if flags & LINKED == 0 {
                // What the next block may refer to.
                self.before.extend_from_slice(plain);
                let far = self.before.len().saturating_sub(WINDOW);
                self.before.drain(..far);
            }
        }
        if flags & SUM != 0 && u64::from(u32::from_le_bytes(bytes(reader)?)) != hash.finish() {
            return Err(wrong("a frame"));
        }
        match len {
            Some(len) if len != sink.len() - start => {
                Err(Fault::Damaged("a frame has another length than it says".into()))
            }
            _ => Ok(()),
        }
    }

    /// An old frame behind its first four bytes: it ends with the file, or where another frame begins.
    fn old_frame(&mut self, reader: &mut dyn BufRead, sink: &mut Sink<'_>) -> Result<(), Fault> {
        self.before.clear();
        loop {
            let head = reader.fill_buf()?;
            if head.is_empty() || begins(head) || head.starts_with(&[0; 4]) {
                return Ok(());
            }
            let len = u32::from_le_bytes(bytes(reader)?);
            self.read(reader, len, most_packed(OLD_BLOCK_LEN))?;
            let len = self.unpack(OLD_BLOCK_LEN)?;
            sink.take_bytes(&self.room[..len])?;
        }
    }

    /// Reads a block of `len` bytes, which has at most `most`.
    fn read(&mut self, reader: &mut dyn BufRead, len: u32, most: usize) -> Result<(), Fault> {
        if len as usize > most {
            return Err(Fault::Damaged("a block is longer than it can be".into()));
        }
        self.packed.clear();
        let taken = io::Read::read_to_end(&mut io::Read::take(reader, len.into()), &mut self.packed)?;
        if taken < len as usize { Err(Fault::Short) } else { Ok(()) }
    }

    /// Unpacks the block that was read, and says how many bytes it became, at most `most`.
    fn unpack(&mut self, most: usize) -> Result<usize, Fault> {
        if self.room.len() < most {
            self.room = vec![0; most];
        }
        let done = decompress_into_with_dict(&self.packed, &mut self.room[..most], &self.before);
        done.map_err(|error| Fault::Damaged(error.to_string()))
    }
}
