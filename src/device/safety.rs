//! Why a device is refused: a pure decision over facts that others have gathered.

use std::path::{Path, PathBuf};

use crate::device::uses::{A_BTRFS, A_JOURNAL, A_POOL};
use crate::device::{Allowed, DeviceFacts, DeviceKind, Use};
use crate::units::{Bytes, named, shell_word};

/// Why a target must not be written. Nothing has been touched.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum Refusal {
    /// The running system needs it.
    #[error("{} is refused: it holds {}", named(node), named(folder))]
    System {
        /// The device.
        node: PathBuf,
        /// The folder of the running system.
        folder: PathBuf,
    },
    /// It is a part of a disk.
    #[error("{} is refused: it is a partition, and the whole stick is written", named(node))]
    Partition {
        /// The device.
        node: PathBuf,
        /// The disk that it is a part of.
        disk: PathBuf,
    },
    /// A file system on it is mounted.
    #[error("{} is refused: {name} is mounted on {}", named(node), named(folder))]
    Mounted {
        /// The device or file.
        node: PathBuf,
        /// Name of the device that is mounted, or type of a file system without one.
        name: String,
        /// Where.
        folder: PathBuf,
        /// Loop devices that stay when it is unmounted, the upper first.
        loops: Vec<String>,
        /// A process that sees the mount, if this one does not.
        seen_by: Option<u32>,
        /// Whether `--unmount` would end it.
        own: bool,
    },
    /// Memory is swapped to it.
    #[error("{} is refused: {} is swap space in use", named(node), named(name))]
    Swap {
        /// The device or file.
        node: PathBuf,
        /// Name of the device, or path of the file.
        name: PathBuf,
    },
    /// Another device is made of it.
    #[error("{} is refused: {name} is held by {holder}", named(node))]
    Held {
        /// The device or file.
        node: PathBuf,
        /// Name of the part that is held.
        name: String,
        /// Name of the device that holds it.
        holder: String,
    },
    /// A loop device shows it or a file on it.
    #[error("{} is refused: {name} shows {}", named(node), named(file))]
    Loop {
        /// The device or file.
        node: PathBuf,
        /// Name of the loop device.
        name: String,
        /// The name that the kernel has for what it shows.
        file: PathBuf,
    },
    /// The kernel serves it to other machines.
    #[error("{} is refused: this machine serves it to others", named(node))]
    Served {
        /// The device or file.
        node: PathBuf,
        /// The file of the kernel's configuration that says so.
        setting: PathBuf,
    },
    /// A process may write to it.
    #[error("{} is refused: process {pid} ({command}) has it open for writing", named(node))]
    Open {
        /// The device or file.
        node: PathBuf,
        /// Number of the process.
        pid: u32,
        /// Name of its program.
        command: String,
    },
    /// This command was started with it open for writing.
    #[error(
        "{} is refused: this command was started with it open for writing, as descriptor {descriptor}",
        named(node)
    )]
    OpenHere {
        /// The file.
        node: PathBuf,
        /// Number of the descriptor.
        descriptor: u32,
    },
    /// Something that cannot be named may write to it.
    #[error("{} is refused: something that ramkey may not look at has it open for writing", named(node))]
    OpenSomewhere {
        /// The file.
        node: PathBuf,
    },
    /// It is a loop device that shows another device.
    #[error("{} is refused: it is no stick but shows the device {}", named(node), named(device))]
    Shows {
        /// The device.
        node: PathBuf,
        /// The device that it shows.
        device: PathBuf,
    },
    /// It cannot be told whether it is in use.
    #[error("{} is refused: {question}", named(node))]
    Unknown {
        /// The device or file.
        node: PathBuf,
        /// What is not known.
        question: String,
        /// What to do.
        help: String,
        /// Whether a process with rights can tell.
        rights_tell: bool,
    },
    /// It holds an image that is to be written.
    #[error("{} is refused: the image {} lies on it", named(node), named(image))]
    Source {
        /// The device or file.
        node: PathBuf,
        /// The image.
        image: PathBuf,
    },
    /// It has the very bytes of an image that is to be written.
    #[error("{} is refused: it is one of the images{}", named(node), other_name(node, image))]
    Image {
        /// The device or file.
        node: PathBuf,
        /// The image.
        image: PathBuf,
    },
    /// It is built in, so it is no stick.
    #[error("{} is refused: it is not removable", named(node))]
    NotRemovable {
        /// The device.
        node: PathBuf,
    },
    /// It is made of other devices, or of memory.
    #[error("{} is refused: it is no disk but a device made of others", named(node))]
    Virtual {
        /// The device.
        node: PathBuf,
    },
    /// The kernel refuses writes.
    #[error("{} is refused: it is read-only", named(node))]
    ReadOnly {
        /// The device.
        node: PathBuf,
    },
    /// A BIOS would see other sectors.
    #[error("{} is refused: its sectors have {found} bytes, and 512 are needed", named(node))]
    SectorSize {
        /// The device.
        node: PathBuf,
        /// Bytes in its logical sector.
        found: u64,
    },
    /// The machine's owner wants it never to be written.
    #[error("{} is refused: {} protects it, by {what}{}", named(node), named(list), reason(why.as_deref()))]
    Protected {
        /// The device.
        node: PathBuf,
        /// The list that says so.
        list: PathBuf,
        /// What of the device the list names.
        what: String,
        /// Why, if the list says that.
        why: Option<String>,
    },
    /// The machine sleeps to it.
    #[error("{} is refused: this machine keeps its memory on {name} while it sleeps", named(node))]
    Sleep {
        /// The device.
        node: PathBuf,
        /// Name of the device or part.
        name: String,
    },
    /// It is larger than sticks mostly are: it may be a disk with somebody's backups.
    #[error(
        "{} is refused: it has {}, and a disk of more than {} may hold more than a stick does",
        named(node),
        Bytes(*len),
        Bytes(DeviceFacts::LARGEST_STICK)
    )]
    Large {
        /// The device.
        node: PathBuf,
        /// Its length in bytes.
        len: u64,
    },
    /// Its cache cannot be emptied, and that was asked for.
    #[error("{} is refused: its own cache cannot be emptied, as --hard-verify asks", named(node))]
    KeepsCache {
        /// The device or file.
        node: PathBuf,
        /// Whether it is a file.
        is_file: bool,
    },
    /// A card reader without a card, for example.
    #[error("{} is refused: it holds no medium", named(node))]
    Empty {
        /// The device.
        node: PathBuf,
    },
}

/// The name of an image that is the target, if it is another.
fn other_name(node: &Path, image: &Path) -> String {
    if node == image { String::new() } else { format!(", {}", named(image)) }
}

/// Why a list protects a device, if it says so.
fn reason(why: Option<&str>) -> String {
    why.map(|why| format!(" ({why})")).unwrap_or_default()
}

impl Refusal {
    /// What the person at the terminal can do next.
    pub fn help(&self) -> String {
        match self {
            Self::Mounted { folder, loops, seen_by, own, .. } => {
                let here = if *own { ", or add --unmount" } else { "" };
                format!("{} first{here}", unmount(folder, loops, *seen_by))
            }
            Self::Swap { name, .. } => format!("{} first", swap_off(name)),
            Self::Held { holder, .. } => format!("{} first", close(holder)),
            Self::Loop { name, .. } => format!("run {} first", detach(name)),
            Self::Served { setting, .. } => {
                format!("end that first; `cat {}` shows its name", shell_word(setting))
            }
            Self::Open { pid, .. } => format!("{} first", end(*pid)),
            Self::OpenHere { descriptor, .. } => format!("{} first", close_descriptor(*descriptor)),
            Self::OpenSomewhere { node } => {
                format!("`lsof {}` as root may name it; or name another file", shell_word(node))
            }
            Self::Shows { node, device } => {
                format!("run {} and name the stick itself, {}", detach_node(node), shell_word(device))
            }
            Self::Unknown { help, .. } => help.clone(),
            Self::Source { .. } => "copy the image to another disk first".into(),
            Self::Image { .. } => "name another file for the stick".into(),
            Self::Partition { disk, .. } => format!("name the whole stick: {}", shell_word(disk)),
            Self::ReadOnly { .. } => "move the switch on the stick or card, and plug it in again".into(),
            Self::Empty { .. } => "put the card or stick in".into(),
            Self::KeepsCache { is_file: true, .. } => "leave --hard-verify out: a file has no cache of its own".into(),
            Self::KeepsCache { .. } => {
                "run the command as root with a stick on USB, or in a terminal, where it asks for the stick to be plugged in again".into()
            }
            Self::Protected { list, .. } => {
                format!("take it out of {} if it may be written", shell_word(list))
            }
            Self::Sleep { .. } => {
                "take `resume=` out of the kernel's command line, and start the machine again".into()
            }
            Self::Large { .. } => "add --large if it is the stick that you mean".into(),
            Self::System { .. }
            | Self::NotRemovable { .. }
            | Self::Virtual { .. }
            | Self::SectorSize { .. } => "`ramkey list` shows the sticks that can be written".into(),
        }
    }
}

impl Use {
    /// What ends it, of those that write to a file or device.
    pub fn end(&self) -> Option<String> {
        match self {
            Self::Mounted { folder, loops, seen_by, .. } => Some(unmount(folder, loops, *seen_by)),
            Self::Swap { name } => Some(swap_off(name)),
            Self::Held { holder, .. } => Some(close(holder)),
            Self::Open { pid, .. } => Some(end(*pid)),
            Self::OpenHere { descriptor } => Some(close_descriptor(*descriptor)),
            _ => None,
        }
    }
}

fn unmount(folder: &Path, loops: &[String], seen_by: Option<u32>) -> String {
    let folder = shell_word(folder);
    let detach: String = loops.iter().map(|name| format!(" and then {}", detach(name))).collect();
    match seen_by {
        None => format!("run `umount {folder}`{detach}"),
        Some(pid) => format!("run `nsenter --target {pid} --mount umount {folder}`{detach}"),
    }
}

fn swap_off(name: &Path) -> String {
    format!("run `swapoff {}`", shell_word(name))
}

fn close(holder: &str) -> String {
    let name = holder.split(' ').next().unwrap_or(holder);
    let mapped = holder.split_once(" (").and_then(|(_, mapped)| mapped.strip_suffix(')'));
    match mapped {
        Some(mapped) => format!("run `dmsetup remove {}`", shell_word(mapped)),
        None if holder == A_BTRFS => "unmount it: `findmnt --types btrfs` shows where it is".into(),
        None if holder == A_POOL => "run `zpool export` with its pool, which `zpool status` names".into(),
        None if holder == A_JOURNAL => "find it with `findmnt --types ext3,ext4` and unmount it".into(),
        None if name.starts_with("md") => format!("run `mdadm --stop /dev/{name}`"),
        None if name.starts_with("zram") => {
            format!("run `swapoff /dev/{name}` and `zramctl --reset /dev/{name}`")
        }
        None => format!("close {holder}: `lsblk /dev/{name}` shows what it is made of"),
    }
}

fn end(pid: u32) -> String {
    format!("close its program (`ps -fp {pid}` shows it)")
}

fn close_descriptor(descriptor: u32) -> String {
    match descriptor {
        0 => "give this command another input (`</dev/null`)".into(),
        1 | 2 => "send the output of this command to another file".into(),
        _ => format!("close it in the shell (`exec {descriptor}>&-`)"),
    }
}

/// The command that makes a loop device show nothing.
fn detach(name: &str) -> String {
    detach_node(&Path::new("/dev").join(name))
}

fn detach_node(node: &Path) -> String {
    format!("`losetup --detach {}`", shell_word(node))
}

/// Why the device is refused, or `None` if it may be written.
///
/// What would do most harm is said first: the running system, what its owner protects, then what is in use, then what it is, then what cannot be
/// told.
pub fn refusal(facts: &DeviceFacts, uses: &[Use], allowed: Allowed) -> Option<Refusal> {
    let node = || facts.node.clone();
    let of_system = uses.iter().find(|used| matches!(used, Use::System { .. }));
    let protected = || uses.iter().find(|used| matches!(used, Use::Protected { .. }));
    if let Some(used) = of_system.or_else(protected) {
        return Some(refused_path(&facts.node, used));
    }
    if facts.kind == DeviceKind::Partition {
        let name = facts.node.to_string_lossy();
        let digits = name.trim_end_matches(|c: char| c.is_ascii_digit());
        let whole = digits.strip_suffix('p').filter(|disk| disk.ends_with(|c: char| c.is_ascii_digit()));
        return Some(Refusal::Partition { node: node(), disk: whole.unwrap_or(digits).into() });
    }
    let goes = |used: &&Use| allowed.unmount && matches!(used, Use::Mounted { own: Some(_), .. });
    let (unknown, known): (Vec<&Use>, Vec<&Use>) =
        uses.iter().filter(|used| !goes(used)).partition(|used| matches!(used, Use::Unknown { .. }));
    let first = |uses: &[&Use]| uses.first().map(|used| refused_path(&facts.node, used));
    first(&known).or_else(|| refused_kind(facts, allowed)).or_else(|| first(&unknown))
}

/// The refusal of the target `node` for one use of it.
pub(super) fn refused_path(node: &Path, used: &Use) -> Refusal {
    let node = node.to_owned();
    match used.clone() {
        Use::System { folder } => Refusal::System { node, folder },
        Use::Mounted { name, folder, loops, seen_by, own, .. } => {
            Refusal::Mounted { node, name, folder, loops, seen_by, own: own.is_some() }
        }
        Use::Swap { name } => Refusal::Swap { node, name },
        Use::Held { name, holder } => Refusal::Held { node, name, holder },
        Use::Loop { name, file } => Refusal::Loop { node, name, file },
        Use::Served { setting } => Refusal::Served { node, setting },
        Use::Open { pid, command } => Refusal::Open { node, pid, command },
        Use::OpenHere { descriptor } => Refusal::OpenHere { node, descriptor },
        Use::OpenSomewhere => Refusal::OpenSomewhere { node },
        Use::Source { image } => Refusal::Source { node, image },
        Use::Image { image } => Refusal::Image { node, image },
        Use::Protected { list, what, why } => Refusal::Protected { node, list, what, why },
        Use::Sleep { name } => Refusal::Sleep { node, name },
        Use::Shows { device } => Refusal::Shows { node, device: Path::new("/dev").join(device) },
        Use::Unknown { question, help, rights_tell } => {
            Refusal::Unknown { node, question, help, rights_tell }
        }
    }
}

fn refused_kind(facts: &DeviceFacts, allowed: Allowed) -> Option<Refusal> {
    let node = facts.node.clone();
    match facts.kind {
        DeviceKind::Virtual => Some(Refusal::Virtual { node }),
        DeviceKind::Disk if !facts.removable && !facts.usb => Some(Refusal::NotRemovable { node }),
        _ if facts.len == 0 => Some(Refusal::Empty { node }),
        DeviceKind::Disk if facts.len > DeviceFacts::LARGEST_STICK && !allowed.large => {
            Some(Refusal::Large { node, len: facts.len })
        }
        _ if facts.read_only => Some(Refusal::ReadOnly { node }),
        _ if facts.logical_sector != 512 => Some(Refusal::SectorSize { node, found: facts.logical_sector }),
        _ => None,
    }
}
