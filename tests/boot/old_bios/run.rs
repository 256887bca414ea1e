//! Boots one cell of the table and says what was seen.

use std::time::Duration;

use ramkey::emulator::{Emulator, EmulatorError, End, Port, Screen};

use super::super::harness::{Running, scratch};
use super::Cell;
use super::readers::machine;
use super::sticks::{Size, Sticks, Writer};

/// How long a cell may take: more than the slowest, which waits 30 seconds for each of the calls that hang.
const LIMIT: Duration = Duration::from_secs(150);
/// At one sector a call, 10 MB need two minutes even from an emulated internal disk.
const SLOW_LIMIT: Duration = Duration::from_secs(600);
/// SYSLINUX is slow nowhere: its image is half a megabyte.
const COMPARED_LIMIT: Duration = Duration::from_secs(25);

/// What the ROM says when it hangs for good, and when nothing boots.
const DEAD: &str = "{H}";
const OVER: [&str; 2] = [DEAD, "{!}"];

/// What a cell says: "boots", or "no: " and what was seen.
pub fn run(sticks: &Sticks, cell: Cell) -> String {
    let folder = scratch();
    let stick = sticks.get(cell.writer, cell.size);
    let mut machine = machine(folder.path(), cell.personality, &stick);
    if is_slow(cell) {
        machine.stick.port = Port::Ide;
    }
    let mut running = Running::start(&machine);
    let mut end = wait(running.emulator(), limit(cell));
    if let Err(EmulatorError::Ended { .. }) = end {
        // It ended between two looks.
        end = running.emulator().ended();
    }
    if std::env::var_os("RAMKEY_SHOW").is_some() && !matches!(end, Ok(Some(End::Value(0x10)))) {
        println!("{end:?}\n{}", running.evidence());
    }
    match end {
        Ok(Some(End::Value(0x10))) => "boots".into(),
        Ok(Some(End::Value(0x11))) => "no: its image is wrong".into(),
        Ok(Some(_)) => "no: the machine resets".into(),
        Ok(None) => stopped(running.emulator()),
        Err(_) => "no: hangs".into(),
    }
}

/// Whether a cell takes minutes: through emulated USB five, as an internal disk two.
fn is_slow(cell: Cell) -> bool {
    cell.size == Size::Large && cell.personality.is_slow()
}

fn limit(cell: Cell) -> Duration {
    match cell.writer {
        Writer::Syslinux => COMPARED_LIMIT,
        Writer::Ramkey(_) if is_slow(cell) => SLOW_LIMIT,
        Writer::Ramkey(_) => LIMIT,
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

/// The code of ramkey on the screen: `E31` of later stages; a letter and two digits of sector 0.
fn code(screen: &Screen) -> Option<String> {
    screen.lines.iter().find_map(|line| {
        let word = line.strip_prefix("ramkey ")?.split_whitespace().next()?.trim_end_matches(':');
        let (letter, digits) = word.split_at_checked(1)?;
        let hex = digits.len() == 2 && digits.chars().all(|digit| digit.is_ascii_hexdigit());
        (hex && ["E", "R", "S"].contains(&letter)).then(|| word.to_owned())
    })
}
