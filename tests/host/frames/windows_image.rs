//! Images with a made-up Windows on them, formatted and filled by other people's tools.

use std::collections::BTreeMap;
use std::fs;
use std::path::Path;

use ramkey::contents::windows::{Windows, look};
use ramkey::contents::{KindChoice, probe};

use crate::frames::drivers::{DRIVER, Program};
use crate::frames::hive::{Key, XP, hive};
use crate::frames::sticks::{Image, printed, tool};

/// First sector of the partition.
pub const LEAD: usize = 63;
/// Signature of the disk, in the image and in the registry.
pub const SIGNATURE: u32 = 0x1B2C_3D4E;

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum System {
    Fat16,
    Fat32,
    Ntfs,
}

/// A Windows XP with FiraDisk 0.0.1.30, before it is changed.
pub struct Xp {
    pub system: System,
    pub signature: u32,
    pub registry: Key,
    pub software: Key,
    pub files: BTreeMap<String, Vec<u8>>,
}

/// A Windows XP without a driver, whose kernel offers what drivers want.
pub fn bare(system: System) -> Xp {
    let mut xp = Xp::new(system);
    xp.remove_driver("FiraDisk", "firadisk.sys");
    let names = ["IoCreateDevice", "MmMapIoSpace", "KfRaiseIrql"];
    let kernel = Program { version: [5, 1, 2600, 5512], imports: &[], exports: &names, ..DRIVER };
    xp.file("WINDOWS/system32/ntoskrnl.exe", &kernel.bytes())
        .file("WINDOWS/system32/hal.dll", &kernel.bytes());
    // The folder is there in every Windows.
    xp.file("WINDOWS/system32/drivers/disk.sys", b"disk");
    let set = xp.registry.at("ControlSet001").clone();
    let other = xp.registry.at("ControlSet002");
    (other.keys, other.values) = (set.keys, set.values);
    xp
}

/// A program file for a processor of `machine`, with a version.
pub fn program(machine: u16, version: [u16; 4]) -> Vec<u8> {
    let mut bytes = vec![0xD1; 3000];
    bytes[..2].copy_from_slice(b"MZ");
    bytes[0x3C..0x40].copy_from_slice(&0x80u32.to_le_bytes());
    bytes[0x80..0x84].copy_from_slice(b"PE\0\0");
    bytes[0x84..0x86].copy_from_slice(&machine.to_le_bytes());
    bytes.extend([0xBD, 0x04, 0xEF, 0xFE, 0, 0, 1, 0]);
    for part in [version[1], version[0], version[3], version[2]] {
        bytes.extend(part.to_le_bytes());
    }
    bytes.resize(5000, 0xD1);
    bytes
}

pub const BOOT_INI: &str = "[boot loader]\r\ntimeout=0\r\ndefault=multi(0)disk(0)rdisk(0)partition(1)\\WINDOWS\r\n\
    [operating systems]\r\nmulti(0)disk(0)rdisk(0)partition(1)\\WINDOWS=\"Windows XP\" /fastdetect\r\n";

impl Xp {
    pub fn new(system: System) -> Self {
        let mut registry = Key::new("$$$PROTO.HIV");
        registry.at("Select").number("Current", 1).number("Default", 1).number("LastKnownGood", 2);
        let control = registry.at("ControlSet001\\Control");
        control
            .at("ServiceGroupOrder")
            .texts("List", &["System Reserved", "Boot Bus Extender", "SCSI miniport"]);
        control.at("CriticalDeviceDatabase\\gendisk").text("Service", "disk");
        registry.at("ControlSet001\\Services\\disk").number("Start", 0);
        let mut software = Key::new("$$$PROTO.HIV");
        software
            .at("Microsoft\\Windows NT\\CurrentVersion")
            .text("ProductName", "Microsoft Windows XP")
            .text("SystemRoot", "C:\\WINDOWS");
        let mut xp = Self { system, signature: SIGNATURE, registry, software, files: BTreeMap::new() };
        xp.letter('C', SIGNATURE, LEAD as u64 * 512);
        xp.file("ntldr", b"NTLDR").file("NTDETECT.COM", b"NTDETECT").file("boot.ini", BOOT_INI.as_bytes());
        xp.file("WINDOWS/system32/ntoskrnl.exe", &program(0x014C, [5, 1, 2600, 5512]));
        xp.file("WINDOWS/system32/hal.dll", b"HAL");
        xp.driver("FiraDisk", "firadisk.sys", [0, 0, 1, 30]);
        xp
    }

    pub fn file(&mut self, path: &str, bytes: &[u8]) -> &mut Self {
        self.files.insert(path.into(), bytes.into());
        self
    }

    /// Installs a driver: its service and its file.
    pub fn driver(&mut self, service: &str, file: &str, version: [u16; 4]) -> &mut Self {
        let key = self.service(service);
        key.number("Start", 0).number("Type", 1).number("ErrorControl", 1).text("Group", "Boot Bus Extender");
        key.variable_text("ImagePath", &format!("system32\\DRIVERS\\{file}"));
        self.file(&format!("WINDOWS/system32/drivers/{file}"), &program(0x014C, version))
    }

    pub fn service(&mut self, service: &str) -> &mut Key {
        self.registry.at(&format!("ControlSet001\\Services\\{service}"))
    }

    pub fn remove_driver(&mut self, service: &str, file: &str) -> &mut Self {
        self.registry.at("ControlSet001\\Services").remove(service);
        self.files.remove(&format!("WINDOWS/system32/drivers/{file}"));
        self
    }

    /// Lets Windows remember where a drive letter is.
    pub fn letter(&mut self, letter: char, signature: u32, offset: u64) -> &mut Self {
        let bytes = [&signature.to_le_bytes()[..], &offset.to_le_bytes()].concat();
        self.registry.at("MountedDevices").bytes(&format!("\\DosDevices\\{letter}:"), &bytes);
        self
    }

    /// All files, with the hives among them.
    fn tree(&self, folder: &Path) {
        let mut files = self.files.clone();
        for (name, key) in [("SYSTEM", &self.registry), ("SOFTWARE", &self.software)] {
            if !key.keys.is_empty() {
                files.entry(format!("WINDOWS/system32/config/{name}")).or_insert_with(|| hive(key, XP));
            }
        }
        for (path, bytes) in files {
            let path = folder.join(path);
            fs::create_dir_all(path.parent().unwrap()).unwrap();
            fs::write(path, bytes).unwrap();
        }
    }

    /// The partition alone.
    pub fn partition(&self) -> Vec<u8> {
        let folder = tempfile::tempdir().unwrap();
        let tree = folder.path().join("tree");
        fs::create_dir(&tree).unwrap();
        self.tree(&tree);
        let image = folder.path().join("volume.img");
        let sectors = match self.system {
            System::Fat16 => 33 * 1008 - LEAD,
            System::Fat32 => 70 * 1008 - LEAD,
            System::Ntfs => 17 * 1008 - LEAD,
        };
        fs::File::create(&image).unwrap().set_len(sectors as u64 * 512).unwrap();
        match self.system {
            System::Fat16 => fat(&image, &tree, sectors, &["-c", "4"]),
            System::Fat32 => fat(&image, &tree, sectors, &["-F", "-c", "1"]),
            System::Ntfs => ntfs(&image, &tree),
        }
        let mut volume = fs::read(&image).unwrap();
        start_with(&mut volume, b"NTLDR");
        volume
    }

    /// The whole disk: a master boot record and one active partition.
    pub fn disk(&self) -> Vec<u8> {
        on_disk(&self.partition(), self.signature, self.system)
    }
}

/// Replaces what a formatter wrote as code by code that starts `loader`, or seems to.
pub fn start_with(volume: &mut [u8], loader: &[u8]) {
    let at = 2 + usize::from(volume[1]);
    volume[at..440].fill(0);
    let code = [&[0xFA, 0x33, 0xC0, 0x8E, 0xD0, 0xCD, 0x13][..], loader].concat();
    volume[at..at + code.len()].copy_from_slice(&code);
}

/// A disk around a volume, whose code starts the active partition.
pub fn on_disk(volume: &[u8], signature: u32, system: System) -> Vec<u8> {
    let mut disk = vec![0; LEAD * 512];
    disk[..6].copy_from_slice(&[0xFA, 0x33, 0xC0, 0xBE, 0xBE, 0x07]);
    disk[0x1B8..0x1BC].copy_from_slice(&signature.to_le_bytes());
    disk[0x1BE] = 0x80;
    disk[0x1BE + 4] = match system {
        System::Fat16 => 0x06,
        System::Fat32 => 0x0B,
        System::Ntfs => 0x07,
    };
    disk[0x1BE + 8..0x1BE + 12].copy_from_slice(&(LEAD as u32).to_le_bytes());
    disk[0x1BE + 12..0x1BE + 16].copy_from_slice(&((volume.len() / 512) as u32).to_le_bytes());
    disk[510..512].copy_from_slice(&[0x55, 0xAA]);
    disk.extend(volume);
    disk
}

fn run(package: &str, program: &str, arguments: &[&str]) {
    let output = tool(package, program, arguments);
    assert!(output.status.success(), "{program} {arguments:?}: {}", printed(&output));
}

fn fat(image: &Path, tree: &Path, sectors: usize, kind: &[&str]) {
    let (image, sectors, hidden) = (image.to_str().unwrap(), sectors.to_string(), LEAD.to_string());
    let arguments = ["-i", image, "-T", &sectors, "-h", "16", "-s", "63", "-H", &hidden];
    run("mtools", "mformat", &[&arguments[..], kind, &["::"]].concat());
    let entries = fs::read_dir(tree).unwrap().map(|entry| entry.unwrap().path().display().to_string());
    let entries: Vec<String> = entries.collect();
    let entries: Vec<&str> = entries.iter().map(String::as_str).collect();
    run("mtools", "mcopy", &[&["-s", "-Q", "-i", image][..], &entries, &["::"]].concat());
}

fn ntfs(image: &Path, tree: &Path) {
    let (image, hidden) = (image.to_str().unwrap(), LEAD.to_string());
    let format = ["-q", "-F", "-f", "-p", &hidden, "-H", "16", "-S", "63", "-c", "4096", image];
    run("ntfs-3g", "mkntfs", &format);
    let archive = format!("{image}.wim");
    run(
        "wimtools",
        "wimlib-imagex",
        &["capture", tree.to_str().unwrap(), &archive, "--compress=none", "--quiet"],
    );
    run("wimtools", "wimlib-imagex", &["apply", &archive, "1", image, "--quiet"]);
}

/// The Windows in an image.
pub fn windows(bytes: Vec<u8>) -> Option<Windows> {
    let image = Image(bytes);
    let facts = probe(Path::new("xp.img"), &image, KindChoice::Auto, None).unwrap();
    look(&image, &facts)
}

/// What becomes of an XP on FAT16 after `change`.
pub fn after(change: impl FnOnce(&mut Xp)) -> Windows {
    let mut xp = Xp::new(System::Fat16);
    change(&mut xp);
    windows(xp.disk()).expect("there is a Windows")
}

/// Its problems, one line each; those that stop it begin with an exclamation mark.
pub fn problems(windows: &Windows) -> String {
    let line = |stops: bool, text: &str| format!("{}{text}\n", if stops { "!" } else { "" });
    windows.problems.iter().map(|problem| line(problem.stops, &problem.problem)).collect()
}
