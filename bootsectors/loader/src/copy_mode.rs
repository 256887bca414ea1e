//! How INT 13h will move bytes, as the capsule says and the key C changes.

use ramkey_format::boot::Registers;
use ramkey_format::capsule::flags;
use ramkey_format::memory::{BIOS_PACKET, BOUNCE, SECTOR_SIZE};
use ramkey_format::resident::{COPY_AUTO, COPY_DIRECT, COPY_INT15};
use ramkey_loader_core::screen::CopyName;

use crate::{bios, low};

/// INT 15h AH=87h: the function that moves memory.
const MOVE_BLOCK: u32 = 0x8700;
/// Descriptor of the source in its table, and of the target behind it.
const SOURCE: u32 = 16;
/// Limit and access byte that AH=87h wants.
const LIMIT: u16 = 0xFFFF;
const ACCESS: u8 = 0x93;

/// How INT 13h moves bytes between the RAM disk and below 1 MiB.
#[derive(Clone, Copy, PartialEq, Eq)]
pub enum CopyMode {
    /// Our own mode switch, and INT 15h AH=87h in V86 mode.
    Auto,
    /// Our own mode switch wherever the processor allows it.
    Direct,
    /// INT 15h AH=87h.
    Int15,
}

impl CopyMode {
    /// What the flags of a capsule say.
    pub fn of(stored: u32) -> Self {
        match stored & (flags::COPY_DIRECT | flags::COPY_INT15) {
            flags::COPY_DIRECT => Self::Direct,
            flags::COPY_INT15 => Self::Int15,
            _ => Self::Auto,
        }
    }

    /// The one that the key C chooses next.
    pub fn next(self) -> Self {
        match self {
            Self::Auto => Self::Direct,
            Self::Direct => Self::Int15,
            Self::Int15 => Self::Auto,
        }
    }

    /// For the screen.
    pub fn name(self) -> CopyName {
        match self {
            Self::Auto => CopyName::Auto,
            Self::Direct => CopyName::Direct,
            Self::Int15 => CopyName::Int15,
        }
    }

    /// For the engine.
    pub fn value(self) -> u8 {
        (match self {
            Self::Auto => COPY_AUTO,
            Self::Direct => COPY_DIRECT,
            Self::Int15 => COPY_INT15,
        }) as u8
    }
}

/// Whether INT 15h AH=87h brings a sector from `source`, above 1 MiB, to below it. Some BIOSes have it not, and some
/// know of 16 MiB only and copy something else.
pub fn bios_copies(source: u32) -> bool {
    low::clear_packet();
    for (base, place) in [(source, SOURCE), (BOUNCE, SOURCE + 8)] {
        let [b0, b1, b2, b3] = base.to_le_bytes();
        let [l0, l1] = LIMIT.to_le_bytes();
        low::write(BIOS_PACKET + place, [l0, l1, b0, b1, b2, ACCESS, 0, b3]);
    }
    let wanted = low::high(source, SECTOR_SIZE as usize);
    // Whatever lies there must not look like the answer.
    for (address, byte) in (BOUNCE..).zip(wanted.iter()) {
        low::write(address, !byte);
    }
    let registers = Registers {
        eax: MOVE_BLOCK.into(),
        ecx: (SECTOR_SIZE / 2).into(),
        esi: BIOS_PACKET.into(),
        ..Registers::default()
    };
    let after = bios::call(0x15, registers);
    !bios::failed(&after) && low::bounce()[..SECTOR_SIZE as usize] == *wanted
}
