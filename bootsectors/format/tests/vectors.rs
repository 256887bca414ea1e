//! Frozen records, good and bad: what was written once is read for ever, and each damage has its name.
//!
//! The good ones were made by a program that shares nothing with this crate. Bytes are never edited, only added; a
//! result changes when a reader learns what it refused before, and the comment says so. The lines of a file: `#` comment; `base NAME` to begin with another file's bytes; `length N` to begin with so many zeros, or to
//! cut; `result TEXT` as `Debug` shows it; and `OFFSET  BYTES`, all of it in hex.

use std::collections::BTreeMap;
use std::path::PathBuf;

use ramkey_format::boot::BootHeader;
use ramkey_format::capsule::{CapsuleError, CapsuleHeader, Form, Need};
use ramkey_format::manifest::ManifestHeader;

struct Vector {
    bytes: Vec<u8>,
    result: String,
}

fn folder() -> PathBuf {
    PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("../../tests/vectors")
}

fn read(name: &str) -> Vector {
    let text = std::fs::read_to_string(folder().join(name)).unwrap_or_else(|error| panic!("{name}: {error}"));
    let mut vector = Vector { bytes: Vec::new(), result: String::new() };
    let mut length = None;
    for line in text.lines().filter(|line| !line.starts_with('#')) {
        let (word, rest) = line.split_once(' ').unwrap_or_else(|| panic!("{name}: {line}"));
        match word {
            "base" => vector.bytes = read(rest).bytes,
            "result" => vector.result = rest.into(),
            "length" => length = Some(rest.parse().unwrap()),
            offset => {
                vector.bytes.resize(length.unwrap_or(vector.bytes.len()), 0);
                let at = usize::from_str_radix(offset, 16).unwrap();
                let row: Vec<u8> =
                    rest.split_whitespace().map(|byte| u8::from_str_radix(byte, 16).unwrap()).collect();
                vector.bytes[at..at + row.len()].copy_from_slice(&row);
            }
        }
    }
    vector.bytes.resize(length.unwrap_or(vector.bytes.len()), 0);
    vector
}

fn capsule(bytes: &[u8]) -> Result<(), CapsuleError> {
    let header = CapsuleHeader::parse(bytes)?;
    let table = header.table_offset.get() as usize;
    let block = &bytes[table..table + header.table_len.get() as usize];
    for (index, entry) in (0..).zip(header.entries(block).unwrap()) {
        header.form(index, entry)?;
    }
    header.origin(block)?;
    Ok(())
}

fn shown<T>(result: Result<T, impl std::fmt::Debug>) -> String {
    match result {
        Ok(_) => "Ok".into(),
        Err(error) => format!("{error:?}"),
    }
}

#[test]
fn every_vector_is_read_or_refused_as_it_says() {
    let mut seen = BTreeMap::<String, usize>::new();
    for file in std::fs::read_dir(folder()).unwrap() {
        let name = file.unwrap().file_name().into_string().unwrap();
        let Some(stem) = name.strip_suffix(".hex") else { continue };
        let vector = read(&name);
        let result = match stem {
            _ if stem.starts_with("capsule-") => shown(capsule(&vector.bytes)),
            _ if stem.starts_with("boot-header-") => shown(BootHeader::parse(&vector.bytes)),
            _ if stem.starts_with("manifest-") => shown(ManifestHeader::parse(&vector.bytes)),
            _ => panic!("{name} names no record"),
        };
        assert_eq!(result, vector.result, "{name}");
        let variant: String = result.chars().take_while(|c| c.is_alphanumeric()).collect();
        *seen.entry(variant).or_default() += 1;
    }
    let variants = [
        "Chunk",
        "Field",
        "Language",
        "Lengths",
        "NotABootHeader",
        "NotACapsule",
        "NotAManifest",
        "Ok",
        "Origin",
        "Range",
        "RangeCount",
        "UnknownCodec",
        "UnknownFlags",
        "UnknownKind",
        "UnknownVolume",
        "Version",
    ];
    assert_eq!(seen.keys().collect::<Vec<_>>(), variants, "an error without a vector");
    assert_eq!(seen["Ok"], 21);
}

#[test]
fn no_record_is_read_from_too_few_bytes() {
    for name in ["capsule-floppy.hex", "boot-header-partition.hex", "manifest-mbr.hex"] {
        let bytes = read(name).bytes;
        for len in [0, 1, 8, 127] {
            let short = &bytes[..len];
            assert!(CapsuleHeader::parse(short).is_err(), "{name} {len}");
            assert!(BootHeader::parse(short).is_err(), "{name} {len}");
            assert!(ManifestHeader::parse(short).is_err(), "{name} {len}");
        }
    }
}

#[test]
fn the_fields_of_the_good_vectors_are_what_their_maker_put_there() {
    let bytes = read("capsule-hard-disk.hex").bytes;
    let header = CapsuleHeader::parse(&bytes).unwrap();
    assert_eq!(
        (header.image_len.get(), header.chunk_count.get(), header.table_offset.get(), header.table_len.get()),
        (786_437, 4, 512, 192)
    );
    let entries = header.entries(&bytes[512..]).unwrap();
    let forms: Vec<Form> =
        (0..).zip(entries).map(|(index, entry)| header.form(index, entry).unwrap()).collect();
    assert_eq!(forms, [Form::Raw, Form::Zero, Form::Raw, Form::Raw]);
    assert_eq!(entries[2].stored(), 1024 + (1 << 18)..1024 + (2 << 18));
    assert_eq!(header.window(3, &entries[3]), Ok(3 << 18..(3 << 18) + 5));
    assert_eq!(header.need(), Need { disk: 1008 << 10, table: 4096, scratch: 64 << 10 });
    assert_eq!(header.origin(&bytes[512..704]), Ok(None));
    assert_eq!(header.file_len.get(), 1024 + 2 * (1 << 18) + 512);
    assert_eq!((header.disk_sectors.get(), header.lead_sectors.get(), header.flags.get()), (2016, 0, 1));
    assert_eq!((header.cylinders.get(), header.heads.get(), header.sectors_per_track.get()), (2, 16, 63));
    assert_eq!(header.title(), Some(&b"Numbers, zeros, numbers"[..]));
    assert_eq!((header.raw_len(2), header.raw_len(3), header.raw_len(4)), (1 << 18, 5, 0));

    let bytes = read("capsule-changed.hex").bytes;
    let header = CapsuleHeader::parse(&bytes).unwrap();
    assert_eq!((header.changes.get(), &header.language, header.table_offset.get()), (1, b"en", 1024));
    assert_ne!(header.image_blake3, header.ram_blake3);
    let entries = header.entries(&bytes[1024..]).unwrap();
    assert_eq!(entries[0].stored(), entries[2].stored());
    assert_eq!(entries[3].stored(), 512..517);

    let bytes = read("capsule-origin.hex").bytes;
    let header = CapsuleHeader::parse(&bytes).unwrap();
    let block = &bytes[512..512 + header.table_len.get() as usize];
    let (origin, text) = header.origin(block).unwrap().unwrap();
    assert_eq!((origin.container_len.get(), text), (30, "https://example.org/Größe/numbers.img.gz"));

    let bytes = read("boot-header-partition.hex").bytes;
    let header = BootHeader::parse(&bytes).unwrap();
    assert_eq!((header.boot_lba.get(), header.volume_lba.get()), (34, 2048));
    assert_eq!((header.loader_sectors.get(), header.loader_checksum.get()), (100, 0x1234_5678));
    assert_eq!((header.start_timeout, header.menu_timeout), (3, 10));
    assert_eq!((header.volume_kind, &header.language, header.options[7]), (1, b"en", 15));

    let bytes = read("manifest-mbr.hex").bytes;
    let (header, ranges) = ManifestHeader::parse(&bytes).unwrap();
    assert_eq!(
        (header.stick_sectors.get(), header.volume_sectors.get(), header.fat_bits),
        (16384, 12288, 12)
    );
    assert_eq!(&header.label, b"OLD TOOLS  ");
    assert_eq!(ranges.len(), 8);
    assert_eq!((ranges[7].lba.get(), ranges[7].file_sector.get(), ranges[7].blake3), (3000, 100, [0x16; 32]));
}
