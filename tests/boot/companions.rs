//! Entries of several drives: what belongs together is loaded together, or nothing is.

use std::fs;
use std::path::{Path, PathBuf};
use std::time::Duration;

use ramkey::emulator::{Controller, Machine, Port, Stick};

use super::harness::{DEADLINE, Geometry, PROVEN, Running, disk, file, scratch, tool};
use super::sticks;

/// How long a stopped machine is watched for anything that would boot after all.
const WATCH: Duration = Duration::from_secs(2);
const DISK: Geometry = Geometry::new(1, 16, 63);
const OPTIONS: [&str; 10] =
    ["--kind", "hdd", "--chs", "1/16/63", "--size", "32M", "--timeout", "off", "--title", "Idle"];

fn idle(folder: &Path) -> PathBuf {
    file(folder, "idle.img", &disk("idle", DISK, DISK.sectors(), &[]))
}

fn volume(stick: &Path) -> String {
    format!("{}@@1M", stick.display())
}

/// A stick with an idle disk, and a companion of `mib` MiB whose bytes are all `byte`.
fn stick(folder: &Path, mib: usize, byte: u8) -> PathBuf {
    let image = idle(folder);
    let data = file(folder, "data.img", &vec![byte; mib << 20]);
    let with = format!("80h:{}", data.display());
    let mut options = OPTIONS.to_vec();
    // So that the bytes of the image can be found on the stick.
    options.extend(["--with", &with, "--compress", "none"]);
    sticks::ramkey(folder, &[&image], &options)
}

fn machine(stick: &Path, ram_mib: u32) -> Machine {
    let mut machine = Machine::new(Stick::new(stick, Port::Usb(Controller::Xhci)));
    machine.ram_mib = ram_mib;
    machine
}

fn stops(machine: &Machine, texts: &[&str]) {
    let mut running = Running::start(machine);
    for text in texts {
        running.wait_screen(text, DEADLINE);
    }
    std::thread::sleep(WATCH);
    let console = running.evidence().console;
    assert!(!console.contains("IDLE"), "it booted all the same\n{console}");
}

#[test]
fn all_drives_of_an_entry_are_loaded_and_proven() {
    let folder = scratch();
    let stick = stick(folder.path(), 3, 0xD1);
    let mut running = Running::start(&machine(&stick, 64));
    running.wait_text("IDLE", DEADLINE);
    let console = running.evidence().console;
    assert!(console.contains("2 images belong together and need 5 MB."), "{console}");
    assert_eq!(console.matches("In memory and proven: BLAKE3 ").count(), 2, "{console}");
    assert_eq!(console.matches(PROVEN).count(), 1, "{console}");
}

#[test]
fn an_entry_whose_companion_was_deleted_says_which() {
    let folder = scratch();
    let stick = stick(folder.path(), 3, 0xD1);
    tool("mdel", &["-i", &volume(&stick), "::RAMKEY/DATA.RKC"]);
    stops(&machine(&stick, 64), &["ramkey E48", "DATA    .RKC"]);
}

#[test]
fn a_companion_of_the_same_name_with_another_image_is_not_taken() {
    let (folder, other_folder) = (scratch(), scratch());
    let this = stick(folder.path(), 3, 0xD1);
    let other = stick(other_folder.path(), 3, 0xA5);
    let capsule = folder.path().join("taken.rkc").display().to_string();
    tool("mcopy", &["-n", "-i", &volume(&other), "::RAMKEY/DATA.RKC", &capsule]);
    tool("mcopy", &["-o", "-i", &volume(&this), &capsule, "::RAMKEY/DATA.RKC"]);
    stops(&machine(&this, 64), &["ramkey E48"]);
    // And its own is taken again when it is back.
    let own = stick(folder.path(), 3, 0xD1);
    tool("mcopy", &["-n", "-o", "-i", &volume(&own), "::RAMKEY/DATA.RKC", &capsule]);
    Running::start(&machine(&own, 64)).wait_text("IDLE", DEADLINE);
}

#[test]
fn a_wrong_bit_of_a_companion_stops_the_boot() {
    let folder = scratch();
    let stick = stick(folder.path(), 3, 0xD1);
    let mut bytes = fs::read(&stick).expect("the stick");
    let run = bytes.windows(1 << 16).position(|window| window.iter().all(|&byte| byte == 0xD1));
    bytes[run.expect("the companion's data") + 777] ^= 0x10;
    fs::write(&stick, bytes).expect("writing the stick");
    stops(&machine(&stick, 64), &["ramkey E46", "LBA "]);
}

#[test]
fn memory_is_counted_for_all_drives_together() {
    let folder = scratch();
    // Each alone fits a machine of 8 MB, both together do not.
    let stick = stick(folder.path(), 6, 0xD1);
    stops(&machine(&stick, 8), &["ramkey E22", "Idle needs 8 MB."]);
    Running::start(&machine(&stick, 12)).wait_text("IDLE", DEADLINE);
}

#[test]
fn the_menu_shows_entries_and_no_companions() {
    let folder = scratch();
    let image = idle(folder.path());
    let data = file(folder.path(), "data.img", &vec![0xD1; 3 << 20]);
    let with = format!("80h:{}", data.display());
    let mut options = OPTIONS.to_vec();
    options.extend(["--title", "Other", "--with", &with, "--menu-timeout", "0"]);
    let stick = sticks::ramkey(folder.path(), &[&image, &image], &options);
    let mut running = Running::start(&machine(&stick, 64));
    running.wait_screen("Idle", DEADLINE);
    running.wait_screen("   5 MB", DEADLINE);
    running.wait_screen("Other", DEADLINE);
    let menu = running.evidence().screen;
    assert!(!menu.to_lowercase().contains("data"), "{menu}");
    // C changes how INT 13h copies, and the menu says so.
    running.press(&["c"]);
    running.wait_screen("INT 13h copies: direct.", DEADLINE);
    running.press(&["c"]);
    running.wait_screen("INT 13h copies: INT 15h.", DEADLINE);
    running.press(&["2"]);
    running.wait_text("IDLE", DEADLINE);
}

#[test]
fn the_menu_does_not_boot_an_entry_whose_companion_is_missing() {
    let folder = scratch();
    let image = idle(folder.path());
    let data = file(folder.path(), "data.img", &vec![0xD1; 3 << 20]);
    let with = format!("80h:{}", data.display());
    let mut options = OPTIONS.to_vec();
    options.extend(["--title", "Other", "--with", &with, "--menu-timeout", "1"]);
    let stick = sticks::ramkey(folder.path(), &[&image, &image], &options);
    tool("mdel", &["-i", &volume(&stick), "::RAMKEY/DATA.RKC"]);
    // Neither entry can be booted: the first one says why, and no countdown starts it.
    stops(&machine(&stick, 64), &["ramkey E48", "DATA    .RKC"]);
}
