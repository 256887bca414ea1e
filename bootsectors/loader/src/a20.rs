//! The A20 line: tested, never believed, and tested again after each BIOS call that may have changed it.
//!
//! In which order things are tried is `ramkey_loader_core::a20`.

use core::sync::atomic::{AtomicU8, Ordering};

use ramkey_format::boot::Registers;
use ramkey_format::memory::{BIOS_PACKET, BIOS_PACKET_LEN};
pub use ramkey_loader_core::a20::Method;
use ramkey_loader_core::a20::{Machine, switch_on as core_switch_on};

use crate::console::{input, output};
use crate::{bios, low};

/// A word of ours whose neighbour 1 MiB above must be another.
const WORD: u32 = BIOS_PACKET + BIOS_PACKET_LEN - 4;

/// The number of the [`Method`] that worked last.
static WORKED: AtomicU8 = AtomicU8::new(Method::None as u8);

/// Whether memory above 1 MiB is there.
pub fn is_on() -> bool {
    let (mut below, above) = (low::read::<u32>(WORD), WORD + low::END);
    for _ in 0..2 {
        // Equal once may be chance; after a change, equal means that it is the same word.
        below = below.wrapping_add(0x5A5A_1234);
        low::write(WORD, below);
        // SAFETY: reads four bytes at 1 MiB + 32 KiB; without memory there the bus returns something, which is all
        // that is asked.
        let found = unsafe { (above as *const u32).read_volatile() };
        if found != below {
            return true;
        }
    }
    false
}

/// Switches A20 on by whatever works; `None` if nothing does.
pub fn switch_on() -> Option<Method> {
    let method = core_switch_on(&mut Board, worked());
    if let Some(method) = method.filter(|method| *method != Method::None) {
        WORKED.store(method as u8, Ordering::Relaxed);
    }
    method
}

/// How A20 was switched on, when it had to be.
pub fn worked() -> Method {
    let methods = [Method::Bios, Method::KeyboardController, Method::Port92];
    let number = WORKED.load(Ordering::Relaxed);
    methods.into_iter().find(|method| *method as u8 == number).unwrap_or(Method::None)
}

/// This machine.
struct Board;

impl Machine for Board {
    fn is_on(&mut self) -> bool {
        is_on()
    }

    fn ask_bios(&mut self) {
        bios::call_as_is(0x15, Registers { eax: 0x2401.into(), ..Registers::default() });
    }

    fn input(&mut self, port: u16) -> u8 {
        input(port)
    }

    fn output(&mut self, port: u16, value: u8) {
        output(port, value);
    }
}
