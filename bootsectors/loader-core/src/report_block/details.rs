//! What a halt tells beside its code, as numbers: the sentences of `screen` that a halt may end with.

use ramkey_format::capsule::CHUNK_SHIFT;

use super::fields::Fields;
use crate::screen::{Id, Language, Message, Text, Value, say};

/// What a halt tells beside its code.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Details {
    /// In what.
    pub within: Within,
    /// What is wrong there.
    pub what: What,
}

/// Where something is wrong.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Within {
    /// On the medium itself, or in the machine.
    #[default]
    Nothing,
    /// In the capsule of this name, which is padded with spaces. What is no character of an 8.3 name is a question mark.
    File([u8; 8]),
    /// In these bytes of an image.
    Bytes {
        /// First byte.
        start: u32,
        /// One past the last.
        end: u32,
    },
}

/// What is wrong.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum What {
    /// The code says it.
    #[default]
    Nothing,
    /// A read failed.
    ReadFailed {
        /// BIOS status.
        status: u8,
        /// First sector that was asked for.
        lba: u32,
    },
    /// A chain of clusters is broken at this one.
    Cluster(u32),
    /// A directory or a file of a disc is wrong at this block.
    Block(u32),
    /// Wrong data lies at this sector.
    Lba(u32),
    /// A capsule's header.
    HeaderWrong,
    /// An entry of its chunk table.
    TableWrong,
    /// The hash of its header.
    HeaderHashWrong,
    /// The hash of its table.
    TableHashWrong,
    /// The hash of the image.
    ImageHashWrong,
    /// The file's length.
    TooShort,
    /// The boot header.
    BootHeaderDamaged,
    /// There is no disk.
    NoDisk,
    /// The memory table has no room.
    MemoryTable,
    /// So many KiB of base memory are too few.
    BaseMemory(u32),
    /// A CD wants its boot image in these bytes of memory.
    BootImageAt {
        /// First byte.
        start: u32,
        /// One past the last.
        end: u32,
    },
    /// The BIOS told of memory here, and there is none.
    NoMemoryAt(u32),
    /// The loader found a fault in itself.
    Internal {
        /// Name of the source file without folder and ending, cut and padded with spaces.
        file: [u8; 8],
        /// Line of it.
        line: u16,
    },
}

/// Bits of the number of a [`What`].
const WHAT: u32 = 5;
/// log2 of the length of a chunk, which ranges of an image are made of.
const CHUNK: u32 = CHUNK_SHIFT as u32;

impl Details {
    /// What `message` tells; nothing if it is no sentence of a halt.
    pub fn of(message: Message<'_>) -> Self {
        let number = |place: usize| match message.values.get(place) {
            Some(&(Value::Decimal(number) | Value::Hex(number, _))) => number,
            _ => 0,
        };
        let name = || match message.values.first() {
            Some(Value::Bytes(name)) => Within::File(padded(name, as_name)),
            _ => Within::Nothing,
        };
        let bytes = || Within::Bytes { start: number(0), end: number(1) };
        let inner = |place: usize| match message.values.get(place) {
            Some(&Value::Sentence(message)) => What::of(message),
            _ => What::Nothing,
        };
        match message.id {
            Id::File => Self { within: name(), what: What::Nothing },
            Id::InFile => Self { within: name(), what: inner(1) },
            Id::Bytes => Self { within: bytes(), what: What::Nothing },
            Id::InBytes => Self { within: bytes(), what: inner(2) },
            _ => Self { within: Within::Nothing, what: What::of(message) },
        }
    }

    /// What the screen said, in `language`; empty if it was nothing.
    pub fn line(&self, language: Language) -> Text {
        let mut line = Text::new();
        let mut put = |message: Message<'_>| language.say(&mut line, message);
        self.what.with(&mut |what| match (self.within, what) {
            (Within::Nothing, None) => {}
            (Within::Nothing, Some(what)) => put(what),
            (Within::File(name), None) => put(say::file(&name).as_message()),
            (Within::File(name), Some(what)) => put(say::in_file(&name, what).as_message()),
            (Within::Bytes { start, end }, None) => put(say::bytes(start, end).as_message()),
            (Within::Bytes { start, end }, Some(what)) => put(say::in_bytes(start, end, what).as_message()),
        });
        line
    }

    /// `asked` and `status` are those of the report, which most failed reads have too.
    pub(super) fn fields(self, fields: &mut impl Fields, asked: u32, status: u8) -> Self {
        let place = match self.within {
            Within::Nothing => 0,
            Within::File(_) => 1,
            Within::Bytes { .. } => 2,
        };
        let within = match fields.bits(place, 2) {
            1 => {
                let name = if let Within::File(name) = self.within { name } else { [b' '; 8] };
                Within::File(letters(fields, name, 6, as_name_code, name_of_code))
            }
            2 => {
                let (start, end) =
                    if let Within::Bytes { start, end } = self.within { (start, end) } else { (0, 0) };
                let (start, end) = range(fields, start, end);
                Within::Bytes { start, end }
            }
            _ => Within::Nothing,
        };
        Self { within, what: self.what.fields(fields, asked, status) }
    }
}

impl What {
    fn of(message: Message<'_>) -> Self {
        let number = |place: usize| match message.values.get(place) {
            Some(&(Value::Decimal(number) | Value::Hex(number, _))) => number,
            _ => 0,
        };
        match message.id {
            Id::ReadFailed => Self::ReadFailed { status: number(0) as u8, lba: number(1) },
            Id::Cluster => Self::Cluster(number(0)),
            Id::Block => Self::Block(number(0)),
            Id::Lba => Self::Lba(number(0)),
            Id::HeaderWrong => Self::HeaderWrong,
            Id::TableWrong => Self::TableWrong,
            Id::HeaderHashWrong => Self::HeaderHashWrong,
            Id::TableHashWrong => Self::TableHashWrong,
            Id::ImageHashWrong => Self::ImageHashWrong,
            Id::TooShort => Self::TooShort,
            Id::BootHeaderDamaged => Self::BootHeaderDamaged,
            Id::NoDisk => Self::NoDisk,
            Id::MemoryTable => Self::MemoryTable,
            Id::BaseMemory => Self::BaseMemory(number(0)),
            Id::BootImageAt => Self::BootImageAt { start: number(0), end: number(1) },
            Id::NoMemoryAt => Self::NoMemoryAt(number(0)),
            Id::Internal => {
                let file = match message.values.first() {
                    Some(&Value::Bytes(path)) => {
                        padded(stem(path), |byte| letter_of_code(as_letter_code(byte)))
                    }
                    _ => [b' '; 8],
                };
                Self::Internal { file, line: number(1) as u16 }
            }
            _ => Self::Nothing,
        }
    }

    /// Gives its sentence.
    fn with(self, give: &mut dyn FnMut(Option<Message<'_>>)) {
        let mut put = |message: Message<'_>| give(Some(message));
        match self {
            Self::Nothing => give(None),
            Self::ReadFailed { status, lba } => put(say::read_failed(status, lba).as_message()),
            Self::Cluster(number) => put(say::cluster(number).as_message()),
            Self::Block(number) => put(say::block(number).as_message()),
            Self::Lba(lba) => put(say::lba(lba).as_message()),
            Self::HeaderWrong => put(say::header_wrong().as_message()),
            Self::TableWrong => put(say::table_wrong().as_message()),
            Self::HeaderHashWrong => put(say::header_hash_wrong().as_message()),
            Self::TableHashWrong => put(say::table_hash_wrong().as_message()),
            Self::ImageHashWrong => put(say::image_hash_wrong().as_message()),
            Self::TooShort => put(say::too_short().as_message()),
            Self::BootHeaderDamaged => put(say::boot_header_damaged().as_message()),
            Self::NoDisk => put(say::no_disk().as_message()),
            Self::MemoryTable => put(say::memory_table().as_message()),
            Self::BaseMemory(kib) => put(say::base_memory(kib).as_message()),
            Self::BootImageAt { start, end } => put(say::boot_image_at(start, end).as_message()),
            Self::NoMemoryAt(address) => put(say::no_memory_at(address).as_message()),
            Self::Internal { file, line } => put(say::internal(file.trim_ascii_end(), line).as_message()),
        }
    }

    /// The number by which a block names it.
    fn number(self) -> u32 {
        match self {
            Self::Nothing => 0,
            Self::ReadFailed { .. } => 1,
            Self::Cluster(_) => 2,
            Self::Block(_) => 3,
            Self::Lba(_) => 4,
            Self::HeaderWrong => 5,
            Self::TableWrong => 6,
            Self::HeaderHashWrong => 7,
            Self::TableHashWrong => 8,
            Self::ImageHashWrong => 9,
            Self::TooShort => 10,
            Self::BootHeaderDamaged => 11,
            Self::NoDisk => 12,
            Self::MemoryTable => 13,
            Self::BaseMemory(_) => 14,
            Self::BootImageAt { .. } => 15,
            Self::NoMemoryAt(_) => 16,
            Self::Internal { .. } => 17,
        }
    }

    /// Its two numbers.
    fn values(self) -> (u32, u32) {
        match self {
            Self::ReadFailed { status, lba } => (status.into(), lba),
            Self::Cluster(number) | Self::Block(number) | Self::BaseMemory(number) => (number, 0),
            Self::Lba(number) | Self::NoMemoryAt(number) => (number, 0),
            Self::BootImageAt { start, end } => (start, end),
            Self::Internal { line, .. } => (line.into(), 0),
            _ => (0, 0),
        }
    }

    fn fields(self, fields: &mut impl Fields, asked: u32, status: u8) -> Self {
        let (first, second) = self.values();
        match fields.bits(self.number(), WHAT) {
            1 => Self::ReadFailed {
                status: fields.usual_byte(first as u8, status),
                lba: fields.usual(second, asked),
            },
            2 => Self::Cluster(fields.number(first)),
            3 => Self::Block(fields.number(first)),
            4 => Self::Lba(fields.usual(first, asked)),
            5 => Self::HeaderWrong,
            6 => Self::TableWrong,
            7 => Self::HeaderHashWrong,
            8 => Self::TableHashWrong,
            9 => Self::ImageHashWrong,
            10 => Self::TooShort,
            11 => Self::BootHeaderDamaged,
            12 => Self::NoDisk,
            13 => Self::MemoryTable,
            14 => Self::BaseMemory(fields.number(first)),
            15 => Self::BootImageAt { start: fields.number(first), end: fields.number(second) },
            16 => Self::NoMemoryAt(fields.number(first)),
            17 => {
                let file = if let Self::Internal { file, .. } = self { file } else { [b' '; 8] };
                let file = letters(fields, file, 5, as_letter_code, letter_of_code);
                Self::Internal { file, line: fields.number(first) as u16 }
            }
            _ => Self::Nothing,
        }
    }
}

/// A range of an image: nearly always one chunk, or the last, which is shorter.
fn range(fields: &mut impl Fields, start: u32, end: u32) -> (u32, u32) {
    let is_chunks = start.trailing_zeros() >= CHUNK;
    let start = if fields.flag(!is_chunks) {
        fields.number(start)
    } else {
        fields.number(start >> CHUNK).wrapping_shl(CHUNK)
    };
    (start, start.wrapping_add(fields.usual(end.wrapping_sub(start), 1 << CHUNK)))
}

/// At most eight letters of `width` bits each, without the spaces behind them.
#[inline(never)]
fn letters(
    fields: &mut impl Fields,
    letters: [u8; 8],
    width: u32,
    code: fn(u8) -> u8,
    letter: fn(u8) -> u8,
) -> [u8; 8] {
    let len = fields.bits(letters.trim_ascii_end().len() as u32, 4) as usize;
    let mut read = [b' '; 8];
    for (to, &from) in read.iter_mut().zip(&letters).take(len) {
        *to = letter(fields.bits(code(from).into(), width) as u8);
    }
    read
}

/// The first eight bytes, each as `letter` makes it, padded with spaces.
fn padded(bytes: &[u8], letter: fn(u8) -> u8) -> [u8; 8] {
    let mut padded = [b' '; 8];
    for (to, &from) in padded.iter_mut().zip(bytes) {
        *to = letter(from);
    }
    padded
}

/// The name of a file without its folders and its ending.
fn stem(path: &[u8]) -> &[u8] {
    let name = path.rsplit(|&byte| byte == b'/' || byte == b'\\').next().unwrap_or(path);
    name.split(|&byte| byte == b'.').next().unwrap_or(name)
}

/// A byte of an 8.3 name as a block has it.
fn as_name(byte: u8) -> u8 {
    name_of_code(as_name_code(byte))
}

/// Six bits: the characters from the space to the underscore; the tilde of short names has the place of the asterisk, which
/// no name has.
fn as_name_code(byte: u8) -> u8 {
    match byte {
        b'~' => b'*' - b' ',
        b'*' => b'?' - b' ',
        b' '..=b'_' => byte - b' ',
        _ => b'?' - b' ',
    }
}

fn name_of_code(code: u8) -> u8 {
    match (code & 63) + b' ' {
        b'*' => b'~',
        other => other,
    }
}

/// Five bits: small letters, the underscore, and all others.
fn as_letter_code(byte: u8) -> u8 {
    match byte {
        b'a'..=b'z' => byte - b'a',
        b'_' => 26,
        b' ' => 28,
        _ => 27,
    }
}

fn letter_of_code(code: u8) -> u8 {
    match code {
        0..=25 => b'a' + code,
        26 => b'_',
        28 => b' ',
        _ => b'?',
    }
}
