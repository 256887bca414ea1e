//! What we promise, tested from outside on the machine that makes sticks; a folder for each room of `src/`.

mod book;
mod bounds;
mod change;
mod cli;
mod contents;
mod device;
mod doctor;
mod folder;
mod format;
mod frames;
mod guide;
mod image;
mod job;
mod layout;
mod map;
mod origin;
mod pipeline;
mod plan;
mod repair;
mod report;
mod rules;
mod sandbox;
mod stick;
mod verify;
mod windows;
