//! Judges the file system: boot sector, tables, and the tree of files.

use crate::stick::{NoVolume, Oddity, StickState, StickVolume, TableDifference, Tree};
use crate::verify::fault::{Change, Fault, FaultKind, Findings, Place};
use crate::verify::words;

/// Judges the file system, and gives it with its tree if both are there. `cut` says what may be half done, if a change was
/// announced.
pub(super) fn judge<'s, 'r>(
    state: &'s StickState<'r>,
    cut: Option<&'static str>,
    findings: &mut Findings,
) -> Option<(&'s StickVolume<'r>, &'s Tree)> {
    let file_system = match state.file_system.as_ref()? {
        Ok(file_system) => file_system,
        Err(error) => {
            no_volume(state.volume_lba.unwrap_or(0), error, findings);
            return None;
        }
    };
    judge_table(file_system, cut, findings);
    Some((file_system, file_system.tree.as_ref()?))
}

fn no_volume(lba: u64, error: &NoVolume, findings: &mut Findings) {
    let message = match error {
        NoVolume::Unreadable(error) => return findings.unreadable(error.clone(), None),
        NoVolume::NoFat(error) => {
            format!("the boot sector describes no FAT file system: {}", words::bpb_error(*error))
        }
        // That the end of a stick is missing is told once.
        NoVolume::TooLarge if findings.has(FaultKind::TooShort) => return,
        NoVolume::TooLarge => "the file system is larger than the stick".into(),
    };
    findings.fault(Fault::new(FaultKind::FatReserved, Place::sectors(lba, 1), message));
}

fn judge_table(file_system: &StickVolume, cut: Option<&'static str>, findings: &mut Findings) {
    let StickVolume { volume, table, .. } = file_system;
    let place = Place::sectors(volume.table_lba(), 1);
    if !table.is_whole {
        let message = "the file allocation table is too short for the file system";
        findings.fault(Fault::new(FaultKind::FatTable, place.clone(), message));
    }
    for difference in &table.differences {
        match difference {
            // The first table counts, and the other follows it.
            TableDifference::Sector { lba, expected, found } => {
                if let Some(what) = cut {
                    findings.change(Change::Volume { what: what.into() });
                    continue;
                }
                let message = "the two file allocation tables differ";
                let fault = Fault::new(FaultKind::FatTable, Place::sectors(*lba, 1), message);
                findings.fault(fault.hashes(*expected, *found));
            }
            TableDifference::Unreadable(error) => findings.unreadable(error.clone(), None),
        }
    }
    if let Some(error) = &table.unreadable {
        findings.unreadable(error.clone(), None);
    }
    if !table.is_usable() {
        return;
    }
    if !table.has_sound_start {
        let message = "the file allocation table does not begin as one";
        findings.fault(Fault::new(FaultKind::FatTable, place, message));
    }
    if table.is_dirty {
        findings.changes.push(Change::Volume { what: "the stick was pulled while it was mounted".into() });
    }
}

/// Judges what makes no sense in the tree. `half_done` says of what does because a change was announced that it is half done.
pub(super) fn judge_tree(
    tree: &Tree,
    half_done: impl Fn(&Oddity) -> Option<&'static str>,
    findings: &mut Findings,
) {
    if tree.is_partial {
        let what = "some folders were not looked into: there are too many, or they lie too deep";
        findings.change(Change::Volume { what: what.into() });
    }
    for oddity in &tree.oddities.first {
        match half_done(oddity) {
            Some(what) => findings.change(Change::Volume { what: what.into() }),
            None => findings.fault(fault(oddity)),
        }
    }
    if let Some((first, more)) = &tree.oddities.more {
        findings.more(fault(first), *more);
    }
}

fn fault(oddity: &Oddity) -> Fault {
    let (kind, message) = words::odd(&oddity.what);
    let place = Place::sectors(oddity.lba, 1);
    Fault::new(kind, Place { file: oddity.path.clone(), ..place }, message)
}
