//! One chunk packed as it was when its stick was written.

use super::chunk::CHUNK_SHIFT;
use super::compression::{Bus, Compression};
use super::frame::{Effort, Frames, Window};

/// The packed bytes of chunk `index` of an image: `stored_len` of them, as one of the ways to pack that this program has makes them.
/// `bytes` are those of the `refers` chunks before it, and its own. `None` if no way does.
pub fn pack_again(bytes: &[u8], (index, refers): (usize, usize), stored_len: usize) -> Option<Vec<u8>> {
    let (before, data) = bytes.split_at_checked(refers << CHUNK_SHIFT)?;
    let mut tried = Vec::<(i32, usize)>::new();
    for how in [Compression::Auto, Compression::Fast, Compression::Small] {
        let Some(effort) = how.effort(Bus::default()) else { continue };
        let Effort { level, before: most, .. } = effort;
        if effort.before_of(index) != refers || tried.contains(&(level, most)) {
            continue;
        }
        tried.push((level, most));
        let made = Frames::new(effort).and_then(|mut frames| frames.pack(Window { before, data }));
        if let Ok(Some(frame)) = made
            && frame.len() == stored_len
        {
            return Some(frame);
        }
    }
    None
}
