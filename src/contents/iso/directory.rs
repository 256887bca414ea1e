//! Finding a file of a disc by its name. (ECMA-119 section 9.1; Rock Ridge Interchange Protocol, entry `NM`.)

use super::blocks::{BLOCK_LEN, Blocks};
use super::error::IsoError;
use crate::contents::bytes::u32_at;

/// Longest directory that is read: 4 MiB, some eighty thousand names.
const DIRECTORY_LEN_MAX: u32 = 4 << 20;
/// Bytes of a directory record before the name.
const NAME_OFFSET: usize = 33;
const IS_DIRECTORY: u8 = 2;

/// Where a file or directory lies.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) struct Extent {
    pub lba: u32,
    /// Length in bytes.
    pub len: u32,
}

impl Extent {
    /// The extent of a directory record, which has at least 18 bytes.
    pub fn of_record(record: &[u8]) -> Self {
        Self { lba: u32_at(record, 2), len: u32_at(record, 10) }
    }
}

/// One name of a directory.
struct Record<'a> {
    raw: &'a [u8],
    name: &'a [u8],
}

impl Record<'_> {
    fn is_directory(&self) -> bool {
        self.raw[25] & IS_DIRECTORY != 0
    }

    /// Whether this is `wanted`, in capital or small letters, by its plain name or its Rock Ridge name.
    fn is(&self, wanted: &str, encoding: Encoding) -> bool {
        match encoding {
            Encoding::Joliet => plain(&utf16(self.name)).eq_ignore_ascii_case(wanted),
            Encoding::Plain => {
                plain(&String::from_utf8_lossy(self.name)).eq_ignore_ascii_case(wanted)
                    || self.rock_ridge().is_some_and(|name| name.eq_ignore_ascii_case(wanted.as_bytes()))
            }
        }
    }

    /// Its name as it is written, without version; the Rock Ridge name counts more.
    fn shown(&self, encoding: Encoding) -> String {
        let text = |bytes: &[u8]| String::from_utf8_lossy(bytes).into_owned();
        match encoding {
            Encoding::Joliet => plain(&utf16(self.name)).to_owned(),
            Encoding::Plain => self.rock_ridge().map_or_else(|| plain(&text(self.name)).to_owned(), text),
        }
    }

    /// Whether it is the directory itself, or its parent.
    fn is_dot(&self) -> bool {
        matches!(self.name, [0 | 1])
    }

    /// The Rock Ridge name, if the record has room for it.
    fn rock_ridge(&self) -> Option<&[u8]> {
        let even = NAME_OFFSET + self.name.len() + (self.name.len() + 1) % 2;
        let mut rest = self.raw.get(even..)?;
        // Each entry has at least four bytes, so this ends.
        while let [first, second, len, _, ..] = *rest {
            let len = usize::from(len);
            let entry = rest.get(..len).filter(|_| len >= 4)?;
            if (first, second) == (b'N', b'M') {
                return entry.get(5..);
            }
            rest = &rest[len..];
        }
        None
    }
}

/// A name of Joliet.
fn utf16(name: &[u8]) -> String {
    let units = name.chunks_exact(2).map(|pair| u16::from_be_bytes([pair[0], pair[1]]));
    String::from_utf16_lossy(&units.collect::<Vec<_>>())
}

/// A name without its version and without the point of an empty extension.
fn plain(name: &str) -> &str {
    let name = name.split(';').next().unwrap_or(name);
    name.strip_suffix('.').unwrap_or(name)
}

/// How names are written.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Encoding {
    /// ISO 9660, with or without Rock Ridge.
    Plain,
    /// Joliet: UCS-2, high byte first.
    Joliet,
}

/// A tree of directories.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Tree {
    pub root: Extent,
    pub encoding: Encoding,
}

impl Tree {
    /// The file or directory `path`, with `/` between names; `None` if there is none.
    pub fn find(&self, blocks: Blocks, path: &str) -> Result<Option<Extent>, IsoError> {
        let mut at = self.root;
        let mut names = path.split('/').peekable();
        while let Some(name) = names.next() {
            let directory = read(blocks, at)?;
            let wanted = |record: &Record| {
                record.is(name, self.encoding) && (record.is_directory() || names.peek().is_none())
            };
            match records(&directory).find(wanted) {
                Some(record) => at = Extent::of_record(record.raw),
                None => return Ok(None),
            }
        }
        Ok(Some(at))
    }
}

/// A file or directory in a directory.
pub(super) struct Listed {
    pub name: String,
    pub place: Extent,
    pub is_directory: bool,
}

/// What is in the directory at `place`, without itself and its parent.
pub(super) fn list(blocks: Blocks, place: Extent, encoding: Encoding) -> Result<Vec<Listed>, IsoError> {
    let directory = read(blocks, place)?;
    let listed = records(&directory).filter(|record| !record.is_dot()).map(|record| Listed {
        name: record.shown(encoding),
        place: Extent::of_record(record.raw),
        is_directory: record.is_directory(),
    });
    Ok(listed.collect())
}

fn read(blocks: Blocks, extent: Extent) -> Result<Vec<u8>, IsoError> {
    let rest = blocks.count().saturating_sub(u64::from(extent.lba)).saturating_mul(BLOCK_LEN);
    let len = u64::from(extent.len.min(DIRECTORY_LEN_MAX)).min(rest);
    let mut bytes = vec![0; len as usize];
    blocks.bytes(u64::from(extent.lba), &mut bytes)?;
    Ok(bytes)
}

/// The records of a directory. None of them crosses a block.
fn records(directory: &[u8]) -> impl Iterator<Item = Record<'_>> {
    directory.chunks(BLOCK_LEN as usize).flat_map(|block| {
        let mut rest = block;
        std::iter::from_fn(move || {
            let len = usize::from(*rest.first()?);
            let raw = rest.get(..len).filter(|raw| raw.len() > NAME_OFFSET)?;
            let name = raw.get(NAME_OFFSET..NAME_OFFSET + usize::from(raw[32]))?;
            rest = &rest[len..];
            Some(Record { raw, name })
        })
    })
}
