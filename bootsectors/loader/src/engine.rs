//! The engine: the code of the resident part, its variables, and a record for each RAM drive.

use ramkey_format::capsule::{CapsuleHeader, kind};
use ramkey_format::hooks::{HEAD_LEN, HEAD_MBFT, MBFT_DPT};
use ramkey_format::memory::{MBR_LOAD, SECTOR_SHIFT, SECTOR_SIZE};
use ramkey_format::resident::*;
use ramkey_loader_core::drives::{Class, Numbers};
use ramkey_loader_core::memory::Map;

use crate::drives::Drives;
use crate::identities::{far, slots_dpt, status_byte};
use crate::load::RamDisk;
use crate::low::Bytes;
use crate::places::{ENGINE, Places, Setup, entry};

/// Segment that sector 0 is loaded to, as El Torito has it.
const BOOT_SEGMENT: u16 = (MBR_LOAD >> 4) as u16;

/// The engine in its place. Offsets of `put` count from the variables.
pub struct Engine<'b> {
    bytes: Bytes<'b>,
    places: &'b Places,
    variables: u32,
}

impl<'b> Engine<'b> {
    /// The engine that will lie in `bytes`.
    pub fn new(bytes: &'b mut [u8], places: &'b Places) -> Self {
        Self { bytes: Bytes(bytes), places, variables: u32::from(entry(ENGINE_VARIABLES)) }
    }

    /// Copies the code, and writes the E820 table; returns how many entries it has.
    pub fn copy(&mut self, map: &Map) -> Option<usize> {
        let len = (self.places.records as usize).min(ENGINE.len());
        self.bytes.put(0, &ENGINE[..len]);
        map.write_e820(&mut self.bytes.0[self.places.e820 as usize..])
    }

    /// Describes the machine and every drive.
    pub fn describe(&mut self, setup: &Setup<'_>, grub4dos: bool) {
        let Setup { drives, numbers, before, memory, .. } = setup;
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
        self.put32(VAR_RESIDENT, self.places.start);
        self.put32(VAR_RESIDENT_END, self.places.start + (u32::from(self.places.kib) << 10));
        let gdt = self.bytes.get32(self.variables + VAR_GDT_BASE);
        self.put32(VAR_GDT_BASE, gdt + start);
        self.bytes.put(self.variables + VAR_DISK_MAP, &numbers.disk_map);
        self.bytes.put(self.variables + VAR_FLOPPY_MAP, &numbers.floppy_map);
        let discs = drives.iter().filter(|drive| drive.class == Class::Cd).count();
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
                Class::HardDisk => CLASS_HARD_DISK,
                Class::Cd => CLASS_CD,
            };
            bytes.put8(record + RECORD_CLASS, class as u8);
            if drive.class == Class::Floppy {
                let table = if grub4dos {
                    slots_dpt(self.places.segment(), floppies)
                } else {
                    far(head, HEAD_MBFT + MBFT_DPT)
                };
                bytes.put32(record + RECORD_DPT, table);
                floppies += 1;
            }
        }
    }

    /// What is booted, and how El Torito describes it.
    pub fn describe_boot(&mut self, boot: &RamDisk, drives: &Drives, numbers: &Numbers) {
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
        self.put32(VAR_BOOT_SOURCE, boot.boot_image());
        self.put32(VAR_BOOT_BYTES, sectors << SECTOR_SHIFT);
        // Boot sectors of floppies and disks expect segment 0, boot images of CDs the one that they asked for.
        let at_mbr = disc.emulates() && segment == BOOT_SEGMENT;
        self.put32(VAR_BOOT_TARGET, if at_mbr { far(0, MBR_LOAD) } else { far(segment, 0) });
        let record = u32::from(disc.emulates()) * RECORD_LEN;
        self.put16(VAR_BOOT_DISC, (self.places.records + record) as u16);
        if disc.emulates() {
            let (map, number, real) = match first.class {
                Class::Floppy => {
                    (VAR_FLOPPY_MAP, drive, self.real(&numbers.floppy_map, numbers.floppies_shown))
                }
                _ => (VAR_DISK_MAP, drive & 0x7F, self.real(&numbers.disk_map, numbers.disks_shown)),
            };
            self.put16(VAR_EMULATED, (map + u32::from(number)) as u16);
            self.put8(VAR_REPLACED, real);
        }
        self.specify(header, first.cylinders, first.heads, drive);
    }

    /// The BIOS's first drive of a class, whose number it gets back when emulation ends.
    fn real(&self, map: &[u8], shown: u8) -> u8 {
        let mut shown = map.iter().take(usize::from(shown)).copied();
        shown.find(|&number| u32::from(number) < MAP_RAM).unwrap_or(MAP_NONE as u8)
    }

    /// Fills in where the boot catalogue is, and El Torito's specification packet (1.0, figure 7).
    fn specify(&mut self, header: &CapsuleHeader, cylinders: u16, heads: u16, drive: u8) {
        let disc = &header.disc;
        let discs = u32::from(entry(ENGINE_LEN_CORE)) - self.variables;
        self.put32(discs + DISC_CATALOGUE, disc.catalogue_lba.get());
        let packet = discs + DISC_SPECIFICATION;
        let last = cylinders - 1;
        let sectors = header.sectors_per_track.get() as u8;
        self.put8(packet + SPECIFICATION_SIZE, SPECIFICATION_LEN as u8);
        self.put8(packet + SPECIFICATION_EMULATION, disc.emulation);
        self.put8(packet + SPECIFICATION_DRIVE, drive);
        self.put32(packet + SPECIFICATION_LOAD_LBA, disc.load_lba.get());
        self.put16(packet + SPECIFICATION_LOAD_SEGMENT, disc.load_segment.get());
        self.put16(packet + SPECIFICATION_LOAD_SECTORS, disc.load_sectors.get());
        self.put8(packet + SPECIFICATION_CYLINDER, last as u8);
        self.put8(packet + SPECIFICATION_SECTORS, sectors | ((last >> 2) & 0xC0) as u8);
        self.put8(packet + SPECIFICATION_HEAD, (heads - 1) as u8);
    }

    /// Writes 8 bits.
    pub fn put8(&mut self, offset: u32, value: u8) {
        self.bytes.put8(self.variables + offset, value);
    }

    fn put16(&mut self, offset: u32, value: u16) {
        self.bytes.put16(self.variables + offset, value);
    }

    fn put32(&mut self, offset: u32, value: u32) {
        self.bytes.put32(self.variables + offset, value);
    }
}
