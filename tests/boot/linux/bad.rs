//! Sticks with sectors that fail.

use ramkey::emulator::Controller;

use super::guest::Guest;
use super::stick::{KIND, Key, boots, does_not_boot, image};
use super::talk::Answer;

/// A sector in the middle of the image, the first of a page: through its cache, Linux reads no less.
const BAD: u64 = 6000;
/// A sector that is needed where it is.
const BOOT_AREA: u64 = 1000;

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

/// Writes an image to a stick that refuses to write one sector.
fn written(guest: &mut Guest, key: &Key, status: u32) -> Answer {
    let node = guest.plug(key);
    guest.run(&format!("ramkey write /one.img --to {node} --yes --timeout 0 {KIND}")).expect(status)
}

#[test]
fn an_image_lies_around_a_sector_that_cannot_be_written_and_boots() {
    let image = image(1);
    let mut guest = Guest::start(Controller::Xhci, &[("one.img", &image)]);
    let folder = tempfile::tempdir().expect("a folder for the stick");
    let key = Key::new(folder.path(), "WEARING", 1).with_fault("write", BAD);
    let answer = written(&mut guest, &key, 0);
    let warned = answer.output.contains(&format!("sectors {BAD}..{} of the stick do not keep data", BAD + 1));
    assert!(warned, "{answer}");
    drop(guest);
    boots(&key.path, &image);
}

#[test]
fn a_sector_of_the_boot_area_that_cannot_be_written_leaves_a_stick_that_says_so() {
    let mut guest = Guest::start(Controller::Ehci, &[("one.img", &image(1))]);
    let folder = tempfile::tempdir().expect("a folder for the stick");
    let key = Key::new(folder.path(), "DYING", 1).with_fault("write", BOOT_AREA);
    let bytes = format!("bytes {:#x}..{:#x}", BOOT_AREA * 512, (BOOT_AREA + 1) * 512);
    written(&mut guest, &key, 5).says(&["Input/output error", &bytes, "the stick will not boot"]);
    let answer = guest.run("ramkey verify $(node DYING)").expect(4);
    assert!(answer.output.contains("sector 0 is clear: the stick was not finished"), "{answer}");
    drop(guest);
    does_not_boot(&key.path);
}
