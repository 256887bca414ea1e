//! How a stick starts the machine, as whoever wants it says it and the boot header keeps it.

use ramkey_format::boot::{BootHeader, HEADER_SERIAL};
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
    /// Whether what the screen says is sent to COM1 too, and keys come from there.
    pub serial: bool,
}

impl Default for StartOptions {
    /// What is usual: 3 seconds, 30 seconds, English, COM1 left alone.
    fn default() -> Self {
        Self { start_timeout: 3, menu_timeout: 30, language: Language::English, serial: false }
    }
}

impl StartOptions {
    /// What `header` says of it.
    pub fn of(header: &BootHeader) -> Self {
        Self {
            start_timeout: header.start_timeout,
            menu_timeout: header.menu_timeout,
            language: Language::of(header.language).unwrap_or(Language::English),
            serial: header.flags.get() & HEADER_SERIAL != 0,
        }
    }

    /// Writes it into `header`, whose other flags stay.
    pub fn put_into(self, header: &mut BootHeader) {
        let Self { start_timeout, menu_timeout, language, serial } = self;
        (header.start_timeout, header.menu_timeout) = (start_timeout, menu_timeout);
        header.language = language.code();
        let others = header.flags.get() & !HEADER_SERIAL;
        header.flags = (others | if serial { HEADER_SERIAL } else { 0 }).into();
    }
}
