//! Inputs that claim much or lead in circles: each is met with an answer, in little time and little memory.
//!
//! The limits of time are wide, because the tests run unoptimised and beside others; without bounds on work each of these
//! takes minutes. The limit of memory is that of the whole program.

mod discs;
mod hive;
mod sticks;
mod windows_image;

use std::fs::File;
use std::os::unix::fs::FileExt;
use std::path::Path;
use std::process::{Command, Output};
use std::time::{Duration, Instant};

use ramkey::doctor::diagnose;
use ramkey::image::windows::hive::{Hive, HiveError};
use ramkey::image::windows::{Answer, Family, Windows, look};
use ramkey::image::{KindChoice, iso, probe};
use ramkey::layout::Role;
use ramkey::plan::{FatBits, FsChoice, LayoutKind};
use ramkey::verify::{Change, Strictness, facts, verify};
use ramkey_format::memory::MANIFEST_LBA;
use sticks::{Image, MIB, Stick, noise, printed};
use windows_image::{System, Xp};

/// Memory that the program may take, in KiB.
const MEMORY_KIB: &str = "65536";

fn in_time<T>(what: &str, act: impl FnOnce() -> T) -> T {
    let started = Instant::now();
    let done = act();
    assert!(started.elapsed() < Duration::from_secs(30), "{what}: {:?}", started.elapsed());
    done
}

/// Runs the program with little memory.
fn ramkey(arguments: &[&str]) -> Output {
    let mut command = Command::new("sh");
    command.args(["-c", &format!("ulimit -d {MEMORY_KIB} && exec \"$@\""), "sh"]);
    command.arg(env!("CARGO_BIN_EXE_ramkey")).args(arguments);
    in_time(&arguments.join(" "), || command.output().unwrap())
}

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
    assert_eq!(windows(repeating_index(142)), None, "there is no Windows in it");
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

/// A stick of 48 MiB with a FAT32, as a file of `len` bytes whose boot sector claims so many sectors in all, in a table and
/// in a cluster.
fn claiming_stick(folder: &Path, len: u64, sectors: u32, table: u32, cluster: u8) -> String {
    let stick = Stick::new(
        vec![("one.img", Image(noise(4096)))],
        LayoutKind::Hdd,
        FsChoice::Is(FatBits::Fat32),
        48 * MIB,
    );
    let path = stick.file(folder);
    let file = File::options().write(true).open(&path).unwrap();
    file.set_len(len).unwrap();
    let boot = stick.plan.volume.lba * 512;
    file.write_all_at(&[cluster], boot + 13).unwrap();
    file.write_all_at(&sectors.to_le_bytes(), boot + 32).unwrap();
    file.write_all_at(&table.to_le_bytes(), boot + 36).unwrap();
    path.to_str().unwrap().to_owned()
}

#[test]
fn a_table_of_any_claimed_length_takes_no_memory() {
    let folder = tempfile::tempdir().unwrap();
    let tib = 1u64 << 40;
    let cases = [
        // A table of 8 GiB, on a stick that has not so much.
        (64 * MIB, 200_000, 1 << 24, 8, "smaller than its tables"),
        (64 * MIB, u32::MAX, 1 << 24, 64, "larger than the stick"),
        // The same on one that has.
        (2 * tib, u32::MAX - 4096, 1 << 24, 64, "fault"),
        // As many clusters as a FAT32 can have, and more.
        (2 * tib + 64 * MIB, u32::MAX, 1 << 21, 16, "fault"),
        (2 * tib + 64 * MIB, u32::MAX, 1 << 22, 8, "more clusters than a FAT32 can have"),
    ];
    for (len, sectors, table, cluster, expected) in cases {
        let path = claiming_stick(folder.path(), len, sectors, table, cluster);
        let output = ramkey(&["verify", &path]);
        assert_eq!(output.status.code(), Some(4), "{len} {table}: {}", printed(&output));
        assert!(printed(&output).contains(expected), "{len} {table}: {}", printed(&output));
        for command in ["inspect", "doctor"] {
            let output = ramkey(&[command, &path]);
            assert!(
                output.status.code().is_some_and(|code| code < 5),
                "{command} {table}: {}",
                printed(&output)
            );
        }
    }
}

#[test]
fn a_file_system_that_begins_behind_any_disk_is_a_fault() {
    let stick = Stick::new(vec![("one.img", Image(noise(4096)))], LayoutKind::Hdd, FsChoice::Auto, 12 * MIB);
    let mut bytes = stick.bytes();
    let manifest = &mut bytes[MANIFEST_LBA as usize * 512..];
    manifest[24..32].fill(0xFF);
    let end = 128 + 64 * manifest[40] as usize;
    let hash = blake3::Hasher::new().update(&manifest[..96]).update(&manifest[128..end]).finalize();
    manifest[96..128].copy_from_slice(hash.as_bytes());
    let verdict = verify(&Image(bytes), Strictness::Boot, &|_| {});
    assert!(verdict.faults.iter().any(|fault| fault.message.contains("behind the end of the stick")));
}

#[test]
fn an_ntfs_of_more_sectors_than_there_are_numbers_is_met_with_an_answer() {
    let mut disk = Xp::new(System::Ntfs).disk();
    disk[windows_image::LEAD * 512 + 40..][..8].fill(0xFF);
    assert_eq!(windows(disk.clone()).unwrap().starts, Answer::Yes);
    let partition = disk.split_off(windows_image::LEAD * 512);
    assert!(windows(partition).is_some());
}

#[test]
fn an_intact_stick_of_four_tebibytes_is_proven_in_little_memory() {
    let folder = tempfile::tempdir().unwrap();
    let stick = Stick::new(vec![("one.img", Image(noise(4096)))], LayoutKind::Hdd, FsChoice::Auto, 4 << 40);
    let path = stick.file(folder.path());
    let output = ramkey(&["verify", path.to_str().unwrap()]);
    assert_eq!(output.status.code(), Some(0), "{}", printed(&output));
}

#[test]
fn more_faults_and_files_than_anyone_reads_are_counted() {
    let stick = Stick::new(
        vec![("one.img", Image(noise(4096)))],
        LayoutKind::Hdd,
        FsChoice::Is(FatBits::Fat16),
        40 * MIB,
    );
    let mut bytes = stick.bytes();
    let at = |role: Role| {
        stick.layout.extents.iter().find(|extent| extent.role == role).unwrap().lba as usize * 512
    };
    let boot = at(Role::FatReserved);
    let word = |at: usize| usize::from(u16::from_le_bytes([bytes[at], bytes[at + 1]]));
    let (cluster_len, table_len) = (usize::from(bytes[boot + 13]) * 512, word(boot + 22) * 512);
    let (table, root) = (at(Role::FatTable), at(Role::Directory));
    let data = root + word(boot + 17) * 32;
    // A folder of many empty files, in clusters that were free.
    let (first, slots) = (1000, 12_000);
    let clusters = (slots * 32_usize).div_ceil(cluster_len);
    for number in 0..clusters {
        let next = if number + 1 == clusters { 0xFFFF } else { first + number as u16 + 1 };
        for table in [table, table + table_len] {
            let at = table + (usize::from(first) + number) * 2;
            bytes[at..at + 2].copy_from_slice(&next.to_le_bytes());
        }
    }
    let slot = |name: &str, attributes: u8, cluster: u16| {
        let mut slot = [0; 32];
        slot[..11].copy_from_slice(format!("{name:11}").as_bytes());
        slot[11] = attributes;
        slot[26..28].copy_from_slice(&cluster.to_le_bytes());
        slot
    };
    let free = (0..).find(|number| bytes[root + number * 32] == 0).unwrap();
    bytes[root + free * 32..][..32].copy_from_slice(&slot("MANY", 0x10, first));
    let folder = data + (usize::from(first) - 2) * cluster_len;
    bytes[folder..folder + clusters * cluster_len].fill(0);
    for number in 0..slots {
        let entry = match number {
            0 => slot(".", 0x10, first),
            1 => slot("..", 0x10, 0),
            _ => slot(&format!("F{number}"), 0x20, 0),
        };
        bytes[folder + number * 32..][..32].copy_from_slice(&entry);
    }
    let verdict = in_time("many files", || verify(&Image(bytes.clone()), Strictness::Boot, &|_| {}));
    assert!(verdict.sound, "{:?}", &verdict.faults[..verdict.faults.len().min(3)]);
    let more = verdict.changes.iter().find_map(|change| match change {
        Change::More { files } => Some(*files),
        _ => None,
    });
    assert!(more.is_some_and(|more| (1900..2100).contains(&more)), "{more:?}");
    assert_eq!(verdict.capsules.len(), 1);

    for number in 2..slots {
        bytes[folder + number * 32 + 11] = 0xE0;
    }
    let verdict = in_time("many faults", || facts(&Image(bytes)));
    assert_eq!(verdict.faults.len(), 1001);
    let last = verdict.faults.last().unwrap();
    assert_eq!(last.message, format!("and {} more faults, of any kind", slots - 2 - 1000));
}

#[test]
fn partitions_that_share_their_sectors_a_thousand_times_are_few_findings() {
    let stick = Stick::new(vec![("one.img", Image(noise(4096)))], LayoutKind::Gpt, FsChoice::Auto, 12 * MIB);
    let mut bytes = stick.bytes();
    let entry = bytes[1024..1152].to_vec();
    let entries = 3000 * 512;
    for number in 0..1024 {
        bytes[entries + number * 128..][..128].copy_from_slice(&entry);
    }
    let sum = crc32(&bytes[entries..entries + 1024 * 128]);
    bytes[512 + 72..512 + 80].copy_from_slice(&3000u64.to_le_bytes());
    bytes[512 + 80..512 + 84].copy_from_slice(&1024u32.to_le_bytes());
    bytes[512 + 88..512 + 92].copy_from_slice(&sum.to_le_bytes());
    bytes[512 + 16..512 + 20].fill(0);
    let sum = crc32(&bytes[512..512 + 92]);
    bytes[512 + 16..512 + 20].copy_from_slice(&sum.to_le_bytes());
    let found = in_time("a table", || diagnose(&Image(bytes))).unwrap();
    assert_eq!(found.parts.len(), 1024);
    let overlaps: Vec<&str> = found
        .findings
        .iter()
        .map(|finding| &finding.what[..])
        .filter(|what| what.contains("share") || what.contains("more of"))
        .collect();
    assert!(found.findings.len() < 300 && overlaps.len() > 30, "{} {overlaps:?}", found.findings.len());
    assert!(
        found
            .findings
            .iter()
            .any(|finding| finding.what == format!("and {} more of this kind", 1024 * 1023 / 2 - 32))
    );
}

fn crc32(bytes: &[u8]) -> u32 {
    let bit = |crc: u32| (crc >> 1) ^ (0xEDB8_8320 & (crc & 1).wrapping_neg());
    !bytes.iter().fold(!0, |crc, &byte| (0..8).fold(crc ^ u32::from(byte), |crc, _| bit(crc)))
}
