//! The ends of a boot that cannot go on.

use ramkey_format::boot::{Registers, STATUS_OUT_OF_REACH};
use ramkey_format::errors;
use ramkey_loader_core::qr::Qr;
use ramkey_loader_core::report_block::Details;
use ramkey_loader_core::screen::{Message, say};
use ramkey_loader_core::volume::VolumeError;

use crate::console::Console;
use crate::{a20, real_mode, report, second_page, video};

/// INT 16h: whether a key waits, by the zero flag; and the key, whose character is in AL.
const KEY_WAITS: u32 = 0x0100;
const NEXT_KEY: u32 = 0;
const ZERO: u16 = 0x40;

/// Shows the code, what it means, the numbers in `details`, the report and all of it as a block, then waits for a reset.
/// Nothing is booted.
#[inline(never)]
pub fn stop(console: &mut Console, code: u8, details: Option<Message<'_>>) -> ! {
    console.halt();
    console.end_line();
    console.say(&say::stopped(code, code));
    if let Some(details) = details {
        console.say_message(details);
    }
    let qr = report::show(console, code, details.map_or(Details::default(), Details::of));
    console.say(&say::nothing_booted());
    wait(qr.as_ref())
}

/// A panic at `line` of `file`. It may be that the BIOS switched A20 off and nothing switches it on again: that is told as
/// what it is.
#[inline(never)]
pub fn internal(file: &str, line: u32) -> ! {
    if !a20::is_on() {
        // Else the code would stand somewhere in the page.
        video::reset();
        stop(&mut Console::silent(), errors::NO_PROTECTED_MODE_MEMORY, None);
    }
    let details = say::internal(file.as_bytes(), line as u16);
    stop(&mut Console::new(), errors::INTERNAL, Some(details.as_message()))
}

/// Waits for ever, with interrupts on, so that Ctrl-Alt-Del works; the key Q shows `qr`, and the next one the report again.
fn wait(qr: Option<&Qr>) -> ! {
    let mut is_shown = false;
    loop {
        // Not `bios::call`: without A20 that would lead here again.
        let keyboard =
            |eax: u32| real_mode::call(0x16, Registers { eax: eax.into(), ..Registers::default() });
        if keyboard(KEY_WAITS).flags.get() & ZERO != 0 {
            continue;
        }
        let key = keyboard(NEXT_KEY).eax.get() as u8;
        match qr {
            Some(_) if is_shown => {
                second_page::leave();
                is_shown = false;
            }
            Some(qr) if key.eq_ignore_ascii_case(&b'q') => {
                second_page::show(qr);
                is_shown = true;
            }
            _ => {}
        }
    }
}

/// What could not be read.
pub enum Within<'w> {
    /// The volume or its folder.
    Stick,
    /// The capsule of this name.
    File(&'w [u8; 8]),
    /// These bytes of an image.
    Bytes(u32, u32),
}

/// Stops because of the drive or the file system.
pub fn stop_for(console: &mut Console, error: VolumeError, within: Within<'_>) -> ! {
    match error {
        VolumeError::Read(read) => {
            let code = match u32::from(read.status) {
                STATUS_OUT_OF_REACH => errors::OUT_OF_REACH,
                _ => errors::READ_FAILED,
            };
            stop_within(console, code, within, say::read_failed(read.status, read.lba as u32).as_message())
        }
        VolumeError::Broken { cluster } => {
            stop_within(console, errors::BAD_FILE_SYSTEM, within, say::cluster(cluster).as_message())
        }
        VolumeError::BrokenBlock { block } => {
            stop_within(console, errors::BAD_FILE_SYSTEM, within, say::block(block).as_message())
        }
        VolumeError::NoFileSystem => stop(console, errors::NO_FILE_SYSTEM, None),
        VolumeError::NoFolder => stop(console, errors::NO_FOLDER, None),
    }
}

/// Stops with what is wrong, and in what.
fn stop_within(console: &mut Console, code: u8, within: Within<'_>, what: Message<'_>) -> ! {
    match within {
        Within::Stick => stop(console, code, Some(what)),
        Within::File(name) => stop(console, code, Some(say::in_file(name, what).as_message())),
        Within::Bytes(start, end) => stop(console, code, Some(say::in_bytes(start, end, what).as_message())),
    }
}
