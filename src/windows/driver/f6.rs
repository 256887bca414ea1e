//! The floppy for F6 of Windows' setup, from the files of a driver.

use std::io::{self, Cursor, Write};

use fatfs::{FatType, FileSystem, FormatVolumeOptions, FsOptions};

use super::{Candidate, DriverFile};
use crate::contents::windows::DriverName;
use crate::units::SECTOR_LEN;
use crate::windows::error::WindowsError;
use crate::windows::volume::FirstDay;

/// What setup reads of the floppy.
const LIST: &str = "txtsetup.oem";
/// Sectors and sectors per track of the floppies that a BIOS knows.
const FLOPPIES: [(u32, u16); 2] = [(2880, 18), (5760, 36)];
const HEADS: u16 = 2;
const MEDIA: u8 = 0xF0;
/// Entries of the root directory of such floppies.
const ROOT_ENTRIES: [u16; 2] = [224, 240];

/// The image of a floppy with these files, and with the list that setup reads if it is not among them.
///
/// # Errors
///
/// [`WindowsError::NoDriver`] if no file is a driver for RAM disks and there is no list, [`WindowsError::Floppy`] if they do not fit.
pub fn f6_floppy(files: &[Candidate]) -> Result<Vec<u8>, WindowsError> {
    let has_list = files.iter().any(|file| file.name.eq_ignore_ascii_case(LIST));
    let list = if has_list { None } else { Some(Candidate { name: LIST.into(), bytes: list(files)? }) };
    let all: Vec<&Candidate> = files.iter().chain(&list).collect();
    for ((sectors, track), entries) in FLOPPIES.into_iter().zip(ROOT_ENTRIES) {
        match filled(&all, sectors, track, entries) {
            Ok(image) => return Ok(image),
            Err(error)
                if error.kind() == io::ErrorKind::Other || error.kind() == io::ErrorKind::WriteZero => {}
            Err(error) => return Err(WindowsError::Floppy { why: error.to_string() }),
        }
    }
    Err(WindowsError::Floppy { why: "they are more than 2.88 MB".into() })
}

fn filled(files: &[&Candidate], sectors: u32, track: u16, entries: u16) -> io::Result<Vec<u8>> {
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
        let mut place = root.create_file(&file.name)?;
        place.write_all(&file.bytes)?;
        place.flush()?;
    }
    volume.unmount()?;
    Ok(image)
}

/// The list for the drivers among the files.
fn list(files: &[Candidate]) -> Result<Vec<u8>, WindowsError> {
    let drivers: Vec<DriverFile> = files.iter().filter_map(|file| DriverFile::new(file).ok()).collect();
    let first = drivers.first().ok_or(WindowsError::NoDriver)?;
    let mut text = format!(
        "[Disks]\nd1 = \"RAM disk drivers\", \\{LIST}, \\\n\n[Defaults]\nscsi = {}\n\n[scsi]\n",
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
            let named = |file: &&Candidate| file.name.to_ascii_lowercase().ends_with(&format!(".{ending}"));
            let mut named = files.iter().filter(named);
            let own = named.find(|file| file.name.to_ascii_lowercase().starts_with(&start));
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
