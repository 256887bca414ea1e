//! How the cache of a stick itself is emptied, so that what is read back comes from its memory.

use std::io;
use std::path::PathBuf;
use std::thread::sleep;
use std::time::{Duration, Instant};

use rustix::fs::{Access, access};

use crate::device::{DeviceFacts, DeviceKind, HardVerify, System};
use crate::pipeline::VerifyLevel;

/// A stick that was reset or plugged in again is looked for so often.
const PAUSE: Duration = Duration::from_millis(200);

/// How the cache of one stick is emptied.
#[derive(Clone, Debug)]
pub(super) enum Way {
    /// By a reset over USB, through this node; by a person where that fails.
    Reset(PathBuf),
    /// By a person.
    Replug(fn(&DeviceFacts) -> io::Result<()>),
}

impl System {
    /// How the cache of this device can be emptied; `None` if it cannot.
    pub(super) fn way(&self, hard: HardVerify, facts: &DeviceFacts) -> Option<Way> {
        let node = self.usb_node(facts).filter(|node| access(node, Access::WRITE_OK).is_ok());
        node.map(Way::Reset).or(hard.ask.map(Way::Replug))
    }

    /// Where the bytes come from that direct I/O reads from a device. A loop device may have them from a file's cache.
    pub(super) fn level(&self, facts: &DeviceFacts) -> VerifyLevel {
        let dio = self.device_folder(facts.number).join("loop/dio");
        if facts.kind == DeviceKind::Loop && self.text(&dio) != "1" {
            return VerifyLevel::Cached;
        }
        VerifyLevel::Direct
    }

    /// The node of the USB device that a disk hangs on.
    fn usb_node(&self, facts: &DeviceFacts) -> Option<PathBuf> {
        let usb = self.usb_folder(facts.number)?;
        let number = |name: &str| self.text(&usb.join(name)).parse::<u32>().ok();
        let (bus, device) = (number("busnum")?, number("devnum")?);
        Some(self.dev.join(format!("bus/usb/{bus:03}/{device:03}")))
    }

    /// Waits for the stick that `facts` describe to come back as another medium: plugged in again, it is the same stick, and the
    /// kernel gives it a new number.
    ///
    /// # Errors
    ///
    /// That it does not come back.
    pub(super) fn wait_for(&self, hard: HardVerify, facts: &DeviceFacts) -> io::Result<DeviceFacts> {
        let started = Instant::now();
        loop {
            let found = self.disks()?.into_iter().find(|disk| is_back(facts, disk));
            match found {
                Some(found) => return Ok(found),
                None if started.elapsed() > hard.patience => {
                    let seen = self.facts(facts.number).is_ok_and(|now| now.is_same_device(facts));
                    return Err(io::Error::other(if seen {
                        "the stick was not pulled out"
                    } else {
                        "the stick did not come back"
                    }));
                }
                None => sleep(PAUSE),
            }
        }
    }
}

/// Whether `now` is the stick that was, plugged in again. One without a serial number must be in the same port.
fn is_back(was: &DeviceFacts, now: &DeviceFacts) -> bool {
    let is_new = was.sequence.is_some() && now.sequence.is_some() && was.sequence != now.sequence;
    let is_alike = (&was.vendor, &was.model, &was.serial, &was.usb_id, was.len, was.kind)
        == (&now.vendor, &now.model, &now.serial, &now.usb_id, now.len, now.kind);
    let is_in_place = match (was.serial.is_empty(), was.usb) {
        (false, _) => true,
        (true, true) => was.usb_path == now.usb_path,
        (true, false) => was.number == now.number,
    };
    is_new && is_alike && is_in_place
}
