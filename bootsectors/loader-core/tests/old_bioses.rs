//! The read engine against BIOSes that hide sectors, limit transfers, or never come back from a call.

mod common;

use common::{Answer, Call, MockBios, SECTOR, numbered, plain};
use ramkey_format::boot::{BootInfo, MEASURED_CHS, MEASURED_EDD, MEASURED_HEADS, MEASURED_SECTORS};
use ramkey_loader_core::access::DriveAccess;
use ramkey_loader_core::drive::{Drive, Method, ReadError, verdict};
use ramkey_loader_core::geometry::Geometry;
use zerocopy::FromZeros;

const HUNG: u8 = 0xFE;

fn first_number(bios: &MockBios) -> u64 {
    u32::from_le_bytes(bios.buffer[..4].try_into().unwrap()).into()
}

/// Reads `from..to` in order, and compares each sector's number; returns how many calls that took.
fn read_all(drive: &mut Drive, bios: &mut MockBios, from: u64, to: u64) -> usize {
    let before = bios.calls.len();
    let mut lba = from;
    while lba < to {
        let sectors = drive.read(bios, lba, 127).unwrap_or_else(|error| panic!("LBA {lba}: {error:?}"));
        for (number, sector) in (lba..).zip(bios.buffer.chunks_exact(SECTOR).take(sectors.into())) {
            assert_eq!(u64::from(u32::from_le_bytes(sector[..4].try_into().unwrap())), number);
        }
        lba += u64::from(sectors);
    }
    bios.calls.len() - before
}

fn hidden(first: Method, edd_hidden: u32, chs_hidden: u32) -> Drive {
    Drive::new(0x80, DriveAccess { edd_hidden, chs_hidden, ..plain(first) })
}

/// A BIOS whose calls for more than `limit` sectors end as `beyond` says.
fn limited(limit: u16, beyond: Answer) -> MockBios {
    MockBios::new(numbered(20_000), move |call| match call {
        Call::Edd { sectors, .. } | Call::Chs { sectors, .. } if sectors > limit => beyond,
        _ => Answer::Good,
    })
}

fn hangs(bios: &MockBios, limit: u16) -> Vec<u16> {
    let sizes = bios.calls.iter().filter_map(|call| match call {
        Call::Edd { sectors, .. } | Call::Chs { sectors, .. } => Some(*sectors),
        Call::Reset => None,
    });
    sizes.filter(|sectors| *sectors > limit).collect()
}

#[test]
fn a_volume_whose_start_is_hidden_begins_at_the_first_sector_that_is_shown() {
    let drive = hidden(Method::Chs, 0, 32);
    assert_eq!([0, 31, 32, 2048].map(|lba| drive.first_visible(lba)), [32, 32, 32, 2048]);
    assert_eq!(hidden(Method::Edd, 0, 32).first_visible(0), 0, "EDD hides nothing");
}

#[test]
fn what_lies_behind_the_last_cylinder_is_out_of_reach_without_edd() {
    let floppy = Geometry { heads: 2, sectors_per_track: 18 };
    let access = DriveAccess { geometry: Some(floppy), ..plain(Method::Chs) };
    let no_edd = |call| if matches!(call, Call::Edd { .. }) { Answer::Fails(1) } else { Answer::Good };
    let mut bios = MockBios::new(numbered(40_000), no_edd);
    bios.geometry = floppy;
    let mut drive = Drive::new(0x80, access);
    let last = 1024 * 2 * 18 - 1;
    assert_eq!(drive.read(&mut bios, last, 1), Ok(1), "the last that can be named");
    let beyond = ReadError { status: 0xFD, lba: last + 1 };
    assert_eq!(drive.read(&mut bios, last + 1, 1), Err(beyond));

    let mut bios = MockBios::good(numbered(40_000));
    assert_eq!(Drive::new(0x80, access).read(&mut bios, last + 1, 1), Ok(1), "EDD reaches it");
}

#[test]
fn each_method_counts_from_its_own_first_sector() {
    for (edd, chs) in [(0, 18), (0, 32), (0, 63), (18, 18), (63, 63), (63, 0), (2048, 2048), (0, 2048)] {
        for first in [Method::Edd, Method::Chs] {
            let mut bios = MockBios::good(numbered(5000)).hiding(edd, chs);
            let mut drive = hidden(first, edd as u32, chs as u32);
            read_all(&mut drive, &mut bios, 2048, 4500);
            assert_eq!(drive.method(), first, "EDD hides {edd}, CHS {chs}");
        }
    }
}

#[test]
fn a_sector_before_the_first_of_a_method_is_read_by_the_other() {
    let mut bios = MockBios::good(numbered(500)).hiding(0, 63);
    let mut drive = hidden(Method::Chs, 0, 63);
    assert_eq!(drive.read(&mut bios, 62, 5), Ok(5));
    assert_eq!((first_number(&bios), drive.method()), (62, Method::Edd));
    assert_eq!(bios.calls, [Call::Edd { lba: 62, sectors: 5 }], "CHS has no number for it");

    let mut bios = MockBios::good(numbered(500)).hiding(63, 63);
    assert_eq!(hidden(Method::Chs, 63, 63).read(&mut bios, 62, 5), Err(ReadError { status: 0, lba: 62 }));
    assert_eq!(bios.calls, []);
}

#[test]
fn edd_that_fails_gives_way_to_chs_that_is_shifted() {
    let mut bios = MockBios::new(numbered(5000), |call| match call {
        Call::Edd { .. } => Answer::Fails(0x01),
        _ => Answer::Good,
    })
    .hiding(0, 32);
    let mut drive = hidden(Method::Edd, 0, 32);
    read_all(&mut drive, &mut bios, 128, 4000);
    assert_eq!(drive.method(), Method::Chs);
    let failed = bios.reads().iter().filter(|call| matches!(call, Call::Edd { .. })).count();
    assert_eq!(failed, 7 * 3, "127, 63, ... 1, three times each, and never again");
}

#[test]
fn every_geometry_is_read_track_by_track() {
    for (heads, sectors_per_track) in
        [(255, 63), (16, 63), (64, 32), (2, 18), (2, 36), (240, 63), (4, 17), (1, 1), (256, 63), (15, 17)]
    {
        let geometry = Geometry { heads, sectors_per_track };
        let mut bios = MockBios::good(numbered(2000)).hiding(0, 18);
        bios.geometry = geometry;
        let last = (u64::from(heads) * u64::from(sectors_per_track) * 1024 + 18).min(2000);
        let mut drive =
            Drive::new(0x80, DriveAccess { chs_hidden: 18, geometry: Some(geometry), ..plain(Method::Chs) });
        read_all(&mut drive, &mut bios, 18, last);
        assert_eq!(drive.method(), Method::Chs, "{geometry:?}");
    }
}

#[test]
fn a_limit_that_fails_costs_a_bounded_number_of_calls() {
    for limit in [1, 7, 32, 64, 127] {
        for first in [Method::Edd, Method::Chs] {
            let mut bios = limited(limit, Answer::Fails(0x01));
            let mut drive = Drive::new(0x80, plain(first));
            read_all(&mut drive, &mut bios, 0, 16_000);
            let failed = hangs(&bios, limit).len();
            // Seven sizes at most on the way down, and what four attempts to grow ask for too much, three times each.
            assert!(failed <= 3 * (6 + 4 * 3), "limit {limit}: {failed} calls failed");
            assert_eq!(drive.method(), first, "limit {limit}");
        }
    }
}

#[test]
fn a_limit_that_hangs_costs_two_hung_calls_at_most() {
    for limit in [1, 7, 32, 64, 127] {
        for first in [Method::Edd, Method::Chs] {
            let mut bios = limited(limit, Answer::Fails(HUNG));
            let mut drive = Drive::new(0x80, plain(first));
            read_all(&mut drive, &mut bios, 0, 16_000);
            let hung = hangs(&bios, limit);
            assert!(hung.len() <= 2, "limit {limit}: {hung:?}");
            assert!(hung.is_sorted_by(|a, b| a > b), "limit {limit}: {hung:?} asks for a size that hung");
            assert_eq!(usize::from(drive.trace().abandoned), hung.len());
            assert_eq!(drive.method(), first, "limit {limit}");
        }
    }
}

#[test]
fn after_a_hang_the_next_call_is_one_sector_or_what_worked_before() {
    let mut bios = limited(32, Answer::Fails(HUNG));
    let mut drive = Drive::new(0x80, plain(Method::Edd));
    assert_eq!(drive.read(&mut bios, 0, 20), Ok(20));
    assert_eq!(drive.read(&mut bios, 20, 127), Ok(20), "20 had worked");
    assert_eq!(bios.reads()[1..], [Call::Edd { lba: 20, sectors: 127 }, Call::Edd { lba: 20, sectors: 20 }]);

    let mut bios = limited(32, Answer::Fails(HUNG));
    let mut drive = Drive::new(0x80, plain(Method::Edd));
    assert_eq!(drive.read(&mut bios, 20, 127), Ok(1), "nothing had worked");
}

#[test]
fn a_size_that_worked_and_then_hangs_is_not_asked_again() {
    let mut reads = 0;
    let mut bios = MockBios::new(numbered(5000), move |call| match call {
        Call::Edd { sectors: 127, .. } => {
            reads += 1;
            if reads > 3 { Answer::Fails(HUNG) } else { Answer::Good }
        }
        _ => Answer::Good,
    });
    let mut drive = Drive::new(0x80, plain(Method::Edd));
    read_all(&mut drive, &mut bios, 0, 5000);
    assert_eq!(hangs(&bios, 126).len(), 4, "three that worked, and one that hung");
}

#[test]
fn a_method_that_hangs_on_one_sector_is_not_used_again() {
    let mut bios = MockBios::new(numbered(5000), |call| match call {
        Call::Edd { .. } => Answer::Fails(HUNG),
        _ => Answer::Good,
    });
    let mut drive = Drive::new(0x80, plain(Method::Edd));
    read_all(&mut drive, &mut bios, 128, 4000);
    let asked = bios.reads().iter().filter(|call| matches!(call, Call::Edd { .. })).count();
    assert_eq!((asked, drive.method()), (2, Method::Chs), "in full, and one sector");
}

#[test]
fn a_drive_that_always_hangs_costs_three_calls() {
    for first in [Method::Edd, Method::Chs] {
        let mut bios = MockBios::new(numbered(500), |_| Answer::Fails(HUNG));
        let mut drive = Drive::new(0x80, plain(first));
        assert_eq!(drive.read(&mut bios, 63, 127), Err(ReadError { status: HUNG, lba: 63 }));
        assert_eq!(bios.reads().len(), 3, "in full, one sector, and one sector by the other method");
        assert_eq!(drive.read(&mut bios, 64, 127), Err(ReadError { status: HUNG, lba: 64 }));
        assert_eq!(bios.reads().len(), 3, "and none after that");
    }
}

#[test]
fn the_first_transfer_is_as_long_as_stage_2_made_it_and_grows_from_there() {
    let mut bios = MockBios::good(numbered(9000));
    let mut drive = Drive::new(0x80, DriveAccess { transfer: 15, ..plain(Method::Edd) });
    assert_eq!(drive.read(&mut bios, 0, 127), Ok(15));
    read_all(&mut drive, &mut bios, 15, 8000);
    assert_eq!(drive.transfer_sectors(), 127);
    assert_eq!(Drive::new(0x80, DriveAccess { transfer: 500, ..plain(Method::Edd) }).transfer_sectors(), 127);
}

#[test]
fn an_error_on_each_nth_read_does_not_shorten_the_transfers() {
    for nth in 2..9_u32 {
        let mut count = 0;
        let mut bios = MockBios::new(numbered(6000), move |call| {
            count += u32::from(call != Call::Reset);
            if call != Call::Reset && count.is_multiple_of(nth) { Answer::Fails(0x20) } else { Answer::Good }
        });
        let mut drive = Drive::new(0x80, plain(Method::Edd));
        read_all(&mut drive, &mut bios, 0, 127 * 40);
        assert!(bios.reads().len() <= 80, "each {nth}th: {} reads for 40 transfers", bios.reads().len());
    }
}

#[test]
fn an_error_that_sticks_until_a_reset_costs_one_read_and_one_reset_each_time() {
    let (mut stuck, mut count) = (false, 0_u32);
    let mut bios = MockBios::new(numbered(6000), move |call| {
        if call == Call::Reset {
            stuck = false;
            return Answer::Good;
        }
        count += 1;
        stuck |= count.is_multiple_of(7);
        if stuck { Answer::Fails(0xBB) } else { Answer::Good }
    });
    let mut drive = Drive::new(0x80, plain(Method::Chs));
    read_all(&mut drive, &mut bios, 0, 5040);
    let (reads, resets) = (bios.reads().len(), bios.calls.len() - bios.reads().len());
    assert_eq!(reads, 80 + resets, "80 tracks");
    assert!(resets <= 14);
}

#[test]
fn ah_counts_only_when_the_carry_flag_is_set() {
    for ah in 0..=0xFF_u8 {
        let eax = 0xDEAD_0012 | u32::from(ah) << 8;
        assert_eq!(verdict(0x0246, eax), Ok(()), "CF clear");
        assert_eq!(verdict(0x0247, eax), Err(ah), "CF set");
    }
}

#[test]
fn a_missing_last_cylinder_is_an_error_of_its_sectors_only() {
    let end = 40 * 16 * 63_u64;
    let mut bios = MockBios::new(numbered(end as usize), move |call| match call {
        // No data of the call may lie in the last cylinder.
        Call::Edd { lba, sectors } | Call::Chs { lba, sectors } if lba + u64::from(sectors) > end - 1008 => {
            Answer::Fails(0x04)
        }
        _ => Answer::Good,
    });
    let mut drive = Drive::new(0x80, plain(Method::Edd));
    read_all(&mut drive, &mut bios, end - 3000, end - 1008);
    let before = bios.reads().len();
    let error = drive.read(&mut bios, end - 1008, 127).unwrap_err();
    assert_eq!(error, ReadError { status: 0x04, lba: end - 1008 });
    assert!(bios.reads().len() - before <= 42);
    read_all(&mut drive, &mut bios, end - 3000, end - 1008);
}

#[test]
fn a_person_may_choose_one_method_or_single_sectors() {
    let mut bios = MockBios::good(numbered(5000));
    let mut drive = Drive::new(0x80, plain(Method::Edd));
    assert!(drive.restrict(Method::Chs));
    drive.limit_to_one();
    assert_eq!(read_all(&mut drive, &mut bios, 0, 400), 400);
    assert!(bios.calls.iter().all(|call| matches!(call, Call::Chs { sectors: 1, .. })));

    let mut bios = MockBios::new(numbered(500), |_| Answer::Fails(0x01));
    drive.read(&mut bios, 3, 127).unwrap_err();
    assert!(
        bios.reads().iter().all(|call| matches!(call, Call::Chs { .. })),
        "EDD is not tried behind his back"
    );

    let mut blind = Drive::new(0x80, DriveAccess { geometry: None, ..plain(Method::Chs) });
    assert!(!blind.restrict(Method::Chs), "without a geometry");
    assert_eq!(blind.method(), Method::Edd);
}

#[test]
fn the_trace_says_what_was_asked_and_what_was_read() {
    let mut bios = MockBios::new(numbered(500), |call| match call {
        Call::Edd { lba: 200.., .. } | Call::Chs { lba: 200.., .. } => Answer::Fails(0x10),
        _ => Answer::Good,
    });
    let mut drive = Drive::new(0x80, plain(Method::Edd));
    drive.read(&mut bios, 100, 50).unwrap();
    drive.read(&mut bios, 210, 50).unwrap_err();
    let trace = bios.trace.unwrap();
    assert_eq!((trace.asked, trace.read, trace.status, trace.abandoned), (Some(210), Some(149), 0x10, 0));
    assert_eq!((trace.method, trace.sectors), (Method::Edd, 1));
}

/// BootInfo as stage 2 leaves it.
fn info(change: impl FnOnce(&mut BootInfo)) -> BootInfo {
    let mut info = BootInfo::new_zeroed();
    info.drive = 0x80;
    info.sectors_per_track.set(63);
    info.heads.set(16);
    change(&mut info);
    info
}

#[test]
fn what_was_measured_beats_what_the_bios_says() {
    let measured = |bits: u32, edd: u8| info(|info| (info.measured, info.edd) = (bits as u8, edd));
    let both = MEASURED_EDD | MEASURED_CHS;
    // MEASURED bits, whether EDD read the loader, whether AH=41h claims it; what comes first.
    for (bits, edd, claimed, first) in [
        (MEASURED_EDD, 1, false, Method::Edd),
        (MEASURED_EDD, 1, true, Method::Edd),
        (both, 1, false, Method::Edd),
        (both, 0, true, Method::Chs),
        (MEASURED_CHS, 1, true, Method::Chs),
        (MEASURED_CHS, 0, true, Method::Chs),
        (0, 1, true, Method::Edd),
        (0, 1, false, Method::Chs),
        (0, 0, true, Method::Chs),
    ] {
        let access = DriveAccess::from_info(&measured(bits, edd), claimed);
        assert_eq!(access.first, first, "measured {bits:X}, EDD read {edd}, claimed {claimed}");
    }
}

#[test]
fn a_stage_2_that_measured_nothing_leaves_what_the_bios_told() {
    let access = DriveAccess::from_info(&info(|_| ()), true);
    assert_eq!((access.edd_hidden, access.chs_hidden, access.transfer), (0, 0, 0));
    assert!(access.heads_are_told);
    assert_eq!(Drive::new(0x80, access).transfer_sectors(), 127);
    let told = info(|info| {
        info.sectors_per_track.set(0);
        info.told_sectors.set(32);
        info.told_heads.set(64);
    });
    let geometry = Some(Geometry { heads: 64, sectors_per_track: 32 });
    assert_eq!(DriveAccess::from_info(&told, false).geometry, geometry);
    let known = info(|info| info.measured = (MEASURED_SECTORS | MEASURED_HEADS) as u8);
    assert!(!DriveAccess::from_info(&known, false).heads_are_told);
}
