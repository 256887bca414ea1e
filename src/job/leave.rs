//! How a device is left when it is finished.

use crate::device::BlockTarget;
use crate::job::{Event, Observer};

/// Ejects the device if that was asked for; else the kernel is asked to read its new partition table. A failure harms nothing, and is
/// told.
pub(super) fn leave(device: &BlockTarget, observer: &dyn Observer) {
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
