//! The bytes of the image.

use std::fs::File;
use std::io::{self, Read};
use std::os::unix::fs::FileExt;
use std::path::Path;

use ramkey_format::bpb::{Fat16Start, PartitionEntry};
use zerocopy::FromZeros;

use super::directory::{Directories, Places};
use super::error::FolderError;
use super::listing::Listing;
use super::shape::{FATS, FIRST_CLUSTER, Needs, RESERVED, Shape};
use super::system::{self, System};
use super::tree::Tree;
use super::{Wish, names};
use crate::boot::{dos_record, dos_sector};
use crate::image::{ImageError, SourceFile};
use crate::units::{Chs, SECTOR_LEN};

/// Bytes that are copied at once.
const PIECE: usize = 1 << 18;
/// Name of the program that formatted the volume: old DOS believes the fields of those that begin so.
const OEM: [u8; 8] = *b"MSDOS5.0";
const EXTENDED: u8 = 0x29;
const HARD_DISK: u8 = 0x80;
const ACTIVE: u8 = 0x80;
/// What is hashed for the numbers of disk and volume.
const CONTEXT: &str = "ramkey 2026 numbers of a disk that is made of a folder";
const NO_NAME: [u8; 11] = *b"NO NAME    ";

/// An image that was made.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Made {
    /// Its length in bytes.
    pub len: u64,
    /// The system that it starts; none if there is none that is known.
    pub system: Option<&'static str>,
    /// The folder, and every file that is in it.
    pub sources: Vec<SourceFile>,
}

/// Makes the image of the folder at `path` in `file`, which is empty. `tell` is told how many bytes of files there are, and then how many were copied.
///
/// # Errors
///
/// [`FolderError`]: the first thing that is in the way, by folder and name.
pub fn make(path: &Path, wish: Wish, file: &File, tell: &dyn Fn(Step)) -> Result<Made, FolderError> {
    make_of(&Listing::look(path)?, wish, file, tell)
}

/// The same of a folder that was looked through, or was made up.
///
/// # Errors
///
/// As [`make`].
pub fn make_of(listing: &Listing, wish: Wish, file: &File, tell: &dyn Fn(Step)) -> Result<Made, FolderError> {
    let tree = &listing.tree;
    let path = tree.path();
    if tree.folders.len() + tree.files.len() == 1 {
        return Err(FolderError::Empty);
    }
    let system = system::find(tree)?;
    if wish.boots && system.is_none() {
        return Err(FolderError::NoSystem);
    }
    let directories = Directories::of(tree, wish.form, system.as_ref())?;
    let lens = directories.lens(tree, system.as_ref());
    let needs = Needs { lens: &lens, root_entries: directories.root_entries(), free: wish.free };
    let too_large = |what, needed, limit| FolderError::TooLarge { what, needed, limit };
    let shape = Shape::find(wish.form, &needs, too_large)?;
    let places = directories.places(tree, system.as_ref(), &shape);
    let mut image = Image { path, file, shape: &shape, hash: blake3::Hasher::new_derive_key(CONTEXT) };
    let label = label(path);

    image.tables(&places)?;
    for number in 0..tree.folders.len() {
        let bytes = directories.bytes(tree, number, &places, &label);
        image.hash.update(&bytes);
        let at = if number == 0 { shape.root() * SECTOR_LEN } else { image.place(places.folders[number]) };
        image.put(&bytes, at)?;
    }
    tell(Step::Begin(tree.files.iter().map(|file| file.len).sum()));
    let copied = (0..tree.files.len()).try_for_each(|number| image.copy(tree, number, &places, tell));
    tell(Step::End);
    copied?;
    image.starts(system.as_ref(), &label)?;
    file.set_len(shape.len()).map_err(image.failed())?;
    Ok(Made { len: shape.len(), system: system.map(|system| system.name), sources: tree.sources() })
}

/// How far the making is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Step {
    /// So many bytes will be copied.
    Begin(u64),
    /// So many more are.
    Advance(u64),
    /// It is over, whether it failed or not.
    End,
}

/// An image that is being made.
struct Image<'i> {
    path: &'i Path,
    file: &'i File,
    shape: &'i Shape,
    hash: blake3::Hasher,
}

impl Image<'_> {
    fn failed(&self) -> impl Fn(io::Error) -> FolderError {
        |source| FolderError::Write { path: self.path.to_owned(), source }
    }

    /// Writes where there is something: the file is all holes.
    fn put(&self, bytes: &[u8], at: u64) -> Result<(), FolderError> {
        if bytes.iter().all(|byte| *byte == 0) {
            return Ok(());
        }
        self.file.write_all_at(bytes, at).map_err(self.failed())
    }

    /// Where a cluster begins, in bytes.
    fn place(&self, cluster: u64) -> u64 {
        self.shape.data() * SECTOR_LEN + (cluster - FIRST_CLUSTER) * self.shape.cluster_len()
    }

    /// Both file allocation tables.
    fn tables(&mut self, places: &Places) -> Result<(), FolderError> {
        let len = (self.shape.fat_sectors * SECTOR_LEN) as usize;
        let mut table = Table { bytes: vec![0; len], is_fat12: self.shape.is_fat12 };
        table.set(0, 0xFF00 | u16::from(self.shape.media));
        table.set(1, 0xFFFF);
        for &(first, clusters) in &places.chains {
            for cluster in first..first + clusters {
                let is_last = cluster + 1 == first + clusters;
                table.set(cluster as usize, if is_last { 0xFFFF } else { cluster as u16 + 1 });
            }
        }
        for number in 0..FATS {
            let lba = self.shape.lba + RESERVED + number * self.shape.fat_sectors;
            self.put(&table.bytes, lba * SECTOR_LEN)?;
        }
        Ok(())
    }

    /// Copies a file, which must stay what it is.
    fn copy(
        &mut self,
        tree: &Tree,
        number: usize,
        places: &Places,
        tell: &dyn Fn(Step),
    ) -> Result<(), FolderError> {
        let mut file = tree.open_file(number)?;
        let len = tree.files[number].len;
        let mut piece = vec![0; PIECE.min(len as usize)];
        let mut done = 0;
        while done < len {
            let piece = &mut piece[..(len - done).min(PIECE as u64) as usize];
            file.read_exact(piece).map_err(|source| match source.kind() {
                io::ErrorKind::UnexpectedEof => ImageError::Changed { path: tree.file_path(number) },
                _ => ImageError::Read { path: tree.file_path(number), offset: done, source },
            })?;
            self.hash.update(piece);
            self.put(piece, self.place(places.files[number]) + done)?;
            done += piece.len() as u64;
            tell(Step::Advance(piece.len() as u64));
        }
        Ok(tree.check(number, &file)?)
    }

    /// The boot sector, and the master boot record of a disk.
    fn starts(&self, system: Option<&System>, label: &[u8; 11]) -> Result<(), FolderError> {
        let code = |what| FolderError::Code { what };
        let mut numbers = [0; 8];
        self.hash.finalize_xof().fill(&mut numbers);
        let number =
            |at: usize| u32::from_le_bytes([numbers[at], numbers[at + 1], numbers[at + 2], numbers[at + 3]]);
        let fields = self.fields(number(0), label);
        let start = system.map(|system| &system.start);
        self.put(&dos_sector(&fields, start).map_err(code)?, self.shape.lba * SECTOR_LEN)?;
        if self.shape.lba == 0 {
            return Ok(());
        }
        let chs = |lba| Chs::from_lba(lba, &self.shape.geometry).to_bytes();
        let partition = PartitionEntry {
            status: ACTIVE,
            start_chs: chs(self.shape.lba),
            type_byte: self.shape.type_byte(),
            end_chs: chs(self.shape.lba + self.shape.sectors - 1),
            start: (self.shape.lba as u32).into(),
            sectors: (self.shape.sectors as u32).into(),
        };
        self.put(&dos_record(number(4), &partition).map_err(code)?, 0)
    }

    fn fields(&self, serial: u32, label: &[u8; 11]) -> Fat16Start {
        let shape = self.shape;
        let mut fields = Fat16Start::new_zeroed();
        let common = &mut fields.common;
        common.oem = OEM;
        common.bytes_per_sector.set(SECTOR_LEN as u16);
        common.cluster_sectors = shape.cluster_sectors as u8;
        common.reserved.set(RESERVED as u16);
        common.fats = FATS as u8;
        common.root_entries.set(shape.root_entries as u16);
        match u16::try_from(shape.sectors) {
            Ok(sectors) => common.short_sectors.set(sectors),
            Err(_) => common.long_sectors.set(shape.sectors as u32),
        }
        common.media = shape.media;
        common.short_fat_sectors.set(shape.fat_sectors as u16);
        common.sectors_per_track.set(shape.geometry.sectors_per_track);
        common.heads.set(shape.geometry.heads);
        common.hidden.set(shape.hidden as u32);
        fields.drive = if shape.hidden == 0 { 0 } else { HARD_DISK };
        fields.extended = EXTENDED;
        fields.serial.set(serial);
        fields.label = *label;
        fields.kind = if shape.is_fat12 { *b"FAT12   " } else { *b"FAT16   " };
        fields
    }
}

/// A file allocation table.
struct Table {
    bytes: Vec<u8>,
    is_fat12: bool,
}

impl Table {
    fn set(&mut self, cluster: usize, value: u16) {
        if !self.is_fat12 {
            self.bytes[2 * cluster..2 * cluster + 2].copy_from_slice(&value.to_le_bytes());
            return;
        }
        let (at, is_odd) = (cluster + cluster / 2, cluster % 2 == 1);
        let shift = if is_odd { 4 } else { 0 };
        let word = u16::from_le_bytes([self.bytes[at], self.bytes[at + 1]]);
        let word = word & !(0x0FFF << shift) | (value & 0x0FFF) << shift;
        self.bytes[at..at + 2].copy_from_slice(&word.to_le_bytes());
    }
}

/// The label of the volume: the folder's name, if it is one for DOS.
fn label(path: &Path) -> [u8; 11] {
    let name = path.file_name().and_then(|name| name.to_str()).unwrap_or_default();
    let stem = name.split('.').next().unwrap_or_default();
    names::plain(stem).map_or(NO_NAME, |(short, _)| short)
}
