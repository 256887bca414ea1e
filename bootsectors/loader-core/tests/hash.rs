//! Our BLAKE3 agrees with the reference crate, whole and by pieces.

mod common;

use blake3::hazmat::HasherExt;
use common::Lcg;
use ramkey_loader_core::blake3::{ChunkHasher, Combiner, hash};

fn lengths() -> Vec<usize> {
    let mut lengths: Vec<usize> = (0..=130).collect();
    for leaves in [1, 2, 3, 4, 5, 7, 8, 9, 16, 17, 31, 64, 100, 128, 255, 1024] {
        lengths.extend([leaves * 1024 - 1, leaves * 1024, leaves * 1024 + 1, leaves * 1024 + 65]);
    }
    lengths
}

#[test]
fn every_length_hashes_as_b3sum_prints_it() {
    let data = Lcg(1).bytes(1024 * 1024 + 65);
    for len in lengths() {
        assert_eq!(hash(&data[..len]), *blake3::hash(&data[..len]).as_bytes(), "{len} bytes");
    }
}

#[test]
fn the_way_the_message_is_cut_does_not_matter() {
    let mut random = Lcg(2);
    let data = random.bytes(70_000);
    let expected = *blake3::hash(&data).as_bytes();
    for most in [1, 2, 63, 64, 65, 127, 128, 1000, 1024, 4096, 65_024] {
        let mut hasher = ChunkHasher::new(0);
        let mut rest = &data[..];
        while !rest.is_empty() {
            let (piece, tail) = rest.split_at((1 + random.below(most) as usize).min(rest.len()));
            hasher.update(piece);
            hasher.update(&[]);
            rest = tail;
        }
        assert_eq!(hasher.finish_root(), expected, "pieces up to {most}");
    }
}

#[test]
fn a_chunk_knows_its_place_in_the_image() {
    let data = Lcg(3).bytes(1 << 20);
    for shift in [14, 16, 18, 20] {
        for index in [0u64, 1, 2, 5, 4095] {
            let offset = index << shift;
            for len in [1 << shift, (1 << shift) - 1, (1 << shift) - 1024, 1024, 512, 1] {
                let mut ours = ChunkHasher::new(offset);
                ours.update(&data[..len]);
                let mut theirs = blake3::Hasher::new();
                theirs.set_input_offset(offset);
                theirs.update(&data[..len]);
                assert_eq!(ours.finish_non_root(), theirs.finalize_non_root(), "{len} bytes at {offset:#x}");
            }
        }
    }
}

#[test]
fn chunks_combine_to_the_hash_of_the_image() {
    let data = Lcg(4).bytes(40 << 14);
    let mut ends: Vec<usize> = (1..=40).map(|chunks| chunks << 14).collect();
    ends.extend([1, 511, (1 << 14) + 1, (3 << 14) - 1, (17 << 14) + 1023, (32 << 14) + 1]);
    for end in ends {
        let image = &data[..end];
        let only = end <= 1 << 14;
        let mut combiner = Combiner::new();
        for (index, chunk) in image.chunks(1 << 14).enumerate() {
            let mut hasher = ChunkHasher::new((index as u64) << 14);
            hasher.update(chunk);
            combiner.push(&if only { hasher.finish_root() } else { hasher.finish_non_root() });
        }
        assert_eq!(combiner.finish(), *blake3::hash(image).as_bytes(), "{end} bytes");
    }
}

#[test]
fn any_flipped_bit_changes_the_value() {
    let mut random = Lcg(5);
    let mut data = random.bytes(5000);
    let right = hash(&data);
    for _ in 0..500 {
        let (byte, bit) = (random.below(5000) as usize, random.below(8));
        data[byte] ^= 1 << bit;
        assert_ne!(hash(&data), right, "bit {bit} of byte {byte}");
        data[byte] ^= 1 << bit;
    }
    assert_eq!(hash(&data), right);
}

#[test]
fn crossed_chunks_do_not_combine_to_the_hash() {
    let values = [[1; 32], [2; 32], [3; 32]];
    let combine = |order: [usize; 3]| {
        let mut combiner = Combiner::new();
        order.iter().for_each(|&index| combiner.push(&values[index]));
        combiner.finish()
    };
    assert_ne!(combine([0, 1, 2]), combine([1, 0, 2]));
    assert_ne!(combine([0, 1, 2]), combine([0, 2, 1]));
}
