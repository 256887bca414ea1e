//! BLAKE3 for one thread and few registers: pieces, their parents, and the root.
//!
//! Written from the specification (BLAKE3 paper, version 20211102, section 2). The paper's 1024-byte "chunk" is
//! a leaf here, because a chunk is a piece of a capsule. Only plain hashing with 32 bytes of output.

/// Bytes in a hash or a chaining value.
pub const HASH_LEN: usize = 32;

const BLOCK_LEN: usize = 64;
const LEAF_SHIFT: u32 = 10;
const BLOCKS_PER_LEAF: u8 = 16;
/// Subtrees that can wait for their right neighbour: enough for 2^24 leaves, 16 GiB.
const DEPTH: usize = 24;

const CHUNK_START: u32 = 1 << 0;
const CHUNK_END: u32 = 1 << 1;
const PARENT: u32 = 1 << 2;
const ROOT: u32 = 1 << 3;

const IV: [u32; 8] =
    [0x6A09_E667, 0xBB67_AE85, 0x3C6E_F372, 0xA54F_F53A, 0x510E_527F, 0x9B05_688C, 0x1F83_D9AB, 0x5BE0_CD19];

type Words = [u32; 8];

/// The compression function; the chaining value is replaced by the new one.
///
/// Unrolled, with the message schedule as constants: the state does not fit the registers of a 486 anyway, so
/// what counts is that no index is computed. The high half of the counter is zero: images end below 4 GiB.
fn compress(cv: &mut Words, block: &[u8; BLOCK_LEN], counter: u32, len: u32, flags: u32) {
    macro_rules! word {
        ($i:literal) => {
            u32::from_le_bytes([block[4 * $i], block[4 * $i + 1], block[4 * $i + 2], block[4 * $i + 3]])
        };
    }
    let m = [
        word!(0),
        word!(1),
        word!(2),
        word!(3),
        word!(4),
        word!(5),
        word!(6),
        word!(7),
        word!(8),
        word!(9),
        word!(10),
        word!(11),
        word!(12),
        word!(13),
        word!(14),
        word!(15),
    ];
    let [mut v0, mut v1, mut v2, mut v3, mut v4, mut v5, mut v6, mut v7] = *cv;
    let [mut v8, mut v9, mut v10, mut v11, ..] = IV;
    let (mut v12, mut v13, mut v14, mut v15) = (counter, 0, len, flags);

    macro_rules! mix {
        ($a:ident, $b:ident, $c:ident, $d:ident, $x:literal, $y:literal) => {
            $a = $a.wrapping_add($b).wrapping_add(m[$x]);
            $d = ($d ^ $a).rotate_right(16);
            $c = $c.wrapping_add($d);
            $b = ($b ^ $c).rotate_right(12);
            $a = $a.wrapping_add($b).wrapping_add(m[$y]);
            $d = ($d ^ $a).rotate_right(8);
            $c = $c.wrapping_add($d);
            $b = ($b ^ $c).rotate_right(7);
        };
    }
    macro_rules! round {
        ($($i:literal)+) => { round!(@ $($i),+) };
        (@ $m0:literal, $m1:literal, $m2:literal, $m3:literal, $m4:literal, $m5:literal, $m6:literal, $m7:literal,
           $m8:literal, $m9:literal, $m10:literal, $m11:literal, $m12:literal, $m13:literal, $m14:literal, $m15:literal) => {
            mix!(v0, v4, v8, v12, $m0, $m1);
            mix!(v1, v5, v9, v13, $m2, $m3);
            mix!(v2, v6, v10, v14, $m4, $m5);
            mix!(v3, v7, v11, v15, $m6, $m7);
            mix!(v0, v5, v10, v15, $m8, $m9);
            mix!(v1, v6, v11, v12, $m10, $m11);
            mix!(v2, v7, v8, v13, $m12, $m13);
            mix!(v3, v4, v9, v14, $m14, $m15);
        };
    }
    round!(0 1 2 3 4 5 6 7 8 9 10 11 12 13 14 15);
    round!(2 6 3 10 7 0 4 13 1 11 12 5 9 14 15 8);
    round!(3 4 10 12 13 2 7 14 6 5 9 0 11 15 8 1);
    round!(10 7 12 9 14 3 13 15 4 0 11 2 5 8 1 6);
    round!(12 13 9 11 15 10 14 8 7 2 5 3 0 1 6 4);
    round!(9 14 11 5 8 12 15 1 13 3 0 10 2 6 4 7);
    round!(11 15 5 0 1 9 8 6 14 10 2 12 3 4 7 13);

    *cv = [v0 ^ v8, v1 ^ v9, v2 ^ v10, v3 ^ v11, v4 ^ v12, v5 ^ v13, v6 ^ v14, v7 ^ v15];
}

/// Chaining value of the node above `left` and `right`.
fn parent(left: &Words, right: &Words, flags: u32) -> Words {
    let mut block = [0; BLOCK_LEN];
    for (bytes, word) in block.chunks_exact_mut(4).zip(left.iter().chain(right)) {
        bytes.copy_from_slice(&word.to_le_bytes());
    }
    let mut cv = IV;
    compress(&mut cv, &block, 0, BLOCK_LEN as u32, PARENT | flags);
    cv
}

fn to_bytes(words: &Words) -> [u8; HASH_LEN] {
    let mut bytes = [0; HASH_LEN];
    for (bytes, word) in bytes.chunks_exact_mut(4).zip(words) {
        bytes.copy_from_slice(&word.to_le_bytes());
    }
    bytes
}

fn from_bytes(bytes: &[u8; HASH_LEN]) -> Words {
    let mut words = [0; 8];
    for (word, bytes) in words.iter_mut().zip(bytes.chunks_exact(4)) {
        *word = u32::from_le_bytes([bytes[0], bytes[1], bytes[2], bytes[3]]);
    }
    words
}

/// Whole subtrees, largest first, that wait for their right neighbour.
#[derive(Clone)]
struct Stack {
    subtrees: [Words; DEPTH],
    len: usize,
    pushed: u32,
}

impl Stack {
    const fn new() -> Self {
        Self { subtrees: [[0; 8]; DEPTH], len: 0, pushed: 0 }
    }

    fn pop(&mut self) -> Option<Words> {
        let top = self.len.checked_sub(1)?;
        self.len = top;
        self.subtrees.get(top).copied()
    }

    /// Adds a subtree that is not the last one: whatever it completes is merged, and is not the root.
    fn push(&mut self, mut cv: Words) {
        self.pushed += 1;
        for _ in 0..self.pushed.trailing_zeros() {
            if let Some(left) = self.pop() {
                cv = parent(&left, &cv, 0);
            }
        }
        self.subtrees[self.len] = cv;
        self.len += 1;
    }

    /// Merges the last subtree with all that wait for it; `root` is [`ROOT`] or 0.
    fn close(&mut self, mut cv: Words, root: u32) -> [u8; HASH_LEN] {
        while let Some(left) = self.pop() {
            let flags = if self.len == 0 { root } else { 0 };
            cv = parent(&left, &cv, flags);
        }
        to_bytes(&cv)
    }
}

/// Hashes one chunk of an image, or any message.
#[derive(Clone)]
pub struct ChunkHasher {
    stack: Stack,
    leaf: Words,
    counter: u32,
    blocks: u8,
    block: [u8; BLOCK_LEN],
    filled: usize,
}

impl ChunkHasher {
    /// Begins the chunk whose first byte is at `first_byte_offset` in the image; it must be a multiple of the
    /// chunk's length, or 0.
    pub fn new(first_byte_offset: u64) -> Self {
        Self {
            stack: Stack::new(),
            leaf: IV,
            counter: (first_byte_offset >> LEAF_SHIFT) as u32,
            blocks: 0,
            block: [0; BLOCK_LEN],
            filled: 0,
        }
    }

    /// Adds `bytes`; the pieces may have any length.
    pub fn update(&mut self, mut bytes: &[u8]) {
        if self.filled > 0 {
            let (head, rest) = bytes.split_at(bytes.len().min(BLOCK_LEN - self.filled));
            self.keep(head);
            if rest.is_empty() {
                return;
            }
            let block = self.block;
            self.filled = 0;
            self.add_block(&block);
            bytes = rest;
        }
        // The last block is kept back: it is hashed differently when nothing follows.
        while let (Some((block, rest)), true) = (bytes.split_first_chunk(), bytes.len() > BLOCK_LEN) {
            self.add_block(block);
            bytes = rest;
        }
        self.keep(bytes);
    }

    fn keep(&mut self, bytes: &[u8]) {
        for (to, from) in self.block.iter_mut().skip(self.filled).zip(bytes) {
            *to = *from;
        }
        self.filled += bytes.len();
    }

    /// Adds a block that is not the last one.
    fn add_block(&mut self, block: &[u8; BLOCK_LEN]) {
        self.blocks += 1;
        let flags = match self.blocks {
            1 => CHUNK_START,
            BLOCKS_PER_LEAF => CHUNK_END,
            _ => 0,
        };
        compress(&mut self.leaf, block, self.counter, BLOCK_LEN as u32, flags);
        if self.blocks == BLOCKS_PER_LEAF {
            self.stack.push(self.leaf);
            self.leaf = IV;
            self.blocks = 0;
            self.counter += 1;
        }
    }

    /// The chaining value of one chunk among several.
    pub fn finish_non_root(self) -> [u8; HASH_LEN] {
        self.finish(0)
    }

    /// The hash of a whole message: an image of one chunk, or what [`ChunkHasher::new`] began at offset 0.
    pub fn finish_root(self) -> [u8; HASH_LEN] {
        self.finish(ROOT)
    }

    fn finish(mut self, root: u32) -> [u8; HASH_LEN] {
        for byte in self.block.iter_mut().skip(self.filled) {
            *byte = 0;
        }
        let start = if self.blocks == 0 { CHUNK_START } else { 0 };
        let only = if self.stack.len == 0 { root } else { 0 };
        compress(&mut self.leaf, &self.block, self.counter, self.filled as u32, start | CHUNK_END | only);
        self.stack.close(self.leaf, root)
    }
}

/// BLAKE3 of `bytes`.
pub fn hash(bytes: &[u8]) -> [u8; HASH_LEN] {
    let mut hasher = ChunkHasher::new(0);
    hasher.update(bytes);
    hasher.finish_root()
}

/// Combines the chaining values of an image's chunks, in order, to the image's hash.
///
/// All chunks but the last are equally long, a power of two. The value of an only chunk is the hash already.
#[derive(Clone)]
pub struct Combiner {
    stack: Stack,
    last: Option<Words>,
}

impl Combiner {
    /// Begins with no chunk.
    pub const fn new() -> Self {
        Self { stack: Stack::new(), last: None }
    }

    /// Adds the next chunk's chaining value.
    pub fn push(&mut self, chaining_value: &[u8; HASH_LEN]) {
        if let Some(cv) = self.last.replace(from_bytes(chaining_value)) {
            self.stack.push(cv);
        }
    }

    /// The hash of the image; of no chunk, zeros.
    pub fn finish(mut self) -> [u8; HASH_LEN] {
        match self.last {
            Some(cv) => self.stack.close(cv, ROOT),
            None => [0; HASH_LEN],
        }
    }
}

impl Default for Combiner {
    fn default() -> Self {
        Self::new()
    }
}
