//! The first thing to try: a stick that is written, proven, booted and pulled, all in files and an emulator.

use crate::tools;

/// `cargo xtask demo`: installs QEMU if need be, then runs `ramkey demo`.
///
/// # Errors
///
/// If a tool cannot be installed, or the demo fails.
pub fn run(arguments: &[String]) -> Result<(), String> {
    tools::for_demo()?;
    let mut command = vec!["run", "--quiet", "--package", "ramkey", "--", "demo"];
    if !tools::has_display() && !arguments.iter().any(|argument| argument == "--headless") {
        command.push("--headless");
    }
    command.extend(arguments.iter().map(String::as_str));
    tools::cargo(&command)
}
