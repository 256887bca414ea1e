//! Smaller images: mtools read the same files from them, fsck.fat finds nothing new, and they are the same kind of disk.

use std::collections::BTreeMap;
use std::fs::{self, File};
use std::io::{Read, Seek, SeekFrom, Write};
use std::path::{Path, PathBuf};
use std::sync::atomic::AtomicBool;

use proptest::prelude::*;
use ramkey::contents::{ImageFacts, KindChoice, NoCut, Warning, probe};
use ramkey::device::{System, TargetPath};
use ramkey::image::FileSource;
use ramkey::job::{Destination, JobError, Observer, Shrunk, prepare_shrink, shrink};

use crate::frames::sticks::{noise, printed, tool};

/// The image of a disk with one FAT.
#[derive(Clone, Debug)]
pub struct Disk {
    pub bits: u8,
    /// Sectors before the file system; 0 for one without a partition table.
    pub start: u32,
    pub sectors: u32,
    pub heads: u32,
    pub track: u32,
    pub cluster: u32,
    /// Sectors behind the file system.
    pub behind: u32,
}

/// 24 MiB of FAT16 behind a track.
pub const PLAIN: Disk =
    Disk { bits: 16, start: 63, sectors: 48_321, heads: 16, track: 63, cluster: 4, behind: 0 };

impl Disk {
    /// Where mtools find the file system.
    fn volume(&self, path: &Path) -> String {
        format!("{}@@{}", path.display(), self.start * 512)
    }

    /// Makes it, with an entry in a table if there is one.
    pub fn make(&self, path: &Path) {
        let file = File::create(path).unwrap();
        file.set_len(u64::from(self.start + self.sectors + self.behind) * 512).unwrap();
        let number = |value: u32| value.to_string();
        let volume = self.volume(path);
        let (sectors, heads, track) = (number(self.sectors), number(self.heads), number(self.track));
        let (hidden, cluster) = (number(self.start), number(self.cluster));
        let mut words =
            vec!["-i", &volume, "-T", &sectors, "-h", &heads, "-s", &track, "-H", &hidden, "-c", &cluster];
        if self.bits == 32 {
            words.push("-F");
        }
        words.push("::");
        mtools("mformat", &words);
        if self.start > 0 {
            let mut table = [0; 66];
            let chs = |lba: u32| {
                let cylinder = lba / self.heads / self.track;
                let head = lba / self.track % self.heads;
                [head as u8, (lba % self.track + 1) as u8 | (cylinder >> 2 & 0xC0) as u8, cylinder as u8]
            };
            table[0] = 0x80;
            table[1..4].copy_from_slice(&chs(self.start));
            table[4] = if self.bits == 32 { 0x0B } else { 0x06 };
            table[5..8].copy_from_slice(&chs(self.start + self.sectors - 1));
            table[8..12].copy_from_slice(&self.start.to_le_bytes());
            table[12..16].copy_from_slice(&self.sectors.to_le_bytes());
            table[64..].copy_from_slice(&[0x55, 0xAA]);
            write_at(path, 446, &table);
        }
    }

    fn copy_in(&self, path: &Path, from: &Path, name: &str) -> bool {
        let words = ["-i", &self.volume(path), "-o", from.to_str().unwrap(), &format!("::{name}")];
        tool("mtools", "mcopy", &words).status.success()
    }

    /// Every file by its path, and what is in it; a folder has nothing.
    fn files(&self, path: &Path) -> BTreeMap<PathBuf, Vec<u8>> {
        let folder = tempfile::tempdir().unwrap();
        mtools(
            "mcopy",
            &["-s", "-n", "-m", "-i", &self.volume(path), "::*", folder.path().to_str().unwrap()],
        );
        let (mut files, mut open) = (BTreeMap::new(), vec![folder.path().to_owned()]);
        while let Some(next) = open.pop() {
            for entry in fs::read_dir(next).unwrap() {
                let entry = entry.unwrap().path();
                let name = entry.strip_prefix(folder.path()).unwrap().to_owned();
                if entry.is_dir() {
                    files.insert(name, Vec::new());
                    open.push(entry);
                } else {
                    files.insert(name, fs::read(&entry).unwrap());
                }
            }
        }
        files
    }

    /// What fsck.fat says about the file system, without its numbers of clusters.
    fn complaints(&self, path: &Path) -> Vec<String> {
        let volume = path.with_extension("volume");
        let mut file = File::open(path).unwrap();
        file.seek(SeekFrom::Start(u64::from(self.start) * 512)).unwrap();
        std::io::copy(&mut file, &mut File::create(&volume).unwrap()).unwrap();
        let output = tool("dosfstools", "fsck.fat", &["-n", volume.to_str().unwrap()]);
        let text = printed(&output).replace(volume.to_str().unwrap(), "");
        fs::remove_file(volume).unwrap();
        let mut lines: Vec<String> = text.lines().map(str::to_owned).collect();
        lines.retain(|line| !line.contains(" files, ") && !line.starts_with("fsck.fat "));
        assert!(output.status.success() || !lines.is_empty(), "{text}");
        lines
    }
}

fn mtools(program: &str, words: &[&str]) {
    let output = tool("mtools", program, words);
    assert!(output.status.success(), "{program} {words:?}: {}", printed(&output));
}

fn write_at(path: &Path, offset: u64, bytes: &[u8]) {
    let mut file = File::options().write(true).open(path).unwrap();
    file.seek(SeekFrom::Start(offset)).unwrap();
    file.write_all(bytes).unwrap();
}

fn read_at(path: &Path, offset: u64, len: usize) -> Vec<u8> {
    let (mut file, mut bytes) = (File::open(path).unwrap(), vec![0; len]);
    file.seek(SeekFrom::Start(offset)).unwrap();
    file.read_exact(&mut bytes).unwrap();
    bytes
}

fn facts(path: &Path) -> ImageFacts {
    probe(path, &FileSource::open(path).unwrap(), KindChoice::Auto, None).unwrap()
}

pub fn shrunk(image: &Path, to: &Path) -> Result<Shrunk, JobError> {
    shrunk_while(image, to, &AtomicBool::new(false), &|_| ())
}

fn shrunk_while(
    image: &Path,
    to: &Path,
    stop: &AtomicBool,
    observer: &dyn Observer,
) -> Result<Shrunk, JobError> {
    let system = System::default();
    let target = TargetPath::look(&system, to).map_err(JobError::Target)?;
    let prepared = prepare_shrink(image, Destination { system: &system, target: &target }, observer)?;
    shrink(prepared, stop, observer)
}

/// Why the image cannot be made smaller; nothing was made then.
fn refusal(image: &Path) -> String {
    let to = image.with_extension("smaller");
    let error = shrunk(image, &to).expect_err("it is refused");
    assert!(!to.exists(), "{error}");
    assert!(error.help().is_some_and(|help| !help.is_empty()), "{error}");
    error.to_string()
}

/// Bytes that are put into an image: where, and what.
type Changes = Vec<(usize, Vec<u8>)>;

/// A disk with a file near its start.
fn desk(disk: &Disk) -> (tempfile::TempDir, PathBuf) {
    let folder = tempfile::tempdir().unwrap();
    let (image, file) = (folder.path().join("disk.img"), folder.path().join("file"));
    disk.make(&image);
    fs::write(&file, noise(300_000)).unwrap();
    assert!(disk.copy_in(&image, &file, "FILE.BIN"));
    (folder, image)
}

fn any_disk() -> impl Strategy<Value = Disk> {
    let tracks = prop::sample::select(vec![(16, 63), (64, 32), (255, 63), (4, 32), (15, 17)]);
    let bits = prop_oneof![2 => Just(12u8), 4 => Just(16), 2 => Just(32)];
    (bits, tracks, any::<bool>(), 0u32..40_000, 0u32..3, 0u32..5000).prop_map(
        |(bits, (heads, track), has_table, more, cluster, behind)| {
            let cluster = if bits == 32 { 1 } else { 1 << cluster };
            let (least, span) = match bits {
                12 => (1200, 2600),
                16 => (5000, 50_000),
                _ => (70_000, 200_000),
            };
            let clusters = least + more % span;
            // The tables, and a superfloppy that is no floppy.
            let sectors = (clusters * cluster + clusters / 60 + 60).max(6000);
            let start = if has_table { track } else { 0 };
            Disk { bits, start, sectors, heads, track, cluster, behind: if has_table { behind } else { 0 } }
        },
    )
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 16, ..ProptestConfig::default() })]
    #[test]
    fn every_smaller_image_has_the_same_files_and_is_the_same_kind_of_disk(
        disk in any_disk(),
        files in prop::collection::vec((0usize..900_000, any::<bool>(), 0usize..3), 0..14),
    ) {
        let folder = tempfile::tempdir().unwrap();
        let (image, to) = (folder.path().join("disk.img"), folder.path().join("smaller.img"));
        disk.make(&image);
        mtools("mmd", &["-i", &disk.volume(&image), "::A folder", "::DIR", "::DIR/DEEP"]);
        let folders = ["", "A folder/", "DIR/DEEP/"];
        let file = folder.path().join("file");
        let name = |number: usize, place: usize| format!("{}file number {number}.bin", folders[place]);
        for (number, &(len, _, place)) in files.iter().enumerate() {
            fs::write(&file, noise(len)).unwrap();
            disk.copy_in(&image, &file, &name(number, place));
        }
        // Holes, so that what comes later is in pieces.
        for (number, &(_, stays, place)) in files.iter().enumerate() {
            if !stays {
                tool("mtools", "mdel", &["-i", &disk.volume(&image), &format!("::{}", name(number, place))]);
            }
        }
        fs::write(&file, noise(1_000_000)).unwrap();
        disk.copy_in(&image, &file, "last.bin");
        let (hash, before) = (blake3::hash(&fs::read(&image).unwrap()), facts(&image));
        let made = match shrunk(&image, &to) {
            Ok(made) => made,
            Err(JobError::Shrink { why, .. }) => {
                // Without a table a short one with few heads may be a floppy.
                let is_short = matches!(*why, NoCut::OtherDisk) && disk.start == 0;
                prop_assert!(is_short || matches!(*why, NoCut::Nothing { .. }), "{why}");
                return Ok(());
            }
            Err(error) => panic!("{error}"),
        };
        prop_assert_eq!(blake3::hash(&fs::read(&image).unwrap()), hash, "the image stays as it is");
        let bytes = fs::read(&to).unwrap();
        prop_assert_eq!(blake3::hash(&bytes).to_hex().to_string(), made.blake3.clone());
        prop_assert!((bytes.len() as u64) < before.len && made.after.len == bytes.len() as u64);
        prop_assert_eq!(disk.files(&image), disk.files(&to));
        let complaints = disk.complaints(&to);
        prop_assert_eq!(&complaints, &disk.complaints(&image));
        let after = facts(&to);
        prop_assert_eq!((after.kind, &after.contents), (before.kind, &before.contents));
        let tracks = |facts: &ImageFacts| (facts.geometry.heads, facts.geometry.sectors_per_track);
        prop_assert_eq!(tracks(&after), tracks(&before));
        prop_assert_eq!(bytes.len() as u64 % (after.geometry.cylinder_sectors() * 512), 0, "whole cylinders");
        prop_assert!(after.disk_sectors < before.disk_sectors);
        prop_assert_eq!(made.before.ram_needed - made.after.ram_needed, made.ram_saved);
        // Nothing but the numbers that must change did.
        let old = fs::read(&image).unwrap();
        let changed = bytes.iter().zip(&old).filter(|(new, old)| new != old).count();
        prop_assert!(changed <= 40, "{changed} bytes");
        // What is smallest gets no smaller.
        let again = refusal(&to);
        let is_short = disk.start == 0 && again.contains("another kind of disk");
        prop_assert!(is_short || again.contains("it cannot be smaller"), "{again}");
    }
}

#[test]
fn the_file_that_ends_last_is_named_and_entries_behind_it_are_cleared() {
    let (folder, image) = desk(&PLAIN);
    // Bytes behind the entries of all clusters, as some programs leave them, and a bad cluster near the end.
    let tables = 512 * 64;
    let sectors = u64::from(u16::from_le_bytes(read_at(&image, tables + 22 - 512, 2).try_into().unwrap()));
    let clusters = 12_000;
    for table in [tables, tables + sectors * 512] {
        write_at(&image, table + clusters * 2, &[0xF7, 0xFF]);
    }
    let to = folder.path().join("smaller.img");
    let made = shrunk(&image, &to).unwrap();
    assert_eq!((made.limit, made.clusters), ("clusters", Some(4101)));
    let end = read_at(&to, tables, sectors as usize * 512);
    let after = u64::from(u32::from_le_bytes(read_at(&to, 63 * 512 + 32, 4).try_into().unwrap()));
    let short = u64::from(u16::from_le_bytes(read_at(&to, 63 * 512 + 19, 2).try_into().unwrap()));
    assert_eq!((after, short), (0, made.after.volume_sectors), "the short field of a FAT16 says it");
    assert!(end[8200 * 2..].iter().all(|&byte| byte == 0));
    // A file that is larger than that, far behind.
    let file = folder.path().join("file");
    fs::write(&file, noise(9_000_000)).unwrap();
    assert!(PLAIN.copy_in(&image, &file, "GONE.BIN"));
    fs::write(&file, noise(200_000)).unwrap();
    mtools("mmd", &["-i", &PLAIN.volume(&image), "::A folder"]);
    assert!(PLAIN.copy_in(&image, &file, "A folder/the last one.bin"));
    mtools("mdel", &["-i", &PLAIN.volume(&image), "::GONE.BIN"]);
    fs::remove_file(&to).unwrap();
    let made = shrunk(&image, &to).unwrap();
    assert_eq!((made.limit, made.last.as_deref()), ("used", Some("\\A folder\\the last one.bin")));
    assert!((8_000_000..made.free).contains(&made.gaps), "{} of {}", made.gaps, made.free);
    // What the partition says, and its last address.
    let end = made.after.len / 512;
    let entry = read_at(&to, 446, 16);
    assert_eq!(u64::from(u32::from_le_bytes(entry[12..16].try_into().unwrap())), end - 63);
    let cylinder = end / (16 * 63) - 1;
    assert_eq!(entry[5..8], [15, 63 | (cylinder >> 2 & 0xC0) as u8, cylinder as u8]);
}

#[test]
fn a_fat32_says_its_new_length_in_both_boot_sectors_and_counts_its_free_clusters_anew() {
    let folder = tempfile::tempdir().unwrap();
    let (image, to) = (folder.path().join("disk.img"), folder.path().join("smaller.img"));
    File::create(&image).unwrap().set_len(160 << 20).unwrap();
    let made = tool(
        "dosfstools",
        "mkfs.fat",
        &["-F", "32", "-s", "1", "-g", "16/63", "-h", "63", image.to_str().unwrap()],
    );
    assert!(made.status.success(), "{}", printed(&made));
    let disk = Disk { bits: 32, start: 0, ..PLAIN };
    let file = folder.path().join("file");
    fs::write(&file, noise(40 << 20)).unwrap();
    assert!(disk.copy_in(&image, &file, "FILE.BIN"));
    // A number that is behind the end.
    write_at(&image, 512 + 492, &300_000u32.to_le_bytes());
    let made = shrunk(&image, &to).unwrap();
    assert_eq!((made.file_system.as_str(), made.partition, made.limit), ("FAT32", None, "used"));
    assert_eq!(disk.complaints(&to), [""; 0]);
    let total =
        |sector: u64| u64::from(u32::from_le_bytes(read_at(&to, sector * 512 + 32, 4).try_into().unwrap()));
    assert_eq!((total(0), total(6)), (made.after.volume_sectors, made.after.volume_sectors));
    for sector in [1, 7] {
        let free = u32::from_le_bytes(read_at(&to, sector * 512 + 488, 4).try_into().unwrap());
        assert_eq!(u64::from(free) * 512, made.free, "{sector}");
    }
    assert_eq!(read_at(&to, 512 + 492, 4), [0xFF; 4], "where to look for a free one is not known");
    assert_eq!(read_at(&to, 28, 4), 63u32.to_le_bytes(), "the hidden sectors stay");
    assert_eq!(disk.files(&image), disk.files(&to));
}

#[test]
fn what_is_no_closed_and_sound_fat_at_the_end_is_refused_with_its_reason() {
    let (_folder, image) = desk(&PLAIN);
    let whole = fs::read(&image).unwrap();
    let (boot, table) = (63 * 512, 64 * 512);
    let copy = table + usize::from(u16::from_le_bytes([whole[boot + 22], whole[boot + 23]])) * 512;
    let cases: Vec<(&str, Changes)> = vec![
        ("marked as not closed", vec![(table + 3, vec![0x7F]), (copy + 3, vec![0x7F])]),
        ("marked as not closed", vec![(table + 3, vec![0xBF]), (copy + 3, vec![0xBF])]),
        ("marked as not closed", vec![(boot + 0x25, vec![1, 0x29])]),
        ("copies of its file allocation table differ", vec![(copy + 400, vec![0xFF, 0xFF])]),
        (
            "leads to one that is free",
            vec![(table + 8000, vec![0x70, 0x17]), (copy + 8000, vec![0x70, 0x17])],
        ),
        ("leads to one that is free", vec![(table + 20, vec![0xE0, 0xFF]), (copy + 20, vec![0xE0, 0xFF])]),
        ("longer than the partition", vec![(458, (48_321u32 - 1).to_le_bytes().to_vec())]),
        ("ends before its last partition", vec![(458, (48_321u32 + 9).to_le_bytes().to_vec())]),
        ("logical drives", vec![(462 + 4, vec![0x05, 0, 0, 0, 0, 0, 0, 0, 0, 0xC0, 0, 0])]),
        ("shares sectors", vec![(462 + 4, vec![0x06, 0, 0, 0, 1, 0, 0, 0, 70, 0, 0, 0])]),
        ("GUID partition table", vec![(462 + 4, vec![0xEE, 0, 0, 0, 1, 0, 0, 0, 9, 0, 0, 0])]),
    ];
    for (reason, changes) in cases {
        let mut bytes = whole.clone();
        for (at, new) in changes {
            bytes[at..at + new.len()].copy_from_slice(&new);
        }
        fs::write(&image, bytes).unwrap();
        let error = refusal(&image);
        assert!(error.contains(reason), "{reason}: {error}");
    }
    fs::write(&image, &whole).unwrap();
    assert!(shrunk(&image, &image.with_extension("smaller")).is_ok(), "and as it was it is taken");
}

#[test]
fn a_table_that_speaks_of_another_geometry_is_no_reason_to_refuse() {
    let disk = Disk { start: 2048, sectors: 46_336, ..PLAIN };
    let (folder, image) = desk(&disk);
    // Another partition before it, as a disk of 255 heads has it.
    write_at(&image, 462, &[0, 1, 1, 0, 0x83, 32, 32, 0, 63, 0, 0, 0, 0xC1, 7, 0, 0]);
    let disagrees = |path: &Path| {
        facts(path).warnings.iter().filter(|warning| matches!(warning, Warning::Geometries(_))).count()
    };
    assert_eq!(disagrees(&image), 1);
    let to = folder.path().join("smaller.img");
    let made = shrunk(&image, &to).unwrap();
    assert_eq!((made.before.geometry.as_str(), disagrees(&to)), ("48/16/63", 1));
    assert!(made.after.geometry.ends_with("/16/63"), "{}", made.after.geometry);
    assert_eq!(disk.files(&image), disk.files(&to));
}

#[test]
fn what_lies_behind_the_file_system_is_not_cut_off() {
    let disk = Disk { behind: 2016, ..PLAIN };
    let (_folder, image) = desk(&disk);
    let at = u64::from(disk.start + disk.sectors + 2000) * 512 + 7;
    write_at(&image, at, &[1]);
    assert!(refusal(&image).ends_with(&format!("at byte {at:#x}")));
    write_at(&image, at, &[0]);
    assert!(shrunk(&image, &image.with_extension("smaller")).is_ok());
}

#[test]
fn a_system_that_sleeps_is_left_alone_and_one_that_woke_up_is_not() {
    for (start, sleeps) in
        [(&b"hibr"[..], true), (b"HIBR", true), (b"RSTR", true), (b"wake", false), (&[0; 4], false)]
    {
        let (folder, image) = desk(&PLAIN);
        let file = folder.path().join("file");
        fs::write(&file, [start, &vec![0; 50_000]].concat()).unwrap();
        assert!(PLAIN.copy_in(&image, &file, "hiberfil.sys"));
        let made = shrunk(&image, &folder.path().join("smaller.img"));
        let is_refused = made.is_err_and(|error| error.to_string().contains("a system sleeps on it"));
        assert_eq!(is_refused, sleeps, "{start:?}");
    }
}

#[test]
fn what_trimming_would_keep_is_not_cut_either() {
    let (_folder, image) = desk(&PLAIN);
    write_at(&image, 6, b"LILO");
    let told = refusal(&image);
    assert!(told.contains("LILO starts from it"), "{told}");
}

#[test]
fn other_kinds_and_file_systems_are_refused_with_the_program_that_does_it() {
    let folder = tempfile::tempdir().unwrap();
    let image = folder.path().join("disk.img");
    let text = image.to_str().unwrap();
    let fresh = |len: u64| File::create(&image).unwrap().set_len(len).unwrap();
    let help = || {
        let error = shrunk(&image, &folder.path().join("smaller.img")).expect_err("it is refused");
        (error.to_string(), error.help().unwrap_or_default())
    };
    fresh(16 << 20);
    assert!(
        tool("ntfs-3g", "mkntfs", &["-F", "-q", "-p", "63", "-H", "16", "-S", "63", text]).status.success()
    );
    let (error, what) = help();
    assert!(error.contains("is NTFS") && what.contains("ntfsresize"), "{error}: {what}");
    fresh(16 << 20);
    assert!(tool("e2fsprogs", "mkfs.ext2", &["-F", "-q", text]).status.success());
    let (error, what) = help();
    assert!(error.contains("is ext2") && what.contains("resize2fs"), "{error}: {what}");
    fresh(1_474_560);
    mtools("mformat", &["-i", text, "-f", "1440", "::"]);
    assert!(help().0.contains("it is a floppy"));
    fresh(16 << 20);
    assert!(help().0.contains("no file system is found"));
}

#[test]
fn no_file_with_contents_and_no_name_of_the_image_is_written() {
    let (folder, image) = desk(&PLAIN);
    let hash = blake3::hash(&fs::read(&image).unwrap());
    let path = |name: &str| folder.path().join(name);
    fs::hard_link(&image, path("hard")).unwrap();
    std::os::unix::fs::symlink(&image, path("symbolic")).unwrap();
    fs::write(path("other"), "x").unwrap();
    for name in ["disk.img", "hard", "symbolic", "other", ".", "not/there"] {
        let error = shrunk(&image, &path(name)).expect_err(name);
        assert!(!matches!(error, JobError::Shrink { .. }), "{name}: {error}");
    }
    assert_eq!(blake3::hash(&fs::read(&image).unwrap()), hash);
    assert_eq!(fs::read(path("other")).unwrap(), b"x");
    // An empty file is as good as none.
    File::create(path("empty")).unwrap();
    assert!(shrunk(&image, &path("empty")).is_ok());
}

#[test]
fn who_stops_it_leaves_no_file_and_an_empty_one_empty() {
    let (folder, image) = desk(&PLAIN);
    for is_there in [false, true] {
        let to = folder.path().join("smaller.img");
        if is_there {
            File::create(&to).unwrap();
        }
        let stop = AtomicBool::new(false);
        // In the middle of the work.
        let stopping = |_| stop.store(true, std::sync::atomic::Ordering::Relaxed);
        let error = shrunk_while(&image, &to, &stop, &stopping).expect_err("it is stopped");
        assert!(matches!(error, JobError::ShrinkStopped { .. }), "{error}");
        assert_eq!(fs::metadata(&to).map(|meta| meta.len()).ok(), is_there.then_some(0));
    }
}
