//! BIOS calls from protected mode, through stage 2.

use ramkey_format::boot::{BootInfo, REGS_FAR_JUMP, Registers};
use ramkey_format::errors;

use crate::console::Console;
use crate::{a20, halt, low};

/// Carry flag in [`Registers::flags`].
const CARRY: u16 = 1;
/// Zero flag in [`Registers::flags`].
const ZERO: u16 = 0x40;

/// What stage 2 left.
#[inline(never)]
pub fn boot_info() -> BootInfo {
    low::INFO.read()
}

/// Makes BIOS call `int` with `registers`; returns the registers after it.
///
/// A20 is on afterwards, whatever the BIOS did to it: some switch it off in INT 13h or INT 15h, and the next copy
/// to high memory would land in the loader.
pub fn call(int: u8, registers: Registers) -> Registers {
    let after = call_as_is(int, registers);
    if !a20::is_on() && a20::switch_on().is_none() {
        halt::stop(&mut Console::silent(), errors::NO_PROTECTED_MODE_MEMORY, None);
    }
    after
}

/// Makes a BIOS call and leaves A20 as the BIOS does.
#[inline(never)]
pub fn call_as_is(int: u8, mut registers: Registers) -> Registers {
    registers.int.set(u16::from(int));
    low::REGISTERS.write(registers);
    let entry = boot_info().call.get();
    // SAFETY: stage 2 put the address of `bios_call` there. It keeps all registers that cdecl keeps, and the BIOS
    // writes only to its own memory and to the buffers that the registers name.
    unsafe {
        let entry: extern "C" fn() = core::mem::transmute(entry as *const ());
        entry();
    }
    low::REGISTERS.read()
}

/// Leaves for good: real mode, `registers.target_segment:target_offset`.
pub fn jump(mut registers: Registers) -> ! {
    registers.int.set(REGS_FAR_JUMP as u16);
    low::REGISTERS.write(registers);
    let entry = boot_info().call.get();
    // SAFETY: as in `call`, but it does not come back.
    unsafe {
        let entry: extern "C" fn() -> ! = core::mem::transmute(entry as *const ());
        entry()
    }
}

/// Whether the call failed by the carry flag; nothing else is believed.
pub fn failed(registers: &Registers) -> bool {
    registers.flags.get() & CARRY != 0
}

/// Timer ticks since midnight.
pub fn ticks() -> u32 {
    low::TICKS.read()
}

/// Scan code and character of the next key, if one was pressed; lets pending interrupts through.
pub fn key() -> Option<(u8, u8)> {
    if !key_waits() {
        return None;
    }
    let key = call(0x16, Registers::default()).eax.get();
    Some(((key >> 8) as u8, key as u8))
}

/// Whether a key waits; asking lets the interrupts in that were held off.
#[inline(never)]
pub fn key_waits() -> bool {
    let registers = Registers { eax: 0x0100.into(), ..Registers::default() };
    call(0x16, registers).flags.get() & ZERO == 0
}
