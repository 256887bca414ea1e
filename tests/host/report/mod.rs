//! What was written, drawn, and how long it is loaded.

mod label;
mod load;
mod memory;
