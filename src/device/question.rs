//! What could not be found out of a machine, and so counts as a use.

use std::path::{Path, PathBuf};

use crate::device::Use;
use crate::units::shell_word;

/// Something that could not be found out. The answer is then no.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Question {
    /// The table of mounts cannot be read.
    Mounts { path: PathBuf },
    /// The table of swap space cannot be read.
    Swaps { path: PathBuf },
    /// A loop device does not tell what it shows.
    Loop { name: String, is_read_only: bool },
    /// The kernel serves something to other machines that cannot be found.
    Served { setting: PathBuf },
    /// The open files of some processes cannot be read.
    Processes,
}

impl Question {
    /// Whether who only reads a file may be behind it.
    pub fn is_of_reader(&self) -> bool {
        matches!(self, Self::Loop { is_read_only: true, .. })
    }

    /// The use that it may be.
    pub fn as_use(&self) -> Use {
        let as_root = "run the command as root, and outside of a container if this is one";
        let table = |path: &Path| format!("look at `cat {}`, and repeat the command", shell_word(path));
        let (question, help) = match self {
            Self::Mounts { path } => ("what is mounted cannot be told".into(), table(path)),
            Self::Swaps { path } => ("where memory is swapped to cannot be told".into(), table(path)),
            Self::Served { setting } => {
                ("what this machine serves to others cannot be told".into(), table(setting))
            }
            Self::Loop { name, .. } => {
                let detach = format!("{as_root}, or run `losetup --detach /dev/{name}` if nobody needs it");
                (format!("what {name} shows cannot be told"), detach)
            }
            Self::Processes => {
                ("this user is not told what the programs of others have open".into(), as_root.into())
            }
        };
        Use::Unknown { question, help, rights_tell: true }
    }
}
