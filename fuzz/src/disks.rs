//! Virtual machines' disks, each in one file; and floppies by track.

use std::hint::black_box;
use std::path::Path;

use ramkey::image::unwrapped;

use super::sparse::{SECTOR, Sparse};

/// Most bytes of a disk that are read: of its start, of its end, and at some places between.
const READ_MAX: u64 = 1 << 20;

/// A file with the right sums, of which the disk is read.
pub fn disks(input: &[u8]) {
    let mut file = Sparse::decode(input);
    mend_vhd(&mut file);
    mend_vhdx(&mut file);
    let Ok(disk) = unwrapped(Path::new("disk"), Box::new(&file)) else { return };
    black_box(disk.wrapping().map(|wrapping| wrapping.left_out.len()));
    let len = disk.len();
    let mut bytes = vec![0; len.min(READ_MAX) as usize];
    black_box(disk.read_at(0, &mut bytes).is_ok());
    let step = (len / 16).max(1);
    for at in (0..16).map(|turn| turn * step).chain([len.saturating_sub(5000)]) {
        bytes.truncate(5000.min(len.saturating_sub(at)) as usize);
        black_box(disk.read_at(at, &mut bytes).is_ok());
        bytes.resize(5000.min(len) as usize, 0);
    }
    assert!(disk.read_at(len, &mut [0]).is_err(), "nothing lies behind the end");
}

/// The ones' complement of the sum of all bytes but the four at `at`, there.
fn mend_vhd(file: &mut Sparse) {
    let last = file.sectors.saturating_sub(1);
    for lba in [0, last] {
        let Some(footer) = file.present.get_mut(&lba).filter(|footer| footer.starts_with(b"conectix")) else {
            continue;
        };
        mend(footer, 64);
        let header = u64::from_be_bytes(*footer[16..].first_chunk().unwrap_or(&[0; 8])) / SECTOR as u64;
        let mut bytes = file.get(header.min(file.sectors), 2);
        if bytes.starts_with(b"cxsparse") {
            mend(&mut bytes, 36);
            file.put(header, &bytes);
        }
    }
}

fn mend(bytes: &mut [u8], at: usize) {
    bytes[at..at + 4].fill(0);
    let sum = !bytes.iter().fold(0u32, |sum, &byte| sum.wrapping_add(byte.into()));
    bytes[at..at + 4].copy_from_slice(&sum.to_be_bytes());
}

/// CRC-32C of the headers and of the tables of regions.
fn mend_vhdx(file: &mut Sparse) {
    if !file.present.get(&0).is_some_and(|first| first.starts_with(b"vhdxfile")) {
        return;
    }
    let bit = |sum: u32| (sum >> 1) ^ (0x82F6_3B78 & (sum & 1).wrapping_neg());
    for (lba, sectors) in [(128, 8), (256, 8), (384, 128), (512, 128)] {
        if !file.present.contains_key(&lba) {
            continue;
        }
        let mut bytes = file.get(lba, sectors);
        bytes[4..8].fill(0);
        let sum =
            bytes.iter().fold(!0, |sum: u32, &byte| (0..8).fold(sum ^ u32::from(byte), |sum, _| bit(sum)));
        let mut first = [0; SECTOR];
        first.copy_from_slice(&bytes[..SECTOR]);
        first[4..8].copy_from_slice(&(!sum).to_le_bytes());
        file.present.insert(lba, first);
    }
}

/// A text that describes a VMDK, and what it names is nowhere.
pub fn descriptor(input: &[u8]) {
    let text = [b"# Disk DescriptorFile\n", input].concat();
    black_box(unwrapped(Path::new("disk"), Box::new(super::sparse::Bytes(&text))).is_ok());
}

/// The tracks of an IMD floppy.
pub fn imd(input: &[u8]) {
    let file = [b"IMD 1.18\x1A", input].concat();
    let Ok(floppy) = unwrapped(Path::new("floppy"), Box::new(super::sparse::Bytes(&file))) else { return };
    let mut bytes = vec![0; floppy.len() as usize];
    assert!(floppy.read_at(0, &mut bytes).is_ok(), "all of it is in memory");
}
