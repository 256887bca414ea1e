//! Ends the mounts of a stick's own file systems, when the user asks for that: those that were shown, and no others.

use rustix::mount::UnmountFlags;

use crate::device::mounts::mount_id;
use crate::device::{OpenError, OwnMount, System, TargetPath, Use};

impl System {
    /// What would have to be unmounted before the target can be written: the mounts of file systems that lie on the device
    /// itself or on its partitions. Those of other devices made of it, of files on it, of other namespaces, and of folders of
    /// the system are not among them.
    pub fn own_mounts(&self, target: &TargetPath) -> Vec<OwnMount> {
        let TargetPath::Block(facts) = target else { return Vec::new() };
        let own = |used| match used {
            Use::Mounted { name, folder, file_system, own: Some(id), .. } => {
                Some(OwnMount { name, folder, file_system, id })
            }
            _ => None,
        };
        let uses = self.in_use(&[]).of_device(facts.number, &[]);
        uses.into_iter().filter_map(own).collect()
    }

    /// Unmounts these, in this order, never lazily and never by force, and looks whether the target is free then.
    ///
    /// # Errors
    ///
    /// [`OpenError::Changed`] if another mount took the place of one, [`OpenError::Unmount`] if the system refuses, and
    /// [`OpenError::Refused`] if something still uses the target. What was unmounted before stays so; nothing was written.
    pub fn unmount(&self, target: &TargetPath, mounts: &[OwnMount]) -> Result<(), OpenError> {
        // The kernel gives the number of a mount that is gone to another.
        let now = self.own_mounts(target);
        for mount in mounts {
            if !now.contains(mount) || mount_id(&mount.folder) != Some(mount.id) {
                return Err(OpenError::Changed { path: mount.folder.clone() });
            }
            rustix::mount::unmount(&mount.folder, UnmountFlags::NOFOLLOW).map_err(|source| {
                OpenError::Unmount {
                    path: target.path().to_owned(),
                    folder: mount.folder.clone(),
                    source: source.into(),
                }
            })?;
        }
        Ok(target.admit(&self.strict(), &[])?)
    }
}
