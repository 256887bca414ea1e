//! What was written to which stick: a record for whoever makes many.

use serde::Serialize;

use crate::map::MapRange;
use crate::pipeline::{Aftermath, Effort, VerifyLevel};
use crate::report::{DriverReport, ImageReport, Report, StickReport};
use crate::units::{Bytes, SECTOR_LEN, counted};

/// Version of the fields; one more when a field changes what it means.
const VERSION: u32 = 1;

/// What became of one stick.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, schemars::JsonSchema)]
pub struct Receipt {
    /// Version of the fields.
    pub receipt: u32,
    /// The program.
    pub tool: &'static str,
    /// Its version.
    pub version: &'static str,
    /// The stick as the system knows it.
    pub target: ReceiptTarget,
    /// What is known of it now.
    pub state: ReceiptState,
    /// Why it is not done.
    pub error: Option<ReceiptError>,
    /// Where the bytes came from that were read back; nothing if it is not done.
    pub verified: Option<VerifyLevel>,
    /// What the stick is, or was to become.
    pub stick: ReceiptStick,
    /// What lies where on it, or was to.
    pub map: Vec<MapRange>,
    /// Its images, those that stand beside others last.
    pub images: Vec<ReceiptImage>,
    /// What it took; nothing if it is not done.
    pub effort: Option<Effort>,
    /// What speaks against a boot.
    pub warnings: Vec<String>,
}

/// A stick as the system knows it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, schemars::JsonSchema)]
pub struct ReceiptTarget {
    /// The device or file.
    pub path: String,
    /// `device` or `file`.
    pub kind: &'static str,
    /// Vendor, or nothing.
    pub vendor: String,
    /// Model, or nothing.
    pub model: String,
    /// Serial number, or nothing.
    pub serial: String,
    /// Where on USB it is plugged in, or nothing.
    pub usb_path: String,
    /// Length in bytes.
    pub len: u64,
}

/// What is known of a stick that was to be written.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, schemars::JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum ReceiptState {
    /// It is written and proven.
    Done,
    /// It was so already; nothing was written.
    Complete,
    /// It is as it was.
    Untouched,
    /// It was begun, and does not boot.
    WillNotBoot,
    /// It boots what it did.
    BootsAsBefore,
    /// Nothing.
    Unknown,
}

impl From<Aftermath> for ReceiptState {
    fn from(stick: Aftermath) -> Self {
        match stick {
            Aftermath::Untouched => Self::Untouched,
            Aftermath::WillNotBoot => Self::WillNotBoot,
            Aftermath::BootsAsBefore => Self::BootsAsBefore,
            Aftermath::Unknown => Self::Unknown,
        }
    }
}

impl ReceiptState {
    /// The same for people.
    pub fn words(self) -> &'static str {
        match self {
            Self::Done => "done",
            Self::Complete => "complete already",
            Self::Untouched => "untouched",
            Self::WillNotBoot => "will not boot",
            Self::BootsAsBefore => "boots as before",
            Self::Unknown => "state unknown",
        }
    }
}

/// Why a stick is not done.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, schemars::JsonSchema)]
pub struct ReceiptError {
    /// What happened.
    pub error: String,
    /// What that comes from, outermost first.
    pub because: Vec<String>,
    /// What a person can do, if that can be said.
    pub help: Option<String>,
}

/// What a stick is.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, schemars::JsonSchema)]
pub struct ReceiptStick {
    /// Its identity, 32 hexadecimal digits.
    pub id: String,
    /// How it is divided.
    pub layout: &'static str,
    /// For example `FAT16`.
    pub file_system: String,
    /// Label of the file system.
    pub label: String,
    /// Sectors of the stick.
    pub sectors: u64,
    /// First sector of the file system.
    pub volume_lba: u64,
    /// Sectors of the file system.
    pub volume_sectors: u64,
    /// Ranges that are written.
    pub ranges: usize,
    /// Bytes in all of them.
    pub bytes: u64,
}

/// An image on a stick.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, schemars::JsonSchema)]
pub struct ReceiptImage {
    /// The file that it came from.
    pub path: String,
    /// Title in the boot menu.
    pub title: String,
    /// Its file in the folder RAMKEY.
    pub file: String,
    /// Length in bytes.
    pub len: u64,
    /// BLAKE3, as `b3sum` prints it.
    pub blake3: String,
    /// BLAKE3 of what will be in memory, if that is another.
    pub ram_blake3: Option<String>,
    /// The driver that its Windows got on the way.
    pub driver: Option<DriverReport>,
}

impl Receipt {
    /// Of a stick that is written, and proven.
    pub fn done(target: ReceiptTarget, report: &Report) -> Self {
        let is_complete = report.resumed.is_some_and(|resumed| resumed.complete);
        let state = if is_complete { ReceiptState::Complete } else { ReceiptState::Done };
        let effort = Some(report.effort.clone());
        let verified = Some(report.effort.level);
        Self { effort, verified, ..Self::new(target, state, None, &report.stick) }
    }

    /// Of one that is not; `stick` is what it was to become.
    pub fn failed(target: ReceiptTarget, stick: &StickReport, left: Aftermath, error: ReceiptError) -> Self {
        Self::new(target, left.into(), Some(error), stick)
    }

    fn new(
        target: ReceiptTarget,
        state: ReceiptState,
        error: Option<ReceiptError>,
        stick: &StickReport,
    ) -> Self {
        let images = || stick.images.iter().chain(&stick.companions);
        let of_images = images().flat_map(|image| image.warnings.iter().cloned());
        Self {
            receipt: VERSION,
            tool: env!("CARGO_PKG_NAME"),
            version: env!("CARGO_PKG_VERSION"),
            target,
            state,
            error,
            verified: None,
            stick: ReceiptStick {
                id: stick.stick_id.clone(),
                layout: stick.layout,
                file_system: stick.file_system.clone(),
                label: stick.label.clone(),
                sectors: stick.sectors,
                volume_lba: stick.volume_lba,
                volume_sectors: stick.volume_sectors,
                ranges: stick.ranges.len(),
                bytes: stick.bytes,
            },
            map: stick.map.ranges.clone(),
            images: images().map(ReceiptImage::of).collect(),
            effort: None,
            warnings: stick.warnings.iter().cloned().chain(of_images).collect(),
        }
    }

    /// The stick and what became of it in one line.
    pub fn words(&self) -> String {
        let ReceiptTarget { path, vendor, model, serial, len, .. } = &self.target;
        let mut known = vec![format!("{vendor} {model}").trim().to_owned(), Bytes(*len).to_string()];
        known.retain(|words| !words.is_empty());
        if !serial.is_empty() {
            known.push(format!("serial {serial}"));
        }
        let ended = match (&self.effort, &self.error) {
            (Some(Effort { written, skipped, retries, repairs, .. }), _) => format!(
                "{} written, {} there already, {}, {}",
                Bytes(*written),
                Bytes(*skipped),
                counted(retries.len() as u64, "retry").replace("retrys", "retries"),
                counted(repairs.len() as u64, "repair")
            ),
            (None, Some(error)) => error.error.clone(),
            (None, None) => format!("{} to be written", Bytes(self.stick.sectors * SECTOR_LEN)),
        };
        format!("{path}  {}: {ended}", known.join(", "))
    }
}

impl ReceiptImage {
    fn of(image: &ImageReport) -> Self {
        Self {
            path: image.path.clone(),
            title: image.title.clone(),
            file: image.file.clone(),
            len: image.len,
            blake3: image.blake3.clone(),
            ram_blake3: image.ram_blake3.clone(),
            driver: image.driver.clone(),
        }
    }
}
