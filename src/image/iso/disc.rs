//! What a disc is, and how a BIOS boots it.

use std::fmt;

use ramkey_format::resident::RESIDENT_MAX;
use ramkey_loader_core::boot_image::{self, BASE_MEMORY_END, Obstacle, RESIDENT_MIN};
use serde::Serialize;

use super::blocks::Blocks;
use super::catalogue::{self, CatalogueFault, Entry};
use super::descriptor;
use super::directory::{Encoding, Tree};
use super::emulated;
use super::udf;
use super::{BLOCK_LEN, IsoError};
use crate::image::{Disagreement, Source, table};
use crate::units::{Bytes, Geometry, SECTOR_LEN};

/// Where a BIOS loads boot code when the catalogue says nothing.
const LOAD_SEGMENT: u16 = 0x07C0;
/// Base memory that every machine has free for boot code: more may be taken by its BIOS and boot ROMs.
const USUAL_END: u32 = 608 << 10;
/// Bytes of boot code before the disk signature of a master boot record.
const BOOT_CODE_LEN: usize = 440;

/// A CD image.
#[derive(Clone, Debug, Serialize)]
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
    pub(super) udf: Option<udf::Volume>,
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
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
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

/// What a BIOS makes of the boot image on a disc.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum Emulation {
    /// Code that is loaded; the disc is a drive with sectors of 2048 bytes.
    NoEmulation,
    /// A floppy of 1.2 MB: drive 00h.
    Floppy12,
    /// A floppy of 1.44 MB: drive 00h.
    Floppy144,
    /// A floppy of 2.88 MB: drive 00h.
    Floppy288,
    /// A hard disk: drive 80h.
    HardDisk,
}

impl Emulation {
    fn of(media: u8) -> Option<Self> {
        Some(match media {
            0 => Self::NoEmulation,
            1 => Self::Floppy12,
            2 => Self::Floppy144,
            3 => Self::Floppy288,
            4 => Self::HardDisk,
            _ => return None,
        })
    }
}

impl fmt::Display for Emulation {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::NoEmulation => "no emulation",
            Self::Floppy12 => "1.2 MB floppy emulation",
            Self::Floppy144 => "1.44 MB floppy emulation",
            Self::Floppy288 => "2.88 MB floppy emulation",
            Self::HardDisk => "hard disk emulation",
        })
    }
}

/// The entry of the boot catalogue that a BIOS boots.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct BootEntry {
    /// What the machine will see.
    pub emulation: Emulation,
    /// The media byte as the catalogue has it.
    pub media: u8,
    /// Segment that the boot code is loaded to; the 0 of a catalogue is 07C0h.
    pub load_segment: u16,
    /// Sectors of 512 bytes that are loaded. The 0 of a catalogue is one block (4) without emulation, because a
    /// disc is read by blocks, and one sector with it. With emulation it is always 1: the emulated disk's boot sector.
    pub load_sectors: u16,
    /// Sectors to load, as the catalogue has it.
    pub told_sectors: u16,
    /// Block of the boot image.
    pub load_lba: u32,
    /// System type: for a hard disk the type byte of its partition.
    pub system_type: u8,
    /// Block of the boot catalogue.
    pub catalogue_lba: u32,
    /// Place in the catalogue; 0 is the default entry.
    pub index: usize,
    /// Who made it, as the catalogue says; mostly empty.
    pub id: String,
    /// The emulated disk; `None` without emulation.
    pub disk: Option<EmulatedDisk>,
}

/// A disk that a BIOS makes of a part of a disc.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct EmulatedDisk {
    /// Its geometry.
    #[serde(serialize_with = "as_text")]
    pub geometry: Geometry,
    /// Sectors of 512 bytes that it has.
    pub sectors: u64,
    /// Those that are on the disc; zeros stand for the others.
    pub present: u64,
}

fn as_text<S: serde::Serializer>(geometry: &Geometry, serializer: S) -> Result<S::Ok, S::Error> {
    serializer.collect_str(geometry)
}

/// Why no BIOS boots a disc as a CD.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "kebab-case")]
#[non_exhaustive]
pub enum NoBoot {
    /// Block 17 is no boot record.
    NoRecord,
    /// The boot catalogue is damaged.
    Catalogue {
        /// Its block.
        lba: u32,
        /// What is wrong with it.
        fault: CatalogueFault,
    },
    /// It boots by EFI alone.
    EfiOnly,
    /// Every entry is for another platform, such as 1 for PowerPC.
    Platform(u8),
    /// Every entry says that it is not to be booted.
    NotBootable,
    /// The media byte is none that is known.
    Media(u8),
    /// The disc ends before the boot image.
    Outside {
        /// Block of the boot image.
        lba: u32,
        /// Blocks that the image has.
        blocks: u64,
    },
    /// The emulated hard disk has no partition, which would tell its length.
    NoPartition,
    /// The boot code would be loaded over what a BIOS needs itself, or behind the end of memory.
    Load {
        /// First byte.
        start: u32,
        /// One past the last byte.
        end: u32,
        /// Whether it is the data of the BIOS that is in the way.
        low: bool,
    },
}

impl fmt::Display for NoBoot {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::NoRecord => f.write_str("it has no boot record"),
            Self::Catalogue { lba, fault } => {
                write!(f, "its boot catalogue at block {lba} is damaged: {fault}")
            }
            Self::EfiOnly => f.write_str("it boots by EFI only"),
            Self::Platform(platform) => {
                write!(f, "it boots on another kind of machine only (platform {platform:02X}h)")
            }
            Self::NotBootable => f.write_str("its boot catalogue says that nothing on it is to be booted"),
            Self::Media(media) => write!(f, "its boot catalogue has the unknown media byte {media:02X}h"),
            Self::Outside { lba, blocks } => {
                write!(f, "its boot image is at block {lba} and it has {blocks} blocks")
            }
            Self::NoPartition => f.write_str("its emulated hard disk has no partition"),
            Self::Load { start, end, low } => {
                let over = if *low { "over the data of the BIOS" } else { "behind the end of base memory" };
                write!(f, "its boot catalogue wants the boot code at {start:#x}..{end:#x}, {over}")
            }
        }
    }
}

impl NoBoot {
    /// What the person at the terminal can do next.
    pub fn help(&self) -> &'static str {
        match self {
            Self::NoRecord | Self::NotBootable => "use a disc that boots, or its boot floppy if it has one",
            Self::EfiOnly => "take the edition of the same system that boots with a BIOS",
            Self::Platform(_) => "take the edition of the same system for PCs",
            Self::Catalogue { .. } | Self::Media(_) | Self::Outside { .. } => {
                "compare the image with its publisher's checksum, and copy the disc again"
            }
            Self::NoPartition => {
                "use the boot image as a disk with `--kind hdd`, after cutting it out of the disc"
            }
            Self::Load { .. } => {
                "no machine boots it; make the disc again with `-boot-load-seg 0x7c0 -boot-load-size 4` of `xorriso -as \
                 mkisofs`"
            }
        }
    }
}

/// Something odd about a disc that does not stop it from being booted.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "kebab-case")]
#[non_exhaustive]
pub enum DiscWarning {
    /// The image ends before the volume does.
    Truncated {
        /// Blocks that the volume says it has.
        claimed: u64,
        /// Blocks that the image has.
        present: u64,
    },
    /// The boot catalogue's checksum is wrong; some BIOSes do not boot such a disc.
    Checksum,
    /// The boot code would be loaded to where some machines keep memory for themselves.
    LoadHigh {
        /// First byte.
        start: u32,
        /// One past the last byte.
        end: u32,
    },
    /// The boot image goes on behind the end of the disc; zeros are loaded.
    LoadCut {
        /// Bytes to load.
        wanted: u64,
        /// Bytes that are there.
        present: u64,
    },
    /// The first sector of the boot image is zeros, or one other byte.
    NoCode,
    /// The emulated hard disk has more than the one partition that is allowed.
    Partitions {
        /// Partitions.
        found: usize,
    },
    /// The emulated hard disk goes on behind the end of the disc: zeros stand for what is missing, or it is cut there.
    DiskTruncated {
        /// Sectors that its partition table claims.
        claimed: u64,
        /// Sectors on the disc.
        present: u64,
    },
    /// Witnesses of the emulated hard disk's geometry contradict each other.
    DiskGeometries(Disagreement),
}

impl fmt::Display for DiscWarning {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Truncated { claimed, present } => write!(
                f,
                "the CD image is shorter than it says itself: it has {} of {}",
                Bytes(present * BLOCK_LEN),
                Bytes(claimed * BLOCK_LEN)
            ),
            Self::Checksum => {
                f.write_str("the checksum of its boot catalogue is wrong; some BIOSes refuse that")
            }
            Self::LoadHigh { start, end } => {
                let kib = (end + RESIDENT_MAX).div_ceil(1024);
                write!(
                    f,
                    "its boot code would be loaded to {start:#x}..{end:#x}: a machine with less than {kib} KB of base \
                     memory may stop with E23"
                )
            }
            Self::LoadCut { wanted, present } => {
                write!(f, "its boot image has {present} of {wanted} bytes; zeros stand for the rest")
            }
            Self::NoCode => {
                f.write_str("its boot image begins with a sector without code: no BIOS starts it")
            }
            Self::Partitions { found } => {
                write!(f, "its emulated hard disk has {found} partitions and only one is allowed")
            }
            Self::DiskTruncated { claimed, present } => write!(
                f,
                "its emulated hard disk is cut: {} of {} are on the disc",
                Bytes(present * SECTOR_LEN),
                Bytes(claimed * SECTOR_LEN)
            ),
            Self::DiskGeometries(disagreement) => {
                f.write_str("the geometry of its emulated hard disk is told in different ways: ")?;
                disagreement.write(f, "")
            }
        }
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
        udf: if found.udf { udf::Volume::read(blocks)? } else { None },
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
    Ok(first[..BOOT_CODE_LEN].iter().any(|&byte| byte != 0) && !table::read(&first).is_empty())
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
        let x86 = |entry: &&Entry| entry.is_x86() && entry.bootable;
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
fn why_none(entries: &[Entry]) -> NoBoot {
    if entries.iter().any(Entry::is_x86) && !entries.iter().any(|entry| entry.is_efi() && entry.bootable) {
        return NoBoot::NotBootable;
    }
    if entries.iter().any(|entry| entry.is_efi() && entry.bootable) {
        return NoBoot::EfiOnly;
    }
    entries.first().map_or(NoBoot::NotBootable, |entry| NoBoot::Platform(entry.platform))
}
