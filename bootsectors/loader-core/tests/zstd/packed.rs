//! What libzstd packs comes back, whatever it is.

use super::data::{Numbers, kinds, program, text};
use super::frames::{pack, pack_with, unpack};
use ramkey_format::capsule::{BEFORE_LEN_MAX, CHUNK_SHIFT, CHUNK_SHIFT_RANGE};
use zstd_safe::CParameter;

const CHUNK: usize = 1 << CHUNK_SHIFT;

#[test]
fn data_of_every_kind_comes_back_at_every_level() {
    for (name, data) in kinds(CHUNK) {
        for level in [-7, -1, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 12, 13, 14, 15, 16, 17, 18, 19, 20, 21, 22] {
            let frame = pack(&data, &[], level);
            assert!(unpack(&frame, &[], CHUNK, 1 << 16) == data, "{name} at level {level}");
        }
    }
}

#[test]
fn chunks_of_every_length_come_back() {
    let lengths = CHUNK_SHIFT_RANGE.map(|shift| 1 << shift);
    for len in (1..=20).chain([127, 128, 255, 256, 257, 511, 512, 1000, 65791, 65792, 131_073]).chain(lengths)
    {
        for (name, data) in kinds(len) {
            for level in [1, 19] {
                let frame = pack(&data, &[], level);
                assert!(unpack(&frame, &[], len, 512) == data, "{len} bytes of {name} at level {level}");
            }
        }
    }
}

#[test]
fn matches_reach_what_lies_before_the_chunk() {
    for (name, all) in kinds(4 * CHUNK) {
        for before in [1, 7, 512, 100_000, CHUNK, 3 * CHUNK] {
            let (before, data) = (&all[3 * CHUNK - before..3 * CHUNK], &all[3 * CHUNK..]);
            for level in [1, 19] {
                let frame = pack(data, before, level);
                assert!(unpack(&frame, before, CHUNK, 1 << 16) == data, "{name} behind {}", before.len());
            }
        }
    }
}

#[test]
fn matches_reach_as_far_as_a_table_can_say() {
    let before = Numbers(8).bytes(BEFORE_LEN_MAX as usize);
    let mut data = Numbers(9).bytes(CHUNK);
    let end = before.len() - 4000;
    for (at, from) in [(0, 0), (70_000, 1), (90_000, CHUNK), (100_000, end), (CHUNK - 6000, 10_000)] {
        data[at..at + 4000].copy_from_slice(&before[from..from + 4000]);
    }
    let long = [CParameter::EnableLongDistanceMatching(true), CParameter::MaxBlockSize(48 << 10)];
    let frame = pack_with(&data, &before, 3, &long);
    assert!(frame.len() < CHUNK - 15_000, "it refers to what lies before: {}", frame.len());
    assert!(unpack(&frame, &before, CHUNK, 1 << 16) == data);
    // One byte less before it, and the farthest match is lost.
    assert!(unpack(&frame, &before[1..], CHUNK, 1 << 16) != data);
}

#[test]
fn pieces_of_any_length_give_the_same() {
    for data in [text(CHUNK), program(CHUNK), Numbers(10).bytes(CHUNK)] {
        let frame = pack(&data, &[], 7);
        for piece in [1, 2, 3, 511, 4096, 1 << 20] {
            assert!(unpack(&frame, &[], CHUNK, piece) == data, "pieces of {piece}");
        }
    }
}

#[test]
fn a_block_that_is_too_long_for_the_scratch_memory_is_refused() {
    // Bytes of seven bits: a block of 128 KiB takes 112 KiB.
    let data: Vec<u8> = Numbers(11).bytes(CHUNK).iter().map(|byte| byte & 0x7F).collect();
    let whole = pack_with(&data, &[], 1, &[]);
    assert!(unpack(&whole, &[], CHUNK, 1 << 16) == vec![0; CHUNK]);
    assert!(unpack(&pack(&data, &[], 1), &[], CHUNK, 1 << 16) == data);
}
