//! Virtual machines' disks that are not opened: each is named, with why and what helps.

use std::fs;

use ramkey::image::ImageError;

use crate::frames::virtual_disks::{FORMS, Workshop, of_bytes};

/// The first disk of ours whose words begin so, as its file is.
fn disk(words: &str) -> Vec<u8> {
    let form = FORMS.iter().find(|form| form.words.starts_with(words)).unwrap();
    fs::read(Workshop::new(&plain()).make(form)).unwrap()
}

/// Three MiB, of which the first, half of the second and the last sectors are no zeros.
fn plain() -> Vec<u8> {
    let mut bytes = vec![0; 3 << 20];
    bytes[..3 << 19].fill(0x5A);
    bytes[(3 << 20) - 4096..].fill(0xA5);
    bytes
}

/// That `bytes` are refused with `why`, and the `help`.
fn refused(bytes: Vec<u8>, why: &str, help: &str) {
    let error = of_bytes(bytes).err().unwrap_or_else(|| panic!("{why}"));
    assert!(matches!(error, ImageError::Unusable { .. }), "{error}");
    let text = error.to_string();
    assert!(text.starts_with("disk is a ") && text.contains(" file that cannot be used: "), "{text}");
    assert!(text.contains(why), "{why}: {text}");
    assert!(error.help().contains(help), "{why}: {}", error.help());
}

/// `bytes` with others at `at`.
fn put(bytes: &[u8], at: usize, new: &[u8]) -> Vec<u8> {
    let mut bytes = bytes.to_vec();
    bytes[at..at + new.len()].copy_from_slice(new);
    bytes
}

const CHECK: &str = "check it with";
const COPY: &str = "copy or download it again";

#[test]
fn a_vdi_that_cannot_be_used_is_named() {
    let vdi = disk("VDI");
    let long = |number: u32| number.to_le_bytes();
    let clone = "VBoxManage clonemedium";
    let parent: Vec<u8> = (0..16).collect();
    let child = put(&put(&vdi, 0x4C, &long(4)), 0x1A8, &parent);
    refused(child, "alone, beside the disk 03020100-0504-0706-0809-0a0b0c0d0e0f", clone);
    refused(put(&vdi, 0x4C, &long(3)), "what changed since a snapshot", clone);
    refused(put(&vdi, 0x4C, &long(5)), "it has the type 5", CHECK);
    refused(put(&vdi, 0x44, &long(0x0000_0001)), "its version is 0.1, and 1.1 is known", clone);
    refused(put(&vdi, 0x170, &(3u64 << 20 | 1).to_le_bytes()), "its map has 3 blocks", CHECK);
    refused(put(&vdi, 0x170, &((3u64 << 20) - 1).to_le_bytes()), "no whole number of sectors", CHECK);
    refused(put(&vdi, 0x178, &long(0)), "its blocks have 0 bytes", CHECK);
    refused(put(&vdi, 0x178, &long(1 << 29)), "its blocks have 536870912 bytes", CHECK);
    refused(put(&vdi, 0x17C, &long(3)), "with 3 before each", CHECK);
    refused(put(&vdi, 0x180, &long(2)), "its map has 2 blocks of 1048576 bytes", CHECK);
    refused(put(&vdi, 0x154, &long(0)), "its map begins at byte 0", CHECK);
    refused(put(&vdi, 0x154, &long(vdi.len() as u32)), "and one of its tables would lie behind that", COPY);
    refused(put(&vdi, 0x154, &long(0xFFFF_FFFF)), "and one of its tables would lie behind that", COPY);
    refused(put(&vdi, 0x200, &[long(0), long(0)].concat()), "lies where something else does", CHECK);
    refused(put(&vdi, 0x200, &long(0xFFFF_FFF0)), "and byte 0 of the disk would lie behind that", COPY);
    refused(put(&vdi, 0x158, &long(0)), "lies where something else does, at byte 0", CHECK);
    refused(vdi[..300].to_vec(), "it ends at byte 300, and its header would lie behind that", COPY);
    refused(vdi[..vdi.len() - 512].to_vec(), "of the disk would lie behind that", COPY);
}

/// `bytes` with others in the footer, whose sum is right again; with its copy at the start, if it has one.
fn put_footer(bytes: &[u8], at: usize, new: &[u8]) -> Vec<u8> {
    let mut footer = put(&bytes[bytes.len() - 512..], at, new);
    mend(&mut footer, 64);
    let whole = put(bytes, bytes.len() - 512, &footer);
    if bytes.starts_with(b"conectix") { put(&whole, 0, &footer) } else { whole }
}

/// The same for the header of a dynamic disk.
fn put_header(bytes: &[u8], at: usize, new: &[u8]) -> Vec<u8> {
    let mut header = put(&bytes[512..1536], at, new);
    mend(&mut header, 36);
    put(bytes, 512, &header)
}

fn mend(bytes: &mut [u8], at: usize) {
    bytes[at..at + 4].fill(0);
    let sum = !bytes.iter().fold(0u32, |sum, &byte| sum.wrapping_add(byte.into()));
    bytes[at..at + 4].copy_from_slice(&sum.to_be_bytes());
}

#[test]
fn a_vhd_that_cannot_be_used_is_named() {
    let (fixed, dynamic) = (disk("VHD, fixed"), disk("VHD, dynamic"));
    let long = |number: u32| number.to_be_bytes();
    let name: Vec<u8> = "base disk.vhd".encode_utf16().flat_map(u16::to_be_bytes).collect();
    let child = put_header(&put_footer(&dynamic, 60, &long(4)), 64, &name);
    refused(child, "it holds what differs from base disk.vhd alone", "`Merge-VHD`");
    refused(put_footer(&dynamic, 60, &long(4)), "what differs from another disk alone", "clonemedium");
    refused(put_footer(&dynamic, 60, &long(7)), "it has the type 7", CHECK);
    refused(put_footer(&fixed, 12, &long(0x0002_0000)), "its version is 0x00020000", CHECK);
    refused(put(&fixed, fixed.len() - 400, &[1]), "its footer", CHECK);
    refused(put_footer(&fixed, 48, &(4u64 << 20).to_be_bytes()), "the end of the disk of 4194304", COPY);
    refused(put_footer(&fixed, 48, &1000u64.to_be_bytes()), "no whole number of sectors", CHECK);
    refused(put_footer(&dynamic, 48, &(1u64 << 40).to_be_bytes()), "its table has", CHECK);
    refused(
        put_footer(&dynamic, 16, &u64::MAX.to_be_bytes()),
        "the header of a dynamic disk would lie",
        COPY,
    );
    refused(
        put_footer(&dynamic, 16, &1024u64.to_be_bytes()),
        "the header of a dynamic disk at byte 1024",
        CHECK,
    );
    refused(put(&dynamic, 600, &[1]), "the header of a dynamic disk at byte 512 is none", CHECK);
    refused(put_header(&dynamic, 24, &long(3)), "its header has the version 0x00000003", CHECK);
    for len in [0, 1000, 1 << 29] {
        refused(put_header(&dynamic, 32, &long(len)), &format!("its blocks have {len} bytes"), CHECK);
    }
    refused(put_header(&dynamic, 28, &long(1)), "its table has 1 blocks of 2097152 bytes", CHECK);
    refused(put_header(&dynamic, 16, &u64::MAX.to_be_bytes()), "its table begins at byte", CHECK);
    refused(put_header(&dynamic, 16, &(1u64 << 40).to_be_bytes()), "one of its tables would lie", COPY);
    refused(put_header(&dynamic, 16, &512u64.to_be_bytes()), "two of its tables lie at byte 512", CHECK);
    refused(put(&dynamic, 1536, &[long(5), long(6)].concat()), "lies where something else does", CHECK);
    refused(put(&dynamic, 1536, &long(1 << 30)), "byte 0 of the disk would lie behind that", COPY);

    // The sum of one of the two footers is enough, and the first Virtual PC wrote one byte less.
    let no_copy = put(&dynamic, 100, &[1]);
    let no_footer = put(&dynamic, dynamic.len() - 400, &[1]);
    refused(put(&no_copy, dynamic.len() - 400, &[1]), "has the right sum", CHECK);
    for bytes in [no_copy, no_footer, fixed[..fixed.len() - 1].to_vec()] {
        assert_eq!(of_bytes(bytes).unwrap().len(), 3 << 20);
    }
}
