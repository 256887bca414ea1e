//! What one run did to a stick.

use serde::Serialize;

/// What it took to write and prove a stick.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, schemars::JsonSchema)]
pub struct Effort {
    /// Bytes that were sent to the stick, without those of retries and repairs.
    pub written: u64,
    /// Bytes that were not sent, because the stick held them already.
    pub skipped: u64,
    /// Requests that failed and were made again, in the order in which they ended.
    pub retries: Vec<Retry>,
    /// Ranges that came back changed and were written again.
    pub repairs: Vec<Repair>,
    /// Where the bytes came from that were read back.
    pub level: VerifyLevel,
    /// Whether the device refused direct I/O, and everything went through this system's cache.
    pub buffered: bool,
}

/// Requests that failed and were made again, until all of the range was done.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, schemars::JsonSchema)]
pub struct Retry {
    /// Whether the range was read or written.
    pub access: Access,
    /// First sector of the range.
    pub lba: u64,
    /// Sectors of it.
    pub sectors: u64,
    /// Requests that failed in it.
    pub failed: u32,
    /// What the system said of the last of them.
    pub error: String,
}

/// What a request does.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, schemars::JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum Access {
    /// It reads.
    Read,
    /// It writes.
    Write,
}

/// A range that had to be written more than once.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, schemars::JsonSchema)]
pub struct Repair {
    /// First sector.
    pub lba: u64,
    /// Sectors.
    pub sectors: u64,
    /// Times that it was written again.
    pub tries: u32,
}

/// Where bytes come from that are read back, from the weakest proof to the strongest.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Serialize, schemars::JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum VerifyLevel {
    /// The cache of this system may have answered.
    Cached,
    /// The device answered; a cache of its own may have helped it.
    #[default]
    Direct,
    /// The device answered after it was reset over USB.
    Reset,
    /// The device answered after it had no power.
    Replugged,
}
