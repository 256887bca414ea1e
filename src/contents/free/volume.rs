//! Which file system a volume has, and what that calls free.

use super::ext;
use super::fat;
use super::ntfs;
use super::space::FreeQuestion;
use super::usage::Usage;
use super::why::Why;
use crate::contents::boot_sector::{self, FatOrNtfs};
use crate::contents::bytes::u16_at;
use crate::image::Source;

/// How other file systems, and what is put around some, begin: offsets and bytes. (libblkid of util-linux knows them by
/// these.)
const FOREIGN: [(u64, &[u8]); 15] = [
    (0, b"LUKS\xBA\xBE"),
    (0, b"XFSB"),
    (0, b"-FVE-FS-"),
    (3, b"-FVE-FS-"),
    (3, b"EXFAT   "),
    (3, b"ReFS\0\0\0\0"),
    (0, b"LABELONE"),
    (512, b"LABELONE"),
    (1024, b"LABELONE"),
    (1536, b"LABELONE"),
    (8192, b"\x49\xE8\x95\xF9"),
    (65_536 + 52, b"ReIsEr"),
    (65_536 + 64, b"_BHRfS_M"),
    (32_768, b"JFS1"),
    (32_769, b"CD001"),
];
/// Those of them that can have a swap space in them, where a sleeping Linux has its memory.
const CLOSED: [&[u8]; 2] = [b"LUKS\xBA\xBE", b"LABELONE"];
/// Where an ext2, ext3 or ext4 has the features without which it cannot be read, and that of a log that is to be played: a
/// Linux that sleeps, perhaps into a swap file on it, leaves it so.
const EXT_FEATURES: usize = 96;
const EXT_RECOVERY: u16 = 4;
/// Where the record of an ext2, ext3 or ext4 begins, and where its magic number is in it.
const SUPERBLOCK: u64 = 1024;
const EXT_MAGIC: (usize, u16) = (56, 0xEF53);

/// A file system whose free space can be known.
#[derive(Clone, Copy)]
enum Found {
    Fat([u8; 512]),
    Ntfs([u8; 512]),
    Ext,
}

/// Whether some such file system begins at byte `start`.
pub(super) fn begins(source: &dyn Source, start: u64) -> Result<bool, Why> {
    match identify(source, start) {
        Ok(_) => Ok(true),
        Err(Why::Unknown) => Ok(false),
        Err(why) => Err(why),
    }
}

/// Whether a Linux that sleeps can have its memory within the volume that begins at byte `start`, where that is not seen.
pub(super) fn may_hide_memory(source: &dyn Source, start: u64) -> Result<bool, Why> {
    for (offset, magic) in FOREIGN.into_iter().filter(|(_, magic)| CLOSED.contains(magic)) {
        let mut bytes = [0; 8];
        let bytes = &mut bytes[..magic.len()];
        if read_at(source, start.saturating_add(offset), bytes)? && bytes == magic {
            return Ok(true);
        }
    }
    let mut superblock = [0; 512];
    let is_there = read_at(source, start.saturating_add(SUPERBLOCK), &mut superblock)?
        && u16_at(&superblock, EXT_MAGIC.0) == EXT_MAGIC.1;
    Ok(is_there && u16_at(&superblock, EXT_FEATURES) & EXT_RECOVERY != 0)
}

/// What the file system calls free that has the `len` bytes from `start` on.
pub(super) fn usage(source: &dyn Source, start: u64, len: u64, question: FreeQuestion) -> Result<Usage, Why> {
    if start.checked_add(len).is_none_or(|end| end > source.len()) {
        return Err(Why::BeyondImage);
    }
    match identify(source, start)? {
        Found::Fat(sector) => fat::usage(source, start, len, &sector, question),
        Found::Ntfs(sector) => ntfs::usage(source, start, len, &sector, question),
        Found::Ext => ext::usage(source, start, len),
    }
}

fn identify(source: &dyn Source, start: u64) -> Result<Found, Why> {
    let (mut sector, mut superblock) = ([0; 512], [0; 512]);
    if !read_at(source, start, &mut sector)? {
        return Err(Why::Unknown);
    }
    let mut found = Vec::new();
    if &sector[3..11] == b"NTFS    " {
        found.push(Found::Ntfs(sector));
    } else if boot_sector::read(&sector).is_some_and(|boot| boot.system != FatOrNtfs::Ntfs) {
        found.push(Found::Fat(sector));
    }
    if read_at(source, start.saturating_add(SUPERBLOCK), &mut superblock)?
        && u16_at(&superblock, EXT_MAGIC.0) == EXT_MAGIC.1
    {
        found.push(Found::Ext);
    }
    for (offset, magic) in FOREIGN {
        let mut bytes = [0; 8];
        let bytes = &mut bytes[..magic.len()];
        if read_at(source, start.saturating_add(offset), bytes)? && bytes == magic {
            return Err(if found.is_empty() { Why::Unknown } else { Why::Ambiguous });
        }
    }
    match found[..] {
        [] => Err(Why::Unknown),
        [one] => Ok(one),
        _ => Err(Why::Ambiguous),
    }
}

/// Fills `bytes` from byte `offset` on; false if the image ends before.
fn read_at(source: &dyn Source, offset: u64, bytes: &mut [u8]) -> Result<bool, Why> {
    if offset.checked_add(bytes.len() as u64).is_none_or(|end| end > source.len()) {
        return Ok(false);
    }
    source.read_at(offset, bytes).map_err(|_| Why::Unreadable)?;
    Ok(true)
}
