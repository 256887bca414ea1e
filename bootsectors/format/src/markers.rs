//! What the host waits for on the screen of the target machine, letter by letter.
//!
//! The loader and the demo say these texts; the host program and the tests that boot look for them, on the screen and on
//! the serial port. They are English. Where the screen speaks another language, the loader says the English sentence too, to the
//! serial port and port E9h only, so whoever waits for a marker looks there first.

/// Declares the markers, and a table of them for the generators of `cargo xtask layout`.
macro_rules! markers {
    ($( $(#[doc = $doc:literal])+ $name:ident = $text:literal; )+) => {
        $( $(#[doc = $doc])+ pub const $name: &str = $text; )+

        /// Name and text of every marker above, in order.
        pub const MARKERS: &[(&str, &str)] = &[$( (stringify!($name), $name) ),+];
    };
}

markers! {
    /// The loader: an image is in memory, and every byte of it was proven there; once for each image of a set.
    PROVEN = "In memory and proven";
    /// The loader, behind the last proof: the stick is not needed any more. Not said if it keeps a drive number.
    MAY_REMOVE = "You may remove the stick.";
    /// The same, where the medium is a disc.
    MAY_REMOVE_DISC = "You may remove the disc.";
    /// The loader: it stopped with a code, and waits for a reset.
    STOPPED = "Nothing was booted.";
    /// The demo image: its disk did everything right.
    DEMO_PASS = "RAMKEY DEMO: PASS";
    /// The demo image, before the reason: something was wrong.
    DEMO_FAIL = "RAMKEY DEMO: FAIL";
    /// The demo image: it waits for a key.
    DEMO_WAITS = "press Enter";
}
