//! Writing, and everything that can go wrong with it.

mod exchange;
mod interrupted;
mod killed;
mod write_verify;
