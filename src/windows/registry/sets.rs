//! The sets of settings that Windows may start with.

use crate::windows::hive::{HiveEdit, HiveEditError};

/// What the name of each begins with, before a number of three digits.
const PREFIX: &str = "ControlSet";

/// Whether a key with this name is one.
pub(super) fn is_control_set(name: &str) -> bool {
    let number = name.get(..PREFIX.len()).filter(|start| start.eq_ignore_ascii_case(PREFIX));
    let number = number.map(|_| &name[PREFIX.len()..]).unwrap_or_default();
    number.len() == 3 && number.bytes().all(|digit| digit.is_ascii_digit())
}

/// All that are there, those first that `Select` names.
pub(in crate::windows) fn all_control_sets(hive: &HiveEdit) -> Result<Vec<String>, HiveEditError> {
    let mut sets = control_sets(hive)?;
    for name in hive.subkeys("")? {
        if is_control_set(&name) && !sets.iter().any(|set| set.eq_ignore_ascii_case(&name)) {
            sets.push(name);
        }
    }
    Ok(sets)
}

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
