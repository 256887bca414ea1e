//! What bytes lie on, by the kernel's numbers: devices and files, and what is directly below each of them.

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::os::unix::fs::{FileTypeExt, MetadataExt};
use std::path::{Path, PathBuf};

use crate::device::journals::Journal;
use crate::device::loops::LoopDevice;
use crate::device::mounts::Mount;
use crate::device::{DeviceNumber, System, Use};
use crate::units::shell_word;

/// Device and inode number of a file, as `stat` gives them: what a file is, whatever its names.
pub type FileIdentity = (u64, u64);

/// Something that bytes lie on.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Ground {
    /// A block device, or a file system by the number that its files have.
    Device(DeviceNumber),
    /// A regular file.
    File(FileIdentity),
    /// A character device that gives a disk SCSI commands: one of `/dev/sg*`.
    Generic(DeviceNumber),
}

impl Ground {
    /// What the metadata say: a block device, a regular file, or neither.
    pub fn of(meta: &fs::Metadata) -> Option<Self> {
        if meta.file_type().is_block_device() {
            Some(Self::Device(DeviceNumber::from_raw(meta.rdev())))
        } else {
            meta.is_file().then(|| Self::File((meta.dev(), meta.ino())))
        }
    }

    /// The device or file at a path, following links.
    pub fn at(path: &Path) -> Option<Self> {
        fs::metadata(path).ok().as_ref().and_then(Self::of)
    }

    /// The device or file that a mount names; those of the kernel's own file systems are none.
    pub fn of_source(path: &Path) -> Option<Self> {
        Self::at(path).filter(|_| path.is_absolute())
    }
}

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
        let as_root = "run the command as root, outside of a container";
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
                ("what the processes of others have open cannot be told".into(), as_root.into())
            }
        };
        Use::Unknown { question, help }
    }
}

/// What is below what.
#[derive(Debug, Default)]
pub(super) struct Grounds {
    below: BTreeMap<Ground, BTreeSet<Ground>>,
    /// Devices that are made of others, as (the one that holds, the one that is held).
    pub stacked: BTreeSet<(DeviceNumber, DeviceNumber)>,
    /// The devices of each mounted btrfs file system.
    pub btrfs: Vec<BTreeSet<DeviceNumber>>,
    /// Journals of mounted file systems on devices of their own.
    pub journals: Vec<Journal>,
    names: BTreeMap<DeviceNumber, String>,
}

impl Grounds {
    /// Reads sysfs, and adds what loop devices show and mounts lie on.
    pub fn gather(system: &System, loops: &[LoopDevice], mounts: &[Mount]) -> Self {
        let mut grounds = Self::default();
        let block = system.sys.join("block");
        for name in names(&block) {
            let folder = block.join(&name);
            let Some(disk) = grounds.device(system, &folder, &name) else { continue };
            for part in names(&folder).into_iter().filter(|part| folder.join(part).join("partition").exists())
            {
                if let Some(part) = grounds.device(system, &folder.join(&part), &part) {
                    grounds.put(Ground::Device(part), Ground::Device(disk));
                }
            }
        }
        for device in loops {
            if let Some(shown) = device.shows {
                grounds.put(Ground::Device(device.number), shown);
            }
        }
        grounds.btrfs = system.btrfs_members();
        for mount in mounts {
            let number = Ground::Device(mount.number);
            let layers = mount.overlay_layers();
            let layers = layers.iter().filter_map(|layer| fs::metadata(layer).ok());
            let below: Vec<Ground> = layers
                .map(|meta| Ground::Device(DeviceNumber::from_raw(meta.dev())))
                .chain(mount.named())
                .collect();
            let members = grounds
                .btrfs
                .iter()
                .filter(|members| members.iter().any(|member| below.contains(&Ground::Device(*member))));
            let members: Vec<Ground> = members.flatten().copied().map(Ground::Device).collect();
            for ground in below.into_iter().chain(members) {
                grounds.put(number, ground);
            }
        }
        let known = grounds.names.iter().map(|(number, name)| (*number, name.as_str()));
        grounds.journals = system.journals(mounts, known);
        grounds
    }

    /// Takes the device of a folder of sysfs, with its slaves, its holders, and the device that a zram writes back to.
    fn device(&mut self, system: &System, folder: &Path, name: &str) -> Option<DeviceNumber> {
        let number = DeviceNumber::parse(&system.text(&folder.join("dev")))?;
        self.names.insert(number, name.to_owned());
        let of = |path: PathBuf| DeviceNumber::parse(&system.text(&path.join("dev")));
        let slaves = names(&folder.join("slaves"));
        let slaves = slaves.iter().filter_map(|name| of(folder.join("slaves").join(name)));
        let holders = names(&folder.join("holders"));
        let holders = holders.iter().filter_map(|name| of(system.sys.join("block").join(name)));
        let written_back = fs::read(folder.join("backing_dev")).ok();
        let written_back = written_back.and_then(|text| match Ground::of_source(&line_path(&text)) {
            Some(Ground::Device(device)) => Some(device),
            _ => None,
        });
        let generic = folder.join("device/scsi_generic");
        for command in names(&generic).iter().filter_map(|name| of(generic.join(name))) {
            self.put(Ground::Generic(command), Ground::Device(number));
        }
        let pairs: Vec<_> = slaves
            .chain(written_back)
            .map(|slave| (number, slave))
            .chain(holders.map(|holder| (holder, number)))
            .collect();
        for (holder, held) in pairs {
            self.put(Ground::Device(holder), Ground::Device(held));
            self.stacked.insert((holder, held));
        }
        Some(number)
    }

    fn put(&mut self, above: Ground, below: Ground) {
        if above != below {
            self.below.entry(above).or_default().insert(below);
        }
    }

    /// Everything that the bytes of `start` lie on, itself included: through partitions, loop devices, the device
    /// mapper, RAID, files and their file systems.
    pub fn below(&self, start: impl IntoIterator<Item = Ground>) -> BTreeSet<Ground> {
        let mut found = BTreeSet::new();
        let mut open: Vec<Ground> = start.into_iter().collect();
        // Ends: each is entered once, and a machine has a bounded number of them.
        while let Some(ground) = open.pop() {
            if !found.insert(ground) {
                continue;
            }
            open.extend(self.below.get(&ground).into_iter().flatten());
            if let Ground::File((device, _)) = ground {
                open.push(Ground::Device(DeviceNumber::from_raw(device)));
            }
        }
        found
    }

    /// Everything that a mounted file system lies on, its journal included.
    pub fn below_mount(&self, number: DeviceNumber) -> BTreeSet<Ground> {
        let journals = self.journals.iter().filter(|journal| journal.of == Some(number));
        let journals = journals.map(|journal| Ground::Device(journal.device));
        self.below(journals.chain([Ground::Device(number)]))
    }

    /// The device or file, and what has the very same bytes or more: what a loop device shows, the disk of a partition.
    /// The file system that a file lies on is none of it: other files on it are in use for other ends.
    pub fn same_bytes(&self, start: Ground) -> BTreeSet<Ground> {
        let mut found = BTreeSet::new();
        let mut open = vec![start];
        // Ends as in `below`.
        while let Some(ground) = open.pop() {
            if found.insert(ground) {
                open.extend(self.below.get(&ground).into_iter().flatten());
            }
        }
        found
    }

    /// Name of a device without folder, or its number.
    pub fn name(&self, number: DeviceNumber) -> String {
        self.names.get(&number).cloned().unwrap_or_else(|| number.to_string())
    }

    /// Whether sysfs knows a block device of this number.
    pub fn is_block_device(&self, number: DeviceNumber) -> bool {
        self.names.contains_key(&number)
    }
}

impl System {
    /// The devices of each mounted btrfs file system.
    fn btrfs_members(&self) -> Vec<BTreeSet<DeviceNumber>> {
        let root = self.sys.join("fs/btrfs");
        names(&root)
            .iter()
            .map(|name| {
                let devices = root.join(name).join("devices");
                let number = |name: &String| DeviceNumber::parse(&self.text(&devices.join(name).join("dev")));
                names(&devices).iter().filter_map(number).collect::<BTreeSet<_>>()
            })
            .collect()
    }
}

/// The names in a folder, in order; none if it cannot be read.
pub(super) fn names(folder: &Path) -> Vec<String> {
    let entries = fs::read_dir(folder).into_iter().flatten().flatten();
    let mut names: Vec<String> =
        entries.map(|entry| entry.file_name().to_string_lossy().into_owned()).collect();
    names.sort();
    names
}

/// The path on the one line of a file of sysfs. The line's own end is the last byte; the name may have others.
pub(super) fn line_path(text: &[u8]) -> PathBuf {
    use std::os::unix::ffi::OsStrExt;
    std::ffi::OsStr::from_bytes(text.strip_suffix(b"\n").unwrap_or(text)).into()
}
