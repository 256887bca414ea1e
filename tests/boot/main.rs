//! Boots sticks in QEMU: what the target machine sees, guest by guest.

mod answers;
mod bochs;
mod book;
mod cd_bios;
mod cd_drives;
mod cds;
mod command;
mod companions;
mod copies;
mod demo;
mod disc_guests;
mod disc_menu;
mod disc_tamper;
mod discs;
mod el_torito;
mod every_controller;
mod folders;
#[path = "../host/frames/foreign.rs"]
mod foreign;
/// Those of the other tests that are needed here, too.
#[path = "../host/frames"]
#[allow(dead_code, reason = "the tests of the host use more of them")]
mod frames {
    pub mod book;
    pub mod discs;
    pub mod drivers;
    pub mod hive;
    pub mod loops;
    pub mod packers;
    pub mod schema;
    pub mod skip;
    pub mod sticks;
    pub mod windows_image;
}
mod guests;
mod hand_off;
mod harness;
mod hidden;
mod images;
mod int13;
mod linux;
mod many;
mod matrix;
mod mini_cd;
mod old_bios;
mod options;
mod partition;
mod personality;
mod phram;
mod picture;
mod real;
mod reflash;
mod repair;
mod report_block;
mod restored;
mod resume;
mod scanners;
mod screen;
mod shrunk;
mod state;
#[path = "../host/frames/rewritten.rs"]
mod rewritten;
mod sticks;
mod tamper;
