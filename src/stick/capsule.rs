//! The first sectors of the capsules of a tree.
//!
//! A table block can have megabytes, and there can be a thousand of them: each is read when it is asked for, through
//! [`StickFile`](super::StickFile), which also says in which sectors chunks lie.

use ramkey_format::capsule::{CAPSULE_HEADER_LEN, CapsuleError, CapsuleHeader};

use super::reader::{ReadError, Reader};
use super::tree::Entry;

/// A file that the boot menu would show, and its first sector.
#[derive(Clone, Debug)]
pub struct CapsuleFile {
    /// Number of its entry in the tree.
    pub entry: usize,
    /// Its first sector; `None` if the file is shorter, or has no chain that leads anywhere.
    pub sector: Option<Result<[u8; CAPSULE_HEADER_LEN], ReadError>>,
}

impl CapsuleFile {
    /// Reads the first sector of each capsule among `entries`.
    pub(super) fn all(reader: &Reader, entries: &[Entry]) -> Vec<Self> {
        let capsules = entries.iter().enumerate().filter(|(_, entry)| entry.is_capsule);
        let read = |(number, entry): (usize, &Entry)| {
            let first = entry.runs.first().filter(|_| entry.len >= CAPSULE_HEADER_LEN as u64);
            Self { entry: number, sector: first.map(|(lba, _)| reader.sector(*lba)) }
        };
        capsules.map(read).collect()
    }

    /// Its header, if there is one that can be understood. Whether it has the hash that it names is not asked.
    pub fn header(&self) -> Option<Result<&CapsuleHeader, CapsuleError>> {
        self.sector.as_ref()?.as_ref().ok().map(|sector| CapsuleHeader::parse(sector))
    }
}
