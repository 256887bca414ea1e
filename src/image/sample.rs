//! Some of the chunks of an image, packed, so that it can be told about what all of it will take.

use std::io;
use std::ops::Range;

use super::chunk::{CHUNK_LEN, CHUNK_SHIFT};
use super::compression::{Bus, Compression};
use super::pack::Packer;
use super::scan::scan_trimmed;
use super::source::Source;
use super::trimmed::leave_out;

/// Most chunks that are looked at: 16 MiB.
const SAMPLED_MAX: u64 = 64;

/// What a part of an image takes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Sample {
    /// Chunks that were looked at.
    pub chunks: u64,
    /// Chunks of the image.
    pub of: u64,
    /// Bytes of those that are not all zeros.
    pub plain: u64,
    /// Bytes that they are stored in, packed a little.
    pub stored: u64,
}

impl Sample {
    /// So many of all bytes of the image as `part` is of those that were looked at.
    pub fn scaled(&self, part: u64) -> u64 {
        (u128::from(part) * u128::from(self.of) / u128::from(self.chunks.max(1))) as u64
    }
}

/// Packs chunks of `source` that lie evenly in it, or all of a short one; the bytes in `free` are left out.
///
/// # Errors
///
/// What reading says.
pub fn sample(source: &dyn Source, free: &[Range<u64>]) -> io::Result<Sample> {
    let of = source.len().div_ceil(CHUNK_LEN as u64);
    let chunks = of.min(SAMPLED_MAX);
    let picked = Picked { source, free, chunks, of };
    let scan = scan_trimmed(&picked, &[], &mut |_| ())?;
    let (is_zero, len) = (|index: usize| scan.chunks[index].zero, scan.len);
    let lens = (0..scan.chunks.len()).filter(|&index| !is_zero(index)).map(|index| {
        let start = (index as u64) << CHUNK_SHIFT;
        len.min(start + CHUNK_LEN as u64) - start
    });
    let plain = lens.sum();
    let scan = scan.pack(&picked, &mut Packer::new(Compression::Fast, Bus::Usb1), &mut |_| ())?;
    let stored = scan.parts().iter().map(|part| part.bytes.end - part.bytes.start).sum();
    Ok(Sample { chunks, of, plain, stored })
}

/// Some of the chunks of an image, one behind the other.
struct Picked<'a> {
    source: &'a dyn Source,
    free: &'a [Range<u64>],
    chunks: u64,
    of: u64,
}

impl Picked<'_> {
    /// First byte of the chunk with this number among those that were picked.
    fn start(&self, number: u64) -> u64 {
        (u128::from(number) * u128::from(self.of) / u128::from(self.chunks.max(1))) as u64 * CHUNK_LEN as u64
    }
}

impl Source for Picked<'_> {
    fn len(&self) -> u64 {
        match self.chunks.checked_sub(1) {
            Some(last) => {
                last * CHUNK_LEN as u64 + (self.source.len() - self.start(last)).min(CHUNK_LEN as u64)
            }
            None => 0,
        }
    }

    fn read_at(&self, mut offset: u64, mut buffer: &mut [u8]) -> io::Result<()> {
        while !buffer.is_empty() {
            let (number, within) = (offset >> CHUNK_SHIFT, offset % CHUNK_LEN as u64);
            let len = buffer.len().min(CHUNK_LEN - within as usize);
            let (here, rest) = buffer.split_at_mut(len);
            let at = self.start(number) + within;
            self.source.read_at(at, here)?;
            leave_out(self.free, at, here);
            offset += len as u64;
            buffer = rest;
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::super::chunk::CHUNK_LEN;
    use super::*;

    /// Every other chunk is zeros; each byte of the others is the number of its chunk.
    struct Striped(u64);

    impl Source for Striped {
        fn len(&self) -> u64 {
            self.0
        }

        fn read_at(&self, offset: u64, buffer: &mut [u8]) -> io::Result<()> {
            assert!(offset + buffer.len() as u64 <= self.0);
            for (at, byte) in (offset..).zip(buffer) {
                let chunk = at >> CHUNK_SHIFT;
                *byte = if chunk.is_multiple_of(2) { 0 } else { (at.wrapping_mul(0x9E37_79B9) >> 11) as u8 };
            }
            Ok(())
        }
    }

    #[test]
    fn a_short_image_is_looked_at_whole_and_a_long_one_evenly() {
        let chunk = CHUNK_LEN as u64;
        let short = sample(&Striped(4 * chunk - 100), &[]).unwrap();
        assert_eq!((short.chunks, short.of, short.plain), (4, 4, 2 * chunk - 100));
        assert!(short.stored <= short.plain && short.stored > 0);
        // An odd distance, so that both kinds are met.
        let long = sample(&Striped(SAMPLED_MAX * 3 * chunk), &[]).unwrap();
        assert_eq!((long.chunks, long.of), (SAMPLED_MAX, SAMPLED_MAX * 3));
        assert_eq!(long.scaled(long.plain), SAMPLED_MAX * 3 * chunk / 2);
        let trimmed = sample(&Striped(4 * chunk), std::slice::from_ref(&(0..4 * chunk))).unwrap();
        assert_eq!((trimmed.plain, trimmed.stored), (0, 0));
    }
}
