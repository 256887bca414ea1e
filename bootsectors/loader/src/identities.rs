//! What drivers look for: the RAM drives under MEMDISK's identity or GRUB4DOS's, in heads as the assembler calls
//! them. They have nothing to do with the heads of a geometry.

use ramkey_format::hooks::*;
use ramkey_format::memory::SECTOR_SHIFT;
use ramkey_format::resident::{CONFIG_FAKE_WRITE, CONFIG_READ_ONLY, FAR_SEGMENT, FIRST_DISC};
use ramkey_loader_core::drives::{Class, Numbers};

use crate::drives::{Drive, Drives};
use crate::low::Bytes;

/// The assembled head for one drive.
pub static MEMDISK: &[u8] = include_bytes!(concat!(env!("RAMKEY_BLOBS"), "/head_memdisk.bin"));
/// The assembled head for all drives.
pub static GRUB4DOS: &[u8] = include_bytes!(concat!(env!("RAMKEY_BLOBS"), "/head_grub4dos.bin"));

const STATUS_FLOPPY: u16 = 0x441;
const STATUS_DISK: u16 = 0x474;
/// Slot: RAM, and not a drive of the BIOS.
const TO_MEMORY: u8 = 0xFF;
/// Slot, in the cylinder word: the drive is a CD, with sectors of 2048 bytes.
const FROM_DISC: u16 = 1 << 13;
/// Slot, in the sector bytes: X and Y, together what happens to writes.
const SLOT_X: u8 = 1 << 7;
const SLOT_Y: u8 = 1 << 6;

/// What every head tells of the machine.
#[derive(Clone, Copy)]
pub struct Before {
    /// The vectors as the BIOS had them.
    pub int13: u32,
    /// INT 15h.
    pub int15: u32,
    /// INT 1Eh.
    pub int1e: u32,
    /// Base memory in KiB.
    pub base_kib: u16,
    /// The equipment word.
    pub equipment: u16,
    /// Number of hard disks.
    pub disks: u8,
}

/// How much memory is left, for the old interfaces.
#[derive(Clone, Copy)]
pub struct Memory {
    /// AH=88h in KiB.
    pub kib_88: u16,
    /// KiB between 1 and 16 MiB.
    pub kib_1m: u32,
    /// 64-KiB units above 16 MiB.
    pub units_16m: u32,
}

/// Where the status byte of a drive of this class lies in segment 0.
pub fn status_byte(class: Class) -> u16 {
    if class == Class::Floppy { STATUS_FLOPPY } else { STATUS_DISK }
}

/// What drivers tell the class of a drive from; the first of its class for a CD, whatever its BIOS number is.
fn driver_number(drive: &Drive, number: u8) -> u8 {
    if drive.class == Class::Cd { FIRST_DISC as u8 } else { number }
}

/// One MEMDISK head.
pub struct Memdisk<'b> {
    /// The head, as assembled.
    pub bytes: Bytes<'b>,
    /// Its segment.
    pub segment: u16,
}

impl Memdisk<'_> {
    /// Describes `drive`, whose number in the BIOS is `number`.
    pub fn describe(
        &mut self,
        drive: &Drive,
        number: u8,
        numbers: &Numbers,
        before: &Before,
        memory: &Memory,
    ) {
        let shown = match drive.class {
            Class::Floppy => numbers.floppies_shown,
            Class::HardDisk => numbers.disks_shown,
            Class::Cd => 1,
        };
        let bytes = &mut self.bytes;
        let at = |offset: u32| HEAD_MBFT + offset;
        bytes.put32(at(MBFT_DISK), drive.base);
        bytes.put32(at(MBFT_SECTORS), drive.sectors);
        bytes.put16(at(MBFT_COMMAND_LINE) + FAR_SEGMENT, self.segment);
        bytes.put32(at(MBFT_OLD_INT15), before.int15);
        // As the BIOS has it, although the map may end sooner.
        bytes.put16(at(MBFT_OLD_BASE_MEMORY), before.base_kib);
        // 0 is MEMDISK's way to say 512 bytes.
        let shift = u32::from(drive.sector_shift);
        bytes.put8(at(MBFT_SECTOR_SHIFT), if shift == SECTOR_SHIFT { 0 } else { drive.sector_shift });
        let first = if drive.class == Class::HardDisk { 0x80 } else { 0 };
        bytes.put8(at(MBFT_SHIFT_LIMIT), first + shown);
        bytes.put16(at(MBFT_MEMORY_88), memory.kib_88);
        bytes.put16(at(MBFT_CYLINDERS), drive.cylinders);
        bytes.put16(at(MBFT_HEADS), drive.heads);
        bytes.put32(at(MBFT_SECTORS_PER_TRACK), u32::from(drive.sectors_per_track));
        bytes.put32(at(MBFT_MEMORY_1M), memory.kib_1m);
        bytes.put32(at(MBFT_MEMORY_16M), memory.units_16m);
        bytes.put8(at(MBFT_DRIVE), driver_number(drive, number));
        bytes.put8(at(MBFT_DRIVE_TYPE), drive.drive_type);
        bytes.put8(at(MBFT_DRIVE_COUNT), shown);
        bytes.put8(at(MBFT_CONFIG), drive.config & CONFIG_READ_ONLY as u8);
        bytes.put16(at(MBFT_STATUS), status_byte(drive.class));
        bytes.put32(at(MBFT_OLD_INT1E), before.int1e);
        if drive.class == Class::Floppy {
            fill_dpt(bytes, at(MBFT_DPT), drive);
        } else {
            let at = |offset: u32| HEAD_MBFT + MBFT_DPT + offset;
            for offset in 0..DiskParameters::LEN as u32 {
                bytes.put8(at(offset), 0);
            }
            bytes.put16(at(FDPT_CYLINDERS), drive.cylinders);
            bytes.put8(at(FDPT_HEADS), drive.heads as u8);
            bytes.put8(at(FDPT_CONTROL), if drive.heads > 8 { 0x08 } else { 0 });
            bytes.put8(at(FDPT_SECTORS), drive.sectors_per_track as u8);
        }
    }

    /// Says that INT 1Eh points to this head's diskette parameter table; returns the pointer.
    pub fn take_int1e(&mut self) -> u32 {
        let table = HEAD_MBFT + MBFT_DPT;
        self.bytes.put16(HEAD_MBFT + MBFT_DPT_POINTER, table as u16);
        far(self.segment, table)
    }

    /// Makes the head valid: the jumps to the engine, the chain, the signature, and last the checksum.
    pub fn seal(&mut self, previous: u32, engine_13: u32, engine_15: u32) {
        let start = u32::from(self.segment) << 4;
        let bytes = &mut self.bytes;
        bytes.put32(HEAD_ENGINE_13, engine_13);
        bytes.put32(HEAD_ENGINE_15, engine_15);
        bytes.put32(HEAD_SAFE_HOOK + SAFE_HOOK_PREVIOUS, previous);
        bytes.put32(HEAD_SAFE_HOOK + SAFE_HOOK_MBFT, start + HEAD_MBFT);
        bytes.put32(HEAD_MBFT + MBFT_OLD_INT13, previous);
        bytes.put32(HEAD_MBFT + MBFT_SAFE_HOOK, start + HEAD_SAFE_HOOK);
        bytes.put(HEAD_MBFT, b"mBFT");
        let sum = bytes.sum(HEAD_MBFT, MBFT_LEN);
        bytes.put8(HEAD_MBFT + MBFT_CHECKSUM, sum.wrapping_neg());
    }
}

/// The GRUB4DOS head.
pub struct Grub4dos<'b> {
    /// The head, as assembled.
    pub bytes: Bytes<'b>,
    /// Its segment.
    pub segment: u16,
}

impl Grub4dos<'_> {
    /// Describes every drive, and makes the head valid.
    pub fn describe(&mut self, drives: &Drives, numbers: &Numbers, kib: u8, before: &Before, engine_13: u32) {
        let bytes = &mut self.bytes;
        bytes.put8(SLOTS_SIZE_KIB, kib);
        bytes.put8(SLOTS_OLD_EQUIPMENT, before.equipment as u8);
        bytes.put8(SLOTS_OLD_DISKS, before.disks);
        bytes.put32(SLOTS_OLD_INT15, before.int15);
        bytes.put32(SLOTS_OLD_INT13, before.int13);
        for ((place, drive), number) in (0..).zip(drives.iter()).zip(numbers.drives) {
            let read_only = drive.config & CONFIG_READ_ONLY as u8 != 0;
            let fake_write = drive.config & CONFIG_FAKE_WRITE as u8 != 0;
            let (x, y) =
                (if read_only || fake_write { SLOT_X } else { 0 }, if fake_write { SLOT_Y } else { 0 });
            let (head, sector) = ((drive.heads - 1) as u8, drive.sectors_per_track as u8);
            let disc = if drive.class == Class::Cd { FROM_DISC } else { 0 };
            let slot = SLOTS + place * SLOT_LEN;
            bytes.put8(slot + SLOT_DRIVE, number);
            bytes.put8(slot + SLOT_TO, TO_MEMORY);
            bytes.put8(slot + SLOT_LAST_HEAD, head);
            bytes.put8(slot + SLOT_SECTORS_X, sector | x);
            bytes.put16(slot + SLOT_CYLINDERS, (drive.cylinders - 1).min(1023) | disc);
            bytes.put8(slot + SLOT_TO_LAST_HEAD, head);
            bytes.put8(slot + SLOT_TO_SECTORS_Y, sector | y);
            bytes.put32(slot + SLOT_START, drive.base >> SECTOR_SHIFT);
            bytes.put32(slot + SLOT_SECTORS, drive.half_kib_sectors());
        }
        let floppies = drives.iter().filter(|drive| drive.class == Class::Floppy);
        for (table, drive) in (SLOTS_DPT..SLOTS_LEN).step_by(SLOTS_DPT_LEN as usize).zip(floppies) {
            fill_dpt(bytes, table, drive);
        }
        bytes.put32(SLOTS_SAFE_HOOK + SAFE_HOOK_PREVIOUS, before.int13);
        bytes.put32(SLOTS_ENGINE_13, engine_13);
    }
}

/// Far pointer to the parameter table of floppy `place` among those of the set, in a GRUB4DOS head.
pub fn slots_dpt(segment: u16, place: u32) -> u32 {
    far(segment, SLOTS_DPT + place * SLOTS_DPT_LEN)
}

/// The bytes of a diskette parameter table that differ from drive to drive.
fn fill_dpt(bytes: &mut Bytes<'_>, table: u32, drive: &Drive) {
    bytes.put8(table + DPT_SECTORS, drive.sectors_per_track as u8);
    bytes.put8(table + DPT_LAST_CYLINDER, (drive.cylinders - 1).min(255) as u8);
    bytes.put8(table + DPT_TYPE, drive.drive_type.min(5));
}

/// A real-mode far pointer.
pub fn far(segment: u16, offset: u32) -> u32 {
    u32::from(segment) << 16 | offset
}
