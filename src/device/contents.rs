//! What a stick holds before it is overwritten: the names that a person knows it by.

use std::io;

use crate::device::text::clean;

/// A file system, as its first sectors tell.
#[derive(Clone, Debug, PartialEq, Eq, serde::Serialize)]
pub struct FileSystem {
    /// For example `FAT32`.
    pub kind: String,
    /// Its label, or nothing.
    pub label: String,
}

impl FileSystem {
    /// Looks at the bytes from `offset` on, through `read`; `None` if there is nothing known or readable.
    pub fn probe(offset: u64, read: &dyn Fn(u64, &mut [u8]) -> io::Result<()>) -> Option<Self> {
        let mut head = vec![0; 4096];
        read(offset, &mut head).ok()?;
        let is = |at: usize, magic: &[u8]| head[at..].starts_with(magic);
        let label = |at: usize, len: usize| {
            let text = clean(&String::from_utf8_lossy(&head[at..at + len]));
            if text == "NO NAME" { String::new() } else { text }
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
        } else if is(512, b"LABELONE") {
            found("LVM", String::new())
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
