//! An image that ends before what it says is on it is told from the first missing sector on.

use std::fs;
use std::path::Path;

use crate::frames::sticks::{Image, printed, tool};
use ramkey::contents::{Claim, KindChoice, Warning, probe};

const MIB: usize = 1 << 20;

/// What is missing from an image, in bytes.
fn short(bytes: &[u8]) -> Option<(Claim, u64, bool)> {
    let image = Image(bytes.to_vec());
    let facts = probe(Path::new("cut.img"), &image, KindChoice::Auto, None).unwrap();
    let found: Vec<_> = facts
        .warnings
        .iter()
        .filter_map(|warning| match *warning {
            Warning::Short { before, missing, zeros } => Some((before, missing, zeros)),
            _ => None,
        })
        .collect();
    let partial = facts.warnings.iter().any(|warning| matches!(warning, Warning::PartialSector { .. }));
    assert!(found.len() <= 1 && !(partial && found.len() == 1), "{:?}", facts.warnings);
    found.first().copied()
}

fn shell(package: &str, command: &str) {
    let output = tool(package, "sh", &["-c", &format!("PATH=$PATH:/sbin:/usr/sbin; {command}")]);
    assert!(output.status.success(), "{command}: {}", printed(&output));
}

/// What `command` makes of a file of `len` bytes, whose name is `$f`.
fn made(len: usize, package: &str, command: &str) -> Vec<u8> {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("disk.img");
    fs::File::create(&path).unwrap().set_len(len as u64).unwrap();
    shell(package, &format!("f='{}'; {command}", path.display()));
    fs::read(path).unwrap()
}

fn table(len: usize, lines: &str) -> Vec<u8> {
    made(len, "fdisk", &format!("printf 'label: dos\\n{lines}' | sfdisk -q $f"))
}

/// Asserts that `whole` is whole, and that it says of `claim` how much is missing when it is cut.
fn is_told(whole: &[u8], claim: Claim, end: usize) {
    assert_eq!(short(whole), None, "{claim:?}: whole");
    assert_eq!(short(&whole[..end]), None, "{claim:?}: to its end");
    for cut in [1, 511, 512, 513, 100_000, end / 3] {
        let (found, missing, zeros) =
            short(&whole[..end - cut]).unwrap_or_else(|| panic!("{claim:?}: {cut}"));
        assert_eq!(
            (found, missing, zeros),
            (claim, cut as u64 / 512 * 512 + cut as u64 % 512, true),
            "{cut}"
        );
    }
}

#[test]
fn a_cut_partition_is_told_by_its_number_if_there_are_others() {
    let one = table(32 * MIB, "2048,,6,*\\n");
    is_told(&one, Claim::ThePartition, 32 * MIB);
    let text = Warning::Short { before: Claim::ThePartition, missing: 13_553_664, zeros: true }.to_string();
    assert_eq!(text, "it ends 12.9 MiB before its partition does; zeros will follow");
    let two = table(32 * MIB, "2048,2048,6,*\\n4096,,83\\n");
    is_told(&two, Claim::Partition(2), 32 * MIB);
    // The first does not end last; behind the last nothing is missing.
    let gap = table(32 * MIB, "20480,2048,6,*\\n2048,2048,83\\n");
    is_told(&gap, Claim::Partition(1), 22528 * 512);
}

#[test]
fn a_cut_logical_drive_is_told() {
    let bytes = table(32 * MIB, "2048,2048,6,*\\n4096,40960,5\\n6144,2048,6\\n");
    // The partition that holds it ends last.
    is_told(&bytes, Claim::Partition(2), 45056 * 512);
    let mut small = bytes;
    let sectors = 0x1CE + 12;
    small[sectors..sectors + 4].copy_from_slice(&3000u32.to_le_bytes());
    assert_eq!(short(&small[..8192 * 512]), None);
    let (claim, missing, _) = short(&small[..8191 * 512]).unwrap();
    assert_eq!((claim, missing), (Claim::Partition(5), 512));
}

#[test]
fn a_cut_file_system_is_told_with_and_without_a_table() {
    let fat = made(24 * MIB, "dosfstools", "mkfs.fat -F16 $f >/dev/null");
    is_told(&fat, Claim::TheFileSystem, 24 * MIB);
    let floppy = made(1_474_560, "dosfstools", "mkfs.fat $f >/dev/null");
    is_told(&floppy, Claim::TheFileSystem, 1_474_560);
    let (_, missing, _) = short(&floppy[..683 << 10]).unwrap();
    assert_eq!(missing, (1440 - 683) << 10);
    let partition = made(24 * MIB, "dosfstools", "mkfs.fat -F16 -h 63 $f >/dev/null");
    is_told(&partition, Claim::TheFileSystem, 24 * MIB);
    // More than half is missing, and the boot sector has its name.
    assert_eq!(short(&fat[..4 * MIB]), Some((Claim::TheFileSystem, 20 << 20, false)));
    // Longer than its partition, which is whole.
    let mut long = table(24 * MIB, "2048,4096,6,*\\n");
    let at = 2048 * 512;
    long[at..at + 512].copy_from_slice(&fat[..512]);
    assert_eq!(short(&long).map(|found| found.0), Some(Claim::TheFileSystem));
}

#[test]
fn an_ntfs_has_one_sector_more_than_it_counts_and_a_partition_may_have_more() {
    let ntfs = made(16 * MIB, "ntfs-3g", "mkntfs -q -F -f -p 63 -H 16 -S 63 $f");
    is_told(&ntfs, Claim::TheFileSystem, 16 * MIB);
    let mut disk = table(20 * MIB, "2048,,7,*\\n");
    disk[MIB..17 * MIB].copy_from_slice(&ntfs);
    assert_eq!(short(&disk), None, "a partition that is longer than its file system");
    assert_eq!(short(&disk[..17 * MIB]).map(|found| found.0), Some(Claim::ThePartition));
}

#[test]
fn exfat_and_ext_are_told_too() {
    let mut exfat = vec![0; 8 * MIB];
    exfat[..11].copy_from_slice(b"\xEB\x76\x90EXFAT   ");
    exfat[0x48..0x50].copy_from_slice(&(8 * MIB as u64 / 512).to_le_bytes());
    exfat[510..512].copy_from_slice(&[0x55, 0xAA]);
    let mut ext = vec![0; 8 * MIB];
    ext[1028..1032].copy_from_slice(&8192u32.to_le_bytes());
    ext[1080..1082].copy_from_slice(&[0x53, 0xEF]);
    for whole in [&exfat, &ext] {
        assert_eq!(short(whole), None);
        let found = short(&whole[..7 * MIB]);
        assert!(matches!(found, Some((Claim::TheFileSystem, 0x10_0000, _))), "{found:?}");
    }
}

#[test]
fn a_gpt_is_whole_with_its_copy() {
    let gpt = made(24 * MIB, "gdisk", "sgdisk -n 1:2048:20000 $f >/dev/null");
    assert_eq!(short(&gpt), None);
    for cut in [512, 1 << 20, 10 << 20] {
        let (claim, missing, _) = short(&gpt[..gpt.len() - cut]).unwrap();
        assert_eq!((claim, missing), (Claim::GptCopy, cut as u64));
    }
    // Left over behind a table of another kind, it claims nothing.
    let mut stale = gpt;
    stale[..512].copy_from_slice(&table(24 * MIB, "2048,2048,6,*\\n")[..512]);
    assert_eq!(short(&stale[..4 * MIB]), None);
}

#[test]
fn a_partition_of_a_gpt_with_as_many_sectors_as_there_are_numbers_is_none() {
    let mut gpt = made(24 * MIB, "gdisk", "sgdisk -n 1:2048:20000 $f >/dev/null");
    gpt[1024 + 32..1024 + 40].fill(0);
    gpt[1024 + 40..1024 + 48].fill(0xFF);
    assert_eq!(short(&gpt), None);
}

#[test]
fn an_image_of_sector_0_alone_or_of_the_first_track_is_told() {
    let disk = table(32 * MIB, "2048,,6,*\\n");
    for len in [512, 63 * 512, 2048 * 512] {
        let (claim, missing, zeros) = short(&disk[..len]).unwrap_or_else(|| panic!("{len}"));
        assert_eq!((claim, missing), (Claim::ThePartition, (32 * MIB - len) as u64));
        assert!(!zeros, "more than 16 MiB are not made up for");
    }
}

#[test]
fn images_without_a_claim_are_as_long_as_they_are() {
    assert_eq!(short(&vec![0xEB; 1_000_003]), None);
    let hybrid = fs::read("/usr/lib/ipxe/ipxe.iso").expect("of the package ipxe");
    let image = Image(hybrid);
    let choice = KindChoice::Is(ramkey::contents::Kind::HardDisk);
    let facts = probe(Path::new("ipxe.iso"), &image, choice, None).unwrap();
    assert_eq!(facts.warnings, []);
}

#[test]
fn a_table_behind_the_end_counts_only_with_addresses_that_a_tool_writes() {
    let image = |chs: [u8; 3]| {
        let mut image = vec![0xFA; 100_000];
        image[0x1BE..0x1FE].fill(0);
        let [a, b, c] = chs;
        let (start, sectors) = (4096u32.to_le_bytes(), 2048u32.to_le_bytes());
        image[0x1BE..0x1CE].copy_from_slice(&[&[0x80, a, b, c, 6, a, b, c][..], &start, &sectors].concat());
        image[510..512].copy_from_slice(&[0x55, 0xAA]);
        image
    };
    for chs in [[0, 0, 0], [254, 255, 255], [65, 2, 0]] {
        assert_eq!(short(&image(chs)).map(|found| found.0), Some(Claim::ThePartition), "{chs:?}");
    }
    // There is no sector 0: the bytes are those of a program.
    assert_eq!(short(&image([65, 0x40, 7])), None);
}
