//! What an image takes on a stick, and what a machine needs to load it.

use std::fmt;

use serde::Serialize;

use ramkey_format::capsule::Form;

use crate::image::{CHUNK_LEN, Part, Scan};
use crate::layout::{Layout, Role};
use crate::report::machine::{KEPT_BY_BIOS, MACHINES};
use crate::units::{Bytes, MIB, SECTOR_LEN};

/// A machine as far as loading goes: what it reads and what it computes in a second.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct LoadSpeed {
    /// Bytes that it reads in a second.
    pub bytes: u64,
    /// Instructions of its processor in a second.
    pub instructions: u64,
    /// What reads so fast.
    pub what: &'static str,
}

/// Machines with their usual drives, in each place of [`LoadReport::seconds`]: a Pentium of 166 MHz with USB 1.1 under a slow BIOS or a
/// CD at four times; a Pentium II of 300 MHz with USB 1.1 at its best; twice as fast a one with USB 2.0 under a BIOS that asks for little
/// at once; and one of 1.5 GHz with USB 2.0 at its best. What a processor does in a second is that of docs/performance.md.
pub const LOAD_SPEEDS: [LoadSpeed; 4] = [
    LoadSpeed { bytes: 600_000, instructions: 125_000_000, what: "CD 4x" },
    LoadSpeed { bytes: 1_000_000, instructions: 250_000_000, what: "USB 1.1" },
    LoadSpeed { bytes: 5_000_000, instructions: 500_000_000, what: "" },
    LoadSpeed { bytes: 30_000_000, instructions: 1_500_000_000, what: "USB 2.0" },
];
/// Bytes of boot code, directories and tables that are read before the image: 254 KiB of a stick with one image.
const BOOT_READ: u64 = 254 << 10;
/// Tenths of an instruction for each byte that is in memory then: BLAKE3, and copying or filling with zeros.
const TENTHS_HASHED: u64 = 234;
/// Instructions for each byte that is unpacked, and for each that it is packed in.
const UNPACKED: u64 = 12;
const PACKED: u64 = 60;

/// What is done to load images: what is read, and what is computed.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Loading {
    /// Bytes that are read for them.
    pub read: u64,
    /// Bytes that are in memory then.
    pub hashed: u64,
    /// Bytes that are unpacked.
    pub unpacked: u64,
    /// Bytes that these are packed in.
    pub packed: u64,
}

impl Loading {
    /// What is done for the image `scan`, for which `read` bytes are read.
    pub fn of(scan: &Scan, read: u64) -> Self {
        let parts = scan.parts();
        let is_packed = |(_, part): &(u64, &Part)| matches!(part.form, Form::Packed { .. });
        let packed = (0..).zip(&parts).filter(is_packed);
        let len_at = |index: u64| scan.len.min((index + 1) * CHUNK_LEN as u64) - index * CHUNK_LEN as u64;
        Self {
            read,
            hashed: scan.len,
            unpacked: packed.clone().map(|(index, _)| len_at(index)).sum(),
            packed: packed.map(|(_, part)| part.bytes.end - part.bytes.start).sum(),
        }
    }

    /// The same together with another.
    #[must_use]
    pub fn and(self, other: Self) -> Self {
        Self {
            read: self.read + other.read,
            hashed: self.hashed + other.hashed,
            unpacked: self.unpacked + other.unpacked,
            packed: self.packed + other.packed,
        }
    }

    /// Seconds from the first byte of boot code to the first instruction of the image. A BIOS does not read while the loader
    /// computes, so both are added up.
    pub fn seconds(&self, speed: &LoadSpeed) -> f64 {
        let computed = self.hashed * TENTHS_HASHED / 10 + self.unpacked * UNPACKED + self.packed * PACKED;
        (self.read + BOOT_READ) as f64 / speed.bytes as f64 + computed as f64 / speed.instructions as f64
    }

    /// The same at each of [`LOAD_SPEEDS`], rounded up.
    pub fn all_seconds(&self) -> [u64; 4] {
        LOAD_SPEEDS.map(|speed| self.seconds(&speed).ceil() as u64)
    }
}

/// How long it is loaded, for people; `seconds` are those at each of [`LOAD_SPEEDS`].
pub fn time_words(seconds: &[u64; 4]) -> String {
    let one = |(LoadSpeed { bytes, what, .. }, seconds): (&LoadSpeed, &u64)| {
        let what = if what.is_empty() { String::new() } else { format!(" ({what})") };
        format!("{seconds} s at {}{what}", MegabytesPerSecond(*bytes))
    };
    let times: Vec<String> = LOAD_SPEEDS.iter().zip(seconds).map(one).collect();
    format!("{} MB/s", times.join(", "))
}

/// What an image takes on a stick, and what a machine needs to load it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, schemars::JsonSchema)]
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
    /// Seconds that this takes at 0.6, 1.0, 5 and 30 MB a second of 1000000 bytes, with boot code, hashing and unpacking on a
    /// processor that fits, rounded up.
    pub seconds: [u64; 4],
    /// The smallest of the usual machines that has the memory for it and for what a BIOS keeps, in MB of 1048576 bytes:
    /// 16, 32, 64, 96, 128, 192, 256, 384 or 512; null if none has. Its system needs memory, too.
    pub machine: Option<u64>,
}

impl LoadReport {
    /// Describes the image `scan`, for which the loader does `loading` and a machine must have `ram_needed`.
    pub(super) fn new(scan: &Scan, loading: Loading, ram_needed: u64) -> Self {
        let whole = scan.chunks.iter().filter(|chunk| !chunk.zero).count() as u64 * CHUNK_LEN as u64;
        // The last chunk may be shorter.
        let behind = (scan.chunks.len() as u64 * CHUNK_LEN as u64).saturating_sub(scan.len);
        let has_last = scan.chunks.last().is_some_and(|chunk| !chunk.zero);
        Self {
            stored: scan.parts().iter().map(|part| part.bytes.end - part.bytes.start).sum(),
            plain: whole - if has_last { behind } else { 0 },
            left_out: scan.free.iter().map(|range| range.end - range.start).sum(),
            swap_left_out: 0,
            read: loading.read,
            seconds: loading.all_seconds(),
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
        format!("loaded in {}", time_words(&self.seconds))
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
    use super::{BOOT_READ, LoadReport, Loading};
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
        let report = |zeros| LoadReport::new(&scan((256 << 10) * 2 + 100, zeros), Loading::default(), 0);
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
        let report = |loading, ram| LoadReport::new(&scan(100, &[false]), loading, ram);
        let read = |read| Loading { read, ..Loading::default() };
        assert_eq!(report(read(600_000 - BOOT_READ), 0).seconds, [1, 1, 1, 1]);
        let long = report(read(60_000_001 - BOOT_READ), 0);
        assert_eq!(long.seconds, [101, 61, 13, 3]);
        let times =
            "loaded in 101 s at 0.6 (CD 4x), 61 s at 1 (USB 1.1), 13 s at 5, 3 s at 30 (USB 2.0) MB/s";
        assert_eq!(long.time_words(), times);
        for (needed, machine) in [
            (2, Some(16)),
            (15, Some(16)),
            (16, Some(32)),
            (63, Some(64)),
            (64, Some(96)),
            (511, Some(512)),
            (512, None),
        ] {
            assert_eq!(report(read(0), needed * MIB).machine, machine, "{needed} MiB");
        }
    }
}
