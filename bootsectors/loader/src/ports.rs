//! I/O ports.

use core::arch::asm;

/// Reads a byte from an I/O port.
pub fn input(port: u16) -> u8 {
    let value;
    // SAFETY: an I/O read touches AL and DX only. Ports read here are UART, debug, keyboard controller and system
    // control ports, where a read has no effect on memory.
    unsafe { asm!("in al, dx", out("al") value, in("dx") port, options(nomem, nostack, preserves_flags)) }
    value
}

/// Writes a byte to an I/O port.
pub fn output(port: u16, value: u8) {
    // SAFETY: as above; the callers write to ports of the devices that they name.
    unsafe { asm!("out dx, al", in("al") value, in("dx") port, options(nomem, nostack, preserves_flags)) }
}
