//! From protected mode to real mode, through stage 2: for a BIOS call, or for good.
//!
//! Everything but the A20 line and the screen makes its calls through `bios`, which looks after A20.

use ramkey_format::boot::{REGS_FAR_JUMP, Registers};

use crate::low;

/// Makes a BIOS call and leaves A20 as the BIOS does.
#[inline(never)]
pub fn call(int: u8, mut registers: Registers) -> Registers {
    registers.int.set(u16::from(int));
    low::REGISTERS.write(registers);
    let entry = low::boot_info().call.get();
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
    let entry = low::boot_info().call.get();
    // SAFETY: as in `call`, but it does not come back.
    unsafe {
        let entry: extern "C" fn() -> ! = core::mem::transmute(entry as *const ());
        entry()
    }
}
