//! Disks that are made of folders.

mod given;
mod made;
mod random;
mod refused;

use std::fs::{self, File};
use std::path::Path;

use ramkey::folder::{FolderError, Form, Made, Wish, make};

/// The image of a folder, and its bytes.
fn image(folder: &Path, form: Form, free: Option<u64>) -> Result<(Made, Vec<u8>), FolderError> {
    let scratch = tempfile::tempdir().unwrap();
    let path = scratch.path().join("made.img");
    let file = File::create_new(&path).unwrap();
    let made = make(folder, Wish { form, free, boots: false }, &file, &|_| ())?;
    let bytes = fs::read(&path).unwrap();
    assert_eq!(bytes.len() as u64, made.len);
    Ok((made, bytes))
}

/// The volume in an image.
fn volume(bytes: &[u8], form: Form) -> &[u8] {
    &bytes[if form == Form::HardDisk { 63 * 512 } else { 0 }..]
}
