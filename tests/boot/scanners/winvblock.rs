//! WinVBlock of 2016 for Windows 2000 and later: looks for tables on every paragraph of the first MiB, then walks the
//! hooks. It changes what it has found.

use super::memory::{Far, MIB, Memory};
use super::{Class, Crash, Found, Search, Shape};

/// What it finds, in the order in which it creates the disks.
pub fn search(memory: &Memory) -> Search {
    let mut driver = Driver { memory: memory.clone(), found: Vec::new() };
    for table in (0..=0xF_FFE0).step_by(16) {
        if let Some(entry) = driver.hook_of(table) {
            // So that it does not find the hook again. Another driver does not find it either.
            driver.memory.set(entry.linear() + 3, b"!");
            driver.drive(entry)?;
        }
    }
    let vector = driver.memory.far(0x4C);
    driver.probe(vector)?;
    Ok(driver.found)
}

struct Driver {
    memory: Memory,
    found: Vec<Found>,
}

impl Driver {
    /// The hook of the table at this address, if there is one: length and sum are checked, the vendor is not.
    fn hook_of(&self, table: usize) -> Option<Far> {
        let memory = &self.memory;
        let len = memory.dword(table + 4) as usize;
        let hook = memory.dword(table + 36) as usize;
        let sound = memory.bytes(table, 4) == b"mBFT"
            && table.saturating_add(len) < MIB
            && memory.sum(table, len) == Some(0)
            && hook < MIB
            && memory.bytes(hook + 3, 8) == b"$INT13SF";
        sound.then_some(Far { segment: (hook >> 4) as u16, offset: (hook & 15) as u16 })
    }

    /// A link of the chain.
    fn probe(&mut self, entry: Far) -> Result<(), Crash> {
        match self.memory.bytes(entry.linear() + 3, 8) {
            b"$INT13SF" => self.drive(entry),
            _ => Ok(()),
        }
    }

    /// Creates the disks of a hook, and goes on to the one before it. A hook that was claimed ends the chain.
    fn drive(&mut self, entry: Far) -> Result<(), Crash> {
        let at = entry.linear();
        let flags = self.memory.dword(at + 23);
        self.memory.set(at + 23, &(flags | 1).to_le_bytes());
        let claimed = flags & 1 != 0;
        match self.memory.bytes(at + 11, 8) {
            b"GRUB4DOS" => {
                self.memory.set(at + 17, b"0");
                self.grub4dos(entry.base() + 0x20)?;
            }
            _ if claimed => return Ok(()),
            b"MEMDISK " => self.memdisk(entry)?,
            _ => {}
        }
        let previous = self.memory.far(at + 19);
        self.probe(previous)
    }

    /// It believes the pointer to the table, and everything in the table.
    fn memdisk(&mut self, entry: Far) -> Result<(), Crash> {
        let memory = &self.memory;
        let address = memory.dword(entry.linear() + 27);
        let table = address as usize;
        if table == 0 || table >= MIB {
            return Err(Crash::Pointer { address });
        }
        let (class, sector_len) = match memory.byte(table + 92) {
            0xE0 => (Class::Cd, 2048),
            0x80.. => (Class::Disk, 512),
            _ => (Class::Floppy, 512),
        };
        let shape = Shape {
            cylinders: Some(memory.word(table + 76).into()),
            heads: memory.word(table + 78).into(),
            track_sectors: memory.dword(table + 80),
        };
        self.found.push(Found {
            class: Some(class),
            address: memory.dword(table + 44).into(),
            bytes: u64::from(memory.dword(table + 48)) * sector_len,
            shape: Some(shape),
        });
        Ok(())
    }

    /// All eight slots that have sectors. It counts the sectors of a CD as 2048 bytes; GRUB4DOS counts 512.
    fn grub4dos(&mut self, slots: usize) -> Result<(), Crash> {
        for slot in (0..8).map(|slot| slots + slot * 24) {
            let memory = &self.memory;
            let sectors = memory.qword(slot + 16) as u32;
            if memory.qword(slot + 16) == 0 {
                continue;
            }
            let (class, sector_len) = match memory.byte(slot) {
                _ if memory.word(slot + 4) & 0x2000 != 0 => (Class::Cd, 2048),
                0x80.. => (Class::Disk, 512),
                _ => (Class::Floppy, 512),
            };
            // Anything else is a file on a disk.
            if memory.byte(slot + 1) != 0xFF {
                continue;
            }
            let heads = u32::from(memory.byte(slot + 2)) + 1;
            let track_sectors = u32::from(memory.byte(slot + 7) & 0x3F);
            let cylinders = sectors.checked_div(heads * track_sectors).ok_or(Crash::Division { slot })?;
            self.found.push(Found {
                class: Some(class),
                address: u64::from((memory.qword(slot + 8).wrapping_mul(512)) as u32),
                bytes: u64::from(sectors) * sector_len,
                shape: Some(Shape { cylinders: Some(cylinders), heads, track_sectors }),
            });
        }
        Ok(())
    }
}
