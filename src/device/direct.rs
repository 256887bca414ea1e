//! Direct I/O, and the system's cache in its place where a device refuses that.

use std::fs::File;
use std::io;
use std::os::fd::OwnedFd;
use std::sync::atomic::{AtomicBool, Ordering};

use rustix::fs::{OFlags, fcntl_getfl, fcntl_setfl};
use rustix::io::Errno;

/// Whether an open device is read and written past the system's cache. Some drivers and file systems refuse that with `EINVAL`,
/// when a file is opened or at the first request (open(2), `O_DIRECT`).
#[derive(Debug, Default)]
pub(super) struct Direct {
    is_refused: AtomicBool,
    /// Whether it was refused before the device was found anew.
    was_refused: bool,
}

impl Direct {
    /// Opens with [`OFlags::DIRECT`] if that is not refused, else without it.
    ///
    /// # Errors
    ///
    /// What the system says.
    pub fn open(open: impl Fn(OFlags) -> Result<OwnedFd, Errno>) -> Result<(File, Self), Errno> {
        match open(OFlags::DIRECT) {
            Err(Errno::INVAL) => open(OFlags::empty()).map(|file| (file.into(), Self::refused())),
            opened => opened.map(|file| (file.into(), Self::default())),
        }
    }

    fn refused() -> Self {
        Self { is_refused: AtomicBool::new(true), was_refused: false }
    }

    /// The same of a device that was open as `before`, and was found anew.
    pub fn after(self, before: &Self) -> Self {
        Self { was_refused: before.was_refused(), ..self }
    }

    /// Whether any request was made through the cache, on this descriptor or one before it.
    pub fn was_refused(&self) -> bool {
        self.was_refused || self.is_refused()
    }

    /// Whether it is refused.
    pub fn is_refused(&self) -> bool {
        self.is_refused.load(Ordering::Relaxed)
    }

    /// Makes a request, and makes it once more through the cache if direct I/O is refused only now. The descriptor stays the same,
    /// and so does what it claims.
    ///
    /// # Errors
    ///
    /// What the system says.
    pub fn request(&self, file: &File, mut request: impl FnMut() -> io::Result<()>) -> io::Result<()> {
        // Another thread may find out the same meanwhile.
        let was_refused = self.is_refused();
        let done = request();
        let is_refused = done.as_ref().is_err_and(|error| Errno::from_io_error(error) == Some(Errno::INVAL));
        if !is_refused || was_refused {
            return done;
        }
        let flags = fcntl_getfl(file)?;
        fcntl_setfl(file, flags - OFlags::DIRECT)?;
        self.is_refused.store(true, Ordering::Relaxed);
        request()
    }
}

#[cfg(test)]
mod tests {
    use std::cell::Cell;
    use std::io;

    use rustix::fs::{Mode, OFlags, fcntl_getfl, open};
    use rustix::io::Errno;

    use super::Direct;

    #[test]
    fn what_the_kernel_opens_only_without_direct_io_is_opened_so() {
        // procfs has no direct I/O.
        let of = |flags| open("/proc/version", OFlags::RDONLY | OFlags::CLOEXEC | flags, Mode::empty());
        assert_eq!(of(OFlags::DIRECT).unwrap_err(), Errno::INVAL);
        let (file, direct) = Direct::open(of).unwrap();
        assert!(direct.is_refused() && !io::read_to_string(file).unwrap().is_empty());
        let missing = Direct::open(|flags| open("/proc/no such file", flags, Mode::empty()));
        assert_eq!(missing.unwrap_err(), Errno::NOENT);
        // Found anew it refuses nothing yet, but what was written before went through the cache.
        let again = Direct::default().after(&direct);
        assert!(!again.is_refused() && again.was_refused());
        assert!(!Direct::default().after(&Direct::default()).was_refused());
    }

    #[test]
    fn a_request_that_is_refused_is_made_once_more_and_no_other_error_changes_anything() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("file");
        std::fs::write(&path, [7; 4096]).unwrap();
        let (file, direct) =
            Direct::open(|flags| open(&path, OFlags::RDWR | OFlags::CLOEXEC | flags, Mode::empty())).unwrap();
        let is_direct = || fcntl_getfl(&file).unwrap().contains(OFlags::DIRECT);
        let made = Cell::new(0);
        let asks = |errors: &'static [Errno]| {
            made.set(0);
            direct.request(&file, || {
                let number = made.replace(made.get() + 1);
                errors.get(number).map_or(Ok(()), |error| Err((*error).into()))
            })
        };
        assert!(asks(&[Errno::IO]).is_err() && is_direct() && !direct.is_refused());
        assert_eq!(made.get(), 1);
        assert!(asks(&[Errno::INVAL]).is_ok() && !is_direct() && direct.is_refused());
        assert_eq!(made.get(), 2);
        // It is told only once.
        assert!(asks(&[Errno::INVAL, Errno::INVAL]).is_err());
        assert_eq!(made.get(), 1);
    }
}
