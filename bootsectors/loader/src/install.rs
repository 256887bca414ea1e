//! Puts the resident part at the top of base memory, makes it the BIOS, and leaves.

use ramkey_format::boot::Registers;
use ramkey_format::capsule::{flags, kind};
use ramkey_format::errors;
use ramkey_format::memory::{LOW_MEMORY_END, MBR_LOAD, SECTOR_SIZE};
use ramkey_format::resident::*;
use ramkey_loader_core::geometry::{Geometry, partition_entry};
use ramkey_loader_core::memory::Map;

use crate::console::Console;
use crate::halt::{Text, stop};
use crate::load::RamDisk;
use crate::{a20, bios, disk, low, map};

/// The assembled resident part.
static RESIDENT: &[u8] = include_bytes!(concat!(env!("RAMKEY_BLOBS"), "/resident.bin"));
/// The assembled sector 0 of a partition image's disk.
static RAM_MBR: &[u8; SECTOR_SIZE as usize] = include_bytes!(concat!(env!("RAMKEY_BLOBS"), "/ram_mbr.bin"));

const BASE_MEMORY_END: u64 = 640 << 10;
const VECTOR_13: u32 = 0x13 * 4;
const VECTOR_15: u32 = 0x15 * 4;
const VECTOR_1E: u32 = 0x1E * 4;
/// BIOS data area: bit 0 floppies are there, bits 6 and 7 their number less one.
const EQUIPMENT: u32 = 0x410;
/// BIOS data area: number of hard disks.
const DISK_COUNT: u32 = 0x475;
const STATUS_FLOPPY: u16 = 0x441;
const STATUS_DISK: u16 = 0x474;
/// Most floppies that the equipment word can name.
const FLOPPIES_MAX: u8 = 4;
const BPB_SIGNATURES: [usize; 2] = [0x26, 0x42];

/// Drives of one class: what the BIOS has, with the stick, and what will be shown.
#[derive(Clone, Copy)]
struct Count {
    real: u8,
    shown: u8,
}

/// Installs the hooks for `ram_disk`; returns the resident segment. From here on the stick cannot be reached.
pub fn install(
    console: &mut Console,
    ram_disk: &RamDisk,
    map: &mut Map,
    base_kib: u16,
    stick: u8,
    a20_method: a20::Method,
) -> u16 {
    if ram_disk.header.kind == kind::PARTITION {
        make_first_track(console, ram_disk);
    }

    // Reserving the resident part can split one range in two, and ends another.
    let entries = map.ranges().len() + 2;
    let total = RESIDENT.len() + entries * E820_ENTRY_LEN as usize;
    let kib = total.div_ceil(1024) as u16;
    let start_kib = base_kib.saturating_sub(kib);
    let start = u32::from(start_kib) << 10;
    if total > RESIDENT_MAX as usize || start < LOW_MEMORY_END {
        let mut line = Text::new();
        line.text("base memory ").decimal(u32::from(base_kib)).text(" KB");
        stop(console, errors::NO_LOW_MEMORY, line.as_bytes());
    }
    let segment = (start >> 4) as u16;
    map.reserve(u64::from(start), BASE_MEMORY_END - u64::from(start));

    let (disks, floppies) = counts(ram_disk.header.drive, stick);
    let mut image = Resident { bytes: low::resident(start, usize::from(kib) << 10), start };
    image.bytes.fill(0);
    image.bytes[..RESIDENT.len()].copy_from_slice(RESIDENT);
    let room = &mut image.bytes[RESIDENT.len()..];
    let Some(count) = map.write_e820(room) else { stop(console, errors::NO_LOW_MEMORY, b"E820 table") };

    image.describe_disk(ram_disk, disks, floppies);
    image.describe_memory(map, count);
    image.put8(VAR_STICK_DRIVE, stick);
    image.put8(VAR_A20_METHOD, a20_method as u8);
    let own_gdt = image.get32(VAR_GDT_BASE);
    image.put32(VAR_GDT_BASE, own_gdt + start);
    image.put32(VAR_LINEAR, start);
    image.put16(VAR_SEGMENT, segment);

    // The vectors as they are now, then the vectors as they will be, then the table that says so.
    let (int13, int15, int1e): (u32, u32, u32) =
        (low::read(VECTOR_13), low::read(VECTOR_15), low::read(VECTOR_1E));
    image.put32(MBFT_OLD_INT13, int13);
    image.put32(MBFT_OLD_INT15, int15);
    image.put32(MBFT_OLD_INT1E, int1e);
    image.put_at(RESIDENT_SAFE_HOOK + SAFE_HOOK_PREVIOUS, &int13.to_le_bytes());
    let floppy = ram_disk.header.kind == kind::FLOPPY;
    if floppy && (floppies.shown == 1 || !disk::has_parameter_table(0)) {
        let table = MBFT + MBFT_DPT;
        image.put16(MBFT_DPT_POINTER, table as u16);
        low::write(VECTOR_1E, far(segment, table));
    }
    image.seal();
    low::write(map::BASE_MEMORY, start_kib);
    low::write(DISK_COUNT, disks.shown);
    let equipment: u16 = low::read(EQUIPMENT);
    let shown = floppies.shown.min(FLOPPIES_MAX);
    let bits = if shown == 0 { 0 } else { 1 | u16::from(shown - 1) << 6 };
    low::write(EQUIPMENT, equipment & !0xC1 | bits);
    let entry = |offset: u32| u16::from_le_bytes([RESIDENT[offset as usize], RESIDENT[offset as usize + 1]]);
    low::write(VECTOR_15, far(segment, u32::from(entry(RESIDENT_INT15))));
    low::write(VECTOR_13, far(segment, u32::from(entry(RESIDENT_INT13))));
    segment
}

/// Copies the first sector to where a BIOS does, and jumps to it. Does not come back.
pub fn hand_off(ram_disk: &RamDisk, segment: u16) -> ! {
    let first = low::high(ram_disk.base, SECTOR_SIZE as usize);
    for (address, byte) in (MBR_LOAD..).zip(first.iter()) {
        low::write(address, *byte);
    }
    let hand_off = MBFT + VAR_HAND_OFF;
    let target = u16::from_le_bytes([RESIDENT[hand_off as usize], RESIDENT[hand_off as usize + 1]]);
    let (pnp_segment, pnp_offset) = plug_and_play().unwrap_or((0, 0));
    bios::jump(Registers {
        ecx: u32::from(bios::boot_info().a20).into(),
        edx: u32::from(ram_disk.header.drive).into(),
        edi: u32::from(pnp_offset).into(),
        es: pnp_segment.into(),
        target_offset: target.into(),
        target_segment: segment.into(),
        ..Registers::default()
    })
}

/// Offset of the mBFT in the resident part.
const MBFT: u32 = {
    let mdi = u16::from_le_bytes([RESIDENT[RESIDENT_MDI as usize], RESIDENT[RESIDENT_MDI as usize + 1]]);
    mdi as u32 - MBFT_MDI
};

fn far(segment: u16, offset: u32) -> u32 {
    u32::from(segment) << 16 | offset
}

/// Hard disks and floppies; each count is at least what the stick's own number proves.
fn counts(ram_drive: u8, stick: u8) -> (Count, Count) {
    let disks: u8 = low::read(DISK_COUNT);
    let equipment: u16 = low::read(EQUIPMENT);
    let floppies = if equipment & 1 == 0 { 0 } else { (equipment >> 6 & 3) as u8 + 1 };
    let count = |class: u8, told: u8| {
        let ours = stick & 0x80 == class;
        let real = if ours { told.max((stick & 0x7F) + 1) } else { told };
        Count { real, shown: real - u8::from(ours) + u8::from(ram_drive & 0x80 == class) }
    };
    (count(0x80, disks), count(0x00, floppies))
}

/// The resident part in its place. Offsets of `put` count from the mBFT.
struct Resident {
    bytes: &'static mut [u8],
    start: u32,
}

impl Resident {
    fn describe_disk(&mut self, ram_disk: &RamDisk, disks: Count, floppies: Count) {
        let header = &ram_disk.header;
        let floppy = header.kind == kind::FLOPPY;
        let count = if floppy { floppies } else { disks };
        let cylinders = header.cylinders.get().min(0xFFFF);
        let (heads, sectors) = (header.heads.get(), header.sectors_per_track.get());
        self.put32(MBFT_DISK, ram_disk.base);
        self.put32(MBFT_SECTORS, header.disk_sectors.get());
        self.put8(MBFT_SHIFT_LIMIT, header.drive + count.shown);
        self.put16(MBFT_CYLINDERS, cylinders as u16);
        self.put16(MBFT_HEADS, heads);
        self.put32(MBFT_SECTORS_PER_TRACK, u32::from(sectors));
        self.put8(MBFT_DRIVE, header.drive);
        self.put8(MBFT_DRIVE_TYPE, header.drive_type);
        self.put8(MBFT_DRIVE_COUNT, count.shown);
        let read_only = header.flags.get() & flags::READ_ONLY != 0;
        self.put8(MBFT_CONFIG, if read_only { CONFIG_READ_ONLY as u8 } else { 0 });
        self.put16(MBFT_STACK, RESIDENT.len() as u16);
        self.put16(MBFT_STATUS, if floppy { STATUS_FLOPPY } else { STATUS_DISK });
        if floppy {
            self.put8(MBFT_DPT + 4, sectors as u8);
            self.put8(MBFT_DPT + 11, (cylinders - 1).min(255) as u8);
            self.put8(MBFT_DPT + 12, header.drive_type.min(5));
        } else {
            // Fixed disk parameter table: cylinders, heads, control byte, sectors per track.
            for offset in 0..16 {
                self.put8(MBFT_DPT + offset, 0);
            }
            self.put16(MBFT_DPT, cylinders as u16);
            self.put8(MBFT_DPT + 2, heads as u8);
            self.put8(MBFT_DPT + 8, if heads > 8 { 0x08 } else { 0 });
            self.put8(MBFT_DPT + 14, sectors as u8);
        }
        self.put8(VAR_DISKS_REAL, disks.real);
        self.put8(VAR_DISKS_SHOWN, disks.shown);
        self.put8(VAR_FLOPPIES_REAL, floppies.real);
        self.put8(VAR_FLOPPIES_SHOWN, floppies.shown);
    }

    fn describe_memory(&mut self, memory: &Map, entries: usize) {
        self.put16(MBFT_MEMORY_88, memory.kib_88());
        self.put32(MBFT_MEMORY_1M, u32::from(memory.kib_1m_16m()).min(0x3C00));
        self.put32(MBFT_MEMORY_16M, u32::from(memory.units_64k_above_16m()));
        self.put8(VAR_E820_COUNT, entries as u8);
        // As the BIOS has it, although the map may end sooner.
        self.put16(MBFT_OLD_BASE_MEMORY, low::read::<u16>(map::BASE_MEMORY));
        self.put16(MBFT_COMMAND_LINE + 2, (self.start >> 4) as u16);
    }

    /// Makes the tables valid: the addresses, the signature, and last the checksum.
    fn seal(&mut self) {
        let mbft = self.start + MBFT;
        self.put32(MBFT_SAFE_HOOK, self.start + RESIDENT_SAFE_HOOK);
        self.put_at(RESIDENT_SAFE_HOOK + SAFE_HOOK_MBFT, &mbft.to_le_bytes());
        self.put_at(MBFT, b"mBFT");
        let table = &self.bytes[MBFT as usize..(MBFT + MBFT_LEN) as usize];
        let sum = table.iter().fold(0_u8, |sum, byte| sum.wrapping_add(*byte));
        self.put8(MBFT_CHECKSUM, sum.wrapping_neg());
    }

    fn get32(&self, offset: u32) -> u32 {
        let at = (MBFT + offset) as usize;
        u32::from_le_bytes([self.bytes[at], self.bytes[at + 1], self.bytes[at + 2], self.bytes[at + 3]])
    }

    fn put8(&mut self, offset: u32, value: u8) {
        self.put_at(MBFT + offset, &[value]);
    }

    fn put16(&mut self, offset: u32, value: u16) {
        self.put_at(MBFT + offset, &value.to_le_bytes());
    }

    fn put32(&mut self, offset: u32, value: u32) {
        self.put_at(MBFT + offset, &value.to_le_bytes());
    }

    fn put_at(&mut self, offset: u32, bytes: &[u8]) {
        self.bytes[offset as usize..offset as usize + bytes.len()].copy_from_slice(bytes);
    }
}

/// Makes the track before a partition image: sector 0 with one active entry, and tells the partition's boot sector
/// where it is. The image was proven before; what is changed is said on the screen.
fn make_first_track(console: &mut Console, ram_disk: &RamDisk) {
    let header = &ram_disk.header;
    let lead = header.lead_sectors.get();
    let geometry = Geometry { heads: header.heads.get(), sectors_per_track: header.sectors_per_track.get() };
    let first = low::high(ram_disk.base, SECTOR_SIZE as usize);
    first.copy_from_slice(RAM_MBR);
    // The disk signature must not be zero, and differ from image to image.
    first[0x1B8..0x1BC].copy_from_slice(&header.image_blake3[..4]);
    first[0x1B8] |= 1;
    let entry = partition_entry(&geometry, header.partition_type, lead, header.disk_sectors.get() - lead);
    first[0x1BE..0x1CE].copy_from_slice(&entry);

    let boot = low::high(ram_disk.image(), SECTOR_SIZE as usize);
    let bytes_per_sector = u16::from_le_bytes([boot[11], boot[12]]);
    let hidden = u32::from_le_bytes([boot[28], boot[29], boot[30], boot[31]]);
    if u32::from(bytes_per_sector) != SECTOR_SIZE {
        return;
    }
    let mut line = Text::new();
    line.text("Changed in memory:");
    let nothing = line.as_bytes().len();
    if hidden != lead {
        boot[28..32].copy_from_slice(&lead.to_le_bytes());
        line.text(" hidden sectors from ").decimal(hidden).text(" to ").decimal(lead).text(".");
    }
    for at in BPB_SIGNATURES {
        let drive = &mut boot[at - 2..=at];
        if drive[2] == 0x29 && drive[0] != header.drive {
            line.text(" drive from ")
                .hex(u64::from(drive[0]), 2)
                .text("h to ")
                .hex(u64::from(header.drive), 2);
            line.text("h.");
            drive[0] = header.drive;
        }
    }
    if line.as_bytes().len() > nothing {
        console.line(line.as_bytes());
    }
}

/// The plug and play structure of the BIOS as segment and offset, if it has one (PnP BIOS 1.0A, 4.4).
fn plug_and_play() -> Option<(u16, u16)> {
    (0xF_0000..0x10_0000 - 0x21).step_by(16).find_map(|address: u32| {
        let signature: [u8; 4] = low::read(address);
        let len: u8 = low::read(address + 5);
        if signature != *b"$PnP" || len < 0x21 || address + u32::from(len) > low::END {
            return None;
        }
        let sum = (0..u32::from(len)).fold(0_u8, |sum, at| sum.wrapping_add(low::read::<u8>(address + at)));
        (sum == 0).then_some((0xF000, address as u16))
    })
}
