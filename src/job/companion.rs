//! An image that stands beside the boot drive of every entry, as it was asked for.

use std::path::PathBuf;

use crate::contents::Kind;
use crate::folder::Form;

/// An image, and the drive that it becomes beside the one that is booted.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Companion {
    /// The image.
    pub path: PathBuf,
    /// BIOS drive number, if one was named.
    pub number: Option<u8>,
    /// Whether it is a floppy, whatever the image says.
    pub is_floppy: bool,
}

impl Companion {
    /// What is made of it if it is a folder.
    pub(super) fn form(&self) -> Form {
        match self.is_floppy || self.number.is_some_and(|number| number < 0x80) {
            true => Form::Floppy,
            false => Form::HardDisk,
        }
    }

    /// The kind that the number asks for, if an image of `kind` cannot have it.
    pub(super) fn kind_beside(&self, kind: Kind) -> Option<Kind> {
        let wanted = match self.number? {
            0x00..=0x03 => Kind::Floppy,
            0x80..=0x8F => Kind::HardDisk,
            0xE0 => Kind::Disc,
            _ => return None,
        };
        let fits = wanted == kind || (wanted == Kind::HardDisk && kind == Kind::Partition);
        (!fits).then_some(wanted)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_number_says_the_kind_unless_the_image_fits_it() {
        let drive = |number| Companion { number, path: "x".into(), is_floppy: false };
        for (number, kind, wanted) in [
            (None, Kind::Floppy, None),
            (Some(0x81), Kind::Floppy, Some(Kind::HardDisk)),
            (Some(0x80), Kind::Partition, None),
            (Some(0x8F), Kind::Disc, Some(Kind::HardDisk)),
            (Some(0x03), Kind::HardDisk, Some(Kind::Floppy)),
            (Some(0xE0), Kind::Disc, None),
            (Some(0x04), Kind::Floppy, None),
        ] {
            assert_eq!(drive(number).kind_beside(kind), wanted, "{number:02X?} {kind}");
        }
    }
}
