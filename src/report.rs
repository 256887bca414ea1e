//! What was written, for people and for programs. Nothing here prints.

use ramkey_format::capsule::{CHUNK_ENTRY_LEN, flags};
use ramkey_format::manifest::ManifestHeader;
use serde::Serialize;

use crate::contents::iso::Emulation;
use crate::contents::{ImageFacts, Kind, Warning};
use crate::image::{CHUNK_LEN, Identity, Scan};
use crate::layout::{Content, Extent, Layout, Role, capsule_flags, disk_signatures};
use crate::pipeline::{Committed, Repair};
use crate::plan::{CapsulePlan, CapsuleRole, CopyMode, FirstDisk, LayoutKind, Plan, Writes};
use crate::units::{Geometry, MIB, SECTOR_LEN, hex, named, shell_word};

/// The loader puts a RAM disk and its table on page boundaries.
const PAGE: u64 = 4096;

/// Memory that the machine must have for a RAM disk of `disk_sectors` sectors, in bytes: the disk and its chunk table,
/// in whole MiB as the boot menu shows them, and the first MiB, which is never used for them. The machine may keep some
/// for itself.
pub fn ram_needed(disk_sectors: u32) -> u64 {
    ram_needed_together([disk_sectors])
}

/// The same for RAM disks that are in memory together.
pub fn ram_needed_together(disk_sectors: impl IntoIterator<Item = u32>) -> u64 {
    disk_sectors.into_iter().map(ram_taken).sum::<u64>().next_multiple_of(MIB) + MIB
}

/// Memory that one RAM disk and its chunk table take, in bytes, in whole pages.
pub fn ram_taken(disk_sectors: u32) -> u64 {
    let disk_len = u64::from(disk_sectors) * SECTOR_LEN;
    let table_len = disk_len.div_ceil(CHUNK_LEN as u64) * CHUNK_ENTRY_LEN as u64;
    disk_len.next_multiple_of(PAGE) + table_len.next_multiple_of(PAGE)
}

/// How systems see the drives of one image.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
pub struct DriveOptions {
    /// Whose RAM disk drivers find.
    pub identity: Identity,
    /// Whose hard disks come first.
    pub first_disk: FirstDisk,
    /// What becomes of the machine's writes.
    pub writes: Writes,
    /// How INT 13h copies.
    #[serde(serialize_with = "name_of_copy")]
    pub copy: CopyMode,
    /// Whether the stick keeps a drive number.
    pub keep_stick: bool,
}

fn name_of_copy<S: serde::Serializer>(copy: &CopyMode, to: S) -> Result<S::Ok, S::Error> {
    to.serialize_str(copy.name())
}

impl DriveOptions {
    /// What the flags of a capsule say.
    pub fn of(flags: u32) -> Self {
        let is_set = |flag| flags & flag != 0;
        Self {
            identity: if is_set(flags::GRUB4DOS) { Identity::Grub4dos } else { Identity::Memdisk },
            first_disk: if is_set(flags::INTERNAL_FIRST) { FirstDisk::Internal } else { FirstDisk::Ram },
            writes: match (is_set(flags::READ_ONLY), is_set(flags::FAKE_WRITE)) {
                (true, _) => Writes::Refused,
                (false, true) => Writes::Dropped,
                (false, false) => Writes::Kept,
            },
            copy: CopyMode::of(flags),
            keep_stick: is_set(flags::KEEP_STICK),
        }
    }

    /// What differs from the usual for the whole set, for people.
    pub fn words(&self) -> Vec<&'static str> {
        let words = [
            (self.identity == Identity::Grub4dos, "drivers find GRUB4DOS's identity"),
            (self.first_disk == FirstDisk::Internal, "the machine's own hard disks come first"),
            (self.copy == CopyMode::Direct, "copied by INT 13h itself only"),
            (self.copy == CopyMode::Int15, "copied through INT 15h only"),
            (self.keep_stick, "the stick keeps a drive number"),
        ];
        words.into_iter().filter(|(differs, _)| *differs).map(|(_, words)| words).collect()
    }

    /// What differs from the usual for this drive, for people: behind a comma, or nothing.
    pub fn writes_words(&self) -> &'static str {
        match self.writes {
            Writes::Refused => ", read-only",
            Writes::Dropped => ", writes are dropped",
            Writes::Kept => "",
        }
    }
}

/// A drive in a few words: its kind, its geometry, and what a CD emulates; `None` for no CD, or one that is not booted.
pub fn drive_words(kind: Kind, geometry: &Geometry, emulation: Option<Emulation>) -> String {
    match (kind, emulation) {
        (Kind::Disc, None) => kind.to_string(),
        (Kind::Disc, Some(Emulation::NoEmulation)) => format!("{kind}, {}", Emulation::NoEmulation),
        (Kind::Disc, Some(emulation)) => format!("{kind}, {emulation} {geometry}"),
        _ => format!("{kind} {geometry}"),
    }
}

/// One image of a stick.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct ImageReport {
    /// The file that it came from.
    pub path: String,
    /// Its file on the stick.
    pub file: String,
    /// Title in the boot menu.
    pub title: String,
    /// Kind of disk.
    pub kind: String,
    /// Cylinders/heads/sectors.
    pub geometry: String,
    /// Kind, geometry and emulation in a few words.
    pub words: String,
    /// Length in bytes.
    pub len: u64,
    /// BLAKE3, as `b3sum` prints it.
    pub blake3: String,
    /// The header that is left out.
    pub header: Option<HeaderReport>,
    /// BIOS drive number; the first of its class means the next that is free.
    pub drive: u8,
    /// NT disk signature that the RAM disk gets because the image has none.
    pub disk_signature: Option<u32>,
    /// Memory that a machine needs to boot it, with all drives beside it, in bytes. Of one that stands beside others,
    /// its own part.
    pub ram_needed: u64,
    /// How systems see its drives; of one that stands beside others only what becomes of writes matters.
    pub options: DriveOptions,
    /// What speaks against booting it, or what is wrong with it.
    pub warnings: Vec<String>,
    /// What is good to know and speaks against nothing.
    pub notes: Vec<String>,
    /// What could be better, and speaks against nothing.
    pub hints: Vec<String>,
}

/// A header in front of a disk, which is left out: length and BLAKE3 are those of the disk.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct HeaderReport {
    /// The program that writes such headers.
    pub program: &'static str,
    /// Its length in bytes.
    pub len: u64,
    /// Command that prints the disk.
    pub disk: String,
}

impl HeaderReport {
    /// The header of an image that has one.
    pub fn of(facts: &ImageFacts) -> Option<Self> {
        let len = facts.header?.len;
        let disk = format!("tail -c +{} {}", len + 1, shell_word(&facts.path));
        Some(Self { program: "DOSEMU", len, disk })
    }

    /// That it is left out, and of what the BLAKE3 is, for people.
    pub fn words(&self) -> String {
        let Self { program, len, disk } = self;
        format!("the header of {program}, {len} bytes, is left out; BLAKE3 is that of `{disk} | b3sum`")
    }
}

/// One range of a stick.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct RangeReport {
    /// First sector.
    pub lba: u64,
    /// Sectors.
    pub sectors: u64,
    /// Short name of its purpose; does not change between versions.
    pub role: &'static str,
    /// Why it is written.
    pub why: String,
}

/// A stick as it will be, or as it is.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct StickReport {
    /// `universal`, `universal-zip`, `hdd`, `zip`, `fdd`, `two-partitions`, `gpt` or `superfloppy`.
    pub layout: &'static str,
    /// For which machines that is.
    pub machines: &'static str,
    /// Sectors of the stick.
    pub sectors: u64,
    /// Whether its size was chosen because nobody named one.
    pub size_chosen: bool,
    /// For example `FAT16`.
    pub file_system: String,
    /// Label of the file system.
    pub label: String,
    /// First sector of the file system.
    pub volume_lba: u64,
    /// Sectors of the file system.
    pub volume_sectors: u64,
    /// The stick's identity, 32 hexadecimal digits.
    pub stick_id: String,
    /// The images, in the order of the menu.
    pub images: Vec<ImageReport>,
    /// The images that stand beside each of them, in the order of their drives.
    pub companions: Vec<ImageReport>,
    /// Images that lie where some BIOSes read nothing.
    pub warnings: Vec<String>,
    /// Warnings of the stick and of all its images. Only where there are none does nothing speak against a boot.
    pub doubts: usize,
    /// Every range that is written, ascending.
    pub ranges: Vec<RangeReport>,
    /// Bytes in all ranges.
    pub bytes: u64,
}

/// A finished write.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Report {
    /// The stick.
    #[serde(flatten)]
    pub stick: StickReport,
    /// Ranges that had to be written more than once.
    pub repairs: Vec<Repair>,
}

impl ImageReport {
    fn new(capsule: &CapsulePlan, scan: &Scan, flags: u32, disk_signature: u32, ram_needed: u64) -> Self {
        let facts = &capsule.facts;
        let matters = |warning: &&Warning| capsule.is_boot() || !warning.is_about_booting();
        let (notes, warnings): (Vec<&Warning>, Vec<&Warning>) =
            facts.warnings.iter().filter(matters).partition(|warning| warning.is_note());
        let texts = |warnings: Vec<&Warning>| warnings.into_iter().map(ToString::to_string).collect();
        let emulation = facts.boot_entry().filter(|_| capsule.is_boot()).map(|boot| boot.emulation);
        Self {
            path: named(&facts.path).into_owned(),
            file: capsule.file_name.clone(),
            title: capsule.title.clone(),
            kind: facts.kind.to_string(),
            geometry: facts.geometry.to_string(),
            words: drive_words(facts.kind, &facts.geometry, emulation),
            len: facts.len,
            blake3: blake3::Hash::from_bytes(scan.root).to_hex().to_string(),
            header: HeaderReport::of(facts),
            drive: capsule.number,
            disk_signature: (disk_signature != 0).then_some(disk_signature),
            ram_needed,
            options: DriveOptions::of(flags),
            warnings: texts(warnings),
            notes: texts(notes),
            hints: title_hint(capsule).into_iter().collect(),
        }
    }

    /// Every image of a plan.
    fn all(plan: &Plan, scans: &[Scan]) -> Vec<Self> {
        let signatures = disk_signatures(plan, scans);
        let beside: Vec<u32> = plan
            .capsules
            .iter()
            .filter(|capsule| !capsule.is_boot())
            .map(|capsule| capsule.facts.disk_sectors)
            .collect();
        let of_one = |((capsule, scan), signature): ((&CapsulePlan, &Scan), u32)| {
            let own = capsule.facts.disk_sectors;
            let needed = match capsule.role {
                CapsuleRole::Boot { .. } => ram_needed_together(beside.iter().copied().chain([own])),
                CapsuleRole::Companion => ram_taken(own),
            };
            Self::new(capsule, scan, capsule_flags(plan, capsule), signature, needed)
        };
        let mut images: Vec<Self> = plan.capsules.iter().zip(scans).zip(signatures).map(of_one).collect();
        for (companion, capsule) in plan.capsules.iter().enumerate().skip(plan.boot_images()) {
            let own = capsule.facts.disk_signature.filter(|&signature| signature != 0);
            let same = |other: &&CapsulePlan| own.is_some() && other.facts.disk_signature == own;
            if let Some(other) = plan.capsules[..companion].iter().find(same) {
                images[companion].warnings.push(format!(
                    "it has the disk signature of {}; a Windows beside both takes one for the other",
                    named(&other.facts.path)
                ));
            }
        }
        images
    }
}

impl StickReport {
    /// Counts what speaks against a boot, after everything was looked at.
    #[must_use]
    pub fn counted(self) -> Self {
        let images = self.images.iter().chain(&self.companions);
        let doubts = self.warnings.len() + images.map(|image| image.warnings.len()).sum::<usize>();
        Self { doubts, ..self }
    }

    /// Describes the stick of `plan` as `layout` makes it.
    pub fn new(plan: &Plan, layout: &Layout, scans: &[Scan]) -> Self {
        let mut images = ImageReport::all(plan, scans);
        let companions = images.split_off(plan.boot_images());
        let report = Self {
            layout: plan.layout.name(),
            machines: plan.layout.machines(),
            sectors: plan.stick_sectors,
            size_chosen: false,
            file_system: plan.volume.bits.to_string(),
            label: String::from_utf8_lossy(&plan.label).trim_end().to_owned(),
            volume_lba: plan.volume.lba,
            volume_sectors: plan.volume.sectors,
            stick_id: stick_id(layout).map(hex).unwrap_or_default(),
            images,
            companions,
            warnings: out_of_reach(&image_ends(plan, layout), reaches(plan.layout)),
            doubts: 0,
            ranges: layout.extents.iter().map(|extent| RangeReport::new(extent, plan)).collect(),
            bytes: layout.written_sectors() * SECTOR_LEN,
        };
        report.counted()
    }
}

impl Report {
    /// Describes a finished write.
    pub fn new(plan: &Plan, scans: &[Scan], committed: &Committed) -> Self {
        Self { stick: StickReport::new(plan, &committed.layout, scans), repairs: committed.repairs.clone() }
    }
}

impl RangeReport {
    fn new(extent: &Extent, plan: &Plan) -> Self {
        let (role, why) = match extent.role {
            Role::Sector0 => ("sector-0", "first boot code; cleared first, written last".into()),
            Role::Table => ("table", "partition table".into()),
            Role::BootCode => ("boot-code", "boot header, second stage and loader".into()),
            Role::BootCopy => {
                ("boot-copy", "the boot code again, for a BIOS that hides all before a partition".into())
            }
            Role::Stamps if matches!(extent.content, Content::Bytes(_)) => (
                "code-copies",
                "first boot code again, and the next stage, for a BIOS that hides a track".into(),
            ),
            Role::Stamps => ("stamps", "each sector's number, to measure the BIOS by".into()),
            Role::Manifest => ("manifest", "hash of every range, for `ramkey verify`".into()),
            Role::FatReserved => {
                ("fat-reserved", "boot sector and reserved sectors of the file system".into())
            }
            Role::FatTable => ("fat-table", "file allocation tables".into()),
            Role::Directory => ("directory", "directories".into()),
            Role::Capsule { image } => {
                let name = plan.capsules.get(image).map_or("", |capsule| &capsule.file_name);
                ("capsule", format!("RAMKEY/{name}"))
            }
            Role::Cleared => ("cleared", "zeros over what another tool may have left".into()),
        };
        Self { lba: extent.lba, sectors: extent.sectors, role, why }
    }
}

/// How a title becomes better that has not all of the file's name. That of a drive beside another is not shown.
fn title_hint(capsule: &CapsulePlan) -> Option<String> {
    let lost = capsule.title_lost.filter(|_| capsule.is_boot())?;
    Some(format!("{lost}: --title \"...\" gives it another title than \"{}\"", capsule.title))
}

/// One past the last sector that a BIOS may show, the widest first, and which BIOS ends there. The last concerns `fdd` alone.
const REACHES: [(u64, &str); 4] = [
    (1 << 28, "137 GB, where a BIOS with addresses of 28 bits ends"),
    (1024 * 255 * 63, "8.4 GB, where a BIOS without EDD ends"),
    (1024 * 16 * 63, "504 MiB, where a BIOS ends that has no EDD and translates no geometry"),
    (1024 * 2 * 18, "18 MiB, where a BIOS ends that gives a USB-FDD the heads and sectors of a floppy"),
];

/// Those that a BIOS may show of a stick with this layout.
fn reaches(layout: LayoutKind) -> &'static [(u64, &'static str)] {
    if layout == LayoutKind::Fdd { &REACHES } else { &REACHES[..3] }
}

/// The file of each image, and one past its last sector.
fn image_ends(plan: &Plan, layout: &Layout) -> Vec<(String, u64)> {
    let end_of = |index: usize| {
        let pieces = layout.extents.iter().filter(|extent| extent.role == Role::Capsule { image: index });
        pieces.map(|extent| extent.lba + extent.sectors).max().unwrap_or(0)
    };
    let capsules = plan.capsules.iter().enumerate();
    capsules.map(|(index, capsule)| (format!("RAMKEY/{}", capsule.file_name), end_of(index))).collect()
}

/// One line for each BIOS that does not read all of `images`, with those that no BIOS of a wider reach would miss.
fn out_of_reach(images: &[(String, u64)], reaches: &[(u64, &str)]) -> Vec<String> {
    let widest = |end: u64| reaches.iter().position(|&(reach, _)| end > reach);
    let lines = reaches.iter().enumerate().filter_map(|(number, (_, limit))| {
        let names: Vec<&str> = images
            .iter()
            .filter(|(_, end)| widest(*end) == Some(number))
            .map(|(name, _)| &name[..])
            .collect();
        let verb = if names.len() == 1 { "ends" } else { "end" };
        (!names.is_empty()).then(|| format!("{} {verb} behind {limit}", names.join(", ")))
    });
    lines.collect()
}

/// The identity in the manifest of a layout.
fn stick_id(layout: &Layout) -> Option<[u8; 16]> {
    let manifest = layout.extents.iter().find(|extent| extent.role == Role::Manifest)?;
    let Content::Bytes(bytes) = &manifest.content else { return None };
    Some(ManifestHeader::parse(bytes).ok()?.0.stick_id)
}

#[cfg(test)]
mod tests {
    use super::{out_of_reach, ram_needed, ram_needed_together, reaches};
    use crate::plan::LayoutKind;

    #[test]
    fn a_floppy_needs_three_mib_and_a_disk_of_whole_mib_one_more_for_its_table() {
        // 2040 sectors and a page for the table are 1 MiB.
        for (sectors, mib) in [(1, 2), (2880, 3), (2040, 2), (2041, 3), (2048, 3), (131_072, 66)] {
            assert_eq!(ram_needed(sectors), mib << 20, "{sectors} sectors");
        }
    }

    #[test]
    fn disks_that_are_together_in_memory_share_the_first_mib_only() {
        assert_eq!(ram_needed_together([2880]), ram_needed(2880));
        // 1444 KiB, 1 MiB, and 64 MiB with 12 KiB of table are less than 67 MiB.
        assert_eq!(ram_needed_together([2880, 2040, 131_072]), (67 + 1) << 20);
        assert_eq!(ram_needed_together([2040, 2040]), (2 + 1) << 20);
        assert_eq!(ram_needed_together([2040, 2041]), (3 + 1) << 20);
    }
    #[test]
    fn an_image_that_ends_a_sector_behind_what_a_bios_shows_is_named_with_the_widest_limit_that_it_passes() {
        let images = |ends: &[u64]| -> Vec<(String, u64)> {
            ends.iter().enumerate().map(|(number, &end)| (format!("{number}"), end)).collect()
        };
        let reach = |images: &[(String, u64)]| out_of_reach(images, reaches(LayoutKind::Hdd));
        assert_eq!(reach(&images(&[1_032_192])), [""; 0]);
        let none = "504 MiB, where a BIOS ends that has no EDD and translates no geometry";
        assert_eq!(reach(&images(&[1_032_193])), [format!("0 ends behind {none}")]);
        assert_eq!(reach(&images(&[16_450_560, 9])), [format!("0 ends behind {none}")]);
        let edd = "8.4 GB, where a BIOS without EDD ends";
        assert_eq!(reach(&images(&[16_450_561])), [format!("0 ends behind {edd}")]);
        assert_eq!(reach(&images(&[268_435_456])), [format!("0 ends behind {edd}")]);
        let bits = "137 GB, where a BIOS with addresses of 28 bits ends";
        let all = reach(&images(&[2_000_000, 268_435_457, 17_000_000, 300_000_000]));
        let expected = [
            format!("1, 3 end behind {bits}"),
            format!("2 ends behind {edd}"),
            format!("0 ends behind {none}"),
        ];
        assert_eq!(all, expected);
        let floppy = |end: u64| out_of_reach(&images(&[end]), reaches(LayoutKind::Fdd));
        assert_eq!(floppy(36_864), [""; 0]);
        let few = "18 MiB, where a BIOS ends that gives a USB-FDD the heads and sectors of a floppy";
        assert_eq!(floppy(36_865), [format!("0 ends behind {few}")]);
        assert_eq!(floppy(1_032_193), [format!("0 ends behind {none}")]);
    }
}
