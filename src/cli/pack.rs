//! How images are packed, and what is left out of them: the same options wherever images are written.

use clap::{Args, ValueEnum};

use crate::contents::FreeQuestion;
use crate::image::{Bus, Compression};
use crate::job::StickRequest;

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

/// How images are stored.
#[derive(Clone, Copy, Debug, Args)]
pub struct PackArgs {
    /// How hard the images are packed, so that less is read from the stick
    #[arg(long, value_enum, value_name = "HOW", default_value_t)]
    pub compress: CompressArg,

    /// Keep what the file systems of the images call free. It is left out of disks whose file systems are sound if this is not
    /// given: zeros stand for it in memory, and nothing is stored
    #[arg(long, conflicts_with = "trim_swap")]
    pub no_trim: bool,

    /// Also leave out what swap files hold, and the file of a hibernation that is over
    #[arg(long)]
    pub trim_swap: bool,

    /// What the medium is loaded from: `--compress auto` packs what is loaded sooner so; usb1 for a stick and cd for a disc, if
    /// not given
    #[arg(long, value_enum, value_name = "BUS")]
    pub bus: Option<BusArg>,
}

impl PackArgs {
    /// `request` with what is asked for here.
    pub fn put_into(&self, request: StickRequest) -> StickRequest {
        StickRequest {
            compression: match self.compress {
                CompressArg::Auto => Compression::Auto,
                CompressArg::None => Compression::None,
                CompressArg::Fast => Compression::Fast,
                CompressArg::Small => Compression::Small,
            },
            trim: (!self.no_trim).then_some(FreeQuestion { swap: self.trim_swap }),
            bus: self.bus.map(|bus| match bus {
                BusArg::Usb1 => Bus::Usb1,
                BusArg::Usb2 => Bus::Usb2,
                BusArg::Cd => Bus::Cd,
            }),
            ..request
        }
    }

    /// Options that were given, by their names.
    pub fn given(&self) -> [(&'static str, bool); 4] {
        [
            ("--compress", self.compress != CompressArg::Auto),
            ("--bus", self.bus.is_some()),
            ("--no-trim", self.no_trim),
            ("--trim-swap", self.trim_swap),
        ]
    }
}
