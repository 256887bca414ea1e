//! The macro that types a number once for Rust, the assembler and the linker.

/// Declares `u32` constants and a table of all of them, for the generators of `cargo xtask layout`.
macro_rules! constants {
    ($( $(#[doc = $doc:literal])+ $name:ident = $value:expr; )+) => {
        $( $(#[doc = $doc])+ pub const $name: u32 = $value; )+

        /// Name, value and description of every constant above, in order.
        pub const CONSTANTS: &[(&str, u32, &str)] =
            &[$( (stringify!($name), $name, concat!($($doc),+)) ),+];
    };
}
