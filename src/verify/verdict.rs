//! The answer of `verify`: what is on a stick, what is wrong with it, and what changed.

use std::borrow::Cow;

use serde::{Deserialize, Serialize};

use crate::capsule::DriveOptions;
use crate::stick::LayoutKind;
use crate::units::SECTOR_LEN;
use crate::verify::fault::{Change, FAULTS_MAX, Fault};

/// What counts as a difference.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, schemars::JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum Strictness {
    /// What a boot needs, and what nobody can explain.
    Boot,
    /// Every byte that is not as written.
    EveryByte,
}

/// A capsule that was found on a stick.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, schemars::JsonSchema)]
pub struct FoundCapsule {
    /// Path of its file.
    pub file: String,
    /// Title in the boot menu.
    pub title: String,
    /// Kind of disk.
    pub kind: Cow<'static, str>,
    /// Cylinders/heads/sectors.
    pub geometry: String,
    /// Length of the image in bytes.
    pub len: u64,
    /// BLAKE3 of the original image.
    pub blake3: String,
    /// BLAKE3 of the image in memory, which is what is proven, if sectors of the original were left out.
    pub ram_blake3: Option<String>,
    /// What its image was made of, if it was changed on the way to the stick and its table can be read.
    pub made_of: Option<FoundOrigin>,
    /// Sectors of its RAM disk.
    pub disk_sectors: u32,
    /// Kind, geometry and emulation in a few words.
    pub words: String,
    /// Memory that a machine needs for it and the drives beside it, in bytes; of a companion, its own part.
    pub ram_needed: u64,
    /// BIOS drive number; the first of its class means the next that is free.
    pub drive: u8,
    /// NT disk signature that the RAM disk gets because the image has none.
    pub disk_signature: Option<u32>,
    /// Whether it stands beside others and is in no menu.
    pub companion: bool,
    /// The images that it needs beside it, in the order of their drives.
    pub companions: Vec<FoundCompanion>,
    /// How systems see its drives; of a companion only what becomes of writes matters.
    pub options: DriveOptions,
    /// Whether the machine may not write to it.
    pub read_only: bool,
    /// Pieces that its file lies in.
    pub fragments: usize,
    /// Whether it was there when the stick was written.
    pub as_written: bool,
    /// Whether its bytes were read and match its hashes.
    pub proven: bool,
}

/// What an image was made of, as its capsule says.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, schemars::JsonSchema)]
pub struct FoundOrigin {
    /// What was done with it.
    pub text: String,
    /// Length of the image before that, in bytes.
    pub len: u64,
    /// BLAKE3 of the image before that.
    pub blake3: String,
}

/// An image that another one needs beside it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, schemars::JsonSchema)]
pub struct FoundCompanion {
    /// Path of its file, by its short name.
    pub file: String,
    /// First half of the BLAKE3 of its image.
    pub blake3: String,
    /// Whether it is there.
    pub present: bool,
}

/// What verifying a stick found.
#[must_use]
#[derive(Clone, Debug, Serialize, Deserialize, schemars::JsonSchema)]
pub struct StickVerdict {
    /// Whether there is no fault.
    pub sound: bool,
    /// What counted as one.
    pub strictness: Strictness,
    /// Whether every byte was read. If not, no fault means only that headers and directories show none.
    pub proof: bool,
    /// Whether the medium is a disc as well.
    pub disc: bool,
    /// The stick's identity, 32 hexadecimal digits; empty if it has none.
    pub stick_id: String,
    /// `universal`, `universal-zip`, `hdd`, `zip`, `fdd`, `two-partitions`, `gpt`, `superfloppy`, or empty.
    pub layout: Cow<'static, str>,
    /// For example `FAT16`; empty if there is none.
    pub file_system: String,
    /// Label of the file system.
    pub label: String,
    /// First sector of the file system.
    pub volume_lba: u64,
    /// Sectors of the file system.
    pub volume_sectors: u64,
    /// Bytes of the file system that are free.
    pub free: u64,
    /// The capsules in the folder.
    pub capsules: Vec<FoundCapsule>,
    /// What became of the text about them; `None` if it was written with none.
    pub readme: Option<ReadmeState>,
    /// What is wrong.
    pub faults: Vec<Fault>,
    /// What changed and is no fault.
    pub changes: Vec<Change>,
    /// Bytes that were read.
    pub bytes_read: u64,
}

impl StickVerdict {
    /// Whether this can be said of a stick of `len` bytes that was looked at so. Who did not look itself asks that before it
    /// believes it.
    pub fn is_possible(&self, len: u64, strictness: Strictness, proof: bool) -> bool {
        let sectors = len / SECTOR_LEN;
        let is_hex = |text: &str, digits: usize| {
            text.len() == digits && text.bytes().all(|digit| matches!(digit, b'0'..=b'9' | b'a'..=b'f'))
        };
        let is_capsule = |capsule: &FoundCapsule| {
            is_hex(&capsule.blake3, 64)
                && capsule.ram_blake3.as_ref().is_none_or(|hash| is_hex(hash, 64))
                && capsule.companions.iter().all(|companion| is_hex(&companion.blake3, 32))
                && capsule.fragments as u64 <= sectors
                && (proof || !capsule.proven)
        };
        self.sound == self.faults.is_empty()
            && (self.strictness, self.proof) == (strictness, proof)
            // The last one says how many more there are.
            && self.faults.len() <= FAULTS_MAX + 1
            && (self.stick_id.is_empty() || is_hex(&self.stick_id, 32))
            && (self.layout.is_empty() || LayoutKind::ALL.iter().any(|kind| kind.name() == self.layout))
            && self.capsules.iter().all(is_capsule)
    }
}

/// What became of the text about the images. The names in JSON do not change.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, schemars::JsonSchema)]
#[serde(rename_all = "kebab-case")]
#[non_exhaustive]
pub enum ReadmeState {
    /// It is as it was written, and tells of the images that are there.
    AsWritten,
    /// It is as it was written, and tells of others.
    OtherImages,
    /// It is another.
    Changed,
    /// It is gone.
    Gone,
}

/// How much of a stick is read.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Depth {
    /// Everything.
    Proof,
    /// Headers and directories only.
    Facts,
}
