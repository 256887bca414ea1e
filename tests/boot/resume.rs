//! A write that was killed goes on, and the stick boots.

use std::fs::{self, File};
use std::os::unix::fs::FileExt;
use std::path::Path;
use std::process::{Command, Stdio};

use ramkey::emulator::{Controller, Machine, Port, Stick};
use ramkey_format::markers::PROVEN;
use rustix::process::{Pid, Signal, kill_process};

use super::harness::{DEADLINE, Geometry, Running, disk, file, scratch};

const DISK: Geometry = Geometry::new(16, 16, 63);
/// What the stick holds before.
const POISON: u8 = 0xD1;

fn ramkey(image: &Path, stick: &Path, option: &str) -> Command {
    let mut ramkey = Command::new(env!("CARGO_BIN_EXE_ramkey"));
    ramkey.arg("write").arg(image).arg("--to").arg(stick).arg(option);
    ramkey.args(["--kind", "hdd", "--chs", "16/16/63", "--compress", "none", "--timeout", "0"]);
    ramkey.stdin(Stdio::null()).stdout(Stdio::null());
    ramkey
}

/// Kills the write when the image is being written; whether the stick was not finished then.
fn is_cut(image: &Path, stick: &Path) -> bool {
    fs::write(stick, vec![POISON; 32 << 20]).expect("making a stick");
    let mut child = ramkey(image, stick, "--yes").spawn().expect("running ramkey");
    let bytes = File::open(stick).expect("opening the stick");
    let sector = |offset: u64| {
        let mut sector = [0; 512];
        bytes.read_exact_at(&mut sector, offset).expect("reading the stick");
        sector
    };
    while child.try_wait().expect("asking for the process").is_none() {
        if sector(3 << 20) != [POISON; 512] {
            let pid = Pid::from_raw(child.id().try_into().expect("a number")).expect("a process");
            kill_process(pid, Signal::KILL).expect("killing our process");
            break;
        }
    }
    child.wait().expect("the end of the process");
    sector(0) == [0; 512]
}

#[test]
fn a_stick_whose_write_was_killed_boots_when_it_went_on() {
    let folder = scratch();
    let mut bytes = disk("idle", DISK, DISK.sectors(), &[]);
    for (number, piece) in bytes.chunks_mut(1 << 16).enumerate().skip(8).step_by(3) {
        let line = format!("piece {number} of the image, ");
        piece.iter_mut().zip(line.bytes().cycle()).for_each(|(byte, letter)| *byte = letter);
    }
    let image = file(folder.path(), "guest.img", &bytes);
    let stick = folder.path().join("stick.img");
    assert!((0..16).any(|_| is_cut(&image, &stick)), "no kill came before the end");

    let output = ramkey(&image, &stick, "--resume").stdout(Stdio::piped()).output().expect("running ramkey");
    let told = String::from_utf8_lossy(&output.stdout).into_owned();
    assert!(output.status.success() && told.contains(" were there already; "), "{told}");
    let mut running = Running::start(&Machine::new(Stick::new(&stick, Port::Usb(Controller::Ehci))));
    let start = &blake3::hash(&bytes).to_hex()[..16];
    running.wait_text(&format!("{PROVEN}: BLAKE3 {start}"), DEADLINE);
    running.pull_and_boot();
    running.wait_text("IDLE", DEADLINE);
}
