//! Parts of a ZFS pool: a pool that is in use names its disks in no table of the kernel.

use std::fs::File;
use std::os::unix::fs::{FileExt, OpenOptionsExt};

use rustix::fs::OFlags;

use crate::device::{DeviceNumber, FileSystem, System};

impl System {
    /// Whether a device or part is of a pool that may be in use: where no ZFS runs, none is.
    pub(super) fn may_be_in_a_pool(&self, name: &str, number: DeviceNumber) -> bool {
        let runs = self.sys.join("module/zfs").exists() || self.proc.join("spl/kstat/zfs").exists();
        runs && (self.label(number).is_some_and(|label| label.kind == "zfs_member")
            || self.has_pool_label(name))
    }

    fn has_pool_label(&self, name: &str) -> bool {
        let flags = OFlags::NONBLOCK.bits().cast_signed();
        let Ok(device) = File::options().read(true).custom_flags(flags).open(self.dev.join(name)) else {
            return false;
        };
        let read = |offset, buffer: &mut [u8]| device.read_exact_at(buffer, offset);
        FileSystem::probe(0, &read).is_some_and(|found| found.kind == FileSystem::ZFS)
    }
}
