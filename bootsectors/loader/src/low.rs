//! Memory below 1 MiB that the BIOS and the boot chain share: the only place that reads and writes it.

use ramkey_format::memory::{BIOS_PACKET, BIOS_PACKET_LEN, BOUNCE, BOUNCE_LEN, LOW_MEMORY_END, REAL_STACK};

/// One past the last byte of conventional memory and ROM.
pub const END: u32 = 0x10_0000;

/// Reads a value of a plain type from linear address `address`.
pub fn read<T: zerocopy::FromBytes>(address: u32) -> T {
    assert!(address.checked_add(size_of::<T>() as u32).is_some_and(|end| end <= END));
    // SAFETY: the segments are flat and everything below 1 MiB may be read; T is valid for any bytes. Volatile,
    // because the BIOS writes there behind the compiler's back.
    unsafe { (address as *const T).read_volatile() }
}

/// Writes a value of a plain type to linear address `address`, outside the loader and stage 2.
pub fn write<T: zerocopy::IntoBytes>(address: u32, value: T) {
    assert!(address.checked_add(size_of::<T>() as u32).is_some_and(|end| end <= END));
    assert!(address < ramkey_format::memory::STAGE2_LOAD || address >= BOUNCE);
    // SAFETY: the segments are flat, and the assertion keeps it away from code and data of the loader; that the
    // address is one that may be written is the caller's business, as it is for any BIOS data.
    unsafe { (address as *mut T).write_volatile(value) }
}

/// The packet area for BIOS calls, cleared.
#[inline(never)]
pub fn clear_packet() {
    for address in (BIOS_PACKET..BIOS_PACKET + BIOS_PACKET_LEN).step_by(4) {
        write(address, 0_u32);
    }
}

/// The bounce buffer, as the last BIOS call left it.
pub fn bounce() -> &'static [u8] {
    // SAFETY: this range is nothing but the buffer; it changes only during BIOS calls, and the borrow checker keeps
    // callers from holding a slice across one: `disk::Int13` returns it borrowed from itself.
    unsafe { core::slice::from_raw_parts(BOUNCE as *const u8, BOUNCE_LEN as usize) }
}

/// `len` bytes from linear address `start` on, for the resident part: behind the loader's memory, below 640 KiB.
pub fn resident(start: u32, len: usize) -> &'static mut [u8] {
    assert!(start >= LOW_MEMORY_END && start + len as u32 <= 0xA_0000);
    // SAFETY: nothing of the boot chain lies behind LOW_MEMORY_END, base memory ends behind the range by the memory
    // map, and the one caller asks once.
    unsafe { core::slice::from_raw_parts_mut(start as *mut u8, len) }
}

/// `len` bytes of memory above 1 MiB from `start` on.
///
/// The caller got the range from the memory map and keeps the slices that it asks for apart.
pub fn high(start: u32, len: usize) -> &'static mut [u8] {
    assert!(start >= END && start.checked_add(len as u32).is_some());
    // SAFETY: the range is usable memory that nothing else of the boot chain uses; A20 is checked by the caller. The
    // lengths asked for are chunks and tables, far below isize::MAX.
    unsafe { core::slice::from_raw_parts_mut(start as *mut u8, len) }
}

/// Whether the memory at `address`, above 1 MiB, keeps what is written to it.
pub fn holds(address: u32) -> bool {
    assert!(address >= END && address.is_multiple_of(4));
    [0x5AA5_1234_u32, 0xA55A_EDCB].into_iter().all(|value| {
        // SAFETY: the caller got the address from the memory map as free; the volatile accesses are four aligned bytes.
        // Another address is read in between, so that the bus does not just return the last value.
        unsafe {
            (address as *mut u32).write_volatile(value);
            (REAL_STACK as *const u32).read_volatile();
            (address as *const u32).read_volatile() == value
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
