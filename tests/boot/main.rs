//! Boots sticks in QEMU: what the target machine sees, guest by guest.

mod answers;
mod bochs;
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
mod real;
mod reflash;
mod repair;
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
