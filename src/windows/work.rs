//! The image of a Windows while it is changed, and what was changed, a line each.

use super::driver::DriverFile;
use super::error::WindowsError;
use super::hive::{HiveEdit, HiveEditError};
use super::menu::{Menu, Start};
use super::outcome::Edit;
use super::registry::{Journal, Undo, forget_letters, remembered, start_early};
use super::volume::{Changed, Disk, Sectors, Volume};
use crate::contents::ImageFacts;
use crate::contents::windows::hive::Hive;
use crate::contents::windows::{
    DiskOrder, Family, HIVE_LEN_MAX, PROGRAM_LEN_MAX, Place, TEXT_LEN_MAX, Volumes, Windows, system_file,
};
use crate::image::Source;
use crate::units::SECTOR_LEN;

/// Most drivers of one name that are kept.
const KEPT_MAX: u32 = 8;
/// Where sector 0 has the signature of the disk.
const SIGNATURE: u64 = 0x1B8;

/// An image that is changed.
pub(super) struct Work<'s> {
    disk: Disk<'s>,
    windows: &'s Windows,
    place: &'s Place,
    /// All volumes, the active one first.
    volumes: Vec<Volume>,
    /// The volume of Windows.
    own: Volume,
    pub notes: Vec<String>,
}

impl<'s> Work<'s> {
    /// Looks at the volumes, which must be closed.
    pub fn new(
        source: &'s dyn Source,
        facts: &ImageFacts,
        windows: &'s Windows,
    ) -> Result<Self, WindowsError> {
        let no_windows = || WindowsError::NoWindows { why: windows.verdict.clone() };
        let needs_driver = matches!(windows.family, Family::Ntldr | Family::Bootmgr | Family::Reactos);
        let place = windows.place.as_ref().filter(|_| needs_driver).ok_or_else(no_windows)?;
        let found = Volumes::of_image(source, facts).ok_or_else(no_windows)?;
        let volume = |volume: &crate::contents::windows::WindowsVolume<'_>| Volume {
            number: volume.place.number,
            start: volume.at,
            is_ntfs: volume.is_ntfs,
        };
        let volumes: Vec<Volume> = found.all.iter().map(volume).collect();
        let own = volumes.iter().find(|volume| volume.number == place.partition);
        let own = *own.ok_or_else(no_windows)?;
        let disk = Disk { changed: Changed::new(source, Sectors::new()), ntfs: Vec::new() };
        let mut notes = Vec::new();
        for &volume in &volumes {
            let is_used = volume == own || Some(volume) == volumes.first().copied();
            notes.extend(if is_used { disk.check_closed(volume)? } else { None });
        }
        Ok(Self { disk, windows, place, volumes, own, notes })
    }

    fn path(&self, path: &str) -> String {
        format!("{}\\{path}", self.place.folder)
    }

    /// The hive's path on its partition.
    pub fn hive_path(&self) -> String {
        self.path("system32\\config\\SYSTEM")
    }

    fn registry(&self, why: HiveEditError) -> WindowsError {
        WindowsError::Registry { path: self.hive_path(), why }
    }

    /// The registry of Windows.
    pub fn hive(&self) -> Result<HiveEdit, WindowsError> {
        let bytes = self.disk.read(self.own, &self.hive_path(), HIVE_LEN_MAX)?.unwrap_or_default();
        HiveEdit::open(bytes).map_err(|why| self.registry(why))
    }

    /// Puts the changed registry there, and reads it.
    pub fn put_hive(&mut self, hive: HiveEdit) -> Result<(), WindowsError> {
        let bytes = hive.finish();
        let wrong = |why: String| WindowsError::ReadBack { why };
        let found = Hive::parse(bytes.clone()).map_err(|why| wrong(why.to_string()))?;
        if found.is_dirty() {
            return Err(wrong("the registry is not closed".into()));
        }
        HiveEdit::open(bytes.clone()).map_err(|why| self.registry(why))?;
        self.disk.put(self.own, &self.hive_path(), &bytes)
    }

    /// The program `file` of `system32` or `system32\drivers`; kernel and HAL may have another name.
    pub fn program(&self, file: &str) -> Option<Vec<u8>> {
        let names = [system_file(self.windows, file), file];
        let path = |name| ["system32", "system32\\drivers"].map(|folder| format!("{folder}\\{name}"));
        names.into_iter().flat_map(path).find_map(|path| self.program_at(&path))
    }

    /// The program at `path` from the folder of Windows on.
    fn program_at(&self, path: &str) -> Option<Vec<u8>> {
        // A file that is too long or cannot be read is there all the same.
        self.disk.read(self.own, &self.path(path), PROGRAM_LEN_MAX).unwrap_or(Some(Vec::new()))
    }

    /// Copies the driver to its place.
    pub fn put_driver(
        &mut self,
        journal: &mut Journal,
        file: &str,
        driver: &DriverFile,
    ) -> Result<(), WindowsError> {
        let path = self.path(&format!("system32\\drivers\\{file}"));
        let old = self.disk.read(self.own, &path, PROGRAM_LEN_MAX)?;
        if old.as_ref() == Some(&driver.bytes) {
            return Ok(());
        }
        let partition = self.own.number;
        let note = format!("\\{path}: {}, {} bytes", driver.title(), driver.bytes.len());
        match old {
            None => {
                journal.undo.push(Undo::File { partition, path: path.clone() });
                self.notes.push(note);
            }
            Some(old) => {
                let kept = self.keep(&path, &old)?;
                self.notes.push(format!("{note}, in place of another one, which \\{kept} is now"));
                journal.undo.push(Undo::Kept { partition, kept, path: path.clone() });
            }
        }
        self.disk.put(self.own, &path, &driver.bytes)
    }

    /// Keeps the file that has these bytes beside its place; gives the path.
    fn keep(&mut self, path: &str, bytes: &[u8]) -> Result<String, WindowsError> {
        for number in 0..KEPT_MAX {
            let name = if number == 0 { format!("{path}.before") } else { format!("{path}.before{number}") };
            match self.disk.read(self.own, &name, PROGRAM_LEN_MAX) {
                Ok(Some(there)) if there == bytes => return Ok(name),
                Ok(None) => {
                    self.disk.put(self.own, &name, bytes)?;
                    return Ok(name);
                }
                Ok(Some(_)) | Err(_) => {}
            }
        }
        let why = format!("`{path}.before` and more of that name are there already");
        Err(WindowsError::Volume { partition: self.own.number, why })
    }

    /// Puts a file back that was kept.
    pub fn put_kept(&mut self, partition: u32, kept: &str, path: &str) -> Result<(), WindowsError> {
        let volume = self.volume(partition)?;
        let bytes = self.disk.read(volume, kept, PROGRAM_LEN_MAX)?;
        let Some(bytes) = bytes else {
            self.notes.push(format!("\\{path} stays, because \\{kept} is not there"));
            return Ok(());
        };
        self.disk.put(volume, path, &bytes)?;
        self.notes.push(format!("\\{path} is as it was"));
        self.remove_file(partition, kept)
    }

    /// Mends what would keep this Windows from starting or from knowing its disk.
    /// `order` is whose disks the BIOS counts first.
    pub fn mend(&mut self, journal: &mut Journal, order: DiskOrder) -> Result<(), WindowsError> {
        self.mend_menu(journal, order)?;
        self.mend_letters(journal)
    }

    fn mend_menu(&mut self, journal: &mut Journal, order: DiskOrder) -> Result<(), WindowsError> {
        let menu = match self.windows.family {
            Family::Ntldr => Menu::Ntldr,
            Family::Reactos => Menu::Reactos,
            _ => return Ok(()),
        };
        let Some((volume, old)) = self.find_menu(menu.file()) else { return Ok(()) };
        let start = Start { order, partition: self.place.partition.max(1), folder: &self.place.folder };
        let Some((new, starts)) = menu.corrected(old.as_deref(), start) else { return Ok(()) };
        if let Some(why) = self.is_open(volume) {
            self.notes.push(format!("{} stays as it is: {why}", menu.file()));
            return Ok(());
        }
        self.disk.put(volume, menu.file(), &new)?;
        let (number, path) = (volume.number, menu.file().to_owned());
        journal.undo.push(match old {
            Some(bytes) => Undo::Text { partition: number, path, bytes },
            None => Undo::File { partition: number, path },
        });
        self.notes.push(format!("{}: starts {starts}", menu.file()));
        Ok(())
    }

    /// The volume with the menu, and the menu. Where there is none, it belongs on the active volume. What cannot be read is
    /// said and passed over.
    fn find_menu(&mut self, file: &str) -> Option<(Volume, Option<Vec<u8>>)> {
        let active = *self.volumes.first()?;
        for volume in self.volumes.clone() {
            match self.disk.read(volume, file, TEXT_LEN_MAX) {
                Ok(None) => {}
                Ok(text) => return Some((volume, text)),
                Err(error) => {
                    self.notes.push(format!("{file} is not looked at: {error}"));
                    if volume == active {
                        return None;
                    }
                }
            }
        }
        Some((active, None))
    }

    /// Why nothing is written to a volume: its Windows sleeps, or it was in use when it was copied. The two that Windows
    /// starts from were looked at before.
    fn is_open(&self, volume: Volume) -> Option<String> {
        let is_used = volume == self.own || self.volumes.first() == Some(&volume);
        if is_used {
            None
        } else {
            self.disk.check_closed(volume).unwrap_or_else(|error| Some(error.to_string()))
        }
    }

    /// Lets the drivers start at boot that must.
    pub fn mend_start(&mut self, journal: &mut Journal, sets: &[String]) -> Result<(), WindowsError> {
        let file_system = if self.own.is_ntfs { "ntfs" } else { "fastfat" };
        // NTLDR and BOOTMGR load the driver of the file system, whatever is said of it.
        let file_system = (self.windows.family == Family::Reactos).then_some(file_system);
        for set in sets {
            let has_file = |path: &str| self.program_at(path).is_some();
            let notes = start_early(journal, set, file_system, &has_file);
            let notes = notes.map_err(|why| self.registry(why))?;
            self.notes.extend(notes);
        }
        Ok(())
    }

    /// The signature of the disk, and the letter of Windows on it.
    fn mend_letters(&mut self, journal: &mut Journal) -> Result<(), WindowsError> {
        // What was added before is taken back by now, so both are read as they have become.
        let letter = self.windows.system_letter.unwrap_or('C');
        let remembered = remembered(&journal.hive, letter).map_err(|why| self.registry(why))?;
        let offset = self.place.offset;
        let old = self.windows.disk_signature.map(|_| self.signature()).transpose()?;
        let mut signature = old;
        if old == Some(0) {
            let known = remembered.filter(|found| found.offset == offset && found.disk_signature != 0);
            let new = match known {
                Some(found) => found.disk_signature,
                None => self.new_signature()?,
            };
            journal.undo.push(Undo::Signature { value: 0 });
            self.put_signature(new)?;
            signature = Some(new);
        }
        let is_other = remembered.is_some_and(|found| {
            found.offset != offset || signature.is_none_or(|signature| signature != found.disk_signature)
        });
        // A partition that gets a disk around it gets a new signature each time.
        if is_other && (signature.is_some() || letter == 'C') {
            let note = forget_letters(journal, letter, signature.unwrap_or_default(), offset);
            self.notes.push(note.map_err(|why| self.registry(why))?);
        }
        Ok(())
    }

    /// The signature that the disk has now.
    fn signature(&self) -> Result<u32, WindowsError> {
        let mut bytes = [0; 4];
        self.disk.changed.read_at(SIGNATURE, &mut bytes).map_err(|error| self.unreadable(&error))?;
        Ok(u32::from_le_bytes(bytes))
    }

    /// A signature for a disk that has none: the same for the same image, also where a driver came and went. Its boot
    /// sectors do not change with that, and that of the volume has a number of its own.
    fn new_signature(&self) -> Result<u32, WindowsError> {
        let mut sectors = [[0; SECTOR_LEN as usize]; 2];
        for (sector, at) in sectors.iter_mut().zip([0, self.own.start]) {
            self.disk.changed.read_at(at, sector).map_err(|error| self.unreadable(&error))?;
        }
        let hash = blake3::hash(sectors.as_flattened());
        let bytes = hash.as_bytes();
        Ok(u32::from_le_bytes([bytes[0], bytes[1], bytes[2], bytes[3]]).max(1))
    }

    fn unreadable(&self, error: &dyn std::fmt::Display) -> WindowsError {
        WindowsError::Volume { partition: self.own.number, why: error.to_string() }
    }

    /// Gives the disk this signature.
    pub fn put_signature(&mut self, value: u32) -> Result<(), WindowsError> {
        let written = self.disk.changed.write_at(SIGNATURE, &value.to_le_bytes());
        written.map_err(|error| self.unreadable(&error))?;
        self.notes.push(format!("sector 0: the disk signature is {value:#010x}"));
        Ok(())
    }

    fn volume(&self, partition: u32) -> Result<Volume, WindowsError> {
        let none = || WindowsError::Volume { partition, why: "it is not there".into() };
        self.volumes.iter().find(|volume| volume.number == partition).copied().ok_or_else(none)
    }

    /// Deletes a file that was added.
    pub fn remove_file(&mut self, partition: u32, path: &str) -> Result<(), WindowsError> {
        let volume = self.volume(partition)?;
        let is_gone = self.disk.remove(volume, path)?;
        let word = if is_gone {
            "is gone"
        } else {
            "stays: no program deletes a file of an NTFS without mounting it"
        };
        self.notes.push(format!("\\{path} {word}"));
        Ok(())
    }

    /// Gives a file back the text that it had.
    pub fn put_text(&mut self, partition: u32, path: &str, bytes: &[u8]) -> Result<(), WindowsError> {
        let volume = self.volume(partition)?;
        self.disk.put(volume, path, bytes)?;
        self.notes.push(format!("{path} is as it was"));
        Ok(())
    }

    /// What becomes of the image.
    pub fn finish(self) -> Edit {
        Edit {
            attach: None,
            notes: self.notes,
            sectors: self.disk.changed.into_sectors(),
            ntfs: self.disk.ntfs,
        }
    }
}
