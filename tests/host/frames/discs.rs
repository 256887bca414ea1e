//! Discs for tests: made by xorriso and genisoimage from small trees, and by hand, block by block.

use std::fs;
use std::path::{Path, PathBuf};

use crate::frames::sticks::{Image, noise, printed, tool};

/// A folder with files that becomes a disc.
pub struct Tree {
    folder: tempfile::TempDir,
}

impl Tree {
    /// A tree with these files, each with its path as contents.
    pub fn new(files: &[&str]) -> Self {
        let tree = Self { folder: tempfile::tempdir().unwrap() };
        for file in files {
            tree.add(file, file.as_bytes());
        }
        tree
    }

    /// Adds a file.
    pub fn add(&self, path: &str, bytes: &[u8]) {
        let path = self.folder.path().join("tree").join(path);
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        fs::write(path, bytes).unwrap();
    }

    /// The disc that `program` makes of it, which takes the options of mkisofs.
    fn made_by(&self, package: &str, program: &str, options: &[&str]) -> PathBuf {
        let root = self.folder.path();
        fs::create_dir_all(root.join("tree")).unwrap();
        let (disc, tree) = (root.join("disc.iso"), root.join("tree"));
        let mut arguments: Vec<&str> = if program == "xorriso" { vec!["-as", "mkisofs"] } else { vec![] };
        arguments.extend(["-quiet", "-o", disc.to_str().unwrap()]);
        arguments.extend(options);
        arguments.push(tree.to_str().unwrap());
        let output = tool(package, program, &arguments);
        assert!(output.status.success(), "{program} {options:?}: {}", printed(&output));
        disc
    }

    /// The disc that xorriso makes of it.
    pub fn xorriso(&self, options: &[&str]) -> PathBuf {
        self.made_by("xorriso", "xorriso", options)
    }

    /// The disc that genisoimage makes of it.
    pub fn genisoimage(&self, options: &[&str]) -> PathBuf {
        self.made_by("genisoimage", "genisoimage", options)
    }
}

/// A disk of one partition, as xorriso wants it for hard disk emulation: 1023 sectors with 16 heads of 63 sectors.
pub fn partitioned() -> Vec<u8> {
    let mut disk = noise(8 * 16 * 63 * 512);
    disk[446..510].fill(0);
    // From track 1 on to the last sector of the last cylinder.
    disk[446..462].copy_from_slice(&[0x80, 1, 1, 0, 6, 15, 63, 7, 63, 0, 0, 0, 0x41, 0x1F, 0, 0]);
    disk
}

/// A file as an image.
pub fn load(path: &Path) -> Image {
    Image(fs::read(path).unwrap_or_else(|error| panic!("{}: {error}", path.display())))
}

/// A disc by hand, as [`by_hand_empty`] makes it, whose boot images begin with something that is no zero.
pub fn by_hand(blocks: u32, platform: u8, entries: &[[u8; 32]]) -> Vec<u8> {
    let mut disc = by_hand_empty(blocks, platform, entries);
    for entry in entries {
        let lba = u32::from_le_bytes([entry[8], entry[9], entry[10], entry[11]]) as usize;
        if let Some(first) = disc.get_mut(lba * 2048).filter(|_| lba > 19) {
            *first = 0xEB;
        }
    }
    disc
}

/// A disc of `blocks` blocks: primary descriptor, boot record, terminator, and a catalogue at block 19 whose
/// entries are `entries`; its first entry is made for platform `platform`. All else is zeros.
pub fn by_hand_empty(blocks: u32, platform: u8, entries: &[[u8; 32]]) -> Vec<u8> {
    let mut disc = vec![0; blocks as usize * 2048];
    let (volume, rest) = disc[16 * 2048..].split_at_mut(2048);
    volume[..7].copy_from_slice(b"\x01CD001\x01");
    volume[40..72].copy_from_slice(b"BY_HAND                         ");
    volume[80..84].copy_from_slice(&blocks.to_le_bytes());
    volume[128..130].copy_from_slice(&2048u16.to_le_bytes());
    rest[..7].copy_from_slice(b"\x00CD001\x01");
    rest[7..30].copy_from_slice(b"EL TORITO SPECIFICATION");
    rest[0x47] = 19;
    rest[2048..2055].copy_from_slice(b"\xFFCD001\x01");
    let catalogue = &mut rest[2 * 2048..];
    catalogue[..2].copy_from_slice(&[1, platform]);
    catalogue[30..32].copy_from_slice(&[0x55, 0xAA]);
    for (place, entry) in catalogue.chunks_exact_mut(32).skip(1).zip(entries) {
        place.copy_from_slice(entry);
    }
    fix_sum(&mut disc);
    disc
}

/// Makes the words of the catalogue's first entry add up to 0.
pub fn fix_sum(disc: &mut [u8]) {
    let entry = &mut disc[19 * 2048..19 * 2048 + 32];
    entry[28..30].fill(0);
    let words = entry.chunks_exact(2).map(|word| u16::from_le_bytes([word[0], word[1]]));
    let sum = words.fold(0u16, u16::wrapping_add);
    entry[28..30].copy_from_slice(&sum.wrapping_neg().to_le_bytes());
}

/// An entry of a boot catalogue.
pub fn entry(indicator: u8, media: u8, segment: u16, sectors: u16, lba: u32) -> [u8; 32] {
    let mut entry = [0; 32];
    entry[..2].copy_from_slice(&[indicator, media]);
    entry[2..4].copy_from_slice(&segment.to_le_bytes());
    entry[6..8].copy_from_slice(&sectors.to_le_bytes());
    entry[8..12].copy_from_slice(&lba.to_le_bytes());
    entry
}

/// The header of a section of a boot catalogue.
pub fn section(indicator: u8, platform: u8, count: u16) -> [u8; 32] {
    let mut header = [0; 32];
    header[..2].copy_from_slice(&[indicator, platform]);
    header[2..4].copy_from_slice(&count.to_le_bytes());
    header
}
