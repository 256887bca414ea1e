//! What would be lost with a stick or a file: what is its owner's, and not only what ramkey wrote.

use std::io;
use std::path::Path;

use ramkey_format::capsule::{EXTENSION, FOLDER};

use crate::contents::Question;
use crate::device::{FileSystem, ReadOnly, TargetPath};
use crate::image::Source;
use crate::job::observer::part;
use crate::job::{JobError, Observer, Part};
use crate::sandbox::look;
use crate::stick::{is_disc, is_stick, written_sectors};
use crate::units::SECTOR_LEN;
use crate::verify::{Change, facts};

/// Names that are shown; the others are counted.
const NAMES_MAX: usize = 3;

/// What would be lost with a file, in a few words, or `None` if that is nothing: it is empty, all zeros, or a stick that ramkey
/// wrote or began to write and that holds nothing else.
///
/// # Errors
///
/// [`JobError::Target`] or [`JobError::Read`] if the file cannot be looked at.
pub fn lost_with_file(
    target: &TargetPath,
    path: &Path,
    observer: &dyn Observer,
) -> Result<Option<String>, JobError> {
    let file = ReadOnly::open(target).map_err(JobError::Target)?;
    let is_ours = is_ours(&file);
    if is_ours && let Some(what) = files_on(&file) {
        return Ok(Some(what));
    }
    let what = part(observer, Part::Look, file.len(), |count| match is_ours {
        true => behind(&file, count),
        false => file.first_data(0, count).map(|data| data.map(|_| what_is_in(&file, path))),
    });
    what.map_err(|source| JobError::Read { path: path.to_owned(), source })
}

/// Whether it is a stick of ours as it stands: one with an image, or one that was not finished. A boot area alone is
/// none, because it outlives a new partition table and a new file system.
fn is_ours(file: &ReadOnly) -> bool {
    let mut sector = [0xD1; 512];
    let unfinished = file.read_at(0, &mut sector).is_ok() && sector == [0; 512];
    is_stick(file) && (unfinished || !facts(file).capsules.is_empty())
}

/// The contents of a file, in a few words.
fn what_is_in(file: &ReadOnly, path: &Path) -> String {
    match FileSystem::probe(0, &|offset, buffer| file.read_at(offset, buffer)) {
        Some(FileSystem { kind, label }) if label.is_empty() => kind,
        Some(FileSystem { kind, label }) => format!("{kind} \"{label}\""),
        None => {
            let looked = look(path, file, &Question::default());
            let contents = looked.ok().and_then(|looked| looked.facts.contents);
            contents.unwrap_or_else(|| "unknown contents".into())
        }
    }
}

/// What would be lost with a stick of ramkey, in a few words, or `None` if it holds nothing but what was written with it.
///
/// Files that were deleted and another label are no loss. On a stick that was not finished, images are none either: half
/// of the folder may be that of the stick before. A finished stick with a fault may hold anything.
pub(super) fn files_on(stick: &dyn Source) -> Option<String> {
    let mut sector = [0xD1; SECTOR_LEN as usize];
    let is_finished = stick.read_at(0, &mut sector).is_err() || sector != [0; SECTOR_LEN as usize];
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
    let name = name(stick);
    match names.len() {
        0 if is_finished && !found.sound => Some(format!("{name} that was changed")),
        0 => None,
        1 => Some(format!("{name} with a file of yours: {shown}")),
        count => Some(format!("{name} with {count} files of yours: {shown}{more}")),
    }
}

/// What a medium of ours is called.
pub(super) fn name(stick: &dyn Source) -> &'static str {
    if is_disc(stick) { "a disc of ramkey" } else { "a stick of ramkey" }
}

/// What would be lost behind the end of a stick whose file was made longer, or `None` if all is zeros there. `observe` is
/// told of bytes that were read.
///
/// # Errors
///
/// What the system says.
fn behind(stick: &ReadOnly, observe: &dyn Fn(u64)) -> io::Result<Option<String>> {
    // Without a sound manifest no end is known.
    let end = written_sectors(stick).map(|sectors| sectors.saturating_mul(SECTOR_LEN));
    let data = end.map_or(Ok(None), |end| stick.first_data(end, observe))?;
    Ok(data.map(|_| format!("{} with bytes of yours behind its end", name(stick))))
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
