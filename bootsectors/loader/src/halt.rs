//! The ends of a boot that cannot go on.

use core::panic::PanicInfo;

use ramkey_format::boot::{Registers, STATUS_OUT_OF_REACH};
use ramkey_format::errors;
use ramkey_loader_core::fat::FatError;
use ramkey_loader_core::text::Line;

use crate::console::{COLUMNS, Console};
use crate::{bios, report};

/// A line of the screen.
pub type Text = Line<{ COLUMNS - 1 }>;

/// Shows the code, what it means, the numbers in `details` and the report, then waits for a reset. Nothing is booted.
pub fn stop(console: &mut Console, code: u8, details: &[u8]) -> ! {
    let mut line = Text::new();
    line.text("ramkey E").hex(u64::from(code), 2).text(": ");
    line.text(errors::text(code));
    console.line(b"");
    console.line(line.as_bytes());
    if !details.is_empty() {
        console.line(details);
    }
    report::show(console);
    console.line(b"`ramkey explain` and docs/errors.md explain the code and the numbers.");
    console.line(b"Nothing was booted. Ctrl-Alt-Del starts again.");
    wait()
}

/// A panic: the file and the line, without the machinery of `core::fmt`.
pub fn internal(info: &PanicInfo<'_>) -> ! {
    let mut line = Text::new();
    if let Some(location) = info.location() {
        line.text(location.file()).text(" line ").decimal(location.line());
    }
    stop(&mut Console::new(), errors::INTERNAL, line.as_bytes())
}

/// Waits for ever, with interrupts on, so that Ctrl-Alt-Del works.
fn wait() -> ! {
    loop {
        // Not `call`: without A20 that would come back here.
        bios::call_as_is(0x16, Registers { eax: 0x0100.into(), ..Registers::default() });
    }
}

/// Stops because of the drive or the file system; `details` go in front of the numbers.
pub fn stop_for(console: &mut Console, error: FatError, details: &[u8]) -> ! {
    let mut line = Text::new();
    line.bytes(details);
    let code = match error {
        FatError::Read(read) => {
            line.text("status ").hex(u64::from(read.status), 2).text("h, LBA ").decimal(read.lba as u32);
            if u32::from(read.status) == STATUS_OUT_OF_REACH { errors::OUT_OF_REACH } else { errors::READ_FAILED }
        }
        FatError::NoFileSystem => errors::NO_FILE_SYSTEM,
        FatError::NoFolder => errors::NO_FOLDER,
        FatError::Broken { cluster } => {
            line.text("cluster ").decimal(cluster);
            errors::BAD_FILE_SYSTEM
        }
    };
    stop(console, code, line.as_bytes())
}
