//! Which RAM-disk driver a file is, and whether a Windows can load it.

mod f6;
mod floppy;
mod program;

use std::collections::BTreeMap;

use super::error::WindowsError;
use crate::contents::windows::{DriverName, Family, FileVersion, Windows, file_version};
pub use f6::{F6_LIST, f6_list};
pub use floppy::on_floppy;
use program::Program;

/// Longest driver.
pub const DRIVER_LEN_MAX: u64 = 4 << 20;
/// Major version of the first Windows that loads nothing unsigned on 64 bits.
const WANTS_SIGNED: u16 = 6;

/// A file that may be a driver.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Candidate {
    /// Its name, for people and for what it says about the driver.
    pub name: String,
    /// Its bytes.
    pub bytes: Vec<u8>,
}

/// A driver that was found.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct DriverFile {
    /// Which one.
    pub driver: DriverName,
    /// The name of its file.
    pub name: String,
    /// Its version, if it says one.
    pub version: Option<FileVersion>,
    /// Bits of an address of its processor.
    pub bits: u8,
    /// Its bytes.
    pub bytes: Vec<u8>,
    is_signed: bool,
}

impl DriverFile {
    /// What the file is, or why it is no driver for RAM disks.
    fn new(candidate: &Candidate) -> Result<Self, WindowsError> {
        let Candidate { name, bytes } = candidate;
        let not = |why| WindowsError::NotADriver { name: name.clone(), why };
        let program = Program::parse(bytes).ok_or_else(|| not("it is no program file of Windows"))?;
        if !program.is_native() {
            return Err(not("it is a program for users, and not for the kernel"));
        }
        let bits = program.bits.ok_or_else(|| not("it is for a processor that no PC has"))?;
        let driver =
            identify(name, bytes).ok_or_else(|| not("it is neither FiraDisk nor WinVBlock nor SVBus"))?;
        let version = file_version(bytes);
        Ok(Self {
            driver,
            name: name.clone(),
            version,
            bits,
            bytes: bytes.clone(),
            is_signed: program.is_signed(),
        })
    }

    /// Its name and version, for people.
    pub fn title(&self) -> String {
        let name = self.driver.name();
        self.version.map_or_else(|| name.to_owned(), |version| format!("{name} {version}"))
    }
}

/// The driver that a file is: by the words in it, and by its name where they do not tell.
fn identify(name: &str, bytes: &[u8]) -> Option<DriverName> {
    // Texts of the kernel have two bytes for each letter.
    let letters: Vec<u8> = bytes.iter().filter(|&&byte| byte != 0).map(u8::to_ascii_lowercase).collect();
    let has = |driver: &DriverName| {
        let word = driver.name().to_ascii_lowercase();
        letters.windows(word.len()).any(|window| window == word.as_bytes())
    };
    let found: Vec<DriverName> = DriverName::ALL.into_iter().filter(has).collect();
    let stem = name.rsplit_once('.').map_or(name, |(stem, _)| stem);
    let named = DriverName::of(stem, name).filter(|named| found.is_empty() || found.contains(named));
    named.or(if let [one] = found[..] { Some(one) } else { None })
}

/// Chooses the driver for `windows` among files.
///
/// # Errors
///
/// [`WindowsError::NotADriver`], [`WindowsError::NoDriver`] if none of several files is one,
/// [`WindowsError::Processor`] if it is for another processor, [`WindowsError::ManyDrivers`].
pub fn choose(candidates: &[Candidate], windows: &Windows) -> Result<DriverFile, WindowsError> {
    let mut found = Vec::new();
    for candidate in candidates {
        match DriverFile::new(candidate) {
            Ok(driver) => found.push(driver),
            Err(error) if candidates.len() == 1 => return Err(error),
            Err(_) => {}
        }
    }
    let wanted = windows.processor_bits;
    let (fits, others): (Vec<_>, Vec<_>) =
        found.into_iter().partition(|driver| wanted.is_none_or(|bits| bits == driver.bits));
    let mut by_name = BTreeMap::new();
    for driver in fits {
        by_name.entry(driver.driver).or_insert(driver);
    }
    let names: Vec<&str> = by_name.keys().map(|driver| driver.name()).collect();
    if names.len() > 1 {
        return Err(WindowsError::ManyDrivers { names: names.join(" and ") });
    }
    if let Some((_, driver)) = by_name.pop_first() {
        return Ok(driver);
    }
    match (others.first(), wanted) {
        (Some(other), Some(wanted)) => {
            Err(WindowsError::Processor { name: other.name.clone(), bits: other.bits, wanted })
        }
        _ => Err(WindowsError::NoDriver),
    }
}

/// Whether `windows` can load the driver; gives what is to be known of it. `read` gives a file of `system32` or
/// `system32\drivers`.
///
/// # Errors
///
/// [`WindowsError::Unsigned`], [`WindowsError::TooOld`] for FiraDisk on Windows 2000, [`WindowsError::Import`] if it wants what
/// no file offers; ReactOS, which may have its files elsewhere, gets a note of a missing one.
pub(super) fn check(
    driver: &DriverFile,
    windows: &Windows,
    allow_unsigned: bool,
    read: &dyn Fn(&str) -> Option<Vec<u8>>,
) -> Result<Vec<String>, WindowsError> {
    let mut notes = Vec::new();
    let version = windows.kernel_version.map(|version| version.0);
    let is_reactos = windows.family == Family::Reactos;
    if driver.bits == 64 && !driver.is_signed && !is_reactos {
        let wants_signed = version.is_none_or(|version| version[0] >= WANTS_SIGNED);
        if wants_signed && !allow_unsigned {
            return Err(WindowsError::Unsigned { name: driver.name.clone() });
        }
        notes.push(format!("{} is not signed: Windows loads it in its test mode alone", driver.name));
    }
    let is_2000 = version.is_some_and(|version| version[..2] == [5, 0]) && !is_reactos;
    if is_2000 && driver.driver == DriverName::FiraDisk {
        return Err(WindowsError::TooOld);
    }
    let Some(program) = Program::parse(&driver.bytes) else { return Ok(notes) };
    if let Some([major, minor, ..]) =
        version.filter(|version| !is_reactos && program.system > [version[0], version[1]])
    {
        let [needs, after] = program.system;
        notes.push(format!(
            "{} says that it needs version {needs}.{after:02}, and this is {major}.{minor:02}",
            driver.name
        ));
    }
    let Some(imports) = program.imports() else { return Ok(notes) };
    for import in imports {
        let bytes = read(&import.file);
        let Some(exports) = bytes.as_deref().and_then(Program::parse).and_then(|file| file.exports()) else {
            // Where a file cannot be read as a program, nothing can be told.
            if bytes.is_none() && is_reactos {
                notes.push(format!(
                    "{} wants {}, which is not where it is looked for",
                    driver.name, import.file
                ));
            } else if bytes.is_none() {
                return Err(WindowsError::Import {
                    name: driver.name.clone(),
                    file: import.file,
                    export: None,
                });
            }
            continue;
        };
        if let Some(missing) = import.names.into_iter().find(|name| !exports.contains(name)) {
            let (name, file) = (driver.name.clone(), import.file);
            return Err(WindowsError::Import { name, file, export: Some(missing) });
        }
    }
    Ok(notes)
}
