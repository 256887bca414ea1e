//! What lies where: sticks, images and discs, against what made them.

mod command;
mod image;
mod stick;
