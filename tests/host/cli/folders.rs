//! Folders in the place of images, for every command that takes an image.

use std::ffi::OsStr;
use std::fs;
use std::os::unix::ffi::OsStrExt;
use std::os::unix::fs::{PermissionsExt, symlink};
use std::os::unix::process::CommandExt;
use std::path::Path;

use rustix::fs::{CWD, FileType, Mode, mknodat};

use crate::frames::sticks::{noise, printed, tool};
use crate::frames::workplace::Workplace;
use ramkey::sandbox::NOBODY;

/// A workplace that has a folder with a DOS, and one with files alone.
fn workplace() -> Workplace {
    let place = Workplace::new();
    place.put("dos 6.22/KERNEL.SYS", &noise(50_000));
    place.put("dos 6.22/TOOLS/EDIT.COM", &noise(70_000));
    place.put("files/A.TXT", b"a");
    place
}

/// What is in a file of the image with this name on a stick, whose volume begins at `sector`.
fn file_of(place: &Workplace, (stick, image): (&str, &str), sector: u64, file: &str) -> Vec<u8> {
    let out = place.path("out.img");
    place.done(&["extract", "--from", stick, "--to", "out.img", image]);
    let volume = format!("{}@@{}", out.display(), sector * 512);
    let bytes = tool("mtools", "mtype", &["-i", &volume, &format!("::{file}")]).stdout;
    fs::remove_file(out).unwrap();
    bytes
}

#[test]
fn it_is_said_what_is_made_of_a_folder() {
    let place = workplace();
    let found = place.json(&["inspect", "dos 6.22", "--hash"]);
    let made = serde_json::json!([{
        "container": "folder with FreeDOS", "packed_len": 120_000, "member": "dos 6.22.img", "len": found["len"],
    }]);
    assert_eq!((&found["unpacked"], &found["kind"]), (&made, &"hard disk".into()), "{found}");
    assert_eq!(found["warnings"].as_array().unwrap().len(), 0, "{found}");
    assert_eq!(found["blake3"], place.json(&["inspect", "./dos 6.22/", "--hash"])["blake3"]);
    let text = place.done(&["inspect", "dos 6.22", "--kind", "floppy"]);
    assert!(text.contains("made of a folder with FreeDOS, files of 117.1 KiB in it"), "{text}");
    assert!(text.contains("geometry 80/2/18"), "{text}");
    let part = place.json(&["inspect", "dos 6.22", "--kind", "partition"]);
    assert_eq!(
        (&part["kind"], &part["len"]),
        (&"partition".into(), &(found["len"].as_u64().unwrap() - 63 * 512).into())
    );
    let large = place.json(&["inspect", "dos 6.22", "--folder-free", "20M"]);
    assert!(large["len"].as_u64().unwrap() > 20 << 20, "{large}");
    let text = place.done(&["inspect", "files"]);
    assert!(text.contains("folder without a system that is known"), "{text}");
    assert!(text.contains("partition 1 is to be started, and its boot sector has no code"), "{text}");
}

#[test]
fn every_command_takes_a_folder_where_it_takes_an_image() {
    let place = workplace();
    let plan = place.done(&["plan", "dos 6.22", "--size", "64M"]);
    assert!(plan.contains("\"dos 6.22\" in RAMKEY/DOS_6_22.RKC") || plan.contains("\"dos 6.22\""), "{plan}");
    place.done(&["write", "--dir", "dos 6.22", "--with", "files", "--to", "stick.img", "--yes"]);
    assert_eq!(file_of(&place, ("stick.img", "dos 6.22"), 63, "KERNEL.SYS"), noise(50_000));
    assert_eq!(file_of(&place, ("stick.img", "files"), 63, "A.TXT"), b"a");
    place.done(&["verify", "stick.img"]);
    place.put("dos 6.22/TOOLS/EDIT.COM", &noise(71_000));
    place.done(&["reflash", "dos 6.22", "--to", "stick.img", "--yes"]);
    assert_eq!(file_of(&place, ("stick.img", "dos 6.22"), 63, "TOOLS/EDIT.COM"), noise(71_000));
    place.done(&["add", "dos 6.22", "--kind", "floppy", "--title", "Floppy", "--to", "stick.img", "--yes"]);
    assert_eq!(file_of(&place, ("stick.img", "Floppy"), 0, "TOOLS/EDIT.COM"), noise(71_000));
    place.put("files/A.TXT", b"another");
    place.done(&["reflash", "files", "--replace", "files", "--to", "stick.img", "--yes"]);
    assert_eq!(file_of(&place, ("stick.img", "files"), 63, "A.TXT"), b"another");
    place.done(&["disc", "dos 6.22", "--floppy", "files", "--to", "disc.iso", "--yes"]);
    assert_eq!(file_of(&place, ("disc.iso", "files"), 0, "A.TXT"), b"another");
    // The current folder has a name, too.
    let mut here = place.command(&["write", ".", "--to", "../here.img", "--yes"]);
    let output = here.current_dir(place.path("dos 6.22")).output().unwrap();
    assert!(printed(&output).contains("\"dos 6.22\""), "{}", printed(&output));
}

#[test]
fn the_folder_is_the_same_as_an_image_and_stands_behind_the_others() {
    let place = workplace();
    place.put("one.img", &noise(90_000));
    place.done(&["write", "one.img", "dos 6.22", "--to", "one", "--yes"]);
    place.done(&["write", "--dir", "dos 6.22", "one.img", "--to", "other", "--yes"]);
    assert!(fs::read(place.path("one")).unwrap() == fs::read(place.path("other")).unwrap());
}

#[test]
fn what_is_wrong_with_a_folder_is_one_error_and_no_stick_is_touched() {
    let place = workplace();
    place.put("one.img", &noise(90_000));
    place.put("bad/NUL.TXT", b"n");
    place.put("large/KERNEL.SYS", b"k");
    place.put("large/DATA", &vec![1; 3 << 20]);
    for folder in ["empty", "links", "pipes", "odd"] {
        fs::create_dir(place.path(folder)).unwrap();
    }
    symlink("/etc/passwd", place.path("links/A.TXT")).unwrap();
    mknodat(CWD, place.path("pipes/A.TXT"), FileType::Fifo, Mode::RUSR, 0).unwrap();
    place.put("odd/txtsetup.oem", b"t");
    fs::write(place.path("odd").join(OsStr::from_bytes(b"\xE4.sys")), b"d").unwrap();
    for (arguments, status, wanted) in [
        (&["--dir", "one.img"][..], 3, "one.img is no folder"),
        (&["--dir", "nothing"], 3, "nothing is no folder"),
        (&["bad"], 3, "bad is a folder that cannot be used"),
        (&["bad"], 3, "NUL.TXT has a name that an image for DOS cannot have: DOS takes it for a device"),
        (&["large", "--kind", "floppy"], 3, "a floppy has 2.7 MiB"),
        (&["one.img", "--floppy", "large"], 3, "a floppy has 2.7 MiB"),
        (&["dos 6.22", "--folder-free", "5G"], 3, "an image has 1.9 GiB"),
        (&["dos 6.22", "--folder-free", "much"], 2, "\"much\" is no size"),
        (&["one.img", "files"], 3, "no DOS that is known is in it"),
        (&["empty"], 3, "there is nothing in it"),
        (&["one.img", "--floppy", "empty"], 3, "there is nothing in it"),
        (&["one.img", "--floppy", "files", "--folder-free", "3M"], 3, "a floppy has 2.7 MiB"),
        (&["one.img", "--floppy", "links"], 3, "A.TXT is a symbolic link"),
        (&["one.img", "--floppy", "pipes"], 3, "A.TXT is a pipe or socket"),
        (&["one.img", "--floppy", "odd"], 3, "it is not UTF-8"),
        (&[], 2, "the following required arguments were not provided"),
    ] {
        let output = place.ramkey(&[&["write"], arguments, &["--to", "stick.img", "--yes"]].concat());
        let text = printed(&output);
        assert_eq!(output.status.code(), Some(status), "{arguments:?}: {text}");
        assert!(text.contains(wanted) && text.matches("error:").count() == 1, "{arguments:?}: {text}");
        assert!(!place.path("stick.img").exists(), "{arguments:?}");
    }
}

#[test]
fn a_floppy_may_have_folders_alone() {
    let place = workplace();
    place.put("one.img", &noise(90_000));
    place.put("top/SUB/A.TXT", b"a");
    place.done(&["write", "one.img", "--floppy", "top", "--to", "stick.img", "--yes"]);
    assert_eq!(file_of(&place, ("stick.img", "top"), 0, "SUB/A.TXT"), b"a");
}

#[test]
fn a_file_of_a_folder_is_not_written_over_with_its_image() {
    let place = workplace();
    place.put("one.img", &noise(90_000));
    place.put("dos 6.22/SUB/OLD.IMG", &noise(2 << 20));
    place.put("files/OLD.IMG", &noise(2 << 20));
    fs::hard_link(place.path("files/OLD.IMG"), place.path("other.img")).unwrap();
    for (arguments, target) in [
        (&["write", "dos 6.22"][..], "dos 6.22/SUB/OLD.IMG"),
        (&["write", "--dir", "dos 6.22", "one.img"], "dos 6.22/SUB/OLD.IMG"),
        (&["write", "one.img", "--with", "files"], "files/OLD.IMG"),
        (&["write", "one.img", "--floppy", "files"], "other.img"),
        (&["disc", "dos 6.22"], "dos 6.22/SUB/OLD.IMG"),
        (&["write", "dos 6.22", "--to", "new.img"], "dos 6.22/SUB/OLD.IMG"),
    ] {
        let before = fs::read(place.path(target)).unwrap();
        let output = place.ramkey(&[arguments, &["--to", target, "--yes"]].concat());
        let text = printed(&output);
        assert_eq!(output.status.code(), Some(3), "{arguments:?}: {text}");
        assert!(text.contains("is refused: it is one of the images"), "{arguments:?}: {text}");
        assert!(fs::read(place.path(target)).unwrap() == before, "{arguments:?}");
        assert!(!place.path("new.img").exists());
    }
}

#[test]
fn what_may_not_be_read_is_named() {
    let place = workplace();
    let lock = |path: &Path| fs::set_permissions(path, fs::Permissions::from_mode(0o000)).unwrap();
    place.put("locked/sub/A.TXT", b"a");
    let mut inspect = place.command(&["inspect", "locked"]);
    if rustix::process::geteuid().is_root() {
        inspect.uid(NOBODY).gid(NOBODY);
    }
    lock(&place.path("locked/sub/A.TXT"));
    let text = printed(&inspect.output().unwrap());
    assert!(text.contains("opening") && text.contains("locked/sub/A.TXT"), "{text}");
    lock(&place.path("locked/sub"));
    let text = printed(&inspect.output().unwrap());
    assert!(text.contains("opening") && text.contains("locked/sub\n"), "{text}");
    fs::set_permissions(place.path("locked/sub"), fs::Permissions::from_mode(0o755)).unwrap();
}
