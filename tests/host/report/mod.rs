//! What was written, drawn.

mod label;
