//! What the places of sentences hold: the kinds, which the list of sentences names, and how each is shown.

use super::{Id, Language, Message, Text};
use crate::a20::Method as A20Method;
use crate::copy_mode::CopyMode;
use crate::drive::Method;
use crate::memory_calls::Source;

/// Bytes of a `text` at most: a title has no more.
const TEXT_MAX: usize = 64;
/// Bytes of a `short` at most; what is longer is cut, so that the rest of the sentence has room.
const SHORT_MAX: usize = 48;

/// Bytes of memory that are shown at most.
const MIB_MAX: u64 = (10_000_000 << 20) - 1;

/// What is known about the geometry that CHS counts by.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Heads {
    /// Stamps gave heads and sectors.
    Measured,
    /// An image proved the heads.
    Proven,
    /// Stamps gave the sectors only.
    Told,
    /// Stamps gave neither.
    Unknown,
}

/// What a place holds, as bytes and numbers.
#[derive(Clone, Copy)]
pub enum Value<'s> {
    /// Bytes as they are.
    Bytes(&'s [u8]),
    /// Decimal.
    Decimal(u32),
    /// Decimal, four characters wide or more.
    Decimal4(u32),
    /// So many hex digits.
    Hex(u32, u8),
    /// Bytes, as MiB with one decimal.
    Mib(u64),
    /// Seconds.
    Time(u32),
    /// Bytes as hex, as `b3sum` prints them.
    Hash(&'s [u8; 8]),
    /// Words for an error code.
    Error(u8),
    /// Another sentence, which has no place for a sentence.
    Sentence(Message<'s>),
}

// A kind of place is a type in `kind`, a variant of `Place` and a function of `Value`, all of one name, which the list
// of sentences uses.
macro_rules! kinds {
    ($( $(#[$doc:meta])* $kind:ident: $type:ty, $value:ident => $make:expr; )+) => {
        /// A kind of place.
        #[allow(non_camel_case_types, reason = "a kind has one name as type, function and variant")]
        #[derive(Clone, Copy, Debug, PartialEq, Eq)]
        pub enum Place {
            $( $(#[$doc])* $kind, )+
        }

        /// The types of what places hold.
        #[allow(non_camel_case_types, reason = "a kind has one name as type, function and variant")]
        pub mod kind {
            use super::{A20Method, CopyMode, Heads, Message, Method, Source};

            $( $(#[$doc])* pub type $kind<'s> = $type; )+
        }

        impl<'s> Value<'s> {
            $( #[inline] pub(super) fn $kind($value: $type) -> Self { $make } )+
        }
    };
}

kinds! {
    /// A text of at most 64 bytes.
    text: &'s [u8], text => Self::Bytes(cut(text, TEXT_MAX));
    /// A text that is cut after 48 bytes.
    short: &'s [u8], text => Self::Bytes(cut(text, SHORT_MAX));
    /// The name of a capsule without its extension, padded with spaces.
    name: &'s [u8; 8], name => Self::Bytes(name);
    /// How the drive is read.
    method: Method, method => Self::Bytes(method.name().as_bytes());
    /// A number of at most ten digits.
    number: u32, number => Self::Decimal(number);
    /// A number of at most five digits.
    small: u16, number => Self::Decimal(number.into());
    /// A number of at most three digits.
    percent: u8, number => Self::Decimal(number.into());
    /// Two hex digits.
    hex2: u8, number => Self::Hex(number.into(), 2);
    /// Six hex digits.
    hex6: u32, number => Self::Hex(number, 6);
    /// Eight hex digits.
    hex8: u32, number => Self::Hex(number, 8);
    /// Bytes of memory, in MiB: at most ten million of them, whatever a BIOS says.
    mib: u64, bytes => Self::Mib(bytes.min(MIB_MAX));
    /// Bytes of a RAM disk, in MiB.
    disk: u32, bytes => Self::Mib(bytes.into());
    /// KiB per second, in MiB.
    rate: u32, kib => Self::Mib(u64::from(kib) << 10);
    /// Bytes that something needs, in whole MiB rounded up, so that it is never too little.
    needed: u64, bytes => Self::Decimal(needed_mib(bytes));
    /// The same in a column.
    needed4: u64, bytes => Self::Decimal4(needed_mib(bytes));
    /// Bytes that there are, in whole MiB rounded down, so that it is never too much.
    free: u64, bytes => Self::Decimal((bytes >> 20) as u32);
    /// Seconds, from a minute on as minutes and seconds.
    time: u32, seconds => Self::Time(seconds);
    /// The first eight bytes of a hash.
    hash: &'s [u8; 8], hash => Self::Hash(hash);
    /// What an error code means.
    error: u8, code => Self::Error(code);
    /// One of `DETAILS`.
    detail: Message<'s>, message => Self::Sentence(message);
    /// Whether a way of reading works.
    works: bool, works => Self::word(if works { Id::Works } else { Id::WorksNot });
    /// What is known about heads and sectors.
    heads: Heads, heads => Self::word(match heads {
        Heads::Measured => Id::Measured,
        Heads::Proven => Id::HeadsProven,
        Heads::Told => Id::HeadsNotMeasured,
        Heads::Unknown => Id::NotMeasured,
    });
    /// A sector, or none.
    lba: Option<u64>, lba => match lba {
        Some(lba) => Self::Decimal(lba as u32),
        None => Self::word(Id::None),
    };
    /// Who told of memory.
    source: Source, source => Self::word(match source {
        Source::E820 => Id::E820,
        Source::E820Broken => Id::E820Broken,
        Source::E801 => Id::E801,
        Source::H88 => Id::H88,
    });
    /// How A20 was switched on.
    a20: A20Method, method => Self::word(match method {
        A20Method::None => Id::A20Already,
        A20Method::Bios => Id::A20Bios,
        A20Method::KeyboardController => Id::A20Keyboard,
        A20Method::Port92 => Id::A20Port92,
    });
    /// How INT 13h copies.
    copy: CopyMode, copy => Self::word(match copy {
        CopyMode::Auto => Id::CopyAuto,
        CopyMode::Direct => Id::CopyDirect,
        CopyMode::Int15 => Id::CopyInt15,
    });
}

impl Value<'_> {
    fn word(id: Id) -> Self {
        Self::Sentence(Message { id, values: &[] })
    }

    /// Appends it to a line.
    pub(super) fn put_into(&self, language: Language, line: &mut Text) {
        match *self {
            Self::Bytes(bytes) => line.bytes(bytes),
            Self::Decimal(number) => line.decimal(number),
            Self::Decimal4(number) => line.decimal_wide(number, 4),
            Self::Hex(number, digits) => line.hex(number.into(), digits.into()),
            Self::Mib(bytes) => line.mib(bytes, language.decimal_mark()),
            Self::Time(seconds) => line.time(seconds),
            Self::Hash(bytes) => line.hash(bytes),
            Self::Error(code) => line.bytes(language.error(code)),
            Self::Sentence(message) => {
                language.say(line, message);
                line
            }
        };
    }
}

fn cut(text: &[u8], most: usize) -> &[u8] {
    text.get(..most).unwrap_or(text)
}

fn needed_mib(bytes: u64) -> u32 {
    ((bytes + 0xF_FFFF) >> 20) as u32
}
