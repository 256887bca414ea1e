//! Feeds the readers of `ramkey` with damaged input: `cargo xtask fuzz`.
//!
//! The environment variable `RAMKEY_FUZZ` names the target. libFuzzer is linked in; the coverage that it follows is
//! counted by the compiler's own pass, which stable Rust has.

#![no_main]

mod alter;
#[expect(dead_code, reason = "tests on the host make seeds with a part of it")]
mod change;
mod disks;
mod hive_edit;
mod lent;
mod lists;
mod restore;
mod sparse;
mod targets;
mod volume;

use std::sync::OnceLock;

use libfuzzer_sys::fuzz_target;
use targets::{TARGETS, Target};

/// Most memory that the readers may take, with the input.
const MEMORY_MAX: usize = 64 << 20;

#[global_allocator]
static MEMORY: cap::Cap<std::alloc::System> = cap::Cap::new(std::alloc::System, MEMORY_MAX);

static TARGET: OnceLock<Target> = OnceLock::new();

fuzz_target!(|input: &[u8]| {
    let target = TARGET.get_or_init(|| {
        let wanted = std::env::var("RAMKEY_FUZZ").unwrap_or_default();
        let found = TARGETS.iter().find(|(name, _)| *name == wanted);
        found.unwrap_or_else(|| panic!("RAMKEY_FUZZ names no target: {wanted:?}")).1
    });
    target(input);
});
