//! Opens images, and unpacks them on the way: as root by a child without rights, which gets the packed file and an empty
//! one.

use std::env;
use std::fs::File;
use std::io::{self, IsTerminal, Read, Seek, SeekFrom};
use std::os::unix::fs::FileExt;
use std::path::{Path, PathBuf};

use super::error::LookError;
use super::into_file::into_file;
use super::parent::{ask_to_unpack, has_rights};
use crate::image::{
    Bounds, DISK_LEN_MAX, FileSource, ImageError, ImageName, PackedFile, Room, Source, SourceFile, Wrapped,
    open_by, temporary_file, unwrapped_by,
};

/// Where temporary files lie unless the user names a folder: on a disk first, and in memory last.
const FOLDERS: [&str; 2] = ["/var/tmp", "/tmp"];
/// Bytes of standard input that are taken at once.
const PIECE: usize = 1 << 18;

/// How far unpacking is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Unpacking {
    /// It begins, with so many packed bytes; of standard input that is not known, and 0.
    Begin(u64),
    /// So many more of them are done.
    Advance(u64),
    /// It is over, whether it failed or not.
    End,
}

/// The image at `path`, whatever container it is in, and however it is packed; `-` is standard input, and the file of an
/// archive that is meant stands behind a `#`. What is unpacked lies in a temporary file without a name.
///
/// # Errors
///
/// As [`image::open_by`](open_by), and that there is no child or no answer.
pub fn open(path: &Path, tell: &dyn Fn(Unpacking)) -> Result<Box<dyn Source>, LookError> {
    match ImageName::is_input(path) {
        true => unwrapped(path, Box::new(of_input(path, tell)?), tell),
        false => open_by(path, &mut |packed| unpack(packed, tell)),
    }
}

/// The same of an image in the bytes of something that is open already.
///
/// # Errors
///
/// As [`open`].
pub fn unwrapped<'s>(
    path: &Path,
    outer: Box<dyn Source + 's>,
    tell: &dyn Fn(Unpacking),
) -> Result<Box<dyn Source + 's>, LookError> {
    unwrapped_by(path, outer, &mut |packed| unpack(packed, tell))
}

fn unpack(packed: &PackedFile<'_>, tell: &dyn Fn(Unpacking)) -> Result<Room, LookError> {
    let (file, folder) = room(packed.path)?;
    let PackedFile { path, outer, member, .. } = *packed;
    let wrapped = Wrapped { path, outer, member, folder: &folder, bounds: Bounds::default() };
    tell(Unpacking::Begin(packed.outer.len()));
    let progress = |count| tell(Unpacking::Advance(count));
    let unpacked = match has_rights() {
        true => ask_to_unpack(packed, &file, &folder, &progress),
        false => into_file(&wrapped, &file, &progress).map_err(LookError::from),
    };
    tell(Unpacking::End);
    Ok(Room { file: for_reading(file), folder, unpacked: unpacked? })
}

/// Standard input, kept in a temporary file because an image is read anywhere.
struct Kept {
    source: FileSource,
    file: [File; 1],
    name: [SourceFile; 1],
}

impl Source for Kept {
    fn len(&self) -> u64 {
        self.source.len()
    }

    fn read_at(&self, offset: u64, buffer: &mut [u8]) -> io::Result<()> {
        self.source.read_at(offset, buffer)
    }

    fn files(&self) -> &[SourceFile] {
        &self.name
    }

    fn descriptors(&self) -> &[File] {
        &self.file
    }
}

fn of_input(path: &Path, tell: &dyn Fn(Unpacking)) -> Result<Kept, ImageError> {
    let input = io::stdin();
    if input.is_terminal() {
        return Err(ImageError::Keyboard);
    }
    let (file, folder) = room(path)?;
    tell(Unpacking::Begin(0));
    let kept = keep(path, &mut input.lock(), &file, &folder, tell);
    tell(Unpacking::End);
    kept?;
    let file = for_reading(file);
    let open_error = |source| ImageError::Open { path: path.to_owned(), source };
    let name = SourceFile::of(path, &file).map_err(open_error)?;
    let source = FileSource::take(path, file.try_clone().map_err(open_error)?)?;
    Ok(Kept { source, file: [file], name: [name] })
}

fn keep(
    path: &Path,
    input: &mut dyn Read,
    file: &File,
    folder: &Path,
    tell: &dyn Fn(Unpacking),
) -> Result<(), ImageError> {
    let (mut piece, mut at) = (vec![0; PIECE], 0);
    loop {
        let count = match input.read(&mut piece) {
            Ok(0) => return Ok(()),
            Ok(count) => count,
            Err(error) if error.kind() == io::ErrorKind::Interrupted => continue,
            Err(source) => return Err(ImageError::Read { path: path.to_owned(), offset: at, source }),
        };
        if at + count as u64 > INPUT_MAX {
            return Err(ImageError::LongInput { limit: INPUT_MAX });
        }
        let put = file.write_all_at(&piece[..count], at);
        put.map_err(|source| ImageError::Room { path: path.to_owned(), folder: folder.to_owned(), source })?;
        at += count as u64;
        tell(Unpacking::Advance(count as u64));
    }
}

/// Most bytes of standard input: what is longer than a packed image of the largest size is none.
const INPUT_MAX: u64 = DISK_LEN_MAX + (DISK_LEN_MAX >> 4);

/// An empty file without a name, and the folder that it is in: that which TMPDIR names, and no other if it names one.
fn room(path: &Path) -> Result<(File, PathBuf), ImageError> {
    let named = env::var_os("TMPDIR").filter(|folder| !folder.is_empty()).map(PathBuf::from);
    let folders = named.map_or_else(|| FOLDERS.map(PathBuf::from).to_vec(), |folder| vec![folder]);
    let mut failed = None;
    for folder in folders {
        match temporary_file(&folder) {
            Ok(file) => return Ok((file, folder)),
            Err(source) => {
                failed.get_or_insert((folder, source));
            }
        }
    }
    let (folder, source) = failed.unwrap_or_else(|| (PathBuf::new(), io::ErrorKind::NotFound.into()));
    Err(ImageError::Room { path: path.to_owned(), folder, source })
}

/// The same file without the right to write it, so that nobody finds it open for writing.
fn for_reading(file: File) -> File {
    use std::os::fd::AsRawFd;
    let reopened = File::open(format!("/proc/self/fd/{}", file.as_raw_fd()));
    // Whoever has it may have told in its place how far it was.
    let _ = (&file).seek(SeekFrom::Start(0));
    reopened.unwrap_or(file)
}
