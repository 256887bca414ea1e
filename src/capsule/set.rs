//! The capsules that belong together: a boot drive, and those that stand beside it.

use ramkey_format::capsule::{CapsuleHeader, Companion, EXTENSION, FOLDER};

use crate::units::hex;

/// The place of a capsule in its set of drives.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Role {
    /// It is booted, and in the menu.
    Boot,
    /// It stands beside others, and is in no menu.
    Companion,
}

/// A capsule that another one needs beside it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Beside {
    /// Path of its file, by its short name.
    pub path: String,
    /// First half of the BLAKE3 of its original image, in hexadecimal digits.
    pub blake3: String,
}

/// The record by which a boot drive's capsule names another: the name of its file, as in `DOS622.RKC`, and the BLAKE3
/// of its original image.
pub fn companion(file_name: &str, image_blake3: &[u8; 32]) -> Companion {
    let mut record = Companion { name: [b' '; 8], ..Companion::default() };
    for (place, byte) in record.name.iter_mut().zip(file_name.bytes().take_while(|&byte| byte != b'.')) {
        *place = byte;
    }
    let half = record.image_blake3.len();
    record.image_blake3.copy_from_slice(&image_blake3[..half]);
    record
}

/// What a header says of the others of its set.
pub(super) fn companions(header: &CapsuleHeader) -> Vec<Beside> {
    let beside = |companion: &Companion| Beside {
        path: format!("{FOLDER}/{}.{EXTENSION}", String::from_utf8_lossy(&companion.name).trim_end()),
        blake3: hex(companion.image_blake3),
    };
    header.companions().map(beside).collect()
}
