//! Writing, and everything that can go wrong with it.

mod interrupted;
mod killed;
mod write_verify;
