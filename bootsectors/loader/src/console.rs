//! The screen through INT 10h, with a copy to the first serial port and the debug port.

use ramkey_format::boot::Registers;
use ramkey_format::memory::DEBUG_PORT;
use ramkey_loader_core::menu::Key;
use ramkey_loader_core::screen::{Language, Message, Sentence, Text};

use crate::ports::{input, output};
use crate::{bios, low, real_mode};

const TELETYPE: u32 = 0x0E07;
/// Reads of the line status before a serial port counts as dead.
const SERIAL_POLLS: u32 = 100_000;
const LINE_STATUS: u16 = 5;
/// Scan code of the key 1.
const SCAN_1: u8 = 2;
const DATA_READY: u8 = 1;
/// Overrun, parity, framing error and break.
const RECEIVE_ERRORS: u8 = 0x1E;
/// Bytes that a UART can hold.
const SERIAL_FIFO: u32 = 16;
const TRANSMITTER_EMPTY: u8 = 0x20;
/// Scan code of F8 (INT 16h).
const SCAN_F8: u8 = 0x42;

/// Where text goes.
pub struct Console {
    serial: Option<u16>,
    debug: bool,
    language: Language,
}

impl Console {
    /// A cleared text screen; the serial port runs at 115200 baud, 8N1.
    pub fn new() -> Self {
        // Not `bios::call`, which panics without A20: a panic makes a console, and this needs no A20.
        real_mode::call(0x10, Registers { eax: 3.into(), ..Registers::default() });
        let base = low::COM1.read();
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
        Self { serial, debug: u32::from(input(DEBUG_PORT as u16)) == DEBUG_PORT, language: Language::English }
    }

    /// The screen as it is, and no serial port: for the end of a boot that may happen anywhere.
    pub fn silent() -> Self {
        Self { serial: None, debug: true, language: Language::English }
    }

    /// Writes bytes; `\r` and `\n` move as on a terminal.
    #[inline(never)]
    pub fn write(&mut self, bytes: &[u8]) {
        for &byte in bytes {
            self.copy(byte);
            let eax = TELETYPE & 0xFF00 | u32::from(byte);
            real_mode::call(0x10, Registers { eax: eax.into(), ebx: 7.into(), ..Registers::default() });
        }
    }

    /// Writes text and ends the line.
    #[inline(never)]
    pub fn line(&mut self, bytes: &[u8]) {
        self.write(bytes);
        self.write(b"\r\n");
    }

    /// Ends the line.
    pub fn end_line(&mut self) {
        self.line(b"");
    }

    /// Says everything in `language` from now on.
    pub fn speak(&mut self, language: Language) {
        self.language = language;
    }

    /// The language that everything is said in.
    pub fn language(&self) -> Language {
        self.language
    }

    /// Writes a sentence and ends the line.
    pub fn say<const PLACES: usize>(&mut self, sentence: &Sentence<'_, PLACES>) {
        self.say_message(sentence.as_message());
    }

    /// Writes a sentence and ends the line. What the host program waits for goes to the ports, if the screen does not say it.
    #[inline(never)]
    pub fn say_message(&mut self, message: Message<'_>) {
        let mut line = Text::new();
        self.language.say(&mut line, message);
        self.line(line.as_bytes());
        if let Some(line) = self.language.for_host(message) {
            for &byte in line.as_bytes().iter().chain(b"\r\n") {
                self.copy(byte);
            }
        }
    }

    /// A line with `sentence` alone, to be shown later.
    pub fn words<const PLACES: usize>(&self, sentence: &Sentence<'_, PLACES>) -> Text {
        self.language.line(sentence)
    }

    /// Appends `sentence` to a line.
    pub fn append<const PLACES: usize>(&self, line: &mut Text, sentence: &Sentence<'_, PLACES>) {
        self.language.say(line, sentence.as_message());
    }

    /// Writes text over the current line, without ending it.
    pub fn over(&mut self, line: &Text) {
        self.write(b"\r");
        self.write(line.as_bytes());
    }

    /// Moves the cursor to the start of `row` on the screen.
    pub fn row(&mut self, row: u8) {
        let edx = u32::from(row) << 8;
        bios::call(0x10, Registers { eax: 0x0200.into(), edx: edx.into(), ..Registers::default() });
        self.send(b'\r');
        self.send(b'\n');
    }

    /// The row of the cursor.
    pub fn cursor_row(&mut self) -> u8 {
        let after = bios::call(0x10, Registers { eax: 0x0300.into(), ..Registers::default() });
        (after.edx.get() >> 8) as u8
    }

    /// The next key, from the keyboard or the serial line.
    pub fn key(&mut self) -> Option<Key> {
        // Whoever asks for the report presses F8 again and again: later ones are no answer to anything.
        if let Some((scan, character)) = bios::key().filter(|&(scan, _)| scan != SCAN_F8) {
            return Some(match (scan, character) {
                (_, b'0'..=b'9') => Key::Digit(character - b'0'),
                (_, b'\r') => Key::Enter,
                (_, b'c' | b'C') => Key::Copy,
                (_, b'k' | b'K') => Key::Kind,
                (0x48, _) => Key::Up,
                (0x50, _) => Key::Down,
                (0x47, _) => Key::Home,
                (0x4F, _) => Key::End,
                _ => Key::Other,
            });
        }
        // Only what a person types: mice, modems and noise talk on this line too.
        Some(match self.received()? {
            b'\r' | b'\n' => Key::Enter,
            b'k' => Key::Up,
            b'j' => Key::Down,
            b'c' => Key::Copy,
            b'K' => Key::Kind,
            _ => return None,
        })
    }

    /// The next key as a character, or 0; from the serial line only what the report knows, and Enter.
    pub fn character(&mut self) -> Option<u8> {
        // Whoever asks for the report presses F8 again and again: later ones are no answer to anything.
        if let Some((scan, character)) = bios::key().filter(|&(scan, _)| scan != SCAN_F8) {
            // Whoever asked for the report may hold Shift still.
            return Some(if scan == SCAN_1 { b'1' } else { character });
        }
        self.received().filter(|byte| b"1cCeE\r\n".contains(byte))
    }

    /// The next byte from the serial line.
    fn received(&mut self) -> Option<u8> {
        let base = self.serial?;
        let status = input(base + LINE_STATUS);
        if status & DATA_READY == 0 {
            return None;
        }
        let byte = input(base);
        (status & RECEIVE_ERRORS == 0).then_some(byte)
    }

    /// Sends a byte of text to the serial port and the debug port.
    fn copy(&mut self, byte: u8) {
        if self.debug {
            output(DEBUG_PORT as u16, byte);
        }
        // A terminal has another code page, and may obey what it has there.
        self.send(if byte.is_ascii() { byte } else { b'?' });
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
