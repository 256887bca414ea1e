//! Puts the resident part at the top of base memory, makes it the BIOS, and leaves.

use ramkey_format::boot::Registers;
use ramkey_format::capsule::{flags, kind};
use ramkey_format::errors;
use ramkey_format::hooks::{HEAD_INT15, HEAD_LEN, HEAD_SAFE_HOOK, SLOTS_SAFE_HOOK};
use ramkey_format::resident::*;
use ramkey_loader_core::boot_image;
use ramkey_loader_core::copy_mode::CopyMode;
use ramkey_loader_core::drives::{Class, Numbers, number};
use ramkey_loader_core::screen::say;

use crate::console::Console;
use crate::drives::{self, Drives};
use crate::engine::Engine;
use crate::halt::stop;
use crate::identities::{Before, GRUB4DOS, Grub4dos, MEMDISK, Memdisk, Memory, far, slots_dpt};
use crate::load::RamDisk;
use crate::low::{Bytes, Ram, Region};
use crate::places::{Places, Setup, entry};
use crate::{a20, changes, disk, low, real_mode};

/// What was installed, for the hand-off.
pub struct Installed {
    engine_segment: u16,
    resident: Region,
    /// Offset of the variable that says how bytes are moved.
    copy: u32,
}

/// Installs the hooks for the disks of an entry, the boot disk first. From here on a hidden stick cannot be reached.
pub fn install(
    console: &mut Console,
    disks: &mut [Option<RamDisk>],
    ram: &mut Ram,
    base_kib: u16,
    stick: u8,
    a20_method: a20::Method,
) -> Installed {
    let boot = boot_disk(console, disks);
    let drives = Drives::new(disks);
    let machine = drives::machine(&boot.header, &drives, stick);
    let wanted = drives.wanted();
    let numbers = number(&machine, &wanted[..drives.count()]);
    let grub4dos = boot.header.flags.get() & flags::GRUB4DOS != 0;
    let places = Places::new(console, &drives, grub4dos, ram.map(), base_kib);
    check_boot_image(console, boot, &places);
    let mut first = 0;
    for ram_disk in disks.iter_mut().flatten() {
        changes::make(console, ram_disk, numbers.drives[first]);
        first += 1 + usize::from(ram_disk.header.disc.emulates());
    }
    let mut resident = ram.take_base(places.start, u32::from(places.kib) << 10);
    let map = ram.map();

    let before = bios_before();
    let memory = Memory {
        kib_88: map.kib_88(),
        kib_1m: u32::from(map.kib_1m_16m()).min(0x3C00),
        units_16m: u32::from(map.units_64k_above_16m()),
    };
    let all = resident.bytes_mut(0, resident.len());
    all.fill(0);
    let (heads, engine) = all.split_at_mut(places.engine as usize);
    let setup = Setup {
        drives: &drives,
        numbers: &numbers,
        before,
        memory,
        places: &places,
        floppy_table: needs_floppy_table(&drives, &numbers),
    };
    let vectors = if grub4dos { setup.grub4dos(heads) } else { setup.memdisk(heads) };

    let mut engine = Engine::new(engine, &places);
    let Some(count) = engine.copy(map) else {
        stop(console, errors::NO_LOW_MEMORY, Some(say::memory_table().as_message()))
    };
    engine.describe(&setup, grub4dos);
    engine.put8(VAR_E820_COUNT, count as u8);
    engine.put8(VAR_A20_METHOD, a20_method as u8);
    let boot = boot_disk(console, disks);
    engine.describe_boot(boot, &drives, &numbers);

    publish(&places, &numbers, &vectors);
    let copy = places.engine + u32::from(entry(ENGINE_VARIABLES)) + VAR_COPY;
    Installed { engine_segment: places.engine_segment(), resident, copy }
}

/// What the BIOS has where the resident part will be seen.
fn bios_before() -> Before {
    Before {
        int13: low::VECTOR_13.read(),
        int15: low::VECTOR_15.read(),
        int1e: low::VECTOR_1E.read(),
        base_kib: low::BASE_MEMORY.read(),
        equipment: low::EQUIPMENT.read(),
        disks: low::DISK_COUNT.read(),
    }
}

/// Makes the resident part the BIOS: the counts of drives, base memory, and last the vectors.
fn publish(places: &Places, numbers: &Numbers, vectors: &Vectors) {
    low::BASE_MEMORY.write((places.start >> 10) as u16);
    low::DISK_COUNT.write(numbers.disks_shown);
    low::set_floppy_count(numbers.floppies_shown);
    if let Some(int1e) = vectors.int1e {
        low::VECTOR_1E.write(int1e);
    }
    low::VECTOR_15.write(vectors.int15);
    low::VECTOR_13.write(vectors.int13);
}

/// The disk that is booted.
fn boot_disk<'d>(console: &mut Console, disks: &'d [Option<RamDisk>]) -> &'d RamDisk {
    match disks.first() {
        Some(Some(disk)) => disk,
        _ => stop(console, errors::INTERNAL, Some(say::no_disk().as_message())),
    }
}

/// Whether INT 1Eh must point to the table of a floppy of ours: it is 00h, and the BIOS has no floppy or no table.
fn needs_floppy_table(drives: &Drives, numbers: &Numbers) -> bool {
    let mut drives = drives.iter().zip(numbers.drives);
    let ours = drives.any(|(drive, number)| drive.class == Class::Floppy && number == 0);
    // A BIOS without floppies is not asked for one.
    ours && (numbers.floppies_shown == 1 || !disk::has_parameter_table(0))
}

/// Stops when a CD's boot image would lie over the interrupt table and BIOS data, or over the resident part.
fn check_boot_image(console: &mut Console, boot: &RamDisk, places: &Places) {
    let disc = &boot.header.disc;
    if boot.header.kind != kind::DISC {
        return;
    }
    let sectors = if disc.emulates() { 1 } else { disc.load_sectors.get() };
    let place = boot_image::place(disc.load_segment.get(), sectors);
    if boot_image::obstacle(&place, places.start).is_some() {
        let details = say::boot_image_at(place.start, place.end);
        stop(console, errors::NO_LOW_MEMORY, Some(details.as_message()));
    }
}

/// The vectors as they will be.
struct Vectors {
    int13: u32,
    int15: u32,
    int1e: Option<u32>,
}

impl Setup<'_> {
    /// Far pointer to an entry of the engine.
    fn engine(&self, offset: u32) -> u32 {
        far(self.places.engine_segment(), u32::from(entry(offset)))
    }

    /// One head for each drive; each one's previous vector is the next one's hook, so that a walk along the chain
    /// and a scan upwards find the drives in the same order.
    fn memdisk(&self, heads: &mut [u8]) -> Vectors {
        const PARAGRAPHS: u16 = (HEAD_LEN >> 4) as u16;
        let mut int1e = None;
        let mut segment = self.places.segment();
        let mut left = self.drives.count();
        let heads = heads.chunks_exact_mut(HEAD_LEN as usize);
        for ((head, drive), number) in heads.zip(self.drives.iter()).zip(self.numbers.drives) {
            head.copy_from_slice(MEMDISK);
            let mut head = Memdisk { bytes: Bytes(head), segment };
            head.describe(drive, number, self.numbers, &self.before, &self.memory);
            if self.floppy_table && drive.class == Class::Floppy && number == 0 {
                int1e = Some(head.take_int1e());
            }
            segment += PARAGRAPHS;
            left -= 1;
            let previous = if left == 0 { self.before.int13 } else { far(segment, HEAD_SAFE_HOOK) };
            head.seal(previous, self.engine(ENGINE_INT13), self.engine(ENGINE_INT15));
        }
        let int15 = u16::from_le_bytes([MEMDISK[HEAD_INT15 as usize], MEMDISK[HEAD_INT15 as usize + 1]]);
        let first = self.places.segment();
        Vectors { int13: far(first, HEAD_SAFE_HOOK), int15: far(first, u32::from(int15)), int1e }
    }

    /// One head for all drives.
    fn grub4dos(&self, heads: &mut [u8]) -> Vectors {
        heads.copy_from_slice(GRUB4DOS);
        let mut head = Grub4dos { bytes: Bytes(heads), segment: self.places.segment() };
        let kib = self.places.kib as u8;
        head.describe(self.drives, self.numbers, kib, &self.before, self.engine(ENGINE_INT13));
        let drives = self.drives.iter().zip(self.numbers.drives);
        let floppies = drives.filter(|(drive, _)| drive.class == Class::Floppy);
        let first = (0..).zip(floppies).find(|(_, (_, number))| *number == 0).map(|(place, _)| place);
        let int1e = first.filter(|_| self.floppy_table).map(|place| slots_dpt(head.segment, place));
        let int13 = far(self.places.segment(), SLOTS_SAFE_HOOK);
        Vectors { int13, int15: self.engine(ENGINE_INT15), int1e }
    }
}

/// Leaves for what was installed, for good.
pub fn hand_off(mut installed: Installed, copy: CopyMode) -> ! {
    installed.resident.bytes_mut(installed.copy, 1)[0] = copy.value();
    real_mode::jump(Registers {
        ecx: u32::from(low::boot_info().a20).into(),
        target_offset: entry(ENGINE_HAND_OFF).into(),
        target_segment: installed.engine_segment.into(),
        ..Registers::default()
    })
}
