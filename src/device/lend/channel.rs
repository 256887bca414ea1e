//! How a lender is reached.

use std::fmt;
use std::io::{self, Read, Write};
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, PoisonError};

use crate::device::OwnMount;

/// Two streams to a lender.
pub struct Channel {
    /// What it says.
    pub from: Box<dyn Read + Send>,
    /// What it is told.
    pub to: Box<dyn Write + Send>,
    /// What is dropped behind both of them.
    pub held: Box<dyn Send>,
}

/// Why there is no lender.
#[derive(Debug)]
pub struct NotLent {
    /// In words.
    pub why: String,
    /// What the system said.
    pub source: Option<io::Error>,
}

/// Starts a lender for the device at the path.
type Start = dyn Fn(&Path) -> Result<Channel, NotLent> + Send + Sync;

/// Who has the rights to open devices.
#[derive(Clone)]
pub struct Lender {
    start: Arc<Start>,
    /// What is unmounted first, once that was confirmed, of the device at each path.
    mounts: Arc<Mutex<Vec<(PathBuf, OwnMount)>>>,
}

impl fmt::Debug for Lender {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Lender").finish_non_exhaustive()
    }
}

impl Lender {
    /// A lender that is started by `start`, once for each device.
    pub fn new(start: impl Fn(&Path) -> Result<Channel, NotLent> + Send + Sync + 'static) -> Self {
        Self { start: Arc::new(start), mounts: Arc::default() }
    }

    /// Has these unmounted before the device at `path` is opened, and no others.
    pub fn unmount_first(&self, path: &Path, mounts: &[OwnMount]) {
        let mut all = self.mounts.lock().unwrap_or_else(PoisonError::into_inner);
        all.retain(|(of, _)| of != path);
        all.extend(mounts.iter().map(|mount| (path.to_owned(), mount.clone())));
    }

    pub(super) fn start(&self, path: &Path) -> Result<Channel, NotLent> {
        (self.start)(path)
    }

    pub(super) fn mounts(&self, path: &Path) -> Vec<OwnMount> {
        let all = self.mounts.lock().unwrap_or_else(PoisonError::into_inner);
        all.iter().filter(|(of, _)| of == path).map(|(_, mount)| mount.clone()).collect()
    }
}
