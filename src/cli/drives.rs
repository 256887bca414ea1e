//! The options for the drives of an entry: which stand beside the boot drive, and how systems see them.

use std::ffi::{OsStr, OsString};
use std::os::unix::ffi::OsStrExt;
use std::path::PathBuf;

use clap::builder::{OsStringValueParser, PossibleValue, PossibleValuesParser, TypedValueParser};
use clap::{Args, ValueEnum};

use crate::image::Identity;
use crate::job::{Companion, StickRequest};
use crate::plan::{CopyMode, FirstDisk, Writes};

impl ValueEnum for Identity {
    fn value_variants<'a>() -> &'a [Self] {
        &[Self::Memdisk, Self::Grub4dos]
    }

    fn to_possible_value(&self) -> Option<PossibleValue> {
        Some(match self {
            Self::Memdisk => PossibleValue::new("memdisk")
                .help("MEMDISK's: for memdiskfind, FreeBSD, WinVBlock and newer FiraDisk"),
            Self::Grub4dos => PossibleValue::new("grub4dos").help("GRUB4DOS's: for SVBus and older FiraDisk"),
        })
    }
}

impl ValueEnum for FirstDisk {
    fn value_variants<'a>() -> &'a [Self] {
        &[Self::Ram, Self::Internal]
    }

    fn to_possible_value(&self) -> Option<PossibleValue> {
        Some(match self {
            Self::Ram => PossibleValue::new("ram").help("Those in RAM"),
            Self::Internal => PossibleValue::new("internal").help("The machine's own"),
        })
    }
}

/// An image, and the number of its drive.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct DriveArg {
    /// BIOS drive number, if one was named.
    pub number: Option<u8>,
    /// The image.
    pub path: PathBuf,
}

impl DriveArg {
    /// Reads `NNh:IMAGE` or `IMAGE`.
    fn of(text: &OsStr) -> Self {
        if let Some((number, path)) = Self::numbered(text.as_bytes()) {
            return Self { number: Some(number), path: OsStr::from_bytes(path).into() };
        }
        Self { number: None, path: text.into() }
    }

    /// What a number that is none should be written like; `None` if nothing before a colon looks like a number.
    pub fn meant(&self) -> Option<String> {
        let (number, image) = self.path.to_str().filter(|_| self.number.is_none())?.split_once(':')?;
        let digits = number.strip_prefix("0x").unwrap_or(number).trim_end_matches(['h', 'H']);
        let plausible =
            (1..=3).contains(&digits.len()) && digits.bytes().all(|byte| byte.is_ascii_hexdigit());
        let example = u8::from_str_radix(digits, 16).unwrap_or(0x81);
        plausible.then(|| format!("{example:02X}h:{image}"))
    }

    fn numbered(bytes: &[u8]) -> Option<(u8, &[u8])> {
        let (number, path) = bytes.split_at_checked(4)?;
        let digits = number.strip_suffix(b"h:").or_else(|| number.strip_suffix(b"H:"))?;
        // `from_str_radix` takes a sign too.
        let digits = std::str::from_utf8(digits).ok().filter(|text| !text.starts_with('+'))?;
        Some((u8::from_str_radix(digits, 16).ok()?, path))
    }
}

fn drive() -> impl TypedValueParser<Value = DriveArg> {
    OsStringValueParser::new().try_map(|text: OsString| match DriveArg::of(&text) {
        drive if drive.path.as_os_str().is_empty() => Err("an image is missing"),
        drive => Ok(drive),
    })
}

/// The names of the ways to copy, each with what it is.
fn copy() -> impl TypedValueParser<Value = CopyMode> {
    let names = CopyMode::ALL.map(|mode| {
        PossibleValue::new(mode.name()).help(match mode {
            CopyMode::Auto => "By its own mode switch, and through the BIOS where that is not allowed",
            CopyMode::Direct => "By its own mode switch only",
            CopyMode::Int15 => "Through the BIOS (INT 15h AH=87h) only",
        })
    });
    let of = |name: String| CopyMode::ALL.into_iter().find(|mode| mode.name() == name).unwrap_or_default();
    PossibleValuesParser::new(names).map(of)
}

/// The drives beside the boot drive.
#[derive(Clone, Debug, Default, Args)]
pub struct BesideArgs {
    /// One more image in RAM beside the first, up to seven. Its kind is what it says, and its number the next one of the
    /// kind; 83h:IMAGE makes it the hard disk 83h. 80h, 00h and E0h only say that it is a hard disk, a floppy or a CD.
    /// Several images of the menu all get it
    #[arg(long = "with", value_name = "[NNh:]IMAGE", value_parser = drive())]
    pub with: Vec<DriveArg>,

    /// The same for a floppy, whatever the image says, for example with drivers for a setup; after those of --with. Of a folder
    /// with the files of a driver for RAM disks the floppy is made, with its txtsetup.oem
    #[arg(long = "floppy", value_name = "[NNh:]IMAGE|FOLDER", value_parser = drive())]
    pub floppies: Vec<DriveArg>,
}

/// The drives beside the boot drive, and how systems see all of them.
#[derive(Clone, Debug, Default, Args)]
pub struct DrivesArgs {
    #[command(flatten)]
    pub beside: BesideArgs,

    /// Whose RAM disk drivers find; MEMDISK's if not given
    #[arg(long, value_enum)]
    pub identity: Option<Identity>,

    /// Whose hard disks come first, from 80h on; if not given, those in RAM when one of them is booted, and the machine's
    /// own when a CD or a floppy is
    #[arg(long, value_enum)]
    pub first_disk: Option<FirstDisk>,

    /// The stick or the disc keeps a drive number; a system may wait for it long after it was taken out
    #[arg(long, visible_alias = "keep-disc")]
    pub keep_stick: bool,

    /// The machine may not write to the RAM disks through INT 13h; FiraDisk and other drivers that use the memory itself
    /// are not bound by it
    #[arg(long)]
    pub read_only: bool,

    /// Writes to the RAM disks report success and are dropped
    #[arg(long, conflicts_with = "read_only")]
    pub fake_write: bool,

    /// How INT 13h copies from and to the RAM disks; auto if not given
    #[arg(long, value_parser = copy())]
    pub copy: Option<CopyMode>,
}

impl DrivesArgs {
    /// The same request, with these drives and how systems see them.
    pub fn put_into(&self, request: StickRequest) -> StickRequest {
        StickRequest {
            companions: self.beside.companions(),
            identity: self.identity,
            first_disk: self.first_disk,
            keep_stick: self.keep_stick,
            writes: self.writes(),
            copy: self.copy.unwrap_or_default(),
            ..request
        }
    }

    /// What becomes of the machine's writes.
    pub fn writes(&self) -> Writes {
        match (self.read_only, self.fake_write) {
            (true, _) => Writes::Refused,
            (false, true) => Writes::Dropped,
            (false, false) => Writes::Kept,
        }
    }
}

impl BesideArgs {
    /// The drives beside the boot drive, in their order.
    pub fn companions(&self) -> Vec<Companion> {
        let companion = |(number, drive): (usize, &DriveArg)| Companion {
            path: drive.path.clone(),
            number: drive.number,
            is_floppy: number >= self.with.len(),
        };
        self.all().enumerate().map(companion).collect()
    }

    /// The same as they were given.
    pub fn all(&self) -> impl Iterator<Item = &DriveArg> {
        self.with.iter().chain(&self.floppies)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_number_in_another_shape_is_told_how_to_be_written() {
        for (text, meant) in [
            ("83:f", Some("83h:f")),
            ("0x83:f", Some("83h:f")),
            ("1h:f", Some("01h:f")),
            ("183h:f", Some("81h:f")),
            ("83h:f", None),
            ("f", None),
            ("./83:f", None),
            (":f", None),
            ("disk:f", None),
        ] {
            assert_eq!(DriveArg::of(text.as_ref()).meant().as_deref(), meant, "{text}");
        }
    }

    #[test]
    fn a_number_is_two_hexadecimal_digits_and_everything_else_is_a_name() {
        for (text, number, path) in [
            ("data.img", None, "data.img"),
            ("83h:data.img", Some(0x83), "data.img"),
            ("8aH:a:b", Some(0x8A), "a:b"),
            ("00h:f", Some(0), "f"),
            ("+8h:f", None, "+8h:f"),
            ("83:f", None, "83:f"),
            ("./83h:f", None, "./83h:f"),
            ("83h:", Some(0x83), ""),
            ("\u{e9}h:f", None, "\u{e9}h:f"),
        ] {
            assert_eq!(DriveArg::of(text.as_ref()), DriveArg { number, path: path.into() }, "{text}");
        }
    }
}
