//! The read engine against BIOSes with every fault that was seen in the wild.

mod common;

use common::{Answer, Call, MockBios, SECTOR, numbered, plain};
use ramkey_loader_core::access::DriveAccess;
use ramkey_loader_core::drive::{Disk, Drive, Method, ReadError, Sectors};
use ramkey_loader_core::geometry::Geometry;

fn drive(first: Method) -> Drive {
    Drive::new(0x80, plain(first))
}

fn first_number(bios: &MockBios) -> u32 {
    u32::from_le_bytes(bios.buffer[..4].try_into().unwrap())
}

#[test]
fn a_good_bios_is_asked_once_for_the_largest_transfer() {
    let mut bios = MockBios::good(numbered(1000));
    let mut drive = drive(Method::Edd);
    assert_eq!(drive.read(&mut bios, 300, 200), Ok(127));
    assert_eq!(first_number(&bios), 300);
    assert_eq!(drive.read(&mut bios, 427, 5), Ok(5));
    assert_eq!(bios.calls, [Call::Edd { lba: 300, sectors: 127 }, Call::Edd { lba: 427, sectors: 5 }]);
}

#[test]
fn the_largest_size_that_works_is_found_and_remembered() {
    let ladder = [
        (127, 127),
        (126, 63),
        (64, 63),
        (63, 63),
        (62, 31),
        (31, 31),
        (30, 15),
        (8, 7),
        (3, 3),
        (2, 1),
        (1, 1),
    ];
    for (limit, expected) in ladder {
        let mut bios = MockBios::new(numbered(1000), move |call| match call {
            Call::Edd { sectors, .. } if sectors > limit => Answer::Fails(0x01),
            _ => Answer::Good,
        });
        let mut drive = drive(Method::Edd);
        assert_eq!(drive.read(&mut bios, 10, 127), Ok(expected), "limit {limit}");
        let learning = bios.calls.len();
        assert_eq!(drive.read(&mut bios, 500, 127), Ok(expected));
        assert_eq!(bios.calls.len(), learning + 1, "limit {limit}: the second read must not learn again");
        assert_eq!(drive.method(), Method::Edd);
    }
}

#[test]
fn a_bios_that_fails_now_and_then_is_asked_again_at_the_same_size() {
    let mut count = 0;
    let mut bios = MockBios::new(numbered(2000), move |call| {
        count += u32::from(call != Call::Reset);
        if call != Call::Reset && count.is_multiple_of(3) { Answer::Fails(0x80) } else { Answer::Good }
    });
    let mut drive = drive(Method::Edd);
    for lba in (0..1800).step_by(127) {
        assert_eq!(drive.read(&mut bios, lba, 127), Ok(127));
        assert_eq!(u64::from(first_number(&bios)), lba);
    }
}

#[test]
fn an_error_that_sticks_is_cleared_by_a_reset() {
    let (mut stuck, mut begun) = (false, false);
    let mut bios = MockBios::new(numbered(500), move |call| {
        if call == Call::Reset {
            stuck = false;
            return Answer::Good;
        }
        // The first read fails, and after it every read until a reset.
        stuck |= !begun;
        begun = true;
        if stuck { Answer::Fails(0x20) } else { Answer::Good }
    });
    assert_eq!(drive(Method::Edd).read(&mut bios, 1, 127), Ok(127));
    assert_eq!(bios.calls.len(), 3);
}

#[test]
fn edd_that_is_claimed_but_fails_gives_way_to_chs_for_good() {
    let mut bios = MockBios::new(numbered(2000), |call| match call {
        Call::Edd { .. } => Answer::Fails(0x01),
        _ => Answer::Good,
    });
    let mut drive = drive(Method::Edd);
    // Track 1 has 63 sectors from 63 on.
    assert_eq!(drive.read(&mut bios, 100, 127), Ok(26));
    assert_eq!(first_number(&bios), 100);
    assert_eq!(drive.method(), Method::Chs);
    let before = bios.calls.len();
    assert_eq!(drive.read(&mut bios, 126, 127), Ok(63));
    assert_eq!(bios.calls[before..], [Call::Chs { lba: 126, sectors: 63 }]);
}

#[test]
fn edd_that_is_not_claimed_is_used_when_chs_fails_or_cannot_reach() {
    let mut bios = MockBios::new(numbered(500), |call| match call {
        Call::Chs { .. } => Answer::Fails(0x01),
        _ => Answer::Good,
    });
    let mut modest = drive(Method::Chs);
    assert_eq!(modest.method(), Method::Chs);
    assert_eq!(modest.read(&mut bios, 5, 20), Ok(20));
    assert_eq!(modest.method(), Method::Edd);

    let small = Geometry { heads: 1, sectors_per_track: 1 };
    let mut far = Drive::new(0x80, DriveAccess { geometry: Some(small), ..plain(Method::Chs) });
    let mut bios = MockBios::good(numbered(1200));
    assert_eq!(far.read(&mut bios, 1024, 10), Ok(10));
    assert_eq!(bios.calls, [Call::Edd { lba: 1024, sectors: 10 }], "cylinder 1024 has no CHS address");
}

#[test]
fn a_senseless_geometry_is_not_used() {
    for geometry in
        [Geometry { heads: 0, sectors_per_track: 63 }, Geometry { heads: 16, sectors_per_track: 0 }]
    {
        let mut bios = MockBios::new(numbered(10), |_| Answer::Fails(0x0C));
        let mut drive = Drive::new(0x80, DriveAccess { geometry: Some(geometry), ..plain(Method::Chs) });
        assert_eq!(drive.read(&mut bios, 3, 4), Err(ReadError { status: 0x0C, lba: 3 }));
        assert!(bios.reads().iter().all(|call| matches!(call, Call::Edd { .. })));
    }
}

#[test]
fn a_dead_drive_costs_a_bounded_number_of_calls() {
    for first in [Method::Edd, Method::Chs] {
        let mut bios = MockBios::new(numbered(500), |_| Answer::Fails(0x20));
        let mut drive = drive(first);
        assert_eq!(drive.read(&mut bios, 63, 127), Err(ReadError { status: 0x20, lba: 63 }));
        let resets = bios.calls.len() - bios.reads().len();
        // EDD 127, 63, ... 1 and CHS 63, 31, ... 1: 13 sizes, three times each, a reset behind each.
        assert_eq!((bios.reads().len(), resets), (39, 39));
        drive.read(&mut bios, 63, 127).unwrap_err();
        assert_eq!(bios.reads().len(), 39 + 6, "the second time only single sectors are tried");
    }
}

#[test]
fn a_drive_that_times_out_is_given_up_after_four_calls() {
    for first in [Method::Edd, Method::Chs] {
        let mut bios = MockBios::new(numbered(500), |_| Answer::Fails(0x80));
        assert_eq!(drive(first).read(&mut bios, 63, 127), Err(ReadError { status: 0x80, lba: 63 }));
        assert_eq!(bios.reads().len(), 4, "twice in full, one sector, and one sector by the other method");
    }
}

#[test]
fn a_stick_that_times_out_once_is_read_in_full_transfers() {
    let mut first = true;
    let mut bios = MockBios::new(numbered(1000), move |call| {
        let fails = call != Call::Reset && std::mem::take(&mut first);
        if fails { Answer::Fails(0x80) } else { Answer::Good }
    });
    let mut drive = drive(Method::Edd);
    assert_eq!(drive.read(&mut bios, 63, 127), Ok(127));
}

#[test]
fn transfers_grow_again_behind_a_weak_place_but_not_for_ever() {
    let mut bios = MockBios::new(numbered(1000), |call| match call {
        Call::Edd { lba: ..100, sectors: 2.. } => Answer::Fails(0x10),
        _ => Answer::Good,
    });
    let mut weak = drive(Method::Edd);
    assert_eq!(weak.read(&mut bios, 50, 127), Ok(1));
    let sizes: Vec<u16> = (0..200).map(|_| weak.read(&mut bios, 500, 127).unwrap()).collect();
    assert_eq!((sizes[0], sizes[40], sizes[80], sizes[199]), (1, 3, 7, 31));

    let mut bios = MockBios::new(numbered(1000), |call| match call {
        Call::Edd { sectors: 64.., .. } => Answer::Fails(0x01),
        _ => Answer::Good,
    });
    let mut limited = drive(Method::Edd);
    for _ in 0..500 {
        assert_eq!(limited.read(&mut bios, 300, 127), Ok(63));
    }
    let failed = bios.reads().iter().filter(|call| matches!(call, Call::Edd { sectors: 64.., .. })).count();
    assert_eq!(failed, 3 * 5, "the first read, and four that tried again");
}

#[test]
fn one_bad_sector_is_named_by_its_lba() {
    let bad = 200;
    let covers = move |lba: u64, sectors: u16| (lba..lba + u64::from(sectors)).contains(&bad);
    let mut bios = MockBios::new(numbered(500), move |call| match call {
        Call::Edd { lba, sectors } | Call::Chs { lba, sectors } if covers(lba, sectors) => {
            Answer::Fails(0x10)
        }
        _ => Answer::Good,
    });
    let mut drive = drive(Method::Edd);
    let mut lba = 100;
    let error = loop {
        match drive.read(&mut bios, lba, 127) {
            Ok(sectors) => lba += u64::from(sectors),
            Err(error) => break error,
        }
    };
    assert_eq!(error, ReadError { status: 0x10, lba: 200 });
}

#[test]
fn what_was_read_is_served_from_the_buffer_until_it_is_forgotten() {
    let mut disk = Disk::new(MockBios::good(numbered(500)), drive(Method::Edd));
    assert_eq!(disk.read(10, 127).unwrap().len(), 127 * SECTOR);
    let bytes = disk.read(136, 127).unwrap();
    assert_eq!((bytes.len(), &bytes[..4]), (SECTOR, &136u32.to_le_bytes()[..]));
    assert_eq!(disk.read(20, 3).unwrap().len(), 3 * SECTOR);
    disk.invalidate();
    assert_eq!(disk.read(20, 3).unwrap()[..4], 20u32.to_le_bytes());
    assert_eq!(disk.bios().calls, [Call::Edd { lba: 10, sectors: 127 }, Call::Edd { lba: 20, sectors: 3 }]);
}

#[test]
fn a_failed_read_leaves_nothing_to_be_served() {
    let mut disk = Disk::new(
        MockBios::new(numbered(500), |call| match call {
            Call::Edd { lba: 300.., .. } | Call::Chs { lba: 300.., .. } => Answer::Fails(0x04),
            _ => Answer::Good,
        }),
        drive(Method::Edd),
    );
    disk.read(10, 50).unwrap();
    assert_eq!(disk.read(300, 50), Err(ReadError { status: 0x04, lba: 300 }));
    assert_eq!(disk.read(10, 1).unwrap()[..4], 10u32.to_le_bytes(), "the buffer was poisoned by the failure");
}

#[test]
fn shrinking_quarters_the_transfers_and_resets_the_drive() {
    let mut disk = Disk::new(MockBios::good(numbered(500)), drive(Method::Edd));
    let mut sizes = Vec::new();
    loop {
        sizes.push(disk.read(5, 127).unwrap().len() / SECTOR);
        if !disk.shrink() {
            break;
        }
    }
    assert_eq!(sizes, [127, 31, 7, 1]);
    let resets = disk.bios().calls.iter().filter(|call| **call == Call::Reset).count();
    assert_eq!(resets, 4);
}
