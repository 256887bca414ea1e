//! VMDKs that cannot be used, and those of several parts.

use std::fs;
use std::path::Path;

use ramkey::image::{ImageError, open};

use crate::frames::virtual_disks::{Form, Workshop, all_of, patchwork};

const LEN: usize = 3 << 20;

/// A folder with a disk of the subformat `options`, called `disk`.
fn workshop(options: &'static str) -> Workshop {
    let workshop = Workshop::new(&patchwork(5, LEN));
    workshop.make(&Form { driver: "vmdk", options, more: &[], words: "", is_alone: true });
    workshop
}

/// Why the file `name` of the folder is not opened, and the help.
fn refused(workshop: &Workshop, name: &str, why: &str, help: &str) {
    let error = open(&workshop.path(name)).err().unwrap_or_else(|| panic!("{why}"));
    assert!(matches!(error, ImageError::Unusable { .. }), "{error}");
    let text = error.to_string();
    assert!(text.contains("is a VMDK file that cannot be used: ") && text.contains(why), "{why}: {text}");
    assert!(error.help().contains(help), "{why}: {}", error.help());
}

/// The disk in a file of its own with other bytes in it.
fn changed(workshop: &Workshop, at: usize, new: &[u8], why: &str, help: &str) {
    let mut bytes = fs::read(workshop.path("disk")).unwrap();
    bytes[at..at + new.len()].copy_from_slice(new);
    workshop.put("changed", &bytes);
    refused(workshop, "changed", why, help);
}

/// A text that describes a disk.
fn descriptor(lines: &str) -> String {
    format!("# Disk DescriptorFile\nversion=1\nCID=12345678\nparentCID=ffffffff\n{lines}\n")
}

const CHECK: &str = "check it with VMware";
const COPY: &str = "copy or download it again";
const CONVERT: &str = "make a plain image of it, and give that: `qemu-img convert -f vmdk -O raw ";

#[test]
fn a_sparse_vmdk_that_cannot_be_used_is_named() {
    let sparse = workshop("subformat=monolithicSparse");
    let long = |number: u32| number.to_le_bytes();
    let wide = |number: u64| number.to_le_bytes();
    changed(&sparse, 4, &long(4), "its version is 4, and 3 is known", CONVERT);
    changed(&sparse, 73, b"\n\n", "a transfer as text has changed it", "as binary data");
    for grain in [0, 4, 24, 16384] {
        changed(&sparse, 20, &wide(grain), &format!("its grains have {grain} sectors"), CHECK);
    }
    changed(&sparse, 44, &long(511), "its tables 511 entries", CHECK);
    changed(&sparse, 8, &long(3 | 1 << 16), "it is packed by method 0", CONVERT);
    changed(&sparse, 12, &wide(u64::MAX), "its header counts 18446744073709551615 sectors", CHECK);
    changed(&sparse, 28, &wide(1 << 40), "its descriptor would lie behind that", COPY);
    changed(&sparse, 36, &wide(1 << 20), "its descriptor has 536870912 bytes", CHECK);
    changed(&sparse, 36, &wide(0), "it is one part of a disk alone", "give the small .vmdk file beside it");
    changed(&sparse, 56, &wide(u64::MAX), "its footer would lie behind that", COPY);
    changed(&sparse, 56, &wide(1 << 40), "its directory of grains would lie behind that", COPY);
    let bytes = fs::read(sparse.path("disk")).unwrap();
    let word = |at: usize| u32::from_le_bytes(*bytes[at..].first_chunk().unwrap()) as usize;
    let directory = word(56) * 512;
    let table = word(directory) * 512;
    changed(&sparse, directory, &long(1 << 30), "one of its tables would lie behind that", COPY);
    changed(&sparse, directory, &long(0x1A), "two of its tables lie at byte 13312", CHECK);
    changed(&sparse, table, &long(1 << 30), "byte 0 of the disk would lie behind that", COPY);
    changed(&sparse, table, &long(1), "lies where something else does, at byte 512", CHECK);
    let text = bytes.windows(9).position(|bytes| bytes == b"parentCID").unwrap();
    changed(
        &sparse,
        text,
        b"parentCID=1234abcd\nparentFileNameHint=\"a b.vmdk\"\n",
        "beside a b.vmdk",
        CONVERT,
    );
    changed(&sparse, text, b"encryptionKeys=\"vmware:key\"\n", "it is encrypted", "remove the encryption");
    changed(&sparse, text, b"parentCID=1234abcd\n", "beside another disk", CONVERT);

    let mut open_still = bytes;
    open_still[72] = 1;
    sparse.put("changed", &open_still);
    let source = open(&sparse.path("changed")).unwrap();
    let words = &source.wrapping().unwrap().left_out;
    assert!(words.ends_with(", not closed by the program that wrote it"), "{words}");
}

/// As VMware writes it: the place of the tables is known at the end alone, where the header is again.
fn with_footer(bytes: &[u8]) -> Vec<u8> {
    let (mut header, rest) = (bytes[..512].to_vec(), &bytes[512..]);
    header[56..64].fill(0xFF);
    let marker =
        |kind: u8| [&[u8::from(kind == 3), 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, kind][..], &[0; 499]].concat();
    [&header, rest, &marker(3), &bytes[..512], &marker(0)].concat()
}

#[test]
fn a_stream_optimised_vmdk_has_its_bytes_and_a_damaged_grain_is_an_error() {
    let packed = workshop("subformat=streamOptimized");
    let bytes = fs::read(packed.path("disk")).unwrap();
    let at_end = with_footer(&bytes);
    packed.put("footer", &at_end);
    assert!(all_of(&*open(&packed.path("footer")).unwrap()).unwrap() == patchwork(5, LEN));
    for len in [512, 1024, 1536] {
        packed.put("footer", &at_end[..at_end.len() - len]);
        refused(&packed, "footer", "its footer would lie behind that", COPY);
    }
    let word = |at: usize| u32::from_le_bytes(*bytes[at..].first_chunk().unwrap()) as usize;
    let table = word(word(56) * 512) * 512;
    let first = (0..48).map(|at| word(table + at * 4) * 512).filter(|&at| at != 0).min().unwrap();
    let mut damaged = bytes.clone();
    damaged[first + 20] ^= 0x55;
    packed.put("changed", &damaged);
    let error = all_of(&*open(&packed.path("changed")).unwrap()).unwrap_err();
    assert!(error.to_string().contains("a packed piece of the disk is damaged"), "{error}");
    damaged[first + 8..first + 12].copy_from_slice(&[0xFF; 4]);
    packed.put("changed", &damaged);
    refused(&packed, "changed", "the packed grain at byte", CHECK);
}

#[test]
fn parts_that_are_missing_or_elsewhere_are_named() {
    let flat = workshop("subformat=monolithicFlat");
    let told = |lines: &str| flat.put("told", descriptor(lines).as_bytes());
    told("RW 6144 FLAT \"no such.vmdk\" 0");
    refused(&flat, "told", "its part no such.vmdk is not beside it", "put it into the folder ");
    for name in ["../disk-flat", "/etc/passwd", "a/b", ".."] {
        told(&format!("RW 6144 FLAT \"{name}\" 0"));
        let Err(error) = open(&flat.path("told")) else { panic!("{name}") };
        assert!(matches!(error, ImageError::Beside { .. }), "{name}: {error}");
        assert!(error.to_string().contains("it is more than a plain name"), "{error}");
    }
    for (line, device) in [
        ("RW 6144 FLAT \"/dev/sda\" 0", "/dev/sda"),
        ("RW 6144 FLAT \"\\\\.\\PhysicalDrive0\" 0", r"\\.\PhysicalDrive0"),
        ("RW 6144 VMFSRDM \"disk-rdm.vmdk\"", "disk-rdm.vmdk"),
    ] {
        told(line);
        refused(&flat, "told", &format!("its bytes are on the disk {device}"), "for example with `dd`");
    }
    told("RW 6144 SESPARSE \"disk-flat\"");
    refused(&flat, "told", "its part disk-flat is of an unknown kind", CONVERT);
    told("NOACCESS 6144 FLAT \"disk-flat\"");
    refused(&flat, "told", "its part disk-flat is of an unknown kind", CONVERT);
    told("RW 6145 FLAT \"disk-flat\" 0");
    refused(&flat, "told", "its part disk-flat ends at byte 3145728", COPY);
    told("RW 6144 FLAT \"disk-flat\" 1");
    refused(&flat, "told", "its part disk-flat ends at byte 3145728", COPY);
    told("RW 6144 SPARSE \"disk-flat\"");
    refused(&flat, "told", "in its part disk-flat, it has no header", CHECK);
    for line in [
        "RW",
        "RW 6144",
        "RW x FLAT \"a\"",
        "RW 6144 FLAT",
        "RW 6144 FLAT \"a",
        "RW 6144 FLAT \"a\" x",
        "RW 99999999999999999 ZERO",
    ] {
        told(line);
        refused(&flat, "told", &format!("its descriptor has the line {line}"), CHECK);
    }
    told("");
    refused(&flat, "told", "its descriptor names no part of the disk", CHECK);
    told(&"RW 1 ZERO\n".repeat(1001));
    refused(&flat, "told", "it has more than 1000 parts", CHECK);
    told(&"# more\n".repeat(10_000));
    refused(&flat, "told", "its descriptor has 70", CHECK);
    told(&"RW 1 FLAT \"disk-flat\" 0\n".repeat(64));
    let Err(error) = open(&flat.path("told")) else { panic!("too many files") };
    assert!(error.to_string().contains("there are too many files"), "{error}");
    let parent = "parentCID=1\nparentFileNameHint=\"base.vmdk\"\nRW 6144 VMFSSPARSE \"x-delta.vmdk\"";
    told(parent);
    refused(&flat, "told", "what changed since a snapshot alone, beside base.vmdk", CONVERT);
}

#[test]
fn parts_of_any_kind_follow_each_other() {
    let sparse = workshop("subformat=monolithicSparse");
    let (first, second) = (patchwork(6, LEN), patchwork(7, LEN));
    sparse.put("flat", &[&[0xD1; 1024][..], &first].concat());
    sparse.put("plain.img", &second);
    sparse.qemu_img(&["convert", "-f", "raw", "-O", "vmdk", "@plain.img", "@second"]);
    let lines = "createType=\"custom\"\nRW 4096 SPARSE \"disk\"\nRDONLY 6144 VMFS \"flat\" 2\nRW 8 ZERO\n\
                 RW 6144 SPARSE \"second\"\r\nRW 100 FLAT \"flat\" 2";
    sparse.put("told", descriptor(lines).replace("# Disk", "# DISK").as_bytes());
    let source = open(&sparse.path("told")).unwrap();
    let zeros = vec![0; 4096];
    let disk = patchwork(5, LEN);
    let whole = [&disk[..2 << 20], &first, &zeros, &second, &first[..51_200]].concat();
    assert!(all_of(&*source).unwrap() == whole);
    let words = &source.wrapping().unwrap().left_out;
    assert!(words.starts_with("VMDK, of 5 parts, "), "{words}");
    let names: Vec<&Path> =
        source.files().iter().map(|file| Path::new(file.path.file_name().unwrap())).collect();
    assert_eq!(names, ["told", "disk", "flat", "second", "flat"].map(Path::new));
}
