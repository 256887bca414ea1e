//! Images of files that lie in no folder, as those of an archive do.

use std::fs;
use std::path::Path;

use ramkey::folder::{FolderError, Form, Listing, Made, Wish, make_of};

use crate::frames::sticks::{printed, tool};

/// A floppy with these files, and its bytes.
fn floppy(files: &[(&str, &[u8])], free: u64) -> Result<(Made, Vec<u8>), FolderError> {
    let files = files.iter().map(|(name, bytes)| ((*name).to_owned(), bytes.to_vec())).collect();
    let listing = Listing::of_files(Path::new("f6"), files)?;
    let file = tempfile::NamedTempFile::new().unwrap();
    let wish = Wish { form: Form::Floppy, free: Some(free), boots: false };
    let made = make_of(&listing, wish, file.as_file(), &|_| ())?;
    Ok((made, fs::read(file.path()).unwrap()))
}

#[test]
fn they_are_in_it_with_their_folders_whatever_their_order_is() {
    let long = [b'l'; 3000];
    let files: [(&str, &[u8]); 5] = [
        ("txtsetup.oem", b"list"),
        ("xp/a.sys", b"a"),
        ("XP/b.sys", b"bb"),
        ("xp/deeper/a name that is long", &long),
        ("ANAMET~1", b""),
    ];
    let (made, bytes) = floppy(&files, 0).unwrap();
    assert_eq!((made.sources.len(), made.len), (0, 1_474_560));
    let mut turned = files;
    turned.reverse();
    assert!(floppy(&turned, 0).unwrap().1 == bytes);
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("f6.img");
    fs::write(&path, bytes).unwrap();
    let path = path.to_str().unwrap();
    let check = tool("dosfstools", "fsck.fat", &["-n", path]);
    assert!(check.status.success(), "{}", printed(&check));
    for (name, bytes) in files {
        let taken = tool("mtools", "mtype", &["-i", path, &format!("::{name}")]);
        assert!(taken.status.success() && taken.stdout == *bytes, "{name}: {}", printed(&taken));
    }
}

#[test]
fn names_that_are_one_and_those_that_lead_elsewhere_are_refused() {
    for (names, wanted) in [
        (&["A.SYS", "a.sys"][..], "f6/A.SYS and f6/a.sys have one name"),
        (&["a.sys", "a.sys"], "f6/a.sys and f6/a.sys have one name"),
        (&["xp/a.sys", "XP/A.sys"], "f6/XP/A.sys and f6/xp/a.sys have one name"),
        (&["xp", "XP/A.sys"], "f6/XP and f6/xp have one name"),
        (&["xp/a.sys", "XP"], "f6/XP and f6/xp have one name"),
        (&["../a.sys"], "it ends with a period"),
        (&["/a.sys"], "it is empty"),
        (&["xp//a.sys"], "it is empty"),
        (&["xp/"], "it is empty"),
        (&["con.sys"], "DOS takes it for a device"),
        (&[&["d"; 34].join("/")], "lies 32 folders deep"),
    ] {
        let files: Vec<(&str, &[u8])> = names.iter().map(|name| (*name, &b"x"[..])).collect();
        let error = floppy(&files, 0).unwrap_err().to_string();
        assert!(error.contains(wanted), "{names:?}: {error}");
    }
    let deep = ["d"; 32].join("/");
    floppy(&[(&deep, b"x")], 0).unwrap();
}

#[test]
fn a_floppy_has_the_free_space_that_is_asked_for() {
    for (free, len) in
        [(0, 1_474_560), (1_455_000, 1_474_560), (1_457_000, 2_949_120), (2_900_000, 2_949_120)]
    {
        assert_eq!(floppy(&[("list", &[b'x'; 1000])], free).unwrap().0.len, len, "{free}");
    }
    for free in [2_940_000, u64::MAX] {
        let error = floppy(&[("list", b"x")], free).unwrap_err();
        assert!(matches!(error, FolderError::TooLarge { .. }), "{error}");
    }
}
