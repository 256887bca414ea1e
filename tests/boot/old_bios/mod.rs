//! Old BIOSes, played by an option ROM with parameters.

mod personalities;
mod readers;
mod run;
mod sticks;

use std::collections::BTreeSet;
use std::sync::Mutex;
use std::thread;

use personalities::{PERSONALITIES, Personality};
use readers::Reader;
use sticks::{Size, Sticks, Writer};

/// Machines of this suite at a time.
const WORKERS: usize = 2;

/// One boot.
#[derive(Clone, Copy)]
pub struct Cell {
    personality: &'static Personality,
    writer: Writer,
    size: Size,
}

/// The cells that the user named: SYSLINUX has one for each personality.
fn named(filter: &str) -> Vec<Cell> {
    let mut cells = Vec::new();
    for personality in PERSONALITIES {
        for size in Size::ALL {
            for writer in Writer::all() {
                let text = format!("{}, {}, {}", personality.name, size.name(), writer.name());
                let once = writer == Writer::Syslinux && size == Size::Large;
                if !once && filter.split(',').all(|part| text.contains(part)) {
                    cells.push(Cell { personality, writer, size });
                }
            }
        }
    }
    cells
}

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

#[test]
fn the_page_agrees_with_what_boots() {
    if let Ok(filter) = std::env::var("RAMKEY_MATRIX") {
        let sticks = Sticks::new();
        each(named(&filter), |cell| {
            let started = std::time::Instant::now();
            let result = run::run(&sticks, cell);
            let Cell { personality, writer, size } = cell;
            println!(
                "{} / {} / {}: {result} ({} s)",
                personality.name,
                size.name(),
                writer.name(),
                started.elapsed().as_secs()
            );
        });
    }
}
