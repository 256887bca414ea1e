//! What a capsule's header says, in the words of this program.

use ramkey_format::capsule::{CapsuleHeader, flags};
use ramkey_format::cp437;

use super::kind::{emulation_of, kind_of};
use super::set::companions;
use super::{Beside, DriveOptions, Role};
use crate::contents::Kind;
use crate::contents::iso::Emulation;
use crate::units::Geometry;

/// A capsule, as its header describes it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Description {
    /// Title in the boot menu.
    pub title: String,
    /// Kind of disk.
    pub kind: Kind,
    /// What INT 13h answers with; of a CD that emulates a disk, for that disk.
    pub geometry: Geometry,
    /// What a CD emulates when it is booted; `None` for no CD, or one that is not booted.
    pub emulation: Option<Emulation>,
    /// Length of the image in memory in bytes.
    pub len: u64,
    /// BLAKE3 of the original image.
    pub image_blake3: [u8; 32],
    /// BLAKE3 of the image in memory, if sectors of the original were left out.
    pub ram_blake3: Option<[u8; 32]>,
    /// Sectors of its RAM disk.
    pub disk_sectors: u32,
    /// Memory that it takes, in bytes.
    pub ram_taken: u64,
    /// BIOS drive number; the first of its class means the next that is free.
    pub drive: u8,
    /// NT disk signature that the RAM disk gets because the image has none.
    pub disk_signature: Option<u32>,
    /// Its place in its set of drives.
    pub role: Role,
    /// The others of its set, in the order of their drives.
    pub companions: Vec<Beside>,
    /// How systems see its drives; of a companion only what becomes of writes matters.
    pub options: DriveOptions,
    /// Times that it was changed in place.
    pub changes: u32,
}

impl Description {
    /// What `header` says.
    pub fn of(header: &CapsuleHeader) -> Self {
        let kind = kind_of(header.kind);
        let (heads, sectors_per_track) = (header.heads.get(), header.sectors_per_track.get());
        let (flags, signature) = (header.flags.get(), header.disk_signature.get());
        Self {
            title: title(header),
            kind,
            geometry: Geometry { cylinders: header.cylinders.get(), heads, sectors_per_track },
            emulation: (kind == Kind::Disc).then(|| emulation_of(header.disc.emulation)).flatten(),
            len: header.image_len.get(),
            image_blake3: header.image_blake3,
            ram_blake3: (header.ram_blake3 != header.image_blake3).then_some(header.ram_blake3),
            disk_sectors: header.disk_sectors.get(),
            ram_taken: header.need().all(),
            drive: header.drive,
            disk_signature: (signature != 0).then_some(signature),
            role: if flags & flags::COMPANION != 0 { Role::Companion } else { Role::Boot },
            companions: companions(header),
            options: DriveOptions::of(flags),
            changes: header.changes.get(),
        }
    }

    /// The drive in a few words.
    pub fn words(&self) -> String {
        drive_words(self.kind, &self.geometry, self.emulation)
    }
}

/// The title of a capsule as text.
pub fn title(header: &CapsuleHeader) -> String {
    header.title().unwrap_or_default().iter().filter_map(|&byte| cp437::decode(byte)).collect()
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
