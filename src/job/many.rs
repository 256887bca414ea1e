//! Several sticks at once, each at its own pace: what is slow or fails is slow or fails alone.

use std::panic::resume_unwind;
use std::sync::atomic::AtomicBool;
use std::sync::{Mutex, PoisonError};
use std::thread::{self, Builder};

use crate::device::{System, TargetPath};
use crate::job::write::{Opened, Way, begun, put, undo, work};
use crate::job::{Beginning, Destination, JobError, Observer, Prepared};
use crate::report::Report;

/// Buffers of 1 MiB for each stick: one that is filled, and two on their way.
const BUFFERS: usize = 3;

/// A stick that is open, until a thread takes it.
type Waiting = Mutex<Option<Opened>>;

/// One of several sticks.
#[derive(Clone, Copy)]
pub struct OneOfMany<'a> {
    /// What is written.
    pub prepared: &'a Prepared,
    /// Where.
    pub target: &'a TargetPath,
    /// Is told how far this one is.
    pub observer: &'a dyn Observer,
}

/// Opens all of the sticks, then writes, proves and commits each in a thread of its own; `end` is called when one has ended, which
/// is in another thread. Gives what became of each, in their order.
///
/// When `stop` is set, the pieces in work are finished, and the sticks that are not finished do not boot.
///
/// # Errors
///
/// [`JobError::Target`] or [`JobError::NotResumed`] if one of them cannot be opened: then no stick was touched.
pub fn write_many(
    system: &System,
    sticks: &[OneOfMany],
    beginning: Beginning,
    stop: &AtomicBool,
    end: &(dyn Fn(usize, &Result<Report, JobError>) + Sync),
) -> Result<Vec<Result<Report, JobError>>, JobError> {
    let mut opened = Vec::new();
    for (number, stick) in sticks.iter().enumerate() {
        let destination = Destination { system, target: stick.target };
        let ready = match beginning {
            Beginning::Resumed => begun(destination).map(drop),
            Beginning::Anew => Ok(()),
        };
        match ready.and_then(|()| work(stick.prepared).open(destination)) {
            Ok(one) => opened.push(one),
            Err(error) => {
                drop(opened);
                // Files that were made a moment ago, of which nobody knows.
                sticks[..number].iter().for_each(|stick| drop(undo(stick.target)));
                return Err(error);
            }
        }
    }
    let waiting: Vec<Waiting> = opened.into_iter().map(|one| Mutex::new(Some(one))).collect();
    let run = |number: usize, waiting: &Waiting| {
        let opened = waiting.lock().unwrap_or_else(PoisonError::into_inner).take()?;
        let OneOfMany { prepared, target, observer } = sticks[number];
        let way = Way { beginning, buffers: BUFFERS, stop, observer };
        let result =
            work(prepared).on(opened, target, observer, |open| put(prepared, target.path(), open, way));
        end(number, &result);
        Some(result)
    };
    let run = &run;
    let results = thread::scope(|scope| {
        let start = |(number, stick)| Builder::new().spawn_scoped(scope, move || run(number, stick)).ok();
        let started: Vec<_> = waiting.iter().enumerate().map(start).collect();
        // Where the system has no more threads, the sticks that are left are written in this one.
        let here: Vec<_> = waiting
            .iter()
            .enumerate()
            .zip(&started)
            .map(|((number, stick), thread)| if thread.is_none() { run(number, stick) } else { None })
            .collect();
        let ended = |(thread, here): (Option<thread::ScopedJoinHandle<_>>, _)| match thread {
            Some(thread) => thread.join().unwrap_or_else(|panic| resume_unwind(panic)),
            None => here,
        };
        // Each was started once, so each has ended with something.
        started.into_iter().zip(here).filter_map(ended).collect()
    });
    Ok(results)
}
