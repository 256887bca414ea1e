//! The record of an ext2, ext3 or ext4. (Linux, `Documentation/filesystems/ext4/super.rst`.)

use super::bytes::{sector, u16_at, u32_at};
use crate::image::Source;

/// Sector of the record, from the start of the volume.
const RECORD: u64 = 2;
/// Magic number, and its offset.
const MAGIC: u16 = 0xEF53;
const MAGIC_OFFSET: usize = 56;
/// Blocks of more than 64 KiB are none.
const SHIFT_MAX: u32 = 6;
/// Bits of its features: it has a journal; and what only ext4 has.
const HAS_JOURNAL: u32 = 4;
const OF_EXT4: u32 = 0x40 | 0x80 | 0x200;
/// Where its number of free blocks is.
const FREE_BLOCKS: usize = 12;
/// Where its label is.
const LABEL: std::ops::Range<usize> = 120..136;

/// What the record of such a file system says.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct ExtRecord {
    /// `ext2`, `ext3` or `ext4`.
    pub name: &'static str,
    /// Sectors of the volume.
    pub sectors: u64,
    /// Its free bytes.
    pub free: u64,
    /// Its label, if it has one that is plain text.
    pub label: Option<String>,
}

impl ExtRecord {
    /// The record of the file system that begins at sector `lba`; `None` if there is none.
    pub fn read(source: &dyn Source, lba: u64) -> Option<Self> {
        let record = sector(source, lba.checked_add(RECORD)?)?;
        let shift = u32_at(&record, 24);
        let is_ext = u16_at(&record, MAGIC_OFFSET) == MAGIC && shift <= SHIFT_MAX;
        is_ext.then(|| Self {
            name: match (u32_at(&record, 92), u32_at(&record, 96)) {
                (_, incompatible) if incompatible & OF_EXT4 != 0 => "ext4",
                (compatible, _) if compatible & HAS_JOURNAL != 0 => "ext3",
                _ => "ext2",
            },
            sectors: u64::from(u32_at(&record, 4)) << (shift + 1),
            free: u64::from(u32_at(&record, FREE_BLOCKS)) << (shift + 10),
            label: label(&record[LABEL]),
        })
    }
}

fn label(bytes: &[u8]) -> Option<String> {
    let end = bytes.iter().position(|&byte| byte == 0).unwrap_or(bytes.len());
    let text = std::str::from_utf8(&bytes[..end]).ok()?.trim_end();
    let is_plain = text.bytes().all(|byte| (0x20..0x7F).contains(&byte)) && !text.is_empty();
    is_plain.then(|| text.to_owned())
}
