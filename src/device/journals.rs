//! Journals of ext3 and ext4 on devices of their own: no table of mounts names them.

use std::fs::File;
use std::os::unix::fs::FileExt;

use rustix::fs::OFlags;

use crate::device::kernel_files::names;
use crate::device::mounts::Mount;
use crate::device::{DeviceNumber, System};

/// Where the superblock is, and what of it is read.
const SUPERBLOCK: u64 = 1024;
const SUPERBLOCK_LEN: usize = 256;
const MAGIC: (usize, [u8; 2]) = (0x38, [0x53, 0xEF]);
/// Identity of the file system, or of the journal that a device is.
const UUID: usize = 0x68;
/// Identity of the journal that a file system has on another device.
const JOURNAL_UUID: usize = 0xD0;

/// A device that the kernel keeps a journal on, and the file system whose journal it is, if that can be told.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Journal {
    pub device: DeviceNumber,
    pub of: Option<DeviceNumber>,
}

impl System {
    /// The devices that are nothing but the journal of a mounted file system. The kernel lists journals by the device, and
    /// those within a file system with a number behind it. `known` has the devices with their names.
    pub(super) fn journals<'a>(
        &self,
        mounts: &[Mount],
        known: impl Iterator<Item = (DeviceNumber, &'a str)>,
    ) -> Vec<Journal> {
        let listed = names(&self.proc.join("fs/jbd2"));
        if listed.is_empty() {
            return Vec::new();
        }
        let known: Vec<(DeviceNumber, &str)> = known.collect();
        let uuid = |name: &str, at: usize| self.uuid(name, at);
        let owners: Vec<(DeviceNumber, [u8; 16])> = known
            .iter()
            .filter(|(number, _)| mounts.iter().any(|mount| mount.number == *number && mount.is_ext()))
            .filter_map(|(number, name)| Some((*number, uuid(name, JOURNAL_UUID)?)))
            .collect();
        // sysfs and this list write the same sign for a slash in a name.
        let journals = known.iter().filter(|(_, name)| listed.iter().any(|listed| listed == name));
        journals
            .map(|(number, name)| {
                let own = uuid(name, UUID);
                let of = owners.iter().find(|(_, journal)| own == Some(*journal)).map(|(owner, _)| *owner);
                Journal { device: *number, of }
            })
            .collect()
    }

    /// Sixteen bytes of the superblock of a device.
    fn uuid(&self, name: &str, at: usize) -> Option<[u8; 16]> {
        use std::os::unix::fs::OpenOptionsExt;
        let flags = OFlags::NONBLOCK.bits().cast_signed();
        let device = File::options().read(true).custom_flags(flags).open(self.dev.join(name)).ok()?;
        let mut block = [0; SUPERBLOCK_LEN];
        device.read_exact_at(&mut block, SUPERBLOCK).ok()?;
        let uuid: [u8; 16] = block[at..at + 16].try_into().ok()?;
        (block[MAGIC.0..][..2] == MAGIC.1 && uuid != [0; 16]).then_some(uuid)
    }
}
