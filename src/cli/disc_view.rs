//! What `ramkey inspect` shows of a CD.

use std::io::{self, Write};

use crate::contents::iso::{BootEntry, Emulation};
use crate::job::DiscView;
use crate::units::counted;

/// How it boots and what its system does, a line each.
pub(super) fn show_disc(out: &mut dyn Write, view: &DiscView) -> io::Result<()> {
    if let Some(boot) = &view.disc.boot {
        writeln!(out, "boot      {}", boot_words(boot))?;
    }
    if let Some(why) = &view.disc.no_boot {
        writeln!(out, "boot      not as a CD: {why}")?;
        writeln!(out, "  step    {}", why.help())?;
    }
    writeln!(out, "system    {}", view.statement)?;
    match view.advice {
        Some(advice) => writeln!(out, "  step    {advice}"),
        None => Ok(()),
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
