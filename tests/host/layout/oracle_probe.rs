//! What systems take a stick for when it is plugged in: `blkid` as udev asks it, `partx`, and `file`.

use crate::frames::sticks::{Image, MIB, Stick, every_layout, noise, printed, tool};
use ramkey::plan::LayoutKind;
use ramkey_format::memory::{BOOT_AREA_END_LBA, STAMPED_SECTORS};

fn for_each_stick(test: impl Fn(&Stick, &str, &str)) {
    for (kind, fs, len) in every_layout().into_iter().filter(|(.., len)| *len <= 128 * MIB) {
        let stick = Stick::new(vec![("one.img", Image(noise(700_000)))], kind, fs, len);
        let folder = tempfile::tempdir().unwrap();
        let path = stick.file(folder.path());
        test(&stick, path.to_str().unwrap(), &format!("{kind:?} {fs:?} {len}"));
    }
}

#[test]
fn blkid_sees_a_table_or_a_file_system_and_not_both() {
    for_each_stick(|stick, path, name| {
        let whole = printed(&tool("util-linux", "blkid", &["-p", "-o", "export", path]));
        let offset = (stick.plan.division.volume.lba * 512).to_string();
        let volume = printed(&tool("util-linux", "blkid", &["-p", "-o", "export", "-O", &offset, path]));
        let (table, is_volume) = match stick.plan.division.layout {
            // util-linux takes a partition table in a sector with a FAT's BPB for boot code.
            LayoutKind::Universal { .. } | LayoutKind::Fdd | LayoutKind::Superfloppy => (None, true),
            LayoutKind::Gpt => (Some("PTTYPE=gpt"), false),
            LayoutKind::Hdd | LayoutKind::Zip | LayoutKind::TwoPartitions => (Some("PTTYPE=dos"), false),
        };
        match table {
            Some(table) => assert!(whole.contains(table), "{name}: {whole}"),
            None => assert!(!whole.contains("PTTYPE"), "{name}: {whole}"),
        }
        assert_eq!(whole.contains("TYPE=vfat"), is_volume, "{name}: {whole}");
        let version = format!("VERSION={}", stick.plan.division.volume.bits);
        for expected in ["TYPE=vfat", "LABEL=RAMKEY", &version] {
            assert!(volume.contains(expected), "{name}: {expected} in {volume}");
        }
    });
}

#[test]
fn partx_lists_the_partition_that_was_planned() {
    for_each_stick(|stick, path, name| {
        let output =
            tool("util-linux", "partx", &["--noheadings", "--output", "NR,START,END", "--show", path]);
        let text = String::from_utf8(output.stdout).unwrap();
        let found: Vec<u64> = text.split_whitespace().map(|word| word.parse().unwrap()).collect();
        let volume = &stick.plan.division.volume;
        let (start, end) = (volume.lba, volume.lba + volume.sectors);
        let expected = match stick.plan.division.layout {
            // As above; the kernel itself and sfdisk see the partition of a universal stick.
            LayoutKind::Universal { .. } | LayoutKind::Fdd | LayoutKind::Superfloppy => vec![],
            LayoutKind::Zip => vec![4, start, end - 1],
            LayoutKind::TwoPartitions => {
                vec![1, start, end - 1, 2, end, end + stick.plan.division.geometry.cylinder_sectors() - 1]
            }
            LayoutKind::Hdd | LayoutKind::Gpt => vec![1, start, end - 1],
        };
        assert_eq!(found, expected, "{name}");
    });
}

#[test]
fn file_calls_sector_0_a_boot_sector_and_describes_the_file_system_in_it() {
    for_each_stick(|stick, path, name| {
        let text = printed(&tool("file", "file", &["--brief", path]));
        assert!(text.contains("DOS/MBR boot sector"), "{name}: {text}");
        let volume = &stick.plan.division.volume;
        // What is stamped behind the start of the file system, seen from sector 0.
        let small = stick.plan.division.sectors < 32_768;
        let reserved = match stick.plan.division.layout {
            LayoutKind::Universal { .. } => {
                Some(2048 + if small { BOOT_AREA_END_LBA } else { STAMPED_SECTORS })
            }
            LayoutKind::Fdd | LayoutKind::Superfloppy => {
                Some(if small { BOOT_AREA_END_LBA } else { 2048 + STAMPED_SECTORS })
            }
            _ => None,
        };
        let expected = reserved.map(|reserved| format!("reserved sectors {reserved},"));
        assert_eq!(text.contains("label: \"RAMKEY     \""), expected.is_some(), "{name}: {text}");
        if let Some(expected) = expected {
            assert!(text.contains(&expected), "{name}: {expected} in {text}");
            let sectors = (volume.lba + volume.sectors).to_string();
            assert!(text.contains(&format!("sectors {sectors} ")), "{name}: {sectors} in {text}");
        }
    });
}
