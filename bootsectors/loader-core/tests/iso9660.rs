//! The ISO 9660 reader on discs that other programs made, and on discs that no program should make.

mod common;

use std::process::Command;

use common::discs::{BLOCK, DESCRIPTOR, DIRECTORY, FOLDER, ROOT, both_16, both_32, directory, disc, record};
use common::{Image, Lcg, SECTOR};
use ramkey_loader_core::drive::ReadError;
use ramkey_loader_core::file::{FileError, FileReader};
use ramkey_loader_core::iso9660::Iso9660;
use ramkey_loader_core::volume::{FileEntry, FileSystem, Volume, VolumeError};

const NAME: &[u8; 11] = b"RAMKEY     ";

fn content(seed: u8, len: usize) -> Vec<u8> {
    (0..len).map(|at| (at / 3) as u8 ^ seed).collect()
}

fn files(image: &mut Image, window: &mut [u8]) -> Result<Vec<FileEntry>, VolumeError> {
    let mut volume = Iso9660::open(image, 0, window)?;
    let mut folder = volume.find_folder(image, NAME)?;
    let mut found = Vec::new();
    while let Some(file) = volume.next_file(image, &mut folder, b"RKC")? {
        found.push(file);
        assert!(found.len() < 70_000, "the walk does not end");
    }
    Ok(found)
}

fn read(image: &mut Image, file: FileEntry) -> Result<Vec<u8>, FileError> {
    let window = &mut [0; SECTOR][..];
    let mut volume = Iso9660::open(image, 0, window)?;
    let mut reader = FileReader::new(image, &mut volume, file);
    let mut data = vec![0; file.len as usize];
    reader.read_exact(0, &mut data)?;
    Ok(data)
}

/// The names of the capsules on a disc whose folder has one file of each name.
fn names(names: &[&str]) -> Vec<String> {
    let files: Vec<(&str, &[u8])> = names.iter().map(|name| (*name, &b"x"[..])).collect();
    let mut image = Image::new(disc(&files));
    let found = self::files(&mut image, &mut [0; SECTOR]).unwrap();
    found.iter().map(|file| String::from_utf8_lossy(&file.name).into_owned()).collect()
}

fn small() -> Vec<u8> {
    disc(&[("ONE.RKC;1", &content(1, 5000)), ("TWO.RKC;1", &content(2, 3 * BLOCK))])
}

#[test]
fn files_are_found_in_the_order_of_their_records_and_read_whole() {
    let expected =
        [("ONE.RKC;1", content(1, 5000)), ("EMPTY.RKC;1", vec![]), ("TWO.RKC", content(2, 300_001))];
    let list: Vec<(&str, &[u8])> = expected.iter().map(|(name, data)| (*name, &data[..])).collect();
    for (most, window_len) in [(127, SECTOR), (1, SECTOR), (3, 8 << 10), (127, 8 << 10)] {
        let mut image = Image::new(disc(&list));
        image.most = most;
        let found = files(&mut image, &mut vec![0xD1; window_len]).unwrap();
        let told: Vec<_> = found.iter().map(|file| (&file.name, file.len)).collect();
        assert_eq!(told, [(b"ONE     RKC", 5000), (b"EMPTY   RKC", 0), (b"TWO     RKC", 300_001)]);
        let starts: Vec<_> = found.iter().map(|file| file.start).collect();
        assert_eq!(starts, [20, 0, 23], "blocks; an empty file has none");
        for (file, (name, data)) in found.iter().zip(&expected) {
            assert!(read(&mut image, *file).unwrap() == *data, "{name}");
        }
    }
}

#[test]
fn names_are_read_with_and_without_version_and_as_a_fat_has_them() {
    let given = ["A.RKC;1", "B.RKC", "lower.rkc;1", "EIGHT678.RKC;32767", "A_B-1.RKC;2"];
    let padded = ["A       RKC", "B       RKC", "LOWER   RKC", "EIGHT678RKC", "A_B-1   RKC"];
    assert_eq!(names(&given), padded);
    let others = [
        "NINE56789.RKC;1",
        "A.RKCX;1",
        "A.RK;1",
        "A.RKC;",
        "A.RKC;1;2",
        "A.RKC;X",
        "A.B.RKC;1",
        ".RKC;1",
        "RKC;1",
        "A B.RKC;1",
        "\u{e9}.RKC;1",
        "A_NAME_OF_LEVEL_2_THAT_ENDS_IN.RKC;1",
        "A.RKC;00000000000000000001",
    ];
    assert_eq!(names(&others), Vec::<String>::new());
}

#[test]
fn folders_associated_files_and_other_extensions_are_not_listed() {
    let mut bytes = disc(&[("A.RKC;1", b"a"), ("B.RKC;1", b"b"), ("C.TXT;1", b"c"), ("D.RKC;1", b"d")]);
    for (name, flags) in [(&b"A.RKC"[..], DIRECTORY), (b"B.RKC", 4), (b"D.RKC", 1)] {
        let at = bytes.windows(5).position(|window| window == name).unwrap();
        bytes[at - 33 + 25] = flags;
    }
    let found = files(&mut Image::new(bytes), &mut [0; SECTOR]).unwrap();
    assert_eq!(found.len(), 1, "a hidden file is one");
    assert_eq!(&found[0].name, b"D       RKC");
}

#[test]
fn a_folder_of_many_blocks_is_read_once_though_files_are_read_between() {
    let list: Vec<(String, Vec<u8>)> =
        (0..150).map(|number| (format!("F{number:03}.RKC;1"), content(number as u8, 700))).collect();
    let borrowed: Vec<(&str, &[u8])> = list.iter().map(|(name, data)| (&name[..], &data[..])).collect();
    let mut image = Image::new(disc(&borrowed));
    let folder = (FOLDER * 4) as u64..((FOLDER + 4) * 4) as u64;
    let mut window = [0; 8 << 10];
    let mut volume = Iso9660::open(&mut image, 0, &mut window).unwrap();
    let mut walk = volume.find_folder(&mut image, NAME).unwrap();
    let mut count = 0;
    while let Some(file) = volume.next_file(&mut image, &mut walk, b"RKC").unwrap() {
        let mut data = vec![0; file.len as usize];
        FileReader::new(&mut image, &mut volume, file).read_exact(0, &mut data).unwrap();
        assert!(data == list[count].1, "{count}");
        count += 1;
    }
    assert_eq!(count, 150);
    let reads: Vec<_> = image.reads.iter().filter(|(lba, _)| folder.contains(lba)).collect();
    assert!(reads.len() <= 2, "{reads:?}");
    volume.invalidate();
    let mut walk = volume.find_folder(&mut image, NAME).unwrap();
    let before = image.reads.len();
    volume.next_file(&mut image, &mut walk, b"RKC").unwrap();
    assert!(image.reads.len() > before, "it was forgotten");
}

#[test]
fn a_volume_need_not_begin_where_the_medium_does() {
    let mut bytes = vec![0xD1; 3 * SECTOR];
    bytes.extend(small());
    let mut image = Image::new(bytes);
    let mut window = [0; SECTOR];
    let mut volume = Iso9660::open(&mut image, 3, &mut window).unwrap();
    assert_eq!(volume.lba(), 3);
    let mut folder = volume.find_folder(&mut image, NAME).unwrap();
    let file = volume.next_file(&mut image, &mut folder, b"RKC").unwrap().unwrap();
    let mut data = vec![0; 5000];
    FileReader::new(&mut image, &mut volume, file).read_exact(0, &mut data).unwrap();
    assert!(data == content(1, 5000));
}

#[test]
fn every_field_of_the_descriptor_counts() {
    let root = |change: &dyn Fn(&mut Vec<u8>)| {
        let mut bytes = record(b"\0", ROOT, BLOCK, DIRECTORY);
        change(&mut bytes);
        bytes
    };
    let damage: Vec<(usize, Vec<u8>)> = vec![
        (0, vec![2]),
        (1, b"CD002".to_vec()),
        (6, vec![2]),
        (80, both_32(0)),
        (80, both_32(ROOT as u32)),
        (80, [both_32(25)[..4].to_vec(), both_32(26)[4..].to_vec()].concat()),
        (120, both_16(0).to_vec()),
        (120, vec![1, 0, 0, 2]),
        (124, both_16(0).to_vec()),
        (124, both_16(2).to_vec()),
        (124, vec![1, 0, 0, 0]),
        (128, both_16(512).to_vec()),
        (128, vec![0, 8, 0, 8]),
        (156, root(&|record| record[25] = 0)),
        (156, root(&|record| record[25] = 0x82)),
        (156, root(&|record| record[2..10].copy_from_slice(&both_32(16)))),
        (156, root(&|record| record[2..10].copy_from_slice(&both_32(u32::MAX)))),
        (156, root(&|record| record[6] = 1)),
        (156, root(&|record| record[10..18].copy_from_slice(&both_32(0)))),
        (156, root(&|record| record[10..18].copy_from_slice(&both_32(u32::MAX)))),
        (156, root(&|record| record[26] = 1)),
        (156, root(&|record| record[28..32].copy_from_slice(&both_16(2)))),
        (881, vec![2]),
    ];
    assert!(files(&mut Image::new(small()), &mut [0; SECTOR]).is_ok());
    for (at, value) in damage {
        let mut bytes = small();
        let start = DESCRIPTOR * BLOCK + at;
        bytes[start..start + value.len()].copy_from_slice(&value);
        let found = files(&mut Image::new(bytes), &mut [0; SECTOR]);
        assert_eq!(found, Err(VolumeError::NoFileSystem), "byte {at} = {value:02X?}");
    }
    let short = files(&mut Image::new(small()), &mut [0; SECTOR - 1]);
    assert_eq!(short, Err(VolumeError::NoFileSystem), "the window is too small");
}

#[test]
fn a_disc_without_the_folder_is_told_from_one_without_a_file_system() {
    let mut bytes = small();
    let at = bytes.windows(6).position(|window| window == b"RAMKEY").unwrap();
    bytes[at + 5] = b'X';
    assert_eq!(files(&mut Image::new(bytes), &mut [0; SECTOR]), Err(VolumeError::NoFolder));
    let mut bytes = small();
    bytes[at - 33 + 25] = 0;
    assert_eq!(files(&mut Image::new(bytes), &mut [0; SECTOR]), Err(VolumeError::NoFolder), "a file");
}

/// What the walk says when the record of TWO.RKC is changed.
fn with_record(change: impl FnOnce(&mut [u8])) -> Result<Vec<FileEntry>, VolumeError> {
    let mut bytes = small();
    let at = bytes.windows(3).position(|window| window == b"TWO").unwrap() - 33;
    change(&mut bytes[at..]);
    files(&mut Image::new(bytes), &mut [0; SECTOR])
}

#[test]
fn a_record_that_cannot_be_is_refused_with_its_block() {
    let in_folder = Err(VolumeError::BrokenBlock { block: FOLDER as u32 });
    assert_eq!(with_record(|record| record[0] = 33), in_folder, "no name");
    assert_eq!(with_record(|record| record[0] = 1), in_folder);
    assert_eq!(with_record(|record| record[32] = 40), in_folder, "the name leaves the record");
    let of = |block| Err(VolumeError::BrokenBlock { block });
    let block = (FOLDER + 1 + 3) as u32;
    assert_eq!(with_record(|record| record[25] = 0x80), of(block), "more extents");
    assert_eq!(with_record(|record| record[26] = 1), of(block), "interleaved");
    assert_eq!(with_record(|record| record[27] = 1), of(block), "interleaved");
    assert_eq!(with_record(|record| record[29] = 1), of(block), "on another disc of a set");
    assert_eq!(with_record(|record| record[9] ^= 1), of(block), "two places");
    assert_eq!(with_record(|record| record[17] ^= 1), of(block), "two lengths");
    for (place, len) in [(block + 1, 3 * BLOCK), (block, 3 * BLOCK + 1), (u32::MAX, 1), (16, 1), (0, 1)] {
        let found = with_record(|record| {
            record[2..10].copy_from_slice(&both_32(place));
            record[10..18].copy_from_slice(&both_32(len as u32));
        });
        assert_eq!(found, of(place), "{len} bytes");
    }
    let last = with_record(|record| record[10..18].copy_from_slice(&both_32(1)));
    assert_eq!(last.map(|files| files[1].len), Ok(1));
    let behind = with_record(|record| {
        record[1] = 1;
        record[10..18].copy_from_slice(&both_32(2 * BLOCK as u32));
    });
    assert_eq!(behind.map(|files| files[1].start), Ok(block + 1), "behind its attributes");
}

#[test]
fn a_record_across_the_end_of_a_block_is_refused() {
    let mut bytes = disc(&[]);
    let mut records = vec![record(b"\0", FOLDER, 2 * BLOCK, DIRECTORY)];
    records.extend((0..45).map(|_| record(b"FILLS.TXT;1", 0, 0, 0)));
    let mut folder: Vec<u8> = records.concat();
    assert!(folder.len() < BLOCK);
    folder.extend(record(b"CROSSES.RKC;1", 0, 0, 0));
    assert!(folder.len() > BLOCK);
    folder.resize(2 * BLOCK, 0);
    bytes.truncate(FOLDER * BLOCK);
    bytes.extend(folder);
    bytes[DESCRIPTOR * BLOCK + 80..][..8].copy_from_slice(&both_32(FOLDER as u32 + 2));
    let root = directory(&[record(b"RAMKEY", FOLDER, 2 * BLOCK, DIRECTORY)]);
    bytes[ROOT * BLOCK..][..BLOCK].copy_from_slice(&root);
    let broken = Err(VolumeError::BrokenBlock { block: FOLDER as u32 });
    assert_eq!(files(&mut Image::new(bytes), &mut [0; SECTOR]), broken);
}

#[test]
fn the_longest_folder_ends_after_bounded_work_and_a_longer_one_is_refused() {
    const LEN: usize = 2 << 20;
    for (len, expected) in
        [(LEN, Ok(vec![])), (LEN + 1, Err(VolumeError::BrokenBlock { block: FOLDER as u32 }))]
    {
        let mut bytes = disc(&[]);
        bytes.resize((FOLDER * BLOCK + len).next_multiple_of(BLOCK), 0);
        let blocks = (bytes.len() / BLOCK) as u32;
        bytes[DESCRIPTOR * BLOCK + 80..][..8].copy_from_slice(&both_32(blocks));
        let root = directory(&[record(b"RAMKEY", FOLDER, len, DIRECTORY)]);
        bytes[ROOT * BLOCK..][..BLOCK].copy_from_slice(&root);
        let mut image = Image::new(bytes);
        assert_eq!(files(&mut image, &mut [0; SECTOR]), expected);
        assert!(image.reads.len() < LEN / SECTOR, "{} reads", image.reads.len());
    }
}

#[test]
fn a_file_that_was_never_checked_stays_inside_the_volume() {
    let mut image = Image::new(small());
    for (start, len) in [(FOLDER as u32 + 4, 3 * BLOCK as u32 + 1), (u32::MAX, u32::MAX), (3, 5)] {
        let found = read(&mut image, FileEntry { name: *b"TWO     RKC", start, len: len.min(100_000) });
        assert_eq!(found, Err(FileError::Volume(VolumeError::BrokenBlock { block: start })), "{len}");
    }
}

#[test]
fn damage_by_chance_ends_in_files_or_an_error() {
    let whole = small();
    let mut random = Lcg(7);
    for (from, len) in [(DESCRIPTOR, 200), (ROOT, 120), (FOLDER, 200), (DESCRIPTOR, 4 * BLOCK as u32)] {
        for _ in 0..1500 {
            let mut image = Image::new(whole.clone());
            for _ in 0..1 + random.below(8) {
                let at = from * BLOCK + random.below(len) as usize;
                // What is in both byte orders would never agree.
                let value = random.next() as u8;
                image.bytes[at] = value;
                if random.below(2) == 0 {
                    image.bytes[at + 3] = value;
                }
            }
            for file in files(&mut image, &mut [0; 1024]).unwrap_or_default() {
                if let Ok(data) = read(&mut image, file) {
                    assert_eq!(data.len(), file.len as usize);
                }
            }
            assert!(image.reads.len() < 20_000, "{} reads", image.reads.len());
        }
    }
}

#[test]
fn a_read_error_names_its_sector_wherever_it_is() {
    let mut good = Image::new(small());
    let window = &mut [0; SECTOR][..];
    let file = files(&mut good, window).unwrap()[0];
    let mut failed = 0;
    for bad in (DESCRIPTOR * 4) as u64..(FOLDER as u64 + 5) * 4 {
        let mut image = Image::new(small());
        image.most = 1;
        image.fails = Some(bad);
        let error = VolumeError::Read(ReadError { status: 0x10, lba: bad });
        let result =
            files(&mut image, window).map_err(FileError::Volume).and_then(|_| read(&mut image, file));
        match result {
            Ok(data) => assert!(data == content(1, 5000)),
            Err(found) => {
                failed += 1;
                assert_eq!(found, FileError::Volume(error));
            }
        }
    }
    // Two sectors of the descriptor, one of each directory, as the rest of its block is not used, ten of the file.
    assert_eq!(failed, 2 + 1 + 1 + 10);
}

#[test]
fn discs_of_other_programs_are_read() {
    let folder = std::env::temp_dir().join(format!("ramkey-loader-core-iso-{}", std::process::id()));
    std::fs::create_dir_all(folder.join("tree/RAMKEY")).unwrap();
    std::fs::create_dir_all(folder.join("tree/a folder of another kind")).unwrap();
    let list =
        [("ONE.RKC", content(1, 5000)), ("TWO.RKC", content(2, 300_001)), ("README.TXT", content(3, 9))];
    for (name, data) in &list {
        std::fs::write(folder.join("tree/RAMKEY").join(name), data).unwrap();
    }
    for number in 0..90 {
        std::fs::write(folder.join(format!("tree/a long name in the root directory {number}")), b"x")
            .unwrap();
    }
    let mut made = 0;
    for arguments in [
        &["xorriso", "-as", "mkisofs", "-quiet"][..],
        &["xorriso", "-as", "mkisofs", "-quiet", "-J", "-R", "-iso-level", "1"],
        &["xorriso", "-as", "mkisofs", "-quiet", "-R", "-iso-level", "4", "-N"],
        &["genisoimage", "-quiet"],
        &["genisoimage", "-quiet", "-J", "-R", "-N"],
    ] {
        let (tool, rest) = arguments.split_first().unwrap();
        if Command::new(tool).arg("--version").output().is_err() {
            assert!(std::env::var_os("CI").is_none(), "install xorriso and genisoimage");
            eprintln!("skipped: {tool} is not installed");
            continue;
        }
        let output = Command::new(tool)
            .args(rest)
            .args(["-o", "disc.iso", "tree"])
            .current_dir(&folder)
            .output()
            .unwrap();
        assert!(output.status.success(), "{arguments:?}: {}", String::from_utf8_lossy(&output.stderr));
        let mut image = Image::new(std::fs::read(folder.join("disc.iso")).unwrap());
        let found =
            files(&mut image, &mut [0; 8 << 10]).unwrap_or_else(|error| panic!("{arguments:?}: {error:?}"));
        assert_eq!(found.len(), 2, "{arguments:?}");
        for (file, (name, data)) in found.iter().zip(&list) {
            assert!(read(&mut image, *file).unwrap() == *data, "{arguments:?}: {name}");
        }
        made += 1;
    }
    assert!(made == 5 || std::env::var_os("CI").is_none());
    std::fs::remove_dir_all(&folder).unwrap();
}
