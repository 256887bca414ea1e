//! The forms in which an image can lie in a file: one file of this folder for each that is opened, and tables of those
//! that are only known by name (`named`). What is packed (`packed`) is unpacked first, and what comes out is opened.

mod ahead;
mod bundle;
mod bzip2;
mod container;
mod disks;
mod dosemu;
mod fault;
mod fields;
mod gzip;
mod imd;
mod lz4;
mod member;
pub mod named;
mod packed;
mod packing;
mod raw;
mod seven;
mod sink;
mod xz;
mod zip;
mod zip_entry;
mod zstd;

use std::path::Path;

use container::Container;

pub use bundle::{ALL, BundledFile, bundled};
pub use container::Opened;
pub use packed::{Wrapped, is_extension_of, packed_as};
pub use packing::Bounds;

use super::error::ImageError;
use super::files::Files;
use super::source::Source;

/// Those that are opened, in the order in which they are looked for. The last one is every file.
const CONTAINERS: [&dyn Container; 8] = [
    &dosemu::Dosemu,
    &disks::Vdi,
    &disks::Vhd,
    &disks::Vmdk,
    &disks::Qcow2,
    &disks::Vhdx,
    &imd::Imd,
    &raw::Raw,
];

/// Opens the image in `outer`, all bytes of the file at `path`.
pub(super) fn open<'s>(
    path: &Path,
    outer: Box<dyn Source + 's>,
    files: &mut Files,
) -> Result<Opened<'s>, ImageError> {
    for container in CONTAINERS {
        if container.detect(path, &*outer)? {
            return container.open(path, outer, files);
        }
    }
    Ok(Opened::Anywhere(outer))
}

#[cfg(test)]
mod tests {
    use std::ffi::OsStr;
    use std::fs::{self, File};
    use std::io;
    use std::os::unix::ffi::OsStrExt;
    use std::os::unix::fs::symlink;
    use std::path::{Path, PathBuf};

    use super::container::{Container, Opened};
    use crate::image::error::ImageError;
    use crate::image::file::FileSource;
    use crate::image::files::Files;
    use crate::image::source::Source;

    /// A container that is made for this test: letters, then the name of the file that has the bytes.
    struct Pointer;

    const MAGIC: &[u8] = b"see ";

    fn words(outer: &dyn Source) -> Vec<u8> {
        let mut bytes = vec![0; outer.len() as usize];
        outer.read_at(0, &mut bytes).unwrap();
        bytes
    }

    impl Container for Pointer {
        fn detect(&self, _: &Path, outer: &dyn Source) -> Result<bool, ImageError> {
            Ok(words(outer).starts_with(MAGIC))
        }

        fn open<'s>(
            &self,
            path: &Path,
            outer: Box<dyn Source + 's>,
            files: &mut Files,
        ) -> Result<Opened<'s>, ImageError> {
            let file = files.open_beside(OsStr::from_bytes(&words(&*outer)[MAGIC.len()..]))?;
            Ok(Opened::Anywhere(Box::new(FileSource::take(path, file)?)))
        }
    }

    /// The bytes behind a pointer, and how many files were recorded for it.
    fn opened(path: &Path, outer: File, mut files: Files) -> Result<(Vec<u8>, Vec<File>), ImageError> {
        let outer = Box::new(FileSource::take(path, outer)?);
        assert!(Pointer.detect(path, &*outer)?);
        let source = Pointer.open(path, outer, &mut files)?.anywhere(path)?;
        let (named, descriptors) = files.into_parts();
        assert_eq!(named.len(), descriptors.len());
        Ok((words(&*source), descriptors))
    }

    fn by_name(path: &Path) -> Result<(Vec<u8>, Vec<File>), ImageError> {
        let (files, outer) = Files::by_name(path)?;
        opened(path, outer, files)
    }

    fn folder(name: &str) -> PathBuf {
        let folder = std::env::temp_dir().join(format!("ramkey-{}-{name}", std::process::id()));
        fs::create_dir(&folder).unwrap();
        folder
    }

    /// A source that is open already and names no files, as a stick or device that is looked at.
    struct Already(FileSource, File);

    impl Source for Already {
        fn len(&self) -> u64 {
            self.0.len()
        }

        fn read_at(&self, offset: u64, buffer: &mut [u8]) -> io::Result<()> {
            self.0.read_at(offset, buffer)
        }

        fn descriptors(&self) -> &[File] {
            std::slice::from_ref(&self.1)
        }
    }

    #[test]
    fn a_file_beside_the_image_is_one_of_its_files_and_another_process_gets_its_descriptor() {
        let folder = folder("beside");
        let own = folder.join("own");
        fs::write(&own, "see other").unwrap();
        fs::write(folder.join("other"), "the bytes").unwrap();

        let (bytes, descriptors) = by_name(&own).unwrap();
        assert_eq!((&bytes[..], descriptors.len()), (&b"the bytes"[..], 2));

        let (file, again) = (File::open(&own).unwrap(), File::open(&own).unwrap());
        let outer = Already(FileSource::take(&own, file).unwrap(), again);
        let files = Files::of(&own, outer.descriptors()).unwrap();
        assert_eq!(opened(&own, File::open(&own).unwrap(), files).unwrap().1.len(), 2);

        // A process without rights opens nothing, so the files may be gone.
        fs::remove_dir_all(&folder).unwrap();
        let (files, outer) = Files::given(&own, descriptors).unwrap();
        assert_eq!(opened(&own, outer, files).unwrap().0, b"the bytes");
        assert!(Files::given(&own, Vec::new()).is_err());
    }

    #[test]
    fn a_name_that_leads_out_of_the_folder_or_to_no_regular_file_is_refused() {
        let folder = folder("refused");
        let within = folder.join("within");
        fs::create_dir(&within).unwrap();
        let own = within.join("own");
        fs::write(folder.join("secret"), "secret").unwrap();
        fs::write(within.join("plain"), "plain").unwrap();
        symlink("../secret", within.join("link")).unwrap();
        symlink("plain", within.join("link within")).unwrap();
        fs::create_dir(within.join("folder")).unwrap();
        let absolute = folder.join("secret");
        for name in [
            "",
            ".",
            "..",
            "../secret",
            "./plain",
            "plain/",
            "/plain",
            "link",
            "link within",
            absolute.to_str().unwrap(),
        ] {
            fs::write(&own, format!("see {name}")).unwrap();
            let Err(error) = by_name(&own) else { panic!("{name:?}") };
            assert!(matches!(error, ImageError::Beside { .. }), "{name:?}: {error}");
        }
        fs::write(&own, "see folder").unwrap();
        assert!(matches!(by_name(&own), Err(ImageError::NotAFile { .. })));
        fs::write(&own, "see missing").unwrap();
        assert!(matches!(by_name(&own), Err(ImageError::Open { .. })));
        fs::write(&own, "see plain\0").unwrap();
        assert!(matches!(by_name(&own), Err(ImageError::Open { .. })));
        fs::remove_dir_all(&folder).unwrap();
    }
}
