//! Header and table of a capsule, from bytes, with their hashes.

use std::ops::Range;

use blake3::Hash;
use blake3::hazmat::ChainingValue;
use ramkey_format::capsule::{
    CAPSULE_HEADER_LEN, CapsuleError, CapsuleHeader, ChunkEntry, Form, HEADER_HASHED_LEN,
};

use crate::image::combine;

/// Why a sector is no header that can be used.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum HeaderError {
    /// It says something that this program cannot use.
    Format(CapsuleError),
    /// It does not have the hash that it names.
    Hash {
        /// The hash that it names.
        expected: Hash,
        /// Its hash.
        found: Hash,
    },
}

/// The header in the first sector of a capsule. As in the loader, nothing but magic and version is believed without the
/// hash.
///
/// # Errors
///
/// See [`HeaderError`].
pub fn header(sector: &[u8]) -> Result<&CapsuleHeader, HeaderError> {
    let parsed = CapsuleHeader::parse(sector);
    if let Err(error @ (CapsuleError::NotACapsule | CapsuleError::Version { .. })) = parsed {
        return Err(HeaderError::Format(error));
    }
    let mut named = [0; 32];
    named.copy_from_slice(&sector[HEADER_HASHED_LEN..CAPSULE_HEADER_LEN]);
    let (expected, found) = (Hash::from_bytes(named), blake3::hash(&sector[..HEADER_HASHED_LEN]));
    if expected != found {
        return Err(HeaderError::Hash { expected, found });
    }
    parsed.map_err(HeaderError::Format)
}

/// Why the table block of a capsule cannot be used.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum TableError {
    /// It does not have the hash that the header names.
    Hash {
        /// The hash that the header names.
        expected: Hash,
        /// Its hash.
        found: Hash,
    },
    /// It is shorter than its entries.
    Short,
    /// It says something that this program cannot use.
    Format(CapsuleError),
    /// Its chunks do not combine to the hash of the image in memory.
    Image {
        /// The hash that the header names.
        expected: Hash,
        /// What the chunks combine to.
        found: Hash,
    },
}

/// The chunks of a capsule, in order.
pub struct Table<'b> {
    /// Their entries.
    pub entries: &'b [ChunkEntry],
    /// How each of them is stored.
    pub forms: Vec<Form>,
}

/// The chunks that `block` names, which lies where `header` says.
///
/// # Errors
///
/// See [`TableError`]; the checks are made in the order of its variants.
pub fn table<'b>(header: &CapsuleHeader, block: &'b [u8]) -> Result<Table<'b>, TableError> {
    let (expected, found) = (Hash::from_bytes(header.table_blake3), blake3::hash(block));
    if expected != found {
        return Err(TableError::Hash { expected, found });
    }
    let entries = header.entries(block).ok_or(TableError::Short)?;
    let forms = (0..).zip(entries).map(|(index, entry)| header.form(index, entry));
    let forms = forms.collect::<Result<Vec<Form>, CapsuleError>>().map_err(TableError::Format)?;
    header.origin(block).map_err(TableError::Format)?;
    let values: Vec<ChainingValue> = entries.iter().map(|entry| entry.chaining_value).collect();
    let (expected, found) = (Hash::from_bytes(header.ram_blake3), combine(&values));
    if expected != found {
        return Err(TableError::Image { expected, found });
    }
    Ok(Table { entries, forms })
}

impl Table<'_> {
    /// The bytes of the capsule that neither header, table nor chunks name, ascending.
    pub fn gaps(&self, header: &CapsuleHeader) -> Vec<Range<u64>> {
        let table = header.table_offset.get();
        let own = [0..CAPSULE_HEADER_LEN as u64, table..table + u64::from(header.table_len.get())];
        let mut named: Vec<Range<u64>> = self.entries.iter().map(ChunkEntry::stored).chain(own).collect();
        named.sort_unstable_by_key(|range| range.start);
        let mut gaps = Vec::new();
        let mut end = 0;
        let behind = header.file_len.get();
        for range in named.into_iter().chain(std::iter::once(behind..behind)) {
            if end < range.start {
                gaps.push(end..range.start);
            }
            end = end.max(range.end);
        }
        gaps
    }
}
