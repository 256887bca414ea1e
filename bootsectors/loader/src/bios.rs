//! BIOS calls, with the A20 line on again behind each.

use ramkey_format::boot::Registers;

use crate::{a20, low, real_mode};

/// Carry flag in [`Registers::flags`].
const CARRY: u16 = 1;
/// Zero flag in [`Registers::flags`].
const ZERO: u16 = 0x40;

/// Makes BIOS call `int` with `registers`; returns the registers after it.
///
/// A20 is on afterwards, whatever the BIOS did to it: some switch it off in INT 13h or INT 15h, and the next copy
/// to high memory would land in the loader.
///
/// # Panics
///
/// If A20 cannot be switched on again.
#[inline(never)]
pub fn call(int: u8, registers: Registers) -> Registers {
    let after = real_mode::call(int, registers);
    // The panic is told as E20, because A20 is off then.
    assert!(a20::is_on() || a20::switch_on().is_some());
    after
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
