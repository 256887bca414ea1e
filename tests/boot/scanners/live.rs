//! The searches over the memory of machines that booted from RAM, whose stick is gone.

use ramkey::emulator::{Controller, Machine, Port, Stick};

use super::memory::Memory;
use super::{Class, Found, Search, Shape, firadisk, freebsd, mdiskchk, memdiskfind, svbus, winvblock};
use crate::harness::{DEADLINE, Geometry, Running, disk, file, scratch};
use crate::sticks;

/// Where `idle.asm` keeps the memory map: the number of entries, then the entries.
const MAP: usize = 0xF000;
/// Bytes of a disk that are looked at before all of it is.
const START_LEN: u64 = 16;

/// A machine that stands still behind its guest's last word, and what is in its first MiB.
pub struct Still {
    running: Running,
    pub memory: Memory,
}

impl Still {
    /// Stops the machine when its guest says `IDLE`.
    pub fn of(mut running: Running) -> Self {
        running.wait_text("IDLE", DEADLINE);
        let stopped = running.emulator().stop();
        running.need(stopped);
        let bytes = running.emulator().memory(0, 1 << 20);
        let memory = Memory::new(running.need(bytes));
        Self { running, memory }
    }

    pub fn bytes(&mut self, address: u64, len: u64) -> Vec<u8> {
        let bytes = self.running.emulator().memory(address, len);
        self.running.need(bytes)
    }

    /// The ranges that INT 15h AX=E820h told: start, end and type.
    pub fn map(&self) -> Vec<(u64, u64, u32)> {
        let entry = |index: usize| {
            let at = MAP + 4 + index * 20;
            let start = self.memory.qword(at);
            (start, start + self.memory.qword(at + 8), self.memory.dword(at + 16))
        };
        (0..self.memory.dword(MAP) as usize).map(entry).collect()
    }

    /// End of the RAM that begins at 0.
    pub fn low_end(&self) -> u64 {
        let low = self.map().into_iter().find(|&(start, _, kind)| start == 0 && kind == 1);
        low.expect("the map has RAM at 0").1
    }

    pub fn firadisk(&mut self) -> Search {
        let memory = self.memory.clone();
        // The search asks for the start of a disk while the machine is ours.
        let this = std::cell::RefCell::new(self);
        firadisk::search(&memory, &|address| this.borrow_mut().bytes(address, START_LEN))
    }

    pub fn winvblock(&self) -> Search {
        winvblock::search(&self.memory)
    }

    pub fn svbus(&self) -> Search {
        svbus::search(&self.memory)
    }

    pub fn memdiskfind(&self) -> Search {
        memdiskfind::search(&self.memory, self.low_end())
    }
}

/// A RAM drive that there should be.
pub struct Expected<'a> {
    pub class: Class,
    pub image: &'a [u8],
    /// Bytes of the drive: the image and zeros behind it.
    pub bytes: u64,
    pub shape: Shape,
}

impl Expected<'_> {
    /// A disk or floppy of this geometry.
    pub fn disk(class: Class, image: &[u8], geometry: Geometry) -> Expected<'_> {
        let Geometry { cylinders, heads, track_sectors } = geometry;
        let shape = Shape { cylinders: Some(cylinders), heads, track_sectors };
        Expected { class, image, bytes: u64::from(geometry.sectors()) * 512, shape }
    }
}

/// Asserts that a driver finds exactly these drives, and that the memory that it would read holds their images.
pub fn assert_finds(still: &mut Still, driver: &str, search: &Search, expected: &[Expected]) {
    let found = search.as_ref().unwrap_or_else(|crash| panic!("{driver}: {crash:x?}"));
    assert_eq!(found.len(), expected.len(), "{driver} finds {found:x?}");
    for (found, expected) in found.iter().zip(expected) {
        assert_drive(still, driver, found, expected);
    }
}

fn assert_drive(still: &mut Still, driver: &str, found: &Found, expected: &Expected) {
    assert!(found.class.is_none_or(|class| class == expected.class), "{driver}: {found:x?}");
    assert_eq!(found.bytes, expected.bytes, "{driver}: the length of {found:x?}");
    if let Some(Shape { cylinders, heads, track_sectors }) = found.shape {
        let Shape { heads: right_heads, track_sectors: right_sectors, .. } = expected.shape;
        assert_eq!((heads, track_sectors), (right_heads, right_sectors), "{driver}: {found:x?}");
        let right = expected.shape.cylinders.is_none_or(|right| cylinders.is_none_or(|read| read == right));
        assert!(right, "{driver}: the cylinders of {found:x?}");
    }
    let map = still.map();
    let reserved = |&(start, end, kind): &(u64, u64, u32)| {
        kind != 1 && start <= found.address && found.address + found.bytes <= end
    };
    assert!(map.iter().any(reserved), "{driver}: {found:x?} is not reserved in {map:x?}");
    let bytes = still.bytes(found.address, found.bytes);
    let (image, rest) = bytes.split_at(expected.image.len().min(bytes.len()));
    assert_eq!(blake3::hash(image), blake3::hash(expected.image), "{driver}: {found:x?} is the image");
    assert!(rest.iter().all(|&byte| byte == 0), "{driver}: zeros behind the image");
}

/// Asserts what every driver finds under the MEMDISK identity, where one drive is all there is.
fn assert_one_memdisk(still: &mut Still, expected: Expected) {
    let expected = [expected];
    let searches = [
        ("FiraDisk", still.firadisk()),
        ("WinVBlock", still.winvblock()),
        ("memdiskfind", still.memdiskfind()),
        ("mdiskchk --mbfts", mdiskchk::tables(&still.memory)),
        ("mdiskchk --safe-hooks", mdiskchk::hooks(&still.memory)),
        ("FreeBSD", freebsd::search(&still.memory)),
    ];
    for (driver, search) in &searches {
        assert_finds(still, driver, search, &expected);
    }
    assert_eq!(still.svbus(), Ok(Vec::new()), "SVBus wants GRUB4DOS");
}

/// The fixed layout of hook and table, beyond what any one driver checks.
fn check_layout(memory: &Memory) {
    let vector = memory.far(0x4C);
    let (entry, segment) = (vector.linear(), vector.base());
    assert_eq!(segment % 1024, 0, "the hook's segment is at a KiB");
    assert_eq!(segment / 1024, usize::from(memory.word(0x413)), "base memory ends at the hook");
    assert_eq!(memory.byte(entry), 0xE9, "a near jump over the signature");
    assert_eq!(usize::from(memory.word(segment)), entry - segment, "offset 0: the INT 13h entry");
    let int15 = segment + usize::from(memory.word(segment + 2));
    assert_eq!(memory.far(0x54).linear(), int15, "offset 2: the INT 15h entry");
    let table = memory.dword(entry + 27) as usize;
    assert_eq!(segment + usize::from(memory.word(segment + 4)), table + 40, "offset 4: the MDI");
    assert_eq!(memory.byte(segment + usize::from(memory.word(segment + 8))), 0xCF, "offset 8: an IRET");
    assert_eq!(memory.dword(table + 4), 70, "the table's length is the one that mdiskchk wants");
    assert_eq!(memory.byte(table + 8), 1, "revision");
    assert_eq!(memory.bytes(table + 10, 6), b"MEMDSK");
    assert_eq!(memory.bytes(table + 16, 8), b"Syslinux");
    assert_eq!(memory.dword(table + 36) as usize, entry, "the safe hook");
    assert_eq!(memory.word(table + 40), 30, "bytes in the MDI");
    assert_eq!(memory.far(entry + 19), memory.far(table + 56), "both tell the BIOS' own INT 13h");
    assert!(memory.word(table + 64) > memory.word(0x413), "the base memory before the hook");
    assert!([0, 9].contains(&memory.byte(table + 67)), "sectors of 512 bytes");
    let command_line = memory.far(table + 52).linear();
    assert!(memory.bytes(command_line, 512).contains(&0), "the command line ends");
}

const HARD_DISK: Geometry = Geometry::new(4, 16, 63);
const FLOPPY: Geometry = Geometry::new(80, 2, 18);

/// Boots `image` from a ramkey stick, and pulls the stick before it runs.
fn from_ramkey(image: &[u8], options: &[&str]) -> Still {
    let folder = scratch();
    let path = file(folder.path(), "guest.img", image);
    let stick = sticks::ramkey(folder.path(), &[&path], options);
    let mut running = Running::start(&Machine::new(Stick::new(stick, Port::Usb(Controller::Xhci))));
    running.pull_and_boot();
    Still::of(running)
}

#[test]
fn every_driver_finds_a_hard_disk_and_it_holds_the_image() {
    let image = disk("idle", HARD_DISK, 3000, &[]);
    let mut still = from_ramkey(&image, &["--kind", "hdd", "--chs", "4/16/63"]);
    assert_one_memdisk(&mut still, Expected::disk(Class::Disk, &image, HARD_DISK));
    check_layout(&still.memory);
    assert_eq!(still.memory.byte(0x475), 1, "hard disks that the BIOS counts");
}

#[test]
fn every_driver_finds_a_floppy_and_it_holds_the_image() {
    let image = disk("idle", FLOPPY, FLOPPY.sectors(), &[]);
    let mut still = from_ramkey(&image, &["--kind", "floppy"]);
    assert_one_memdisk(&mut still, Expected::disk(Class::Floppy, &image, FLOPPY));
    let memory = &still.memory;
    check_layout(memory);
    // The MDI points to the diskette table, with the BIOS' own vector 16 bytes behind it.
    let vector = memory.far(0x4C);
    let table = memory.dword(vector.linear() + 27) as usize;
    let diskette = vector.base() + usize::from(memory.word(table + 68));
    assert_eq!(memory.far(0x78).linear(), diskette, "INT 1Eh is our diskette table");
    assert_eq!(memory.byte(diskette + 4), 18, "its sectors of a track");
}

#[test]
fn the_scanners_find_the_disk_of_memdisk_too() {
    let folder = scratch();
    for (geometry, class, options) in
        [(HARD_DISK, Class::Disk, "harddisk c=4 h=16 s=63"), (FLOPPY, Class::Floppy, "floppy c=80 h=2 s=18")]
    {
        let image = disk("idle", geometry, geometry.sectors(), &[]);
        let path = file(folder.path(), "guest.img", &image);
        let stick = sticks::memdisk(folder.path(), &path, options);
        let machine = Machine::new(Stick::new(stick, Port::Usb(Controller::Xhci)));
        let mut still = Still::of(Running::start(&machine));
        assert_one_memdisk(&mut still, Expected::disk(class, &image, geometry));
        check_layout(&still.memory);
    }
}

#[test]
fn the_scanners_find_nothing_without_a_hook() {
    let folder = scratch();
    let path = file(folder.path(), "guest.img", &disk("idle", HARD_DISK, HARD_DISK.sectors(), &[]));
    let mut still = Still::of(Running::start(&Machine::new(Stick::new(path, Port::Ide))));
    let none = Ok(Vec::new());
    assert_eq!(still.firadisk(), none);
    assert_eq!(still.winvblock(), none);
    assert_eq!(still.svbus(), none);
    assert_eq!(still.memdiskfind(), none);
    assert_eq!(mdiskchk::tables(&still.memory), none);
    assert_eq!(freebsd::search(&still.memory), none);
}
