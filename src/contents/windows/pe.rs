//! What a program file says about itself: its version and its processor.

use serde::{Deserialize, Serialize};

/// The version of a file, four numbers; told to others as text.
#[derive(
    Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize, schemars::JsonSchema,
)]
#[serde(into = "String", try_from = "String")]
pub struct FileVersion(pub [u16; 4]);

impl std::fmt::Display for FileVersion {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let [a, b, c, d] = self.0;
        write!(f, "{a}.{b}.{c}.{d}")
    }
}

impl From<FileVersion> for String {
    fn from(version: FileVersion) -> Self {
        version.to_string()
    }
}

impl TryFrom<String> for FileVersion {
    type Error = &'static str;

    fn try_from(text: String) -> Result<Self, Self::Error> {
        let numbers: Option<Vec<u16>> = text.split('.').map(|number| number.parse().ok()).collect();
        let numbers = numbers.and_then(|numbers| numbers.try_into().ok());
        numbers.map(Self).ok_or("a version has four numbers")
    }
}

/// The signature of a version record, and the version of its layout. (Microsoft, `VS_FIXEDFILEINFO`.)
const SIGNATURE: [u8; 8] = [0xBD, 0x04, 0xEF, 0xFE, 0x00, 0x00, 0x01, 0x00];
/// Length of a version record as far as it is read.
const RECORD_LEN: usize = 16;

/// The version of the file with these bytes, or `None` if it has no version record.
pub fn file_version(bytes: &[u8]) -> Option<FileVersion> {
    let at = bytes.windows(RECORD_LEN).position(|window| window.starts_with(&SIGNATURE))?;
    let word = |offset: usize| u16::from_le_bytes([bytes[at + offset], bytes[at + offset + 1]]);
    Some(FileVersion([word(10), word(8), word(14), word(12)]))
}

/// Bits of an address of the processor that the program file with these bytes is for, or `None` if it is no program
/// file or for another processor than a PC's. (Microsoft, PE Format.)
pub fn processor_bits(bytes: &[u8]) -> Option<u8> {
    if !bytes.starts_with(b"MZ") {
        return None;
    }
    let header = u32::from_le_bytes(*bytes.get(0x3C..)?.first_chunk()?) as usize;
    let machine = bytes.get(header..)?.strip_prefix(b"PE\0\0")?.first_chunk()?;
    match u16::from_le_bytes(*machine) {
        0x014C => Some(32),
        0x8664 => Some(64),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::{FileVersion, file_version, processor_bits};

    fn driver(machine: u16) -> Vec<u8> {
        let mut bytes = vec![0xD1; 600];
        bytes[..2].copy_from_slice(b"MZ");
        bytes[0x3C..0x40].copy_from_slice(&0x80u32.to_le_bytes());
        bytes[0x80..0x84].copy_from_slice(b"PE\0\0");
        bytes[0x84..0x86].copy_from_slice(&machine.to_le_bytes());
        bytes.extend([0xBD, 0x04, 0xEF, 0xFE, 0, 0, 1, 0, 0, 0, 0, 0, 30, 0, 1, 0]);
        bytes
    }

    #[test]
    fn the_version_and_the_processor_are_found() {
        let bytes = driver(0x014C);
        assert_eq!(file_version(&bytes), Some(FileVersion([0, 0, 1, 30])));
        assert_eq!(file_version(&bytes[..bytes.len() - 1]), None);
        assert_eq!(processor_bits(&bytes), Some(32));
        assert_eq!(processor_bits(&driver(0x8664)), Some(64));
        assert_eq!(processor_bits(&driver(0x0200)), None);
        assert_eq!(processor_bits(&bytes[..0x85]), None);
        assert!(FileVersion([0, 0, 1, 9]) < FileVersion([0, 0, 1, 20]));
    }
}
