//! A mount that may be ended for the user.

use std::path::PathBuf;

use serde::{Deserialize, Serialize};

/// A mounted file system of a stick.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct OwnMount {
    /// Name of the device that holds it.
    pub name: String,
    /// Where it is mounted.
    pub folder: PathBuf,
    /// Its type.
    pub file_system: String,
    /// Number of the mount.
    pub(super) id: u64,
}
