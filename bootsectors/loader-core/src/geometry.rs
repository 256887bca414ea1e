//! Cylinders, heads and sectors.

/// Last cylinder that the ten bits of INT 13h and of a partition entry can name.
pub const CYLINDER_MAX: u16 = 1023;

/// How a disk is addressed by CHS.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Geometry {
    /// Heads, 1 to 256.
    pub heads: u16,
    /// Sectors per track, 1 to 63.
    pub sectors_per_track: u16,
}

/// A sector's place.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Chs {
    /// Counts from 0, at most [`CYLINDER_MAX`].
    pub cylinder: u16,
    /// Counts from 0.
    pub head: u8,
    /// Counts from 1, at most 63.
    pub sector: u8,
}

impl Geometry {
    /// Whether a BIOS may have meant it: some answer AH=08h with zeros.
    pub fn is_sound(&self) -> bool {
        (1..=256).contains(&self.heads) && (1..=63).contains(&self.sectors_per_track)
    }

    /// Where sector `lba` is, or `None` if it lies behind the last cylinder that can be named.
    pub fn locate(&self, lba: u32) -> Option<Chs> {
        let (heads, per_track) = (u32::from(self.heads), u32::from(self.sectors_per_track));
        let track = lba.checked_div(per_track)?;
        let cylinder = track.checked_div(heads)?;
        if cylinder > u32::from(CYLINDER_MAX) {
            return None;
        }
        Some(Chs {
            cylinder: cylinder as u16,
            head: (track % heads) as u8,
            sector: (lba % per_track) as u8 + 1,
        })
    }

    /// Where sector `lba` is; the last sector that can be named stands for all behind it.
    pub fn locate_saturating(&self, lba: u32) -> Chs {
        self.locate(lba).unwrap_or(Chs {
            cylinder: CYLINDER_MAX,
            head: self.heads.wrapping_sub(1) as u8,
            sector: self.sectors_per_track as u8,
        })
    }

    /// LBA of `chs`.
    pub fn lba(&self, chs: Chs) -> u32 {
        let track = u32::from(chs.cylinder) * u32::from(self.heads) + u32::from(chs.head);
        track * u32::from(self.sectors_per_track) + u32::from(chs.sector.saturating_sub(1))
    }
}

impl Chs {
    /// As INT 13h takes it in DH, CL, CH, and a partition entry stores it.
    pub fn packed(&self) -> [u8; 3] {
        [self.head, self.sector & 0x3F | ((self.cylinder >> 2) as u8 & 0xC0), self.cylinder as u8]
    }
}

/// The active entry of a partition table for the `sectors` sectors from `lba` on.
pub fn partition_entry(geometry: &Geometry, kind: u8, lba: u32, sectors: u32) -> [u8; 16] {
    let [head, sector, cylinder] = geometry.locate_saturating(lba).packed();
    let last = lba.saturating_add(sectors.saturating_sub(1));
    let [end_head, end_sector, end_cylinder] = geometry.locate_saturating(last).packed();
    let [l0, l1, l2, l3] = lba.to_le_bytes();
    let [s0, s1, s2, s3] = sectors.to_le_bytes();
    [0x80, head, sector, cylinder, kind, end_head, end_sector, end_cylinder, l0, l1, l2, l3, s0, s1, s2, s3]
}
