//! The requests that only a block device answers. The only unsafe code of the host program.

use std::ffi::{c_int, c_uint};
use std::io;
use std::os::fd::AsFd;

use rustix::ioctl::{Getter, NoArg, Opcode, ioctl, opcode};

// The numbers are those of Linux's <linux/fs.h>.
const BLKROGET: Opcode = opcode::none(0x12, 94);
const BLKRRPART: Opcode = opcode::none(0x12, 95);
const BLKSSZGET: Opcode = opcode::none(0x12, 104);
const BLKGETSIZE64: Opcode = opcode::read::<usize>(0x12, 114);
const BLKPBSZGET: Opcode = opcode::none(0x12, 123);
const BLKGETDISKSEQ: Opcode = opcode::read::<u64>(0x12, 128);

/// Length of the device in bytes.
pub fn len(device: impl AsFd) -> io::Result<u64> {
    // SAFETY: the kernel stores exactly one u64 for this request, although its number says size_t.
    Ok(unsafe { ioctl(device, Getter::<BLKGETSIZE64, u64>::new()) }?)
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

/// Asks the kernel to read the partition table again.
pub fn reread_partitions(device: impl AsFd) -> io::Result<()> {
    // SAFETY: this request takes no argument and touches no memory of ours.
    Ok(unsafe { ioctl(device, NoArg::<BLKRRPART>::new()) }?)
}
