//! What the screen says, line by line, to the debug port and, if the stick asks for it, to the first serial port.

use ramkey_format::memory::DEBUG_PORT;
use ramkey_loader_core::screen::Text;

use crate::low;
use crate::ports::{input, output};

/// Reads of the line status before a serial port counts as dead.
const SERIAL_POLLS: u32 = 100_000;
const LINE_STATUS: u16 = 5;
const DATA_READY: u8 = 1;
/// Overrun, parity, framing error and break.
const RECEIVE_ERRORS: u8 = 0x1E;
/// Bytes that a UART can hold.
const SERIAL_FIFO: u32 = 16;
const TRANSMITTER_EMPTY: u8 = 0x20;

/// Columns over which a line that changes is written again.
const OVER: usize = 60;

/// The two ports.
pub struct Mirror {
    serial: Option<u16>,
    debug: bool,
    /// What the screen says again is not sent again.
    pub is_muted: bool,
}

impl Mirror {
    /// The debug port, and with `serial` COM1 at 115200 baud, 8N1. Else COM1 is left as it is: what hangs there may be a mouse.
    pub fn new(serial: bool) -> Self {
        let base = if serial { low::COM1.read() } else { 0 };
        let serial = (base != 0 && input(base + LINE_STATUS) != 0xFF).then_some(base);
        if let Some(base) = serial {
            // 16550: divisor 1 behind DLAB, 8N1, FIFOs on, DTR and RTS.
            for (register, value) in [(3, 0x80), (0, 1), (1, 0), (3, 0x03), (2, 0x07), (4, 0x03)] {
                output(base + register, value);
            }
            // A mouse says what it is when DTR rises.
            for _ in 0..SERIAL_FIFO {
                input(base);
            }
        }
        // QEMU and Bochs answer a read of the port with its number.
        let debug = u32::from(input(DEBUG_PORT as u16)) == DEBUG_PORT;
        Self { serial, debug, is_muted: false }
    }

    /// The debug port alone, and nobody asks whether it is there.
    pub fn debug() -> Self {
        Self { serial: None, debug: true, is_muted: false }
    }

    /// Sends bytes of text.
    #[inline(never)]
    pub fn text(&mut self, bytes: &[u8]) {
        if self.is_muted {
            return;
        }
        for &byte in bytes {
            if self.debug {
                output(DEBUG_PORT as u16, byte);
            }
            // A terminal has another code page, and may obey what it has there.
            self.send(if byte.is_ascii() { byte } else { b'?' });
        }
    }

    /// Sends a line.
    pub fn line(&mut self, bytes: &[u8]) {
        self.text(bytes);
        self.text(b"\r\n");
    }

    /// Sends a line over the current one, which goes on.
    pub fn over(&mut self, line: &Text) {
        let mut line = *line;
        self.text(b"\r");
        self.text(line.pad_to(OVER).as_bytes());
    }

    /// The next byte from the serial line.
    pub fn received(&mut self) -> Option<u8> {
        let base = self.serial?;
        let status = input(base + LINE_STATUS);
        if status & DATA_READY == 0 {
            return None;
        }
        let byte = input(base);
        (status & RECEIVE_ERRORS == 0).then_some(byte)
    }

    fn send(&mut self, byte: u8) {
        let Some(base) = self.serial else { return };
        for _ in 0..SERIAL_POLLS {
            if input(base + LINE_STATUS) & TRANSMITTER_EMPTY != 0 {
                output(base, byte);
                return;
            }
        }
        self.serial = None;
    }
}
