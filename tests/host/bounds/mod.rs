//! Inputs that claim much take little.

mod fuzz_seeds;
mod inputs;
mod sticks;
