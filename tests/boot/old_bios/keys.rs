//! What a user does where a boot alone is not possible: Shift at the start, and single sectors.

use std::time::Duration;

use ramkey::emulator::{Emulator, EmulatorError};
use serde_json::json;

use super::super::harness::{DEADLINE, Running, scratch};
use super::personalities::PERSONALITIES;
use super::readers::machine;
use super::sticks::{Size, Sticks, Writer};

/// What the report ends with.
const ASKS: &str = "1: single sectors";

/// Holds Shift until the report asks what to do.
pub fn hold_shift(running: &mut Running) {
    // Held from the start on: what a key repeats before the BIOS has a keyboard is lost.
    let asked = running.emulator().wait_for(ASKS, Duration::from_secs(60), |machine| {
        shift(machine, true)?;
        Ok(machine.screen()?.contains(ASKS).then_some(()))
    });
    running.need(asked);
    let released = shift(running.emulator(), false);
    running.need(released);
}

/// Presses or releases the left Shift.
fn shift(machine: &mut Emulator, down: bool) -> Result<(), EmulatorError> {
    let key = json!({ "type": "key", "data": { "down": down, "key": { "type": "qcode", "data": "shift" } } });
    machine.qmp().execute("input-send-event", json!({ "events": [key] })).map(drop)
}

#[test]
fn a_bios_that_dies_boots_with_single_sectors() {
    let sticks = Sticks::new();
    for personality in PERSONALITIES.iter().filter(|one| one.set.contains(&"BEYOND=BEYOND_DIES")) {
        let folder = scratch();
        let stick = sticks.get(Writer::Ramkey(0), Size::Small);
        let mut running = Running::start(&machine(folder.path(), personality, &stick));
        hold_shift(&mut running);
        running.press(&["1", "ret"]);
        let (passed, evidence) = running.verdict(DEADLINE);
        assert!(passed && !evidence.console.contains("{H}"), "{}: {evidence}", personality.name);
    }
}
