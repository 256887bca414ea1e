//! A stick or a disc as records and words.

use std::borrow::Cow;

use ramkey_format::manifest::ManifestHeader;
use serde::Serialize;

use super::unpacked::UnpackedReport;
use crate::capsule::{DriveOptions, block_len, drive_words, ram_needed_together, ram_taken};
use crate::contents::{ImageFacts, Room, Warning};
use crate::image::Scan;
use crate::layout::disc::FLOPPY_288_SECTORS;
use crate::layout::{Content, Layout, Role, disk_signatures};
use crate::map::{Map, of_layout};
use crate::plan::{
    BLOCK_LEN, CapsulePlan, DiscBoot, DiscDivision, Division, LayoutKind, Plan, SetOptions, seconds_at,
};
use crate::report::load::{LoadReport, Loading, file_len};
use crate::report::range::RangeReport;
use crate::report::{DriverReport, MachineReport, OriginReport};
use crate::units::{SECTOR_LEN, hex, named};

/// One image of a stick.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, schemars::JsonSchema)]
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
    /// BLAKE3 of what will be in memory, if what was left out is not zero.
    pub ram_blake3: Option<String>,
    /// What it was packed in, from the outside to the inside.
    pub unpacked: Vec<UnpackedReport>,
    /// What is around it in its file, and left out.
    pub header: Option<HeaderReport>,
    /// What was said of its file and is true.
    pub origin: Vec<OriginReport>,
    /// The driver that its Windows got on the way; length and BLAKE3 are those of the image with it.
    pub driver: Option<DriverReport>,
    /// BIOS drive number; the first of its class means the next that is free.
    pub drive: u8,
    /// NT disk signature that the RAM disk gets because the image has none.
    pub disk_signature: Option<u32>,
    /// Memory that a machine needs to boot it, with all drives beside it, in bytes. Of one that stands beside others,
    /// its own part.
    pub ram_needed: u64,
    /// What it takes on the stick, and how long it is loaded.
    pub load: LoadReport,
    /// Which machines it is for; of one that stands beside others nothing.
    pub machine: Option<MachineReport>,
    /// What takes its room, if that was looked for.
    pub room: Option<Room>,
    /// How systems see its drives; of one that stands beside others only what becomes of writes matters.
    pub options: DriveOptions,
    /// What speaks against booting it, or what is wrong with it.
    pub warnings: Vec<String>,
    /// What is good to know and speaks against nothing.
    pub notes: Vec<String>,
    /// What could be better, and speaks against nothing.
    pub hints: Vec<String>,
}

/// What is around an image in its files, and left out: length and BLAKE3 are those of the image.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, schemars::JsonSchema)]
pub struct HeaderReport {
    /// The program that makes such files.
    pub program: Cow<'static, str>,
    /// Length in bytes of a header, where nothing else is around the image.
    pub len: Option<u64>,
    /// Command that prints the image; `None` of a file that was unpacked first.
    pub disk: Option<String>,
    /// What is left out, for people.
    #[serde(rename = "words")]
    left_out: String,
}

impl HeaderReport {
    /// What is around an image, if anything is.
    pub fn of(facts: &ImageFacts) -> Option<Self> {
        let wrapping = facts.wrapping.clone()?;
        Some(Self {
            program: wrapping.program,
            len: wrapping.header_len,
            disk: facts.unpacked.is_empty().then_some(wrapping.plain_command),
            left_out: wrapping.left_out,
        })
    }

    /// That it is left out, and of what the BLAKE3 is, for people.
    pub fn words(&self) -> String {
        let Self { left_out, disk, .. } = self;
        let command = disk.as_ref().map(|disk| format!("; BLAKE3 is that of `{disk} | b3sum`"));
        format!("{left_out}{}", command.unwrap_or_default())
    }
}

/// What a medium is as a disc.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, schemars::JsonSchema)]
pub struct DiscReport {
    /// `auto`, `no-emulation`, `floppy` or `hard-disk`.
    pub boot: &'static str,
    /// Blocks of 2048 bytes, with the post-gap.
    pub blocks: u64,
    /// The medium that it is for: `8cm` and so on, or nothing if a number of blocks was named.
    pub medium: Option<&'static str>,
    /// Blocks of that medium.
    pub capacity: u64,
    /// Blocks of it that are left.
    pub left: u64,
    /// Bytes of the user's own files, in whole blocks.
    pub own_files: u64,
    /// What of the folder with them is not on the disc, and why.
    pub left_out: Vec<String>,
    /// Seconds in which drives of 4, 10 and 24 times read all images.
    pub load_seconds: [u64; 3],
}

/// Speeds of drives: of laptops of 1996, of the first slim ones, and of most since 2000.
pub const SPEEDS: [u64; 3] = [4, 10, 24];

impl DiscReport {
    fn new(division: &Division, disc: &DiscDivision, layout: &Layout) -> Self {
        let blocks = division.blocks();
        let load_len = layout.capsule_sectors() * SECTOR_LEN;
        Self {
            boot: disc.boot.name(),
            blocks,
            medium: disc.medium.name,
            capacity: disc.medium.blocks,
            left: disc.medium.blocks.saturating_sub(blocks),
            own_files: (disc.extra.end - disc.extra.start) * BLOCK_LEN,
            left_out: disc.files.tree.skipped().iter().map(ToString::to_string).collect(),
            load_seconds: SPEEDS.map(|speed| seconds_at(load_len, speed)),
        }
    }

    /// How much of its medium it takes, and how long loading takes, a line each.
    pub fn words(&self) -> [String; 2] {
        let Self { blocks, capacity, left, boot, .. } = self;
        let medium = self.medium.map(|name| format!(" of {name}")).unwrap_or_default();
        let times: Vec<String> = SPEEDS
            .iter()
            .zip(self.load_seconds)
            .map(|(speed, seconds)| format!("{seconds} s at {speed}x"))
            .collect();
        [
            format!("{blocks} of {capacity} blocks{medium}, {left} left; boot mode {boot}"),
            format!("all images are read in {}", times.join(", ")),
        ]
    }
}

/// A stick as it will be, or as it is.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, schemars::JsonSchema)]
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
    /// What is to be known of README.TXT.
    pub notes: Vec<String>,
    /// Warnings of the stick and of all its images. Only where there are none does nothing speak against a boot.
    pub doubts: usize,
    /// What it is as a disc, if it is one as well.
    pub disc: Option<DiscReport>,
    /// Every range that is written, ascending.
    pub ranges: Vec<RangeReport>,
    /// Bytes in all ranges.
    pub bytes: u64,
    /// What lies where.
    #[serde(skip)]
    pub map: Map,
}

impl ImageReport {
    fn new(
        capsule: &CapsulePlan,
        scan: &Scan,
        set: &SetOptions,
        disk_signature: u32,
        (loading, ram_needed): (Loading, u64),
    ) -> Self {
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
            blake3: hex(scan.root),
            ram_blake3: (scan.ram_root != scan.root).then(|| hex(scan.ram_root)),
            unpacked: UnpackedReport::of(facts),
            header: HeaderReport::of(facts),
            origin: Vec::new(),
            driver: None,
            drive: capsule.number,
            disk_signature: (disk_signature != 0).then_some(disk_signature),
            ram_needed,
            load: LoadReport::new(scan, loading, ram_needed),
            machine: None,
            room: None,
            options: capsule.options(set),
            warnings: texts(warnings),
            notes: texts(notes),
            hints: title_hint(capsule).into_iter().collect(),
        }
    }

    /// Every image of a plan.
    fn all(plan: &Plan, layout: &Layout, scans: &[Scan]) -> Vec<Self> {
        let signatures = disk_signatures(&plan.carried, scans);
        let taken = |CapsulePlan { facts, .. }: &CapsulePlan| {
            ram_taken(facts.disk_sectors, block_len(facts.len, facts.made_of.as_ref()))
        };
        let beside: Vec<u64> =
            plan.carried.capsules.iter().filter(|capsule| !capsule.is_boot()).map(taken).collect();
        let loading = |image: usize| Loading::of(&scans[image], file_len(layout, image));
        let loaded_beside =
            (plan.carried.boot_images()..scans.len()).map(loading).fold(Loading::default(), Loading::and);
        let of_one = |(number, ((capsule, scan), signature)): (usize, ((&CapsulePlan, &Scan), u32))| {
            let own = loading(number);
            let needs = match capsule.is_boot() {
                true => (
                    own.and(loaded_beside),
                    ram_needed_together(beside.iter().copied().chain([taken(capsule)])),
                ),
                false => (own, taken(capsule)),
            };
            Self::new(capsule, scan, &plan.carried.set, signature, needs)
        };
        let each = plan.carried.capsules.iter().zip(scans).zip(signatures);
        let mut images: Vec<Self> = each.enumerate().map(of_one).collect();
        for (companion, capsule) in plan.carried.capsules.iter().enumerate().skip(plan.carried.boot_images())
        {
            let own = capsule.facts.disk_signature.filter(|&signature| signature != 0);
            let same = |other: &&CapsulePlan| own.is_some() && other.facts.disk_signature == own;
            if let Some(other) = plan.carried.capsules[..companion].iter().find(same) {
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
        let mut images = ImageReport::all(plan, layout, scans);
        let companions = images.split_off(plan.carried.boot_images());
        let report = Self {
            layout: plan.division.layout.name(),
            machines: plan.division.layout.machines(),
            sectors: plan.division.sectors,
            size_chosen: false,
            file_system: plan.division.volume.bits.to_string(),
            label: String::from_utf8_lossy(&plan.division.label).trim_end().to_owned(),
            volume_lba: plan.division.volume.lba,
            volume_sectors: plan.division.volume.sectors,
            stick_id: stick_id(layout).map(hex).unwrap_or_default(),
            images,
            companions,
            warnings: warnings(plan, layout),
            notes: notes(plan, layout),
            doubts: 0,
            disc: plan.division.disc.as_ref().map(|disc| DiscReport::new(&plan.division, disc, layout)),
            ranges: layout.extents.iter().map(|extent| RangeReport::new(extent, plan)).collect(),
            bytes: layout.written_sectors() * SECTOR_LEN,
            map: map_of(plan, layout),
        };
        report.counted()
    }
}

fn map_of(plan: &Plan, layout: &Layout) -> Map {
    let files: Vec<&str> = plan.carried.capsules.iter().map(|capsule| &capsule.file_name[..]).collect();
    of_layout(layout, &files)
}

/// What is to be known of README.TXT.
fn notes(plan: &Plan, layout: &Layout) -> Vec<String> {
    let is_wanted = plan.division.disc.is_none() && !plan.carried.readme.is_empty();
    let is_there = layout.extents.iter().any(|extent| extent.role == Role::Text);
    (is_wanted && !is_there).then(|| NO_README.to_owned()).into_iter().collect()
}

/// What is said of a stick that is full of images.
const NO_README: &str =
    "there is no room left for README.TXT, which tells of the images: the stick is without it";

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

/// What a BIOS may not read of the medium: behind where it ends for that BIOS, and on a disc that boots as a floppy behind the
/// floppy's end.
fn warnings(plan: &Plan, layout: &Layout) -> Vec<String> {
    let ends = image_ends(plan, layout);
    let mut warnings = out_of_reach(&ends, reaches(plan.division.layout));
    let boots_as_floppy = plan.division.disc.as_ref().is_some_and(|disc| disc.boot == DiscBoot::Floppy);
    let end = ends.iter().map(|(_, end)| *end).max().unwrap_or(0);
    if boots_as_floppy && end > FLOPPY_288_SECTORS {
        warnings.push(
            "as a floppy it shows no image to a BIOS that cannot end the emulation (INT 13h AX=4B00h): that boots --boot hard-disk".into(),
        );
    }
    warnings
}

/// The file of each image, and one past its last sector.
fn image_ends(plan: &Plan, layout: &Layout) -> Vec<(String, u64)> {
    let end_of = |index: usize| {
        let pieces = layout.extents.iter().filter(|extent| extent.role == Role::Capsule { image: index });
        pieces.map(|extent| extent.lba + extent.sectors).max().unwrap_or(0)
    };
    let capsules = plan.carried.capsules.iter().enumerate();
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
    use super::{out_of_reach, reaches};
    use crate::plan::LayoutKind;

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
