//! A layout that clears nothing first: what is held back is the old sector or the new one, whatever happens.

use std::sync::atomic::AtomicBool;

use crate::frames::mock::{self, End, Fault, STICK_SECTORS, Stick, stop_at};
use ramkey::layout::{Content, Extent, Layout, Role};
use ramkey::pipeline::{Aftermath, Event, Job};

/// What is exchanged, in this order: one in a range of its own, one at the start of a range, one within.
const EXCHANGED: [u64; 3] = [700, 300, 305];

/// New chunks, a manifest, and first sectors that are exchanged.
fn layout() -> Layout {
    let extent = |lba: u64, sectors: u64, role| {
        let bytes = mock::noise((sectors * 512) as usize, lba);
        Extent { lba, sectors, role, content: Content::Bytes(bytes) }
    };
    Layout {
        stick_sectors: STICK_SECTORS,
        cleared_first: Vec::new(),
        held_back: EXCHANGED.to_vec(),
        extents: vec![
            extent(40, 16, Role::Manifest),
            extent(300, 10, Role::Directory),
            extent(700, 1, Role::Directory),
            extent(5000, 4000, Role::Directory),
        ],
    }
}

fn run_observed(stick: &Stick, stop: &AtomicBool, observe: &(dyn Fn(Event) + Sync)) -> End {
    mock::put(layout(), Job { target: stick, buffers: Job::BUFFERS, probe: None, inputs: &[], stop, observe })
}

fn run(stick: &Stick) -> End {
    run_observed(stick, &AtomicBool::new(false), &|_| {})
}

/// How many of the sectors are exchanged; every one of them is whole, and those that are come first in the order.
fn exchanged(stick: &Stick, case: &str) -> usize {
    let state = stick.state();
    let is_new = EXCHANGED.map(|lba| {
        let sector = &state.bytes[lba as usize * 512..][..512];
        let layout = layout();
        let extent = layout.extents.iter().find(|extent| extent.has(lba)).unwrap();
        let Content::Bytes(bytes) = &extent.content else { panic!("all are bytes") };
        let new = &bytes[(lba - extent.lba) as usize * 512..][..512];
        assert!(sector == [0xD1; 512] || sector == new, "{case}: sector {lba} is neither old nor new");
        sector == new
    });
    let count = is_new.iter().filter(|&&is_new| is_new).count();
    assert!(is_new[..count].iter().all(|&is_new| is_new), "{case}: {is_new:?}");
    count
}

/// Judges what a run left behind that did not end well.
fn judge(stick: &Stick, end: &End, case: &str) {
    let state = match end {
        End::Committed(_) => panic!("{case}: nobody noticed"),
        End::Differs { stick, .. } => *stick,
        End::Failed(failure) => failure.stick,
    };
    let count = exchanged(stick, case);
    match state {
        Aftermath::Untouched => assert_eq!(stick.state().writes, 0, "{case}"),
        Aftermath::BootsAsBefore => assert_eq!(count, 0, "{case}"),
        Aftermath::Unknown => {
            let writes_before = writes() - EXCHANGED.len() as u64;
            assert!(stick.state().writes > writes_before, "{case}: nothing was exchanged yet");
        }
        Aftermath::WillNotBoot => panic!("{case}: nothing is cleared"),
    }
}

fn good() -> Stick {
    let stick = Stick::new(Fault::None);
    let End::Committed(committed) = run(&stick) else { panic!("it was not committed") };
    assert_eq!(committed.bytes, committed.layout.written_sectors() * 512);
    stick
}

fn writes() -> u64 {
    good().state().writes
}

#[test]
fn everything_else_is_written_first_and_then_each_sector_once_in_the_order_of_the_layout() {
    let stick = good();
    assert_eq!(exchanged(&stick, "a good stick"), EXCHANGED.len());
    let state = stick.state();
    let log: Vec<(u64, u64)> = state.log.iter().map(|&(offset, len)| (offset / 512, len / 512)).collect();
    let (before, commit) = log.split_at(log.len() - EXCHANGED.len());
    assert_eq!(commit, EXCHANGED.map(|lba| (lba, 1)));
    let has = |lba: u64| before.iter().any(|&(first, sectors)| (first..first + sectors).contains(&lba));
    assert!(EXCHANGED.iter().all(|&lba| !has(lba)));
    for extent in layout().extents {
        let Content::Bytes(bytes) = &extent.content else { panic!("all are bytes") };
        assert_eq!(state.bytes[extent.lba as usize * 512..][..bytes.len()], bytes[..]);
    }
}

#[test]
fn each_write_and_each_flush_that_fails_leaves_the_old_sectors_or_the_new_ones() {
    let (writes, flushes) = (writes(), good().state().flushes);
    let each = |count, fault: fn(u64) -> Fault| (0..count).map(fault).collect::<Vec<_>>();
    let faults = [
        each(writes, Fault::FailWrite),
        each(writes, Fault::PulledAtWrite),
        each(writes, Fault::TornWrite),
        each(flushes, Fault::FailFlush),
    ];
    for fault in faults.concat() {
        let stick = Stick::new(fault);
        let end = run(&stick);
        judge(&stick, &end, &format!("{fault:?}"));
    }
}

#[test]
fn a_stick_that_loses_data_before_the_commit_boots_what_it_did() {
    // One sector of the new chunks is lost for good, another comes back wrong too often.
    for fault in [Fault::DropSector(6000), Fault::BadReads { lba: 41, times: 1000 }, Fault::Exchanged] {
        let stick = Stick::new(fault);
        let end = run(&stick);
        judge(&stick, &end, &format!("{fault:?}"));
        let state = match end {
            End::Differs { stick, .. } => stick,
            End::Failed(failure) => failure.stick,
            End::Committed(_) => panic!("{fault:?}"),
        };
        assert_eq!(state, Aftermath::BootsAsBefore, "{fault:?}");
    }
}

#[test]
fn a_sector_that_is_lost_in_the_commit_is_noticed_and_none_behind_it_is_written() {
    for (place, lba) in EXCHANGED.into_iter().enumerate() {
        let stick = Stick::new(Fault::DropSector(lba));
        let End::Failed(failure) = run(&stick) else { panic!("sector {lba} was not missed") };
        assert_eq!((failure.stick, exchanged(&stick, "lost")), (Aftermath::Unknown, place));
    }
}

#[test]
fn a_weak_spot_is_repaired_and_what_is_exchanged_later_is_not() {
    let stick = Stick::new(Fault::BadReads { lba: 6000, times: 1 });
    let End::Committed(committed) = run(&stick) else { panic!("it was not committed") };
    assert_eq!(committed.effort.repairs.len(), 1);
    let log = stick.state().log.clone();
    for lba in EXCHANGED {
        let times = log.iter().filter(|(offset, len)| (*offset..offset + len).contains(&(lba * 512))).count();
        assert_eq!(times, 1, "sector {lba}");
    }
}

#[test]
fn whoever_stops_before_the_commit_has_what_booted_before() {
    let count = std::sync::atomic::AtomicUsize::new(0);
    let counted = |_| {
        count.fetch_add(1, std::sync::atomic::Ordering::Relaxed);
    };
    let End::Committed(_) = run_observed(&Stick::new(Fault::None), &AtomicBool::new(false), &counted) else {
        panic!("it was not committed")
    };
    for n in 0..count.into_inner() {
        let (stick, stop) = (Stick::new(Fault::None), AtomicBool::new(false));
        match run_observed(&stick, &stop, &stop_at(n, &stop)) {
            End::Committed(_) => assert_eq!(exchanged(&stick, "too late"), EXCHANGED.len()),
            end => judge(&stick, &end, &format!("event {n}")),
        }
    }
}
