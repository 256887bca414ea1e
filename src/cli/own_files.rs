//! What on a stick is its owner's: the files that ramkey did not write, and what lies behind its end.

use std::io;

use ramkey_format::capsule::{EXTENSION, FOLDER};

use crate::device::ReadOnly;
use crate::image::Source;
use crate::units::SECTOR_LEN;
use crate::verify::{Change, facts};

/// Names that are shown; the others are counted.
const NAMES_MAX: usize = 3;

/// What would be lost with a stick of ramkey, in a few words, or `None` if it holds nothing but what was written with it.
///
/// Files that were deleted and another label are no loss. On a stick that was not finished, images are none either: half
/// of the folder may be that of the stick before. A finished stick with a fault may hold anything.
pub(super) fn on(stick: &ReadOnly) -> Option<String> {
    let mut sector = [0xD1; SECTOR_LEN as usize];
    let is_finished = Source::read_at(stick, 0, &mut sector).is_err() || sector != [0; SECTOR_LEN as usize];
    let found = facts(stick);
    let added: Vec<&str> = found.changes.iter().filter_map(added).collect();
    let holds_another = |folder: &str| {
        let inside = |path: &&str| path.strip_prefix(folder).is_some_and(|rest| rest.starts_with('/'));
        added.iter().any(inside)
    };
    let counts = |path: &&str| !holds_another(path) && (is_finished || !is_image(path));
    let names: Vec<&str> = added.iter().copied().filter(counts).collect();
    let shown = names.iter().take(NAMES_MAX).copied().collect::<Vec<_>>().join(", ");
    let more = match names.len().saturating_sub(NAMES_MAX) {
        0 => String::new(),
        count => format!(" and {count} more"),
    };
    match names.len() {
        0 if is_finished && !found.sound => Some("a stick of ramkey that was changed".into()),
        0 => None,
        1 => Some(format!("a stick of ramkey with a file of yours: {shown}")),
        count => Some(format!("a stick of ramkey with {count} files of yours: {shown}{more}")),
    }
}

/// What would be lost behind the end of a stick whose file was made longer, or `None` if all is zeros there. `observe` is
/// told of bytes that were read.
///
/// # Errors
///
/// What the system says.
pub(super) fn behind(stick: &ReadOnly, observe: &dyn Fn(u64)) -> io::Result<Option<String>> {
    let end = facts(stick).written_sectors * SECTOR_LEN;
    // Without a sound manifest no end is known.
    let data = if end == 0 { None } else { stick.first_data(end, observe)? };
    Ok(data.map(|_| "a stick of ramkey with bytes of yours behind its end".into()))
}

fn added(change: &Change) -> Option<&str> {
    match change {
        Change::Added { path, .. } => Some(path),
        _ => None,
    }
}

/// Whether the boot menu would look at it.
fn is_image(path: &str) -> bool {
    let path = path.to_ascii_uppercase();
    path.starts_with(&format!("{FOLDER}/")) && path.ends_with(&format!(".{EXTENSION}"))
}
