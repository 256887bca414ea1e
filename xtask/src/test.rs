//! Every check, in the order of what fails soonest.

use std::process::Command;
use std::time::{Duration, Instant};

use crate::boot;
use crate::fuzz;
use crate::package;
use crate::tools::{self, cargo, root, run_command};

/// A part of the checks.
struct Part {
    name: &'static str,
    /// What it checks, for people.
    what: &'static str,
    /// Does it; words narrow tests down.
    check: fn(&[String]) -> Result<(), String>,
    /// Whether it is done only if it is named, because it is long and much of it is done elsewhere.
    is_extra: bool,
}

/// Tests that the part `long` has alone: the part `boot` has their like, on faster controllers, and `host` does without a machine.
const ONLY_IN_LONG: [&str; 8] = [
    "linux::changed::an_image_comes_new_boot_code_comes_and_at_last_the_stick_is_a_plain_one",
    "linux::changed::a_write_that_is_interrupted_does_not_boot_and_goes_on",
    "linux::writing::a_stick_written_on_uhci_boots",
    "linux::writing::a_stick_reflashed_on_ohci_boots",
    "linux::writing::a_stick_reflashed_on_xhci_boots",
    "linux::pulled::a_stick_pulled_while_it_is_read_back_on_uhci_is_made_whole_by_going_on",
    "linux::swapped::the_same_stick_is_written_when_it_stays_where_it_is",
    "linux::bad::a_sector_that_cannot_be_read_any_more_is_named_by_verify",
];

/// Tests of the part `boot` that run at the same time: as many as there may be machines (`MACHINES` in `tests/boot/harness.rs`), which
/// mostly wait.
const BOOT_THREADS: &str = "4";

/// The parts of `cargo xtask test`.
const PARTS: &[Part] = &[
    Part {
        name: "tools",
        what: "every tool is there, or is installed",
        check: |_| tools::for_test(),
        is_extra: false,
    },
    Part { name: "format", what: "the sources are formatted", check: |_| format(), is_extra: false },
    Part {
        name: "lints",
        what: "the compiler and clippy have nothing to say",
        check: |_| lints(),
        is_extra: false,
    },
    Part {
        name: "documentation",
        what: "the API documentation builds without a warning",
        check: |_| documentation(),
        is_extra: false,
    },
    Part {
        name: "dependencies",
        what: "licences, bans and sources of crates",
        check: |_| dependencies(),
        is_extra: false,
    },
    Part {
        name: "boot-code",
        what: "the prebuilt boot code is what its sources give",
        check: |_| boot::check(),
        is_extra: false,
    },
    Part {
        name: "core",
        what: "the loader's logic, the format and these tasks, on this machine",
        check: core,
        is_extra: false,
    },
    Part {
        name: "host",
        what: "the program, on this machine",
        check: |words| tests("host", words),
        is_extra: false,
    },
    Part { name: "boot", what: "sticks that boot in QEMU and Bochs", check: boot_tests, is_extra: false },
    Part {
        name: "fuzz",
        what: "damaged input for every reader, for a few seconds each",
        check: |_| fuzz::check(),
        is_extra: false,
    },
    Part {
        name: "long",
        what: "what others do in part: Linux on every controller, changes cut with more choices; only if it is named",
        check: |_| long(),
        is_extra: true,
    },
    Part {
        name: "package",
        what: "the crates can be packed, the .deb is made, complete and runs; only if it is named",
        check: package::run,
        is_extra: true,
    },
];

/// `cargo xtask test`: every check that a change must pass. `cargo xtask test PART [WORD]...`: one part of them, with the
/// tests alone whose names have one of the words.
///
/// # Errors
///
/// The first check that failed; or that there is no such part, with those that there are.
pub fn run(arguments: &[String]) -> Result<(), String> {
    let (parts, words) = match arguments.split_first() {
        None => (PARTS.iter().filter(|part| !part.is_extra).collect(), arguments),
        Some((name, words)) => {
            let part = PARTS.iter().find(|part| part.name == name);
            let part = part.ok_or_else(|| format!("there is no part {name}; there are\n{}", listed()))?;
            (vec![part], words)
        }
    };
    let started = Instant::now();
    let mut times = Vec::new();
    for Part { name, check, .. } in parts {
        println!("== {name}");
        let began = Instant::now();
        check(words).map_err(|error| format!("{name}: {error}"))?;
        times.push((name, began.elapsed()));
    }
    for (name, time) in times {
        println!("{:>6}  {name}", seconds(time));
    }
    println!("{:>6}  everything passed", seconds(started.elapsed()));
    Ok(())
}

/// The parts, a line each.
fn listed() -> String {
    let line = |part: &Part| format!("  {:<14} {}\n", part.name, part.what);
    PARTS.iter().map(line).collect()
}

fn core(words: &[String]) -> Result<(), String> {
    let packages = ["-p", "ramkey-format", "-p", "ramkey-loader-core", "-p", "xtask"];
    run_tests(&[&["test", "--locked"], &packages[..]].concat(), words)?;
    run_tests(&["test", "--locked", "-p", "ramkey", "--lib", "--bins"], words)
}

fn tests(name: &str, words: &[String]) -> Result<(), String> {
    run_tests(&["test", "--locked", "-p", "ramkey", "--test", name], words)
}

fn boot_tests(words: &[String]) -> Result<(), String> {
    let skipped = ONLY_IN_LONG.iter().flat_map(|name| ["--skip", name]);
    let options = skipped.chain(["--test-threads", BOOT_THREADS]).map(str::to_owned);
    tests("boot", &words.iter().cloned().chain(options).collect::<Vec<_>>())
}

fn long() -> Result<(), String> {
    let mut changes = Command::new(env!("CARGO"));
    changes
        .current_dir(root())
        .args(["test", "--locked", "-p", "ramkey", "--test", "host", "--", "change::", "repair::"]);
    run_command(changes.env("RAMKEY_LONG", "1"))?;
    tests("boot", &["linux::".to_owned()])
}

fn run_tests(command: &[&str], words: &[String]) -> Result<(), String> {
    let words = words.iter().map(String::as_str);
    cargo(&command.iter().copied().chain(["--"]).chain(words).collect::<Vec<_>>())
}

/// `cargo xtask bench NAME`: measures, beside the programs that do the same; not a check.
///
/// # Errors
///
/// If there is no such measurement, or it fails.
pub fn bench(arguments: &[String]) -> Result<(), String> {
    let Some((name, rest)) = arguments.split_first() else {
        return Err("measurements: boot, int13, pack IMAGE..., write".into());
    };
    tools::for_test()?;
    let mut command = vec!["bench", "--locked", "--quiet", "--bench", name, "--"];
    command.extend(rest.iter().map(String::as_str));
    cargo(&command)
}

/// `cargo xtask matrix [old-bios|cd-bios] [WORD]...`: boots the cells of `docs/compatibility.md`, of `docs/old-bios.md` or of
/// `docs/cd-bios.md`, whose row and column have all the words, and writes them. All of them take half an hour, an hour, and a
/// quarter of one.
///
/// # Errors
///
/// If a tool is missing, or an image cannot be made. A guest that does not boot is a result.
pub fn matrix(words: &[String]) -> Result<(), String> {
    tools::for_test()?;
    let (suite, words) = match words.split_first() {
        Some((first, rest)) if first == "old-bios" => ("old_bios::the_page_agrees", rest),
        Some((first, rest)) if first == "cd-bios" => ("cd_bios::the_page_agrees", rest),
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
    // The library alone, without a command line.
    cargo(
        &[&["clippy", "--package", "ramkey", "--lib", "--examples", "--no-default-features"], &deny[..]]
            .concat(),
    )?;
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
    run_command(command.env("RUSTDOCFLAGS", "-D warnings").current_dir(root()))?;
    // The example in it does what it says.
    cargo(&["test", "--package", "ramkey", "--doc", "--locked", "--quiet"])
}

fn seconds(time: Duration) -> String {
    format!("{} s", time.as_secs())
}
