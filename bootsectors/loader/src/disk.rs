//! The medium's drive: INT 13h.

use ramkey_format::boot::{BootInfo, Registers};
use ramkey_format::memory::{BIOS_PACKET, BOUNCE};
use ramkey_format::resident::{SPECIFICATION_LEN, SPECIFICATION_SIZE};
use ramkey_loader_core::access::DriveAccess;
use ramkey_loader_core::bios::PAUSE_TICKS;
use ramkey_loader_core::disc::DiscBios;
use ramkey_loader_core::drive::{Bios, Drive, Trace, verdict};
use zerocopy::IntoBytes;
use zerocopy::little_endian::{U16, U64};

use crate::low::Bounce;
use crate::{bios, low, report};

/// BIOS calls that take longer than a tick on any machine: behind them, the BIOS counts none.
const CALLS_PER_TICK: u32 = 1 << 17;
/// How often a tray is unlocked at most.
const LOCKS_MAX: u32 = 8;
/// Segment of the bounce buffer.
const BOUNCE_SEGMENT: u16 = (BOUNCE >> 4) as u16;

/// Disk address packet (EDD 3.0).
#[derive(IntoBytes, zerocopy::Immutable)]
#[repr(C)]
struct Packet {
    size: u8,
    reserved: u8,
    count: U16,
    offset: U16,
    segment: U16,
    lba: U64,
}

/// INT 13h as the read engine wants it.
pub struct Int13 {
    bounce: Bounce,
}

impl Int13 {
    /// The BIOS, with the bounce buffer.
    pub fn new() -> Self {
        Self { bounce: Bounce::take() }
    }

    /// The bounce buffer, for another call.
    pub fn bounce(&mut self) -> &mut Bounce {
        &mut self.bounce
    }
}

impl Bios for Int13 {
    fn edd_read(&mut self, drive: u8, first: u64, count: u16) -> Result<(), u8> {
        low::clear_packet();
        let packet = Packet {
            size: size_of::<Packet>() as u8,
            reserved: 0,
            count: count.into(),
            offset: 0.into(),
            segment: BOUNCE_SEGMENT.into(),
            lba: first.into(),
        };
        low::put_packet(0, packet);
        int13(0x4200, drive, Registers { esi: BIOS_PACKET.into(), ..Registers::default() })
    }

    fn chs_read(&mut self, drive: u8, cylinder: u16, head: u8, sector: u8, sectors: u8) -> Result<(), u8> {
        let cx = cylinder << 8 | cylinder >> 2 & 0xC0 | u16::from(sector);
        let registers = Registers {
            ecx: u32::from(cx).into(),
            edx: (u32::from(head) << 8).into(),
            es: BOUNCE_SEGMENT.into(),
            ..Registers::default()
        };
        int13(0x0200 | u32::from(sectors), drive, registers)
    }

    fn reset(&mut self, drive: u8) {
        // Only the read that follows tells whether it helped.
        let _ = int13(0, drive, Registers::default());
    }

    fn buffer(&self) -> &[u8] {
        self.bounce.bytes()
    }

    fn ticks(&mut self) -> u32 {
        bios::ticks()
    }

    fn pause(&mut self) {
        for _ in 0..PAUSE_TICKS {
            let now = bios::ticks();
            // Asking for a key lets the timer's interrupt in.
            let has_ticked = |_| {
                bios::key_waits();
                bios::ticks() != now
            };
            if !(0..CALLS_PER_TICK).any(has_ticked) {
                break;
            }
        }
    }

    fn trace(&mut self, trace: &Trace) {
        report::note_trace(trace);
    }
}

impl DiscBios for Int13 {
    fn end_emulation(&mut self, drive: u8) {
        // What it says of its success is not believed.
        let _ = emulation(0x4B00, drive);
    }
}

/// INT 13h AX=4B00h or 4B01h: what the BIOS emulates with a disc, and whether it told. The packet has room behind it, and a
/// segment of its own, because some want one that is not below 40h.
pub fn emulation(eax: u32, drive: u8) -> Option<[u8; SPECIFICATION_LEN as usize]> {
    low::clear_packet();
    low::put_packet(SPECIFICATION_SIZE, SPECIFICATION_LEN as u8);
    let registers = Registers { ds: ((BIOS_PACKET >> 4) as u16).into(), ..Registers::default() };
    int13(eax, drive, registers).ok().map(|()| low::packet())
}

/// Lets the tray of `drive` open (INT 13h AX=4501h), as often as a BIOS counts that it was locked.
pub fn unlock(drive: u8) {
    for _ in 0..LOCKS_MAX {
        if int13(0x4501, drive, Registers::default()).is_err() {
            return;
        }
    }
}

fn int13(eax: u32, drive: u8, mut registers: Registers) -> Result<(), u8> {
    registers.eax.set(eax);
    registers.edx.set(registers.edx.get() | u32::from(drive));
    let after = bios::call(0x13, registers);
    verdict(after.flags.get(), after.eax.get())
}

/// The medium's drive, as stage 2 found it. `is_disc`: it was booted as what it is, a disc.
pub fn medium(info: &BootInfo, is_disc: bool) -> Drive {
    let mut access = DriveAccess::from_info(info, !is_disc && claims_packets(info.drive));
    access.is_disc |= is_disc;
    Drive::new(info.drive, access)
}

/// Whether the BIOS says that packet calls work for `drive` (AH=41h).
fn claims_packets(drive: u8) -> bool {
    let registers = Registers {
        eax: 0x4100.into(),
        ebx: 0x55AA.into(),
        edx: u32::from(drive).into(),
        ..Registers::default()
    };
    let after = bios::call(0x13, registers);
    !bios::failed(&after) && after.ebx.get() as u16 == 0xAA55 && after.ecx.get() & 1 != 0
}

/// Whether AH=15h or AH=08h tell of `drive`: one of them is wrong on some BIOSes.
pub fn is_there(drive: u8) -> bool {
    let ask = |eax: u32| {
        let registers = Registers { eax: eax.into(), edx: u32::from(drive).into(), ..Registers::default() };
        Some(bios::call(0x13, registers)).filter(|after| !bios::failed(after))
    };
    ask(0x1500).is_some_and(|after| after.eax.get() & 0xFF00 != 0)
        || ask(0x0800).is_some_and(|after| {
            let drives = after.edx.get() as u8;
            after.ecx.get() & 0x3F != 0 && drives > drive & 0x7F
        })
}

/// Whether the BIOS gives floppy drive `drive` a parameter table (AH=08h, ES:DI).
pub fn has_parameter_table(drive: u8) -> bool {
    let registers = Registers { eax: 0x0800.into(), edx: u32::from(drive).into(), ..Registers::default() };
    let after = bios::call(0x13, registers);
    !bios::failed(&after) && (after.es.get() != 0 || after.edi.get() as u16 != 0)
}
