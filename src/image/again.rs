//! One chunk packed as it was when its stick was written, or at least to as many bytes.

use super::chunk::CHUNK_SHIFT;
use super::compression::{Bus, Compression};
use super::frame::{Effort, Frames, Window, Worth};

/// The levels of libzstd that take no more memory than the usual ones, the hardest first.
const LEVELS: std::ops::RangeInclusive<i32> = 1..=19;
/// A block of a frame that holds nothing (RFC 8878, section 3.1.1.2): raw, not the last, of no bytes.
const NOTHING: [u8; 3] = [0; 3];

/// The packed bytes of chunk `index` of an image: `stored_len` of them, as one of the ways to pack that this program has makes them, or
/// if none does a shorter frame with blocks in it that hold nothing. `bytes` are those of the `refers` chunks before it, and its own.
/// `None` if there is no frame of that length that the loader unpacks.
pub fn pack_again(bytes: &[u8], (index, refers): (usize, usize), stored_len: usize) -> Option<Vec<u8>> {
    let (before, data) = bytes.split_at_checked(refers << CHUNK_SHIFT)?;
    let window = Window { before, data };
    let hows = [Compression::Auto, Compression::Fast, Compression::Small];
    let efforts = hows.iter().filter_map(|how| how.effort(Bus::default()));
    let same = efforts.filter(|effort| effort.before_of(index) == refers).find_map(|effort| {
        let frame = Frames::new(effort).and_then(|mut frames| frames.pack(window)).ok()??;
        (frame.len() == stored_len).then_some(frame)
    });
    same.or_else(|| {
        LEVELS.rev().find_map(|level| {
            let mut frames = Frames::new(Effort { level, before: refers, worth: Worth::ANY }).ok()?;
            let frame = padded(frames.pack(window).ok()??, stored_len)?;
            frames.unpacks_to(&frame, window).then_some(frame)
        })
    })
}

/// The frame with so many blocks of nothing in front that it has `len` bytes.
fn padded(mut frame: Vec<u8>, len: usize) -> Option<Vec<u8>> {
    let missing = len.checked_sub(frame.len()).filter(|missing| missing.is_multiple_of(NOTHING.len()))?;
    // Magic and descriptor; the two highest bits of that say how long the field for the length is, which a single segment has.
    let header_len = 5 + [1, 2, 4, 8][usize::from(frame.get(4)? >> 6)];
    let blocks = NOTHING.repeat(missing / NOTHING.len());
    frame.splice(header_len..header_len, blocks);
    Some(frame)
}

#[cfg(test)]
mod tests {
    use super::super::chunk::CHUNK_LEN;
    use super::*;

    #[test]
    fn a_frame_of_the_length_that_is_wanted_is_found_also_where_no_way_to_pack_makes_it() {
        let letters = b"a few letters that come back in another order ".iter().cycle();
        let noise = |at: usize| (at.wrapping_mul(0x9E37_79B1) >> 13) as u8;
        let bytes: Vec<u8> = letters
            .zip(0..2 * CHUNK_LEN)
            .map(|(letter, at)| if at % 5 == 0 { noise(at) } else { *letter })
            .collect();
        let window = Window { before: &bytes[..CHUNK_LEN], data: &bytes[CHUNK_LEN..] };
        let effort = Compression::Fast.effort(Bus::default()).unwrap();
        let frame = Frames::new(effort).unwrap().pack(window).unwrap().unwrap();
        let index = (1, 1);
        assert_eq!(pack_again(&bytes, index, frame.len()), Some(frame.clone()), "the same");
        for more in [3, 300, 900] {
            let found = pack_again(&bytes, index, frame.len() + more).expect("a longer one");
            assert_eq!(found.len(), frame.len() + more);
            assert!(Frames::new(effort).unwrap().unpacks_to(&found, window));
        }
        assert_eq!(pack_again(&bytes, index, 100), None, "nothing is so short");
    }
}
