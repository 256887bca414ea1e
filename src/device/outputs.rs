//! Open files whose bytes are those of a target: by another name, through an overlay, or by a device over or below it.

use std::collections::BTreeSet;
use std::fs::{self, File};
use std::path::{Path, PathBuf};

use crate::device::ground::Ground;
use crate::device::grounds::Grounds;
use crate::device::loops::LoopDevice;
use crate::device::mounts::Mount;
use crate::device::overlays::twins;
use crate::device::{System, TargetPath};

impl System {
    /// Which of the open `files` have bytes of the target. Nothing has those of a target that is not there yet.
    pub fn with_bytes_of(&self, target: &TargetPath, files: &[&File]) -> Vec<bool> {
        let start = match target {
            TargetPath::New { .. } => return vec![false; files.len()],
            TargetPath::File { identity, .. } => Ground::File(*identity),
            TargetPath::Block(facts) => Ground::Device(facts.number),
        };
        let grounds: Vec<Option<Ground>> =
            files.iter().map(|file| file.metadata().ok().as_ref().and_then(Ground::of)).collect();
        if grounds.iter().all(Option::is_none) {
            return vec![false; files.len()];
        }
        // What cannot be told is asked again, and is a no, when the target is admitted.
        let mut questions = Vec::new();
        let mounts = self.mounts(&mut questions);
        let loops = self.loops(&mut questions);
        let chains = Chains { grounds: Grounds::gather(self, &loops, &mounts), mounts, loops };
        let wanted = chains.all(start, Some(target.path().into()));
        let shares = |(file, ground): (&&File, &Option<Ground>)| {
            let path = self.path_of(file);
            ground.is_some_and(|ground| !chains.all(ground, path).is_disjoint(&wanted))
        };
        files.iter().zip(&grounds).map(shares).collect()
    }

    /// The name that the kernel has for an open file, if it has one.
    fn path_of(&self, file: &File) -> Option<PathBuf> {
        use std::os::fd::AsRawFd;
        fs::read_link(self.proc.join("self/fd").join(file.as_raw_fd().to_string())).ok()
    }
}

/// What is below what, with the names that overlays are followed by.
struct Chains {
    grounds: Grounds,
    mounts: Vec<Mount>,
    loops: Vec<LoopDevice>,
}

impl Chains {
    /// All that has the bytes of `start`: what is below it, and the twins of the files among that. `path` is its name, if
    /// it is a file.
    fn all(&self, start: Ground, path: Option<PathBuf>) -> BTreeSet<Ground> {
        let mut found = BTreeSet::new();
        let mut open = vec![(start, path)];
        // Ends: each is entered once, and a machine has a bounded number of them.
        while let Some((ground, path)) = open.pop() {
            if !found.insert(ground) {
                continue;
            }
            if let (Ground::File(_), Some(path)) = (ground, path) {
                open.extend(self.twins_of(ground, &path).into_iter().map(|twin| (twin, None)));
            }
            for below in self.grounds.same_bytes(ground) {
                let shows = |device: &&LoopDevice| device.shows == Some(below);
                let name = self.loops.iter().find(shows).map(|device| device.file.clone());
                open.push((below, name));
            }
        }
        found
    }

    /// The other files with the bytes of the file at `path`, if that is the one that is meant.
    fn twins_of(&self, ground: Ground, path: &Path) -> BTreeSet<Ground> {
        let twins = twins(path, &self.mounts);
        if twins.contains(&ground) { twins } else { BTreeSet::new() }
    }
}
