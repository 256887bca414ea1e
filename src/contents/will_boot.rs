//! Whether a disk image can boot at all: what a BIOS starts first must be code, and what that starts must be there.
//!
//! Nothing is said of code that is not known, and files are looked at only to tell DOS from what needs no table.

use std::fmt;
use std::ops::Range;

use serde::{Deserialize, Serialize};

use super::boot_code::{self, Dummy, Starts};
use super::bytes::sector;
use super::files::VolumeFiles;
use super::guid_table::{GuidPart, GuidTable};
use super::kind::Kind;
use super::mbr::{PROTECTIVE, Slot, slots};
use crate::image::{BOOT_SIGNATURE, Metered, Source};

/// Where a partition table lies in sector 0.
const TABLE: Range<usize> = 0x1BE..0x1FE;
/// Status byte of the partition that a BIOS starts.
const ACTIVE: u8 = 0x80;
/// Bytes of the image that are looked at for files.
const LOOKED_AT_MAX: u64 = 64 << 20;
/// Files of systems that want a partition table on a hard disk: DOS in its makes, and Windows.
const WANT_A_TABLE: [&str; 9] = [
    "KERNEL.SYS",
    "IO.SYS",
    "IBMBIO.COM",
    "DRBIOS.SYS",
    "COMMAND.COM",
    "CONFIG.SYS",
    "FDCONFIG.SYS",
    "NTLDR",
    "BOOTMGR",
];

/// What keeps a disk image from booting.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[non_exhaustive]
pub enum NoStart {
    /// Sector 0 has a signature and no code.
    NoCode {
        /// Whether it has a partition table.
        table: bool,
    },
    /// The first sector boots nothing.
    Dummy(Dummy),
    /// No partition is active, and the code starts the active one.
    NoActive,
    /// Several partitions are active, and the code starts the only one.
    ManyActive {
        /// Their numbers.
        numbers: Vec<usize>,
    },
    /// No partition of the GPT is marked, and the code starts one that is.
    NoneMarked,
    /// The code has the number of the partition that it starts, and there is none of that number.
    NoSuchPartition {
        /// The number.
        number: u8,
    },
    /// What is to be started in a partition is not there.
    Partition {
        /// Its number.
        number: usize,
        /// Why it does not start.
        why: PartFault,
    },
    /// A file system without a partition table, as a hard disk, with a system that wants a table.
    NoTable,
}

/// Why a partition does not start.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[non_exhaustive]
pub enum PartFault {
    /// It begins behind the end of the image.
    Outside,
    /// Its first sector is zeros, or has no code behind its fields.
    Empty,
    /// Its first sector does not end with 55h AAh.
    NoSignature,
    /// Its boot sector boots nothing.
    Dummy(Dummy),
}

impl fmt::Display for NoStart {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::NoCode { table: true } => {
                f.write_str("its first sector has a partition table and no boot code: no BIOS starts it")
            }
            Self::NoCode { table: false } => f.write_str("its first sector has no boot code: no BIOS starts it"),
            Self::Dummy(dummy) => write!(f, "its boot sector {dummy}"),
            Self::NoActive => f.write_str("no partition is active; the usual boot code starts the active one"),
            Self::ManyActive { numbers } => {
                let numbers: Vec<String> = numbers.iter().map(ToString::to_string).collect();
                let numbers = numbers.join(" and ");
                write!(f, "partitions {numbers} are active; the usual boot code wants one")
            }
            Self::NoneMarked => {
                f.write_str("its boot code starts the partition of the GPT that a BIOS may start, and none is marked so")
            }
            Self::NoSuchPartition { number: 0 } => f.write_str("its boot code was not told which partition it starts"),
            Self::NoSuchPartition { number } => {
                write!(f, "its boot code starts partition {number}, and there is none")
            }
            Self::Partition { number, why } => why.write(f, *number),
            Self::NoTable => f.write_str(
                "it is a file system without a partition table, where DOS and Windows find none of its files on a hard \
                 disk: `--kind partition` puts a table before it",
            ),
        }
    }
}

impl PartFault {
    fn write(self, f: &mut fmt::Formatter<'_>, number: usize) -> fmt::Result {
        match self {
            Self::Outside => {
                write!(f, "partition {number} is to be started, and begins behind the end of the image")
            }
            Self::Empty => write!(f, "partition {number} is to be started, and its boot sector has no code"),
            Self::NoSignature => {
                write!(
                    f,
                    "partition {number} is to be started, and its first sector is no boot sector (no 55 AA)"
                )
            }
            Self::Dummy(dummy) => {
                write!(f, "partition {number} is to be started, and its boot sector {dummy}")
            }
        }
    }
}

/// What keeps the disk of `kind` in `source` from booting, as far as can be told. `has_table` says that sector 0 holds
/// a partition table and is no boot sector of the whole image.
pub fn look(source: &dyn Source, kind: Kind, has_table: bool) -> Vec<NoStart> {
    // An image shorter than a sector is filled up with zeros.
    let mut first = [0; 512];
    let len = first.len().min(source.len() as usize);
    if source.read_at(0, &mut first[..len]).is_err() {
        return Vec::new();
    }
    let mut found = Vec::new();
    if has_table && kind == Kind::HardDisk {
        record(source, &first, &mut found);
        return found;
    }
    let is_signed = first[510..] == BOOT_SIGNATURE;
    // Without a signature there is one word for it already.
    if is_signed && boot_code::has_no_code(&first) {
        found.push(NoStart::NoCode { table: false });
    }
    found.extend(boot_code::dummy(&first).map(NoStart::Dummy));
    if kind == Kind::HardDisk && wants_table(source, &first) {
        found.push(NoStart::NoTable);
    }
    // Code that starts the active partition, and an empty table.
    let is_empty = first[TABLE].iter().all(|&byte| byte == 0);
    if kind == Kind::HardDisk && is_signed && is_empty && boot_code::starts(&first) == Starts::Active {
        found.push(NoStart::NoActive);
    }
    found
}

/// Looks at a master boot record, and at what its code starts.
fn record(source: &dyn Source, first: &[u8; 512], found: &mut Vec<NoStart>) {
    let slots = slots(first);
    if let Some(dummy) = boot_code::dummy(first) {
        return found.push(NoStart::Dummy(dummy));
    }
    match boot_code::starts(first) {
        Starts::Own => {}
        Starts::Nothing => {
            found.push(NoStart::NoCode { table: true });
            // Code that is put there will start the active partition, unless there is a GPT.
            if !slots.iter().any(|slot| slot.type_byte == PROTECTIVE) {
                active(source, &slots, found);
            }
        }
        Starts::Active => active(source, &slots, found),
        Starts::Numbered(number) => {
            let index = usize::from(number).checked_sub(1);
            match index.and_then(|index| slots.get(index)).filter(|slot| slot.type_byte != 0) {
                Some(slot) => found.extend(part(source, usize::from(number), slot.start)),
                // Those within an extended partition are numbered from 5 on.
                None if number > 4 => {}
                None => found.push(NoStart::NoSuchPartition { number }),
            }
        }
        Starts::Marked => match marked(source) {
            Some(GuidPart { number, lba, .. }) => found.extend(part(source, number, lba)),
            None => found.push(NoStart::NoneMarked),
        },
    }
}

/// The first partition of a GPT that a BIOS may start.
fn marked(source: &dyn Source) -> Option<GuidPart> {
    GuidTable::claimed(source)?.parts.into_iter().find(|part| part.is_marked)
}

/// Looks for the one active partition, and at its boot sector.
fn active(source: &dyn Source, slots: &[Slot; 4], found: &mut Vec<NoStart>) {
    let is_active = |slot: &Slot| slot.status == ACTIVE && slot.type_byte != 0;
    let active: Vec<(usize, &Slot)> = (1..).zip(slots).filter(|(_, slot)| is_active(slot)).collect();
    match active[..] {
        [] => found.push(NoStart::NoActive),
        [(number, slot)] => found.extend(part(source, number, slot.start)),
        _ => {
            let numbers = active.into_iter().map(|(number, _)| number).collect();
            found.push(NoStart::ManyActive { numbers });
        }
    }
}

/// Why the partition with this number, which begins at `start`, does not start.
fn part(source: &dyn Source, number: usize, start: u64) -> Option<NoStart> {
    let why = match sector(source, start) {
        None => PartFault::Outside,
        Some(boot) if boot_code::has_no_code(&boot) => PartFault::Empty,
        Some(boot) => match boot_code::dummy(&boot) {
            Some(dummy) => PartFault::Dummy(dummy),
            None if boot[510..] != BOOT_SIGNATURE => PartFault::NoSignature,
            None => return None,
        },
    };
    Some(NoStart::Partition { number, why })
}

/// Whether a file system begins in sector 0, and what starts from it wants a partition table.
fn wants_table(source: &dyn Source, first: &[u8; 512]) -> bool {
    // SYSLINUX and others start anything: what, is told by the files.
    let starts_anything = boot_code::starts_anything(first);
    let metered = Metered::new(source, LOOKED_AT_MAX);
    match VolumeFiles::open(&metered, 0) {
        Ok(Some(files)) => {
            !starts_anything || WANT_A_TABLE.iter().any(|name| files.has(name).unwrap_or(false))
        }
        Ok(None) => false,
        Err(_) => !starts_anything,
    }
}
