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

/// Sends `request` with `files` to `socket`: four bytes of length with the files beside them, and so many bytes.
///
/// # Errors
///
/// What the system says; `InvalidInput` for too many files or too long a request.
pub(super) fn send(socket: impl AsFd, request: &[u8], files: &[File]) -> io::Result<()> {
    let cannot_be = |why: String| io::Error::new(io::ErrorKind::InvalidInput, why);
    if files.len() > DESCRIPTORS_MAX {
        let count = files.len();
        return Err(cannot_be(format!(
            "{count} open files would go to it, and at most {DESCRIPTORS_MAX} can: name fewer images"
        )));
    }
    if request.len() > REQUEST_LEN_MAX {
        let len = request.len();
        return Err(cannot_be(format!(
            "what it is asked takes {len} bytes, and {REQUEST_LEN_MAX} are the most: name fewer images"
        )));
    }
    let mut space = [const { MaybeUninit::uninit() }; SPACE];
    let mut beside = SendAncillaryBuffer::new(&mut space);
    let files: Vec<BorrowedFd> = files.iter().map(AsFd::as_fd).collect();
    if !beside.push(SendAncillaryMessage::ScmRights(&files)) {
        return Err(io::ErrorKind::InvalidInput.into());
    }
    let bytes = [&(request.len() as u32).to_le_bytes(), request].concat();
    let mut left = &bytes[..];
    while !left.is_empty() {
        let sent = sendmsg(&socket, &[IoSlice::new(left)], &mut beside, SendFlags::NOSIGNAL)?;
        left = &left[sent..];
        // They went with the first of the bytes.
        beside.clear();
    }
    Ok(())
}

/// Waits for such a message, which may come in several pieces.
///
/// # Errors
///
/// What the system says; `UnexpectedEof` or `InvalidData` for what is none.
pub(super) fn receive(socket: impl AsFd) -> io::Result<(Vec<u8>, Vec<File>)> {
    let mut space = [const { MaybeUninit::uninit() }; SPACE];
    let mut beside = RecvAncillaryBuffer::new(&mut space);
    let mut files = Vec::new();
    let mut take = |bytes: &mut [u8]| -> io::Result<()> {
        let mut at = 0;
        while at < bytes.len() {
            let mut slices = [IoSliceMut::new(&mut bytes[at..])];
            let received = recvmsg(&socket, &mut slices, &mut beside, RecvFlags::CMSG_CLOEXEC)?;
            for message in beside.drain() {
                if let RecvAncillaryMessage::ScmRights(descriptors) = message {
                    files.extend(descriptors.map(File::from));
                }
            }
            if received.bytes == 0 {
                return Err(io::ErrorKind::UnexpectedEof.into());
            }
            at += received.bytes;
        }
        Ok(())
    };
    let mut len = [0; 4];
    take(&mut len)?;
    let len = u32::from_le_bytes(len) as usize;
    if len > REQUEST_LEN_MAX {
        return Err(io::ErrorKind::InvalidData.into());
    }
    let mut bytes = vec![0; len];
    take(&mut bytes)?;
    Ok((bytes, files))
}

#[cfg(test)]
mod tests {
    use std::io::Seek;
    use std::os::unix::net::UnixStream;

    use super::*;

    #[test]
    fn a_request_of_any_length_arrives_whole_with_its_files() {
        for len in [0, 1, 40_000, REQUEST_LEN_MAX] {
            let (ours, theirs) = UnixStream::pair().unwrap();
            let request: Vec<u8> = (0..len).map(|at| (at % 251) as u8).collect();
            let files: Vec<File> = (0..DESCRIPTORS_MAX).map(|_| File::open("Cargo.toml").unwrap()).collect();
            (&files[DESCRIPTORS_MAX - 1]).seek(io::SeekFrom::Start(77)).unwrap();
            let sent = std::thread::spawn(move || send(&ours, &request, &files).map(|_| request));
            let (found, mut files) = receive(&theirs).unwrap();
            assert!(found == sent.join().unwrap().unwrap(), "{len}");
            assert_eq!(files.len(), DESCRIPTORS_MAX);
            assert_eq!(files.pop().unwrap().stream_position().unwrap(), 77, "they come in order");
        }
    }

    #[test]
    fn too_many_files_and_too_long_a_request_are_one_clear_error_and_nothing_is_sent() {
        let (ours, theirs) = UnixStream::pair().unwrap();
        let files: Vec<File> = (0..=DESCRIPTORS_MAX).map(|_| File::open("Cargo.toml").unwrap()).collect();
        let error = send(&ours, b"x", &files).unwrap_err().to_string();
        assert_eq!(error, "129 open files would go to it, and at most 128 can: name fewer images");
        let error = send(&ours, &vec![0; REQUEST_LEN_MAX + 1], &[]).unwrap_err().to_string();
        assert!(error.contains("65537 bytes, and 65536 are the most: name fewer images"), "{error}");
        drop(ours);
        assert_eq!(receive(&theirs).unwrap_err().kind(), io::ErrorKind::UnexpectedEof);
    }

    #[test]
    fn a_length_that_no_request_has_is_refused() {
        let (ours, theirs) = UnixStream::pair().unwrap();
        rustix::io::write(&ours, &u32::MAX.to_le_bytes()).unwrap();
        assert_eq!(receive(&theirs).unwrap_err().kind(), io::ErrorKind::InvalidData);
    }
}
