//! The loader: from stage 2's jump to the image's first sector.
//!
//! Entered in 32-bit protected mode with flat segments, interrupts off and a stack of 96 KiB. Everything that can
//! be decided without hardware is in `ramkey-loader-core`; here are the BIOS calls, the ports and the memory. The
//! order of events is in [`boot::run`].

#![no_std]
#![no_main]

mod a20;
mod bios;
mod bios_copy;
mod boot;
mod changes;
mod choose;
mod console;
mod disc;
mod disk;
mod drives;
mod engine;
mod halt;
mod identities;
mod images;
mod install;
mod load;
mod low;
mod map;
mod places;
mod ports;
mod real_mode;
mod report;
mod second_page;

use core::arch::global_asm;

// Clears .bss and calls `start`. EAX, ECX and EDI are free: nothing ran before.
global_asm!(
    ".section .entry, \"ax\"",
    ".globl _start",
    "_start:",
    "    cld",
    "    lea edi, [__bss_start]",
    "    lea ecx, [__bss_end]",
    "    sub ecx, edi",
    "    shr ecx, 2",
    "    xor eax, eax",
    "    rep stosd",
    "    call {start}",
    "1:  jmp 1b",
    ".text",
    start = sym start,
);

extern "C" fn start() -> ! {
    boot::run()
}

#[panic_handler]
fn panic(info: &core::panic::PanicInfo<'_>) -> ! {
    // Nothing but the place goes on from here, so that the machinery of `core::fmt` is left out.
    let (file, line) = info.location().map_or(("", 0), |location| (location.file(), location.line()));
    halt::internal(file, line)
}
