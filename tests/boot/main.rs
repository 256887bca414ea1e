//! Boots sticks in QEMU: what the target machine sees, guest by guest.

mod guests;
mod int13;
mod harness;
mod hidden;
mod scanners;
mod state;
mod sticks;
