//! The files of an image are found on any volume, and a damaged volume is no trouble.

use crate::frames::{hive, windows_image};
use std::fs;
use std::panic::{AssertUnwindSafe, catch_unwind, resume_unwind};
use std::path::Path;
use std::time::{Duration, Instant};

use crate::frames::skip::skip;
use crate::frames::sticks::{Image, printed, tool};
use crate::frames::windows_image::{LEAD, SIGNATURE, System, Xp, on_disk};
use ramkey::contents::windows::{Answer, Family, Windows, look};
use ramkey::contents::{KindChoice, probe};

fn windows(bytes: Vec<u8>) -> Option<Windows> {
    let image = Image(bytes);
    let facts = probe(Path::new("xp.img"), &image, KindChoice::Auto, None).ok()?;
    look(&image, &facts)
}

/// Numbers that look random and are the same each time.
struct Noise(u64);

impl Noise {
    fn next(&mut self) -> usize {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        (self.0 >> 16) as usize
    }
}

/// Sectors that hold the structure of the volume and not the contents of files.
fn structure(disk: &[u8], system: System) -> Vec<usize> {
    let sectors =
        disk.chunks_exact(512).enumerate().filter(|(_, sector)| sector.iter().any(|&byte| byte != 0));
    let of_ntfs = |disk: &[u8], lba: usize| {
        (0..8).any(|back| {
            let start = lba.saturating_sub(back) * 512;
            back < 2 && disk[start..].starts_with(b"FILE") || disk[start..].starts_with(b"INDX")
        })
    };
    let found = sectors.map(|(lba, _)| lba).filter(|&lba| match system {
        System::Ntfs => lba <= LEAD || of_ntfs(disk, lba),
        System::Fat16 | System::Fat32 => lba < LEAD + 400 || disk[lba * 512..].starts_with(b".          "),
    });
    found.collect()
}

#[test]
fn a_changed_byte_of_a_volume_is_met_with_an_answer() {
    for system in [System::Fat16, System::Fat32, System::Ntfs] {
        let whole = Xp::new(system).disk();
        let sectors = structure(&whole, system);
        let mut noise = Noise(0x9E37_79B9_7F4A_7C15);
        let (mut sound, mut spoilt) = (0, 0);
        for _ in 0..300 {
            let mut disk = whole.clone();
            for _ in 0..1 + noise.next() % 24 {
                let at = sectors[noise.next() % sectors.len()] * 512 + noise.next() % 512;
                disk[at] = match noise.next() % 3 {
                    0 => disk[at] ^ 1 << (noise.next() % 8),
                    1 => noise.next() as u8 & 0x0F,
                    _ => noise.next() as u8,
                };
            }
            let started = Instant::now();
            let found = windows(disk);
            assert!(started.elapsed() < Duration::from_secs(20), "{system:?}: {:?}", started.elapsed());
            let good = found.is_some_and(|found| found.starts == Answer::Yes);
            *if good { &mut sound } else { &mut spoilt } += 1;
        }
        assert!(sound > 5 && spoilt > 5, "{system:?}: {sound} sound, {spoilt} spoilt");
    }
}

#[test]
fn an_image_that_ends_anywhere_is_met_with_an_answer() {
    for system in [System::Fat16, System::Fat32, System::Ntfs] {
        let whole = Xp::new(system).disk();
        for len in [513, LEAD * 512 + 100, LEAD * 512 + 512, 100_000, 500_000, 4 << 20, whole.len() - 512] {
            let found = windows(whole[..len].to_vec());
            assert!(
                len > 40_000 || found.is_none_or(|found| found.starts != Answer::Yes),
                "{system:?} {len}"
            );
        }
    }
}

#[test]
fn folders_that_lead_to_themselves_end() {
    // WINDOWS is its own SYSTEM32, which is its own CONFIG.
    let mut volume = Xp::new(System::Fat16).partition();
    let first_cluster = |volume: &[u8], name: &[u8; 11]| {
        let at = volume.windows(11).position(|window| window == name).unwrap();
        (at, [volume[at + 26], volume[at + 27]])
    };
    let (_, windows_cluster) = first_cluster(&volume, b"WINDOWS    ");
    let (at, _) = first_cluster(&volume, b"SYSTEM32   ");
    volume[at + 26..at + 28].copy_from_slice(&windows_cluster);
    let found = windows(on_disk(&volume, SIGNATURE, System::Fat16)).unwrap();
    assert_eq!((found.family, found.starts), (Family::Ntldr, Answer::No));

    // The clusters of WINDOWS are a circle, and none of its entries is the last.
    let mut volume = Xp::new(System::Fat16).partition();
    let (_, cluster) = first_cluster(&volume, b"WINDOWS    ");
    let reserved = usize::from(u16::from_le_bytes([volume[14], volume[15]]));
    let table = reserved * 512 + usize::from(u16::from_le_bytes(cluster)) * 2;
    volume[table..table + 2].copy_from_slice(&cluster);
    let name = volume.windows(11).position(|window| window == b".          ").unwrap();
    for slot in volume[name..name + 2048].chunks_exact_mut(32).skip(2) {
        slot.copy_from_slice(b"FILLER  TXT \0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0");
    }
    let started = Instant::now();
    assert!(windows(on_disk(&volume, SIGNATURE, System::Fat16)).is_some());
    assert!(started.elapsed() < Duration::from_secs(60), "{:?}", started.elapsed());
}

#[test]
fn large_folders_and_long_names_are_searched() {
    for system in [System::Fat16, System::Ntfs] {
        let mut xp = Xp::new(system);
        for number in 0..500 {
            xp.file(&format!("WINDOWS/system32/A file with a long name {number:04}.dll"), b"x");
        }
        xp.remove_driver("FiraDisk", "firadisk.sys").driver(
            "WinVBlock",
            "A driver with a long name.sys",
            [0, 0, 1, 8],
        );
        let found = windows(xp.disk()).unwrap();
        assert_eq!(found.starts, Answer::Yes, "{system:?}: {:?}", found.problems);
    }
}

#[test]
fn a_partition_behind_others_and_inactive_ones_is_found() {
    let system = Xp::new(System::Ntfs);
    let mut xp = Xp::new(System::Fat16);
    // The loader is on the first partition, Windows on the second.
    let loader: Vec<(&str, Vec<u8>)> =
        ["ntldr", "NTDETECT.COM", "boot.ini"].map(|name| (name, xp.files[name].clone())).to_vec();
    xp.files.clear();
    (xp.registry, xp.software) = (hive::Key::new("none"), hive::Key::new("none"));
    for (name, bytes) in loader {
        let text = String::from_utf8(bytes).unwrap().replace("partition(1)", "partition(2)");
        xp.file(name, text.as_bytes());
    }
    let mut disk = xp.disk();
    let second = disk.len();
    disk.extend(system.partition());
    let entry = 0x1CE;
    disk[entry + 4] = 0x07;
    disk[entry + 8..entry + 12].copy_from_slice(&((second / 512) as u32).to_le_bytes());
    let sectors = ((disk.len() - second) / 512) as u32;
    disk[entry + 12..entry + 16].copy_from_slice(&sectors.to_le_bytes());
    let found = windows(disk.clone()).unwrap();
    let place = found.place.unwrap();
    assert_eq!((place.partition, place.offset), (2, second as u64));
    let problem = &found.problems[0].problem;
    assert!(problem.contains("C: at byte 0x7e00 of its disk, and its partition begins at"), "{problem}");
}

/// Puts an entry into a partition table of `disk`: its sector, slot, type, and place counted from that sector.
fn entry(disk: &mut [u8], lba: usize, slot: usize, kind: u8, start: usize, sectors: usize) {
    let at = lba * 512 + 0x1BE + slot * 16;
    disk[at + 4] = kind;
    disk[at + 8..at + 12].copy_from_slice(&(start as u32).to_le_bytes());
    disk[at + 12..at + 16].copy_from_slice(&(sectors as u32).to_le_bytes());
    disk[lba * 512 + 510..lba * 512 + 512].copy_from_slice(&[0x55, 0xAA]);
}

#[test]
fn a_partition_within_an_extended_one_is_found() {
    // One primary partition with the loader, two in the extended one, Windows in the last: number 3.
    let mut loader = Xp::new(System::Fat16);
    let menu = windows_image::BOOT_INI.replace("partition(1)", "partition(3)");
    (loader.registry, loader.software) = (hive::Key::new("none"), hive::Key::new("none"));
    let mut disk = loader.file("boot.ini", menu.as_bytes()).disk();
    let windows_volume = Xp::new(System::Ntfs).partition();
    let (extended, second) = (disk.len() / 512, 1000);
    disk.resize(disk.len() + (second + LEAD) * 512, 0);
    disk.extend(&windows_volume);
    let sectors = windows_volume.len() / 512;
    entry(&mut disk, 0, 1, 0x0F, extended, second + LEAD + sectors);
    entry(&mut disk, extended, 0, 0x06, LEAD, 900);
    entry(&mut disk, extended, 1, 0x05, second, LEAD + sectors);
    entry(&mut disk, extended + second, 0, 0x07, LEAD, sectors);
    let place = windows(disk.clone()).unwrap().place.expect("the third partition has Windows");
    assert_eq!((place.partition, place.offset), (3, ((extended + second + LEAD) * 512) as u64));
    // A chain that leads back to its start ends.
    entry(&mut disk, extended + second, 1, 0x05, 0, sectors);
    windows(disk.clone()).unwrap();
    entry(&mut disk, extended, 1, 0x05, 0, LEAD + sectors);
    assert_eq!(windows(disk).unwrap().place, None);
}

#[test]
fn damage_on_ntfs_is_not_taken_for_no_windows() {
    let disk = Xp::new(System::Ntfs).disk();
    let volume = LEAD * 512;
    let cluster = usize::from(disk[volume + 13]) * 512;
    let table =
        volume + u64::from_le_bytes(disk[volume + 48..volume + 56].try_into().unwrap()) as usize * cluster;
    for record in [0, 5] {
        let mut damaged = disk.clone();
        damaged[table + record * 1024 + 510] ^= 1;
        let found = windows(damaged).unwrap();
        assert_eq!((found.family, found.starts), (Family::Unreadable, Answer::Unknown));
        let problem = &found.problems[0].problem;
        let place =
            format!("a file record of NTFS is damaged at byte {:#x} of the image", table + record * 1024);
        assert!(problem.ends_with(&place), "{problem}");
    }
}

/// An NTFS volume that `fill` wrote to while it was mounted with `options`; `None` where nothing can be mounted.
fn mounted(volume: &[u8], options: &str, fill: impl FnOnce(&Path)) -> Option<Vec<u8>> {
    let folder = tempfile::tempdir().unwrap();
    let image = folder.path().join("volume.img");
    let inside = folder.path().join("inside");
    fs::write(&image, volume).unwrap();
    fs::create_dir(&inside).unwrap();
    let (path, inside_path) = (image.to_str().unwrap(), inside.to_str().unwrap());
    let output = tool("ntfs-3g", "ntfs-3g", &["-o", options, path, inside_path]);
    if !output.status.success() {
        skip("mounted NTFS", &output.stderr);
        return None;
    }
    let filled = catch_unwind(AssertUnwindSafe(|| fill(&inside)));
    let output = tool("fuse3", "fusermount3", &["-u", inside_path]);
    let output = if output.status.success() { output } else { tool("mount", "umount", &[inside_path]) };
    assert!(output.status.success(), "{}", printed(&output));
    if let Err(panic) = filled {
        resume_unwind(panic);
    }
    // The program that serves the folder ends a moment after.
    let deadline = Instant::now() + Duration::from_secs(20);
    while !tool("ntfs-3g", "ntfsinfo", &["-m", path]).status.success() {
        assert!(Instant::now() < deadline, "the volume stays in use");
        std::thread::sleep(Duration::from_millis(50));
    }
    Some(fs::read(&image).unwrap())
}

/// What `ntfsinfo` says about a file.
fn info(volume: &[u8], file: &str) -> String {
    let folder = tempfile::tempdir().unwrap();
    let image = folder.path().join("volume.img");
    fs::write(&image, volume).unwrap();
    printed(&tool("ntfs-3g", "ntfsinfo", &["-F", file, image.to_str().unwrap()]))
}

/// A boot menu of many lines; its default is found among the last.
fn long_menu() -> String {
    let lines: String =
        (0..400).map(|n| format!("multi(0)disk(0)rdisk({n})partition(4)\\W{n}=\"{n}\"\r\n")).collect();
    let menu = windows_image::BOOT_INI.to_owned();
    menu.replace("[operating systems]\r\n", &format!("[operating systems]\r\n{lines}"))
}

#[test]
fn compressed_files_are_read() {
    let menu = long_menu();
    let volume = mounted(&Xp::new(System::Ntfs).partition(), "compression", |inside| {
        let flags = ["-h", "-v", "0x00080000", "-n", "system.ntfs_attrib", inside.to_str().unwrap()];
        assert!(tool("attr", "setfattr", &flags).status.success());
        for name in ["boot.ini", "WINDOWS/system32/config/SYSTEM"] {
            let (path, contents) = (inside.join(name), fs::read(inside.join(name)).unwrap());
            let contents = if name == "boot.ini" { menu.clone().into_bytes() } else { contents };
            // A new file in a compressed folder is compressed; the old one is not.
            let new = inside.join("new");
            fs::write(&new, contents).unwrap();
            fs::remove_file(&path).unwrap();
            fs::rename(new, path).unwrap();
        }
    });
    let Some(volume) = volume else { return };
    for name in ["boot.ini", "WINDOWS/system32/config/SYSTEM"] {
        assert!(info(&volume, name).contains("Compressed size"), "{name}: {}", info(&volume, name));
    }
    let found = windows(on_disk(&volume, SIGNATURE, System::Ntfs)).unwrap();
    assert_eq!((found.starts, found.boot_entry.unwrap().title.as_str()), (Answer::Yes, "Windows XP"));
}

#[test]
fn a_file_in_many_pieces_is_read() {
    let mut xp = Xp::new(System::Ntfs);
    for number in 0..5 {
        xp.registry.at("Filler").bytes(&format!("Filler{number}"), &[7; 300_000]);
    }
    let registry = hive::hive(&xp.registry, hive::XP);
    let volume = mounted(&Xp::new(System::Ntfs).partition(), "defaults", |inside| {
        let filler = |number: usize| inside.join(format!("filler{number}"));
        // Small files until nothing is free; every second pair goes away, and what is left are holes.
        let count = (0..8000).find(|&number| fs::write(filler(number), [7; 4000]).is_err()).unwrap();
        assert!(count > 500, "only {count} files");
        for number in (0..count).filter(|number| number % 4 < 2) {
            fs::remove_file(filler(number)).unwrap();
        }
        fs::write(inside.join("WINDOWS/system32/config/SYSTEM"), &registry).unwrap();
    });
    let Some(volume) = volume else { return };
    let pieces = info(&volume, "WINDOWS/system32/config/SYSTEM");
    assert!(pieces.contains("$ATTRIBUTE_LIST"), "{pieces}");
    let found = windows(on_disk(&volume, SIGNATURE, System::Ntfs)).unwrap();
    assert_eq!((found.starts, found.problems.len()), (Answer::Yes, 0), "{:?}", found.problems);
}
