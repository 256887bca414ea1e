//! An image with a GUID partition table is named as one, and its own partitions are counted.

use std::fs;

use crate::frames::sticks::{Image, MIB, Stick, facts, noise, printed, tool};
use ramkey::plan::{FatBits, FsChoice, LayoutKind};

/// What a disk of 64 MiB holds after sgdisk.
fn contents(arguments: &[&str], change: impl FnOnce(&mut Vec<u8>)) -> String {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("disk.img");
    fs::File::create(&path).unwrap().set_len(64 * MIB).unwrap();
    let output = tool("gdisk", "sgdisk", &[arguments, &[path.to_str().unwrap()]].concat());
    assert!(output.status.success(), "{arguments:?}: {}", printed(&output));
    let mut bytes = fs::read(&path).unwrap();
    change(&mut bytes);
    facts("disk.img", &Image(bytes)).contents.unwrap()
}

#[test]
fn partitions_of_a_gpt_are_counted_and_none_of_them_is_called_inactive() {
    let three = ["-n", "1:2048:+5M", "-n", "2:0:+5M", "-n", "3:0:+1M"];
    assert_eq!(contents(&three, |_| ()), "a GPT with 3 partitions");
    assert_eq!(contents(&three[..2], |_| ()), "a GPT with 1 partition");
    assert_eq!(contents(&["-o"], |_| ()), "a GPT without partitions");
    // The copy at the end says the same; without both there is nothing to count.
    assert_eq!(contents(&three, |bytes| bytes[512..1024].fill(0)), "a GPT with 3 partitions");
    assert_eq!(contents(&three, |bytes| bytes[512..].fill(0)), "a GPT that cannot be read");
}

#[test]
fn a_hybrid_record_is_told_beside_the_gpt() {
    let hybrid = ["-n", "1:2048:+5M", "-n", "2:0:+5M", "-h", "1"];
    let expected = "a GPT with 2 partitions, and 1 partition in the master boot record";
    assert_eq!(contents(&hybrid, |_| ()), expected);
    let active = |bytes: &mut Vec<u8>| {
        let slot = (446..510).step_by(16).find(|&at| !matches!(bytes[at + 4], 0 | 0xEE)).unwrap();
        bytes[slot] = 0x80;
        bytes[slot + 4] = 0x83;
    };
    assert_eq!(contents(&hybrid, active), format!("{expected}, active type 83h"));
}

#[test]
fn a_table_without_a_gpt_is_counted_as_before() {
    let of = |layout| {
        let images = vec![("dos.img", Image(noise(4096)))];
        let stick = Stick::new(images, layout, FsChoice::Is(FatBits::Fat16), 12 * MIB);
        facts("disk.img", &Image(stick.bytes())).contents.unwrap()
    };
    assert_eq!(of(LayoutKind::Gpt), "a GPT with 1 partition");
    assert_eq!(of(LayoutKind::TwoPartitions), "2 partitions, active type 04h");
}
