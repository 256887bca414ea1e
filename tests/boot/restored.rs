//! A stick that `ramkey restore` made plain starts nothing, and stops no machine.

use std::process::Command;

use ramkey::emulator::{Controller, Machine, Port, Stick};

use super::harness::{DEADLINE, Running, file, scratch};
use super::sticks;

#[test]
fn a_restored_stick_says_that_it_has_no_system_and_the_bios_goes_on() {
    let scratch = scratch();
    let mut bytes = vec![0x90; 1 << 20];
    bytes[510..512].copy_from_slice(&[0x55, 0xAA]);
    let image = file(scratch.path(), "disk.img", &bytes);
    let stick = sticks::ramkey(scratch.path(), &[&image], &["--kind", "hdd"]);
    let mut restore = Command::new(env!("CARGO_BIN_EXE_ramkey"));
    let output = restore.arg("restore").arg(&stick).arg("--yes").output().expect("running ramkey");
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    let mut machine = Running::start(&Machine::new(Stick::new(stick, Port::Usb(Controller::Xhci))));
    machine.wait_screen("No system on this stick", DEADLINE);
    machine.wait_screen("No bootable device", DEADLINE);
}
