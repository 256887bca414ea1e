//! What the records and ranges of a stick are called in messages.

use ramkey_format::boot::BootHeaderError;
use ramkey_format::capsule::CapsuleError;
use ramkey_format::manifest::{ManifestError, RangeEntry, range};
use ramkey_format::memory::{BOOT_LBA, MANIFEST_LBA};

use crate::plan::{LayoutKind, PARTITION_LBA};
use crate::verify::boot_area::BootArea;

/// What to do with records of another version.
const OTHER_VERSION: &str = "use the ramkey that wrote it, or a newer one";

/// Why a header is none of a capsule.
pub(super) fn capsule_error(error: CapsuleError) -> String {
    match error {
        CapsuleError::NotACapsule => "it is no capsule".into(),
        CapsuleError::Version { found } => {
            format!("it is a capsule of version {found}, which this program does not know; {OTHER_VERSION}")
        }
        CapsuleError::UnknownFlags { bits } => {
            format!("its header has flags that this program does not know ({bits:#x}); {OTHER_VERSION}")
        }
        CapsuleError::UnknownKind { found } => {
            format!(
                "its header names a kind of disk that this program does not know ({found}); {OTHER_VERSION}"
            )
        }
        CapsuleError::Field { offset } => format!("byte {offset} of its header makes no sense"),
        CapsuleError::Chunk { index } => format!("entry {index} of its chunk table makes no sense"),
        CapsuleError::UnknownCodec { index, found } => {
            format!(
                "chunk {index} is packed in a way that this program does not know (codec {found}); {OTHER_VERSION}"
            )
        }
        CapsuleError::Origin { offset } => {
            format!("byte {offset} of what it says of its origin makes no sense")
        }
        _ => "its header cannot be understood".into(),
    }
}

/// Why bytes are no manifest.
pub(super) fn manifest_error(error: ManifestError) -> String {
    match error {
        ManifestError::NotAManifest => "there is no manifest, which says what was written where".into(),
        ManifestError::Version { found } => {
            format!("the manifest is of version {found}, which this program does not know; {OTHER_VERSION}")
        }
        ManifestError::UnknownFlags { bits } => {
            format!("the manifest has flags that this program does not know ({bits:#x})")
        }
        ManifestError::Field { offset } => format!("byte {offset} of the manifest makes no sense"),
        ManifestError::RangeCount { found } => {
            format!("the manifest names {found} ranges, and has no room for them")
        }
        ManifestError::Range { index } => format!("range {index} of the manifest makes no sense"),
        _ => "the manifest cannot be understood".into(),
    }
}

/// Why a sector is no boot header.
pub(super) fn boot_header_error(error: BootHeaderError) -> String {
    match error {
        BootHeaderError::NotABootHeader => "there is no boot header".into(),
        BootHeaderError::Version { found } => {
            format!(
                "the boot header is of version {found}, which this program does not know; {OTHER_VERSION}"
            )
        }
        BootHeaderError::UnknownFlags { bits } => {
            format!("the boot header has flags that this program does not know ({bits:#x})")
        }
        BootHeaderError::Lengths => "the lengths in the boot header make no sense".into(),
        _ => "the boot header cannot be understood".into(),
    }
}

/// The message for a range that is not as written.
pub(super) fn differs(area: &BootArea, entry: &RangeEntry) -> &'static str {
    let lba = entry.lba.get();
    let is_gpt = LayoutKind::from_code(area.layout) == Some(LayoutKind::Gpt);
    match entry.kind {
        range::SECTOR_0 => "sector 0 is not as written",
        range::TABLE if lba < PARTITION_LBA => "the partition table is not as written",
        range::TABLE if is_gpt => "the copy of the partition table at the end of the stick is not as written",
        range::TABLE => "the end of the stick is not as written",
        range::BOOT_CODE => "the boot code is not as written",
        range::BOOT_COPY => "the copy of the boot code is not as written",
        range::STAMPS => "copies of sector 0 or the numbers of sectors are not as written",
        range::CLEARED if lba < u64::from(BOOT_LBA) => {
            "sectors before the boot code, which were cleared, hold something"
        }
        range::CLEARED if lba < u64::from(MANIFEST_LBA) => "the zeros behind the boot code hold something",
        range::CLEARED if lba < PARTITION_LBA => "the zeros behind the manifest hold something",
        range::CLEARED => "the last sectors of the stick, which were cleared, hold something",
        range::FAT_RESERVED if Some(lba) == area.volume_lba || (lba == 1 && area.volume_lba == Some(0)) => {
            "the file system's boot sector, or a reserved sector behind it, is not as written"
        }
        range::FAT_RESERVED => {
            "a copy of the file system's boot sector, or the zeros behind it, are not as written"
        }
        range::FAT_TABLE => "the file allocation tables are not as written",
        range::DIRECTORY => "a directory is not as written",
        _ => "it is not as written",
    }
}
