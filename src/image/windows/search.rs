//! Finds a Windows on the volumes of an image, and reads what decides its start.

use super::boot_ini::{BootEntry, default_entry};
use super::hive::Hive;
use super::pe::{file_version, processor_bits};
use super::registry::{self, System};
use super::{Answer, Family, Identity, Place, Problem, Windows, verdict};
use crate::image::files::{Files, FilesError};
use crate::image::{ImageFacts, Kind, Source, table};
use crate::units::SECTOR_LEN;

/// Longest hive that is read. XP cannot start with a `SYSTEM` of more than 16 MiB; `SOFTWARE` grows beyond that.
const HIVE_LEN_MAX: u64 = 96 << 20;
/// Longest kernel or driver.
const PROGRAM_LEN_MAX: u64 = 16 << 20;
/// Longest `boot.ini` and `MSDOS.SYS`.
const TEXT_LEN_MAX: u64 = 1 << 16;
/// Types of partitions that hold others.
const EXTENDED: [u8; 3] = [0x05, 0x0F, 0x85];
/// Offset of the disk signature in a master boot record.
const DISK_SIGNATURE: usize = 0x1B8;
/// Folders of Windows when nothing names one.
const FOLDERS: [&str; 2] = ["WINDOWS", "WINNT"];

/// A volume of the image whose files can be read.
struct Volume<'s> {
    number: u32,
    /// First byte on the RAM disk.
    offset: u64,
    active: bool,
    files: Files<'s>,
}

/// Looks for a Windows in the image in `source`, which `facts` is about; `None` if there is none.
///
/// What cannot be read is no error: it becomes a problem of the answer.
pub fn look(source: &dyn Source, facts: &ImageFacts) -> Option<Windows> {
    let (volumes, signature, error) = match facts.kind {
        Kind::Floppy | Kind::Disc => return None,
        Kind::Partition => partition(source, u64::from(facts.lead_sectors)),
        Kind::HardDisk => hard_disk(source),
    };
    let mut windows = volumes.iter().find_map(|volume| on_volume(volume, &volumes));
    if windows.is_none() && volumes.is_empty() {
        windows = error.map(|error| {
            let mut windows = Windows::new(Family::Unreadable);
            windows.warn(&format!("its NTFS volume cannot be read: {error}"), RUN_CHKDSK);
            windows
        });
    }
    let mut windows = windows?;
    windows.disk_signature = signature;
    verdict::judge(&mut windows);
    Some(windows)
}

const RUN_CHKDSK: &str = "run `chkdsk /f` on that disk in Windows, shut it down, and copy the disk again";

type Found<'s> = (Vec<Volume<'s>>, Option<u32>, Option<FilesError>);

fn partition(source: &dyn Source, lead_sectors: u64) -> Found<'_> {
    let (files, error) = open(source, 0);
    let volume = |files| Volume { number: 1, offset: lead_sectors * SECTOR_LEN, active: true, files };
    (files.map(volume).into_iter().collect(), None, error)
}

/// The volumes of a whole disk, the active one first, and the disk's signature.
fn hard_disk(source: &dyn Source) -> Found<'_> {
    let mut first = [0; SECTOR_LEN as usize];
    if source.len() < SECTOR_LEN || source.read_at(0, &mut first).is_err() {
        return (Vec::new(), None, None);
    }
    let (whole, mut error) = open(source, 0);
    if let Some(files) = whole {
        return (vec![Volume { number: 0, offset: 0, active: true, files }], None, None);
    }
    let word = [0, 1, 2, 3].map(|at| first[DISK_SIGNATURE + at]);
    let mut volumes = Vec::new();
    let entries = table::read(&first);
    let entries = entries.iter().filter(|entry| !EXTENDED.contains(&entry.type_byte));
    for (number, entry) in (1..).zip(entries) {
        let (files, failed) = open(source, entry.start * SECTOR_LEN);
        error = error.or(failed);
        let volume = |files| Volume { number, offset: entry.start * SECTOR_LEN, active: entry.active, files };
        volumes.extend(files.map(volume));
    }
    volumes.sort_by_key(|volume| !volume.active);
    (volumes, Some(u32::from_le_bytes(word)), error)
}

/// The files of the volume at `offset`. An error is told for NTFS alone: FAT is more often not Windows.
fn open(source: &dyn Source, offset: u64) -> (Option<Files<'_>>, Option<FilesError>) {
    match Files::open(source, offset) {
        Ok(files) => (files, None),
        Err(error @ FilesError::Damaged { .. }) => (None, Some(error)),
        Err(_) => (None, None),
    }
}

fn has(volume: &Volume<'_>, path: &str) -> bool {
    volume.files.has(path).unwrap_or(false)
}

/// The Windows that starts from `volume`, if one does.
fn on_volume<'v, 's>(volume: &'v Volume<'s>, all: &'v [Volume<'s>]) -> Option<Windows> {
    if has(volume, "NTLDR") {
        let windows = ntldr(volume, all);
        // NTLDR may be left over from another start.
        return if windows.place.is_some() { Some(windows) } else { dos(volume).or(Some(windows)) };
    }
    if has(volume, "BOOTMGR") {
        return Some(bootmgr(volume, all));
    }
    dos(volume)
}

fn ntldr<'v, 's>(volume: &'v Volume<'s>, all: &'v [Volume<'s>]) -> Windows {
    let mut windows = Windows::new(Family::Ntldr);
    if !has(volume, "NTDETECT.COM") {
        let fix = "copy `NTDETECT.COM` from the CD of the same Windows beside NTLDR";
        windows.stop("`NTDETECT.COM` is missing beside NTLDR", fix);
    }
    match volume.files.read("boot.ini", TEXT_LEN_MAX) {
        Ok(Some(text)) => windows.boot_entry = default_entry(&text),
        Ok(None) => {
            let fix = "make one that names `multi(0)disk(0)rdisk(0)partition(1)\\WINDOWS`";
            windows.warn("there is no `boot.ini`: NTLDR looks for `\\WINDOWS` on the first partition", fix);
        }
        Err(error) => windows.warn(&format!("`boot.ini` cannot be read: {error}"), RUN_CHKDSK),
    }
    let entry: Option<&BootEntry> = windows.boot_entry.as_ref();
    let number = entry.and_then(|entry| entry.partition).unwrap_or(1);
    let named = all.iter().find(|other| other.number == number || all.len() == 1).unwrap_or(volume);
    let folder = entry.map(|entry| entry.folder.clone()).filter(|folder| !folder.is_empty());
    let wanted = folder.into_iter().map(|folder| (named, folder));
    let usual = FOLDERS.into_iter().map(|folder| (named, folder.to_owned()));
    let place = wanted.chain(usual).find(|(volume, folder)| has_system(volume, folder));
    match place {
        Some((volume, folder)) => read_windows(&mut windows, volume, folder),
        None => {
            let fix = "name the folder of Windows and its partition in `boot.ini`, as in \
                `multi(0)disk(0)rdisk(0)partition(1)\\WINDOWS`";
            windows.warn("there is no `system32\\config\\SYSTEM` where NTLDR looks for Windows", fix);
        }
    }
    windows
}

fn bootmgr(volume: &Volume<'_>, all: &[Volume<'_>]) -> Windows {
    let mut windows = Windows::new(Family::Bootmgr);
    let place = all.iter().find(|volume| has_system(volume, FOLDERS[0]));
    if let Some(place) = place {
        if !has(volume, "Boot\\BCD") {
            let fix = "run `bootrec /rebuildbcd` from the CD of the same Windows";
            windows.stop("`Boot\\BCD` is missing beside BOOTMGR", fix);
        }
        read_windows(&mut windows, place, FOLDERS[0].to_owned());
    } else if has(volume, "sources\\boot.wim") {
        windows.family = Family::Pe;
    } else {
        let fix = "copy the whole disk, with the partition of Windows";
        windows.warn("BOOTMGR is there, and no `Windows\\System32\\config\\SYSTEM` on any partition", fix);
    }
    windows
}

/// Windows 95, 98 or ME, if it is on `volume`.
fn dos(volume: &Volume<'_>) -> Option<Windows> {
    if !has(volume, "IO.SYS") || !has(volume, "MSDOS.SYS") {
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
    let folder = folders.into_iter().find(|folder| has(volume, &format!("{folder}\\SYSTEM.DAT")))?;
    let mut windows = Windows::new(Family::Dos);
    windows.place = Some(Place { partition: volume.number, offset: volume.offset, folder });
    Some(windows)
}

fn has_system(volume: &Volume<'_>, folder: &str) -> bool {
    has(volume, &format!("{folder}\\system32\\config\\SYSTEM"))
}

/// Reads the registry, the kernel and the drivers of the Windows in `folder`.
fn read_windows(windows: &mut Windows, volume: &Volume<'_>, folder: String) {
    let read = |path: &str, limit| volume.files.read(&format!("{folder}\\{path}"), limit);
    if let Ok(Some(kernel)) = read("system32\\ntoskrnl.exe", PROGRAM_LEN_MAX) {
        windows.kernel_version = file_version(&kernel);
        windows.processor_bits = processor_bits(&kernel);
    }
    // Its name and its drive letter are worth knowing, and nothing depends on them.
    if let Ok(Some(bytes)) = read("system32\\config\\SOFTWARE", HIVE_LEN_MAX)
        && let Ok(hive) = Hive::parse(bytes)
        && let Ok((product, root)) = registry::product(&hive)
    {
        windows.product = product;
        windows.system_letter = root
            .and_then(|root| root.chars().next())
            .filter(char::is_ascii_alphabetic)
            .map(|c| c.to_ascii_uppercase());
    }
    windows.product = windows.product.take().or_else(|| {
        let [major, minor, ..] = windows.kernel_version?.0;
        by_version(major, minor).map(str::to_owned)
    });
    match read_system(&read) {
        Ok(system) => windows.system = Some(system),
        Err(why) => windows.warn(&format!("`system32\\config\\SYSTEM` cannot be read: {why}"), RUN_CHKDSK),
    }
    windows.place = Some(Place { partition: volume.number, offset: volume.offset, folder: folder.clone() });
}

fn read_system(read: &impl Fn(&str, u64) -> Result<Option<Vec<u8>>, FilesError>) -> Result<System, String> {
    let bytes = read("system32\\config\\SYSTEM", HIVE_LEN_MAX).map_err(|error| error.to_string())?;
    let hive = Hive::parse(bytes.unwrap_or_default()).map_err(|error| error.to_string())?;
    let mut system = registry::system(&hive).map_err(|error| error.to_string())?;
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

impl Windows {
    pub(super) fn new(family: Family) -> Self {
        Self {
            family,
            product: None,
            kernel_version: None,
            processor_bits: None,
            place: None,
            boot_entry: None,
            system: None,
            disk_signature: None,
            system_letter: None,
            identity: Identity::default(),
            starts: Answer::Unknown,
            verdict: String::new(),
            problems: Vec::new(),
        }
    }

    /// Adds what makes the answer unknown or odd.
    pub(super) fn warn(&mut self, problem: &str, fix: &str) {
        self.problems.push(Problem { stops: false, problem: problem.to_owned(), fix: fix.to_owned() });
    }

    /// Adds what keeps Windows from starting.
    pub(super) fn stop(&mut self, problem: &str, fix: &str) {
        self.problems.push(Problem { stops: true, problem: problem.to_owned(), fix: fix.to_owned() });
    }
}
