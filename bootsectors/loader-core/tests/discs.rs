//! Capsules on discs: in blocks, forward only, and with patience.

mod common;

use common::discs::{BLOCK, CdBios, FOLDER, disc};
use common::sticks::{Stop, capsule, image, load};
use common::{Answer, Lcg, SECTOR, numbered};
use ramkey_format::boot::{BootInfo, MEASURED_EDD};
use ramkey_loader_core::access::DriveAccess;
use ramkey_loader_core::capsule::ChunkError;
use ramkey_loader_core::drive::{Bios, Disk, Drive, Method, ReadError, Sectors};
use ramkey_loader_core::file::FileReader;
use ramkey_loader_core::geometry::Geometry;
use ramkey_loader_core::iso9660::Iso9660;
use ramkey_loader_core::settle::{extension, folder_name, settle};
use ramkey_loader_core::volume::{FileEntry, FileSystem, Volume};
use zerocopy::FromZeros;

/// The disc as drive E0h, in blocks.
fn reader(bios: CdBios) -> Disk<CdBios> {
    let access = DriveAccess::disc(bios.shift);
    Disk::new(bios, Drive::new(0xE0, access))
}

/// Reads `sectors` sectors from `from` on, and compares their numbers.
fn read_all(disk: &mut Disk<CdBios>, from: u64, sectors: u64) -> Result<(), ReadError> {
    let mut lba = from;
    while lba < from + sectors {
        let bytes = disk.read(lba, (from + sectors - lba).min(127) as u16)?;
        assert!(!bytes.is_empty() && bytes.len() % SECTOR == 0);
        for sector in bytes.chunks(SECTOR) {
            assert_eq!(u64::from(u32::from_le_bytes(sector[..4].try_into().unwrap())), lba);
            lba += 1;
        }
    }
    assert_eq!(lba, from + sectors, "never more than was wanted");
    Ok(())
}

/// Loads the only capsule of a disc.
fn boot(disk: &mut Disk<CdBios>) -> Result<Vec<u8>, Stop> {
    let mut window = [0; 8 << 10];
    settle::<Iso9660, _>(disk, 0, &mut window, || panic!("a disc has no heads"));
    let mut volume = Iso9660::open(disk, 0, &mut window).unwrap();
    let mut folder = volume.find_folder(disk, &folder_name()).unwrap();
    let file: FileEntry = volume.next_file(disk, &mut folder, &extension()).unwrap().unwrap();
    disk.bios().calls.clear();
    load(&mut FileReader::new(disk, &mut volume, file))
}

/// The disc of these tests.
fn with_capsule() -> Vec<u8> {
    disc(&[("TEST.RKC;1", &capsule(&image()))])
}

#[test]
fn a_capsule_is_read_forward_and_no_block_twice() {
    let mut disk = reader(CdBios::good(with_capsule()));
    assert!(boot(&mut disk).unwrap() == image());
    let calls = &disk.bios().calls;
    let mut next = (FOLDER + 1) as u64;
    for &(first, count) in calls {
        assert!(first >= next, "block {first} after {next}: {calls:?}");
        next = first + u64::from(count);
    }
    let blocks = capsule(&image()).len().div_ceil(BLOCK);
    assert!(calls.len() <= blocks.div_ceil(32), "{calls:?}");
}

#[test]
fn pieces_of_any_size_at_any_sector_are_read_forward_and_no_block_twice() {
    let mut random = Lcg(3);
    for most in [1, 5, 32] {
        for start in 0..8 {
            let mut bios = CdBios::good(numbered(4000));
            bios.fault =
                Box::new(move |_, _, count| if count > most { Answer::Fails(1) } else { Answer::Good });
            let mut disk = reader(bios);
            let mut lba = start;
            while lba < 3700 {
                let longest = if random.below(2) == 0 { 6 } else { 260 };
                let count = u64::from(1 + random.below(longest));
                read_all(&mut disk, lba, count).unwrap();
                lba += count;
            }
            let mut next = 0;
            for &(first, count) in disk.bios().calls.iter().filter(|&&(_, count)| count <= most) {
                assert!(first >= next, "block {first} after {next}");
                next = first + u64::from(count);
            }
        }
    }
}

#[test]
fn a_disc_is_asked_for_32_blocks_and_then_for_powers_of_two() {
    for (limit, sizes) in [
        (32, &[32][..]),
        (31, &[32, 32, 32, 16]),
        (16, &[32, 32, 32, 16]),
        (15, &[32, 32, 32, 16, 16, 16, 8]),
        (4, &[32, 32, 32, 16, 16, 16, 8, 8, 8, 4]),
        (1, &[32, 32, 32, 16, 16, 16, 8, 8, 8, 4, 4, 4, 2, 2, 2, 1]),
    ] {
        let fault = move |_, _, count| if count > limit { Answer::Fails(0x09) } else { Answer::Good };
        let mut disk = reader(CdBios::new(numbered(40_000), fault));
        read_all(&mut disk, 4, 1).unwrap();
        disk.read(8, 127).unwrap();
        let asked: Vec<u16> = disk.bios().calls.iter().map(|&(_, count)| count).collect();
        let (first, rest) = asked.split_at(1);
        assert_eq!(first, [1], "one block holds what is wanted");
        assert_eq!(rest[..sizes.len()], *sizes, "limit {limit}");
        assert_eq!(disk.drive().transfer_sectors(), 4 * sizes.last().unwrap());
        read_all(&mut disk, 200, 39_000).unwrap();
        let failed = disk.bios().calls.iter().filter(|&&(_, count)| count > limit).count();
        assert!(failed <= 3 * 6 + 3 * 4, "limit {limit}: {failed} calls for too many");
        assert_eq!(disk.bios().pauses, 0);
    }
}

#[test]
fn a_transfer_that_worked_before_is_asked_for_again_behind_every_scratch() {
    // Twelve scratches, each in a block of its own: more than the sizes that a BIOS may fail at.
    for limit in [32, 16] {
        let fault = move |_, first: u64, count: u16| {
            let holds = (first..first + u64::from(count)).any(|block| block % 1400 == 1350);
            if holds && count > 1 || count > limit { Answer::Fails(0x10) } else { Answer::Good }
        };
        let mut disk = reader(CdBios::new(numbered(4 * 12 * 1400), fault));
        for part in 0..12 {
            read_all(&mut disk, part * 5600, 5400).unwrap();
            assert!(disk.drive().transfer_sectors() >= 4 * limit, "before scratch {part}");
            read_all(&mut disk, part * 5600 + 5400, 200).unwrap();
            assert!(disk.drive().transfer_sectors() < 4 * limit, "behind scratch {part}");
        }
    }
}

#[test]
fn a_disc_that_turns_after_eight_seconds_is_read_in_full_transfers() {
    for (slow, status) in [(0, 0xAA), (0, 0x80), (0, 0x20), (18, 0x80), (73, 0xAA), (182, 0x80)] {
        let start = 0x18_00B0 - 1092;
        let mut bios =
            CdBios::new(
                numbered(4000),
                move |now, _, _| {
                    if now < start + 146 { Answer::Fails(status) } else { Answer::Good }
                },
            );
        bios.slow = slow;
        let mut disk = reader(bios);
        read_all(&mut disk, 64, 127).unwrap();
        let seconds = disk.bios().seconds();
        assert!((8..=19).contains(&seconds), "{slow} ticks: {seconds} s");
        let calls = disk.bios().calls.len();
        assert!(calls < 40, "{calls} calls");
        if slow < 146 {
            read_all(&mut disk, 400, 127).unwrap();
            assert_eq!(disk.bios().calls.last(), Some(&(100, 32)), "it was not the length, {slow} ticks");
        }
    }
}

#[test]
fn a_disc_that_stood_while_somebody_chose_is_waited_for_as_at_first() {
    for (rest, works) in [(60, true), (20, false)] {
        let start = 0x18_00B0 - 1092;
        let mut bios = CdBios::new(numbered(8000), |_, _, _| Answer::Good);
        bios.slow = 9;
        let mut disk = reader(bios);
        read_all(&mut disk, 64, 127).unwrap();
        let from = start + rest * 182 / 10;
        disk.bios().now = from;
        disk.bios().fault = Box::new(move |now, first, _| {
            let stands = (from..from + 182).contains(&now) || first >= 1500;
            if stands { Answer::Fails(0x02) } else { Answer::Good }
        });
        let result = read_all(&mut disk, 400, 127);
        assert_eq!(result.is_ok(), works, "after {rest} s");
        if works {
            assert_eq!(disk.drive().transfer_sectors(), 128);
            let before = disk.bios().seconds();
            assert_eq!(read_all(&mut disk, 6000, 4), Err(ReadError { status: 0x02, lba: 6000 }));
            assert!(disk.bios().seconds() - before <= 8, "it turns");
        }
    }
}

#[test]
fn somebody_who_asked_for_single_blocks_gets_them_from_a_disc_that_stood() {
    let fault = |now, _, _| if now < 0x18_00B0 - 1000 { Answer::Fails(0xAA) } else { Answer::Good };
    let mut disk = reader(CdBios::new(numbered(4000), fault));
    disk.drive_mut().limit_to_one();
    read_all(&mut disk, 0, 2000).unwrap();
    assert!(disk.bios().calls.iter().all(|&(_, count)| count == 1));
}

#[test]
fn unit_attention_costs_one_call_and_no_length() {
    let mut first = true;
    let fault = move |_, _, _| if std::mem::take(&mut first) { Answer::Fails(0x06) } else { Answer::Good };
    let mut disk = reader(CdBios::new(numbered(4000), fault));
    read_all(&mut disk, 64, 127).unwrap();
    assert_eq!(disk.bios().calls, [(16, 32), (16, 32)]);
    assert_eq!((disk.bios().resets, disk.bios().pauses, disk.bios().seconds()), (1, 0, 0));
}

#[test]
fn a_scratched_block_is_an_error_with_its_lba_after_five_seconds() {
    for (slow, longest) in [(0, 5), (9, 12), (91, 30), (182, 60)] {
        let scratched = |block: u64, count: u16| (block..block + u64::from(count)).contains(&300);
        let fault = move |_, first, count| {
            if scratched(first, count) { Answer::Fails(0x10) } else { Answer::Good }
        };
        let mut disk = reader(CdBios::new(numbered(4000), fault));
        read_all(&mut disk, 0, 400).unwrap();
        disk.bios().slow = slow;
        let before = disk.bios().calls.len();
        let error = read_all(&mut disk, 400, 2000).unwrap_err();
        assert_eq!(error, ReadError { status: 0x10, lba: 1200 });
        let (calls, seconds) = (disk.bios().calls.len() - before, disk.bios().seconds());
        assert!(calls < 70, "{slow} ticks: {calls} calls");
        assert!((5..=longest).contains(&seconds), "{slow} ticks: {seconds} s");
        // What is left of the same block is asked for as long, and not longer.
        let told = disk.read(1203, 1).unwrap_err();
        assert_eq!(told, ReadError { status: 0x10, lba: 1203 });
        assert!(disk.bios().seconds() - seconds <= 6 + slow / 18);
        read_all(&mut disk, 1204, 100).unwrap();
    }
}

#[test]
fn a_disc_that_never_turns_and_a_clock_that_stands_still_end() {
    for (slow, stopped, longest) in [(0, false, 20), (18, false, 21), (91, false, 25), (0, true, 0)] {
        let mut bios = CdBios::new(numbered(4000), |_, _, _| Answer::Fails(0xAA));
        (bios.slow, bios.stopped) = (slow, stopped);
        let mut disk = reader(bios);
        assert_eq!(disk.read(66, 5), Err(ReadError { status: 0xAA, lba: 66 }));
        let (calls, seconds) = (disk.bios().calls.len(), disk.bios().seconds());
        assert!(calls <= 18 + 3 + 41 && disk.bios().pauses <= 41, "{calls} calls");
        assert!(seconds <= longest && (stopped || seconds >= 19), "{slow} ticks: {seconds} s");
    }
}

#[test]
fn a_call_that_hung_is_never_made_again() {
    for limit in [0, 1, 4, 16] {
        let fault = move |_, _, count| if count > limit { Answer::Fails(0xFE) } else { Answer::Good };
        let mut disk = reader(CdBios::new(numbered(4000), fault));
        let result = read_all(&mut disk, 64, 3000);
        let hung: Vec<u16> =
            disk.bios().calls.iter().map(|&(_, count)| count).filter(|&count| count > limit).collect();
        assert!(hung.is_sorted_by(|one, next| one > next) && hung.len() <= 3, "limit {limit}: {hung:?}");
        assert_eq!(result.is_ok(), limit > 0, "limit {limit}");
        assert_eq!(usize::from(disk.drive().trace().abandoned), hung.len());
        if limit == 0 {
            assert_eq!(disk.read(64, 1), Err(ReadError { status: 0xFE, lba: 64 }));
            assert_eq!(disk.bios().calls.len(), 2, "nothing is left to be tried");
            assert_eq!(disk.bios().pauses, 0);
        }
    }
}

#[test]
fn a_length_that_hung_while_the_disc_stood_is_not_asked_for_when_it_turns() {
    let mut disk = reader(CdBios::new(numbered(4000), |now, _, count| match count {
        5.. => Answer::Fails(0xFE),
        _ if now < 0x18_00B0 - 1000 => Answer::Fails(0xAA),
        _ => Answer::Good,
    }));
    read_all(&mut disk, 64, 3000).unwrap();
    let hung: Vec<u16> =
        disk.bios().calls.iter().map(|&(_, count)| count).filter(|&count| count > 4).collect();
    assert!(hung.is_sorted_by(|one, next| one > next), "{hung:?}");
}

#[test]
fn a_bios_that_repeats_the_last_block_is_found_out_by_the_hash() {
    let mut bytes = with_capsule();
    let end = bytes.len();
    let last = bytes[end - 2 * BLOCK..end - BLOCK].to_vec();
    bytes[end - BLOCK..].copy_from_slice(&last);
    let wrong = boot(&mut reader(CdBios::good(bytes)));
    assert!(matches!(wrong, Err(Stop::Chunk(9, ChunkError::StickWrong))), "{wrong:?}");
}

#[test]
fn a_bios_that_spoils_long_transfers_is_asked_for_less() {
    for limit in [1, 2, 16] {
        let fault = move |_, _, count| if count > limit { Answer::Lies } else { Answer::Good };
        let mut disk = reader(CdBios::new(with_capsule(), fault));
        let mut window = [0; SECTOR];
        // The header is right when it is read alone; the descriptor lies in a block of its own.
        let found = Iso9660::open(&mut disk, 0, &mut window);
        assert!(found.is_ok());
        assert!(boot(&mut disk).unwrap() == image(), "limit {limit}");
        assert!(disk.drive().transfer_sectors() <= 4 * limit);
    }
}

#[test]
fn a_count_of_eight_bits_is_enough() {
    let mut disk = reader(CdBios::new(numbered(8000), |_, _, count| {
        assert!(count == count & 0xFF);
        Answer::Good
    }));
    read_all(&mut disk, 2, 7900).unwrap();
}

#[test]
fn a_drive_that_counts_a_disc_in_sectors_is_read_with_the_same_patience() {
    let mut bios = CdBios::new(numbered(4000), |now, first, count| {
        let bad = (first..first + u64::from(count)).contains(&3000);
        if now < 0x18_00B0 - 1092 + 100 || bad { Answer::Fails(0x20) } else { Answer::Good }
    });
    bios.shift = 0;
    let mut disk = reader(bios);
    read_all(&mut disk, 3, 1000).unwrap();
    assert_eq!(disk.drive().transfer_sectors(), 127);
    assert_eq!(disk.bios().calls.last(), Some(&(893, 110)), "the first that worked was one sector");
    assert_eq!(read_all(&mut disk, 1003, 2990), Err(ReadError { status: 0x20, lba: 3000 }));
}

#[test]
fn what_stage_2_found_is_a_disc_where_its_blocks_are_longer() {
    let mut info = BootInfo::new_zeroed();
    (info.drive, info.edd, info.measured, info.block_shift) = (0xE0, 1, MEASURED_EDD as u8, 2);
    info.transfer.set(64);
    let access = DriveAccess::from_info(&info, false);
    assert_eq!(access, DriveAccess { transfer: 64, heads_are_told: true, ..DriveAccess::disc(2) });
    let geometry = Some(Geometry { heads: 255, sectors_per_track: 63 });
    let told = DriveAccess { geometry, first: Method::Chs, edd_hidden: 63, ..access };
    let mut drive = Drive::new(0xE0, told);
    assert!(drive.is_disc() && !drive.heads_are_in_doubt() && !drive.restrict(Method::Chs));
    assert!(!drive.try_heads(0));
    assert_eq!((drive.method(), drive.first_visible(0), drive.transfer_sectors()), (Method::Edd, 0, 64));
    assert_eq!(Drive::new(0xE0, DriveAccess { transfer: 1, ..access }).transfer_sectors(), 4);
    assert_eq!(Drive::new(0xE0, DriveAccess { transfer: 500, ..access }).transfer_sectors(), 128);
    drive.limit_to_one();
    let mut bios = CdBios::good(numbered(100));
    assert_eq!(drive.read(&mut bios, 6, 50), Ok(4));
    assert_eq!((bios.calls, drive.block_start(6)), (vec![(1, 1)], 4));

    let stick = DriveAccess::from_info(&BootInfo::new_zeroed(), true);
    assert!(!Drive::new(0x80, stick).is_disc());
    let senseless = DriveAccess { block_shift: 200, ..DriveAccess::disc(2) };
    assert_eq!(Drive::new(0xE0, senseless).block_start(7), 4);
}

#[test]
fn the_trace_of_a_disc_counts_in_sectors() {
    let mut disk = reader(CdBios::good(numbered(4000)));
    read_all(&mut disk, 65, 2).unwrap();
    let trace = disk.drive().trace();
    assert_eq!((trace.asked, trace.read, trace.sectors), (Some(65), Some(67), 128));
    assert_eq!(disk.bios().ticks(), 0x18_00B0 - 1092, "nothing was waited for");
}
