//! How a device is left when it is finished.

use std::io;

use crate::device::BlockTarget;
use crate::device::lend::LentTarget;
use crate::job::{Event, Observer};

/// A device that is finished.
pub(super) trait Finished {
    /// Whether it is to be ejected.
    fn is_to_be_ejected(&self) -> bool;

    /// Ejects it.
    ///
    /// # Errors
    ///
    /// What the system says.
    fn eject(&self) -> io::Result<()>;

    /// Asks the kernel to read the new partition table.
    ///
    /// # Errors
    ///
    /// What the system says.
    fn reread_partitions(&self) -> io::Result<()>;
}

macro_rules! finished {
    ($($device:ty),+) => {
        $( impl Finished for $device {
            fn is_to_be_ejected(&self) -> bool {
                self.is_to_be_ejected()
            }

            fn eject(&self) -> io::Result<()> {
                self.eject()
            }

            fn reread_partitions(&self) -> io::Result<()> {
                self.reread_partitions()
            }
        } )+
    };
}

finished!(BlockTarget, LentTarget);

/// Ejects the device if that was asked for; else the kernel is asked to read its new partition table. A failure harms nothing, and is
/// told.
pub(super) fn leave(device: &impl Finished, observer: &dyn Observer) {
    if device.is_to_be_ejected() {
        match device.eject() {
            Ok(()) => return observer.tell(Event::Ejected),
            Err(source) => observer.tell(Event::NotEjected { source }),
        }
    }
    if let Err(source) = device.reread_partitions() {
        observer.tell(Event::PartitionsNotSeen { source });
    }
}
