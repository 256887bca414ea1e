//! Why a virtual machine's disk is not opened, before it is known how its file is called.

use std::ffi::OsStr;
use std::io;
use std::path::{Path, PathBuf};

use crate::image::error::ImageError;
use crate::units::{named, shell_word};

/// A kind of virtual disk: what is said of it.
pub(super) struct Form {
    /// Its name, as in `VDI`.
    pub name: &'static str,
    /// With an article, as in `a VDI file`.
    pub what: &'static str,
    /// The program that makes such files.
    pub program: &'static str,
    /// What `qemu-img` reads it with, before the name of the file.
    pub qemu: &'static str,
    /// Why it is a hard disk; `None` where such files hold anything.
    pub hard_disk: Option<&'static str>,
}

/// Why a hypervisor's disk is a hard disk.
pub(super) const OF_A_MACHINE: &str = "it is the hard disk of a virtual machine";

impl Form {
    /// The command that writes its bytes to a plain file beside the file at `path`, and the name of that.
    fn convert(&self, path: &Path) -> (String, String) {
        let mut plain = path.as_os_str().to_owned();
        plain.push(".raw");
        let plain = shell_word(PathBuf::from(plain));
        let driver = self.qemu;
        let command = if driver.contains('=') {
            // With such options a comma in a name is doubled.
            let name = shell_word(path).replace(',', ",,");
            format!("qemu-img convert --image-opts {driver},file.filename={name} -O raw {plain}")
        } else {
            format!("qemu-img convert -f {driver} -O raw {} {plain}", shell_word(path))
        };
        (command, plain)
    }

    /// The command that prints the bytes of the disk.
    pub fn plain_command(&self, path: &Path) -> String {
        // `qemu-img` writes to no pipe.
        let (command, plain) = self.convert(path);
        format!("{command} && cat {plain}")
    }
}

/// What can be done about a disk that is not opened.
#[derive(Debug)]
pub(super) enum Way {
    /// The file is not whole.
    CopyAgain,
    /// Its structures contradict each other.
    Check,
    /// `qemu-img` makes a plain image of it.
    Convert,
    /// Something else.
    Text(String),
}

/// Why a disk is not opened, or cannot be read.
#[derive(Debug)]
pub(super) enum Fault {
    /// A file cannot be read.
    Read { offset: u64, source: io::Error },
    /// It cannot be used.
    Unusable { why: String, way: Way },
    /// A file beside it was not opened.
    Other(ImageError),
}

impl Fault {
    /// The file has `len` bytes, and `what` lies behind them.
    pub fn cut(len: u64, what: impl std::fmt::Display) -> Self {
        let why = format!("it ends at byte {len}, and {what} would lie behind that");
        Self::Unusable { why, way: Way::CopyAgain }
    }

    /// The same of the file `part`, which lies beside it.
    pub fn cut_part(part: &str, len: u64, what: impl std::fmt::Display) -> Self {
        let why = format!("its part {part} ends at byte {len}, and {what} would lie behind that");
        Self::Unusable { why, way: Way::CopyAgain }
    }

    /// The same, of the file `part` beside it.
    pub fn of_part(self, part: &OsStr) -> Self {
        match self {
            Self::Unusable { why, way } => {
                Self::Unusable { why: format!("in its part {}, {why}", named(part)), way }
            }
            other => other,
        }
    }

    /// Something in it makes no sense.
    pub fn damaged(why: impl Into<String>) -> Self {
        Self::Unusable { why: why.into(), way: Way::Check }
    }

    /// It is understood, and not opened.
    pub fn refused(why: impl Into<String>, way: Way) -> Self {
        Self::Unusable { why: why.into(), way }
    }

    /// The same with the name of the file, which is a disk of the kind `form`.
    pub fn named(self, path: &Path, form: &Form) -> ImageError {
        let (why, way) = match self {
            Self::Read { offset, source } => {
                return ImageError::Read { path: path.to_owned(), offset, source };
            }
            Self::Other(error) => return error,
            Self::Unusable { why, way } => (why, way),
        };
        let help = match way {
            Way::CopyAgain => "copy or download it again: the file is not whole".into(),
            Way::Check => format!(
                "check it with {}, or see whether `{}` can read it",
                form.program,
                form.convert(path).0
            ),
            Way::Convert => format!("make a plain image of it, and give that: `{}`", form.convert(path).0),
            Way::Text(text) => text,
        };
        ImageError::Unusable { path: path.to_owned(), what: form.what, why, help }
    }
}

impl From<Fault> for io::Error {
    fn from(fault: Fault) -> Self {
        match fault {
            Fault::Read { source, .. } => source,
            Fault::Unusable { why, .. } => Self::new(io::ErrorKind::InvalidData, why),
            Fault::Other(error) => Self::other(error),
        }
    }
}

/// The name of a parent, for people; a file may be without one.
pub(super) fn parent(name: &str) -> String {
    if name.is_empty() { "another disk".into() } else { named(name).into_owned() }
}
