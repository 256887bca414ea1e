//! The literals of a block (RFC 8878, section 3.1.1.3.1): bytes between matches.

use core::ops::Range;

use super::bits::Bits;
use super::huffman;
use super::scratch::{Block, HuffmanTable, LiteralBuffer};
use super::section::Section;
use crate::room::FEW;

/// Where the literals of a block come from.
pub struct Literals {
    kind: Kind,
    /// How many are not decoded yet.
    left: usize,
}

enum Kind {
    /// As they are, from here on.
    Raw(usize),
    /// All of them this one.
    Same(u8),
    /// In a Huffman code, whose table has 1 << `log` entries: the streams one after the other.
    Huffman {
        log: u32,
        streams: [Bits; 4],
        /// The one that is being decoded, and how many bytes are still in it.
        current: usize,
        in_current: usize,
        /// Bytes in each of the others but the last.
        in_each: usize,
    },
}

impl Literals {
    /// Reads the section's header and the code, if it has one; else that of a block before, whose `log` is 0 if there was
    /// none.
    pub fn open(
        block: &Block,
        section: &mut Section,
        table: &mut HuffmanTable,
        log: &mut u32,
    ) -> Option<Self> {
        let first = section.byte(block)?;
        let (kind, format) = (first & 3, usize::from(first >> 2 & 3));
        if kind < 2 {
            let (more, skipped) = [(0, 3), (1, 4), (0, 3), (2, 4)][format];
            let left = (number(block, section, first, more)? >> skipped) as usize;
            let kind = match kind {
                0 => Kind::Raw(section.split(left)?.at),
                _ => Kind::Same(section.byte(block)?),
            };
            return Some(Self { kind, left });
        }
        let (more, width) = [(2, 10), (2, 10), (3, 14), (4, 18)][format];
        let header = number(block, section, first, more)?;
        let mask = (1 << width) - 1;
        let left = (header >> 4 & mask) as usize;
        let mut part = section.split((header >> (4 + width) & mask) as usize)?;
        if kind == 2 {
            *log = huffman::open(block, &mut part, table)?;
        } else if *log == 0 {
            return None;
        }
        let (streams, in_each) = match format {
            0 => ([Bits::new(block, part)?; 4], left),
            _ => (four_streams(block, part)?, left.div_ceil(4)),
        };
        // The last stream has what the others leave.
        left.checked_sub(if format == 0 { 0 } else { 3 * in_each })?;
        let kind = Kind::Huffman { log: *log, streams, current: 0, in_current: in_each, in_each };
        Some(Self { kind, left })
    }

    /// The same with what is needed to decode them.
    pub fn over<'b>(
        self,
        block: &'b Block,
        table: &'b HuffmanTable,
        buffer: &'b mut LiteralBuffer,
    ) -> Reader<'b> {
        Reader { literals: self, block, table, buffer, ready: 0..0 }
    }
}

/// The header of a section, which begins with `first` and has `more` bytes.
fn number(block: &Block, section: &mut Section, first: u8, more: usize) -> Option<u64> {
    let mut number = u64::from(first);
    for place in 1..=more {
        number |= u64::from(section.byte(block)?) << (8 * place);
    }
    Some(number)
}

/// The four streams of a section, the lengths of three of which come first.
fn four_streams(block: &Block, mut section: Section) -> Option<[Bits; 4]> {
    let mut lengths = [0; 3];
    for len in &mut lengths {
        let low = section.byte(block)?;
        *len = usize::from(u16::from_le_bytes([low, section.byte(block)?]));
    }
    let mut streams = [Bits::default(); 4];
    for (stream, len) in streams.iter_mut().zip(lengths) {
        *stream = Bits::new(block, section.split(len)?)?;
    }
    streams[3] = Bits::new(block, section)?;
    Some(streams)
}

/// Literals while they are put.
pub struct Reader<'b> {
    literals: Literals,
    block: &'b Block,
    table: &'b HuffmanTable,
    buffer: &'b mut LiteralBuffer,
    /// What of the buffer is decoded and not yet put.
    ready: Range<usize>,
}

impl Reader<'_> {
    /// How many there are.
    pub fn left(&self) -> usize {
        self.literals.left + self.ready.len()
    }

    /// The next `len`, if they are few and decoded, with others behind them.
    #[inline(always)]
    pub fn few(&mut self, len: usize) -> Option<&[u8; FEW]> {
        if len > FEW || len > self.ready.len() {
            return None;
        }
        let few = self.buffer.get(self.ready.start..)?.first_chunk()?;
        self.ready.start += len;
        Some(few)
    }

    /// The next ones, at least one and at most `max`, which is not 0. `None` if there are none.
    #[inline(always)]
    pub fn next(&mut self, max: usize) -> Option<&[u8]> {
        if self.ready.is_empty() {
            self.decode()?;
        }
        let start = self.ready.start;
        let end = self.ready.end.min(start + max);
        self.ready.start = end;
        self.buffer.get(start..end)
    }

    /// Decodes as many as the buffer has room for, at least one.
    #[inline(never)]
    fn decode(&mut self) -> Option<()> {
        let Self { literals: Literals { kind, left }, block, table, buffer, ready } = self;
        let mut count = buffer.len().min(*left);
        if let Kind::Huffman { streams, current, in_current, in_each, .. } = kind {
            if *in_current == 0 {
                *current += 1;
                *in_current = if *current == streams.len() - 1 { *left } else { *in_each };
            }
            count = count.min(*in_current);
        }
        let out = buffer.get_mut(..count).filter(|out| !out.is_empty())?;
        match kind {
            Kind::Raw(at) => {
                out.copy_from_slice(block.get(*at..*at + count)?);
                *at += count;
            }
            Kind::Same(byte) => out.fill(*byte),
            Kind::Huffman { log, streams, current, in_current, .. } => {
                let bits = streams.get_mut(*current)?;
                huffman::decode(block, table, *log, bits, out);
                *in_current -= count;
                // A stream ends with its last bit.
                if *in_current == 0 && bits.left() != 0 {
                    return None;
                }
            }
        }
        *left -= count;
        *ready = 0..count;
        Some(())
    }
}
