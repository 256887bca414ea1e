//! Where images come from: hashes that others published, and lists of them.

mod expected;
mod readme;
