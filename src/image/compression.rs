//! How hard images are packed, and what they are loaded from.

use super::frame::{Effort, Worth};

/// How hard a stick's images are packed.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Compression {
    /// Not at all.
    None,
    /// As is usual: as hard as is worth the time, and chunks that are loaded sooner as they are stay so.
    #[default]
    Auto,
    /// So that the stick is written soon.
    Fast,
    /// So that as little is stored as can be, whatever that takes.
    Small,
}

impl Compression {
    /// What is done for it, if anything is. Only [`Compression::Auto`] looks at the bus.
    pub(super) fn effort(self, bus: Bus) -> Option<Effort> {
        match self {
            Self::None => None,
            Self::Fast => Some(Effort { level: 3, before: 4, worth: Worth::ANY }),
            Self::Auto => Some(Effort { level: 19, before: 4, worth: bus.worth() }),
            Self::Small => Some(Effort { level: 19, before: 16, worth: Worth::ANY }),
        }
    }
}

/// What an image is loaded from. It says how long a byte takes on the slowest machine that such a thing is usual with.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Bus {
    /// A stick at USB 1.1: 0.9 MB/s, and a processor of 300 million instructions a second (Pentium II, 300 MHz).
    #[default]
    Usb1,
    /// A stick at USB 2.0: 20 MB/s, and a processor of 1500 million instructions a second.
    Usb2,
    /// A drive for CDs: 0.6 MB/s (four times the first speed), and a processor of 110 million (Pentium, 166 MHz).
    Cd,
}

/// Instructions in which the loader's decoder makes one plain byte, and further ones for each stored byte
/// (`docs/performance.md`).
const DECODING: (u32, u32) = (12, 70);

impl Bus {
    /// Instructions that the machine does while one byte is read.
    const fn instructions(self) -> u32 {
        match self {
            Self::Usb1 => 300_000 / 900,
            Self::Usb2 => 1_500_000 / 20_000,
            Self::Cd => 110_000 / 600,
        }
    }

    /// What is read and unpacked sooner than the plain bytes are read.
    fn worth(self) -> Worth {
        let (plain, stored) = DECODING;
        Worth { stored: self.instructions() + stored, plain: self.instructions() - plain }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_faster_the_bus_the_more_must_be_saved() {
        // Most stored bytes of 1000 that are worth unpacking.
        let most = |compression: Compression, bus| {
            let worth = compression.effort(bus).expect("it packs").worth;
            (0..=1000).filter(|&stored| worth.is(stored, 1000)).count() - 1
        };
        assert_eq!([Bus::Usb1, Bus::Cd, Bus::Usb2].map(|bus| most(Compression::Auto, bus)), [796, 675, 434]);
        for bus in [Bus::Usb1, Bus::Cd, Bus::Usb2] {
            assert_eq!([Compression::Fast, Compression::Small].map(|how| most(how, bus)), [968, 968]);
        }
    }
}
