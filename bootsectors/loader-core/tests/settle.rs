//! Heads that no stamp measured are found by what the stick proves.

mod common;

use common::sticks::{CHUNK, boot_by, capsule, image, stick, stick_named, stick_of};
use common::{Answer, Call, Lcg, MockBios, SECTOR, plain};
use ramkey_format::capsule::CapsuleHeader;
use ramkey_loader_core::access::{DriveAccess, HEADS, Trial, trial};
use ramkey_loader_core::drive::{Disk, Drive, Method};
use ramkey_loader_core::fat::Fat;
use ramkey_loader_core::geometry::Geometry;
use ramkey_loader_core::settle::settle;

/// A BIOS without EDD that counts by `real`, and says that it has `told` heads.
fn by_told_heads(bytes: &[u8], real: Geometry, told: u16) -> (MockBios, DriveAccess) {
    let mut bios = MockBios::new(bytes.to_vec(), |call| match call {
        Call::Edd { .. } => Answer::Fails(0x01),
        _ => Answer::Good,
    });
    (bios.geometry, bios.lenient) = (real, true);
    let geometry = Some(Geometry { heads: told, ..real });
    (bios, DriveAccess { geometry, heads_are_told: true, ..plain(Method::Chs) })
}

/// Whether the image is loaded, and how often sectors were asked for before its first chunk.
fn settled(bytes: &[u8], real: Geometry, told: u16) -> (bool, usize) {
    let (bios, access) = by_told_heads(bytes, real, told);
    let mut disk = Disk::new(bios, Drive::new(0x80, access));
    settle::<Fat, _>(&mut disk, 0, &mut [0; 4096], || ());
    assert!(!disk.drive().heads_are_in_doubt());
    let reads = disk.bios().reads().len();
    let access = DriveAccess {
        geometry: Some(Geometry { heads: disk.drive().trace().heads, ..real }),
        heads_are_told: false,
        ..access
    };
    let (bios, _) = by_told_heads(bytes, real, told);
    (boot_by(bios, access).0.is_ok_and(|loaded| loaded == image()), reads)
}

#[test]
fn heads_that_nobody_measured_are_found_by_what_can_be_proven() {
    let bytes = stick(&capsule(&image()));
    for heads in HEADS.into_iter().chain((1..=255).step_by(23)) {
        let real = Geometry { heads, sectors_per_track: if heads > 4 { 2 } else { 18 } };
        for told in [255, 64, 3] {
            let (loaded, reads) = settled(&bytes, real, told);
            assert!(loaded, "{heads} heads, told {told}");
            assert!(reads < 4000, "{heads} heads, told {told}: {reads} reads");
        }
    }
}

#[test]
fn heads_that_differ_behind_all_but_the_last_capsule_are_found_before_one_is_chosen() {
    // Two capsules: the first lies in the first cylinder of every geometry, the last is behind it.
    let whole = capsule(&image());
    let bytes = stick_of(&[&whole, &whole]);
    let from = bytes.windows(8).rposition(|window| window == CapsuleHeader::MAGIC).unwrap() / SECTOR;
    let real = Geometry { heads: (from / 8) as u16, sectors_per_track: 8 };
    assert!(real.heads > 30 && usize::from(real.heads) * 8 > whole.len() / SECTOR, "{real:?}");
    for told in [255, 64, real.heads - 1] {
        let (bios, access) = by_told_heads(&bytes, real, told);
        let mut disk = Disk::new(bios, Drive::new(0x80, access));
        settle::<Fat, _>(&mut disk, 0, &mut [0; 4096], || ());
        assert_eq!(disk.drive().trace().heads, real.heads, "told {told}");
    }
}

#[test]
fn heads_that_are_told_right_cost_no_more_than_the_header_and_a_chunk() {
    let real = Geometry { heads: 16, sectors_per_track: 63 };
    let bytes = stick(&capsule(&image()));
    let (bios, access) = by_told_heads(&bytes, real, 16);
    let mut disk = Disk::new(bios, Drive::new(0x80, access));
    settle::<Fat, _>(&mut disk, 0, &mut [0; 4096], || panic!("the heads were right"));
    assert!(disk.bios().reads().len() <= 9, "{:?}", disk.bios().reads());
}

/// Without EDD, with `real` heads where 255 are told, and `more` faults by CHS.
fn searched(
    bytes: &[u8],
    real: Geometry,
    mut more: impl FnMut(u64, u16) -> Answer + 'static,
) -> Disk<MockBios> {
    let (mut bios, access) = by_told_heads(bytes, real, 255);
    bios.fault = Box::new(move |call| match call {
        Call::Edd { .. } => panic!("EDD does not work, and was not measured"),
        Call::Chs { lba, sectors } => more(lba, sectors),
        Call::Reset => Answer::Good,
    });
    let mut disk = Disk::new(bios, Drive::new(0x80, access));
    settle::<Fat, _>(&mut disk, 0, &mut [0; 4096], || ());
    disk
}

/// Short enough that the capsule lies in many cylinders.
const REAL: Geometry = Geometry { heads: 16, sectors_per_track: 2 };

fn proves(disk: &Disk<MockBios>, heads: u16) {
    let trace = disk.drive().trace();
    assert_eq!((trace.heads, trace.heads_proven), (heads, true));
}

#[test]
fn a_long_table_that_every_trial_reaches_is_read_once() {
    // Header and table lie in the first cylinder of more than a hundred numbers of heads, the last chunk behind it.
    let mut image = vec![0; 2000 * CHUNK];
    let stored = 1970 * CHUNK;
    image[stored..].copy_from_slice(&Lcg(4).bytes(30 * CHUNK));
    let bytes = stick(&capsule(&image));
    let real = Geometry { heads: 100, sectors_per_track: 8 };
    let (bios, access) = by_told_heads(&bytes, real, 255);
    let mut disk = Disk::new(bios, Drive::new(0x80, access));
    settle::<Fat, _>(&mut disk, 0, &mut [0; 4096], || ());
    proves(&disk, 100);
    let header = bytes.windows(8).position(|window| window == CapsuleHeader::MAGIC).unwrap() / SECTOR;
    let table = header as u64 + 10..header as u64 + 180;
    let all = disk.bios().reads();
    let is_of_table = |call: &&Call| matches!(call, Call::Chs { lba, .. } if table.contains(lba));
    let reads = all.iter().filter(is_of_table).count();
    assert!(reads < 200, "{reads} reads of the table, of {}", all.len());
}

#[test]
fn heads_that_are_told_right_cost_a_few_sectors_on_a_bios_that_reads_single_ones() {
    let bytes = stick(&capsule(&image()));
    for (told, reads) in [(16, 10), (255, 60)] {
        let (bios, access) = by_told_heads(&bytes, REAL, told);
        let mut disk = Disk::new(bios, Drive::new(0x80, DriveAccess { transfer: 1, ..access }));
        settle::<Fat, _>(&mut disk, 0, &mut [0; 4096], || ());
        assert_eq!(disk.drive().trace().heads, 16, "told {told}");
        let made = disk.bios().reads().len();
        assert!(made <= reads, "told {told}: {made} reads");
    }
}

#[test]
fn a_header_that_wrong_heads_reach_too_is_not_the_end_on_a_bios_that_reads_single_sectors() {
    // The header lies in the first cylinder of all of them, the end of the image does not.
    let image = image();
    let bytes = stick(&capsule(&image));
    for (heads, told) in [(32, 255), (32, 64), (16, 64), (15, 255)] {
        let real = Geometry { heads, sectors_per_track: 8 };
        let (bios, access) = by_told_heads(&bytes, real, told);
        let (loaded, _) = boot_by(bios, DriveAccess { transfer: 1, ..access });
        assert!(loaded.is_ok_and(|loaded| loaded == image), "{heads} heads, told {told}");
    }
}

#[test]
fn a_bios_that_spoils_long_transfers_is_searched_in_single_sectors() {
    let bytes = stick(&capsule(&image()));
    let spoils = |_, sectors| if sectors > 1 { Answer::Lies } else { Answer::Good };
    let mut disk = searched(&bytes, REAL, spoils);
    proves(&disk, 16);
    // It stays at single sectors, however many work.
    assert!(!disk.bios().reads().is_empty());
    assert_eq!(disk.drive().transfer_sectors(), 1);
}

#[test]
fn a_bios_that_answers_a_head_which_it_lacks_with_a_time_out_is_searched() {
    let bytes = stick(&capsule(&image()));
    let (mut bios, access) = by_told_heads(&bytes, REAL, 255);
    bios.fault =
        Box::new(|call| if matches!(call, Call::Edd { .. }) { Answer::Fails(1) } else { Answer::Good });
    bios.outside = 0x80;
    let mut disk = Disk::new(bios, Drive::new(0x80, access));
    settle::<Fat, _>(&mut disk, 0, &mut [0; 4096], || ());
    proves(&disk, 16);
}

#[test]
fn a_call_that_hangs_ends_the_search_and_long_ones_are_made_once() {
    let bytes = stick(&capsule(&image()));
    let hangs = |_, sectors| if sectors > 1 { Answer::Fails(0xFE) } else { Answer::Good };
    let mut disk = searched(&bytes, REAL, hangs);
    let long = |call: &Call| matches!(call, Call::Chs { sectors, .. } if *sectors > 1);
    assert_eq!(disk.bios().reads().iter().filter(|call| long(call)).count(), 1);
    proves(&disk, 16);
}

#[test]
fn the_capsule_that_lies_farthest_may_be_damaged_or_none_at_all() {
    let whole = capsule(&image());
    let mut damaged = whole.clone();
    let at = damaged.len() - SECTOR;
    damaged[at] ^= 1;
    proves(&searched(&stick_of(&[&whole, &damaged]), REAL, |_, _| Answer::Good), 16);
    let named = |name| stick_named(&[("TEST.RKC", &whole), (name, &[0; 4096])]);
    let mut disk = searched(&named("_TEST.RKC"), REAL, |_, _| Answer::Good);
    proves(&disk, 16);
    let few = disk.bios().reads().len();
    let many = searched(&named("TOO.RKC"), REAL, |_, _| Answer::Good).bios().reads().len();
    assert!(few < many / 10, "{few} reads, {many} where it is taken for a capsule");
}

#[test]
fn a_capsule_behind_the_last_cylinder_does_not_count() {
    // Eight heads reach 8192 sectors of one each; nothing is tried but what was told.
    let whole = capsule(&image());
    let padding = vec![1; 8000 * SECTOR];
    let bytes = stick_named(&[("TEST.RKC", &whole), ("BETWEEN.BIN", &padding), ("LAST.RKC", &whole)]);
    let real = Geometry { heads: 8, sectors_per_track: 1 };
    let (bios, access) = by_told_heads(&bytes, real, 8);
    let mut disk = Disk::new(bios, Drive::new(0x80, access));
    settle::<Fat, _>(&mut disk, 0, &mut [0; 4096], || panic!("the heads were right"));
    proves(&disk, 8);
}

#[test]
fn usual_heads_are_tried_when_edd_is_given_up_later() {
    let image = image();
    let bytes = stick(&capsule(&image));
    for heads in [255, 240, 128, 64, 16] {
        let real = Geometry { heads, sectors_per_track: 1 };
        let (mut bios, access) = by_told_heads(&bytes, real, 3);
        let mut reads = 0;
        bios.fault = Box::new(move |call| {
            reads += u32::from(matches!(call, Call::Edd { .. }));
            if matches!(call, Call::Edd { .. }) && reads > 20 { Answer::Fails(0x01) } else { Answer::Good }
        });
        let access = DriveAccess { first: Method::Edd, transfer: 1, ..access };
        let (loaded, _) = boot_by(bios, access);
        assert!(loaded.is_ok_and(|loaded| loaded == image), "{heads} heads");
    }
}

#[test]
fn heads_that_cannot_be_found_end_with_what_was_told_after_a_bounded_number_of_calls() {
    let mut whole = capsule(&image());
    *whole.last_mut().unwrap() ^= 1;
    let at = whole.len() - SECTOR;
    whole[at] ^= 1;
    let bytes = stick(&whole);
    let real = Geometry { heads: 7, sectors_per_track: 3 };
    let (bios, access) = by_told_heads(&bytes, real, 255);
    let mut disk = Disk::new(bios, Drive::new(0x80, access));
    let mut searched = 0;
    settle::<Fat, _>(&mut disk, 0, &mut [0; 4096], || searched += 1);
    assert!(!disk.drive().heads_are_in_doubt());
    assert_eq!((disk.drive().trace().heads, searched), (255, 1));
    let calls = disk.bios().calls.len();
    assert!(calls < 8000, "{calls} calls");
}

#[test]
fn a_stick_that_is_gone_is_not_asked_with_every_number_of_heads() {
    for status in [0x80, 0xFE] {
        let real = Geometry { heads: 16, sectors_per_track: 63 };
        let (mut bios, access) = by_told_heads(&stick(&capsule(&image())), real, 64);
        bios.fault = Box::new(move |_| Answer::Fails(status));
        let mut disk = Disk::new(bios, Drive::new(0x80, access));
        settle::<Fat, _>(&mut disk, 0, &mut [0; 4096], || panic!("nothing was there to be proven"));
        assert_eq!(disk.drive().trace().heads, 64);
        assert!(disk.bios().reads().len() <= 6, "{:?}", disk.bios().reads());
    }
}

#[test]
fn every_number_of_heads_is_tried() {
    for told in [1, 77, 255] {
        let trials: Vec<Trial> = (0..).map_while(|number| trial(number, told)).collect();
        assert_eq!(trials[0], Trial { heads: told, single: false });
        for heads in 1..=255 {
            assert!(trials.contains(&Trial { heads, single: false }), "{heads} heads, told {told}");
        }
        assert!(trials.len() < 300, "{}", trials.len());
    }
}
