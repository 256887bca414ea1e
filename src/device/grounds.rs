//! What is directly below each device and file, and so what everything lies on in the end.

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::os::unix::fs::MetadataExt;
use std::path::{Path, PathBuf};

use crate::device::ground::Ground;
use crate::device::journals::Journal;
use crate::device::kernel_files::{folders, line_path, names};
use crate::device::loops::LoopDevice;
use crate::device::mounts::Mount;
use crate::device::{DeviceNumber, System};

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
    /// The disk of each partition.
    disks: BTreeMap<DeviceNumber, DeviceNumber>,
}

impl Grounds {
    /// Reads sysfs, and adds what loop devices show and mounts lie on.
    pub fn gather(system: &System, loops: &[LoopDevice], mounts: &[Mount]) -> Self {
        let mut grounds = Self::default();
        let block = system.sys.join("block");
        for name in names(&block) {
            let folder = block.join(&name);
            let Some(disk) = grounds.device(system, &folder, &name) else { continue };
            let is_part = |part: &String| folder.join(part).join("partition").exists();
            for part in folders(&folder).into_iter().filter(is_part) {
                if let Some(part) = grounds.device(system, &folder.join(&part), &part) {
                    grounds.put(Ground::Device(part), Ground::Device(disk));
                    grounds.disks.insert(part, disk);
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
            // The names are those of the time of the mount. A live system has moved what they lie on since then.
            let by_name = layers.iter().filter_map(|layer| fs::metadata(layer).ok());
            let by_name = by_name.map(|meta| DeviceNumber::from_raw(meta.dev()));
            let by_mount = layers.iter().filter_map(|layer| mount.beside(mounts, layer));
            let below: Vec<Ground> =
                by_name.chain(by_mount).map(Ground::Device).chain(mount.named()).collect();
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

    /// The disk that a partition is a part of.
    pub fn disk_of(&self, part: DeviceNumber) -> Option<DeviceNumber> {
        self.disks.get(&part).copied()
    }

    /// Every block device that sysfs knows.
    pub fn devices(&self) -> impl Iterator<Item = DeviceNumber> {
        self.names.keys().copied()
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
