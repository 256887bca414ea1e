//! The FAT reader on volumes that other programs made, and on volumes that no program should make.

mod common;

use std::io::{Cursor as Bytes, Read, Write};

use common::{Image, SECTOR};
use ramkey_loader_core::drive::ReadError;
use ramkey_loader_core::fat::{FatVolume, Width};
use ramkey_loader_core::file::{FileError, FileReader};
use ramkey_loader_core::volume::{FileEntry, Volume, VolumeError};

const FOLDER: &[u8; 11] = b"RAMKEY     ";
/// The volume does not begin at sector 0, as on a stick with a partition.
const LBA: u64 = 63;

struct Kind {
    fat: fatfs::FatType,
    width: Width,
    sectors: u32,
    cluster_len: u32,
}

const KINDS: [Kind; 5] = [
    Kind { fat: fatfs::FatType::Fat12, width: Width::Fat12, sectors: 2880, cluster_len: 512 },
    Kind { fat: fatfs::FatType::Fat12, width: Width::Fat12, sectors: 32_000, cluster_len: 4096 },
    Kind { fat: fatfs::FatType::Fat16, width: Width::Fat16, sectors: 10_000, cluster_len: 1024 },
    Kind { fat: fatfs::FatType::Fat16, width: Width::Fat16, sectors: 40_000, cluster_len: 4096 },
    Kind { fat: fatfs::FatType::Fat32, width: Width::Fat32, sectors: 70_000, cluster_len: 512 },
];

type Disk<'d> = fatfs::FileSystem<&'d mut Bytes<Vec<u8>>>;

fn make(kind: &Kind, fill: impl FnOnce(&Disk<'_>)) -> Image {
    let mut bytes = Bytes::new(vec![0; kind.sectors as usize * SECTOR]);
    let options = fatfs::FormatVolumeOptions::new()
        .fat_type(kind.fat)
        .bytes_per_cluster(kind.cluster_len)
        .volume_label(*b"RAMKEY     ");
    fatfs::format_volume(&mut bytes, options).unwrap();
    let disk = fatfs::FileSystem::new(&mut bytes, fatfs::FsOptions::new()).unwrap();
    fill(&disk);
    disk.unmount().unwrap();
    let mut image = vec![0xD1; LBA as usize * SECTOR];
    image.extend(bytes.into_inner());
    Image::new(image)
}

/// Bytes that say where they are, different for each `seed`.
fn content(seed: u32, len: usize) -> Vec<u8> {
    (0..len as u32 / 4).flat_map(|word| (word ^ seed << 24).to_le_bytes()).chain(vec![9; len % 4]).collect()
}

/// Writes the files by turns, a cluster of each, so that none is in one piece.
fn write_by_turns(disk: &Disk<'_>, files: &[(&str, Vec<u8>)], cluster_len: usize) {
    let folder = disk.root_dir().create_dir("RAMKEY").unwrap();
    let mut open: Vec<_> =
        files.iter().map(|(name, data)| (folder.create_file(name).unwrap(), &data[..])).collect();
    while open.iter().any(|(_, rest)| !rest.is_empty()) {
        for (file, rest) in &mut open {
            let (head, tail) = rest.split_at(rest.len().min(cluster_len));
            file.write_all(head).unwrap();
            *rest = tail;
        }
    }
}

fn files(image: &mut Image, window: &mut [u8]) -> Result<Vec<FileEntry>, VolumeError> {
    let mut volume = FatVolume::open(image, LBA, window)?;
    let mut folder = volume.find_folder(image, FOLDER)?;
    let mut found = Vec::new();
    while let Some(file) = volume.next_file(image, &mut folder, b"RKC")? {
        found.push(file);
        assert!(found.len() < 10_000, "the walk does not end");
    }
    Ok(found)
}

fn read(image: &mut Image, window: &mut [u8], file: FileEntry) -> Result<Vec<u8>, FileError> {
    let mut volume = FatVolume::open(image, LBA, window)?;
    let mut reader = FileReader::new(image, &mut volume, file);
    let mut data = vec![0; file.len as usize];
    reader.read_exact(0, &mut data)?;
    Ok(data)
}

/// Byte of the image where the volume's table begins, and bytes in it.
fn table(image: &Image) -> (usize, usize) {
    let bpb = &image.bytes[LBA as usize * SECTOR..];
    let word = |at: usize| usize::from(u16::from_le_bytes([bpb[at], bpb[at + 1]]));
    let sectors = if word(22) != 0 { word(22) } else { word(36) };
    ((LBA as usize + word(14)) * SECTOR, sectors * SECTOR)
}

fn set_entry(image: &mut Image, width: Width, cluster: u32, value: u32) {
    let (start, _) = table(image);
    let table = &mut image.bytes[start..];
    let cluster = cluster as usize;
    match width {
        Width::Fat12 => {
            let at = cluster + cluster / 2;
            let old = u16::from_le_bytes([table[at], table[at + 1]]);
            let value = value as u16 & 0xFFF;
            let new = if cluster.is_multiple_of(2) { old & 0xF000 | value } else { old & 0xF | value << 4 };
            table[at..at + 2].copy_from_slice(&new.to_le_bytes());
        }
        Width::Fat16 => table[2 * cluster..2 * cluster + 2].copy_from_slice(&(value as u16).to_le_bytes()),
        Width::Fat32 => table[4 * cluster..4 * cluster + 4].copy_from_slice(&value.to_le_bytes()),
    }
}

#[test]
fn files_are_found_and_read_on_every_kind_of_volume_whole_or_in_pieces() {
    for kind in &KINDS {
        let cluster = kind.cluster_len as usize;
        let len = (cluster * 300 + 77).min(400_000);
        for turns in [cluster, usize::MAX] {
            let expected = [
                ("ONE.RKC", content(1, len)),
                ("TWO.RKC", content(2, len - 1000)),
                ("EMPTY.RKC", vec![]),
                ("NOTES.TXT", content(3, 5000)),
            ];
            let mut image = make(kind, |disk| write_by_turns(disk, &expected, turns));
            for window_len in [512, 1536, 16 << 10] {
                let window = &mut vec![0xD1; window_len][..];
                let volume = FatVolume::open(&mut image, LBA, window).unwrap();
                assert_eq!(
                    (volume.width(), volume.cluster_sectors() as usize),
                    (kind.width, cluster / SECTOR)
                );
                let found = files(&mut image, window).unwrap();
                let names: Vec<_> = found.iter().map(|file| &file.name).collect();
                assert_eq!(names, [b"ONE     RKC", b"TWO     RKC", b"EMPTY   RKC"]);
                for (file, (_, data)) in found.into_iter().zip(&expected) {
                    assert!(read(&mut image, window, file).unwrap() == *data, "{:?}", file.name);
                }
            }
        }
    }
}

#[test]
fn a_file_in_one_piece_is_read_in_full_transfers_across_clusters() {
    let kind = &KINDS[2];
    let data = content(1, 127 * SECTOR * 6 + 3 * SECTOR + 5);
    let mut image = make(kind, |disk| write_by_turns(disk, &[("ONE.RKC", data.clone())], usize::MAX));
    let window = &mut [0; 16 << 10][..];
    let file = files(&mut image, window).unwrap()[0];
    let mut volume = FatVolume::open(&mut image, LBA, window).unwrap();
    image.reads.clear();
    let mut reader = FileReader::new(&mut image, &mut volume, file);
    let start = reader.lba_of(0).unwrap();
    let mut offset = 0;
    while offset < data.len() {
        offset += reader.piece(offset as u64, usize::MAX).unwrap().len();
    }
    let of_file: Vec<_> = image.reads.iter().filter(|(lba, _)| *lba >= start).copied().collect();
    let full = (0..6).map(|n| (start + n * 127, 127));
    assert_eq!(of_file, full.chain([(start + 762, 4)]).collect::<Vec<_>>());

    // A drive that gives less than what is asked for is never asked for less than it gives.
    let mut volume = FatVolume::open(&mut image, LBA, window).unwrap();
    image.most = 63;
    image.reads.clear();
    let mut reader = FileReader::new(&mut image, &mut volume, file);
    let mut offset = 0;
    while offset < data.len() {
        offset += reader.piece(offset as u64, usize::MAX).unwrap().len();
    }
    let of_file: Vec<_> = image.reads.iter().filter(|(lba, _)| *lba >= start).copied().collect();
    let given: Vec<_> = of_file.iter().map(|&(lba, asked)| (lba, asked.min(63))).collect();
    let full = (0..12).map(|n| (start + n * 63, 63));
    assert_eq!(given, full.chain([(start + 756, 10)]).collect::<Vec<_>>());
}

#[test]
fn only_the_table_is_read_as_the_table_and_28_bits_of_fat32_count() {
    for kind in &KINDS {
        let data = content(1, 200_000);
        let mut image = make(kind, |disk| write_by_turns(disk, &[("ONE.RKC", data.clone())], usize::MAX));
        let window = &mut [0; 16 << 10][..];
        let file = files(&mut image, window).unwrap()[0];
        let (start, len) = table(&image);
        if kind.width == Width::Fat32 {
            image.bytes[start..start + len].chunks_exact_mut(4).for_each(|entry| entry[3] |= 0xA0);
        }
        image.reads.clear();
        assert!(read(&mut image, window, file).unwrap() == data);
        let table = (start / SECTOR) as u64..((start + len) / SECTOR) as u64;
        let of_table: Vec<_> = image.reads.iter().filter(|(lba, _)| table.contains(lba)).collect();
        assert!(!of_table.is_empty());
        assert!(of_table.iter().all(|(lba, max)| lba + u64::from(*max) <= table.end), "{of_table:?}");
    }
}

#[test]
fn long_names_deleted_files_folders_and_labels_are_passed_over() {
    for kind in &KINDS {
        let mut image = make(kind, |disk| {
            let root = disk.root_dir();
            root.create_file("RAMKEY.RKC").unwrap();
            root.create_file("a long name in the root directory.rkc").unwrap();
            let folder = root.create_dir("RAMKEY").unwrap();
            folder.create_dir("FOLDER.RKC").unwrap();
            folder.create_file("GONE.RKC").unwrap().write_all(b"gone").unwrap();
            folder
                .create_file("Windows writes long names like this.rkc")
                .unwrap()
                .write_all(b"long")
                .unwrap();
            for number in 0..60 {
                folder.create_file(&format!("a file that is not ours {number}.txt")).unwrap();
            }
            folder.create_file("LAST.RKC").unwrap().write_all(b"last").unwrap();
            folder.remove("GONE.RKC").unwrap();
        });
        let found = files(&mut image, &mut [0; 512]).unwrap();
        let names: Vec<_> = found.iter().map(|file| (&file.name[8..], file.len, file.name[0])).collect();
        assert_eq!(names, [(&b"RKC"[..], 4, b'W'), (&b"RKC"[..], 4, b'L')]);
    }
}

#[test]
fn a_missing_folder_and_a_missing_file_system_are_told_apart() {
    for kind in &KINDS {
        let mut image = make(kind, |disk| drop(disk.root_dir().create_file("RAMKEY").unwrap()));
        assert_eq!(files(&mut image, &mut [0; 512]), Err(VolumeError::NoFolder), "a file is no folder");
    }
    let damage: [(usize, u8); 7] = [(511, 0), (11, 1), (13, 3), (13, 0), (14, 0), (16, 0), (22, 0)];
    for (at, value) in damage {
        let mut image = make(&KINDS[0], |_| ());
        let bpb = LBA as usize * SECTOR;
        image.bytes[bpb + at] = value;
        assert_eq!(files(&mut image, &mut [0; 512]), Err(VolumeError::NoFileSystem), "byte {at} = {value}");
    }
}

#[test]
fn damage_by_chance_ends_in_files_or_an_error() {
    let whole = make_small();
    let mut random = common::Lcg(7);
    for (from, len) in [(0, 64), (512, 512), (0, 30 * 512)] {
        for _ in 0..1000 {
            let mut image = Image::new(whole.bytes.clone());
            for _ in 0..1 + random.below(8) {
                image.bytes[LBA as usize * SECTOR + from + random.below(len) as usize] = random.next() as u8;
            }
            let window = &mut [0; 1024][..];
            for file in files(&mut image, window).unwrap_or_default() {
                let file = FileEntry { len: file.len.min(100_000), ..file };
                if let Ok(data) = read(&mut image, window, file) {
                    assert_eq!(data.len(), file.len as usize);
                }
            }
            assert!(image.reads.len() < 20_000, "{} reads", image.reads.len());
        }
    }
}

fn make_small() -> Image {
    let kind = Kind { fat: fatfs::FatType::Fat12, width: Width::Fat12, sectors: 100, cluster_len: 512 };
    make(&kind, |disk| write_by_turns(disk, &[("ONE.RKC", content(1, 5000))], usize::MAX))
}

#[test]
fn damaged_chains_end_with_the_cluster_at_fault() {
    for kind in &KINDS {
        let len = kind.cluster_len as usize * 10;
        let whole = make(kind, |disk| write_by_turns(disk, &[("ONE.RKC", content(1, len))], usize::MAX));
        let mut image = Image::new(whole.bytes.clone());
        let window = &mut [0; 512][..];
        let file = files(&mut image, window).unwrap()[0];
        let first = file.start;
        let mask = if kind.width == Width::Fat12 { 0xFFF } else { 0x0FFF_FFFF };
        let broken = |cluster| Err(FileError::Volume(VolumeError::Broken { cluster }));
        // Free, reserved, bad, far outside; each stops at the cluster that says so.
        for value in [0, 1, 0x0FFF_FFF7 & mask, 0x0FFF_FFEF & mask] {
            let mut image = Image::new(whole.bytes.clone());
            set_entry(&mut image, kind.width, first + 4, value);
            assert_eq!(read(&mut image, window, file), broken(first + 4), "{value:#x}");
        }
        // The chain ends early: named by its first cluster.
        let mut image = Image::new(whole.bytes.clone());
        set_entry(&mut image, kind.width, first + 4, mask);
        assert_eq!(read(&mut image, window, file), broken(first));
        // A circle, in a file that claims to be far longer than it.
        set_entry(&mut image, kind.width, first + 4, first + 2);
        let long = FileEntry { len: kind.cluster_len * 1000, ..file };
        let Err(FileError::Volume(VolumeError::Broken { cluster })) = read(&mut image, window, long) else {
            panic!("the circle was not noticed");
        };
        assert!((first + 2..=first + 4).contains(&cluster), "{cluster} is not in the circle");
        // A first cluster outside the volume.
        for cluster in [0, 1, 0x0FFF_FFFF] {
            assert_eq!(read(&mut image, window, FileEntry { start: cluster, ..file }), broken(cluster));
        }
    }
}

#[test]
fn a_folder_that_runs_in_a_circle_ends() {
    for kind in &KINDS {
        let mut image = make(kind, |disk| {
            let folder = disk.root_dir().create_dir("RAMKEY").unwrap();
            // Fill the first cluster of the folder, so that its end is not met.
            for number in 0..kind.cluster_len / 32 {
                folder.create_file(&format!("F{number}.TXT")).unwrap();
            }
        });
        let window = &mut [0; 512][..];
        assert_eq!(files(&mut image, window), Ok(vec![]));
        let cluster = if kind.width == Width::Fat32 { 3 } else { 2 };
        set_entry(&mut image, kind.width, cluster, cluster);
        assert_eq!(files(&mut image, window), Err(VolumeError::Broken { cluster }));
    }
}

#[test]
fn a_fat12_entry_across_two_sectors_of_the_table_is_read_whole() {
    // Cluster 341 has its entry at byte 511.
    let data = content(5, 512 * 1200);
    let mut image = make(&KINDS[0], |disk| write_by_turns(disk, &[("ONE.RKC", data.clone())], usize::MAX));
    let window = &mut [0; 512][..];
    let file = files(&mut image, window).unwrap()[0];
    assert!(file.start < 341);
    assert!(read(&mut image, window, file).unwrap() == data);
    // Send 341 somewhere else: its sector must then come from there.
    set_entry(&mut image, Width::Fat12, 341, 1000);
    let mut volume = FatVolume::open(&mut image, LBA, window).unwrap();
    let mut cursor = volume.cursor(&FileEntry { name: [b' '; 11], start: 341, len: 1024 });
    let (from, _) = volume.run(&mut image, &mut cursor, 0, 1).unwrap().unwrap();
    let (to, _) = volume.run(&mut image, &mut cursor, 1, 1).unwrap().unwrap();
    assert_eq!(to - from, 1000 - 341);
}

#[test]
fn going_back_and_jumping_ahead_give_the_same_sectors_as_walking() {
    let kind = &KINDS[2];
    let expected = [("ONE.RKC", content(1, 90_001)), ("TWO.RKC", content(2, 90_001))];
    let mut image = make(kind, |disk| write_by_turns(disk, &expected, 1024));
    let window = &mut [0; 512][..];
    let file = files(&mut image, window).unwrap()[1];
    let mut volume = FatVolume::open(&mut image, LBA, window).unwrap();
    let mut reader = FileReader::new(&mut image, &mut volume, file);
    let mut random = common::Lcg(11);
    for _ in 0..2000 {
        let start = random.below(90_001) as usize;
        let len = (random.below(5000) as usize).min(90_001 - start);
        let mut out = vec![0; len];
        reader.read_exact(start as u64, &mut out).unwrap();
        assert!(out == expected[1].1[start..start + len], "{start}..{}", start + len);
    }
    let mut one = [0];
    reader.read_exact(90_000, &mut one).unwrap();
    assert_eq!(reader.read_exact(90_001, &mut one), Err(FileError::PastEnd));
    assert_eq!(reader.read_exact(90_000, &mut [0; 2]), Err(FileError::PastEnd));
}

#[test]
fn a_read_error_names_its_sector_wherever_it_is() {
    let whole = make_small();
    let mut good = Image::new(whole.bytes.clone());
    let window = &mut [0; 512][..];
    let file = files(&mut good, window).unwrap()[0];
    for bad in LBA..LBA + 30 {
        let mut image = Image::new(whole.bytes.clone());
        image.most = 1;
        image.fails = Some(bad);
        let error = VolumeError::Read(ReadError { status: 0x10, lba: bad });
        match files(&mut image, window) {
            Ok(_) => match read(&mut image, window, file) {
                Ok(data) => assert!(data == content(1, 5000)),
                Err(found) => assert_eq!(found, FileError::Volume(error)),
            },
            Err(found) => assert_eq!(found, error),
        }
    }
}

#[test]
fn fat32_reads_the_table_that_is_active() {
    let kind = &KINDS[4];
    let data = content(1, 50_000);
    let mut image = make(kind, |disk| write_by_turns(disk, &[("ONE.RKC", data.clone())], usize::MAX));
    let window = &mut [0; 512][..];
    let file = files(&mut image, window).unwrap()[0];
    let (start, len) = table(&image);
    image.bytes[start + 12..start + len].fill(0);
    assert!(read(&mut image, window, file).is_err(), "table 0 is gone");
    image.bytes[LBA as usize * SECTOR + 40] = 0x81;
    assert!(read(&mut image, window, file).unwrap() == data);
}

#[test]
fn volumes_of_dosfstools_filled_by_mtools_are_read() {
    let tools = ["mkfs.fat", "mmd", "mcopy", "mdel"];
    let found = |tool: &&str| std::process::Command::new(tool).arg("--help").output().is_ok();
    if !tools.iter().all(found) {
        assert!(std::env::var_os("CI").is_none(), "install dosfstools and mtools");
        eprintln!("skipped: dosfstools and mtools are not installed");
        return;
    }
    let folder = std::env::temp_dir().join(format!("ramkey-loader-core-{}", std::process::id()));
    std::fs::create_dir_all(&folder).unwrap();
    let run = |tool: &str, arguments: &[&str]| {
        let mut command = std::process::Command::new(tool);
        let output =
            command.args(arguments).current_dir(&folder).env("MTOOLS_SKIP_CHECK", "1").output().unwrap();
        assert!(output.status.success(), "{tool}: {}", String::from_utf8_lossy(&output.stderr));
    };
    std::fs::write(folder.join("filler"), vec![1; 40_000]).unwrap();
    std::fs::write(folder.join("image"), content(6, 300_003)).unwrap();
    for (bits, kib) in [("12", "1440"), ("16", "20000"), ("32", "40000")] {
        let _ = std::fs::remove_file(folder.join("v.img"));
        run("mkfs.fat", &["-C", "-F", bits, "v.img", kib]);
        run("mmd", &["-i", "v.img", "::RAMKEY"]);
        for name in ["A", "B", "C", "D"] {
            run("mcopy", &["-i", "v.img", "filler", &format!("::RAMKEY/{name}.TXT")]);
        }
        // Holes of 40 kB, so that the image is in pieces.
        run("mdel", &["-i", "v.img", "::RAMKEY/A.TXT", "::RAMKEY/C.TXT"]);
        run("mcopy", &["-i", "v.img", "image", "::RAMKEY/A Long Name Of An Image.rkc"]);
        let mut image = Image::new(vec![0xD1; LBA as usize * SECTOR]);
        std::fs::File::open(folder.join("v.img")).unwrap().read_to_end(&mut image.bytes).unwrap();
        let window = &mut [0; 16 << 10][..];
        let found = files(&mut image, window).unwrap();
        assert_eq!(found.len(), 1, "FAT{bits}");
        assert!(read(&mut image, window, found[0]).unwrap() == content(6, 300_003), "FAT{bits}");
    }
    std::fs::remove_dir_all(&folder).unwrap();
}

#[test]
fn a_file_in_pieces_is_read_backwards_with_bounded_work() {
    const CHUNK: usize = 16 << 10;
    let kind = &KINDS[4];
    let data = content(1, 500 * CHUNK);
    let mut image = make(kind, |disk| {
        let files = [("A.RKC", data.clone()), ("B.RKC", content(2, data.len()))];
        write_by_turns(disk, &files, kind.cluster_len as usize);
    });
    let (start, len) = table(&image);
    let table = (start / SECTOR) as u64..((start + len) / SECTOR) as u64;
    let mut window = [0; SECTOR];
    let file = files(&mut image, &mut window).unwrap()[0];
    let mut volume = FatVolume::open(&mut image, LBA, &mut window).unwrap();
    let mut reader = FileReader::new(&mut image, &mut volume, file);
    for (index, chunk) in data.chunks(CHUNK).enumerate().rev() {
        let mut read = vec![0xD1; CHUNK];
        reader.read_exact((index * CHUNK) as u64, &mut read).unwrap();
        assert!(read == chunk, "chunk {index}");
    }
    // 32000 entries lie in 250 sectors of the table: from the start each time it would be 125 for a chunk.
    let of_table = image.reads.iter().filter(|(lba, _)| table.contains(lba)).count();
    assert!(of_table < 500 * 8, "{of_table} sectors of the table");
}

#[test]
fn single_sectors_are_read_with_few_looks_at_the_table() {
    // In one piece, and so long that its marks are farther apart than the window is long.
    let kind = &KINDS[4];
    let data = content(1, 50_000 * SECTOR);
    let mut image = make(kind, |disk| write_by_turns(disk, &[("A.RKC", data.clone())], usize::MAX));
    let (start, len) = table(&image);
    let table = (start / SECTOR) as u64..((start + len) / SECTOR) as u64;
    let mut window = [0; SECTOR];
    let file = files(&mut image, &mut window).unwrap()[0];
    image.most = 1;
    image.reads.clear();
    assert!(read(&mut image, &mut window, file).unwrap() == data);
    let of_table = image.reads.iter().filter(|(lba, _)| table.contains(lba)).count();
    // 50000 entries lie in 391 sectors.
    assert!(of_table < 391 * 8, "{of_table} sectors of the table");
    assert!(image.reads.len() - of_table <= 50_000 + 1, "no sector twice");
}
