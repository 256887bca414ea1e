//! Tells of sticks that come and go.

use std::sync::atomic::{AtomicBool, Ordering};
use std::thread::sleep;
use std::time::Duration;

use serde::Serialize;

use crate::device::{DeviceFacts, System};
use crate::job::list::{Judged, judge};
use crate::job::{JobError, Listed};

/// How often the machine is looked at, and how often meanwhile whether somebody wants it to end.
const PAUSE: Duration = Duration::from_millis(500);
const STEPS: u32 = 10;

/// What happened to a disk.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, schemars::JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum Change {
    /// It was there when the watching began.
    There,
    /// It was plugged in, or made.
    PluggedIn,
    /// Something of it is another, or whether it can be written.
    Changed,
    /// It was pulled, or is no more.
    Gone,
}

/// A disk, and what happened to it.
#[derive(Serialize, schemars::JsonSchema)]
pub struct Changed {
    /// What happened.
    pub change: Change,
    /// The disk as it is, or was.
    #[serde(flatten)]
    pub disk: Listed,
}

/// Tells of each stick that is there, and then of each that changes, comes or goes, until `stop` is set or `tell` gives an
/// error. With `all` it tells of the other disks too. A disk is opened when it is told of, and not otherwise.
///
/// # Errors
///
/// [`JobError::Read`] if sysfs cannot be listed, and that of `tell`.
pub fn watch<E: From<JobError>>(
    system: &System,
    all: bool,
    stop: &AtomicBool,
    mut tell: impl FnMut(&Changed) -> Result<(), E>,
) -> Result<(), E> {
    let mut known: Option<Vec<Judged>> = None;
    while !stop.load(Ordering::Relaxed) {
        let mut now = judge(system)?;
        now.retain(|judged| all || judged.facts.is_stick());
        for (change, judged) in changes(known.as_deref(), &now) {
            let disk = match change {
                Change::Gone => judged.clone().gone(),
                _ => judged.clone().look(system),
            };
            tell(&Changed { change, disk })?;
        }
        known = Some(now);
        for _ in 0..STEPS {
            if !stop.load(Ordering::Relaxed) {
                sleep(PAUSE / STEPS);
            }
        }
    }
    Ok(())
}

/// What differs, those that are gone first.
fn changes<'j>(before: Option<&'j [Judged]>, now: &'j [Judged]) -> Vec<(Change, &'j Judged)> {
    let Some(before) = before else {
        return now.iter().map(|judged| (Change::There, judged)).collect();
    };
    // The same medium in the same port may have become longer, or read-only.
    let key = |facts: &DeviceFacts| (facts.number, facts.sequence, facts.usb_path.clone());
    let of = |list: &'j [Judged], judged: &Judged| {
        list.iter().find(|other| key(&other.facts) == key(&judged.facts))
    };
    let gone = before.iter().filter(|judged| of(now, judged).is_none()).map(|judged| (Change::Gone, judged));
    let others = now.iter().filter_map(|judged| match of(before, judged) {
        None => Some((Change::PluggedIn, judged)),
        Some(known) => (known != judged).then_some((Change::Changed, judged)),
    });
    gone.chain(others).collect()
}
