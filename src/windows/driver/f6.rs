//! The list of a floppy for F6 of Windows' setup, from the files of a driver.

use super::{Candidate, DriverFile};
use crate::contents::windows::DriverName;
use crate::windows::error::WindowsError;

/// What setup reads of the floppy.
pub const F6_LIST: &str = "txtsetup.oem";

/// The list for the drivers among the files of a floppy, which lie in no folder.
///
/// # Errors
///
/// [`WindowsError::NoDriver`] if none of them is a driver for RAM disks.
pub fn f6_list(files: &[Candidate]) -> Result<Vec<u8>, WindowsError> {
    let drivers: Vec<DriverFile> = files.iter().filter_map(|file| DriverFile::new(file).ok()).collect();
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
