//! Boots one cell of the table and says what was seen.

use std::time::Duration;

use ramkey::emulator::{Emulator, EmulatorError, End, Screen};

use super::super::harness::{Running, scratch};
use super::Cell;
use super::discs::{Discs, Writer};
use super::readers::machine;

/// How long a cell may take: more than the slowest, which waits half a minute for a call that hangs.
const LIMIT: Duration = Duration::from_secs(120);
/// How long ISOLINUX may take: its image is half a megabyte.
const COMPARED_LIMIT: Duration = Duration::from_secs(30);

/// What the ROM says when it starts a loader, when it hangs for good, and when nothing boots.
const STARTED: [&str; 2] = ["{B}", "{E}"];
const DEAD: &str = "{H}";
const NOTHING: &str = "{!}";
const OVER: [&str; 2] = [DEAD, NOTHING];

/// What a cell says: "boots", or "no: " and what was seen.
pub fn run(discs: &Discs, cell: Cell) -> String {
    let folder = scratch();
    let disc = discs.get(cell.writer);
    let mut running = Running::start(&machine(folder.path(), cell.personality, &disc));
    let limit = if cell.writer == Writer::Isolinux { COMPARED_LIMIT } else { LIMIT };
    let mut end = wait(running.emulator(), limit);
    if let Err(EmulatorError::Ended { .. }) = end {
        // It ended between two looks.
        end = running.emulator().ended();
    }
    if std::env::var_os("RAMKEY_SHOW").is_some() && !matches!(end, Ok(Some(End::Value(0x10)))) {
        println!("{}: {end:?}\n{}", cell.name(), running.evidence());
    }
    let console = running.emulator().console();
    assert!(
        STARTED.iter().any(|said| console.contains(said)) || console.contains(NOTHING),
        "no ROM: {console}"
    );
    match end {
        Ok(Some(End::Value(0x10))) => "boots".into(),
        Ok(Some(End::Value(0x11))) => "no: its image is wrong".into(),
        Ok(Some(_)) => "no: the machine resets".into(),
        Ok(None) => stopped(running.emulator()),
        Err(_) => "no: hangs".into(),
    }
}

/// Until the machine ends, or the boot chain or the BIOS says that nothing boots.
fn wait(machine: &mut Emulator, limit: Duration) -> Result<Option<End>, EmulatorError> {
    machine.wait_for("a verdict", limit, |machine| {
        let end = machine.ended()?;
        let console = machine.console();
        let over = end.is_some()
            || OVER.iter().any(|said| console.contains(said))
            || code(&machine.screen()?).is_some();
        Ok(over.then_some(end))
    })
}

/// With what the boot stopped.
fn stopped(machine: &mut Emulator) -> String {
    if machine.console().contains(DEAD) {
        return "no: hangs".into();
    }
    let code = machine.screen().ok().and_then(|screen| code(&screen));
    code.map_or_else(|| "no: nothing boots".into(), |code| format!("no: {code}"))
}

/// The code of ramkey on the screen: `E31` of later stages; a letter and two digits of the first.
fn code(screen: &Screen) -> Option<String> {
    screen.lines.iter().find_map(|line| {
        let word = line.strip_prefix("ramkey ")?.split_whitespace().next()?.trim_end_matches(':');
        let (letter, digits) = word.split_at_checked(1)?;
        let hex = digits.len() == 2 && digits.chars().all(|digit| digit.is_ascii_hexdigit());
        (hex && letter.chars().all(|letter| letter.is_ascii_uppercase())).then(|| word.to_owned())
    })
}
