//! Damage gives other bytes, and nothing else.

use proptest::prelude::*;

use super::data::{Numbers, kinds, mixed, program, text};
use super::frames::{pack, pack_with, unpack};
use zstd_safe::CParameter;

const LEN: usize = 20_000;

#[test]
fn every_truncation_is_seen() {
    for (name, data) in kinds(3000) {
        let frame = pack(&data, &[], 19);
        for len in 0..frame.len() {
            let room = unpack(&frame[..len], &[], data.len(), 1 << 16);
            // Whole blocks are there; what is missing is zeros.
            let same = room.iter().zip(&data).take_while(|(found, expected)| found == expected).count();
            assert!(room[same..].iter().all(|byte| *byte == 0), "{name} cut to {len}");
        }
    }
}

/// Some bits mean nothing, such as those that fill up a byte, and some have a second value that means the same: another match
/// of the same bytes. Then the chunk is what it was, which its hash says. They must stay few, or damage would be hard to find.
#[test]
fn every_bit_may_be_wrong_and_few_mean_nothing() {
    for (name, data) in kinds(1500) {
        let frame = pack(&data, &[], 19);
        let mut same = 0;
        for bit in 0..8 * frame.len() {
            let mut wrong = frame.clone();
            wrong[bit / 8] ^= 1 << (bit % 8);
            let room = unpack(&wrong, &[], data.len(), 1 << 16);
            assert_eq!(room.len(), data.len(), "{name}");
            same += usize::from(room == data);
        }
        // What is missing is zeros, so of zeros nothing is. Every frame has a bit that says where it ends, and its end is known.
        let most = if name == "zeros" { 8 * frame.len() } else { 8 + frame.len() / 20 };
        assert!((1..=most).contains(&same), "{name}: {same} bits of {} bytes", frame.len());
    }
}

#[test]
fn a_frame_of_another_kind_is_not_unpacked() {
    let data = text(LEN);
    let refused = |frame: &[u8], what: &str| {
        assert!(unpack(frame, &[], LEN, 1 << 16) == vec![0; LEN], "{what}");
    };
    let frame = pack(&data, &[], 3);
    assert!(unpack(&frame, &[], LEN, 1 << 16) == data);
    refused(&pack_with(&data, &[], 3, &[CParameter::ChecksumFlag(true)]), "a checksum");
    refused(&pack_with(&data, &[], 3, &[CParameter::ContentSizeFlag(false)]), "no length");
    refused(&pack(&data[..LEN - 1], &[], 3), "a shorter one");
    refused(&pack(&text(LEN + 1), &[], 3), "a longer one");
    refused(&frame[4..], "no magic");
    refused(&[], "nothing");
    refused(&[&[0x50, 0x2A, 0x4D, 0x18, 0, 0, 0, 0], &frame[..]].concat(), "one that is skipped");
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(400))]

    #[test]
    fn anything_may_be_behind_a_header(bytes in prop::collection::vec(any::<u8>(), 0..2000), len in 1_usize..70_000) {
        let frame = [&[0x28, 0xB5, 0x2F, 0xFD, 0xA0][..], &(len as u32).to_le_bytes(), &bytes].concat();
        unpack(&frame, &[1, 2, 3], len, 700);
    }

    #[test]
    fn any_bytes_may_be_wrong(
        seed in 1_u64..1000,
        kind in 0_usize..4,
        level in 1..20,
        wrong in prop::collection::vec((any::<prop::sample::Index>(), any::<u8>()), 1..8),
    ) {
        let data = [text(LEN), program(LEN), mixed(LEN), Numbers(seed).bytes(LEN)][kind].clone();
        let before = &data[..LEN / 2];
        let mut frame = pack(&data[LEN / 3..], before, level);
        for (at, byte) in wrong {
            let at = at.index(frame.len());
            frame[at] = byte;
        }
        unpack(&frame, before, LEN - LEN / 3, 1 << 16);
    }
}
