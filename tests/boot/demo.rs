//! What a newcomer runs first: `ramkey demo` and `ramkey boot`, and what they say without QEMU.

use std::path::Path;
use std::process::{Command, Output};

use ramkey::emulator::{Controller, Machine, Port, Stick, demo_image};
use ramkey_format::markers::{DEMO_FAIL, DEMO_PASS, DEMO_WAITS};

use super::harness::{DEADLINE, Running, file, scratch, take_slot};
use super::sticks;

pub fn ramkey(arguments: &[&str], path: Option<&Path>) -> (Output, String) {
    let mut command = Command::new(env!("CARGO_BIN_EXE_ramkey"));
    command.args(arguments).env_remove("DISPLAY").env_remove("WAYLAND_DISPLAY");
    if let Some(path) = path {
        command.env("PATH", path);
    }
    let output = command.output().expect("running ramkey");
    let text =
        format!("{}{}", String::from_utf8_lossy(&output.stdout), String::from_utf8_lossy(&output.stderr));
    (output, text)
}

#[test]
fn the_demo_reports_success_after_its_stick_is_gone() {
    let _slot = take_slot();
    let (output, text) = ramkey(&["demo", "--headless"], None);
    assert_eq!(output.status.code(), Some(0), "{text}");
    let pulled = text.find("pulled    the stick is gone").expect("the stick was not pulled");
    let passed = text.find(DEMO_PASS).expect("the system did not report success");
    assert!(pulled < passed, "{text}");
}

#[test]
fn without_qemu_the_demo_verifies_and_says_how_to_install_it() {
    let empty = scratch();
    let (output, text) = ramkey(&["demo"], Some(empty.path()));
    assert_eq!(output.status.code(), Some(0), "{text}");
    assert!(text.contains("verified  every byte of the stick"), "{text}");
    assert!(text.contains("not booted: qemu-system-x86_64 is not installed"), "{text}");
    assert!(text.contains("apt-get install qemu-system-x86"), "{text}");
    let (output, text) = ramkey(&["demo", "--headless"], Some(empty.path()));
    assert_eq!(output.status.code(), Some(1), "{text}");
    assert!(text.contains("help: install QEMU"), "{text}");
}

#[test]
fn the_demo_image_notices_a_wrong_byte_of_its_disk() {
    let folder = scratch();
    let mut image = demo_image();
    let at = image.len() - 700;
    image[at] ^= 0x10;
    let image = file(folder.path(), "demo.img", &image);
    let stick = sticks::ramkey(folder.path(), &[&image], &[]);
    let mut running = Running::start(&Machine::new(Stick::new(stick, Port::Usb(Controller::Xhci))));
    running.pull_and_boot();
    running.wait_text(DEMO_WAITS, DEADLINE);
    running.press(&["ret"]);
    running.wait_text(&format!("{DEMO_FAIL}: every other sector by cylinder, head and sector"), DEADLINE);
    let evidence = running.evidence();
    assert!(!evidence.serial.contains(DEMO_PASS), "{evidence}");
}
