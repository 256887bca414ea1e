//! A layout as bytes, without a device: for tests, and for looking at.

use std::io::{self, Seek, SeekFrom, Write};

use super::extent::{Layout, Wanted};
use crate::image::StoredBytes;
use crate::units::SECTOR_LEN;

/// Writes every range of `layout` to `output`, in order, and nothing else. `images` are the stored bytes of
/// the plan's images, in its order.
///
/// # Errors
///
/// What reading an image or writing the output says.
pub fn materialise(
    layout: &Layout,
    images: &[Box<dyn StoredBytes + '_>],
    output: &mut (impl Write + Seek),
) -> io::Result<()> {
    let mut buffer = vec![0; 1 << 16];
    for extent in &layout.extents {
        output.seek(SeekFrom::Start(extent.lba * SECTOR_LEN))?;
        let step = buffer.len() as u64 / SECTOR_LEN;
        for first in (0..extent.sectors).step_by(step as usize) {
            let buffer = &mut buffer[..((extent.sectors - first).min(step) * SECTOR_LEN) as usize];
            if let Some(Wanted { image, offset }) = extent.fill(extent.lba + first, buffer) {
                let present = images[image].len().saturating_sub(offset).min(buffer.len() as u64) as usize;
                images[image].read_at(offset, &mut buffer[..present])?;
                buffer[present..].fill(0);
            }
            output.write_all(buffer)?;
        }
    }
    output.flush()
}
