//! Requests that fail: made again within bounds, narrowed down to sectors, and told.

use std::sync::Mutex;
use std::sync::atomic::AtomicBool;

use crate::frames::mock::{self, End, Fault, STICK_SECTORS, Stick, image, is_complete, run, run_observed};
use ramkey::layout::{Content, Extent, Layout, Role};
use ramkey::pipeline::{Access, Aftermath, Event, Found, Job, Phase, PipelineError, Retry, VerifyLevel};

/// Writes and reads of a run without faults.
fn good_run() -> (u64, u64) {
    let stick = Stick::new(Fault::None);
    let End::Committed(committed) = run(&stick, &image()) else { panic!("it was not committed") };
    assert_eq!(committed.effort.retries, []);
    assert_eq!(committed.effort.level, VerifyLevel::Direct);
    assert_eq!((committed.effort.written, committed.effort.skipped), (committed.bytes, 0));
    let state = stick.state();
    (state.writes, state.reads)
}

#[test]
fn each_write_that_fails_once_is_made_again_and_told() {
    for n in 0..good_run().0 {
        let stick = Stick::new(Fault::FlakyWrite(n));
        let End::Committed(committed) = run(&stick, &image()) else { panic!("write {n}: not committed") };
        assert!(is_complete(&stick, &image()), "write {n}");
        let [retry] = &committed.effort.retries[..] else { panic!("write {n}: {:?}", committed.effort) };
        let (offset, len) = stick.state().log[n as usize];
        let error = "Input/output error (os error 5)".into();
        let expected =
            Retry { access: Access::Write, lba: offset / 512, sectors: len / 512, failed: 1, error };
        assert_eq!(*retry, expected, "write {n}");
        assert_eq!(committed.effort.repairs, [], "write {n}");
    }
}

#[test]
fn each_read_that_fails_once_is_made_again_and_told() {
    let reads = good_run().1;
    assert!(reads > 12, "{reads}");
    for n in 0..reads {
        let stick = Stick::new(Fault::FlakyRead(n));
        let End::Committed(committed) = run(&stick, &image()) else { panic!("read {n}: not committed") };
        assert!(is_complete(&stick, &image()), "read {n}");
        let [retry] = &committed.effort.retries[..] else { panic!("read {n}: {:?}", committed.effort) };
        assert_eq!((retry.access, retry.failed), (Access::Read, 1), "read {n}");
        assert_eq!(committed.effort.repairs, [], "read {n}");
    }
}

#[test]
fn a_device_that_is_gone_is_asked_no_second_time() {
    let (writes, reads) = good_run();
    for n in 3..writes - 3 {
        let stick = Stick { in_flight: 1, ..Stick::new(Fault::GoneAtWrite(n)) };
        let End::Failed(failure) = run(&stick, &image()) else { panic!("write {n}: it was missed") };
        assert!(matches!(failure.cause, PipelineError::Write { .. }), "write {n}: {failure}");
        assert_eq!(failure.stick, Aftermath::WillNotBoot, "write {n}");
        assert_eq!(stick.state().writes, n + 1, "write {n} was made again");
    }
    for n in 3..reads - 3 {
        let stick = Stick { in_flight: 1, ..Stick::new(Fault::GoneAtRead(n)) };
        let End::Failed(failure) = run(&stick, &image()) else { panic!("read {n}: it was missed") };
        assert!(matches!(failure.cause, PipelineError::Read { .. }), "read {n}: {failure}");
        assert_eq!(failure.stick, Aftermath::WillNotBoot, "read {n}");
        assert_eq!(stick.state().reads, n + 1, "read {n} was made again");
    }
}

#[test]
fn a_device_that_answers_nothing_is_given_up_after_few_requests() {
    let writes = good_run().0;
    for n in 3..writes - 3 {
        let stick = Stick::new(Fault::PulledAtWrite(n));
        let End::Failed(failure) = run(&stick, &image()) else { panic!("write {n}: it was missed") };
        assert_eq!(failure.stick, Aftermath::WillNotBoot, "write {n}");
        let more = stick.state().writes - n;
        assert!(more <= 30, "{more} requests behind write {n}");
    }
}

#[test]
fn sectors_that_refuse_writes_or_reads_are_named_each_and_no_other() {
    type Make = fn(u64, u64) -> Fault;
    let makes: [Make; 2] =
        [|lba, sectors| Fault::Unwritable { lba, sectors }, |lba, sectors| Fault::Dead { lba, sectors }];
    // In boot code, in a table, in the image, across two pieces of it, and the last of the stick.
    let ranges = [(140, 1), (2500, 3), (3001, 1), (3000 + 2047, 2), (STICK_SECTORS - 1, 1), (3100, 128)];
    for (make, (lba, sectors)) in makes.into_iter().flat_map(|make| ranges.map(|range| (make, range))) {
        let fault = make(lba, sectors);
        let stick = Stick::new(fault);
        let End::Differs { stick: state, differences } = run(&stick, &image()) else {
            panic!("{fault:?}: it was missed")
        };
        assert_eq!(state, Aftermath::WillNotBoot, "{fault:?}");
        let mut free_from = lba;
        for difference in &differences {
            assert_eq!(difference.offset, free_from * 512, "{fault:?}");
            free_from = difference.end / 512;
            match (&difference.read, fault) {
                (Found::Unwritable(read, why), Fault::Unwritable { .. }) => {
                    let len = (difference.end - difference.offset) as usize;
                    assert_eq!(*read, blake3::hash(&vec![0xD1; len]), "{fault:?}");
                    assert!(why.contains("os error 5"), "{fault:?}: {why}");
                }
                (Found::Unreadable(why), Fault::Dead { .. }) => assert!(why.contains("os error 5"), "{why}"),
                (read, _) => panic!("{fault:?}: {read:?}"),
            }
        }
        assert_eq!(free_from, lba + sectors, "{fault:?}");
    }
}

#[test]
fn a_sector_that_is_written_at_the_third_time_is_repaired() {
    // Twice as part of its piece, and twice alone; then the piece is written again as a whole.
    let stick = Stick::new(Fault::Unreadable { lba: 2500, times: 20 });
    let End::Committed(committed) = run(&stick, &image()) else { panic!("it was not committed") };
    assert_eq!(committed.effort.repairs.len(), 1);
    assert!(committed.effort.retries.len() >= 2, "{:?}", committed.effort.retries);
    assert!(is_complete(&stick, &image()));
}

#[test]
fn a_range_that_many_requests_fail_in_does_not_take_for_ever() {
    // Half of the stick refuses writes: that is no weak spot.
    let fault = Fault::Unwritable { lba: 3000, sectors: 8000 };
    let stick = Stick::new(fault);
    let End::Failed(failure) = run(&stick, &image()) else { panic!("it was missed") };
    assert!(matches!(failure.cause, PipelineError::Write { .. }), "{failure}");
    assert!(stick.state().writes < 2200, "{} writes", stick.state().writes);
    assert!(stick.boot_sectors_are(0));
}

#[test]
fn what_the_device_refused_is_not_counted_as_written() {
    let stick = Stick::new(Fault::Unwritable { lba: 3001, sectors: 2 });
    let events = Mutex::new(Vec::new());
    let observe = |event| events.lock().unwrap().push(event);
    let End::Differs { .. } = run_observed(&stick, &image(), &AtomicBool::new(false), &observe) else {
        panic!("it was missed")
    };
    let events = events.into_inner().unwrap();
    let (mut promised, mut done) = (0, 0);
    for event in events {
        match event {
            Event::Begin { phase: Phase::Write, bytes } => promised = bytes,
            Event::Advance { phase: Phase::Write, bytes } => done += bytes,
            _ => {}
        }
    }
    assert_eq!(promised - done, 2 * 512);
}

#[test]
fn few_buffers_are_enough_and_no_more_are_taken() {
    let sectors = STICK_SECTORS - 4;
    let content = Content::Bytes(mock::noise(sectors as usize * 512, 3));
    let layout = Layout {
        stick_sectors: STICK_SECTORS,
        cleared_first: vec![0],
        held_back: vec![0],
        extents: vec![Extent { lba: 0, sectors, role: Role::Sector0, content }],
    };
    for buffers in [0, 1, 2, 3] {
        let stick = Stick::new(Fault::None);
        let stop = AtomicBool::new(false);
        let job = Job { target: &stick, buffers, probe: None, inputs: &[], stop: &stop, observe: &|_| {} };
        let End::Committed(committed) = mock::put(layout.clone(), job) else { panic!("{buffers} buffers") };
        assert_eq!(committed.bytes, sectors * 512, "{buffers} buffers");
    }
}
