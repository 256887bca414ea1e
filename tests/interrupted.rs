//! Whatever happens at whatever moment: the stick is complete and proven, or it does not boot.

mod mock;

use std::sync::atomic::{AtomicBool, Ordering};

use mock::{End, Fault, Stick, image, is_complete, run, run_observed, stop_at};
use ramkey::pipeline::{PipelineError, StickState};

/// Writes of a run without faults.
fn writes_of_a_good_run() -> u64 {
    let stick = Stick::new(Fault::None);
    assert!(matches!(run(&stick, &image()), End::Committed(_)));
    let writes = stick.state().writes;
    assert!(writes >= 10, "the layout is too small to interrupt");
    writes
}

/// Judges what a run left behind. `began` is false if sector 0 was never cleared.
fn judge(stick: &Stick, end: &End, case: &str) {
    let image = image();
    match end {
        End::Committed(_) => assert!(is_complete(stick, &image), "{case}: committed and not complete"),
        End::Differs { stick: StickState::WillNotBoot, .. } => {
            assert_eq!(stick.sector_0(), [0; 512], "{case}");
        }
        End::Failed(failure) => match failure.stick {
            StickState::WillNotBoot => assert_eq!(stick.sector_0(), [0; 512], "{case}: {failure}"),
            StickState::Untouched => assert_eq!(stick.sector_0(), [0xD1; 512], "{case}: {failure}"),
            StickState::Unknown => {
                // Old, clear or complete: never something that boots and was not proven.
                let sector = stick.sector_0();
                let known = sector == [0xD1; 512] || sector == [0; 512] || is_complete(stick, &image);
                assert!(known, "{case}: {failure}");
            }
        },
        End::Differs { .. } => panic!("{case}: sector 0 could not be cleared"),
    }
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
        // Behind the last write nobody can tell, so nothing is promised.
        let expected = if n == 0 || n == writes - 1 { StickState::Unknown } else { StickState::WillNotBoot };
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
    assert!(flushes >= 3, "clear, write and commit each flush");
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
                assert_eq!(failure.stick, StickState::WillNotBoot, "event {n}");
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
    assert_eq!(failure.stick, StickState::Untouched);
    assert_eq!(stick.state().writes, 0);
}
