//! The A20 line: tested, never believed, and tested again after each BIOS call that may have changed it.

use ramkey_format::boot::Registers;
use ramkey_format::memory::{BIOS_PACKET, BIOS_PACKET_LEN};

use crate::console::{input, output};
use crate::{bios, low};

/// A word of ours whose neighbour 1 MiB above must be another.
const WORD: u32 = BIOS_PACKET + BIOS_PACKET_LEN - 4;
const KBC_DATA: u16 = 0x60;
const KBC_STATUS: u16 = 0x64;
const PORT_92: u16 = 0x92;
/// Reads of a port before the device counts as absent; each takes about 1 us.
const POLLS: u32 = 0x1_0000;

/// How A20 was switched on; the numbers are those of `VAR_A20_METHOD`.
#[derive(Clone, Copy, PartialEq, Eq)]
pub enum Method {
    /// It was on already.
    None = 0,
    /// INT 15h AX=2401h.
    Bios = 1,
    /// The keyboard controller's output port.
    KeyboardController = 2,
    /// System control port 92h.
    Port92 = 3,
}

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
    if is_on() {
        return Some(Method::None);
    }
    let methods: [(Method, fn()); 3] = [
        (Method::Bios, by_bios),
        (Method::KeyboardController, by_keyboard_controller),
        (Method::Port92, by_port_92),
    ];
    for (method, switch) in methods {
        switch();
        // Some machines (ThinkPad 760EL) take their time.
        for _ in 0..POLLS {
            if is_on() {
                return Some(method);
            }
            input(0x80);
        }
    }
    None
}

fn by_bios() {
    bios::call_as_is(0x15, Registers { eax: 0x2401.into(), ..Registers::default() });
}

fn by_keyboard_controller() {
    for (port, value) in [(KBC_STATUS, 0xD1), (KBC_DATA, 0xDF), (KBC_STATUS, 0xFF)] {
        ready();
        output(port, value);
    }
    ready();
}

fn by_port_92() {
    // Bit 0 would reset the machine.
    output(PORT_92, input(PORT_92) & !1 | 2);
}

/// Waits until the keyboard controller takes a byte, or is not there.
fn ready() {
    for _ in 0..POLLS {
        if input(KBC_STATUS) & 2 == 0 {
            return;
        }
    }
}
