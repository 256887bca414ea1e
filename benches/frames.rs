//! What the tests have and benches need: devices that are slow.

#[path = "../tests/host/frames/bad_stick.rs"]
pub mod bad_stick;
#[path = "../tests/host/frames/loops.rs"]
pub mod loops;
#[path = "../tests/host/frames/skip.rs"]
pub mod skip;
