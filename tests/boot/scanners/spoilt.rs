//! The searches themselves, over memory that was made by hand: sets of drives that are as they should be, and each
//! fact spoilt alone. What NT drivers did with each was measured in a running system.

use super::dump::{Drive, Dump, Hook};
use super::memory::Memory;
use super::{Class, Crash, Found, Search, Shape, firadisk, freebsd, mdiskchk, memdiskfind, svbus, winvblock};

const DISK: Drive =
    Drive { number: 0x80, address: 0x300_0000, sectors: 4032, cylinders: 4, heads: 16, track_sectors: 63 };
const SECOND: Drive =
    Drive { number: 0x81, address: 0x280_0000, sectors: 16065, cylinders: 1, heads: 255, ..DISK };
const FLOPPY: Drive =
    Drive { number: 0, address: 0x260_0000, sectors: 2880, cylinders: 80, heads: 2, track_sectors: 18 };
const DISC: Drive = Drive {
    number: 0xE0,
    address: 0x200_0000,
    sectors: 1000,
    cylinders: 65535,
    heads: 255,
    track_sectors: 15,
};

/// Every kind of set, boot drive first.
const SETS: [&[Drive]; 6] =
    [&[DISK], &[FLOPPY], &[DISC], &[DISK, SECOND], &[DISC, FLOPPY], &[DISK, SECOND, FLOPPY, DISC]];

fn no_options(_: u64) -> Vec<u8> {
    Vec::new()
}

fn fira(memory: &Memory) -> Search {
    firadisk::search(memory, &no_options)
}

/// Address, bytes and class of a drive.
fn facts(drive: Drive) -> (u64, u64, Class) {
    let (class, sector_len) = match drive.number {
        0xE0 => (Class::Cd, 2048),
        0x80.. => (Class::Disk, 512),
        _ => (Class::Floppy, 512),
    };
    (drive.address.into(), u64::from(drive.sectors) * sector_len, class)
}

/// The same of what was found.
fn found(search: Search) -> Vec<(u64, u64, Class)> {
    let found = search.expect("no crash").into_iter();
    found.map(|found| (found.address, found.bytes, found.class.expect("a class"))).collect()
}

/// Address and bytes, of a driver that knows no classes.
fn places(search: Search) -> Vec<(u64, u64)> {
    search.expect("no crash").into_iter().map(|found| (found.address, found.bytes)).collect()
}

/// A chain of one hook for each drive, the first drive's hook at the vector.
fn chain(drives: &[Drive]) -> (Dump, Vec<Hook>) {
    let mut dump = Dump::new();
    let mut hooks: Vec<Hook> = drives.iter().rev().map(|&drive| dump.memdisk(drive)).collect();
    hooks.reverse();
    (dump, hooks)
}

#[test]
fn every_driver_finds_every_drive_of_a_chain() {
    for drives in SETS {
        let (dump, _) = chain(drives);
        let memory = dump.memory();
        let expected: Vec<_> = drives.iter().map(|&drive| facts(drive)).collect();
        assert_eq!(found(fira(&memory)), expected);
        assert_eq!(found(winvblock::search(&memory)), expected);
        let all: Vec<_> = expected.iter().map(|&(address, bytes, _)| (address, bytes)).collect();
        assert_eq!(places(freebsd::search(&memory)), all);
        assert_eq!(places(memdiskfind::search(&memory, dump.low_end())), all[..1], "the lowest table");
        // It counts a CD's sectors as 512 bytes.
        let small = |&drive: &Drive| (u64::from(drive.address), u64::from(drive.sectors) * 512);
        let small: Vec<_> = drives.iter().map(small).collect();
        assert_eq!(places(mdiskchk::tables(&memory)), small);
        assert_eq!(places(mdiskchk::hooks(&memory)), small);
        assert_eq!(svbus::search(&memory), Ok(Vec::new()));
    }
}

#[test]
fn every_driver_finds_every_drive_in_the_slots() {
    for drives in SETS {
        let mut dump = Dump::new();
        dump.grub4dos(drives);
        let memory = dump.memory();
        let expected: Vec<_> = drives.iter().map(|&drive| facts(drive)).collect();
        assert_eq!(found(fira(&memory)), expected);
        // Four times the bytes of a CD; one sector less of a hard disk.
        let times_four = |&(address, bytes, class)| match class {
            Class::Cd => (address, bytes * 4, class),
            _ => (address, bytes, class),
        };
        let more: Vec<_> = expected.iter().map(times_four).collect();
        assert_eq!(found(winvblock::search(&memory)), more);
        let footer = |&(address, bytes, class)| match class {
            Class::Disk => (address, bytes - 512, class),
            _ => (address, bytes, class),
        };
        let less: Vec<_> = expected.iter().map(footer).collect();
        assert_eq!(found(svbus::search(&memory)), less);
        for search in [freebsd::search(&memory), mdiskchk::tables(&memory), mdiskchk::hooks(&memory)] {
            assert_eq!(search, Ok(Vec::new()));
        }
        assert_eq!(memdiskfind::search(&memory, dump.low_end()), Ok(Vec::new()));
    }
}

#[test]
fn each_reads_the_geometry_from_its_own_place() {
    let (dump, _) = chain(&[DISK]);
    let memory = dump.memory();
    let shape = |cylinders| Some(Shape { cylinders, heads: 16, track_sectors: 63 });
    assert_eq!(fira(&memory).expect("no crash")[0].shape, shape(None));
    assert_eq!(winvblock::search(&memory).expect("no crash")[0].shape, shape(Some(4)));
    assert_eq!(mdiskchk::tables(&memory).expect("no crash")[0].shape, shape(Some(4)));
    let mut dump = Dump::new();
    let hook = dump.grub4dos(&[DISK]);
    // What is presented, and what the target has: FiraDisk wants the first, the two others the second.
    dump.set(hook.table + 3, &[62]);
    let memory = dump.memory();
    let track_sectors = |search: Search| search.expect("no crash")[0].shape.map(|shape| shape.track_sectors);
    assert_eq!(track_sectors(fira(&memory)), Some(62));
    assert_eq!(track_sectors(winvblock::search(&memory)), Some(63));
    assert_eq!(track_sectors(svbus::search(&memory)), Some(63));
}

/// Spoils one fact of a chain with one disk, and gives what FiraDisk and WinVBlock do.
fn spoilt(spoil: impl FnOnce(&mut Dump, Hook)) -> (Search, Search) {
    let (mut dump, hooks) = chain(&[DISK]);
    spoil(&mut dump, hooks[0]);
    let memory = dump.memory();
    (fira(&memory), winvblock::search(&memory))
}

/// Whether the disk was found as it is.
fn boots(search: &Search) -> bool {
    search.as_ref().is_ok_and(|found| found.iter().map(place).eq([(facts(DISK).0, facts(DISK).1)]))
}

fn place(found: &Found) -> (u64, u64) {
    (found.address, found.bytes)
}

#[test]
fn a_set_claim_bit_hides_the_disk_from_winvblock_alone() {
    let (firadisk, winvblock) = spoilt(|dump, hook| dump.dword(hook.entry + 23, 1));
    assert!(boots(&firadisk));
    assert_eq!(winvblock, Ok(Vec::new()));
}

#[test]
fn without_signature_or_vendor_nobody_finds_the_disk() {
    for (at, bytes) in [(3, b"!INT13SF"), (11, b"MEMDISC ")] {
        let (firadisk, winvblock) = spoilt(|dump, hook| dump.set(hook.entry + at, bytes));
        assert_eq!((firadisk, winvblock), (Ok(Vec::new()), Ok(Vec::new())));
    }
}

#[test]
fn without_a_pointer_to_the_table_winvblock_crashes() {
    let (firadisk, winvblock) = spoilt(|dump, hook| dump.dword(hook.entry + 27, 0));
    assert_eq!(firadisk, Ok(Vec::new()));
    assert_eq!(winvblock, Err(Crash::Pointer { address: 0 }));
}

#[test]
fn without_the_letters_of_the_table_winvblock_still_finds_the_chain() {
    let (firadisk, winvblock) = spoilt(|dump, hook| dump.set(hook.table, b"XXXX"));
    assert_eq!(firadisk, Ok(Vec::new()));
    assert!(boots(&winvblock));
}

#[test]
fn a_wrong_sum_stops_the_tools_and_no_nt_driver() {
    let (mut dump, hooks) = chain(&[DISK]);
    dump.bytes[hooks[0].table + 9] ^= 1;
    let memory = dump.memory();
    assert!(boots(&fira(&memory)) && boots(&winvblock::search(&memory)));
    for search in
        [freebsd::search(&memory), mdiskchk::tables(&memory), memdiskfind::search(&memory, dump.low_end())]
    {
        assert_eq!(search, Ok(Vec::new()));
    }
    assert!(boots(&mdiskchk::hooks(&memory)));
}

#[test]
fn a_wrong_address_size_or_class_is_believed() {
    let (firadisk, winvblock) = spoilt(|dump, hook| dump.dword(hook.table + 44, DISK.address - 512));
    assert_eq!(found(firadisk)[0].0, found(winvblock)[0].0);
    let (firadisk, winvblock) = spoilt(|dump, hook| dump.dword(hook.table + 48, DISK.sectors / 2));
    assert!(!boots(&firadisk) && !boots(&winvblock));
    let (firadisk, winvblock) = spoilt(|dump, hook| dump.set(hook.table + 92, &[0]));
    assert_eq!((found(firadisk)[0].2, found(winvblock)[0].2), (Class::Floppy, Class::Floppy));
}

#[test]
fn only_e0h_is_a_cd() {
    let (dump, _) = chain(&[Drive { number: 0xE1, ..DISC }]);
    let memory = dump.memory();
    let bytes = u64::from(DISC.sectors) * 512;
    assert_eq!(found(fira(&memory)), [(DISC.address.into(), bytes, Class::Disk)]);
    assert_eq!(found(winvblock::search(&memory)), [(DISC.address.into(), bytes, Class::Disk)]);
}

#[test]
fn a_claimed_hook_hides_those_behind_it() {
    let (mut dump, hooks) = chain(&[DISK, FLOPPY]);
    // The table behind it is wrong, so only the chain leads to it.
    dump.bytes[hooks[1].table + 9] ^= 1;
    assert_eq!(found(winvblock::search(&dump.memory())), [facts(DISK), facts(FLOPPY)]);
    dump.dword(hooks[0].entry + 23, 1);
    assert_eq!(winvblock::search(&dump.memory()), Ok(Vec::new()));
    assert_eq!(found(fira(&dump.memory())), [facts(DISK), facts(FLOPPY)]);
}

#[test]
fn a_stale_table_is_a_second_disk_for_winvblock_and_the_tools() {
    let (mut dump, hooks) = chain(&[DISK]);
    // Another machine's hook and table, as a loader's buffer might keep them. Nothing leads to them.
    let (mut stale, _) = chain(&[FLOPPY]);
    let hook = Hook { entry: 0x2_000A, table: 0x2_0100 };
    let from = stale.low_end() as usize;
    stale.dword(from + 0x100 + 36, hook.entry as u32);
    stale.dword(from + 10 + 27, hook.table as u32);
    stale.seal(from + 0x100);
    dump.set(0x2_0000, &stale.bytes[from..from + 0x800]);
    let memory = dump.memory();
    assert_eq!(found(winvblock::search(&memory)), [facts(FLOPPY), facts(DISK)]);
    assert_eq!(places(mdiskchk::tables(&memory)).len(), 2);
    assert!(boots(&fira(&memory)) && boots(&freebsd::search(&memory)));
    assert_eq!(places(memdiskfind::search(&memory, dump.low_end())).len(), 1, "{:#x}", hooks[0].table);
}

#[test]
fn memdiskfind_needs_the_map_to_end_at_the_hook() {
    let (dump, _) = chain(&[DISK]);
    let memory = dump.memory();
    assert!(boots(&memdiskfind::search(&memory, dump.low_end())));
    assert!(boots(&memdiskfind::search(&memory, dump.low_end() + 0x3FF)), "the same page");
    assert_eq!(memdiskfind::search(&memory, 0xA_0000), Ok(Vec::new()));
    assert_eq!(memdiskfind::search(&memory, 0), Ok(Vec::new()));
    let mut bytes = dump.bytes.clone();
    bytes[0x413..0x415].copy_from_slice(&639_u16.to_le_bytes());
    assert_eq!(memdiskfind::search(&Memory::new(bytes), dump.low_end()), Ok(Vec::new()));
}

#[test]
fn mdiskchk_takes_no_other_length_and_winvblock_none_behind_1_mib() {
    let (mut dump, hooks) = chain(&[DISK]);
    let table = hooks[0].table;
    dump.dword(table + 4, 67);
    dump.set(table + 40, &[27]);
    dump.bytes[table + 9] = 0;
    let sum = dump.bytes[table..table + 67].iter().fold(0, |sum: u8, &byte| sum.wrapping_add(byte));
    dump.bytes[table + 9] = sum.wrapping_neg();
    let memory = dump.memory();
    assert_eq!(mdiskchk::tables(&memory), Ok(Vec::new()));
    assert!(boots(&memdiskfind::search(&memory, dump.low_end())));
    assert!(boots(&freebsd::search(&memory)), "without a shift a sector has 512 bytes");
    dump.dword(table + 4, 0xFFFF_FFF0);
    assert!(boots(&winvblock::search(&dump.memory())), "found by the chain");
}

#[test]
fn a_chain_that_comes_back_hangs_firadisk() {
    let (mut dump, hooks) = chain(&[DISK, FLOPPY]);
    let first = hooks[0].entry;
    dump.set(hooks[1].entry + 19, &[10, 0]);
    dump.set(hooks[1].entry + 21, &(((first - 10) >> 4) as u16).to_le_bytes());
    assert_eq!(fira(&dump.memory()), Err(Crash::Hang { entry: first }));
    assert_eq!(mdiskchk::hooks(&dump.memory()), Err(Crash::Hang { entry: first }));
    assert_eq!(found(winvblock::search(&dump.memory())).len(), 2);
    assert_eq!(freebsd::search(&dump.memory()).expect("no crash").len(), 32);
}

#[test]
fn a_hook_of_somebody_else_is_passed() {
    let mut dump = Dump::new();
    dump.memdisk(FLOPPY);
    dump.other();
    dump.memdisk(DISK);
    let memory = dump.memory();
    for search in [fira(&memory), winvblock::search(&memory)] {
        assert_eq!(found(search), [facts(DISK), facts(FLOPPY)]);
    }
    assert_eq!(places(freebsd::search(&memory)).len(), 2);
}

#[test]
fn both_identities_for_the_same_memory_are_two_disks() {
    let (mut dump, _) = chain(&[DISK]);
    dump.grub4dos(&[DISK]);
    assert_eq!(found(fira(&dump.memory())).len(), 2);
    assert_eq!(found(winvblock::search(&dump.memory())).len(), 2);
}

#[test]
fn a_slot_without_sectors_per_track_divides_by_zero() {
    let mut dump = Dump::new();
    let hook = dump.grub4dos(&[DISK]);
    dump.set(hook.table + 7, &[0x40]);
    let memory = dump.memory();
    assert_eq!(winvblock::search(&memory), Err(Crash::Division { slot: hook.table }));
    assert_eq!(svbus::search(&memory), Err(Crash::Division { slot: hook.table }));
    assert!(boots(&fira(&memory)));
}

#[test]
fn a_slot_that_is_no_memory_is_no_drive() {
    let mut dump = Dump::new();
    let hook = dump.grub4dos(&[SECOND, DISK]);
    dump.set(hook.table + 1, &[0x80]);
    let memory = dump.memory();
    assert!(boots(&fira(&memory)) && boots(&winvblock::search(&memory)));
    assert_eq!(svbus::search(&memory).expect("no crash").len(), 1);
}

#[test]
fn slots_are_found_by_the_segment_of_the_vector() {
    let mut dump = Dump::new();
    let hook = dump.grub4dos(&[DISK]);
    // Another name for the same entry: segment + 10h, offset 0.
    let mut memory = dump.memory();
    memory.set(0x4C, &[0, 0]);
    memory.set(0x4E, &((hook.entry >> 4) as u16).to_le_bytes());
    assert!(!boots(&fira(&memory)));
    assert!(svbus::search(&memory).is_ok_and(|found| found.is_empty() || found[0].address != facts(DISK).0));
}

#[test]
fn svbus_walks_no_chain_but_scans_pages() {
    let mut dump = Dump::new();
    let hook = dump.grub4dos(&[DISK]);
    dump.other();
    assert_eq!(found(svbus::search(&dump.memory())).len(), 1, "by the scan");
    // The name at the beginning of a page: the slots would be in the page before it.
    let page = (hook.entry & !0xFFF) - 0x2000;
    let mut bytes = dump.bytes.clone();
    bytes.copy_within(hook.table..hook.entry + 31, page - 0xE0);
    bytes[hook.entry + 3] = b'!';
    dump.bytes = bytes;
    assert_eq!(svbus::search(&dump.memory()), Err(Crash::Pointer { address: page as u32 }));
}

#[test]
fn firadisk_takes_a_small_floppy_of_options_for_no_drive() {
    let mut dump = Dump::new();
    let small = Drive { sectors: 1440, heads: 2, track_sectors: 9, ..FLOPPY };
    dump.grub4dos(&[small, DISK]);
    let options = |address| match address == u64::from(small.address) {
        true => b"[FiraDisk]\r\n".to_vec(),
        false => Vec::new(),
    };
    assert_eq!(found(firadisk::search(&dump.memory(), &options)), [facts(DISK)]);
    let (dump, _) = chain(&[small, DISK]);
    assert_eq!(found(firadisk::search(&dump.memory(), &options)).len(), 2, "only in a slot");
}

#[test]
fn nobody_finds_anything_in_a_machine_without_hooks() {
    let dump = Dump::new();
    let memory = dump.memory();
    for search in [
        fira(&memory),
        winvblock::search(&memory),
        svbus::search(&memory),
        memdiskfind::search(&memory, dump.low_end()),
        mdiskchk::tables(&memory),
        mdiskchk::hooks(&memory),
        freebsd::search(&memory),
    ] {
        assert_eq!(search, Ok(Vec::new()));
    }
}
