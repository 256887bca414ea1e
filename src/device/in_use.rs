//! Who uses a device: mounts, swap, devices made of it, and the running system.

use std::collections::BTreeSet;
use std::fs;
use std::os::unix::fs::{FileTypeExt, MetadataExt};
use std::path::{Path, PathBuf};

use crate::device::{DeviceNumber, System};

/// Folders whose disk is never written: the system runs from them.
const SYSTEM_FOLDERS: [&str; 6] = ["/", "/usr", "/boot", "/boot/efi", "/var", "/home"];

/// One use of a device or of a part of it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Use {
    /// The running system's folder lies on it.
    System {
        /// The folder.
        folder: PathBuf,
    },
    /// A file system is mounted.
    Mounted {
        /// Name of the device that holds it.
        name: String,
        /// Where.
        folder: PathBuf,
        /// Type of the file system.
        file_system: String,
    },
    /// Memory is swapped to it.
    Swap {
        /// Name of the device or path of the file.
        name: String,
    },
    /// Another device is made of it.
    Held {
        /// Name of the part that is held.
        name: String,
        /// Name of the device that holds it.
        holder: String,
    },
    /// A file on it stands for a disk.
    Loop {
        /// Name of the loop device.
        name: String,
        /// The file.
        file: PathBuf,
    },
    /// It holds an image that is to be written.
    Source {
        /// The image.
        image: PathBuf,
    },
}

/// A line of `/proc/*/mountinfo`.
struct Mount {
    number: DeviceNumber,
    folder: PathBuf,
    file_system: String,
    source: PathBuf,
    options: String,
}

/// Every use of the device, the worst first. `images` are the files that are to be written to it.
pub fn uses(system: &System, number: DeviceNumber, images: &[PathBuf]) -> Vec<Use> {
    let mounts = system.mounts();
    let disk = system.disk_of(number);
    let mut found = Vec::new();
    for folder in SYSTEM_FOLDERS.map(Path::new).into_iter().filter(|folder| folder.exists()) {
        if system.disks_under(folder, &mounts).contains(&disk) {
            found.push(Use::System { folder: folder.into() });
        }
    }
    let (family, held) = system.family(number);
    found.extend(system.mounted(&family, &mounts));
    found.extend(system.swapped(&family));
    found.extend(held);
    for (name, file) in system.loops() {
        if number_of_file_system(&file).is_some_and(|number| family.contains(&number)) {
            found.push(Use::Loop { name, file });
        }
    }
    for image in images {
        if system.disks_under(image, &mounts).contains(&disk) {
            found.push(Use::Source { image: image.clone() });
        }
    }
    found
}

impl System {
    /// The loop devices that show the file `path`, and the swap that lies in it.
    pub fn uses_of_file(&self, path: &Path) -> Vec<Use> {
        let identity = |path: &Path| fs::metadata(path).ok().map(|meta| (meta.dev(), meta.ino()));
        let wanted = identity(path);
        if wanted.is_none() {
            return Vec::new();
        }
        let loops = self.loops().into_iter().filter(|(_, file)| identity(file) == wanted);
        let swaps = self.swaps().into_iter().filter(|file| identity(file) == wanted);
        loops
            .map(|(name, file)| Use::Loop { name, file })
            .chain(swaps.map(|file| Use::Swap { name: file.display().to_string() }))
            .collect()
    }

    /// The device, its partitions, and everything that is made of them; with who holds what.
    fn family(&self, number: DeviceNumber) -> (BTreeSet<DeviceNumber>, Vec<Use>) {
        let (mut family, mut held) = (BTreeSet::new(), Vec::new());
        let mut open = vec![number];
        // Ends: each number is entered once, and a machine has a bounded number of devices.
        while let Some(number) = open.pop() {
            if !family.insert(number) {
                continue;
            }
            let Ok(facts) = self.facts(number) else { continue };
            open.extend(facts.partitions.iter().map(|partition| partition.number));
            let name = facts.node.file_name().unwrap_or_default().to_string_lossy().into_owned();
            for holder in names(&self.device_folder(number).join("holders")) {
                let folder = self.sys.join("block").join(&holder);
                open.extend(DeviceNumber::parse(&self.text(&folder.join("dev"))));
                held.push(Use::Held { name: name.clone(), holder: self.title_of(&holder) });
            }
        }
        (family, held)
    }

    /// `dm-0 (name in the device mapper)`, or the name as it is.
    fn title_of(&self, name: &str) -> String {
        match self.text(&self.sys.join("block").join(name).join("dm/name")) {
            mapped if mapped.is_empty() => name.to_owned(),
            mapped => format!("{name} ({mapped})"),
        }
    }

    fn name_of(&self, number: DeviceNumber) -> String {
        self.facts(number)
            .ok()
            .and_then(|facts| Some(facts.node.file_name()?.to_string_lossy().into_owned()))
            .unwrap_or_else(|| number.to_string())
    }

    fn mounted(&self, family: &BTreeSet<DeviceNumber>, mounts: &[Mount]) -> Vec<Use> {
        let mut found = Vec::new();
        for mount in mounts {
            // btrfs and fuse mounts carry a number of their own; their source names the device.
            let source = self.node_number(&mount.source);
            let number = [Some(mount.number), source].into_iter().flatten().find(|n| family.contains(n));
            let Some(number) = number else { continue };
            let used = Use::Mounted {
                name: self.name_of(number),
                folder: mount.folder.clone(),
                file_system: mount.file_system.clone(),
            };
            if !found.contains(&used) {
                found.push(used);
            }
        }
        for (source, folder, file_system) in self.second_opinion() {
            let Some(number) = self.node_number(&source).filter(|n| family.contains(n)) else { continue };
            if !found
                .iter()
                .any(|used| matches!(used, Use::Mounted { folder: known, .. } if *known == folder))
            {
                found.push(Use::Mounted { name: self.name_of(number), folder, file_system });
            }
        }
        // A file system on several devices names only one of them in its mount.
        for number in self.btrfs_members().into_iter().flatten().filter(|number| family.contains(number)) {
            if !found.iter().any(|used| matches!(used, Use::Mounted { .. })) {
                let name = self.name_of(number);
                found.push(Use::Held { name, holder: "a mounted btrfs file system".into() });
            }
        }
        found
    }

    /// Source, folder and type of the mounts that sysinfo finds, which reads another table in its own way.
    fn second_opinion(&self) -> Vec<(PathBuf, PathBuf, String)> {
        if self.proc != Path::new("/proc") {
            return Vec::new();
        }
        let disks = sysinfo::Disks::new_with_refreshed_list();
        let text = |text: &std::ffi::OsStr| text.to_string_lossy().into_owned();
        let disk = |disk: &sysinfo::Disk| {
            (PathBuf::from(disk.name()), disk.mount_point().to_owned(), text(disk.file_system()))
        };
        disks.iter().flat_map(|disks| disks.iter().map(disk)).collect()
    }

    fn swapped(&self, family: &BTreeSet<DeviceNumber>) -> Vec<Use> {
        let on_it = |path: &PathBuf| {
            self.node_number(path)
                .or_else(|| number_of_file_system(path))
                .is_some_and(|number| family.contains(&number))
        };
        let swaps = self.swaps().into_iter().filter(on_it);
        swaps.map(|path| Use::Swap { name: path.display().to_string() }).collect()
    }

    fn swaps(&self) -> Vec<PathBuf> {
        let text = fs::read_to_string(self.proc.join("swaps")).unwrap_or_default();
        text.lines().skip(1).filter_map(|line| line.split_whitespace().next()).map(unescape).collect()
    }

    /// Name and file of each loop device in use.
    fn loops(&self) -> Vec<(String, PathBuf)> {
        let block = self.sys.join("block");
        let file = |name: &String| fs::read_to_string(block.join(name).join("loop/backing_file")).ok();
        names(&block)
            .into_iter()
            .filter_map(|name| {
                let file = file(&name)?;
                let file = file.trim_end_matches('\n').trim_end_matches(" (deleted)");
                Some((name, PathBuf::from(file)))
            })
            .collect()
    }

    /// The mounts of this process and, if they can be read, of the first one.
    fn mounts(&self) -> Vec<Mount> {
        let own = fs::read_to_string(self.proc.join("self/mountinfo")).unwrap_or_default();
        let first = fs::read_to_string(self.proc.join("1/mountinfo")).unwrap_or_default();
        own.lines().chain(first.lines()).filter_map(Mount::parse).collect()
    }

    /// The whole disk of a partition, or the device itself.
    fn disk_of(&self, number: DeviceNumber) -> DeviceNumber {
        let folder = fs::canonicalize(self.device_folder(number)).unwrap_or_default();
        let whole = folder.join("partition").exists().then(|| folder.parent()).flatten();
        whole.and_then(|disk| DeviceNumber::parse(&self.text(&disk.join("dev")))).unwrap_or(number)
    }

    /// Every whole disk that the bytes of `path` depend on: its own if it is a device, else those of its file
    /// system, through overlays, loop devices, the device mapper and file systems on several disks.
    fn disks_under(&self, path: &Path, mounts: &[Mount]) -> BTreeSet<DeviceNumber> {
        let mut disks = BTreeSet::new();
        let (mut seen, mut paths) = (BTreeSet::new(), BTreeSet::new());
        let mut open_paths = vec![path.to_owned()];
        let mut open = Vec::new();
        // Ends: each path and each number is entered once.
        loop {
            if let Some(path) = open_paths.pop() {
                if paths.insert(path.clone()) {
                    open.extend(self.node_number(&path).or_else(|| number_of_file_system(&path)));
                }
                continue;
            }
            let Some(number) = open.pop() else { return disks };
            if !seen.insert(number) {
                continue;
            }
            let folder = self.device_folder(number);
            if folder.exists() {
                let disk = self.disk_of(number);
                disks.insert(disk);
                for member in [number, disk] {
                    let folder = self.device_folder(member);
                    open.extend(names(&folder.join("slaves")).iter().filter_map(|slave| {
                        DeviceNumber::parse(&self.text(&folder.join("slaves").join(slave).join("dev")))
                    }));
                    let file = fs::read_to_string(folder.join("loop/backing_file")).unwrap_or_default();
                    let file = file.trim_end_matches('\n').trim_end_matches(" (deleted)");
                    open_paths.extend((!file.is_empty()).then(|| file.into()));
                }
            }
            for mount in mounts.iter().filter(|mount| mount.number == number) {
                open.extend(self.node_number(&mount.source));
                open_paths.extend(mount.overlay_layers());
            }
            open.extend(self.btrfs_members().into_iter().filter(|set| set.contains(&number)).flatten());
        }
    }

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

    /// Number of the block device that `path` is, if it is one.
    fn node_number(&self, path: &Path) -> Option<DeviceNumber> {
        let meta = path.is_absolute().then(|| fs::metadata(path).ok()).flatten()?;
        meta.file_type().is_block_device().then(|| DeviceNumber::from_raw(meta.rdev()))
    }
}

impl Mount {
    /// Fields of a line: id, parent, number, root, folder, options, tags, "-", type, source, options of the
    /// file system (proc_pid_mountinfo(5)).
    fn parse(line: &str) -> Option<Self> {
        let (left, right) = line.split_once(" - ")?;
        let left: Vec<&str> = left.split(' ').collect();
        let mut right = right.split(' ');
        Some(Self {
            number: DeviceNumber::parse(left.get(2)?)?,
            folder: unescape(left.get(4)?),
            file_system: right.next()?.to_owned(),
            source: unescape(right.next()?),
            options: right.next().unwrap_or_default().to_owned(),
        })
    }

    /// The folders that an overlay is made of.
    fn overlay_layers(&self) -> Vec<PathBuf> {
        let keys = ["lowerdir=", "lowerdir+=", "datadir+=", "upperdir="];
        let values =
            self.options.split(',').filter_map(|option| keys.iter().find_map(|key| option.strip_prefix(key)));
        values.flat_map(|value| value.split(':')).filter(|path| !path.is_empty()).map(unescape).collect()
    }
}

/// Number of the file system that holds `path`.
fn number_of_file_system(path: &Path) -> Option<DeviceNumber> {
    fs::metadata(path).ok().map(|meta| DeviceNumber::from_raw(meta.dev()))
}

fn names(folder: &Path) -> Vec<String> {
    let mut names: Vec<String> = fs::read_dir(folder)
        .into_iter()
        .flatten()
        .flatten()
        .map(|entry| entry.file_name().to_string_lossy().into_owned())
        .collect();
    names.sort();
    names
}

/// Undoes the kernel's `\040` for a space, and the like.
fn unescape(text: &str) -> PathBuf {
    use std::os::unix::ffi::OsStringExt;
    let bytes = text.as_bytes();
    let mut plain = Vec::with_capacity(bytes.len());
    let mut at = 0;
    while at < bytes.len() {
        let octal = bytes.get(at + 1..at + 4).filter(|_| bytes[at] == b'\\');
        let value = octal.and_then(|digits| u8::from_str_radix(std::str::from_utf8(digits).ok()?, 8).ok());
        plain.push(value.unwrap_or(bytes[at]));
        at += if value.is_some() { 4 } else { 1 };
    }
    std::ffi::OsString::from_vec(plain).into()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_mount_line_gives_number_folder_and_layers() {
        let line =
            "36 35 0:30 / /mnt/a\\040b rw - overlay over rw,lowerdir=/a:/b,upperdir=/c\\134d,workdir=/w";
        let mount = Mount::parse(line).unwrap();
        assert_eq!(mount.number, DeviceNumber { major: 0, minor: 30 });
        assert_eq!(mount.folder, Path::new("/mnt/a b"));
        assert_eq!(mount.overlay_layers(), [Path::new("/a"), Path::new("/b"), Path::new("/c\\d")]);
        assert!(Mount::parse("36 35 0:30 / /mnt rw").is_none());
    }
}
