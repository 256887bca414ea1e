//! What a disc is, and how a BIOS boots it.

use std::fmt;

use ramkey_loader_core::boot_image::{self, BASE_MEMORY_END, Obstacle, RESIDENT_MIN};
use serde::{Deserialize, Serialize};

use super::blocks::{BLOCK_LEN, Blocks};
use super::boot_entry::{BootEntry, Emulation};
use super::catalogue::{self, CatalogueEntry};
use super::descriptor;
use super::directory::{Encoding, Tree};
use super::emulated;
use super::error::IsoError;
use super::no_boot::{CatalogueFault, NoBoot};
use super::udf::UdfVolume;
use super::warning::DiscWarning;
use crate::contents::mbr;
use crate::image::Source;
use crate::units::SECTOR_LEN;

/// Where a BIOS loads boot code when the catalogue says nothing.
const LOAD_SEGMENT: u16 = 0x07C0;
/// Base memory that every machine has free for boot code: more may be taken by its BIOS and boot ROMs.
const USUAL_END: u32 = 608 << 10;
/// Bytes of boot code before the disk signature of a master boot record.
const BOOT_CODE_LEN: usize = 440;

/// A CD image.
#[derive(Clone, Debug, Serialize, Deserialize, schemars::JsonSchema)]
pub struct Disc {
    /// What its files lie in.
    pub file_system: FileSystem,
    /// The label of the volume; empty if it has none.
    pub volume_id: String,
    /// Blocks of 2048 bytes that the volume says it has; 0 if it does not say.
    pub blocks: u32,
    /// Bytes that the image has.
    pub len: u64,
    /// How a BIOS boots it, if one does.
    pub boot: Option<BootEntry>,
    /// Why no BIOS boots it as a CD; `None` if one does.
    pub no_boot: Option<NoBoot>,
    /// Whether it boots by EFI too.
    pub efi: bool,
    /// Whether the same bytes boot as a hard disk: sector 0 is a master boot record with code and partitions.
    pub hybrid: bool,
    /// What the user should know before booting it.
    pub warnings: Vec<DiscWarning>,
    /// The directories, by every kind of name that the disc has.
    #[serde(skip)]
    pub(super) trees: Vec<Tree>,
    /// Where the same, or other, files lie as UDF.
    #[serde(skip)]
    pub(super) udf: Option<UdfVolume>,
}

impl Disc {
    /// The entry that a BIOS boots.
    ///
    /// # Errors
    ///
    /// [`IsoError::NoBoot`] if there is none.
    pub fn boot_entry(&self) -> Result<&BootEntry, IsoError> {
        let why = || self.no_boot.clone().unwrap_or(NoBoot::NoRecord);
        self.boot.as_ref().ok_or_else(|| IsoError::NoBoot { why: why() })
    }
}

/// What a disc's files lie in.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, schemars::JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum FileSystem {
    /// ISO 9660.
    Iso9660,
    /// Both, beside each other; the ISO 9660 part may hold one note only.
    Iso9660AndUdf,
    /// UDF alone.
    Udf,
}

impl fmt::Display for FileSystem {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Iso9660 => "ISO 9660",
            Self::Iso9660AndUdf => "ISO 9660 and UDF",
            Self::Udf => "UDF",
        })
    }
}

/// Reads the descriptors and the boot catalogue of the disc in `source`; `None` if it is no CD image.
///
/// A disc that no BIOS boots is a [`Disc`] without [`Disc::boot`], with the reason in [`Disc::no_boot`].
///
/// # Errors
///
/// [`IsoError::Read`] if the image cannot be read, [`IsoError::BlockLen`] and [`IsoError::NoVolume`] if its volume
/// descriptors cannot be used.
pub fn read(source: &dyn Source) -> Result<Option<Disc>, IsoError> {
    let blocks = Blocks { source };
    let Some(found) = descriptor::read(blocks)? else { return Ok(None) };
    let plain = found.volume.as_ref().map(|volume| Tree { root: volume.root, encoding: Encoding::Plain });
    let joliet = found.joliet.map(|root| Tree { root, encoding: Encoding::Joliet });
    let mut disc = Disc {
        file_system: match (&found.volume, found.udf) {
            (Some(_), true) => FileSystem::Iso9660AndUdf,
            (Some(_), false) => FileSystem::Iso9660,
            (None, _) => FileSystem::Udf,
        },
        volume_id: found.volume.as_ref().map(|volume| volume.id.clone()).unwrap_or_default(),
        blocks: found.volume.as_ref().map_or(0, |volume| volume.blocks),
        len: source.len(),
        boot: None,
        no_boot: None,
        efi: false,
        hybrid: is_hybrid(blocks)?,
        warnings: Vec::new(),
        trees: plain.into_iter().chain(joliet).collect(),
        udf: if found.udf { UdfVolume::read(blocks)? } else { None },
    };
    let (claimed, present) = (u64::from(disc.blocks), source.len() / BLOCK_LEN);
    if claimed > present {
        disc.warnings.push(DiscWarning::Truncated { claimed, present });
    }
    match found.catalogue {
        None => disc.no_boot = Some(NoBoot::NoRecord),
        Some(lba) => match disc.read_catalogue(blocks, lba)? {
            Ok(entry) => disc.boot = Some(entry),
            Err(why) => disc.no_boot = Some(why),
        },
    }
    Ok(Some(disc))
}

/// Whether sector 0 is a master boot record with code and a partition.
fn is_hybrid(blocks: Blocks) -> Result<bool, IsoError> {
    let mut first = [0; 512];
    blocks.bytes(0, &mut first)?;
    Ok(first[..BOOT_CODE_LEN].iter().any(|&byte| byte != 0) && !mbr::read(&first).is_empty())
}

impl Disc {
    fn read_catalogue(&mut self, blocks: Blocks, lba: u32) -> Result<Result<BootEntry, NoBoot>, IsoError> {
        let fault = |fault| Ok(Err(NoBoot::Catalogue { lba, fault }));
        let Some(block) = blocks.get(u64::from(lba))? else { return fault(CatalogueFault::Outside) };
        let catalogue = match catalogue::read(&block) {
            Ok(catalogue) => catalogue,
            Err(found) => return fault(found),
        };
        if !catalogue.sum_is_zero {
            self.warnings.push(DiscWarning::Checksum);
        }
        self.efi = catalogue.entries.iter().any(|entry| entry.is_efi() && entry.bootable);
        let x86 = |entry: &&CatalogueEntry| entry.is_x86() && entry.bootable;
        let Some((index, entry)) = catalogue.entries.iter().enumerate().find(|(_, entry)| x86(entry)) else {
            return Ok(Err(why_none(&catalogue.entries)));
        };
        let Some(emulation) = Emulation::of(entry.media & 0x0F) else {
            return Ok(Err(NoBoot::Media(entry.media)));
        };
        if u64::from(entry.lba) >= blocks.count() {
            return Ok(Err(NoBoot::Outside { lba: entry.lba, blocks: blocks.count() }));
        }
        let disk = match emulated::disk(blocks, emulation, entry.lba, &mut self.warnings)? {
            Ok(disk) => disk,
            Err(why) => return Ok(Err(why)),
        };
        let load_sectors = match (emulation, entry.sectors) {
            (Emulation::NoEmulation, 0) => (BLOCK_LEN / SECTOR_LEN) as u16,
            (Emulation::NoEmulation, told) => told,
            _ => 1,
        };
        let boot = BootEntry {
            emulation,
            media: entry.media,
            load_segment: if entry.segment == 0 { LOAD_SEGMENT } else { entry.segment },
            load_sectors,
            told_sectors: entry.sectors,
            load_lba: entry.lba,
            system_type: entry.system_type,
            catalogue_lba: lba,
            index,
            id: entry.id.clone(),
            disk,
        };
        let mut first = [0; SECTOR_LEN as usize];
        blocks.bytes(u64::from(entry.lba), &mut first)?;
        if emulated::has_no_code(emulation, &first) {
            self.warnings.push(DiscWarning::NoCode);
        }
        Ok(self.check_load(&boot).map(|()| boot))
    }

    /// Whether the boot code can lie where it is to be loaded, by the loader's own rule.
    fn check_load(&mut self, boot: &BootEntry) -> Result<(), NoBoot> {
        let place = boot_image::place(boot.load_segment, boot.load_sectors);
        let (start, end) = (place.start, place.end);
        if let Some(obstacle) = boot_image::obstacle(&place, BASE_MEMORY_END - RESIDENT_MIN) {
            return Err(NoBoot::Load { start, end, low: obstacle == Obstacle::Data });
        }
        if end > USUAL_END {
            self.warnings.push(DiscWarning::LoadHigh { start, end });
        }
        let wanted = u64::from(boot.load_sectors) * SECTOR_LEN;
        let present = self.len.saturating_sub(u64::from(boot.load_lba) * BLOCK_LEN).min(wanted);
        if present < wanted {
            self.warnings.push(DiscWarning::LoadCut { wanted, present });
        }
        Ok(())
    }
}

/// Why none of the entries is one that a BIOS boots.
fn why_none(entries: &[CatalogueEntry]) -> NoBoot {
    if entries.iter().any(CatalogueEntry::is_x86)
        && !entries.iter().any(|entry| entry.is_efi() && entry.bootable)
    {
        return NoBoot::NotBootable;
    }
    if entries.iter().any(|entry| entry.is_efi() && entry.bootable) {
        return NoBoot::EfiOnly;
    }
    entries.first().map_or(NoBoot::NotBootable, |entry| NoBoot::Platform(entry.platform))
}
