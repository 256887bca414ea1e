//! Records, generated files, and the prebuilt boot code.

mod generated;
mod page;
mod prebuilt;
mod vectors;
