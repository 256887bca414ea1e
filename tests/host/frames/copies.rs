//! A disc image of ours to copy, and what a copy must be.

use std::fs;
use std::path::{Path, PathBuf};
use std::sync::atomic::AtomicBool;

use ramkey::device::{System, TargetPath};
use ramkey::job::{Destination, DiscOptions, Images, StickRequest, prepare, write};

use crate::frames::sticks::noise;

/// Writes `disc.iso` into `folder`, with one image of `len` bytes.
pub fn disc(folder: &Path, len: usize) -> PathBuf {
    let (image, disc) = (folder.join("one.img"), folder.join("disc.iso"));
    fs::write(&image, noise(len)).unwrap();
    let request =
        StickRequest { disc: Some(DiscOptions::default()), ..StickRequest::new(vec![image]).universal() };
    let system = System::default();
    let target = TargetPath::look(&system, &disc).unwrap();
    let destination = Destination { system: &system, target: &target };
    let prepared = prepare(&request, Images::open(&request).unwrap(), Some(destination), &|_| ()).unwrap();
    write(&prepared, destination, &AtomicBool::new(false), &|_| ()).unwrap();
    disc
}

/// `stick` begins with the disc image, and holds nothing else but `rest`, and zeros where a GPT would end.
pub fn is_copy(stick: &[u8], disc: &[u8], rest: u8) {
    let (copy, behind) = stick.split_at(disc.len());
    for (lba, (found, expected)) in copy.chunks(512).zip(disc.chunks(512)).enumerate() {
        assert!(found == expected, "sector {lba} is another");
    }
    let (behind, end) = behind.split_at(behind.len().saturating_sub(33 * 512));
    assert!(behind.iter().all(|&byte| byte == rest), "something was written behind the image");
    assert!(end.iter().all(|&byte| byte == 0), "the end is not clear");
}
