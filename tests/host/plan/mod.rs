//! What will be on a stick.

mod drives;
mod plan;
mod titles;
