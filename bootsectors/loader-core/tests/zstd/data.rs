//! Data of every kind that images have.

/// Numbers that look random, the same ones each time.
pub struct Numbers(pub u64);

impl Numbers {
    pub fn next(&mut self) -> u32 {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        (self.0 >> 16) as u32
    }

    pub fn below(&mut self, end: usize) -> usize {
        self.next() as usize % end.max(1)
    }

    pub fn bytes(&mut self, len: usize) -> Vec<u8> {
        (0..len).map(|_| self.next() as u8).collect()
    }
}

/// Kinds of data by their names, `len` bytes of each.
pub fn kinds(len: usize) -> Vec<(&'static str, Vec<u8>)> {
    vec![
        ("zeros", vec![0; len]),
        ("one byte", vec![0xE5; len]),
        ("random", Numbers(1).bytes(len)),
        ("text", text(len)),
        ("program", program(len)),
        ("few symbols", few_symbols(len)),
        ("skewed", skewed(len)),
        ("sectors", sectors(len)),
        ("numbers", (0..len.div_ceil(4) as u32).flat_map(|n| (n * 8).to_le_bytes()).take(len).collect()),
        ("mixed", mixed(len)),
    ]
}

/// Words with some of the same beginnings and ends.
pub fn text(len: usize) -> Vec<u8> {
    let mut numbers = Numbers(2);
    let (starts, ends) =
        (["re", "un", "con", "the", "dis", "a"], ["ing ", "ed ", "tion, ", "s ", "\r\n", "ly. "]);
    let mut text = Vec::new();
    while text.len() < len {
        text.extend_from_slice(starts[numbers.below(6)].as_bytes());
        (0..numbers.below(6))
            .for_each(|_| text.push(b"etaoinshrdlucmf"[numbers.below(15) * numbers.below(15) / 15]));
        text.extend_from_slice(ends[numbers.below(6)].as_bytes());
    }
    text.truncate(len);
    text
}

/// Something like 32-bit code: opcodes, near numbers, calls of the same addresses, tables.
pub fn program(len: usize) -> Vec<u8> {
    let mut numbers = Numbers(3);
    let targets: Vec<u32> = (0..40).map(|_| numbers.next() & 0x3F_FFFF).collect();
    let mut code = Vec::new();
    while code.len() < len {
        match numbers.below(9) {
            0 => {
                let to = targets[numbers.below(40)].wrapping_sub(code.len() as u32);
                code.push(0xE8);
                code.extend_from_slice(&to.to_le_bytes());
            }
            1 => code.extend_from_slice(&[0x8B, 0x45, 0xF0 | numbers.below(16) as u8]),
            2 => code.extend_from_slice(&[0x55, 0x8B, 0xEC, 0x83, 0xEC, 4 * numbers.below(9) as u8]),
            3 => code.extend_from_slice(&[0x89, numbers.below(64) as u8, 0x24, numbers.below(64) as u8]),
            4 => code.extend_from_slice(&[0xC9, 0xC2, 4 * numbers.below(6) as u8, 0]),
            5 => code.extend(std::iter::repeat_n([0x90, 0xCC, 0][numbers.below(3)], numbers.below(14))),
            6 => code.extend_from_slice(&(0x40_0000 + targets[numbers.below(40)]).to_le_bytes()),
            7 => code.extend_from_slice(&[
                0x0F,
                0x84 + numbers.below(4) as u8,
                numbers.below(256) as u8,
                0,
                0,
                0,
            ]),
            _ => code.extend(numbers.bytes(3)),
        }
    }
    code.truncate(len);
    code
}

pub fn few_symbols(len: usize) -> Vec<u8> {
    let mut numbers = Numbers(4);
    (0..len).map(|_| b"ab"[numbers.below(2)]).collect()
}

/// Bytes of which each further one is rarer.
pub fn skewed(len: usize) -> Vec<u8> {
    let mut numbers = Numbers(5);
    (0..len).map(|_| (numbers.next().leading_zeros() * 5 + numbers.next() % 4) as u8).collect()
}

/// Sectors that repeat earlier ones with a change, or are empty.
fn sectors(len: usize) -> Vec<u8> {
    let mut numbers = Numbers(6);
    let mut bytes = numbers.bytes(512);
    while bytes.len() < len {
        match numbers.below(4) {
            0 => bytes.resize(bytes.len() + 512, 0xF6),
            1 => bytes.extend(numbers.bytes(512)),
            _ => {
                let from = numbers.below(bytes.len() / 512) * 512;
                bytes.extend_from_within(from..from + 512);
                let at = bytes.len() - 1 - numbers.below(512);
                bytes[at] ^= 0x20;
            }
        }
    }
    bytes.truncate(len);
    bytes
}

pub fn mixed(len: usize) -> Vec<u8> {
    let mut numbers = Numbers(7);
    let parts = [text(len), program(len), numbers.bytes(len), vec![0; len], skewed(len)];
    let mut bytes = Vec::new();
    while bytes.len() < len {
        let (part, count) = (&parts[numbers.below(5)], 1 + numbers.below(9000));
        let from = numbers.below(len);
        bytes.extend_from_slice(&part[from..len.min(from + count)]);
    }
    bytes.truncate(len);
    bytes
}
