//! Memory maps of real machines, of machines that no one should build, and of chance.

mod common;

use common::Lcg;
use ramkey_loader_core::memory::{Map, RAM, RANGES_MAX, RESERVED, Range};

const MIB: u64 = 1 << 20;
const GIB: u64 = 1 << 30;

type Entry = (u64, u64, u32);

/// `start..end` as E820 gives it: start, length, kind, and an extended attribute that is often wrong.
fn raw((start, end, kind): Entry) -> [u8; 24] {
    let mut bytes = [0; 24];
    bytes[..8].copy_from_slice(&start.to_le_bytes());
    bytes[8..16].copy_from_slice(&end.wrapping_sub(start).to_le_bytes());
    bytes[16..20].copy_from_slice(&kind.to_le_bytes());
    bytes
}

fn map(entries: &[Entry]) -> Map {
    let entries: Vec<_> = entries.iter().copied().map(raw).collect();
    Map::from_e820(entries.iter().map(|entry| &entry[..]))
}

fn ranges(map: &Map) -> Vec<Entry> {
    map.ranges().iter().map(|range| (range.start, range.end, range.kind)).collect()
}

/// What Linux printed on these machines.
struct Machine {
    entries: &'static [Entry],
    base_kib: u16,
    base: u16,
    largest: u64,
    e801: (u16, u16),
    e88: u16,
}

const MACHINES: &[Machine] = &[
    // Award BIOS of an ASUS board, 128 MB, 2001.
    Machine {
        entries: &[
            (0, 0x9_FC00, 1),
            (0x9_FC00, 0xA_0000, 2),
            (0xF_0000, 0x10_0000, 2),
            (0x10_0000, 0x7FF_C000, 1),
            (0x7FF_C000, 0x7FF_F000, 3),
            (0x7FF_F000, 0x800_0000, 4),
            (0xFFFF_0000, 0x1_0000_0000, 2),
        ],
        base_kib: 639,
        base: 639,
        largest: 0x7FF_C000 - MIB,
        e801: (0x3C00, 0x6FF),
        e88: 0xFFFF,
    },
    // nForce2 board, 512 MB, 2004: base memory without the EBDA that 0:413h tells of.
    Machine {
        entries: &[
            (0, 0xA_0000, 1),
            (0xF_0000, 0x10_0000, 2),
            (0x10_0000, 0x1FFF_0000, 1),
            (0x1FFF_0000, 0x1FFF_3000, 4),
            (0x1FFF_3000, 0x2000_0000, 3),
            (0xFEC0_0000, 0xFEC0_1000, 2),
            (0xFEE0_0000, 0xFEE0_1000, 2),
            (0xFFFF_0000, 0x1_0000_0000, 2),
        ],
        base_kib: 639,
        base: 639,
        largest: 0x1FFF_0000 - MIB,
        e801: (0x3C00, 0x1EFF),
        e88: 0xFFFF,
    },
    // AMI BIOS, 8 GB: half of it above 4 GiB, base memory far below what 0:413h may say.
    Machine {
        entries: &[
            (0, 0x9_5C00, 1),
            (0x9_5C00, 0xA_0000, 2),
            (0xE_5000, 0x10_0000, 2),
            (0x10_0000, 0xBFF9_0000, 1),
            (0xBFF9_0000, 0xBFF9_E000, 3),
            (0xBFF9_E000, 0xBFFE_0000, 4),
            (0xBFFE_0000, 0xC000_0000, 2),
            (0xFEE0_0000, 0xFEE0_1000, 2),
            (0xFFB0_0000, 0x1_0000_0000, 2),
            (0x1_0000_0000, 0x2_4000_0000, 1),
        ],
        base_kib: 640,
        base: 599,
        largest: 0xBFF9_0000 - MIB,
        e801: (0x3C00, 0xBEF9),
        e88: 0xFFFF,
    },
    // Dell, 4 GB: RAM that does not end with a page.
    Machine {
        entries: &[
            (0, 0xA_0000, 1),
            (0xF_0000, 0x10_0000, 2),
            (0x10_0000, 0xCF68_8C00, 1),
            (0xCF68_8C00, 0xCF68_AC00, 4),
            (0xCF68_AC00, 0xCF68_CC00, 3),
            (0xCF68_CC00, 0xD000_0000, 2),
            (0xF000_0000, 0xF400_0000, 2),
            (0xFEC0_0000, 0xFED0_0400, 2),
            (0xFED2_0000, 0xFEDA_0000, 2),
            (0xFEE0_0000, 0xFEF0_0000, 2),
            (0xFFB0_0000, 0x1_0000_0000, 2),
        ],
        base_kib: 640,
        base: 640,
        largest: 0xCF68_8000 - MIB,
        e801: (0x3C00, 0xCE68),
        e88: 0xFFFF,
    },
    // A 486 with 8 MB whose BIOS knows E820.
    Machine {
        entries: &[(0, 0xA_0000, 1), (0x10_0000, 0x80_0000, 1), (0xFFFF_0000, 0x1_0000_0000, 2)],
        base_kib: 640,
        base: 640,
        largest: 7 * MIB,
        e801: (0x1C00, 0),
        e88: 0x1C00,
    },
];

#[test]
fn real_machines_give_their_memory() {
    for machine in MACHINES {
        let mut map = map(machine.entries);
        assert_eq!(ranges(&map), machine.entries);
        assert_eq!(map.limit_base(machine.base_kib), machine.base);
        assert_eq!(map.ranges()[0], Range { start: 0, end: u64::from(machine.base) * 1024, kind: RAM });
        assert_eq!(map.largest_fit(), machine.largest);
        assert_eq!(map.highest_fit(machine.largest, 4096), Some(MIB as u32));
        assert_eq!(map.highest_fit(machine.largest + 1, 4096), None);
        assert_eq!(map.highest_fit(1, 1), Some((MIB + machine.largest - 4096) as u32));
        assert_eq!((map.kib_1m_16m(), map.units_64k_above_16m()), machine.e801);
        assert_eq!(map.kib_88(), machine.e88);
    }
}

#[test]
fn the_hook_hides_the_ram_disk_and_itself() {
    let mut map = map(MACHINES[0].entries);
    assert_eq!(map.limit_base(639), 639);
    let len = 16 * MIB + 777;
    let base = map.highest_fit(len, 4096).unwrap();
    assert_eq!(base, 0x6FF_B000);
    map.reserve(base.into(), len);
    map.reserve(636 << 10, 3 << 10);
    let mut table = [0xD1; 12 * 9];
    assert_eq!(map.write_e820(&mut table), Some(8));
    let entries: Vec<Entry> = table[..96].chunks(12).map(stored).collect();
    let expected = [
        (0, 0x9_F000, 1),
        (0x9_F000, 0xA_0000, 2),
        (0xF_0000, 0x10_0000, 2),
        (0x10_0000, 0x6FF_B000, 1),
        (0x6FF_B000, 0x7FF_C000, 2),
        (0x7FF_C000, 0x7FF_F000, 3),
        (0x7FF_F000, 0x800_0000, 4),
        (0xFFFF_0000, 0x1_0000_0000, 2),
    ];
    assert_eq!(entries, expected);
    assert_eq!(map.units_64k_above_16m(), 0x5FF, "E801 ends at the RAM disk too");
    assert_eq!(map.write_e820(&mut table[..95]), None);
}

/// An entry of the resident part's table.
fn stored(entry: &[u8]) -> Entry {
    let number = |bytes: &[u8]| bytes.iter().rev().fold(0, |number, &byte| number << 8 | u64::from(byte));
    let start = number(&entry[..6]);
    (start, start + number(&entry[6..11]), entry[11].into())
}

#[test]
fn what_an_entry_of_the_table_cannot_hold_is_told_so_that_nobody_is_harmed() {
    let entries = [
        (0, 0x9_F000, 1),
        (0x10_0000, 0x200_0000, 1),
        // A kind of the vendor's own; more than 1 TiB; behind 256 TiB.
        (0x200_0000, 0x300_0000, 0xF000_0001),
        (1 << 32, (1 << 41) + (1 << 32), 1),
        (1 << 48, (1 << 48) + 0x1000, 2),
    ];
    let mut table = [0xD1; 12 * 5];
    assert_eq!(map(&entries).write_e820(&mut table), Some(4));
    assert_eq!(stored(&table[24..36]), (0x200_0000, 0x300_0000, 2));
    assert_eq!(stored(&table[36..48]), (1 << 32, (1 << 40) + (1 << 32) - 0x1000, 1));
    assert_eq!(table[48..], [0xD1; 12]);
}

#[test]
fn answers_that_no_bios_should_give_are_survived() {
    // Empty, kind 0, past the end of the address space, unsorted, overlapping.
    let odd = map(&[
        (16 * MIB, 32 * MIB, 1),
        (5 * MIB, 5 * MIB, 1),
        (7 * MIB, 9 * MIB, 0),
        (MIB, 17 * MIB, 1),
        (u64::MAX - 4095, u64::MAX, 2),
        (20 * MIB, 21 * MIB, 2),
        (19 * MIB, 22 * MIB, 1),
        (0, 0xA_0000, 1),
    ]);
    let expected = [
        (0, 0xA_0000, 1),
        (MIB, 20 * MIB, 1),
        (20 * MIB, 21 * MIB, 2),
        (21 * MIB, 32 * MIB, 1),
        (u64::MAX - 4095, u64::MAX, 2),
    ];
    assert_eq!(ranges(&odd), expected);
    // A length that overflows reaches to the end.
    let mut entry = raw((GIB, 2 * GIB, 1));
    entry[8..16].fill(0xFF);
    let long = Map::from_e820([&entry[..]].into_iter());
    assert_eq!(ranges(&long), [(GIB, u64::MAX, 1)]);
    assert_eq!(long.highest_fit(4096, 4096), Some(0xFFFF_F000));
    assert_eq!(long.largest_fit(), 3 * GIB);
    // Too short to be an entry.
    assert_eq!(ranges(&Map::from_e820([&entry[..19]].into_iter())), []);
    // One that never ends.
    let same = raw((MIB, 2 * MIB, 1));
    assert_eq!(ranges(&Map::from_e820(std::iter::repeat(&same[..]))), [(MIB, 2 * MIB, 1)]);
}

#[test]
fn a_full_map_gives_up_ram_and_never_what_is_reserved() {
    let mut map = Map::new();
    for index in 0..RANGES_MAX as u64 {
        let start = 16 * MIB + index * 8192;
        assert_eq!(map.add_e820(&raw((start, start + 4096, 1))), index + 1 < RANGES_MAX as u64);
    }
    map.reserve(16 * MIB + 8192, 1);
    assert_eq!(map.ranges().len(), RANGES_MAX);
    assert_eq!(map.ranges()[1].kind, RESERVED);
    // There is no room to cut a piece out of a range: all of it goes.
    let mut map = Map::new();
    map.add_e820(&raw((MIB, 4 * MIB, 1)));
    for index in 1..RANGES_MAX as u64 - 1 {
        let start = 16 * MIB + index * 8192;
        map.add_e820(&raw((start, start + 4096, 1)));
    }
    map.reserve(2 * MIB, 4096);
    assert_eq!(map.ranges()[0], Range { start: MIB, end: 4 * MIB, kind: RESERVED });
}

#[test]
fn the_isa_hole_is_kept_out_unless_e820_has_memory_there() {
    let told = map(&[(MIB, 32 * MIB, 1)]);
    assert_eq!(told.highest_fit(20 * MIB, 4096), Some(12 << 20));
    let guessed = Map::from_e801(0x3C00, 0x0100, 0, 0, 640);
    assert_eq!(ranges(&guessed), [(0, 0xA_0000, 1), (MIB, 32 * MIB, 1)]);
    assert_eq!(guessed.highest_fit(20 * MIB, 4096), None);
    assert_eq!(guessed.highest_fit(16 * MIB, 4096), Some(16 << 20));
    assert_eq!(Map::from_e801(0x3C00, 0, 0, 0, 640).highest_fit(4096, 4096), Some((15 << 20) - 4096));
    assert_eq!(guessed.total_ram(), 31 * MIB + 0xA_0000);
}

#[test]
fn e801_and_88_are_read_with_their_usual_faults() {
    let swapped = Map::from_e801(0, 0, 0x3C00, 0x0300, 639);
    assert_eq!(ranges(&swapped), [(0, 0x9_FC00, 1), (MIB, 64 * MIB, 1)]);
    let hole = Map::from_e801(0x3800, 0x0300, 0xFFFF, 0xFFFF, 640);
    assert_eq!(ranges(&hole), [(0, 0xA_0000, 1), (MIB, 15 * MIB, 1), (16 * MIB, 64 * MIB, 1)]);
    assert_eq!((hole.kib_1m_16m(), hole.units_64k_above_16m(), hole.kib_88()), (0x3800, 0x0300, 0x3800));
    let wild = Map::from_e801(0xFFFF, 0, 0, 0, 0xFFFF);
    assert_eq!(ranges(&wild), [(0, 0xA_0000, 1), (MIB, 16 * MIB, 1)]);
    assert_eq!(ranges(&Map::from_88(0xFFFF, 640)), [(0, 0xA_0000, 1), (MIB, 64 * MIB, 1)]);
    assert_eq!(Map::from_88(3072, 640).highest_fit(2 * MIB, 4096), Some(2 << 20));
    assert_eq!(Map::from_88(0, 640).largest_fit(), 0);
    let most = Map::from_e801(0x3C00, 0xFFFF, 0, 0, 640);
    assert_eq!(most.highest_fit(MIB, 4096), Some(0xFFF0_0000));
}

#[test]
fn base_memory_ends_where_both_sources_have_it() {
    let low = |end| map(&[(0, end, 1), (MIB, 8 * MIB, 1)]);
    for (e820_end, bda, expected) in [
        (0xA_0000, 640, 640),
        (0xA_0000, 639, 639),
        (0x9_FC00, 640, 639),
        (0x9_F801, 640, 638),
        (0x9_FC00, 0xFFFF, 639),
    ] {
        let mut map = low(e820_end);
        assert_eq!(map.limit_base(bda), expected);
        assert_eq!(map.ranges()[0].end, u64::from(expected) << 10);
        if expected < 640 {
            assert_eq!(
                map.ranges()[1],
                Range { start: u64::from(expected) << 10, end: 0xA_0000, kind: RESERVED }
            );
        }
    }
    assert_eq!(map(&[(MIB, 8 * MIB, 1)]).limit_base(638), 638, "E820 without base memory");
}

#[test]
fn any_map_equals_the_page_by_page_model() {
    const PAGES: usize = 3000;
    let mut random = Lcg(21);
    for round in 0..300 {
        let mut model = vec![0u32; PAGES];
        let mut map = Map::new();
        for _ in 0..random.below(40) {
            let start = random.below(PAGES as u32) as usize;
            let end = (start + random.below(900) as usize).min(PAGES);
            let kind = [0, 1, 1, 1, 2, 3, 4, 12][random.below(8) as usize];
            map.add_e820(&raw((start as u64 * 4096, end as u64 * 4096, kind)));
            model[start..end].iter_mut().for_each(|page| *page = (*page).max(kind));
        }
        let mut free_from = 0;
        let mut drawn = vec![0u32; PAGES];
        for range in map.ranges() {
            assert!(range.start >= free_from && range.start < range.end, "round {round}");
            free_from = range.end;
            drawn[(range.start / 4096) as usize..(range.end / 4096) as usize].fill(range.kind);
        }
        assert_eq!(drawn, model, "round {round}");

        let len = 1 + random.below(400) as usize;
        let free =
            |at: usize| at >= 256 && at + len <= PAGES && model[at..at + len].iter().all(|kind| *kind == RAM);
        let highest = (0..PAGES).rev().find(|&at| free(at));
        let found = map.highest_fit(len as u64 * 4096, 4096);
        assert_eq!(found.map(|base| base as usize / 4096), highest, "round {round}, {len} pages");
        if let Some(base) = found {
            let before = map.total_ram();
            map.reserve(base.into(), len as u64 * 4096 - 5);
            assert_eq!(map.total_ram(), before - len as u64 * 4096);
        }
    }
}

#[test]
fn a_ram_disk_leaves_the_map_and_its_table_stays() {
    let mut map = map(&[(0, 640 << 10, RAM), (MIB, 64 * MIB, RAM), (80 * MIB, 84 * MIB, RAM)]);
    let (disk, table) = map.place(8 * MIB, 4096).expect("there is room in the larger piece");
    assert_eq!((u64::from(disk), u64::from(table)), (56 * MIB, 56 * MIB - 4096));
    // The next may have the table's place, and nothing of the disk.
    let (next, next_table) = map.place(2 * MIB, 4096).expect("the smaller piece holds it");
    assert_eq!((u64::from(next), u64::from(next_table)), (82 * MIB, 82 * MIB - 4096));
    let (below, _) = map.place(55 * MIB - 8192, 4096).expect("up to the first disk");
    assert_eq!(u64::from(below) + 55 * MIB - 8192, 56 * MIB);
    let before = ranges(&map);
    for (disk, table) in [(3 * MIB, 0), (u64::MAX, 1), (2 * MIB, MIB)] {
        assert_eq!(map.place(disk, table), None, "{disk} {table}");
        assert_eq!(ranges(&map), before, "nothing is taken");
    }
}
