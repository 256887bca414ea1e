//! How INT 13h will move bytes between the RAM disk and below 1 MiB: as an option, as a capsule's flags, as the engine's
//! variable, and in the order of the key C. Nobody else looks at those flags or numbers.

use ramkey_format::capsule::flags;
use ramkey_format::resident::{COPY_AUTO, COPY_DIRECT, COPY_INT15};

/// A way of moving bytes; its number is what the engine's variable holds.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
#[repr(u8)]
pub enum CopyMode {
    /// Our own mode switch, and INT 15h AH=87h in V86 mode.
    #[default]
    Auto = COPY_AUTO as u8,
    /// Our own mode switch wherever the processor allows it.
    Direct = COPY_DIRECT as u8,
    /// INT 15h AH=87h.
    Int15 = COPY_INT15 as u8,
}

impl CopyMode {
    /// All of them, in the order of the key C.
    pub const ALL: [Self; 3] = [Self::Auto, Self::Direct, Self::Int15];

    /// What the flags of a capsule say; [`CopyMode::Auto`] if they say both others.
    pub fn of(stored: u32) -> Self {
        match stored & (flags::COPY_DIRECT | flags::COPY_INT15) {
            flags::COPY_DIRECT => Self::Direct,
            flags::COPY_INT15 => Self::Int15,
            _ => Self::Auto,
        }
    }

    /// What a capsule says with its flags.
    pub fn flags(self) -> u32 {
        match self {
            Self::Auto => 0,
            Self::Direct => flags::COPY_DIRECT,
            Self::Int15 => flags::COPY_INT15,
        }
    }

    /// Its name as an option and in reports; does not change between versions.
    pub fn name(self) -> &'static str {
        match self {
            Self::Auto => "auto",
            Self::Direct => "direct",
            Self::Int15 => "int15",
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

    /// For the engine: a COPY value.
    pub fn value(self) -> u8 {
        self as u8
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_way_has_one_flag_and_one_value_and_the_key_comes_around() {
        let mut mode = CopyMode::Auto;
        for (flag, value) in
            [(0, COPY_AUTO), (flags::COPY_DIRECT, COPY_DIRECT), (flags::COPY_INT15, COPY_INT15)]
        {
            assert_eq!(CopyMode::of(flag | flags::READ_ONLY), mode);
            assert_eq!(mode.flags(), flag);
            assert_eq!(u32::from(mode.value()), value);
            mode = mode.next();
        }
        assert_eq!(mode, CopyMode::Auto);
        assert_eq!(CopyMode::of(flags::COPY_DIRECT | flags::COPY_INT15), CopyMode::Auto);
    }
}
