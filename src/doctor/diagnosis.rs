//! The order in which a stick is looked at, and what comes of it.

use std::borrow::Cow;

use ramkey_format::memory::BOOT_LBA;
use serde::{Deserialize, Serialize};

use super::disc::{self, Disc};
use super::disk::Disk;
use super::error::DoctorError;
use super::finding::{Finding, Findings};
use super::kinds::Kind;
use super::part::Part;
use super::severity::Severity;
use super::volume::{FoundSystem, FoundVolume};
use super::{boot_code, guid_table, lowered, place, table};
use crate::contents::{Slot, Tracks, Unfinished, Witnesses, entries, hard_disk, slots, solve, wanted};
use crate::image::{BOOT_SIGNATURE, Source};
use crate::units::SECTOR_LEN;

/// What is on a stick, and what of it does not fit.
#[must_use]
#[derive(Clone, Debug, Serialize, Deserialize, schemars::JsonSchema)]
pub struct Diagnosis {
    /// Findings that are more than a note.
    pub contradictions: usize,
    /// Sectors of the stick.
    pub sectors: u64,
    /// `mbr`, `gpt`, `superfloppy`, or `none`.
    pub layout: Cow<'static, str>,
    /// Heads and sectors per track that `inspect` takes an image of it to have, if table or boot sectors tell them.
    pub geometry: Option<Tracks>,
    /// Partitions, or the whole stick.
    pub parts: Vec<Part>,
    /// What was found, the worst first.
    pub findings: Vec<Finding>,
}

impl Diagnosis {
    /// Whether this can be said of a stick of `len` bytes. Who did not look itself asks that before it believes it.
    pub fn is_possible(&self, len: u64) -> bool {
        let is_told = |finding: &&Finding| finding.severity != Severity::Note;
        self.sectors == len / SECTOR_LEN
            && self.contradictions == self.findings.iter().filter(is_told).count()
            && self.parts.iter().all(|part| part.lba.checked_add(part.sectors).is_some())
    }
}

/// Reads the tables and boot sectors of `stick` and compares them with each other.
///
/// # Errors
///
/// [`DoctorError::TooShort`] if it has not one sector, [`DoctorError::Read`] if a sector that is needed cannot be read.
pub fn diagnose(stick: &dyn Source) -> Result<Diagnosis, DoctorError> {
    let disk = Disk { stick, sectors: stick.len() / SECTOR_LEN };
    if disk.sectors == 0 {
        return Err(DoctorError::TooShort { len: stick.len() });
    }
    let sector = disk.sector(0)?;
    let mut findings = Findings::default();
    let whole = FoundVolume::read(0, &sector);
    let table = read_table(&sector, whole.is_some());
    let gpt = guid_table::read(&disk, table.as_ref(), &mut findings)?;
    let disc = Disc::read(&disk, 0)?;

    let mut parts = table.as_ref().map(table::parts).unwrap_or_default();
    let in_record = !parts.is_empty();
    parts.extend(gpt.iter().flatten().cloned());
    let in_table = !parts.is_empty() || gpt.is_some();
    if sector[510..] != BOOT_SIGNATURE && (whole.is_some() || table.is_some()) {
        findings.add(Kind::NoSignature, 0, "sector 0 has no 55 AA at its end".into());
    }
    if let Some(slots) = &table {
        table::check(&disk, slots, whole.is_some(), &mut findings);
        if gpt.is_none() && in_record {
            table::check_signature(&sector, &mut findings);
        }
    }
    let volumes = volumes(&disk, &mut parts)?;
    let is_hybrid = disc.as_ref().is_some_and(|disc| disc.owns_table(&sector, &parts, &volumes));
    let cannot_start = disc.as_ref().is_some_and(|disc| disc.cannot_start(&sector, &volumes));
    let (mut geometry, mut of_table) = (None, None);
    if let (Some(slots), true) = (&table, in_record) {
        let solution = solve(&witnesses(&disk, &sector, slots)?);
        geometry = solution.as_ref().map(|solution| solution.tracks);
        of_table = table::check_addresses(slots, &parts, solution.as_ref(), &mut findings);
    }
    let against = |volume: &FoundVolume| {
        of_table.filter(|_| table.as_ref().is_some_and(|slots| table::contradicts(slots, volume)))
    };
    table::check_ranges(&disk, &parts, &mut findings);
    if in_table {
        if !cannot_start {
            boot_code::check_record(&sector, whole.as_ref(), &mut findings);
        }
        check_hybrid(whole.as_ref(), &volumes, &mut findings);
    }
    let holds_disc = disc::in_parts(&disk, disc.as_ref(), &mut parts, &volumes, &mut findings)?;
    // Of a CD image is said by itself why it does not start.
    if (in_table || whole.is_some()) && !cannot_start && !holds_disc.contains(&true) {
        boot_code::check_start(stick, in_table && whole.is_none(), &parts, &mut findings);
    }
    for ((part, volume), holds_disc) in parts.iter().zip(&volumes).zip(holds_disc) {
        table::check_type(part, volume.as_ref(), holds_disc, &mut findings);
        if let Some(volume) = volume.as_ref().filter(|volume| volume.lba != 0) {
            place::check(&disk, volume, part, against(volume), &mut findings)?;
        }
    }
    if let Some(volume) = &whole {
        let part = Part::whole(&disk, volume.system.name());
        place::check(&disk, volume, &part, against(volume), &mut findings)?;
        if !in_table {
            let what = format!("it is one {} from sector 0 on", volume.system.name());
            findings.add(Kind::NoTable, 0, what);
            parts.push(part);
        }
    }
    if let Some(disc) = &disc {
        disc.check(cannot_start, &mut findings);
        if !in_table && whole.is_none() {
            parts.push(Part::whole(&disk, disc.system));
        }
    }
    check_finished(stick, parts.is_empty() && !in_table, &mut findings);
    let mut findings = findings.finish();
    lowered::lower(&mut findings, is_hybrid, &parts);
    findings.sort_by_key(|finding| finding.severity as u8);
    Ok(Diagnosis {
        contradictions: findings.iter().filter(|finding| finding.severity != Severity::Note).count(),
        sectors: disk.sectors,
        layout: match (gpt.is_some(), in_table, whole.is_some()) {
            (true, ..) => "gpt",
            (_, true, _) => "mbr",
            (.., true) => "superfloppy",
            _ => "none",
        }
        .into(),
        geometry,
        parts,
        findings,
    })
}

/// Tells of a stick of this program that does not boot because writing it was not finished, or else of one on which
/// nothing is known (`is_empty`).
fn check_finished(stick: &dyn Source, is_empty: bool, findings: &mut Findings) {
    // What cannot be read there says nothing.
    let (lba, what) = match Unfinished::look(stick).ok().flatten() {
        Some(Unfinished::Sector0) => {
            (0, "sector 0 is clear, and the boot area of a stick of ramkey is there")
        }
        Some(Unfinished::Copies) => {
            (0, "sector 0 and the boot header are clear, and only copies of ramkey's boot code are left")
        }
        Some(Unfinished::BootHeader) => {
            (u64::from(BOOT_LBA), "sector 0 is that of a stick of ramkey, and its boot header is clear")
        }
        None if is_empty => {
            let what = "there is no partition table, and no file system in sector 0";
            return findings.add(Kind::NoContents, 0, what.into());
        }
        None => return,
    };
    findings.add(Kind::Unfinished, lba, what.into());
}

/// The partition table of sector 0, if it is one. Where a file system begins too, or the signature is missing, the
/// bytes may be anything: then each of them must be such as a partition tool writes.
fn read_table(sector: &[u8; 512], is_volume: bool) -> Option<[Slot; 4]> {
    let slots = slots(sector);
    let is_signed = sector[510..] == BOOT_SIGNATURE;
    let has_used = slots.iter().any(|slot| slot.type_byte != 0);
    let is_sound = |slot: &Slot| {
        let is_empty = slot.type_byte == 0 && slot.sectors == 0;
        slot.status & 0x7F == 0
            && (is_empty || (slot.type_byte != 0 && slot.sectors > 0 && slot.end() <= 1 << 32))
    };
    let trusted = is_signed && !is_volume;
    (has_used && (trusted || slots.iter().all(is_sound))).then_some(slots)
}

/// What the table of `sector` and the boot sectors of its partitions say of heads and sectors per track.
fn witnesses(disk: &Disk, sector: &[u8; 512], slots: &[Slot; 4]) -> Result<Witnesses, DoctorError> {
    let entries = entries(slots);
    let claimed = entries.iter().map(|entry| entry.end()).max().unwrap_or(0);
    let sectors = wanted(disk.sectors, claimed).unwrap_or(disk.sectors);
    let mut read = |lba: u64| match lba < disk.sectors {
        true => disk.sector(lba).map(Some),
        false => Ok(None),
    };
    Witnesses::of(sector, &entries, sectors, hard_disk(sectors), &mut read)
}

/// The file systems of `parts`, in their order; `None` where there is none that is known, or no sector.
fn volumes(disk: &Disk, parts: &mut [Part]) -> Result<Vec<Option<FoundVolume>>, DoctorError> {
    let mut volumes = Vec::with_capacity(parts.len());
    for part in parts {
        let volume = match part.lba < disk.sectors {
            true => FoundVolume::read(part.lba, &disk.sector(part.lba)?),
            false => None,
        };
        part.system = volume.as_ref().map(|volume| volume.system.name().into());
        volumes.push(volume);
    }
    Ok(volumes)
}

/// Compares the file system that begins at sector 0 of a stick with a table with those of the partitions.
fn check_hybrid(whole: Option<&FoundVolume>, volumes: &[Option<FoundVolume>], findings: &mut Findings) {
    let Some(whole) = whole else { return };
    let place = |volume: &FoundVolume| {
        let bpb = &volume.bpb;
        matches!(volume.system, FoundSystem::Fat(_))
            .then(|| (volume.lba + u64::from(bpb.reserved), volume.lba + bpb.data()))
    };
    let name = whole.system.name();
    let agrees =
        place(whole).is_some() && volumes.iter().flatten().any(|volume| place(volume) == place(whole));
    if agrees {
        let what =
            format!("sector 0 describes the {name} of a partition too, with the same tables and clusters");
        findings.add(Kind::Hybrid, 0, what);
    } else {
        let what = format!("sector 0 describes a {name} that is none of the partitions'");
        findings.add(Kind::HybridDisagrees, 0, what);
    }
}
