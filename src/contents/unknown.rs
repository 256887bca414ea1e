//! Whether anything is known of an image: without that it may well be no image of a disk.

use super::facts::ImageFacts;
use crate::image::Source;

/// File systems, volumes and tables that need no boot signature: the place and the bytes of each.
///
/// (The places are those of the `file` program's table.)
const MARKS: &[(u64, &[u8])] = &[
    (0, b"XFSB"),
    (0, b"LUKS\xBA\xBE"),
    (0, b"hsqs"),
    (0, b"-rom1fs-"),
    (0, b"\x45\x3D\xCD\x28"),   // cramfs
    (0, b"DOS"),                // a floppy of an Amiga
    (0, b"ER\x02\0"),           // a disk of a Macintosh
    (512, b"LABELONE"),         // LVM
    (512, b"\x57\x45\x56\x82"), // disk label of BSD
    (512, b"EFI PART"),
    (544, b"1SFB"), // BeOS
    (1024, b"BD"),  // HFS
    (1024, b"H+\0\x04"),
    (1024, b"HX\0\x05"),
    (1024, b"\x10\x20\xF5\xF2"), // F2FS
    (1040, &[0x7F, 0x13]),       // Minix
    (1040, &[0x8F, 0x13]),
    (1040, &[0x68, 0x24]),
    (1040, &[0x78, 0x24]),
    (1048, &[0x5A, 0x4D]),
    (1080, &[0x53, 0xEF]), // ext2, ext3, ext4
    (4086, b"SWAPSPACE2"),
    (4086, b"SWAP-SPACE"),
    (8192 + 1372, b"\x54\x19\x01\0"), // UFS
    (65536 + 1372, b"\x19\x01\x54\x19"),
    (32768, b"JFS1"),
    (65588, b"ReIsEr"),
    (65600, b"_BHRfS_M"),
];

/// Whether `source`, of which `facts` are known, has a boot signature, a partition table, a file system, the
/// descriptors of a CD or the wrapping of a hard disk.
pub fn is_known(source: &dyn Source, facts: &ImageFacts) -> bool {
    let is_wrapped_disk = facts.wrapping.as_ref().is_some_and(|wrapping| wrapping.hard_disk.is_some());
    let is_told = facts.boot_signature || facts.contents.is_some() || facts.disc.is_some() || is_wrapped_disk;
    is_told || MARKS.iter().any(|&(offset, bytes)| has(source, offset, bytes))
}

/// Whether the first MiB, or all of it if it is shorter, is zeros, as on a disk that was not used yet.
pub fn is_blank(source: &dyn Source) -> bool {
    let mut bytes = vec![0; source.len().min(1 << 20) as usize];
    source.read_at(0, &mut bytes).is_ok() && bytes.iter().all(|&byte| byte == 0)
}

fn has(source: &dyn Source, offset: u64, bytes: &[u8]) -> bool {
    let mut found = vec![0; bytes.len()];
    let is_there = offset + bytes.len() as u64 <= source.len();
    is_there && source.read_at(offset, &mut found).is_ok() && found == bytes
}
