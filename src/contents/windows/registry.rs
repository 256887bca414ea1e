//! What the registry of a Windows says about its start: drivers, drive letters, the set of settings in use.

use serde::{Deserialize, Serialize};

use super::hive::{Hive, HiveError, Key};
use super::pe::FileVersion;

/// A driver that looks for RAM disks.
#[derive(
    Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize, schemars::JsonSchema,
)]
pub enum DriverName {
    /// FiraDisk, by karyonix.
    FiraDisk,
    /// WinVBlock, by Sha0.
    WinVBlock,
    /// SVBus, by Kai Schtrom.
    SVBus,
}

impl DriverName {
    /// All of them.
    pub const ALL: [Self; 3] = [Self::FiraDisk, Self::WinVBlock, Self::SVBus];

    /// The driver that the service `service` with the file `path` is.
    pub(crate) fn of(service: &str, path: &str) -> Option<Self> {
        let file = path.rsplit(['\\', '/']).next().unwrap_or_default();
        Self::ALL.into_iter().find(|driver| {
            let (services, files) = driver.installs();
            let is_one = |name: &str, of: &[&str]| of.iter().any(|known| known.eq_ignore_ascii_case(name));
            is_one(service, services) || is_one(file, files)
        })
    }

    /// Names of its service and of its file, for processors of 32 and of 64 bits.
    pub(crate) fn installs(self) -> (&'static [&'static str], &'static [&'static str]) {
        match self {
            Self::FiraDisk => (&["FiraDisk"], &["firadisk.sys", "firadi64.sys"]),
            Self::WinVBlock => (&["WinVBlock"], &["wvblk32.sys", "wvblk64.sys"]),
            Self::SVBus => (&["svbusx86", "svbusx64"], &["svbusx86.sys", "svbusx64.sys"]),
        }
    }

    /// Its name.
    pub fn name(self) -> &'static str {
        match self {
            Self::FiraDisk => "FiraDisk",
            Self::WinVBlock => "WinVBlock",
            Self::SVBus => "SVBus",
        }
    }
}

/// One such driver, as it is installed.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, schemars::JsonSchema)]
pub struct Driver {
    /// Which one.
    pub name: DriverName,
    /// Name of its service.
    pub service: String,
    /// When it starts: 0 at boot, 1 with the system, 2 by itself, 3 on demand, 4 never; `None` if it does not say.
    pub start: Option<u32>,
    /// Its type; 1 is a driver of the kernel.
    pub kind: Option<u32>,
    /// The group that it is loaded with.
    pub group: Option<String>,
    /// Whether that group has a place in the order of groups.
    pub group_is_ordered: bool,
    /// Its file, from the folder of Windows on.
    pub path: String,
    /// Whether that file is there.
    pub file_is_present: bool,
    /// The version of the file.
    pub version: Option<FileVersion>,
    /// Bits of an address of the processor that the file is for.
    pub processor_bits: Option<u8>,
    /// Whether its settings let it look for a RAM disk with MEMDISK's identity.
    pub looks_for_memdisk: bool,
    /// Whether its settings let it look for a RAM disk with GRUB4DOS's identity.
    pub looks_for_grub4dos: bool,
    /// Whether it makes a device of its own when it starts, or has one already.
    pub has_device: bool,
}

/// What `SYSTEM` says.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, schemars::JsonSchema)]
pub struct System {
    /// Number of the set of settings that the next start uses.
    pub control_set: u32,
    /// Whether that set is there.
    pub control_set_is_present: bool,
    /// Number of the set that was in use when the image was made.
    pub current_set: Option<u32>,
    /// Whether Windows was running when the image was made, or was not shut down.
    pub hive_is_dirty: bool,
    /// The drivers that look for RAM disks.
    pub drivers: Vec<Driver>,
    /// Whether Windows knows by itself which driver any disk needs.
    pub knows_any_disk: bool,
    /// The disks and drive letters that Windows remembers.
    pub drive_letters: Vec<DriveLetter>,
}

/// A drive letter on a disk with a master boot record.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, schemars::JsonSchema)]
pub struct DriveLetter {
    /// The letter.
    pub letter: char,
    /// Signature of its disk.
    pub disk_signature: u32,
    /// First byte of its partition on that disk.
    pub offset: u64,
}

/// Most services that are drivers of RAM disks.
const DRIVERS_MAX: usize = 16;
/// Longest text that is kept, in letters: the longest path of Windows.
const TEXT_LEN_MAX: usize = 32_767;
/// Most drive letters.
const LETTERS_MAX: usize = 26;
/// Most devices that are looked at.
const DEVICES_MAX: usize = 4096;

/// Reads `SYSTEM`; what the files of drivers say is not known yet.
///
/// # Errors
///
/// [`HiveError::Damaged`] if a part that matters cannot be read.
pub fn system(hive: &Hive) -> Result<System, HiveError> {
    let selected = |name: &str| number(hive.key("Select")?, name);
    let current_set = selected("Current")?;
    let control_set = selected("Default")?.or(current_set).unwrap_or(1);
    let set = format!("ControlSet{control_set:03}");
    let order = hive.key(&format!("{set}\\Control\\ServiceGroupOrder"))?;
    let order = order.map(|key| key.value("List")).transpose()?.flatten();
    let order = order.and_then(|list| list.texts()).unwrap_or_default();
    let services = hive.key(&format!("{set}\\Services"))?;
    let control_set_is_present = services.is_some();
    let mut drivers = Vec::new();
    for service in services.map(|services| services.subkeys()).transpose()?.unwrap_or_default() {
        hive.check()?;
        // A damaged service that is none of these drivers does not matter.
        let path = text(&service, "ImagePath").unwrap_or_default().unwrap_or_default();
        if let Some(name) = DriverName::of(&service.name(), &path) {
            drivers.push(driver(hive, &set, name, &service, &order)?);
        }
        if drivers.len() > DRIVERS_MAX {
            return Err(HiveError::Damaged { offset: service.offset(), wanted: "one of a few drivers" });
        }
    }
    hive.check()?;
    drivers.sort_by_key(|driver| driver.name);
    let devices = hive.key(&format!("{set}\\Control\\CriticalDeviceDatabase"))?;
    let any_disk = devices.map(|key| key.subkey("gendisk")).transpose()?.flatten();
    Ok(System {
        control_set,
        control_set_is_present,
        current_set,
        hive_is_dirty: hive.is_dirty(),
        drivers,
        knows_any_disk: any_disk.is_some(),
        drive_letters: drive_letters(hive)?,
    })
}

fn number(key: Option<Key<'_>>, name: &str) -> Result<Option<u32>, HiveError> {
    let value = key.map(|key| key.value(name)).transpose()?.flatten();
    Ok(value.and_then(|value| value.number()))
}

fn text(key: &Key<'_>, name: &str) -> Result<Option<String>, HiveError> {
    let text = key.value(name)?.and_then(|value| value.text());
    Ok(text.map(|text| text.chars().take(TEXT_LEN_MAX).collect()))
}

fn driver(
    hive: &Hive,
    set: &str,
    name: DriverName,
    service: &Key<'_>,
    order: &[String],
) -> Result<Driver, HiveError> {
    let group = text(service, "Group")?;
    let is_ordered = |group: &String| order.iter().any(|ordered| ordered.eq_ignore_ascii_case(group));
    let path = text(service, "ImagePath")?;
    let settings = hive.key(&format!("{set}\\Control\\{}", name.name()))?;
    let is_set = |setting: &str| Ok(number(settings, setting)?.is_some_and(|value| value != 0));
    let nothing = is_set("DisableDetectedRAMDrives")?;
    let (memdisk, grub4dos) = match name {
        DriverName::FiraDisk => (!is_set("DisableDetectMemdisk")?, !is_set("DisableDetectGrub4dos")?),
        DriverName::WinVBlock => (true, true),
        DriverName::SVBus => (false, true),
    };
    let has_device = match name {
        // It makes its device once, and notes that it has one.
        DriverName::FiraDisk => {
            let made = number(service.subkey("Parameters")?, "PnP")?.is_some_and(|value| value != 0);
            !made || has_device(hive, set, &service.name())?
        }
        DriverName::WinVBlock | DriverName::SVBus => true,
    };
    Ok(Driver {
        name,
        service: service.name(),
        start: number(Some(*service), "Start")?,
        kind: number(Some(*service), "Type")?,
        group_is_ordered: group.as_ref().is_some_and(is_ordered),
        group,
        path: driver_path(&service.name(), path.as_deref().unwrap_or_default()),
        file_is_present: false,
        version: None,
        processor_bits: None,
        looks_for_memdisk: memdisk && !nothing,
        looks_for_grub4dos: grub4dos && !nothing,
        has_device,
    })
}

/// Whether a device without hardware has `service` as its driver.
fn has_device(hive: &Hive, set: &str, service: &str) -> Result<bool, HiveError> {
    let Some(root) = hive.key(&format!("{set}\\Enum\\Root"))? else { return Ok(false) };
    for device in root.subkeys()?.into_iter().take(DEVICES_MAX) {
        for instance in device.subkeys()?.into_iter().take(LETTERS_MAX) {
            if text(&instance, "Service")?.is_some_and(|found| found.eq_ignore_ascii_case(service)) {
                return Ok(true);
            }
        }
    }
    Ok(false)
}

/// The path of the file of the driver `service` from the folder of Windows on, whichever way `path` gives it.
pub(crate) fn driver_path(service: &str, path: &str) -> String {
    if path.is_empty() { format!("system32\\drivers\\{service}.sys") } else { relative(path) }
}

/// A driver's path from the folder of Windows on, whichever way it is given.
fn relative(path: &str) -> String {
    let path = path.replace('/', "\\");
    let start = ["\\SystemRoot\\", "%SystemRoot%\\", "%windir%\\"];
    let starts = |start: &str| path.get(..start.len()).is_some_and(|head| head.eq_ignore_ascii_case(start));
    if let Some(start) = start.into_iter().find(|start| starts(start)) {
        return path[start.len()..].to_owned();
    }
    // From a drive on: what is behind the folder of Windows.
    let full = path.strip_prefix("\\??\\").unwrap_or(&path);
    if full.as_bytes().get(1) == Some(&b':') {
        return full.splitn(3, '\\').nth(2).unwrap_or_default().to_owned();
    }
    path.trim_start_matches('\\').to_owned()
}

fn drive_letters(hive: &Hive) -> Result<Vec<DriveLetter>, HiveError> {
    let Some(key) = hive.key("MountedDevices")? else { return Ok(Vec::new()) };
    let mut letters = Vec::new();
    for value in key.values()?.into_iter().take(DEVICES_MAX) {
        let name = value.name();
        let Some(letter) = name.strip_prefix("\\DosDevices\\").and_then(|name| name.strip_suffix(':')) else {
            continue;
        };
        let (Ok(letter), Ok(bytes)) = (letter.parse::<char>(), <[u8; 12]>::try_from(value.data()?.bytes))
        else {
            continue;
        };
        let [signature, low, high] =
            [0, 4, 8].map(|at| u32::from_le_bytes([bytes[at], bytes[at + 1], bytes[at + 2], bytes[at + 3]]));
        let letter = letter.to_ascii_uppercase();
        if letter.is_ascii_uppercase() && letters.len() < LETTERS_MAX {
            let offset = u64::from(high) << 32 | u64::from(low);
            letters.push(DriveLetter { letter, disk_signature: signature, offset });
        }
    }
    letters.sort_by_key(|letter| letter.letter);
    Ok(letters)
}

/// What `SOFTWARE` says: the product's name, and the folder that Windows runs from, as in `C:\WINDOWS`.
///
/// # Errors
///
/// [`HiveError::Damaged`] if the way there is damaged.
pub fn product(hive: &Hive) -> Result<(Option<String>, Option<String>), HiveError> {
    let Some(key) = hive.key("Microsoft\\Windows NT\\CurrentVersion")? else { return Ok((None, None)) };
    Ok((text(&key, "ProductName")?, text(&key, "SystemRoot")?))
}

#[cfg(test)]
mod tests {
    use super::relative;

    #[test]
    fn a_path_is_found_whichever_way_it_is_given() {
        for given in [
            "system32\\DRIVERS\\wvblk32.sys",
            "\\SystemRoot\\system32\\DRIVERS\\wvblk32.sys",
            "%systemroot%\\system32\\DRIVERS\\wvblk32.sys",
            "\\??\\C:\\WINDOWS\\system32\\DRIVERS\\wvblk32.sys",
            "C:/WINDOWS/system32/DRIVERS/wvblk32.sys",
        ] {
            assert_eq!(relative(given), "system32\\DRIVERS\\wvblk32.sys", "{given}");
        }
        assert_eq!(relative("C:"), "");
    }
}
