//! Capsules whose parts lie elsewhere than a writer puts them, as after a change in place.

use ramkey_format::capsule::{
    CAPSULE_HEADER_LEN, CapsuleHeader, ChunkEntry, Form, HEADER_HASHED_LEN, Origin,
};
use zerocopy::{FromBytes, IntoBytes};

const SECTOR: usize = 512;
/// What the origin record says.
const TEXT: &str = "https://example.org/größe.img.gz";

/// The same capsule with its chunks in reverse order, a sector of `junk` before each, bytes that are equal stored once, and
/// behind them the table block with an origin record. It says that it was changed `changes` times.
pub fn rewritten(capsule: &[u8], changes: u32, junk: u8) -> Vec<u8> {
    let (mut header, mut entries) = parts(capsule);
    let mut bytes = vec![junk; CAPSULE_HEADER_LEN];
    let mut stored: Vec<(&[u8], u64)> = Vec::new();
    for (index, entry) in (0..header.chunk_count.get()).zip(entries.iter_mut()).rev() {
        if header.form(index, entry) != Ok(Form::Raw) {
            continue;
        }
        let chunk = &capsule[entry.stored().start as usize..entry.stored().end as usize];
        let known = stored.iter().find(|(bytes, _)| *bytes == chunk).map(|(_, start)| *start);
        let start = known.unwrap_or_else(|| {
            bytes.resize(bytes.len() + SECTOR, junk);
            let start = bytes.len() as u64;
            bytes.extend_from_slice(chunk);
            bytes.resize(bytes.len().next_multiple_of(SECTOR), junk);
            stored.push((chunk, start));
            start
        });
        *entry = ChunkEntry::new(Form::Raw, start..start + chunk.len() as u64, entry.chaining_value);
    }
    let origin = Origin {
        container_blake3: *blake3::hash(b"container").as_bytes(),
        container_len: 9.into(),
        text_len: (TEXT.len() as u16).into(),
        reserved: [0; 6],
    };
    let block = [entries.as_bytes(), origin.as_bytes(), TEXT.as_bytes()].concat();
    header.table_offset = (bytes.len() as u64).into();
    header.table_len = (block.len() as u32).into();
    header.changes = changes.into();
    bytes.extend_from_slice(&block);
    bytes.resize(bytes.len().next_multiple_of(SECTOR), junk);
    header.file_len = (bytes.len() as u64).into();
    bytes[..CAPSULE_HEADER_LEN].copy_from_slice(header.as_bytes());
    edit(&mut bytes, |_, _| ());
    bytes
}

/// Changes header and chunk table, and gives them the right hashes.
pub fn edit(capsule: &mut [u8], change: impl FnOnce(&mut CapsuleHeader, &mut [ChunkEntry])) {
    let (mut header, mut entries) = parts(capsule);
    change(&mut header, &mut entries);
    let start = header.table_offset.get() as usize;
    let table = entries.as_bytes();
    capsule[start..start + table.len()].copy_from_slice(table);
    let block = &capsule[start..start + header.table_len.get() as usize];
    header.table_blake3 = *blake3::hash(block).as_bytes();
    header.header_blake3 = *blake3::hash(&header.as_bytes()[..HEADER_HASHED_LEN]).as_bytes();
    capsule[..CAPSULE_HEADER_LEN].copy_from_slice(header.as_bytes());
}

fn parts(capsule: &[u8]) -> (CapsuleHeader, Vec<ChunkEntry>) {
    let (header, _) = CapsuleHeader::read_from_prefix(capsule).unwrap();
    let block = &capsule[header.table_offset.get() as usize..];
    let entries = header.entries(block).unwrap().to_vec();
    (header, entries)
}
