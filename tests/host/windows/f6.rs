//! The floppy for F6 out of an archive.

use std::fs::{self, File};

use super::desk::Desk;
use crate::frames::limits::ramkey;
use crate::frames::packers::{ARCHIVES, archive};
use crate::frames::sticks::{noise, printed, tool};
use crate::frames::windows_image::{System, bare};
use ramkey::sandbox::files_of_archive;

#[test]
fn every_file_of_an_archive_is_there_with_its_folders_and_large_ones_without_their_bytes() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("packed.bin");
    let (mut odd, large) = (noise(70_001), vec![7; (4 << 20) + 1]);
    odd[..40_000].fill(0);
    let files: [(&str, &[u8]); 7] = [
        ("a/one.bin", &odd),
        ("a/b/zeros", &[0; 100_000]),
        ("large", &large),
        ("last", b"x"),
        ("just", &large[1..]),
        ("grün", b"g"),
        ("nothing", b""),
    ];
    for (command, _) in ARCHIVES {
        fs::write(&path, archive(command, &files)).unwrap();
        let mut found = files_of_archive(&path, &|_| ()).unwrap().unwrap();
        found.sort_by(|one, other| one.name.cmp(&other.name));
        let found: Vec<_> = found.iter().map(|file| (&*file.name, file.len, file.bytes.as_deref())).collect();
        let mut wanted = files.map(|(name, bytes)| {
            (name, bytes.len() as u64, Some(bytes).filter(|bytes| bytes.len() <= 4 << 20))
        });
        wanted.sort_by_key(|file| file.0);
        let names: Vec<_> = found.iter().map(|file| (file.0, file.1)).collect();
        assert!(found == wanted, "{command:?}: {names:?}");
    }
    fs::write(&path, noise(5000)).unwrap();
    assert!(files_of_archive(&path, &|_| ()).unwrap().is_none());
}

#[test]
fn an_archive_with_the_driver_becomes_that_floppy_and_one_with_an_image_stays_one() {
    let desk = Desk::new(&bare(System::Fat16));
    let path = |name: &str| desk.path(name).to_str().unwrap().to_owned();
    let driver = desk.image("firadisk.sys");
    let image = [noise(5000), vec![0; 1_474_560 - 5000]].concat();
    fs::write(desk.path("small.img"), noise(70_000)).unwrap();
    let written = |name: &str, archive: &[u8]| {
        fs::write(desk.path("f6.zip"), archive).unwrap();
        let words =
            ["write", &path("small.img"), "--floppy", &path("f6.zip"), "--to", &path("stick.img"), "--yes"];
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
            ("huge.bin", &vec![7; 5 << 20]),
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
            written("f6", &archive(command, &[("txtsetup.oem", list), ("more.bin", &vec![7; 3 << 20])]));
        assert!(status == Some(3) && text.contains("a floppy has 2.7 MiB"), "{command:?}: {text}");
    }
}

#[test]
fn of_many_files_of_an_archive_none_is_passed_over() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("packed.bin");
    let names: Vec<String> = (0..500).map(|number| format!("{number:03}.txt")).collect();
    let large = vec![7; 3 << 20];
    let mut files: Vec<(&str, &[u8])> = names.iter().map(|name| (&**name, &b"x"[..])).collect();
    files.extend(names[..12].iter().map(|name| (&name[..3], &large[..])));
    for (command, _) in [ARCHIVES[0], ARCHIVES[5]] {
        fs::write(&path, archive(command, &files)).unwrap();
        let found = files_of_archive(&path, &|_| ()).unwrap().unwrap();
        assert_eq!(found.len(), files.len(), "{command:?}");
        // Of 36 MiB as many as there is room for.
        let without = found.iter().filter(|file| file.bytes.is_none());
        assert_eq!(without.map(|file| file.len).collect::<Vec<_>>(), [3 << 20; 3], "{command:?}");
    }
}

#[test]
fn all_that_lies_beside_the_list_and_below_is_on_the_floppy_of_a_folder_and_of_an_archive() {
    let desk = Desk::new(&bare(System::Fat16));
    let path = |name: &str| desk.path(name).to_str().unwrap().to_owned();
    fs::write(desk.path("small.img"), noise(70_000)).unwrap();
    let driver = noise(40_000);
    let files: [(&str, &[u8]); 5] = [
        ("F6/TXTSETUP.OEM", b"[Disks]"),
        ("F6/xp/iastor.sys", &driver),
        ("F6/xp/amd64/iastor.sys", &driver[1..]),
        ("F6/zeros.bin", &[0; 70_000]),
        ("other/readme.txt", b"read me"),
    ];
    for (name, bytes) in files {
        let path = desk.path(name);
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        fs::write(path, bytes).unwrap();
    }
    let write = |floppy: &str| {
        let output = ramkey(&[
            "write",
            &path("small.img"),
            "--floppy",
            &path(floppy),
            "--to",
            &path("stick.img"),
            "--yes",
        ]);
        (output.status.code(), printed(&output))
    };
    let mut floppies = vec!["F6"];
    for (number, name) in [(0, "f6.zip"), (5, "f6.7z")] {
        fs::write(desk.path(name), archive(ARCHIVES[number].0, &files)).unwrap();
        floppies.push(name);
    }
    for floppy in floppies {
        let (status, text) = write(floppy);
        assert!(status == Some(0) && text.contains("with a driver for F6"), "{floppy}: {text}");
        let taken =
            ramkey(&["extract", "--from", &path("stick.img"), "--to", &path("out.img"), &floppy[..2]]);
        assert!(taken.status.success(), "{}", printed(&taken));
        let check = tool("dosfstools", "fsck.fat", &["-n", &path("out.img")]);
        assert!(check.status.success(), "{}", printed(&check));
        for (name, bytes) in &files[..4] {
            let name = name.replace("F6/", "::");
            assert!(
                tool("mtools", "mtype", &["-i", &path("out.img"), &name]).stdout == *bytes,
                "{floppy}: {name}"
            );
        }
        let list = tool("mtools", "mdir", &["-b", "-/", "-i", &path("out.img"), "::"]).stdout;
        assert!(!String::from_utf8(list).unwrap().contains("readme"), "{floppy}");
        fs::remove_file(path("stick.img")).unwrap();
        fs::remove_file(path("out.img")).unwrap();
    }
    let large = vec![7; 3 << 20];
    for (files, wanted) in [
        (
            &[("a/txtsetup.oem", &b"a"[..]), ("b/txtsetup.oem", b"b")][..],
            "both a and b in it have a txtsetup.oem",
        ),
        (&[("a/txtsetup.oem", b"a"), ("a/b/large", &[large.clone(), large].concat())], "b/large has 6 MiB"),
        (&[("A.SYS", b"a"), ("txtsetup.oem", b"t"), ("a.sys", b"b")], "f6/A.SYS and f6/a.sys have one name"),
    ] {
        fs::write(desk.path("f6.zip"), archive(ARCHIVES[0].0, files)).unwrap();
        let (status, text) = write("f6.zip");
        assert!(status == Some(3) && text.contains(wanted) && text.matches("error:").count() == 1, "{text}");
        assert!(!desk.path("stick.img").exists());
    }
}

#[test]
fn a_folder_with_much_more_than_a_floppy_is_refused_before_it_is_read() {
    let desk = Desk::new(&bare(System::Fat16));
    let path = |name: &str| desk.path(name).to_str().unwrap().to_owned();
    fs::write(desk.path("small.img"), noise(70_000)).unwrap();
    fs::create_dir(desk.path("big")).unwrap();
    for number in 0..200 {
        File::create(desk.path(&format!("big/{number}.sys"))).unwrap().set_len(3 << 20).unwrap();
    }
    let output =
        ramkey(&["write", &path("small.img"), "--floppy", &path("big"), "--to", &path("stick.img"), "--yes"]);
    let text = printed(&output);
    assert!(output.status.code() == Some(3) && text.contains("and a floppy has 2.7 MiB"), "{text}");
}
