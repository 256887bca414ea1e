//! What is known for the report, wherever the boot stops. The words are in `ramkey_loader_core::report`.

use core::cell::UnsafeCell;

use ramkey_format::boot::BootHeader;
use ramkey_loader_core::drive::{Drive, Trace};
use ramkey_loader_core::qr::Qr;
use ramkey_loader_core::report::{Facts, Memory, act, is_shown};
use ramkey_loader_core::report_block::{Block, COMMAND, Details};
use ramkey_loader_core::screen::say;

use crate::console::Console;
use crate::{a20, low, second_page};

/// What the halts cannot be handed, because they happen anywhere.
#[derive(Clone, Copy)]
struct Known {
    trace: Option<Trace>,
    memory: Option<Memory>,
}

struct Shared(UnsafeCell<Known>);

// SAFETY: there is one thread, and no interrupt handler of ours touches it.
unsafe impl Sync for Shared {}

static KNOWN: Shared = Shared(UnsafeCell::new(Known { trace: None, memory: None }));

fn known() -> Known {
    // SAFETY: one thread; a copy, and no reference to it lives anywhere.
    unsafe { *KNOWN.0.get() }
}

fn note(known: Known) {
    // SAFETY: as above.
    unsafe { *KNOWN.0.get() = known }
}

/// Remembers what the drive did last.
pub fn note_trace(trace: &Trace) {
    note(Known { trace: Some(*trace), ..known() });
}

/// Remembers what the memory calls told.
pub fn note_memory(memory: Memory) {
    note(Known { memory: Some(memory), ..known() });
}

/// Shows the numbers, and everything that is known as a block: for the error `code`, or 0, and its `details`. Gives the QR
/// code of it, if there is one to show.
#[inline(never)]
pub fn show(console: &mut Console, code: u8, details: Details) -> Option<Qr> {
    let Known { trace, memory } = known();
    let facts = Facts { info: low::boot_info(), trace, memory, a20: a20::worked() };
    let numbers = facts.numbers();
    let header = low::boot_header();
    let build = BootHeader::parse(&header).map_or(0, |header| header.loader_checksum.get());
    let symbols = Block { code, build: Block::build_of(build), details, numbers }.encode();
    let is_shown = is_shown(console.is_narrow(), console.rows_left(), &symbols);
    numbers.show(console.language(), &mut |line| match is_shown {
        true => console.line(line),
        false => console.to_ports(line),
    });
    console.end_line();
    console.say(&say::explained());
    symbols.show(&mut |line| console.line(line));
    let qr = Qr::new(COMMAND, symbols.characters()).filter(|_| second_page::is_there())?;
    console.say(&say::qr_offered());
    Some(qr)
}

/// Shows the numbers, and lets a person change how `drive` is read, until a key goes on.
pub fn ask(console: &mut Console, drive: &mut Drive) {
    note_trace(&drive.trace());
    console.report();
    console.end_line();
    let qr = show(console, 0, Details::default());
    console.say(&say::report_keys());
    loop {
        let Some(key) = console.character() else { continue };
        if let (b'q' | b'Q', Some(qr)) = (key, &qr) {
            second_page::show(qr);
            while console.character().is_none() {}
            second_page::leave();
            continue;
        }
        let Some(done) = act(key, drive) else { return };
        console.say(&done);
    }
}
