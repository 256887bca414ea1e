//! A layout as bytes, without a device: for tests, and for looking at.

use std::io::{self, Seek, SeekFrom, Write};

use super::{Content, Layout};
use crate::image::Source;
use crate::units::SECTOR_LEN;

/// Writes every range of `layout` to `output`, in order, and nothing else. `images` are the sources of the plan, in
/// its order.
///
/// # Errors
///
/// What reading an image or writing the output says.
pub fn materialise(
    layout: &Layout,
    images: &[&dyn Source],
    output: &mut (impl Write + Seek),
) -> io::Result<()> {
    for extent in &layout.extents {
        output.seek(SeekFrom::Start(extent.lba * SECTOR_LEN))?;
        let len = extent.sectors * SECTOR_LEN;
        match &extent.content {
            Content::Bytes(bytes) => output.write_all(bytes)?,
            Content::Zeros => {
                io::copy(&mut io::Read::take(io::repeat(0), len), output)?;
            }
            Content::Image { image, offset } => copy_image(images[*image], *offset, len, output)?,
        }
    }
    output.flush()
}

fn copy_image(image: &dyn Source, offset: u64, len: u64, output: &mut impl Write) -> io::Result<()> {
    let mut buffer = vec![0; 1 << 16];
    let mut done = 0;
    while done < len {
        let n = (len - done).min(buffer.len() as u64) as usize;
        let present = image.len().saturating_sub(offset + done).min(n as u64) as usize;
        image.read_at(offset + done, &mut buffer[..present])?;
        buffer[present..n].fill(0);
        output.write_all(&buffer[..n])?;
        done += n as u64;
    }
    Ok(())
}
