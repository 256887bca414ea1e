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

/// `qemu-img` is asked for a child of `base` in the format `driver`.
fn child(driver: &str) -> Vec<u8> {
    let workshop = Workshop::new(&plain());
    workshop.qemu_img(&["convert", "-f", "raw", "-O", driver, "@plain.img", "@base disk"]);
    workshop.qemu_img(&["create", "-q", "-f", driver, "-b", "base disk", "-F", driver, "@child"]);
    fs::read(workshop.path("child")).unwrap()
}

const CONVERT: &str = "make a plain image of it, and give that: `qemu-img convert -f";

#[test]
fn a_qcow2_that_cannot_be_used_is_named() {
    let qcow2 = disk("qcow2, version 3");
    let long = |number: u32| number.to_be_bytes();
    let wide = |number: u64| number.to_be_bytes();
    refused(child("qcow2"), "it holds what differs from base disk alone, its backing file", CONVERT);
    refused(put(&qcow2, 8, &wide(u64::MAX)), "a name would lie behind that", COPY);
    for method in [1, 2] {
        refused(put(&qcow2, 32, &long(method)), "it is encrypted", "encrypt.key-secret=key");
    }
    refused(put(&qcow2, 72, &wide(1 << 1)), "it is marked as damaged", "`qemu-img check -r all FILE`");
    refused(put(&qcow2, 72, &wide(1 << 2)), "its bytes are in another disk, its data file", CONVERT);
    refused(put(&qcow2, 72, &wide(1 << 63 | 1 << 5)), "unknown features 0x8000000000000020", CONVERT);
    refused(put(&put(&qcow2, 72, &wide(1 << 3)), 104, &[9]), "it is packed by method 9", CONVERT);
    for bits in [0, 8, 22, u32::MAX] {
        refused(put(&qcow2, 20, &long(bits)), &format!("to the power of {bits} bytes"), CHECK);
    }
    refused(put(&qcow2, 24, &wide((3 << 20) + 1)), "no whole number of sectors", CHECK);
    refused(put(&qcow2, 24, &wide(u64::MAX)), "its table has 1 entries", CHECK);
    refused(put(&qcow2, 36, &long(0)), "its table has 0 entries", CHECK);
    refused(put(&qcow2, 40, &wide(512)), "its first table begins at byte 512", CHECK);
    refused(put(&qcow2, 40, &wide(1 << 40)), "its first table would lie behind that", COPY);
    let first = u64::from_be_bytes(*qcow2[40..].first_chunk().unwrap()) as usize;
    refused(put(&qcow2, first, &wide(1 << 40)), "one of its tables would lie behind that", COPY);
    refused(put(&qcow2, first, &wide(0x200)), "a table lies at byte 512, where no cluster begins", CHECK);
    refused(put(&qcow2, first, &wide(first as u64)), "two of its tables lie at byte", CHECK);
    let second = (u64::from_be_bytes(*qcow2[first..].first_chunk().unwrap()) & !(1 << 63)) as usize;
    refused(put(&qcow2, second, &wide(0x200)), "a cluster lies at byte 512, where none begins", CHECK);
    refused(put(&qcow2, second, &wide(first as u64)), "lies where something else does", CHECK);
    refused(put(&qcow2, second, &wide(1 << 62 | 1 << 40)), "a packed cluster would lie behind that", COPY);
    let packed = of_bytes(put(&qcow2, second, &wide(1 << 62 | 0x3000))).unwrap();
    let error = packed.read_at(0, &mut [0; 512]).unwrap_err();
    assert!(error.to_string().contains("a packed piece of the disk is damaged"), "{error}");

    // What is only not closed can be read, and what a snapshot was is not.
    assert_eq!(of_bytes(put(&qcow2, 72, &wide(1))).unwrap().len(), 3 << 20);
    let told = of_bytes(put(&qcow2, 60, &long(2))).unwrap().wrapping().unwrap().left_out.clone();
    assert!(told.contains("as it is now, and not as any of its 2 snapshots was"), "{told}");

    let workshop = Workshop::new(&plain());
    let options = "data_file=other.raw,data_file_raw=on";
    workshop.qemu_img(&["convert", "-f", "raw", "-O", "qcow2", "-o", options, "@plain.img", "@disk"]);
    let _ = fs::remove_file("other.raw");
    refused(fs::read(workshop.path("disk")).unwrap(), "its bytes are in other.raw, its data file", CONVERT);
}

#[test]
fn a_vhdx_that_cannot_be_used_is_named() {
    let vhdx = disk("VHDX, dynamic");
    // The header that counts, and the other.
    let both = |at: usize, new: &[u8]| {
        let mut bytes = vhdx.clone();
        for header in [64 << 10, 128 << 10] {
            bytes = with_sum(&put(&bytes, header + at, new), header, 4096);
        }
        bytes
    };
    let log = "`qemu-img check -r all FILE`";
    refused(both(48, &[1; 16]), "it was not closed, and its log holds what is not on it yet", log);
    refused(both(66, &[2]), "its version is 2, and 1 is known", CHECK);
    refused(both(72, &(3u64 << 19).to_le_bytes()), "its log lies at byte 1572864", CHECK);
    refused(both(72, &(1u64 << 40).to_le_bytes()), "one of its tables would lie behind that", COPY);
    let no_header = put(&put(&vhdx, 65600, &[1]), 131_136, &[1]);
    refused(no_header, "neither of its headers has the right sum", CHECK);
    let no_regions = put(&put(&vhdx, 200 << 10, &[1]), 300 << 10, &[1]);
    refused(no_regions, "neither of its tables of regions has the right sum", CHECK);
    // One of two is enough.
    assert_eq!(of_bytes(put(&put(&vhdx, 131_136, &[1]), 300 << 10, &[1])).unwrap().len(), 3 << 20);
}

#[test]
fn a_vhdx_whose_regions_or_metadata_are_not_what_is_known_is_named() {
    let vhdx = disk("VHDX, dynamic");
    let long = |number: u32| number.to_le_bytes();
    let regions = |at: usize, new: &[u8]| with_sum(&put(&vhdx, (192 << 10) + at, new), 192 << 10, 64 << 10);
    let unknown = [&[0xD1; 16][..], &(2u64 << 20).to_le_bytes(), &long(1 << 20), &long(1)].concat();
    refused(regions(16, &unknown), "it needs a region of an unknown kind", CONVERT);
    refused(regions(8, &long(0)), "it has no block allocation table, or no metadata", CHECK);
    refused(regions(32, &long(12345)), "one of its regions lies at byte", CHECK);

    let metadata = vhdx.windows(8).position(|bytes| bytes == b"metadata").unwrap();
    let item = |id: &[u8]| {
        let entry = vhdx[metadata..].windows(id.len()).position(|bytes| bytes == id).unwrap() + metadata;
        let offset = u32::from_le_bytes(*vhdx[entry + 16..].first_chunk().unwrap()) as usize;
        (entry, metadata + offset)
    };
    let (entry, parameters) = item(b"\x37\x67\xA1\xCA");
    let (_, len) = item(b"\x24\x42\xA5\x2F");
    let (_, sector) = item(b"\x1D\xBF\x41\x81");
    refused(put(&vhdx, metadata, b"M"), "there is no metadata at byte", CHECK);
    refused(
        put(&vhdx, parameters + 4, &long(2)),
        "it holds what differs from another disk alone",
        "`Merge-VHD",
    );
    refused(put(&vhdx, parameters, &long(3 << 20)), "its blocks have 3145728 bytes", CHECK);
    refused(put(&vhdx, len, &((3u64 << 20) - 1).to_le_bytes()), "no whole number of sectors", CHECK);
    refused(put(&vhdx, len, &(1u64 << 60).to_le_bytes()), "its table has 1048576 bytes", CHECK);
    refused(put(&vhdx, sector, &long(4096)), "its sectors have 4096 bytes", "sectors of 512 bytes");
    refused(put(&vhdx, entry, &[0xD1]), "it needs metadata of an unknown kind", CONVERT);
    refused(put(&vhdx, entry + 16, &long(0)), "an item of its metadata has 8 bytes at 0", CHECK);
    refused(put(&vhdx, metadata + 10, &[0, 0]), "does not say how large it is", CHECK);
}

#[test]
fn the_parent_of_a_vhdx_is_named() {
    let vhdx = disk("VHDX, dynamic");
    let long = |number: u32| number.to_le_bytes();
    let place = |bytes: &[u8]| vhdx.windows(bytes.len()).position(|found| found == bytes).unwrap();
    let metadata = place(b"metadata");
    let offset = u32::from_le_bytes(*vhdx[place(b"\x37\x67\xA1\xCA") + 16..].first_chunk().unwrap());
    let parameters = metadata + offset as usize;
    // A parent is named by a list of names and values.
    let text = |text: &str| text.encode_utf16().flat_map(u16::to_le_bytes).collect::<Vec<u8>>();
    let (name, value) = (text("relative_path"), text(".\\base.vhdx"));
    let mut locator = [&[0; 16][..], &[0, 0, 1, 0], &long(32), &long(100)].concat();
    locator.extend([name.len() as u16, value.len() as u16].iter().flat_map(|len| len.to_le_bytes()));
    locator.extend(&name);
    locator.resize(100, 0);
    locator.extend(&value);
    let at = metadata + (200 << 10);
    let entries = usize::from(vhdx[metadata + 10]);
    let mut parent = b"\x2D\x5F\xD3\xA8\x0B\xB3\x4D\x45\xAB\xF7\xD3\xD8\x48\x34\xAB\x0C".to_vec();
    parent.extend([long(200 << 10), long(locator.len() as u32), long(6), long(0)].concat());
    let with_parent = put(&put(&vhdx, metadata + 32 + 32 * entries, &parent), at, &locator);
    let with_parent = put(&with_parent, metadata + 10, &[entries as u8 + 1]);
    let with_parent = put(&with_parent, parameters + 4, &long(2));
    refused(with_parent, "it holds what differs from .\\base.vhdx alone", "`Merge-VHD");
}

#[test]
fn a_vhdx_whose_blocks_are_elsewhere_is_named() {
    let vhdx = disk("VHDX, dynamic");
    // Partly in a parent, in the headers, behind the end.
    let table = vhdx_table(&vhdx);
    let state = |state: u64| put(&vhdx, table, &state.to_le_bytes());
    refused(state(7 | 8 << 20), "block 0 is partly in a parent", CHECK);
    refused(state(6), "lies where something else does, at byte 0", CHECK);
    refused(state(6 | 1 << 60), "byte 0 of the disk would lie behind that", COPY);
}

/// Where the block allocation table is.
fn vhdx_table(vhdx: &[u8]) -> usize {
    let id = b"\x66\x77\xC2\x2D";
    let entry = vhdx.windows(4).position(|bytes| bytes == id).unwrap();
    u64::from_le_bytes(*vhdx[entry + 16..].first_chunk().unwrap()) as usize
}

/// `bytes` with the right sum of the `len` bytes at `at`.
fn with_sum(bytes: &[u8], at: usize, len: usize) -> Vec<u8> {
    let zero = put(bytes, at + 4, &[0; 4]);
    let bit = |sum: u32| (sum >> 1) ^ (0x82F6_3B78 & (sum & 1).wrapping_neg());
    let sum = zero[at..at + len]
        .iter()
        .fold(!0, |sum: u32, &byte| (0..8).fold(sum ^ u32::from(byte), |sum, _| bit(sum)));
    put(&zero, at + 4, &(!sum).to_le_bytes())
}
