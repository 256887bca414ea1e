//! The pipeline through a real block device that fails, is slow, or is pulled out.

use std::fs;
use std::sync::Mutex;
use std::sync::atomic::AtomicBool;

use crate::frames::bad_stick::{BadStick, Faults};
use crate::frames::loops::{self, Desk, LEN};
use crate::frames::mock;
use crate::frames::mock::{CLEARED_FIRST, End};
use ramkey::image::AsItIs;
use ramkey::pipeline::{Access, Aftermath, Event, Found, Input, Job, Phase, VerifyLevel};

/// Writes the small layout with its image to a device.
fn put(stick: &BadStick, observe: &(dyn Fn(Event) + Sync)) -> End {
    let image = mock::image();
    let chunks = mock::chunks(&image.bytes);
    let stored = AsItIs { source: &image, chunk_shift: mock::CHUNK_SHIFT, chunks: &chunks };
    let inputs = [Input { name: "dos.img", stored: &stored }];
    let target = loops::open(stick.node()).unwrap();
    let stop = AtomicBool::new(false);
    let layout = mock::layout(image.bytes.len() as u64);
    mock::put(layout, Job { target: &target, buffers: 4, probe: None, inputs: &inputs, stop: &stop, observe })
}

/// The boot sectors of the file hold zeros.
fn does_not_boot(desk: &Desk) {
    let bytes = fs::read(desk.path("disk.img")).unwrap();
    for lba in CLEARED_FIRST {
        assert_eq!(bytes[lba as usize * 512..][..512], [0; 512], "sector {lba}");
    }
}

#[test]
fn a_sound_one_takes_everything_and_nothing_is_claimed_of_its_cache() {
    let desk = Desk::new();
    desk.mark(&desk.path("disk.img"));
    let Some(stick) = BadStick::new(&desk.path("disk.img"), &Faults::default()) else { return };
    let End::Committed(committed) = put(&stick, &|_| {}) else { panic!("it was not committed") };
    assert_eq!((committed.effort.retries, committed.effort.repairs), (vec![], vec![]));
    // A loop device may answer from the cache of its file.
    assert_eq!(committed.effort.level, VerifyLevel::Cached);
}

#[test]
fn requests_that_fail_once_are_made_again() {
    let desk = Desk::new();
    let faults = Faults { writes: vec![130, 2500, 4000], reads: vec![129, 5000], once: true, rate: None };
    let Some(stick) = BadStick::new(&desk.path("disk.img"), &faults) else { return };
    let End::Committed(committed) = put(&stick, &|_| {}) else { panic!("it was not committed") };
    let of = |access| committed.effort.retries.iter().filter(move |retry| retry.access == access);
    assert!(of(Access::Write).count() >= 3, "{:?}", committed.effort.retries);
    assert!(of(Access::Read).count() >= 1, "{:?}", committed.effort.retries);
}

#[test]
fn a_sector_that_refuses_is_found_behind_the_block_layer() {
    for (is_read, lba) in [(false, 2500), (true, 3333)] {
        let desk = Desk::new();
        let (writes, reads) = if is_read { (vec![], vec![lba]) } else { (vec![lba], vec![]) };
        let faults = Faults { writes, reads, once: false, rate: None };
        let Some(stick) = BadStick::new(&desk.path("disk.img"), &faults) else { return };
        let End::Differs { stick: state, differences } = put(&stick, &|_| {}) else {
            panic!("it was missed")
        };
        assert_eq!(state, Aftermath::WillNotBoot);
        // The daemon reads and writes pages of 4 KiB, so up to eight sectors share the fault.
        let first = differences.iter().map(|difference| difference.offset).min().unwrap() / 512;
        let end = differences.iter().map(|difference| difference.end).max().unwrap() / 512;
        assert!(first <= lba && lba < end && end - first <= 8, "{lba}: {differences:?}");
        let is_told = |found: &Found| match found {
            // What the system failed to write it may not let be read either.
            Found::Unreadable(_) => true,
            Found::Unwritable(..) => !is_read,
            Found::Bytes(_) => false,
        };
        assert!(differences.iter().all(|difference| is_told(&difference.read)), "{differences:?}");
        drop(stick);
        does_not_boot(&desk);
    }
}

#[test]
fn one_that_is_pulled_while_it_is_written_is_given_up() {
    let desk = Desk::new();
    let faults = Faults { rate: Some(4 << 20), ..Faults::default() };
    let Some(stick) = BadStick::new(&desk.path("disk.img"), &faults) else { return };
    let (stick, written) = (Mutex::new(stick), Mutex::new(0));
    let node = stick.lock().unwrap().node().to_owned();
    let pull = |event| {
        if let Event::Advance { phase: Phase::Write, bytes } = event {
            let mut written = written.lock().unwrap();
            *written += bytes;
            if *written > LEN / 4 {
                stick.lock().unwrap().pull();
            }
        }
    };
    let image = mock::image();
    let chunks = mock::chunks(&image.bytes);
    let stored = AsItIs { source: &image, chunk_shift: mock::CHUNK_SHIFT, chunks: &chunks };
    let inputs = [Input { name: "dos.img", stored: &stored }];
    let target = loops::open(&node).unwrap();
    let stop = AtomicBool::new(false);
    let job = Job { target: &target, buffers: 4, probe: None, inputs: &inputs, stop: &stop, observe: &pull };
    let End::Failed(failure) = mock::put(mock::layout(image.bytes.len() as u64), job) else {
        panic!("it was missed")
    };
    assert_eq!(failure.stick, Aftermath::WillNotBoot, "{failure}");
    drop(target);
    drop(stick);
    does_not_boot(&desk);
}
