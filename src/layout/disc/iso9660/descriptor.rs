//! Volume descriptors. (ECMA-119 section 8; Joliet for the supplementary one.)

use super::fields::{BLOCK, BLOCK_LEN, both_16, both_32, d_character};
use super::names::Naming;
use super::record::{Extent, SELF, record};

/// Types of descriptors. (ECMA-119 section 8.1.1.)
const PRIMARY: u8 = 1;
const SUPPLEMENTARY: u8 = 2;
const TERMINATOR: u8 = 255;
const IDENTIFIER: &[u8] = b"CD001";
const VERSION: u8 = 1;
/// Escape sequence of Joliet's level 3, that is all of UCS-2. (Joliet, "SVD Escape Sequences Field".)
const JOLIET_LEVEL_3: &[u8] = b"%/E";
/// Bytes of a volume's identifier.
const VOLUME_ID_LEN: usize = 32;
/// Who wrote the disc.
const APPLICATION: &str = "RAMKEY";
/// 1 January 1980 at midnight, Greenwich: what every record has too. (ECMA-119 section 8.4.26.1.)
const DATE: &[u8] = b"1980010100000000\0";
/// No date.
const NO_DATE: &[u8] = b"0000000000000000\0";

/// What a volume descriptor says.
#[derive(Clone, Copy, Debug)]
pub(super) struct Descriptor<'v> {
    pub naming: Naming,
    pub label: &'v str,
    /// Blocks of the volume.
    pub blocks: u32,
    /// Bytes of each path table.
    pub path_table_len: u32,
    /// First block of the path table of type L, and of type M.
    pub path_tables: [u32; 2],
    pub root: Extent,
}

impl Descriptor<'_> {
    /// The descriptor's block. Each field is at the offset that the standard gives it, counted from 1 there.
    pub fn block(&self) -> Vec<u8> {
        let joliet = self.naming == Naming::Joliet;
        let mut block = start(if joliet { SUPPLEMENTARY } else { PRIMARY });
        // Flags of a supplementary descriptor: its escape sequence is a registered one.
        block.push(0);
        block.extend(self.text("", 32));
        block.extend(self.text(self.label, VOLUME_ID_LEN));
        block.extend([0; 8]);
        block.extend(both_32(self.blocks));
        let mut escapes = [0; 32];
        if joliet {
            escapes[..JOLIET_LEVEL_3.len()].copy_from_slice(JOLIET_LEVEL_3);
        }
        block.extend(escapes);
        // A set of one volume, which is the first.
        block.extend(both_16(1));
        block.extend(both_16(1));
        block.extend(both_16(BLOCK_LEN as u16));
        block.extend(both_32(self.path_table_len));
        let [low, high] = self.path_tables;
        // Behind each is its second copy, which there is not.
        block.extend(low.to_le_bytes());
        block.extend([0; 4]);
        block.extend(high.to_be_bytes());
        block.extend([0; 4]);
        block.extend(record(SELF, self.root, true, &[]));
        // Volume set, publisher, who prepared the data, and the program.
        for text in ["", "", "", APPLICATION] {
            block.extend(self.text(text, 128));
        }
        // Files with copyright, abstract and bibliography.
        for _ in 0..3 {
            block.extend(self.text("", 37));
        }
        // Made, changed, void after, valid from.
        block.extend([DATE, DATE, NO_DATE, NO_DATE].concat());
        // Version of the structures.
        block.push(1);
        block.resize(BLOCK, 0);
        block
    }

    /// A text field of `len` bytes, with blanks behind the text.
    fn text(&self, text: &str, len: usize) -> Vec<u8> {
        if self.naming == Naming::Level1 {
            let known = text.chars().map(|c| d_character(c) as u8);
            return known.chain(std::iter::repeat(b' ')).take(len).collect();
        }
        let known = text.encode_utf16().filter(|unit| !(0xD800..0xE000).contains(unit));
        let units = known.chain(std::iter::repeat(u16::from(b' '))).take(len / 2);
        let mut field: Vec<u8> = units.flat_map(u16::to_be_bytes).collect();
        field.resize(len, 0);
        field
    }
}

/// The descriptor behind the last one.
pub(super) fn terminator() -> Vec<u8> {
    let mut block = start(TERMINATOR);
    block.resize(BLOCK, 0);
    block
}

fn start(kind: u8) -> Vec<u8> {
    [&[kind], IDENTIFIER, &[VERSION]].concat()
}
