//! Blocks of a disc.

use super::error::IsoError;
use crate::image::Source;
use crate::units::SECTOR_LEN;

/// Bytes of a block: every address on a CD counts these.
pub const BLOCK_LEN: u64 = 2048;

/// One block.
pub(super) type Block = [u8; BLOCK_LEN as usize];

/// A disc, read block by block.
#[derive(Clone, Copy)]
pub(super) struct Blocks<'a> {
    pub source: &'a dyn Source,
}

impl Blocks<'_> {
    /// Blocks that are there, also a last one that is not whole.
    pub fn count(&self) -> u64 {
        self.source.len().div_ceil(BLOCK_LEN)
    }

    /// Block `lba`, with zeros behind the end of the image; `None` if nothing of it is there.
    pub fn get(&self, lba: u64) -> Result<Option<Block>, IsoError> {
        let mut block = [0; BLOCK_LEN as usize];
        Ok((self.bytes(lba, &mut block)? > 0).then_some(block))
    }

    /// The 512 bytes at byte `offset`; `None` if the disc ends before them.
    pub fn sector(&self, offset: u64) -> Result<Option<[u8; 512]>, IsoError> {
        let mut sector = [0; 512];
        if offset.saturating_add(SECTOR_LEN) > self.source.len() {
            return Ok(None);
        }
        let read = self.source.read_at(offset, &mut sector);
        read.map(|()| Some(sector)).map_err(|source| IsoError::Read { offset, source })
    }

    /// Fills `buffer` from block `lba` on as far as the disc goes; says how many bytes were there.
    pub fn bytes(&self, lba: u64, buffer: &mut [u8]) -> Result<usize, IsoError> {
        let offset = lba.saturating_mul(BLOCK_LEN);
        let rest = self.source.len().saturating_sub(offset);
        let there = rest.min(buffer.len() as u64) as usize;
        if there > 0 {
            let read = self.source.read_at(offset, &mut buffer[..there]);
            read.map_err(|source| IsoError::Read { offset, source })?;
        }
        Ok(there)
    }
}

/// The printable part of a text field, without the filling at its end.
pub(super) fn text(bytes: &[u8]) -> String {
    let printable = |&byte: &u8| if (0x20..0x7F).contains(&byte) { byte as char } else { '?' };
    let end = bytes.iter().position(|&byte| byte == 0).unwrap_or(bytes.len());
    bytes[..end].iter().map(printable).collect::<String>().trim_end().to_owned()
}
