//! What `ramkey inspect` shows of a CD, and what `ramkey write` says of the system on it.

use std::io::{self, Write};

use serde::Serialize;

use crate::contents::iso::{self, BootEntry, Disc, Emulation, System};
use crate::contents::{ImageFacts, Kind};
use crate::image::Source;
use crate::units::counted;

/// A CD, and the system on it.
#[derive(Serialize)]
pub(super) struct DiscView {
    #[serde(flatten)]
    disc: Disc,
    /// Which system is on it.
    pub system: System,
    /// What happens when it is booted from RAM.
    pub statement: String,
    /// What the user can do so that it finds the CD.
    pub advice: Option<&'static str>,
}

impl DiscView {
    /// Looks at an image that becomes a CD; `None` for others, and where it cannot be read.
    pub fn look(source: &dyn Source, facts: &ImageFacts) -> Option<Self> {
        if facts.kind != Kind::Disc {
            return None;
        }
        let disc = iso::read(source).ok()??;
        let system = iso::recognise(&disc, source).ok()?;
        Some(Self { disc, system, statement: system.statement(), advice: system.advice() })
    }

    /// How it boots and what its system does, a line each.
    pub fn show(&self, out: &mut dyn Write) -> io::Result<()> {
        if let Some(boot) = &self.disc.boot {
            writeln!(out, "boot      {}", boot_words(boot))?;
        }
        if let Some(why) = &self.disc.no_boot {
            writeln!(out, "boot      not as a CD: {why}")?;
            writeln!(out, "  step    {}", why.help())?;
        }
        writeln!(out, "system    {}", self.statement)?;
        match self.advice {
            Some(advice) => writeln!(out, "  step    {advice}"),
            None => Ok(()),
        }
    }
}

fn boot_words(boot: &BootEntry) -> String {
    let BootEntry { emulation, load_segment, load_sectors, load_lba, catalogue_lba, .. } = boot;
    let number = match emulation {
        Emulation::NoEmulation => "",
        Emulation::HardDisk => " as 80h",
        Emulation::Floppy12 | Emulation::Floppy144 | Emulation::Floppy288 => " as 00h",
    };
    let disk =
        boot.disk.as_ref().map(|disk| format!(", {} sectors, geometry {}", disk.sectors, disk.geometry));
    let sectors = counted(u64::from(*load_sectors), "sector");
    format!(
        "{emulation}{number} from block {load_lba}{}, {sectors} to segment {load_segment:04X}h; \
         catalogue at block {catalogue_lba}",
        disk.unwrap_or_default()
    )
}
