//! What other people's drivers and tools look for in memory, written again from their descriptions
//! (`docs/boot-protocol.md`), and run over the memory of a machine that booted from RAM.

use ramkey::emulator::{Controller, Machine, Port, Stick};

use super::harness::{DEADLINE, Geometry, PROVEN, Running, disk, file, scratch};
use super::sticks;

/// The first MiB of a machine, with accessors that fail like a driver would: by giving up.
struct Memory(Vec<u8>);

/// A disk as a driver would create it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct Found {
    table: usize,
    address: u32,
    sectors: u32,
    drive: u8,
    cylinders: u16,
    heads: u16,
    track_sectors: u32,
}

impl Memory {
    fn bytes(&self, at: usize, len: usize) -> &[u8] {
        self.0.get(at..at + len).unwrap_or(&[])
    }

    fn word(&self, at: usize) -> u16 {
        u16::from_le_bytes([self.0[at], self.0[at + 1]])
    }

    fn dword(&self, at: usize) -> u32 {
        u32::from(self.word(at)) | u32::from(self.word(at + 2)) << 16
    }

    /// A far pointer, as a linear address.
    fn far(&self, at: usize) -> usize {
        usize::from(self.word(at + 2)) * 16 + usize::from(self.word(at))
    }

    fn sum(&self, at: usize, len: usize) -> u8 {
        self.bytes(at, len).iter().fold(0, |sum: u8, &byte| sum.wrapping_add(byte))
    }

    fn disk(&self, table: usize) -> Found {
        Found {
            table,
            address: self.dword(table + 44),
            sectors: self.dword(table + 48),
            cylinders: self.word(table + 76),
            heads: self.word(table + 78),
            track_sectors: self.dword(table + 80),
            drive: self.0[table + 92],
        }
    }

    /// FiraDisk: follows the safe hooks from the INT 13h vector; wants only the four letters of the table.
    fn as_firadisk(&self) -> Vec<Found> {
        let mut found = Vec::new();
        let mut entry = self.far(0x4C);
        // FiraDisk itself has no such limit: a chain that comes back to itself would hang it.
        for _ in 0..16 {
            if entry > 0xA0000 - 27 || self.bytes(entry + 3, 8) != b"$INT13SF" {
                return found;
            }
            if self.bytes(entry + 11, 8) == b"MEMDISK " {
                let table = self.dword(entry + 27) as usize;
                assert!(table + 93 <= 0xA0000, "FiraDisk would not follow {table:#x}");
                if self.bytes(table, 4) == b"mBFT" {
                    found.push(self.disk(table));
                }
            }
            entry = self.far(entry + 19);
        }
        panic!("the chain of INT 13h hooks does not end");
    }

    /// WinVBlock: looks at every paragraph below 1 MiB for a table whose checksum is right, and at its hook.
    fn as_winvblock(&self) -> Vec<Found> {
        let mut found = Vec::new();
        for table in (0..0x10_0000 - 16).step_by(16) {
            if self.bytes(table, 4) != b"mBFT" {
                continue;
            }
            let len = self.dword(table + 4) as usize;
            let hook = self.dword(table + 36) as usize;
            if table + len >= 0x10_0000 || self.sum(table, len) != 0 || hook >= 0x10_0000 {
                continue;
            }
            assert_eq!(self.bytes(hook + 3, 8), b"$INT13SF", "the table at {table:#x} has no hook");
            // A hook whose claim bit is set is busy: its disk would not be created.
            assert_eq!(self.dword(hook + 23), 0, "flags of the hook at {hook:#x}");
            assert_eq!(self.dword(hook + 27) as usize, table, "the hook's table");
            found.push(self.disk(table));
        }
        found
    }

    /// Linux' memdiskfind: looks from the end of base memory on.
    fn as_memdiskfind(&self) -> Option<(u32, u32)> {
        let from = usize::from(self.word(0x413)) * 1024;
        assert!((0x1_0000..0xA_0000).contains(&from), "base memory ends at {from:#x}");
        (from..0xA_0000).step_by(16).find_map(|table| {
            let len = self.dword(table + 4) as usize;
            let right = self.bytes(table, 4) == b"mBFT"
                && len >= 66
                && table + len <= 0xA_0000
                && len == usize::from(self.word(table + 40)) + 40
                && self.sum(table, len) == 0;
            right.then(|| (self.dword(table + 44), self.dword(table + 48) << 9))
        })
    }
}

/// Stops the machine when its guest runs, and gives its first MiB.
fn first_mebibyte(running: &mut Running) -> Memory {
    running.wait_text("IDLE", DEADLINE);
    let stopped = running.emulator().stop();
    running.need(stopped);
    let bytes = running.emulator().memory(0, 1 << 20);
    Memory(running.need(bytes))
}

/// Checks what every driver finds, and that what it finds holds the image.
fn check(running: &mut Running, image: &[u8], geometry: Geometry, drive: u8) -> Memory {
    let memory = first_mebibyte(running);
    let found = memory.as_firadisk();
    assert_eq!(found.len(), 1, "FiraDisk: {found:x?}");
    assert_eq!(memory.as_winvblock(), found, "WinVBlock sees another disk than FiraDisk");
    let disk = found[0];
    assert_eq!(memory.as_memdiskfind(), Some((disk.address, disk.sectors << 9)), "memdiskfind");
    assert_eq!(disk.drive, drive);
    assert_eq!(disk.sectors, geometry.sectors());
    let seen = Geometry::new(u32::from(disk.cylinders), u32::from(disk.heads), disk.track_sectors);
    assert_eq!(seen, geometry);
    let bytes = running.emulator().memory(u64::from(disk.address), u64::from(disk.sectors) * 512);
    let bytes = running.need(bytes);
    assert_eq!(blake3::hash(&bytes[..image.len()]), blake3::hash(image), "the RAM disk is the image");
    assert!(bytes[image.len()..].iter().all(|&byte| byte == 0), "zeros behind the image");
    memory
}

/// The fixed layout of hook and table, beyond what any one driver checks.
fn check_layout(memory: &Memory) {
    let entry = memory.far(0x4C);
    let segment = usize::from(memory.word(0x4E)) * 16;
    assert_eq!(segment % 1024, 0, "the hook's segment is at a KiB");
    assert_eq!(segment / 1024, usize::from(memory.word(0x413)), "base memory ends at the hook");
    assert_eq!(memory.0[entry], 0xE9, "a near jump over the signature");
    assert_eq!(usize::from(memory.word(segment)), entry - segment, "offset 0: the INT 13h entry");
    assert_eq!(
        memory.far(0x54),
        segment + usize::from(memory.word(segment + 2)),
        "offset 2: the INT 15h entry"
    );
    let table = memory.dword(entry + 27) as usize;
    assert_eq!(segment + usize::from(memory.word(segment + 4)), table + 40, "offset 4: the MDI");
    assert_eq!(memory.0[segment + usize::from(memory.word(segment + 8))], 0xCF, "offset 8: an IRET");
    assert_eq!(memory.dword(table + 4), 70, "the table's length is the one that mdiskchk wants");
    assert_eq!(memory.0[table + 8], 1, "revision");
    assert_eq!(memory.bytes(table + 10, 6), b"MEMDSK");
    assert_eq!(memory.bytes(table + 16, 8), b"Syslinux");
    assert_eq!(memory.dword(table + 36) as usize, entry, "the safe hook");
    assert_eq!(memory.word(table + 40), 30, "bytes in the MDI");
    assert_eq!(memory.far(entry + 19), memory.far(table + 56), "both tell the BIOS' own INT 13h");
    assert!(memory.word(table + 64) > memory.word(0x413), "the base memory before the hook");
    assert!([0, 9].contains(&memory.0[table + 67]), "sectors of 512 bytes");
    let command_line = memory.far(table + 52);
    assert!(memory.bytes(command_line, 512).contains(&0), "the command line ends");
}

const HARD_DISK: Geometry = Geometry::new(4, 16, 63);

#[test]
fn every_driver_finds_a_hard_disk_and_it_holds_the_image() {
    let folder = scratch();
    let image = disk("idle", HARD_DISK, 3000, &[]);
    let path = file(folder.path(), "guest.img", &image);
    let stick = sticks::ramkey(folder.path(), &[&path], &["--kind", "hdd", "--chs", "4/16/63"]);
    let mut running = Running::start(&Machine::new(Stick::new(stick, Port::Usb(Controller::Xhci))));
    running.wait_text(PROVEN, DEADLINE);
    running.pull();
    let memory = check(&mut running, &image, HARD_DISK, 0x80);
    check_layout(&memory);
    assert_eq!(memory.0[0x475], 1, "hard disks that the BIOS counts");
}

#[test]
fn every_driver_finds_a_floppy_and_it_holds_the_image() {
    let folder = scratch();
    let geometry = Geometry::new(80, 2, 18);
    let image = disk("idle", geometry, geometry.sectors(), &[]);
    let path = file(folder.path(), "guest.img", &image);
    let stick = sticks::ramkey(folder.path(), &[&path], &["--kind", "floppy"]);
    let mut running = Running::start(&Machine::new(Stick::new(stick, Port::Usb(Controller::Xhci))));
    running.wait_text(PROVEN, DEADLINE);
    running.pull();
    let memory = check(&mut running, &image, geometry, 0x00);
    check_layout(&memory);
    // The MDI points to the diskette table, with the BIOS' own vector 16 bytes behind it.
    let table = memory.as_winvblock()[0].table;
    let segment = usize::from(memory.word(0x4E)) * 16;
    let diskette = segment + usize::from(memory.word(table + 68));
    assert_eq!(memory.far(0x78), diskette, "INT 1Eh is our diskette table");
    assert_eq!(memory.0[diskette + 4], 18, "its sectors of a track");
}

#[test]
fn the_scanners_find_the_disk_of_memdisk_too() {
    let folder = scratch();
    let image = disk("idle", HARD_DISK, HARD_DISK.sectors(), &[]);
    let path = file(folder.path(), "guest.img", &image);
    let stick = sticks::memdisk(folder.path(), &path, "harddisk c=4 h=16 s=63");
    let mut running = Running::start(&Machine::new(Stick::new(stick, Port::Usb(Controller::Xhci))));
    let memory = check(&mut running, &image, HARD_DISK, 0x80);
    check_layout(&memory);
}

#[test]
fn the_scanners_find_nothing_without_a_hook() {
    let folder = scratch();
    let path = file(folder.path(), "guest.img", &disk("idle", HARD_DISK, HARD_DISK.sectors(), &[]));
    let mut running = Running::start(&Machine::new(Stick::new(path, Port::Ide)));
    let memory = first_mebibyte(&mut running);
    assert_eq!(memory.as_firadisk(), []);
    assert_eq!(memory.as_winvblock(), []);
    assert_eq!(memory.as_memdiskfind(), None);
}
