//! A whole block device, opened once.

use std::fs::File;
use std::io;
use std::thread::sleep;
use std::time::Duration;

use rustix::fs::{FileType, FlockOperation, Mode, OFlags, flock, fstat};
use rustix::io::Errno;

use crate::device::{DeviceFacts, DeviceNumber, OpenError, Refusal, System, TargetPath, ioctl, transfer};
use crate::image::SourceFile;
use crate::pipeline::Target;
use crate::units::named;

/// udev and automounters look at a stick for a moment after it was plugged in.
const BUSY_TRIES: u32 = 20;
const BUSY_PAUSE: Duration = Duration::from_millis(100);

/// A whole block device that nobody else can claim while it is open.
pub struct BlockTarget {
    device: File,
    system: System,
    facts: DeviceFacts,
    alignment: usize,
    /// What a request must begin at a multiple of, in bytes.
    step: usize,
}

impl BlockTarget {
    /// Opens the device that `facts` describe for writing, and checks it again through the open descriptor.
    ///
    /// Opens with `O_EXCL` and never without it, so the kernel refuses when the disk or a part of it is
    /// mounted, swapped to or held, and refuses others while this lives. Nothing is written.
    ///
    /// # Errors
    ///
    /// [`OpenError::Busy`] or a refusal if something uses it, [`OpenError::Changed`] if it is no longer what was
    /// checked, [`OpenError::Open`] if the system refuses.
    pub fn open(system: &System, facts: &DeviceFacts, images: &[SourceFile]) -> Result<Self, OpenError> {
        let path = || facts.node.clone();
        let failed = |source: io::Error| OpenError::Open { path: path(), source };
        let device = open_exclusive(system, facts, images)?;
        let stat = fstat(&device).map_err(|error| failed(error.into()))?;
        let number = DeviceNumber::from_raw(stat.st_rdev);
        if FileType::from_raw_mode(stat.st_mode) != FileType::BlockDevice || number != facts.number {
            return Err(OpenError::Changed { path: path() });
        }
        lock(&device).map_err(|error| match error {
            Errno::WOULDBLOCK => OpenError::Busy { path: path() },
            error => failed(error.into()),
        })?;
        let mut again = system.facts(number).map_err(failed)?;
        again.node = path();
        TargetPath::Block(Box::new(again.clone())).admit(system, images)?;
        let physical = ioctl::physical_sector(&device).map_err(failed)?;
        let sector = ioctl::logical_sector(&device).map_err(failed)?;
        if ioctl::read_only(&device).map_err(failed)? {
            return Err(Refusal::ReadOnly { node: path() }.into());
        }
        if sector != 512 {
            return Err(Refusal::SectorSize { node: path(), found: sector }.into());
        }
        if !again.is_same_device(facts) || !is_medium(&device, facts) {
            return Err(OpenError::Changed { path: path() });
        }
        let alignment = usize::try_from(physical).unwrap_or(4096).max(4096).next_power_of_two();
        let step = sector as usize;
        Ok(Self { device, system: system.clone(), facts: again, alignment, step })
    }

    /// Asks the kernel to read the new partition table. Of use after the commit only; a failure harms nothing.
    ///
    /// # Errors
    ///
    /// What the system says: some devices have no partitions.
    pub fn reread_partitions(&self) -> io::Result<()> {
        ioctl::reread_partitions(&self.device)
    }
}

fn open_exclusive(system: &System, facts: &DeviceFacts, images: &[SourceFile]) -> Result<File, OpenError> {
    let flags = OFlags::RDWR | OFlags::EXCL | OFlags::DIRECT | OFlags::CLOEXEC;
    for _ in 0..BUSY_TRIES {
        match rustix::fs::open(&facts.node, flags, Mode::empty()) {
            Ok(device) => return Ok(device.into()),
            Err(Errno::BUSY) => {
                TargetPath::Block(Box::new(facts.clone())).admit(system, images)?;
                sleep(BUSY_PAUSE);
            }
            Err(Errno::ACCESS | Errno::PERM | Errno::ROFS) if is_read_only(system, facts) => {
                return Err(Refusal::ReadOnly { node: facts.node.clone() }.into());
            }
            Err(Errno::NOMEDIUM) => return Err(Refusal::Empty { node: facts.node.clone() }.into()),
            Err(error) => return Err(OpenError::Open { path: facts.node.clone(), source: error.into() }),
        }
    }
    Err(OpenError::Busy { path: facts.node.clone() })
}

impl BlockTarget {
    /// Why a request failed. Linux gives a stick that was pulled the length 0, and says then that writes find no room and that
    /// reads are at the end.
    fn cause(&self, error: io::Error) -> io::Error {
        if ioctl::len(&self.device).is_ok_and(|len| len > 0) { error } else { Errno::NODEV.into() }
    }
}

/// Whether the kernel refuses writes by now.
fn is_read_only(system: &System, facts: &DeviceFacts) -> bool {
    system.facts(facts.number).is_ok_and(|now| now.read_only)
}

/// Whether the open device itself says that it is the medium that `facts` describe.
fn is_medium(device: &File, facts: &DeviceFacts) -> bool {
    ioctl::len(device).ok() == Some(facts.len)
        && (facts.sequence.is_none() || ioctl::sequence(device).ok() == facts.sequence)
}

/// Takes the lock that keeps udev from looking at the device while it is written
/// (systemd.io/BLOCK_DEVICE_LOCKING).
fn lock(device: &File) -> Result<(), Errno> {
    for _ in 1..BUSY_TRIES {
        match flock(device, FlockOperation::NonBlockingLockExclusive) {
            Err(Errno::WOULDBLOCK) => sleep(BUSY_PAUSE),
            result => return result,
        }
    }
    flock(device, FlockOperation::NonBlockingLockExclusive)
}

impl Target for BlockTarget {
    fn len(&self) -> u64 {
        self.facts.len
    }

    fn alignment(&self) -> usize {
        self.alignment
    }

    fn read_at(&self, offset: u64, buffer: &mut [u8]) -> io::Result<()> {
        transfer::read(&self.device, offset, buffer, self.step).map_err(|error| self.cause(error))
    }

    fn write_at(&self, offset: u64, buffer: &[u8]) -> io::Result<()> {
        transfer::write(&self.device, offset, buffer, self.step).map_err(|error| self.cause(error))
    }

    fn flush(&self) -> io::Result<()> {
        self.device.sync_data().map_err(|error| self.cause(error))
    }

    fn same_device(&self) -> io::Result<()> {
        let node = named(&self.facts.node);
        let Ok(now) = self.system.facts(self.facts.number) else {
            return Err(io::Error::other(format!("{node} is gone")));
        };
        if now.is_same_device(&self.facts) && is_medium(&self.device, &self.facts) {
            Ok(())
        } else {
            Err(io::Error::other(format!("another medium is in {node}")))
        }
    }
}
