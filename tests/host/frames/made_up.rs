//! Sticks and machines that are made up of files.

use std::fs;
use std::os::unix::fs::symlink;
use std::path::{Path, PathBuf};
use std::process::Command;

use ramkey::device::{Allowed, DeviceFacts, DeviceKind, DeviceNumber, Refusal, System, Use, refusal, uses};

use crate::frames::skip::skip;

/// A stick that may be written.
pub fn stick() -> DeviceFacts {
    DeviceFacts {
        node: "/dev/sdz".into(),
        number: DeviceNumber { major: 240, minor: 16 },
        kind: DeviceKind::Disk,
        len: 1 << 30,
        logical_sector: 512,
        read_only: false,
        removable: true,
        usb: true,
        usb_path: "1-1".into(),
        usb_id: "1234:5678".into(),
        wwn: String::new(),
        vendor: "ACME".into(),
        model: "Stick".into(),
        serial: "1234".into(),
        sequence: Some(7),
        partitions: Vec::new(),
    }
}

/// Why it is refused, where the user allows nothing beyond what is usual.
pub fn refused(facts: &DeviceFacts, uses: &[Use]) -> Option<Refusal> {
    refusal(facts, uses, Allowed::default())
}

/// A use by the mount with the number 30, of the stick's own unless it is mapped.
pub fn mounted(name: &str, folder: &str, file_system: &str) -> Use {
    Use::Mounted {
        name: name.into(),
        folder: folder.into(),
        file_system: file_system.into(),
        loops: Vec::new(),
        seen_by: None,
        own: (!name.starts_with("dm-")).then_some(30),
    }
}

/// A machine that is made up of files.
pub struct Machine {
    pub folder: tempfile::TempDir,
    pub system: System,
}

impl Machine {
    /// A stick sdz with one partition, its name's cousin sdzz, and a device-mapper disk.
    pub fn new() -> Self {
        let folder = tempfile::tempdir().unwrap();
        let at = |name: &str| folder.path().join(name);
        let system = System {
            sys: at("sys"),
            proc: at("proc"),
            udev: at("udev"),
            dev: at("dev"),
            protect: at("ramkey.toml"),
            protect_too: None,
            allowed: Allowed::default(),
            hard_verify: None,
            lender: None,
            eject: false,
        };
        let machine = Self { system, folder };
        machine.disk("sys/devices/usb1/1-1/host/sdz", "240:16", 2048);
        machine.put("sys/devices/usb1/1-1/idVendor", "1234\n");
        machine.put("sys/devices/usb1/1-1/idProduct", "5678\n");
        machine.put("sys/devices/usb1/1-1/serial", "SER\u{1b}[2J\u{202e}IAL\n");
        machine.put("sys/devices/usb1/1-1/host/sdz/device/model", "Cruzer  \n");
        machine.put("sys/devices/usb1/1-1/host/sdz/sdz1/partition", "1\n");
        machine.put("sys/devices/usb1/1-1/host/sdz/sdz1/start", "8\n");
        machine.disk("sys/devices/usb1/1-1/host/sdz/sdz1", "240:17", 1000);
        machine.disk("sys/devices/ata/sdzz", "240:32", 4096);
        machine.put("sys/devices/ata/sdzz/device/model", "Inside\n");
        machine.disk("sys/devices/virtual/dm-0", "241:0", 100);
        machine.put("sys/devices/virtual/dm-0/dm/name", "crypt\n");
        machine.put("proc/self/mountinfo", "");
        machine.put("proc/swaps", "Filename Type Size Used Priority\n");
        fs::create_dir_all(machine.folder.path().join("dev")).unwrap();
        machine
    }

    /// Makes a file.
    pub fn put(&self, name: &str, text: &str) {
        let path = self.folder.path().join(name);
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        fs::write(path, text).unwrap();
    }

    /// Makes the folders of a device.
    pub fn disk(&self, folder: &str, number: &str, sectors: u64) {
        self.put(&format!("{folder}/dev"), &format!("{number}\n"));
        self.put(&format!("{folder}/size"), &format!("{sectors}\n"));
        self.put(&format!("{folder}/ro"), "0\n");
        self.put(&format!("{folder}/diskseq"), "9\n");
        let real = self.folder.path().join(folder);
        let numbers = self.folder.path().join("sys/dev/block");
        fs::create_dir_all(&numbers).unwrap();
        symlink(&real, numbers.join(number)).unwrap();
        let block = self.folder.path().join("sys/block");
        fs::create_dir_all(&block).unwrap();
        if !folder.ends_with("sdz1") {
            symlink(&real, block.join(real.file_name().unwrap())).unwrap();
        }
    }

    /// A node of one of its devices. `None`, with a line that says so, where only root may make one.
    pub fn node(&self, name: &str, number: &str) -> Option<PathBuf> {
        self.special(name, "b", number)
    }

    /// The same of a character device.
    pub fn char_node(&self, name: &str, number: &str) -> Option<PathBuf> {
        self.special(name, "c", number)
    }

    fn special(&self, name: &str, kind: &str, number: &str) -> Option<PathBuf> {
        let path = self.folder.path().join("dev").join(name);
        let (major, minor) = number.split_once(':').unwrap();
        let output = Command::new("mknod").arg(&path).args([kind, major, minor]).output().unwrap();
        if !output.status.success() {
            skip("device node", &output.stderr);
            return None;
        }
        Some(path)
    }

    /// A loop device with the name that the kernel has for what it shows.
    pub fn looped(&self, name: &str, number: &str, shown: &Path) {
        self.disk(&format!("sys/devices/virtual/{name}"), number, 100);
        self.put(&format!("sys/devices/virtual/{name}/loop/backing_file"), &format!("{}\n", shown.display()));
    }

    /// The uses of its stick.
    pub fn uses(&self) -> Vec<Use> {
        uses(&self.system, DeviceNumber { major: 240, minor: 16 }, &[])
    }
}
