//! Asks for a stick to be plugged in again.

use std::io::{self, BufRead, Write};

use crate::cli::Terminal;
use crate::cli::list::headline;
use crate::device::DeviceFacts;

/// Asks, and comes back once a person says that it is done.
pub(super) fn ask(facts: &DeviceFacts) -> io::Result<()> {
    let mut screen = Terminal::error();
    writeln!(
        screen,
        "Everything is written. Pull this stick out, plug it into the same port again, and press Enter:"
    )?;
    writeln!(screen, "  {}", headline(facts))?;
    screen.flush()?;
    let mut answer = Vec::new();
    match io::stdin().lock().read_until(b'\n', &mut answer)? {
        0 => Err(io::ErrorKind::UnexpectedEof.into()),
        _ => Ok(()),
    }
}
