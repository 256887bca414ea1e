//! A halt as a block of characters: short enough to be typed from a photograph, checked so that no mistake goes unnoticed.
//!
//! The loader makes it, `ramkey explain` reads it; both use the one description of the fields in `Block::fields`. What was
//! ever shown is read for ever: another order of fields is another version, with a character of its own at the start. The
//! page of it is `docs/boot-protocol.md#the-block`.

use ramkey_format::memory::BOOT_LBA;

use crate::a20;
use crate::memory_calls::Source;
use crate::report::{Memory, Numbers};
use crate::screen::{Heads, Text};
use crate::way::Method;

mod details;
mod fields;
mod symbols;

pub use details::{Details, What, Within};
use fields::{Fields, Reader, Writer};
pub use symbols::{ALPHABET, GROUP, ROW, ROWS, Symbols, SymbolsError, is_between, value};

/// Value of the first character: `A`. The next version is `B`.
const VERSION: u8 = 10;
/// Bits of a boot code's checksum that a block has.
const BUILD: u32 = 10;

/// Everything that a halt shows.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Block {
    /// The error code, below 80h; 0 if nothing is wrong and somebody asked for the report.
    pub code: u8,
    /// Which boot code it is: see [`Block::build_of`].
    pub build: u16,
    /// What the screen says below the code.
    pub details: Details,
    /// The report.
    pub numbers: Numbers,
}

/// Why a text is no block.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum BlockError {
    /// Something was mistyped.
    Typed(SymbolsError),
    /// It is whole, and of a version that this program does not know.
    Version {
        /// Its first character.
        found: char,
    },
    /// It is whole, and says what no loader of this version can say.
    Fields,
}

impl From<SymbolsError> for BlockError {
    fn from(error: SymbolsError) -> Self {
        Self::Typed(error)
    }
}

impl Block {
    /// What a block says of the boot code, whose loader has this checksum.
    pub fn build_of(loader_checksum: u32) -> u16 {
        (loader_checksum & ((1 << BUILD) - 1)) as u16
    }

    /// Its characters.
    pub fn encode(&self) -> Symbols {
        let mut writer = Writer::new();
        self.fields(&mut writer);
        Symbols::with_checks(&writer.end())
    }

    /// Reads what a person typed; see [`Symbols::typed`].
    ///
    /// # Errors
    ///
    /// The first check that fails, in the order of [`BlockError`]'s variants.
    pub fn decode(text: &str) -> Result<Self, BlockError> {
        let symbols = Symbols::typed(text)?;
        let payload = symbols.payload()?;
        let version = payload.values().first().copied().unwrap_or(0);
        if version != VERSION {
            return Err(BlockError::Version { found: ALPHABET[usize::from(version)].into() });
        }
        let block = Self::EMPTY.fields(&mut Reader::new(&payload));
        // A block has one way of being written, so that whatever else is within was not written by a loader.
        if block.encode() == symbols { Ok(block) } else { Err(BlockError::Fields) }
    }

    const EMPTY: Self = Self {
        code: 0,
        build: 0,
        details: Details { within: Within::Nothing, what: What::Nothing },
        numbers: Numbers::EMPTY,
    };

    /// All fields in their order, usual values in one bit.
    fn fields(&self, fields: &mut impl Fields) -> Self {
        fields.bits(VERSION.into(), 5);
        let code = fields.bits(self.code.into(), 7) as u8;
        let build = fields.bits(self.build.into(), BUILD) as u16;
        let numbers = self.numbers.fields(fields);
        let details = self.details.fields(fields, numbers.asked.unwrap_or(0), numbers.status);
        Self { code, build, details, numbers }
    }
}

/// Before a block: what is typed.
pub const COMMAND: &[u8] = b"ramkey explain ";
/// Columns before that on the screen.
const INDENT: usize = 2;

impl Symbols {
    /// The command on the screen, a line for each row of characters; at most 40 columns wide.
    pub fn show(&self, show: &mut dyn FnMut(&[u8])) {
        let mut line = Text::new();
        line.pad_to(INDENT).bytes(COMMAND);
        for (place, character) in self.characters().enumerate() {
            if place > 0 && place % ROW == 0 {
                show(line.as_bytes());
                line.clear().pad_to(INDENT + COMMAND.len());
            } else if place % ROW > 0 && place % GROUP == 0 {
                line.byte(b' ');
            }
            line.byte(character);
        }
        show(line.as_bytes());
    }
}

/// Values of EDD's version that machines have.
const EDD_VERSIONS: [u32; 3] = [0x00, 0x21, 0x30];
/// Sectors in a transfer: the most, one, and all that a call for blocks of a disc may have.
const TRANSFERS: [u32; 3] = [127, 1, 128];
/// Heads and sectors that BIOSes count by; 0 where nobody knows, as where EDD alone works.
const GEOMETRIES: [(u16, u16); 3] = [(255, 63), (0, 0), (16, 63)];

impl Numbers {
    const EMPTY: Self = Self {
        drive: 0,
        passed: 0,
        method: Method::Edd,
        is_disc: false,
        edd_works: false,
        edd_hidden: 0,
        edd_version: 0,
        edd_claims: 0,
        chs_works: false,
        chs_hidden: 0,
        heads: 0,
        sectors: 0,
        whence: Heads::Measured,
        told_cylinders: 0,
        told_heads: 0,
        told_sectors: 0,
        transfer: 0,
        hung: 0,
        boot_lba: 0,
        asked: None,
        read: None,
        status: 0,
        memory: None,
        a20: a20::Method::None,
    };

    fn fields(&self, fields: &mut impl Fields) -> Self {
        let drive = fields.byte(self.drive);
        let passed = fields.usual_byte(self.passed, drive);
        let method = fields.choice(self.method, 1, &[Method::Edd, Method::Chs]);
        let is_disc = fields.flag(self.is_disc);
        let edd_works = fields.flag(self.edd_works);
        let edd_hidden = fields.usual(self.edd_hidden, 0);
        let edd_version = fields.among(self.edd_version.into(), EDD_VERSIONS) as u8;
        let edd_claims = fields.bits(u32::from(self.edd_claims) & 7, 3) as u8;
        let edd_claims = edd_claims | (fields.usual_byte(self.edd_claims >> 3, 0) << 3);
        let chs_works = fields.flag(self.chs_works);
        let chs_hidden = fields.usual(self.chs_hidden, 0);
        let (heads, sectors) = geometry(self.heads, self.sectors, fields);
        let all = [Heads::Measured, Heads::Proven, Heads::Told, Heads::Unknown];
        let whence = fields.choice(self.whence, 2, &all);
        let told_cylinders = fields.usual16(self.told_cylinders, 1024);
        let told_heads = fields.usual16(self.told_heads, heads);
        let told_sectors = fields.usual16(self.told_sectors, sectors);
        let transfer = fields.among(self.transfer.into(), TRANSFERS) as u16;
        let hung = fields.usual16(self.hung, 0);
        let boot_lba = fields.usual(self.boot_lba, BOOT_LBA);
        let asked = fields.flag(self.asked.is_some()).then(|| fields.number(self.asked.unwrap_or(0)));
        let read = read(self.read, fields, asked);
        let status = fields.usual_byte(self.status, 0);
        let memory = fields.flag(self.memory.is_some()).then(|| memory(self.memory, fields));
        let ways =
            [a20::Method::None, a20::Method::Bios, a20::Method::KeyboardController, a20::Method::Port92];
        let a20 = fields.choice(self.a20, 2, &ways);
        Self {
            drive,
            passed,
            method,
            is_disc,
            edd_works,
            edd_hidden,
            edd_version,
            edd_claims,
            chs_works,
            chs_hidden,
            heads,
            sectors,
            whence,
            told_cylinders,
            told_heads,
            told_sectors,
            transfer,
            hung,
            boot_lba,
            asked,
            read,
            status,
            memory,
            a20,
        }
    }
}

fn geometry(heads: u16, sectors: u16, fields: &mut impl Fields) -> (u16, u16) {
    let place = GEOMETRIES.iter().position(|&one| one == (heads, sectors)).unwrap_or(GEOMETRIES.len());
    match GEOMETRIES.get(fields.bits(place as u32, 2) as usize) {
        Some(&geometry) => geometry,
        None => (fields.number(heads.into()) as u16, fields.number(sectors.into()) as u16),
    }
}

/// The last sector that was read: usually the one before the read that failed, or the end of the one that did not.
fn read(read: Option<u32>, fields: &mut impl Fields, asked: Option<u32>) -> Option<u32> {
    let asked = asked.unwrap_or(0);
    let before = asked.wrapping_sub(1);
    let ahead = read.map(|read| read.wrapping_sub(asked)).filter(|&ahead| ahead < 128);
    let kind = match read {
        Some(read) if read == before => 0,
        None => 1,
        Some(_) if ahead.is_some() => 2,
        Some(_) => 3,
    };
    match fields.bits(kind, 2) {
        0 => Some(before),
        1 => None,
        2 => Some(asked.wrapping_add(fields.bits(ahead.unwrap_or(0), 7))),
        _ => Some(fields.number(read.unwrap_or(0))),
    }
}

/// RAM in the tenths of a MiB that the screen shows; base memory as what lacks to 640 KiB.
fn memory(memory: Option<Memory>, fields: &mut impl Fields) -> Memory {
    let Memory { ram, base_kib, source } =
        memory.unwrap_or(Memory { ram: 0, base_kib: 0, source: Source::E820 });
    let tenths = fields.number(tenths(ram));
    let source = fields.choice(source, 2, &[Source::E820, Source::E820Broken, Source::E801, Source::H88]);
    let lacks = fields.number(BASE_MEMORY.wrapping_sub(base_kib).into()) as u16;
    Memory { ram: bytes(tenths), base_kib: BASE_MEMORY.wrapping_sub(lacks), source }
}

/// KiB of base memory that a machine can have.
const BASE_MEMORY: u16 = 640;
/// log2 of a MiB.
const MIB: u32 = 20;
/// Most MiB that the screen shows.
const MIB_MAX: u32 = 9_999_999;

/// What the screen shows of so many bytes, times ten.
fn tenths(bytes: u64) -> u32 {
    let whole = (bytes >> MIB).min(MIB_MAX.into()) as u32;
    whole * 10 + (((bytes as u32 & ((1 << MIB) - 1)) * 10) >> MIB)
}

/// The fewest bytes of which the screen shows this.
fn bytes(tenths: u32) -> u64 {
    let part = ((tenths % 10) << MIB).div_ceil(10);
    (u64::from(tenths / 10) << MIB) + u64::from(part)
}

#[cfg(test)]
mod tests {
    use std::string::String;

    use super::{Block, BlockError, Symbols, VERSION};

    fn text(symbols: &Symbols) -> String {
        symbols.characters().map(char::from).collect()
    }

    /// An empty block, whose payload `change` changes before it gets its checks.
    fn changed(change: impl FnOnce(&mut std::vec::Vec<u8>)) -> String {
        let mut values = Block::EMPTY.encode().payload().unwrap().values().to_vec();
        change(&mut values);
        let mut payload = Symbols::new();
        values.into_iter().for_each(|value| payload.push(value));
        text(&Symbols::with_checks(&payload))
    }

    #[test]
    fn a_block_of_another_version_is_refused_by_its_first_character_alone() {
        for (version, found) in [(VERSION + 1, 'B'), (31, 'Z'), (0, '0')] {
            let newer = changed(|values| values[0] = version);
            assert_eq!(Block::decode(&newer), Err(BlockError::Version { found }), "{newer}");
        }
        // Frozen: the host program is tested with it.
        assert_eq!(changed(|values| values[0] = VERSION + 1), "B00000001406040400DCN5X");
    }

    #[test]
    fn what_is_whole_and_was_not_written_so_is_refused() {
        assert_eq!(Block::decode(&changed(|_| {})), Ok(Block::EMPTY));
        for changed in [
            changed(|values| values.push(0)),
            changed(|values| values.extend([0; 40])),
            // A length of three digits for a drive's hidden sectors, of which there are none.
            changed(|values| values.iter_mut().skip(5).for_each(|value| *value = 31)),
            changed(|values| values.truncate(6)),
        ] {
            assert_eq!(Block::decode(&changed), Err(BlockError::Fields), "{changed}");
        }
    }
}
