//! The floppy for F6 out of an archive.

use std::fs;

use super::desk::{Desk, bare};
use crate::frames::limits::ramkey;
use crate::frames::packers::{ARCHIVES, archive};
use crate::frames::sticks::{noise, printed, tool};
use crate::frames::windows_image::System;
use ramkey::sandbox::files_of_archive;
use ramkey::windows::{Candidate, f6_floppy};

#[test]
fn every_small_file_of_an_archive_is_there_with_its_folders_and_others_are_left_out() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("packed.bin");
    let (mut odd, large) = (noise(70_001), noise((4 << 20) + 1));
    odd[..40_000].fill(0);
    let files: [(&str, &[u8]); 6] = [
        ("a/one.bin", &odd),
        ("a/b/zeros", &[0; 100_000]),
        ("large", &large),
        ("last", b"x"),
        ("just", &large[1..]),
        ("grün", b"g"),
    ];
    for (command, _) in ARCHIVES {
        fs::write(&path, archive(command, &files)).unwrap();
        let mut found = files_of_archive(&path, &|_| ()).unwrap().unwrap();
        found.sort_by(|one, other| one.name.cmp(&other.name));
        let found: Vec<(&str, &[u8])> = found.iter().map(|file| (&*file.name, &*file.bytes)).collect();
        let mut wanted = files.to_vec();
        wanted.retain(|(name, _)| *name != "large");
        wanted.sort();
        assert!(found == wanted, "{command:?}: {:?}", found.iter().map(|file| file.0).collect::<Vec<_>>());
    }
    fs::write(&path, noise(5000)).unwrap();
    assert!(files_of_archive(&path, &|_| ()).unwrap().is_none());
}

#[test]
fn an_archive_with_the_driver_becomes_that_floppy_and_one_with_an_image_stays_one() {
    let desk = Desk::new(&bare(System::Fat16));
    let path = |name: &str| desk.path(name).to_str().unwrap().to_owned();
    let driver = desk.image("firadisk.sys");
    let image = f6_floppy(&[Candidate { name: "firadisk.sys".into(), bytes: driver.clone() }]).unwrap();
    let written = |name: &str, archive: &[u8]| {
        fs::write(desk.path("f6.zip"), archive).unwrap();
        let words =
            ["write", &path("xp.img"), "--floppy", &path("f6.zip"), "--to", &path("stick.img"), "--yes"];
        let output = ramkey(&words);
        let made = output.status.success().then(|| {
            let out = path("out.img");
            let taken = ramkey(&["extract", "--from", &path("stick.img"), "--to", &out, name]);
            assert!(taken.status.success(), "{}", printed(&taken));
            let image = fs::read(&out).unwrap();
            fs::remove_file(out).unwrap();
            fs::remove_file(path("stick.img")).unwrap();
            image
        });
        (output.status.code(), made.unwrap_or_default(), printed(&output))
    };
    let list = b"[Disks]\r\n".as_slice();
    for (command, name) in [ARCHIVES[0], ARCHIVES[5]] {
        // The driver is in a folder, as archives have it, and a source tree beside it.
        let files: [(&str, &[u8]); 5] = [
            ("fira/readme.txt", b"read me"),
            ("fira/firadisk.sys", &driver),
            ("fira/src/firadisk.c", b"int x;"),
            ("fira/zeros.bin", &[0; 70_000]),
            ("huge.bin", &noise(5 << 20)),
        ];
        let (status, made, text) = written("f6", &archive(command, &files));
        assert_eq!(status, Some(0), "{command:?}: {text}");
        assert!(text.contains("made of an archive with a driver for F6"), "{text}");
        fs::write(desk.path("made.img"), &made).unwrap();
        let check = tool("dosfstools", "fsck.fat", &["-n", &path("made.img")]);
        assert!(check.status.success(), "{}", printed(&check));
        let taken =
            |name: &str| tool("mtools", "mtype", &["-i", &path("made.img"), &format!("::{name}")]).stdout;
        assert!(taken("firadisk.sys") == driver && taken("readme.txt") == b"read me", "{command:?}");
        assert!(taken("zeros.bin") == [0; 70_000], "{command:?}");
        assert!(String::from_utf8(taken("txtsetup.oem")).unwrap().contains("firadisk.sys"), "{command:?}");
        // A list of its own comes first, however deep it lies.
        let (_, made, text) =
            written("f6", &archive(command, &[("a/firadisk.sys", &driver), ("b/c/TxtSetup.OEM", list)]));
        fs::write(desk.path("made.img"), &made).unwrap();
        assert!(taken("txtsetup.oem") == list && taken("firadisk.sys").is_empty(), "{command:?}: {text}");
        // An image is an image.
        let (status, made, text) = written("floppy", &archive(command, &[("floppy.img", &image)]));
        assert!(status == Some(0) && made == image, "{command:?}: {text}");
        let packed = archive(command, &[("floppy.img", &image), ("readme.txt", b"read me")]);
        let (status, _, text) = written("f6", &packed);
        assert!(
            status == Some(3) && text.contains("there are 2 files in it") && text.contains(name),
            "{command:?}: {text}"
        );
        let (status, _, text) = written("f6", &packed[..packed.len() - 9]);
        assert!(status == Some(3) && text.matches("error:").count() == 1, "{command:?}: {text}");
        let (status, _, text) =
            written("f6", &archive(command, &[("txtsetup.oem", list), ("more.bin", &noise(3 << 20))]));
        assert!(status == Some(3) && text.contains("they are more than 2.88 MB"), "{command:?}: {text}");
    }
}
