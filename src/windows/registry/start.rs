//! Drivers of Windows itself that must start at boot, so that it finds what is on its disk.

use crate::windows::hive::{HiveEdit, HiveEditError};

/// Drivers that start at boot where a Windows has them: of disks, partitions, drive letters and volumes.
const SERVICES: [&str; 4] = ["disk", "partmgr", "mountmgr", "volmgr"];
/// That of volumes before Vista. NT 4, which has no `mountmgr`, starts it for sets of disks alone.
const VOLUMES_OF_2000: &str = "ftdisk";

/// What starts too late in the set of settings `set`, a line each. `file_system` is the driver of the file system, if it must
/// start at boot, too.
pub(in crate::windows) fn late_services(
    hive: &HiveEdit,
    set: &str,
    file_system: Option<&str>,
) -> Result<Vec<String>, HiveEditError> {
    let key = |service: &str| format!("{set}\\Services\\{service}");
    let has_mountmgr = hive.has_key(&key("mountmgr"))?;
    let volumes = has_mountmgr.then_some(VOLUMES_OF_2000);
    let mut notes = Vec::new();
    for service in SERVICES.into_iter().chain(volumes).chain(file_system) {
        if !hive.has_key(&key(service))? {
            // Every Windows has the one of disks.
            if service == SERVICES[0] || Some(service) == file_system {
                notes.push(format!("{set}: there is no service {service}, without which no disk is found"));
            }
            continue;
        }
        let start = hive.value(&key(service), "Start")?.and_then(|value| value.number());
        if start != Some(0) {
            let start = start.map_or_else(|| "none".into(), |start| start.to_string());
            notes.push(format!(
                "{set}: service {service} has Start {start} and must start at boot: set it to 0 in this Windows"
            ));
        }
    }
    Ok(notes)
}
