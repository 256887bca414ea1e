//! The images that a user brings: what they are, and their bytes.

mod source;

pub use source::Source;
