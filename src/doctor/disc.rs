//! Images of CDs and DVDs that were copied to a stick: over the whole of it, or into a partition.

use ramkey_format::boot::{BootHeader, HEADER_IS_DISC};
use ramkey_format::memory::BOOT_LBA;

use crate::contents::has_no_code;
use crate::doctor::disk::Disk;
use crate::doctor::error::DoctorError;
use crate::doctor::finding::Findings;
use crate::doctor::kinds::Kind;
use crate::doctor::lowered;
use crate::doctor::part::Part;
use crate::doctor::volume::FoundVolume;
use crate::image::BOOT_SIGNATURE;

/// Sectors of 512 bytes in a block of a disc.
const BLOCK_SECTORS: u64 = 4;
/// Blocks with the first descriptor, the boot record, and the anchor of UDF. (ECMA-119, 6.7.1; El Torito 1.0, 2.0; UDF
/// 2.60, 2.2.3.)
const DESCRIPTOR: u64 = 16;
const BOOT_RECORD: u64 = 17;
const ANCHOR: u64 = 256;
/// Blocks behind the first descriptor in which a disc says that it is UDF.
const UDF_BLOCKS: u64 = 8;
const ISO_9660: &[u8] = b"CD001";
const UDF: [&[u8]; 2] = [b"NSR02", b"NSR03"];
const ANCHOR_TAG: [u8; 2] = [2, 0];
const EL_TORITO: &[u8] = b"\0CD001\x01EL TORITO SPECIFICATION";
/// Where a disc of ISO 9660 has its label.
const LABEL: std::ops::Range<usize> = 40..72;
/// How each sector of a copy begins that has all 2352 bytes of a sector. (ECMA-130, 14.2.)
const RAW: [u8; 12] = [0, 255, 255, 255, 255, 255, 255, 255, 255, 255, 255, 0];

/// A CD image that was found.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Disc {
    /// First sector.
    pub lba: u64,
    /// What its files lie in.
    pub system: &'static str,
    /// The same, and its label.
    name: String,
    /// Whether a CD drive boots it.
    has_boot_record: bool,
    /// Whether it is a stick of this program as well.
    is_ours: bool,
}

impl Disc {
    /// Looks whether a CD image begins at `lba`.
    pub fn read(disk: &Disk, lba: u64) -> Result<Option<Self>, DoctorError> {
        let block = |number: u64| {
            let lba = lba.saturating_add(number * BLOCK_SECTORS);
            if lba < disk.sectors { disk.sector(lba) } else { Ok([0; 512]) }
        };
        let first = block(DESCRIPTOR)?;
        let system = if first[1..].starts_with(ISO_9660) {
            "ISO 9660"
        } else if block(ANCHOR)?.starts_with(&ANCHOR_TAG) && Self::is_udf(&block)? {
            "UDF"
        } else if lba < disk.sectors && disk.sector(lba)?.starts_with(&RAW) {
            "raw sectors of a CD"
        } else {
            return Ok(None);
        };
        let label = if system == "ISO 9660" { label(&first) } else { String::new() };
        let name = if label.is_empty() { system.to_owned() } else { format!("{system} \"{label}\"") };
        let has_boot_record = block(BOOT_RECORD)?.starts_with(EL_TORITO);
        Ok(Some(Self { lba, system, name, has_boot_record, is_ours: lba == 0 && Self::has_header(disk) }))
    }

    /// Whether there is a boot header of this program that says that the medium is a disc. What cannot be read says nothing.
    fn has_header(disk: &Disk) -> bool {
        let lba = u64::from(BOOT_LBA);
        let sector = if lba < disk.sectors { disk.sector(lba).ok() } else { None };
        let header = sector.as_ref().and_then(|sector| BootHeader::parse(sector).ok());
        header.is_some_and(|header| header.flags.get() & HEADER_IS_DISC != 0)
    }

    fn is_udf(block: &impl Fn(u64) -> Result<[u8; 512], DoctorError>) -> Result<bool, DoctorError> {
        for number in DESCRIPTOR..DESCRIPTOR + UDF_BLOCKS {
            if UDF.contains(&&block(number)?[1..6]) {
                return Ok(true);
            }
        }
        Ok(false)
    }

    /// What a CD drive would make of it.
    fn as_cd(&self) -> &'static str {
        if self.has_boot_record {
            "a machine boots it from a CD drive"
        } else {
            "nor does one from a CD drive"
        }
    }

    /// Whether no BIOS starts the whole stick, whose sector 0 is `sector`.
    ///
    /// A file system that fits its place in a partition is younger than the image, which then is a rest.
    pub fn cannot_start(&self, sector: &[u8; 512], volumes: &[Option<FoundVolume>]) -> bool {
        let is_rest = volumes.iter().flatten().any(|volume| volume.lba > 0 && volume.hidden() == volume.lba);
        let has_code = sector[510..] == BOOT_SIGNATURE && !has_no_code(sector);
        !is_rest && !has_code
    }

    /// Whether the table in `sector` came with the image, and not later: no file system but that of UEFI fits its place
    /// in one of `parts`.
    pub fn owns_table(&self, sector: &[u8; 512], parts: &[Part], volumes: &[Option<FoundVolume>]) -> bool {
        let others = parts.iter().zip(volumes).filter(|(part, _)| part.type_byte != Some(lowered::EFI));
        let mut volumes = others.filter_map(|(_, volume)| volume.as_ref());
        sector[510..] == BOOT_SIGNATURE
            && !has_no_code(sector)
            && !volumes.any(|volume| volume.lba > 0 && volume.hidden() == volume.lba)
    }

    /// Tells of a CD image over the whole stick.
    pub fn check(&self, cannot_start: bool, findings: &mut Findings) {
        let lba = self.lba + DESCRIPTOR * BLOCK_SECTORS;
        if cannot_start {
            let what = format!(
                "it is a CD image ({}) without boot code in sector 0: no BIOS starts it from a stick; {}",
                self.name,
                self.as_cd()
            );
            findings.add(Kind::CdNoBootCode, 0, what);
        } else if self.is_ours {
            findings.add(Kind::RamkeyDisc, lba, format!("it is a disc of ramkey ({})", self.name));
        } else {
            findings.add(Kind::IsoHybrid, lba, format!("it is a CD image too ({})", self.name));
        }
    }

    /// Tells of a CD image in a partition.
    pub fn check_in(&self, part: &Part, findings: &mut Findings) {
        let what = format!(
            "{} holds a CD image ({}) and no file system of a disk: no BIOS starts it from there; {}",
            part.name(),
            self.name,
            self.as_cd()
        );
        findings.add(Kind::CdInPartition, self.lba, what);
    }
}

/// Whether each of `parts` holds CD images, in which nobody looks for other file systems; those alone in a partition are
/// told. A hybrid image over the whole stick (`whole`) has its own blocks in its partitions.
pub(super) fn in_parts(
    disk: &Disk,
    whole: Option<&Disc>,
    parts: &mut [Part],
    volumes: &[Option<FoundVolume>],
    findings: &mut Findings,
) -> Result<Vec<bool>, DoctorError> {
    let mut holds = vec![whole.is_some(); parts.len()];
    for ((part, volume), holds) in parts.iter_mut().zip(volumes).zip(&mut holds) {
        if volume.is_none()
            && !*holds
            && let Some(disc) = Disc::read(disk, part.lba)?
        {
            part.system = Some(disc.system.into());
            disc.check_in(part, findings);
            *holds = true;
        }
    }
    Ok(holds)
}

/// The label of a disc, with what is no printable ASCII as `_`.
fn label(descriptor: &[u8; 512]) -> String {
    let shown = |&byte: &u8| if (0x20..0x7F).contains(&byte) { char::from(byte) } else { '_' };
    descriptor[LABEL].iter().map(shown).collect::<String>().trim_end().to_owned()
}
