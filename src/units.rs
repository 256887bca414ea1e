//! Lengths and addresses, with their units in their names; and how names of others are shown.

use std::fmt;
use std::num::NonZeroU32;
use std::str::FromStr;

use serde::{Deserialize, Serialize};

pub(crate) use svg::{Hundredths, MONOSPACE};
pub use text::{counted, hex, is_hidden, named, shell_argument, shell_word, shown, xml_text};

mod svg;
mod text;

/// Bytes in a sector, on every device that this program writes.
pub const SECTOR_LEN: u64 = 512;
/// Bytes in a MiB.
pub const MIB: u64 = 1 << 20;

/// Largest cylinder number that fits the ten bits of a CHS address.
const CYLINDER_MAX: u64 = 1023;

/// A length in bytes, for people: `128M` and `128MiB` are the same, and `128MB` is less.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Bytes(pub u64);

/// Text that is no length.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum BytesError {
    /// It does not begin with a number, or its unit is unknown.
    #[error("\"{text}\" is no size")]
    Syntax {
        /// The text.
        text: String,
    },
    /// It says a part of a byte.
    #[error("\"{text}\" is no whole number of bytes")]
    Fraction {
        /// The text.
        text: String,
    },
    /// The number of bytes does not fit 64 bits.
    #[error("\"{text}\" is more bytes than 64 bits can count")]
    TooLarge {
        /// The text.
        text: String,
    },
}

impl BytesError {
    /// What the person at the terminal can do next.
    pub fn help(&self) -> &'static str {
        "write it as 128M, 1.5G, 4GB or in bytes; K, M, G and T are powers of 1024, KB, MB, GB and TB of 1000"
    }
}

/// Bytes in a unit, whose letters may be large or small.
fn unit_len(unit: &str) -> Option<u64> {
    let unit = unit.to_ascii_uppercase();
    let power = match unit.as_bytes() {
        [] | [b'B'] => return Some(1),
        [letter, ..] => 1 + b"KMGT".iter().position(|known| known == letter)? as u32,
    };
    match &unit[1..] {
        "" | "IB" => Some(1 << (10 * power)),
        "B" => Some(1000_u64.pow(power)),
        _ => None,
    }
}

impl FromStr for Bytes {
    type Err = BytesError;

    fn from_str(text: &str) -> Result<Self, BytesError> {
        let syntax = || BytesError::Syntax { text: text.into() };
        let too_large = || BytesError::TooLarge { text: text.into() };
        let end = text.find(|c: char| !c.is_ascii_digit() && c != '.').unwrap_or(text.len());
        let (number, unit) = text.split_at(end);
        let unit = unit_len(unit).ok_or_else(syntax)?;
        let (whole, part) = number.split_once('.').unwrap_or((number, "0"));
        if whole.is_empty() || part.is_empty() || part.contains('.') {
            return Err(syntax());
        }
        let whole: u64 = whole.parse().map_err(|_| too_large())?;
        let whole = whole.checked_mul(unit).ok_or_else(too_large)?;
        let part = match part.trim_end_matches('0') {
            "" => 0,
            digits => {
                let fraction = || BytesError::Fraction { text: text.into() };
                // No unit is divided by a higher power of 10 than 2 to the 40th by one of 2.
                let places = u32::try_from(digits.len()).ok().filter(|&places| places <= 40);
                let divisor = places.and_then(|places| 10_u128.checked_pow(places)).ok_or_else(fraction)?;
                let product = digits.parse::<u128>().ok().and_then(|digits| digits.checked_mul(unit.into()));
                let product =
                    product.filter(|product| product.is_multiple_of(divisor)).ok_or_else(fraction)?;
                (product / divisor) as u64
            }
        };
        whole.checked_add(part).map(Self).ok_or_else(too_large)
    }
}

impl fmt::Display for Bytes {
    /// The largest unit with at least one before the point; one decimal when it is not whole.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let units = [(40, "TiB"), (30, "GiB"), (20, "MiB"), (10, "KiB")];
        let Some((shift, unit)) = units.into_iter().find(|&(shift, _)| self.0 >> shift != 0) else {
            return write!(f, "{} bytes", self.0);
        };
        let whole = self.0 >> shift;
        let tenths = ((u128::from(self.0) * 10) >> shift) % 10;
        if self.0.is_multiple_of(1 << shift) {
            write!(f, "{whole} {unit}")
        } else {
            write!(f, "{whole}.{tenths} {unit}")
        }
    }
}

/// RAM in bytes, as a PC's own screens count it: whole MB of 1048576 bytes, rounded up.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Ram(pub u64);

impl fmt::Display for Ram {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} MB", self.0.div_ceil(MIB))
    }
}

/// Cylinders, heads and sectors per track of a disk.
///
/// Told to others as text: `1024/16/63`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize, schemars::JsonSchema)]
#[serde(into = "String", try_from = "String")]
pub struct Geometry {
    /// Cylinders, at least 1; may exceed the 1024 that a CHS address reaches.
    pub cylinders: u32,
    /// Heads, 1 to 255.
    pub heads: u16,
    /// Sectors per track, 1 to 63.
    pub sectors_per_track: u16,
}

/// Text that is no geometry.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("\"{text}\" is no geometry: it needs cylinders/heads/sectors, 1 or more / 1 to 255 / 1 to 63")]
pub struct GeometryError {
    /// The text.
    pub text: String,
}

impl GeometryError {
    /// What the person at the terminal can do next.
    pub fn help(&self) -> String {
        "write the three numbers as in --chs 80/2/18, or leave --chs out".into()
    }
}

impl From<Geometry> for String {
    fn from(geometry: Geometry) -> Self {
        geometry.to_string()
    }
}

impl TryFrom<String> for Geometry {
    type Error = GeometryError;

    fn try_from(text: String) -> Result<Self, GeometryError> {
        text.parse()
    }
}

impl Geometry {
    /// A geometry, if its numbers are in range.
    pub fn new(cylinders: u32, heads: u16, sectors_per_track: u16) -> Option<Self> {
        let cylinders = NonZeroU32::new(cylinders)?.get();
        let sound = (1..=255).contains(&heads) && (1..=63).contains(&sectors_per_track);
        sound.then_some(Self { cylinders, heads, sectors_per_track })
    }

    /// Sectors in a cylinder.
    pub fn cylinder_sectors(&self) -> u64 {
        u64::from(self.heads) * u64::from(self.sectors_per_track)
    }

    /// Sectors in all cylinders.
    pub fn sectors(&self) -> u64 {
        u64::from(self.cylinders) * self.cylinder_sectors()
    }
}

impl FromStr for Geometry {
    type Err = GeometryError;

    fn from_str(text: &str) -> Result<Self, GeometryError> {
        let error = || GeometryError { text: text.into() };
        let mut parts = text.split('/');
        let (Some(c), Some(h), Some(s), None) = (parts.next(), parts.next(), parts.next(), parts.next())
        else {
            return Err(error());
        };
        let digits = |part: &str| !part.is_empty() && part.bytes().all(|byte| byte.is_ascii_digit());
        if ![c, h, s].into_iter().all(digits) {
            return Err(error());
        }
        match (c.parse(), h.parse(), s.parse()) {
            (Ok(c), Ok(h), Ok(s)) => Self::new(c, h, s).ok_or_else(error),
            _ => Err(error()),
        }
    }
}

impl fmt::Display for Geometry {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}/{}/{}", self.cylinders, self.heads, self.sectors_per_track)
    }
}

/// The address of one sector by cylinder, head and sector, as a partition table holds it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Chs {
    /// Cylinder, 0 to 1023.
    pub cylinder: u16,
    /// Head, 0 to 254.
    pub head: u8,
    /// Sector, 1 to 63.
    pub sector: u8,
}

impl Chs {
    /// The address of sector `lba`. Beyond cylinder 1023 it is the last address there is, as every partition tool
    /// writes it.
    pub fn from_lba(lba: u64, geometry: &Geometry) -> Self {
        let track = u64::from(geometry.sectors_per_track);
        let cylinder = lba / geometry.cylinder_sectors();
        if cylinder > CYLINDER_MAX {
            return Self::last(geometry);
        }
        Self {
            cylinder: cylinder as u16,
            head: (lba / track % u64::from(geometry.heads)) as u8,
            sector: (lba % track) as u8 + 1,
        }
    }

    /// The last address that CHS reaches with this geometry.
    pub fn last(geometry: &Geometry) -> Self {
        Self {
            cylinder: CYLINDER_MAX as u16,
            head: (geometry.heads - 1) as u8,
            sector: geometry.sectors_per_track as u8,
        }
    }

    /// The sector's LBA, or `None` if the geometry has no such address.
    pub fn to_lba(self, geometry: &Geometry) -> Option<u64> {
        let (head, sector) = (u64::from(self.head), u64::from(self.sector));
        let sound = u64::from(self.cylinder) <= CYLINDER_MAX
            && self.head < geometry.heads as u8
            && (1..=geometry.sectors_per_track).contains(&u16::from(self.sector));
        sound.then(|| {
            u64::from(self.cylinder) * geometry.cylinder_sectors()
                + head * u64::from(geometry.sectors_per_track)
                + sector
                - 1
        })
    }

    /// The three bytes of a partition table entry: head, sector with cylinder bits 8 and 9, cylinder bits 0 to 7.
    pub fn to_bytes(self) -> [u8; 3] {
        let [low, high] = self.cylinder.to_le_bytes();
        [self.head, self.sector | high << 6, low]
    }

    /// Reads the three bytes of a partition table entry.
    pub fn from_bytes(bytes: [u8; 3]) -> Self {
        let cylinder = u16::from_le_bytes([bytes[2], bytes[1] >> 6]);
        Self { cylinder, head: bytes[0], sector: bytes[1] & 0x3F }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_size_is_read_in_powers_of_1024_or_with_a_b_of_1000() {
        let good = [
            ("0", 0),
            ("1474560", 1_474_560),
            ("512B", 512),
            ("128M", 128 << 20),
            ("128m", 128 << 20),
            ("32MiB", 32 << 20),
            ("32mib", 32 << 20),
            ("2G", 2 << 30),
            ("2GiB", 2 << 30),
            ("360K", 360 << 10),
            ("360KiB", 360 << 10),
            ("1T", 1 << 40),
            ("1tib", 1 << 40),
            ("360KB", 360_000),
            ("360kB", 360_000),
            ("8MB", 8_000_000),
            ("8mb", 8_000_000),
            ("1GB", 1_000_000_000),
            ("1gb", 1_000_000_000),
            ("2TB", 2_000_000_000_000),
            ("1.5G", 3 << 29),
            ("1.50G", 3 << 29),
            ("1.44MB", 1_440_000),
            ("0.5K", 512),
            ("1.0", 1),
            ("7.5GB", 7_500_000_000),
            ("0.0009765625K", 1),
            ("16777215.5T", u64::MAX - (1 << 39) + 1),
        ];
        for (text, bytes) in good {
            assert_eq!(text.parse(), Ok(Bytes(bytes)), "{text}");
        }
    }

    #[test]
    fn what_is_no_size_is_refused_with_the_reason() {
        for text in [
            "", "M", "-1", "12X", "1 M", "0x10", "1.5.2G", ".5G", "5.G", "1,5G", "1GBB", "1Gi", "1iB", "1E",
            "+1M", "١M",
        ] {
            assert_eq!(text.parse::<Bytes>(), Err(BytesError::Syntax { text: text.into() }), "{text}");
        }
        for text in
            ["0.5", "1.5B", "0.1K", "1.0001KB", "1.00000000000000000000000000000000000000000000000001T"]
        {
            assert_eq!(text.parse::<Bytes>(), Err(BytesError::Fraction { text: text.into() }), "{text}");
        }
        for text in ["18446744073709551616", "18014398509481984K", "16777216T", "18446744073709551615.5K"] {
            assert_eq!(text.parse::<Bytes>(), Err(BytesError::TooLarge { text: text.into() }), "{text}");
        }
    }

    #[test]
    fn a_size_is_shown_in_its_largest_unit() {
        let table = [
            (0, "0 bytes"),
            (1023, "1023 bytes"),
            (1024, "1 KiB"),
            (1_474_560, "1.4 MiB"),
            (128 << 20, "128 MiB"),
            ((1 << 30) + 1, "1.0 GiB"),
            (u64::MAX, "16777215.9 TiB"),
        ];
        for (bytes, text) in table {
            assert_eq!(Bytes(bytes).to_string(), text);
        }
    }

    #[test]
    fn an_address_saturates_behind_cylinder_1023_and_not_before() {
        let table = [
            (255, 63, 0, [0, 1, 0]),
            (255, 63, 63, [1, 1, 0]),
            (255, 63, 16064, [254, 63, 0]),
            (255, 63, 16065, [0, 1, 1]),
            (255, 63, 1024 * 16065 - 1, [254, 0xFF, 0xFF]),
            (255, 63, 1024 * 16065, [254, 0xFF, 0xFF]),
            (64, 32, 2048, [0, 1, 1]),
            (64, 32, 2_097_151, [63, 0xE0, 0xFF]),
            (64, 32, 2_097_152, [63, 0xE0, 0xFF]),
        ];
        for (heads, sectors_per_track, lba, bytes) in table {
            let geometry = Geometry { cylinders: 1, heads, sectors_per_track };
            let chs = Chs::from_lba(lba, &geometry);
            assert_eq!(chs.to_bytes(), bytes, "LBA {lba}");
            assert_eq!(Chs::from_bytes(bytes), chs, "LBA {lba}");
            let reach = lba.min(geometry.cylinder_sectors() * 1024 - 1);
            assert_eq!(chs.to_lba(&geometry), Some(reach), "LBA {lba}");
        }
    }

    #[test]
    fn an_address_outside_the_geometry_has_no_lba() {
        let geometry = Geometry { cylinders: 80, heads: 2, sectors_per_track: 18 };
        for (cylinder, head, sector) in [(0, 2, 1), (0, 0, 0), (0, 0, 19), (1024, 0, 1)] {
            assert_eq!(Chs { cylinder, head, sector }.to_lba(&geometry), None);
        }
    }

    #[test]
    fn a_geometry_with_numbers_out_of_range_is_refused() {
        assert_eq!("80/2/18".parse(), Ok(Geometry { cylinders: 80, heads: 2, sectors_per_track: 18 }));
        for text in [
            "80/2",
            "80/2/18/1",
            "0/2/18",
            "80/0/18",
            "80/256/18",
            "80/2/0",
            "80/2/64",
            "a/b/c",
            "+1/2/3",
            "",
        ] {
            assert_eq!(text.parse::<Geometry>(), Err(GeometryError { text: text.into() }), "{text}");
        }
    }
}
