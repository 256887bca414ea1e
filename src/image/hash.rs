//! How the hashes of an image and of its chunks belong together.

use blake3::hazmat::{ChainingValue, HasherExt, Mode, merge_subtrees_non_root, merge_subtrees_root};

/// BLAKE3 chaining value of the chunk `data` that begins at byte `offset` of an image of `count` chunks; of an only
/// chunk the hash itself.
pub fn chunk_value(data: &[u8], offset: u64, count: usize) -> ChainingValue {
    if count == 1 {
        return *blake3::hash(data).as_bytes();
    }
    blake3::Hasher::new().set_input_offset(offset).update(data).finalize_non_root()
}

/// BLAKE3 of the image whose chunks have these values, in order.
///
/// # Panics
///
/// If there is no chunk.
pub fn combine(values: &[ChainingValue]) -> blake3::Hash {
    assert!(!values.is_empty(), "an image has at least one chunk");
    if let [only] = values {
        return blake3::Hash::from_bytes(*only);
    }
    let (left, right) = halves(values);
    merge_subtrees_root(&subtree(left), &subtree(right), Mode::Hash)
}

/// The value of two neighbours together, of which each is a whole subtree and the two are not all of an image.
pub fn joined(left: &ChainingValue, right: &ChainingValue) -> ChainingValue {
    merge_subtrees_non_root(left, right, Mode::Hash)
}

fn subtree(values: &[ChainingValue]) -> ChainingValue {
    if let [only] = values {
        return *only;
    }
    let (left, right) = halves(values);
    joined(&subtree(left), &subtree(right))
}

/// Bytes of the smallest piece of a BLAKE3 tree.
const LEAF_LEN: usize = 1024;

/// Flips the one bit with which `bytes` have the hash `wanted`, if there is one; says whether they have it now.
pub fn mend_bit(bytes: &mut [u8], wanted: &blake3::Hash) -> bool {
    if blake3::hash(bytes) == *wanted {
        return true;
    }
    let count = bytes.len().div_ceil(LEAF_LEN);
    let leaves = bytes.chunks(LEAF_LEN).zip((0..).step_by(LEAF_LEN));
    let values: Vec<ChainingValue> = leaves.map(|(leaf, at)| chunk_value(leaf, at, count)).collect();
    let found = match &values[..] {
        [] => None,
        [_] => flip(bytes, 0, count, &|value| value == *wanted.as_bytes()),
        values => {
            let (left, right) = halves(values);
            let (one, two) = (subtree(left), subtree(right));
            let is_root = |one: &ChainingValue, two: &ChainingValue| {
                merge_subtrees_root(one, two, Mode::Hash) == *wanted
            };
            flip_below(bytes, 0, (left, count), &|value| is_root(&value, &two))
                .or_else(|| flip_below(bytes, left.len(), (right, count), &|value| is_root(&one, &value)))
        }
    };
    if let Some((at, bit)) = found {
        bytes[at] ^= 1 << bit;
    }
    found.is_some()
}

/// The bit in the leaves with these `values`, of which the first is number `leaf` of `count`, that makes their value right.
fn flip_below(
    bytes: &[u8],
    leaf: usize,
    (values, count): (&[ChainingValue], usize),
    is_right: &dyn Fn(ChainingValue) -> bool,
) -> Option<(usize, u8)> {
    if values.len() == 1 {
        return flip(bytes, leaf, count, is_right);
    }
    let (left, right) = halves(values);
    let (one, two) = (subtree(left), subtree(right));
    flip_below(bytes, leaf, (left, count), &|value| is_right(joined(&value, &two))).or_else(|| {
        flip_below(bytes, leaf + left.len(), (right, count), &|value| is_right(joined(&one, &value)))
    })
}

/// The bit of leaf number `leaf` that makes its value right.
fn flip(
    bytes: &[u8],
    leaf: usize,
    count: usize,
    is_right: &dyn Fn(ChainingValue) -> bool,
) -> Option<(usize, u8)> {
    let start = leaf * LEAF_LEN;
    let mut piece = bytes[start..bytes.len().min(start + LEAF_LEN)].to_vec();
    for at in 0..piece.len() {
        for bit in 0..8 {
            piece[at] ^= 1 << bit;
            if is_right(chunk_value(&piece, start as u64, count)) {
                return Some((start + at, bit));
            }
            piece[at] ^= 1 << bit;
        }
    }
    None
}

/// The halves of a BLAKE3 tree: the left one is the largest power of two that leaves something on the right.
fn halves(values: &[ChainingValue]) -> (&[ChainingValue], &[ChainingValue]) {
    values.split_at(values.len().next_power_of_two() / 2)
}

#[cfg(test)]
mod tests {
    use super::mend_bit;

    #[test]
    fn one_bit_is_found_wherever_it_is_and_two_are_not() {
        for len in [1, 512, 1024, 1025, 5000] {
            let whole: Vec<u8> = (0..len).map(|at: u32| (at * 7 % 251) as u8).collect();
            let hash = blake3::hash(&whole);
            for at in [0, len / 2, len - 1] {
                let mut bytes = whole.clone();
                assert!(mend_bit(&mut bytes, &hash) && bytes == whole);
                bytes[at as usize] ^= 0x20;
                assert!(mend_bit(&mut bytes, &hash) && bytes == whole, "byte {at} of {len}");
                bytes[at as usize] ^= 0x21;
                assert!(!mend_bit(&mut bytes, &hash), "byte {at} of {len}");
            }
        }
    }
}
