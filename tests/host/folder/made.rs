//! What is in the image: other people's tools find every file of the folder, and nothing else.

use std::collections::BTreeMap;
use std::fs::{self, File, FileTimes};
use std::path::Path;
use std::process::Command;
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use ramkey::folder::{Form, Wish, make};

use super::{image, volume};
use crate::frames::sticks::{noise, printed, tool};

const FORMS: [Form; 3] = [Form::HardDisk, Form::Partition, Form::Floppy];

/// Every file below `folder`, with its bytes and the second in which it was written; folders end with a slash.
fn tree(folder: &Path) -> BTreeMap<String, (Vec<u8>, u64)> {
    let mut found = BTreeMap::new();
    let mut to_do = vec![(folder.to_owned(), String::new())];
    while let Some((path, name)) = to_do.pop() {
        for entry in fs::read_dir(path).unwrap() {
            let entry = entry.unwrap();
            let name = format!("{name}{}", entry.file_name().into_string().unwrap());
            let metadata = entry.metadata().unwrap();
            if metadata.is_dir() {
                to_do.push((entry.path(), format!("{name}/")));
                found.insert(format!("{name}/"), (Vec::new(), 0));
            } else {
                let written = metadata.modified().unwrap().duration_since(UNIX_EPOCH).unwrap().as_secs();
                found.insert(name, (fs::read(entry.path()).unwrap(), written / 2));
            }
        }
    }
    found
}

/// What mtools take out of a volume. They know one zone of time alone.
fn taken_out(volume: &[u8]) -> BTreeMap<String, (Vec<u8>, u64)> {
    let folder = tempfile::tempdir().unwrap();
    let (path, out) = (folder.path().join("volume.img"), folder.path().join("out"));
    fs::write(&path, volume).unwrap();
    fs::create_dir(&out).unwrap();
    let check = tool("dosfstools", "fsck.fat", &["-n", path.to_str().unwrap()]);
    assert!(check.status.success(), "{}", printed(&check));
    let mut copy = Command::new("mcopy");
    copy.args(["-s", "-n", "-m", "-Q", "-i"]).arg(&path).arg("::*").arg(&out);
    let copied = copy
        .env("TZ", "UTC0")
        .env("LC_ALL", "C.UTF-8")
        .output()
        .expect("mtools is needed: `cargo xtask tools`");
    assert!(copied.status.success(), "{}", printed(&copied));
    tree(&out)
}

fn put(folder: &Path, name: &str, bytes: &[u8], written: u64) {
    let path = folder.join(name);
    fs::create_dir_all(path.parent().unwrap()).unwrap();
    fs::write(&path, bytes).unwrap();
    let times = FileTimes::new().set_modified(UNIX_EPOCH + Duration::from_secs(written));
    File::options().write(true).open(&path).unwrap().set_times(times).unwrap();
}

/// A folder with what is odd about names and lengths.
fn odd(folder: &Path) {
    let noise = noise(200_000);
    for (number, (name, len)) in [
        ("KERNEL.SYS", 40_000),
        ("autoexec.bat", 20),
        ("MiXed.Txt", 4096),
        ("a name that is much longer than any DOS before Windows 95 could say.document", 4097),
        ("exactly 13 ch", 1),
        ("exactly 26 characters long", 512),
        ("Grüße aus Köln und Оденсе.txt", 7),
        ("no ending", 0),
        (".hidden", 3),
        ("archive.tar.gz", 100_000),
        ("SUB/ONE.TXT", 2048),
        ("SUB/DEEPER/AND DEEPER STILL/two.txt", 2049),
        ("empty file", 0),
        ("plus+plus [1];=,.c", 9),
    ]
    .into_iter()
    .enumerate()
    {
        put(folder, name, &noise[..len], 1_000_000_001 + 86_400 * 37 * number as u64);
    }
    fs::create_dir(folder.join("EMPTY")).unwrap();
    for number in 0..300 {
        put(
            folder,
            &format!("many/the file number {number}.text"),
            &noise[number..2 * number],
            1_700_000_000,
        );
    }
}

#[test]
fn other_peoples_tools_take_every_file_out_as_it_was() {
    let folder = tempfile::tempdir().unwrap();
    odd(folder.path());
    let wanted = tree(folder.path());
    for form in FORMS {
        let (made, bytes) = image(folder.path(), form, None).unwrap();
        assert_eq!(made.system, Some("FreeDOS"));
        let found = taken_out(volume(&bytes, form));
        let names = |tree: &BTreeMap<String, _>| tree.keys().cloned().collect::<Vec<_>>();
        assert_eq!(names(&found), names(&wanted), "{form:?}");
        assert!(found == wanted, "{form:?}: bytes or dates differ");
    }
}

#[test]
fn every_size_of_a_disk_is_sound_and_keeps_what_should_stay_free() {
    let folder = tempfile::tempdir().unwrap();
    put(folder.path(), "IO.SYS", b"not 7", 1_000_000_000);
    put(folder.path(), "MSDOS.SYS", &noise(5000), 1_000_000_000);
    let scratch = tempfile::tempdir().unwrap();
    let path = scratch.path().join("disk.img");
    for mib in [0, 1, 14, 15, 16, 30, 33, 127, 129, 600, 1900] {
        // All holes: what is free takes no room here either.
        let file = File::create(&path).unwrap();
        let wish = Wish { form: Form::Partition, free: Some(mib << 20), boots: true };
        let made = make(folder.path(), wish, &file, &|_| ()).unwrap();
        assert_eq!(made.system, Some("MS-DOS"));
        let path = path.to_str().unwrap();
        let check = tool("dosfstools", "fsck.fat", &["-n", path]);
        assert!(check.status.success(), "{mib}: {}", printed(&check));
        let text = printed(&tool("mtools", "mdir", &["-a", "-i", path, "::"]));
        assert!(text.contains("IO       SYS") && text.contains("MSDOS    SYS"), "{mib}: {text}");
        let free = text.lines().find(|line| line.contains("bytes free")).unwrap();
        let free: String = free.chars().filter(char::is_ascii_digit).collect();
        let free: u64 = free.parse().unwrap();
        assert!(free >= mib << 20 && free < (mib << 20) + (16 << 20), "{mib}: {text}");
    }
}

#[test]
fn the_same_folder_gives_the_same_bytes_and_another_one_other_numbers() {
    let (one, other) = (tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap());
    let (one, other) = (one.path().join("x"), other.path().join("x"));
    odd(&one);
    // In another order, and with other dates of the folders.
    let mut names: Vec<(String, (Vec<u8>, u64))> = tree(&one).into_iter().collect();
    names.reverse();
    for (name, (bytes, _)) in names {
        match name.strip_suffix('/') {
            Some(name) => fs::create_dir_all(other.join(name)).unwrap(),
            None => {
                let written = fs::metadata(one.join(&name)).unwrap().modified().unwrap();
                put(&other, &name, &bytes, written.duration_since(SystemTime::UNIX_EPOCH).unwrap().as_secs());
            }
        }
    }
    for form in FORMS {
        let bytes = image(&one, form, None).unwrap().1;
        assert!(bytes == image(&other, form, None).unwrap().1, "{form:?}");
    }
    let before = image(&one, Form::HardDisk, None).unwrap().1;
    let file = other.join("SUB/ONE.TXT");
    let mut changed = fs::read(&file).unwrap();
    let written = fs::metadata(&file).unwrap().modified().unwrap();
    changed[0] ^= 1;
    put(&other, "SUB/ONE.TXT", &changed, written.duration_since(UNIX_EPOCH).unwrap().as_secs());
    let after = image(&other, Form::HardDisk, None).unwrap().1;
    let differ = |range: std::ops::Range<usize>| before[range.clone()] != after[range];
    assert!(differ(0x1B8..0x1BC), "the signature of the disk");
    assert!(differ(63 * 512 + 0x27..63 * 512 + 0x2B), "the serial number of the volume");
    let count = before.iter().zip(&after).filter(|(one, other)| one != other).count();
    assert!(count <= 9, "{count} bytes differ where one of a file was changed");
}

/// Names and bytes.
type Files<'f> = &'f [(&'f str, &'f [u8])];

#[test]
fn each_system_is_known_by_its_files_and_comes_first() {
    let is_7 = [b"MZ".as_slice(), &[0; 510], b"BJ"].concat();
    let dr = b"Copyright Digital Research".as_slice();
    let rows: [(Files<'_>, Option<&str>); 12] = [
        (&[("kernel.sys", b"k")], Some("FreeDOS")),
        (&[("KERNEL.SYS", b"")], None),
        (&[("Kernel.Sys", b"k"), ("IO.SYS", b"i"), ("MSDOS.SYS", b"m")], Some("FreeDOS")),
        (&[("io.sys", &is_7)], Some("MS-DOS 7 or later")),
        (&[("IO.SYS", &is_7), ("MSDOS.SYS", b"[Paths]")], Some("MS-DOS 7 or later")),
        (&[("IO.SYS", b"i"), ("MSDOS.SYS", b"m")], Some("MS-DOS")),
        (&[("IO.SYS", b"i")], None),
        (&[("IBMBIO.COM", b"i"), ("IBMDOS.COM", b"d")], Some("PC DOS")),
        (&[("IBMBIO.COM", dr), ("IBMDOS.COM", b"d")], Some("DR-DOS")),
        (&[("DRBIO.SYS", b"i"), ("DRDOS.SYS", b"d")], Some("DR-DOS")),
        (&[("DRBIO.SYS", b"i"), ("DRBDOS.SYS", b"d")], None),
        (&[("KERNEL.SYS", &[0; 154 * 1024 + 1])], None),
    ];
    for (files, wanted) in rows {
        let folder = tempfile::tempdir().unwrap();
        put(folder.path(), "AAA.TXT", b"before all others by its name", 0);
        fs::create_dir(folder.path().join("0")).unwrap();
        for (name, bytes) in files {
            put(folder.path(), name, bytes, 0);
        }
        let (made, bytes) = image(folder.path(), Form::Floppy, None).unwrap();
        assert_eq!(made.system, wanted, "{:?}", files[0].0);
        // Of a floppy of 1.44 MB.
        let (root, code) = (&bytes[19 * 512..], &bytes[62..510]);
        assert_eq!(code.iter().all(|byte| *byte == 0), wanted.is_none(), "{:?}", files[0].0);
        let first = root[..11].to_ascii_lowercase();
        let expected = files[0].0.to_ascii_lowercase();
        let (base, ending) = expected.split_once('.').unwrap();
        let is_first = first == format!("{base:<8}{ending:<3}").into_bytes();
        assert_eq!(is_first, wanted.is_some(), "{:?}", files[0].0);
        if is_first {
            assert_eq!((root[11], root[26]), (0x27, 2), "attributes and cluster of {:?}", files[0].0);
        }
    }
}

#[test]
fn a_system_in_a_folder_below_is_none() {
    let folder = tempfile::tempdir().unwrap();
    put(folder.path(), "BIN/KERNEL.SYS", b"k", 0);
    assert_eq!(image(folder.path(), Form::HardDisk, None).unwrap().0.system, None);
}
