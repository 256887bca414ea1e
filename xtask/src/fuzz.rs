//! `cargo xtask fuzz`: feeds the readers with damaged input.
//!
//! The fuzzer is libFuzzer. The coverage that it follows is counted by a pass of the compiler that stable Rust has; the
//! checks of memory that nightly Rust adds are not needed, because the readers have no `unsafe`.

use std::fs;
use std::io::{self, Write};
use std::path::Path;
use std::process::Command;
use std::sync::Mutex;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::thread;

use crate::tools::{root, run_command};

/// What the compiler is told: count each edge, and tell the fuzzer of comparisons.
const COVERAGE: [&str; 6] = [
    "-Cpasses=sancov-module",
    "-Cllvm-args=-sanitizer-coverage-level=4",
    "-Cllvm-args=-sanitizer-coverage-inline-8bit-counters",
    "-Cllvm-args=-sanitizer-coverage-pc-table",
    "-Cllvm-args=-sanitizer-coverage-trace-compares",
    "--cfg=fuzzing",
];
/// Seconds for each target: unless the person says otherwise, and among the checks.
const SECONDS: u32 = 600;
const CHECK_SECONDS: u32 = 3;
/// Seconds for one input. Inputs have at most 128 KiB; the machine may be busy with other things.
const INPUT_SECONDS: u32 = 5;
const INPUT_LEN_MAX: usize = 128 << 10;
/// Memory of the whole process in MiB: the 64 that the readers may take, which the fuzzer's allocator enforces, and what
/// libFuzzer has of its own.
const MEMORY_MIB: u32 = 128;

/// `cargo xtask fuzz [TARGET] [SECONDS]`: one target, or all; ten minutes each.
///
/// # Errors
///
/// If there is no such target, or an input does harm: it is in `fuzz/artifacts`.
pub fn run(arguments: &[String]) -> Result<(), String> {
    let all = targets()?;
    let is_number = |word: &&String| word.bytes().all(|byte| byte.is_ascii_digit());
    let (numbers, names): (Vec<&String>, Vec<&String>) = arguments.iter().partition(is_number);
    let seconds = numbers.first().map_or(Ok(SECONDS), |number| number.parse());
    let seconds = seconds.map_err(|error| format!("seconds: {error}"))?;
    if let Some(unknown) = names.iter().find(|name| !all.contains(name)) {
        return Err(format!("there is no target {unknown}; there are {}", all.join(", ")));
    }
    let wanted: Vec<&String> = if names.is_empty() { all.iter().collect() } else { names };
    build()?;
    wanted.into_iter().try_for_each(|target| {
        println!("-- {target}, {seconds} s");
        run_command(&mut fuzzer(target, seconds)?).map_err(|error| harm(target, &error))
    })
}

/// Every target for a few seconds, one on each processor at a time.
///
/// # Errors
///
/// The first input that does harm: it is in `fuzz/artifacts`.
pub fn check() -> Result<(), String> {
    let targets = targets()?;
    build()?;
    let (next, failed) = (AtomicUsize::new(0), Mutex::new(None));
    let work = || {
        while let Some(target) = targets.get(next.fetch_add(1, Ordering::Relaxed)) {
            if let Err(error) = fuzz_quietly(target) {
                // The others are not begun any more.
                next.store(targets.len(), Ordering::Relaxed);
                failed.lock().expect("nobody panics with it").get_or_insert(error);
            }
        }
    };
    thread::scope(|scope| {
        for _ in 0..thread::available_parallelism().map_or(1, usize::from) {
            scope.spawn(work);
        }
    });
    failed.into_inner().expect("nobody panics with it").map_or(Ok(()), Err)
}

/// One target for a few seconds; what the fuzzer says of it is shown as a whole.
fn fuzz_quietly(target: &str) -> Result<(), String> {
    let output = fuzzer(target, CHECK_SECONDS)?.output();
    let output = output.map_err(|error| format!("running the fuzzer: {error}"))?;
    let mut out = io::stdout().lock();
    let shown = writeln!(out, "-- {target}, {CHECK_SECONDS} s")
        .and_then(|()| out.write_all(&output.stdout))
        .and_then(|()| out.write_all(&output.stderr));
    shown.map_err(|error| format!("showing what the fuzzer says: {error}"))?;
    if output.status.success() { Ok(()) } else { Err(harm(target, &output.status.to_string())) }
}

fn harm(target: &str, error: &str) -> String {
    format!("{target}: an input did harm; it is in fuzz/artifacts: {error}")
}

/// The names of the targets, which are those of the folders of the corpus.
fn targets() -> Result<Vec<String>, String> {
    let corpus = root().join("fuzz/corpus");
    let folders = fs::read_dir(&corpus).map_err(|error| format!("{}: {error}", corpus.display()))?;
    let mut names: Vec<String> =
        folders.flatten().map(|entry| entry.file_name().to_string_lossy().into_owned()).collect();
    names.sort();
    Ok(names)
}

/// Builds the fuzzer. For a target of its own, so that what runs while building is not instrumented.
fn build() -> Result<(), String> {
    let flags = std::env::var("RUSTFLAGS").unwrap_or_default();
    let flags = COVERAGE.iter().fold(flags, |flags, flag| format!("{flags} {flag}"));
    let mut command = Command::new(env!("CARGO"));
    command.args(["build", "--release", "--locked", "--quiet", "--manifest-path", "fuzz/Cargo.toml"]);
    command.args(["--target", &host()?]);
    run_command(command.env("RUSTFLAGS", flags.trim()).current_dir(root()))
}

/// The target that this machine's compiler builds for.
fn host() -> Result<String, String> {
    let output =
        Command::new("rustc").arg("-vV").output().map_err(|error| format!("running rustc: {error}"))?;
    let text = String::from_utf8_lossy(&output.stdout).into_owned();
    let host = text.lines().find_map(|line| line.strip_prefix("host: "));
    host.map(str::to_owned).ok_or_else(|| "rustc does not say what it builds for".into())
}

/// The command that fuzzes a target.
fn fuzzer(target: &str, seconds: u32) -> Result<Command, String> {
    // What is found goes on growing beside the corpus, which is small and committed.
    let found = root().join("fuzz/target/corpus").join(target);
    let artifacts = root().join("fuzz/artifacts").join(target);
    for folder in [&found, &artifacts] {
        fs::create_dir_all(folder).map_err(|error| format!("making {}: {error}", folder.display()))?;
    }
    let program = Path::new("fuzz/target").join(host()?).join("release/ramkey-fuzz");
    let mut command = Command::new(root().join(program));
    command.env("RAMKEY_FUZZ", target).current_dir(root());
    command.arg(format!("-max_total_time={seconds}")).arg(format!("-timeout={INPUT_SECONDS}"));
    command.arg(format!("-max_len={INPUT_LEN_MAX}")).arg(format!("-rss_limit_mb={MEMORY_MIB}"));
    command.arg(format!("-artifact_prefix={}/", artifacts.display()));
    command.args(["-verbosity=0", "-print_final_stats=1"]);
    command.arg(&found).arg(Path::new("fuzz/corpus").join(target));
    Ok(command)
}
