//! Every check, in the order of what fails soonest.

use std::path::Path;
use std::process::Command;
use std::time::{Duration, Instant};

use crate::boot;
use crate::fuzz;
use crate::tools::{self, run_command};

/// One check: its name, and what does it.
type Check = (&'static str, fn() -> Result<(), String>);

/// The checks of `cargo xtask test`.
const CHECKS: &[Check] = &[
    ("tools", tools::for_test),
    ("format", format),
    ("lints", lints),
    ("documentation", documentation),
    ("dependencies", dependencies),
    ("boot code", boot::check),
    ("tests", || cargo(&["test", "--workspace", "--locked"])),
    ("fuzz", fuzz::check),
];

/// `cargo xtask test`: every check that a change must pass.
///
/// # Errors
///
/// The first check that failed.
pub fn run(_arguments: &[String]) -> Result<(), String> {
    let started = Instant::now();
    let mut times = Vec::new();
    for (name, check) in CHECKS {
        println!("== {name}");
        let began = Instant::now();
        check().map_err(|error| format!("{name}: {error}"))?;
        times.push((*name, began.elapsed()));
    }
    for (name, time) in times {
        println!("{:>6}  {name}", seconds(time));
    }
    println!("{:>6}  everything passed", seconds(started.elapsed()));
    Ok(())
}

/// `cargo xtask bench NAME`: measures, beside the programs that do the same; not a check.
///
/// # Errors
///
/// If there is no such measurement, or it fails.
pub fn bench(arguments: &[String]) -> Result<(), String> {
    let Some((name, rest)) = arguments.split_first() else {
        return Err("measurements: boot, int13, write".into());
    };
    tools::for_test()?;
    let mut command = vec!["bench", "--locked", "--quiet", "--bench", name, "--"];
    command.extend(rest.iter().map(String::as_str));
    cargo(&command)
}

/// `cargo xtask matrix [old-bios] [WORD]...`: boots the cells of `docs/compatibility.md`, or of `docs/old-bios.md`, whose row
/// and column have all the words, and writes them. All of them take half an hour, and an hour.
///
/// # Errors
///
/// If a tool is missing, or an image cannot be made. A guest that does not boot is a result.
pub fn matrix(words: &[String]) -> Result<(), String> {
    tools::for_test()?;
    let (suite, words) = match words.split_first() {
        Some((first, rest)) if first == "old-bios" => ("old_bios::the_page_agrees", rest),
        _ => ("matrix::the_page_agrees", words),
    };
    let mut command = Command::new(env!("CARGO"));
    command.args(["test", "--locked", "--quiet", "--test", "boot", suite, "--", "--nocapture"]);
    run_command(command.env("RAMKEY_MATRIX", words.join(",")).current_dir(root()))
}

/// The fuzzer, a workspace of its own as the loader is.
const FUZZ: [&str; 2] = ["--manifest-path", "fuzz/Cargo.toml"];

fn format() -> Result<(), String> {
    cargo(&["fmt", "--all", "--check"])?;
    cargo(&["fmt", "--manifest-path", "bootsectors/loader/Cargo.toml", "--check"])?;
    cargo(&[&["fmt"], &FUZZ[..], &["--check"]].concat())
}

fn lints() -> Result<(), String> {
    let deny = ["--locked", "--quiet", "--", "-D", "warnings"];
    cargo(&[&["clippy", "--workspace", "--all-targets"], &deny[..]].concat())?;
    cargo(&[&["clippy"], &FUZZ[..], &["--target-dir", "target"], &deny[..]].concat())
}

fn dependencies() -> Result<(), String> {
    let check = ["--log-level", "error", "check", "licenses", "bans", "sources"];
    cargo(&[&["deny"], &check[..]].concat())?;
    cargo(&[&["deny"], &FUZZ[..], &check[..]].concat())
}

fn documentation() -> Result<(), String> {
    let mut command = Command::new(env!("CARGO"));
    command.args(["doc", "--workspace", "--no-deps", "--locked", "--quiet"]);
    run_command(command.env("RUSTDOCFLAGS", "-D warnings").current_dir(root()))
}

/// Runs cargo at the root of the repository.
///
/// # Errors
///
/// If it fails.
pub fn cargo(arguments: &[&str]) -> Result<(), String> {
    run_command(Command::new(env!("CARGO")).args(arguments).current_dir(root()))
}

/// The root of the repository.
pub fn root() -> &'static Path {
    let ours = Path::new(env!("CARGO_MANIFEST_DIR"));
    ours.parent().unwrap_or(ours)
}

fn seconds(time: Duration) -> String {
    format!("{} s", time.as_secs())
}
