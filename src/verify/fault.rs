//! What verifying found: faults, and changes that are none.

use std::borrow::Cow;
use std::fmt;

use serde::{Deserialize, Serialize};

use crate::stick::ReadError;
use crate::units::SECTOR_LEN;

/// What is wrong. The names in JSON do not change.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, schemars::JsonSchema)]
#[serde(rename_all = "kebab-case")]
#[non_exhaustive]
pub enum FaultKind {
    /// It is no stick of this program.
    NoStick,
    /// A sector cannot be read.
    Unreadable,
    /// The stick ends before what was written to it.
    TooShort,
    /// The stick goes on behind what was written to it.
    TooLong,
    /// Sector 0.
    Sector0,
    /// Partition table sectors other than sector 0.
    Table,
    /// Boot header, second stage and loader.
    BootCode,
    /// The same again, behind the start of the partition.
    BootCopy,
    /// Copies of sector 0, and the numbers of sectors.
    Stamps,
    /// The stick manifest.
    Manifest,
    /// Zeros beside the boot code.
    Cleared,
    /// What makes the medium a disc as well.
    Disc,
    /// The user's own files on a disc.
    Files,
    /// Boot sector and reserved sectors of the file system.
    FatReserved,
    /// File allocation tables.
    FatTable,
    /// A directory.
    Directory,
    /// The text about the images, where every byte counts.
    Readme,
    /// A file whose place in the file system is wrong.
    File,
    /// An image.
    Capsule,
    /// There is no image to boot.
    NoImage,
}

/// Where a fault is, on the stick and in an image.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, schemars::JsonSchema)]
pub struct Place {
    /// First sector.
    pub lba: u64,
    /// Sectors.
    pub sectors: u64,
    /// First byte on the stick.
    pub offset: u64,
    /// One past the last byte.
    pub end: u64,
    /// The file, if it is one.
    pub file: Option<String>,
    /// First byte of the image.
    pub image_offset: Option<u64>,
    /// One past its last byte.
    pub image_end: Option<u64>,
}

impl Place {
    /// A run of sectors.
    pub fn sectors(lba: u64, sectors: u64) -> Self {
        // A stick can name sectors that no disk has.
        let (offset, end) =
            (lba.saturating_mul(SECTOR_LEN), lba.saturating_add(sectors).saturating_mul(SECTOR_LEN));
        Self { lba, sectors, offset, end, ..Self::default() }
    }

    /// The same, in a file.
    pub fn in_file(self, file: &str) -> Self {
        Self { file: Some(file.to_owned()), ..self }
    }

    /// The same, as a part of an image.
    pub fn of_image(self, offset: u64, end: u64) -> Self {
        Self { image_offset: Some(offset), image_end: Some(end), ..self }
    }
}

/// One thing that is wrong.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, schemars::JsonSchema)]
pub struct Fault {
    /// What.
    pub kind: FaultKind,
    /// Where.
    #[serde(flatten)]
    pub place: Place,
    /// In words.
    pub message: String,
    /// What makes an image of it boot, if it may be one.
    pub hint: Option<String>,
    /// BLAKE3 of the bytes as written, or what stands for it; 64 hexadecimal digits.
    pub expected: Option<String>,
    /// BLAKE3 of the bytes as found.
    pub found: Option<String>,
}

impl Fault {
    pub(super) fn new(kind: FaultKind, place: Place, message: impl Into<String>) -> Self {
        Self { kind, place, message: message.into(), hint: None, expected: None, found: None }
    }

    pub(super) fn hashes(self, expected: blake3::Hash, found: blake3::Hash) -> Self {
        let hex = |hash: blake3::Hash| Some(hash.to_hex().to_string());
        Self { expected: hex(expected), found: hex(found), ..self }
    }
}

impl fmt::Display for Fault {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Place { lba, sectors, offset, end, file, image_offset, image_end } = &self.place;
        if let Some(file) = file {
            write!(f, "{file}: ")?;
        }
        write!(f, "{}", self.message)?;
        if let (Some(offset), Some(end)) = (image_offset, image_end) {
            write!(f, ", bytes {offset:#x}..{end:#x} of the image")?;
        }
        if *sectors > 0 {
            write!(f, ", LBA {lba}..{} (bytes {offset:#x}..{end:#x})", lba.saturating_add(*sectors))?;
        }
        if let (Some(expected), Some(found)) = (&self.expected, &self.found) {
            write!(f, ": expected {expected}, found {found}")?;
        }
        self.hint.as_ref().map_or(Ok(()), |hint| write!(f, "; {hint}"))
    }
}

/// A change since the stick was written that is no fault.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, schemars::JsonSchema)]
#[serde(tag = "change", rename_all = "kebab-case")]
#[non_exhaustive]
pub enum Change {
    /// A file or folder that was not written with the stick.
    Added {
        /// Its path.
        path: String,
        /// Its length in bytes; 0 for a folder.
        len: u64,
        /// Why it does not boot and what makes it, if it is an image.
        hint: Option<String>,
    },
    /// An image is gone.
    Removed {
        /// Its title, if that can still be read.
        title: Option<String>,
        /// Path of its file, if that is known.
        path: Option<String>,
        /// First sector that it had.
        lba: u64,
    },
    /// A file of an image holds another image.
    Replaced {
        /// Its path.
        path: String,
        /// Title of the image that is there now.
        title: String,
        /// Title of the image that was there, if that can still be read.
        was: Option<String>,
        /// Whether the bytes of the new image were read and match its hashes.
        proven: bool,
        /// The path that the image that is there now had, if it is one of this stick and left that place.
        from: Option<String>,
    },
    /// The file of an image has another name.
    Renamed {
        /// Its path.
        path: String,
        /// The path that it had, if that is known.
        from: Option<String>,
        /// Title of the image.
        title: String,
    },
    /// Some of these images were renamed, and nobody knows which.
    Names {
        /// Their paths.
        paths: Vec<String>,
    },
    /// Each of two files holds the image of the other.
    Swapped {
        /// The path of one.
        path: String,
        /// The path of the other.
        other: String,
    },
    /// The same image is there once more, or its beginning.
    Copied {
        /// The path of the copy.
        path: String,
        /// The path that the image was written to.
        of: String,
        /// Whether all of it was copied.
        whole: bool,
        /// Why it does not boot and what makes it, if it does not.
        hint: Option<String>,
    },
    /// An image that stands beside others has none left to stand beside.
    Alone {
        /// Its path.
        path: String,
    },
    /// The dates of a file are others.
    Dates {
        /// Its path.
        path: String,
    },
    /// The file system has another label.
    Label {
        /// The label that was written.
        written: String,
        /// The one that is there.
        found: String,
    },
    /// There are more files and folders than are named.
    More {
        /// How many.
        files: u64,
    },
    /// What systems note about the file system: its state, their name, the count of free clusters.
    Volume {
        /// In words.
        what: Cow<'static, str>,
    },
    /// A change of an image in its place was cut off.
    Unfinished {
        /// Path of its file.
        path: String,
        /// Whether it holds the new image; else the one from before.
        is_new: bool,
    },
    /// The slot of the manifest that does not count holds a manifest that was not written to its end, or was damaged since.
    Manifest {
        /// First sector.
        lba: u64,
        /// Sectors.
        sectors: u64,
    },
    /// The stick is longer than the one that was written.
    Longer {
        /// Sectors that it was written with.
        written: u64,
        /// Sectors that it has.
        found: u64,
        /// What that means, in words.
        what: Cow<'static, str>,
    },
    /// The text about the images is another, or tells of others.
    Readme {
        /// Its path.
        path: String,
        /// In words.
        what: Cow<'static, str>,
    },
    /// Directories or file allocation tables have other bytes in places that say nothing of a file.
    Details {
        /// In words.
        what: Cow<'static, str>,
        /// First sector.
        lba: u64,
        /// Sectors.
        sectors: u64,
    },
}

impl fmt::Display for Change {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Added { path, hint, .. } => {
                write!(f, "{path} was added")?;
                hint.as_ref().map_or(Ok(()), |hint| write!(f, "; {hint}"))
            }
            Self::Removed { title, path, lba } => match (title, path) {
                (Some(title), Some(path)) => write!(f, "the image \"{title}\" was removed: {path} is gone"),
                (Some(title), None) => write!(f, "the image \"{title}\" was removed"),
                (None, Some(path)) => write!(f, "the image in {path} was removed"),
                (None, None) => write!(f, "the image that began at LBA {lba} was removed"),
            },
            Self::Replaced { path, title, was, proven, from } => {
                let state = if *proven { "proven" } else { "not proven" };
                write!(f, "{path} was replaced by another image: \"{title}\", {state}")?;
                from.as_ref().map_or(Ok(()), |from| write!(f, ", which was {from}"))?;
                f.write_str("; ")?;
                match was {
                    Some(was) => write!(f, "\"{was}\", which was there, is gone"),
                    None => f.write_str("the one that was there is gone"),
                }
            }
            Self::Renamed { path, from: Some(from), title } => {
                write!(f, "the image \"{title}\" was renamed from {from} to {path}")
            }
            Self::Renamed { path, from: None, title } => {
                write!(f, "the image \"{title}\" was renamed to {path}")
            }
            Self::Names { paths } => {
                write!(f, "images were renamed, one or more of these: {}", paths.join(", "))
            }
            Self::Swapped { path, other } => {
                write!(f, "{path} and {other} were swapped: each holds the image of the other")
            }
            Self::Copied { path, of, whole, hint } => {
                let what = if *whole { "a copy" } else { "a part" };
                write!(f, "{path} was added: {what} of {of}")?;
                hint.as_ref().map_or(Ok(()), |hint| write!(f, "; {hint}"))
            }
            Self::Alone { path } => write!(f, "{path} stands beside no image and is not loaded"),
            Self::Dates { path } => write!(f, "{path} has other dates"),
            Self::Label { written, found } => write!(f, "the label is \"{found}\" and was \"{written}\""),
            Self::More { files } => write!(f, "{files} more files and folders are on it"),
            Self::Volume { what } => write!(f, "{what}"),
            Self::Unfinished { path, is_new } => {
                let what = if *is_new { "the new image" } else { "the image from before" };
                write!(f, "the change of {path} was not finished: it holds {what}")
            }
            Self::Manifest { lba, sectors } => {
                write!(
                    f,
                    "a manifest was not written to its end, or was damaged since, and the other one counts, \
                     LBA {lba}..{}",
                    lba.saturating_add(*sectors)
                )
            }
            Self::Longer { written, found, what } => {
                write!(f, "the stick has {found} sectors and was written with {written}: {what}")
            }
            Self::Readme { path, what } => write!(f, "{path} {what}"),
            Self::Details { what, lba, sectors } => {
                write!(f, "{what}, LBA {lba}..{}", lba.saturating_add(*sectors))
            }
        }
    }
}

/// Most faults that are told one by one.
pub(super) const FAULTS_MAX: usize = 1000;

/// Everything that was found so far.
#[derive(Default)]
pub(super) struct Findings {
    pub faults: Vec<Fault>,
    pub changes: Vec<Change>,
    /// Faults that are not told one by one, and the kind of the first.
    more: Option<(FaultKind, u64)>,
}

impl Findings {
    pub fn is_empty(&self) -> bool {
        self.faults.is_empty() && self.changes.is_empty()
    }

    pub fn fault(&mut self, fault: Fault) {
        // A sector is read for more than one reason; its fault is told once.
        if self.faults.contains(&fault) {
            return;
        }
        if self.faults.len() < FAULTS_MAX {
            self.faults.push(fault);
        } else {
            self.more.get_or_insert((fault.kind, 0)).1 += 1;
        }
    }

    /// Counts `more` faults of which only the first is known, and which are not told one by one.
    pub fn more(&mut self, first: Fault, more: u64) {
        self.more.get_or_insert((first.kind, 0)).1 += more;
    }

    /// Says how many faults were not told.
    pub fn finish(&mut self) {
        if let Some((kind, more)) = self.more.take() {
            self.faults.push(Fault::new(
                kind,
                Place::default(),
                format!("and {more} more faults, of any kind"),
            ));
        }
    }

    pub fn change(&mut self, change: Change) {
        // A boot sector and its copy change together.
        if !self.changes.contains(&change) {
            self.changes.push(change);
        }
    }

    pub fn has(&self, kind: FaultKind) -> bool {
        self.faults.iter().any(|fault| fault.kind == kind)
    }

    pub fn unreadable(&mut self, bad: ReadError, file: Option<&str>) {
        let place = Place { file: file.map(str::to_owned), ..Place::sectors(bad.lba, 1) };
        self.fault(Fault::new(FaultKind::Unreadable, place, format!("cannot be read ({})", bad.message)));
    }
}
