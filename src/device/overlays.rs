//! Files that are one by the bytes and two by their numbers: those of an overlay, and of its layers.

use std::collections::BTreeSet;
use std::fs;
use std::path::{Path, PathBuf};

use crate::device::DeviceNumber;
use crate::device::ground::Ground;
use crate::device::mounts::{Mount, mount_id};

/// Paths that are followed at most: as many overlays upon each other as no kernel allows.
const PATHS_MAX: usize = 64;

/// The files that have the bytes of the file `path`: itself; those of the layers, if it lies on an overlay; and that of each
/// overlay, if it lies in a layer.
pub(super) fn twins(path: &Path, mounts: &[Mount]) -> BTreeSet<Ground> {
    let overlays: Vec<&Mount> =
        mounts.iter().filter(|mount| mount.seen_by.is_none() && mount.file_system == "overlay").collect();
    let mut paths = BTreeSet::new();
    let mut open: Vec<PathBuf> = fs::canonicalize(path).into_iter().collect();
    // Ends: each path is followed once, and no more than there is room for.
    while let Some(path) = open.pop() {
        if paths.len() < PATHS_MAX && paths.insert(path.clone()) && !overlays.is_empty() {
            let place = Place::of(&path, mounts);
            let others = overlays
                .iter()
                .flat_map(|overlay| place.iter().flat_map(|place| place.others(overlay, mounts)));
            open.extend(others.filter(|path| path.is_file()).filter_map(|path| fs::canonicalize(path).ok()));
        }
    }
    paths
        .iter()
        .filter_map(|path| Ground::at(path))
        .filter(|ground| matches!(ground, Ground::File(_)))
        .collect()
}

/// Where a path lies, whatever is mounted where and bound to where.
struct Place {
    /// Number of the file system, as mounts have it.
    number: DeviceNumber,
    /// The path from the root of the file system.
    inside: PathBuf,
}

impl Place {
    fn of(path: &Path, mounts: &[Mount]) -> Option<Self> {
        let own = || mounts.iter().filter(|mount| mount.seen_by.is_none() && path.starts_with(&mount.folder));
        let id = mount_id(path);
        let by_id = own().find(|mount| Some(mount.id) == id);
        let mount = by_id.or_else(|| own().max_by_key(|mount| mount.folder.as_os_str().len()))?;
        let inside = mount.root.join(path.strip_prefix(&mount.folder).ok()?);
        Some(Self { number: mount.number, inside })
    }

    /// The paths at which the same file may be by way of `overlay`.
    fn others(&self, overlay: &Mount, mounts: &[Mount]) -> Vec<PathBuf> {
        let layers = overlay.overlay_layers();
        if self.number == overlay.number {
            let inner = self.inside.strip_prefix("/").unwrap_or(&self.inside);
            return layers.iter().map(|layer| layer.join(inner)).collect();
        }
        let layers = layers.iter().filter_map(|layer| Self::of(&fs::canonicalize(layer).ok()?, mounts));
        let within = layers.filter(|layer| layer.number == self.number).filter_map(|layer| {
            let inner = Path::new("/").join(self.inside.strip_prefix(&layer.inside).ok()?);
            Some(overlay.folder.join(inner.strip_prefix(&overlay.root).ok()?))
        });
        within.collect()
    }
}
