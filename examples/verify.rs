//! Proves a stick, or a file that is one, without its images.
//!
//! ```sh
//! cargo run --no-default-features --example verify -- stick.img
//! ```

use std::path::{Path, PathBuf};
use std::process::ExitCode;

use ramkey::job::{Event, JobError, verify};
use ramkey::verify::{StickVerdict, Strictness};

fn main() -> ExitCode {
    // As root a process without rights reads the stick. It is this program again, which must know that.
    if let Some(exit) = ramkey::sandbox::serve() {
        return exit;
    }
    let Some(stick) = std::env::args_os().nth(1).map(PathBuf::from) else {
        eprintln!("usage: verify STICK");
        return ExitCode::from(2);
    };
    match prove(&stick) {
        Ok(verdict) => {
            for capsule in &verdict.capsules {
                println!("{}  {}", capsule.blake3, capsule.title);
            }
            for fault in &verdict.faults {
                println!("fault: {fault}");
            }
            if verdict.sound { ExitCode::SUCCESS } else { ExitCode::from(4) }
        }
        Err(error) => {
            eprintln!("error: {error}");
            ExitCode::FAILURE
        }
    }
}

/// Reads all of a stick, and says how far it is.
///
/// # Errors
///
/// It cannot be read, or is no stick. A fault is no error but an answer.
pub fn prove(stick: &Path) -> Result<StickVerdict, JobError> {
    let tell = |event| {
        if let Event::Begin { part, bytes } = event {
            eprintln!("{}: {bytes} bytes", part.name());
        }
    };
    verify(stick, Strictness::Boot, &tell)
}
