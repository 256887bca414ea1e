//! What of a stick with faults is put right, and sticks whose boot code is exchanged.

mod command;
mod contested;
mod cuts;
mod devices;
mod faults;
mod flips;
mod foreign;
mod restore;
mod update;
