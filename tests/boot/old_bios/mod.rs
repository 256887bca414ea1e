//! Old BIOSes, played by an option ROM with parameters.

mod personalities;
mod readers;

use std::collections::BTreeSet;
use std::sync::Mutex;
use std::thread;

use personalities::{PERSONALITIES, Personality};
use readers::Reader;

/// Machines of this suite at a time.
const WORKERS: usize = 2;

/// Does something with each, some at a time.
fn each<T: Copy + Send>(all: Vec<T>, work: impl Fn(T) + Sync) {
    let waiting = Mutex::new(all.into_iter());
    thread::scope(|scope| {
        for _ in 0..WORKERS {
            scope.spawn(|| {
                loop {
                    let next = waiting.lock().expect("no other thread failed").next();
                    let Some(next) = next else { return };
                    work(next);
                }
            });
        }
    });
}

#[test]
fn every_personality_bites_the_readers_that_believe_it() {
    // With every test the reader that shows most; all of them, and that they pass where they should, on demand.
    let filter = std::env::var("RAMKEY_READERS").ok();
    let most = if filter.is_some() { 3 } else { 1 };
    let wanted = filter.unwrap_or_default();
    let all: Vec<&Personality> = PERSONALITIES.iter().filter(|one| one.name.contains(&wanted)).collect();
    let faults = Mutex::new(Vec::new());
    each(all, |personality| {
        let found = readers::differences(personality, most);
        faults.lock().expect("no other thread failed").extend(found);
    });
    let faults = faults.into_inner().expect("no other thread failed");
    assert!(faults.is_empty(), "\n{}", faults.join("\n"));
}

#[test]
fn a_sound_bios_keeps_what_specifications_promise() {
    for reader in [Reader::ByEdd, Reader::ByChs, Reader::OfCalls, Reader::OfMemory] {
        let answer = readers::boot(&PERSONALITIES[0], reader);
        assert!(answer.passed, "{reader:?}: {}", answer.console);
    }
}

#[test]
fn no_two_personalities_have_one_name() {
    let names: BTreeSet<&str> = PERSONALITIES.iter().map(|one| one.name).collect();
    assert_eq!(names.len(), PERSONALITIES.len());
}
