//! The sets of settings that Windows may start with.

use crate::windows::hive::{HiveEdit, HiveEditError};

/// Those that `Select` names and that are there, that of the next start first, without the one that failed.
pub(in crate::windows) fn control_sets(hive: &HiveEdit) -> Result<Vec<String>, HiveEditError> {
    let mut sets = Vec::new();
    for name in ["Default", "Current", "LastKnownGood"] {
        let number = hive.value("Select", name)?.and_then(|value| value.number());
        let Some(number) = number else { continue };
        let set = format!("ControlSet{number:03}");
        if !sets.contains(&set) && hive.has_key(&set)? {
            sets.push(set);
        }
    }
    if sets.is_empty() && hive.has_key("ControlSet001")? {
        sets.push("ControlSet001".into());
    }
    Ok(sets)
}
