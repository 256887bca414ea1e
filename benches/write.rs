//! Writing and proving a stick: ramkey beside `dd`, which writes, and `b3sum`, which proves.
//!
//! Both put the same image into a file, in turns. `cargo bench --bench write -- [--rounds N] [--mib N]`.

use std::fs;
use std::io::Write;
use std::path::Path;
use std::process::{Command, Stdio};
use std::time::{Duration, Instant};

/// Bytes of a stick beside its image.
const ROOM_MIB: u64 = 16;

/// What one run took.
#[derive(Clone, Copy)]
struct Run {
    seconds: f64,
    /// Most memory that the process had at once, in KiB.
    peak_kib: u64,
}

fn main() {
    let (mut rounds, mut mib) = (5, 256);
    let mut arguments = std::env::args().skip(1);
    while let Some(argument) = arguments.next() {
        let mut number = || arguments.next().and_then(|text| text.parse().ok()).expect("a number");
        match argument.as_str() {
            "--bench" => {}
            "--rounds" => rounds = number(),
            "--mib" => mib = number(),
            _ => panic!("--rounds N, --mib N"),
        }
    }
    let folder = tempfile::tempdir_in(env!("CARGO_TARGET_TMPDIR")).expect("a folder");
    let image = folder.path().join("image.img");
    make_image(&image, mib);
    let (mut ours, mut packed, mut theirs) = (Vec::new(), Vec::new(), Vec::new());
    for _ in 0..rounds {
        ours.push(ramkey(folder.path(), &image, mib, &["--compress", "none", "--no-trim"]));
        theirs.push(dd_and_b3sum(folder.path(), &image));
        packed.push(ramkey(folder.path(), &image, mib, &[]));
    }
    let (ours, packed, theirs) = (median(ours), median(packed), median(theirs));
    let rate = |run: Run| mib as f64 / run.seconds;
    println!("image of {mib} MiB, median of {rounds} runs each");
    println!("ramkey write       {:8.0} MiB/s, peak {} KiB", rate(ours), ours.peak_kib);
    println!("dd and b3sum       {:8.0} MiB/s", rate(theirs));
    println!("packed, as usual   {:8.0} MiB/s, peak {} KiB", rate(packed), packed.peak_kib);
    println!("ramkey / dd, b3sum {:8.2}", rate(ours) / rate(theirs));
}

fn median(mut runs: Vec<Run>) -> Run {
    runs.sort_by(|a, b| a.seconds.total_cmp(&b.seconds));
    let peak_kib = runs.iter().map(|run| run.peak_kib).max().unwrap_or(0);
    Run { peak_kib, ..runs[runs.len() / 2] }
}

/// Writes the stick, reads it back and compares it: what `ramkey write` does. `dd` packs nothing, so the race is with `--compress none`.
fn ramkey(folder: &Path, image: &Path, mib: u64, options: &[&str]) -> Run {
    let stick = folder.join("ramkey.img");
    // An error means that it is not there yet.
    let _ = fs::remove_file(&stick);
    let size = format!("{}M", mib + ROOM_MIB);
    let mut command = Command::new(env!("CARGO_BIN_EXE_ramkey"));
    command.arg("write").arg(image).arg("--to").arg(&stick).args(["--kind", "hdd", "--yes", "--size", &size]);
    run(command.args(options))
}

/// Writes the image past the cache as `ramkey write` does, and hashes the image and what was written.
fn dd_and_b3sum(folder: &Path, image: &Path) -> Run {
    let copy = folder.join("dd.img");
    let _ = fs::remove_file(&copy);
    let mut dd = Command::new("dd");
    dd.arg(format!("if={}", image.display())).arg(format!("of={}", copy.display()));
    let write = run(dd.args(["bs=4M", "oflag=direct", "conv=fsync", "status=none"]));
    let prove = run(Command::new("b3sum").arg(image).arg(&copy));
    Run { seconds: write.seconds + prove.seconds, peak_kib: 0 }
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
