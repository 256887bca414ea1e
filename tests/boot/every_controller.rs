//! Every real system on every USB controller.

use ramkey::emulator::Controller;

use super::real;

macro_rules! on_every_controller {
    ($($guest:ident)+) => { $(
        mod $guest {
            use super::*;

            #[test]
            fn on_uhci() {
                real::$guest(Controller::Uhci);
            }

            #[test]
            fn on_ohci() {
                real::$guest(Controller::Ohci);
            }

            #[test]
            fn on_ehci() {
                real::$guest(Controller::Ehci);
            }

            #[test]
            fn on_xhci() {
                real::$guest(Controller::Xhci);
            }
        }
    )+ };
}

on_every_controller!(grub_floppy grub_disk grub_legacy memtest ipxe linux);

#[test]
fn linux_finds_a_disk_of_100_mib() {
    real::linux_finds_all_of_it(Controller::Xhci, 100, 320);
}
