//! One chunk as a Zstandard frame that the loader unpacks.

use std::convert::Infallible;
use std::io;

use ramkey_format::capsule::{Codec, Form, PACKED_BLOCK_LEN_MAX};
use ramkey_loader_core::decode::{Encoded, Stored, decode};
use zstd_safe::{CCtx, CParameter, ErrorCode, ResetDirective};

/// Plain bytes of the longest block that there is.
const BLOCK_LEN_MAX: usize = 128 << 10;

/// From which level on libzstd takes trees of as many nodes as it can use; and log2 of those that it may, for which it takes
/// 32 MiB: as many bytes are before a chunk of [`super::Compression::Small`], and twice as many would find nothing more.
const LEVEL_WITH_TREES: i32 = 19;
const TREE_LOG: u32 = 23;

/// How hard chunks are packed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Effort {
    /// Compression level of libzstd.
    pub level: i32,
    /// Whole chunks before each to which it may refer.
    pub before: usize,
    /// Which chunks stay packed.
    pub worth: Worth,
}

/// Packed bytes are worth it if they, times `stored`, are no more than the plain bytes times `plain`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Worth {
    /// What a stored byte costs.
    pub stored: u32,
    /// What a plain byte costs that is not packed, less what it costs otherwise.
    pub plain: u32,
}

impl Worth {
    /// At least the 32nd part is saved.
    pub const ANY: Self = Self { stored: 32, plain: 31 };

    /// Whether it is worth it to store `stored` bytes for `plain` ones.
    pub fn is(self, stored: usize, plain: usize) -> bool {
        stored as u64 * u64::from(self.stored) <= plain as u64 * u64::from(self.plain)
    }
}

impl Effort {
    /// Chunks to which chunk `index` refers: there are not more before it.
    pub fn before_of(self, index: usize) -> usize {
        self.before.min(index)
    }
}

/// A chunk and what lies before it, also in this program's memory: libzstd makes other frames where it does not.
#[derive(Clone, Copy)]
pub(super) struct Window<'w> {
    /// As much before it as it may refer to.
    pub before: &'w [u8],
    /// The chunk.
    pub data: &'w [u8],
}

/// Makes frames, each by itself.
pub(super) struct Frames<'w> {
    effort: Effort,
    /// What libzstd works in: its tables are made once. No frame depends on those before it.
    context: CCtx<'w>,
    scratch: Vec<u8>,
    room: Vec<u8>,
}

impl<'w> Frames<'w> {
    /// Makes frames as hard as is said.
    ///
    /// # Errors
    ///
    /// There is no memory for it.
    pub fn new(effort: Effort) -> io::Result<Self> {
        let context = CCtx::try_create().ok_or(io::ErrorKind::OutOfMemory)?;
        Ok(Self { effort, context, scratch: vec![0; Codec::SCRATCH_LEN], room: Vec::new() })
    }

    /// The frame of a chunk, which may refer to what is before it. `None` if there is none that the loader unpacks to just that.
    ///
    /// # Errors
    ///
    /// What libzstd says, which is that it has no memory: else frames would depend on the machine.
    pub fn pack(&mut self, window: Window<'w>) -> io::Result<Option<Vec<u8>>> {
        // Long blocks are better, and hardly any is longer than the loader bears. If one is, all are made short.
        for block_len in [BLOCK_LEN_MAX, PACKED_BLOCK_LEN_MAX] {
            let frame = compress(&mut self.context, window, self.effort, block_len);
            let frame = frame.map_err(|code| io::Error::other(zstd_safe::get_error_name(code)))?;
            if self.unpacks_to(&frame, window) {
                return Ok(Some(frame));
            }
        }
        Ok(None)
    }

    /// Whether the loader unpacks `frame` to just the chunk.
    pub fn unpacks_to(&mut self, frame: &[u8], window: Window) -> bool {
        let form = Form::Packed { codec: Codec::Zstd, before: self.effort.before as u8 };
        let chunk = Encoded { form, stored: 0..frame.len() as u64, before: window.before };
        self.room.clear();
        self.room.resize(window.data.len(), 0);
        let Ok(()) = decode(&chunk, &mut Bytes(frame), &mut self.scratch, &mut self.room[..], &mut |_| ());
        self.room == window.data
    }
}

/// One frame, in blocks of at most `block_len` plain bytes; or the code of libzstd's error.
fn compress<'w>(
    context: &mut CCtx<'w>,
    window: Window<'w>,
    effort: Effort,
    block_len: usize,
) -> Result<Vec<u8>, ErrorCode> {
    let Window { before, data } = window;
    context.reset(ResetDirective::SessionAndParameters)?;
    let parameters = [
        CParameter::CompressionLevel(effort.level),
        CParameter::ContentSizeFlag(true),
        CParameter::ChecksumFlag(false),
        CParameter::DictIdFlag(false),
        CParameter::MaxBlockSize(block_len as u32),
    ];
    let trees = (effort.level >= LEVEL_WITH_TREES).then_some(CParameter::ChainLog(TREE_LOG));
    let mut all = parameters.into_iter().chain(trees);
    all.try_for_each(|parameter| context.set_parameter(parameter).map(|_| ()))?;
    if !before.is_empty() {
        context.ref_prefix(before)?;
    }
    let mut frame = Vec::with_capacity(zstd_safe::compress_bound(data.len()));
    context.compress2(&mut frame, data)?;
    Ok(frame)
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
