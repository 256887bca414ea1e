//! Tries whether INT 15h copies on this machine, before INT 13h is made to lean on it.

use ramkey_format::boot::Registers;
use ramkey_format::memory::{BIOS_PACKET, BOUNCE, SECTOR_SIZE};

use crate::load::RamDisk;
use crate::low::Bounce;
use crate::{bios, low};

/// INT 15h AH=87h: the function that moves memory.
const MOVE_BLOCK: u32 = 0x8700;
/// Descriptor of the source in its table, and of the target behind it.
const SOURCE: u32 = 16;
/// Limit and access byte that AH=87h wants.
const LIMIT: u16 = 0xFFFF;
const ACCESS: u8 = 0x93;

/// Whether INT 15h AH=87h brings the first sector of `disk` from above 1 MiB to below it. Some BIOSes have it not, and some
/// know of 16 MiB only and copy something else.
pub fn bios_copies(bounce: &mut Bounce, disk: &RamDisk) -> bool {
    low::clear_packet();
    for (base, place) in [(disk.base(), SOURCE), (BOUNCE, SOURCE + 8)] {
        let [b0, b1, b2, b3] = base.to_le_bytes();
        let [l0, l1] = LIMIT.to_le_bytes();
        low::put_packet(place, [l0, l1, b0, b1, b2, ACCESS, 0, b3]);
    }
    let wanted = disk.memory.bytes(0, SECTOR_SIZE);
    // Whatever lies there must not look like the answer.
    for (place, byte) in bounce.bytes_mut().iter_mut().zip(wanted) {
        *place = !byte;
    }
    let registers = Registers {
        eax: MOVE_BLOCK.into(),
        ecx: (SECTOR_SIZE / 2).into(),
        esi: BIOS_PACKET.into(),
        ..Registers::default()
    };
    let after = bios::call(0x15, registers);
    !bios::failed(&after) && bounce.bytes()[..SECTOR_SIZE as usize] == *wanted
}
