//! The requests that only a block device answers, and leases on files. The only unsafe code of the host program.

use std::ffi::{c_int, c_uint};
use std::fs::File;
use std::io;
use std::os::fd::{AsFd, AsRawFd};

use rustix::io::Errno;
use rustix::ioctl::{Getter, NoArg, Opcode, ioctl, opcode};

// The numbers are those of Linux's <linux/fs.h>.
const BLKFLSBUF: Opcode = opcode::none(0x12, 97);
const BLKROGET: Opcode = opcode::none(0x12, 94);
const BLKRRPART: Opcode = opcode::none(0x12, 95);
const BLKSSZGET: Opcode = opcode::none(0x12, 104);
const BLKGETSIZE64: Opcode = opcode::read::<usize>(0x12, 114);
const BLKPBSZGET: Opcode = opcode::none(0x12, 123);
const BLKGETDISKSEQ: Opcode = opcode::read::<u64>(0x12, 128);
// Those of <linux/cdrom.h> and <scsi/scsi_ioctl.h>.
const CDROMEJECT: Opcode = opcode::none(b'S', 9);
const SCSI_IOCTL_DOORUNLOCK: Opcode = opcode::none(b'S', 0x81);
// That of <linux/usbdevice_fs.h>.
const USBDEVFS_RESET: Opcode = opcode::none(b'U', 20);
// That of <linux/loop.h>.
const LOOP_GET_STATUS64: Opcode = 0x4C05;
/// Chooses the signal about a lease: that of <fcntl.h>, which the crate libc has not.
const F_SETSIG: c_int = 10;

/// `struct loop_info64` of <linux/loop.h>.
#[derive(Clone, Copy)]
#[repr(C)]
struct LoopInfo {
    device: u64,
    inode: u64,
    rdevice: u64,
    offset: u64,
    size_limit: u64,
    numbers: [u32; 4],
    texts: [u8; 160],
    init: [u64; 2],
}

const _: () = assert!(size_of::<LoopInfo>() == 232);

/// What a loop device shows, by the kernel's numbers.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct LoopStatus {
    /// Device number of the file system that the file lies on.
    pub device: u64,
    /// Inode of the file.
    pub inode: u64,
    /// Number of the device if it shows one, else 0.
    pub rdevice: u64,
}

/// Who else has a file open, as far as the kernel tells by a lease.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Others {
    /// Nobody, in the whole machine.
    Nobody,
    /// Somebody, who only reads.
    Readers,
    /// Somebody, who may write.
    Writers,
    /// The file system has no leases, or the file belongs to another user.
    NotTold,
}

/// Length of the device in bytes.
pub fn len(device: impl AsFd) -> io::Result<u64> {
    // SAFETY: the kernel stores exactly one u64 for this request, although its number says size_t.
    Ok(unsafe { ioctl(device, Getter::<BLKGETSIZE64, u64>::new()) }?)
}

/// Lets the kernel write out what it has of the device, and forget it. For who administers the machine.
pub fn drop_cache(device: impl AsFd) -> io::Result<()> {
    // SAFETY: the request has no argument.
    Ok(unsafe { ioctl(device, NoArg::<BLKFLSBUF>::new()) }?)
}

/// Bytes in a logical sector.
pub fn logical_sector(device: impl AsFd) -> io::Result<u64> {
    // SAFETY: the kernel stores exactly one int for this request.
    let bytes = unsafe { ioctl(device, Getter::<BLKSSZGET, c_int>::new()) }?;
    u64::try_from(bytes).map_err(io::Error::other)
}

/// Bytes in a physical sector.
pub fn physical_sector(device: impl AsFd) -> io::Result<u64> {
    // SAFETY: the kernel stores exactly one unsigned int for this request.
    Ok(u64::from(unsafe { ioctl(device, Getter::<BLKPBSZGET, c_uint>::new()) }?))
}

/// Whether the kernel refuses writes.
pub fn read_only(device: impl AsFd) -> io::Result<bool> {
    // SAFETY: the kernel stores exactly one int for this request.
    Ok(unsafe { ioctl(device, Getter::<BLKROGET, c_int>::new()) }? != 0)
}

/// The number that the kernel gave this medium: never used twice until the next boot. Linux 5.15.
pub fn sequence(device: impl AsFd) -> io::Result<u64> {
    // SAFETY: the kernel stores exactly one u64 for this request.
    Ok(unsafe { ioctl(device, Getter::<BLKGETDISKSEQ, u64>::new()) }?)
}

/// Asks the kernel to read the partition table again. Of a device whose partitions it never shows, such as a loop device that was made
/// without them, there is nothing to read: it says `EINVAL` then.
pub fn reread_partitions(device: impl AsFd) -> io::Result<()> {
    // SAFETY: this request takes no argument and touches no memory of ours.
    match unsafe { ioctl(device, NoArg::<BLKRRPART>::new()) } {
        Ok(()) | Err(Errno::INVAL) => Ok(()),
        Err(error) => Err(error.into()),
    }
}

/// Lets a medium be taken out; who opened it had it locked.
pub fn unlock_door(device: impl AsFd) -> io::Result<()> {
    // SAFETY: this request takes no argument and touches no memory of ours.
    Ok(unsafe { ioctl(device, NoArg::<SCSI_IOCTL_DOORUNLOCK>::new()) }?)
}

/// Ejects a medium: of a SCSI disk, as which sticks are seen, the command START STOP UNIT with LOEJ.
pub fn eject(device: impl AsFd) -> io::Result<()> {
    // SAFETY: this request takes no argument and touches no memory of ours.
    Ok(unsafe { ioctl(device, NoArg::<CDROMEJECT>::new()) }?)
}

/// Resets a USB device, given by its node of usbfs: what it remembers but does not keep is gone, and its drivers go on with it.
pub fn reset_usb(device: impl AsFd) -> io::Result<()> {
    // SAFETY: this request takes no argument and touches no memory of ours.
    Ok(unsafe { ioctl(device, NoArg::<USBDEVFS_RESET>::new()) }?)
}

/// What the loop device shows.
pub fn loop_status(device: impl AsFd) -> io::Result<LoopStatus> {
    // SAFETY: the kernel stores exactly one `loop_info64` for this request.
    let info = unsafe { ioctl(device, Getter::<LOOP_GET_STATUS64, LoopInfo>::new()) }?;
    Ok(LoopStatus { device: info.device, inode: info.inode, rdevice: info.rdevice })
}

/// Who else has the file open: processes that may not be looked at, those outside of a container, and the kernel itself.
/// `file` must be open for reading only, and be the only descriptor of this process.
pub fn others(file: &File) -> Others {
    let control = |command: c_int, argument: c_int| {
        // SAFETY: the descriptor is open, and these commands take a number and touch no memory of ours.
        match unsafe { libc::fcntl(file.as_raw_fd(), command, argument) } {
            -1 => io::Error::last_os_error().raw_os_error(),
            _ => None,
        }
    };
    let lease = |kind: c_int| {
        let error = control(libc::F_SETLEASE, kind);
        if error.is_none() {
            control(libc::F_SETLEASE, libc::F_UNLCK);
        }
        error
    };
    // Who opens the file at this moment makes the kernel send a signal: one that does nothing, and not SIGIO, which ends us.
    if control(F_SETSIG, libc::SIGURG).is_some() {
        return Others::NotTold;
    }
    match lease(libc::F_WRLCK) {
        None => Others::Nobody,
        Some(libc::EAGAIN) => match lease(libc::F_RDLCK) {
            None => Others::Readers,
            Some(libc::EAGAIN) => Others::Writers,
            Some(_) => Others::NotTold,
        },
        Some(_) => Others::NotTold,
    }
}
