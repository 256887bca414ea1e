//! A disk behind the header that DOSEMU puts in front of it. The header is left out, so the image is the disk.

use std::borrow::Cow;
use std::fs::File;
use std::io;
use std::path::Path;

use super::container::{Container, Opened};
use super::named::cut;
use crate::image::error::ImageError;
use crate::image::files::{Files, SourceFile};
use crate::image::source::Source;
use crate::image::wrapping::{BOOT_SIGNATURE, DISK_LEN_MAX, Wrapping};
use crate::units::{Geometry, SECTOR_LEN, shell_word};

/// What DOSEMU's header begins with. (DOSEMU, `src/include/disks.h`.)
const MAGIC: &[u8; 7] = b"DOSEMU\0";
/// Bytes of the header that DOSEMU writes.
const DOSEMU_LEN: u64 = 128;
/// Bytes of it that say something.
const FIELDS_LEN: usize = 23;

pub(super) struct Dosemu;

impl Container for Dosemu {
    fn detect(&self, path: &Path, outer: &dyn Source) -> Result<bool, ImageError> {
        let head = head(path, outer)?;
        // With a boot signature these are letters at the start of boot code, if they are no header.
        let is_boot_sector = head.len() as u64 == SECTOR_LEN && head.ends_with(&BOOT_SIGNATURE);
        Ok(head.starts_with(MAGIC) && (!is_boot_sector || parse(&head, outer).is_ok()))
    }

    fn open<'s>(
        &self,
        path: &Path,
        outer: Box<dyn Source + 's>,
        _: &mut Files,
    ) -> Result<Opened<'s>, ImageError> {
        match parse(&head(path, &*outer)?, &*outer) {
            Ok(Header { len, geometry }) => {
                let wrapping = wrapping(path, len, geometry);
                Ok(Opened::Anywhere(Box::new(Stripped { outer, len, wrapping })))
            }
            Err(why) => Err(ImageError::Header {
                path: path.to_owned(),
                container: "DOSEMU header",
                why,
                help: format!("if a disk follows it, take that out: `{}`", cut(path, DOSEMU_LEN, "img")),
            }),
        }
    }
}

/// An image without the header in front of it.
struct Stripped<'s> {
    outer: Box<dyn Source + 's>,
    /// Bytes of the header, fewer than `outer` has.
    len: u64,
    wrapping: Wrapping,
}

impl Source for Stripped<'_> {
    fn len(&self) -> u64 {
        self.outer.len() - self.len
    }

    fn read_at(&self, offset: u64, buffer: &mut [u8]) -> io::Result<()> {
        let offset = offset.checked_add(self.len).ok_or(io::ErrorKind::UnexpectedEof)?;
        self.outer.read_at(offset, buffer)
    }

    fn wrapping(&self) -> Option<&Wrapping> {
        Some(&self.wrapping)
    }

    fn files(&self) -> &[SourceFile] {
        self.outer.files()
    }

    fn descriptors(&self) -> &[File] {
        self.outer.descriptors()
    }
}

/// What a header says.
struct Header {
    /// Bytes before the disk.
    len: u64,
    /// Geometry of the disk.
    geometry: Geometry,
}

fn wrapping(path: &Path, len: u64, geometry: Geometry) -> Wrapping {
    Wrapping {
        program: Cow::Borrowed("DOSEMU"),
        header_len: Some(len),
        hard_disk: Some(Cow::Borrowed("it has the header of a disk of DOSEMU")),
        geometry: Some(geometry),
        left_out: format!("the header of DOSEMU, {len} bytes, is left out"),
        plain_command: format!("tail -c +{} {}", len + 1, shell_word(path)),
    }
}

/// The first sector, or all of a shorter file.
fn head(path: &Path, outer: &dyn Source) -> Result<Vec<u8>, ImageError> {
    let mut head = vec![0; outer.len().min(SECTOR_LEN) as usize];
    let read = outer.read_at(0, &mut head);
    read.map(|()| head).map_err(|source| ImageError::Read { path: path.to_owned(), offset: 0, source })
}

/// Behind the letters: heads, sectors per track, cylinders and where the disk begins.
fn parse(head: &[u8], outer: &dyn Source) -> Result<Header, String> {
    let fields = head.get(MAGIC.len()..FIELDS_LEN).ok_or("the file ends in it")?;
    let mut numbers =
        fields.chunks_exact(4).map(|bytes| bytes.iter().rev().fold(0, |n, &b| n << 8 | u32::from(b)));
    let mut next = || numbers.next().unwrap_or(0);
    let (heads, track, cylinders, len) = (next(), next(), next(), u64::from(next()));
    let small = |number: u32| u16::try_from(number).unwrap_or(0);
    let geometry = Geometry::new(cylinders, small(heads), small(track))
        .filter(|geometry| geometry.sectors() <= DISK_LEN_MAX / SECTOR_LEN);
    let geometry = geometry.ok_or_else(|| format!("no disk has the geometry {cylinders}/{heads}/{track}"))?;
    let present = outer.len();
    if len < DOSEMU_LEN || len >= present {
        return Err(format!("the disk cannot begin at byte {len} of {present}"));
    }
    let mut signature = [0; 2];
    let is_boot_sector =
        outer.read_at(len.saturating_add(510), &mut signature).is_ok() && signature == BOOT_SIGNATURE;
    if len != DOSEMU_LEN && !is_boot_sector {
        return Err(format!("there is no disk at byte {len}"));
    }
    Ok(Header { len, geometry })
}
