//! Boots sticks in QEMU: what the target machine sees, guest by guest.

mod every_controller;
mod guests;
mod harness;
mod hidden;
mod int13;
mod partition;

mod real;
mod scanners;
mod state;
mod sticks;
