//! A disk behind the header that a program put in front of it. The header is left out, so the image is the disk.

use std::io;
use std::path::Path;

use super::{ImageError, Source, container, geometry, table};
use crate::units::{Geometry, SECTOR_LEN};

/// What DOSEMU's header begins with. (DOSEMU, `src/include/disks.h`.)
const MAGIC: &[u8; 7] = b"DOSEMU\0";
/// Bytes of the header that DOSEMU writes.
const DOSEMU_LEN: u64 = 128;
/// Bytes of it that say something.
const FIELDS_LEN: usize = 23;

/// The header of a disk of DOSEMU.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct DiskHeader {
    /// Bytes before the disk.
    pub len: u64,
    /// Geometry of the disk.
    pub geometry: Geometry,
}

/// An image without the header in front of it, if it has one.
#[derive(Debug)]
pub struct Stripped<S> {
    source: S,
    header: Option<DiskHeader>,
}

impl<S: Source> Stripped<S> {
    /// Looks for a header in `source`. `path` is for messages only.
    ///
    /// # Errors
    ///
    /// [`ImageError::Header`] if there is one that makes no sense, [`ImageError::Read`] if it cannot be read.
    pub fn new(path: &Path, source: S) -> Result<Self, ImageError> {
        let header = DiskHeader::read(path, &source)?;
        Ok(Self { source, header })
    }
}

impl<S: Source> Source for Stripped<S> {
    fn len(&self) -> u64 {
        self.source.len() - self.start()
    }

    fn read_at(&self, offset: u64, buffer: &mut [u8]) -> io::Result<()> {
        let offset = offset.checked_add(self.start()).ok_or(io::ErrorKind::UnexpectedEof)?;
        self.source.read_at(offset, buffer)
    }

    fn header(&self) -> Option<DiskHeader> {
        self.header
    }
}

impl<S> Stripped<S> {
    /// First byte of the disk; less than the length of the source.
    fn start(&self) -> u64 {
        self.header.map_or(0, |header| header.len)
    }
}

impl DiskHeader {
    fn read(path: &Path, source: &dyn Source) -> Result<Option<Self>, ImageError> {
        let present = source.len();
        let mut head = vec![0; present.min(SECTOR_LEN) as usize];
        let read = source.read_at(0, &mut head);
        read.map_err(|source| ImageError::Read { path: path.to_owned(), offset: 0, source })?;
        if !head.starts_with(MAGIC) {
            return Ok(None);
        }
        match Self::parse(&head, source) {
            Ok(header) => Ok(Some(header)),
            // Then these are letters at the start of boot code.
            Err(_) if head.ends_with(&table::SIGNATURE) && present >= SECTOR_LEN => Ok(None),
            Err(why) => Err(ImageError::Header {
                path: path.to_owned(),
                why,
                help: format!(
                    "if a disk follows it, take that out: `{}`",
                    container::cut(path, DOSEMU_LEN, "img")
                ),
            }),
        }
    }

    /// Behind the letters: heads, sectors per track, cylinders and where the disk begins.
    fn parse(head: &[u8], source: &dyn Source) -> Result<Self, String> {
        let fields = head.get(MAGIC.len()..FIELDS_LEN).ok_or("the file ends in it")?;
        let mut numbers =
            fields.chunks_exact(4).map(|bytes| bytes.iter().rev().fold(0, |n, &b| n << 8 | u32::from(b)));
        let mut next = || numbers.next().unwrap_or(0);
        let (heads, track, cylinders, len) = (next(), next(), next(), u64::from(next()));
        let small = |number: u32| u16::try_from(number).unwrap_or(0);
        let geometry = Geometry::new(cylinders, small(heads), small(track))
            .filter(|geometry| geometry.sectors() <= geometry::DISK_LEN_MAX / SECTOR_LEN);
        let geometry =
            geometry.ok_or_else(|| format!("no disk has the geometry {cylinders}/{heads}/{track}"))?;
        let present = source.len();
        if len < DOSEMU_LEN || len >= present {
            return Err(format!("the disk cannot begin at byte {len} of {present}"));
        }
        let mut signature = [0; 2];
        let is_boot_sector =
            source.read_at(len.saturating_add(510), &mut signature).is_ok() && signature == table::SIGNATURE;
        if len != DOSEMU_LEN && !is_boot_sector {
            return Err(format!("there is no disk at byte {len}"));
        }
        Ok(Self { len, geometry })
    }

    /// The geometry of the disk with `present` sectors: as the header says, unless most of the disk is missing.
    pub(super) fn geometry_of(&self, present: u64) -> Geometry {
        if geometry::wanted(present, self.geometry.sectors()).is_some() {
            return self.geometry;
        }
        let cylinders = present.div_ceil(self.geometry.cylinder_sectors());
        Geometry { cylinders: cylinders.max(1) as u32, ..self.geometry }
    }
}
