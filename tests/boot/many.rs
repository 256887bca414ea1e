//! Sticks that were written at the same time boot, also where one of them failed.

use std::fs;
use std::process::{Command, Stdio};

use ramkey::emulator::{Controller, Machine, Port, Stick};
use ramkey_format::markers::PROVEN;

use super::harness::{DEADLINE, Geometry, Running, disk, file, scratch};

const DISK: Geometry = Geometry::new(6, 16, 63);

#[test]
fn of_sticks_that_were_written_at_once_those_that_are_done_boot() {
    let folder = scratch();
    let bytes = disk("idle", DISK, DISK.sectors(), &[]);
    file(folder.path(), "guest.img", &bytes);
    for (name, len) in [("a.img", 16 << 20), ("fails.img", 64 << 20), ("b.img", 20 << 20)] {
        file(folder.path(), name, &vec![0xD1; len]);
    }
    // No file may be longer than 24 MiB, so the end of one of them cannot be written.
    let ramkey = env!("CARGO_BIN_EXE_ramkey");
    let targets = "--to a.img --to fails.img --to b.img";
    let options = "--kind hdd --chs 6/16/63 --timeout 0 --layout gpt --yes";
    let script = format!("ulimit -f {}; exec '{ramkey}' write guest.img {options} {targets}", 24 << 10);
    let mut shell = Command::new("bash");
    let output = shell.args(["-c", &script]).current_dir(folder.path()).stdin(Stdio::null()).output();
    let output = output.expect("running ramkey");
    let told =
        String::from_utf8_lossy(&output.stdout).into_owned() + &String::from_utf8_lossy(&output.stderr);
    assert_eq!(output.status.code(), Some(5), "{told}");
    assert!(told.contains("fails.img: will not boot\n"), "{told}");

    for name in ["a.img", "b.img"] {
        assert!(told.contains(&format!("{name}: done\n")), "{told}");
        let stick = folder.path().join(name);
        let mut running = Running::start(&Machine::new(Stick::new(&stick, Port::Usb(Controller::Ehci))));
        let start = &blake3::hash(&bytes).to_hex()[..16];
        running.wait_text(&format!("{PROVEN}: BLAKE3 {start}"), DEADLINE);
        running.pull_and_boot();
        running.wait_text("IDLE", DEADLINE);
    }
    let failed = fs::read(folder.path().join("fails.img")).expect("reading the third stick");
    assert!(failed[..512] == [0; 512], "it boots and is not proven");
}
