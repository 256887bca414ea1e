//! What `ramkey doctor` finds: nothing on sticks of ours, and each contradiction that is planted.

use std::collections::BTreeSet;
use std::io;

use crate::frames::mock::CLEARED_FIRST;
use crate::frames::sticks::{Image, MIB, Stick, every_layout, noise};
use ramkey::doctor::{Diagnosis, DoctorError, KINDS, Severity, diagnose};
use ramkey::image::{FileSource, Source};
use ramkey::plan::{FatBits, FsChoice, LayoutKind};
use ramkey_format::memory::BOOT_AREA_END_LBA;

/// Where the volume of a stick with a table begins.
const V: usize = 1 << 20;
/// Reserved sectors of the volume, on a stick of less than 16 MiB.
const RESERVED: usize = BOOT_AREA_END_LBA as usize;
/// What the first descriptor of a CD is known by.
const DESCRIPTOR: usize = 64 * 512 + 1;
/// The first two entries of the partition table.
const SLOT_1: usize = 0x1BE;
const SLOT_2: usize = 0x1CE;

/// The names of what was found, each once.
fn names(diagnosis: &Diagnosis) -> BTreeSet<&'static str> {
    diagnosis.findings.iter().map(|finding| finding.kind.explanation().name).collect()
}

#[test]
fn nothing_contradicts_on_any_stick_of_ours() {
    for (kind, fs, len) in every_layout() {
        let stick = Stick::new(vec![("one.img", Image(noise(700_000)))], kind, fs, len);
        let folder = tempfile::tempdir().unwrap();
        let diagnosis = diagnose(&FileSource::open(&stick.file(folder.path())).unwrap()).unwrap();
        let name = format!("{kind:?} {fs:?} {len}: {diagnosis:#?}");
        assert_eq!(diagnosis.contradictions, 0, "{name}");
        let expected: &[&str] = match kind {
            LayoutKind::Universal { .. } => &["hybrid"],
            // 1 MiB is no track of 63 sectors, which is the geometry of sticks above 1 GiB.
            LayoutKind::Hdd | LayoutKind::TwoPartitions if len > 1 << 30 => &["start-off-track"],
            LayoutKind::Hdd | LayoutKind::TwoPartitions | LayoutKind::Zip => &[],
            LayoutKind::Gpt => &["gpt-no-active"],
            LayoutKind::Fdd | LayoutKind::Superfloppy => &["no-table"],
        };
        assert_eq!(names(&diagnosis), expected.iter().copied().collect(), "{name}");
        let layout = match kind {
            LayoutKind::Gpt => "gpt",
            LayoutKind::Fdd | LayoutKind::Superfloppy => "superfloppy",
            _ => "mbr",
        };
        assert_eq!(diagnosis.layout, layout, "{name}");
    }
}

/// A stick of ours to plant something on.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Base {
    Mbr,
    Fat32,
    Gpt,
    Superfloppy,
}

impl Base {
    fn bytes(self) -> Vec<u8> {
        let (layout, bits, len) = match self {
            Self::Mbr => (LayoutKind::Hdd, FatBits::Fat16, 12 * MIB),
            Self::Fat32 => (LayoutKind::Hdd, FatBits::Fat32, 48 * MIB),
            Self::Gpt => (LayoutKind::Gpt, FatBits::Fat16, 12 * MIB),
            Self::Superfloppy => (LayoutKind::Superfloppy, FatBits::Fat16, 12 * MIB),
        };
        Stick::new(vec![("one.img", Image(noise(4096)))], layout, FsChoice::Is(bits), len).bytes()
    }

    /// What is found without a plant.
    fn notes(self) -> &'static [&'static str] {
        match self {
            Self::Mbr | Self::Fat32 => &[],
            Self::Gpt => &["gpt-no-active"],
            Self::Superfloppy => &["no-table"],
        }
    }
}

/// A stick in memory that has zeros behind its bytes.
struct Longer {
    bytes: Vec<u8>,
    len: u64,
}

impl Source for Longer {
    fn len(&self) -> u64 {
        self.len
    }

    fn read_at(&self, offset: u64, buffer: &mut [u8]) -> io::Result<()> {
        if offset + buffer.len() as u64 > self.len {
            return Err(io::ErrorKind::UnexpectedEof.into());
        }
        for (at, byte) in (offset as usize..).zip(buffer) {
            *byte = self.bytes.get(at).copied().unwrap_or(0);
        }
        Ok(())
    }
}

/// Makes it a disc with UDF and without ISO 9660.
fn udf(stick: &mut Longer) {
    stick.bytes.fill(0);
    for (block, id) in [(16, b"BEA01"), (17, b"NSR02"), (18, b"TEA01")] {
        put(&mut stick.bytes, block * 2048 + 1, id);
    }
    put(&mut stick.bytes, 256 * 2048, &[2, 0]);
}

fn put(bytes: &mut [u8], offset: usize, new: &[u8]) {
    bytes[offset..offset + new.len()].copy_from_slice(new);
}

/// An entry: status and type, CHS, start and length.
fn entry(status: u8, type_byte: u8, chs: [[u8; 3]; 2], start: u32, sectors: u32) -> [u8; 16] {
    let mut entry = [0; 16];
    entry[0] = status;
    entry[1..4].copy_from_slice(&chs[0]);
    entry[4] = type_byte;
    entry[5..8].copy_from_slice(&chs[1]);
    entry[8..12].copy_from_slice(&start.to_le_bytes());
    entry[12..16].copy_from_slice(&sectors.to_le_bytes());
    entry
}

/// First sector of the volume in a table of 64/32.
const START: [u8; 3] = [0, 1, 1];
/// The last address there is, as tools write it.
const LAST: [u8; 3] = [254, 0xFF, 0xFF];

type Plant = (Base, &'static [&'static str], fn(&mut Longer));

/// Plants in sector 0 and its table.
const IN_THE_TABLE: &[Plant] = &[
    (Base::Mbr, &["no-signature"], |s| s.bytes[510] = 0),
    (Base::Mbr, &["code-in-bpb"], |s| s.bytes[0x15] = 0xBE),
    (Base::Mbr, &["mbr-jump"], |s| put(&mut s.bytes, 0, &[0xFA, 0x33, 0xC0])),
    (Base::Mbr, &["no-boot-code"], |s| s.bytes[..440].fill(0)),
    (Base::Superfloppy, &["boots-nothing"], |s| {
        let code = 2 + usize::from(s.bytes[1]);
        s.bytes[code..440].fill(0);
    }),
    (Base::Mbr, &["hybrid"], |s| {
        let mut bpb = s.bytes[V + 3..V + 0x3E].to_vec();
        bpb[14 - 3..16 - 3].copy_from_slice(&(2048 + RESERVED as u16).to_le_bytes());
        bpb[19 - 3..21 - 3].copy_from_slice(&(20480u16 + 2048).to_le_bytes());
        bpb[28 - 3..32 - 3].fill(0);
        put(&mut s.bytes, 3, &bpb);
    }),
    (Base::Mbr, &["hybrid-disagrees", "media-fat"], |s| {
        let bpb = s.bytes[V + 3..V + 0x3E].to_vec();
        put(&mut s.bytes, 3, &bpb);
        s.bytes[28..32].fill(0);
    }),
    (Base::Mbr, &["no-contents"], |s| s.bytes.fill(0)),
    (Base::Mbr, &["status-byte"], |s| s.bytes[SLOT_2] = 0x7F),
    (Base::Mbr, &["no-active"], |s| s.bytes[SLOT_1] = 0),
    (Base::Mbr, &["active-unused"], |s| {
        s.bytes[SLOT_1] = 0;
        s.bytes[SLOT_2] = 0x80;
    }),
    (Base::Mbr, &["many-active"], |s| {
        put(&mut s.bytes, SLOT_2, &entry(0x80, 0xDA, [[32, 1, 0], [63, 32, 0]], 1024, 1024));
    }),
    (Base::Mbr, &["empty-entry"], |s| s.bytes[SLOT_2 + 4] = 0x0C),
    (Base::Mbr, &["starts-at-zero"], |s| {
        put(&mut s.bytes, SLOT_2, &entry(0, 0xDA, [[0, 1, 0], [3, 4, 0]], 0, 100));
    }),
    (Base::Mbr, &["partition-end"], |s| s.len /= 2),
    (Base::Mbr, &["overlap"], |s| {
        put(&mut s.bytes, SLOT_2, &entry(0, 0xDA, [[0, 1, 2], [63, 32, 2]], 4096, 2048));
    }),
    (Base::Mbr, &["chs-lba"], |s| s.bytes[SLOT_1 + 1] = 1),
    (Base::Mbr, &["chs-lba"], |s| s.bytes[SLOT_1 + 7] ^= 1),
    (Base::Mbr, &["chs-limit", "volume-smaller"], |s| {
        s.len = 2 << 30;
        put(&mut s.bytes, SLOT_1, &entry(0x80, 0x06, [START, [63, 0xE0, 0xFF]], 2048, 2_097_152));
    }),
    (Base::Mbr, &["bios-reach", "volume-smaller"], |s| {
        s.len = 200 << 30;
        put(&mut s.bytes, SLOT_1, &entry(0x80, 0x0E, [START, LAST], 2048, 20_000_000));
    }),
    (Base::Mbr, &["end-off-cylinder"], |s| {
        put(&mut s.bytes, SLOT_1, &entry(0x80, 0x04, [START, [63, 31, 10]], 2048, 20479));
        put(&mut s.bytes, V + 19, &20479u16.to_le_bytes());
    }),
    (Base::Mbr, &["end-off-cylinder", "start-off-track"], |s| {
        put(&mut s.bytes, SLOT_1, &entry(0x80, 0x04, [[32, 33, 0], [102, 37, 1]], 2048, 20480));
        put(&mut s.bytes, V + 24, &[63, 0, 255, 0]);
    }),
    (Base::Mbr, &["type-fs"], |s| s.bytes[SLOT_1 + 4] = 0x0C),
    (Base::Mbr, &["type-fs"], |s| s.bytes[SLOT_1 + 4] = 0x83),
    (Base::Mbr, &["no-file-system"], |s| s.bytes[V..V + 512].fill(0)),
    (Base::Mbr, &["no-disk-signature"], |s| s.bytes[0x1B8..0x1BC].fill(0)),
    (Base::Mbr, &["iso-hybrid"], |s| put(&mut s.bytes, DESCRIPTOR, b"CD001")),
    // The flag of the boot header.
    (Base::Mbr, &["ramkey-disc"], |s| {
        put(&mut s.bytes, DESCRIPTOR, b"CD001");
        s.bytes[128 * 512 + 12] = 1;
    }),
    // A CD image that was there before the table and the file system of the partition.
    (Base::Mbr, &["iso-hybrid", "no-boot-code"], |s| {
        s.bytes[..440].fill(0);
        put(&mut s.bytes, DESCRIPTOR, b"CD001");
    }),
    (Base::Mbr, &["cd-no-boot-code"], |s| {
        s.bytes.fill(0);
        put(&mut s.bytes, DESCRIPTOR, b"CD001");
    }),
    // Code, and not the signature without which no BIOS runs it.
    (Base::Mbr, &["cd-no-boot-code"], |s| {
        s.bytes[440..].fill(0);
        put(&mut s.bytes, DESCRIPTOR, b"CD001");
    }),
    // A table, and no code that would look at it.
    (Base::Mbr, &["cd-no-boot-code"], |s| {
        s.bytes[..440].fill(0);
        s.bytes[V..V + 512].fill(0);
        put(&mut s.bytes, DESCRIPTOR, b"CD001");
    }),
    (Base::Mbr, &["cd-no-boot-code"], udf),
    (Base::Mbr, &["cd-no-boot-code"], |s| {
        s.bytes.fill(0);
        s.bytes[1..11].fill(0xFF);
    }),
    (Base::Mbr, &["cd-in-partition"], |s| {
        s.bytes[V..V + 512].fill(0);
        put(&mut s.bytes, V + DESCRIPTOR, b"CD001");
    }),
    (Base::Gpt, &["cd-in-partition"], |s| {
        s.bytes[V..V + 512].fill(0);
        put(&mut s.bytes, V + DESCRIPTOR, b"CD001");
    }),
    (Base::Mbr, &["unfinished"], |s| {
        s.bytes[..512].fill(0);
        s.bytes[128 * 512..129 * 512].fill(0);
    }),
    // All but the last step.
    (Base::Mbr, &["unfinished"], |s| s.bytes[..512].fill(0)),
    // Only copies of the boot code.
    (Base::Mbr, &["unfinished"], |s| {
        s.bytes[..512].fill(0);
        s.bytes[128 * 512..].fill(0);
    }),
    (Base::Superfloppy, &["unfinished", "-no-table"], |s| {
        s.bytes[..512].fill(0);
        s.bytes[128 * 512..129 * 512].fill(0);
    }),
    (Base::Mbr, &["unfinished"], |s| s.bytes[128 * 512..129 * 512].fill(0)),
    (Base::Gpt, &["gpt-missing"], |s| s.bytes[512..1024].fill(0)),
    (Base::Gpt, &["gpt-stale", "-gpt-no-active"], |s| {
        let record = Base::Mbr.bytes();
        put(&mut s.bytes, 0, &record[..512]);
    }),
    (Base::Gpt, &["gpt-protective"], |s| s.bytes[SLOT_1 + 12] ^= 0x80),
    (Base::Gpt, &["gpt-hybrid"], |s| {
        put(&mut s.bytes, SLOT_2, &entry(0, 0xDA, [[3, 1, 0], [3, 32, 0]], 96, 32));
    }),
    (Base::Gpt, &["gpt-header"], |s| s.bytes[512 + 60] ^= 1),
    (Base::Gpt, &["gpt-header"], |s| s.bytes[1024 + 60] ^= 1),
    (Base::Gpt, &["gpt-backup"], |s| {
        let last = s.bytes.len() - 512;
        s.bytes[last + 60] ^= 1;
    }),
    (Base::Gpt, &["gpt-backup", "gpt-protective"], |s| s.len += MIB),
];

/// Plants in the boot sector of the volume.
const IN_THE_VOLUME: &[Plant] = &[
    (Base::Mbr, &["no-signature"], |s| s.bytes[V + 510] = 0),
    (Base::Superfloppy, &["no-signature"], |s| s.bytes[510] = 0),
    (Base::Mbr, &["jump"], |s| s.bytes[V] = 0),
    (Base::Superfloppy, &["jump"], |s| s.bytes[0] = 0xFA),
    (Base::Mbr, &["jump-third-byte"], |s| s.bytes[V + 2] = 0x91),
    (Base::Mbr, &["code-in-bpb"], |s| s.bytes[V + 1] = 0x10),
    (Base::Mbr, &["sector-size"], |s| put(&mut s.bytes, V + 11, &1024u16.to_le_bytes())),
    (Base::Mbr, &["bpb-value"], |s| s.bytes[V + 13] = 3),
    (Base::Mbr, &["bpb-value"], |s| put(&mut s.bytes, V + 26, &256u16.to_le_bytes())),
    (Base::Mbr, &["bpb-value"], |s| s.bytes[V + 24] = 0),
    (Base::Mbr, &["bpb-value"], |s| s.bytes[V + 21] = 0),
    (Base::Mbr, &["bpb-value"], |s| s.bytes[V + 16] = 0),
    (Base::Mbr, &["large-cluster", "fat-text", "type-fs"], |s| s.bytes[V + 13] = 128),
    (Base::Mbr, &["hidden-sectors"], |s| s.bytes[V + 28..V + 32].fill(0)),
    (Base::Superfloppy, &["hidden-sectors"], |s| s.bytes[28] = 63),
    (Base::Gpt, &["hidden-sectors"], |s| s.bytes[V + 28] = 1),
    (Base::Mbr, &["total-sectors"], |s| put(&mut s.bytes, V + 19, &20481u16.to_le_bytes())),
    (Base::Superfloppy, &["total-sectors"], |s| s.len /= 2),
    (Base::Mbr, &["total-fields"], |s| put(&mut s.bytes, V + 32, &20480u32.to_le_bytes())),
    // The short field counts before the long one, and 12288 sectors make no FAT32.
    (Base::Fat32, &["boot-copy", "fat-type", "total-fields", "type-fs", "volume-smaller"], |s| {
        put(&mut s.bytes, V + 19, &12288u16.to_le_bytes());
    }),
    (Base::Mbr, &["volume-smaller"], |s| {
        s.len *= 2;
        put(&mut s.bytes, SLOT_1, &entry(0x80, 0x04, [START, [63, 32, 18]], 2048, 36864));
    }),
    (Base::Mbr, &["geometry"], |s| s.bytes[V + 26] = 16),
    (Base::Mbr, &["drive-number"], |s| s.bytes[V + 0x24] = 0),
    (Base::Superfloppy, &["drive-number"], |s| s.bytes[0x24] = 0x81),
    (Base::Mbr, &["drive-number-ff"], |s| s.bytes[V + 0x24] = 0xFF),
    (Base::Mbr, &["media"], |s| {
        s.bytes[V + 21] = 0xF0;
        s.bytes[V + RESERVED * 512] = 0xF0;
    }),
    (Base::Superfloppy, &["media"], |s| s.bytes[0x24] = 0),
    (Base::Mbr, &["media-fat"], |s| s.bytes[V + RESERVED * 512] = 0xF9),
    (Base::Fat32, &["fat-type", "type-fs", "volume-smaller"], |s| {
        for sector in [V, V + 6 * 512] {
            put(&mut s.bytes, sector + 32, &40000u32.to_le_bytes());
        }
    }),
    (Base::Mbr, &["fat-text"], |s| put(&mut s.bytes, V + 0x36, b"FAT12")),
    (Base::Mbr, &["fat-border"], |s| {
        let word = |at: usize| usize::from(s.bytes[V + at]) | usize::from(s.bytes[V + at + 1]) << 8;
        let data = word(14) + 2 * word(22) + word(17) / 16;
        let sectors = data + 4090 * usize::from(s.bytes[V + 13]);
        put(&mut s.bytes, V + 19, &(sectors as u16).to_le_bytes());
    }),
    (Base::Mbr, &["fat-length"], |s| s.bytes[V + 22] = 2),
    (Base::Mbr, &["extended-signature"], |s| s.bytes[V + 0x26] = 0x28),
    (Base::Fat32, &["extended-signature", "boot-copy"], |s| s.bytes[V + 0x42] = 0),
    (Base::Fat32, &["boot-copy"], |s| s.bytes[V + 6 * 512 + 28] = 1),
    (Base::Fat32, &["fs-info"], |s| s.bytes[V + 512] = 0),
];

fn plants() -> impl Iterator<Item = &'static Plant> {
    IN_THE_TABLE.iter().chain(IN_THE_VOLUME)
}

#[test]
fn each_plant_is_found_and_nothing_else() {
    let bases = [Base::Mbr, Base::Fat32, Base::Gpt, Base::Superfloppy].map(|base| (base, base.bytes()));
    let mut faults = Vec::new();
    for (number, (base, expected, plant)) in plants().enumerate() {
        let (_, bytes) = bases.iter().find(|(known, _)| known == base).unwrap();
        let mut stick = Longer { bytes: bytes.clone(), len: bytes.len() as u64 };
        plant(&mut stick);
        let diagnosis = diagnose(&stick).unwrap();
        let gone: Vec<&str> = expected.iter().filter_map(|name| name.strip_prefix('-')).collect();
        let expected: BTreeSet<&str> = expected
            .iter()
            .chain(base.notes())
            .copied()
            .filter(|name| !name.starts_with('-') && !gone.contains(name))
            .collect();
        if names(&diagnosis) != expected {
            let whats: Vec<&str> = diagnosis.findings.iter().map(|finding| &finding.what[..]).collect();
            faults
                .push(format!("plant {number} on {base:?}: {expected:?} was planted, and found: {whats:#?}"));
        }
        let notes =
            |name: &&&str| KINDS.iter().any(|kind| kind.name == **name && kind.severity == Severity::Note);
        let is_clean = expected.iter().filter(notes).count() == expected.len();
        if (diagnosis.contradictions == 0) != is_clean {
            faults.push(format!("plant {number} on {base:?}: {} contradictions", diagnosis.contradictions));
        }
    }
    assert!(faults.is_empty(), "{}", faults.join("\n"));
}

#[test]
fn every_kind_of_finding_is_planted_somewhere() {
    let bases = [Base::Gpt, Base::Superfloppy].iter().flat_map(|base| base.notes());
    let planted: BTreeSet<&str> =
        plants().flat_map(|(_, names, _)| names.iter()).chain(bases).copied().collect();
    let missing: Vec<&str> =
        KINDS.iter().map(|kind| kind.name).filter(|name| !planted.contains(name)).collect();
    assert_eq!(missing, [""; 0], "no test plants these");
}

#[test]
fn names_in_json_are_the_names_in_text() {
    for kind in KINDS {
        assert_eq!(serde_json::to_value(kind.kind).unwrap(), kind.name);
    }
}

#[test]
fn no_bytes_make_it_fail_or_hang() {
    let mut random = blake3::Hasher::new().update(b"doctor").finalize_xof();
    for base in [Base::Mbr, Base::Gpt, Base::Superfloppy] {
        let mut stick = Longer { bytes: base.bytes(), len: 12 * MIB };
        for _ in 0..3000 {
            let mut bytes = [0; 8];
            random.fill(&mut bytes);
            let sector = [0, 1, 2, 2048, 2049, 24575][usize::from(bytes[0]) % 6];
            let at = sector * 512 + usize::from(u16::from_le_bytes([bytes[1], bytes[2]])) % 512;
            let old = std::mem::replace(&mut stick.bytes[at], bytes[3]);
            let _ = diagnose(&stick).unwrap();
            if bytes[4] % 4 != 0 {
                stick.bytes[at] = old;
            }
        }
    }
}

#[test]
fn what_cannot_be_read_is_an_error_with_its_sector() {
    /// A stick whose sector 1 is bad.
    struct Bad(Vec<u8>);
    impl Source for Bad {
        fn len(&self) -> u64 {
            self.0.len() as u64
        }
        fn read_at(&self, offset: u64, buffer: &mut [u8]) -> io::Result<()> {
            if (512..1024).contains(&offset) {
                return Err(io::Error::other("no answer"));
            }
            Image(self.0.clone()).read_at(offset, buffer)
        }
    }
    let error = diagnose(&Bad(Base::Gpt.bytes())).unwrap_err();
    assert!(matches!(error, DoctorError::Read { lba: 1, .. }), "{error}");
    let error = diagnose(&Image(vec![0; 511])).unwrap_err();
    assert!(matches!(error, DoctorError::TooShort { len: 511 }), "{error}");
}

#[test]
fn a_cd_image_is_named_by_its_label_and_by_whether_a_cd_drive_boots_it() {
    let what = |stick: &Longer| diagnose(stick).unwrap().findings[0].what.clone();
    let mut stick = Longer { bytes: vec![0; 1 << 20], len: 1 << 20 };
    put(&mut stick.bytes, DESCRIPTOR - 1, b"\x01CD001\x01");
    put(&mut stick.bytes, DESCRIPTOR + 39, b"WIN98\x1B[31m\0\0  ");
    let text = what(&stick);
    assert!(
        text.contains("(ISO 9660 \"WIN98_[31m__") && text.contains("no BIOS starts it from a stick"),
        "{text}"
    );
    assert!(text.ends_with("nor does one from a CD drive"), "{text}");
    put(&mut stick.bytes, 17 * 2048, b"\0CD001\x01EL TORITO SPECIFICATION");
    assert!(what(&stick).ends_with("a machine boots it from a CD drive"), "{}", what(&stick));
    let diagnosis = diagnose(&stick).unwrap();
    assert_eq!((diagnosis.contradictions, diagnosis.parts[0].system.as_deref()), (1, Some("ISO 9660")));
    let remedy = diagnosis.findings[0].remedy;
    assert!(remedy.contains("`ramkey write IMAGE.iso --to STICK`"), "{remedy}");
    // A stick that was formatted as UDF is no disc.
    udf(&mut stick);
    assert_eq!(names(&diagnose(&stick).unwrap()), BTreeSet::from(["cd-no-boot-code"]));
    stick.bytes[256 * 2048] = 0;
    assert_eq!(names(&diagnose(&stick).unwrap()), BTreeSet::from(["no-contents"]));
}

#[test]
fn a_partition_that_begins_behind_every_disk_is_looked_into_without_harm() {
    let mut stick = Longer { bytes: Base::Gpt.bytes(), len: 12 * MIB };
    // The first entry of both tables, with its checksums: the last sectors that have numbers.
    for (header, entries) in [(512, 1024), (stick.bytes.len() - 512, stick.bytes.len() - 33 * 512)] {
        put(&mut stick.bytes, entries + 32, &(u64::MAX - 1).to_le_bytes());
        put(&mut stick.bytes, entries + 40, &(u64::MAX - 1).to_le_bytes());
        let sum = crc32(&stick.bytes[entries..entries + 128 * 128]);
        put(&mut stick.bytes, header + 88, &sum.to_le_bytes());
        stick.bytes[header + 16..header + 20].fill(0);
        let sum = crc32(&stick.bytes[header..header + 92]);
        put(&mut stick.bytes, header + 16, &sum.to_le_bytes());
    }
    let found = names(&diagnose(&stick).unwrap());
    assert!(found.contains("partition-end"), "{found:?}");
}

/// CRC-32, as a GPT has it.
fn crc32(bytes: &[u8]) -> u32 {
    let bit = |crc: u32| (crc >> 1) ^ (0xEDB8_8320 & (crc & 1).wrapping_neg());
    !bytes.iter().fold(!0, |crc, &byte| (0..8).fold(crc ^ u32::from(byte), |crc, _| bit(crc)))
}

#[test]
fn a_stick_that_was_interrupted_before_any_of_its_last_sectors_is_not_clean() {
    for (kind, fs, len) in every_layout().into_iter().filter(|(_, _, len)| *len < 200 * MIB) {
        let mut stick = Image(Stick::new(vec![("one.img", Image(noise(4096)))], kind, fs, len).bytes());
        // As they are cleared: each moment before the end of the write.
        for lba in CLEARED_FIRST {
            stick.0[lba as usize * 512..][..512].fill(0);
            let diagnosis = diagnose(&stick).unwrap();
            assert!(names(&diagnosis).contains("unfinished"), "{kind:?} {fs:?} {len}: {diagnosis:#?}");
            assert!(diagnosis.contradictions > 0);
        }
    }
}
