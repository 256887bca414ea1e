//! A driver that was put into an image on the way to a stick.

use serde::Serialize;

/// A driver for RAM disks that the Windows of an image got on the way: the user's own file is without it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct DriverReport {
    /// What it is called.
    pub name: String,
    /// Its version, or null if it says none.
    pub version: Option<String>,
    /// BLAKE3 of its file, as `b3sum` prints it.
    pub blake3: String,
}

impl DriverReport {
    /// The same for people.
    pub fn words(&self) -> String {
        let Self { name, version, blake3 } = self;
        let version = version.as_ref().map(|version| format!(" {version}")).unwrap_or_default();
        format!("{name}{version} is added on the way, BLAKE3 of its file {blake3}")
    }
}
