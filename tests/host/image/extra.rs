//! A folder of the user: what of it is taken, in which order, and that its bytes are those that were seen.

use std::ffi::OsStr;
use std::fs::{self, File};
use std::io::{self, ErrorKind};
use std::os::unix::ffi::OsStrExt;
use std::os::unix::fs::symlink;
use std::os::unix::net::UnixListener;
use std::path::Path;

use ramkey::image::{EXTRA_MAX, ExtraFiles, ImageError, Source, scan};
use ramkey::layout::disc::iso9660::{IsoError, Tree};

/// A folder with these files, each with its name and so many bytes.
fn folder(files: &[(&str, usize)]) -> tempfile::TempDir {
    let folder = tempfile::tempdir().unwrap();
    for (path, len) in files {
        let path = folder.path().join(path);
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        fs::write(path, bytes(*len)).unwrap();
    }
    folder
}

/// Bytes that are never zero.
fn bytes(len: usize) -> Vec<u8> {
    (0..len).map(|at| 1 + (at % 251) as u8).collect()
}

fn read(extra: &ExtraFiles, offset: u64, len: usize) -> io::Result<Vec<u8>> {
    let mut buffer = vec![0xD1; len];
    extra.read_at(offset, &mut buffer).map(|()| buffer)
}

#[test]
fn files_come_by_folder_and_name_and_fill_whole_blocks() {
    let folder = folder(&[("b", 1), ("z/deep/last", 2048), ("a", 0), ("z/first", 2049), ("B", 4096)]);
    fs::create_dir(folder.path().join("empty")).unwrap();
    let extra = ExtraFiles::look(folder.path()).unwrap();
    let folders: Vec<_> =
        extra.folders().iter().map(|folder| (folder.name.as_str(), folder.parent)).collect();
    assert_eq!(folders, [("", 0), ("empty", 0), ("z", 0), ("deep", 2)]);
    let files: Vec<_> =
        extra.files().iter().map(|file| (file.name.as_str(), file.folder, file.len, file.offset)).collect();
    assert_eq!(
        files,
        [
            ("B", 0, 4096, 0),
            ("a", 0, 0, 4096),
            ("b", 0, 1, 4096),
            ("first", 2, 2049, 6144),
            ("last", 3, 2048, 10240),
        ]
    );
    assert_eq!((extra.len(), extra.skipped().len()), (12288, 0));
    let whole = read(&extra, 0, 12288).unwrap();
    for file in extra.files() {
        let (offset, len) = (file.offset as usize, file.len as usize);
        assert_eq!(whole[offset..offset + len], bytes(len), "{}", file.name);
        let behind = &whole[offset + len..(offset + len).next_multiple_of(2048)];
        assert!(behind.iter().all(|&byte| byte == 0), "zeros behind {}", file.name);
    }
    // Any part of it is the same as a part of the whole.
    for (offset, len) in [(0, 1), (4095, 2), (4097, 2047), (6143, 2), (8000, 4000), (12287, 1), (5000, 0)] {
        assert_eq!(read(&extra, offset, len).unwrap(), whole[offset as usize..][..len], "{offset} {len}");
    }
    assert_eq!(read(&extra, 12287, 2).unwrap_err().kind(), ErrorKind::UnexpectedEof);
    assert_eq!(read(&extra, u64::MAX, 2).unwrap_err().kind(), ErrorKind::UnexpectedEof);
    assert_eq!(scan(&extra, &mut |_| ()).unwrap().root, *blake3::hash(&whole).as_bytes());
    let names: Vec<_> = Source::files(&extra).iter().map(|file| file.path.clone()).collect();
    assert_eq!(names[3], folder.path().join("z/first"));
    assert_eq!(extra.file_at(6143), Some(folder.path().join("b").as_path()));
    assert_eq!(extra.file_at(12288), None);
}

#[test]
fn what_is_no_file_is_left_out_and_named() {
    let folder = folder(&[("taken", 10)]);
    let path = |name: &str| folder.path().join(name);
    symlink("taken", path("link")).unwrap();
    symlink("/", path("root")).unwrap();
    let _socket = UnixListener::bind(path("socket")).unwrap();
    rustix::fs::mknodat(rustix::fs::CWD, path("pipe"), rustix::fs::FileType::Fifo, 0o600.into(), 0).unwrap();
    File::create(folder.path().join(OsStr::from_bytes(b"na\xEFve"))).unwrap();
    let extra = ExtraFiles::look(folder.path()).unwrap();
    assert_eq!((extra.files().len(), extra.folders().len(), extra.len()), (1, 1, 2048));
    let root = folder.path().display();
    let told: Vec<String> = extra.skipped().iter().map(ToString::to_string).collect();
    assert_eq!(
        told,
        [
            format!("{root}/link is left out: it is a symbolic link"),
            format!("{root}/na\\xefve is left out: its name is not UTF-8"),
            format!("{root}/pipe is left out: it is a pipe or socket"),
            format!("{root}/root is left out: it is a symbolic link"),
            format!("{root}/socket is left out: it is a pipe or socket"),
        ]
    );
}

#[test]
fn what_cannot_be_looked_through_is_one_clear_error() {
    let folder = folder(&[("file", 10)]);
    let error = ExtraFiles::look(&folder.path().join("file")).unwrap_err();
    assert!(matches!(&error, ImageError::NotAFolder { path } if path.ends_with("file")), "{error}");
    assert_eq!(error.help(), "name the folder that the files lie in");
    let error = ExtraFiles::look(&folder.path().join("none")).unwrap_err();
    assert!(matches!(&error, ImageError::Open { .. }), "{error}");
    // A link to a folder is that folder.
    symlink(folder.path(), folder.path().join("link")).unwrap();
    assert_eq!(ExtraFiles::look(&folder.path().join("link")).unwrap().files().len(), 1);
}

#[test]
fn a_file_that_is_another_when_it_is_read_is_an_error_with_its_name() {
    type Change = fn(&Path);
    let changes: [(&str, Change); 5] = [
        ("longer", |path| fs::write(path, bytes(11)).unwrap()),
        ("shorter", |path| fs::write(path, bytes(9)).unwrap()),
        ("exchanged", |path| {
            fs::write(path.with_extension("new"), bytes(10)).unwrap();
            fs::rename(path.with_extension("new"), path).unwrap();
        }),
        ("a link", |path| {
            fs::rename(path, path.with_extension("old")).unwrap();
            symlink(path.with_extension("old"), path).unwrap();
        }),
        ("rewritten", |path| {
            // Until the clock of the file system has gone on.
            let before = fs::metadata(path).unwrap().modified().unwrap();
            while fs::metadata(path).unwrap().modified().unwrap() == before {
                fs::write(path, bytes(10)).unwrap();
            }
        }),
    ];
    for (what, change) in changes {
        let folder = folder(&[("a", 10), ("b", 10)]);
        let extra = ExtraFiles::look(folder.path()).unwrap();
        read(&extra, 0, 4096).unwrap();
        change(&folder.path().join("b"));
        read(&extra, 0, 2048).unwrap();
        let error = read(&extra, 0, 4096).unwrap_err();
        let told = format!("{} was changed after it was looked at", folder.path().join("b").display());
        assert_eq!(error.to_string(), told, "{what}");
    }
    let folder = folder(&[("gone", 10)]);
    let extra = ExtraFiles::look(folder.path()).unwrap();
    fs::remove_file(folder.path().join("gone")).unwrap();
    let error = read(&extra, 0, 1).unwrap_err();
    assert_eq!(error.kind(), ErrorKind::NotFound);
    assert!(error.to_string().ends_with("/gone"), "{error}");
}

#[test]
fn thousands_of_files_are_not_kept_open() {
    let folder = tempfile::tempdir().unwrap();
    for number in 0..3000 {
        fs::write(folder.path().join(format!("{number:04}")), bytes(number)).unwrap();
    }
    let open = || fs::read_dir("/proc/self/fd").unwrap().count();
    let before = open();
    let extra = ExtraFiles::look(folder.path()).unwrap();
    scan(&extra, &mut |_| ()).unwrap();
    // Other tests of this process open files meanwhile.
    assert!(open() < before + 1000, "{} descriptors", open());
    assert_eq!(extra.files().len(), 3000);
    let empty = folder.path().join("empty");
    fs::create_dir(&empty).unwrap();
    assert!(ExtraFiles::look(&empty).unwrap().is_empty());
}

#[test]
fn there_is_a_limit_to_files_and_folders() {
    let folder = tempfile::tempdir().unwrap();
    let kept = folder.path().join("kept");
    fs::create_dir(&kept).unwrap();
    let first = kept.join("0");
    fs::write(&first, "one file by many names").unwrap();
    // With the folder there are as many as are taken.
    for number in 1..EXTRA_MAX - 1 {
        fs::hard_link(&first, kept.join(number.to_string()))
            .or_else(|_| fs::write(kept.join(number.to_string()), ""))
            .unwrap();
    }
    let extra = ExtraFiles::look(folder.path()).unwrap();
    assert_eq!(extra.files().len() + extra.folders().len(), EXTRA_MAX + 1);
    fs::write(folder.path().join("one more"), "").unwrap();
    let error = ExtraFiles::look(folder.path()).unwrap_err();
    assert!(matches!(error, ImageError::TooManyFiles { limit: EXTRA_MAX, .. }), "{error}");
}

#[test]
fn a_folder_goes_beside_the_capsules_unless_it_has_their_name() {
    let own = folder(&[("sub/file", 10), ("top", 3000)]);
    let extra = ExtraFiles::look(own.path()).unwrap();
    let mut tree = Tree::of_capsules([("XP.RKC", 512)]);
    assert_eq!(tree.add_extra(&extra).unwrap(), 1..3);
    let files: Vec<_> = tree.files().iter().map(|file| (file.name.as_str(), file.folder, file.len)).collect();
    assert_eq!(files, [("XP.RKC", Tree::CAPSULES, 512), ("top", Tree::ROOT, 3000), ("file", 2, 10)]);
    for name in ["RAMKEY/file", "ramkey"] {
        let own = folder(&[(name, 10)]);
        let extra = ExtraFiles::look(own.path()).unwrap();
        let error = Tree::of_capsules([]).add_extra(&extra).unwrap_err();
        let path = name.split('/').next().unwrap().into();
        assert_eq!(error, IsoError::Taken { path }, "{name}");
    }
}
