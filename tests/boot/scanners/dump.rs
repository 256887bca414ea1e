//! First MiBs made by hand: hooks as MEMDISK and GRUB4DOS leave them, for any set of drives.

use super::memory::{Far, MIB, Memory};

/// Where the BIOS's own INT 13h is.
const BIOS: Far = Far { segment: 0xF000, offset: 0xE3FE };

/// A RAM drive as a loader describes it.
#[derive(Clone, Copy)]
pub struct Drive {
    pub number: u8,
    pub address: u32,
    /// Sectors of 512 bytes; for a CD of 2048.
    pub sectors: u32,
    pub cylinders: u16,
    pub heads: u8,
    pub track_sectors: u8,
}

/// Addresses of one hook.
#[derive(Clone, Copy)]
pub struct Hook {
    /// Of the INT 13h entry.
    pub entry: usize,
    /// Of the mBFT, or of the slots.
    pub table: usize,
}

/// A first MiB in which everything that nobody wrote is D1h.
pub struct Dump {
    pub bytes: Vec<u8>,
    /// End of base memory.
    top: usize,
    vector: Far,
}

impl Dump {
    /// A machine that has just been switched on.
    pub fn new() -> Self {
        Self { bytes: vec![0xD1; MIB], top: 0x9_FC00, vector: BIOS }
    }

    /// One safe hook and mBFT, before those that are there.
    pub fn memdisk(&mut self, drive: Drive) -> Hook {
        self.top -= 0x800;
        let hook = Hook { entry: self.top + 10, table: self.top + 0x100 };
        self.hook(hook.entry, b"MEMDISK ", 0);
        self.vector = Far { segment: (self.top >> 4) as u16, offset: 10 };
        self.dword(hook.entry + 27, hook.table as u32);
        let table = hook.table;
        self.set(table, &[0; 104]);
        self.set(table, b"mBFT");
        self.dword(table + 4, 70);
        self.set(table + 8, &[1]);
        self.set(table + 10, b"MEMDSKSyslinux");
        self.dword(table + 36, hook.entry as u32);
        self.set(table + 40, &[30, 0, 4, 6]);
        self.dword(table + 44, drive.address);
        self.dword(table + 48, drive.sectors);
        self.set(table + 67, &[if drive.number == 0xE0 { 11 } else { 9 }]);
        self.set(table + 76, &drive.cylinders.to_le_bytes());
        self.set(table + 78, &[drive.heads, 0]);
        self.dword(table + 80, drive.track_sectors.into());
        self.set(table + 92, &[drive.number]);
        self.seal(table);
        hook
    }

    /// One hook with a slot for each drive, before those that are there.
    pub fn grub4dos(&mut self, drives: &[Drive]) -> Hook {
        self.top = (self.top - 0x1000) & !0xFFF;
        let hook = Hook { entry: self.top + 0x100, table: self.top + 0x20 };
        self.hook(hook.entry, b"GRUB4DOS", 1);
        self.vector = Far { segment: (self.top >> 4) as u16, offset: 0x100 };
        self.dword(hook.entry + 27, 1);
        self.set(hook.table, &[0; 24 * 9]);
        for (index, drive) in drives.iter().enumerate() {
            let slot = hook.table + index * 24;
            let disc = drive.number == 0xE0;
            let sectors = u64::from(drive.sectors) * if disc { 4 } else { 1 };
            self.set(slot, &[drive.number, 0xFF, drive.heads - 1, drive.track_sectors]);
            self.set(slot + 4, &(if disc { 0x2000_u16 } else { 0 }).to_le_bytes());
            self.set(slot + 6, &[drive.heads - 1, drive.track_sectors]);
            self.set(slot + 8, &u64::from(drive.address / 512).to_le_bytes());
            self.set(slot + 16, &sectors.to_le_bytes());
        }
        hook
    }

    /// A safe hook of somebody else.
    pub fn other(&mut self) -> Hook {
        self.top -= 0x400;
        let hook = Hook { entry: self.top, table: self.top };
        self.hook(hook.entry, b"SOMEBODY", 0);
        self.vector = Far { segment: (self.top >> 4) as u16, offset: 0 };
        hook
    }

    fn hook(&mut self, entry: usize, vendor: &[u8; 8], flags: u32) {
        self.set(entry, &[0xE9, 0x20, 0]);
        self.set(entry + 3, b"$INT13SF");
        self.set(entry + 11, vendor);
        self.set(entry + 19, &self.vector.offset.to_le_bytes());
        self.set(entry + 21, &self.vector.segment.to_le_bytes());
        self.dword(entry + 23, flags);
    }

    /// Makes the sum of a table right.
    pub fn seal(&mut self, table: usize) {
        self.bytes[table + 9] = 0;
        let sum = self.bytes[table..table + 70].iter().fold(0, |sum: u8, &byte| sum.wrapping_add(byte));
        self.bytes[table + 9] = sum.wrapping_neg();
    }

    pub fn set(&mut self, at: usize, bytes: &[u8]) {
        self.bytes[at..at + bytes.len()].copy_from_slice(bytes);
    }

    pub fn dword(&mut self, at: usize, value: u32) {
        self.set(at, &value.to_le_bytes());
    }

    /// What the drivers see.
    pub fn memory(&self) -> Memory {
        let mut bytes = self.bytes.clone();
        bytes[0x4C..0x4E].copy_from_slice(&self.vector.offset.to_le_bytes());
        bytes[0x4E..0x50].copy_from_slice(&self.vector.segment.to_le_bytes());
        bytes[0x413..0x415].copy_from_slice(&((self.top / 1024) as u16).to_le_bytes());
        Memory::new(bytes)
    }

    /// End of base memory, and so of the first range of RAM.
    pub fn low_end(&self) -> u64 {
        self.top as u64
    }
}
