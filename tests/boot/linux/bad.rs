//! Sticks with sectors that fail.

use ramkey::emulator::Controller;

use super::guest::Guest;
use super::stick::{KIND, Key, image};

/// A sector in the middle of the image, the first of a page: through its cache, Linux reads no less.
const BAD: u64 = 6000;

#[test]
fn a_sector_that_cannot_be_read_any_more_is_named_by_verify() {
    let image = image(1);
    let mut guest = Guest::start(Controller::Ehci, &[]);
    let folder = tempfile::tempdir().expect("a folder for the stick");
    let key = Key::with_stick(folder.path(), "WORN", 1, &image).with_fault("read", BAD);
    let node = guest.plug(&key);
    let verdict = guest.json(&format!("verify {node}"), 4);
    let faults = verdict["faults"].as_array().cloned().unwrap_or_default();
    let named = faults.iter().any(|fault| fault["kind"] == "unreadable" && fault["lba"] == BAD);
    assert!(named, "{verdict:#}");
}

#[test]
fn a_sector_that_cannot_be_written_leaves_a_stick_that_says_so() {
    let image = image(1);
    let mut guest = Guest::start(Controller::Xhci, &[("one.img", &image)]);
    let folder = tempfile::tempdir().expect("a folder for the stick");
    let key = Key::new(folder.path(), "DYING", 1).with_fault("write", BAD);
    let node = guest.plug(&key);
    let answer = guest.run(&format!("ramkey write /one.img --to {node} --yes --timeout 0 {KIND}"));
    answer.expect(5).says(&["Input/output error", "the stick will not boot"]);
    let answer = guest.run(&format!("ramkey verify {node}")).expect(4);
    assert!(answer.output.contains("sector 0 is clear: the stick was not finished"), "{answer}");
}
