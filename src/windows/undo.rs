//! Takes back what the records in the registry name.
//!
//! Windows copies the sets of settings, with the record in them, and gives the copies numbers that others had. So each record says
//! in which set it was made, and a copy loses what that set got.

use super::error::WindowsError;
use super::hive::{HiveEdit, HiveEditError};
use super::registry::{
    Installed, Journal, Undo, all_control_sets, drop_record, has_record, home, installed, read_record,
};
use super::work::Work;

/// Most records that are taken back one after the other.
const RECORDS_MAX: usize = 8;

/// A set of settings with a driver in it.
struct Copied {
    set: String,
    /// The set that it is, or that it was copied from.
    origin: String,
}

/// Takes back what the records of the drivers name that are `wanted`; gives these drivers. What comes back may be a driver
/// with a record, so they are looked for anew each time.
pub(super) fn take_all_back(
    work: &mut Work<'_>,
    journal: &mut Journal,
    wanted: impl Fn(&Installed) -> bool,
) -> Result<Vec<Installed>, WindowsError> {
    let path = work.hive_path();
    let mut taken = Vec::new();
    loop {
        let found = all_control_sets(&journal.hive).and_then(|sets| installed(&journal.hive, &sets));
        let found = found.map_err(|why| WindowsError::Registry { path: path.clone(), why })?;
        let before = taken.len();
        for one in found.into_iter().filter(&wanted) {
            if take_back(work, journal, &one.service)? {
                taken.push(one);
                break;
            }
        }
        if taken.len() == before {
            return Ok(taken);
        }
        // Whoever put a record into a record has left this tool's ways.
        if taken.len() > RECORDS_MAX {
            return Err(WindowsError::Record { line: "it leads to more and more records".into() });
        }
    }
}

/// Takes back what the record of the driver with this service names, in all sets of settings; whether there is one.
fn take_back(work: &mut Work<'_>, journal: &mut Journal, service: &str) -> Result<bool, WindowsError> {
    let path = work.hive_path();
    let failed = |why| WindowsError::Registry { path: path.clone(), why };
    let hive = &mut journal.hive;
    let Some(steps) = record(hive, service).map_err(failed)?? else { return Ok(false) };
    let sets = copies(hive, service, &steps).map_err(failed)?;
    for copied in &sets {
        drop_record(hive, &key(&copied.set, service)).map_err(failed)?;
        if !copied.set.eq_ignore_ascii_case(&copied.origin) {
            let Copied { set, origin } = copied;
            work.notes.push(format!("{set}: it is a copy of {origin}, and the driver goes from it, too"));
        }
    }
    for step in steps.into_iter().rev() {
        let Some(of) = step.set().map(str::to_owned) else {
            apply(work, hive, step)?;
            continue;
        };
        for copied in sets.iter().filter(|copied| copied.origin.eq_ignore_ascii_case(&of)) {
            apply(work, hive, step.clone().within(&copied.set))?;
        }
    }
    Ok(true)
}

fn key(set: &str, service: &str) -> String {
    format!("{set}\\Services\\{service}")
}

/// The record of the service in the first set of settings that has one with steps.
fn record(hive: &HiveEdit, service: &str) -> Result<Result<Option<Vec<Undo>>, WindowsError>, HiveEditError> {
    for set in all_control_sets(hive)? {
        match read_record(hive, &key(&set, service))? {
            Ok(steps) if steps.as_ref().is_none_or(Vec::is_empty) => {}
            found => return Ok(found),
        }
    }
    Ok(Ok(None))
}

/// The sets of settings that have the driver: those with a record, and those that the record names.
fn copies(hive: &HiveEdit, service: &str, steps: &[Undo]) -> Result<Vec<Copied>, HiveEditError> {
    let first = steps.iter().find_map(Undo::set);
    let mut copies = Vec::new();
    for set in all_control_sets(hive)? {
        let key = key(&set, service);
        let is_named = steps.iter().filter_map(Undo::set).any(|named| named.eq_ignore_ascii_case(&set));
        let origin = match home(hive, &key)? {
            Some(home) => home,
            None if is_named => set.clone(),
            None => first.unwrap_or(&set).to_owned(),
        };
        if has_record(hive, &key)? || is_named && hive.has_key(&key)? {
            copies.push(Copied { set, origin });
        }
    }
    Ok(copies)
}

/// Takes one step.
fn apply(work: &mut Work<'_>, hive: &mut HiveEdit, step: Undo) -> Result<(), WindowsError> {
    let path = work.hive_path();
    let failed = |why| WindowsError::Registry { path: path.clone(), why };
    match step {
        Undo::Key { path } => hive.delete_key(&path).map(|_| ()).map_err(failed),
        Undo::New { path, name } => hive.delete_value(&path, &name).map(|_| ()).map_err(failed),
        Undo::Old { path, name, data } => hive.set_value(&path, &name, &data).map_err(failed),
        Undo::Deleted { path } => hive.create_key(&path).map_err(failed),
        Undo::File { partition, path } => work.remove_file(partition, &path),
        Undo::Text { partition, path, bytes } => work.put_text(partition, &path, &bytes),
        Undo::Kept { partition, kept, path } => work.put_kept(partition, &kept, &path),
        Undo::Signature { value } => work.put_signature(value),
    }
}
