//! What takes the room of an image: as mtools, ntfs-3g and e2fsprogs say it; and whatever the bytes, there is an answer.

use std::fs::{self, File};
use std::path::{Path, PathBuf};
use std::sync::OnceLock;

use proptest::prelude::*;
use ramkey::contents::{FileUse, KindChoice, Looked, Question, Room, look};

use crate::frames::sticks::{Image, noise, printed, tool};
use crate::frames::windows_image::{System, Xp};

fn looked(path: &Path, bytes: Vec<u8>) -> Looked {
    let question = Question { room: true, cut: true, ..Question::default() };
    look(path, &Image(bytes), &question).unwrap()
}

fn room(path: &Path) -> Room {
    looked(path, fs::read(path).unwrap()).room.expect("it was asked for")
}

/// A folder with an image of so many MiB.
struct Desk {
    folder: tempfile::TempDir,
    image: PathBuf,
}

impl Desk {
    fn new(mib: u64) -> Self {
        let folder = tempfile::tempdir().unwrap();
        let image = folder.path().join("disk.img");
        File::create(&image).unwrap().set_len(mib << 20).unwrap();
        Self { folder, image }
    }

    fn run(&self, package: &str, program: &str, words: &[&str]) -> String {
        let output = tool(package, program, words);
        assert!(output.status.success(), "{program} {words:?}: {}", printed(&output));
        printed(&output)
    }

    /// A file of `len` bytes.
    fn file(&self, len: usize) -> String {
        let path = self.folder.path().join("file");
        fs::write(&path, noise(len)).unwrap();
        path.to_str().unwrap().to_owned()
    }

    fn name(&self) -> &str {
        self.image.to_str().unwrap()
    }

    /// With a FAT of these options for mkfs.fat, and these files, of which those without length are folders.
    fn fat(&self, options: &[&str], files: &[(&str, usize)]) {
        self.run("dosfstools", "mkfs.fat", &[options, &[self.name()]].concat());
        for &(path, len) in files {
            let to = format!("::{path}");
            match len {
                0 => self.run("mtools", "mmd", &["-i", self.name(), &to]),
                len => self.run("mtools", "mcopy", &["-i", self.name(), &self.file(len), &to]),
            };
        }
    }
}

const FILES: [(&str, usize); 9] = [
    ("DIR", 0),
    ("DIR/Another folder", 0),
    ("DIR/Another folder/the largest one.bin", 900_000),
    ("pagefile.sys", 500_000),
    ("hiberfil.sys", 70_000),
    ("A.BIN", 800_000),
    ("B.BIN", 700_000),
    ("C.BIN", 600_000),
    ("D.BIN", 300),
];

#[test]
fn free_space_and_the_largest_files_of_a_fat_are_as_mtools_say() {
    for options in [&["-F", "12", "-s", "32"][..], &["-F", "16", "-s", "2"], &["-F", "32", "-s", "1"]] {
        let desk = Desk::new(40);
        desk.fat(&[options, &["-g", "16/63", "-h", "63"]].concat(), &FILES);
        let room = room(&desk.image);
        let listing = desk.run("mtools", "mdir", &["-i", desk.name(), "::"]);
        let free = listing.lines().find_map(|line| line.trim().strip_suffix(" bytes free")).expect("a line");
        let free: u64 = free.replace(' ', "").parse().unwrap();
        let [volume] = &room.volumes[..] else { panic!("{room:?}") };
        assert_eq!((volume.system.as_str(), volume.free), (&*format!("FAT{}", options[1]), Some(free)));
        assert!((volume.partition, room.partial) == (0, false), "{room:?}");
        let files: Vec<_> = room.files.iter().map(|file| (&*file.path, file.len, file.used_for)).collect();
        let expected = [
            ("\\pagefile.sys", 500_000, FileUse::Swap),
            ("\\hiberfil.sys", 70_000, FileUse::Hibernation),
            ("\\DIR\\Another folder\\the largest one.bin", 900_000, FileUse::File),
            ("\\A.BIN", 800_000, FileUse::File),
            ("\\B.BIN", 700_000, FileUse::File),
            ("\\C.BIN", 600_000, FileUse::File),
            ("\\D.BIN", 300, FileUse::File),
        ];
        assert_eq!(files, expected);
    }
}

const WINDOWS: [(&str, usize); 9] = [
    ("WINDOWS", 0),
    ("WINDOWS/Driver Cache", 0),
    ("WINDOWS/Driver Cache/i386", 0),
    ("WINDOWS/Driver Cache/i386/driver.cab", 300_000),
    ("WINDOWS/Driver Cache/i386/sp.cab", 100_000),
    ("WINDOWS/Help", 0),
    ("WINDOWS/Help/windows.chm", 450_000),
    ("WINDOWS/Help/second.chm", 50_000),
    ("WINDOWS/The shell.exe", 500_001),
];

#[test]
fn folders_that_nobody_needs_are_summed_up() {
    let desk = Desk::new(40);
    desk.fat(&["-F", "16", "-s", "2", "-g", "16/63", "-h", "63"], &WINDOWS);
    let files = |room: &Room| {
        let files = room.files.iter().map(|file| (file.path.clone(), file.len, file.used_for));
        files.take(3).collect::<Vec<_>>()
    };
    let expected = [
        ("\\WINDOWS\\Help", 500_000, FileUse::Spare),
        ("\\WINDOWS\\Driver Cache", 400_000, FileUse::Spare),
        ("\\WINDOWS\\The shell.exe", 500_001, FileUse::File),
    ]
    .map(|(path, len, used_for)| (path.to_owned(), len, used_for));
    assert_eq!(files(&room(&desk.image)), expected);
    // A folder of an NTFS has its files' clusters; what else is there are its own system's.
    let mut xp = Xp::new(System::Ntfs);
    for (path, len) in WINDOWS.into_iter().filter(|(_, len)| *len > 0) {
        xp.file(path, &(0..len).map(|byte| byte as u8 | 1).collect::<Vec<_>>());
    }
    let whole = |len: u64| len.next_multiple_of(4096);
    let expected = [
        ("\\WINDOWS\\Help", whole(450_000) + whole(50_000), FileUse::Spare),
        ("\\WINDOWS\\Driver Cache", whole(300_000) + whole(100_000), FileUse::Spare),
        ("\\WINDOWS\\The shell.exe", whole(500_001), FileUse::File),
    ]
    .map(|(path, len, used_for)| (path.to_owned(), len, used_for));
    fs::write(&desk.image, xp.disk()).unwrap();
    assert_eq!(files(&room(&desk.image)), expected);
}

#[test]
fn of_many_files_the_five_largest_are_named() {
    let desk = Desk::new(40);
    let names: Vec<String> = (1..=8).map(|number| format!("F{number}.BIN")).collect();
    let files: Vec<(&str, usize)> = (1..=8).map(|number| (&*names[number - 1], number * 10_000)).collect();
    desk.fat(&["-F", "16", "-g", "16/63", "-h", "63"], &files);
    let found: Vec<u64> = room(&desk.image).files.iter().map(|file| file.len).collect();
    assert_eq!(found, [80_000, 70_000, 60_000, 50_000, 40_000]);
}

/// An NTFS with files, in the file of a desk.
fn ntfs() -> Desk {
    let desk = Desk::new(24);
    desk.run("ntfs-3g", "mkntfs", &["-F", "-q", "-p", "63", "-H", "16", "-S", "63", desk.name()]);
    for (path, len) in
        [("pagefile.sys", 700_000), ("the largest.bin", 900_000), ("small.bin", 40_000), ("tiny", 9)]
    {
        desk.run("ntfs-3g", "ntfscp", &["-q", desk.name(), &desk.file(len), path]);
    }
    desk
}

#[test]
fn free_space_and_the_largest_files_of_an_ntfs_are_as_ntfs_3g_says() {
    let desk = ntfs();
    let room = room(&desk.image);
    let told = desk.run("ntfs-3g", "ntfsinfo", &["-m", desk.name()]);
    let number = |name: &str| -> u64 {
        let line = told.lines().find(|line| line.trim().starts_with(name)).expect(name);
        line.rsplit(':').next().unwrap().split('(').next().unwrap().trim().parse().unwrap()
    };
    let [volume] = &room.volumes[..] else { panic!("{room:?}") };
    let free = number("Free Clusters") * number("Cluster Size");
    assert_eq!((volume.system.as_str(), volume.free, room.partial), ("NTFS", Some(free), false));
    let names: Vec<_> = room.files.iter().map(|file| (&*file.path, file.used_for)).collect();
    let expected = [
        ("\\pagefile.sys", FileUse::Swap),
        ("\\the largest.bin", FileUse::File),
        ("\\small.bin", FileUse::File),
    ];
    assert_eq!(names, expected, "what lies in its record takes no room");
    assert!((600_000..=900_000 + 4096).contains(&room.files[1].len), "{room:?}");
}

#[test]
fn an_ext2_says_in_its_record_what_is_free() {
    let desk = Desk::new(16);
    desk.run("e2fsprogs", "mke2fs", &["-F", "-q", desk.name()]);
    let told = desk.run("e2fsprogs", "dumpe2fs", &["-h", desk.name()]);
    let number = |name: &str| -> u64 {
        let line = told.lines().find_map(|line| line.strip_prefix(name)).expect(name);
        line.trim().parse().unwrap()
    };
    let room = room(&desk.image);
    let [volume] = &room.volumes[..] else { panic!("{room:?}") };
    assert_eq!(volume.system, "ext2");
    assert_eq!(volume.free, Some(number("Free blocks:") * number("Block size:")));
    assert_eq!(room.files, []);
}

#[test]
fn each_partition_has_its_own_room_and_a_cd_has_none() {
    let desk = Desk::new(40);
    let (first, second) = (Desk::new(12), Desk::new(12));
    first.fat(&["-F", "12", "-s", "16", "-g", "16/63", "-h", "63"], &[("ONE.BIN", 100_000)]);
    second.fat(&["-F", "16", "-g", "16/63", "-h", "30000"], &[("TWO.BIN", 200_000)]);
    let mut bytes = fs::read(&desk.image).unwrap();
    for (slot, start, part) in [(0, 63, &first), (1, 30_000, &second)] {
        let part = fs::read(&part.image).unwrap();
        bytes[start * 512..][..part.len()].copy_from_slice(&part);
        let entry = &mut bytes[446 + slot * 16..][..16];
        entry[4] = 6;
        entry[8..12].copy_from_slice(&(start as u32).to_le_bytes());
        entry[12..].copy_from_slice(&(part.len() as u32 / 512).to_le_bytes());
    }
    bytes[510..512].copy_from_slice(&[0x55, 0xAA]);
    let room = looked(&desk.image, bytes).room.unwrap();
    let volumes: Vec<_> = room.volumes.iter().map(|volume| (volume.partition, &*volume.system)).collect();
    assert_eq!(volumes, [(1, "FAT12"), (2, "FAT16")]);
    let files: Vec<_> = room.files.iter().map(|file| (file.partition, &*file.path)).collect();
    assert_eq!(files, [(2, "\\TWO.BIN"), (1, "\\ONE.BIN")], "the largest first, wherever it is");
}

#[test]
fn a_damaged_volume_says_so_and_not_that_it_was_looked_at() {
    let desk = Desk::new(40);
    desk.fat(&["-F", "16", "-s", "2", "-g", "16/63", "-h", "63"], &[("DIR", 0), ("DIR/A.BIN", 5000)]);
    let mut bytes = fs::read(&desk.image).unwrap();
    assert!(!looked(&desk.image, bytes.clone()).room.unwrap().partial);
    // The folder leads nowhere.
    let entry = bytes.windows(11).position(|window| window == b"DIR        ").unwrap();
    bytes[entry + 26..entry + 28].fill(0xFF);
    assert!(looked(&desk.image, bytes).room.unwrap().partial);
}

/// A whole image with folders and files, and where in it anything is but zeros.
type Whole = (Vec<u8>, Vec<usize>);

fn wholes() -> &'static [Whole] {
    static WHOLES: OnceLock<Vec<Whole>> = OnceLock::new();
    WHOLES.get_or_init(|| {
        let fat = |options: &[&str]| {
            let desk = Desk::new(40);
            desk.fat(&[options, &["-g", "16/63", "-h", "63"]].concat(), &FILES);
            desk
        };
        let desks = [fat(&["-F", "16", "-s", "2"]), fat(&["-F", "32", "-s", "1"]), ntfs()];
        let whole = |desk: &Desk| {
            let bytes = fs::read(&desk.image).unwrap();
            let used = (0..bytes.len()).step_by(16).filter(|&at| bytes[at..at + 16] != [0; 16]).collect();
            (bytes, used)
        };
        desks.iter().map(whole).collect()
    })
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 48, ..ProptestConfig::default() })]
    #[test]
    fn whatever_is_damaged_there_is_an_answer_and_it_is_possible(
        which in 0usize..3,
        changes in prop::collection::vec((any::<prop::sample::Index>(), any::<[u8; 4]>(), any::<bool>()), 1..30),
    ) {
        let (whole, used) = &wholes()[which];
        let mut bytes = whole.clone();
        // The structures, which lie in front, are met most.
        for (place, new, is_near) in changes {
            let near = if is_near { used.len().min(600) } else { used.len() };
            let at = used[place.index(near)] + usize::from(new[0] % 12);
            bytes[at..at + 4].copy_from_slice(&new);
        }
        let question = Question { room: true, cut: true, kind: KindChoice::Auto, ..Question::default() };
        let len = bytes.len() as u64;
        if let Ok(looked) = look(Path::new("disk.img"), &Image(bytes), &question) {
            prop_assert!(looked.is_possible(&question, len, None), "{looked:?}");
        }
    }
}
