//! The partitions of a stick.

use std::borrow::Cow;

use serde::{Deserialize, Serialize};

use super::disk::Disk;

/// A partition, or the whole of a stick without any.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, schemars::JsonSchema)]
pub struct Part {
    /// Its number in its table; `None` for the whole stick.
    pub number: Option<usize>,
    /// First sector.
    pub lba: u64,
    /// Sectors.
    pub sectors: u64,
    /// Type byte in a master boot record.
    pub type_byte: Option<u8>,
    /// Whether it is active.
    pub active: bool,
    /// Its file system, if it is one that this program knows.
    pub system: Option<Cow<'static, str>>,
}

impl Part {
    /// The whole stick, with a file system or a CD from sector 0 on.
    pub(super) fn whole(disk: &Disk, system: &'static str) -> Self {
        let system = Some(system.into());
        Self { number: None, lba: 0, sectors: disk.sectors, type_byte: None, active: false, system }
    }

    /// What it is called in a sentence.
    pub(super) fn name(&self) -> String {
        match self.number {
            Some(number) => format!("partition {number}"),
            None => "the whole stick".into(),
        }
    }

    /// One past its last sector.
    pub(super) fn end(&self) -> u64 {
        self.lba + self.sectors
    }
}
