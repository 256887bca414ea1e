//! The RAM drives of an entry, as a BIOS would describe them.

use ramkey_format::boot::Registers;
use ramkey_format::capsule::{CapsuleHeader, DRIVES_MAX, emulation, flags, kind, numbers_of};
use ramkey_format::memory::SECTOR_SHIFT;
use ramkey_format::resident::{CONFIG_EL_TORITO, CONFIG_FAKE_WRITE, CONFIG_READ_ONLY, FIRST_DISC};
use ramkey_loader_core::drives::{Class, DISC_NUMBERS, Machine, Wanted};

use crate::load::RamDisk;
use crate::{bios, low};

/// log2 of a CD's sector length.
const DISC_SHIFT: u8 = 11;
/// Geometry that a CD without emulation claims, as MEMDISK does: nothing of it means anything.
const DISC_GEOMETRY: (u16, u16, u16) = (65535, 255, 15);

/// A drive in RAM.
#[derive(Clone, Copy)]
pub struct Drive {
    /// Linear address of its first byte.
    pub base: u32,
    /// Length in its own sectors.
    pub sectors: u32,
    /// log2 of its sector length.
    pub sector_shift: u8,
    /// Cylinders, at most 65535.
    pub cylinders: u16,
    /// Heads, 1 to 255.
    pub heads: u16,
    /// Sectors per track, 1 to 63.
    pub sectors_per_track: u16,
    /// Its class.
    pub class: Class,
    /// CMOS type of a floppy.
    pub drive_type: u8,
    /// Bits of the configuration.
    pub config: u8,
    /// The number that it must have, if any.
    pub number: Option<u8>,
}

impl Drive {
    /// Sectors of 512 bytes.
    pub fn half_kib_sectors(&self) -> u32 {
        self.sectors << (u32::from(self.sector_shift) - SECTOR_SHIFT)
    }
}

/// The drives of an entry, the boot drive first.
pub struct Drives {
    drives: [Option<Drive>; DRIVES_MAX],
    count: usize,
}

impl Drives {
    /// What becomes of the disks in memory: one drive each, and one more for what a CD emulates.
    pub fn new(disks: &[Option<RamDisk>]) -> Self {
        let mut drives = Self { drives: [None; DRIVES_MAX], count: 0 };
        for disk in disks.iter().flatten() {
            if let Some(emulated) = emulated(disk) {
                drives.push(emulated);
            }
            drives.push(whole(disk));
        }
        drives
    }

    fn push(&mut self, drive: Drive) {
        if let Some(free) = self.drives.get_mut(self.count) {
            *free = Some(drive);
            self.count += 1;
        }
    }

    /// How many there are.
    pub fn count(&self) -> usize {
        self.count
    }

    /// All of them, in order.
    pub fn iter(&self) -> impl Iterator<Item = &Drive> {
        self.drives.iter().flatten()
    }

    /// What each wants for a number; the first [`Drives::count`] mean something.
    pub fn wanted(&self) -> [Wanted; DRIVES_MAX] {
        let mut wanted = [Wanted { class: Class::HardDisk, number: None }; DRIVES_MAX];
        for (wanted, drive) in wanted.iter_mut().zip(self.iter()) {
            *wanted = Wanted { class: drive.class, number: drive.number };
        }
        wanted
    }
}

/// What the machine has beside the RAM drives.
pub fn machine(boot: &CapsuleHeader, drives: &Drives, stick: u8) -> Machine {
    let wanted = drives.iter().filter(|drive| drive.class == Class::Cd).count();
    Machine {
        disks: low::DISK_COUNT.read(),
        floppies: low::floppy_count(),
        stick,
        keep_stick: boot.flags.get() & flags::KEEP_STICK != 0,
        internal_first: boot.flags.get() & flags::INTERNAL_FIRST != 0,
        // Only asked when it matters: some BIOSes hang at drives that they never had.
        discs: discs(wanted),
    }
}

/// CD numbers that the BIOS uses, as bits counted down from E0h; looks no further than `wanted` free ones need.
fn discs(wanted: usize) -> u16 {
    let mut free = 0;
    let mut discs = 0;
    for place in 0..DISC_NUMBERS {
        if free == wanted {
            break;
        }
        let registers = Registers {
            eax: 0x4100.into(),
            ebx: 0x55AA.into(),
            edx: u32::from(FIRST_DISC as u8 - place).into(),
            ..Registers::default()
        };
        let after = bios::call(0x13, registers);
        if !bios::failed(&after) && after.ebx.get() as u16 == 0xAA55 {
            discs |= 1 << place;
        } else {
            free += 1;
        }
    }
    discs
}

fn config(header: &CapsuleHeader) -> u8 {
    let flags = header.flags.get();
    let bit = |flag: u32, bit: u32| if flags & flag != 0 { bit as u8 } else { 0 };
    bit(flags::READ_ONLY, CONFIG_READ_ONLY) | bit(flags::FAKE_WRITE, CONFIG_FAKE_WRITE)
}

/// The disk as a whole.
fn whole(disk: &RamDisk) -> Drive {
    let header = &disk.header;
    let sectors = header.disk_sectors.get();
    let number = (header.drive != *numbers_of(header.kind).start()).then_some(header.drive);
    if header.kind == kind::DISC {
        let (cylinders, heads, sectors_per_track) = DISC_GEOMETRY;
        let bootable = header.disc.emulation != emulation::NOT_BOOTABLE;
        return Drive {
            base: disk.base(),
            sectors: sectors >> (u32::from(DISC_SHIFT) - SECTOR_SHIFT),
            sector_shift: DISC_SHIFT,
            cylinders,
            heads,
            sectors_per_track,
            class: Class::Cd,
            drive_type: 0,
            // Nobody writes to a CD.
            config: (CONFIG_READ_ONLY | if bootable { CONFIG_EL_TORITO } else { 0 }) as u8,
            number: None,
        };
    }
    Drive {
        base: disk.base(),
        sectors,
        sector_shift: SECTOR_SHIFT as u8,
        cylinders: header.cylinders.get().min(0xFFFF) as u16,
        heads: header.heads.get(),
        sectors_per_track: header.sectors_per_track.get(),
        class: if header.kind == kind::FLOPPY { Class::Floppy } else { Class::HardDisk },
        drive_type: header.drive_type,
        config: config(header),
        number,
    }
}

/// What a CD emulates: a view into it.
fn emulated(disk: &RamDisk) -> Option<Drive> {
    let header = &disk.header;
    if !header.disc.emulates() {
        return None;
    }
    let floppy = header.disc.emulation != emulation::HARD_DISK;
    Some(Drive {
        base: disk.boot_image(),
        sectors: header.disc.emulated_sectors.get(),
        sector_shift: SECTOR_SHIFT as u8,
        cylinders: header.cylinders.get().min(0xFFFF) as u16,
        heads: header.heads.get(),
        sectors_per_track: header.sectors_per_track.get(),
        class: if floppy { Class::Floppy } else { Class::HardDisk },
        drive_type: header.drive_type,
        config: config(header) | CONFIG_EL_TORITO as u8,
        number: None,
    })
}
