//! Images that claim much or lead in circles: each is met with an answer, in little time and little memory.

use crate::frames::{discs, hive, windows_image};
use std::path::Path;

use crate::frames::limits::{in_time, ramkey};
use crate::frames::sticks::{Image, printed};
use crate::frames::windows_image::{System, Xp};
use ramkey::contents::windows::hive::{Hive, HiveError};
use ramkey::contents::windows::{Answer, Family, Windows, look};
use ramkey::contents::{FileUse, KindChoice, Question, iso, look as look_at, probe};

fn windows(bytes: Vec<u8>) -> Option<Windows> {
    let image = Image(bytes);
    let facts = probe(Path::new("xp.img"), &image, KindChoice::Auto, None).unwrap();
    in_time("looking for Windows", || look(&image, &facts))
}

/// A hive of `len` bytes whose `ControlSet001\Services` names one key of a long name as often as there is room for.
fn repeating_hive(len: usize) -> Vec<u8> {
    let mut root = hive::Key::new("$$$PROTO.HIV");
    root.at("Select").number("Current", 1).number("Default", 1);
    root.at("ControlSet001\\Services\\Repeated").number("Start", 0);
    let mut bytes = hive::hive(&root, hive::XP);
    let name = vec![b'x'; 60_000];
    let key = cell(&mut bytes, &[&key_record(name.len() as u16)[..], &name].concat());
    let count = ((len - bytes.len()) / 4 - 100).min((len - 4096) / 80);
    let mut leaves = Vec::new();
    for part in (0..count).step_by(60_000) {
        let entries = (count - part).min(60_000);
        let list = [&b"li"[..], &(entries as u16).to_le_bytes(), &key.to_le_bytes().repeat(entries)].concat();
        leaves.push(cell(&mut bytes, &list));
    }
    let lists = leaves.iter().flat_map(|leaf| leaf.to_le_bytes()).collect::<Vec<u8>>();
    let top = [&b"ri"[..], &(leaves.len() as u16).to_le_bytes(), &lists].concat();
    let top = cell(&mut bytes, &top);
    let services = bytes.windows(8).position(|window| window == b"Services").unwrap() - 76;
    bytes[services + 20..services + 24].copy_from_slice(&(count as u32).to_le_bytes());
    bytes[services + 28..services + 32].copy_from_slice(&top.to_le_bytes());
    bytes.resize(len, 0);
    bytes
}

/// A key's record without its name.
fn key_record(name_len: u16) -> [u8; 76] {
    let mut record = [0; 76];
    record[..4].copy_from_slice(b"nk\x20\0");
    record[28..32].fill(0xFF);
    record[40..44].fill(0xFF);
    record[72..74].copy_from_slice(&name_len.to_le_bytes());
    record
}

/// Puts a cell at the end of a hive; its offset.
fn cell(hive: &mut Vec<u8>, contents: &[u8]) -> u32 {
    let offset = (hive.len() - 4096) as u32;
    let len = (4 + contents.len()).next_multiple_of(8);
    hive.extend((-(len as i32)).to_le_bytes());
    hive.extend(contents);
    hive.resize(hive.len() + len - 4 - contents.len(), 0);
    offset
}

#[test]
fn a_list_that_names_one_long_key_again_and_again_is_given_up() {
    let bytes = repeating_hive(8 << 20);
    let hive = Hive::parse(bytes.clone()).unwrap();
    let keys = hive.key("ControlSet001\\Services").unwrap().unwrap().subkeys().unwrap();
    assert!(keys.len() > 100_000, "the list is read: {}", keys.len());
    let names = in_time("names", || {
        keys.iter().take_while(|_| hive.check().is_ok()).map(|key| key.name().len()).sum::<usize>()
    });
    assert!(names < 17 << 20, "{names} bytes of names were looked at");
    assert!(matches!(hive.key("Select"), Err(HiveError::TooMuch { .. })));

    let mut xp = Xp::new(System::Ntfs);
    xp.file("WINDOWS/system32/config/SYSTEM", &repeating_hive(4 << 20));
    let found = windows(xp.disk()).unwrap();
    assert_eq!((found.family, found.starts), (Family::Ntldr, Answer::Unknown));
    let why = &found.problems[0].problem;
    assert!(why.contains("its keys and values lead to more than"), "{why}");
}

#[test]
fn a_registry_of_a_real_size_is_no_trouble() {
    let mut xp = Xp::new(System::Fat32);
    for number in 0..3000 {
        let service = xp.service(&format!("service{number:05}"));
        service.number("Start", 3).number("Type", 1).text("DisplayName", &"a long name ".repeat(10));
        service.variable_text("ImagePath", &format!("system32\\drivers\\service{number:05}.sys"));
    }
    assert_eq!(windows(xp.disk()).unwrap().starts, Answer::Yes);
}

/// A disk of four partition entries for one NTFS, whose root folder is one block of 64 KiB `blocks` times; its entries
/// are as short as an entry can be.
fn repeating_index(blocks: usize) -> Vec<u8> {
    let attribute = |kind: u32, header: &[u8], contents: &[u8]| {
        let name = hive::utf16("$I30");
        let at = 16 + header.len() + name.len();
        let len = (at + contents.len()).next_multiple_of(8);
        let mut bytes = [&kind.to_le_bytes()[..], &(len as u32).to_le_bytes()].concat();
        bytes.extend([u8::from(header.len() > 8), 4, (16 + header.len()) as u8, 0, 0, 0, 0, 0]);
        bytes.extend(header);
        bytes.extend(name);
        bytes.extend(contents);
        bytes.resize(len, 0);
        let place = if header.len() > 8 { 32 } else { 20 };
        bytes[place..place + 2].copy_from_slice(&(at as u16).to_le_bytes());
        bytes
    };
    let resident = |kind, contents: &[u8]| {
        attribute(kind, &[&(contents.len() as u32).to_le_bytes()[..], &[0; 4]].concat(), contents)
    };
    let mut sizes = [0; 48];
    let len = (blocks * 65536) as u64;
    for at in [24, 32, 40] {
        sizes[at..at + 8].copy_from_slice(&len.to_le_bytes());
    }
    // The same 16 clusters again and again; the first run says where they are.
    let runs = [&[0x11, 16, 16][..], &[0x11, 16, 0].repeat(blocks - 1), &[0]].concat();
    let record = |flags: u8, attributes: &[u8]| {
        let mut record = vec![0; 4096];
        record[..8].copy_from_slice(b"FILE\x30\0\x09\0");
        record[20] = 72;
        record[22] = flags;
        record[72..72 + attributes.len()].copy_from_slice(attributes);
        record[72 + attributes.len()..][..4].fill(0xFF);
        fix(&mut record, 0x30);
        record
    };
    let index_root = [&[0; 8][..], &65536u32.to_le_bytes(), &[0; 4], &[16, 0, 0, 0], &[0; 12]].concat();
    let folder = [
        resident(0x90, &index_root),
        attribute(0xA0, &sizes, &runs),
        resident(0xB0, &vec![0xFF; blocks.div_ceil(8)]),
    ];
    let mut table_sizes = sizes;
    for at in [24, 32, 40] {
        table_sizes[at..at + 8].copy_from_slice(&(6u64 * 4096).to_le_bytes());
    }
    let mut table = attribute(0x80, &table_sizes, &[0x11, 6, 4, 0]);
    table[9] = 0;
    let mut block = vec![0; 65536];
    block[..8].copy_from_slice(b"INDX\x28\0\x81\0");
    block[24] = 0x80;
    block[25] = 1;
    for entry in block[24 + 0x180..].chunks_exact_mut(16) {
        entry[8] = 16;
    }
    fix(&mut block, 0x28);
    let mut volume = vec![0; 32 * 4096];
    volume[3..14].copy_from_slice(b"NTFS    \0\x02\x08");
    volume[21] = 0xF8;
    volume[24..28].copy_from_slice(&[63, 0, 255, 0]);
    volume[41] = 2;
    volume[48] = 4;
    volume[64] = 1;
    volume[510..512].copy_from_slice(&[0x55, 0xAA]);
    volume[4 * 4096..5 * 4096].copy_from_slice(&record(1, &table));
    volume[9 * 4096..10 * 4096].copy_from_slice(&record(3, &folder.concat()));
    volume[16 * 4096..].copy_from_slice(&block);
    let mut disk = windows_image::on_disk(&volume, 7, System::Ntfs);
    for slot in 1..4 {
        disk.copy_within(0x1BE..0x1CE, 0x1BE + slot * 16);
        disk[0x1BE + slot * 16] = 0;
    }
    disk
}

/// Takes the last two bytes of every 512 of a record away to where they are kept.
fn fix(record: &mut [u8], at: usize) {
    record[at..at + 2].copy_from_slice(&[1, 0]);
    for number in 0..record.len() / 512 {
        let end = number * 512 + 510;
        let (low, high) = (record[end], record[end + 1]);
        record[at + 2 + number * 2..at + 4 + number * 2].copy_from_slice(&[low, high]);
        record[end..end + 2].copy_from_slice(&[1, 0]);
    }
}

#[test]
fn a_folder_that_is_one_block_again_and_again_is_searched_or_given_up() {
    assert_eq!(windows(repeating_index(20)), None, "there is no Windows in it");
    windows(repeating_index(142));
    let found = windows(repeating_index(500)).expect("it cannot be told");
    assert_eq!((found.family, found.starts), (Family::Unreadable, Answer::Unknown));
    assert!(found.verdict.contains("cannot be told"), "{}", found.verdict);
    assert!(found.problems.iter().all(|problem| !problem.stops), "{:?}", found.problems);
    assert!(found.problems[0].problem.contains("more than 256 MiB"), "{:?}", found.problems);
}

#[test]
fn a_program_does_not_take_more_memory_for_a_large_hive() {
    let folder = tempfile::tempdir().unwrap();
    let mut xp = Xp::new(System::Ntfs);
    xp.file("WINDOWS/system32/config/SYSTEM", &repeating_hive(4 << 20));
    let path = folder.path().join("xp.img");
    std::fs::write(&path, xp.disk()).unwrap();
    let output = ramkey(&["inspect", path.to_str().unwrap()]);
    assert_eq!(output.status.code(), Some(0), "{}", printed(&output));
    assert!(printed(&output).contains("cannot be told"), "{}", printed(&output));
}

#[test]
fn a_directory_of_a_disc_that_is_looked_at_too_often_is_given_up() {
    const BLOCKS: u32 = 20 + 2048;
    let mut disc = discs::by_hand(BLOCKS, 0, &[discs::entry(0x88, 0, 0, 4, 18)]);
    let root = 16 * 2048 + 156;
    disc[root] = 34;
    disc[root + 2] = 20;
    disc[root + 10..root + 14].copy_from_slice(&(2048u32 * 2048).to_le_bytes());
    for record in disc[20 * 2048..].chunks_exact_mut(254).filter(|record| record[0] == 0) {
        record[0] = 254;
        record[32] = 200;
    }
    let image = Image(disc);
    let found = iso::read(&image).unwrap().unwrap();
    let system = in_time("a disc", || iso::recognise(&found, &image)).unwrap();
    assert_eq!(system, iso::System::TooLarge);
    assert!(system.statement().contains("cannot be told"), "{}", system.statement());
}

#[test]
fn an_ntfs_of_more_sectors_than_there_are_numbers_is_met_with_an_answer() {
    let mut disk = Xp::new(System::Ntfs).disk();
    disk[windows_image::LEAD * 512 + 40..][..8].fill(0xFF);
    assert_eq!(windows(disk.clone()).unwrap().starts, Answer::Yes);
    let partition = disk.split_off(windows_image::LEAD * 512);
    assert!(windows(partition).is_some());
}

/// Bytes of a record of the file table that is made up.
const RECORD_LEN: usize = 1024;

/// An attribute with its contents beside it.
fn resident(kind: u32, contents: &[u8]) -> Vec<u8> {
    let len = (24 + contents.len()).next_multiple_of(8);
    let mut bytes = [kind.to_le_bytes(), (len as u32).to_le_bytes(), [0; 4], [0; 4]].concat();
    bytes.extend((contents.len() as u32).to_le_bytes());
    bytes.extend([24, 0, 0, 0]);
    bytes.extend(contents);
    bytes.resize(len, 0);
    bytes
}

/// The data of a file in so many clusters from one on.
fn clusters(count: usize, lcn: usize) -> Vec<u8> {
    let mut bytes = [0x80u32.to_le_bytes(), 80u32.to_le_bytes(), [1, 0, 0, 0], [0; 4]].concat();
    bytes.resize(80, 0);
    bytes[24..32].copy_from_slice(&(count as u64 - 1).to_le_bytes());
    bytes[32] = 64;
    for at in [40, 48, 56] {
        bytes[at..at + 8].copy_from_slice(&(count as u64 * 4096).to_le_bytes());
    }
    bytes[64] = 0x33;
    bytes[65..68].copy_from_slice(&(count as u32).to_le_bytes()[..3]);
    bytes[68..71].copy_from_slice(&(lcn as u32).to_le_bytes()[..3]);
    bytes
}

/// A name in a folder.
fn name(parent: usize, name: &str) -> Vec<u8> {
    let text = hive::utf16(name);
    let mut bytes = [&(parent as u64).to_le_bytes()[..], &[0; 56]].concat();
    bytes.extend([(text.len() / 2) as u8, 1]);
    bytes.extend(text);
    resident(0x30, &bytes)
}

/// A record of the file table.
fn record(flags: u8, attributes: &[u8]) -> Vec<u8> {
    let mut record = vec![0; RECORD_LEN];
    record[..8].copy_from_slice(b"FILE\x30\0\x03\0");
    record[20] = 56;
    record[22] = flags;
    record[56..56 + attributes.len()].copy_from_slice(attributes);
    record[56 + attributes.len()..][..4].fill(0xFF);
    fix(&mut record, 0x30);
    record
}

/// A disk with an NTFS of so many folders, 60 of them in one another each time, all with the longest names, and as many files of
/// one cluster. The first ones are in a folder that nobody needs.
fn long_paths(folders: usize) -> Vec<u8> {
    const FIRST: usize = 24;
    let table = ((FIRST + 2 * folders) * RECORD_LEN).div_ceil(4096);
    let mut volume = vec![0; (8 + table) * 4096];
    volume[3..14].copy_from_slice(b"NTFS    \0\x02\x08");
    volume[21] = 0xF8;
    volume[24..28].copy_from_slice(&[63, 0, 255, 0]);
    let sectors = (volume.len() / 512 - 1) as u64;
    volume[40..48].copy_from_slice(&sectors.to_le_bytes());
    volume[48] = 8;
    volume[64] = 0xF6;
    volume[510..512].copy_from_slice(&[0x55, 0xAA]);
    let long = "\u{3042}".repeat(255);
    let mut put = |number: usize, bytes: &[u8]| {
        volume[8 * 4096 + number * RECORD_LEN..][..RECORD_LEN].copy_from_slice(bytes)
    };
    put(0, &record(1, &clusters(table, 8)));
    // The root folder has no entry: what is in it is found by the records alone.
    let end = [&[0; 8][..], &[16, 0, 0, 0, 2, 0, 0, 0]].concat();
    let header = [16u32, 32, 32, 0].map(u32::to_le_bytes).concat();
    let index = [&[0; 8][..], &4096u32.to_le_bytes(), &[1, 0, 0, 0], &header, &end].concat();
    let mut root = resident(0x90, &[hive::utf16("$I30"), index].concat());
    root[9..12].copy_from_slice(&[4, 24, 0]);
    let index_len = u32::from_le_bytes(root[16..20].try_into().unwrap()) - 8;
    root[16..20].copy_from_slice(&index_len.to_le_bytes());
    root[20] = 32;
    put(5, &record(3, &root));
    // The map of clusters, in one of them.
    put(6, &record(1, &clusters(1, 4)));
    for number in 0..folders {
        let above = if number % 60 == 0 { 5 } else { FIRST + number - 1 };
        let own = if number == 0 { "DllCache" } else { &long };
        put(FIRST + number, &record(3, &name(above, own)));
        let file = [name(FIRST + number, "FILE"), clusters(1, 5)].concat();
        put(FIRST + folders + number, &record(1, &file));
    }
    windows_image::on_disk(&volume, 7, System::Ntfs)
}

#[test]
fn long_paths_of_many_folders_are_joined_only_where_they_are_told() {
    for (folders, is_partial) in [(1 << 10, false), ((1 << 15) + 1, true)] {
        let image = Image(long_paths(folders));
        let question = Question { room: true, ..Question::default() };
        let looked = in_time("an NTFS", || look_at(Path::new("disk.img"), &image, &question).unwrap());
        let room = looked.room.unwrap();
        let spare = room.files.iter().find(|file| file.used_for == FileUse::Spare);
        let spare = spare.unwrap_or_else(|| panic!("{room:?}"));
        assert_eq!((&*spare.path, spare.len), ("\\DllCache", 60 * 4096));
        assert_eq!(room.partial, is_partial, "{folders} folders");
    }
}
