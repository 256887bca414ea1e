//! The sticks of these tests, what is written to them, and whether they boot.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use ramkey::emulator::{Controller, Machine, Port, Stick};
use ramkey_format::markers::PROVEN;
use serde_json::{Value, json};

use crate::harness::{DEADLINE, Geometry, Running, disk, file};

/// Length of every stick.
const LEN: u64 = 32 << 20;
/// The disk in every image.
const DISK: Geometry = Geometry::new(3, 16, 63);
/// Options of `ramkey write` and `ramkey reflash` for it.
pub const KIND: &str = "--kind hdd --chs 3/16/63 --no-trim";

/// The guest in an image of 1.5 MiB, of which every third piece of 64 KiB depends on `seed`.
pub fn image(seed: u64) -> Vec<u8> {
    let mut image = disk("idle", DISK, DISK.sectors(), &[]);
    for (number, piece) in image.chunks_mut(1 << 16).enumerate().skip(2).step_by(3) {
        let line = format!("{seed} in piece {number} of the image, ");
        piece.iter_mut().zip(line.bytes().cycle()).for_each(|(byte, letter)| *byte = letter);
    }
    image
}

/// A stick that can be plugged into the machine: a file, with a serial number that also is its name.
pub struct Key {
    pub serial: &'static str,
    /// Port of the controller.
    pub port: u32,
    pub path: PathBuf,
    /// Sectors that cannot be read or written, as QEMU's rules for errors.
    faults: Vec<Value>,
}

impl Key {
    /// A stick that somebody used: no byte of it is zero.
    pub fn new(folder: &Path, serial: &'static str, port: u32) -> Self {
        let path = folder.join(serial);
        fs::write(&path, vec![0xD1; LEN as usize]).expect("a file for the stick");
        Self { serial, port, path, faults: Vec::new() }
    }

    /// A stick of which `image` boots.
    pub fn with_stick(folder: &Path, serial: &'static str, port: u32, image: &[u8]) -> Self {
        let image = file(folder, "image.img", image);
        let mut ramkey = Command::new(env!("CARGO_BIN_EXE_ramkey"));
        ramkey.arg("write").arg(&image).args(KIND.split(' ')).args([
            "--timeout",
            "0",
            "--size",
            "32M",
            "--to",
        ]);
        let output = ramkey.arg(folder.join(serial)).output().expect("running ramkey");
        assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
        Self { serial, port, path: folder.join(serial), faults: Vec::new() }
    }

    /// With a sector in which each `access`, `read` or `write`, fails.
    pub fn with_fault(mut self, access: &str, lba: u64) -> Self {
        self.faults.push(json!({
            "event": "none", "iotype": access, "errno": 5, "once": false, "sector": lba,
        }));
        self
    }

    /// QEMU's node for it, whose speed can be limited by the group with its name.
    pub fn node(&self) -> Value {
        let file = json!({ "driver": "file", "filename": self.path });
        let medium = match self.faults.is_empty() {
            true => file,
            false => json!({ "driver": "blkdebug", "image": file, "inject-error": self.faults }),
        };
        json!({ "driver": "throttle", "node-name": self.serial, "throttle-group": self.limits(), "file": medium })
    }

    /// Name of the limits of its speed.
    pub fn limits(&self) -> String {
        format!("limits-{}", self.serial)
    }

    /// The hash of all its bytes.
    pub fn hash(&self) -> blake3::Hash {
        blake3::hash(&fs::read(&self.path).expect("the stick"))
    }

    /// A copy of its bytes as they are now, to be booted when the machine is gone.
    pub fn copy(&self) -> PathBuf {
        let copy = self.path.with_extension("copy");
        fs::copy(&self.path, &copy).expect("a copy of the stick");
        copy
    }
}

/// Boots a stick without Linux: it proves `image`, and that runs when the stick is pulled.
pub fn boots(stick: &Path, image: &[u8]) {
    let mut running = Running::start(&Machine::new(Stick::new(stick, Port::Usb(Controller::Xhci))));
    let start = &blake3::hash(image).to_hex()[..16];
    running.wait_text(&format!("{PROVEN}: BLAKE3 {start}"), DEADLINE);
    running.pull_and_boot();
    running.wait_text("IDLE", DEADLINE);
}

/// The BIOS finds nothing on the stick that it could start.
pub fn does_not_boot(stick: &Path) {
    let mut running = Running::start(&Machine::new(Stick::new(stick, Port::Usb(Controller::Xhci))));
    running.wait_screen("No bootable device", DEADLINE);
}
