//! Limits of time and memory.
//!
//! The limit of time is wide, because the tests run unoptimised and beside others; without bounds on work the inputs that
//! are measured take minutes. The limit of memory is that of the whole program.

use std::path::Path;
use std::process::{Command, Output};
use std::time::{Duration, Instant};

/// Memory that the program may take, in KiB.
const MEMORY_KIB: &str = "65536";

/// What `act` gives, if it does not take long.
pub fn in_time<T>(what: &str, act: impl FnOnce() -> T) -> T {
    let started = Instant::now();
    let done = act();
    assert!(started.elapsed() < Duration::from_secs(30), "{what}: {:?}", started.elapsed());
    done
}

/// Runs the program with little memory.
pub fn ramkey(arguments: &[&str]) -> Output {
    let mut command = Command::new("sh");
    command.args(["-c", &format!("ulimit -d {MEMORY_KIB} && exec \"$@\""), "sh"]);
    command.arg(env!("CARGO_BIN_EXE_ramkey")).args(arguments);
    in_time(&arguments.join(" "), || command.output().unwrap())
}

/// Copies the program to `to`. Another process does it: while a test of this one has the copy open for writing, a child that
/// another test starts has it too, and a program that is open for writing cannot be started.
pub fn copy_program(to: &Path) {
    let status = Command::new("cp").arg(env!("CARGO_BIN_EXE_ramkey")).arg(to).status().unwrap();
    assert!(status.success());
}
