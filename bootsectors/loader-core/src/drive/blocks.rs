//! Reads a disc: in the blocks that its drive counts, by packet calls alone, and with patience.

use ramkey_format::memory::SECTOR_SHIFT;

use super::{ABANDONED, Bios, Drive, Method, ReadError, TRIES};
use crate::bios::PAUSE_TICKS;
use crate::progress::{Clock, ticks};

/// Seconds for the first read that works, and after a rest: a disc is taken in, and turned to its speed.
const FIRST_READ: u8 = 20;
/// Seconds for any later block.
const LATER_READ: u8 = 5;
/// Seconds without a read after which a drive may have let its disc stand.
const REST: u8 = 30;
/// Seconds after which a read asks for one block: calls that take long are no matter of their length.
const LONG: u8 = 2;

impl Drive {
    /// The first sector of the block that `lba` is in.
    pub fn block_start(&self, lba: u64) -> u64 {
        lba >> self.block_shift << self.block_shift
    }

    /// Reads blocks around up to `sectors` sectors from `lba` on; returns how many sectors the buffer has, from
    /// [`Drive::block_start`] on.
    ///
    /// Each size is tried [`TRIES`] times, then the next smaller power of two. When a block alone cannot be read, or the
    /// calls are slow, it is time that counts: the same block is asked for with pauses, until the seconds are over.
    pub(super) fn read_blocks(
        &mut self,
        bios: &mut impl Bios,
        lba: u64,
        sectors: u16,
    ) -> Result<u16, ReadError> {
        let first = lba >> self.block_shift;
        let before = (lba - self.block_start(lba)) as u16;
        let buffer = bios.buffer().len() >> SECTOR_SHIFT >> self.block_shift;
        let wanted = before.saturating_add(sectors).div_ceil(1 << self.block_shift);
        let mut room = wanted.min(self.edd.sectors).min(buffer as u16).max(1);
        let now = bios.ticks();
        let mut clock = Clock::new(now);
        let may_stand = self.turned.is_none_or(|mut since| since.elapsed(now) >= ticks(REST));
        let limit = ticks(if may_stand { FIRST_READ } else { LATER_READ });
        let mut before_it_stood = Some(self.edd.sectors).filter(|_| may_stand);
        let (mut status, mut tried, mut pauses, mut elapsed) = (ABANDONED, 0, 0, 0);
        while self.edd.most > 0 {
            match bios.edd_read(self.number, first, room) {
                Ok(()) => {
                    if let Some(size) = before_it_stood.filter(|_| pauses > 0 || elapsed >= ticks(LONG)) {
                        // It did not turn yet: nothing was learnt about lengths.
                        self.edd.sectors = size;
                    }
                    self.turned = Some(Clock::new(bios.ticks()));
                    self.edd.worked = self.edd.worked.max(room);
                    return Ok(room << self.block_shift);
                }
                Err(found) => status = found,
            }
            self.trace.status = status;
            bios.reset(self.number);
            tried += 1;
            elapsed = clock.elapsed(bios.ticks());
            if status == ABANDONED {
                let Some(size) = self.next_size(Method::Edd, room, status) else { break };
                (room, tried) = (size.min(room), 0);
                before_it_stood = None;
            } else if room > 1 {
                if tried == TRIES || elapsed >= ticks(LONG) {
                    room = if elapsed >= ticks(LONG) { 1 } else { 1 << (room - 1).ilog2() };
                    self.edd.sectors = room;
                    self.good = 0;
                    tried = 0;
                }
            } else if elapsed >= limit || pauses >= limit.div_ceil(PAUSE_TICKS) {
                break;
            } else if tried >= TRIES {
                bios.pause();
                pauses += 1;
            }
        }
        Err(ReadError { status, lba })
    }
}
