//! One chunk as a Zstandard frame that the loader unpacks.

use std::convert::Infallible;

use ramkey_format::capsule::{Codec, Form, PACKED_BLOCK_LEN_MAX};
use ramkey_loader_core::decode::{Encoded, Stored, decode};
use zstd_safe::{CCtx, CParameter};

/// Plain bytes of the longest block that there is.
const BLOCK_LEN_MAX: usize = 128 << 10;

/// How hard chunks are packed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Effort {
    /// Compression level of libzstd.
    pub level: i32,
    /// Whole chunks before each to which it may refer.
    pub before: usize,
}

impl Effort {
    /// Chunks to which chunk `index` refers: there are not more before it.
    pub fn before_of(self, index: usize) -> usize {
        self.before.min(index)
    }
}

/// Makes frames, each by itself.
pub(super) struct Frames {
    effort: Effort,
    scratch: Vec<u8>,
    room: Vec<u8>,
}

impl Frames {
    pub fn new(effort: Effort) -> Self {
        Self { effort, scratch: vec![0; Codec::SCRATCH_LEN], room: Vec::new() }
    }

    /// The frame of `data`, which may refer to `before`. `None` if there is none that the loader unpacks to just that.
    pub fn pack(&mut self, data: &[u8], before: &[u8]) -> Option<Vec<u8>> {
        // Long blocks are better, and hardly any is longer than the loader bears. If one is, all are made short.
        let made = [BLOCK_LEN_MAX, PACKED_BLOCK_LEN_MAX].into_iter().map(|block_len| {
            let frame = compress(data, before, self.effort, block_len)?;
            Some(frame).filter(|frame| self.unpacks_to(frame, before, data))
        });
        made.flatten().next()
    }

    fn unpacks_to(&mut self, frame: &[u8], before: &[u8], data: &[u8]) -> bool {
        let form = Form::Packed { codec: Codec::Zstd, before: self.effort.before as u8 };
        let chunk = Encoded { form, stored: 0..frame.len() as u64, before };
        self.room.clear();
        self.room.resize(data.len(), 0);
        let Ok(()) = decode(&chunk, &mut Bytes(frame), &mut self.scratch, &mut self.room[..], &mut |_| ());
        self.room == data
    }
}

/// One frame, in blocks of at most `block_len` plain bytes. `None` if libzstd makes none.
fn compress(data: &[u8], before: &[u8], effort: Effort, block_len: usize) -> Option<Vec<u8>> {
    let mut context = CCtx::try_create()?;
    let parameters = [
        CParameter::CompressionLevel(effort.level),
        CParameter::ContentSizeFlag(true),
        CParameter::ChecksumFlag(false),
        CParameter::DictIdFlag(false),
        CParameter::MaxBlockSize(block_len as u32),
    ];
    parameters.into_iter().try_for_each(|parameter| context.set_parameter(parameter).map(|_| ())).ok()?;
    if !before.is_empty() {
        context.ref_prefix(before).ok()?;
    }
    let mut frame = Vec::with_capacity(zstd_safe::compress_bound(data.len()));
    context.compress2(&mut frame, data).ok()?;
    Some(frame)
}

/// Stored bytes in memory.
struct Bytes<'b>(&'b [u8]);

impl Stored for Bytes<'_> {
    type Error = Infallible;

    fn piece(&mut self, offset: u64, max: usize) -> Result<&[u8], Infallible> {
        let left = self.0.get(offset as usize..).unwrap_or(&[]);
        Ok(&left[..left.len().min(max)])
    }
}

#[cfg(test)]
mod tests {
    /// The version of libzstd, which `Cargo.toml` pins: another one makes other frames of the same chunks.
    const LIBZSTD: u32 = 10_507;

    #[test]
    fn libzstd_is_the_version_that_is_pinned() {
        assert_eq!(zstd_safe::version_number(), LIBZSTD);
    }
}
