//! Descriptors: those that nobody here knows of are closed, and those of an image go from one process to another.

use std::fs::{self, File};
use std::io::{self, IoSlice, IoSliceMut};
use std::mem::MaybeUninit;
use std::os::fd::{AsFd, BorrowedFd};

use rustix::net::{
    RecvAncillaryBuffer, RecvAncillaryMessage, RecvFlags, SendAncillaryBuffer, SendAncillaryMessage,
    SendFlags, recvmsg, sendmsg,
};

use super::work::REQUEST_LEN_MAX;
use crate::image::FILES_MAX;

/// Most descriptors beside a message: those of a stick, of images that are at hand, and of what is written.
const DESCRIPTORS_MAX: usize = 2 * FILES_MAX;

/// Bytes that the descriptors take beside a message.
const SPACE: usize = rustix::cmsg_space!(ScmRights(DESCRIPTORS_MAX));

/// Closes all descriptors but the first three. It is called when the program starts and has opened none.
///
/// # Errors
///
/// What the system says where it neither closes a range nor names what is open.
#[allow(unsafe_code)]
pub(super) fn close_others() -> io::Result<()> {
    // SAFETY: nothing in this process has a descriptor above 2 yet, so none that something owns is closed.
    if unsafe { libc::syscall(libc::SYS_close_range, 3, libc::c_uint::MAX, 0) } == 0 {
        return Ok(());
    }
    // A kernel before 5.9, or a container that knows no such call.
    let number = |name: io::Result<fs::DirEntry>| name.ok()?.file_name().to_str()?.parse::<i32>().ok();
    let numbers: Vec<i32> = fs::read_dir("/proc/self/fd")?.filter_map(number).collect();
    for number in numbers.into_iter().filter(|&number| number > 2) {
        // SAFETY: as above. The folder, and with it its entries, is gone by now: closing its number again does nothing.
        unsafe { libc::close(number) };
    }
    Ok(())
}

/// Sends `request` with `files` to `socket`, in one message.
///
/// # Errors
///
/// What the system says; `InvalidInput` for too many files or too long a request.
pub(super) fn send(socket: impl AsFd, request: &[u8], files: &[File]) -> io::Result<()> {
    let mut space = [const { MaybeUninit::uninit() }; SPACE];
    let mut beside = SendAncillaryBuffer::new(&mut space);
    let files: Vec<BorrowedFd> = files.iter().map(AsFd::as_fd).collect();
    let fits = files.len() <= DESCRIPTORS_MAX && request.len() <= REQUEST_LEN_MAX;
    if !fits || !beside.push(SendAncillaryMessage::ScmRights(&files)) {
        return Err(io::ErrorKind::InvalidInput.into());
    }
    sendmsg(socket, &[IoSlice::new(request)], &mut beside, SendFlags::NOSIGNAL)?;
    Ok(())
}

/// Waits for such a message.
///
/// # Errors
///
/// What the system says.
pub(super) fn receive(socket: impl AsFd) -> io::Result<(Vec<u8>, Vec<File>)> {
    let mut space = [const { MaybeUninit::uninit() }; SPACE];
    let mut beside = RecvAncillaryBuffer::new(&mut space);
    let mut bytes = vec![0; REQUEST_LEN_MAX];
    let mut slices = [IoSliceMut::new(&mut bytes)];
    let received = recvmsg(socket, &mut slices, &mut beside, RecvFlags::CMSG_CLOEXEC)?;
    let mut files = Vec::new();
    for message in beside.drain() {
        if let RecvAncillaryMessage::ScmRights(descriptors) = message {
            files.extend(descriptors.map(File::from));
        }
    }
    bytes.truncate(received.bytes);
    Ok((bytes, files))
}
