//! A stick that is changed in its place by the real drivers, and by a user who stops it: what it boots then is what was said.

use std::fs;

use ramkey::emulator::Controller;

use super::guest::Guest;
use super::stick::{KIND, Key, boots, does_not_boot, image};
use crate::foreign::foreign;

/// A speed that gives time to stop what is done, in bytes a second.
const SLOW: u64 = 250_000;
/// Sectors that are neither the first that is written nor the last.
const MIDDLE: u64 = 300;

#[test]
fn an_image_comes_new_boot_code_comes_and_at_last_the_stick_is_a_plain_one() {
    let images = [image(1), image(2)];
    let mut guest = Guest::start(Controller::Ehci, &[("two.img", &images[1])]);
    let folder = tempfile::tempdir().expect("a folder for the stick");
    let key = Key::with_stick(folder.path(), "RK0010", 1, &images[0]);
    let mut bytes = fs::read(&key.path).expect("the stick");
    foreign(&mut bytes);
    fs::write(&key.path, bytes).expect("writing the stick");
    let node = guest.plug(&key);

    let report = guest.json(&format!("add /two.img --to {node} --title Second --yes {KIND}"), 0);
    assert_eq!(report["images"][0]["title"], "Second", "{report}");
    assert_eq!(report["effort"]["level"], "direct", "{report}");
    let verdict = guest.json(&format!("verify {node}"), 0);
    let hashes: Vec<&str> = verdict["capsules"]
        .as_array()
        .into_iter()
        .flatten()
        .filter_map(|found| found["blake3"].as_str())
        .collect();
    let both = [0, 1].map(|number| blake3::hash(&images[number]).to_hex().to_string());
    assert!(hashes.len() == 2 && both.iter().all(|hash| hashes.contains(&hash.as_str())), "{verdict}");

    let answer = guest.run(&format!("ramkey update {node} --yes")).expect(0);
    assert!(answer.output.contains("has the boot code of this ramkey"), "{answer}");
    guest.run(&format!("ramkey verify --strict {node}")).expect(0);
    let updated = key.copy();
    guest.run(&format!("ramkey restore {node} --yes")).expect(0);
    guest.run(&format!("ramkey verify {node}")).expect(1).says(&["no stick of ramkey"]);
    drop(guest);
    boots(&updated, &images[0]);
    // Nothing of it starts: sector 0 has no code, and no partition is active.
    let plain = fs::read(&key.path).expect("the stick");
    assert!(plain[..440].iter().all(|&byte| byte == 0) && plain[446] == 0, "sector 0 starts something");
}

/// Does `line` on a slow stick, and interrupts it in the middle. It is the shell that begins it: what runs beside a shell ignores the
/// signal.
fn interrupted(guest: &mut Guest, key: &Key, line: &str) -> super::talk::Answer {
    let node = guest.run(&format!("node {}", key.serial)).output;
    let stat = format!("/sys/block/{}/stat", node.trim().trim_start_matches("/dev/"));
    let is_there = format!("set -- $(cat {stat}); [ $7 -gt $((start + {MIDDLE})) ]");
    let start = format!("set -- $(cat {stat}); start=$7");
    guest.limit(key, 0, SLOW);
    let killer = format!("( until {is_there}; do sleep 0.1; done; kill -INT $(pidof ramkey) ) &");
    let answer = guest.run(&format!("{start}; {killer} {line}"));
    guest.limit(key, 0, 0);
    answer
}

#[test]
fn a_reflash_that_is_interrupted_boots_the_old_image_and_then_the_new_one() {
    let images = [image(1), image(2)];
    let mut guest = Guest::start(Controller::Xhci, &[("two.img", &images[1])]);
    let folder = tempfile::tempdir().expect("a folder for the stick");
    let key = Key::with_stick(folder.path(), "RK0011", 1, &images[0]);
    let node = guest.plug(&key);
    let reflash = format!("ramkey reflash /two.img --to {node} {KIND}");
    let answer = interrupted(&mut guest, &key, &reflash).expect(1);
    let answer = answer.says(&["stopped on request", "the stick boots what it did"]);
    assert!(!answer.errors.contains("will not boot"), "{answer}");
    let verdict = guest.json(&format!("verify {node}"), 0);
    assert_eq!(verdict["sound"], true, "{verdict}");
    let old = key.copy();
    guest.run(&reflash).expect(0);
    guest.run(&format!("ramkey verify {node}")).expect(0);
    drop(guest);
    boots(&old, &images[0]);
    boots(&key.path, &images[1]);
}

#[test]
fn a_write_that_is_interrupted_does_not_boot_and_goes_on() {
    let image = image(1);
    let mut guest = Guest::start(Controller::Uhci, &[("one.img", &image)]);
    let folder = tempfile::tempdir().expect("a folder for the stick");
    let key = Key::new(folder.path(), "RK0012", 1);
    let node = guest.plug(&key);
    let write = format!("ramkey write /one.img --to {node} --yes --no-probe --timeout 0 {KIND}");
    interrupted(&mut guest, &key, &write).expect(5).says(&["stopped on request", "the stick will not boot"]);
    let answer = guest.run(&format!("ramkey verify {node}")).expect(4);
    assert!(answer.output.contains("sector 0 is clear: the stick was not finished"), "{answer}");
    let unfinished = key.copy();
    guest.run(&write).expect(0);
    drop(guest);
    does_not_boot(&unfinished);
    boots(&key.path, &image);
}
