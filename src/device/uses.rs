//! What a device or file can be in use for.

use std::path::PathBuf;

/// What holds a disk of a btrfs of which no mount is seen.
pub(super) const A_BTRFS: &str = "a mounted btrfs file system";

/// What holds a device that is a journal, if it cannot be told of which mount.
pub(super) const A_JOURNAL: &str = "a mounted file system, whose journal it is";

/// What holds a device that is a part of a ZFS pool.
pub(super) const A_POOL: &str = "a ZFS pool, or could be";

/// One use of a device or file, or of a part of it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Use {
    /// The running system's folder lies on it.
    System {
        /// The folder.
        folder: PathBuf,
    },
    /// A file system is mounted.
    Mounted {
        /// Name of the device that holds it, or type of a file system that has none.
        name: String,
        /// Where.
        folder: PathBuf,
        /// Type of the file system.
        file_system: String,
        /// Loop devices that stay when it is unmounted, the upper first.
        loops: Vec<String>,
        /// A process that sees the mount, if this one does not.
        seen_by: Option<u32>,
        /// Number of the mount, if its file system lies on the device itself or a part of it, and it is no part of the
        /// running system: then it can be unmounted for the user.
        own: Option<u64>,
    },
    /// Memory is swapped to it.
    Swap {
        /// Name of the device or path of the file.
        name: PathBuf,
    },
    /// Another device is made of it.
    Held {
        /// Name of the part that is held.
        name: String,
        /// Name of the device that holds it.
        holder: String,
    },
    /// A loop device shows it, or a file on it.
    Loop {
        /// Name of the loop device.
        name: String,
        /// The name that the kernel has for what it shows.
        file: PathBuf,
    },
    /// The kernel serves it to other machines.
    Served {
        /// The file of the kernel's configuration that says so.
        setting: PathBuf,
    },
    /// A process may write to it.
    Open {
        /// Number of the process.
        pid: u32,
        /// Name of its program.
        command: String,
    },
    /// This command was started with it open for writing.
    OpenHere {
        /// Number of the descriptor.
        descriptor: u32,
    },
    /// Something that cannot be named may write to it.
    OpenSomewhere,
    /// It holds an image that is to be written.
    Source {
        /// The image.
        image: PathBuf,
    },
    /// It has the very bytes of an image that is to be written.
    Image {
        /// The image.
        image: PathBuf,
    },
    /// The machine keeps its memory on it while it sleeps.
    Sleep {
        /// Name of the device or part.
        name: String,
    },
    /// It is a loop device that shows another device.
    Shows {
        /// Name of the other device.
        device: String,
    },
    /// The machine's owner wants it never to be written.
    Protected {
        /// The list that says so.
        list: PathBuf,
        /// What of it the list names.
        what: String,
        /// Why, if the list says that.
        why: Option<String>,
    },
    /// It cannot be told whether it is in use.
    Unknown {
        /// What is not known.
        question: String,
        /// What to do.
        help: String,
        /// Whether a process with rights can tell.
        rights_tell: bool,
    },
}
