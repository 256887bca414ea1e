//! What is said of a Windows in an image.

use serde::{Deserialize, Serialize};

use super::boot_ini::BootEntry;
use super::pe::FileVersion;
use super::registry::System;
use crate::image::Identity;

/// A line of Windows, as far as its start differs.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, schemars::JsonSchema)]
#[serde(rename_all = "kebab-case")]
#[non_exhaustive]
pub enum Family {
    /// Started by NTLDR: NT 4, 2000, XP, 2003.
    Ntldr,
    /// Started by BOOTMGR: Vista and later.
    Bootmgr,
    /// Windows PE: BOOTMGR loads it into a RAM disk of its own.
    Pe,
    /// On top of DOS: 95, 98, ME.
    Dos,
    /// ReactOS, which is no Windows and uses its drivers.
    Reactos,
    /// NTFS that cannot be read.
    Unreadable,
}

/// Whose hard disks the BIOS counts first.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, schemars::JsonSchema)]
pub enum DiskOrder {
    /// Those in RAM.
    #[default]
    RamFirst,
    /// The machine's own.
    InternalFirst,
}

/// An answer that may not be known.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, schemars::JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum Answer {
    /// Yes.
    Yes,
    /// No.
    No,
    /// It cannot be told.
    Unknown,
}

/// Something about a Windows that its user should change or know.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, schemars::JsonSchema)]
pub struct Problem {
    /// Whether Windows will not start because of it.
    pub stops: bool,
    /// What is wrong.
    pub problem: String,
    /// What to do.
    pub fix: String,
}

/// Where on the image a Windows is.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, schemars::JsonSchema)]
pub struct Place {
    /// Number of the partition, from 1; 0 if there is no partition table.
    pub partition: u32,
    /// First byte of the partition on the RAM disk.
    pub offset: u64,
    /// Folder of Windows, without a backslash before it.
    pub folder: String,
}

/// The Windows in an image, and what will happen to it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, schemars::JsonSchema)]
pub struct Windows {
    /// Its line.
    pub family: Family,
    /// Its name, if it can be told.
    pub product: Option<String>,
    /// Version of its kernel.
    pub kernel_version: Option<FileVersion>,
    /// Bits of an address of the processor that it is for.
    pub processor_bits: Option<u8>,
    /// Where it is.
    pub place: Option<Place>,
    /// What NTLDR starts.
    pub boot_entry: Option<BootEntry>,
    /// What its registry says.
    pub system: Option<System>,
    /// Signature of the image's disk; `None` if the image is no whole disk.
    pub disk_signature: Option<u32>,
    /// The drive letter that it was installed on, as in `C`.
    pub system_letter: Option<char>,
    /// Identity that its driver needs.
    pub identity: Identity,
    /// Whether it will start from the RAM disk.
    pub starts: Answer,
    /// The same, in one sentence.
    pub verdict: String,
    /// What stands in the way, and what is odd.
    pub problems: Vec<Problem>,
}

impl Windows {
    pub(super) fn new(family: Family) -> Self {
        Self {
            family,
            product: None,
            kernel_version: None,
            processor_bits: None,
            place: None,
            boot_entry: None,
            system: None,
            disk_signature: None,
            system_letter: None,
            identity: Identity::default(),
            starts: Answer::Unknown,
            verdict: String::new(),
            problems: Vec::new(),
        }
    }

    /// Adds what makes the answer unknown or odd.
    pub(super) fn warn(&mut self, problem: &str, fix: &str) {
        self.problems.push(Problem { stops: false, problem: problem.to_owned(), fix: fix.to_owned() });
    }

    /// Adds what keeps Windows from starting.
    pub(super) fn stop(&mut self, problem: &str, fix: &str) {
        self.problems.push(Problem { stops: true, problem: problem.to_owned(), fix: fix.to_owned() });
    }
}
