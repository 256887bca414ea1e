//! How a stick starts the machine, as whoever wants it says it and the boot header keeps it.

pub use ramkey_loader_core::screen::Language;

/// How a stick starts the machine: what is the same for each of its images.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct StartOptions {
    /// Seconds between "In memory and proven" and the boot; 0 waits for a key, 255 does not wait.
    pub start_timeout: u8,
    /// Seconds that the menu of several images waits; 0 waits for a key, 255 does not wait.
    pub menu_timeout: u8,
    /// Language of the screen.
    pub language: Language,
}

impl Default for StartOptions {
    /// What is usual: 3 seconds, 30 seconds, English.
    fn default() -> Self {
        Self { start_timeout: 3, menu_timeout: 30, language: Language::English }
    }
}
