//! A stick that lies, as a real block device: a loop device over a file system of one file that is served from here.
//!
//! The kernel's side of it: Linux `include/uapi/linux/fuse.h`, version 7.31.

use std::ffi::CString;
use std::fs::{self, File};
use std::io::{Read, Write};
use std::os::fd::AsRawFd;
use std::path::PathBuf;
use std::sync::Arc;
use std::thread::{self, JoinHandle};

use ramkey::pipeline::Target;
use rustix::mount::{MountFlags, UnmountFlags, mount, unmount};

use crate::frames::fake::Fake;
use crate::frames::loops::Loop;
use crate::frames::skip::skip;

/// Most bytes of a request with its header: the kernel writes 128 KiB at once.
const REQUEST_MAX: usize = (128 << 10) + 4096;
/// Bytes of the header of a request, and of what comes before the bytes of a write.
const HEAD: usize = 40;
const WRITE_HEAD: usize = 40;

/// A lying stick as a device. Gone when this is dropped.
pub struct Device {
    pub stick: Arc<Fake>,
    // The upper goes before the lower.
    pub disk: Loop,
    served: Served,
}

impl Device {
    /// The stick as a device. `None`, with a line that says so, where the kernel gives us none.
    pub fn new(stick: Fake) -> Option<Self> {
        let stick = Arc::new(stick);
        let served = Served::new(Arc::clone(&stick))?;
        let disk = Loop::of(&served.file, &[])?;
        Some(Self { stick, disk, served })
    }

    /// It is pulled out and plugged in again: what it does not keep is gone, and so is what the system remembers.
    pub fn replug(self) -> Option<Self> {
        let Self { stick, disk, served } = self;
        drop(disk);
        stick.power_cycle();
        let disk = Loop::of(&served.file, &[])?;
        Some(Self { stick, disk, served })
    }
}

/// The file.
struct Served {
    folder: tempfile::TempDir,
    file: PathBuf,
    server: Option<JoinHandle<()>>,
}

impl Served {
    fn new(stick: Arc<Fake>) -> Option<Self> {
        let folder = tempfile::tempdir().unwrap();
        let file = folder.path().join("stick");
        fs::write(&file, "").unwrap();
        let kernel = match File::options().read(true).write(true).open("/dev/fuse") {
            Ok(kernel) => kernel,
            Err(error) => {
                skip("FUSE", error.to_string().as_bytes());
                return None;
            }
        };
        let data = format!("fd={},rootmode=100600,user_id=0,group_id=0", kernel.as_raw_fd());
        let data = CString::new(data).unwrap();
        if let Err(error) = mount("lying-stick", &file, "fuse", MountFlags::empty(), Some(data.as_c_str())) {
            skip("mount of FUSE", error.to_string().as_bytes());
            return None;
        }
        let server = thread::spawn(move || serve(kernel, &stick));
        Some(Self { folder, file, server: Some(server) })
    }
}

impl Drop for Served {
    fn drop(&mut self) {
        // The server ends when the kernel has nothing more to ask.
        let _ = unmount(&self.file, UnmountFlags::DETACH);
        let _ = self.server.take().map(JoinHandle::join);
        assert!(self.folder.path().exists());
    }
}

/// Answers until the file system is unmounted.
fn serve(mut kernel: File, stick: &Fake) {
    let mut request = vec![0; REQUEST_MAX];
    while let Ok(len @ HEAD..) = kernel.read(&mut request) {
        let (head, body) = request[..len].split_at(HEAD);
        let (opcode, unique) = (number(head, 4), &head[8..16]);
        // FORGET, INTERRUPT and BATCH_FORGET want no answer.
        if [2, 36, 42].contains(&opcode) {
            continue;
        }
        let (error, data) = match answer(opcode, body, stick) {
            Ok(data) => (0_i32, data),
            Err(error) => (-error, Vec::new()),
        };
        let len = 16 + data.len() as u32;
        let reply = [&len.to_le_bytes()[..], &error.to_le_bytes(), unique, &data].concat();
        // An answer that nobody waits for any more.
        let _ = kernel.write(&reply);
    }
}

fn answer(opcode: u32, body: &[u8], stick: &Fake) -> Result<Vec<u8>, i32> {
    const EIO: i32 = 5;
    const ENOSYS: i32 = 38;
    match opcode {
        // GETATTR and SETATTR: for how long it counts, then the attributes.
        3 | 4 => Ok([&[0; 16][..], &attributes(stick)].concat()),
        // OPEN: past the page cache.
        14 => Ok(words(&[0, 0, 1, 0])),
        // READ, whole sectors.
        15 => {
            let mut bytes = vec![0; number(body, 16) as usize];
            stick.read_at(long(body, 8), &mut bytes).map_err(|_| EIO)?;
            Ok(bytes)
        }
        // WRITE.
        16 => {
            let len = number(body, 16);
            let bytes = &body[WRITE_HEAD..][..len as usize];
            stick.write_at(long(body, 8), bytes).map_err(|_| EIO)?;
            Ok(words(&[len, 0]))
        }
        // STATFS.
        17 => Ok(vec![0; 80]),
        // RELEASE, FSYNC, FLUSH, ACCESS, DESTROY.
        18 | 20 | 25 | 34 | 38 => Ok(Vec::new()),
        // INIT: version, read ahead, flags, requests in the background, most bytes of a write, grain of times.
        26 => Ok([words(&[7, 31, 0, 0, 0, 128 << 10, 1]), vec![0; 36]].concat()),
        _ => Err(ENOSYS),
    }
}

/// A regular file of root's, of the length that the stick claims.
fn attributes(stick: &Fake) -> Vec<u8> {
    let (ino, len) = (1_u64.to_le_bytes(), stick.len().to_le_bytes());
    let times = words(&[0, 0, 0, 0o100_600, 1, 0, 0, 0, 4096, 0]);
    [&ino[..], &len, &[0; 32], &times].concat()
}

fn words(words: &[u32]) -> Vec<u8> {
    words.iter().flat_map(|word| word.to_le_bytes()).collect()
}

fn number(bytes: &[u8], at: usize) -> u32 {
    u32::from_le_bytes(bytes[at..at + 4].try_into().unwrap())
}

fn long(bytes: &[u8], at: usize) -> u64 {
    u64::from_le_bytes(bytes[at..at + 8].try_into().unwrap())
}
