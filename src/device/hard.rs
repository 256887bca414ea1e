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

    /// The highest number that a medium has now: one that comes later gets a higher one.
    pub fn newest(&self) -> Option<u64> {
        self.disks().ok()?.iter().filter_map(|disk| disk.sequence).max()
    }

    /// Waits for the stick that `facts` describe to come back as another medium: plugged in again, it is the same stick in the
    /// same port, and the kernel gives it a higher number than the [`newest`](Self::newest) one before.
    ///
    /// # Errors
    ///
    /// That it does not come back, or that there are several.
    pub(super) fn wait_for(
        &self,
        hard: HardVerify,
        facts: &DeviceFacts,
        newest: Option<u64>,
    ) -> io::Result<DeviceFacts> {
        let started = Instant::now();
        loop {
            let mut found = self.disks()?.into_iter().filter(|disk| facts.is_back(disk, newest));
            match (found.next(), found.next()) {
                (Some(found), None) => return Ok(found),
                (Some(_), Some(_)) => {
                    return Err(io::Error::other("there are several sticks like it in its port"));
                }
                (None, _) if started.elapsed() > hard.patience => {
                    let seen = self.facts(facts.number).is_ok_and(|now| now.is_same_device(facts));
                    return Err(io::Error::other(if seen {
                        "the stick was not pulled out"
                    } else {
                        "the stick did not come back"
                    }));
                }
                (None, _) => sleep(PAUSE),
            }
        }
    }
}

impl DeviceFacts {
    /// Whether `now` is this stick, plugged in again into the same port: alike, and with a higher number than the `newest` one
    /// that there was before.
    pub fn is_back(&self, now: &Self, newest: Option<u64>) -> bool {
        let is_new = now.sequence.zip(newest).is_some_and(|(now, newest)| now > newest);
        let is_alike = (&self.vendor, &self.model, &self.serial, &self.usb_id, self.len, self.kind)
            == (&now.vendor, &now.model, &now.serial, &now.usb_id, now.len, now.kind);
        let is_in_place = if self.usb { self.usb_path == now.usb_path } else { self.number == now.number };
        is_new && is_alike && is_in_place
    }
}
