//! What an image takes on a stick, and what a machine needs to load it.

use std::fmt;

use serde::Serialize;

use crate::image::{CHUNK_LEN, Scan};
use crate::layout::{Layout, Role};
use crate::units::{Bytes, MIB, SECTOR_LEN};

/// Bytes a second at which old machines read: by USB 1.1 under a slow BIOS, by USB 1.1 at its best, by USB 2.0 under
/// a BIOS that asks for little at once, and by USB 2.0 at its best. In each place of [`LoadReport::seconds`].
pub const LOAD_SPEEDS: [u64; 4] = [600_000, 1_000_000, 5_000_000, 30_000_000];
/// Memory that machines are sold with, in MB of 1048576 bytes.
const MACHINES: [u64; 9] = [16, 32, 64, 96, 128, 192, 256, 384, 512];
/// Memory that a BIOS keeps at the end for its own tables and modes: mostly 64 KiB to 1 MiB.
const KEPT_BY_BIOS: u64 = MIB;

/// What an image takes on a stick, and what a machine needs to load it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct LoadReport {
    /// Bytes that its chunks are stored in.
    pub stored: u64,
    /// Bytes that they would be stored in if none were packed: those of all chunks that are not zeros.
    pub plain: u64,
    /// Bytes of the image that no file system on it needs, and that are left out.
    pub left_out: u64,
    /// How many of them are the contents of swap files.
    pub swap_left_out: u64,
    /// Bytes that the loader reads for it, with all drives beside it and their tables.
    pub read: u64,
    /// Seconds that this takes at 0.6, 1.0, 5 and 30 MB a second of 1000000 bytes, rounded up.
    pub seconds: [u64; 4],
    /// The smallest of the usual machines that has the memory for it and for what a BIOS keeps, in MB of 1048576 bytes:
    /// 16, 32, 64, 96, 128, 192, 256, 384 or 512; null if none has. Its system needs memory, too.
    pub machine: Option<u64>,
}

impl LoadReport {
    /// Describes the image `scan`, for which the loader reads `read` bytes and a machine must have `ram_needed`.
    pub(super) fn new(scan: &Scan, read: u64, ram_needed: u64) -> Self {
        let whole = scan.chunks.iter().filter(|chunk| !chunk.zero).count() as u64 * CHUNK_LEN as u64;
        // The last chunk may be shorter.
        let behind = (scan.chunks.len() as u64 * CHUNK_LEN as u64).saturating_sub(scan.len);
        let has_last = scan.chunks.last().is_some_and(|chunk| !chunk.zero);
        Self {
            stored: scan.parts().iter().map(|part| part.bytes.end - part.bytes.start).sum(),
            plain: whole - if has_last { behind } else { 0 },
            left_out: scan.free.iter().map(|range| range.end - range.start).sum(),
            swap_left_out: 0,
            read,
            seconds: LOAD_SPEEDS.map(|speed| read.div_ceil(speed)),
            machine: MACHINES.into_iter().find(|mb| mb * MIB >= ram_needed.saturating_add(KEPT_BY_BIOS)),
        }
    }

    /// How much is stored, of how much, for people.
    pub fn stored_words(&self) -> String {
        let Self { stored, plain, left_out, swap_left_out, .. } = self;
        let packed = match plain {
            0 => "nothing: all of it is zeros".into(),
            _ if stored >= plain => format!("{}, not packed", Bytes(*stored)),
            _ => format!("{}, packed to {} % of {}", Bytes(*stored), percent(*stored, *plain), Bytes(*plain)),
        };
        match left_out {
            0 => format!("stored in {packed}"),
            left_out => {
                let swap = match swap_left_out {
                    0 => String::new(),
                    swap => format!(", {} of it in swap files", Bytes(*swap)),
                };
                format!("stored in {packed}; {} of free space left out{swap}", Bytes(*left_out))
            }
        }
    }

    /// How long it is loaded, for people.
    pub fn time_words(&self) -> String {
        let times: Vec<String> = LOAD_SPEEDS
            .iter()
            .zip(self.seconds)
            .map(|(speed, seconds)| format!("{seconds} s at {}", MegabytesPerSecond(*speed)))
            .collect();
        format!("loaded in {} MB/s", times.join(", "))
    }

    /// Which machine is large enough, for people.
    pub fn machine_words(&self) -> String {
        match self.machine {
            Some(mb) => format!("the smallest usual machine that takes it has {mb} MB"),
            None => format!("it takes a machine with more than {} MB", MACHINES[MACHINES.len() - 1]),
        }
    }
}

/// Whole percent of `part` in `whole`, rounded up, so that nothing is packed to 0 %.
fn percent(part: u64, whole: u64) -> u64 {
    (u128::from(part) * 100).div_ceil(u128::from(whole)) as u64
}

/// A speed without its unit, as in `0.6`.
struct MegabytesPerSecond(u64);

impl fmt::Display for MegabytesPerSecond {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (whole, tenths) = (self.0 / 1_000_000, self.0 / 100_000 % 10);
        if tenths == 0 { write!(f, "{whole}") } else { write!(f, "{whole}.{tenths}") }
    }
}

/// Bytes of the file of the image with this number.
pub(super) fn file_len(layout: &Layout, image: usize) -> u64 {
    let pieces = layout.extents.iter().filter(|extent| extent.role == Role::Capsule { image });
    pieces.map(|extent| extent.sectors * SECTOR_LEN).sum()
}

#[cfg(test)]
mod tests {
    use super::LoadReport;
    use crate::image::{Chunk, Scan};
    use crate::units::MIB;

    fn scan(len: u64, zeros: &[bool]) -> Scan {
        let chunks = zeros.iter().map(|&zero| Chunk { zero, chaining_value: [0; 32] }).collect();
        Scan {
            len,
            root: [0; 32],
            ram_root: [0; 32],
            free: std::iter::once(512..1536).collect(),
            chunks,
            packed: None,
        }
    }

    #[test]
    fn what_is_zeros_is_not_stored_and_the_last_chunk_has_its_own_length() {
        let report = |zeros| LoadReport::new(&scan((256 << 10) * 2 + 100, zeros), 0, 0);
        for (zeros, stored) in [
            (&[false, true, false][..], (256 << 10) + 100),
            (&[false, true, true], 256 << 10),
            (&[true, true, true], 0),
        ] {
            let report = report(zeros);
            assert_eq!((report.stored, report.plain, report.left_out), (stored, stored, 1024));
        }
        assert_eq!(
            report(&[true; 3]).stored_words(),
            "stored in nothing: all of it is zeros; 1 KiB of free space left out"
        );
        let packed = LoadReport { stored: 1, plain: 1000, left_out: 0, ..report(&[true; 3]) };
        assert_eq!(packed.stored_words(), "stored in 1 bytes, packed to 1 % of 1000 bytes");
    }

    #[test]
    fn times_are_rounded_up_and_the_machine_has_room_for_what_its_bios_keeps() {
        let report = |read, ram| LoadReport::new(&scan(100, &[false]), read, ram);
        assert_eq!(report(600_000, 0).seconds, [1, 1, 1, 1]);
        assert_eq!(report(60_000_001, 0).seconds, [101, 61, 13, 3]);
        let times = "loaded in 101 s at 0.6, 61 s at 1, 13 s at 5, 3 s at 30 MB/s";
        assert_eq!(report(60_000_001, 0).time_words(), times);
        for (needed, machine) in [
            (2, Some(16)),
            (15, Some(16)),
            (16, Some(32)),
            (63, Some(64)),
            (64, Some(96)),
            (511, Some(512)),
            (512, None),
        ] {
            assert_eq!(report(0, needed * MIB).machine, machine, "{needed} MiB");
        }
    }
}
