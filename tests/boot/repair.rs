//! A stick that was repaired boots, and so does one of another version that got this boot code.

use std::fs;
use std::path::Path;
use std::process::Command;

use ramkey::emulator::{Controller, Machine, Port, Stick};
use ramkey_format::markers::PROVEN;
use ramkey_format::memory::{BOOT_LBA, PARTITION_LBA};

use super::foreign::foreign;
use super::harness::{DEADLINE, Geometry, Running, disk, file, scratch};
use super::sticks;

const DISK: Geometry = Geometry::new(6, 16, 63);
const OPTIONS: [&str; 6] = ["--kind", "hdd", "--chs", "6/16/63", "--size", "32M"];

fn ramkey(arguments: &[&str]) -> String {
    let output = Command::new(env!("CARGO_BIN_EXE_ramkey")).args(arguments).output().expect("running ramkey");
    assert!(output.status.success(), "{arguments:?}: {}", String::from_utf8_lossy(&output.stderr));
    String::from_utf8_lossy(&output.stdout).into_owned()
}

fn boots(stick: &Path, image: &[u8]) {
    let mut running = Running::start(&Machine::new(Stick::new(stick, Port::Usb(Controller::Ehci))));
    let start = &blake3::hash(image).to_hex()[..16];
    running.wait_text(&format!("{PROVEN}: BLAKE3 {start}"), DEADLINE);
    running.pull_and_boot();
    running.wait_text("IDLE", DEADLINE);
}

#[test]
fn a_stick_with_faults_everywhere_boots_when_it_was_repaired() {
    let folder = scratch();
    let image = disk("idle", DISK, DISK.sectors(), &[]);
    let first = file(folder.path(), "guest.img", &image);
    let stick = sticks::ramkey(folder.path(), &[&first], &OPTIONS);
    let mut bytes = fs::read(&stick).expect("the stick");
    let before = bytes.clone();
    let capsule = bytes.chunks(512).position(|sector| sector.starts_with(b"RAMKEYRC")).expect("a capsule");
    let boot = BOOT_LBA as usize;
    for lba in [0, 1, boot, boot + 5, boot + 40, PARTITION_LBA as usize, PARTITION_LBA as usize + boot, 4160]
    {
        bytes[lba * 512 + 20..lba * 512 + 400].fill(0xD1);
    }
    bytes[(capsule + 1) * 512 + 100..(capsule + 3) * 512].fill(0xD1);
    bytes[capsule * 512 + 70] ^= 2;
    fs::write(&stick, &bytes).expect("writing the stick");
    let text = |path: &Path| path.display().to_string();
    ramkey(&["verify", &text(&stick), "--repair", &text(&first)]);
    assert!(fs::read(&stick).expect("the stick") == before, "it is not as it was");
    boots(&stick, &image);
    fs::remove_file(&stick).expect("removing the stick");
}

#[test]
fn a_stick_of_another_version_boots_and_boots_with_this_boot_code() {
    let folder = scratch();
    let image = disk("idle", DISK, DISK.sectors(), &[]);
    let first = file(folder.path(), "guest.img", &image);
    let stick = sticks::ramkey(folder.path(), &[&first], &OPTIONS);
    let mut bytes = fs::read(&stick).expect("the stick");
    foreign(&mut bytes);
    fs::write(&stick, &bytes).expect("writing the stick");
    boots(&stick, &image);
    let told = ramkey(&["update", &stick.display().to_string()]);
    assert!(told.contains("has the boot code of this ramkey"), "{told}");
    boots(&stick, &image);
    let told = ramkey(&["update", &stick.display().to_string()]);
    assert!(told.contains("nothing was written"), "{told}");
    ramkey(&["verify", "--strict", &stick.display().to_string()]);
    fs::remove_file(&stick).expect("removing the stick");
}
