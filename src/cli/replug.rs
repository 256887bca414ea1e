//! Asks for a stick to be plugged in again.

use std::io::{self, BufRead, Write};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::mpsc::{RecvTimeoutError, sync_channel};
use std::thread::Builder;
use std::time::Duration;

use crate::cli::list::headline;
use crate::cli::{Terminal, stop};
use crate::device::DeviceFacts;

/// How often it is looked whether the person wants to stop instead.
const LOOK: Duration = Duration::from_millis(100);

/// Asks, and comes back once a person says that it is done.
pub(super) fn ask(facts: &DeviceFacts) -> io::Result<()> {
    let mut screen = Terminal::error();
    writeln!(
        screen,
        "Everything is written. Pull this stick out, plug it into the same port again, and press Enter:"
    )?;
    writeln!(screen, "  {}", headline(facts))?;
    screen.flush()?;
    match line(&*stop::wish()?)? {
        true => Ok(()),
        false => Err(io::ErrorKind::UnexpectedEof.into()),
    }
}

/// Waits for a line on the standard input; `false` if there is none any more.
///
/// # Errors
///
/// What reading says; [`io::ErrorKind::Interrupted`] once `stop` is set: a signal alone does not end the wait for a line.
pub(super) fn line(stop: &AtomicBool) -> io::Result<bool> {
    answer(|| Ok(io::stdin().lock().read_until(b'\n', &mut Vec::new())? > 0), stop)
}

fn answer(read: impl FnOnce() -> io::Result<bool> + Send + 'static, stop: &AtomicBool) -> io::Result<bool> {
    let (sender, receiver) = sync_channel(1);
    // It may wait until the program ends.
    Builder::new().spawn(move || drop(sender.send(read())))?;
    loop {
        match receiver.recv_timeout(LOOK) {
            Ok(read) => return read,
            Err(RecvTimeoutError::Disconnected) => return Ok(false),
            Err(RecvTimeoutError::Timeout) if stop.load(Ordering::Relaxed) => {
                return Err(io::Error::new(io::ErrorKind::Interrupted, "stopped on request"));
            }
            Err(RecvTimeoutError::Timeout) => {}
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_wish_to_stop_ends_the_wait_for_a_line() {
        let stop = AtomicBool::new(false);
        assert!(answer(|| Ok(true), &stop).unwrap());
        assert!(!answer(|| Ok(false), &stop).unwrap());
        let (sender, never) = sync_channel::<()>(0);
        stop.store(true, Ordering::Relaxed);
        let error = answer(move || Ok(never.recv().is_ok()), &stop).unwrap_err();
        assert_eq!(error.kind(), io::ErrorKind::Interrupted);
        drop(sender);
    }
}
