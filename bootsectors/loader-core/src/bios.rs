//! The BIOS as the read engine sees it, and what it says when a read fails.

use crate::way::Method;

/// BIOS timer ticks in a [`Bios::pause`]: half a second.
pub const PAUSE_TICKS: u32 = 9;

/// The BIOS calls that reading needs. Every read fills [`Bios::buffer`] from its start.
///
/// A read returns the BIOS status when the carry flag is set; nothing else of the answer is believed.
pub trait Bios {
    /// INT 13h AH=42h for `count` units from number `first` on. A unit is what this drive counts: a sector of 512 bytes, or
    /// a block of 2048 bytes on a disc. Never more than the buffer holds.
    fn edd_read(&mut self, drive: u8, first: u64, count: u16) -> Result<(), u8>;
    /// INT 13h AH=02h; sectors count from 1, and the run stays on its track.
    fn chs_read(&mut self, drive: u8, cylinder: u16, head: u8, sector: u8, sectors: u8) -> Result<(), u8>;
    /// INT 13h AH=00h for this drive.
    fn reset(&mut self, drive: u8);
    /// The bounce buffer.
    fn buffer(&self) -> &[u8];
    /// BIOS timer ticks since midnight, 18.2 a second.
    fn ticks(&mut self) -> u32;
    /// Waits for [`PAUSE_TICKS`], for a disc that does not turn yet; not for ever where the BIOS counts no ticks.
    fn pause(&mut self);
    /// Told before and after each read of a [`Drive`](crate::drive::Drive).
    fn trace(&mut self, _trace: &Trace) {}
}

/// Whether a call worked, from FLAGS and EAX after it: only the carry flag is believed, and AH is read only when it
/// is set, for some BIOSes leave anything there (`docs/quirks.md#int-13h`).
pub fn verdict(flags: u16, eax: u32) -> Result<(), u8> {
    if flags & 1 == 0 { Ok(()) } else { Err((eax >> 8) as u8) }
}

/// Why a sector cannot be read.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct ReadError {
    /// BIOS status of the last try.
    pub status: u8,
    /// First sector that was asked for.
    pub lba: u64,
}

/// What the reads of a drive did last, for the report.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Trace {
    /// First sector of the last read that was asked for, if any was.
    pub asked: Option<u64>,
    /// Last sector that was read, if any was.
    pub read: Option<u64>,
    /// BIOS status of the last call that failed; 0 when none did.
    pub status: u8,
    /// Calls that hung and were abandoned.
    pub abandoned: u16,
    /// Heads that CHS counts by; 0 when there is no CHS.
    pub heads: u16,
    /// Whether an image was proven with these heads, which nobody measured.
    pub heads_proven: bool,
    /// The method that the next read tries first.
    pub method: Method,
    /// Most sectors that the next read asks for.
    pub sectors: u16,
}
