//! Ten sticks at once beside the slowest of them alone: `ramkey write --to A --to B ...` on throttled devices.
//!
//! `cargo bench --bench many -- [--sticks N] [--mib N] [--rounds N]`, as root. The first stick writes 5 MB/s, the others 8 MB/s. The
//! image is not packed, which is done once and before. It prints seconds, their ratio, and the most memory that the process had.

#[allow(dead_code, reason = "the tests need more of it")]
mod frames;

use std::fs;
use std::path::Path;
use std::process::{Command, Stdio};
use std::time::{Duration, Instant};

use frames::bad_stick::{BadStick, Faults};

/// Bytes of a stick beside its image.
const ROOM_MIB: u64 = 16;
/// Bytes a second of the slowest stick, and of the others.
const SLOWEST: u64 = 5_000_000;
const OTHERS: u64 = 8_000_000;
/// At most so much of the time of the slowest alone, and so much memory in KiB: for all, and for each stick.
const RATIO: f64 = 1.1;
const PEAK_KIB: u64 = 32 << 10;
const PEAK_KIB_EACH: u64 = 4 << 10;

fn main() {
    let (mut sticks, mut mib, mut rounds) = (10, 24, 3);
    let mut arguments = std::env::args().skip(1);
    while let Some(argument) = arguments.next() {
        let mut number = || arguments.next().and_then(|text| text.parse().ok()).expect("a number");
        match argument.as_str() {
            "--bench" => {}
            "--sticks" => sticks = number(),
            "--mib" => mib = number(),
            "--rounds" => rounds = number(),
            _ => panic!("--sticks N, --mib N, --rounds N"),
        }
    }
    let folder = tempfile::tempdir_in(env!("CARGO_TARGET_TMPDIR")).expect("a folder");
    let image = folder.path().join("image.img");
    let mut bytes = vec![0; (mib << 20) as usize];
    blake3::Hasher::new().update(b"many").finalize_xof().fill(&mut bytes);
    fs::write(&image, bytes).expect("making the image");
    let devices: Vec<BadStick> = (0..sticks)
        .map(|number| {
            let file = folder.path().join(format!("stick{number}.img"));
            let made = fs::File::create(&file).and_then(|file| file.set_len((mib + ROOM_MIB) << 20));
            made.expect("making a stick");
            let rate = Some(if number == 0 { SLOWEST } else { OTHERS });
            BadStick::new(&file, &Faults { rate, ..Faults::default() }).expect("a throttled device")
        })
        .collect();
    let nodes: Vec<&Path> = devices.iter().map(BadStick::node).collect();
    let (mut alone, mut at_once) = (Vec::new(), Vec::new());
    let mut peak_kib = 0;
    for _ in 0..rounds {
        alone.push(write(&image, &nodes[..1], &mut 0));
        at_once.push(write(&image, &nodes, &mut peak_kib));
    }
    let (alone, at_once) = (median(alone), median(at_once));
    let limit = PEAK_KIB + PEAK_KIB_EACH * sticks;
    println!("image of {mib} MiB, median of {rounds} runs each");
    println!("the slowest alone  {alone:8.2} s");
    println!("{sticks:2} sticks at once  {at_once:8.2} s");
    let ratio = at_once / alone;
    println!("ratio              {ratio:8.3}, at most {RATIO}: {}", verdict(ratio <= RATIO));
    println!("peak               {peak_kib:8} KiB, at most {limit}: {}", verdict(peak_kib <= limit));
}

fn verdict(is_met: bool) -> &'static str {
    if is_met { "met" } else { "MISSED" }
}

fn median(mut seconds: Vec<f64>) -> f64 {
    seconds.sort_by(f64::total_cmp);
    seconds[seconds.len() / 2]
}

/// Writes the image to these devices; how many seconds that took, and the most memory that the process had.
fn write(image: &Path, nodes: &[&Path], peak_kib: &mut u64) -> f64 {
    let mut command = Command::new(env!("CARGO_BIN_EXE_ramkey"));
    command.arg("write").arg(image).args(["--kind", "hdd", "--compress", "none", "--yes"]);
    for node in nodes {
        command.arg("--to").arg(node);
    }
    let started = Instant::now();
    let mut child = command.stdout(Stdio::null()).stderr(Stdio::null()).spawn().expect("running ramkey");
    let status_file = format!("/proc/{}/status", child.id());
    loop {
        if let Some(status) = child.try_wait().expect("waiting") {
            assert!(status.success(), "{command:?}: {status}");
            return started.elapsed().as_secs_f64();
        }
        let text = fs::read_to_string(&status_file).unwrap_or_default();
        let peak = text.lines().find_map(|line| line.strip_prefix("VmHWM:"));
        let peak = peak.and_then(|line| line.split_whitespace().next()).and_then(|kib| kib.parse().ok());
        *peak_kib = peak.unwrap_or(0).max(*peak_kib);
        std::thread::sleep(Duration::from_millis(2));
    }
}
