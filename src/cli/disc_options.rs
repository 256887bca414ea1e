//! The options that a disc has beside those of its images.

use std::path::PathBuf;

use clap::{Args, ValueEnum};

use crate::job::{DiscOptions, StickRequest};
use crate::plan::{DiscBoot, DiscMedium};

/// How a BIOS boots the disc.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, ValueEnum)]
pub enum BootArg {
    /// Without emulation; a BIOS that looks at further entries finds a floppy and a hard disk
    #[default]
    Auto,
    /// Without emulation, and no further entry
    NoEmulation,
    /// As a floppy: for BIOSes before 1998
    Floppy,
    /// As a hard disk: for BIOSes that boot no other way
    HardDisk,
}

impl From<BootArg> for DiscBoot {
    fn from(arg: BootArg) -> Self {
        match arg {
            BootArg::Auto => Self::Auto,
            BootArg::NoEmulation => Self::NoEmulation,
            BootArg::Floppy => Self::Floppy,
            BootArg::HardDisk => Self::HardDisk,
        }
    }
}

/// What a disc has beside a stick.
#[derive(Clone, Debug, Args)]
pub struct DiscOptionsArgs {
    /// The medium that the disc must fit: 8cm (21 minutes, 94500 blocks), 8cm-24 (108000), 8cm-18 (81000), card (25600), 12cm
    /// (74 minutes, 333000), or a number of blocks of 2048 bytes
    #[arg(long, value_name = "MEDIUM", value_parser = medium, default_value = "8cm")]
    pub media: DiscMedium,

    /// How a BIOS boots it
    #[arg(long, value_enum, default_value_t)]
    pub boot: BootArg,

    /// Every disc boots from a stick, too, when it is written to one; this says so in a script
    #[arg(long)]
    pub hybrid: bool,

    /// Put the files of this folder onto the disc, too
    #[arg(long, value_name = "FOLDER")]
    pub dir: Option<PathBuf>,
}

fn medium(text: &str) -> Result<DiscMedium, String> {
    DiscMedium::named(text).ok_or_else(|| {
        let names: Vec<&str> = DiscMedium::ALL.iter().filter_map(|medium| medium.name).collect();
        format!("it is {} or a number of blocks from 1000 to 4000000", names.join(", "))
    })
}

impl DiscOptionsArgs {
    /// The first option that is not as usual.
    pub fn first_given(&self) -> Option<&'static str> {
        let given = [
            (self.media != DiscMedium::default(), "--media"),
            (self.boot != BootArg::default(), "--boot"),
            (self.hybrid, "--hybrid"),
            (self.dir.is_some(), "--dir"),
        ];
        given.into_iter().find_map(|(is_given, name)| is_given.then_some(name))
    }

    /// The request for a disc, from that for a stick with the same images.
    pub fn of(&self, request: StickRequest) -> StickRequest {
        let disc = DiscOptions { boot: self.boot.into(), medium: self.media, folder: self.dir.clone() };
        StickRequest { disc: Some(disc), ..request.universal() }
    }
}
