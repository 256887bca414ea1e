//! Puts the resident part at the top of base memory, makes it the BIOS, and leaves.

use ramkey_format::boot::Registers;
use ramkey_format::capsule::{CapsuleHeader, flags, kind};
use ramkey_format::errors;
use ramkey_format::memory::{LOW_MEMORY_END, MBR_LOAD, SECTOR_SHIFT, SECTOR_SIZE};
use ramkey_format::resident::*;
use ramkey_loader_core::drives::{Class, Numbers, number};
use ramkey_loader_core::memory::Map;

use crate::boot::CopyMode;
use crate::console::Console;
use crate::drives::{self, DISK_COUNT, Drives, EQUIPMENT};
use crate::halt::{Text, stop};
use crate::heads::{Before, GRUB4DOS, Grub4dos, MEMDISK, Memdisk, Memory, far, status_byte};
use crate::load::RamDisk;
use crate::low::Bytes;
use crate::{a20, bios, changes, disk, low, map};

/// The assembled engine.
static ENGINE: &[u8] = include_bytes!(concat!(env!("RAMKEY_BLOBS"), "/resident.bin"));

const BASE_MEMORY_END: u64 = 640 << 10;
const VECTOR_13: u32 = 0x13 * 4;
const VECTOR_15: u32 = 0x15 * 4;
const VECTOR_1E: u32 = 0x1E * 4;
/// Most floppies that the equipment word can name.
const FLOPPIES_MAX: u8 = 4;
/// Segment that sector 0 is loaded to, as El Torito has it.
const BOOT_SEGMENT: u16 = (MBR_LOAD >> 4) as u16;

/// Where the parts of the resident part lie, from its start on.
struct Places {
    start: u32,
    kib: u16,
    engine: u32,
    records: u32,
    e820: u32,
}

impl Places {
    /// Plans the resident part below `base_kib`.
    fn new(console: &mut Console, drives: &Drives, grub4dos: bool, map: &Map, base_kib: u16) -> Self {
        let heads = if grub4dos { SLOTS_LEN } else { HEAD_LEN * drives.count() as u32 };
        let any_disc = drives.iter().any(|drive| drive.class == Class::Disc);
        let engine_len = entry(if any_disc { ENGINE_LEN_ALL } else { ENGINE_LEN_CORE });
        let records = u32::from(engine_len).next_multiple_of(4);
        let e820 = records + RECORD_LEN * drives.count() as u32;
        // Reserving the resident part can split one range in two, and ends another.
        let entries = map.ranges().len() as u32 + 2;
        let total = heads + e820 + entries * E820_ENTRY_LEN;
        let kib = total.div_ceil(1024) as u16;
        let start = u32::from(base_kib.saturating_sub(kib)) << 10;
        if total > RESIDENT_MAX || start < LOW_MEMORY_END {
            let mut line = Text::new();
            line.text("base memory ").decimal(u32::from(base_kib)).text(" KB");
            stop(console, errors::NO_LOW_MEMORY, line.as_bytes());
        }
        Self { start, kib, engine: heads, records, e820 }
    }

    fn segment(&self) -> u16 {
        (self.start >> 4) as u16
    }

    fn engine_segment(&self) -> u16 {
        ((self.start + self.engine) >> 4) as u16
    }
}

/// A 16-bit field of the engine's header.
fn entry(offset: u32) -> u16 {
    u16::from_le_bytes([ENGINE[offset as usize], ENGINE[offset as usize + 1]])
}

/// What was installed, for the hand-off.
pub struct Installed {
    engine_segment: u16,
    /// Linear address of the variable that says how bytes are moved.
    copy: u32,
}

/// Installs the hooks for the disks of an entry, the boot disk first. From here on a hidden stick cannot be reached.
pub fn install(
    console: &mut Console,
    disks: &[Option<RamDisk>],
    map: &mut Map,
    base_kib: u16,
    stick: u8,
    a20_method: a20::Method,
) -> Installed {
    let Some(boot) = disks.first().and_then(Option::as_ref) else {
        stop(console, errors::INTERNAL, b"no disk")
    };
    let drives = Drives::new(disks);
    let machine = drives::machine(&boot.header, &drives, stick);
    let wanted = drives.wanted();
    let numbers = number(&machine, &wanted[..drives.count()]);
    let mut first = 0;
    for ram_disk in disks.iter().flatten() {
        changes::make(console, ram_disk, numbers.drives[first]);
        first += 1 + usize::from(ram_disk.header.disc.emulates());
    }
    let grub4dos = boot.header.flags.get() & flags::GRUB4DOS != 0;
    let places = Places::new(console, &drives, grub4dos, map, base_kib);
    map.reserve(u64::from(places.start), BASE_MEMORY_END - u64::from(places.start));

    let before = Before {
        int13: low::read(VECTOR_13),
        int15: low::read(VECTOR_15),
        int1e: low::read(VECTOR_1E),
        base_kib: low::read(map::BASE_MEMORY),
        equipment: low::read(EQUIPMENT),
        disks: low::read(DISK_COUNT),
    };
    let memory = Memory {
        kib_88: map.kib_88(),
        kib_1m: u32::from(map.kib_1m_16m()).min(0x3C00),
        units_16m: u32::from(map.units_64k_above_16m()),
    };
    let all = low::resident(places.start, usize::from(places.kib) << 10);
    all.fill(0);
    let (heads, engine) = all.split_at_mut(places.engine as usize);

    let engine_13 = far(places.engine_segment(), u32::from(entry(ENGINE_INT13)));
    let engine_15 = far(places.engine_segment(), u32::from(entry(ENGINE_INT15)));
    let floppy_table = numbers.floppies_shown == 1 || !disk::has_parameter_table(0);
    let vectors = if grub4dos {
        install_grub4dos(heads, &places, &drives, &numbers, &before, engine_13, engine_15, floppy_table)
    } else {
        install_memdisk(
            heads,
            &places,
            &drives,
            &numbers,
            &before,
            &memory,
            engine_13,
            engine_15,
            floppy_table,
        )
    };

    let mut engine =
        Engine { bytes: Bytes(engine), places: &places, variables: u32::from(entry(ENGINE_VARIABLES)) };
    let Some(count) = engine.copy(map) else { stop(console, errors::NO_LOW_MEMORY, b"E820 table") };
    engine.describe(&drives, &numbers, &before, &memory, grub4dos);
    engine.put8(VAR_E820_COUNT, count as u8);
    engine.put8(VAR_A20_METHOD, a20_method as u8);
    engine.describe_boot(boot, &drives, &numbers);

    low::write(map::BASE_MEMORY, (places.start >> 10) as u16);
    low::write(DISK_COUNT, numbers.disks_shown);
    let shown = numbers.floppies_shown.min(FLOPPIES_MAX);
    let bits = if shown == 0 { 0 } else { 1 | u16::from(shown - 1) << 6 };
    low::write(EQUIPMENT, before.equipment & !0xC1 | bits);
    if let Some(int1e) = vectors.int1e {
        low::write(VECTOR_1E, int1e);
    }
    low::write(VECTOR_15, vectors.int15);
    low::write(VECTOR_13, vectors.int13);
    let engine = places.start + places.engine;
    Installed {
        engine_segment: places.engine_segment(),
        copy: engine + u32::from(entry(ENGINE_VARIABLES)) + VAR_COPY,
    }
}

/// The vectors as they will be.
struct Vectors {
    int13: u32,
    int15: u32,
    int1e: Option<u32>,
}

/// One head for each drive; each one's previous vector is the next one's hook, so that a walk along the chain and
/// a scan upwards find the drives in the same order.
#[expect(
    clippy::too_many_arguments,
    reason = "they are what one install decided; a struct would be made for this call only"
)]
fn install_memdisk(
    heads: &mut [u8],
    places: &Places,
    drives: &Drives,
    numbers: &Numbers,
    before: &Before,
    memory: &Memory,
    engine_13: u32,
    engine_15: u32,
    floppy_table: bool,
) -> Vectors {
    let mut int1e = None;
    let places_of_heads = heads.chunks_exact_mut(HEAD_LEN as usize).zip(0_u16..);
    for (((head, place), drive), number) in places_of_heads.zip(drives.iter()).zip(numbers.drives) {
        let next = places.segment() + (place + 1) * (HEAD_LEN >> 4) as u16;
        head.copy_from_slice(MEMDISK);
        let mut head = Memdisk { bytes: Bytes(head), segment: next - (HEAD_LEN >> 4) as u16 };
        head.describe(drive, number, numbers, before, memory);
        if floppy_table && drive.class == Class::Floppy && number == 0 {
            int1e = Some(head.take_int1e());
        }
        let last = usize::from(place) + 1 == drives.count();
        let previous = if last { before.int13 } else { far(next, HEAD_SAFE_HOOK) };
        head.seal(previous, engine_13, engine_15);
    }
    let int15 = u16::from_le_bytes([MEMDISK[HEAD_INT15 as usize], MEMDISK[HEAD_INT15 as usize + 1]]);
    Vectors {
        int13: far(places.segment(), HEAD_SAFE_HOOK),
        int15: far(places.segment(), u32::from(int15)),
        int1e,
    }
}

/// One head for all drives.
#[expect(clippy::too_many_arguments, reason = "as above")]
fn install_grub4dos(
    heads: &mut [u8],
    places: &Places,
    drives: &Drives,
    numbers: &Numbers,
    before: &Before,
    engine_13: u32,
    engine_15: u32,
    floppy_table: bool,
) -> Vectors {
    heads.copy_from_slice(GRUB4DOS);
    let mut head = Grub4dos { bytes: Bytes(heads), segment: places.segment() };
    head.describe(drives, numbers, places.kib as u8, before, engine_13);
    let floppies = drives.iter().zip(numbers.drives).filter(|(drive, _)| drive.class == Class::Floppy);
    let first = (0..).zip(floppies).find(|(_, (_, number))| *number == 0).map(|(place, _)| place);
    let int1e = first.filter(|_| floppy_table).map(|place| head.dpt(place));
    Vectors { int13: far(places.segment(), SLOTS_SAFE_HOOK), int15: engine_15, int1e }
}

/// The engine in its place. Offsets of `put` count from the variables.
struct Engine<'b> {
    bytes: Bytes<'b>,
    places: &'b Places,
    variables: u32,
}

impl Engine<'_> {
    /// Copies the code, and writes the E820 table; returns how many entries it has.
    fn copy(&mut self, map: &Map) -> Option<usize> {
        let len = (self.places.records as usize).min(ENGINE.len());
        self.bytes.put(0, &ENGINE[..len]);
        map.write_e820(&mut self.bytes.0[self.places.e820 as usize..])
    }

    fn describe(
        &mut self,
        drives: &Drives,
        numbers: &Numbers,
        before: &Before,
        memory: &Memory,
        grub4dos: bool,
    ) {
        let start = self.places.start + self.places.engine;
        let segment = self.places.engine_segment();
        self.put32(VAR_OLD_INT13, before.int13);
        self.put32(VAR_OLD_INT15, before.int15);
        self.put16(VAR_MEMORY_88, memory.kib_88);
        self.put32(VAR_MEMORY_1M, memory.kib_1m);
        self.put32(VAR_MEMORY_16M, memory.units_16m);
        let high = if memory.kib_1m == 0x3C00 { memory.units_16m << 6 } else { 0 };
        self.put32(VAR_MEMORY_KIB, memory.kib_1m + high);
        self.put16(VAR_E820, self.places.e820 as u16);
        self.put16(VAR_RECORDS, self.places.records as u16);
        self.put8(VAR_DISKS_SHOWN, numbers.disks_shown);
        self.put8(VAR_FLOPPIES_SHOWN, numbers.floppies_shown);
        self.put32(VAR_LINEAR, start);
        self.put16(VAR_SEGMENT, segment);
        let gdt = self.bytes.get32(self.variables + VAR_GDT_BASE);
        self.put32(VAR_GDT_BASE, gdt + start);
        self.bytes.put(self.variables + VAR_DISK_MAP, &numbers.disk_map);
        self.bytes.put(self.variables + VAR_FLOPPY_MAP, &numbers.floppy_map);
        let discs = drives.iter().filter(|drive| drive.class == Class::Disc).count();
        self.put8(VAR_DISCS, discs as u8);

        let mut floppies = 0;
        for ((place, drive), number) in (0_u32..).zip(drives.iter()).zip(numbers.drives) {
            let record = self.places.records + place * RECORD_LEN;
            let head = self.places.segment() + (place * (HEAD_LEN >> 4)) as u16;
            let bytes = &mut self.bytes;
            bytes.put32(record + RECORD_DISK, drive.base);
            bytes.put32(record + RECORD_SECTORS, drive.half_kib_sectors());
            bytes.put32(record + RECORD_SECTORS_PER_TRACK, u32::from(drive.sectors_per_track));
            bytes.put16(record + RECORD_CYLINDERS, drive.cylinders);
            bytes.put16(record + RECORD_HEADS, drive.heads);
            bytes.put16(record + RECORD_STATUS, status_byte(drive.class));
            bytes.put16(record + RECORD_HEAD, if grub4dos { 0 } else { head });
            bytes.put8(record + RECORD_DRIVE, number);
            bytes.put8(record + RECORD_TYPE, drive.drive_type);
            bytes.put8(record + RECORD_CONFIG, drive.config);
            bytes.put8(record + RECORD_SECTOR_SHIFT, drive.sector_shift);
            let class = match drive.class {
                Class::Floppy => CLASS_FLOPPY,
                Class::Disk => CLASS_DISK,
                Class::Disc => CLASS_DISC,
            };
            bytes.put8(record + RECORD_CLASS, class as u8);
            if drive.class == Class::Floppy {
                let tables = (SLOTS_LEN - SLOTS_DPT) / SLOTS_DPT_LEN;
                let in_slots = SLOTS_DPT + floppies.min(tables - 1) * SLOTS_DPT_LEN;
                let table = if grub4dos {
                    far(self.places.segment(), in_slots)
                } else {
                    far(head, HEAD_MBFT + MBFT_DPT)
                };
                bytes.put32(record + RECORD_DPT, table);
                floppies += 1;
            }
        }
    }

    /// What is booted, and how El Torito describes it.
    fn describe_boot(&mut self, boot: &RamDisk, drives: &Drives, numbers: &Numbers) {
        let Some(first) = drives.iter().next() else { return };
        let header = &boot.header;
        let [drive, ..] = numbers.drives;
        self.put8(VAR_BOOT_DRIVE, drive);
        if header.kind != kind::DISC {
            self.put32(VAR_BOOT_SOURCE, first.base);
            self.put32(VAR_BOOT_BYTES, SECTOR_SIZE);
            self.put32(VAR_BOOT_TARGET, far(0, MBR_LOAD));
            return;
        }
        let disc = &header.disc;
        let segment = disc.load_segment.get();
        let sectors = if disc.emulates() { 1 } else { u32::from(disc.load_sectors.get()) };
        // A boot image that is told to be longer than the memory below us would overwrite us.
        let room = self.places.start.saturating_sub(u32::from(segment) << 4);
        self.put32(VAR_BOOT_SOURCE, boot.boot_image());
        self.put32(VAR_BOOT_BYTES, (sectors << SECTOR_SHIFT).min(room & !(SECTOR_SIZE - 1)));
        // Boot sectors of floppies and disks expect segment 0, boot images of CDs the one that they asked for.
        let at_mbr = disc.emulates() && segment == BOOT_SEGMENT;
        self.put32(VAR_BOOT_TARGET, if at_mbr { far(0, MBR_LOAD) } else { far(segment, 0) });
        self.put32(VAR_CATALOGUE, disc.catalogue_lba.get());
        let record = u32::from(disc.emulates()) * RECORD_LEN;
        self.put16(VAR_BOOT_DISC, (self.places.records + record) as u16);
        if disc.emulates() {
            let (map, number, real) = match first.class {
                Class::Floppy => (VAR_FLOPPY_MAP, drive, self.real_floppy(numbers)),
                _ => (VAR_DISK_MAP, drive & 0x7F, MAP_NONE as u8),
            };
            self.put16(VAR_EMULATED, (map + u32::from(number)) as u16);
            self.put8(VAR_REPLACED, real);
        }
        self.specify(header, first.cylinders, first.heads, drive);
    }

    /// The BIOS's first floppy, which is 00h again when emulation ends.
    fn real_floppy(&self, numbers: &Numbers) -> u8 {
        let real = numbers.floppy_map[..usize::from(numbers.floppies_shown)].iter();
        real.copied().find(|&number| number < MAP_RAM as u8).unwrap_or(MAP_NONE as u8)
    }

    /// Fills in El Torito's specification packet (1.0, figure 7).
    fn specify(&mut self, header: &CapsuleHeader, cylinders: u16, heads: u16, drive: u8) {
        let disc = &header.disc;
        let packet = VAR_SPECIFICATION;
        let last = cylinders - 1;
        let sectors = header.sectors_per_track.get() as u8;
        self.put8(packet, SPECIFICATION_LEN as u8);
        self.put8(packet + 1, disc.emulation);
        self.put8(packet + 2, drive);
        self.put32(packet + 4, disc.load_lba.get());
        self.put16(packet + 12, disc.load_segment.get());
        self.put16(packet + 14, disc.load_sectors.get());
        self.put8(packet + 16, last as u8);
        self.put8(packet + 17, sectors | ((last >> 2) & 0xC0) as u8);
        self.put8(packet + 18, (heads - 1) as u8);
    }

    fn put8(&mut self, offset: u32, value: u8) {
        self.bytes.put8(self.variables + offset, value);
    }

    fn put16(&mut self, offset: u32, value: u16) {
        self.bytes.put16(self.variables + offset, value);
    }

    fn put32(&mut self, offset: u32, value: u32) {
        self.bytes.put32(self.variables + offset, value);
    }
}

/// Leaves for what was installed. Does not come back.
pub fn hand_off(installed: &Installed, copy: CopyMode) -> ! {
    low::write(installed.copy, copy.value());
    let (pnp_segment, pnp_offset) = plug_and_play().unwrap_or((0, 0));
    bios::jump(Registers {
        ecx: u32::from(bios::boot_info().a20).into(),
        edi: u32::from(pnp_offset).into(),
        es: pnp_segment.into(),
        target_offset: entry(ENGINE_HAND_OFF).into(),
        target_segment: installed.engine_segment.into(),
        ..Registers::default()
    })
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
