//! What an image is taken for, and its hash: tables of edges.

use std::path::Path;
use std::process::{Command, Stdio};

use crate::frames::disks;
use crate::frames::sticks::{Image, noise, tool};
use ramkey::contents::{Claim, ImageFacts, Kind, KindChoice, ProbeError, Warning, probe};
use ramkey::image::{FileSource, Source, scan};
use ramkey::units::Geometry;

/// A boot sector with a BIOS parameter block, and its signature.
struct Volume {
    sectors: u32,
    heads: u16,
    track: u16,
    hidden: u32,
}

impl Volume {
    /// That of a floppy's file system, or of one that mtools made.
    fn sector(&self) -> [u8; 512] {
        let &Self { sectors, heads, track, hidden } = self;
        let mut s = disks::Volume { sectors, heads, track, hidden, code: b"" }.sector();
        s[13] = if sectors < 8192 { 1 } else { 16 };
        s[21..23].copy_from_slice(&[0xF0, 9]);
        s
    }

    fn image(&self, len: u64) -> Vec<u8> {
        let mut bytes = vec![0; len as usize];
        let n = bytes.len().min(512);
        bytes[..n].copy_from_slice(&self.sector()[..n]);
        bytes
    }
}

/// Puts an entry into slot `slot` of the table in `image`, and the signature.
fn entry(
    image: &mut [u8],
    slot: usize,
    status: u8,
    kind: u8,
    start: u32,
    sectors: u32,
    chs: Option<(u16, u16)>,
) {
    let at = 0x1BE + slot * 16;
    image[at] = status;
    image[at + 4] = kind;
    image[at + 8..at + 12].copy_from_slice(&start.to_le_bytes());
    image[at + 12..at + 16].copy_from_slice(&sectors.to_le_bytes());
    if let Some((heads, sectors_per_track)) = chs {
        let geometry = Geometry { cylinders: 1, heads, sectors_per_track };
        let chs = |lba: u32| ramkey::units::Chs::from_lba(u64::from(lba), &geometry).to_bytes();
        image[at + 1..at + 4].copy_from_slice(&chs(start));
        image[at + 5..at + 8].copy_from_slice(&chs(start + sectors - 1));
    }
    image[510..512].copy_from_slice(&[0x55, 0xAA]);
}

fn facts_as(choice: KindChoice, chs: Option<&str>, bytes: Vec<u8>) -> Result<ImageFacts, ProbeError> {
    let chs = chs.map(|text| text.parse().unwrap());
    probe(Path::new("guest.img"), &Image(bytes), choice, chs)
}

fn facts(bytes: Vec<u8>) -> ImageFacts {
    facts_as(KindChoice::Auto, None, bytes).unwrap()
}

/// Kind, geometry, sectors of the RAM disk, CMOS drive type.
fn told(facts: &ImageFacts) -> (Kind, String, u32, u8) {
    (facts.kind, facts.geometry.to_string(), facts.disk_sectors, facts.drive_type)
}

#[test]
fn a_floppy_without_a_file_system_goes_by_its_size_and_small_ones_are_padded_to_1440k() {
    let table = [
        (1, "80/2/18", 2880, 4),
        (512, "80/2/18", 2880, 4),
        (40 << 10, "80/2/18", 2880, 4),
        (163_839, "80/2/18", 2880, 4),
        (163_840, "40/1/8", 320, 1),
        (163_841, "80/2/18", 2880, 4),
        (184_320, "40/1/9", 360, 1),
        (327_680, "40/2/8", 640, 1),
        (368_640, "40/2/9", 720, 1),
        (655_360, "80/2/8", 1280, 3),
        (737_280, "80/2/9", 1440, 3),
        (1_228_800, "80/2/15", 2400, 2),
        (1_228_801, "80/2/18", 2880, 4),
        (1_474_560, "80/2/18", 2880, 4),
        (1_474_561, "80/2/21", 3360, 4),
        (1_720_320, "80/2/21", 3360, 4),
        (1_720_321, "82/2/21", 3444, 4),
        (1_763_328, "82/2/21", 3444, 4),
        (1_763_329, "80/2/36", 5760, 6),
        (2_949_120, "80/2/36", 5760, 6),
        (2_949_121, "81/2/36", 5832, 6),
        ((4 << 20) - 1, "114/2/36", 8208, 6),
    ];
    for (len, geometry, sectors, drive_type) in table {
        let facts = facts(noise(len));
        assert_eq!(told(&facts), (Kind::Floppy, geometry.to_owned(), sectors, drive_type), "{len} bytes");
        assert_eq!((facts.drive, facts.lead_sectors, facts.partition_type), (0, 0, 0));
    }
    assert_eq!(facts(noise(4 << 20)).kind, Kind::HardDisk);
}

#[test]
fn a_floppy_s_file_system_wins_over_the_size_of_its_file() {
    let table = [
        // sectors, heads, sectors per track, bytes that are there
        (2880, 2, 18, 1_474_560, "80/2/18", 2880),
        (2880, 2, 18, 9_000, "80/2/18", 2880),
        (3360, 2, 21, 1_720_320, "80/2/21", 3360),
        (2400, 2, 15, 700_000, "80/2/15", 2400),
        (1440, 2, 9, 737_280, "80/2/9", 1440),
        (320, 1, 8, 163_840, "40/1/8", 320),
        (5760, 2, 36, 1_474_560, "80/2/36", 5760),
        (2880, 2, 18, 1_474_560 + 512, "81/2/18", 2916),
        // The file is a floppy of another size, all of it.
        (2880, 2, 18, 2_949_120, "80/2/36", 5760),
    ];
    for (sectors, heads, track, len, geometry, disk_sectors) in table {
        let volume = Volume { sectors, heads, track, hidden: 0 };
        let facts = facts(volume.image(len));
        assert_eq!(
            (facts.geometry.to_string(), facts.disk_sectors),
            (geometry.into(), disk_sectors),
            "{len} bytes"
        );
        assert_eq!(facts.kind, Kind::Floppy);
    }
}

#[test]
fn an_active_entry_makes_a_hard_disk_of_the_smallest_image() {
    for len in [512, 4096, 1_474_560] {
        let mut image = vec![0; len];
        entry(&mut image, 0, 0x80, 0x0C, 0, len as u32 / 512, None);
        let facts = facts(image);
        assert_eq!(facts.kind, Kind::HardDisk, "{len} bytes");
        assert_eq!(facts.drive, 0x80);
    }
    let mut inactive = vec![0; 1_474_560];
    entry(&mut inactive, 0, 0, 0x0C, 1, 100, None);
    assert_eq!(facts(inactive).kind, Kind::Floppy);
    let mut nonsense = vec![0; 1_474_560];
    entry(&mut nonsense, 0, 0x80, 0x0C, 1, 100, None);
    entry(&mut nonsense, 1, 0x13, 0x0C, 1, 100, None);
    assert_eq!(facts(nonsense).kind, Kind::Floppy);
    let mut floppy = Volume { sectors: 2880, heads: 2, track: 18, hidden: 0 }.image(1_474_560);
    entry(&mut floppy, 3, 0x80, 0x06, 1, 2879, None);
    assert_eq!(facts(floppy).kind, Kind::Floppy);
}

#[test]
fn a_hard_disk_takes_its_geometry_from_its_table_or_else_from_its_size() {
    // sectors of the image, geometry of the table, geometry found, sectors of the RAM disk
    let table = [
        (16 << 10, None, "17/16/63", 17136),
        (16 << 10, Some((64, 32)), "8/64/32", 16384),
        (32130, Some((255, 63)), "2/255/63", 32130),
        (1_032_192, None, "1024/16/63", 1_032_192),
        (1_032_191, None, "1024/16/63", 1_032_192),
        (1_032_193, None, "64/255/63", 1_032_193),
    ];
    for (sectors, chs, geometry, disk_sectors) in table {
        let mut image = vec![0; sectors * 512];
        entry(&mut image, 0, 0x80, 0x06, 63, sectors as u32 - 63, chs);
        let facts = facts(image);
        assert_eq!(told(&facts), (Kind::HardDisk, geometry.into(), disk_sectors, 0), "{sectors} sectors");
    }
}

#[test]
fn a_table_whose_addresses_contradict_each_other_is_not_believed() {
    let mut image = vec![0; 16384 * 512];
    entry(&mut image, 0, 0x80, 0x06, 32, 4096, Some((64, 32)));
    entry(&mut image, 1, 0x00, 0x06, 8192, 4096, Some((16, 63)));
    assert_eq!(facts(image).geometry.to_string(), "17/16/63");
}

#[test]
fn the_boot_sector_of_the_active_partition_is_the_best_witness() {
    let mut image = vec![0; 32768 * 512];
    entry(&mut image, 1, 0x80, 0x06, 2048, 30720, Some((64, 32)));
    let volume = Volume { sectors: 30720, heads: 15, track: 63, hidden: 2048 };
    image[2048 * 512..2049 * 512].copy_from_slice(&volume.sector());
    assert_eq!(facts(image.clone()).geometry.to_string(), "35/15/63");
    // Made for another place: its geometry is another disk's.
    let elsewhere = Volume { hidden: 63, ..volume };
    image[2048 * 512..2049 * 512].copy_from_slice(&elsewhere.sector());
    assert_eq!(facts(image).geometry.to_string(), "16/64/32");
}

#[test]
fn a_small_disk_has_at_least_one_cylinder_and_what_its_table_claims() {
    let hard_disk = KindChoice::Is(Kind::HardDisk);
    let tiny = facts_as(hard_disk, None, noise(4096)).unwrap();
    assert_eq!(told(&tiny), (Kind::HardDisk, "1/16/63".into(), 1008, 0));
    // The last claim that is believed, and the first that is not: 16 MiB.
    for (claimed, disk_sectors, zeros) in [(2048 + 32768, 35 * 1008, true), (2048 + 32769, 3 * 1008, false)] {
        let mut image = vec![0; 1 << 20];
        entry(&mut image, 0, 0x80, 0x06, 63, claimed - 63, None);
        let facts = facts(image);
        assert_eq!(facts.disk_sectors, disk_sectors);
        let missing = (u64::from(claimed) - 2048) * 512;
        assert_eq!(facts.warnings[0], Warning::Short { before: Claim::ThePartition, missing, zeros });
    }
}

#[test]
fn a_file_system_from_sector_0_on_is_a_hard_disk_and_one_from_elsewhere_a_partition() {
    let volume = Volume { sectors: 20480, heads: 16, track: 63, hidden: 0 };
    let superfloppy = facts(volume.image(20480 * 512));
    assert_eq!(told(&superfloppy), (Kind::HardDisk, "21/16/63".into(), 21 * 1008, 0));
    for (hidden, lead, cylinders) in [(63, 63, 21), (2048, 2048, 23), (4097, 63, 21)] {
        let partition = facts(Volume { hidden, ..volume }.image(20480 * 512));
        assert_eq!(partition.kind, Kind::Partition);
        assert_eq!((partition.lead_sectors, partition.disk_sectors), (lead, cylinders * 1008));
        assert_eq!((partition.partition_type, partition.drive), (0x01, 0x80));
        assert_eq!(partition.warnings.contains(&Warning::Moved { claimed: hidden, lead }), hidden != lead);
    }
    let mut ntfs = vec![0; 8 << 20];
    ntfs[3..11].copy_from_slice(b"NTFS    ");
    ntfs[11..14].copy_from_slice(&[0, 2, 8]);
    ntfs[21] = 0xF8;
    ntfs[24..28].copy_from_slice(&[63, 0, 255, 0]);
    ntfs[28] = 63;
    ntfs[40..48].copy_from_slice(&16383u64.to_le_bytes());
    let ntfs = facts(ntfs);
    assert_eq!((ntfs.kind, ntfs.partition_type, ntfs.lead_sectors), (Kind::Partition, 0x07, 63));
    assert_eq!(ntfs.contents.as_deref(), Some("NTFS"));
}

#[test]
fn the_kind_and_geometry_that_were_asked_for_win() {
    let floppy = Volume { sectors: 2880, heads: 2, track: 18, hidden: 0 }.image(1_474_560);
    for kind in [Kind::HardDisk, Kind::Floppy, Kind::Partition] {
        let facts = facts_as(KindChoice::Is(kind), None, floppy.clone()).unwrap();
        assert_eq!(facts.kind, kind);
        assert_eq!((facts.geometry.heads, facts.geometry.sectors_per_track), (2, 18));
    }
    let asked = facts_as(KindChoice::Auto, Some("100/4/17"), floppy).unwrap();
    assert_eq!(told(&asked), (Kind::Floppy, "100/4/17".into(), 6800, 4));
    let small = facts_as(KindChoice::Auto, Some("10/2/18"), noise(1_474_560)).unwrap();
    assert_eq!((small.geometry.to_string(), small.disk_sectors), ("10/2/18".into(), 2880));
    assert!(small.warnings.contains(&Warning::BeyondGeometry { reach: 360, present: 2880 }));
}

#[test]
fn the_largest_floppy_is_made_and_the_next_byte_is_refused() {
    let floppy = KindChoice::Is(Kind::Floppy);
    let limit = 255 * 2 * 36 * 512;
    let largest = facts_as(floppy, None, vec![1; limit]).unwrap();
    assert_eq!(largest.geometry.to_string(), "255/2/36");
    let error = facts_as(floppy, None, vec![1; limit + 1]).unwrap_err();
    assert_eq!(error.to_string(), "guest.img has 9400321 bytes and a floppy can have at most 9400320");
    assert_eq!(error.help(), "use --kind hdd for an image of more than 8.9 MiB");
}

/// An image that is as long as it says, and holds zeros.
struct Long(u64);

impl Source for Long {
    fn len(&self) -> u64 {
        self.0
    }

    fn read_at(&self, _: u64, buffer: &mut [u8]) -> std::io::Result<()> {
        buffer.fill(0);
        Ok(())
    }
}

#[test]
fn the_longest_image_ends_below_4_gib() {
    let limit = (4 << 30) - (1 << 20);
    let auto = |len| probe(Path::new("big.img"), &Long(len), KindChoice::Auto, None);
    let facts = auto(limit).unwrap();
    assert_eq!((facts.disk_sectors, facts.geometry.to_string()), (8_386_560, "522/255/63".into()));
    let error = auto(limit + 1).unwrap_err();
    let text = "big.img needs a RAM disk of 4293918721 bytes and a PC can have at most 4293918720";
    assert_eq!(error.to_string(), text);
}

#[test]
fn only_a_hard_disk_with_partitions_has_a_place_for_a_disk_signature() {
    let mut image = vec![0; 8 << 20];
    assert_eq!(facts(image.clone()).disk_signature, None, "no partition");
    entry(&mut image, 0, 0x80, 6, 63, 16002, Some((16, 63)));
    assert_eq!(facts(image.clone()).disk_signature, Some(0));
    image[0x1B8..0x1BC].copy_from_slice(&[0x78, 0x56, 0x34, 0x12]);
    assert_eq!(facts(image.clone()).disk_signature, Some(0x1234_5678));
    let as_floppy = facts_as(KindChoice::Is(Kind::Floppy), None, image.clone()).unwrap();
    assert_eq!(as_floppy.disk_signature, None);
    image[446 + 4] = 0xEE;
    assert_eq!(facts(image).disk_signature, None, "a GUID partition table");
}

#[test]
fn a_missing_file_a_folder_and_a_device_are_told_apart() {
    let folder = tempfile::tempdir().unwrap();
    let missing = folder.path().join("missing.img");
    let error = FileSource::open(&missing).unwrap_err();
    assert_eq!(error.to_string(), format!("opening {}", missing.display()));
    assert!(error.help().starts_with("check the name"));
    let error = FileSource::open(folder.path()).unwrap_err();
    assert_eq!(error.to_string(), format!("{} is a directory and no regular file", folder.path().display()));
    let error = FileSource::open(Path::new("/dev/null")).unwrap_err();
    assert_eq!(error.to_string(), "/dev/null is a device and no regular file");
}

#[test]
fn an_odd_image_is_used_and_warned_about() {
    let facts = facts(vec![1; 1000]);
    let expected = [Warning::KindIsGuess, Warning::NoBootSignature, Warning::PartialSector { len: 1000 }];
    assert_eq!(facts.warnings, expected);
    assert!(!facts.boot_signature);
    assert!(facts.warnings[2].to_string().contains("; 24 zero bytes will follow"));
    let one = Warning::PartialSector { len: 1023 };
    assert!(one.to_string().contains("; 1 zero byte will follow"), "{one}");
    let short = Warning::BeyondGeometry { reach: 1, present: 2 };
    assert_eq!(short.to_string(), "its geometry reaches 1 sector and it has 2");
}

#[test]
fn the_kind_of_what_says_nothing_is_a_guess_unless_somebody_said_it() {
    let is_guess = |facts: &ImageFacts| {
        assert_eq!(facts.warnings.contains(&Warning::KindIsGuess), facts.kind_is_guess);
        facts.kind_is_guess
    };
    let nothing = || vec![0xEB; 1_474_560];
    assert!(is_guess(&facts(nothing())));
    assert!(Warning::KindIsGuess.to_string().contains("--kind hdd"));
    for kind in [Kind::Floppy, Kind::HardDisk] {
        assert!(!is_guess(&facts_as(KindChoice::Is(kind), None, nothing()).unwrap()), "{kind}");
    }
    // As large as this it is no floppy, and a table or a file system tells.
    assert!(!is_guess(&facts(vec![0xEB; 4 << 20])));
    let mut table = nothing();
    table[446..510].fill(0);
    table[450] = 0x06;
    table[454..462].copy_from_slice(&[63, 0, 0, 0, 64, 0, 0, 0]);
    table[510..512].copy_from_slice(&[0x55, 0xAA]);
    assert!(!is_guess(&facts(table)));
}

#[test]
fn active_partitions_are_counted_in_what_it_holds() {
    let holds = |statuses: [u8; 3]| {
        let mut bytes = vec![1; 8 << 20];
        bytes[446..510].fill(0);
        bytes[510..512].copy_from_slice(&[0x55, 0xAA]);
        for (number, status) in statuses.into_iter().enumerate() {
            let slot = &mut bytes[446 + 16 * number..][..16];
            slot[0] = status;
            slot[4] = 0x83;
            slot[8..12].copy_from_slice(&(64 * (1 + number as u32)).to_le_bytes());
            slot[12] = 64;
        }
        facts(bytes).contents.unwrap()
    };
    assert_eq!(holds([0, 0, 0]), "3 partitions, none active");
    assert_eq!(holds([0, 0x80, 0]), "3 partitions, active type 83h");
    assert_eq!(holds([0x80, 0x80, 0]), "3 partitions, 2 active");
}

#[test]
fn the_hash_is_what_b3sum_prints_and_what_the_crate_says() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("image");
    let chunk = 1 << 18;
    let lens = [
        1,
        511,
        1024,
        chunk - 1,
        chunk,
        chunk + 1,
        2 * chunk,
        3 * chunk,
        4 * chunk,
        4 * chunk + 7,
        5 * chunk,
    ];
    for len in lens.into_iter().chain([17 * chunk + 1, 33 * chunk - 1]) {
        let bytes = noise(len);
        std::fs::write(&path, &bytes).unwrap();
        let mut seen = 0;
        let scan = scan(&FileSource::open(&path).unwrap(), &mut |bytes| seen += bytes).unwrap();
        assert_eq!((seen, scan.len, scan.chunks.len()), (len as u64, len as u64, len.div_ceil(chunk)));
        assert_eq!(scan.root, *blake3::hash(&bytes).as_bytes(), "{len} bytes");
        let printed = tool("b3sum", "b3sum", &["--no-names", path.to_str().unwrap()]).stdout;
        let hex: String = scan.root.iter().map(|byte| format!("{byte:02x}")).collect();
        assert_eq!(String::from_utf8(printed).unwrap().trim(), hex, "{len} bytes");
        for (number, (chunk, bytes)) in scan.chunks.iter().zip(bytes.chunks(chunk)).enumerate() {
            assert_eq!(chunk.zero, bytes.iter().all(|&byte| byte == 0), "{len} bytes, chunk {number}");
        }
    }
}

#[test]
fn one_byte_keeps_a_chunk_from_being_zeros() {
    for at in [0, 1, 63, 64, (1 << 18) - 1] {
        let mut bytes = vec![0; 1 << 18];
        bytes[at] = 1;
        assert!(!scan(&Image(bytes), &mut |_| ()).unwrap().chunks[0].zero, "byte {at}");
    }
}

#[test]
fn an_image_that_ends_early_is_an_error_and_not_a_hang() {
    struct Shrinking;
    impl Source for Shrinking {
        fn len(&self) -> u64 {
            64 << 20
        }
        fn read_at(&self, offset: u64, buffer: &mut [u8]) -> std::io::Result<()> {
            buffer.fill(1);
            if offset < 20 << 20 { Ok(()) } else { Err(std::io::ErrorKind::UnexpectedEof.into()) }
        }
    }
    let error = scan(&Shrinking, &mut |_| ()).unwrap_err();
    assert_eq!(error.kind(), std::io::ErrorKind::UnexpectedEof);
}

#[test]
fn an_image_of_other_programs_is_recognised() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("floppy.img");
    let path = path.to_str().unwrap();
    let made = tool("dosfstools", "mkfs.fat", &["-C", "-n", "OTHERS", path, "720"]);
    assert!(made.status.success());
    let source = FileSource::open(Path::new(path)).unwrap();
    let facts = probe(Path::new(path), &source, KindChoice::Auto, None).unwrap();
    assert_eq!(told(&facts), (Kind::Floppy, "80/2/9".into(), 1440, 3));
    assert_eq!(facts.contents.as_deref(), Some("FAT12 \"OTHERS\""));

    // `mformat` puts a table into the boot sector, with one entry for the whole of it.
    let hard_disk = ["-t", "64", "-h", "16", "-s", "63"];
    for (format, kind, geometry, expected) in [
        (&["-f", "1440"][..], Kind::Floppy, "80/2/18", "FAT12 \"OTHERS\""),
        (&hard_disk, Kind::HardDisk, "64/16/63", "FAT16 \"OTHERS\""),
    ] {
        let path = folder.path().join("mformat.img");
        let made = [format, &["-C", "-v", "OTHERS", "-i", path.to_str().unwrap(), "::"]].concat();
        assert!(tool("mtools", "mformat", &made).status.success());
        let facts = probe(&path, &FileSource::open(&path).unwrap(), KindChoice::Auto, None).unwrap();
        assert_eq!((facts.kind, &*facts.geometry.to_string()), (kind, geometry));
        assert_eq!(facts.contents.as_deref(), Some(expected));
        std::fs::remove_file(&path).unwrap();
    }

    let disk = folder.path().join("disk.img");
    std::fs::File::create(&disk).unwrap().set_len(64 << 20).unwrap();
    let mut sfdisk = Command::new("/usr/sbin/sfdisk");
    let child = sfdisk.arg(&disk).stdin(Stdio::piped()).stdout(Stdio::null()).stderr(Stdio::null()).spawn();
    let mut child = child.expect("/usr/sbin/sfdisk of the package fdisk");
    std::io::Write::write_all(
        &mut child.stdin.take().unwrap(),
        b"label: dos\nstart=2048, type=6, bootable\n",
    )
    .unwrap();
    assert!(child.wait().unwrap().success());
    let source = FileSource::open(&disk).unwrap();
    let facts = probe(&disk, &source, KindChoice::Auto, None).unwrap();
    assert_eq!((facts.kind, facts.disk_sectors), (Kind::HardDisk, 131_072));
    assert_eq!(facts.contents.as_deref(), Some("1 partition, active type 06h"));
}

#[test]
fn an_ext_without_a_table_is_named_with_its_label() {
    for (compatible, incompatible, name) in
        [(0u32, 0u32, "ext2"), (4, 2, "ext3"), (4, 0x42, "ext4"), (0, 0x200, "ext4")]
    {
        let mut bytes = vec![0; 8 << 20];
        let record = &mut bytes[1024..2048];
        record[4..8].copy_from_slice(&8192u32.to_le_bytes());
        record[56..58].copy_from_slice(&[0x53, 0xEF]);
        record[92..96].copy_from_slice(&compatible.to_le_bytes());
        record[96..100].copy_from_slice(&incompatible.to_le_bytes());
        assert_eq!(facts(bytes.clone()).contents.as_deref(), Some(name));
        bytes[1024 + 120..1024 + 124].copy_from_slice(b"root");
        let found = facts(bytes.clone());
        assert_eq!(found.contents, Some(format!("{name} \"root\"")));
        bytes[1024 + 56] = 0;
        assert_eq!(facts(bytes).contents, None);
    }
}
