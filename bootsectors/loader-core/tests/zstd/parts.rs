//! Every part that a frame can have is among what is tested.

use std::collections::BTreeSet;

use super::data::{Numbers, few_symbols, kinds, program, skewed, text};
use super::frames::{block_of, frame_of, pack, unpack};

const LEN: usize = 256 << 10;

/// Names of the parts that `frame` has, as its headers say.
fn parts_of(frame: &[u8], parts: &mut BTreeSet<String>) {
    let mut at = 5 + [1, 2, 4, 8][usize::from(frame[4] >> 6)];
    loop {
        let header = u32::from_le_bytes([frame[at], frame[at + 1], frame[at + 2], 0]);
        let (kind, len) = (header >> 1 & 3, (header >> 3) as usize);
        at += 3;
        parts.insert(format!("block {}", ["raw", "rle", "compressed"][kind as usize]));
        let stored = if kind == 1 { 1 } else { len };
        if kind == 2 {
            compressed_parts(&frame[at..at + len], parts);
        }
        at += stored;
        if header & 1 != 0 {
            assert_eq!(at, frame.len());
            return;
        }
    }
}

fn compressed_parts(block: &[u8], parts: &mut BTreeSet<String>) {
    let (kind, format) = (usize::from(block[0] & 3), usize::from(block[0] >> 2 & 3));
    let mut bytes = [0; 8];
    bytes[..block.len().min(8)].copy_from_slice(&block[..block.len().min(8)]);
    let header = u64::from_le_bytes(bytes);
    let literals = ["raw", "rle", "compressed", "treeless"][kind];
    let mut at = if kind < 2 {
        let (header_len, skipped) = [(1, 3), (2, 4), (1, 3), (3, 4)][format];
        let len = ((header & ((1 << (8 * header_len)) - 1)) >> skipped) as usize;
        header_len + if kind == 0 { len } else { 1 }
    } else {
        let (header_len, width) = [(3, 10), (3, 10), (4, 14), (5, 18)][format];
        if kind == 2 {
            parts.insert(format!("weights {}", if block[header_len] >= 128 { "direct" } else { "packed" }));
        }
        parts.insert(format!("{literals} in {} streams", if format == 0 { 1 } else { 4 }));
        header_len + (header >> (4 + width) & ((1 << width) - 1)) as usize
    };
    parts.insert(format!("literals {literals} {format}"));
    let count = block[at];
    parts.insert(format!(
        "sequences in {} bytes",
        [1, 2, 3][usize::from(count >= 128) + usize::from(count == 255)]
    ));
    if count == 0 {
        parts.insert("no sequences".into());
        return;
    }
    at += [1, 2, 3][usize::from(count >= 128) + usize::from(count == 255)];
    for (shift, code) in [(6, "literal lengths"), (4, "offsets"), (2, "match lengths")] {
        let mode = ["usual", "rle", "told", "repeated"][usize::from(block[at] >> shift & 3)];
        parts.insert(format!("{code} {mode}"));
    }
}

/// Data that makes the compressor use what it seldom uses.
fn seldom() -> Vec<Vec<u8>> {
    let mut numbers = Numbers(20);
    let phrase = numbers.bytes(64);
    let repeated: Vec<u8> = (0..LEN).map(|at| phrase[at % 64]).collect();
    // Matches of one length behind literals of one number, with literals that are all the same, or have few values.
    let mut regular = Vec::new();
    let mut same = numbers.bytes(3000);
    for index in 0..3000 {
        let from = numbers.below(1000);
        regular.extend_from_slice(&phrase[..8]);
        regular.extend_from_slice(&(index as u32).wrapping_mul(2_654_435_761).to_le_bytes()[..4]);
        let match_len = 16 + numbers.below(9);
        same.extend_from_within(from..from + match_len);
        same.push(0xAA);
    }
    let short_text = text(LEN).chunks(700).flat_map(|words| [words, &[0; 300][..]].concat()).collect();
    vec![repeated, regular, same, short_text, few_symbols(3000), text(120), program(900), skewed(40_000)]
}

#[test]
fn nothing_that_a_frame_can_have_is_left_out() {
    let mut found = BTreeSet::new();
    let all = kinds(LEN).into_iter().chain(kinds(60_000)).map(|(_, data)| data).chain(seldom());
    for data in all {
        for level in [-5, 1, 3, 6, 9, 15, 19, 22] {
            let frame = pack(&data, &[], level);
            parts_of(&frame, &mut found);
            assert!(unpack(&frame, &[], data.len(), 1 << 16) == data);
        }
    }
    let expected = [
        "block compressed",
        "block raw",
        "block rle",
        "compressed in 1 streams",
        "compressed in 4 streams",
        "literal lengths repeated",
        "literal lengths rle",
        "literal lengths told",
        "literal lengths usual",
        "literals compressed 0",
        "literals compressed 1",
        "literals compressed 2",
        "literals compressed 3",
        "literals raw 0",
        "literals raw 1",
        "literals raw 2",
        "literals raw 3",
        "literals rle 1",
        "match lengths repeated",
        "match lengths rle",
        "match lengths told",
        "match lengths usual",
        "no sequences",
        "offsets repeated",
        "offsets rle",
        "offsets told",
        "offsets usual",
        "sequences in 1 bytes",
        "sequences in 2 bytes",
        "treeless in 1 streams",
        "treeless in 4 streams",
        "weights packed",
    ];
    let missing: Vec<&str> = expected.into_iter().filter(|part| !found.contains(*part)).collect();
    assert!(missing.is_empty(), "missing {missing:?} of {found:#?}");
}

/// A compressed block without sequences, whose literals section is this.
fn literals_only(section: &[u8]) -> Vec<u8> {
    block_of(2, section.len() + 1, &[section, &[0]].concat())
}

/// What a frame has, its blocks, and what is in the room then.
type Case<'c> = (&'c str, &'c [&'c [u8]], &'c [u8]);

#[test]
fn blocks_that_are_written_by_hand_are_unpacked_or_refused() {
    let raw = block_of(0, 3, b"abc");
    let none = block_of(0, 0, b"");
    let rle = block_of(1, 5, b"z");
    let cases: &[Case] = &[
        ("a raw block", &[&raw], b"abc"),
        ("one byte", &[&rle], b"zzzzz"),
        ("empty blocks", &[&none, &raw, &none, &rle, &none], b"abczzzzz"),
        ("raw literals", &[&literals_only(&[3 << 3, b'a', b'b', b'c'])], b"abc"),
        ("raw literals, two bytes", &[&literals_only(&[0x34, 0, b'a', b'b', b'c'])], b"abc"),
        ("raw literals, three bytes", &[&literals_only(&[0x3C, 0, 0, b'a', b'b', b'c'])], b"abc"),
        ("the same literals", &[&literals_only(&[1 | 4 << 3, b'q'])], b"qqqq"),
        // Two symbols of one bit each, of weight 1; that of the second is not written.
        ("weights that are written so", &[&literals_only(&huffman(&[1, 0, 1, 1], 0))], &[1, 0, 1, 1]),
        (
            "and the code again",
            &[&literals_only(&huffman(&[1], 0)), &literals_only(&treeless(&[0, 1]))],
            &[1, 0, 1],
        ),
        ("a code that was not told", &[&literals_only(&treeless(&[1, 1]))], &[0, 0]),
        ("bits that are left over", &[&raw, &literals_only(&huffman(&[1, 0, 1], 1))], b"abc\0\0\0"),
        ("a match", &[&raw, &same_sequences(1, 2, 0b110)], b"abcabc"),
        ("tables that were not told", &[&raw, &block_of(2, 4, &[0, 1, 0xFC, 1])], b"abc\0\0\0"),
        ("a reserved bit", &[&raw, &block_of(2, 7, &[0, 1, 0x55, 0, 0, 0, 1])], b"abc\0\0\0"),
        ("a distance of 0", &[&raw, &same_sequences(1, 1, 0b11)], b"abc\0\0\0"),
        ("a match before everything", &[&raw, &same_sequences(1, 2, 0b111)], b"abc\0\0\0"),
        ("a match behind the end", &[&raw, &same_sequences(1, 2, 0b110)], b"abc\0\0"),
        ("bytes behind the end", &[&raw, &same_sequences(1, 2, 0b110), &raw], b"abcabc\0\0"),
        ("a block too many", &[&raw, &raw], b"abc"),
    ];
    for (what, blocks, expected) in cases {
        let room = unpack(&frame_of(expected.len(), blocks), &[], expected.len(), 100);
        assert_eq!(room, *expected, "{what}");
    }
}

#[test]
fn a_block_may_have_very_many_sequences() {
    let start: Vec<u8> = (0..8).collect();
    let mut expected = start.clone();
    for index in 0..0x7F00 + 200 {
        // Without literals, the newest two distances take turns.
        let distance = if index % 2 == 0 { 4 } else { 1 };
        (0..3).for_each(|_| expected.push(expected[expected.len() - distance]));
    }
    let frame = frame_of(expected.len(), &[&block_of(0, 8, &start), &same_sequences(0x7F00 + 200, 0, 1)]);
    assert!(unpack(&frame, &[], expected.len(), 100) == expected);
}

/// Literals in one stream, of a code with the bytes 0 and 1; `more` bits are there that belong to none.
fn huffman(values: &[u32], more: usize) -> Vec<u8> {
    let stream = values.iter().fold(1, |bits, value| bits << 1 | value) << more;
    let header = 2 | (values.len() as u32) << 4 | 3 << 14;
    [&header.to_le_bytes()[..3], &[128, 0x10, stream as u8]].concat()
}

/// The same without the code.
fn treeless(values: &[u32]) -> Vec<u8> {
    let stream = values.iter().fold(1, |bits, value| bits << 1 | value);
    let header = 3 | (values.len() as u32) << 4 | 1 << 14;
    [&header.to_le_bytes()[..3], &[stream as u8]].concat()
}

/// A block of `count` sequences without literals, with matches of 3 bytes, whose distances have this code and these bits
/// behind an end mark.
fn same_sequences(count: usize, code: u8, stream: u8) -> Vec<u8> {
    let count = match count {
        ..128 => vec![count as u8],
        0x7F00.. => [&[255][..], &((count - 0x7F00) as u16).to_le_bytes()].concat(),
        _ => unreachable!("no test needs it"),
    };
    let block = [&[0][..], &count, &[0x54, 0, code, 0, stream]].concat();
    block_of(2, block.len(), &block)
}
