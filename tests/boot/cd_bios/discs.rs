//! What is booted under the personalities: discs of ramkey, and of ISOLINUX with MEMDISK.

use std::collections::BTreeMap;
use std::fs::{self, File};
use std::path::{Path, PathBuf};
use std::process::Command;
use std::sync::Mutex;

use super::super::harness::{assemble, file, scratch, tool};
use super::super::sticks::MEMDISK;

/// What is on the disc.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Writer {
    /// ISOLINUX and MEMDISK.
    Isolinux,
    /// ramkey, with one of [`BOOTS`].
    Ramkey(usize),
}

/// The page's name of a way to boot, and its options.
pub const BOOTS: [(&str, &[&str]); 3] = [
    ("ramkey", &[]),
    ("--boot floppy", &["--boot", "floppy"]),
    ("--boot hard-disk", &["--boot", "hard-disk"]),
];

impl Writer {
    /// In the order of the page's columns.
    pub fn all() -> Vec<Self> {
        [Self::Isolinux].into_iter().chain((0..BOOTS.len()).map(Self::Ramkey)).collect()
    }

    /// The page's name of it.
    pub fn name(self) -> &'static str {
        match self {
            Self::Isolinux => "ISOLINUX + MEMDISK",
            Self::Ramkey(boot) => BOOTS[boot].0,
        }
    }
}

/// Every disc that was needed so far.
pub struct Discs {
    folder: tempfile::TempDir,
    made: Mutex<BTreeMap<Writer, PathBuf>>,
}

impl Discs {
    pub fn new() -> Self {
        Self { folder: scratch(), made: Mutex::default() }
    }

    /// The disc of `writer`.
    pub fn get(&self, writer: Writer) -> PathBuf {
        let mut made = self.made.lock().expect("no other thread failed");
        let new = || make(&self.folder.path().join(format!("{writer:?}")), writer);
        made.entry(writer).or_insert_with(new).clone()
    }
}

fn make(folder: &Path, writer: Writer) -> PathBuf {
    fs::create_dir(folder).expect("a folder for the disc");
    let image = file(folder, "guest.img", &assemble("one_sector", &["DRIVE=0x80".into()]));
    let disc = folder.join("disc.iso");
    match writer {
        Writer::Ramkey(boot) => {
            let mut command = Command::new(env!("CARGO_BIN_EXE_ramkey"));
            command.arg("disc").arg(&image).arg("--to").arg(&disc);
            command.args(["--yes", "--kind", "hdd", "--chs", "1/16/63", "--timeout", "off"]);
            let output = command.args(BOOTS[boot].1).output().expect("running ramkey");
            assert!(output.status.success(), "ramkey disc: {}", String::from_utf8_lossy(&output.stderr));
        }
        Writer::Isolinux => isolinux(folder, &image, &disc),
    }
    disc
}

/// MEMDISK's disk ends where the image does, so the image is filled up to a cylinder.
fn isolinux(folder: &Path, image: &Path, disc: &Path) {
    let filled = File::options().write(true).open(image).and_then(|file| file.set_len(16 * 63 * 512));
    filled.expect("filling the image up");
    let tree = folder.join("tree");
    fs::create_dir(&tree).expect("a folder for the disc's files");
    let config =
        "DEFAULT m\nPROMPT 0\nLABEL m\n LINUX memdisk\n INITRD image.img\n APPEND harddisk c=1 h=16 s=63\n";
    file(&tree, "isolinux.cfg", config.as_bytes());
    for (from, name) in [
        (Path::new("/usr/lib/ISOLINUX/isolinux.bin"), "isolinux.bin"),
        (Path::new("/usr/lib/syslinux/modules/bios/ldlinux.c32"), "ldlinux.c32"),
        (Path::new(MEMDISK), "memdisk"),
        (image, "image.img"),
    ] {
        fs::copy(from, tree.join(name)).unwrap_or_else(|error| panic!("copying {}: {error}", from.display()));
    }
    let (to, from) = (disc.display().to_string(), tree.display().to_string());
    let options = ["-b", "isolinux.bin", "-no-emul-boot", "-boot-load-size", "4", "-boot-info-table"];
    tool("xorriso", &[&["-as", "mkisofs", "-quiet", "-r", "-o", &to], &options[..], &[&from]].concat());
}
