//! A driver that was put into an image on the way to a stick.

use serde::Serialize;

/// A driver for RAM disks that the Windows of an image got on the way: the user's own file is without it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, schemars::JsonSchema)]
pub struct DriverReport {
    /// What it is called.
    pub name: String,
    /// Its version, or null if it says none.
    pub version: Option<String>,
    /// BLAKE3 of its file, as `b3sum` prints it.
    pub blake3: String,
    /// How it gets its device: `root`, by one in the registry, or `own`, which it makes.
    pub attach: &'static str,
}

impl DriverReport {
    fn title(&self) -> String {
        let Self { name, version, .. } = self;
        version.as_ref().map_or_else(|| name.clone(), |version| format!("{name} {version}"))
    }

    /// What the capsule says of it.
    pub fn record(&self) -> String {
        let Self { blake3, attach, .. } = self;
        format!("with the driver {} ({attach}), whose file has the BLAKE3 {blake3}", self.title())
    }

    /// The same for people.
    pub fn words(&self) -> String {
        let Self { blake3, attach, .. } = self;
        format!("{} ({attach}) is added on the way, BLAKE3 of its file {blake3}", self.title())
    }
}
