//! What becomes of a Windows in an image, found out by a process without rights.

use std::fs::File;
use std::io::{self, Read, Seek, Write};
use std::path::{Path, PathBuf};

use serde::{Deserialize, Serialize};

use super::error::LookError;
use crate::contents::windows::Answer as Starts;
use crate::contents::{Question, look};
use crate::image::{ImageError, Source, open_given};
use crate::units::{SECTOR_LEN, hex};
use crate::windows::{Attach, Candidate, DriverFile, Edit, NtfsFile, Wanted, WindowsError, edit, on_floppy};

const SECTOR: usize = SECTOR_LEN as usize;
/// Bytes of a sector's number.
const NUMBER: usize = 8;
/// Most bytes of a driver's files together.
const CANDIDATES_LEN_MAX: u64 = 256 << 20;

/// A driver that is added.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct AddedDriver {
    /// What it is called.
    pub name: String,
    /// Its version, if it says one.
    pub version: Option<String>,
    /// BLAKE3 of its file, as `b3sum` prints it.
    pub blake3: String,
    /// How it gets its device.
    pub attach: Attach,
}

impl AddedDriver {
    fn of(driver: &DriverFile, attach: Attach) -> Self {
        Self {
            name: driver.driver.name().to_owned(),
            version: driver.version.map(|version| version.to_string()),
            blake3: hex(blake3::hash(&driver.bytes).as_bytes()),
            attach,
        }
    }

    /// Name and version.
    pub fn title(&self) -> String {
        let Self { name, version, .. } = self;
        version.as_ref().map_or_else(|| name.clone(), |version| format!("{name} {version}"))
    }
}

/// A Windows, and what becomes of it.
#[derive(Clone, Debug)]
pub struct Edited {
    /// The driver that is added.
    pub driver: Option<AddedDriver>,
    /// What is said of the Windows as it is.
    pub before: String,
    /// Whether it starts as it is.
    pub starts: Starts,
    /// What becomes of the image.
    pub edit: Edit,
}

/// What is asked of the process without rights, beside the image.
#[derive(Serialize, Deserialize)]
pub(super) struct WindowsTask {
    /// What is to be known of the image.
    pub question: Question,
    pub wanted: Wanted,
    /// Names and lengths of the candidates, whose bytes lie one behind the other in the last file.
    pub candidates: Vec<(String, u64)>,
    /// How many of the files before that are the floppy's.
    pub floppy: usize,
    /// How many are the image's.
    pub image: usize,
}

/// What it answers. The bytes lie in the last file: of each sector its number and then itself, then those of the files.
#[derive(Serialize, Deserialize)]
pub(super) struct WindowsAnswer {
    driver: Option<AddedDriver>,
    before: String,
    starts: Starts,
    notes: Vec<String>,
    sectors: u64,
    ntfs: Vec<(u64, u32, String, u64)>,
}

/// What becomes of the Windows in the image in `source`, found out in this process.
pub(super) fn edited(
    path: &Path,
    source: &dyn Source,
    question: &Question,
    candidates: &[Candidate],
    wanted: Wanted,
) -> Result<Edited, LookError> {
    let looked = look(path, source, question)?;
    let why = || looked.facts.contents.clone().unwrap_or_else(|| "there is none".into());
    let windows = looked.windows.as_ref().ok_or_else(|| WindowsError::NoWindows { why: why() })?;
    let (driver, edit) = edit(source, &looked.facts, windows, candidates, wanted)?;
    let driver = driver.as_ref().zip(edit.attach);
    let driver = driver.map(|(driver, attach)| AddedDriver::of(driver, attach));
    Ok(Edited { driver, before: windows.verdict.clone(), starts: windows.starts, edit })
}

/// What a process without rights does: its files are those of the image, those of the floppy, and one for bytes.
pub(super) fn answer(
    path: &Path,
    task: WindowsTask,
    mut files: Vec<File>,
) -> Result<WindowsAnswer, LookError> {
    let failed = |source| LookError::from(ImageError::Open { path: path.to_owned(), source });
    let missing = || failed(io::ErrorKind::NotFound.into());
    let mut bytes = files.pop().ok_or_else(missing)?;
    if files.len() != task.image + task.floppy {
        return Err(missing());
    }
    let floppy = files.split_off(task.image);
    let mut candidates = Vec::new();
    bytes.rewind().map_err(failed)?;
    let mut left = CANDIDATES_LEN_MAX;
    for (name, len) in task.candidates {
        left = left.checked_sub(len).ok_or_else(missing)?;
        let mut content = Vec::new();
        (&mut bytes).take(len).read_to_end(&mut content).map_err(failed)?;
        candidates.push(Candidate { name, bytes: content });
    }
    if !floppy.is_empty() {
        candidates.extend(on_floppy(&*open_given(&PathBuf::from("floppy"), floppy)?));
    }
    let source = open_given(path, files)?;
    let edited = edited(path, &*source, &task.question, &candidates, task.wanted)?;
    WindowsAnswer::put(edited, &mut bytes).map_err(failed)
}

impl WindowsAnswer {
    /// Puts the bytes into the file; gives the rest.
    fn put(edited: Edited, bytes: &mut File) -> io::Result<Self> {
        let Edited { driver, before, starts, edit } = edited;
        bytes.set_len(0)?;
        bytes.rewind()?;
        let mut out = io::BufWriter::new(&mut *bytes);
        for (number, sector) in &edit.sectors {
            out.write_all(&number.to_le_bytes())?;
            out.write_all(sector)?;
        }
        for file in &edit.ntfs {
            out.write_all(&file.bytes)?;
        }
        out.flush()?;
        drop(out);
        let named = |file: NtfsFile| (file.volume, file.number, file.path, file.bytes.len() as u64);
        let sectors = edit.sectors.len() as u64;
        Ok(Self {
            driver,
            before,
            starts,
            notes: edit.notes,
            sectors,
            ntfs: edit.ntfs.into_iter().map(named).collect(),
        })
    }

    /// Puts it together again; `None` if it cannot be an answer about an image of `len` bytes.
    pub fn read(self, bytes: &mut File, len: u64) -> Option<Edited> {
        let Self { driver, before, starts, notes, sectors, ntfs } = self;
        let files = ntfs.iter().try_fold(0u64, |sum, (.., len)| sum.checked_add(*len))?;
        let expected = sectors.checked_mul((NUMBER + SECTOR) as u64)?.checked_add(files)?;
        if bytes.metadata().ok()?.len() != expected
            || sectors > len.div_ceil(SECTOR_LEN)
            || files > CANDIDATES_LEN_MAX
        {
            return None;
        }
        bytes.rewind().ok()?;
        let mut bytes = io::BufReader::new(bytes);
        let attach = driver.as_ref().map(|driver| driver.attach);
        let mut edit = Edit { attach, notes, ..Edit::default() };
        for _ in 0..sectors {
            let (mut number, mut sector) = ([0; NUMBER], [0; SECTOR]);
            bytes.read_exact(&mut number).ok()?;
            bytes.read_exact(&mut sector).ok()?;
            let number = u64::from_le_bytes(number);
            if number >= len.div_ceil(SECTOR_LEN) {
                return None;
            }
            edit.sectors.insert(number, sector);
        }
        for (volume, number, path, file_len) in ntfs {
            let mut content = vec![0; usize::try_from(file_len).ok()?];
            bytes.read_exact(&mut content).ok()?;
            if volume >= len || path.contains('\0') {
                return None;
            }
            edit.ntfs.push(NtfsFile { volume, number, path, bytes: content });
        }
        Some(Edited { driver, before, starts, edit })
    }
}
