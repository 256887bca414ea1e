//! What goes onto a stick, as whoever wants it says it.

use std::path::PathBuf;

use crate::contents::{FreeQuestion, ImageFacts, KindChoice};
use crate::image::{Bus, Compression, Identity, Packer};
use crate::job::Companion;
use crate::origin::Expectations;
use crate::plan::{
    CompanionRequest, CopyMode, DiscBoot, DiscMedium, FirstDisk, FsChoice, ImageRequest, LayoutChoice,
    LayoutKind, Request, SetOptions, Slot, StartOptions, Writes,
};
use crate::units::{Geometry, SECTOR_LEN};

/// The images of a stick, and how it is made and boots. [`StickRequest::new`] has what is usual.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct StickRequest {
    /// The images that are booted, in the order of the menu.
    pub images: Vec<PathBuf>,
    /// The kind of disk that they are.
    pub kind: KindChoice,
    /// Their geometry, if the images are not to say it.
    pub geometry: Option<Geometry>,
    /// Their titles in the menu, in the same order; those that are missing come from the names of the files.
    pub titles: Vec<String>,
    /// The images that stand beside each of them, in the order of their drives.
    pub companions: Vec<Companion>,
    /// Length of the stick in bytes, a multiple of 512, if one was named.
    pub size: Option<u64>,
    /// How it is divided.
    pub layout: LayoutChoice,
    /// Its file system.
    pub fs: FsChoice,
    /// Label of the file system, if one was named.
    pub label: Option<String>,
    /// Identity of the stick, if one was named; else derived from the images and the options.
    pub id: Option<[u8; 16]>,
    /// Whose RAM disk drivers find; MEMDISK's if nobody said.
    pub identity: Option<Identity>,
    /// Whose hard disks come first; by the boot drive's kind if nobody said.
    pub first_disk: Option<FirstDisk>,
    /// Whether the stick keeps a drive number.
    pub keep_stick: bool,
    /// What becomes of the sectors that the machine writes to the RAM disks.
    pub writes: Writes,
    /// How INT 13h copies.
    pub copy: CopyMode,
    /// How the machine starts.
    pub start: StartOptions,
    /// How hard the images are packed.
    pub compression: Compression,
    /// Whether what the file systems of the images call free is left out, and what else.
    pub trim: Option<FreeQuestion>,
    /// What it is loaded from; if nobody said, a disc from a drive for CDs, and a stick at USB 1.1.
    pub bus: Option<Bus>,
    /// What is expected of the files that the images come in.
    pub expectations: Expectations,
    /// Where each of the images of the menu is from, in their order, for README.TXT; those that are missing say nothing.
    pub sources: Vec<String>,
    /// Where the driver is that the Windows of the first image gets on the way, if it gets one.
    pub driver: Option<PathBuf>,
    /// Bytes that stay free in the images of folders, if somebody said how many.
    pub folder_free: Option<u64>,
    /// Whether the images of folders in the menu must start a system that is known.
    pub folder_boots: bool,
    /// What makes the medium a disc as well, if it is to be one: then size, layout and file system are chosen for it.
    pub disc: Option<DiscOptions>,
}

/// What is asked of a disc, beside what it has in common with a stick.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct DiscOptions {
    /// How a BIOS boots it.
    pub boot: DiscBoot,
    /// The medium that it must fit.
    pub medium: DiscMedium,
    /// A folder whose files are put onto the disc, too.
    pub folder: Option<PathBuf>,
}

impl StickRequest {
    /// A stick that boots `images`, with everything else as usual.
    pub fn new(images: Vec<PathBuf>) -> Self {
        Self {
            images,
            kind: KindChoice::Auto,
            geometry: None,
            titles: Vec::new(),
            companions: Vec::new(),
            size: None,
            layout: LayoutChoice::Auto,
            fs: FsChoice::Auto,
            label: None,
            id: None,
            identity: None,
            first_disk: None,
            keep_stick: false,
            writes: Writes::Kept,
            copy: CopyMode::Auto,
            start: StartOptions::default(),
            compression: Compression::Auto,
            trim: Some(FreeQuestion::default()),
            bus: None,
            expectations: Expectations::default(),
            sources: Vec::new(),
            driver: None,
            folder_free: None,
            folder_boots: true,
            disc: None,
        }
    }

    /// The same, divided in the way that any machine starts from.
    #[must_use]
    pub fn universal(self) -> Self {
        Self {
            size: None,
            layout: LayoutKind::Universal { slot: Slot::First }.into(),
            fs: FsChoice::Auto,
            ..self
        }
    }

    /// Packs the images as is asked.
    pub(super) fn packer(&self) -> Packer {
        let usual = if self.disc.is_some() { Bus::Cd } else { Bus::Usb1 };
        Packer::new(self.compression, self.bus.unwrap_or(usual))
    }

    /// Every image, none of which may lie on the target.
    pub fn paths(&self) -> Vec<PathBuf> {
        let companions = self.companions.iter().map(|companion| companion.path.clone());
        self.images.iter().cloned().chain(companions).collect()
    }

    /// The same for the plan of a stick of `stick_len` bytes. `facts` has what each image is, in the order of [`Self::paths`].
    pub(super) fn of_plan(&self, facts: &[ImageFacts], stick_len: u64) -> Request {
        let (boot, beside) = facts.split_at(self.images.len());
        let image = |(index, facts): (usize, &ImageFacts)| ImageRequest {
            facts: facts.clone(),
            title: self.titles.get(index).cloned(),
            writes: self.writes,
        };
        let companion = |(companion, facts): (&Companion, &ImageFacts)| CompanionRequest {
            facts: facts.clone(),
            number: companion.number,
            writes: self.writes,
        };
        Request {
            images: boot.iter().enumerate().map(image).collect(),
            companions: self.companions.iter().zip(beside).map(companion).collect(),
            set: SetOptions {
                identity: self.identity.unwrap_or_default(),
                first_disk: self.first_disk,
                keep_stick: self.keep_stick,
                copy: self.copy,
            },
            stick_sectors: stick_len / SECTOR_LEN,
            layout: self.layout,
            fs: self.fs,
            label: self.label.clone(),
            id: self.id,
            start: self.start,
            readme: Vec::new(),
            disc: None,
        }
    }
}
