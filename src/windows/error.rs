//! Why a Windows in an image is not changed.

use std::io;
use std::path::PathBuf;

use super::hive::HiveEditError;
use crate::units::{Bytes, named};

/// Why a Windows in an image is not changed. Nothing was written.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum WindowsError {
    /// There is none that a driver is of use to.
    #[error("no Windows that needs a driver is on it: {why}")]
    NoWindows {
        /// What there is.
        why: String,
    },
    /// Its registry cannot be changed.
    #[error("its registry `{path}` cannot be changed: {why}")]
    Registry {
        /// The hive, on its partition.
        path: String,
        /// What the writer of hives says.
        #[source]
        why: HiveEditError,
    },
    /// Its registry has no set of settings that it starts with.
    #[error("its registry has no set of settings that Windows starts with")]
    NoControlSet,
    /// A volume cannot be read or written.
    #[error("partition {partition}: {why}")]
    Volume {
        /// Number of the partition.
        partition: u32,
        /// What is wrong.
        why: String,
    },
    /// The Windows sleeps.
    #[error(
        "the Windows on partition {partition} is hibernated: it goes on from its memory, and not from its registry"
    )]
    Asleep {
        /// Number of the partition.
        partition: u32,
    },
    /// The volume was in use when it was copied, and is damaged.
    #[error("partition {partition} was not closed by its Windows, and its files are damaged")]
    Dirty {
        /// Number of the partition.
        partition: u32,
    },
    /// The file is no driver for RAM disks.
    #[error("{name} is no driver for RAM disks: {why}")]
    NotADriver {
        /// The file.
        name: String,
        /// What it is.
        why: &'static str,
    },
    /// No file is one.
    #[error("no driver for RAM disks is there")]
    NoDriver,
    /// There are several.
    #[error("{names} are there, and a Windows can have one of them")]
    ManyDrivers {
        /// Their names.
        names: String,
    },
    /// It is for another processor.
    #[error("{name} is for Windows of {bits} bits, and this one has {wanted}")]
    Processor {
        /// The file.
        name: String,
        /// Its bits.
        bits: u8,
        /// Those of the Windows.
        wanted: u8,
    },
    /// It has no signature, and this Windows wants one.
    #[error("{name} is not signed, and a Windows of 64 bits loads signed drivers alone")]
    Unsigned {
        /// The file.
        name: String,
    },
    /// FiraDisk on Windows 2000.
    #[error("FiraDisk is reported to stop Windows 2000 with 0x0000007B")]
    TooOld,
    /// It wants what no file of this Windows offers.
    #[error("{name} wants {} of {file}, which this Windows has not", export.as_deref().unwrap_or("something"))]
    Import {
        /// The driver's file.
        name: String,
        /// The file that should offer it.
        file: String,
        /// What it should offer; `None` if the file is not there.
        export: Option<String>,
    },
    /// It cannot report itself.
    #[error("{driver} does not report itself")]
    Form {
        /// The driver with its version.
        driver: String,
    },
    /// Another driver starts at boot.
    #[error("{other} starts at boot too, and one of them may hide the RAM disk from the other")]
    Second {
        /// The other driver.
        other: String,
    },
    /// There is nothing to remove.
    #[error("no driver that `add-driver` put there is on it{}", installed.as_ref().map(|name| format!(", but {name} is installed")).unwrap_or_default())]
    NothingToRemove {
        /// A driver that somebody else installed.
        installed: Option<String>,
    },
    /// The record of what was added is damaged.
    #[error("the record of what was added makes no sense: {line}")]
    Record {
        /// The line of it.
        line: String,
    },
    /// So much would change that it could not be taken back.
    #[error("more of its registry would be changed than can be taken back")]
    TooMuch,
    /// A volume has no room for what is to be written.
    #[error("partition {partition} is full: {} of `{path}` do not fit", Bytes(*len))]
    Full {
        /// Number of the partition.
        partition: u32,
        /// The file.
        path: String,
        /// Its bytes.
        len: u64,
    },
    /// The user wished it.
    #[error("it was stopped")]
    Stopped,
    /// `ntfscp` is not there.
    #[error("Windows is on NTFS, which `ntfscp` writes, and that program is not installed")]
    NoTool,
    /// `ntfscp` refused or failed.
    #[error("ntfscp does not write partition {partition}: {why}")]
    Tool {
        /// Number of the partition.
        partition: u32,
        /// What it said.
        why: String,
    },
    /// The copy of a partition cannot be made or read.
    #[error("copying the partition to {}", named(path))]
    Copy {
        /// The copy.
        path: PathBuf,
        /// What the system says.
        #[source]
        source: io::Error,
    },
    /// What was changed does not read back as it should.
    #[error("the changed image does not read back as it should: {why}")]
    ReadBack {
        /// What differs.
        why: String,
    },
}

impl WindowsError {
    /// What the user can do.
    pub fn help(&self) -> String {
        match self {
            Self::NoWindows { .. } => "`ramkey inspect` shows what is on an image",
            Self::Registry { why: HiveEditError::Dirty, .. } => {
                "start this Windows once from its own disk or in a virtual machine, shut it down, and copy the disk again"
            }
            Self::Registry { .. } | Self::NoControlSet | Self::Volume { .. } | Self::ReadBack { .. } => {
                "run `chkdsk /f` on that disk in Windows, shut it down, and copy the disk again"
            }
            Self::Asleep { .. } | Self::Dirty { .. } => {
                "start this Windows once more from its own disk, shut it down, and copy the disk again"
            }
            Self::NotADriver { .. } | Self::NoDriver => {
                "give the driver's own file, as firadisk.sys or wvblk32.sys, a folder with it, or its floppy image"
            }
            Self::ManyDrivers { .. } => "name the file of one of them",
            Self::Processor { wanted: 64, .. } => {
                "give the driver for 64 bits: firadi64.sys, wvblk64.sys or svbusx64.sys"
            }
            Self::Processor { .. } => "give the driver for 32 bits: firadisk.sys, wvblk32.sys or svbusx86.sys",
            Self::Unsigned { .. } => {
                "give a signed one, or let this Windows start in its test mode and use `--allow-unsigned`"
            }
            Self::TooOld => "use WinVBlock",
            Self::Import { .. } => "give a driver that was made for this version of Windows",
            Self::Form { .. } => "leave `--attach` out",
            Self::Second { .. } => "`--remove-other` takes it out of the registry",
            Self::NothingToRemove { installed: Some(_) } => "`--installed` takes it out of the registry all the same",
            Self::NothingToRemove { installed: None } => "`ramkey inspect` shows which drivers are installed",
            Self::Record { .. } => "use the image as it was before the driver was added",
            Self::TooMuch => {
                "delete the values of `MountedDevices` in this Windows' registry, shut it down, and copy the disk again"
            }
            Self::Full { partition, len, .. } => {
                return format!(
                    "delete files on partition {partition} of that disk until {} are free there, shut it down, and \
                     copy the disk again",
                    Bytes(len.next_multiple_of(1 << 16))
                );
            }
            Self::Stopped => "start it again",
            Self::Tool { why, .. } if why.contains("Permission denied") => {
                "let TMPDIR name a folder that every user may enter, as /var/tmp"
            }
            Self::NoTool => "install the package ntfs-3g, which has it",
            Self::Tool { .. } => {
                "run `chkdsk /f` on that disk in Windows, shut it down, and copy the disk again; `ntfsfix` does not help"
            }
            Self::Copy { .. } => "free some space there, or let TMPDIR name another folder",
        }
        .into()
    }
}
