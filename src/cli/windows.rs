//! What `ramkey inspect` shows of a Windows.

use std::io::{self, Write};

use crate::contents::windows::{Driver, Windows};

/// Shows whether a Windows will find its RAM disk, and what to do if not.
pub(super) fn show_windows(out: &mut dyn Write, windows: &Windows) -> io::Result<()> {
    let product = windows.product.as_deref().unwrap_or("Windows");
    match &windows.place {
        Some(place) if place.partition > 0 => {
            writeln!(out, "windows   {product} in \\{} on partition {}", place.folder, place.partition)?;
        }
        Some(place) => writeln!(out, "windows   {product} in \\{}", place.folder)?,
        None => writeln!(out, "windows   {product}")?,
    }
    if let Some(entry) = &windows.boot_entry {
        writeln!(out, "start     {}", [entry.path.as_str(), &entry.switches].join(" ").trim_end())?;
    }
    for driver in windows.system.iter().flat_map(|system| &system.drivers) {
        writeln!(out, "driver    {}", describe(driver))?;
    }
    writeln!(out, "verdict   {}", windows.verdict)?;
    for problem in &windows.problems {
        let kind = if problem.stops { "problem" } else { "warning" };
        writeln!(out, "{kind:<9} {}", problem.problem)?;
        writeln!(out, "  step    {}", problem.fix)?;
    }
    Ok(())
}

fn describe(driver: &Driver) -> String {
    let mut text = driver.name.name().to_owned();
    if let Some(version) = driver.version {
        text += &format!(" {version}");
    }
    text += match driver.start {
        Some(0) => ", starts at boot",
        Some(1) => ", starts with the system",
        Some(2) => ", starts by itself",
        Some(3) => ", starts on demand",
        Some(4) => ", switched off",
        _ => ", never starts",
    };
    if let Some(group) = &driver.group {
        text += &format!(", group {group}");
    }
    text + ", " + &driver.path
}
