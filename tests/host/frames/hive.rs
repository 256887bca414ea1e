//! Writes registry hives for tests, in the layouts that Windows has used. It shares nothing with the reader.

/// A key to be written.
#[derive(Clone, Debug, Default)]
pub struct Key {
    pub name: String,
    pub keys: Vec<Key>,
    pub values: Vec<(String, u32, Vec<u8>)>,
}

/// How lists of keys are written.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Lists {
    Li,
    Lf,
    Lh,
    /// Lists of at most so many keys, below a list of lists.
    Ri(usize),
}

/// The layout of a hive.
#[derive(Clone, Copy, Debug)]
pub struct Layout {
    pub minor: u32,
    pub lists: Lists,
    /// Names in UTF-16 where ASCII would do.
    pub wide_names: bool,
    /// Windows was writing it.
    pub dirty: bool,
}

pub const XP: Layout = Layout { minor: 5, lists: Lists::Lh, wide_names: false, dirty: false };
pub const NT4: Layout = Layout { minor: 3, lists: Lists::Lf, wide_names: false, dirty: false };

const NOWHERE: u32 = u32::MAX;
/// Longest value in one cell, and longest piece of a longer one.
const PIECE: usize = 16344;

pub fn utf16(text: &str) -> Vec<u8> {
    text.encode_utf16().flat_map(u16::to_le_bytes).collect()
}

impl Key {
    pub fn new(name: &str) -> Self {
        Self { name: name.into(), ..Self::default() }
    }

    /// The key at `path` below this one, made if it is not there.
    pub fn at(&mut self, path: &str) -> &mut Key {
        let mut key = self;
        for name in path.split('\\') {
            let index = key.keys.iter().position(|below| below.name.eq_ignore_ascii_case(name));
            let index = index.unwrap_or_else(|| {
                key.keys.push(Key::new(name));
                key.keys.len() - 1
            });
            key = &mut key.keys[index];
        }
        key
    }

    pub fn bytes(&mut self, name: &str, bytes: &[u8]) -> &mut Self {
        self.set(name, 3, bytes.to_vec())
    }

    pub fn number(&mut self, name: &str, number: u32) -> &mut Self {
        self.set(name, 4, number.to_le_bytes().to_vec())
    }

    pub fn text(&mut self, name: &str, text: &str) -> &mut Self {
        self.set(name, 1, utf16(&format!("{text}\0")))
    }

    pub fn variable_text(&mut self, name: &str, text: &str) -> &mut Self {
        self.set(name, 2, utf16(&format!("{text}\0")))
    }

    pub fn texts(&mut self, name: &str, texts: &[&str]) -> &mut Self {
        self.set(name, 7, utf16(&(texts.join("\0") + "\0\0")))
    }

    pub fn set(&mut self, name: &str, kind: u32, bytes: Vec<u8>) -> &mut Self {
        self.values.retain(|(found, ..)| !found.eq_ignore_ascii_case(name));
        self.values.push((name.into(), kind, bytes));
        self
    }

    pub fn remove(&mut self, name: &str) {
        self.keys.retain(|key| !key.name.eq_ignore_ascii_case(name));
        self.values.retain(|(found, ..)| !found.eq_ignore_ascii_case(name));
    }
}

/// The hive with `root` as its root key.
pub fn hive(root: &Key, layout: Layout) -> Vec<u8> {
    let mut cells = Cells { bytes: bin_header(), layout };
    let security = cells.security();
    let root_offset = cells.key(root, NOWHERE, security, true);
    let mut bins = cells.bytes;
    // What is left of the bin is one free cell.
    let used = bins.len();
    let len = (used + 8).next_multiple_of(4096);
    bins.resize(len, 0);
    put(&mut bins, used, &((len - used) as u32).to_le_bytes());
    put(&mut bins, 8, &(len as u32).to_le_bytes());

    let mut bytes = vec![0; 4096];
    let fields: [(usize, u32); 8] = [
        (4, 7),
        (8, if layout.dirty { 6 } else { 7 }),
        (20, 1),
        (24, layout.minor),
        (32, 1),
        (36, root_offset),
        (40, len as u32),
        (44, 1),
    ];
    put(&mut bytes, 0, b"regf");
    for (at, value) in fields {
        put(&mut bytes, at, &value.to_le_bytes());
    }
    put(&mut bytes, 48, &utf16("SYSTEM"));
    let words = bytes[..508].chunks_exact(4).map(|word| u32::from_le_bytes(word.try_into().unwrap()));
    let sum = words.fold(0, |sum, word| sum ^ word);
    put(&mut bytes, 508, &sum.to_le_bytes());
    bytes.extend(bins);
    bytes
}

fn put(bytes: &mut [u8], at: usize, what: &[u8]) {
    bytes[at..at + what.len()].copy_from_slice(what);
}

fn bin_header() -> Vec<u8> {
    let mut header = vec![0; 32];
    put(&mut header, 0, b"hbin");
    header
}

struct Cells {
    bytes: Vec<u8>,
    layout: Layout,
}

impl Cells {
    /// Adds a cell; gives its offset.
    fn add(&mut self, content: &[u8]) -> u32 {
        let offset = self.bytes.len();
        let len = (content.len() + 4).next_multiple_of(8);
        self.bytes.extend((-(len as i32)).to_le_bytes());
        self.bytes.extend(content);
        self.bytes.resize(offset + len, 0);
        offset as u32
    }

    fn security(&mut self) -> u32 {
        let mut descriptor = vec![0; 20];
        descriptor[0] = 1;
        descriptor[3] = 0x80;
        let mut content = b"sk\0\0".to_vec();
        let own = self.bytes.len() as u32;
        for field in [own, own, 1, descriptor.len() as u32] {
            content.extend(field.to_le_bytes());
        }
        content.extend(descriptor);
        self.add(&content)
    }

    fn name(&self, name: &str) -> (Vec<u8>, bool) {
        let narrow = name.is_ascii() && !self.layout.wide_names;
        (if narrow { name.as_bytes().to_vec() } else { utf16(name) }, narrow)
    }

    fn key(&mut self, key: &Key, parent: u32, security: u32, is_root: bool) -> u32 {
        let (name, narrow) = self.name(&key.name);
        let flags = u16::from(narrow) << 5 | if is_root { 0x0C } else { 0 };
        let mut record = vec![0; 76];
        put(&mut record, 0, b"nk");
        put(&mut record, 2, &flags.to_le_bytes());
        put(&mut record, 72, &(name.len() as u16).to_le_bytes());
        record.extend(&name);
        let own = self.add(&record);

        let mut below: Vec<&Key> = key.keys.iter().collect();
        below.sort_by_key(|key| key.name.to_uppercase());
        let offsets: Vec<(u32, &str)> =
            below.into_iter().map(|key| (self.key(key, own, security, false), key.name.as_str())).collect();
        let list = self.key_list(&offsets);
        let values: Vec<u32> = key.values.iter().map(|value| self.value(value)).collect();
        let value_list = if values.is_empty() {
            NOWHERE
        } else {
            let content: Vec<u8> = values.iter().flat_map(|offset| offset.to_le_bytes()).collect();
            self.add(&content)
        };
        let fields: [(usize, u32); 8] = [
            (16, parent),
            (20, offsets.len() as u32),
            (28, list),
            (32, NOWHERE),
            (36, values.len() as u32),
            (40, value_list),
            (44, security),
            (48, NOWHERE),
        ];
        for (at, value) in fields {
            put(&mut self.bytes, own as usize + 4 + at, &value.to_le_bytes());
        }
        own
    }

    fn key_list(&mut self, keys: &[(u32, &str)]) -> u32 {
        if keys.is_empty() {
            return NOWHERE;
        }
        let Lists::Ri(count) = self.layout.lists else { return self.leaf(keys, self.layout.lists) };
        let leaves: Vec<u32> = keys.chunks(count).map(|part| self.leaf(part, Lists::Lh)).collect();
        let mut content = b"ri".to_vec();
        content.extend((leaves.len() as u16).to_le_bytes());
        content.extend(leaves.iter().flat_map(|offset| offset.to_le_bytes()));
        self.add(&content)
    }

    fn leaf(&mut self, keys: &[(u32, &str)], lists: Lists) -> u32 {
        let mut content = match lists {
            Lists::Li => b"li",
            Lists::Lf => b"lf",
            Lists::Lh | Lists::Ri(_) => b"lh",
        }
        .to_vec();
        content.extend((keys.len() as u16).to_le_bytes());
        for (offset, name) in keys {
            content.extend(offset.to_le_bytes());
            match lists {
                Lists::Li => {}
                Lists::Lf => {
                    let mut hint = name.as_bytes().to_vec();
                    hint.resize(4, 0);
                    content.extend(&hint[..4]);
                }
                Lists::Lh | Lists::Ri(_) => {
                    let upper = name.to_uppercase();
                    let hash = upper
                        .encode_utf16()
                        .fold(0u32, |hash, unit| hash.wrapping_mul(37).wrapping_add(u32::from(unit)));
                    content.extend(hash.to_le_bytes());
                }
            }
        }
        self.add(&content)
    }

    fn value(&mut self, (name, kind, bytes): &(String, u32, Vec<u8>)) -> u32 {
        let (name, narrow) = self.name(name);
        let (len, data) = match bytes.len() {
            0 => (1 << 31, 0),
            1..=4 => {
                let mut word = [0; 4];
                word[..bytes.len()].copy_from_slice(bytes);
                (bytes.len() as u32 | 1 << 31, u32::from_le_bytes(word))
            }
            len if len > PIECE && self.layout.minor >= 4 => (len as u32, self.pieces(bytes)),
            len => (len as u32, self.add(bytes)),
        };
        let mut record = b"vk".to_vec();
        record.extend((name.len() as u16).to_le_bytes());
        for field in [len, data, *kind] {
            record.extend(field.to_le_bytes());
        }
        record.extend(u16::from(narrow).to_le_bytes());
        record.extend([0; 2]);
        record.extend(&name);
        self.add(&record)
    }

    fn pieces(&mut self, bytes: &[u8]) -> u32 {
        let offsets: Vec<u32> = bytes.chunks(PIECE).map(|piece| self.add(piece)).collect();
        let list: Vec<u8> = offsets.iter().flat_map(|offset| offset.to_le_bytes()).collect();
        let list = self.add(&list);
        let mut record = b"db".to_vec();
        record.extend((offsets.len() as u16).to_le_bytes());
        record.extend(list.to_le_bytes());
        record.extend([0; 4]);
        self.add(&record)
    }
}
