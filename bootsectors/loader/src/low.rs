//! Memory by its address: the only place that turns a number into a reference.
//!
//! Below 1 MiB there is a closed list of values that the BIOS and the boot chain share, each with its type; a packet
//! area, which is copied in and out; and the bounce buffer. Above, and at the top of base memory, there is what the
//! memory map has. Whoever wants a slice needs a value of [`Bounce`] or [`Region`], and no two of those hold the same
//! byte: there is one [`Bounce`] and one [`Ram`], and what [`Ram`] hands out leaves its map.

use core::marker::PhantomData;
use core::sync::atomic::{AtomicBool, Ordering};

use ramkey_format::boot::{BootInfo, Registers};
use ramkey_format::memory::{
    BIOS_PACKET, BIOS_PACKET_LEN, BOOT_INFO, BOUNCE, BOUNCE_LEN, CALL_REGISTERS, LOW_MEMORY_END, REAL_STACK,
    SECTOR_SIZE, STAGE2_LOAD,
};
use ramkey_loader_core::boot_image::BASE_MEMORY_END;
use ramkey_loader_core::memory::Map;
use zerocopy::{FromBytes, IntoBytes};

/// One past the last byte of conventional memory and ROM.
const END: u32 = 0x10_0000;

/// A value that the BIOS or stage 2 knows too, at its linear address.
pub struct Shared<T> {
    address: u32,
    kind: PhantomData<T>,
}

/// The INT 13h vector.
pub const VECTOR_13: Shared<u32> = Shared::at(0x13 * 4);
/// The INT 15h vector.
pub const VECTOR_15: Shared<u32> = Shared::at(0x15 * 4);
/// The INT 1Eh vector: the diskette parameter table.
pub const VECTOR_1E: Shared<u32> = Shared::at(0x1E * 4);
/// BIOS data area: I/O address of COM1.
pub const COM1: Shared<u16> = Shared::at(0x400);
/// BIOS data area: bit 0 floppies are there, bits 6 and 7 their number less one.
const EQUIPMENT_FLOPPIES: u16 = 0xC1;
/// Most floppies that they can tell of.
const FLOPPIES_MAX: u8 = 4;
/// BIOS data area: what the machine has.
pub const EQUIPMENT: Shared<u16> = Shared::at(0x410);
/// BIOS data area: base memory in KiB.
pub const BASE_MEMORY: Shared<u16> = Shared::at(0x413);
/// BIOS data area: timer ticks since midnight, 18.2 a second.
pub const TICKS: Shared<u32> = Shared::at(0x46C);
/// BIOS data area: number of hard disks.
pub const DISK_COUNT: Shared<u8> = Shared::at(0x475);
/// Where stage 2 left it.
const INFO: Shared<BootInfo> = Shared::at(BOOT_INFO);
/// The registers of a BIOS call.
pub const REGISTERS: Shared<Registers> = Shared::at(CALL_REGISTERS);
/// A word of ours, behind the packets, whose neighbour 1 MiB above must be another.
pub const A20_WORD: Shared<u32> = Shared::at(BIOS_PACKET + BIOS_PACKET_LEN - 4);

impl<T> Shared<T> {
    /// The list above alone calls it: each of these addresses may be read and written, and none lies in code of ours.
    const fn at(address: u32) -> Self {
        assert!(address + size_of::<T>() as u32 <= STAGE2_LOAD);
        Self { address, kind: PhantomData }
    }
}

impl<T: FromBytes> Shared<T> {
    /// What is there now.
    #[inline]
    pub fn read(&self) -> T {
        // SAFETY: the segments are flat, the address is one of the list, and T is valid for any bytes. Volatile, because
        // the BIOS writes there behind the compiler's back.
        unsafe { (self.address as *const T).read_volatile() }
    }
}

impl<T: IntoBytes> Shared<T> {
    /// Writes it.
    #[inline]
    pub fn write(&self, value: T) {
        // SAFETY: as in `read`; no reference to the place exists, because only copies leave this module.
        unsafe { (self.address as *mut T).write_volatile(value) }
    }
}

/// What stage 2 left.
#[inline(never)]
pub fn boot_info() -> BootInfo {
    INFO.read()
}

/// What [`A20_WORD`] is when the A20 line is off; else something else.
pub fn a20_neighbour() -> u32 {
    // SAFETY: reads four bytes between 1 MiB and 1 MiB + 32 KiB; without memory there the bus returns something, which is
    // all that is asked. No Region is read or written meanwhile: there is one thread.
    unsafe { ((A20_WORD.address + END) as *const u32).read_volatile() }
}

/// The boot header, as stage 1 loaded it.
#[inline(never)]
pub fn boot_header() -> [u8; SECTOR_SIZE as usize] {
    let mut header = [0; SECTOR_SIZE as usize];
    // Word by word: a volatile read of an array is code for each byte of it.
    for (place, word) in header.chunks_exact_mut(4).enumerate() {
        // SAFETY: the sector lies where stage 1 loads it, nothing of the loader is there, and any bytes are valid.
        let read = unsafe { (STAGE2_LOAD as *const u32).add(place).read_volatile() };
        word.copy_from_slice(&read.to_le_bytes());
    }
    header
}

/// Floppies that the BIOS counts.
pub fn floppy_count() -> u8 {
    let equipment = EQUIPMENT.read();
    if equipment & 1 == 0 { 0 } else { (equipment >> 6 & 3) as u8 + 1 }
}

/// Makes the BIOS count so many floppies, or as many as can be told.
pub fn set_floppy_count(count: u8) {
    let bits = match count.min(FLOPPIES_MAX) {
        0 => 0,
        count => 1 | u16::from(count - 1) << 6,
    };
    EQUIPMENT.write(EQUIPMENT.read() & !EQUIPMENT_FLOPPIES | bits);
}

/// Clears the packet area for BIOS calls.
#[inline(never)]
pub fn clear_packet() {
    for offset in (0..BIOS_PACKET_LEN).step_by(4) {
        put_packet(offset, 0_u32);
    }
}

/// Writes a value to `offset` in the packet area.
pub fn put_packet<T: IntoBytes>(offset: u32, value: T) {
    assert!(offset.checked_add(size_of::<T>() as u32).is_some_and(|end| end <= BIOS_PACKET_LEN));
    // SAFETY: the segments are flat, and the area holds nothing but packets, of which only copies leave this module.
    unsafe { ((BIOS_PACKET + offset) as *mut T).write_volatile(value) }
}

/// The value at the start of the packet area.
pub fn packet<T: FromBytes>() -> T {
    const { assert!(size_of::<T>() <= BIOS_PACKET_LEN as usize) }
    // SAFETY: as in `put_packet`; any bytes are valid.
    unsafe { (BIOS_PACKET as *const T).read_volatile() }
}

/// Panics when it is called for the second time with the same `taken`.
fn once(taken: &AtomicBool) {
    assert!(!taken.swap(true, Ordering::Relaxed));
}

/// The bounce buffer. Whoever makes a BIOS call that fills it has it by `&mut`.
pub struct Bounce(());

impl Bounce {
    /// The only one.
    ///
    /// # Panics
    ///
    /// When it was taken already.
    pub fn take() -> Self {
        static TAKEN: AtomicBool = AtomicBool::new(false);
        once(&TAKEN);
        Self(())
    }

    /// Its bytes, as the last BIOS call left them.
    pub fn bytes(&self) -> &[u8] {
        // SAFETY: this range is nothing but the buffer, it changes during BIOS calls only, and who makes such a call has
        // the one Bounce that there is by `&mut`.
        unsafe { core::slice::from_raw_parts(BOUNCE as *const u8, BOUNCE_LEN as usize) }
    }

    /// Its bytes, to be changed.
    pub fn bytes_mut(&mut self) -> &mut [u8] {
        // SAFETY: as in `bytes`.
        unsafe { core::slice::from_raw_parts_mut(BOUNCE as *mut u8, BOUNCE_LEN as usize) }
    }
}

/// Memory of the machine that is not handed out yet.
pub struct Ram {
    map: Map,
    has_base: bool,
}

impl Ram {
    /// The memory of `map`. A20 is on, and stays on: `bios::call` sees to that.
    ///
    /// # Panics
    ///
    /// When it was taken already.
    pub fn take(map: Map) -> Self {
        static TAKEN: AtomicBool = AtomicBool::new(false);
        once(&TAKEN);
        Self { map, has_base: true }
    }

    /// What is left.
    pub fn map(&self) -> &Map {
        &self.map
    }

    /// Memory above 1 MiB for a RAM disk of `disk` bytes, and `lent` bytes below it that are lent until somebody takes
    /// memory again. Both are whole pages. `None` if there is no room.
    pub fn place(&mut self, disk: u64, lent: u64) -> Option<(Region, &mut [u8])> {
        let (start, lent_start) = self.map.place(disk, lent)?;
        assert!(lent_start >= END && u64::from(lent_start) + lent <= u64::from(start));
        // SAFETY: the map has this range as usable memory that nobody took, and the slice borrows the one Ram that
        // there is, so nobody takes it meanwhile. It is shorter than isize::MAX, and ends below 4 GiB.
        let lent = unsafe { core::slice::from_raw_parts_mut(lent_start as *mut u8, lent as usize) };
        Some((Region { start, len: disk as u32 }, lent))
    }

    /// `len` bytes of base memory from `start` on, for the resident part; all of it up to 640 KiB leaves the map.
    ///
    /// # Panics
    ///
    /// When they were taken already, or the boot chain needs them.
    pub fn take_base(&mut self, start: u32, len: u32) -> Region {
        assert!(self.has_base && start >= LOW_MEMORY_END && start + len <= BASE_MEMORY_END);
        self.has_base = false;
        self.map.reserve(u64::from(start), u64::from(BASE_MEMORY_END - start));
        Region { start, len }
    }
}

/// A range of memory that nobody else has.
pub struct Region {
    start: u32,
    len: u32,
}

impl Region {
    /// Linear address of its first byte.
    pub fn start(&self) -> u32 {
        self.start
    }

    /// Bytes in it.
    pub fn len(&self) -> u32 {
        self.len
    }

    /// `len` bytes from `offset` on.
    pub fn bytes(&self, offset: u32, len: u32) -> &[u8] {
        let start = self.address(offset, len);
        // SAFETY: the range lies in this Region, which Ram made once of memory that nothing else uses.
        unsafe { core::slice::from_raw_parts(start as *const u8, len as usize) }
    }

    /// `len` bytes from `offset` on, to be changed.
    pub fn bytes_mut(&mut self, offset: u32, len: u32) -> &mut [u8] {
        let start = self.address(offset, len);
        // SAFETY: as in `bytes`, and the Region is borrowed.
        unsafe { core::slice::from_raw_parts_mut(start as *mut u8, len as usize) }
    }

    fn address(&self, offset: u32, len: u32) -> u32 {
        assert!(offset <= self.len && len <= self.len - offset);
        self.start + offset
    }
}

/// Whether the memory at the start of `bytes` keeps what is written to it.
pub fn holds(bytes: &mut [u8]) -> bool {
    let Ok((word, _)) = u32::mut_from_prefix(bytes) else { return false };
    let word = word as *mut u32;
    [0x5AA5_1234_u32, 0xA55A_EDCB].into_iter().all(|value| {
        // SAFETY: the pointer comes from a borrowed word. Another address is read in between, one of the real-mode
        // stack, so that the bus does not just return the last value.
        unsafe {
            word.write_volatile(value);
            (REAL_STACK as *const u32).read_volatile();
            word.read_volatile() == value
        }
    })
}

/// Bytes with fields at offsets, little-endian. An offset outside them is a fault of the loader.
pub struct Bytes<'b>(pub &'b mut [u8]);

impl Bytes<'_> {
    /// Writes `bytes` from `offset` on.
    pub fn put(&mut self, offset: u32, bytes: &[u8]) {
        self.0[offset as usize..offset as usize + bytes.len()].copy_from_slice(bytes);
    }

    /// Writes 8 bits.
    pub fn put8(&mut self, offset: u32, value: u8) {
        self.put(offset, &[value]);
    }

    /// Writes 16 bits.
    pub fn put16(&mut self, offset: u32, value: u16) {
        self.put(offset, &value.to_le_bytes());
    }

    /// Writes 32 bits.
    pub fn put32(&mut self, offset: u32, value: u32) {
        self.put(offset, &value.to_le_bytes());
    }

    /// Reads 32 bits.
    pub fn get32(&self, offset: u32) -> u32 {
        let at = offset as usize;
        u32::from_le_bytes([self.0[at], self.0[at + 1], self.0[at + 2], self.0[at + 3]])
    }

    /// The sum of `len` bytes from `offset` on.
    pub fn sum(&self, offset: u32, len: u32) -> u8 {
        let bytes = &self.0[offset as usize..(offset + len) as usize];
        bytes.iter().fold(0, |sum, byte| sum.wrapping_add(*byte))
    }
}
