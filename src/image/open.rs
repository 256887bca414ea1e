//! The one way to the bytes of an image.

use std::ffi::OsString;
use std::fs::File;
use std::io;
use std::path::{Path, PathBuf};

use super::containers::{self, packed_as};
use super::error::ImageError;
use super::file::FileSource;
use super::files::{Files, SourceFile};
use super::name::ImageName;
use super::source::Source;
use super::unpacked::Unpacked;
use super::wrapping::Wrapping;

/// How often an image can be packed.
const LAYERS_MAX: usize = 4;

/// What is to be unpacked, open, and for whom.
pub struct PackedFile<'a> {
    /// The name of the file, and of the archive in it, for messages.
    pub path: &'a Path,
    /// All of its bytes.
    pub outer: &'a dyn Source,
    /// The same, as another process can read them.
    pub file: &'a File,
    /// How it is packed.
    pub container: &'static str,
    /// The name that is asked for, of a file in an archive.
    pub member: Option<&'a str>,
}

/// Where something was unpacked into.
pub struct Room {
    /// What came out, and nothing else; open for reading.
    pub file: File,
    /// The folder that the file lies in.
    pub folder: PathBuf,
    /// What it was packed in.
    pub unpacked: Unpacked,
}

/// Unpacks, and gives what came out.
pub type Unpack<'u, E> = &'u mut dyn FnMut(&PackedFile<'_>) -> Result<Room, E>;

/// Opens the image in the files that are open for it, which lies in a container with much to read, in another process. The command
/// prints its bytes.
pub type Serve<'u, E> = &'u mut dyn FnMut(&Path, &mut Files, &str) -> Result<Box<dyn Source>, E>;

/// Opens the image at `path`, whatever container it is in; but it does not unpack. [`sandbox::open`](crate::sandbox::open) does.
///
/// The source names every file that was opened for it.
///
/// # Errors
///
/// [`ImageError::Open`] or [`ImageError::NotAFile`] for a file that cannot be opened, [`ImageError::Read`] if it cannot
/// be read, [`ImageError::Header`] for a container that makes no sense, [`ImageError::ForwardOnly`] for one that cannot
/// be read anywhere.
pub fn open(path: &Path) -> Result<Box<dyn Source>, ImageError> {
    open_by(path, &mut |packed| Err(ImageError::ForwardOnly { path: packed.path.to_owned() }), None)
}

/// The same, and `unpack` unpacks; `serve` opens what is in a container with much to read, or this process does. The file of an archive
/// that is meant stands behind a `#`.
///
/// # Errors
///
/// As [`open`]; what `unpack` gives; [`ImageError::Packed`] for what is packed too often, and [`ImageError::NoArchive`].
pub fn open_by<E: From<ImageError>>(
    path: &Path,
    unpack: Unpack<'_, E>,
    serve: Option<Serve<'_, E>>,
) -> Result<Box<dyn Source>, E> {
    let ImageName { file, member } = ImageName::find(path);
    let (mut files, first) = Files::by_name(&file)?;
    let outer = Box::new(FileSource::take(&file, first)?);
    open_in(&file, outer, &mut files, member, (unpack, serve))
}

/// The same image in another process, from the descriptors that its source has.
///
/// # Errors
///
/// As [`open`]; [`ImageError::Open`] too if a descriptor is missing.
pub fn open_given(path: &Path, files: Vec<File>) -> Result<Box<dyn Source>, ImageError> {
    open_or_want(path, files).map_err(|(error, _)| error)
}

/// The same; an error comes with the name of the file beside the image that is missing, if one is.
///
/// # Errors
///
/// As [`open_given`].
pub fn open_or_want(
    path: &Path,
    files: Vec<File>,
) -> Result<Box<dyn Source>, (ImageError, Option<OsString>)> {
    let (mut files, first) = Files::given(path, files).map_err(|error| (error, None))?;
    let outer = Box::new(FileSource::take(path, first).map_err(|error| (error, None))?);
    let mut no_child = |packed: &PackedFile<'_>| Err(not_given(packed.path));
    let opened = open_in(path, outer, &mut files, None, (&mut no_child, None));
    opened.map_err(|error| (error, files.wanted()))
}

/// The image in `outer`, the bytes of something that is open already, whatever container it is in; but it does not unpack.
///
/// The source names the files of `outer` and those that were opened for the image.
///
/// # Errors
///
/// As [`open`].
pub fn unwrapped<'s>(path: &Path, outer: Box<dyn Source + 's>) -> Result<Box<dyn Source + 's>, ImageError> {
    unwrapped_by(
        path,
        outer,
        &mut |packed| Err(ImageError::ForwardOnly { path: packed.path.to_owned() }),
        None,
    )
}

/// The same, and `unpack` unpacks what is in a regular file; see [`open_by`] for `serve`.
///
/// # Errors
///
/// As [`open_by`].
pub fn unwrapped_by<'s, E: From<ImageError>>(
    path: &Path,
    outer: Box<dyn Source + 's>,
    unpack: Unpack<'_, E>,
    serve: Option<Serve<'_, E>>,
) -> Result<Box<dyn Source + 's>, E> {
    let mut files = Files::of(path, outer.descriptors())?;
    open_in(path, outer, &mut files, None, (unpack, serve))
}

fn open_in<'s, E: From<ImageError>>(
    path: &Path,
    mut outer: Box<dyn Source + 's>,
    files: &mut Files,
    mut member: Option<String>,
    (unpack, serve): (Unpack<'_, E>, Option<Serve<'_, E>>),
) -> Result<Box<dyn Source + 's>, E> {
    let mut unpacked: Vec<Unpacked> = Vec::new();
    let mut layers = 0;
    let mut path = path.to_owned();
    while let Some(container) = packed_as(&*outer).filter(|_| files.is_regular()) {
        layers += 1;
        if layers > LAYERS_MAX {
            let why = format!("that is the layer number {layers}, and {LAYERS_MAX} are unpacked");
            let help = "unpack the outer ones by hand".into();
            return Err(ImageError::Packed { path, container, why, help }.into());
        }
        let file = match files.given_unpacked(&path) {
            Some(given) => given?,
            None => {
                let file = files.last().ok_or_else(|| not_given(&path))?;
                let packed =
                    PackedFile { path: &path, outer: &*outer, file, container, member: member.as_deref() };
                let room = unpack(&packed)?;
                files.record_unpacked(&room.folder, &room.file)?;
                member = room.unpacked.rest.clone();
                if let Some(member) = &room.unpacked.member {
                    let mut name = path.into_os_string();
                    name.push("#");
                    name.push(member);
                    path = name.into();
                }
                unpacked.push(room.unpacked);
                room.file
            }
        };
        outer = Box::new(FileSource::take(&path, file)?);
    }
    if let Some(member) = member {
        return Err(ImageError::NoArchive { path, member }.into());
    }
    let command = serve.is_some().then(|| containers::command(&path, &*outer)).transpose()?.flatten();
    let source = match (serve, command) {
        (Some(serve), Some(command)) => serve(&path, files, &command)?,
        _ => containers::open(&path, outer, files)?.anywhere(&path)?,
    };
    let (files, descriptors) = files.parts();
    Ok(Box::new(Named { source, unpacked, files, descriptors }))
}

fn not_given(path: &Path) -> ImageError {
    ImageError::Open { path: path.to_owned(), source: io::ErrorKind::NotFound.into() }
}

/// An image, and the files that were opened for it.
struct Named<'s> {
    source: Box<dyn Source + 's>,
    unpacked: Vec<Unpacked>,
    files: Vec<SourceFile>,
    descriptors: Vec<File>,
}

impl Source for Named<'_> {
    fn len(&self) -> u64 {
        self.source.len()
    }

    fn read_at(&self, offset: u64, buffer: &mut [u8]) -> io::Result<()> {
        self.source.read_at(offset, buffer)
    }

    fn wrapping(&self) -> Option<&Wrapping> {
        self.source.wrapping()
    }

    fn unpacked(&self) -> &[Unpacked] {
        &self.unpacked
    }

    fn files(&self) -> &[SourceFile] {
        &self.files
    }

    fn descriptors(&self) -> &[File] {
        &self.descriptors
    }
}
