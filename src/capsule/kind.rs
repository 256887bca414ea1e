//! The numbers of the format for kinds of disks and emulations, in both directions.

use ramkey_format::capsule::{emulation, kind};

use crate::contents::Kind;
use crate::contents::iso::Emulation;

/// The number of a kind in a capsule.
pub fn number_of(kind: Kind) -> u8 {
    match kind {
        Kind::HardDisk => kind::HARD_DISK,
        Kind::Floppy => kind::FLOPPY,
        Kind::Partition => kind::PARTITION,
        Kind::Disc => kind::DISC,
    }
}

/// The kind with this number; a capsule that was read has no other.
pub(super) fn kind_of(number: u8) -> Kind {
    match number {
        kind::FLOPPY => Kind::Floppy,
        kind::PARTITION => Kind::Partition,
        kind::DISC => Kind::Disc,
        _ => Kind::HardDisk,
    }
}

/// The number of an emulation in a capsule; `None` is that of a CD that does not boot.
pub(super) fn emulation_number(emulation: Option<Emulation>) -> u8 {
    match emulation {
        Some(Emulation::NoEmulation) => emulation::NONE,
        Some(Emulation::Floppy12) => emulation::FLOPPY_1200,
        Some(Emulation::Floppy144) => emulation::FLOPPY_1440,
        Some(Emulation::Floppy288) => emulation::FLOPPY_2880,
        Some(Emulation::HardDisk) => emulation::HARD_DISK,
        None => emulation::NOT_BOOTABLE,
    }
}

/// The emulation with this number, if it is one.
pub(super) fn emulation_of(number: u8) -> Option<Emulation> {
    let all = [
        Emulation::NoEmulation,
        Emulation::Floppy12,
        Emulation::Floppy144,
        Emulation::Floppy288,
        Emulation::HardDisk,
    ];
    all.into_iter().find(|&emulation| emulation_number(Some(emulation)) == number)
}
