//! The user's wish to stop: Ctrl-C, a request to terminate, or a terminal that was closed.

use std::io;
use std::sync::atomic::AtomicBool;
use std::sync::{Arc, Mutex, PoisonError};

use signal_hook::consts::{SIGHUP, SIGINT, SIGTERM};
use signal_hook::flag;

/// A flag that the first such signal sets; a second one ends the program at once. All callers share one.
///
/// # Errors
///
/// If the system refuses the handlers.
pub(super) fn wish() -> io::Result<Arc<AtomicBool>> {
    static SHARED: Mutex<Option<Arc<AtomicBool>>> = Mutex::new(None);
    let mut shared = SHARED.lock().unwrap_or_else(PoisonError::into_inner);
    if let Some(stop) = &*shared {
        return Ok(Arc::clone(stop));
    }
    let stop = Arc::new(AtomicBool::new(false));
    for signal in [SIGINT, SIGTERM, SIGHUP] {
        // In this order: the second signal finds the flag set and ends the program.
        flag::register_conditional_default(signal, Arc::clone(&stop))?;
        flag::register(signal, Arc::clone(&stop))?;
    }
    Ok(Arc::clone(shared.insert(stop)))
}
