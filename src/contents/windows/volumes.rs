//! The volumes of an image on which a Windows can be, and their numbers to its boot loader.

use std::cell::RefCell;

use crate::contents::bytes::sector;
use crate::contents::facts::ImageFacts;
use crate::contents::files::VolumeFiles;
use crate::contents::kind::Kind;
use crate::contents::mbr::{self, EXTENDED};
use crate::contents::parts::logical;
use crate::image::Source;
use crate::units::SECTOR_LEN;

/// A volume whose files can be looked for.
pub(crate) struct WindowsVolume<'s> {
    pub place: VolumePlace,
    /// First byte in the image.
    pub at: u64,
    pub is_ntfs: bool,
    pub files: VolumeFiles<'s>,
    /// The first trouble with its files.
    trouble: RefCell<Option<String>>,
}

/// Where a volume is to the machine.
#[derive(Clone, Copy)]
pub(crate) struct VolumePlace {
    /// Number of its partition, from 1; 0 if there is no partition table.
    pub number: u32,
    /// First byte on the RAM disk.
    pub offset: u64,
    pub active: bool,
}

/// The volumes of an image.
pub(crate) struct Volumes<'s> {
    /// Those that can be read, the active one first.
    pub all: Vec<WindowsVolume<'s>>,
    /// The disk's signature; `None` if the image is no disk with a partition table.
    pub signature: Option<u32>,
    /// Why a volume of NTFS is not among them.
    pub error: Option<String>,
}

impl WindowsVolume<'_> {
    /// Whether there is such a file; trouble is kept for later.
    pub fn has(&self, path: &str) -> bool {
        self.files.has(path).unwrap_or_else(|error| {
            self.trouble.borrow_mut().get_or_insert(error.to_string());
            false
        })
    }

    /// Whether the registry of a Windows in `folder` is there.
    pub fn has_system(&self, folder: &str) -> bool {
        self.has(&format!("{folder}\\system32\\config\\SYSTEM"))
    }

    /// The first trouble with its files.
    pub fn trouble(&self) -> Option<String> {
        self.trouble.borrow().clone()
    }
}

impl<'s> Volumes<'s> {
    /// The volumes of the image that `facts` is about; `None` if a Windows starts from no such image.
    pub fn of_image(source: &'s dyn Source, facts: &ImageFacts) -> Option<Self> {
        match facts.kind {
            Kind::Floppy | Kind::Disc => None,
            Kind::Partition => Some(Self::of_partition(source, u64::from(facts.lead_sectors))),
            Kind::HardDisk => Some(Self::of_disk(source)),
        }
    }

    /// The volume in the image of a partition, which will begin `lead_sectors` behind the start of its disk.
    pub fn of_partition(source: &'s dyn Source, lead_sectors: u64) -> Self {
        let mut volumes = Self { all: Vec::new(), signature: None, error: None };
        volumes.add(source, 0, VolumePlace { number: 1, offset: lead_sectors * SECTOR_LEN, active: true });
        volumes
    }

    /// The volumes of a whole disk.
    pub fn of_disk(source: &'s dyn Source) -> Self {
        let mut volumes = Self { all: Vec::new(), signature: None, error: None };
        let Some(first) = sector(source, 0) else { return volumes };
        volumes.add(source, 0, VolumePlace { number: 0, offset: 0, active: true });
        if !volumes.all.is_empty() {
            return volumes;
        }
        volumes.signature = Some(mbr::disk_signature(&first));
        let (extended, primary): (Vec<_>, Vec<_>) =
            mbr::read(&first).into_iter().partition(|entry| EXTENDED.contains(&entry.type_byte));
        let mut places: Vec<(u64, bool)> = primary.iter().map(|entry| (entry.start, entry.active)).collect();
        // Windows counts the partitions within an extended one behind all others.
        if let Some(extended) = extended.first() {
            places.extend(logical(source, extended.start).into_iter().map(|part| (part.start, false)));
        }
        for (number, (start, active)) in (1..).zip(places) {
            let offset = start * SECTOR_LEN;
            volumes.add(source, offset, VolumePlace { number, offset, active });
        }
        volumes.all.sort_by_key(|volume| !volume.place.active);
        volumes
    }

    fn add(&mut self, source: &'s dyn Source, at: u64, place: VolumePlace) {
        match VolumeFiles::open(source, at) {
            Ok(Some(files)) => {
                let (is_ntfs, trouble) = (files.is_ntfs(), RefCell::new(None));
                self.all.push(WindowsVolume { place, at, is_ntfs, files, trouble });
            }
            Ok(None) => {}
            Err(error) => {
                self.error.get_or_insert(error.to_string());
            }
        }
    }
}
