//! What is booted under the personalities: each layout and each size of image, and SYSLINUX with MEMDISK.

use std::collections::BTreeMap;
use std::fs::{self, File};
use std::path::{Path, PathBuf};
use std::sync::Mutex;

use super::super::harness::{Geometry, assemble, file, scratch, tool};
use super::super::{matrix, sticks};

/// How big an image is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Size {
    /// One sector.
    Small,
    /// Longer than a cylinder of any geometry, and its last sector is looked at.
    Large,
}

impl Size {
    pub const ALL: [Self; 2] = [Self::Small, Self::Large];

    /// The page's name of it.
    pub fn name(self) -> &'static str {
        match self {
            Self::Small => "512 bytes",
            Self::Large => "10 MB",
        }
    }
}

/// More than 255 heads of 63 sectors.
const LARGE: Geometry = Geometry::new(20, 16, 63);

/// What is on the stick.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Writer {
    /// ramkey, with one of [`LAYOUTS`].
    Ramkey(usize),
    /// SYSLINUX with its own master boot record, and MEMDISK.
    Syslinux,
}

/// How many of [`LAYOUTS`] are universal; they come first.
pub const UNIVERSAL: usize = 2;
/// The page's name of a layout, and its options.
pub const LAYOUTS: [(&str, &[&str]); 8] = [
    ("universal", &["--layout", "universal"]),
    ("universal --zip", &["--layout", "universal", "--zip"]),
    ("hdd", &["--layout", "hdd"]),
    ("zip", &["--layout", "zip"]),
    ("fdd", &["--layout", "fdd"]),
    ("two-partitions", &["--layout", "two-partitions"]),
    ("gpt", &["--layout", "gpt"]),
    ("superfloppy", &["--layout", "superfloppy"]),
];

impl Writer {
    /// In the order of the page's columns.
    pub fn all() -> Vec<Self> {
        (0..LAYOUTS.len()).map(Self::Ramkey).chain([Self::Syslinux]).collect()
    }

    /// The page's name of it.
    pub fn name(self) -> &'static str {
        match self {
            Self::Ramkey(layout) => LAYOUTS[layout].0,
            Self::Syslinux => "SYSLINUX + MEMDISK",
        }
    }
}

/// Every stick that was needed so far.
pub struct Sticks {
    folder: tempfile::TempDir,
    made: Mutex<BTreeMap<(Writer, Size), PathBuf>>,
}

impl Sticks {
    pub fn new() -> Self {
        Self { folder: scratch(), made: Mutex::default() }
    }

    /// The stick of `writer` with an image of `size`.
    pub fn get(&self, writer: Writer, size: Size) -> PathBuf {
        let mut made = self.made.lock().expect("no other thread failed");
        let new = || make(&self.folder.path().join(format!("{writer:?}-{size:?}")), writer, size);
        made.entry((writer, size)).or_insert_with(new).clone()
    }
}

fn make(folder: &Path, writer: Writer, size: Size) -> PathBuf {
    fs::create_dir(folder).expect("a folder for the stick");
    let (bytes, geometry) = match size {
        Size::Small => (assemble("one_sector", &["DRIVE=0x80".into()]), "1/16/63"),
        Size::Large => (large(), "20/16/63"),
    };
    let image = file(folder, "guest.img", &bytes);
    match writer {
        Writer::Ramkey(layout) => {
            let mut options = vec!["--kind", "hdd", "--chs", geometry, "--timeout", "off"];
            options.extend(LAYOUTS[layout].1);
            sticks::ramkey(folder, &[&image], &options)
        }
        Writer::Syslinux => syslinux(folder, &image, geometry),
    }
}

/// A disk whose last sector has numbers; the others have them too.
fn large() -> Vec<u8> {
    let Geometry { cylinders, heads, track_sectors } = LARGE;
    let numbers = [("CYLINDERS", cylinders), ("HEADS", heads), ("TRACK_SECTORS", track_sectors)];
    let mut image = assemble("ends", &numbers.map(|(name, value)| format!("{name}={value}")));
    for word in 128..LARGE.sectors() * 128 {
        image.extend_from_slice(&word.wrapping_mul(0x9E37_79B1).to_le_bytes());
    }
    image
}

/// A partitioned stick with Debian's master boot record, SYSLINUX, and MEMDISK, which is told the geometry. Its disk ends
/// where the image does, so the image is filled up to a cylinder.
fn syslinux(folder: &Path, image: &Path, geometry: &str) -> PathBuf {
    let filled = File::options().write(true).open(image).and_then(|file| file.set_len(16 * 63 * 512));
    filled.expect("filling the image up");
    let disk = folder.join("syslinux.img");
    File::create(&disk).and_then(|file| file.set_len(64 << 20)).expect("making a stick");
    matrix::make_syslinux(&disk, 16, 64);
    let volume = format!("{}@@{}", disk.display(), matrix::START_SECTOR * 512);
    let numbers: Vec<&str> = geometry.split('/').collect();
    let [cylinders, heads, sectors] = numbers.as_slice() else { panic!("{geometry}") };
    let append = format!("harddisk c={cylinders} h={heads} s={sectors}");
    let config =
        format!("DEFAULT m\nPROMPT 0\nLABEL m\n LINUX memdisk\n INITRD image.img\n APPEND {append}\n");
    let config = file(folder, "syslinux.cfg", config.as_bytes());
    for (path, name) in
        [(Path::new(sticks::MEMDISK), "memdisk"), (image, "image.img"), (&config, "syslinux.cfg")]
    {
        tool("mcopy", &["-i", &volume, &path.display().to_string(), &format!("::{name}")]);
    }
    disk
}
