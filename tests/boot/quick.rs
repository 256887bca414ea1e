//! Every real system once, and one of them on every USB controller; `cargo xtask matrix` runs all on all.

use ramkey::emulator::Controller;

use super::real;

#[test]
fn grub_boots_as_a_floppy_on_uhci_without_its_stick() {
    real::grub_floppy(Controller::Uhci);
}

#[test]
fn grub_boots_as_a_floppy_on_ohci_without_its_stick() {
    real::grub_floppy(Controller::Ohci);
}

#[test]
fn grub_boots_as_a_floppy_on_ehci_without_its_stick() {
    real::grub_floppy(Controller::Ehci);
}

#[test]
fn grub_boots_as_a_floppy_on_xhci_without_its_stick() {
    real::grub_floppy(Controller::Xhci);
}

#[test]
fn grub_boots_as_a_disk_and_does_not_see_its_stick() {
    real::grub_disk(Controller::Xhci);
}

#[test]
fn grub_legacy_keeps_its_own_descriptor_table() {
    real::grub_legacy(Controller::Xhci);
}

#[test]
fn memtest_does_not_test_the_memory_that_it_runs_from() {
    real::memtest(Controller::Xhci);
}

#[test]
fn ipxe_boots_from_a_hybrid_disc() {
    real::ipxe(Controller::Ohci);
}

#[test]
fn linux_finds_and_reads_the_whole_disk_after_the_stick_is_gone() {
    real::linux(Controller::Xhci);
}
