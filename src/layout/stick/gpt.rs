//! Both copies of a GUID partition table, made by the gpt crate on a disk in memory.

use std::collections::BTreeMap;
use std::io;

use gpt::GptConfig;
use gpt::disk::LogicalBlockSize;
use gpt::partition::{Partition, PartitionAttributes};
use gpt::partition_types::BASIC;

use super::identity::Identity;
use super::overlay::Overlay;
use crate::layout::error::LayoutError;
use crate::plan::Division;

/// Name of the partition, as GPT tools show it.
const NAME: &str = "ramkey";

/// A disk whose first 34 and last 33 sectors hold the table.
///
/// # Errors
///
/// [`LayoutError::InMemory`] if the crate refuses.
pub(super) fn tables(division: &Division, identity: &Identity) -> Result<Overlay, LayoutError> {
    let failed = |error: &dyn std::fmt::Display| LayoutError::InMemory {
        what: "GUID partition table",
        source: io::Error::other(error.to_string()),
    };
    let disk_guid = identity.disk_guid.parse().map_err(|error| failed(&error))?;
    let part_guid = identity.partition_guid.parse().map_err(|error| failed(&error))?;
    let mut disk = GptConfig::new()
        .writable(true)
        .change_partition_count(true)
        .logical_block_size(LogicalBlockSize::Lb512)
        .create_from_device(Overlay::new(division.sectors), Some(disk_guid))
        .map_err(|error| failed(&error))?;
    let partition = Partition {
        part_type_guid: BASIC,
        part_guid,
        first_lba: division.volume.lba,
        last_lba: division.volume.lba + division.volume.sectors - 1,
        flags: PartitionAttributes::BOOTABLE.bits(),
        name: NAME.into(),
    };
    disk.update_partitions(BTreeMap::from([(1, partition)])).map_err(|error| failed(&error))?;
    disk.write().map_err(|error| failed(&error))
}
