//! The floppy for F6 of Windows' setup, from the files of a driver.

use std::collections::HashMap;
use std::io::{self, Cursor, Write};

use fatfs::{FatType, FileSystem, FormatVolumeOptions, FsOptions};

use super::{Candidate, DriverFile};
use crate::contents::windows::DriverName;
use crate::units::{SECTOR_LEN, named};
use crate::windows::error::WindowsError;
use crate::windows::volume::FirstDay;

/// What setup reads of the floppy.
pub const F6_LIST: &str = "txtsetup.oem";
/// Sectors and sectors per track of the floppies that a BIOS knows.
const FLOPPIES: [(u32, u16); 2] = [(2880, 18), (5760, 36)];
const HEADS: u16 = 2;
const MEDIA: u8 = 0xF0;
/// Longest of them, and so more than all files in it.
pub const F6_LEN_MAX: u64 = FLOPPIES[1].0 as u64 * SECTOR_LEN;
/// Entries of the root directory of such floppies.
const ROOT_ENTRIES: [u16; 2] = [224, 240];

/// The image of a floppy with these files, and with the list that setup reads if it is not among them. Their names have `/` behind
/// each folder that they lie in. So many bytes stay `free` in it.
///
/// # Errors
///
/// [`WindowsError::NoDriver`] if no file is a driver for RAM disks and there is no list, [`WindowsError::Floppy`] if they do not fit,
/// or two of them are one to Windows.
pub fn f6_floppy(files: &[Candidate], free: u64) -> Result<Vec<u8>, WindowsError> {
    let has_list = files.iter().any(|file| file.name.eq_ignore_ascii_case(F6_LIST));
    let list = if has_list { None } else { Some(Candidate { name: F6_LIST.into(), bytes: list(files)? }) };
    let all: Vec<&Candidate> = files.iter().chain(&list).collect();
    let failed = |why: String| WindowsError::Floppy { why };
    one_each(&all).map_err(failed)?;
    let len: u64 = all.iter().map(|file| file.bytes.len() as u64).sum();
    if len.saturating_add(free) > F6_LEN_MAX {
        return Err(failed("they and the free space are more than 2.88 MB".into()));
    }
    for ((sectors, track), entries) in FLOPPIES.into_iter().zip(ROOT_ENTRIES) {
        match filled(&all, free, (sectors, track, entries)) {
            Ok(image) => return Ok(image),
            Err(error)
                if error.kind() == io::ErrorKind::Other || error.kind() == io::ErrorKind::WriteZero => {}
            Err(error) => return Err(failed(error.to_string())),
        }
    }
    Err(failed(
        "they and the free space are more than 2.88 MB, or more than 240 entries of its root directory"
            .into(),
    ))
}

/// Refuses names that a floppy cannot have, and two that are one to Windows: the second would be written over the first.
fn one_each(files: &[&Candidate]) -> Result<(), String> {
    let mut known: HashMap<String, (&str, bool)> = HashMap::new();
    for file in files {
        let name = &*file.name;
        if name.split('/').any(|part| matches!(part, "" | "." | "..")) {
            return Err(format!("{} is no name of a file", named(name)));
        }
        let ends = name.match_indices('/').map(|(end, _)| end);
        for (end, is_folder) in ends.map(|end| (end, true)).chain([(name.len(), false)]) {
            match known.insert(name[..end].to_uppercase(), (&name[..end], is_folder)) {
                None => {}
                Some((_, true)) if is_folder => {}
                Some((other, _)) => {
                    let other = named(other);
                    return Err(format!("{other} and {} are one name to Windows", named(&name[..end])));
                }
            }
        }
    }
    Ok(())
}

fn filled(
    files: &[&Candidate],
    free: u64,
    (sectors, track, entries): (u32, u16, u16),
) -> io::Result<Vec<u8>> {
    let mut image = vec![0; (u64::from(sectors) * SECTOR_LEN) as usize];
    let cluster = SECTOR_LEN as u32 * if sectors > FLOPPIES[0].0 { 2 } else { 1 };
    let options = FormatVolumeOptions::new()
        .bytes_per_cluster(cluster)
        .fat_type(FatType::Fat12)
        .total_sectors(sectors)
        .max_root_dir_entries(entries)
        .media(MEDIA)
        .sectors_per_track(track)
        .heads(HEADS)
        .drive_num(0)
        .volume_label(*b"RAMDISK    ");
    fatfs::format_volume(Cursor::new(&mut image[..]), options)?;
    let volume = FileSystem::new(Cursor::new(&mut image[..]), FsOptions::new().time_provider(&FirstDay))?;
    for file in files {
        let root = volume.root_dir();
        for (end, _) in file.name.match_indices('/') {
            root.create_dir(&file.name[..end])?;
        }
        // The short name of another may be this one.
        if root.open_file(&file.name).is_ok() {
            let why = format!("{} is there already, as the short name of another", named(&file.name));
            return Err(io::Error::new(io::ErrorKind::AlreadyExists, why));
        }
        let mut place = root.create_file(&file.name)?;
        place.write_all(&file.bytes)?;
        place.flush()?;
    }
    let stats = volume.stats()?;
    let has_room = u64::from(stats.free_clusters()) * u64::from(stats.cluster_size()) >= free;
    volume.unmount()?;
    if has_room { Ok(image) } else { Err(io::ErrorKind::WriteZero.into()) }
}

/// The list for the drivers among the files.
fn list(files: &[Candidate]) -> Result<Vec<u8>, WindowsError> {
    let topmost = files.iter().filter(|file| !file.name.contains('/'));
    let drivers: Vec<DriverFile> = topmost.filter_map(|file| DriverFile::new(file).ok()).collect();
    let first = drivers.first().ok_or(WindowsError::NoDriver)?;
    let mut text = format!(
        "[Disks]\nd1 = \"RAM disk drivers\", \\{F6_LIST}, \\\n\n[Defaults]\nscsi = {}\n\n[scsi]\n",
        section(first)
    );
    for driver in &drivers {
        text += &format!("{} = \"{} ({} bits)\"\n", section(driver), driver.driver.name(), driver.bits);
    }
    for driver in &drivers {
        let (section, service) = (section(driver), service(driver));
        text += &format!("\n[Files.scsi.{section}]\ndriver = d1, {}, {service}\n", driver.name);
        let stem = driver.name.rsplit_once('.').map_or(driver.name.as_str(), |(stem, _)| stem);
        let start = stem.get(..3).unwrap_or(stem).to_ascii_lowercase();
        for (kind, ending) in [("inf", "inf"), ("catalog", "cat")] {
            let is_one = |file: &&Candidate| file.name.to_ascii_lowercase().ends_with(&format!(".{ending}"));
            let mut found = files.iter().filter(is_one);
            let own = found.find(|file| file.name.to_ascii_lowercase().starts_with(&start));
            if let Some(file) = own {
                text += &format!("{kind} = d1, {}\n", file.name);
            }
        }
        let id = hardware_id(driver);
        text +=
            &format!("\n[HardwareIds.scsi.{section}]\nid = \"{id}\", \"{service}\"\n\n[Config.{service}]\n");
    }
    Ok(text.replace('\n', "\r\n").into_bytes())
}

/// The name of a driver's part of the list.
fn section(driver: &DriverFile) -> String {
    format!("{}{}", driver.driver.name().to_ascii_lowercase(), driver.bits)
}

fn service(driver: &DriverFile) -> &'static str {
    let (services, _) = driver.driver.installs();
    services[usize::from(driver.bits == 64).min(services.len() - 1)]
}

/// What setup calls the device that the driver finds.
fn hardware_id(driver: &DriverFile) -> String {
    match driver.driver {
        DriverName::FiraDisk => "detected\\firadisk".into(),
        DriverName::WinVBlock => "detected\\winvblock".into(),
        DriverName::SVBus => format!("root\\{}", service(driver)),
    }
}
