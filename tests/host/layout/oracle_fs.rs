//! Other people's tools agree with every layout: fsck.fat, mtools, sgdisk, sfdisk.

use std::fs::File;
use std::io::{Read, Seek, SeekFrom, Write};
use std::path::{Path, PathBuf};

use crate::frames::sticks::{Image, Stick, every_layout, noise, printed, tool};
use ramkey::image::FileSource;
use ramkey::plan::{FatBits, LayoutKind, Slot};
use ramkey::verify::{Change, Strictness, verify};
use ramkey_format::capsule::{CapsuleHeader, Form};
use ramkey_format::memory::BOOT_AREA_END_LBA;

/// A stick of each layout with two images, as a file.
fn for_each_stick(test: impl Fn(&Stick, &Path, &str)) {
    for (kind, fs, len) in every_layout() {
        let images = vec![("one.img", Image(noise(700_000))), ("two.img", Image(noise(1_474_560)))];
        let stick = Stick::new(images, kind, fs, len);
        let folder = tempfile::tempdir().unwrap();
        let path = stick.file(folder.path());
        test(&stick, &path, &format!("{kind:?} {fs:?} {len}"));
    }
}

/// The file system alone, as sparse as the stick.
fn volume_file(stick: &Stick, path: &Path) -> PathBuf {
    let volume = path.with_extension("volume");
    let (mut from, mut to) = (File::open(path).unwrap(), File::create(&volume).unwrap());
    to.set_len(stick.plan.division.volume.sectors * 512).unwrap();
    let start = stick.plan.division.volume.lba;
    for extent in stick.layout.extents.iter().filter(|extent| extent.lba >= start) {
        let mut bytes = vec![0; extent.sectors as usize * 512];
        from.seek(SeekFrom::Start(extent.lba * 512)).unwrap();
        from.read_exact(&mut bytes).unwrap();
        to.seek(SeekFrom::Start((extent.lba - start) * 512)).unwrap();
        to.write_all(&bytes).unwrap();
    }
    to.set_len(stick.plan.division.volume.sectors * 512).unwrap();
    volume
}

#[test]
fn fsck_finds_nothing_to_say() {
    for_each_stick(|stick, path, name| {
        let volume = volume_file(stick, path);
        let output = tool("dosfstools", "fsck.fat", &["-n", "-V", volume.to_str().unwrap()]);
        let text = printed(&output);
        assert!(output.status.success(), "{name}: {text}");
        // Two lines: the version, and the numbers of files and clusters. Anything else is a complaint.
        let complaints: Vec<&str> = text
            .lines()
            .filter(|line| !line.starts_with("fsck.fat 4") && !line.contains(" files, "))
            .filter(|line| {
                !line.starts_with("Starting check/repair") && !line.starts_with("Starting verification")
            })
            .collect();
        assert!(complaints.is_empty(), "{name}: {text}");
    });
}

#[test]
fn another_label_leaves_every_file_system_sound() {
    for_each_stick(|stick, path, name| {
        let image = format!("{}@@{}", path.display(), stick.plan.division.volume.lba * 512);
        let output = tool("mtools", "mlabel", &["-i", &image, "::NEW"]);
        assert!(output.status.success(), "{name}: {}", printed(&output));
        let file = FileSource::open(path).unwrap();
        let verdict = verify(&file, Strictness::Boot, &|_| ());
        let label = Change::Label { written: "RAMKEY".into(), found: "NEW".into() };
        assert!(verdict.sound && verdict.changes == [label], "{name}: {verdict:?}");
        let volume = volume_file(stick, path);
        let output = tool("dosfstools", "fsck.fat", &["-n", volume.to_str().unwrap()]);
        assert!(output.status.success(), "{name}: {}", printed(&output));
        let listing = printed(&tool("mtools", "mdir", &["-i", &image, "::RAMKEY"]));
        assert!(listing.contains("Volume in drive : is NEW"), "{name}: {listing}");
    });
}

#[test]
fn fsck_would_have_found_something() {
    let stick = Stick::new(
        vec![("one.img", Image(noise(4096)))],
        LayoutKind::Superfloppy,
        ramkey::plan::FsChoice::Auto,
        8 << 20,
    );
    let folder = tempfile::tempdir().unwrap();
    let path = stick.file(folder.path());
    let mut file = File::options().write(true).open(&path).unwrap();
    // The second entry of the first table.
    file.seek(SeekFrom::Start(u64::from(BOOT_AREA_END_LBA) * 512 + 4)).unwrap();
    file.write_all(&[0x77; 3]).unwrap();
    let output = tool("dosfstools", "fsck.fat", &["-n", path.to_str().unwrap()]);
    assert!(!output.status.success(), "{}", printed(&output));
}

#[test]
fn mtools_read_the_label_the_folder_and_the_images() {
    for_each_stick(|stick, path, name| {
        let image = format!("{}@@{}", path.display(), stick.plan.division.volume.lba * 512);
        let listing = printed(&tool("mtools", "mdir", &["-i", &image, "-a", "::RAMKEY"]));
        for expected in ["Volume in drive : is RAMKEY", "ONE      RKC", "TWO      RKC", "1980-01-01"] {
            assert!(listing.contains(expected), "{name}: {expected} in\n{listing}");
        }
        for (number, original) in stick.images.iter().enumerate() {
            let file = format!("::RAMKEY/{}", stick.plan.carried.capsules[number].file_name);
            let output = tool("mtools", "mcopy", &["-i", &image, &file, "-"]);
            assert!(output.status.success(), "{name}: {}", String::from_utf8_lossy(&output.stderr));
            assert_eq!(unpacked(&output.stdout), original.0, "{name}: {file}");
        }
    });
}

/// The image in a capsule, with everything that its header promises.
fn unpacked(capsule: &[u8]) -> Vec<u8> {
    let header = CapsuleHeader::parse(capsule).unwrap();
    assert_eq!(header.file_len.get(), capsule.len() as u64);
    assert_eq!(*blake3::hash(&capsule[..480]).as_bytes(), header.header_blake3);
    assert_eq!(header.table_offset.get(), 512, "the writer puts the table behind the header");
    let table = &capsule[512..512 + header.table_len.get() as usize];
    assert_eq!(*blake3::hash(table).as_bytes(), header.table_blake3);
    assert_eq!(u64::from(header.table_len.get()), header.entries_len(), "no origin record is written");
    let mut image = Vec::new();
    let mut end = (512 + header.entries_len()).next_multiple_of(512);
    for (index, entry) in (0..).zip(header.entries(table).unwrap()) {
        let len = image.len() + header.raw_len(index) as usize;
        let stored = entry.stored();
        match header.form(index, entry).unwrap() {
            Form::Zero => assert!(stored.is_empty()),
            Form::Raw => {
                assert_eq!(stored.start, end, "chunks are written in order and without gaps");
                end = stored.end.next_multiple_of(512);
            }
            Form::Packed { .. } => panic!("nobody asked for packed chunks"),
        }
        image.extend_from_slice(&capsule[stored.start as usize..stored.end as usize]);
        image.resize(len, 0);
    }
    assert_eq!(end, header.file_len.get());
    assert_eq!(*blake3::hash(&image).as_bytes(), header.ram_blake3);
    assert_eq!((header.image_blake3, header.changes.get()), (header.ram_blake3, 0));
    image
}

#[test]
fn minfo_sees_the_geometry_and_the_place_of_the_partition() {
    for_each_stick(|stick, path, name| {
        let image = format!("{}@@{}", path.display(), stick.plan.division.volume.lba * 512);
        let text = printed(&tool("mtools", "minfo", &["-i", &image, "::"]));
        let sectors = stick.plan.division.volume.sectors;
        let size = if sectors < 0x1_0000 { "small" } else { "big" };
        let (media, drive) = match stick.plan.division.layout {
            LayoutKind::Fdd => ("0xf0", "0x0"),
            LayoutKind::Zip => ("0xf8", "0x0"),
            _ => ("0xf8", "0x80"),
        };
        let expected = [
            format!("sectors per track: {}", stick.plan.division.geometry.sectors_per_track),
            format!("heads: {}", stick.plan.division.geometry.heads),
            format!("{size} size: {sectors} sectors"),
            format!("hidden sectors: {}", stick.plan.division.volume.lba),
            format!("cluster size: {} sectors", stick.plan.division.volume.cluster_sectors),
            format!("physical drive id: {drive}"),
            format!("media descriptor byte: {media}"),
        ];
        for line in expected {
            assert!(text.lines().any(|found| found.trim() == line), "{name}: {line} in\n{text}");
        }
    });
}

#[test]
fn sgdisk_finds_no_problem_in_a_gpt() {
    for_each_stick(|stick, path, name| {
        if stick.plan.division.layout != LayoutKind::Gpt {
            return;
        }
        let path = path.to_str().unwrap();
        let text = printed(&tool("gdisk", "sgdisk", &["-v", path]));
        assert!(text.contains("No problems found"), "{name}: {text}");
        assert!(!text.contains("Caution") && !text.contains("Warning"), "{name}: {text}");
        let text = printed(&tool("gdisk", "sgdisk", &["-i", "1", path]));
        let last = stick.plan.division.volume.lba + stick.plan.division.volume.sectors - 1;
        for expected in [
            "EBD0A0A2-B9E5-4433-87C0-68B6B72699C7".to_owned(),
            "First sector: 2048".to_owned(),
            format!("Last sector: {last} "),
            "Attribute flags: 0000000000000004".to_owned(),
            "Partition name: 'ramkey'".to_owned(),
        ] {
            assert!(text.contains(&expected), "{name}: {expected} in\n{text}");
        }
    });
}

#[test]
fn sfdisk_verifies_and_dumps_what_was_planned() {
    for_each_stick(|stick, path, name| {
        let path = path.to_str().unwrap();
        let dump = printed(&tool("fdisk", "sfdisk", &["-d", path]));
        let volume = &stick.plan.division.volume;
        let slot = match stick.plan.division.layout {
            LayoutKind::Fdd | LayoutKind::Superfloppy => {
                assert!(!dump.contains("start="), "{name}: {dump}");
                return;
            }
            LayoutKind::Gpt => {
                assert!(dump.contains("label: gpt"), "{name}: {dump}");
                return;
            }
            LayoutKind::Zip | LayoutKind::Universal { slot: Slot::Fourth } => 4,
            _ => 1,
        };
        let verdict = printed(&tool("fdisk", "sfdisk", &["--verify", path]));
        assert!(verdict.contains("No errors detected"), "{name}: {verdict}");
        let (end, track) =
            (volume.lba + volume.sectors, u64::from(stick.plan.division.geometry.sectors_per_track));
        let cylinder = track * u64::from(stick.plan.division.geometry.heads);
        let zip =
            track == 32 && (slot == 4 || matches!(stick.plan.division.layout, LayoutKind::Universal { .. }));
        let kind = match (volume.bits, end <= 1024 * cylinder) {
            (FatBits::Fat12, _) if volume.sectors < 65536 => "1",
            (FatBits::Fat16, true) if volume.sectors < 65536 && !zip => "4",
            (FatBits::Fat12 | FatBits::Fat16, true) => "6",
            (FatBits::Fat12 | FatBits::Fat16, false) => "e",
            (FatBits::Fat32, true) => "b",
            (FatBits::Fat32, false) => "c",
        };
        assert!(end % cylinder == 0, "{name}: it ends at {end}");
        let (lba, sectors) = (volume.lba, volume.sectors);
        let line = format!("{slot} : start={lba:>12}, size={sectors:>12}, type={kind}, bootable");
        assert!(dump.contains("label: dos") && dump.contains(&line), "{name}: {line} in\n{dump}");
        assert_eq!(dump.matches("bootable").count(), 1, "{name}: {dump}");
        let second = format!("2 : start={end:>12}, size={cylinder:>12}, type=da");
        let has_two = stick.plan.division.layout == LayoutKind::TwoPartitions;
        assert_eq!(dump.contains(&second), has_two, "{name}: {dump}");
        assert_eq!(dump.matches("start=").count(), if has_two { 2 } else { 1 }, "{name}: {dump}");
    });
}
