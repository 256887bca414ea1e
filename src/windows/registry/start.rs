//! Drivers of Windows itself that must start at boot, so that it finds what is on its disk.

use super::data::number;
use super::journal::Journal;
use crate::contents::windows::driver_path;
use crate::windows::hive::HiveEditError;

/// Drivers that start at boot where a Windows has them: of disks, partitions, drive letters and volumes.
const SERVICES: [&str; 4] = ["disk", "partmgr", "mountmgr", "volmgr"];
/// That of volumes before Vista. NT 4, which has no `mountmgr`, starts it for sets of disks alone.
const VOLUMES_OF_2000: &str = "ftdisk";
/// Start type of a driver that the boot loader loads.
const AT_BOOT: u32 = 0;

/// Lets those of the set of settings `set` start at boot; a line for each that did not. `file_system` is the driver of the
/// file system, if it must start at boot, too. `has_file` tells whether a path from the folder of Windows on is there: one whose
/// file is not there stays as it is.
pub(in crate::windows) fn start_early(
    journal: &mut Journal,
    set: &str,
    file_system: Option<&str>,
    has_file: &dyn Fn(&str) -> bool,
) -> Result<Vec<String>, HiveEditError> {
    let key = |service: &str| format!("{set}\\Services\\{service}");
    let has_mountmgr = journal.hive.has_key(&key("mountmgr"))?;
    let volumes = has_mountmgr.then_some(VOLUMES_OF_2000);
    let mut notes = Vec::new();
    for service in SERVICES.into_iter().chain(volumes).chain(file_system) {
        let key = key(service);
        if !journal.hive.has_key(&key)? {
            // Every Windows has the one of disks.
            if service == SERVICES[0] || Some(service) == file_system {
                notes.push(format!("{set}: there is no service {service}, without which no disk is found"));
            }
            continue;
        }
        let start = journal.hive.value(&key, "Start")?.and_then(|value| value.number());
        if start == Some(AT_BOOT) {
            continue;
        }
        let path = journal.hive.value(&key, "ImagePath")?.and_then(|value| value.text());
        let file = driver_path(service, path.as_deref().unwrap_or_default());
        let start = start.map_or_else(|| "none".into(), |start| start.to_string());
        if has_file(&file) {
            journal.set(&key, "Start", &number(AT_BOOT))?;
            notes.push(format!("{set}: service {service} starts at boot: its Start was {start}"));
        } else {
            notes.push(format!(
                "{set}: service {service} has Start {start} and must start at boot, and its file {file} is not there"
            ));
        }
    }
    Ok(notes)
}
