//! Switches the A20 line on: in which order, how long to wait, and what counts as proof.
//!
//! What it does not do: touch memory or ports. That is [`Machine`], so that tests can be a machine of any kind. Nothing
//! that a BIOS or a chip says is believed, only [`Machine::is_on`]. The rules are those of `docs/quirks.md#memory`.

/// Keyboard controller: data.
pub const KBC_DATA: u16 = 0x60;
/// Keyboard controller: status when read, commands when written.
pub const KBC_STATUS: u16 = 0x64;
/// System control port A.
pub const PORT_92: u16 = 0x92;
/// A port that is safe to read and takes about 1 us.
pub const DELAY: u16 = 0x80;
/// Reads of a port before a device counts as busy for ever, and tests before a switch counts as without effect.
pub const POLLS: u32 = 0x1_0000;
/// What a port without a device reads as.
const NOBODY: u8 = 0xFF;
/// Reads of [`NOBODY`] before a keyboard controller counts as absent.
const ABSENT_AFTER: u32 = 32;
const OUTPUT_FULL: u8 = 1;
const INPUT_FULL: u8 = 2;

/// The calls that switching needs.
pub trait Machine {
    /// Whether memory above 1 MiB is there, by writing and reading it.
    fn is_on(&mut self) -> bool;
    /// INT 15h AX=2401h; what it says does not matter.
    fn ask_bios(&mut self);
    /// Reads a port.
    fn input(&mut self, port: u16) -> u8;
    /// Writes a port.
    fn output(&mut self, port: u16, value: u8);
}

/// How A20 was switched on; the numbers are those of `VAR_A20_METHOD`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
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

/// Switches A20 on by whatever works, by `likely` first: a BIOS that switches it off does so in each call, and what
/// worked after the last works again. `None` if nothing does.
pub fn switch_on(machine: &mut impl Machine, likely: Method) -> Option<Method> {
    if machine.is_on() {
        return Some(Method::None);
    }
    // Port 92h last: on some boards other bits of it do other things.
    let methods = [likely, Method::Bios, Method::KeyboardController, Method::Port92];
    methods.into_iter().enumerate().find_map(|(place, method)| {
        let again = place > 0 && method == likely;
        (!again && ask(machine, method) && takes_effect(machine)).then_some(method)
    })
}

/// Asks for A20; `false` if there is nobody to ask.
fn ask(machine: &mut impl Machine, method: Method) -> bool {
    match method {
        Method::None => false,
        Method::Bios => {
            machine.ask_bios();
            true
        }
        Method::KeyboardController => by_keyboard_controller(machine),
        Method::Port92 => by_port_92(machine),
    }
}

/// Some machines (ThinkPad 760EL) take their time.
fn takes_effect(machine: &mut impl Machine) -> bool {
    for _ in 0..POLLS {
        if machine.is_on() {
            return true;
        }
        machine.input(DELAY);
    }
    false
}

fn by_keyboard_controller(machine: &mut impl Machine) -> bool {
    // Write output port: A20 on, reset off; and the null command, which UHCI's keyboard emulation wants.
    for (port, value) in [(KBC_STATUS, 0xD1), (KBC_DATA, 0xDF), (KBC_STATUS, 0xFF)] {
        if !ready(machine) {
            return false;
        }
        machine.output(port, value);
    }
    ready(machine)
}

/// Waits until the keyboard controller takes a byte; `false` if it is not there, or never does.
fn ready(machine: &mut impl Machine) -> bool {
    let mut absent = 0;
    for _ in 0..POLLS {
        let status = machine.input(KBC_STATUS);
        if status == NOBODY {
            absent += 1;
            if absent == ABSENT_AFTER {
                return false;
            }
        } else if status & OUTPUT_FULL != 0 {
            // Some take no command before this is fetched.
            machine.input(KBC_DATA);
        } else if status & INPUT_FULL == 0 {
            return true;
        }
    }
    false
}

fn by_port_92(machine: &mut impl Machine) -> bool {
    let value = machine.input(PORT_92);
    if value == NOBODY {
        return false;
    }
    // Bit 0 would reset the machine.
    machine.output(PORT_92, value & !1 | 2);
    true
}
