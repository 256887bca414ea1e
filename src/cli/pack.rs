//! How images are packed, and what is left out of them: the same options wherever images are written.

use clap::Args;

use crate::cli::pack_names::{BusArg, CompressArg};
use crate::cli::settings::settings;
use crate::contents::FreeQuestion;
use crate::job::StickRequest;

/// How images are stored.
#[derive(Clone, Copy, Debug, Args)]
pub struct PackArgs {
    /// How hard the images are packed, so that less is read from the stick; auto if not given
    #[arg(long, value_enum, value_name = "HOW")]
    pub compress: Option<CompressArg>,

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
            compression: self.compress.or(settings().compress).unwrap_or_default().into(),
            trim: (!self.no_trim).then_some(FreeQuestion { swap: self.trim_swap }),
            bus: self.bus.map(Into::into),
            ..request
        }
    }

    /// The same for a stick, whose bus may be a setting.
    pub fn put_into_stick(&self, request: StickRequest) -> StickRequest {
        let request = self.put_into(request);
        StickRequest { bus: request.bus.or(settings().bus.map(Into::into)), ..request }
    }

    /// Options that were given, by their names.
    pub fn given(&self) -> [(&'static str, bool); 4] {
        [
            ("--compress", self.compress.is_some_and(|compress| compress != CompressArg::Auto)),
            ("--bus", self.bus.is_some()),
            ("--no-trim", self.no_trim),
            ("--trim-swap", self.trim_swap),
        ]
    }
}
