//! The sequences of a block (RFC 8878, section 3.1.1.3.2): so many literals, and a match.

use zerocopy::little_endian::U32;

use super::bits::{Bits, READ_MAX};
use super::codes::{Code, LITERAL_LENGTHS, MATCH_LENGTHS, OFFSETS};
use super::fse::{self, Entry};
use super::literals::Reader;
use super::output::Output;
use super::scratch::{Block, Tables};
use super::section::Section;
use crate::room::Room;

/// What a block leaves to the next one.
pub struct History {
    /// log2 of the Huffman table's entries; 0 while there is no table.
    pub huffman_log: u32,
    /// Of each table, log2 of its entries; `None` while there is no table.
    literal_lengths: Option<u32>,
    offsets: Option<u32>,
    match_lengths: Option<u32>,
    /// The last three distances, the newest first.
    distances: [u32; 3],
}

impl History {
    /// That of a frame's first block.
    pub fn new() -> Self {
        Self {
            huffman_log: 0,
            literal_lengths: None,
            offsets: None,
            match_lengths: None,
            distances: [1, 4, 8],
        }
    }

    /// The distance that `value` names, in a sequence with or without literals (section 3.1.1.5).
    #[inline(always)]
    fn distance(&mut self, value: u32, has_literals: bool) -> u32 {
        let [first, second, third] = self.distances;
        if value > 3 {
            self.distances = [value - 3, first, second];
            return value - 3;
        }
        match value + u32::from(!has_literals) {
            1 => {}
            2 => self.distances = [second, first, third],
            3 => self.distances = [third, first, second],
            // 0 if it is damaged: nothing lies there.
            _ => self.distances = [first.wrapping_sub(1), first, second],
        }
        self.distances[0]
    }
}

/// Reads the section's header and the tables; returns how many sequences there are.
pub fn open(block: &Block, section: &mut Section, tables: &mut Tables, history: &mut History) -> Option<u32> {
    let count = match u32::from(section.byte(block)?) {
        0 => return Some(0),
        few @ ..128 => few,
        some @ ..255 => (some - 128) << 8 | u32::from(section.byte(block)?),
        _ => {
            let low = section.byte(block)?;
            u32::from(u16::from_le_bytes([low, section.byte(block)?])) + 0x7F00
        }
    };
    let modes = section.byte(block)?;
    if modes & 3 != 0 {
        return None;
    }
    let mut read = |mode: u8, code: &Code, table: &mut [U32], log: &mut Option<u32>| {
        *log = Some(table_of(block, section, mode & 3, code, table, *log)?);
        Some(())
    };
    read(modes >> 6, &LITERAL_LENGTHS, &mut tables.literal_lengths, &mut history.literal_lengths)?;
    read(modes >> 4, &OFFSETS, &mut tables.offsets, &mut history.offsets)?;
    read(modes >> 2, &MATCH_LENGTHS, &mut tables.match_lengths, &mut history.match_lengths)?;
    Some(count)
}

/// Makes the table of a code, or keeps that of a block before; returns log2 of its entries.
fn table_of(
    block: &Block,
    section: &mut Section,
    mode: u8,
    code: &Code,
    table: &mut [U32],
    before: Option<u32>,
) -> Option<u32> {
    match mode {
        0 => {
            fse::fill(table, &code.usual, code.usual_log)?;
            Some(code.usual_log)
        }
        1 => {
            let symbol = section.byte(block).filter(|symbol| usize::from(*symbol) < code.symbols)?;
            fse::fill_with_one(table, symbol)?;
            Some(0)
        }
        2 => {
            let (counts, log) = fse::counts(block, section, code.log_max, code.symbols)?;
            fse::fill(table, &counts, log)?;
            Some(log)
        }
        _ => before,
    }
}

/// Puts everything that a block says: the sequences in `section`, and the literals behind the last one.
pub fn run(
    block: &Block,
    section: Section,
    count: u32,
    tables: &Tables,
    history: &mut History,
    mut literals: Reader,
    output: &mut Output<impl Room + ?Sized>,
) -> Option<()> {
    match count {
        0 if section.len() > 0 => return None,
        0 => {}
        _ => sequences(block, section, count, tables, history, &mut literals, output)?,
    }
    let left = literals.left();
    put_literals(&mut literals, left, output)
}

fn sequences(
    block: &Block,
    section: Section,
    count: u32,
    tables: &Tables,
    history: &mut History,
    literals: &mut Reader,
    output: &mut Output<impl Room + ?Sized>,
) -> Option<()> {
    let mut bits = Bits::new(block, section)?;
    let mut literal_state = bits.read(block, history.literal_lengths?);
    let mut offset_state = bits.read(block, history.offsets?);
    let mut match_state = bits.read(block, history.match_lengths?);
    let mut left = count;
    loop {
        let literal = Entry::of(&tables.literal_lengths, literal_state);
        let offset = Entry::of(&tables.offsets, offset_state);
        let matched = Entry::of(&tables.match_lengths, match_state);

        let width = offset.symbol() as u32;
        if width >= READ_MAX {
            return None;
        }
        let value = (1 << width) + bits.read(block, width);
        let (mut literal_len, literal_bits) = LITERAL_LENGTHS.value(literal.symbol());
        let (mut match_len, match_bits) = MATCH_LENGTHS.value(matched.symbol());
        if match_bits + literal_bits > 0 {
            match_len += bits.read(block, match_bits);
            literal_len += bits.read(block, literal_bits);
        }
        let distance = history.distance(value, literal_len > 0);
        match literals.few(literal_len as usize) {
            Some(few) => output.put_few(few, literal_len as usize)?,
            None => put_literals(literals, literal_len as usize, output)?,
        }
        output.put_again(distance as usize, match_len as usize)?;

        left -= 1;
        if left == 0 {
            break;
        }
        // Together they are at most one bit longer than what is read at once.
        let (literal_width, match_width, offset_width) = (literal.bits(), matched.bits(), offset.bits());
        let first = bits.read(block, literal_width + match_width);
        literal_state = literal.next(first >> match_width);
        match_state = matched.next(first & ((1 << match_width) - 1));
        offset_state = offset.next(bits.read(block, offset_width));
        if bits.left() < 0 {
            return None;
        }
    }
    if bits.left() == 0 { Some(()) } else { None }
}

/// Puts the next `len` literals.
#[inline(never)]
fn put_literals(
    literals: &mut Reader,
    mut len: usize,
    output: &mut Output<impl Room + ?Sized>,
) -> Option<()> {
    while len > 0 {
        let bytes = literals.next(len)?;
        output.put(bytes)?;
        len -= bytes.len();
    }
    Some(())
}
