//! An image out of a stick, as it was before it was written: unpacked, and proven chunk by chunk.

use std::fs;
use std::io;
use std::ops::Range;
use std::os::unix::fs::MetadataExt;
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicBool, Ordering};

use ramkey_format::capsule::CapsuleHeader;
use serde::Serialize;

use crate::capsule::{self, Description, Table, TableError};
use crate::device::{FileTarget, ReadOnly, TargetPath};
use crate::image::chunk_value;
use crate::job::observer::part;
use crate::job::{Destination, JobError, Observer, Part, open};
use crate::pipeline::{Buffer, Phase, Target};
use crate::stick::{self, CapsuleFile, Entry, ReadError, Reader, StickFile, StickState};
use crate::units::{hex, named};
use crate::verify::Chunks;

/// Most places that are named if an image is damaged.
const PLACES_MAX: usize = 100;
/// Alignment of the buffer that is read back into.
const ALIGNMENT: usize = 4096;

/// An image that was taken out of a stick.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Extracted {
    /// The stick.
    pub path: String,
    /// The capsule's file on it.
    pub file: String,
    /// Title in the boot menu.
    pub title: String,
    /// Kind and geometry in words.
    pub words: String,
    /// The file that was made.
    pub to: String,
    /// Length of the image in bytes.
    pub len: u64,
    /// BLAKE3 of the original image, as `b3sum` prints it.
    pub blake3: String,
    /// BLAKE3 of the file that was made if bytes were left out when the stick was written: zeros stand for them.
    pub ram_blake3: Option<String>,
}

/// A stick with an image that can be taken out of it.
pub struct Extraction {
    path: PathBuf,
    stick: ReadOnly,
    /// Title or file of the image, if it is not the only one.
    name: Option<String>,
}

impl Extraction {
    /// Opens the stick and finds the image: the only one, or that with this title or file.
    ///
    /// # Errors
    ///
    /// [`JobError::Open`], [`JobError::NoStick`], [`JobError::NotExtracted`].
    pub fn find(path: &Path, name: Option<String>) -> Result<Self, JobError> {
        let stick = open(path)?;
        if !stick::has_trace(&stick) {
            return Err(JobError::NoStick { path: path.to_owned() });
        }
        let found = Self { path: path.to_owned(), stick, name };
        let reader = Reader::new(&found.stick, &|_| {});
        found.image(&stick::read(&reader))?;
        Ok(found)
    }

    /// The file of the image, and its header.
    fn image<'s>(&self, state: &'s StickState) -> Result<(&'s Entry, &'s CapsuleHeader), JobError> {
        let not_one = |found| JobError::NotExtracted { path: self.path.clone(), found };
        let Some(Ok(volume)) = &state.file_system else { return Err(not_one(Vec::new())) };
        let entries = volume.tree.as_ref().map_or(&[][..], |tree| &tree.entries);
        let header = |file: &'s CapsuleFile| {
            let sector = file.sector.as_ref()?.as_ref().ok()?;
            Some((&entries[file.entry], capsule::header(sector).ok()?))
        };
        let all: Vec<(&Entry, &CapsuleHeader)> = volume.capsules.iter().filter_map(header).collect();
        let is_meant = |(entry, header): &&(&Entry, &CapsuleHeader)| {
            self.name.as_ref().is_none_or(|name| {
                let file = entry.path.rsplit('/').next().unwrap_or_default();
                capsule::title(header) == *name || file.eq_ignore_ascii_case(name)
            })
        };
        let mut meant = all.iter().filter(is_meant);
        match (meant.next(), meant.next()) {
            (Some(&found), None) => Ok(found),
            _ => Err(not_one(all.iter().map(|(entry, header)| called(entry, header)).collect())),
        }
    }

    /// Takes the image out into the file of the destination, and reads that back. A file that is there is overwritten; it is gone
    /// if the image cannot be finished.
    ///
    /// # Errors
    ///
    /// [`JobError::Target`] or [`JobError::ExtractDevice`] for the destination, [`JobError::NotExtracted`],
    /// [`JobError::DamagedImage`], [`JobError::Write`], and [`JobError::ExtractStopped`] when `stop` is set.
    pub fn extract(
        &self,
        destination: Destination,
        stop: &AtomicBool,
        observer: &dyn Observer,
    ) -> Result<Extracted, JobError> {
        let Destination { system, target } = destination;
        let to = target.path().to_owned();
        let is_same = is_same(&self.stick, target);
        if is_same.map_err(|source| JobError::Read { path: self.path.clone(), source })? {
            return Err(JobError::Exists { path: to });
        }
        target.admit(system, &[])?;
        if matches!(target, TargetPath::Block(_)) {
            return Err(JobError::ExtractDevice { node: to });
        }
        let reader = Reader::new(&self.stick, &|_| {});
        let state = stick::read(&reader);
        let (entry, header) = self.image(&state)?;
        let file = StickFile::new(&reader, entry);
        let block = file.read(header.table_offset.get(), header.table_len.get().into());
        let block = block.map_err(|bad| self.damaged(entry, vec![unread(&bad)]))?;
        let table = capsule::table(header, &block);
        let table = table.map_err(|error| self.damaged(entry, vec![no_table(&error).into()]))?;
        let mut made = FileTarget::open_anew(target, header.image_len.get()).map_err(JobError::Target)?;
        let work = Work { job: self, to: &to, file: &file, header, table: &table, stop, observer };
        let done = made.empty().map_err(|source| work.failed(source)).and_then(|_| work.run(&made));
        done.inspect_err(|_| {
            // A part of an image is of no use. What is in the way of that is in the way of the error's cause, too.
            let _ = fs::remove_file(&to);
        })?;
        let was = Description::of(header);
        Ok(Extracted {
            path: named(&self.path).into_owned(),
            file: entry.path.clone(),
            words: was.words(),
            title: was.title,
            to: named(&to).into_owned(),
            len: was.len,
            blake3: hex(was.image_blake3),
            ram_blake3: was.ram_blake3.map(hex),
        })
    }

    fn damaged(&self, entry: &Entry, places: Vec<String>) -> JobError {
        JobError::DamagedImage { path: self.path.clone(), file: entry.path.clone(), places }
    }
}

/// Whether the file of `stick` is what `target` names, by whatever name.
fn is_same(stick: &ReadOnly, target: &TargetPath) -> io::Result<bool> {
    let TargetPath::File { identity, .. } = target else { return Ok(false) };
    let stick = stick.descriptor().metadata()?;
    Ok((stick.dev(), stick.ino()) == *identity)
}

/// An image as a person can name it.
fn called(entry: &Entry, header: &CapsuleHeader) -> String {
    format!("\"{}\" ({})", capsule::title(header), entry.path.rsplit('/').next().unwrap_or_default())
}

fn unread(bad: &ReadError) -> String {
    format!("{bad}, where its header or its table lies")
}

/// Why nothing of an image can be told.
fn no_table(error: &TableError) -> &'static str {
    match error {
        TableError::Image { .. } => "its chunks do not combine to the hash of the image",
        _ => "its chunk table is damaged, so nothing of it can be proven",
    }
}

/// An image on its way.
struct Work<'w, 's> {
    job: &'w Extraction,
    to: &'w Path,
    file: &'w StickFile<'s>,
    header: &'w CapsuleHeader,
    table: &'w Table<'w>,
    stop: &'w AtomicBool,
    observer: &'w dyn Observer,
}

impl Work<'_, '_> {
    fn run(&self, made: &FileTarget) -> Result<(), JobError> {
        self.write(made)?;
        part(self.observer, Part::Write(Phase::Flush), 0, |_| made.flush())
            .map_err(|error| self.failed(error))?;
        self.read_back(made)
    }

    fn failed(&self, source: io::Error) -> JobError {
        JobError::Write { path: self.to.to_owned(), source }
    }

    fn go_on(&self) -> Result<(), JobError> {
        match self.stop.load(Ordering::Relaxed) {
            true => Err(JobError::ExtractStopped { path: self.to.to_owned() }),
            false => Ok(()),
        }
    }

    /// First byte of chunk `index` in the image, and one past its last.
    fn bytes_of(&self, index: u32) -> Range<u64> {
        let start = u64::from(index) << self.header.chunk_shift;
        start..start + self.header.raw_len(index)
    }

    /// Whether `plain` is what chunk `index` is to be.
    fn is_right(&self, index: u32, plain: &[u8]) -> bool {
        let count = self.table.entries.len();
        chunk_value(plain, self.bytes_of(index).start, count)
            == self.table.entries[index as usize].chaining_value
    }

    /// Writes each chunk that is right. Once one is not, the others are only looked at, so that all that is wrong is told.
    fn write(&self, made: &FileTarget) -> Result<(), JobError> {
        let mut chunks = Chunks::new(self.file, self.header, self.table);
        let zeros = vec![0; 1 << self.header.chunk_shift];
        let mut wrong = Vec::new();
        part(self.observer, Part::Extract, self.header.image_len.get(), |count| -> Result<(), JobError> {
            for index in 0..self.header.chunk_count.get() {
                self.go_on()?;
                let Range { start, end } = self.bytes_of(index);
                let plain =
                    chunks.plain(index).map(|plain| plain.unwrap_or(&zeros[..(end - start) as usize]));
                match plain {
                    Ok(plain) if !self.is_right(index, plain) => {
                        wrong.push(format!("bytes {start:#x}..{end:#x} of it are damaged"));
                    }
                    // The file is all holes.
                    Ok(plain) if wrong.is_empty() && plain.iter().any(|&byte| byte != 0) => {
                        made.write_at(start, plain).map_err(|error| self.failed(error))?;
                    }
                    Ok(_) => {}
                    Err(bad) => wrong.push(format!("bytes {start:#x}..{end:#x} of it cannot be read: {bad}")),
                }
                if wrong.len() == PLACES_MAX {
                    break;
                }
                count(end - start);
            }
            Ok(())
        })?;
        if wrong.is_empty() { Ok(()) } else { Err(self.job.damaged(self.file.entry, wrong)) }
    }

    /// Proves the file that was made.
    fn read_back(&self, made: &FileTarget) -> Result<(), JobError> {
        let mut buffer = Buffer::new(1 << self.header.chunk_shift, ALIGNMENT);
        part(
            self.observer,
            Part::Write(Phase::ReadBack),
            self.header.image_len.get(),
            |count| -> Result<(), JobError> {
                for index in 0..self.header.chunk_count.get() {
                    self.go_on()?;
                    let Range { start, end } = self.bytes_of(index);
                    let found = &mut buffer.bytes_mut()[..(end - start) as usize];
                    made.read_at(start, found).map_err(|error| self.failed(error))?;
                    if !self.is_right(index, found) {
                        let changed = format!("bytes {start:#x}..{end:#x} read back changed");
                        return Err(self.failed(io::Error::other(changed)));
                    }
                    count(end - start);
                }
                Ok(())
            },
        )
    }
}
