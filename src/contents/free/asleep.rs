//! Whether a system sleeps on a volume, also on one that is kept for another reason.

use super::{sleep, volume};
use crate::contents::files::VolumeFiles;
use crate::image::Source;

/// Whether a system sleeps on a volume.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Sleep {
    No,
    Yes,
    /// That cannot be looked into.
    Perhaps,
}

impl Sleep {
    /// Of the volume that begins at byte `start`, whatever else is wrong with it.
    pub fn of(source: &dyn Source, start: u64) -> Self {
        match sleep::is_linux(source, start) {
            Ok(true) => return Self::Yes,
            Err(_) => return Self::Perhaps,
            Ok(false) => {}
        }
        if volume::may_hide_memory(source, start).unwrap_or(true) {
            return Self::Perhaps;
        }
        let Ok(files) = VolumeFiles::open(source, start) else { return Self::Perhaps };
        let Some(files) = files else { return Self::No };
        for file in sleep::FILES.map(sleep::path) {
            match files.read_start(&file, sleep::START_LEN as u64) {
                Ok(Some(memory)) if !sleep::is_dead(&memory) => return Self::Yes,
                Ok(_) => {}
                Err(_) => return Self::Perhaps,
            }
        }
        Self::No
    }
}
