//! Types on an American keyboard.

use std::thread::sleep;
use std::time::Duration;

use ramkey::emulator::{Emulator, EmulatorError};
use serde_json::json;

/// Time between two keys; SeaBIOS drops faster ones.
const GAP: Duration = Duration::from_millis(100);

/// The key for a letter, with `shift-` before it where needed.
pub fn of(letter: char) -> String {
    match letter {
        ' ' => "spc".into(),
        '/' => "slash".into(),
        '.' => "dot".into(),
        '-' => "minus".into(),
        '(' => "shift-9".into(),
        ')' => "shift-0".into(),
        other => other.to_string(),
    }
}

/// Presses keys together, by QEMU's names with dashes between them.
pub fn press(machine: &mut Emulator, keys: &str) -> Result<(), EmulatorError> {
    let keys: Vec<_> = keys.split('-').map(|key| json!({ "type": "qcode", "data": key })).collect();
    machine.qmp().execute("send-key", json!({ "keys": keys }))?;
    sleep(GAP);
    Ok(())
}
