//! Whatever happens at whatever moment: the stick is complete and proven, or it does not boot.

use crate::frames::{mock, sticks};
use std::sync::atomic::{AtomicBool, Ordering};

use crate::frames::mock::CLEARED_FIRST;
use crate::frames::mock::{
    End, Fault, Stick, image, is_complete, is_complete_but_for_boot_sectors, run, run_observed, stop_at,
};
use ramkey::image::AsItIs;
use ramkey::pipeline::{Aftermath, Input, Job, PipelineError};
use ramkey::plan::{FsChoice, LayoutKind, Slot};
use ramkey_format::boot::SECTOR0_BOOT_CHECKSUM;
use ramkey_format::checksum::checksum;
use ramkey_format::memory::{BOOT_LBA, PARTITION_LBA};

/// Writes of a run without faults.
fn writes_of_a_good_run() -> u64 {
    let stick = Stick::new(Fault::None);
    assert!(matches!(run(&stick, &image()), End::Committed(_)));
    let writes = stick.state().writes;
    assert!(writes >= 10, "the layout is too small to interrupt");
    writes
}

/// Sectors that are cleared first, and as many that are committed.
const BOOT_SECTORS: u64 = CLEARED_FIRST.len() as u64;

/// Judges what a run left behind.
fn judge(stick: &Stick, end: &End, case: &str) {
    let image = image();
    match end {
        End::Committed(_) => assert!(is_complete(stick, &image), "{case}: committed and not complete"),
        End::Differs { stick: Aftermath::WillNotBoot, .. } => {
            assert!(stick.boot_sectors_are(0), "{case}");
        }
        End::Failed(failure) => match failure.stick {
            Aftermath::WillNotBoot => assert!(stick.boot_sectors_are(0), "{case}: {failure}"),
            Aftermath::Untouched => assert!(stick.boot_sectors_are(0xD1), "{case}: {failure}"),
            Aftermath::BootsAsBefore => panic!("{case}: its boot sectors were cleared"),
            Aftermath::Unknown => {
                // Old or complete behind the sectors that boot: never something that boots and was not proven.
                let known = is_old(stick) || is_complete_but_for_boot_sectors(stick, &image);
                assert!(known, "{case}: {failure}");
            }
        },
        End::Differs { .. } => panic!("{case}: the boot sectors could not be cleared"),
    }
}

/// Whether everything is as it was before, but the sectors that are cleared first.
fn is_old(stick: &Stick) -> bool {
    let state = stick.state();
    let mut sectors = (0..).zip(state.bytes.chunks(512));
    sectors.all(|(lba, sector)| CLEARED_FIRST.contains(&lba) || sector == [0xD1; 512])
}

#[test]
fn a_write_that_fails_at_any_point_leaves_a_stick_that_does_not_boot() {
    for n in 0..writes_of_a_good_run() {
        let stick = Stick::new(Fault::FailWrite(n));
        let end = run(&stick, &image());
        assert!(matches!(end, End::Failed(_)), "write {n} failed and nobody noticed");
        judge(&stick, &end, &format!("write {n} fails"));
    }
}

#[test]
fn a_stick_pulled_at_any_write_does_not_boot() {
    let writes = writes_of_a_good_run();
    for n in 0..writes {
        let stick = Stick::new(Fault::PulledAtWrite(n));
        let End::Failed(failure) = run(&stick, &image()) else { panic!("pulled at write {n}") };
        // Among the first and the last writes nobody can tell, so nothing is promised.
        let is_between = (BOOT_SECTORS..writes - BOOT_SECTORS).contains(&n);
        let expected = if is_between { Aftermath::WillNotBoot } else { Aftermath::Unknown };
        assert_eq!(failure.stick, expected, "pulled at write {n}");
        judge(&stick, &End::Failed(failure), &format!("pulled at write {n}"));
    }
}

#[test]
fn a_torn_write_at_any_point_leaves_a_stick_that_does_not_boot() {
    for n in 0..writes_of_a_good_run() {
        let stick = Stick::new(Fault::TornWrite(n));
        let end = run(&stick, &image());
        assert!(matches!(end, End::Failed(_)), "torn write {n}");
        judge(&stick, &end, &format!("torn write {n}"));
    }
}

#[test]
fn a_dropped_write_at_any_point_is_found() {
    for n in 0..writes_of_a_good_run() {
        let stick = Stick::new(Fault::DropWrite(n));
        let end = run(&stick, &image());
        judge(&stick, &end, &format!("dropped write {n}"));
    }
}

#[test]
fn a_failed_flush_at_any_point_leaves_a_stick_that_does_not_boot() {
    let stick = Stick::new(Fault::None);
    assert!(matches!(run(&stick, &image()), End::Committed(_)));
    let flushes = stick.state().flushes;
    assert_eq!(flushes, 2 * BOOT_SECTORS + 1, "each boot sector is flushed twice, the others together");
    for n in 0..flushes {
        let stick = Stick::new(Fault::FailFlush(n));
        let end = run(&stick, &image());
        assert!(matches!(end, End::Failed(_)), "flush {n} failed and nobody noticed");
        judge(&stick, &end, &format!("flush {n} fails"));
    }
}

#[test]
fn a_request_to_stop_is_obeyed_at_every_event() {
    let mut stopped = 0;
    for n in 0..200 {
        let stick = Stick::new(Fault::None);
        let stop = AtomicBool::new(false);
        let end = run_observed(&stick, &image(), &stop, &stop_at(n, &stop));
        judge(&stick, &end, &format!("stop at event {n}"));
        match end {
            End::Failed(failure) => {
                assert!(matches!(failure.cause, PipelineError::Stopped { .. }), "event {n}: {failure}");
                assert_eq!(failure.stick, Aftermath::WillNotBoot, "event {n}");
                stopped += 1;
            }
            End::Committed(_) if !stop.load(Ordering::Relaxed) => break,
            End::Committed(_) => {}
            End::Differs { .. } => panic!("event {n}"),
        }
    }
    assert!(stopped > 10, "only {stopped} events could stop it");
}

#[test]
fn a_stop_before_the_first_write_leaves_the_stick_untouched() {
    let stick = Stick::new(Fault::None);
    let stop = AtomicBool::new(true);
    let End::Failed(failure) = run_observed(&stick, &image(), &stop, &|_| {}) else { panic!("it went on") };
    assert_eq!(failure.stick, Aftermath::Untouched);
    assert_eq!(stick.state().writes, 0);
}

/// Which sectors boot whatever sector a BIOS starts: those that hold the checksum of one of the boot areas.
fn boots(bytes: &[u8]) -> Vec<usize> {
    let areas = [BOOT_LBA, PARTITION_LBA + BOOT_LBA].map(|lba| &bytes[lba as usize * 512..][..16 * 512]);
    let checksums = areas.map(|area| checksum(area).to_le_bytes());
    let at = SECTOR0_BOOT_CHECKSUM as usize;
    let holds = |sector: &[u8]| checksums.iter().any(|checksum| sector[at..at + 4] == *checksum);
    bytes.chunks(512).enumerate().filter(|(_, sector)| holds(sector)).map(|(lba, _)| lba).collect()
}

/// Whether two sticks are the same but for the sectors that are cleared first.
fn same_behind(a: &[u8], b: &[u8]) -> bool {
    let sectors = (0..).zip(a.chunks(512).zip(b.chunks(512)));
    sectors.filter(|(lba, _)| !CLEARED_FIRST.contains(lba)).all(|(_, (a, b))| a == b)
}

/// A whole stick of ours, with its image.
fn real(layout: LayoutKind, name: &str) -> sticks::Stick {
    let mut bytes = sticks::noise(700_000);
    bytes[..name.len()].copy_from_slice(name.as_bytes());
    sticks::Stick::new(vec![(name, sticks::Image(bytes))], layout, FsChoice::Auto, mock::STICK_SECTORS * 512)
}

/// Writes `new` over the bytes of an older stick.
fn write_over(old: &[u8], new: &sticks::Stick, fault: Fault) -> (Stick, End) {
    let stick = Stick::new(fault);
    stick.state().bytes.copy_from_slice(old);
    let image = &new.images[0];
    let chunks = mock::chunks(&image.0);
    let stored = AsItIs { source: image, chunk_shift: mock::CHUNK_SHIFT, chunks: &chunks };
    let inputs = [Input { name: "new.img", stored: &stored }];
    let stop = AtomicBool::new(false);
    let job = Job {
        target: &stick,
        buffers: Job::BUFFERS,
        probe: None,
        inputs: &inputs,
        stop: &stop,
        observe: &|_| {},
    };
    let end = mock::put(new.layout.clone(), job);
    (stick, end)
}

#[test]
fn no_sector_of_an_older_stick_or_of_the_new_one_boots_before_the_new_one_is_proven() {
    let old = real(LayoutKind::Universal { slot: Slot::First }, "old.img").bytes();
    assert!([0, 2, 2050].iter().all(|lba| boots(&old).contains(lba)), "the old stick boots from copies too");
    // One with a second boot header, and one without.
    for layout in [LayoutKind::Hdd, LayoutKind::Fdd] {
        let new = real(layout, "new.img");
        let (stick, end) = write_over(&old, &new, Fault::None);
        assert!(matches!(end, End::Committed(_)), "{layout:?}");
        let whole = stick.state().bytes.clone();
        assert!([0, 2].iter().all(|lba| boots(&whole).contains(lba)), "{layout:?}");
        let writes = stick.state().writes;
        let flushes = stick.state().flushes;
        let of_writes = (0..writes).flat_map(|n| {
            [Fault::FailWrite(n), Fault::TornWrite(n), Fault::PulledAtWrite(n), Fault::DropWrite(n)]
        });
        for fault in of_writes.chain((0..flushes).map(Fault::FailFlush)) {
            let (stick, end) = write_over(&old, &new, fault);
            let bytes = &stick.state().bytes;
            match end {
                End::Committed(_) => {
                    assert!(matches!(fault, Fault::DropWrite(_)) && *bytes == whole, "{layout:?} {fault:?}");
                }
                End::Failed(failure) if failure.stick == Aftermath::Unknown => {
                    let proven = same_behind(bytes, &old) || same_behind(bytes, &whole);
                    assert!(proven, "{layout:?} {fault:?}: {failure}");
                }
                End::Failed(failure) => {
                    assert_eq!(failure.stick, Aftermath::WillNotBoot, "{layout:?} {fault:?}");
                    assert_eq!(boots(bytes), [0; 0], "{layout:?} {fault:?}");
                    assert!(bytes[..512] == [0; 512], "{layout:?} {fault:?}");
                }
                End::Differs { .. } => panic!("{layout:?} {fault:?}"),
            }
        }
    }
}
