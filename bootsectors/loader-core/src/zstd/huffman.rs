//! The Huffman code of a block's literals (RFC 8878, section 4.2).

use zerocopy::little_endian::U32;

use super::bits::{Bits, READ_MAX};
use super::fse::{self, Entry};
use super::scratch::{Block, HUFFMAN_LOG, HuffmanTable};
use super::section::Section;

/// Symbols of a code: all bytes.
const SYMBOLS: usize = 256;
/// log2 of the longest table of the code in which weights are written.
const WEIGHT_LOG: u32 = 6;
/// First value of the header from which on weights are not packed; the number of weights less one is above it.
const DIRECT: u8 = 128;

const _: () = assert!(2 * HUFFMAN_LOG <= READ_MAX);

/// How long the code of each byte is: 0 there is none, else the longer the code the smaller. The last one is not written.
struct Weights {
    weights: [u8; SYMBOLS],
    count: usize,
}

impl Weights {
    fn push(&mut self, weight: u8) -> Option<()> {
        // The last symbol's is added later.
        if self.count >= SYMBOLS - 1 {
            return None;
        }
        self.weights[self.count] = weight;
        self.count += 1;
        Some(())
    }
}

/// Reads a code and makes its table; returns log2 of the table's entries.
pub fn open(block: &Block, section: &mut Section, table: &mut HuffmanTable) -> Option<u32> {
    let mut read = Weights { weights: [0; SYMBOLS], count: 0 };
    let header = section.byte(block)?;
    if header >= DIRECT {
        let count = usize::from(header - DIRECT) + 1;
        let mut part = section.split(count.div_ceil(2))?;
        while read.count < count {
            let byte = part.byte(block)?;
            read.push(byte >> 4)?;
            if read.count < count {
                read.push(byte & 15)?;
            }
        }
    } else {
        let mut part = section.split(usize::from(header))?;
        packed_weights(block, &mut part, &mut read)?;
    }
    fill(table, &mut read)
}

/// Reads weights that are packed: two states take turns (section 4.2.1.2).
fn packed_weights(block: &Block, section: &mut Section, read: &mut Weights) -> Option<()> {
    let (counts, log) = fse::counts(block, section, WEIGHT_LOG, fse::SYMBOLS_MAX)?;
    let mut table = [U32::new(0); 1 << WEIGHT_LOG];
    fse::fill(&mut table, &counts, log)?;
    let mut bits = Bits::new(block, *section)?;
    let mut states = [bits.read(block, log), bits.read(block, log)];
    if bits.left() < 0 {
        return None;
    }
    let mut turn = 0;
    loop {
        let entry = Entry::of(&table, states[turn]);
        read.push(entry.symbol() as u8)?;
        states[turn] = entry.next(bits.read(block, entry.bits()));
        turn ^= 1;
        if bits.left() < 0 {
            return read.push(Entry::of(&table, states[turn]).symbol() as u8);
        }
    }
}

/// Adds the weight that is not written and makes the table (section 4.2.1.3).
fn fill(table: &mut HuffmanTable, read: &mut Weights) -> Option<u32> {
    let mut used = 0_u32;
    for &weight in &read.weights[..read.count] {
        if u32::from(weight) > HUFFMAN_LOG {
            return None;
        }
        used += (1 << weight) >> 1;
    }
    let log = used.checked_ilog2()? + 1;
    let left = (1 << log) - used;
    if log > HUFFMAN_LOG || !left.is_power_of_two() {
        return None;
    }
    read.weights[read.count] = left.ilog2() as u8 + 1;
    // The longest codes come first.
    let mut at = 0;
    for weight in 1..=log {
        let entries = 1_usize << (weight - 1);
        for (symbol, _) in (0_u16..).zip(&read.weights).filter(|(_, found)| u32::from(**found) == weight) {
            let entry = symbol | ((log + 1 - weight) as u16) << 8;
            table.get_mut(at..at + entries)?.fill(entry.into());
            at += entries;
        }
    }
    Some(log)
}

/// Decodes as many bytes as `out` has, from a code whose table has 1 << `log` entries. What it decodes has no meaning when
/// there are not enough bits: see [`Bits::left`].
pub fn decode(block: &Block, table: &HuffmanTable, log: u32, bits: &mut Bits, out: &mut [u8]) {
    let mask = (1_u32 << log) - 1;
    let entry = |index: u32| {
        let entry = table[(index & mask) as usize & (table.len() - 1)].get();
        (entry as u8, u32::from(entry >> 8))
    };
    let (pairs, rest) = out.as_chunks_mut::<2>();
    for pair in pairs {
        let next = bits.peek(block, 2 * log);
        let (first, first_len) = entry(next >> log);
        let (second, second_len) = entry(next >> (log - first_len));
        *pair = [first, second];
        bits.skip(first_len + second_len);
    }
    for byte in rest {
        let (found, len) = entry(bits.peek(block, log));
        *byte = found;
        bits.skip(len);
    }
}
