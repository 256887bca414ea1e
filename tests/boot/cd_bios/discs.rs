//! What is booted under the personalities: discs of ramkey, and of ISOLINUX with MEMDISK.

use std::collections::BTreeMap;
use std::fs::{self, File};
use std::path::{Path, PathBuf};
use std::sync::Mutex;

use super::super::harness::{Geometry, assemble, file, scratch, tool};
use super::super::sticks::{self, MEMDISK};

/// What is on the disc.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Writer {
    /// ISOLINUX and MEMDISK.
    Isolinux,
    /// ramkey, with one of [`BOOTS`].
    Ramkey(usize),
}

/// One of ramkey's columns.
pub struct Boot {
    /// The page's name of it.
    pub name: &'static str,
    /// Options of `ramkey disc`.
    options: &'static [&'static str],
    /// Whether the image reaches behind the end of a floppy.
    is_large: bool,
}

const fn boot(name: &'static str, options: &'static [&'static str], is_large: bool) -> Boot {
    Boot { name, options, is_large }
}

pub const BOOTS: [Boot; 4] = [
    boot("ramkey", &[], false),
    boot("2.5 MB", &[], true),
    boot("--boot floppy", &["--boot", "floppy"], false),
    boot("--boot hard-disk", &["--boot", "hard-disk"], false),
];
/// Geometry of the large image.
const LARGE: Geometry = Geometry::new(5, 16, 63);

impl Writer {
    /// In the order of the page's columns.
    pub fn all() -> Vec<Self> {
        [Self::Isolinux].into_iter().chain((0..BOOTS.len()).map(Self::Ramkey)).collect()
    }

    /// The page's name of it.
    pub fn name(self) -> &'static str {
        match self {
            Self::Isolinux => "ISOLINUX + MEMDISK",
            Self::Ramkey(boot) => BOOTS[boot].name,
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
    let small = || file(folder, "guest.img", &assemble("one_sector", &["DRIVE=0x80".into()]));
    match writer {
        Writer::Ramkey(boot) => {
            let Boot { options, is_large, .. } = BOOTS[boot];
            let (image, geometry) = if is_large {
                (file(folder, "guest.img", &large()), "5/16/63")
            } else {
                (small(), "1/16/63")
            };
            let own = ["--kind", "hdd", "--chs", geometry, "--timeout", "off"];
            sticks::disc(folder, &image, &[&own, options].concat())
        }
        Writer::Isolinux => isolinux(folder, &small()),
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

/// MEMDISK's disk ends where the image does, so the image is filled up to a cylinder.
fn isolinux(folder: &Path, image: &Path) -> PathBuf {
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
    let disc = folder.join("disc.iso");
    let (to, from) = (disc.display().to_string(), tree.display().to_string());
    let options = ["-b", "isolinux.bin", "-no-emul-boot", "-boot-load-size", "4", "-boot-info-table"];
    tool("xorriso", &[&["-as", "mkisofs", "-quiet", "-r", "-o", &to], &options[..], &[&from]].concat());
    disc
}
