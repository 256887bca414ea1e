//! Block devices as sysfs tells of them. Opens no device.

use std::collections::BTreeMap;
use std::fs;
use std::io;
use std::path::{Path, PathBuf};
use std::time::Duration;

use crate::device::FileSystem;
use crate::device::kernel_files::folders;
use crate::device::lend::Lender;
use crate::device::text::clean;

/// Where the kernel's tables are. Tests give made-up trees.
#[derive(Clone, Debug)]
pub struct System {
    /// sysfs.
    pub sys: PathBuf,
    /// procfs.
    pub proc: PathBuf,
    /// The database of udev, for labels.
    pub udev: PathBuf,
    /// The folder of device nodes.
    pub dev: PathBuf,
    /// The list of disks that are never written.
    pub protect: PathBuf,
    /// The user's own list, which only adds to that.
    pub protect_too: Option<PathBuf>,
    /// What the user allows beyond what is usual.
    pub allowed: Allowed,
    /// That the cache of a stick is to be emptied before it is read back, and by whom.
    pub hard_verify: Option<HardVerify>,
    /// Who opens devices in the place of this process, which may not. What this process may not see is then for that one to judge.
    pub lender: Option<Lender>,
    /// That a stick is ejected when it is finished.
    pub eject: bool,
}

/// What the user allows beyond what is usual, for one command.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Allowed {
    /// A disk that is larger than [`DeviceFacts::LARGEST_STICK`].
    pub large: bool,
    /// A device whose own file systems are mounted, because they will be unmounted before it is opened.
    pub unmount: bool,
    /// That a stick is believed what it claims.
    pub believed: bool,
}

/// That the cache of the stick is to be emptied before it is read back.
#[derive(Clone, Copy, Debug)]
pub struct HardVerify {
    /// Asks a person to plug the stick in again, and comes back when that is done; nothing where there is no person.
    pub ask: Option<fn(&DeviceFacts) -> io::Result<()>>,
    /// How long the stick is looked for then, or after a reset.
    pub patience: Duration,
}

impl HardVerify {
    /// Sticks that are slow to come take a few seconds.
    pub const PATIENCE: Duration = Duration::from_secs(30);
}

impl Default for System {
    fn default() -> Self {
        Self {
            sys: "/sys".into(),
            proc: "/proc".into(),
            udev: "/run/udev/data".into(),
            dev: "/dev".into(),
            protect: "/etc/ramkey.toml".into(),
            protect_too: None,
            allowed: Allowed::default(),
            hard_verify: None,
            lender: None,
            eject: false,
        }
    }
}

/// Major and minor number: what a device is, whatever its name.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct DeviceNumber {
    /// Driver.
    pub major: u32,
    /// Device of that driver.
    pub minor: u32,
}

impl std::fmt::Display for DeviceNumber {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{}:{}", self.major, self.minor)
    }
}

impl DeviceNumber {
    /// From a number as `stat` gives it.
    pub fn from_raw(raw: u64) -> Self {
        Self { major: rustix::fs::major(raw), minor: rustix::fs::minor(raw) }
    }

    /// From `MAJOR:MINOR`.
    pub fn parse(text: &str) -> Option<Self> {
        let (major, minor) = text.trim().split_once(':')?;
        Some(Self { major: major.parse().ok()?, minor: minor.parse().ok()? })
    }
}

/// What sort of device it is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, serde::Serialize, schemars::JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum DeviceKind {
    /// A whole disk.
    Disk,
    /// A part of a disk.
    Partition,
    /// A file that looks like a disk.
    Loop,
    /// A device made of others: device mapper, RAID, bcache, or of memory.
    Virtual,
}

/// A partition, as the kernel sees it.
#[derive(Clone, Debug, PartialEq, Eq, serde::Serialize, schemars::JsonSchema)]
pub struct Partition {
    /// Name without folder.
    pub name: String,
    /// Its device number.
    #[serde(skip)]
    pub number: DeviceNumber,
    /// First byte on the disk.
    pub offset: u64,
    /// Length in bytes.
    pub len: u64,
}

/// What is known of a block device without opening it.
///
/// Texts come from hardware: control characters and those that turn the writing direction are taken out.
#[derive(Clone, Debug, PartialEq, Eq, serde::Serialize, schemars::JsonSchema)]
pub struct DeviceFacts {
    /// The node, for example `/dev/sdb`.
    pub node: PathBuf,
    /// Its device number.
    #[serde(skip)]
    pub number: DeviceNumber,
    /// What sort of device it is.
    pub kind: DeviceKind,
    /// Length in bytes.
    pub len: u64,
    /// Bytes in a logical sector.
    pub logical_sector: u64,
    /// Whether the kernel refuses writes.
    pub read_only: bool,
    /// Whether the device says that its medium can be taken out.
    pub removable: bool,
    /// Whether it hangs on USB.
    pub usb: bool,
    /// The port that it hangs on as Linux names it, for example `1-1.4`, or nothing.
    pub usb_path: String,
    /// Vendor and product number on USB, for example `0781:5567`, or nothing.
    pub usb_id: String,
    /// World-wide name, or nothing.
    pub wwn: String,
    /// Vendor, or nothing.
    pub vendor: String,
    /// Model, or nothing.
    pub model: String,
    /// Serial number, or nothing.
    pub serial: String,
    /// Number of this medium; never used twice until the next boot.
    #[serde(skip)]
    pub sequence: Option<u64>,
    /// Its partitions, in the order of their numbers.
    pub partitions: Vec<Partition>,
}

impl DeviceFacts {
    /// Length in bytes of the largest disk that is taken for a stick by itself: 64 GiB, so that whatever is sold as 64 GB is
    /// smaller.
    pub const LARGEST_STICK: u64 = 64 << 30;

    /// Whether both are the same medium in the same port. Two sticks of one make may have the same serial number, and a
    /// stick that took the place of another has its name: the number of the medium and the port tell them apart.
    pub fn is_same_device(&self, other: &Self) -> bool {
        (self.number, self.len, self.sequence) == (other.number, other.len, other.sequence)
            && (&self.serial, &self.usb_path) == (&other.serial, &other.usb_path)
    }

    /// Vendor and model for people, for example `SanDisk Cruzer`.
    pub fn title(&self) -> String {
        let title = format!("{} {}", self.vendor, self.model).trim().to_owned();
        match self.kind {
            _ if !title.is_empty() => title,
            DeviceKind::Loop => "loop device".into(),
            _ => "unnamed device".into(),
        }
    }

    /// Whether it could be a stick at all: a disk that hangs on USB or can be taken out.
    pub fn is_stick(&self) -> bool {
        self.kind == DeviceKind::Disk && (self.usb || self.removable) && self.len > 0
    }
}

impl System {
    /// The same, when what was to be unmounted is unmounted, and for who opens the device itself.
    pub(super) fn strict(&self) -> Self {
        Self { allowed: Allowed { unmount: false, ..self.allowed }, lender: None, ..self.clone() }
    }

    /// Every whole disk, by name.
    ///
    /// # Errors
    ///
    /// If sysfs cannot be listed.
    pub fn disks(&self) -> io::Result<Vec<DeviceFacts>> {
        let mut disks = BTreeMap::new();
        for entry in fs::read_dir(self.sys.join("block"))? {
            let name = entry?.file_name();
            let number = self.text(&self.sys.join("block").join(&name).join("dev"));
            // A device may vanish while we look: then it is none of ours.
            let facts = DeviceNumber::parse(&number).and_then(|number| self.facts(number).ok());
            if let Some(facts) = facts {
                disks.insert(name, facts);
            }
        }
        Ok(disks.into_values().collect())
    }

    /// What sysfs tells of the device with this number.
    ///
    /// # Errors
    ///
    /// If sysfs knows no such device.
    pub fn facts(&self, number: DeviceNumber) -> io::Result<DeviceFacts> {
        let folder = fs::canonicalize(self.device_folder(number))?;
        let name = last_name(&folder);
        let disk = if folder.join("partition").exists() {
            folder.parent().unwrap_or(&folder).to_owned()
        } else {
            folder.clone()
        };
        let flag = |path: &Path| self.text(path) == "1";
        let sectors = self.text(&folder.join("size")).parse::<u64>().unwrap_or(0);
        let udev = self.udev_properties(number);
        let udev_text = |key: &str| udev.get(key).cloned().unwrap_or_default();
        let first = |texts: [String; 2]| texts.into_iter().find(|text| !text.is_empty()).unwrap_or_default();
        let usb = self.usb_ancestor(&disk);
        let usb_text = |key: &str| usb.as_ref().map(|usb| self.text(&usb.join(key))).unwrap_or_default();
        Ok(DeviceFacts {
            node: self.dev.join(name.replace('!', "/")),
            number,
            kind: self.kind(&folder, &name),
            len: sectors * 512,
            logical_sector: self.text(&disk.join("queue/logical_block_size")).parse().unwrap_or(512),
            read_only: flag(&folder.join("ro")),
            // Card readers that are no USB devices say only what sort of card they hold.
            removable: flag(&disk.join("removable")) || self.text(&disk.join("device/type")) == "SD",
            usb: usb.is_some(),
            usb_path: usb.as_deref().map(last_name).unwrap_or_default(),
            usb_id: match &usb {
                Some(_) => format!("{}:{}", usb_text("idVendor"), usb_text("idProduct")),
                None => String::new(),
            },
            wwn: first([self.text(&disk.join("device/wwid")), udev_text("ID_WWN")]),
            vendor: first([self.text(&disk.join("device/vendor")), usb_text("manufacturer")]),
            model: first([self.text(&disk.join("device/model")), usb_text("product")]),
            serial: first([usb_text("serial"), udev_text("ID_SERIAL_SHORT")]),
            sequence: self.text(&disk.join("diskseq")).parse().ok(),
            partitions: self.partitions(&folder),
        })
    }

    /// File system and label as udev knows them, if it does.
    pub fn label(&self, number: DeviceNumber) -> Option<FileSystem> {
        let mut properties = self.udev_properties(number);
        let kind = properties.remove("ID_FS_TYPE")?;
        Some(FileSystem { kind, label: properties.remove("ID_FS_LABEL").unwrap_or_default() })
    }

    /// The folder of a device in sysfs; a link, which may not exist.
    pub(super) fn device_folder(&self, number: DeviceNumber) -> PathBuf {
        self.sys.join("dev/block").join(number.to_string())
    }

    /// First line of a file, without the characters that could fool a terminal; nothing if there is none.
    pub(super) fn text(&self, path: &Path) -> String {
        let bytes = fs::read(path).unwrap_or_default();
        clean(String::from_utf8_lossy(&bytes).lines().next().unwrap_or_default())
    }

    /// Every serial number by which the device is known: that of USB, and those that udev asked the disk for.
    pub(super) fn serials(&self, facts: &DeviceFacts) -> Vec<String> {
        let mut udev = self.udev_properties(facts.number);
        let keys = ["ID_SERIAL_SHORT", "ID_SCSI_SERIAL", "ID_SERIAL", "ID_USB_SERIAL_SHORT"];
        let known = keys.iter().filter_map(|key| udev.remove(*key));
        known.chain([facts.serial.clone()]).filter(|serial| !serial.is_empty()).collect()
    }

    /// What udev found on the device: label and type of its file system, serial number.
    pub(super) fn udev_properties(&self, number: DeviceNumber) -> BTreeMap<String, String> {
        let text = fs::read_to_string(self.udev.join(format!("b{number}"))).unwrap_or_default();
        text.lines()
            .filter_map(|line| line.strip_prefix("E:")?.split_once('='))
            .map(|(key, value)| (key.to_owned(), clean(value)))
            .collect()
    }

    fn kind(&self, folder: &Path, name: &str) -> DeviceKind {
        if folder.join("partition").exists() {
            DeviceKind::Partition
        } else if name.starts_with("loop") {
            DeviceKind::Loop
        } else if folder.join("device").exists() {
            DeviceKind::Disk
        } else {
            DeviceKind::Virtual
        }
    }

    /// The USB device that the disk with this number hangs on.
    pub(super) fn usb_folder(&self, number: DeviceNumber) -> Option<PathBuf> {
        self.usb_ancestor(&fs::canonicalize(self.device_folder(number)).ok()?)
    }

    /// The nearest USB device above a disk: the one with a vendor number.
    fn usb_ancestor(&self, disk: &Path) -> Option<PathBuf> {
        disk.ancestors().take_while(|folder| *folder != self.sys).find_map(|folder| {
            (folder.join("idVendor").exists() && folder.join("idProduct").exists()).then(|| folder.to_owned())
        })
    }

    fn partitions(&self, folder: &Path) -> Vec<Partition> {
        let mut partitions = Vec::new();
        for name in folders(folder) {
            let path = folder.join(&name);
            let index = self.text(&path.join("partition")).parse::<u32>();
            let (Ok(index), Some(number)) = (index, DeviceNumber::parse(&self.text(&path.join("dev"))))
            else {
                continue;
            };
            let sectors = |name: &str| self.text(&path.join(name)).parse::<u64>().unwrap_or(0);
            let partition =
                Partition { name, number, offset: sectors("start") * 512, len: sectors("size") * 512 };
            partitions.push((index, partition));
        }
        partitions.sort_by_key(|(index, _)| *index);
        partitions.into_iter().map(|(_, partition)| partition).collect()
    }
}

/// The last part of a path of sysfs, without what could fool a terminal.
fn last_name(path: &Path) -> String {
    clean(&path.file_name().unwrap_or_default().to_string_lossy())
}
