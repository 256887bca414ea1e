//! What the records and ranges of a stick are called in messages.

use ramkey_format::boot::BootHeaderError;
use ramkey_format::capsule::CapsuleError;
use ramkey_format::manifest::{ManifestError, RangeEntry, range};
use ramkey_format::memory::{BOOT_LBA, MANIFEST_LBA};

use crate::stick::{BpbError, ChainFault, LayoutKind, Odd, PARTITION_LBA, SlotState};
use crate::verify::fault::FaultKind;

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

/// Why a slot holds no sound manifest.
pub(super) fn slot(state: &SlotState) -> String {
    match state {
        SlotState::Clear => manifest_error(ManifestError::NotAManifest),
        SlotState::Unknown(error) => manifest_error(*error),
        SlotState::WrongHash { .. } => "the manifest does not have the hash that it names".into(),
        SlotState::Unreadable(_) | SlotState::Sound(_) => "it holds one".into(),
    }
}

/// Why bytes are no manifest.
fn manifest_error(error: ManifestError) -> String {
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
        BootHeaderError::UnknownVolume { found } => {
            format!(
                "the boot header names a kind of file system that this program does not know ({found}); {OTHER_VERSION}"
            )
        }
        BootHeaderError::Language { found } => {
            format!("the boot header names no language ({})", found.escape_ascii())
        }
        _ => "the boot header cannot be understood".into(),
    }
}

/// Why a boot sector describes no file system.
pub(super) fn bpb_error(error: BpbError) -> &'static str {
    match error {
        BpbError::NoSignature => "it has no signature",
        BpbError::SectorLen => "its sectors do not have 512 bytes",
        BpbError::ClusterLen => "the length of a cluster is no power of two",
        BpbError::NoTable => "it has no table",
        BpbError::NoRoom => "it is smaller than its tables",
        BpbError::TooManyClusters => "it has more clusters than a FAT32 can have",
        BpbError::TwoKinds => "its numbers are those of two kinds of FAT",
    }
}

/// How a chain ends that does not end well.
fn chain(fault: ChainFault) -> &'static str {
    match fault {
        ChainFault::Leaves => "its chain leaves the file system",
        ChainFault::Taken => "its chain runs into one that is taken already",
        ChainFault::Free => "its chain ends in a free cluster",
        ChainFault::Bad => "its chain ends in a bad cluster",
    }
}

/// What is wrong with something in the tree that makes no sense, and of which kind that fault is.
pub(super) fn odd(odd: &Odd) -> (FaultKind, String) {
    match odd {
        Odd::Unreadable(error) => (FaultKind::Unreadable, format!("cannot be read ({})", error.message)),
        Odd::RootChain(fault) => (FaultKind::FatTable, format!("the root directory: {}", chain(*fault))),
        Odd::TooManySlots { limit } => (FaultKind::Directory, format!("it has more than {limit} entries")),
        Odd::Dots => (FaultKind::Directory, "its entries for itself and its parent are wrong".into()),
        Odd::NoDots => (FaultKind::Directory, "its entries for itself and its parent are missing".into()),
        Odd::Label => (FaultKind::Directory, "it holds a label, which only the root directory may".into()),
        Odd::Name => (FaultKind::Directory, "its name has characters that no name has".into()),
        Odd::Attributes => (FaultKind::Directory, "its attributes make no sense".into()),
        Odd::Chain(fault) => (FaultKind::File, chain(*fault).into()),
        Odd::FolderLen { len } => (FaultKind::Directory, format!("a folder has a length of {len} bytes")),
        Odd::ChainLen { len, room } => {
            (FaultKind::File, format!("it has {len} bytes and its chain has {room}"))
        }
        Odd::TooManyPieces { pieces } => {
            let message = format!("it lies in {pieces} pieces and is not proven: copy it to another stick");
            (FaultKind::Capsule, message)
        }
        Odd::TooManyCapsules { limit } => {
            (FaultKind::Capsule, format!("it is not proven: a folder can hold {limit} images"))
        }
        Odd::Lost { clusters } => {
            (FaultKind::FatTable, format!("{clusters} clusters are taken and belong to no file"))
        }
    }
}

/// The message for a range that is not as written, on a stick of this `layout` and with its file system at `volume_lba`.
pub(super) fn differs(entry: &RangeEntry, layout: u8, volume_lba: Option<u64>) -> &'static str {
    let lba = entry.lba.get();
    let is_gpt = LayoutKind::from_code(layout) == Some(LayoutKind::Gpt);
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
        range::DISC => "what makes it a disc, ISO 9660 and El Torito, is not as written",
        range::FILES => "files of your own are not as written",
        range::CLEARED => "the last sectors of the stick, which were cleared, hold something",
        range::FAT_RESERVED if Some(lba) == volume_lba || (lba == 1 && volume_lba == Some(0)) => {
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
