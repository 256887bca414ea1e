//! What `ramkey doctor` finds on sticks that other people's tools made.

use std::collections::BTreeSet;
use std::fs;
use std::path::Path;

use crate::frames::sticks::{Image, MIB, Stick, noise, printed, tool};
use ramkey::doctor::diagnose;
use ramkey::image::FileSource;
use ramkey::plan::{FsChoice, LayoutKind};

/// Where the first partition begins.
const V: usize = 1 << 20;
/// The second entry of the partition table.
const SLOT_2: usize = 0x1CE;

fn put(bytes: &mut [u8], offset: usize, new: &[u8]) {
    bytes[offset..offset + new.len()].copy_from_slice(new);
}

/// A file of `len` bytes in a folder of its own.
fn blank(len: u64) -> (tempfile::TempDir, String) {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("stick.img");
    fs::File::create(&path).unwrap().set_len(len).unwrap();
    (folder, path.display().to_string())
}

fn ran(package: &str, program: &str, arguments: &[&str]) {
    let output = tool(package, program, arguments);
    assert!(output.status.success(), "{program}: {}", printed(&output));
}

fn found(path: &str) -> BTreeSet<&'static str> {
    let diagnosis = diagnose(&FileSource::open(Path::new(path)).unwrap()).unwrap();
    diagnosis.findings.iter().map(|finding| finding.kind.explanation().name).collect()
}

fn set(names: &[&'static str]) -> BTreeSet<&'static str> {
    names.iter().copied().collect()
}

#[test]
fn file_systems_of_mkfs_and_mtools_over_a_whole_stick_contradict_nothing() {
    for (len, bits) in
        [(1_474_560, "12"), (16 * MIB, "12"), (64 * MIB, "16"), (64 * MIB, "32"), (1 << 30, "32")]
    {
        let (_folder, path) = blank(len);
        ran("dosfstools", "mkfs.fat", &["-F", bits, &path]);
        assert_eq!(found(&path), set(&["no-table", "boots-nothing"]), "mkfs.fat -F {bits}, {len}");
    }
    let (_folder, path) = blank(1_474_560);
    ran("mtools", "mformat", &["-i", &path, "-f", "1440", "::"]);
    // mtools puts a partition into the boot sector that is the volume itself.
    assert_eq!(found(&path), set(&["hybrid", "no-disk-signature", "boots-nothing"]), "mformat -f 1440");
    let (_folder, path) = blank(125 * MIB);
    ran("mtools", "mformat", &["-i", &path, "-t", "125", "-h", "64", "-s", "32", "::"]);
    assert_eq!(found(&path), set(&["hybrid", "no-disk-signature", "boots-nothing"]), "mformat -t 125");
}

#[test]
fn a_fat32_that_mkfs_made_too_small_is_named() {
    let (_folder, path) = blank(20 * MIB);
    ran("dosfstools", "mkfs.fat", &["-F", "32", &path]);
    assert_eq!(found(&path), set(&["boots-nothing", "fat-type", "no-table", "total-fields"]));
}

/// Partitions by sfdisk, from a description.
fn sfdisk(path: &str, table: &str) {
    let script = format!("{path}.sfdisk");
    fs::write(&script, table).unwrap();
    let command = format!("PATH=$PATH:/sbin:/usr/sbin sfdisk -q '{path}' < '{script}'");
    ran("bsdutils", "sh", &["-c", &command]);
}

#[test]
fn a_stick_by_sfdisk_mkfs_and_syslinux_shows_what_each_of_them_leaves_behind() {
    let (_folder, path) = blank(64 * MIB);
    sfdisk(&path, "2048,,c,*\n");
    let table = ["boots-nothing", "end-off-cylinder", "no-boot-code", "start-off-track"];
    assert_eq!(found(&path), set(&[&table[..], &["no-file-system"]].concat()));
    // mkfs.fat knows nothing of the disk around the partition unless it is told.
    ran("dosfstools", "mkfs.fat", &["-F", "32", "--offset", "2048", &path, "64512"]);
    assert_eq!(found(&path), set(&[&table[..], &["hidden-sectors", "geometry"]].concat()));
    ran(
        "dosfstools",
        "mkfs.fat",
        &["-F", "32", "-h", "2048", "-g", "255/63", "--offset", "2048", &path, "64512"],
    );
    assert_eq!(found(&path), set(&table));
    ran("syslinux", "syslinux", &["--offset", "1048576", "-i", &path]);
    let code = fs::read("/usr/lib/syslinux/mbr/mbr.bin").expect("of the package syslinux-common");
    let mut stick = fs::read(&path).unwrap();
    put(&mut stick, 0, &code);
    fs::write(&path, stick).unwrap();
    let booting = ["end-off-cylinder", "start-off-track", "code-in-bpb", "mbr-jump"];
    assert_eq!(found(&path), set(&booting));
}

#[test]
fn an_ntfs_by_mkntfs_is_held_against_its_partition() {
    let (_folder, path) = blank(64 * MIB);
    sfdisk(&path, "2048,,7,*\n");
    let table = ["boots-nothing", "end-off-cylinder", "no-boot-code", "start-off-track"];
    let (_volume_folder, volume) = blank(63 * MIB);
    for (start, expected) in [("2048", &[][..]), ("63", &["hidden-sectors"])] {
        ran("ntfs-3g", "mkntfs", &["-F", "-Q", "-q", "-p", start, "-H", "255", "-S", "63", &volume]);
        let mut stick = fs::read(&path).unwrap();
        put(&mut stick, V, &fs::read(&volume).unwrap());
        fs::write(&path, stick).unwrap();
        assert_eq!(found(&path), set(&[&table[..], expected].concat()), "mkntfs -p {start}");
    }
}

#[test]
fn a_table_by_sfdisk_with_two_active_partitions_that_overlap_is_named() {
    let (_folder, path) = blank(64 * MIB);
    sfdisk(&path, "2048,65536,83,*\n67584,,83\n");
    let before = found(&path);
    assert!(!before.contains("overlap") && !before.contains("many-active"), "{before:?}");
    let mut stick = fs::read(&path).unwrap();
    stick[SLOT_2] = 0x80;
    put(&mut stick, SLOT_2 + 8, &2048u32.to_le_bytes());
    fs::write(&path, stick).unwrap();
    let after = found(&path);
    for name in ["overlap", "many-active", "chs-lba"] {
        assert!(after.contains(name), "{name} in {after:?}");
    }
}

#[test]
fn a_gpt_by_sgdisk_is_sound_until_it_is_copied_to_a_larger_stick() {
    let (_folder, path) = blank(64 * MIB);
    ran("gdisk", "sgdisk", &["-n", "1:2048:0", "-t", "1:0700", &path]);
    ran("dosfstools", "mkfs.fat", &["-F", "16", "-h", "2048", "--offset", "2048", &path, "64495"]);
    assert_eq!(found(&path), set(&["gpt-no-active", "no-boot-code"]));
    fs::OpenOptions::new().write(true).open(&path).unwrap().set_len(65 * MIB).unwrap();
    assert_eq!(found(&path), set(&["gpt-backup", "gpt-no-active", "gpt-protective", "no-boot-code"]));
    ran("gdisk", "sgdisk", &["-e", &path]);
    assert_eq!(found(&path), set(&["gpt-no-active", "no-boot-code"]), "the remedy works");
    // A new table of another kind over it; sfdisk would wipe the old one.
    let mut stick = fs::read(&path).unwrap();
    let ours = vec![("one.img", Image(noise(4096)))];
    put(&mut stick, 0, &Stick::new(ours, LayoutKind::Hdd, FsChoice::Auto, 65 * MIB).bytes()[..512]);
    fs::write(&path, stick).unwrap();
    assert!(found(&path).contains("gpt-stale"));
}

#[test]
fn a_hybrid_iso_by_xorriso_is_seen_as_one() {
    let folder = tempfile::tempdir().unwrap();
    let (files, iso) = (folder.path().join("files"), folder.path().join("hybrid.iso"));
    fs::create_dir(&files).unwrap();
    fs::write(files.join("readme.txt"), "files of a disc\n").unwrap();
    let (files, iso) = (files.display().to_string(), iso.display().to_string());
    let code = "/usr/lib/syslinux/mbr/mbr.bin";
    ran("xorriso", "xorriso", &["-as", "mkisofs", "-o", &iso, &files]);
    assert_eq!(found(&iso), set(&["cd-no-boot-code"]), "a disc without a table");
    // The same copied to a stick, and into its partition.
    let (_stick_folder, stick) = blank(64 * MIB);
    let copy = |offset: usize| {
        let mut bytes = fs::read(&stick).unwrap();
        put(&mut bytes, offset, &fs::read(&iso).unwrap());
        fs::write(&stick, bytes).unwrap();
        found(&stick)
    };
    assert_eq!(copy(0), set(&["cd-no-boot-code"]), "with dd");
    let (_parted_folder, parted) = blank(64 * MIB);
    sfdisk(&parted, "2048,,c,*\n");
    fs::rename(&parted, &stick).unwrap();
    let table = ["end-off-cylinder", "no-boot-code", "start-off-track"];
    assert_eq!(copy(V), set(&[&table[..], &["cd-in-partition"]].concat()), "with dd to the partition");
    // A table, and no code that would look at it.
    ran("xorriso", "xorriso", &["-as", "mkisofs", "-o", &iso, "-partition_offset", "16", &files]);
    assert!(found(&iso).contains("cd-no-boot-code"), "{:?}", found(&iso));
    ran("genisoimage", "genisoimage", &["-quiet", "-udf", "-o", &iso, &files]);
    assert_eq!(found(&iso), set(&["cd-no-boot-code"]), "with UDF beside it");
    ran("xorriso", "xorriso", &["-as", "mkisofs", "-o", &iso, "-G", code, "-partition_offset", "16", &files]);
    let names = found(&iso);
    for name in ["iso-hybrid", "code-in-bpb"] {
        assert!(names.contains(name), "{name} in {names:?}");
    }
    assert!(!names.contains("no-file-system"), "the partition holds the ISO: {names:?}");
    let ipxe = found("/usr/lib/ipxe/ipxe.iso");
    assert_eq!(ipxe, set(&["code-in-bpb", "iso-hybrid", "mbr-jump", "starts-at-zero"]), "by isohybrid");
}

#[test]
fn hybrid_images_as_vendors_give_them_have_notes_and_no_more() {
    let images = [
        "/usr/lib/memtest86+/memtest86+x64.iso",
        "/usr/lib/memtest86+/memtest86+ia32.iso",
        "/usr/lib/grub-rescue/grub-rescue-cdrom.iso",
        "/usr/lib/grub-rescue/grub-rescue-floppy.img",
        "/usr/lib/ipxe/ipxe.iso",
    ];
    for path in images {
        let diagnosis = diagnose(&FileSource::open(Path::new(path)).unwrap()).unwrap();
        let whats: Vec<&str> = diagnosis.findings.iter().map(|finding| &finding.what[..]).collect();
        assert_eq!(diagnosis.contradictions, 0, "{path}: {whats:#?}");
        assert!(found(path).contains("iso-hybrid"), "{path}: {whats:#?}");
    }
}

#[test]
fn a_floppy_image_for_uefi_in_a_hybrid_image_by_xorriso_is_no_contradiction() {
    let folder = tempfile::tempdir().unwrap();
    let path = |name: &str| folder.path().join(name).display().to_string();
    let (files, efi, iso) = (path("files"), path("efi.img"), path("hybrid.iso"));
    fs::create_dir(&files).unwrap();
    fs::write(folder.path().join("files/readme.txt"), "files of a disc\n").unwrap();
    ran("dosfstools", "mkfs.fat", &["-C", &efi, "1440"]);
    let code = "/usr/lib/syslinux/mbr/mbr.bin";
    let hybrid = ["-as", "mkisofs", "-o", &iso, "-G", code, "-partition_offset", "16"];
    let appended = ["-append_partition", "2", "0xef", &efi, "-appended_part_as_gpt", &files];
    ran("xorriso", "xorriso", &[&hybrid[..], &appended].concat());
    let diagnosis = diagnose(&FileSource::open(Path::new(&iso)).unwrap()).unwrap();
    assert_eq!(diagnosis.contradictions, 0, "{:#?}", diagnosis.findings);
    for name in ["hidden-sectors", "drive-number", "media"] {
        assert!(found(&iso).contains(name), "{name} in {:?}", found(&iso));
    }
}
