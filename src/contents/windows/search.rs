//! Finds a Windows on the volumes of an image, and reads what decides its start.

use super::answer::{DiskOrder, Family, Place, Windows};
use super::boot_ini::{self, BootEntry};
use super::hive::Hive;
use super::pe::{file_version, processor_bits};
use super::registry::{self, System};
use super::volumes::{Volumes, WindowsVolume};
use super::{freeldr_ini, start, verdict};
use crate::contents::boot_code::Starts;
use crate::contents::facts::ImageFacts;
use crate::contents::files::FilesError;
use crate::image::{Metered, Source};
use crate::units::Bytes;

/// Bytes of the image that are looked at: hives, programs, and folders as often as a name is looked for.
const LOOKED_AT_MAX: u64 = 256 << 20;
/// Longest hive that is in memory. XP cannot start with a `SYSTEM` of more than 16 MiB. `SOFTWARE` grows beyond that,
/// and what matters of it is as old as its Windows, so it lies at the start.
pub(crate) const HIVE_LEN_MAX: u64 = 40 << 20;
/// Longest kernel or driver.
pub(crate) const PROGRAM_LEN_MAX: u64 = 16 << 20;
/// Longest text of a boot loader.
pub(crate) const TEXT_LEN_MAX: u64 = 1 << 16;
/// Folders of Windows when nothing names one.
const FOLDERS: [&str; 2] = ["WINDOWS", "WINNT"];
/// Files by which NTLDR starts a setup or another Windows that is not installed.
const SETUPS: [&str; 4] = ["WINNT.SIF", "TXTSETUP.SIF", "I386\\TXTSETUP.SIF", "MININT\\TXTSETUP.SIF"];
/// Major version of the last Windows that NTLDR starts.
const LAST_MAJOR_OF_NTLDR: u16 = 5;
const RUN_CHKDSK: &str = "run `chkdsk /f` on that disk in Windows, shut it down, and copy the disk again";

/// Looks for a Windows in the image in `source`, which `facts` is about; `None` if there is none.
///
/// What cannot be read is no error: it becomes a problem of the answer.
pub fn look(source: &dyn Source, facts: &ImageFacts) -> Option<Windows> {
    look_in(source, facts, DiskOrder::default())
}

/// The same for a machine that counts its disks in this order.
pub fn look_in(source: &dyn Source, facts: &ImageFacts, order: DiskOrder) -> Option<Windows> {
    let metered = Metered::new(source, LOOKED_AT_MAX);
    let windows = look_at(&metered, facts, order);
    // What was found until then may be wrong, and nothing but that can be said.
    if metered.is_spent() { Some(given_up()) } else { windows }
}

/// The answer about an image whose folders and files lead to too much.
fn given_up() -> Windows {
    let mut windows = Windows::new(Family::Unreadable);
    let limit = Bytes(LOOKED_AT_MAX);
    windows.warn(&format!("its folders and files lead to more than {limit} to look at"), RUN_CHKDSK);
    windows.verdict = "whether there is a Windows that finds its RAM disk cannot be told".into();
    windows
}

fn look_at(source: &dyn Source, facts: &ImageFacts, order: DiskOrder) -> Option<Windows> {
    let volumes = Volumes::of_image(source, facts)?;
    let all = &volumes.all;
    let mut windows = all.iter().find_map(|volume| on_volume(volume, all).map(|found| (found, volume.place)));
    // Boot code that goes its own way may start another system than a Windows without a loader.
    if windows.is_none() && start::by_table(source, facts) != Some(Starts::Own) {
        windows =
            all.iter().find_map(|volume| without_loader(volume, all).map(|found| (found, volume.place)));
    }
    if let Some((mut windows, loader)) = windows {
        start::problems(&mut windows, source, facts, loader);
        windows.disk_signature = volumes.signature;
        verdict::judge(&mut windows, &facts.path, order);
        return Some(windows);
    }
    // FAT is more often not Windows: what cannot be read there is no news of Windows.
    let of_volumes = all.iter().filter(|volume| volume.is_ntfs).find_map(WindowsVolume::trouble);
    let error = volumes.error.or(of_volumes)?;
    let mut windows = Windows::new(Family::Unreadable);
    windows.warn(&format!("its NTFS volume cannot be read: {error}"), RUN_CHKDSK);
    windows.disk_signature = volumes.signature;
    verdict::judge(&mut windows, &facts.path, order);
    Some(windows)
}

/// The Windows that starts from `volume`, if one does.
fn on_volume(volume: &WindowsVolume<'_>, all: &[WindowsVolume<'_>]) -> Option<Windows> {
    if volume.has("NTLDR") {
        // The boot loader of ReactOS may have its name, where boot sectors look for that.
        let is_its_own = volume.has("boot.ini") || !volume.has("freeldr.ini");
        if let Some(windows) = (!is_its_own).then(|| reactos(volume, all)).flatten() {
            return Some(windows);
        }
        let windows = ntldr(volume, all);
        // NTLDR may be left over from another start.
        return if windows.place.is_some() { Some(windows) } else { dos(volume).or(Some(windows)) };
    }
    if volume.has("BOOTMGR") {
        return Some(bootmgr(volume, all));
    }
    if volume.has("freeldr.ini") {
        return reactos(volume, all);
    }
    dos(volume)
}

/// A Windows on a volume that has none of its boot loaders.
fn without_loader(volume: &WindowsVolume<'_>, all: &[WindowsVolume<'_>]) -> Option<Windows> {
    let windows = ntldr(volume, all);
    let folder = windows.place.as_ref()?.folder.clone();
    let is_later = windows.kernel_version.is_some_and(|version| version.0[0] > LAST_MAJOR_OF_NTLDR)
        || all.iter().any(|volume| volume.has(&format!("{folder}\\system32\\winload.exe")));
    if is_later {
        let mut windows = bootmgr(volume, all);
        windows.problems.retain(|problem| !problem.stops);
        windows.stop(
            "`BOOTMGR` is missing",
            "run `bootrec /fixboot` and `bootrec /rebuildbcd` from the CD of the same Windows",
        );
        return Some(windows);
    }
    let mut windows = windows;
    windows.stop(
        "`NTLDR` is missing",
        "copy `NTLDR` and `NTDETECT.COM` from the CD of the same Windows beside `boot.ini`",
    );
    Some(windows)
}

fn ntldr(volume: &WindowsVolume<'_>, all: &[WindowsVolume<'_>]) -> Windows {
    let mut windows = Windows::new(Family::Ntldr);
    if !volume.has("NTDETECT.COM") {
        let fix = "copy `NTDETECT.COM` from the CD of the same Windows beside NTLDR";
        windows.stop("`NTDETECT.COM` is missing beside NTLDR", fix);
    }
    let menu = volume.files.read("boot.ini", TEXT_LEN_MAX);
    if let Ok(Some(text)) = &menu {
        windows.boot_entry = boot_ini::default_entry(text);
    }
    find_folder(&mut windows, volume, all, &FOLDERS);
    let place = windows.place.as_ref();
    let (number, folder) = place.map_or((1, FOLDERS[0]), |place| (place.partition.max(1), &place.folder[..]));
    let right = format!("multi(0)disk(0)rdisk(0)partition({number})\\{folder}");
    match menu {
        Ok(Some(text)) if boot_ini::is_utf16(&text) => {
            let fix = format!("save it as plain text, with the default `{right}`");
            windows.stop("`boot.ini` is in UTF-16, and NTLDR reads plain text alone", &fix);
        }
        Ok(Some(_)) if windows.boot_entry.is_none() => {
            let fix = format!("let it have `default={right}` below `[boot loader]`");
            windows.stop("`boot.ini` has no line that NTLDR can start", &fix);
        }
        Ok(None) => {
            let fix = format!("make one with `default={right}` below `[boot loader]`");
            let first = if windows.kernel_version.is_some_and(|version| version.0[..2] <= [5, 0][..]) {
                FOLDERS[1]
            } else {
                FOLDERS[0]
            };
            let problem =
                format!("there is no `boot.ini`: NTLDR looks for `\\{first}` on the first partition");
            let leads_there = number == 1 && folder.eq_ignore_ascii_case(first);
            if leads_there { windows.warn(&problem, &fix) } else { windows.stop(&problem, &fix) }
        }
        Err(error) => windows.warn(&format!("`boot.ini` cannot be read: {error}"), RUN_CHKDSK),
        Ok(Some(_)) => {}
    }
    windows
}

/// ReactOS, whose kernel and drivers look for their disk as those of Windows 2003 do.
fn reactos(volume: &WindowsVolume<'_>, all: &[WindowsVolume<'_>]) -> Option<Windows> {
    let mut windows = Windows::new(Family::Reactos);
    let text = volume.files.read("freeldr.ini", TEXT_LEN_MAX).ok().flatten().unwrap_or_default();
    windows.boot_entry = freeldr_ini::default_entry(&text);
    find_folder(&mut windows, volume, all, &["reactos"]);
    windows.place.is_some().then_some(windows)
}

/// Looks for the folder that the boot menu names, then for the `usual` ones there and elsewhere, and reads what is there.
fn find_folder(windows: &mut Windows, volume: &WindowsVolume<'_>, all: &[WindowsVolume<'_>], usual: &[&str]) {
    let entry: Option<&BootEntry> = windows.boot_entry.as_ref();
    let number = entry.and_then(|entry| entry.partition).unwrap_or(1);
    let index = all.iter().position(|other| other.place.number == number || all.len() == 1);
    let named = index.map_or(volume, |index| &all[index]);
    let folder = entry.map(|entry| entry.folder.clone()).filter(|folder| !folder.is_empty());
    let usual = usual.iter().map(|&folder| folder.to_owned());
    let folders: Vec<String> = folder.into_iter().chain(usual).collect();
    for volume in [named].into_iter().chain(all) {
        if let Some(folder) = folders.iter().find(|folder| volume.has_system(folder)) {
            return read_windows(windows, volume, folder.clone());
        }
    }
    let fix = "name the folder of Windows and its partition in the boot menu, as in \
        `multi(0)disk(0)rdisk(0)partition(1)\\WINDOWS`";
    let problem = "there is no `system32\\config\\SYSTEM` where the boot menu leads";
    match named.trouble() {
        Some(why) => windows.warn(&format!("the volume of Windows cannot be read: {why}"), RUN_CHKDSK),
        // Without a menu it may be another system's; a Windows that lives in memory, as setup does, has other files.
        None if windows.boot_entry.is_none() || SETUPS.iter().any(|file| volume.has(file)) => {
            windows.warn(problem, fix);
        }
        None => windows.stop(problem, fix),
    }
}

fn bootmgr(volume: &WindowsVolume<'_>, all: &[WindowsVolume<'_>]) -> Windows {
    let mut windows = Windows::new(Family::Bootmgr);
    let place = all.iter().find(|volume| volume.has_system(FOLDERS[0]));
    if let Some(place) = place {
        if !volume.has("Boot\\BCD") {
            let fix = "run `bootrec /rebuildbcd` from the CD of the same Windows";
            windows.stop("`Boot\\BCD` is missing beside BOOTMGR", fix);
        }
        read_windows(&mut windows, place, FOLDERS[0].to_owned());
    } else if volume.has("sources\\boot.wim") {
        windows.family = Family::Pe;
    } else {
        let fix = "copy the whole disk, with the partition of Windows";
        windows.warn("BOOTMGR is there, and no `Windows\\System32\\config\\SYSTEM` on any partition", fix);
    }
    windows
}

/// Windows 95, 98 or ME, if it is on `volume`.
fn dos(volume: &WindowsVolume<'_>) -> Option<Windows> {
    if !volume.has("IO.SYS") || !volume.has("MSDOS.SYS") {
        return None;
    }
    let settings = volume.files.read("MSDOS.SYS", TEXT_LEN_MAX).ok().flatten().unwrap_or_default();
    let settings: String = settings.iter().copied().map(char::from).collect();
    let named = settings.lines().find_map(|line| {
        let (key, value) = line.split_once('=')?;
        let folder =
            value.trim().split_once('\\').map(|(_, folder)| folder.trim_end_matches('\\').to_owned());
        key.trim().eq_ignore_ascii_case("WinDir").then_some(folder).flatten()
    });
    let folders = named.into_iter().chain(FOLDERS.map(str::to_owned));
    let folder = folders.into_iter().find(|folder| volume.has(&format!("{folder}\\SYSTEM.DAT")))?;
    let mut windows = Windows::new(Family::Dos);
    windows.place = Some(Place { partition: volume.place.number, offset: volume.place.offset, folder });
    Some(windows)
}

/// Reads the registry, the kernel and the drivers of the Windows in `folder`.
fn read_windows(windows: &mut Windows, volume: &WindowsVolume<'_>, folder: String) {
    let read = |path: &str, limit| volume.files.read(&format!("{folder}\\{path}"), limit);
    let kernel = start::kernel_and_hal(windows, volume, &folder);
    if let Ok(Some(kernel)) = read(&format!("system32\\{kernel}"), PROGRAM_LEN_MAX) {
        windows.kernel_version = file_version(&kernel);
        windows.processor_bits = processor_bits(&kernel);
    }
    // Its name and its drive letter are worth knowing, and nothing depends on them.
    let software = volume.files.read_start(&format!("{folder}\\system32\\config\\SOFTWARE"), HIVE_LEN_MAX);
    if let Ok(Some(bytes)) = software
        && let Ok(hive) = Hive::parse(bytes)
        && let Ok((product, root)) = registry::product(&hive)
    {
        windows.product = product;
        windows.system_letter = root
            .and_then(|root| root.chars().next())
            .filter(char::is_ascii_alphabetic)
            .map(|c| c.to_ascii_uppercase());
    }
    if windows.family == Family::Reactos {
        windows.product = Some("ReactOS".into());
    }
    windows.product = windows.product.take().or_else(|| {
        let [major, minor, ..] = windows.kernel_version?.0;
        by_version(major, minor).map(str::to_owned)
    });
    match read_system(&read) {
        Ok(system) => windows.system = Some(system),
        Err(why) => windows.warn(&format!("`system32\\config\\SYSTEM` cannot be read: {why}"), RUN_CHKDSK),
    }
    windows.place =
        Some(Place { partition: volume.place.number, offset: volume.place.offset, folder: folder.clone() });
}

fn read_system(read: &impl Fn(&str, u64) -> Result<Option<Vec<u8>>, FilesError>) -> Result<System, String> {
    let bytes = read("system32\\config\\SYSTEM", HIVE_LEN_MAX).map_err(|error| error.to_string())?;
    let hive = Hive::parse(bytes.unwrap_or_default()).map_err(|error| error.to_string())?;
    let mut system = registry::system(&hive).map_err(|error| error.to_string())?;
    // It and a program do not lie in memory together.
    drop(hive);
    for driver in &mut system.drivers {
        match read(&driver.path, PROGRAM_LEN_MAX) {
            Ok(Some(bytes)) => {
                driver.file_is_present = true;
                driver.version = file_version(&bytes);
                driver.processor_bits = processor_bits(&bytes);
            }
            Ok(None) => {}
            // It is there; Windows may read it all the same.
            Err(_) => driver.file_is_present = true,
        }
    }
    Ok(system)
}

/// The name of the Windows whose kernel has this version.
fn by_version(major: u16, minor: u16) -> Option<&'static str> {
    Some(match (major, minor) {
        (4, 0) => "Windows NT 4",
        (5, 0) => "Windows 2000",
        (5, 1) => "Windows XP",
        (5, 2) => "Windows Server 2003",
        (6, 0) => "Windows Vista",
        (6, 1) => "Windows 7",
        (6, 2) => "Windows 8",
        (6, 3) => "Windows 8.1",
        (10, 0) => "Windows 10",
        _ => return None,
    })
}
