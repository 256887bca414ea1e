//! What is in memory beside what real MEMDISK leaves there, of the same image: the table byte by byte, the memory map,
//! the BIOS data area.

use std::ops::Range;

use ramkey::emulator::{Controller, Machine, Port, Stick};

use super::live::Still;
use super::memory::Memory;
use crate::discs;
use crate::harness::{Geometry, Running, disk, file, scratch};
use crate::sticks;

/// From the table's start to the end of what any driver reads behind it.
const TABLE_LEN: usize = 120;

/// The same image in RAM by both: ours, and MEMDISK's.
fn both(image: &[u8], options: &[&str], memdisk_options: &str) -> [Memorised; 2] {
    let folder = scratch();
    let path = file(folder.path(), "guest.img", image);
    let look = |stick, ours: bool| {
        let mut running = Running::start(&Machine::new(Stick::new(stick, Port::Usb(Controller::Xhci))));
        if ours {
            running.pull_and_boot();
        }
        Memorised::of(&Still::of(running))
    };
    let ours = look(sticks::ramkey(folder.path(), &[&path], options), true);
    [ours, look(sticks::memdisk(folder.path(), &path, memdisk_options), false)]
}

/// What is compared.
struct Memorised {
    memory: Memory,
    table: Vec<u8>,
    map: Vec<(u64, u64, u32)>,
}

impl Memorised {
    fn of(still: &Still) -> Self {
        let table = still.memory.dword(still.memory.far(0x4C).linear() + 27) as usize;
        let bytes = still.memory.bytes(table, TABLE_LEN).to_vec();
        Self { memory: still.memory.clone(), table: bytes, map: still.map() }
    }
}

/// Bytes of the table that differ, and why.
const OTHER_BYTES: [(Range<usize>, &str); 12] = [
    (9..10, "the sum of all others"),
    (36..40, "where the hook is"),
    (52..56, "where the command line is; ours is empty"),
    (66..67, "the boot loader: ours has no number"),
    (67..68, "0 and 9 both mean 512 bytes"),
    (68..70, "where the diskette table is"),
    (70..71, "the first number that is not shifted: the stick has none"),
    (
        93..95,
        "the CMOS type, which MEMDISK does not know when it is told the geometry; drives without the stick",
    ),
    (95..96, "MEMDISK's ways to copy"),
    (96..98, "where the stack is"),
    (
        100..116,
        "the fixed disk table, to which nothing points; of a floppy the drive's type and what follows it",
    ),
    (116..120, "the diskette table before, which only a floppy replaces"),
];

/// Ranges of the BIOS data area that differ, and why.
const OTHER_BDA: [(Range<usize>, &str); 6] = [
    (0x413..0x415, "base memory: 1 KiB less"),
    (0x41A..0x43E, "the key that was pressed when the stick was pulled"),
    (0x441..0x442, "status of the last call"),
    (0x450..0x452, "the cursor"),
    (0x46C..0x470, "the time"),
    (0x475..0x476, "hard disks without the stick"),
];

fn check(image: &[u8], options: &[&str], memdisk_options: &str) {
    println!("{memdisk_options}");
    let [ours, theirs] = both(image, options, memdisk_options);
    for at in 0..TABLE_LEN {
        let other = OTHER_BYTES.iter().any(|(range, _)| range.contains(&at));
        assert!(
            other || ours.table[at] == theirs.table[at],
            "byte {at}\n{:x?}\n{:x?}",
            ours.table,
            theirs.table
        );
    }
    for at in 0x400..0x500 {
        let other = OTHER_BDA.iter().any(|(range, _)| range.contains(&at));
        let (ours, theirs) = (ours.memory.byte(at), theirs.memory.byte(at));
        assert!(other || ours == theirs, "byte {at:x}h of the BIOS data area: {ours:x}, {theirs:x}");
    }
    // The map is the same but for the end of the low memory: the disk lies in the same place.
    let low = |map: &[(u64, u64, u32)]| map[0].1;
    let (our_low, their_low) = (low(&ours.map), low(&theirs.map));
    assert!((their_low - 2048..=their_low).contains(&our_low), "{our_low:x} {their_low:x}");
    let expected = theirs.map.iter().map(|&(start, end, kind)| match (start, end) {
        (0, _) => (0, our_low, kind),
        (start, end) if start == their_low => (our_low, end, kind),
        _ => (start, end, kind),
    });
    assert_eq!(ours.map, expected.collect::<Vec<_>>());
}

#[test]
fn a_hard_disk_is_described_as_memdisk_does() {
    let geometry = Geometry::new(4, 16, 63);
    let image = disk("idle", geometry, geometry.sectors(), &[]);
    check(&image, &["--kind", "hdd", "--chs", "4/16/63"], "harddisk c=4 h=16 s=63");
}

#[test]
fn a_floppy_is_described_as_memdisk_does() {
    for (spt, memdisk_options) in [(18, "floppy c=80 h=2 s=18"), (9, "floppy c=80 h=2 s=9")] {
        let geometry = Geometry::new(80, 2, spt);
        let image = disk("idle", geometry, geometry.sectors(), &[]);
        check(&image, &["--kind", "floppy"], memdisk_options);
    }
}

#[test]
fn a_cd_is_described_as_memdisk_does() {
    check(&discs::no_emulation("idle", 400, &[]), &[], "iso");
}
