//! A plain stick again: other people's tools find a partition with an empty FAT, and nothing of ours.

use std::fs;
use std::path::Path;
use std::process::Command;

use ramkey::image::FileSource;
use ramkey::job::diagnose;
use ramkey::stick::has_trace;

use crate::frames::sticks::{noise, printed, tool};

fn ramkey(folder: &Path, arguments: &[&str], status: i32) -> String {
    let mut command = Command::new(env!("CARGO_BIN_EXE_ramkey"));
    let output = command.args(arguments).current_dir(folder).output().unwrap();
    assert_eq!(output.status.code(), Some(status), "{arguments:?}: {}", printed(&output));
    printed(&output)
}

#[test]
fn nothing_of_a_stick_is_left_and_every_tool_sees_one_empty_partition() {
    for (size, len, system, layout) in [
        ("8M", 8 << 20, "FAT12", "universal"),
        ("40M", 40 << 20, "FAT16", "gpt"),
        ("64M", 64 << 20, "FAT16", "superfloppy"),
        ("1300M", 1300 << 20, "FAT32", "universal"),
    ] {
        let folder = tempfile::tempdir().unwrap();
        let (folder, stick) = (folder.path(), folder.path().join("stick.img"));
        fs::write(folder.join("dos.img"), noise(700_000)).unwrap();
        ramkey(folder, &["write", "dos.img", "--to", "stick.img", "--size", size, "--layout", layout], 0);
        assert!(has_trace(&FileSource::open(&stick).unwrap()));
        let options = ["restore", "stick.img", "--label", "holiday", "--volume-id", "12ab-34cd"];
        let told = ramkey(folder, &options, 0);
        assert!(told.contains(system) && told.contains("12AB-34CD"), "{told}");
        assert!(!has_trace(&FileSource::open(&stick).unwrap()), "{size}");
        assert_eq!(fs::metadata(&stick).unwrap().len(), len);

        let found = diagnose(&stick).unwrap();
        assert_eq!(found.contradictions, 0, "{size}: {found:?}");
        let text = stick.to_str().unwrap();
        let whole = printed(&tool("util-linux", "blkid", &["-p", "-o", "export", text]));
        assert!(whole.contains("PTTYPE=dos") && !whole.contains("TYPE=vfat"), "{size}: {whole}");
        let volume = printed(&tool("util-linux", "blkid", &["-p", "-o", "export", "-O", "1048576", text]));
        for expected in ["TYPE=vfat", "LABEL=HOLIDAY", "UUID=12AB-34CD", &format!("VERSION={system}")] {
            assert!(volume.contains(expected), "{size}: {volume}");
        }
        let listed = printed(&tool("fdisk", "sfdisk", &["--verify", text]));
        assert!(listed.contains("No errors detected"), "{size}: {listed}");
        let table = fs::read(&stick).unwrap()[..512].to_vec();
        assert_eq!(table[446], 0, "it is active");
        let partition = folder.join("partition.img");
        let bytes = fs::read(&stick).unwrap();
        let sectors = u32::from_le_bytes(table[458..462].try_into().unwrap()) as usize;
        fs::write(&partition, &bytes[1 << 20..(1 << 20) + sectors * 512]).unwrap();
        let checked = tool("dosfstools", "fsck.fat", &["-n", "-v", partition.to_str().unwrap()]);
        assert!(checked.status.success(), "{size}: {}", printed(&checked));
        let files = tool("mtools", "mdir", &["-/", "-b", "-i", &format!("{text}@@1048576"), "::"]);
        assert!(files.stdout.is_empty(), "{size}: {}", printed(&files));
    }
}

#[test]
fn a_file_with_other_contents_is_asked_about_and_what_is_not_there_is_not_made() {
    let folder = tempfile::tempdir().unwrap();
    fs::write(folder.path().join("own.img"), noise(8 << 20)).unwrap();
    let before = fs::read(folder.path().join("own.img")).unwrap();
    ramkey(folder.path(), &["restore", "own.img"], 3);
    assert!(fs::read(folder.path().join("own.img")).unwrap() == before);
    ramkey(folder.path(), &["restore", "own.img", "--yes"], 0);
    ramkey(folder.path(), &["restore", "none.img", "--yes"], 3);
    assert!(!folder.path().join("none.img").exists());
    for label in ["", "a label that is long", "a/b"] {
        ramkey(folder.path(), &["restore", "own.img", "--yes", "--label", label], 3);
    }
    ramkey(folder.path(), &["restore", "own.img", "--volume-id", "12"], 2);
    fs::write(folder.path().join("small.img"), noise(1 << 20)).unwrap();
    ramkey(folder.path(), &["restore", "small.img", "--yes"], 3);
    // Each stick has other numbers.
    let id = || {
        let told = ramkey(folder.path(), &["restore", "own.img", "--yes"], 0);
        told.split('"').nth(2).unwrap().split(',').next().unwrap().to_owned()
    };
    assert_ne!(id(), id());
}
