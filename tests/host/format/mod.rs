//! Records, generated files, and the prebuilt boot code.

mod disc_image;
mod generated;
mod memory_map;
mod page;
mod prebuilt;
mod vectors;
