//! A stick becomes a plain one again: a partition, and an empty file system.

use std::path::Path;
use std::process;
use std::sync::atomic::AtomicBool;
use std::time::{SystemTime, UNIX_EPOCH};

use serde::Serialize;

use crate::device::{OpenError, TargetPath};
use crate::job::prove::write_alone;
use crate::job::write::Work;
use crate::job::{Destination, JobError, Observer};
use crate::layout::{Layout, plain};
use crate::pipeline::Target;
use crate::plan::{Division, divide_plain};
use crate::units::{SECTOR_LEN, named};

/// What a plain stick is to be called.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RestoreRequest {
    /// Label of its file system.
    pub label: String,
    /// Serial number of its file system; chosen anew if nobody named one.
    pub volume_id: Option<u32>,
}

/// A plain stick that can be written.
pub struct PreparedRestore {
    division: Division,
    layout: Layout,
    volume_id: u32,
    label: String,
}

/// A plain stick.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, schemars::JsonSchema)]
pub struct RestoreReport {
    /// The stick.
    pub path: String,
    /// As in `FAT16`.
    pub file_system: String,
    /// Label of the file system.
    pub label: String,
    /// Its serial number, as systems show it.
    pub volume_id: String,
    /// First sector of the partition.
    pub volume_lba: u64,
    /// Its sectors.
    pub volume_sectors: u64,
    /// Bytes of a cluster.
    pub cluster_len: u64,
    /// Bytes that were written.
    pub written: u64,
}

/// Lays out a plain stick for the destination, which is a device or a file that is there.
///
/// # Errors
///
/// [`JobError::Target`] if it must not be written, [`JobError::Plan`] if the label is none, or the stick is too small.
pub fn prepare_restore(
    request: &RestoreRequest,
    destination: Destination,
) -> Result<PreparedRestore, JobError> {
    let Destination { system, target } = destination;
    target.admit(system, &[])?;
    let len = match target.stick_len(None).map_err(JobError::Target)? {
        Some(len) if !matches!(target, TargetPath::New { .. }) => len,
        _ => return Err(JobError::Target(OpenError::Missing { path: target.path().to_owned() })),
    };
    let division = divide_plain(len / SECTOR_LEN, &request.label)?;
    let (layout, volume_id) = plain(&division, seed(), request.volume_id)?;
    Ok(PreparedRestore { division, layout, volume_id, label: request.label.to_ascii_uppercase() })
}

/// A number that no other stick has: systems tell sticks apart by what follows from it.
fn seed() -> [u8; 16] {
    let now = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default().as_nanos();
    let mut hasher = blake3::Hasher::new_derive_key("ramkey 2026 plain stick v1");
    hasher.update(&now.to_le_bytes()).update(&process::id().to_le_bytes());
    let mut seed = [0; 16];
    hasher.finalize_xof().fill(&mut seed);
    seed
}

/// Opens the stick, and writes and proves the plain one. It boots nothing from the first write on.
///
/// # Errors
///
/// As those of [`write`](super::write()).
pub fn restore(
    prepared: &PreparedRestore,
    destination: Destination,
    stop: &AtomicBool,
    observer: &dyn Observer,
) -> Result<RestoreReport, JobError> {
    let work = Work {
        layout: &prepared.layout,
        files: Vec::new(),
        len: prepared.layout.stick_sectors * SECTOR_LEN,
        is_anew: false,
    };
    let path = destination.target.path();
    work.to(destination, observer, |target| restore_to(prepared, path, target, stop, observer))
}

/// Writes and proves the plain stick on a target that is open already; `path` is for the report.
///
/// # Errors
///
/// [`JobError::Pipeline`] or [`JobError::Differs`].
pub fn restore_to(
    prepared: &PreparedRestore,
    path: &Path,
    target: &dyn Target,
    stop: &AtomicBool,
    observer: &dyn Observer,
) -> Result<RestoreReport, JobError> {
    write_alone(prepared.layout.clone(), target, stop, observer)?;
    let PreparedRestore { division, layout, volume_id, label } = prepared;
    let volume = &division.volume;
    Ok(RestoreReport {
        path: named(path).into_owned(),
        file_system: volume.bits.to_string(),
        label: label.clone(),
        volume_id: format!("{:04X}-{:04X}", volume_id >> 16, volume_id & 0xFFFF),
        volume_lba: volume.lba,
        volume_sectors: volume.sectors,
        cluster_len: u64::from(volume.cluster_sectors) * SECTOR_LEN,
        written: layout.written_sectors() * SECTOR_LEN,
    })
}
