//! What a stick holds before it is overwritten: the names that a person knows it by.

use std::io;

use crate::device::text::clean;

/// How the description of a Linux RAID begins (md version 1.1 and 1.2): 0xA92B4EFC.
const RAID: [u8; 4] = [0xFC, 0x4E, 0x2B, 0xA9];
/// Where ZFS keeps what is newest of a pool, in the first of its labels, and how each entry of that begins: 0x00BAB10C of 64
/// bits (ZFS On-Disk Specification, 1.3.4).
const UBERBLOCKS: std::ops::Range<u64> = 128 << 10..256 << 10;
const UBERBLOCK: [u8; 8] = [0x0C, 0xB1, 0xBA, 0, 0, 0, 0, 0];
/// The smallest distance between two entries.
const UBERBLOCK_LEN: usize = 1024;

/// A file system, as its first sectors tell.
#[derive(Clone, Debug, PartialEq, Eq, serde::Serialize, schemars::JsonSchema)]
pub struct FileSystem {
    /// For example `FAT32`.
    pub kind: String,
    /// Its label, or nothing.
    pub label: String,
}

impl FileSystem {
    /// The kind of a part of a ZFS pool.
    pub(super) const ZFS: &str = "ZFS";

    /// Looks at the bytes from `offset` on, through `read`; `None` if there is nothing known or readable.
    pub fn probe(offset: u64, read: &dyn Fn(u64, &mut [u8]) -> io::Result<()>) -> Option<Self> {
        let mut head = vec![0; 4096];
        read(offset, &mut head).ok()?;
        let is = |at: usize, magic: &[u8]| head[at..].starts_with(magic);
        let label = |at: usize, len: usize| {
            let text = clean(&String::from_utf8_lossy(&head[at..at + len]));
            if text == "NO NAME" { String::new() } else { text }
        };
        let has = |at: u64, magic: &[u8]| {
            let mut bytes = [0; 8];
            let bytes = &mut bytes[..magic.len()];
            read(offset + at, bytes).is_ok() && bytes == magic
        };
        let found = |kind: &str, label: String| Some(Self { kind: kind.into(), label });
        if is(0x52, b"FAT32   ") {
            found("FAT32", label(0x47, 11))
        } else if is(0x36, b"FAT12   ") {
            found("FAT12", label(0x2B, 11))
        } else if is(0x36, b"FAT16   ") {
            found("FAT16", label(0x2B, 11))
        } else if is(3, b"NTFS    ") {
            found("NTFS", String::new())
        } else if is(3, b"EXFAT   ") {
            found("exFAT", String::new())
        } else if is(1080, &[0x53, 0xEF]) {
            found("ext", label(1144, 16))
        } else if is(0, b"XFSB") {
            found("XFS", label(108, 12))
        } else if is(0, b"LUKS\xBA\xBE") {
            found("LUKS", String::new())
        } else if [0, 512, 1024, 1536].iter().any(|&at| is(at, b"LABELONE")) {
            found("LVM", String::new())
        } else if is(0, &RAID) || has(4096, &RAID) {
            found("RAID", String::new())
        } else if is(0, b"hsqs") {
            found("squashfs", String::new())
        } else if has(65536 + 64, b"_BHRfS_M") {
            found("btrfs", String::new())
        } else if has_pool_label(offset, read) {
            found(Self::ZFS, String::new())
        } else if is(4086, b"SWAPSPACE2") {
            found("swap", String::new())
        } else {
            let mut volume = vec![0; 2048];
            read(offset + 32768, &mut volume).ok()?;
            let text = clean(&String::from_utf8_lossy(&volume[40..72]));
            volume[1..].starts_with(b"CD001").then(|| Self { kind: "ISO 9660".into(), label: text })
        }
    }
}

/// Whether there is a label of ZFS, by any entry of its list, written by a machine of either byte order.
fn has_pool_label(offset: u64, read: &dyn Fn(u64, &mut [u8]) -> io::Result<()>) -> bool {
    let mut list = vec![0; (UBERBLOCKS.end - UBERBLOCKS.start) as usize];
    let mut swapped = UBERBLOCK;
    swapped.reverse();
    read(offset + UBERBLOCKS.start, &mut list).is_ok()
        && list
            .chunks(UBERBLOCK_LEN)
            .any(|entry| entry.starts_with(&UBERBLOCK) || entry.starts_with(&swapped))
}
