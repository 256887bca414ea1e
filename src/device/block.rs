//! A whole block device, opened once.

use std::fs::File;
use std::io;
use std::sync::{Mutex, PoisonError, RwLock};
use std::thread::sleep;
use std::time::Duration;

use rustix::fs::{FileType, FlockOperation, Mode, OFlags, flock, fstat};
use rustix::io::Errno;

use crate::device::direct::Direct;
use crate::device::file::forget;
use crate::device::hard::Way;
use crate::device::{
    DeviceFacts, DeviceNumber, HardVerify, OpenError, ReadOnly, Refusal, System, TargetPath, ioctl, transfer,
};
use crate::image::SourceFile;
use crate::pipeline::{Target, VerifyLevel};
use crate::units::named;

/// udev and automounters look at a stick for a moment after it was plugged in.
const BUSY_TRIES: u32 = 20;
const BUSY_PAUSE: Duration = Duration::from_millis(100);

/// A whole block device that nobody else can claim while it is open.
pub struct BlockTarget {
    system: System,
    images: Vec<SourceFile>,
    link: RwLock<Link>,
    len: u64,
    alignment: usize,
    /// What a request must begin at a multiple of, in bytes.
    step: usize,
}

/// What of an open device is another after it was plugged in again.
struct Link {
    /// Nothing while it is out.
    device: Option<File>,
    direct: Direct,
    facts: DeviceFacts,
    level: VerifyLevel,
    /// Whether the stick was gone meanwhile, so that it may be another.
    is_found_anew: bool,
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
        let system = &system.strict();
        let (device, direct, facts) = connect(system, facts, images)?;
        let failed = |source: io::Error| OpenError::Open { path: facts.node.clone(), source };
        let physical = ioctl::physical_sector(&device).map_err(failed)?;
        let sector = ioctl::logical_sector(&device).map_err(failed)?;
        let alignment = usize::try_from(physical).unwrap_or(4096).max(4096).next_power_of_two();
        Ok(Self {
            system: system.clone(),
            images: images.to_vec(),
            len: facts.len,
            alignment,
            step: sector as usize,
            link: RwLock::new(Link {
                device: Some(device),
                direct,
                level: system.level(&facts),
                facts,
                is_found_anew: false,
            }),
        })
    }

    /// Does something with the open device.
    fn with<T>(&self, work: impl FnOnce(&File, &DeviceFacts) -> io::Result<T>) -> io::Result<T> {
        let link = self.link.read().unwrap_or_else(PoisonError::into_inner);
        let device = link.device.as_ref().ok_or_else(|| io::Error::from(Errno::NODEV))?;
        work(device, &link.facts)
    }

    /// The same device, which can be read and not written.
    ///
    /// # Errors
    ///
    /// What the system says.
    pub fn reader(&self) -> io::Result<ReadOnly> {
        self.with(|device, _| ReadOnly::of(device))
    }

    /// Makes a request to the open device, which makes it past the system's cache unless it refuses that.
    fn transfer(&self, mut request: impl FnMut(&File, bool) -> io::Result<()>) -> io::Result<()> {
        let link = self.link.read().unwrap_or_else(PoisonError::into_inner);
        let device = link.device.as_ref().ok_or_else(|| io::Error::from(Errno::NODEV))?;
        let done = link.direct.request(device, || request(device, link.direct.is_refused()));
        done.map_err(|error| cause(device, error))
    }

    /// Asks the kernel to read the new partition table. Of use after the commit only; a failure harms nothing.
    ///
    /// # Errors
    ///
    /// What the system says: some devices have no partitions.
    pub fn reread_partitions(&self) -> io::Result<()> {
        self.with(|device, _| ioctl::reread_partitions(device))
    }

    /// Whether it is to be ejected when it is finished.
    pub fn is_to_be_ejected(&self) -> bool {
        self.system.eject
    }

    /// Lets the device finish, and ejects it. Nobody else can have used it meanwhile.
    ///
    /// # Errors
    ///
    /// What the system says: a device without a medium that can be taken out does not know the request.
    pub fn eject(&self) -> io::Result<()> {
        self.with(|device, _| {
            device.sync_all()?;
            // Who may not do this has nothing left to write: everything was flushed and read back.
            let _ = ioctl::drop_cache(device);
            // A device without a lock needs no key.
            let _ = ioctl::unlock_door(device);
            ioctl::eject(device)
        })
    }

    /// Empties the cache of the stick, and finds the stick again.
    fn empty_cache(&self, hard: HardVerify) -> io::Result<()> {
        let mut link = self.link.write().unwrap_or_else(PoisonError::into_inner);
        let newest = self.system.newest();
        let no_way = || io::Error::other("there is no way to empty its cache any more");
        match self.system.way(hard, &link.facts).ok_or_else(no_way)? {
            Way::Reset(node) => {
                let reset = File::options().write(true).open(node).and_then(ioctl::reset_usb);
                match (reset, hard.ask) {
                    (Ok(()), _) => {}
                    (Err(_), Some(ask)) => return self.replug(&mut link, hard, ask),
                    (Err(error), None) => return Err(error),
                }
                let is_same = |facts: &DeviceFacts| {
                    self.system.facts(facts.number).is_ok_and(|now| now.is_same_device(facts))
                };
                if !is_same(&link.facts) {
                    // Some sticks are found anew after a reset.
                    self.reconnect(&mut link, hard, newest)?;
                }
                link.level = VerifyLevel::Reset;
                Ok(())
            }
            Way::Replug(ask) => self.replug(&mut link, hard, ask),
        }
    }

    fn replug(
        &self,
        link: &mut Link,
        hard: HardVerify,
        ask: fn(&DeviceFacts) -> io::Result<()>,
    ) -> io::Result<()> {
        // A person has one pair of hands, and one keyboard.
        static TURN: Mutex<()> = Mutex::new(());
        let _turn = TURN.lock().unwrap_or_else(PoisonError::into_inner);
        let newest = self.system.newest();
        // Nobody holds what is pulled out.
        link.device = None;
        ask(&link.facts)?;
        self.reconnect(link, hard, newest)?;
        link.level = VerifyLevel::Replugged;
        Ok(())
    }

    fn reconnect(&self, link: &mut Link, hard: HardVerify, newest: Option<u64>) -> io::Result<()> {
        link.device = None;
        link.is_found_anew = true;
        let found = self.system.wait_for(hard, &link.facts, newest)?;
        let (device, direct, facts) =
            connect(&self.system, &found, &self.images).map_err(io::Error::other)?;
        let direct = direct.after(&link.direct);
        (link.device, link.direct, link.facts) = (Some(device), direct, facts);
        Ok(())
    }
}

/// Opens a device and proves that it is the one that `facts` describe.
fn connect(
    system: &System,
    facts: &DeviceFacts,
    images: &[SourceFile],
) -> Result<(File, Direct, DeviceFacts), OpenError> {
    let path = || facts.node.clone();
    let failed = |source: io::Error| OpenError::Open { path: path(), source };
    let (device, direct) = open_exclusive(system, facts, images)?;
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
    Ok((device, direct, again))
}

fn open_exclusive(
    system: &System,
    facts: &DeviceFacts,
    images: &[SourceFile],
) -> Result<(File, Direct), OpenError> {
    let flags = OFlags::RDWR | OFlags::EXCL | OFlags::CLOEXEC;
    for _ in 0..BUSY_TRIES {
        match Direct::open(|direct| rustix::fs::open(&facts.node, flags | direct, Mode::empty())) {
            Ok(opened) => return Ok(opened),
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

/// Why a request to an open device failed. Linux gives a stick that was pulled the length 0, and says then that writes find no
/// room and that reads are at the end.
fn cause(device: &File, error: io::Error) -> io::Error {
    if ioctl::len(device).is_ok_and(|len| len > 0) { error } else { Errno::NODEV.into() }
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
        self.len
    }

    fn alignment(&self) -> usize {
        self.alignment
    }

    fn read_at(&self, offset: u64, buffer: &mut [u8]) -> io::Result<()> {
        self.transfer(|device, is_cached| {
            if is_cached {
                forget(device, offset, buffer.len() as u64);
            }
            transfer::read(device, offset, buffer, self.step)
        })
    }

    fn write_at(&self, offset: u64, buffer: &[u8]) -> io::Result<()> {
        self.transfer(|device, _| transfer::write(device, offset, buffer, self.step))
    }

    fn flush(&self) -> io::Result<()> {
        self.with(|device, _| device.sync_data().map_err(|error| cause(device, error)))
    }

    fn begin_read_back(&self) -> io::Result<()> {
        if self.is_buffered() {
            // Everything was flushed. Who may not do this has what is dropped piece by piece.
            let _ = self.with(|device, _| ioctl::drop_cache(device));
        }
        self.system.hard_verify.map_or(Ok(()), |hard| self.empty_cache(hard))
    }

    fn level(&self) -> VerifyLevel {
        let link = self.link.read().unwrap_or_else(PoisonError::into_inner);
        match link.level {
            // That the kernel dropped all that it had is not proven by its saying so.
            VerifyLevel::Direct if link.direct.is_refused() => VerifyLevel::Cached,
            level => level,
        }
    }

    fn is_buffered(&self) -> bool {
        self.link.read().unwrap_or_else(PoisonError::into_inner).direct.was_refused()
    }

    fn is_found_anew(&self) -> bool {
        self.link.read().unwrap_or_else(PoisonError::into_inner).is_found_anew
    }

    fn may_lie(&self) -> bool {
        !self.system.allowed.believed
    }

    fn same_device(&self) -> io::Result<()> {
        self.with(|device, facts| {
            let node = named(&facts.node);
            let Ok(now) = self.system.facts(facts.number) else {
                return Err(io::Error::other(format!("{node} is gone")));
            };
            if now.is_same_device(facts) && is_medium(device, facts) {
                Ok(())
            } else {
                Err(io::Error::other(format!("another medium is in {node}")))
            }
        })
    }
}
