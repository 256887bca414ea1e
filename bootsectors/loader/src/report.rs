//! What is known for the report, wherever the boot stops. The words are in `ramkey_loader_core::report`.

use core::cell::UnsafeCell;

use ramkey_loader_core::drive::{Drive, Trace};
use ramkey_loader_core::report::{Facts, Memory, act};
use ramkey_loader_core::screen::say;

use crate::console::Console;
use crate::{a20, low};

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

/// Shows the numbers.
pub fn show(console: &mut Console) {
    let Known { trace, memory } = known();
    let facts = Facts { info: low::boot_info(), trace, memory, a20: a20::worked() };
    facts.show(console.language(), &mut |line| console.line(line));
}

/// Shows the numbers, and lets a person change how `drive` is read, until a key goes on.
pub fn ask(console: &mut Console, drive: &mut Drive) {
    note_trace(&drive.trace());
    console.end_line();
    show(console);
    console.say(&say::report_keys());
    loop {
        let Some(key) = console.character() else { continue };
        let Some(done) = act(key, drive) else { return };
        console.say(&done);
    }
}
