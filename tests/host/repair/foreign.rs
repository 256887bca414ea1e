//! A stick that somebody else partitioned or formatted since: its boot area and its manifest are still there, and nothing of it
//! is put back.

use std::fs;
use std::process::Command;

use ramkey::plan::{FatBits, FsChoice, LayoutKind, Slot};
use ramkey::repair::{UpdateError, repair, update};

use crate::frames::foreign::foreign;
use crate::frames::sticks::{Image, MIB, noise, printed, tool};
use crate::frames::verdicts::{stick, volume_offset};

const CASES: [(LayoutKind, FsChoice, u64); 6] = [
    (LayoutKind::Universal { slot: Slot::First }, FsChoice::Is(FatBits::Fat16), 17 * MIB),
    (LayoutKind::Universal { slot: Slot::First }, FsChoice::Is(FatBits::Fat32), 48 * MIB),
    (LayoutKind::Hdd, FsChoice::Auto, 8 * MIB),
    (LayoutKind::Zip, FsChoice::Auto, 8 * MIB),
    (LayoutKind::Gpt, FsChoice::Is(FatBits::Fat16), 12 * MIB),
    (LayoutKind::Superfloppy, FsChoice::Is(FatBits::Fat16), 12 * MIB),
];

fn is_refused(bytes: Vec<u8>, case: &str) {
    let stick = Image(bytes);
    let made = repair(&stick, &[]);
    assert!(made.is_foreign && made.stick.is_empty() && made.mended.is_empty(), "{case}: {:?}", made.mended);
    assert_eq!(update(&stick).err(), Some(UpdateError::Foreign), "{case}");
}

/// The file system from byte `start` on is a new one with a file in it, but not where boot area and manifest are.
fn formatted(bytes: &mut [u8], start: usize, bits: &str) {
    let folder = tempfile::tempdir().unwrap();
    let (path, photo) = (folder.path().join("volume.img"), folder.path().join("photo.jpg"));
    fs::write(&path, &bytes[start..]).unwrap();
    fs::write(&photo, noise(300_000)).unwrap();
    let text = path.to_str().unwrap();
    assert!(tool("dosfstools", "mkfs.fat", &["-I", "-F", bits, text]).status.success());
    let copied = tool("mtools", "mcopy", &["-i", text, photo.to_str().unwrap(), "::"]);
    assert!(copied.status.success(), "{}", printed(&copied));
    let area = bytes[128 * 512..1024 * 512].to_vec();
    bytes[start..].copy_from_slice(&fs::read(&path).unwrap());
    if start < 128 * 512 {
        bytes[128 * 512..1024 * 512].copy_from_slice(&area);
    }
}

#[test]
fn what_was_put_on_a_stick_that_was_formatted_anew_is_not_overwritten() {
    for (layout, fs, len) in CASES {
        for is_other in [false, true] {
            let mut bytes = stick(layout, fs, len).bytes();
            if is_other {
                foreign(&mut bytes);
            }
            let start = volume_offset(layout) as usize;
            let bits = if len > 40 * MIB { "32" } else { "16" };
            formatted(&mut bytes, start, if len < 9 * MIB { "12" } else { bits });
            is_refused(bytes, &format!("{layout:?} {fs:?} {is_other}"));
        }
    }
}

#[test]
fn nor_one_with_another_partition_table_or_a_file_system_that_is_no_fat() {
    for (layout, fs, len) in CASES {
        let bytes = stick(layout, fs, len).bytes();
        let case = format!("{layout:?} {fs:?}");
        let start = volume_offset(layout) as usize;
        let mut ext = bytes.clone();
        ext[start..start + 1024].fill(0);
        ext[start + 1080..start + 1082].copy_from_slice(&[0x53, 0xEF]);
        is_refused(ext, &format!("{case}: ext"));
        let mut exfat = bytes.clone();
        exfat[start..start + 510].fill(0);
        exfat[start + 3..start + 11].copy_from_slice(b"EXFAT   ");
        is_refused(exfat, &format!("{case}: exFAT"));
        if start != 0 {
            let mut divided = bytes.clone();
            divided[446..510].fill(0);
            let entry = [0, 0x20, 0x21, 0, 0x07, 0xFE, 0xFF, 0xFF, 0, 8, 0, 0, 0, 0x30, 0, 0];
            divided[446..462].copy_from_slice(&entry);
            is_refused(divided, &format!("{case}: partitions"));
        }
        if layout == LayoutKind::Gpt {
            let mut divided = bytes.clone();
            divided[512 + 16..512 + 20].fill(0x11);
            divided[512 + 88..512 + 92].fill(0x22);
            is_refused(divided, &format!("{case}: GUID table"));
        }
    }
}

#[test]
fn the_commands_say_what_to_do_and_change_nothing() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("stick.img");
    let mut bytes = stick(LayoutKind::Hdd, FsChoice::Auto, 8 * MIB).bytes();
    formatted(&mut bytes, MIB as usize, "12");
    fs::write(&path, &bytes).unwrap();
    for arguments in [&["verify", "stick.img", "--repair"][..], &["update", "stick.img"]] {
        let mut command = Command::new(env!("CARGO_BIN_EXE_ramkey"));
        let output = command.args(arguments).current_dir(folder.path()).output().unwrap();
        let told = printed(&output);
        assert_eq!(output.status.code(), Some(3), "{told}");
        assert!(told.contains("another system partitioned or formatted"), "{told}");
        assert!(told.contains("copy your files away"), "{told}");
        assert!(fs::read(&path).unwrap() == bytes, "{arguments:?}: it was changed");
    }
}
