//! Linux with its real USB drivers runs the real program on sticks that are plugged into a machine, pulled out of it, and
//! fail; then the same sticks are booted.
//!
//! The machine has Debian's kernel, one USB controller and an initial RAM disk in which a shell does what the test tells it
//! through COM2. Every stick is a file of the test, plugged in while Linux runs.

mod bad;
mod changed;
mod guest;
mod in_use;
mod initramfs;
mod many;
mod pulled;
mod stick;
mod swapped;
mod talk;
mod writing;
