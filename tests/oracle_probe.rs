//! What systems take a stick for when it is plugged in: `blkid` as udev asks it, `partx`, and `file`.

mod sticks;

use ramkey::plan::LayoutKind;
use sticks::{Image, MIB, Stick, every_layout, noise, printed, tool};

fn for_each_stick(test: impl Fn(&Stick, &str, &str)) {
    for (kind, fs, len) in every_layout().into_iter().filter(|(.., len)| *len <= 128 * MIB) {
        let stick = Stick::new(vec![("one.img", Image(noise(700_000)))], kind, fs, len);
        let folder = tempfile::tempdir().unwrap();
        let path = stick.file(folder.path());
        test(&stick, path.to_str().unwrap(), &format!("{kind:?} {fs:?} {len}"));
    }
}

#[test]
fn blkid_sees_one_thing_and_not_two() {
    for_each_stick(|stick, path, name| {
        let whole = printed(&tool("util-linux", "blkid", &["-p", "-o", "export", path]));
        let offset = (stick.plan.volume.lba * 512).to_string();
        let volume = printed(&tool("util-linux", "blkid", &["-p", "-o", "export", "-O", &offset, path]));
        let table = match stick.plan.layout {
            LayoutKind::Hdd => Some("PTTYPE=dos"),
            LayoutKind::Gpt => Some("PTTYPE=gpt"),
            LayoutKind::Superfloppy => None,
        };
        match table {
            Some(table) => assert!(whole.contains(table) && !whole.contains("TYPE=vfat"), "{name}: {whole}"),
            None => assert!(!whole.contains("PTTYPE"), "{name}: {whole}"),
        }
        let version = format!("VERSION={}", stick.plan.volume.bits);
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
        let volume = &stick.plan.volume;
        let expected = match stick.plan.layout {
            LayoutKind::Superfloppy => vec![],
            LayoutKind::Hdd | LayoutKind::Gpt => vec![1, volume.lba, volume.lba + volume.sectors - 1],
        };
        assert_eq!(found, expected, "{name}");
    });
}

#[test]
fn file_calls_sector_0_a_boot_sector_and_describes_a_superfloppy() {
    for_each_stick(|stick, path, name| {
        let text = printed(&tool("file", "file", &["--brief", path]));
        assert!(text.contains("DOS/MBR boot sector"), "{name}: {text}");
        let superfloppy = stick.plan.layout == LayoutKind::Superfloppy;
        assert_eq!(text.contains("label: \"RAMKEY     \""), superfloppy, "{name}: {text}");
        assert_eq!(text.contains("reserved sectors 288"), superfloppy, "{name}: {text}");
    });
}
