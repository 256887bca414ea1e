//! Records, generated files, and the prebuilt boot code.

mod disc_image;
mod generated;
mod page;
mod prebuilt;
mod vectors;
