//! The files of an image are found on any volume, and a damaged volume is no trouble.

mod hive;
mod sticks;
mod windows_image;

use std::fs;
use std::path::Path;
use std::time::{Duration, Instant};

use ramkey::image::windows::{Answer, Family, Windows, look};
use ramkey::image::{KindChoice, probe};
use sticks::{Image, printed, tool};
use windows_image::{LEAD, SIGNATURE, System, Xp, on_disk};

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
    let sectors = disk.chunks_exact(512).enumerate().filter(|(_, sector)| sector.iter().any(|&byte| byte != 0));
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
        for _ in 0..400 {
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
        assert!(sound > 10 && spoilt > 10, "{system:?}: {sound} sound, {spoilt} spoilt");
    }
}

#[test]
fn an_image_that_ends_anywhere_is_met_with_an_answer() {
    for system in [System::Fat16, System::Fat32, System::Ntfs] {
        let whole = Xp::new(system).disk();
        for len in [513, LEAD * 512 + 100, LEAD * 512 + 512, 100_000, 500_000, 4 << 20, whole.len() - 512] {
            let found = windows(whole[..len].to_vec());
            assert!(len > 500_000 || found.is_none_or(|found| found.starts != Answer::Yes), "{system:?} {len}");
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
    assert_eq!((found.family, found.starts), (Family::Ntldr, Answer::Unknown));

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
        for number in 0..1500 {
            xp.file(&format!("WINDOWS/system32/A file with a long name {number:04}.dll"), b"x");
        }
        xp.remove_driver("FiraDisk", "firadisk.sys").driver("WinVBlock", "A driver with a long name.sys", [0, 0, 1, 8]);
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

/// An NTFS volume on which new files are compressed, with `files` in its root.
fn compressed(files: &[(&str, Vec<u8>)]) -> Vec<u8> {
    let folder = tempfile::tempdir().unwrap();
    let image = folder.path().join("volume.img");
    let path = image.to_str().unwrap();
    fs::write(&image, Xp::new(System::Ntfs).partition()).unwrap();
    // The volume allows compression, and the root folder says that its files have it.
    let mut bytes = fs::read(&image).unwrap();
    let cluster = usize::from(bytes[13]) * 512;
    let table = u64::from_le_bytes(bytes[48..56].try_into().unwrap()) as usize * cluster;
    let root = table + 5 * 1024;
    let attributes = usize::from(u16::from_le_bytes([bytes[root + 20], bytes[root + 21]]));
    assert_eq!(bytes[root + attributes], 0x10, "the first attribute says what the folder is");
    bytes[root + attributes + 24 + 33] |= 0x08;
    fs::write(&image, bytes).unwrap();
    for (name, contents) in files {
        let file = folder.path().join("contents");
        fs::write(&file, contents).unwrap();
        let output = tool("ntfs-3g", "ntfscp", &["-f", path, file.to_str().unwrap(), name]);
        assert!(output.status.success(), "{}", printed(&output));
        let output = tool("ntfs-3g", "ntfscat", &[path, name]);
        assert!(output.stdout == *contents, "{name} was copied");
    }
    fs::read(&image).unwrap()
}

#[test]
fn compressed_files_are_read() {
    // Text that packs well, what does not pack at all, and nothing.
    let text = windows_image::BOOT_INI.to_owned() + &"; a line that comes again and again\r\n".repeat(700);
    let mut settings = b"[Paths]\r\nWinDir=C:\\WIN98\r\n".to_vec();
    settings.resize(30_000, b'x');
    let disk = on_disk(&compressed(&[("BOOT.INI", text.into_bytes())]), SIGNATURE, System::Ntfs);
    let listed = String::from_utf8_lossy(&disk).matches("a line that comes again and again").count();
    assert!(listed < 60, "the file is not compressed: its line is there {listed} times");
    let found = windows(disk).unwrap();
    assert_eq!((found.starts, found.boot_entry.unwrap().title.as_str()), (Answer::Yes, "Windows XP"));
}
