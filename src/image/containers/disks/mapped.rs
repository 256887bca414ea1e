//! A disk whose bytes lie in pieces of one or more files.

use std::borrow::Cow;
use std::fs::File;
use std::io;
use std::ops::Range;
use std::path::Path;

use super::claims::Claims;
use super::fault::{Fault, Form};
use super::packed::{Packed, Unpacked};
use crate::image::containers::container::Opened;
use crate::image::error::ImageError;
use crate::image::files::SourceFile;
use crate::image::source::Source;
use crate::image::wrapping::{DISK_LEN_MAX, Wrapping};
use crate::units::{Bytes, SECTOR_LEN};

/// The files that a disk lies in; the first is the image's own.
pub(super) type Parts<'s> = [Box<dyn Source + 's>];

/// The number of a file, and bytes of it in which a table lies.
pub(super) type Table = (usize, Range<u64>);

/// Where some bytes of a disk are.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Place {
    /// Nowhere: they are zeros.
    Zero,
    /// In the file with this number, from this byte on.
    At { file: usize, offset: u64 },
    /// Packed.
    Packed(Packed),
}

/// Some bytes of a disk that lie behind each other.
pub(super) struct Piece {
    pub place: Place,
    /// How many, at least one. They may reach beyond the end of the disk.
    pub len: u64,
}

/// Where the bytes of a disk are.
pub(super) trait Map: Send + Sync {
    /// Where the bytes from `offset` on are, which the disk has.
    ///
    /// # Errors
    ///
    /// That its tables make no sense or cannot be read.
    fn find<'s>(&self, files: &Parts<'s>, offset: u64) -> Result<Piece, Fault>;
}

/// A disk, and all that is to be known before it is read.
pub(super) struct Found<M> {
    /// Length in bytes.
    pub len: u64,
    pub map: M,
    /// The kind within the format, as in `dynamic`.
    pub kind: Cow<'static, str>,
    /// What else is to be said of it.
    pub note: Option<String>,
    /// What holds no bytes of the disk.
    pub tables: Vec<Table>,
    /// Names of the files behind the first, for people.
    pub parts: Vec<String>,
}

/// Such a disk.
struct Disk<'s, M> {
    files: Vec<Box<dyn Source + 's>>,
    parts: Vec<String>,
    map: M,
    len: u64,
    wrapping: Wrapping,
    unpacked: Unpacked,
}

/// The disk that was `found` in `files`. All of its map is looked at.
///
/// # Errors
///
/// It cannot be used, or read.
pub(super) fn open<'s, M: Map + 's>(
    path: &Path,
    form: &Form,
    files: Vec<Box<dyn Source + 's>>,
    found: Found<M>,
) -> Result<Opened<'s>, ImageError> {
    let Found { len, map, kind, note, tables, parts } = found;
    let wrapping = Wrapping {
        program: Cow::Borrowed(form.program),
        header_len: None,
        hard_disk: form.hard_disk.map(Cow::Borrowed),
        geometry: None,
        left_out: String::new(),
        plain_command: form.plain_command(path),
    };
    let mut disk = Disk { files, parts, map, len, wrapping, unpacked: Unpacked::default() };
    let present = disk.check(&tables).map_err(|fault| fault.named(path, form))?;
    disk.wrapping.left_out = words(form.name, &kind, present, len, note);
    Ok(Opened::Anywhere(Box::new(disk)))
}

fn words(name: &str, kind: &str, present: Option<u64>, len: u64, note: Option<String>) -> String {
    let mut words = match present {
        Some(present) if present < len => {
            format!("{name}, {kind}, {} of {} present", Bytes(present), Bytes(len))
        }
        _ => format!("{name}, {kind}, {}", Bytes(len)),
    };
    if let Some(note) = note {
        words += ", ";
        words += &note;
    }
    words
}

impl<M: Map> Disk<'_, M> {
    /// Looks at the whole map: everything lies in its file, and nothing where something else does. Gives how many bytes
    /// are there and no zeros; of a disk that is too large for any use, nothing is looked at.
    fn check(&self, tables: &[Table]) -> Result<Option<u64>, Fault> {
        if !self.len.is_multiple_of(SECTOR_LEN) {
            return Err(Fault::damaged(format!(
                "the disk has {} bytes, which is no whole number of sectors",
                self.len
            )));
        }
        if self.len > DISK_LEN_MAX {
            return Ok(None);
        }
        let all = self.files.iter().fold(0u64, |sum, file| sum.saturating_add(file.len()));
        let mut claims: Vec<Claims> = self.files.iter().map(|file| Claims::new(file.len(), all)).collect();
        for (file, table) in tables {
            self.is_within(*file, table, || "one of its tables".into())?;
            if !claims[*file].take(table.clone()) {
                return Err(Fault::damaged(format!("two of its tables lie at byte {}", table.start)));
            }
        }
        let (mut at, mut present) = (0, 0);
        while at < self.len {
            let piece = self.piece(at)?;
            if let Place::At { file, offset } = piece.place
                && !claims[file].take(offset..offset + piece.len)
            {
                return Err(Fault::damaged(format!(
                    "byte {at} of the disk lies where something else does, at byte {offset} of the file"
                )));
            }
            present += if piece.place == Place::Zero { 0 } else { piece.len };
            at += piece.len;
        }
        Ok(Some(present))
    }

    /// The bytes from `at` on, which are on the disk, as far as they are and lie in a file.
    fn piece(&self, at: u64) -> Result<Piece, Fault> {
        let Piece { place, len } = self.map.find(&self.files, at)?;
        let len = len.min(self.len - at);
        if len == 0 {
            return Err(Fault::damaged(format!("byte {at} of the disk is nowhere")));
        }
        let what = || format!("byte {at} of the disk");
        match &place {
            Place::Zero => {}
            Place::At { file, offset } => {
                self.is_within(*file, &(*offset..offset.saturating_add(len)), what)?
            }
            Place::Packed(packed) => self.is_within(packed.file, &packed.range(), what)?,
        }
        Ok(Piece { place, len })
    }

    fn is_within(&self, file: usize, range: &Range<u64>, what: impl Fn() -> String) -> Result<(), Fault> {
        let len = self.files.get(file).map_or(0, |file| file.len());
        match file.checked_sub(1).and_then(|part| self.parts.get(part)) {
            _ if range.end <= len => Ok(()),
            Some(part) => Err(Fault::cut_part(part, len, what())),
            None => Err(Fault::cut(len, what())),
        }
    }
}

impl<M: Map> Source for Disk<'_, M> {
    fn len(&self) -> u64 {
        self.len
    }

    fn read_at(&self, offset: u64, buffer: &mut [u8]) -> io::Result<()> {
        let end = offset.checked_add(buffer.len() as u64);
        if end.is_none_or(|end| end > self.len) {
            return Err(io::ErrorKind::UnexpectedEof.into());
        }
        let (mut at, mut rest) = (offset, buffer);
        while !rest.is_empty() {
            let piece = self.piece(at)?;
            let (part, behind) = rest.split_at_mut(piece.len.min(rest.len() as u64) as usize);
            match &piece.place {
                Place::Zero => part.fill(0),
                Place::At { file, offset } => self.files[*file].read_at(*offset, part)?,
                Place::Packed(packed) => self.unpacked.read(&*self.files[packed.file], packed, part)?,
            }
            at += part.len() as u64;
            rest = behind;
        }
        Ok(())
    }

    fn wrapping(&self) -> Option<&Wrapping> {
        Some(&self.wrapping)
    }

    fn files(&self) -> &[SourceFile] {
        self.files[0].files()
    }

    fn descriptors(&self) -> &[File] {
        self.files[0].descriptors()
    }
}
