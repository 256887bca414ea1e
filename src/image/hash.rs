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

/// The halves of a BLAKE3 tree: the left one is the largest power of two that leaves something on the right.
fn halves(values: &[ChainingValue]) -> (&[ChainingValue], &[ChainingValue]) {
    values.split_at(values.len().next_power_of_two() / 2)
}
