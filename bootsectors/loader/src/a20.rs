//! The A20 line: tested, never believed, and tested again after each BIOS call that may have changed it.
//!
//! In which order things are tried is `ramkey_loader_core::a20`.

use core::sync::atomic::{AtomicU8, Ordering};

use ramkey_format::boot::Registers;
pub use ramkey_loader_core::a20::Method;
use ramkey_loader_core::a20::{Machine, switch_on as core_switch_on};

use crate::ports::{input, output};
use crate::{low, real_mode};

/// The number of the [`Method`] that worked last.
static WORKED: AtomicU8 = AtomicU8::new(Method::None as u8);

/// Whether memory above 1 MiB is there.
pub fn is_on() -> bool {
    let mut below = low::A20_WORD.read();
    for _ in 0..2 {
        // Equal once may be chance; after a change, equal means that it is the same word.
        below = below.wrapping_add(0x5A5A_1234);
        low::A20_WORD.write(below);
        if low::a20_neighbour() != below {
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
        real_mode::call(0x15, Registers { eax: 0x2401.into(), ..Registers::default() });
    }

    fn input(&mut self, port: u16) -> u8 {
        input(port)
    }

    fn output(&mut self, port: u16, value: u8) {
        output(port, value);
    }
}
