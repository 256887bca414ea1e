//! Digits and letters of five rows, which can be read from across the room.

use crate::screen::Text;

/// Rows of a glyph.
pub(super) const ROWS: usize = 5;
/// Points in a row of one; each is two columns wide, because a cell is twice as high as it is wide.
const POINTS: u32 = 3;
/// 0 to 9, the sign for per cent, O and K: the rows from the top, three bits each.
const GLYPHS: [[u8; ROWS]; 13] = [
    [0b111, 0b101, 0b101, 0b101, 0b111],
    [0b010, 0b110, 0b010, 0b010, 0b111],
    [0b111, 0b001, 0b111, 0b100, 0b111],
    [0b111, 0b001, 0b111, 0b001, 0b111],
    [0b101, 0b101, 0b111, 0b001, 0b001],
    [0b111, 0b100, 0b111, 0b001, 0b111],
    [0b111, 0b100, 0b111, 0b101, 0b111],
    [0b111, 0b001, 0b001, 0b001, 0b001],
    [0b111, 0b101, 0b111, 0b101, 0b111],
    [0b111, 0b101, 0b111, 0b001, 0b111],
    [0b101, 0b001, 0b010, 0b100, 0b101],
    [0b111, 0b101, 0b101, 0b101, 0b111],
    [0b101, 0b101, 0b110, 0b101, 0b101],
];
/// The sign for per cent.
const PER_CENT: u32 = 10;
/// O and K.
const OK: [u32; 2] = [11, 12];
/// Columns of two glyphs.
pub(super) const OK_COLUMNS: usize = 4 * POINTS as usize + 2;
/// A full block.
const POINT: u8 = 0xDB;

/// Appends one row of `percent`, which is at most 100.
pub(super) fn percent(line: &mut Text, percent: u32, row: usize) {
    for (least, digit) in [(100, percent / 100), (10, percent / 10 % 10), (0, percent % 10)] {
        if percent >= least {
            glyph(line, digit, row);
        }
    }
    glyph(line, PER_CENT, row);
}

/// Appends one row of `OK`, which is the same in every language.
pub(super) fn ok(line: &mut Text, row: usize) {
    for letter in OK {
        glyph(line, letter, row);
    }
}

fn glyph(line: &mut Text, glyph: u32, row: usize) {
    let bits = GLYPHS.get(glyph as usize).and_then(|rows| rows.get(row)).copied().unwrap_or(0);
    for point in (0..POINTS).rev() {
        let byte = if bits >> point & 1 != 0 { POINT } else { b' ' };
        line.byte(byte).byte(byte);
    }
    line.byte(b' ').byte(b' ');
}
