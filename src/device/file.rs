//! A regular file that stands for a stick, and anything that is only read.

use std::fs::{File, OpenOptions};
use std::io;
use std::ops::Range;
use std::os::fd::AsRawFd;
use std::os::unix::fs::{FileExt, FileTypeExt, MetadataExt, OpenOptionsExt};
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Mutex, PoisonError};

use rustix::fs::{Advice, FlockOperation, OFlags, SeekFrom, fadvise, flock, seek};
use rustix::io::Errno;

use crate::device::{OpenError, System, TargetPath, ioctl, transfer};
use crate::image::Source;
use crate::pipeline::{Buffer, Target, VerifyLevel};
use crate::units::SECTOR_LEN;

/// Alignment of address, offset and length that direct I/O accepts everywhere.
const DIRECT: u64 = 4096;
/// Bytes of a page of this system's cache.
const PAGE_LEN: u64 = 4096;
/// Bytes of the buffer of [`ReadOnly`].
const BUFFER_LEN: u64 = 1 << 20;

/// Rights of a new file: what the user's mask leaves of them, or the owner's alone.
const USUAL: u32 = 0o666;
const PRIVATE: u32 = 0o600;

/// How a file is made.
struct Making {
    /// Whether nothing of what a file held stays.
    anew: bool,
    /// Rights of a new one.
    mode: u32,
}

impl Default for Making {
    fn default() -> Self {
        Self { anew: false, mode: USUAL }
    }
}

/// A regular file as a target. Writes go through the page cache, reads past it where the file system can.
pub struct FileTarget {
    file: File,
    direct: Option<File>,
    len: u64,
    fresh: bool,
    /// Whether a read was answered by what may be the system's cache.
    is_cached: AtomicBool,
}

impl FileTarget {
    /// Opens the file that was looked at, or makes one of `len` bytes, all holes; so does an empty one become. Whether
    /// something uses it is asked once more.
    ///
    /// # Errors
    ///
    /// [`OpenError::Refused`] if something uses it,
    /// [`OpenError::Changed`] if another file is there now, [`OpenError::Busy`] if another ramkey writes it,
    /// [`OpenError::Kind`] for a device, [`OpenError::Open`] if the system refuses.
    pub fn open(target: &TargetPath, len: u64) -> Result<Self, OpenError> {
        Self::open_or_make(target, len, Making::default())
    }

    /// The same for a file that is to be made anew: it may have any length until [`FileTarget::empty`].
    ///
    /// # Errors
    ///
    /// As [`FileTarget::open`]; then the file holds what it did.
    pub fn open_anew(target: &TargetPath, len: u64) -> Result<Self, OpenError> {
        Self::open_or_make(target, len, Making { anew: true, ..Making::default() })
    }

    /// The same for a file that nobody else may read until it is done, if it is new.
    ///
    /// # Errors
    ///
    /// As [`FileTarget::open`].
    pub fn open_private(target: &TargetPath, len: u64) -> Result<Self, OpenError> {
        Self::open_or_make(target, len, Making { mode: PRIVATE, ..Making::default() })
    }

    fn open_or_make(target: &TargetPath, len: u64, Making { anew, mode }: Making) -> Result<Self, OpenError> {
        let path = target.path();
        let failed = |source| OpenError::Open { path: path.into(), source };
        match target {
            TargetPath::Block(_) => Err(OpenError::Kind { path: path.into(), kind: "a block device" }),
            TargetPath::File { identity, len: old_len, .. } => {
                target.admit(&System::default(), &[])?;
                let file = OpenOptions::new().read(true).write(true).open(path).map_err(failed)?;
                lock(&file, path)?;
                let meta = file.metadata().map_err(failed)?;
                let same = meta.is_file() && (meta.dev(), meta.ino()) == *identity && meta.len() == *old_len;
                if !same || (*old_len != 0 && *old_len != len && !anew) {
                    return Err(OpenError::Changed { path: path.into() });
                }
                // A limit or a full disk shows here, while nothing is lost.
                if *old_len < len
                    && let Err(error) = file.set_len(len)
                {
                    // What it held is still there, whether or not this works.
                    let _ = file.set_len(*old_len);
                    return Err(failed(error));
                }
                Ok(Self::new(path, file, len, *old_len == 0))
            }
            TargetPath::New { .. } => {
                let mut options = OpenOptions::new();
                options.read(true).write(true).create_new(true).mode(mode);
                let file = options.open(path).map_err(failed)?;
                if let Err(error) = lock(&file, path).and_then(|()| file.set_len(len).map_err(failed)) {
                    // It is ours and empty, made a moment ago.
                    let _ = std::fs::remove_file(path);
                    return Err(error);
                }
                Ok(Self::new(path, file, len, true))
            }
        }
    }

    fn new(path: &Path, file: File, len: u64, fresh: bool) -> Self {
        Self { direct: open_direct(path, &file), file, len, fresh, is_cached: AtomicBool::new(false) }
    }

    /// The same file, which can be read and not written.
    ///
    /// # Errors
    ///
    /// What the system says.
    pub fn reader(&self) -> io::Result<ReadOnly> {
        ReadOnly::of(&self.file)
    }

    /// The open file: another process can write it, and nothing more.
    pub fn descriptor(&self) -> &File {
        &self.file
    }

    /// Makes it all holes; whether there was anything to lose. From the first call on what the file held is gone.
    ///
    /// # Errors
    ///
    /// What the system says.
    pub fn empty(&mut self) -> io::Result<bool> {
        if self.fresh {
            return Ok(false);
        }
        self.file.set_len(0)?;
        self.file.set_len(self.len)?;
        self.fresh = true;
        Ok(true)
    }
}

/// Takes the file for this program alone.
fn lock(file: &File, path: &Path) -> Result<(), OpenError> {
    match flock(file, FlockOperation::NonBlockingLockExclusive) {
        Ok(()) => Ok(()),
        Err(Errno::WOULDBLOCK) => Err(OpenError::Busy { path: path.into() }),
        Err(error) => Err(OpenError::Open { path: path.into(), source: error.into() }),
    }
}

impl Target for FileTarget {
    fn len(&self) -> u64 {
        self.len
    }

    fn alignment(&self) -> usize {
        DIRECT as usize
    }

    fn read_at(&self, offset: u64, buffer: &mut [u8]) -> io::Result<()> {
        if let Some(direct) = &self.direct
            && transfer::read(direct, offset, buffer, DIRECT as usize).is_ok()
        {
            return Ok(());
        }
        self.is_cached.store(true, Ordering::Relaxed);
        forget(&self.file, offset, buffer.len() as u64);
        self.file.read_exact_at(buffer, offset)
    }

    fn write_at(&self, offset: u64, buffer: &[u8]) -> io::Result<()> {
        self.file.write_all_at(buffer, offset)
    }

    fn flush(&self) -> io::Result<()> {
        self.file.sync_data()
    }

    fn begin_read_back(&self) -> io::Result<()> {
        self.is_cached.store(false, Ordering::Relaxed);
        Ok(())
    }

    fn level(&self) -> VerifyLevel {
        if self.is_cached.load(Ordering::Relaxed) { VerifyLevel::Cached } else { VerifyLevel::Direct }
    }

    fn is_fresh(&self) -> bool {
        self.fresh
    }
}

/// A file or block device that is only read, past the page cache where the system can.
pub struct ReadOnly {
    file: File,
    direct: Option<File>,
    len: u64,
    buffer: Mutex<Buffer>,
}

impl ReadOnly {
    /// The open file: another process can read it, and nothing more.
    pub fn descriptor(&self) -> &File {
        &self.file
    }

    /// All descriptors by which another process can read it as this one does: the open file, and the one that reads past the
    /// page cache, if there is one.
    pub fn handles(&self) -> Vec<&File> {
        std::iter::once(&self.file).chain(&self.direct).collect()
    }

    /// What is open as `file`, opened once more for reading only.
    ///
    /// # Errors
    ///
    /// What the system says.
    pub(super) fn of(file: &File) -> io::Result<Self> {
        let name = PathBuf::from(format!("/proc/self/fd/{}", file.as_raw_fd()));
        let again = File::open(&name)?;
        let direct = open_direct(&name, &again);
        Self::given(again, direct)
    }

    /// What another process has opened: the file, and the one that reads past the page cache, if there is one.
    ///
    /// # Errors
    ///
    /// What the system says.
    pub fn given(file: File, direct: Option<File>) -> io::Result<Self> {
        let meta = file.metadata()?;
        let len = if meta.file_type().is_block_device() { ioctl::len(&file)? } else { meta.len() };
        let buffer = Mutex::new(Buffer::new(BUFFER_LEN as usize, DIRECT as usize));
        Ok(Self { file, direct, len, buffer })
    }

    /// Opens what `target` names for reading.
    ///
    /// # Errors
    ///
    /// [`OpenError::Missing`] if nothing is there, [`OpenError::Open`] if the system refuses.
    pub fn open(target: &TargetPath) -> Result<Self, OpenError> {
        let path = target.path();
        if matches!(target, TargetPath::New { .. }) {
            return Err(OpenError::Missing { path: path.into() });
        }
        let failed = |source| OpenError::Open { path: path.into(), source };
        let file = File::open(path).map_err(failed)?;
        let direct = open_direct(path, &file);
        Self::given(file, direct).map_err(failed)
    }

    /// Length in bytes.
    pub fn len(&self) -> u64 {
        self.len
    }

    /// Whether there is nothing to read.
    pub fn is_empty(&self) -> bool {
        self.len == 0
    }

    /// Offset of the first byte from `offset` on that is not zero, or `None` if all are. Holes are skipped, not read; `observe` is
    /// told of bytes that were read.
    ///
    /// # Errors
    ///
    /// What the system says.
    pub fn first_data(&self, mut offset: u64, observe: &dyn Fn(u64)) -> io::Result<Option<u64>> {
        let mut buffer = vec![0; BUFFER_LEN as usize];
        while offset < self.len {
            offset = match seek(&self.file, SeekFrom::Data(offset)) {
                Ok(data) => data,
                // Nothing but holes from here on.
                Err(Errno::NXIO) => return Ok(None),
                // A file system that cannot tell: everything is read.
                Err(Errno::INVAL | Errno::OPNOTSUPP) => offset,
                Err(error) => return Err(error.into()),
            };
            let part = &mut buffer[..BUFFER_LEN.min(self.len.saturating_sub(offset)) as usize];
            self.file.read_exact_at(part, offset)?;
            observe(part.len() as u64);
            if let Some(found) = part.iter().position(|&byte| byte != 0) {
                return Ok(Some(offset + found as u64));
            }
            offset += part.len() as u64;
        }
        Ok(None)
    }

    /// Fills `buffer` from byte `offset` on; any offset and length.
    ///
    /// # Errors
    ///
    /// What the system says; also when the end comes before the buffer is full.
    pub fn read_at(&self, offset: u64, buffer: &mut [u8]) -> io::Result<()> {
        let mut done = 0;
        while done < buffer.len() {
            let at = offset + done as u64;
            let part = buffer.len().min(done + (BUFFER_LEN - DIRECT) as usize);
            self.read_part(at, &mut buffer[done..part])?;
            done = part;
        }
        Ok(())
    }

    fn read_part(&self, offset: u64, part: &mut [u8]) -> io::Result<()> {
        let start = offset / DIRECT * DIRECT;
        let end = (offset + part.len() as u64).next_multiple_of(DIRECT).min(self.len);
        if let Some(direct) = &self.direct
            && offset + part.len() as u64 <= self.len
        {
            let mut buffer = self.buffer.lock().unwrap_or_else(PoisonError::into_inner);
            let bytes = &mut buffer.bytes_mut()[..(end - start) as usize];
            if direct.read_exact_at(bytes, start).is_ok() {
                part.copy_from_slice(&bytes[(offset - start) as usize..][..part.len()]);
                return Ok(());
            }
            // A sector beside these may be what cannot be read.
            let is_exact =
                offset.is_multiple_of(SECTOR_LEN) && (part.len() as u64).is_multiple_of(SECTOR_LEN);
            let bytes = &mut buffer.bytes_mut()[..part.len()];
            if is_exact && direct.read_exact_at(bytes, offset).is_ok() {
                part.copy_from_slice(bytes);
                return Ok(());
            }
        }
        forget(&self.file, start, part.len() as u64 + DIRECT);
        self.file.read_exact_at(part, offset)
    }
}

impl Source for ReadOnly {
    fn len(&self) -> u64 {
        self.len
    }

    fn read_at(&self, offset: u64, buffer: &mut [u8]) -> io::Result<()> {
        self.read_at(offset, buffer)
    }

    fn descriptors(&self) -> &[File] {
        std::slice::from_ref(&self.file)
    }
}

/// A second descriptor of the same file that reads past the page cache, if the file system has that.
fn open_direct(path: &Path, file: &File) -> Option<File> {
    let flags = i32::try_from(OFlags::DIRECT.bits()).ok()?;
    let direct = OpenOptions::new().read(true).custom_flags(flags).open(path).ok()?;
    let identity = |file: &File| file.metadata().ok().map(|meta| (meta.dev(), meta.ino(), meta.rdev()));
    (identity(&direct).is_some() && identity(&direct) == identity(file)).then_some(direct)
}

/// Drops cached bytes, so that the next read asks the medium. Only advice: a failure is no harm to the read.
pub(super) fn forget(file: &File, offset: u64, len: u64) {
    let Range { start, end } = pages(offset, len);
    let _ = fadvise(file, start, std::num::NonZero::new(end - start), Advice::DontNeed);
}

/// The whole pages in which `len` bytes from `offset` on lie: the kernel keeps one of which only a part is to go (posix_fadvise(2),
/// `POSIX_FADV_DONTNEED`).
fn pages(offset: u64, len: u64) -> Range<u64> {
    offset - offset % PAGE_LEN..offset.saturating_add(len).next_multiple_of(PAGE_LEN)
}

#[cfg(test)]
mod tests {
    use super::pages;

    #[test]
    fn no_page_is_kept_of_which_a_part_is_to_go() {
        assert_eq!(pages(512, 512), 0..4096);
        assert_eq!(pages(4096, 4096), 4096..8192);
        assert_eq!(pages(4095, 2), 0..8192);
    }
}
