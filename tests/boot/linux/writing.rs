//! A stick is written, verified and reflashed by the real driver of each controller, and boots.

use ramkey::emulator::Controller;

use super::guest::Guest;
use super::stick::{KIND, Key, boots, image};

/// What is done after the first image was written.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Then {
    /// It is booted.
    Boot,
    /// It is exchanged for another, and that is booted.
    Reflash,
}

/// Writes an image and reads it back, by name of the stick that `list` shows; boots what was written last.
fn written(controller: Controller, then: Then) {
    let images = [image(1), image(2)];
    let mut guest = Guest::start(controller, &[("one.img", &images[0]), ("two.img", &images[1])]);
    let folder = tempfile::tempdir().expect("a folder for the stick");
    let key = Key::new(folder.path(), "RK0815", 2);
    let node = guest.plug(&key);

    let list = guest.json("list", 0);
    let stick = &list["sticks"][0];
    assert_eq!(stick["node"], node.as_str(), "{list}");
    assert_eq!(stick["serial"], "RK0815", "{list}");
    assert_eq!(stick["model"], "QEMU HARDDISK", "{list}");
    // The bus has the number that Linux gave it; xHCI has one for each generation of USB.
    let bus = if controller == Controller::Xhci { 2 } else { 1 };
    assert_eq!(stick["usb_path"], format!("{bus}-{}", key.port), "{list}");
    assert_eq!(stick["writable"], true, "{list}");
    assert_eq!((&stick["usb"], &stick["removable"]), (&true.into(), &true.into()), "{list}");
    assert_eq!(list["sticks"].as_array().map(Vec::len), Some(1), "{list}");

    // The stick is reset between writing and reading back, while it is open.
    let report = guest.json(&format!("write /one.img --to {node} --yes --hard-verify --timeout 0 {KIND}"), 0);
    assert_eq!(report["effort"]["level"], "reset", "{report}");
    guest.run("dmesg | grep -q 'usb .*: reset '").expect(0);
    assert_eq!(report["images"][0]["blake3"], blake3::hash(&images[0]).to_hex().as_str(), "{report}");
    assert_eq!(report["repairs"].as_array().map(Vec::len), Some(0), "{report}");
    let mut holds = &images[0];
    if then == Then::Reflash {
        guest.json(&format!("reflash /two.img --to {node} {KIND}"), 0);
        holds = &images[1];
    }
    let verdict = guest.json(&format!("verify {node}"), 0);
    assert_eq!(verdict["sound"], true, "{verdict}");
    assert_eq!(verdict["capsules"][0]["blake3"], blake3::hash(holds).to_hex().as_str(), "{verdict}");
    drop(guest);
    boots(&key.path, holds);
}

#[test]
fn a_stick_written_on_uhci_boots() {
    written(Controller::Uhci, Then::Boot);
}

#[test]
fn a_stick_reflashed_on_ohci_boots() {
    written(Controller::Ohci, Then::Reflash);
}

#[test]
fn a_stick_written_on_ehci_boots() {
    written(Controller::Ehci, Then::Boot);
}

#[test]
fn a_stick_reflashed_on_xhci_boots() {
    written(Controller::Xhci, Then::Reflash);
}
