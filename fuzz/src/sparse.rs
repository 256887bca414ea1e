//! Images of any length in a few bytes: only the sectors that hold something.

use std::collections::BTreeMap;
use std::io;

use ramkey::image::Source;

/// Bytes of a sector.
pub const SECTOR: usize = 512;
/// A sector of an input: its number, and its bytes.
const RECORD: usize = 4 + SECTOR;
/// Most sectors that an input can claim: two tebibytes.
const SECTORS_MAX: u64 = 1 << 32;

/// An image of which most sectors are zero.
#[derive(Clone, Debug, Default)]
pub struct Sparse {
    /// Sectors that it has.
    pub sectors: u64,
    /// Those that hold something.
    pub present: BTreeMap<u64, [u8; SECTOR]>,
}

impl Sparse {
    /// The image in an input: the number of its sectors, then each sector with its number before it.
    pub fn decode(input: &[u8]) -> Self {
        let Some((sectors, records)) = input.split_first_chunk() else { return Self::default() };
        let mut image = Self::default();
        for record in records.chunks(RECORD) {
            let Some((lba, bytes)) = record.split_first_chunk() else { break };
            let mut sector = [0; SECTOR];
            sector[..bytes.len()].copy_from_slice(bytes);
            image.present.insert(u32::from_le_bytes(*lba).into(), sector);
        }
        image.sectors = u64::from(u32::from_le_bytes(*sectors)).min(SECTORS_MAX);
        image
    }

    /// The bytes of `count` sectors from `lba` on.
    pub fn get(&self, lba: u64, count: u64) -> Vec<u8> {
        let sector = |lba| self.present.get(&lba).copied().unwrap_or([0; SECTOR]);
        (lba..lba + count).flat_map(sector).collect()
    }

    /// Puts bytes, whole sectors, to `lba`.
    pub fn put(&mut self, lba: u64, bytes: &[u8]) {
        for (lba, sector) in (lba..).zip(bytes.as_chunks().0) {
            self.present.insert(lba, *sector);
        }
    }
}

impl Source for Sparse {
    fn len(&self) -> u64 {
        self.sectors * SECTOR as u64
    }

    fn read_at(&self, offset: u64, buffer: &mut [u8]) -> io::Result<()> {
        let end = offset.checked_add(buffer.len() as u64);
        if end.is_none_or(|end| end > self.len()) {
            return Err(io::ErrorKind::UnexpectedEof.into());
        }
        buffer.fill(0);
        let sector = SECTOR as u64;
        let (first, last) = (offset / sector, (offset + buffer.len() as u64).div_ceil(sector));
        for (lba, bytes) in self.present.range(first..last) {
            let at = lba * sector;
            let (from, to) = (at.max(offset), (at + sector).min(offset + buffer.len() as u64));
            if from < to {
                let part = &bytes[(from - at) as usize..(to - at) as usize];
                buffer[(from - offset) as usize..(to - offset) as usize].copy_from_slice(part);
            }
        }
        Ok(())
    }
}

/// Bytes as an image.
pub struct Bytes<'a>(pub &'a [u8]);

impl Source for Bytes<'_> {
    fn len(&self) -> u64 {
        self.0.len() as u64
    }

    fn read_at(&self, offset: u64, buffer: &mut [u8]) -> io::Result<()> {
        let rest = usize::try_from(offset).ok().and_then(|offset| self.0.get(offset..)).unwrap_or_default();
        let bytes = rest.get(..buffer.len()).ok_or(io::ErrorKind::UnexpectedEof)?;
        buffer.copy_from_slice(bytes);
        Ok(())
    }
}
