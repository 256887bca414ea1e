//! The floppy of a folder with a driver's files.

use std::fs::{self, File};
use std::io::{self, Read, Write};
use std::path::Path;

use crate::image::{FileSource, ImageError, Source, temporary_file};
use crate::sandbox::LookError;
use crate::windows::{Candidate, f6_floppy};

/// Most files, and most bytes of each: no floppy has more.
const FILES_MAX: usize = 200;
const LEN_MAX: u64 = 3 << 20;

/// The image of a floppy with the files of `folder`, without those in folders below it. It is a file without a name.
///
/// # Errors
///
/// [`LookError`] if they cannot be read, if none is a driver, or if they do not fit.
pub(super) fn floppy_of(folder: &Path) -> Result<Box<dyn Source>, LookError> {
    let failed = |source| ImageError::Open { path: folder.to_owned(), source };
    let files = files_of(folder).map_err(failed)?;
    let image = f6_floppy(&files).map_err(|error| ImageError::Unusable {
        path: folder.to_owned(),
        what: "a directory",
        why: error.to_string(),
        help: "name a floppy's image, or the folder that has the files of a driver for Windows, and nothing else".into(),
    })?;
    let mut file = temporary_file(&std::env::temp_dir()).map_err(failed)?;
    file.write_all(&image).map_err(failed)?;
    let source = FileSource::take(folder, file.try_clone().map_err(failed)?)?;
    Ok(Box::new(Floppy { source, file: [file] }))
}

/// The image, and the file that it is in.
struct Floppy {
    source: FileSource,
    file: [File; 1],
}

impl Source for Floppy {
    fn len(&self) -> u64 {
        self.source.len()
    }

    fn read_at(&self, offset: u64, buffer: &mut [u8]) -> io::Result<()> {
        self.source.read_at(offset, buffer)
    }

    fn descriptors(&self) -> &[File] {
        &self.file
    }
}

/// The files of a folder, in the order of their names.
fn files_of(folder: &Path) -> io::Result<Vec<Candidate>> {
    let mut files = Vec::new();
    for entry in fs::read_dir(folder)?.take(FILES_MAX) {
        let path = entry?.path();
        let Some(name) = path.file_name().and_then(|name| name.to_str()).filter(|_| path.is_file()) else {
            continue;
        };
        let mut bytes = Vec::new();
        File::open(&path)?.take(LEN_MAX).read_to_end(&mut bytes)?;
        files.push(Candidate { name: name.to_owned(), bytes });
    }
    files.sort_by(|one, other| one.name.cmp(&other.name));
    Ok(files)
}
