//! Boots sticks in QEMU: what the target machine sees, guest by guest.

mod guests;
mod harness;
mod quick;
mod real;
mod sticks;
