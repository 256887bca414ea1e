//! All of a stick is stamped and read: each lie is told for what it is, with the sectors and the size.

use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};

use crate::frames::fake::{Fake, Lies, Missing};
use ramkey::pipeline::{BadKind, BadRange, Ended, Event, Pass, Phase, RunId, Survey};

/// What they claim: 32 MiB and a little that fills no piece.
const CLAIMED: u64 = 65_536 + 100;

fn survey<T>(
    stick: &Fake,
    observe: &(dyn Fn(Event) + Sync),
    stop: &AtomicBool,
    work: impl Fn(&Survey) -> T,
) -> T {
    let clock = || stick.clock();
    work(&Survey { target: stick, stop, observe, clock: &clock })
}

/// Stamps a stick and reads it.
fn both(lies: Lies) -> (Fake, Pass, Pass) {
    let stick = Fake::new(lies);
    let id = RunId::new(b"survey");
    let (written, read) = survey(&stick, &|_| {}, &AtomicBool::new(false), |survey| {
        (survey.stamp(id, &[]), survey.read(Some(id)))
    });
    (stick, written, read)
}

fn places(pass: &Pass) -> Vec<(u64, u64, BadKind)> {
    pass.ranges.iter().map(|range| (range.lba, range.lba + range.sectors, range.kind)).collect()
}

#[test]
fn an_honest_stick_is_good_to_its_last_sector() {
    for claimed in [1, 7, 2048, 2049, CLAIMED] {
        let (_, written, read) = both(Lies::none(claimed));
        assert_eq!((written.done, written.ended), (claimed * 512, None));
        assert_eq!((read.done, read.ended, read.counts.good), (claimed * 512, None, claimed));
        assert_eq!((read.counts.bad(), read.real), (0, Some(claimed * 512)));
        assert!(read.slow.is_empty() && read.ranges.is_empty(), "{:?}", read.slow);
    }
}

#[test]
fn a_stick_that_counts_from_the_start_again_is_told_with_its_size() {
    for real in [1 << 14, 1 << 15, 20_001, 30_000, CLAIMED - 1] {
        let (_, _, read) = both(Lies::wraps(CLAIMED, real));
        assert_eq!(read.real, Some(real * 512), "{:?}", places(&read));
        // Each place holds the stamp that was written to it last.
        assert_eq!((read.counts.good, read.counts.overwritten), (real, CLAIMED - real));
        let BadRange { lba, stamp_of, kind, .. } = read.ranges[0];
        assert_eq!(kind, BadKind::Overwritten);
        assert!(stamp_of.is_some_and(|other| other != lba && other % real == lba % real), "{stamp_of:?}");
    }
}

#[test]
fn what_a_stick_drops_is_told_with_its_size() {
    for real in [5000, 40_000] {
        for missing in [Missing::Zeros, Missing::Ones, Missing::Old] {
            // A memory does not help, if it holds less than what is written once more, and that is there.
            let cache = if real > CLAIMED / 2 { 20_000 } else { 0 };
            let (_, _, read) = both(Lies { cache, ..Lies::drops(CLAIMED, real, missing) });
            assert_eq!(read.real, Some(real * 512), "{missing:?}: {:?}", places(&read));
            assert_eq!((read.counts.good, read.counts.lost), (real, CLAIMED - real));
            assert_eq!(read.ranges[0].kind, BadKind::Lost);
        }
    }
    let lies = Lies { wraps: Some(32_768), ..Lies::drops(CLAIMED, 20_000, Missing::Zeros) };
    assert_eq!(both(lies).2.real, Some(20_000 * 512), "it counts again behind more than it has");
}

#[test]
fn what_cannot_be_written_or_read_is_told_by_the_sector() {
    let (_, written, read) = both(Lies::drops(CLAIMED, CLAIMED - 9, Missing::Error));
    assert_eq!(places(&written), [(CLAIMED - 9, CLAIMED, BadKind::Unwritable)]);
    assert_eq!(places(&read), [(CLAIMED - 9, CLAIMED, BadKind::Unreadable)]);
    assert_eq!(read.real, Some((CLAIMED - 9) * 512));
    let (stick, _, read) = both(Lies { unreadable: 4097..4100, ..Lies::none(CLAIMED) });
    assert_eq!(places(&read), [(4097, 4100, BadKind::Unreadable)]);
    assert_eq!((read.real, read.counts.good), (Some(CLAIMED * 512), CLAIMED - 3), "a hole is no end");
    let read = survey(&stick, &|_| {}, &AtomicBool::new(false), |survey| survey.read(None));
    assert_eq!(places(&read), [(4097, 4100, BadKind::Unreadable)]);
    assert_eq!(read.real, None, "without stamps nobody knows");
}

#[test]
fn bits_that_change_are_counted_and_are_no_end() {
    let (_, _, read) = both(Lies { weak: 10_000..10_010, ..Lies::none(CLAIMED) });
    assert_eq!(places(&read), [(10_000, 10_010, BadKind::Changed)]);
    assert_eq!((read.ranges[0].bits, read.real), (Some(10), Some(CLAIMED * 512)));
    assert_eq!(read.ranges[0].to_string(), "sectors 10000..10010: 10 bits changed");
    let (_, _, read) = both(Lies { weak: CLAIMED - 5..CLAIMED, ..Lies::none(CLAIMED) });
    assert_eq!(read.real, Some(CLAIMED * 512));
}

#[test]
fn what_is_gone_without_power_is_found_when_it_is_read_again() {
    let stick = Fake::new(Lies { volatile: 30_000..CLAIMED, ..Lies::none(CLAIMED) });
    let id = RunId::random();
    let stop = AtomicBool::new(false);
    let pass = survey(&stick, &|_| {}, &stop, |survey| {
        survey.stamp(id, &[]);
        survey.read(Some(id))
    });
    assert_eq!(pass.counts.good, CLAIMED);
    stick.power_cycle();
    let pass = survey(&stick, &|_| {}, &stop, |survey| survey.read(Some(id)));
    assert_eq!(places(&pass), [(30_000, CLAIMED, BadKind::Lost)]);
    assert_eq!(pass.real, Some(30_000 * 512));
}

#[test]
fn a_slow_place_is_named_with_its_rate_and_what_is_usual() {
    let (_, _, read) = both(Lies { slow: 20_480..24_576, ..Lies::none(CLAIMED) });
    let [slow] = &read.slow[..] else { panic!("{:?}", read.slow) };
    assert_eq!((slow.lba, slow.sectors), (20_480, 4096));
    assert!(slow.rate * 50 < slow.usual && slow.usual > 15_000_000, "{slow:?}");
}

#[test]
fn very_many_ranges_are_counted_and_not_all_listed() {
    let stick = Fake::new(Lies::none(CLAIMED));
    let id = RunId::new(b"many");
    let stop = AtomicBool::new(false);
    survey(&stick, &|_| {}, &stop, |survey| survey.stamp(id, &[]));
    for lba in (0..CLAIMED).step_by(2).take(3000) {
        ramkey::pipeline::Target::write_at(&stick, lba * 512, &[0xEE; 512]).unwrap();
    }
    let pass = survey(&stick, &|_| {}, &stop, |survey| survey.read(Some(id)));
    assert_eq!((pass.ranges.len(), pass.more, pass.counts.lost), (1000, 2000, 3000));
}

#[test]
fn a_wish_to_stop_is_obeyed_and_the_pass_says_how_far_it_came() {
    for moment in [0, 3, 20] {
        let (stop, seen) = (AtomicBool::new(moment == 0), AtomicU64::new(0));
        let observe = |event: Event| {
            if matches!(event, Event::Advance { phase: Phase::Stamp, .. })
                && seen.fetch_add(1, Ordering::Relaxed) + 1 == moment
            {
                stop.store(true, Ordering::Relaxed);
            }
        };
        let stick = Fake::new(Lies::none(CLAIMED));
        let pass = survey(&stick, &observe, &stop, |survey| survey.stamp(RunId::new(b"stop"), &[]));
        assert_eq!(pass.ended, Some(Ended::Stopped));
        assert_eq!(pass.done, stick.state().written * 512);
        assert!(pass.done >= moment << 20 && pass.done < CLAIMED * 512, "{moment}: {}", pass.done);
    }
    // Nothing boots what was there once anything was written.
    let stop = AtomicBool::new(false);
    let observe = |_: Event| stop.store(true, Ordering::Relaxed);
    let stick = Fake::new(Lies::none(CLAIMED));
    let pass = survey(&stick, &observe, &stop, |survey| survey.stamp(RunId::new(b"stop"), &[]));
    assert!([0, 2 << 20].contains(&pass.done), "{}", pass.done);
}

#[test]
fn a_stick_that_is_pulled_ends_the_pass_with_what_the_system_said() {
    let (_, written, _) = both(Lies { pulled_after: 5, ..Lies::none(CLAIMED) });
    let Some(Ended::GaveUp(why)) = &written.ended else { panic!("{:?}", written.ended) };
    assert!(why.contains("Input/output error"), "{why}");
    assert!(written.done <= 5 << 20, "{}", written.done);
}
