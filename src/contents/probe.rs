//! What an image is: its kind, and the disk that the machine will see.

use std::borrow::Cow;
use std::path::Path;

use super::boot_sector::{self, BootSector};
use super::disc;
use super::ends;
use super::error::ProbeError;
use super::ext::ExtRecord;
use super::facts::{ImageFacts, Warning};
use super::geometry::size::{self, FLOPPY_CYLINDERS_MAX, FLOPPY_LEN_MAX, FLOPPY_SECTORS_MAX};
use super::geometry::solve::{self, Answer, Disagreement, Fitted, Witness};
use super::geometry::{Witnesses, hard_disk, wanted};
use super::guid_table::GuidTable;
use super::iso::{self, Disc, IsoError, NoBoot};
use super::kind::{Kind, KindChoice};
use super::mbr::{self, TableEntry};
use super::not_raw;
use super::will_boot;
use crate::image::{BOOT_SIGNATURE, DISK_LEN_MAX, ImageError, Source};
use crate::units::{Geometry, SECTOR_LEN};

/// Images of at least so many bytes are hard disks unless they say otherwise.
const HARD_DISK_LEN_MIN: u64 = 4 << 20;
/// Most sectors that are made before a partition, so that it begins where its boot sector says.
pub(super) const LEAD_SECTORS_MAX: u32 = 4096;
/// Type byte of a partition whose file system is not known.
const TYPE_UNKNOWN: u8 = 0x83;

/// The first bytes of an image, understood as far as they can be.
struct Evidence<'a> {
    path: &'a Path,
    source: &'a dyn Source,
    len: u64,
    first: [u8; 512],
    disc: Option<Disc>,
    disc_error: Option<IsoError>,
    entries: Vec<TableEntry>,
    volume: Option<BootSector>,
}

/// The disk that an image becomes, before the limits are checked.
struct Disk {
    geometry: Geometry,
    sectors: u64,
    lead: u32,
    partition_type: u8,
    warning: Option<Warning>,
}

/// Looks at the image in `source` and says what the machine will see.
///
/// `path` is for messages and titles only. `choice` and `chs` win over what the image says. A geometry is taken from
/// a file system without a partition table; of a disk with one it is what fits most of its boot sectors and its table;
/// and if they say nothing, it is the usual one for the size.
///
/// # Errors
///
/// [`ProbeError::Empty`], [`ProbeError::TooLarge`] and [`ProbeError::NoFloppy`] for a length that cannot be used;
/// [`ProbeError::NotRaw`] for what is no raw disk; [`ProbeError::Disc`],
/// [`ProbeError::NoDisc`] and [`ProbeError::DiscGeometry`] for a CD; [`ImageError::Read`] if the image cannot be read.
pub fn probe(
    path: &Path,
    source: &dyn Source,
    choice: KindChoice,
    chs: Option<Geometry>,
) -> Result<ImageFacts, ProbeError> {
    let mut evidence = Evidence::read(path, source, choice)?;
    let wrapping = source.wrapping();
    let wrapped_disk = wrapping.and_then(|wrapping| wrapping.hard_disk.clone());
    let disc =
        if wrapped_disk.is_some() && choice == KindChoice::Auto { None } else { evidence.disc(choice)? };
    let mut kind_is_guess = false;
    let (kind, reason): (Kind, Cow<'static, str>) = match choice {
        KindChoice::Is(kind) => (kind, "it was asked for".into()),
        KindChoice::Auto => match wrapped_disk {
            Some(reason) => (Kind::HardDisk, reason),
            None if disc.is_some() => (Kind::Disc, "it has the volume descriptors of one".into()),
            None => {
                let (kind, reason) = evidence.kind();
                kind_is_guess = kind == Kind::Floppy && evidence.says_nothing();
                (kind, reason.into())
            }
        },
    };
    let told = wrapping.and_then(|wrapping| wrapping.geometry).filter(|_| kind == Kind::HardDisk);
    let told = told.map(|geometry| fitting(geometry, evidence.sectors()));
    let chs = chs.or(told);
    let limit = if kind == Kind::Floppy { FLOPPY_LEN_MAX } else { DISK_LEN_MAX } / SECTOR_LEN;
    if let Some(sectors) = chs.map(|asked| asked.sectors()).filter(|&sectors| sectors > limit) {
        return Err(ProbeError::Geometry { path: path.to_owned(), sectors, kind, limit });
    }
    let disk = match kind {
        Kind::HardDisk => evidence.hard_disk(chs)?,
        Kind::Floppy => evidence.floppy(chs)?,
        Kind::Partition => evidence.partition(chs),
        Kind::Disc if chs.is_some() => return Err(ProbeError::DiscGeometry { path: path.to_owned() }),
        Kind::Disc => {
            Disk::of_disc(disc.as_ref().ok_or_else(|| ProbeError::NoDisc { path: path.to_owned() })?)
        }
    };
    let needed = disk.sectors.saturating_mul(SECTOR_LEN);
    if needed > DISK_LEN_MAX {
        return Err(ProbeError::TooLarge { path: path.to_owned(), needed, limit: DISK_LEN_MAX });
    }
    let boot_signature = evidence.first[510..] == BOOT_SIGNATURE;
    let mut warnings: Vec<Warning> = disk.warning.clone().into_iter().collect();
    warnings.extend(kind_is_guess.then_some(Warning::KindIsGuess));
    warnings.extend(evidence.doubts(kind, disk.sectors - u64::from(disk.lead)));
    warnings.extend(disc.iter().flat_map(disc::warnings));
    if let Some(other) = evidence.disc.as_ref().filter(|_| disc.is_none()) {
        let is_short = warnings.iter().any(Warning::is_about_length);
        let more = disc::warnings_as(other, choice);
        warnings.extend(more.into_iter().filter(|warning| !is_short || !warning.is_about_length()));
    }
    if !boot_signature && kind != Kind::Disc {
        warnings.push(Warning::NoBootSignature);
    }
    if !evidence.len.is_multiple_of(SECTOR_LEN) && !warnings.iter().any(Warning::is_about_length) {
        warnings.push(Warning::PartialSector { len: evidence.len });
    }
    if chs.is_some_and(|asked| asked.sectors() < evidence.sectors()) {
        let reach = disk.geometry.sectors();
        warnings.push(Warning::BeyondGeometry { reach, present: evidence.sectors() });
    }
    let (drive, drive_type) = match kind {
        Kind::HardDisk | Kind::Partition => (0x80, 0),
        Kind::Floppy => (0x00, size::drive_type(&disk.geometry)),
        Kind::Disc => (0xE0, disc.as_ref().map_or(0, disc::drive_type)),
    };
    let contents = disc.as_ref().map(disc::contents).or_else(|| evidence.contents());
    Ok(ImageFacts {
        path: path.to_owned(),
        len: evidence.len,
        wrapping: wrapping.cloned(),
        unpacked: source.unpacked().to_vec(),
        kind,
        kind_is_guess,
        reason,
        geometry: disk.geometry,
        disk_sectors: disk.sectors as u32,
        lead_sectors: disk.lead,
        drive,
        drive_type,
        partition_type: disk.partition_type,
        disk_signature: if kind == Kind::HardDisk { evidence.disk_signature() } else { None },
        disc: disc.map(|disc| disc.boot.ok_or(disc.no_boot.unwrap_or(NoBoot::NoRecord))),
        boot_signature,
        contents,
        warnings,
        made_of: None,
    })
}

impl Disk {
    fn of_disc(disc: &Disc) -> Self {
        let (geometry, sectors) = (disc::geometry(disc), disc::sectors(disc));
        Self { geometry, sectors, lead: 0, partition_type: 0, warning: None }
    }
}

impl<'a> Evidence<'a> {
    fn read(path: &'a Path, source: &'a dyn Source, choice: KindChoice) -> Result<Self, ProbeError> {
        let len = source.len();
        if len == 0 {
            return Err(ProbeError::Empty { path: path.to_owned() });
        }
        let bytes = |offset: u64, count: usize| {
            let mut bytes = vec![0; (len - offset).min(count as u64) as usize];
            match source.read_at(offset, &mut bytes) {
                Ok(()) => Ok(bytes),
                Err(source) => {
                    Err(ProbeError::from(ImageError::Read { path: path.to_owned(), offset, source }))
                }
            }
        };
        not_raw::refuse(path, source, choice)?;
        if len > DISK_LEN_MAX {
            return Err(ProbeError::TooLarge { path: path.to_owned(), needed: len, limit: DISK_LEN_MAX });
        }
        let head = bytes(0, 512)?;
        let mut first = [0; 512];
        let present = head.len().min(512);
        first[..present].copy_from_slice(&head[..present]);
        let mut volume = boot_sector::read(&first);
        let mut entries = mbr::read(&first);
        let sectors = len.div_ceil(SECTOR_LEN);
        // A boot sector that claims many times what is there is chance, or no boot sector of this image.
        if volume.as_ref().is_some_and(|volume| volume.sectors / 2 > sectors.max(FLOPPY_SECTORS_MAX)) {
            volume = None;
        }
        // So is a table whose every partition begins behind the end, unless a partition tool wrote it; one sector may be
        // all there is of a disk.
        let is_chance = volume.is_some() || !entries.iter().all(TableEntry::has_addresses);
        if sectors > 1 && is_chance && entries.iter().all(|entry| entry.start >= sectors) {
            entries.clear();
        }
        let (disc, disc_error) = match iso::read(source) {
            Ok(disc) => (disc, None),
            Err(error) => (None, Some(error)),
        };
        let mut evidence = Self { path, source, len, first, disc, disc_error, entries, volume };
        // `mformat` puts an entry that begins at sector 0 into the boot sector of its file systems.
        let at_start = evidence.volume.is_some() && evidence.entries.iter().all(|entry| entry.start == 0);
        if at_start || evidence.floppy_volume().is_some() {
            evidence.entries.clear();
        }
        Ok(evidence)
    }

    fn sectors(&self) -> u64 {
        self.len.div_ceil(SECTOR_LEN)
    }

    /// The disc that the image becomes; `None` if it becomes something else.
    ///
    /// A disc that only boots as a disk is a disk, as is one whose descriptors are damaged and that has partitions.
    fn disc(&mut self, choice: KindChoice) -> Result<Option<Disc>, ProbeError> {
        let asked = choice == KindChoice::Is(Kind::Disc);
        if !asked && choice != KindChoice::Auto {
            return Ok(None);
        }
        match self.disc_error.take() {
            Some(source) if asked || self.entries.is_empty() => {
                Err(ProbeError::Disc { path: self.path.to_owned(), source })
            }
            _ => {
                let disc = self.disc.as_ref();
                Ok(disc.filter(|disc| asked || disc.boot.is_some() || !disc.hybrid).cloned())
            }
        }
    }

    fn kind(&self) -> (Kind, &'static str) {
        if self.floppy_volume().is_some() {
            return (Kind::Floppy, "its file system is a floppy's");
        }
        if mbr::active(&self.entries).is_some() {
            return (Kind::HardDisk, "it has a partition table with an active entry");
        }
        let in_first_sector = self.volume.as_ref().filter(|_| self.entries.is_empty());
        match in_first_sector {
            Some(volume) if volume.sectors > FLOPPY_SECTORS_MAX || volume.heads > 2 => {
                if volume.hidden == 0 {
                    return (Kind::HardDisk, "its file system begins at sector 0");
                }
                return (Kind::Partition, "it begins with the boot sector of a partition");
            }
            _ => {}
        }
        if self.len < HARD_DISK_LEN_MIN {
            (Kind::Floppy, "it is smaller than 4 MiB")
        } else {
            (Kind::HardDisk, "it is not smaller than 4 MiB")
        }
    }

    /// Whether it has neither a partition table nor a file system by which its kind could be told.
    fn says_nothing(&self) -> bool {
        self.entries.is_empty() && self.volume.is_none()
    }

    /// The NT disk signature, if sector 0 is a master boot record with partitions. A GUID partition table has its own
    /// identity; its protective record has no signature by rule. (UEFI specification, section 5.2.3.)
    fn disk_signature(&self) -> Option<u32> {
        let is_record = self.volume.is_none() && !self.entries.iter().all(TableEntry::is_protective);
        is_record.then(|| mbr::disk_signature(&self.first))
    }

    /// The volume in sector 0, if it was made on a floppy of about this size.
    fn floppy_volume(&self) -> Option<&BootSector> {
        let volume = self.believed_volume()?;
        let sectors = self.sectors().max(volume.sectors);
        let was_sold = sectors <= FLOPPY_SECTORS_MAX && volume.heads <= 2 && volume.sectors_per_track <= 36;
        // Where size or heads could be a hard disk's too, it must say that it is none.
        let is_said = volume.says_floppy
            && sectors < HARD_DISK_LEN_MIN / SECTOR_LEN
            && (sectors <= FLOPPY_SECTORS_MAX || volume.heads <= 2);
        let plausible = volume.hidden == 0 && (was_sold || is_said) && self.floppy_by(volume).is_some();
        plausible.then_some(volume)
    }

    /// The volume in sector 0, unless the image was sold as a floppy in another format than its boot sector says: that
    /// one goes by its size.
    fn believed_volume(&self) -> Option<&BootSector> {
        let volume = self.volume.as_ref()?;
        let sectors = self.sectors();
        let other = size::sold_floppy(sectors).is_some() && sectors > volume.sectors;
        (!other).then_some(volume)
    }

    /// The floppy with the heads and sectors per track of `volume` that the image goes on, if it has not too many
    /// cylinders.
    fn floppy_by(&self, volume: &BootSector) -> Option<Geometry> {
        let cylinder = u64::from(volume.heads) * u64::from(volume.sectors_per_track);
        let present = self.sectors();
        let sectors = wanted(present, volume.sectors).unwrap_or(present);
        let cylinders = sectors.div_ceil(cylinder);
        let is_reached = cylinders <= FLOPPY_CYLINDERS_MAX;
        if is_reached {
            Geometry::new(cylinders as u32, volume.heads, volume.sectors_per_track)
        } else {
            None
        }
    }

    fn floppy(&self, chs: Option<Geometry>) -> Result<Disk, ProbeError> {
        let claimed = self.volume.as_ref().and_then(|volume| self.floppy_by(volume));
        let by_volume = claimed.filter(|_| self.believed_volume().is_some());
        let geometry = chs.or(by_volume).or_else(|| size::floppy(self.len)).ok_or_else(|| {
            ProbeError::NoFloppy { path: self.path.to_owned(), len: self.len, limit: FLOPPY_LEN_MAX }
        })?;
        let warning = match claimed {
            _ if chs.is_some() => None,
            Some(claimed) if claimed != geometry => {
                let taken = Answer { witness: Witness::Size, geometry };
                let others = vec![Answer { witness: Witness::FirstSector, geometry: claimed }];
                Some(Warning::Geometries(Disagreement { taken, others }))
            }
            None if size::is_guess(self.sectors(), &geometry) && self.disc.is_none() => {
                Some(Warning::UnusualFloppy { taken: geometry })
            }
            Some(_) | None => None,
        };
        let sectors = geometry.sectors().max(self.sectors());
        Ok(Disk { geometry, sectors, lead: 0, partition_type: 0, warning })
    }

    fn hard_disk(&self, chs: Option<Geometry>) -> Result<Disk, ProbeError> {
        let present = self.sectors();
        let superfloppy = self.volume.as_ref().filter(|_| self.entries.is_empty());
        let claimed = match superfloppy {
            Some(volume) => volume.sectors,
            None => self.entries.iter().map(TableEntry::end).max().unwrap_or(0),
        };
        let wanted = wanted(present, claimed).unwrap_or(present);
        if let Some(geometry) = chs {
            let sectors = wanted.max(geometry.sectors());
            return Ok(Disk { geometry, sectors, lead: 0, partition_type: 0, warning: None });
        }
        let otherwise =
            superfloppy.map_or_else(|| hard_disk(wanted), |volume| (volume.heads, volume.sectors_per_track));
        let read = &mut |lba| self.sector(lba);
        let witnesses = Witnesses::of(&self.first, &self.entries, wanted, otherwise, read)?;
        let Fitted { geometry, sectors, disagreement } = solve::fit(&witnesses);
        let warning = disagreement.map(Warning::Geometries);
        Ok(Disk { geometry, sectors, lead: 0, partition_type: 0, warning })
    }

    /// Sector `lba`, if it is there.
    fn sector(&self, lba: u64) -> Result<Option<[u8; 512]>, ProbeError> {
        let offset = lba.saturating_mul(SECTOR_LEN);
        if offset.saturating_add(SECTOR_LEN) > self.len {
            return Ok(None);
        }
        let mut sector = [0; 512];
        let read = self.source.read_at(offset, &mut sector);
        read.map_err(|source| ImageError::Read { path: self.path.to_owned(), offset, source })?;
        Ok(Some(sector))
    }

    fn partition(&self, chs: Option<Geometry>) -> Disk {
        let present = self.sectors();
        let (heads, sectors_per_track) = match (chs, &self.volume) {
            (Some(asked), _) => (asked.heads, asked.sectors_per_track),
            (None, Some(volume)) => (volume.heads, volume.sectors_per_track),
            (None, None) => hard_disk(present),
        };
        let hidden = self.volume.as_ref().map_or(0, |volume| volume.hidden);
        let fits = (1..=LEAD_SECTORS_MAX).contains(&hidden);
        let lead = if fits { hidden } else { u32::from(sectors_per_track) };
        let claimed = self.volume.as_ref().map_or(0, |volume| volume.sectors);
        let wanted = u64::from(lead) + wanted(present, claimed).unwrap_or(present);
        let cylinder = u64::from(heads) * u64::from(sectors_per_track);
        let (cylinders, sectors) = match chs {
            Some(asked) => (asked.cylinders, wanted.max(asked.sectors())),
            None => size::whole_cylinders(wanted, cylinder, false),
        };
        let warning = (hidden != 0 && !fits).then_some(Warning::Moved { claimed: hidden, lead });
        let partition_type = match &self.volume {
            Some(volume) => volume.system.partition_type(volume.sectors),
            None => TYPE_UNKNOWN,
        };
        let geometry = Geometry { cylinders, heads, sectors_per_track };
        Disk { geometry, sectors, lead, partition_type, warning }
    }

    /// What speaks against a disk of `kind` with so many sectors of the image and behind it.
    fn doubts(&self, kind: Kind, sectors: u64) -> Vec<Warning> {
        if kind == Kind::Disc {
            return self.disc.as_ref().map(|disc| disc::doubts(disc, self.source)).unwrap_or_default();
        }
        let has_table = !self.entries.is_empty();
        let short =
            ends::beyond(self.source, has_table, self.len / SECTOR_LEN).map(|(before, end)| Warning::Short {
                before,
                missing: end.saturating_mul(SECTOR_LEN) - self.len,
                zeros: end <= sectors,
            });
        let no_start = will_boot::look(self.source, kind, has_table).into_iter().map(Warning::NoStart);
        short.into_iter().chain(no_start).collect()
    }

    /// What is on the image, in a few words.
    fn contents(&self) -> Option<String> {
        if let Some(disc) = &self.disc {
            return Some(format!("also a CD: {}", disc::contents(disc)));
        }
        if self.entries.iter().any(TableEntry::is_protective) {
            return Some(self.guid_contents());
        }
        if !self.entries.is_empty() {
            let active = active_words(&self.entries).unwrap_or("none active".into());
            return Some(match self.entries.len() {
                1 => format!("1 partition, {active}"),
                count => format!("{count} partitions, {active}"),
            });
        }
        let (name, label) = match &self.volume {
            Some(volume) => (volume.system.name(), volume.label.clone()),
            None => ExtRecord::read(self.source, 0).map(|record| (record.name, record.label))?,
        };
        Some(label.map_or_else(|| name.into(), |label| format!("{name} \"{label}\"")))
    }

    /// What is on an image with a GUID partition table. Only partitions beside the entry that stands for it can be active.
    fn guid_contents(&self) -> String {
        let parts =
            |count: usize| if count == 1 { "1 partition".into() } else { format!("{count} partitions") };
        let table = match GuidTable::of(self.source) {
            Some(table) if table.parts.is_empty() => "a GPT without partitions".into(),
            Some(table) => format!("a GPT with {}", parts(table.parts.len())),
            None => "a GPT that cannot be read".into(),
        };
        let others: Vec<TableEntry> =
            self.entries.iter().filter(|entry| !entry.is_protective()).copied().collect();
        if others.is_empty() {
            return table;
        }
        let active = active_words(&others).map(|active| format!(", {active}")).unwrap_or_default();
        format!("{table}, and {} in the master boot record{active}", parts(others.len()))
    }
}

/// The geometry of a disk of `present` sectors: as its wrapping says, unless most of the disk is missing.
fn fitting(geometry: Geometry, present: u64) -> Geometry {
    if wanted(present, geometry.sectors()).is_some() {
        return geometry;
    }
    let cylinders = present.div_ceil(geometry.cylinder_sectors());
    Geometry { cylinders: cylinders.max(1) as u32, ..geometry }
}

/// Which of `entries` are active: the type of one, or how many; `None` if none is.
fn active_words(entries: &[TableEntry]) -> Option<String> {
    match entries.iter().filter(|entry| entry.active).collect::<Vec<_>>()[..] {
        [] => None,
        [entry] => Some(format!("active type {:02X}h", entry.type_byte)),
        ref several => Some(format!("{} active", several.len())),
    }
}
