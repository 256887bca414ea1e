//! The loader's compiler, with names that do not depend on where the sources lie.
//!
//! Cargo makes the metadata of a crate from its absolute path, if that is outside the workspace. It is part of every symbol's
//! name, and instances of one generic function are ordered by their names: another folder would give other boot code. So cargo
//! calls this program in place of the compiler, and the metadata becomes the crate's name and version.

use std::ffi::OsString;
use std::process::{Command, ExitCode};

/// Set where this program is to be the compiler.
pub const WRAPPER: &str = "RAMKEY_LOADER_COMPILER";

/// Calls the compiler that the first argument names with the others.
pub fn compile(mut arguments: impl Iterator<Item = OsString>) -> ExitCode {
    let Some(compiler) = arguments.next() else { return ExitCode::FAILURE };
    let arguments: Vec<OsString> = arguments.collect();
    let version = std::env::var("CARGO_PKG_VERSION").unwrap_or_default();
    let name = arguments.iter().position(|argument| argument == "--crate-name");
    let name = name.and_then(|at| arguments.get(at + 1)).map(|name| name.to_string_lossy().into_owned());
    let same = arguments.into_iter().map(|argument| match (&name, argument.to_str()) {
        (Some(name), Some(text)) if text.starts_with("metadata=") => {
            format!("metadata={name}-{version}").into()
        }
        _ => argument,
    });
    match Command::new(&compiler).args(same).status() {
        Ok(status) if status.success() => ExitCode::SUCCESS,
        Ok(status) => ExitCode::from(status.code().and_then(|code| code.try_into().ok()).unwrap_or(1)),
        Err(error) => {
            eprintln!("error: {}: {error}", compiler.to_string_lossy());
            ExitCode::FAILURE
        }
    }
}
