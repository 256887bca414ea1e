//! The names of how images are packed, and for which bus.

use clap::ValueEnum;

use crate::image::{Bus, Compression};

/// How hard images are packed.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, ValueEnum)]
pub enum CompressArg {
    /// Hard: less than a minute for 64 MiB and one processor; what is loaded sooner as it is stays so
    #[default]
    Auto,
    /// Not at all
    None,
    /// A little: as fast as a disk
    Fast,
    /// As hard as can be, whatever it is loaded from: minutes
    Small,
}

/// What a medium is loaded from.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub enum BusArg {
    /// A stick at USB 1.1: 0.9 MB/s
    Usb1,
    /// A stick at USB 2.0: 20 MB/s
    Usb2,
    /// A drive for CDs: 0.6 MB/s
    Cd,
}

impl From<CompressArg> for Compression {
    fn from(arg: CompressArg) -> Self {
        match arg {
            CompressArg::Auto => Self::Auto,
            CompressArg::None => Self::None,
            CompressArg::Fast => Self::Fast,
            CompressArg::Small => Self::Small,
        }
    }
}

impl From<BusArg> for Bus {
    fn from(arg: BusArg) -> Self {
        match arg {
            BusArg::Usb1 => Self::Usb1,
            BusArg::Usb2 => Self::Usb2,
            BusArg::Cd => Self::Cd,
        }
    }
}
