//! The settings with which each driver starts at boot and finds its disk. docs/windows-xp.md lists them.

use super::data::{number, text, texts, variable_text};
use serde::{Deserialize, Serialize};

use super::guid::{DISK_DRIVE, SCSI_ADAPTER};
use super::journal::Journal;
use crate::contents::windows::DriverName;
use crate::windows::hive::{HiveEdit, HiveEditError};

/// Which way a driver gets its device.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum Attach {
    /// A device without hardware is in the registry, and Windows starts the driver for it.
    Root,
    /// The driver makes the device when it starts.
    Own,
}

impl Attach {
    /// Its name, as options and reports have it.
    pub fn name(self) -> &'static str {
        match self {
            Self::Root => "root",
            Self::Own => "own",
        }
    }
}

/// What is to be installed.
pub(in crate::windows) struct Install<'i> {
    pub driver: DriverName,
    pub attach: Attach,
    pub bits: u8,
    /// The name of its file in `system32\drivers`.
    pub file: &'i str,
}

/// Groups that drivers are loaded with, the earliest first.
const GROUPS: [&str; 3] = ["Boot Bus Extender", "System Bus Extender", "SCSI miniport"];
/// Most devices of a kind that are looked through for a free number.
const NUMBERS_MAX: u32 = 10_000;

impl Install<'_> {
    /// The name of its service.
    pub fn service(&self) -> &'static str {
        let (services, _) = self.driver.installs();
        services[usize::from(self.bits == 64).min(services.len() - 1)]
    }

    /// What the device without hardware is called.
    fn hardware_id(&self) -> String {
        match self.driver {
            DriverName::FiraDisk => "root\\firadisk".into(),
            DriverName::WinVBlock => "root\\winvblock".into(),
            DriverName::SVBus => format!("root\\{}", self.service()),
        }
    }

    /// Devices that Windows is to know before it looks for drivers.
    fn critical_devices(&self) -> Vec<String> {
        match self.driver {
            DriverName::FiraDisk => vec!["ROOT#firadisk".into(), "DETECTED#firadisk".into()],
            DriverName::WinVBlock => {
                ["ROOT#WinVBlock", "DETECTED#WinVBlock", "WinVBlock#Int13hHook"].map(String::from).to_vec()
            }
            DriverName::SVBus => vec![format!("ROOT#{}", self.service())],
        }
    }
}

/// Installs it in the set of settings `set`; gives what was done, for people.
pub(in crate::windows) fn install(
    journal: &mut Journal,
    set: &str,
    install: &Install<'_>,
) -> Result<Vec<String>, HiveEditError> {
    let mut notes = vec![service(journal, set, install)?];
    for device in install.critical_devices() {
        let key = format!("{set}\\Control\\CriticalDeviceDatabase\\{device}");
        journal.set(&key, "Service", &text(install.service()))?;
        journal.set(&key, "ClassGUID", &text(SCSI_ADAPTER))?;
    }
    let names = install.critical_devices().join(", ");
    notes.push(format!("{set}: critical devices {names}"));
    if install.attach == Attach::Root {
        notes.push(device(journal, set, install)?);
    }
    notes.extend(any_disk(journal, set)?);
    notes.extend(detection(journal, set, install)?);
    Ok(notes)
}

fn service(journal: &mut Journal, set: &str, install: &Install<'_>) -> Result<String, HiveEditError> {
    let (name, key) = (install.service(), format!("{set}\\Services\\{}", install.service()));
    let group = group(&journal.hive, set)?;
    let path = format!("system32\\drivers\\{}", install.file);
    let values = [
        ("Type", number(1)),
        ("Start", number(0)),
        ("ErrorControl", number(1)),
        ("Group", text(group)),
        ("ImagePath", variable_text(&path)),
    ];
    for (name, data) in values {
        journal.set(&key, name, &data)?;
    }
    match install.driver {
        DriverName::FiraDisk => {
            let has_device = u32::from(install.attach == Attach::Root);
            journal.set(&format!("{key}\\Parameters"), "PnP", &number(has_device))?;
        }
        // It need not note its devices itself.
        DriverName::WinVBlock => {
            journal.set(&key, "CddbDone", &number(1))?;
        }
        DriverName::SVBus => {}
    }
    Ok(format!("{set}: service {name}, starts at boot with `{group}`, {path}"))
}

/// The earliest group that has a place in the order of groups.
fn group(hive: &HiveEdit, set: &str) -> Result<&'static str, HiveEditError> {
    let order = hive.value(&format!("{set}\\Control\\ServiceGroupOrder"), "List")?;
    let order = order.and_then(|list| list.texts()).unwrap_or_default();
    let is_ordered = |group: &&str| order.iter().any(|ordered| ordered.eq_ignore_ascii_case(group));
    Ok(GROUPS.into_iter().find(is_ordered).unwrap_or(GROUPS[0]))
}

/// The device without hardware, unless there is one already.
fn device(journal: &mut Journal, set: &str, install: &Install<'_>) -> Result<String, HiveEditError> {
    let root = format!("{set}\\Enum\\Root");
    let service = install.service();
    for device in journal.hive.subkeys(&root)? {
        for instance in journal.hive.subkeys(&format!("{root}\\{device}"))? {
            let path = format!("{root}\\{device}\\{instance}");
            let found = journal.hive.value(&path, "Service")?.and_then(|value| value.text());
            if found.is_some_and(|found| found.eq_ignore_ascii_case(service)) {
                journal.set(&path, "ConfigFlags", &number(0))?;
                return Ok(format!("{set}: device Root\\{device}\\{instance} is there already"));
            }
        }
    }
    let number_of_device = free_number(&journal.hive, &format!("{root}\\SCSIADAPTER"))?;
    let class = format!("{set}\\Control\\Class\\{SCSI_ADAPTER}");
    let number_of_driver = free_number(&journal.hive, &class)?;
    let title = format!("{} RAM disk", install.driver.name());
    let driver = format!("{SCSI_ADAPTER}\\{number_of_driver}");
    let path = format!("{root}\\SCSIADAPTER\\{number_of_device}");
    let values = [
        ("Service", text(service)),
        ("Class", text("SCSIAdapter")),
        ("ClassGUID", text(SCSI_ADAPTER)),
        ("HardwareID", texts(&[install.hardware_id()])),
        ("DeviceDesc", text(&title)),
        ("ConfigFlags", number(0)),
        ("Driver", text(&driver)),
    ];
    for (name, data) in values {
        journal.set(&path, name, &data)?;
    }
    // Where classes have keys, the device's driver has its own.
    if journal.hive.has_key(&class)? {
        let key = format!("{class}\\{number_of_driver}");
        journal.set(&key, "DriverDesc", &text(&title))?;
        journal.set(&key, "MatchingDeviceId", &text(&install.hardware_id()))?;
    }
    Ok(format!("{set}: device Root\\SCSIADAPTER\\{number_of_device} ({})", install.hardware_id()))
}

/// The first number of four digits that no key below `path` has.
fn free_number(hive: &HiveEdit, path: &str) -> Result<String, HiveEditError> {
    let used = hive.subkeys(path)?;
    let mut numbers = (0..NUMBERS_MAX).map(|number| format!("{number:04}"));
    Ok(numbers.find(|number| !used.contains(number)).unwrap_or_default())
}

/// Lets Windows know the driver of disks that are new to it.
fn any_disk(journal: &mut Journal, set: &str) -> Result<Option<String>, HiveEditError> {
    let key = format!("{set}\\Control\\CriticalDeviceDatabase\\gendisk");
    if journal.hive.has_key(&key)? || !journal.hive.has_key(&format!("{set}\\Services\\disk"))? {
        return Ok(None);
    }
    journal.set(&key, "Service", &text("disk"))?;
    journal.set(&key, "ClassGUID", &text(DISK_DRIVE))?;
    Ok(Some(format!("{set}: critical device gendisk, so that Windows knows the driver of a new disk")))
}

/// Lets the driver look for RAM disks, if it was told not to.
fn detection(journal: &mut Journal, set: &str, install: &Install<'_>) -> Result<Vec<String>, HiveEditError> {
    let key = format!("{set}\\Control\\{}", install.driver.name());
    let mut notes = Vec::new();
    for name in ["DisableDetectMemdisk", "DisableDetectGrub4dos", "DisableDetectedRAMDrives"] {
        let is_set =
            journal.hive.value(&key, name)?.and_then(|value| value.number()).is_some_and(|value| value != 0);
        if is_set && journal.forget(&key, name)? {
            notes.push(format!("{set}: {name} of {} is gone", install.driver.name()));
        }
    }
    Ok(notes)
}
