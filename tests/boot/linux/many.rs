//! Several sticks of one controller are written at once: one fails and one is pulled, and that harms no other.

use ramkey::emulator::Controller;
use serde_json::Value;

use super::guest::Guest;
use super::stick::{KIND, Key, boots, does_not_boot, image};

/// A sector of the boot area, which can be nowhere else.
const BAD: u64 = 1000;
/// A speed that gives time to pull a stick, in bytes a second.
const SLOW: u64 = 400_000;

#[test]
fn of_several_sticks_one_that_fails_and_one_that_is_pulled_harm_no_other() {
    let image = image(1);
    let serials = b"# those of today\nSOUND-1\nSOUND-2\nDYING\nPULLED\n";
    let mut guest = Guest::start(Controller::Xhci, &[("one.img", &image), ("serials", serials)]);
    let folder = tempfile::tempdir().expect("a folder for the sticks");
    let sound = [Key::new(folder.path(), "SOUND-1", 1), Key::new(folder.path(), "SOUND-2", 2)];
    let dying = Key::new(folder.path(), "DYING", 3).with_fault("write", BAD);
    let pulled = Key::new(folder.path(), "PULLED", 4);
    for key in sound.iter().chain([&dying, &pulled]) {
        guest.plug(key);
    }
    guest.limit(&pulled, 0, SLOW);
    let all = "--all-matching /serials --yes --no-probe --json --timeout 0";
    guest.begin(&format!("ramkey write /one.img {all} {KIND}"));
    guest.moved(&pulled, 0, SLOW);
    guest.pull(&pulled);
    let answer = guest.ended().expect(5);
    let receipts = answer.json();
    let of = |serial: &str| {
        let all = receipts.as_array().into_iter().flatten();
        let found: Vec<&Value> = all.filter(|receipt| receipt["target"]["serial"] == serial).collect();
        assert_eq!(found.len(), 1, "{serial}: {receipts:#}");
        found[0].clone()
    };
    for key in &sound {
        let receipt = of(key.serial);
        assert_eq!(receipt["state"], "done", "{receipt:#}");
        let path = receipt["target"]["usb_path"].as_str().unwrap_or_default();
        assert!(path.ends_with(&format!("-{}", key.port)), "{receipt:#}");
    }
    for (serial, why) in [("DYING", "Input/output error"), ("PULLED", "No such device")] {
        let receipt = of(serial);
        assert_eq!(receipt["state"], "will-not-boot", "{receipt:#}");
        assert!(receipt["error"].to_string().contains(why), "{receipt:#}");
    }
    drop(guest);
    boots(&sound[0].path, &image);
    boots(&sound[1].path, &image);
    does_not_boot(&dying.path);
    does_not_boot(&pulled.path);
}
