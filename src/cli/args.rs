//! Options that several subcommands share, and their meaning.

use std::path::PathBuf;

use clap::{Args, ValueEnum};

use crate::cli::CliError;
use crate::cli::drives::DrivesArgs;
use crate::cli::origin::{OriginArgs, SourceArgs};
use crate::cli::pack::PackArgs;
use crate::cli::settings::settings;
use crate::contents::{Kind, KindChoice};
use crate::image::ImageName;
use crate::job::StickRequest;
use crate::plan::{FatBits, FsChoice, Language, LayoutChoice, LayoutKind, Slot, StartOptions};
use crate::units::{Bytes, BytesError, Geometry, SECTOR_LEN, counted, named};

/// How the stick is divided.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, ValueEnum)]
pub enum LayoutArg {
    /// Universal below 1 GiB, hdd from there on
    #[default]
    Auto,
    /// For any BIOS: master boot record, partition, and the same file system from sector 0 on
    Universal,
    /// For USB-HDD: master boot record and one partition
    Hdd,
    /// For USB-ZIP: partition in slot 4, from the second track on
    Zip,
    /// For USB-FDD: a file system from sector 0 on, with the numbers of a floppy
    Fdd,
    /// As hdd, and a second partition of one cylinder at the end
    TwoPartitions,
    /// GUID partition table and one partition
    Gpt,
    /// A file system from sector 0 on, with the numbers of a hard disk
    Superfloppy,
}

impl LayoutArg {
    /// What it means to the plan, with a partition in `slot`.
    pub fn choice(self, slot: Slot) -> LayoutChoice {
        LayoutChoice::Is(match self {
            Self::Auto if slot == Slot::First => return LayoutChoice::Auto,
            Self::Auto | Self::Universal => LayoutKind::Universal { slot },
            Self::Hdd => LayoutKind::Hdd,
            Self::Zip => LayoutKind::Zip,
            Self::Fdd => LayoutKind::Fdd,
            Self::TwoPartitions => LayoutKind::TwoPartitions,
            Self::Gpt => LayoutKind::Gpt,
            Self::Superfloppy => LayoutKind::Superfloppy,
        })
    }
}

/// The stick's file system.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, ValueEnum)]
pub enum FsArg {
    /// By the size of the stick
    #[default]
    Auto,
    /// FAT12
    Fat12,
    /// FAT16
    Fat16,
    /// FAT32
    Fat32,
}

/// The kind of disk that an image is.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, ValueEnum)]
pub enum KindArg {
    /// What the image says
    #[default]
    Auto,
    /// A whole hard disk
    Hdd,
    /// A floppy
    Floppy,
    /// One partition
    Partition,
    /// A CD
    Cd,
}

/// How the image of a folder is made.
#[derive(Clone, Copy, Debug, Args)]
pub struct FolderArgs {
    /// Bytes that stay free in the image that is made of a folder, for example 4M; an eighth of its files and at least 1M if not
    /// given, and on a floppy what is left
    #[arg(long, value_name = "SIZE", value_parser = free, allow_negative_numbers = true)]
    folder_free: Option<Bytes>,
}

impl FolderArgs {
    /// How many that are.
    pub fn free(self) -> Option<u64> {
        self.folder_free.map(|Bytes(free)| free)
    }
}

fn free(text: &str) -> Result<Bytes, String> {
    text.parse().map_err(|error: BytesError| format!("{error}; {}", error.help()))
}

/// What an image is taken for: the same options wherever one is looked at.
#[derive(Clone, Copy, Debug, Args)]
pub struct LookArgs {
    /// Kind of disk that an image is
    #[arg(long, value_enum, default_value_t)]
    pub kind: KindArg,

    /// Geometry of an image: cylinders/heads/sectors per track
    #[arg(long, value_name = "C/H/S", value_parser = parse_geometry)]
    pub chs: Option<Geometry>,

    #[command(flatten)]
    pub folder: FolderArgs,
}

impl LookArgs {
    /// The kind that was given, or that the image says it.
    pub fn kind(self) -> KindChoice {
        match self.kind {
            KindArg::Auto => KindChoice::Auto,
            KindArg::Hdd => KindChoice::Is(Kind::HardDisk),
            KindArg::Floppy => KindChoice::Is(Kind::Floppy),
            KindArg::Partition => KindChoice::Is(Kind::Partition),
            KindArg::Cd => KindChoice::Is(Kind::Disc),
        }
    }

    /// `request` with what is asked for here.
    pub fn put_into(self, request: StickRequest) -> StickRequest {
        StickRequest { kind: self.kind(), geometry: self.chs, folder_free: self.folder.free(), ..request }
    }
}

/// How images are taken in: the same options wherever they come to a medium.
#[derive(Clone, Debug, Args)]
pub struct IntakeArgs {
    #[command(flatten)]
    pub pack: PackArgs,

    #[command(flatten)]
    pub origin: OriginArgs,

    #[command(flatten)]
    pub source: SourceArgs,
}

impl IntakeArgs {
    /// `request` with what is asked for here.
    pub fn put_into(&self, request: StickRequest) -> StickRequest {
        self.source.put_into(self.origin.put_into(self.pack.put_into(request)))
    }

    /// The same for a stick that is there.
    ///
    /// # Errors
    ///
    /// [`CliError::Usage`] if there are more sources than images.
    pub fn put_into_change(&self, request: StickRequest) -> Result<StickRequest, CliError> {
        self.source.check(request.images.len())?;
        Ok(self.pack.put_into_stick(self.put_into(request)))
    }
}

/// The images, and how they boot: the same on a stick and on a disc.
#[derive(Clone, Debug, Args)]
pub struct ImagesArgs {
    /// Disk images to boot from RAM, in the order of the boot menu. What is packed is unpacked; FILE#NAME is a file in an
    /// archive, and - is standard input. Of a folder the image of a disk with its files is made, which starts the DOS in it
    #[arg(value_name = "IMAGE", required = true)]
    pub images: Vec<PathBuf>,

    /// Title in the boot menu; once for each image, in the same order; equal titles get a number
    #[arg(long = "title", value_name = "TITLE")]
    pub titles: Vec<String>,

    #[command(flatten)]
    pub look: LookArgs,

    /// Label of the file system
    #[arg(long, value_name = "LABEL")]
    pub label: Option<String>,

    /// Identity of the stick or the disc, 32 hexadecimal digits as `plan` and `verify` show it: the same images, options and identity
    /// give the same bytes. Derived from images and options if not given
    #[arg(long, value_name = "ID", value_parser = stick_id, allow_negative_numbers = true)]
    pub id: Option<[u8; 16]>,

    #[command(flatten)]
    pub drives: DrivesArgs,

    #[command(flatten)]
    pub intake: IntakeArgs,

    /// Seconds between the proof and the boot; 0 waits for a key, `off` does not wait; 3 if not given
    #[arg(long, value_name = "SECONDS", value_parser = timeout, allow_negative_numbers = true)]
    pub timeout: Option<u8>,

    /// Seconds that the menu of several images waits; 0 waits for a key, `off` does not wait; 30 if not given
    #[arg(long, value_name = "SECONDS", value_parser = timeout, allow_negative_numbers = true)]
    pub menu_timeout: Option<u8>,

    /// Language of the screen at the machine: en, de, es, fr or pt; the key L changes it there; English if
    /// not given
    #[arg(long = "lang", value_name = "CODE")]
    pub language: Option<Language>,

    /// Send what the screen of the machine says to COM1 too (115200 baud, 8N1), and take keys from there; else COM1 is left alone
    #[arg(long)]
    pub serial: bool,
}

/// What goes onto a stick.
#[derive(Clone, Debug, Args)]
pub struct StickArgs {
    #[command(flatten)]
    pub images: ImagesArgs,

    /// Size of the stick, for example 128M or 1.5G, or 4GB as on its label: K, M, G and T (KiB and so on) count in powers
    /// of 1024, KB, MB, GB and TB in powers of 1000. If not given, all of a device, and for a new file the smallest usual one
    /// that leaves a tenth free. Of a device the rest is left alone
    #[arg(long, value_name = "SIZE", value_parser = size, allow_negative_numbers = true)]
    pub size: Option<Bytes>,

    /// How the stick is divided
    #[arg(long, value_enum, default_value_t)]
    pub layout: LayoutArg,

    /// Universal, with the partition in slot 4 of the table as on a ZIP disk
    #[arg(long)]
    pub zip: bool,

    /// File system of the stick
    #[arg(long, value_enum, default_value_t)]
    pub fs: FsArg,
}

fn size(text: &str) -> Result<Bytes, String> {
    match free(text)? {
        Bytes(bytes) if bytes < SECTOR_LEN => {
            Err(format!("a stick has at least {SECTOR_LEN} bytes; write 64M for 64 MiB"))
        }
        Bytes(bytes) if !bytes.is_multiple_of(SECTOR_LEN) => {
            let below = bytes - bytes % SECTOR_LEN;
            Err(format!("{bytes} is no multiple of {SECTOR_LEN} bytes; {below} is"))
        }
        size => Ok(size),
    }
}

/// A geometry, or why it is none.
fn parse_geometry(text: &str) -> Result<Geometry, String> {
    text.parse().map_err(|error: crate::units::GeometryError| error.to_string())
}

fn stick_id(text: &str) -> Result<[u8; 16], String> {
    let number = u128::from_str_radix(text, 16).ok().filter(|_| text.len() == 32 && !text.starts_with('+'));
    number.map(u128::to_be_bytes).ok_or_else(|| "an identity is 32 hexadecimal digits".into())
}

fn timeout(text: &str) -> Result<u8, String> {
    match text {
        "off" => Ok(ramkey_format::boot::NO_WAIT),
        _ => match text.parse::<u8>() {
            Ok(seconds) if seconds != ramkey_format::boot::NO_WAIT => Ok(seconds),
            _ => Err("it is 0 to 254 seconds, or off".into()),
        },
    }
}

impl ImagesArgs {
    /// Refuses what no parser can: more titles or sources than images, and a file that is not there because it was to be a number.
    ///
    /// # Errors
    ///
    /// [`CliError::Usage`] or [`CliError::CommandLine`].
    pub fn check(&self) -> Result<(), CliError> {
        if self.titles.len() > self.images.len() {
            let images = counted(self.images.len() as u64, "image");
            let what = format!("--title was given {} times for {images}", self.titles.len());
            return Err(CliError::Usage { what });
        }
        self.intake.source.check(self.images.len())?;
        let missing = self.drives.beside.all().filter(|drive| !ImageName::exists(&drive.path));
        let mut meant = missing.filter_map(|drive| Some((named(&drive.path), drive.meant()?)));
        meant.next().map_or(Ok(()), |(path, meant)| {
            let what =
                format!("{path} does not exist, and a drive number is two hexadecimal digits and an h");
            Err(CliError::CommandLine { what, tips: vec![format!("if a number is meant: {meant}")] })
        })
    }

    /// What goes onto a medium, with everything else as usual.
    pub fn request(&self) -> StickRequest {
        let usual = StartOptions::default();
        let request = StickRequest {
            titles: self.titles.clone(),
            label: self.label.clone(),
            id: self.id,
            start: StartOptions {
                start_timeout: self.timeout.unwrap_or(usual.start_timeout),
                menu_timeout: self.menu_timeout.unwrap_or(usual.menu_timeout),
                language: self.language.or(settings().lang).unwrap_or(usual.language),
                serial: self.serial,
            },
            ..StickRequest::new(self.images.clone())
        };
        self.intake.put_into(self.drives.put_into(self.look.put_into(request)))
    }
}

impl StickArgs {
    /// Refuses what no parser can.
    ///
    /// # Errors
    ///
    /// [`CliError::Usage`] or [`CliError::CommandLine`].
    pub fn check(&self) -> Result<(), CliError> {
        if self.zip && !matches!(self.layout, LayoutArg::Auto | LayoutArg::Universal) {
            let name = self.layout.choice(Slot::Fourth).of(0).name();
            let what = format!("--zip is for the universal layout, and --layout {name} was given");
            return Err(CliError::Usage { what });
        }
        self.images.check()
    }

    /// What goes onto the stick.
    pub fn request(&self) -> StickRequest {
        StickRequest {
            size: self.size.map(|Bytes(len)| len),
            layout: self.layout.choice(if self.zip { Slot::Fourth } else { Slot::First }),
            fs: match self.fs {
                FsArg::Auto => FsChoice::Auto,
                FsArg::Fat12 => FsChoice::Is(FatBits::Fat12),
                FsArg::Fat16 => FsChoice::Is(FatBits::Fat16),
                FsArg::Fat32 => FsChoice::Is(FatBits::Fat32),
            },
            ..self.images.intake.pack.put_into_stick(self.images.request())
        }
    }
}
