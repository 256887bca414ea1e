//! Whether several targets are really several.

use std::fs;
use std::path::{Path, PathBuf};

use crate::device::{Refusal, System, TargetPath};
use crate::image::SourceFile;
use crate::job::JobError;

/// Refuses targets that must not be written, that are the same by two names, or of which one lies on another. `images` are the
/// files that are to be written to them.
///
/// # Errors
///
/// [`JobError::SameTarget`], or [`JobError::Target`].
pub(super) fn check(system: &System, targets: &[TargetPath], images: &[SourceFile]) -> Result<(), JobError> {
    for (number, target) in targets.iter().enumerate() {
        if let Some(other) = targets[..number].iter().find(|other| are_same(other, target)) {
            return Err(same(target.path(), other.path()));
        }
    }
    for (number, target) in targets.iter().enumerate() {
        let others = targets.iter().enumerate().filter(|(other, _)| *other != number);
        let others: Vec<SourceFile> = others.filter_map(|(_, other)| as_file(other)).collect();
        let files: Vec<SourceFile> = images.iter().chain(&others).cloned().collect();
        target.admit(system, &files).map_err(|refusal| match &refusal {
            Refusal::Source { node, image } | Refusal::Image { node, image }
                if others.iter().any(|other| other.path == *image) =>
            {
                same(node, image)
            }
            _ => refusal.into(),
        })?;
    }
    Ok(())
}

fn same(path: &Path, other: &Path) -> JobError {
    JobError::SameTarget { path: path.to_owned(), other: other.to_owned() }
}

/// A target that is a file, as images are.
fn as_file(target: &TargetPath) -> Option<SourceFile> {
    match target {
        TargetPath::File { path, identity: (device, inode), .. } => {
            Some(SourceFile { path: path.clone(), device: *device, inode: *inode })
        }
        TargetPath::Block(_) | TargetPath::New { .. } => None,
    }
}

fn are_same(a: &TargetPath, b: &TargetPath) -> bool {
    match (a, b) {
        (TargetPath::Block(a), TargetPath::Block(b)) => a.number == b.number,
        (TargetPath::File { identity: a, .. }, TargetPath::File { identity: b, .. }) => a == b,
        (TargetPath::New { path: a }, TargetPath::New { path: b }) => place(a) == place(b),
        _ => false,
    }
}

/// Where a file would be made.
fn place(path: &Path) -> Option<PathBuf> {
    let folder = match path.parent()? {
        folder if folder.as_os_str().is_empty() => Path::new("."),
        folder => folder,
    };
    Some(fs::canonicalize(folder).ok()?.join(path.file_name()?))
}
