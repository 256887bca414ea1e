//! Virtual machines' disks, as `qemu-img` makes them.

use std::fs;
use std::path::{Path, PathBuf};

use ramkey::image::{ImageError, Source, unwrapped};
use tempfile::TempDir;

use super::sticks::{Image, printed, tool};

/// A format, and what it is called by us.
pub struct Form {
    /// The driver of `qemu-img`, its options, and what else it is told.
    pub driver: &'static str,
    pub options: &'static str,
    pub more: &'static [&'static str],
    /// What `inspect` says of it first.
    pub words: &'static str,
    /// Whether it is one file.
    pub is_alone: bool,
}

const fn form(driver: &'static str, options: &'static str, words: &'static str) -> Form {
    Form { driver, options, more: &[], words, is_alone: true }
}

const fn parts(options: &'static str, words: &'static str) -> Form {
    Form { is_alone: false, ..form("vmdk", options, words) }
}

const fn packed(options: &'static str, words: &'static str) -> Form {
    Form { more: &["-c"], ..form("qcow2", options, words) }
}

/// Every format that is opened.
pub const FORMS: &[Form] = &[
    form("vdi", "", "VDI, dynamic, "),
    form("vdi", "static=on", "VDI, static, "),
    form("vpc", "subformat=fixed,force_size=on", "VHD, fixed, "),
    form("vpc", "subformat=dynamic,force_size=on", "VHD, dynamic, "),
    form("vpc", "subformat=fixed", "VHD, fixed, "),
    form("vpc", "subformat=dynamic", "VHD, dynamic, "),
    form("vmdk", "", "VMDK, monolithic sparse, "),
    form("vmdk", "subformat=streamOptimized", "VMDK, stream-optimised, "),
    parts("subformat=monolithicFlat", "VMDK, monolithic flat, "),
    parts("subformat=twoGbMaxExtentSparse", "VMDK, split sparse, "),
    parts("subformat=twoGbMaxExtentFlat", "VMDK, split flat, "),
    form("qcow2", "", "qcow2, version 3, "),
    form("qcow2", "compat=0.10", "qcow2, version 2, "),
    form("qcow2", "cluster_size=512", "qcow2, version 3, "),
    form("qcow2", "extended_l2=on,cluster_size=2M", "qcow2, version 3, "),
    packed("compat=0.10", "qcow2, version 2, "),
    packed("cluster_size=4k", "qcow2, version 3, "),
    packed("compression_type=zstd", "qcow2, version 3, "),
    packed("compression_type=zstd,cluster_size=2M", "qcow2, version 3, "),
    form("vhdx", "", "VHDX, dynamic, "),
    form("vhdx", "subformat=fixed,block_size=1M", "VHDX, fixed, "),
    form("vhdx", "subformat=dynamic,block_size=1M", "VHDX, dynamic, "),
];

/// A folder in which a plain image becomes disks.
pub struct Workshop {
    pub folder: TempDir,
}

impl Workshop {
    /// With `plain.img`.
    pub fn new(plain: &[u8]) -> Self {
        let workshop = Self { folder: tempfile::tempdir().unwrap() };
        workshop.put("plain.img", plain);
        workshop
    }

    pub fn path(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }

    pub fn put(&self, name: &str, bytes: &[u8]) {
        fs::write(self.path(name), bytes).unwrap();
    }

    /// `qemu-img` with these arguments, of which names in the folder begin with `@`.
    pub fn qemu_img(&self, arguments: &[&str]) {
        let named = |argument: &&str| argument.replace('@', &format!("{}/", self.folder.path().display()));
        let arguments: Vec<String> = arguments.iter().map(named).collect();
        let words: Vec<&str> = arguments.iter().map(String::as_str).collect();
        let output = tool("qemu-utils", "qemu-img", &words);
        assert!(output.status.success(), "{words:?}: {}", printed(&output));
    }

    /// The plain image as a disk of the kind `form`; the name of the file that is opened.
    pub fn make(&self, form: &Form) -> PathBuf {
        let mut arguments = vec!["convert", "-f", "raw", "-O", form.driver];
        if !form.options.is_empty() {
            arguments.extend(["-o", form.options]);
        }
        arguments.extend(form.more);
        self.qemu_img(&[&arguments[..], &["@plain.img", "@disk"]].concat());
        self.path("disk")
    }
}

/// All bytes of `source`, in pieces of odd lengths.
pub fn all_of(source: &dyn Source) -> std::io::Result<Vec<u8>> {
    let mut bytes = vec![0xD1; source.len() as usize];
    let mut at = 0;
    for part in bytes.chunks_mut(700_001) {
        source.read_at(at, part)?;
        at += part.len() as u64;
    }
    Ok(bytes)
}

/// The image in these bytes, without any file beside them.
pub fn of_bytes(bytes: Vec<u8>) -> Result<Box<dyn Source>, ImageError> {
    unwrapped(Path::new("disk"), Box::new(Image(bytes)))
}

/// Bytes in which runs of zeros and others follow each other: the same for the same number.
pub fn patchwork(number: u64, len: usize) -> Vec<u8> {
    let mut random = blake3::Hasher::new().update(&number.to_le_bytes()).finalize_xof();
    let mut bytes = vec![0; len];
    let mut at = 0;
    while at < len {
        let mut next = [0; 6];
        random.fill(&mut next);
        // From a sector to a MiB, most of them short.
        let run = 512usize << (next[0] % 12);
        let end = len.min(at + run * (1 + usize::from(next[1] % 3)));
        match next[2] % 4 {
            0 => random.fill(&mut bytes[at..end]),
            1 => bytes[at..end].fill(next[3]),
            _ => {}
        }
        at = end;
    }
    bytes
}
