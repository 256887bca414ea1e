//! The user's wish to stop: Ctrl-C, a request to terminate, or a terminal that was closed.

use std::io;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::thread::Builder;

use signal_hook::consts::{SIGHUP, SIGINT, SIGTERM, SIGXFSZ};
use signal_hook::flag;
use signal_hook::iterator::Signals;
use signal_hook::low_level::emulate_default_handler;

/// The flag that everybody looks at, once somebody does.
static SHARED: Mutex<Option<Arc<AtomicBool>>> = Mutex::new(None);

/// Whether the user wishes to stop, as far as anybody looks at that.
pub(super) fn is_wished() -> bool {
    let shared = SHARED.lock().unwrap_or_else(PoisonError::into_inner);
    shared.as_ref().is_some_and(|stop| stop.load(Ordering::Relaxed))
}

/// A flag that the first such signal sets; a second one ends the program at once. All callers share one. A signal that
/// whoever started us has switched off, as `nohup` does, stays so.
///
/// # Errors
///
/// If the system refuses the handlers.
pub(super) fn wish() -> io::Result<Arc<AtomicBool>> {
    let mut shared = SHARED.lock().unwrap_or_else(PoisonError::into_inner);
    if let Some(stop) = &*shared {
        return Ok(Arc::clone(stop));
    }
    let stop = Arc::new(AtomicBool::new(false));
    let ignored = ignored();
    for signal in [SIGINT, SIGTERM, SIGHUP].into_iter().filter(|signal| ignored >> (signal - 1) & 1 == 0) {
        // In this order: the second signal finds the flag set and ends the program.
        flag::register_conditional_default(signal, Arc::clone(&stop))?;
        flag::register(signal, Arc::clone(&stop))?;
    }
    Ok(Arc::clone(shared.insert(stop)))
}

/// Leaves the keys that stop a command, and the end of its terminal, to the process that this one works for.
///
/// # Errors
///
/// If the system refuses the handlers.
pub(super) fn leave_keys_to_others() -> io::Result<()> {
    // Nobody looks at the flag either.
    let register = |signal| flag::register(signal, Arc::new(AtomicBool::new(false))).map(drop);
    [SIGINT, SIGHUP].into_iter().try_for_each(register)
}

/// The same where a screen is drawn on: before the second signal ends the program, `restore` is called; `gone`, when the terminal is
/// gone.
///
/// # Errors
///
/// If the system refuses the handlers, or a thread.
pub(super) fn wish_or(restore: fn(), gone: fn()) -> io::Result<Arc<AtomicBool>> {
    let stop = Arc::new(AtomicBool::new(false));
    let ignored = ignored();
    let mut signals =
        Signals::new([SIGINT, SIGTERM, SIGHUP].iter().filter(|&signal| ignored >> (signal - 1) & 1 == 0))?;
    let told = Arc::clone(&stop);
    Builder::new().spawn(move || {
        for signal in signals.forever() {
            if signal == SIGHUP {
                gone();
            }
            if told.swap(true, Ordering::Relaxed) {
                restore();
                // It ends the program.
                let _ = emulate_default_handler(signal);
            }
        }
    })?;
    *SHARED.lock().unwrap_or_else(PoisonError::into_inner) = Some(Arc::clone(&stop));
    Ok(stop)
}

/// Makes a file that would grow beyond the limit of `ulimit -f` an error of that write, and no death without a word.
///
/// # Errors
///
/// If the system refuses the handler.
pub(super) fn outlive_size_limits() -> io::Result<()> {
    // Nobody looks at the flag: the write fails, and says why.
    flag::register(SIGXFSZ, Arc::new(AtomicBool::new(false))).map(drop)
}

/// The signals that this process ignores, signal 1 as the lowest bit; none if the system does not tell.
fn ignored() -> u64 {
    let status = std::fs::read_to_string("/proc/self/status").unwrap_or_default();
    let mask = status.lines().find_map(|line| line.strip_prefix("SigIgn:"));
    mask.and_then(|mask| u64::from_str_radix(mask.trim(), 16).ok()).unwrap_or(0)
}
