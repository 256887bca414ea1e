//! Writing and proving a stick: ramkey beside the other writers, in turns.
//!
//! `cargo bench --bench write -- [--rounds N] [--mib N] [--rate BYTES] [file|ram|slow...]`. The same image goes into a file, to a
//! loop device over a file in RAM, and to one that writes BYTES a second (5 000 000); the devices want root. `dd` writes past
//! the cache and `b3sum` hashes the image and what was read back; caligula does the same by itself; bmaptool reads nothing back. Both
//! are left out where they are not installed. The race is with `--compress none --no-trim`, because the others pack nothing.

#[allow(dead_code, reason = "the tests need more of it")]
mod frames;

use std::fs;
use std::io::Write;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::time::{Duration, Instant};

use frames::bad_stick::{BadStick, Faults};
use frames::loops::Loop;

/// Bytes of a stick beside its image.
const ROOM_MIB: u64 = 16;
/// Where files lie in RAM.
const RAM: &str = "/dev/shm";

/// What one run took.
#[derive(Clone, Copy)]
struct Run {
    seconds: f64,
    /// Most memory that the process had at once, in KiB.
    peak_kib: u64,
}

/// Somebody who writes an image to a target.
type Writer = fn(&Path, &Path) -> Run;

/// Those that run in turns. The first is compared with each of the others.
const WRITERS: [(&str, Writer); 5] = [
    ("ramkey", ramkey),
    ("ramkey, probing", ramkey_probing),
    ("dd and b3sum", dd_and_b3sum),
    ("caligula", caligula),
    ("bmaptool", bmaptool),
];

/// Programs that `cargo xtask tools` does not install.
const OPTIONAL: [&str; 2] = ["caligula", "bmaptool"];

fn main() {
    let (mut rounds, mut mib, mut rate) = (5, 100, 5_000_000);
    let mut wanted = Vec::new();
    let mut arguments = std::env::args().skip(1);
    while let Some(argument) = arguments.next() {
        let mut number = || arguments.next().and_then(|text| text.parse().ok()).expect("a number");
        match argument.as_str() {
            "--bench" => {}
            "--rounds" => rounds = number(),
            "--mib" => mib = number(),
            "--rate" => rate = number(),
            "file" | "ram" | "slow" => wanted.push(argument),
            _ => panic!("--rounds N, --mib N, --rate BYTES, file, ram, slow"),
        }
    }
    let is_wanted = |name: &str| wanted.is_empty() || wanted.iter().any(|word| word == name);
    let folder = tempfile::tempdir_in(env!("CARGO_TARGET_TMPDIR")).expect("a folder");
    let image = folder.path().join("image.img");
    make_image(&image, mib);
    if is_wanted("file") {
        race("a new file", &image, &folder.path().join("stick.img"), rounds, mib);
    }
    if is_wanted("ram") {
        let folder = tempfile::tempdir_in(RAM).expect("a folder in RAM");
        let device = Loop::of(&made(folder.path(), mib), &[]).expect("a loop device");
        race("a device in RAM", &image, &device.node, rounds, mib);
    }
    if is_wanted("slow") {
        let faults = Faults { rate: Some(rate), ..Faults::default() };
        let device = BadStick::new(&made(folder.path(), mib), &faults).expect("a throttled device");
        race(&format!("a device that writes {rate} bytes a second"), &image, device.node(), rounds, mib);
    }
}

/// A file that is as large as a stick for the image.
fn made(folder: &Path, mib: u64) -> PathBuf {
    let file = folder.join("device.img");
    let made = fs::File::create(&file).and_then(|file| file.set_len((mib + ROOM_MIB) << 20));
    made.expect("making a stick");
    file
}

/// Runs all writers in turns and prints what each took.
fn race(what: &str, image: &Path, target: &Path, rounds: u64, mib: u64) {
    let is_there = |program: &str| {
        let path = std::env::var_os("PATH").unwrap_or_default();
        std::env::split_paths(&path).any(|folder| folder.join(program).exists())
    };
    let writers: Vec<_> =
        WRITERS.into_iter().filter(|(name, _)| !OPTIONAL.contains(name) || is_there(name)).collect();
    let mut runs = vec![Vec::new(); writers.len()];
    for _ in 0..rounds {
        for ((_, write), runs) in writers.iter().zip(&mut runs) {
            if is_device(target) {
                // Nobody's stick, so that the one that probes does.
                run(Command::new("dd")
                    .args(["if=/dev/zero", "bs=1M", "count=2", "oflag=direct", "status=none"])
                    .arg(format!("of={}", target.display())));
            }
            runs.push(write(image, target));
        }
    }
    println!("{what}, an image of {mib} MiB, median of {rounds} runs each");
    let runs: Vec<Run> = runs.into_iter().map(median).collect();
    for ((name, _), run) in writers.iter().zip(&runs) {
        let (ratio, peak) = (runs[0].seconds / run.seconds, run.peak_kib);
        println!("  {name:<15} {:8.3} s, ramkey takes {ratio:.2} of it, peak {peak} KiB", run.seconds);
    }
}

fn median(mut runs: Vec<Run>) -> Run {
    runs.sort_by(|a, b| a.seconds.total_cmp(&b.seconds));
    let peak_kib = runs.iter().map(|run| run.peak_kib).max().unwrap_or(0);
    Run { peak_kib, ..runs[runs.len() / 2] }
}

/// Writes the stick, reads it back and compares it: a stick that ramkey wrote before.
fn ramkey(image: &Path, target: &Path) -> Run {
    ramkey_with(image, target, &["--no-probe"])
}

/// The same where nobody knows whether the stick has what it claims.
fn ramkey_probing(image: &Path, target: &Path) -> Run {
    ramkey_with(image, target, &[])
}

fn ramkey_with(image: &Path, target: &Path, options: &[&str]) -> Run {
    let mut command = Command::new(env!("CARGO_BIN_EXE_ramkey"));
    command.arg("write").arg(image).arg("--to").arg(target).args(["--kind", "hdd", "--yes"]);
    command.args(["--compress", "none", "--no-trim"]).args(options);
    if is_device(target) {
        return run(&mut command);
    }
    // An error means that it is not there yet.
    let _ = fs::remove_file(target);
    let len = fs::metadata(image).expect("the image").len() + (ROOM_MIB << 20);
    run(command.args(["--size", &len.to_string()]))
}

/// Writes the image past the cache as `ramkey write` does, and hashes the image and what was written.
fn dd_and_b3sum(image: &Path, target: &Path) -> Run {
    let into = |target: &Path| format!("of={}", target.display());
    let from = |source: &Path| format!("if={}", source.display());
    if !is_device(target) {
        let _ = fs::remove_file(target);
    }
    let mut dd = Command::new("dd");
    dd.args([from(image), into(target)]).args(["bs=4M", "oflag=direct", "conv=fsync", "status=none"]);
    let write = run(&mut dd);
    let mut prove = Command::new("sh");
    let script = r#"b3sum "$0"; dd if="$1" bs=4M count="$2" iflag=direct,count_bytes status=none | b3sum"#;
    let len = fs::metadata(image).expect("the image").len();
    let prove = run(prove.args(["-c", script]).arg(image).arg(target).arg(len.to_string()));
    Run { seconds: write.seconds + prove.seconds, peak_kib: write.peak_kib.max(prove.peak_kib) }
}

fn caligula(image: &Path, target: &Path) -> Run {
    let mut command = Command::new("caligula");
    command.arg("burn").arg(image).arg("-o").arg(target);
    run(command.args(["-z", "none", "-s", "none", "-f", "--interactive", "never", "--root", "never"]))
}

fn bmaptool(image: &Path, target: &Path) -> Run {
    run(Command::new("bmaptool").args(["copy", "--nobmap"]).arg(image).arg(target))
}

fn is_device(path: &Path) -> bool {
    path.starts_with("/dev")
}

/// Runs a command to its end, looking at its memory meanwhile.
fn run(command: &mut Command) -> Run {
    let started = Instant::now();
    let child = command.stdout(Stdio::null()).stderr(Stdio::null()).spawn();
    let mut child =
        child.unwrap_or_else(|error| panic!("{command:?}: {error}; `cargo xtask tools` installs it"));
    let status_file = format!("/proc/{}/status", child.id());
    let mut peak_kib = 0;
    loop {
        if let Some(status) = child.try_wait().expect("waiting") {
            assert!(status.success(), "{command:?}: {status}");
            return Run { seconds: started.elapsed().as_secs_f64(), peak_kib };
        }
        let text = fs::read_to_string(&status_file).unwrap_or_default();
        let peak = text.lines().find_map(|line| line.strip_prefix("VmHWM:"));
        let peak = peak.and_then(|line| line.split_whitespace().next()).and_then(|kib| kib.parse().ok());
        peak_kib = peak_kib.max(peak.unwrap_or(0));
        std::thread::sleep(Duration::from_millis(2));
    }
}

fn make_image(path: &Path, mib: u64) {
    let mut file = std::io::BufWriter::new(fs::File::create(path).expect("making the image"));
    let mut number: u64 = 1;
    for _ in 0..(mib << 20) / 8 {
        number = number.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        file.write_all(&(number >> 11).to_le_bytes()).expect("writing the image");
    }
    file.flush().expect("writing the image");
}
