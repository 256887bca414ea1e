//! A stick that is pulled in the middle: the program ends and says what is left, `verify` says the same, the stick does not
//! boot or boots what it did, and the same command makes it whole once it is plugged in again.

use ramkey::emulator::Controller;

use super::guest::Guest;
use super::stick::{KIND, Key, boots, does_not_boot, image};

/// Bytes that are neither the first that is written or read nor the last.
const MIDDLE: u64 = 1_500_000;
/// A speed that gives time to pull the stick, in bytes a second.
const SLOW: u64 = 500_000;

/// When the stick is pulled, and what makes it whole again.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Moment {
    /// While it is written; the same command.
    Write,
    /// While everything is read back; the same command with `--resume`, which goes on with this stick and with no other.
    ReadBack,
}

fn pulled(controller: Controller, moment: Moment) {
    let image = image(1);
    let mut guest = Guest::start(controller, &[("one.img", &image)]);
    let folder = tempfile::tempdir().expect("a folder for the stick");
    let key = Key::new(folder.path(), "RK0001", 1);
    let node = guest.plug(&key);
    // Without the probe, which would be what is cut off.
    let write = format!("ramkey write /one.img --to {node} --yes --no-probe --timeout 0 {KIND}");

    let (read, written) = match moment {
        Moment::Write => (0, MIDDLE),
        Moment::ReadBack => (MIDDLE, MIDDLE),
    };
    guest.limit(&key, if read > 0 { SLOW } else { 0 }, if read > 0 { 0 } else { SLOW });
    guest.begin(&write);
    guest.moved(&key, read, written);
    guest.pull(&key);
    let answer = guest.ended().expect(5);
    let answer = answer.says(&["No such device", "the stick will not boot", "plug the stick in again"]);
    assert!(!answer.errors.contains("No space left"), "{answer}");
    guest.run(&format!("ramkey verify {node}")).expect(1).says(&["does not exist"]);

    let resume = format!("{write} --resume --json");
    if moment == Moment::ReadBack {
        let other = Key::new(folder.path(), "OTHER", 1);
        let before = other.hash();
        assert_eq!(guest.plug(&other), node, "the kernel gave the other stick another name");
        guest.run(&resume).expect(3);
        guest.pull(&other);
        assert_eq!(other.hash(), before, "the other stick was written to");
    }
    guest.limit(&key, 0, 0);
    assert_eq!(guest.plug(&key), node, "the kernel gave it another name");
    let answer = guest.run(&format!("ramkey verify {node}")).expect(4);
    assert!(answer.output.contains("sector 0 is clear: the stick was not finished"), "{answer}");
    let unfinished = key.copy();
    match moment {
        Moment::Write => drop(guest.run(&write).expect(0)),
        Moment::ReadBack => {
            let report = guest.run(&resume).expect(0).json();
            assert!(report["resumed"]["skipped"].as_u64() > Some(MIDDLE), "{report}");
        }
    }
    guest.run(&format!("ramkey verify {node}")).expect(0);
    drop(guest);
    does_not_boot(&unfinished);
    boots(&key.path, &image);
}

#[test]
fn a_stick_pulled_while_it_is_written_on_ehci_is_made_whole_by_the_same_command() {
    pulled(Controller::Ehci, Moment::Write);
}

#[test]
fn a_stick_pulled_while_it_is_read_back_on_uhci_is_made_whole_by_going_on() {
    pulled(Controller::Uhci, Moment::ReadBack);
}

#[test]
fn a_stick_pulled_while_it_is_reflashed_boots_the_old_image_and_then_the_new_one() {
    let images = [image(1), image(2)];
    let mut guest = Guest::start(Controller::Xhci, &[("two.img", &images[1])]);
    let folder = tempfile::tempdir().expect("a folder for the stick");
    let key = Key::with_stick(folder.path(), "RK0002", 3, &images[0]);
    let node = guest.plug(&key);
    let reflash = format!("ramkey reflash /two.img --to {node} {KIND}");

    guest.limit(&key, 0, SLOW / 2);
    guest.begin(&reflash);
    guest.moved(&key, 0, 100_000);
    guest.pull(&key);
    let answer = guest.ended();
    assert!([1, 3].contains(&answer.status), "{answer}");
    let answer = answer.says(&["No such device", "plug the stick in again"]);
    assert!(!answer.errors.contains("will not boot"), "{answer}");

    guest.limit(&key, 0, 0);
    let node = guest.plug(&key);
    let verdict = guest.json(&format!("verify {node}"), 0);
    assert_eq!(verdict["sound"], true, "{verdict}");
    let interrupted = key.copy();
    guest.run(&reflash).expect(0);
    guest.run(&format!("ramkey verify {node}")).expect(0);
    drop(guest);
    boots(&interrupted, &images[0]);
    boots(&key.path, &images[1]);
}
