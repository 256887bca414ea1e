//! Asks the BIOS for the memory map.

use ramkey_format::boot::Registers;
use ramkey_format::memory::BIOS_PACKET;
use ramkey_loader_core::memory::Map;

use crate::{bios, low};

/// Base memory in KiB (BIOS data area).
pub const BASE_MEMORY: u32 = 0x413;
const SMAP: u32 = 0x534D_4150;
/// Most E820 calls: a BIOS may never say which entry is the last.
const CALLS: u32 = 128;
/// Room that the BIOS is told of; behind it more is spare, for BIOSes that write too much.
const ENTRY_LEN: u32 = 20;

/// The memory of this machine: E820, else E801, else AH=88h; and base memory in KiB. `None` when the BIOS tells
/// nothing above 1 MiB.
pub fn ask() -> Option<(Map, u16)> {
    let base_kib = low::read(BASE_MEMORY);
    let mut map = e820();
    if map.largest_fit() == 0 {
        map = e801(base_kib);
    }
    if map.largest_fit() == 0 {
        map = e88(base_kib);
    }
    let base_kib = map.limit_base(base_kib);
    (map.largest_fit() > 0).then_some((map, base_kib))
}

fn e820() -> Map {
    let mut map = Map::new();
    let mut next = 0_u32;
    for _ in 0..CALLS {
        low::clear_packet();
        let registers = Registers {
            eax: 0xE820.into(),
            ebx: next.into(),
            ecx: ENTRY_LEN.into(),
            edx: SMAP.into(),
            edi: BIOS_PACKET.into(),
            ..Registers::default()
        };
        let after = bios::call(0x15, registers);
        if bios::failed(&after) || after.eax.get() != SMAP || after.ecx.get() < ENTRY_LEN {
            break;
        }
        let entry: [u8; ENTRY_LEN as usize] = low::read(BIOS_PACKET);
        next = after.ebx.get();
        if !map.add_e820(&entry) || next == 0 {
            break;
        }
    }
    map
}

fn e801(base_kib: u16) -> Map {
    let after = bios::call(0x15, Registers { eax: 0xE801.into(), ..Registers::default() });
    if bios::failed(&after) {
        return Map::new();
    }
    let [ax, bx, cx, dx] = [after.eax, after.ebx, after.ecx, after.edx].map(|register| register.get() as u16);
    Map::from_e801(ax, bx, cx, dx, base_kib)
}

fn e88(base_kib: u16) -> Map {
    let after = bios::call(0x15, Registers { eax: 0x8800.into(), ..Registers::default() });
    // The carry flag of this old call means nothing on some machines, so one of these must be there too.
    if bios::failed(&after) && matches!(bios::status(&after), 0x80 | 0x86) {
        return Map::new();
    }
    Map::from_88(after.eax.get() as u16, base_kib)
}
