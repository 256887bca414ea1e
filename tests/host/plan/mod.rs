//! What will be on a stick.

mod drives;
mod requests;
mod titles;
