//! Files without a name.

use std::fs::{self, File};
use std::io;
use std::path::Path;

use rustix::fs::{Mode, OFlags};
use rustix::io::Errno;

/// How many names are tried where files must have one for a moment.
const NAMES_MAX: u32 = 1000;

/// Nobody else may read it.
const OWN: Mode = Mode::RUSR.union(Mode::WUSR);

/// An empty file without a name in `folder`: it is gone once it is closed, however the program ends.
///
/// # Errors
///
/// What the system says.
pub fn temporary_file(folder: &Path) -> io::Result<File> {
    let flags = OFlags::RDWR | OFlags::TMPFILE | OFlags::CLOEXEC;
    match rustix::fs::open(folder, flags, OWN) {
        Ok(file) => Ok(file.into()),
        // A file system without such files.
        Err(Errno::OPNOTSUPP | Errno::ISDIR | Errno::INVAL) => named_for_a_moment(folder),
        Err(error) => Err(error.into()),
    }
}

/// A file whose name is removed again.
fn named_for_a_moment(folder: &Path) -> io::Result<File> {
    let flags = OFlags::RDWR | OFlags::CREATE | OFlags::EXCL | OFlags::CLOEXEC;
    for number in 0..NAMES_MAX {
        let path = folder.join(format!("ramkey-spool-{number}"));
        match rustix::fs::open(&path, flags, OWN) {
            Err(Errno::EXIST) => {}
            file => {
                let file = file?.into();
                fs::remove_file(path)?;
                return Ok(file);
            }
        }
    }
    Err(io::ErrorKind::AlreadyExists.into())
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::os::unix::fs::{FileExt, MetadataExt};

    #[test]
    fn neither_way_leaves_a_name() {
        let folder = tempfile::tempdir().unwrap();
        for file in [temporary_file(folder.path()).unwrap(), named_for_a_moment(folder.path()).unwrap()] {
            assert_eq!(file.metadata().unwrap().mode() & 0o777, 0o600);
            file.write_all_at(b"bytes", 7).unwrap();
            let mut found = [0; 5];
            file.read_exact_at(&mut found, 7).unwrap();
            assert_eq!(&found, b"bytes");
            assert_eq!(fs::read_dir(folder.path()).unwrap().count(), 0);
        }
        temporary_file(Path::new("/no/such/folder")).unwrap_err();
    }
}
