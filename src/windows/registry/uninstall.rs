//! Takes a driver out of the registry that somebody else installed.

use super::journal::Journal;
use crate::contents::windows::DriverName;
use crate::windows::hive::{HiveEdit, HiveEditError};

/// Start type of a driver that the boot loader loads.
const BOOT_START: u32 = 0;

/// A driver for RAM disks in the registry.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(in crate::windows) struct Installed {
    pub driver: DriverName,
    pub service: String,
    pub starts_at_boot: bool,
}

/// The drivers for RAM disks in any of the `sets` of settings, each service once.
pub(in crate::windows) fn installed(
    hive: &HiveEdit,
    sets: &[String],
) -> Result<Vec<Installed>, HiveEditError> {
    let mut found: Vec<Installed> = Vec::new();
    for set in sets {
        let services = format!("{set}\\Services");
        for service in hive.subkeys(&services)? {
            let value = |name| hive.value(&format!("{services}\\{service}"), name);
            let path = value("ImagePath")?.and_then(|value| value.text()).unwrap_or_default();
            let Some(driver) = DriverName::of(&service, &path) else { continue };
            let starts = value("Start")?.and_then(|value| value.number()) == Some(BOOT_START);
            match found.iter_mut().find(|one| one.service.eq_ignore_ascii_case(&service)) {
                Some(one) => one.starts_at_boot |= starts,
                None => found.push(Installed { driver, service, starts_at_boot: starts }),
            }
        }
    }
    Ok(found)
}

/// Deletes the service, its devices without hardware, and what makes Windows know them, in each of the `sets` of settings.
pub(in crate::windows) fn uninstall(
    journal: &mut Journal,
    service: &str,
    sets: &[String],
) -> Result<Vec<String>, HiveEditError> {
    let mut notes = Vec::new();
    for set in sets {
        if journal.delete(&format!("{set}\\Services\\{service}"))? {
            notes.push(format!("{set}: service {service} is gone; its file stays"));
        }
        let root = format!("{set}\\Enum\\Root");
        for device in journal.hive.subkeys(&root)? {
            for instance in journal.hive.subkeys(&format!("{root}\\{device}"))? {
                let path = format!("{root}\\{device}\\{instance}");
                if is_of(&journal.hive, &path, service)? && journal.delete(&path)? {
                    notes.push(format!("{set}: device Root\\{device}\\{instance} is gone"));
                }
            }
        }
        let devices = format!("{set}\\Control\\CriticalDeviceDatabase");
        for device in journal.hive.subkeys(&devices)? {
            let path = format!("{devices}\\{device}");
            if is_of(&journal.hive, &path, service)? {
                journal.delete(&path)?;
            }
        }
    }
    Ok(notes)
}

fn is_of(hive: &HiveEdit, path: &str, service: &str) -> Result<bool, HiveEditError> {
    let found = hive.value(path, "Service")?.and_then(|value| value.text());
    Ok(found.is_some_and(|found| found.eq_ignore_ascii_case(service)))
}
