//! Writing, and everything that can go wrong with it.

mod exchange;
mod interrupted;
mod killed;
mod probe;
mod write_verify;
