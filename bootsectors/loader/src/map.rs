//! Asks the BIOS for the memory map; what is believed is decided in `ramkey_loader_core::memory_calls`.

use ramkey_format::boot::Registers;
use ramkey_format::memory::BIOS_PACKET;
use ramkey_loader_core::memory::Map;
use ramkey_loader_core::memory_calls::{self, Answer, ENTRY_LEN, Int15, SMAP, Source};

use crate::{bios, low};

/// The memory of this machine, base memory in KiB, and the call that told it. `None` when the BIOS tells nothing above
/// 1 MiB.
pub fn ask() -> Option<(Map, u16, Source)> {
    memory_calls::ask(&mut Calls)
}

struct Calls;

impl Int15 for Calls {
    fn call(&mut self, eax: u32, ebx: u32) -> Answer {
        // The space behind the entry is spare, for BIOSes that write too much.
        low::clear_packet();
        let mut registers = Registers { eax: eax.into(), ebx: ebx.into(), ..Registers::default() };
        if eax == 0xE820 {
            registers.ecx = ENTRY_LEN.into();
            registers.edx = SMAP.into();
            registers.edi = BIOS_PACKET.into();
        }
        let after = bios::call(0x15, registers);
        Answer {
            flags: after.flags.get(),
            eax: after.eax.get(),
            ebx: after.ebx.get(),
            ecx: after.ecx.get(),
            edx: after.edx.get(),
        }
    }

    fn entry(&self) -> [u8; ENTRY_LEN as usize] {
        low::packet()
    }

    fn base_kib(&self) -> u16 {
        low::BASE_MEMORY.read()
    }
}
