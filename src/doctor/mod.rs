//! Reads any stick and says what in its tables and boot sectors contradicts what else is there, and who stumbles over it.
//!
//! Only sectors that describe others are read: sector 0, boot sectors, first table entries, a GPT. Files are not looked
//! at, nothing is repaired, and nothing here prints.

mod boot_code;
mod disc;
mod fat;
mod guid_table;
mod kinds;
mod lowered;
mod table;
mod volume;

use std::io;

use ramkey_format::memory::BOOT_LBA;
use serde::Serialize;

use crate::image::{
    BOOT_SIGNATURE, Slot, Source, Tracks, Unfinished, Witnesses, entries, hard_disk, slots, solve, wanted,
};
use crate::units::SECTOR_LEN;

pub use kinds::{Explanation, KINDS, Kind};

use disc::Disc;
use volume::{System, Volume};

/// How bad a finding is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum Severity {
    /// Systems disagree about the stick: it does not boot, or files are in danger.
    Fault,
    /// Some machines or systems stumble over it.
    Warning,
    /// It is allowed and may matter.
    Note,
}

impl Severity {
    /// Its name.
    pub fn name(self) -> &'static str {
        match self {
            Self::Fault => "fault",
            Self::Warning => "warning",
            Self::Note => "note",
        }
    }
}

/// One thing that was found.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Finding {
    /// What it is.
    pub kind: Kind,
    /// How bad it is.
    pub severity: Severity,
    /// The sector that says so.
    pub lba: u64,
    /// What was found, with its numbers.
    pub what: String,
    /// Why it matters.
    pub why: &'static str,
    /// Which machines and systems stumble over it.
    pub hurts: &'static str,
    /// What to do.
    pub remedy: &'static str,
    /// Where that is known from.
    pub source: &'static str,
}

/// A partition, or the whole of a stick without any.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Part {
    /// Its number in its table; `None` for the whole stick.
    pub number: Option<usize>,
    /// First sector.
    pub lba: u64,
    /// Sectors.
    pub sectors: u64,
    /// Type byte in a master boot record.
    pub type_byte: Option<u8>,
    /// Whether it is active.
    pub active: bool,
    /// Its file system, if it is one that this program knows.
    pub system: Option<&'static str>,
}

impl Part {
    /// The whole stick, with a file system or a CD from sector 0 on.
    fn whole(disk: &Disk, system: &'static str) -> Self {
        let system = Some(system);
        Self { number: None, lba: 0, sectors: disk.sectors, type_byte: None, active: false, system }
    }

    /// What it is called in a sentence.
    fn name(&self) -> String {
        match self.number {
            Some(number) => format!("partition {number}"),
            None => "the whole stick".into(),
        }
    }

    /// One past its last sector.
    fn end(&self) -> u64 {
        self.lba + self.sectors
    }
}

/// What is on a stick, and what of it does not fit.
#[must_use]
#[derive(Clone, Debug, Serialize)]
pub struct Diagnosis {
    /// Findings that are more than a note.
    pub contradictions: usize,
    /// Sectors of the stick.
    pub sectors: u64,
    /// `mbr`, `gpt`, `superfloppy`, or `none`.
    pub layout: &'static str,
    /// Heads and sectors per track that `inspect` takes an image of it to have, if table or boot sectors tell them.
    pub geometry: Option<Tracks>,
    /// Partitions, or the whole stick.
    pub parts: Vec<Part>,
    /// What was found, the worst first.
    pub findings: Vec<Finding>,
}

/// The stick cannot be looked at.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum DoctorError {
    /// It is shorter than one sector.
    #[error("it has {len} bytes, and a stick has at least one sector of 512")]
    TooShort {
        /// Its length in bytes.
        len: u64,
    },
    /// A sector cannot be read.
    #[error("reading sector {lba}")]
    Read {
        /// The sector.
        lba: u64,
        /// What the system said.
        #[source]
        source: io::Error,
    },
}

impl DoctorError {
    /// What the person at the terminal can do next.
    pub fn help(&self) -> &'static str {
        match self {
            Self::TooShort { .. } => "name a stick, or a whole image of one",
            Self::Read { .. } => "try another port; a stick that cannot be read must be replaced",
        }
    }
}

/// A stick that is only read.
struct Disk<'a> {
    stick: &'a dyn Source,
    sectors: u64,
}

impl Disk<'_> {
    /// One sector; `lba` is below `sectors`.
    fn sector(&self, lba: u64) -> Result<[u8; 512], DoctorError> {
        let mut sector = [0; 512];
        let read = self.stick.read_at(lba * SECTOR_LEN, &mut sector);
        read.map(|()| sector).map_err(|source| DoctorError::Read { lba, source })
    }
}

/// Most findings of one kind that are told one by one.
const SAME_MAX: usize = 32;

/// What has been found so far.
#[derive(Default)]
struct Findings {
    told: Vec<Finding>,
    /// How often each kind was found.
    counts: Vec<(Kind, usize)>,
}

impl Findings {
    fn add(&mut self, kind: Kind, lba: u64, what: String) {
        let known = self.counts.iter().position(|(known, _)| *known == kind);
        let index = known.unwrap_or_else(|| {
            self.counts.push((kind, 0));
            self.counts.len() - 1
        });
        let count = &mut self.counts[index].1;
        *count += 1;
        if *count <= SAME_MAX {
            self.push(kind, lba, what);
        }
    }

    fn push(&mut self, kind: Kind, lba: u64, what: String) {
        let &Explanation { severity, why, hurts, remedy, source, .. } = kind.explanation();
        self.told.push(Finding { kind, severity, lba, what, why, hurts, remedy, source });
    }

    /// All findings; where there are many of a kind, the last one says how many more.
    fn finish(mut self) -> Vec<Finding> {
        for (kind, count) in std::mem::take(&mut self.counts) {
            if let Some(more) = count.checked_sub(SAME_MAX).filter(|&more| more > 0) {
                self.push(kind, 0, format!("and {more} more of this kind"));
            }
        }
        self.told
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
    let whole = Volume::read(0, &sector);
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
    let against = |volume: &Volume| {
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
            volume::check(&disk, volume, part, against(volume), &mut findings)?;
        }
    }
    if let Some(volume) = &whole {
        let part = Part::whole(&disk, volume.system.name());
        volume::check(&disk, volume, &part, against(volume), &mut findings)?;
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
        },
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
fn volumes(disk: &Disk, parts: &mut [Part]) -> Result<Vec<Option<Volume>>, DoctorError> {
    let mut volumes = Vec::with_capacity(parts.len());
    for part in parts {
        let volume = match part.lba < disk.sectors {
            true => Volume::read(part.lba, &disk.sector(part.lba)?),
            false => None,
        };
        part.system = volume.as_ref().map(|volume| volume.system.name());
        volumes.push(volume);
    }
    Ok(volumes)
}

/// Compares the file system that begins at sector 0 of a stick with a table with those of the partitions.
fn check_hybrid(whole: Option<&Volume>, volumes: &[Option<Volume>], findings: &mut Findings) {
    let Some(whole) = whole else { return };
    let place = |volume: &Volume| {
        let bpb = &volume.bpb;
        matches!(volume.system, System::Fat(_))
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
