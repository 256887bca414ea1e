//! A stick whose image was replaced in its place boots the new one, from many places of its file.

use std::fs;
use std::path::Path;
use std::process::Command;

use ramkey::emulator::{Controller, Machine, Port, Stick};
use ramkey_format::markers::PROVEN;

use super::harness::{DEADLINE, Geometry, Running, disk, file, scratch};
use super::sticks;

const DISK: Geometry = Geometry::new(6, 16, 63);

/// The guest in an image of 3 MiB, of which every third piece of 64 KiB depends on `seed`.
fn image(seed: u64) -> Vec<u8> {
    let mut image = disk("idle", DISK, DISK.sectors(), &[]);
    for (number, piece) in image.chunks_mut(1 << 16).enumerate().skip(8).step_by(3) {
        let line = format!("{seed} in piece {number} of the image, ");
        piece.iter_mut().zip(line.bytes().cycle()).for_each(|(byte, letter)| *byte = letter);
    }
    image
}

fn reflash(image: &Path, stick: &Path) -> String {
    let image = image.to_str().expect("text");
    changed(&["reflash", image, "--to", stick.to_str().expect("text"), "--kind", "hdd", "--chs", "6/16/63"])
}

fn changed(arguments: &[&str]) -> String {
    let mut ramkey = Command::new(env!("CARGO_BIN_EXE_ramkey"));
    let output = ramkey.args(arguments).output().expect("running ramkey");
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    String::from_utf8_lossy(&output.stdout).into_owned()
}

#[test]
fn a_replaced_image_boots_and_so_does_its_successor() {
    let folder = scratch();
    let first = file(folder.path(), "guest.img", &image(1));
    let options = ["--kind", "hdd", "--chs", "6/16/63", "--no-trim", "--size", "32M"];
    let stick = sticks::ramkey(folder.path(), &[&first], &options);
    for seed in [2, 3] {
        let bytes = image(seed);
        let new = file(folder.path(), "new.img", &bytes);
        let told = reflash(&new, &stick);
        assert!(told.contains("boots the new image"), "{told}");
        let mut running = Running::start(&Machine::new(Stick::new(&stick, Port::Usb(Controller::Ehci))));
        let start = &blake3::hash(&bytes).to_hex()[..16];
        running.wait_text(&format!("{PROVEN}: BLAKE3 {start}"), DEADLINE);
        running.pull_and_boot();
        running.wait_text("IDLE", DEADLINE);
    }
    fs::remove_file(&stick).expect("removing the stick");
}

#[test]
fn an_image_that_was_added_boots_when_the_one_before_it_is_gone() {
    let folder = scratch();
    let first = file(folder.path(), "first.img", &image(1));
    let options = ["--kind", "hdd", "--chs", "6/16/63", "--no-trim", "--size", "32M"];
    let stick = sticks::ramkey(folder.path(), &[&first], &options);
    let bytes = image(2);
    let second = file(folder.path(), "second.img", &bytes);
    let (second, to) = (second.to_str().expect("text"), stick.to_str().expect("text"));
    let told = changed(&["add", second, "--to", to, "--kind", "hdd", "--chs", "6/16/63", "--no-trim"]);
    assert!(told.contains("boots it from RAM, too"), "{told}");
    let told = changed(&["remove", "first", "--from", to]);
    assert!(told.contains("it is gone"), "{told}");
    let mut running = Running::start(&Machine::new(Stick::new(&stick, Port::Usb(Controller::Ehci))));
    let start = &blake3::hash(&bytes).to_hex()[..16];
    running.wait_text(&format!("{PROVEN}: BLAKE3 {start}"), DEADLINE);
    running.pull_and_boot();
    running.wait_text("IDLE", DEADLINE);
    fs::remove_file(&stick).expect("removing the stick");
}
