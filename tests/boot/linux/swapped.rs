//! Another stick takes the name of the one that the user was asked about.

use ramkey::emulator::Controller;

use super::guest::Guest;
use super::stick::{KIND, Key, image};

#[test]
fn a_stick_that_took_the_place_of_another_while_the_user_was_asked_is_refused() {
    let image = image(1);
    let mut guest = Guest::start(Controller::Xhci, &[("one.img", &image)]);
    let folder = tempfile::tempdir().expect("a folder for the sticks");
    let (meant, other) = (Key::new(folder.path(), "MEANT", 1), Key::new(folder.path(), "OTHER", 1));
    let before = [meant.hash(), other.hash()];
    let node = guest.plug(&meant);

    guest.begin(&format!("ramkey write /one.img --to {node} {KIND} 2>/dev/ttyS2"));
    guest.terminal_shows("MEANT");
    guest.terminal_shows("Type sda to erase it: ");
    guest.pull(&meant);
    assert_eq!(guest.plug(&other), node, "the kernel gave the other stick another name");
    guest.types("sda");
    // The word before it has a colour.
    guest.terminal_shows(&format!("{node} changed since it was checked"));
    guest.ended().expect(3);
    drop(guest);
    assert_eq!([meant.hash(), other.hash()], before, "a stick was written to");
}

#[test]
fn the_same_stick_is_written_when_it_stays_where_it_is() {
    let image = image(1);
    let mut guest = Guest::start(Controller::Ohci, &[("one.img", &image)]);
    let folder = tempfile::tempdir().expect("a folder for the stick");
    let key = Key::new(folder.path(), "MEANT", 1);
    let node = guest.plug(&key);
    guest.begin(&format!("ramkey write /one.img --to {node} {KIND} 2>/dev/ttyS2"));
    guest.terminal_shows("Type sda to erase it: ");
    guest.types("sda");
    guest.ended().expect(0);
    guest.run(&format!("ramkey verify {node}")).expect(0);
}
