//! How INT 13h will move bytes, as the capsule says and the key C changes.

use ramkey_format::capsule::flags;
use ramkey_format::resident::{COPY_AUTO, COPY_DIRECT, COPY_INT15};

/// How INT 13h moves bytes between the RAM disk and below 1 MiB.
#[derive(Clone, Copy, PartialEq, Eq)]
pub enum CopyMode {
    /// Our own mode switch, and INT 15h AH=87h in V86 mode.
    Auto,
    /// Our own mode switch wherever the processor allows it.
    Direct,
    /// INT 15h AH=87h.
    Int15,
}

impl CopyMode {
    /// What the flags of a capsule say.
    pub fn of(stored: u32) -> Self {
        match stored & (flags::COPY_DIRECT | flags::COPY_INT15) {
            flags::COPY_DIRECT => Self::Direct,
            flags::COPY_INT15 => Self::Int15,
            _ => Self::Auto,
        }
    }

    /// The one that the key C chooses next.
    pub fn next(self) -> Self {
        match self {
            Self::Auto => Self::Direct,
            Self::Direct => Self::Int15,
            Self::Int15 => Self::Auto,
        }
    }

    /// For the screen.
    pub fn name(self) -> &'static str {
        match self {
            Self::Auto => "auto",
            Self::Direct => "direct",
            Self::Int15 => "INT 15h",
        }
    }

    /// For the engine.
    pub fn value(self) -> u8 {
        (match self {
            Self::Auto => COPY_AUTO,
            Self::Direct => COPY_DIRECT,
            Self::Int15 => COPY_INT15,
        }) as u8
    }
}
