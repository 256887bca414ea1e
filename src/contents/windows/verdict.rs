//! What will happen when a Windows starts from its RAM disk, and what to do about it.
//!
//! The rules are those of the drivers: who looks for which identity, from which version on, and when.

use std::path::Path;

use super::answer::{Answer, DiskOrder, Family, Windows};
use super::pe::FileVersion;
use super::registry::{Driver, DriverName, System};
use crate::image::Identity;

/// First FiraDisk that looks for MEMDISK's identity.
const FIRADISK_KNOWS_MEMDISK: FileVersion = FileVersion([0, 0, 1, 20]);
/// Start type of a driver that the boot loader loads.
const BOOT_START: u32 = 0;
/// Type of a driver of the kernel.
const KERNEL_DRIVER: u32 = 1;
/// Major and minor version of Windows 2000's kernel.
const WINDOWS_2000: [u16; 2] = [5, 0];
/// What a Windows without its disk says.
const STOP: &str = "it will stop with 0x0000007B";
const COPY_AGAIN: &str = "then shut down and copy the disk again";

/// Fills in the identity, the answer and the verdict, and adds the problems that follow from what was read.
pub(super) fn judge(windows: &mut Windows, image: &Path, order: DiskOrder) {
    match windows.family {
        Family::Pe => {
            return by_itself(windows, "Windows PE makes a RAM disk of its own: it needs no driver");
        }
        Family::Dos => {
            let verdict = "this Windows reads its disk through INT 13h: it needs no driver for the RAM disk";
            return by_itself(windows, verdict);
        }
        Family::Unreadable => {
            let verdict = "it has NTFS, which may be Windows; whether it finds its RAM disk cannot be told";
            return settle(windows, Answer::Unknown, verdict);
        }
        Family::Ntldr | Family::Bootmgr | Family::Reactos => {}
    }
    boot_entry(windows, order);
    let Some(system) = windows.system.clone() else {
        let verdict = "whether this Windows finds its RAM disk cannot be told";
        return if stops(windows) {
            settle(windows, Answer::No, &format!("{verdict}, but Windows will not start"))
        } else {
            settle(windows, Answer::Unknown, verdict)
        };
    };
    drive_letter(windows, &system, image);
    windows.identity = identity(&system.drivers);
    drivers(windows, &system, image);
}

fn settle(windows: &mut Windows, starts: Answer, verdict: &str) {
    windows.starts = starts;
    verdict.clone_into(&mut windows.verdict);
}

/// The verdict on a Windows that needs no driver.
fn by_itself(windows: &mut Windows, verdict: &str) {
    if stops(windows) {
        settle(windows, Answer::No, &format!("{verdict}, but Windows will not start"));
    } else {
        settle(windows, Answer::Yes, verdict);
    }
}

/// Whether something keeps it from starting.
fn stops(windows: &Windows) -> bool {
    windows.problems.iter().any(|problem| problem.stops)
}

/// The identity that the installed drivers look for.
fn identity(drivers: &[Driver]) -> Identity {
    let starting = |driver: &&Driver| driver.start == Some(BOOT_START);
    let among = |identity| drivers.iter().filter(starting).any(|driver| finds(driver, identity));
    if !among(Identity::Memdisk) && among(Identity::Grub4dos) {
        Identity::Grub4dos
    } else {
        Identity::Memdisk
    }
}

/// Whether `driver` looks for a RAM disk of this identity.
fn finds(driver: &Driver, identity: Identity) -> bool {
    match identity {
        Identity::Memdisk => driver.looks_for_memdisk && !is_old(driver),
        Identity::Grub4dos => driver.looks_for_grub4dos,
    }
}

/// Whether it is a FiraDisk from before it knew MEMDISK's identity.
fn is_old(driver: &Driver) -> bool {
    driver.name == DriverName::FiraDisk
        && driver.version.is_some_and(|version| version < FIRADISK_KNOWS_MEMDISK)
}

fn named(driver: &Driver) -> String {
    match driver.version {
        Some(version) => format!("{} {version}", driver.name.name()),
        None => driver.name.name().to_owned(),
    }
}

fn drivers(windows: &mut Windows, system: &System, image: &Path) {
    let mut obstacles = Vec::new();
    let mut good = Vec::new();
    for driver in &system.drivers {
        match obstacle(driver, windows) {
            Some(obstacle) => obstacles.push(obstacle),
            None => good.push(driver),
        }
    }
    let starting: Vec<&Driver> =
        system.drivers.iter().filter(|driver| driver.start == Some(BOOT_START)).collect();
    if let [one, other, ..] = starting[..]
        && one.name != other.name
    {
        let (one, other) = (one.name.name(), other.name.name());
        let problem = format!(
            "{one} and {other} both start at boot: Windows may see the disk twice, or one may hide it from the other"
        );
        let fix = format!("keep one: set `Start` of the other's service to 4, {COPY_AGAIN}");
        windows.warn(&problem, &fix);
    }
    // What is wrong with one driver does not stop Windows while another works.
    for (problem, fix) in obstacles {
        if good.is_empty() { windows.stop(&problem, &fix) } else { windows.warn(&problem, &fix) }
    }
    for driver in &good {
        group(windows, driver);
    }
    if windows.family == Family::Ntldr && !good.is_empty() && !system.knows_any_disk {
        let problem =
            "the critical device database has no `gendisk`: Windows may not know the driver of a new disk";
        let fix =
            "start Windows once from a disk of another controller, or bring the key from a whole Windows";
        windows.warn(problem, fix);
    }
    if system.hive_is_dirty {
        let problem =
            "the registry was copied while Windows ran: changes of its last minutes may be missing here";
        windows.warn(problem, "shut Windows down and copy the disk again");
    }
    answer(windows, &good, system, image);
}

fn answer(windows: &mut Windows, good: &[&Driver], system: &System, image: &Path) {
    let with = match windows.identity {
        Identity::Memdisk => String::new(),
        Identity::Grub4dos => " with `--identity grub4dos`".into(),
    };
    let others = stops(windows);
    let (starts, verdict) = match (good.first(), system.drivers.first()) {
        (Some(driver), _) => {
            let driver = named(driver);
            let finds = format!("{driver} starts at boot and will find this RAM disk{with}");
            if others {
                (Answer::No, format!("{finds}, but Windows will not start"))
            } else {
                (Answer::Yes, finds + ": yes")
            }
        }
        (None, Some(driver)) => {
            (Answer::No, format!("{} will not find this RAM disk: {STOP}", named(driver)))
        }
        (None, None) if !system.control_set_is_present => {
            let problem = format!(
                "the settings of the next start, ControlSet{:03}, are not in the registry",
                system.control_set
            );
            windows.stop(
                &problem,
                "start Windows once more from its own disk, shut it down, and copy the disk again",
            );
            (Answer::No, problem)
        }
        (None, None) => {
            let problem = "no driver for RAM disks is installed";
            let is_2000 = windows.kernel_version.is_some_and(|version| version.0[..2] == WINDOWS_2000);
            let driver = match (is_2000, windows.processor_bits) {
                (true, _) => "wvblk32.sys",
                (false, Some(64)) => "firadi64.sys",
                (false, _) => "firadisk.sys",
            };
            let image = crate::units::shell_word(image);
            let fix = format!("`ramkey windows add-driver {image} --driver {driver}` puts one there");
            windows.stop(problem, &fix);
            (Answer::No, format!("{problem}: {STOP}"))
        }
    };
    settle(windows, starts, &verdict);
}

fn service_key(driver: &Driver) -> String {
    format!("HKLM\\SYSTEM\\CurrentControlSet\\Services\\{}", driver.service)
}

/// Why `driver` will not find the disk, and what to do.
fn obstacle(driver: &Driver, windows: &Windows) -> Option<(String, String)> {
    let name = driver.name.name();
    let service = service_key(driver);
    if !driver.file_is_present {
        let problem = format!("{name} is installed, and its file `{}` is not there", driver.path);
        return Some((problem, format!("install {name} again, {COPY_AGAIN}")));
    }
    if driver.start != Some(BOOT_START) {
        let start = driver.start.map_or("none".into(), |start| start.to_string());
        let problem = format!("{name} does not start at boot: its start type is {start}");
        return Some((problem, format!("set `Start` below `{service}` to 0, {COPY_AGAIN}")));
    }
    if driver.kind != Some(KERNEL_DRIVER) {
        let problem = format!("the service {name} is no driver of the kernel");
        return Some((problem, format!("set `Type` below `{service}` to 1, {COPY_AGAIN}")));
    }
    if let (Some(bits), Some(wanted)) = (driver.processor_bits, windows.processor_bits)
        && bits != wanted
    {
        let problem = format!("{name}'s file is for Windows of {bits} bits, and this one has {wanted}");
        return Some((problem, format!("install the {wanted}-bit {name}, {COPY_AGAIN}")));
    }
    if driver.name == DriverName::FiraDisk
        && windows.kernel_version.is_some_and(|version| version.0[..2] == WINDOWS_2000)
    {
        let problem = "FiraDisk is reported to stop Windows 2000 with 0x0000007B".to_owned();
        return Some((problem, format!("install WinVBlock instead, {COPY_AGAIN}")));
    }
    if !driver.has_device {
        let problem = format!("{name} expects a device that is no longer there");
        return Some((problem, format!("set `PnP` below `{service}\\Parameters` to 0, {COPY_AGAIN}")));
    }
    if !finds(driver, windows.identity) {
        return Some(blind(driver, windows.identity));
    }
    None
}

/// A driver that starts and does not look for the RAM disk.
fn blind(driver: &Driver, identity: Identity) -> (String, String) {
    let name = driver.name.name();
    let (problem, fix) = match identity {
        Identity::Memdisk if driver.name == DriverName::SVBus || is_old(driver) => {
            let problem = format!("{} looks for GRUB4DOS's identity alone", named(driver));
            (problem, "remove it, or remove the other driver and use `--identity grub4dos`".into())
        }
        Identity::Memdisk | Identity::Grub4dos => {
            let problem = format!("{name} is told not to look for RAM disks");
            let key = format!("HKLM\\SYSTEM\\CurrentControlSet\\Control\\{name}");
            (problem, format!("delete the values `DisableDetect...` below `{key}`, {COPY_AGAIN}"))
        }
    };
    (problem, fix)
}

/// A driver without a place in the order of groups is loaded last, behind those that look for the boot disk.
fn group(windows: &mut Windows, driver: &Driver) {
    let name = driver.name.name();
    let problem = match &driver.group {
        Some(_) if driver.group_is_ordered => return,
        Some(group) => format!("{name} is in the group `{group}`, which has no place in the order of groups"),
        None => format!("{name} is in no group: it is loaded after all drivers that are in one"),
    };
    let key = service_key(driver);
    windows.warn(&problem, &format!("set `Group` below `{key}` to `Boot Bus Extender`"));
}

/// The loader's menu must name the RAM disk, which is the first disk of the BIOS unless the machine's own come first.
fn boot_entry(windows: &mut Windows, order: DiskOrder) {
    let Some(entry) = windows.boot_entry.clone() else { return };
    let partition = windows.place.as_ref().map_or(1, |place| place.partition.max(1));
    let folder = windows.place.as_ref().map_or(&entry.folder, |place| &place.folder).clone();
    let right = |disk: u32| format!("multi(0)disk(0)rdisk({disk})partition({partition})\\{folder}");
    let menu = if windows.family == Family::Reactos { "freeldr.ini" } else { "boot.ini" };
    let fix = format!(
        "let `{menu}` name `{}`",
        right(entry.disk.filter(|_| order == DiskOrder::InternalFirst).unwrap_or(0))
    );
    if entry.is_boot_sector() {
        let problem = format!("`{menu}` starts `{}`, which is no Windows", entry.path);
        return windows.stop(&problem, &fix);
    }
    match (entry.disk, order) {
        (Some(0), DiskOrder::RamFirst) | (Some(1..), DiskOrder::InternalFirst) => {}
        (Some(0), DiskOrder::InternalFirst) => {
            let problem = format!(
                "`{menu}` starts Windows from disk 0, which with `--first-disk internal` is the machine's own if it has one"
            );
            let fix = format!(
                "leave `--first-disk` out, or let `{menu}` name `{}` for a machine with one disk",
                right(1)
            );
            windows.warn(&problem, &fix);
        }
        (Some(disk), DiskOrder::RamFirst) => {
            let problem = format!("`{menu}` starts Windows from disk {disk}, and the RAM disk is disk 0");
            windows.stop(&problem, &fix);
        }
        (None, _) => {
            let problem = format!("`{menu}` starts Windows from `{}`, and not through the BIOS", entry.path);
            windows.stop(&problem, &fix);
        }
    }
    let Some(place) = windows.place.clone() else { return };
    if let Some(named) = entry.partition
        && place.partition > 0
        && named != place.partition
    {
        let problem = format!("`{menu}` names partition {named}, and Windows is on partition {partition}");
        windows.stop(&problem, &fix);
    }
    if !entry.folder.eq_ignore_ascii_case(&place.folder) {
        let problem = format!("`{menu}` starts `\\{}`, and Windows is in `\\{}`", entry.folder, place.folder);
        windows.stop(&problem, &fix);
    }
}

/// The letter that Windows remembers for its own disk, against the disk that it will see. Windows that finds itself
/// on another letter starts and then does not let anybody log on. (Microsoft, KB 249321.)
fn drive_letter(windows: &mut Windows, system: &System, image: &Path) {
    let image = crate::units::shell_word(image);
    let Some(offset) = windows.place.as_ref().map(|place| place.offset) else { return };
    let letter = windows.system_letter.unwrap_or('C');
    let remembered = system.drive_letters.iter().find(|found| found.letter == letter);
    let forget = format!("delete the values below `HKLM\\SYSTEM\\MountedDevices` in Windows, {COPY_AGAIN}");
    match (windows.disk_signature, remembered) {
        (Some(0), Some(remembered)) if remembered.offset == offset && remembered.disk_signature != 0 => {
            let fix = format!("`sfdisk --disk-id {image} {:#010x}` gives it back", remembered.disk_signature);
            windows.warn(&format!("the disk signature is zero: {letter}: may become another letter"), &fix);
        }
        (Some(0), _) => {
            let problem = "the disk signature is zero: ramkey puts one of its own into memory";
            let fix = format!("`sfdisk --disk-id {image} 0x1a2b3c4d` gives the image one that stays");
            windows.warn(problem, &fix);
        }
        (Some(signature), Some(remembered)) if remembered.disk_signature != signature => {
            let problem = format!(
                "Windows remembers {letter}: on a disk with the signature {:08x}, and the image has {signature:08x}: \
                 it may start and let nobody log on",
                remembered.disk_signature
            );
            let fix = if remembered.offset == offset {
                format!("`sfdisk --disk-id {image} {:#010x}`, or {forget}", remembered.disk_signature)
            } else {
                forget
            };
            windows.warn(&problem, &fix);
        }
        (_, Some(remembered)) if remembered.offset != offset => {
            let problem = format!(
                "Windows remembers {letter}: at byte {:#x} of its disk, and its partition begins at {offset:#x}: \
                 it may start and let nobody log on",
                remembered.offset
            );
            windows.warn(&problem, &forget);
        }
        (None, Some(_)) => {
            let problem = format!(
                "an image of a partition gets a new disk signature: {letter}: may become another letter, and then \
                 nobody can log on"
            );
            windows.warn(&problem, &format!("copy the whole disk, or {forget}"));
        }
        _ => {}
    }
}
