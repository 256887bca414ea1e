//! What this program is: its version, and which boot code it writes.

use std::env::consts::{ARCH, OS};
use std::sync::OnceLock;

use crate::boot;
use crate::units::hex;

/// Digits of a hash that tell one from another.
const SHORT: usize = 12;

/// BLAKE3 of the boot code, all files one behind the other.
pub(super) fn boot_code() -> &'static str {
    static HASH: OnceLock<String> = OnceLock::new();
    HASH.get_or_init(|| {
        let mut hasher = blake3::Hasher::new();
        boot::prebuilt().iter().for_each(|(_, bytes)| {
            hasher.update(bytes);
        });
        hex(hasher.finalize().as_bytes())
    })
}

/// The version on one line.
pub(super) fn short() -> &'static str {
    static TEXT: OnceLock<String> = OnceLock::new();
    TEXT.get_or_init(|| format!("{} (boot code {})", env!("CARGO_PKG_VERSION"), &boot_code()[..SHORT]))
}

/// All that tells one ramkey from another.
pub(super) fn long() -> &'static str {
    static TEXT: OnceLock<String> = OnceLock::new();
    TEXT.get_or_init(|| {
        let files: Vec<&str> = boot::prebuilt().iter().map(|(name, _)| *name).collect();
        format!(
            "{}\nboot code  {}\n           BLAKE3 of {}\ntarget     {ARCH}-{OS}\nfeatures   cli",
            env!("CARGO_PKG_VERSION"),
            boot_code(),
            files.join(", ")
        )
    })
}
