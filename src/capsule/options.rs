//! How drivers and systems see the drives of an entry, and the flags of a capsule that say it.

use ramkey_format::capsule::flags;
pub use ramkey_loader_core::copy_mode::CopyMode;
use serde::de::Error;
use serde::{Deserialize, Deserializer, Serialize, Serializer};

use super::Role;
use crate::image::Identity;

/// What becomes of the sectors that the machine writes to a RAM drive.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash, Serialize, Deserialize, schemars::JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum Writes {
    /// They stay in memory until the machine is switched off.
    #[default]
    Kept,
    /// They are refused with status 03h.
    Refused,
    /// They are reported as written, and dropped.
    Dropped,
}

/// Whose hard disks have the first numbers, from 80h on.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize, schemars::JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum FirstDisk {
    /// Those in RAM.
    Ram,
    /// The machine's own.
    Internal,
}

/// What holds for every entry of a stick.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub struct SetOptions {
    /// Whose RAM disk drivers find.
    pub identity: Identity,
    /// Whose hard disks come first; by the boot drive's kind if there is none.
    pub first_disk: Option<FirstDisk>,
    /// Whether the stick keeps a drive number.
    pub keep_stick: bool,
    /// How INT 13h copies.
    pub copy: CopyMode,
}

/// How systems see the drives of one image.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, schemars::JsonSchema)]
pub struct DriveOptions {
    /// Whose RAM disk drivers find.
    pub identity: Identity,
    /// Whose hard disks come first.
    pub first_disk: FirstDisk,
    /// What becomes of the machine's writes.
    pub writes: Writes,
    /// How INT 13h copies.
    #[serde(serialize_with = "name_of_copy", deserialize_with = "copy_of_name")]
    #[schemars(with = "String")]
    pub copy: CopyMode,
    /// Whether the stick keeps a drive number.
    pub keep_stick: bool,
}

fn name_of_copy<S: Serializer>(copy: &CopyMode, to: S) -> Result<S::Ok, S::Error> {
    to.serialize_str(copy.name())
}

fn copy_of_name<'de, D: Deserializer<'de>>(from: D) -> Result<CopyMode, D::Error> {
    let name = String::deserialize(from)?;
    let copy = CopyMode::ALL.into_iter().find(|copy| copy.name() == name);
    copy.ok_or_else(|| D::Error::custom("no way to copy has this name"))
}

impl DriveOptions {
    /// What the flags of a capsule say.
    pub fn of(flags: u32) -> Self {
        let is_set = |flag| flags & flag != 0;
        Self {
            identity: if is_set(flags::GRUB4DOS) { Identity::Grub4dos } else { Identity::Memdisk },
            first_disk: if is_set(flags::INTERNAL_FIRST) { FirstDisk::Internal } else { FirstDisk::Ram },
            writes: match (is_set(flags::READ_ONLY), is_set(flags::FAKE_WRITE)) {
                (true, _) => Writes::Refused,
                (false, true) => Writes::Dropped,
                (false, false) => Writes::Kept,
            },
            copy: CopyMode::of(flags),
            keep_stick: is_set(flags::KEEP_STICK),
        }
    }

    /// The flags of a capsule that say it. Of a companion only what becomes of writes counts: the rest is its boot drive's.
    pub fn flags(&self, role: Role) -> u32 {
        let writes = match self.writes {
            Writes::Kept => 0,
            Writes::Refused => flags::READ_ONLY,
            Writes::Dropped => flags::FAKE_WRITE,
        };
        if role == Role::Companion {
            return writes | flags::COMPANION;
        }
        let set = |flag, is_set| if is_set { flag } else { 0 };
        writes
            | set(flags::INTERNAL_FIRST, self.first_disk == FirstDisk::Internal)
            | set(flags::KEEP_STICK, self.keep_stick)
            | set(flags::GRUB4DOS, self.identity == Identity::Grub4dos)
            | self.copy.flags()
    }

    /// What differs from the usual for the whole set, for people.
    pub fn words(&self) -> Vec<&'static str> {
        let words = [
            (self.identity == Identity::Grub4dos, "drivers find GRUB4DOS's identity"),
            (self.first_disk == FirstDisk::Internal, "the machine's own hard disks come first"),
            (self.copy == CopyMode::Direct, "copied by INT 13h itself only"),
            (self.copy == CopyMode::Int15, "copied through INT 15h only"),
            (self.keep_stick, "the stick keeps a drive number"),
        ];
        words.into_iter().filter(|(differs, _)| *differs).map(|(_, words)| words).collect()
    }

    /// What differs from the usual for this drive, for people: behind a comma, or nothing.
    pub fn writes_words(&self) -> &'static str {
        match self.writes {
            Writes::Refused => ", read-only",
            Writes::Dropped => ", writes are dropped",
            Writes::Kept => "",
        }
    }
}

#[cfg(test)]
mod tests {
    use ramkey_format::capsule::flags;

    use super::DriveOptions;
    use crate::capsule::Role;

    #[test]
    fn flags_say_the_options_that_they_are_made_of() {
        let both = flags::READ_ONLY | flags::FAKE_WRITE;
        let copies = flags::COPY_DIRECT | flags::COPY_INT15;
        for bits in 0..=flags::KNOWN {
            // What is no option: the image's own.
            let is_other = bits & (flags::COMPANION | flags::KIND_IS_GUESS) != 0;
            if bits & both == both || bits & copies == copies || is_other {
                continue;
            }
            let options = DriveOptions::of(bits);
            assert_eq!(options.flags(Role::Boot), bits);
            assert_eq!(options.flags(Role::Companion), bits & flags::OF_COMPANIONS | flags::COMPANION);
        }
    }
}
