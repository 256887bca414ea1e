//! What cannot be in an image is one error that names it, and nothing outside of the folder gets into one.

use std::ffi::OsStr;
use std::fs::{self, File};
use std::ops::Range;
use std::os::unix::ffi::OsStrExt;
use std::os::unix::fs::symlink;
use std::os::unix::net::UnixListener;
use std::path::Path;

use ramkey::folder::{FolderError, Form, Step, Wish, make};
use ramkey::image::ImageError;
use rustix::fs::{CWD, FileType, Mode, mknodat};

use super::image;
use crate::frames::loops::Mount;

/// What the error says, and what is done to the folder.
type Row<'r> = (&'r str, &'r dyn Fn(&Path));

/// The error of a folder that `fill` makes.
fn refused(fill: impl FnOnce(&Path)) -> FolderError {
    let folder = tempfile::tempdir().unwrap();
    fs::write(folder.path().join("A.TXT"), "a").unwrap();
    fill(folder.path());
    let error = image(folder.path(), Form::HardDisk, None).unwrap_err();
    assert!(!error.help().is_empty());
    error
}

#[test]
fn each_thing_that_a_fat_has_not_is_named() {
    let rows: [Row<'_>; 16] = [
        ("link is a symbolic link", &|folder| symlink("A.TXT", folder.join("link")).unwrap()),
        ("link is a symbolic link", &|folder| symlink("/etc", folder.join("link")).unwrap()),
        ("sub/link is a symbolic link", &|folder| {
            fs::create_dir(folder.join("sub")).unwrap();
            symlink("nowhere", folder.join("sub/link")).unwrap();
        }),
        ("pipe is a pipe or socket", &|folder| {
            mknodat(CWD, folder.join("pipe"), FileType::Fifo, Mode::RUSR, 0).unwrap();
        }),
        ("socket is a pipe or socket", &|folder| drop(UnixListener::bind(folder.join("socket")).unwrap())),
        ("long.bin has 4 GiB, and a file on a FAT has less", &|folder| {
            File::create(folder.join("long.bin")).unwrap().set_len(1 << 32).unwrap();
        }),
        ("an image has 1.9 GiB", &|folder| {
            File::create(folder.join("long.bin")).unwrap().set_len((1 << 32) - 1).unwrap();
        }),
        ("A.TXT and ", &|folder| fs::write(folder.join("a.txt"), "b").unwrap()),
        ("ÄÖ and ", &|folder| {
            fs::write(folder.join("ÄÖ"), "b").unwrap();
            fs::create_dir(folder.join("äö")).unwrap();
        }),
        ("it is not UTF-8", &|folder| fs::write(folder.join(OsStr::from_bytes(b"\xE4.txt")), "b").unwrap()),
        ("it has one of the characters", &|folder| fs::write(folder.join("what?"), "b").unwrap()),
        ("it has a control character", &|folder| fs::write(folder.join("a\nb"), "b").unwrap()),
        ("it ends with a period", &|folder| fs::write(folder.join("a."), "b").unwrap()),
        ("DOS takes it for a device", &|folder| fs::create_dir(folder.join("aux")).unwrap()),
        ("lies 32 folders deep", &|folder| fs::create_dir_all(folder.join(["d"; 34].join("/"))).unwrap()),
        ("too many names: 4", &|folder| {
            for number in 0..1100 {
                fs::write(folder.join(format!("a name that takes three {number}")), "").unwrap();
            }
        }),
    ];
    for (wanted, fill) in rows {
        let error = refused(fill).to_string();
        assert!(error.contains(wanted), "{wanted}: {error}");
    }
}

#[test]
fn a_floppy_has_240_names_on_top() {
    let folder = tempfile::tempdir().unwrap();
    let names = |range: Range<usize>| {
        range.for_each(|number| fs::write(folder.path().join(format!("N{number}")), "").unwrap());
    };
    names(0..238);
    assert_eq!(image(folder.path(), Form::Floppy, None).unwrap().0.len, 2_949_120);
    names(238..239);
    let error = image(folder.path(), Form::Floppy, None).unwrap_err();
    assert!(matches!(error, FolderError::FullFolder { needed: 241, limit: 240, .. }), "{error}");
    image(folder.path(), Form::HardDisk, None).unwrap();
}

#[test]
fn a_disk_that_is_mounted_below_is_not_in_it() {
    let folder = tempfile::tempdir().unwrap();
    fs::write(folder.path().join("A.TXT"), "a").unwrap();
    let Some(mount) = Mount::new(Path::new("none"), folder.path().join("sub/stick"), &["-t", "tmpfs"]) else {
        return;
    };
    let error = image(folder.path(), Form::HardDisk, None).unwrap_err();
    assert!(matches!(&error, FolderError::Mount { path } if *path == mount.folder), "{error}");
    assert!(error.help().contains("umount "), "{}", error.help());
    // One alone is as good as any folder.
    fs::write(mount.folder.join("A.TXT"), "a").unwrap();
    image(&mount.folder, Form::HardDisk, None).unwrap();
}

#[test]
fn what_is_just_within_the_limits_is_taken() {
    let folder = tempfile::tempdir().unwrap();
    let deep = ["d"; 32].join("/");
    fs::create_dir_all(folder.path().join(&deep)).unwrap();
    for number in 0..1000 {
        fs::write(folder.path().join(format!("a name that takes three {number}")), "").unwrap();
    }
    image(folder.path(), Form::HardDisk, None).unwrap();
    fs::write(folder.path().join(deep).join("x"), "").unwrap();
    let error = image(folder.path(), Form::HardDisk, None).unwrap_err();
    assert!(matches!(error, FolderError::Deep { .. }), "{error}");
}

#[test]
fn a_name_that_is_no_folder_is_refused() {
    let file = tempfile::NamedTempFile::new().unwrap();
    let error = image(file.path(), Form::HardDisk, None).unwrap_err();
    assert!(matches!(error, FolderError::Image(ImageError::NotAFolder { .. })), "{error}");
    let error = image(Path::new("/no/such/folder"), Form::HardDisk, None).unwrap_err();
    assert!(matches!(error, FolderError::Image(ImageError::Open { .. })), "{error}");
}

/// Makes an image of a folder with `sub/file.txt`, to which `change` does something when it was looked through.
fn changed(change: impl Fn(&Path)) -> (Result<(), FolderError>, Vec<u8>) {
    let folder = tempfile::tempdir().unwrap();
    fs::create_dir(folder.path().join("sub")).unwrap();
    fs::write(folder.path().join("sub/file.txt"), [b'x'; 600]).unwrap();
    let secret = tempfile::tempdir().unwrap();
    fs::write(secret.path().join("file.txt"), b"SECRET".repeat(100)).unwrap();
    symlink(secret.path(), folder.path().with_extension("secret")).unwrap();
    let scratch = tempfile::tempdir().unwrap();
    let path = scratch.path().join("made.img");
    let file = File::create(&path).unwrap();
    let tell = |step| {
        if let Step::Begin(_) = step {
            change(folder.path());
        }
    };
    let result = make(folder.path(), Wish::default(), &file, &tell).map(|_| ());
    fs::remove_file(folder.path().with_extension("secret")).unwrap();
    (result, fs::read(path).unwrap())
}

#[test]
fn a_folder_that_is_changed_meanwhile_gives_no_image_and_leads_nowhere_else() {
    let secret = |folder: &Path| fs::read_link(folder.with_extension("secret")).unwrap();
    let rows: [Row<'_>; 7] = [
        ("was changed", &|folder| fs::write(folder.join("sub/file.txt"), [b'y'; 600]).unwrap()),
        ("was changed", &|folder| fs::write(folder.join("sub/file.txt"), b"short").unwrap()),
        ("was changed", &|folder| {
            fs::write(folder.join("new"), [b'x'; 600]).unwrap();
            fs::rename(folder.join("new"), folder.join("sub/file.txt")).unwrap();
        }),
        ("opening", &|folder| fs::remove_file(folder.join("sub/file.txt")).unwrap()),
        ("opening", &|folder| {
            fs::remove_file(folder.join("sub/file.txt")).unwrap();
            symlink(secret(folder).join("file.txt"), folder.join("sub/file.txt")).unwrap();
        }),
        ("opening", &|folder| {
            fs::remove_dir_all(folder.join("sub")).unwrap();
            symlink(secret(folder), folder.join("sub")).unwrap();
        }),
        ("was changed", &|folder| {
            fs::remove_file(folder.join("sub/file.txt")).unwrap();
            mknodat(CWD, folder.join("sub/file.txt"), FileType::Fifo, Mode::RUSR | Mode::WUSR, 0).unwrap();
        }),
    ];
    for (number, (wanted, change)) in rows.into_iter().enumerate() {
        let (result, bytes) = changed(change);
        let error = result.unwrap_err().to_string();
        assert!(error.contains(wanted) && error.contains("file.txt"), "{number}: {error}");
        assert!(!bytes.windows(6).any(|bytes| bytes == b"SECRET"), "{number}");
    }
    changed(|_| ()).0.unwrap();
}
