//! A disc image boots from the stick that it was copied to, and is the disc that it was.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use ramkey::emulator::{CdBus, Controller, Machine, Port, Stick, demo_image};
use ramkey_format::markers::{DEMO_PASS, DEMO_WAITS};

use super::harness::{DEADLINE, Running, file, scratch};

/// What the loader says behind the proof.
const ASKS: &str = "Press a key to start.";

fn ramkey(arguments: &[&str]) {
    let output = Command::new(env!("CARGO_BIN_EXE_ramkey")).args(arguments).output().expect("running ramkey");
    assert!(output.status.success(), "{arguments:?}: {}", String::from_utf8_lossy(&output.stderr));
}

/// A disc image with the demo's image on it, which waits for a key before it boots that.
fn disc(folder: &Path) -> PathBuf {
    let (image, disc) = (file(folder, "demo.img", &demo_image()), folder.join("disc.iso"));
    let words = [image.display().to_string(), disc.display().to_string()];
    ramkey(&["disc", &words[0], "--to", &words[1], "--timeout", "0"]);
    disc
}

#[test]
fn a_copy_of_a_disc_boots_from_usb_and_needs_the_stick_no_more() {
    let folder = scratch();
    let (disc, stick) = (disc(folder.path()), folder.path().join("stick.img"));
    // What a stick held before: nothing that boots may be left of it.
    fs::write(&stick, vec![0xD1; 64 << 20]).expect("the stick");
    let words = [disc.display().to_string(), stick.display().to_string()];
    ramkey(&["write", &words[0], "--to", &words[1], "--yes"]);
    for controller in [Controller::Xhci, Controller::Uhci] {
        println!("{controller:?}");
        let mut machine = Running::start(&Machine::new(Stick::new(&stick, Port::Usb(controller))));
        machine.pull_and_boot();
        machine.wait_text(DEMO_WAITS, DEADLINE);
        machine.press(&["ret"]);
        machine.wait_text(DEMO_PASS, DEADLINE);
    }
}

#[test]
fn the_image_that_is_copied_boots_as_a_cd() {
    let folder = scratch();
    let disc = disc(folder.path());
    for bus in [CdBus::Ide, CdBus::Usb(Controller::Xhci)] {
        println!("{bus:?}");
        let mut machine = Running::start(&Machine::new(Stick::new(&disc, Port::Cd(bus))));
        // A key that comes before the loader asks for one is none.
        machine.wait_text(ASKS, DEADLINE);
        machine.press(&["ret"]);
        machine.wait_text(DEMO_WAITS, DEADLINE);
        machine.press(&["ret"]);
        machine.wait_text(DEMO_PASS, DEADLINE);
    }
}
