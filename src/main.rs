//! The program: parse, run, exit status.

use std::process::ExitCode;

fn main() -> ExitCode {
    // A process that looks at images without rights is this program too.
    ramkey::sandbox::serve().unwrap_or_else(ramkey::cli::main)
}
