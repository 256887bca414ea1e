//! The file allocation table: one entry for each cluster.

use crate::units::SECTOR_LEN;
use crate::verify::fault::Findings;
use crate::verify::reader::Reader;
use crate::verify::{Fault, FaultKind, Place};

/// What follows a cluster.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Next {
    Free,
    Bad,
    End,
    Cluster(u64),
}

/// The first table, in memory.
pub(super) struct Table {
    bits: u8,
    bytes: Vec<u8>,
}

impl Table {
    /// Reads the table of `sectors` sectors at `lba` and compares its `copies` with it.
    ///
    /// Bits of entry 1 that tell whether the volume was unmounted may differ.
    pub fn read(
        reader: &Reader,
        bits: u8,
        lba: u64,
        sectors: u64,
        copies: u64,
        findings: &mut Findings,
    ) -> Option<Self> {
        let bytes = match reader.bytes(lba, sectors) {
            Ok(bytes) => bytes,
            Err(bad) => {
                findings.unreadable(bad, None);
                return None;
            }
        };
        for copy in 1..copies {
            let start = lba + copy * sectors;
            match first_difference(reader, bits, &bytes, start, sectors) {
                Ok(None) => {}
                Ok(Some((sector, expected, found))) => {
                    let message = "the two file allocation tables differ";
                    let place = Place::sectors(start + sector, 1);
                    findings.fault(Fault::new(FaultKind::FatTable, place, message).hashes(expected, found));
                }
                Err(bad) => findings.unreadable(bad, None),
            }
        }
        Some(Self { bits, bytes })
    }

    /// Whether entries 0 and 1 hold what belongs there.
    pub fn has_sound_start(&self, media: u8) -> bool {
        let (ones, state) = match self.bits {
            12 => (0xFFF, 0),
            16 => (0xFFFF, 0xC000),
            _ => (0x0FFF_FFFF, 0x0C00_0000),
        };
        self.entry(0) == (ones & !0xFF) | u64::from(media) && self.entry(1) | state | 7 == ones
    }

    /// Whether a system says that it did not unmount the volume.
    pub fn is_dirty(&self) -> bool {
        match self.bits {
            12 => false,
            16 => self.entry(1) & 0xC000 != 0xC000,
            _ => self.entry(1) & 0x0C00_0000 != 0x0C00_0000,
        }
    }

    /// Entries that fit the table.
    pub fn capacity(&self) -> u64 {
        self.bytes.len() as u64 * 8 / u64::from(self.bits)
    }

    pub fn next(&self, cluster: u64) -> Next {
        let (value, reserved) = match self.bits {
            12 => (self.entry(cluster), 0xFF0),
            16 => (self.entry(cluster), 0xFFF0),
            _ => (self.entry(cluster), 0x0FFF_FFF0),
        };
        match value {
            0 => Next::Free,
            value if value >= reserved | 8 => Next::End,
            value if value == reserved | 7 => Next::Bad,
            value => Next::Cluster(value),
        }
    }

    fn entry(&self, cluster: u64) -> u64 {
        let byte = |at: u64| u64::from(self.bytes.get(at as usize).copied().unwrap_or(0));
        match self.bits {
            12 => {
                let at = cluster * 3 / 2;
                let word = byte(at) | byte(at + 1) << 8;
                if cluster % 2 == 1 { word >> 4 } else { word & 0xFFF }
            }
            16 => byte(cluster * 2) | byte(cluster * 2 + 1) << 8,
            _ => (0..4).map(|i| byte(cluster * 4 + i) << (8 * i)).sum::<u64>() & 0x0FFF_FFFF,
        }
    }
}

type Difference = (u64, blake3::Hash, blake3::Hash);

/// The first sector of a copy that is not as in `table`, with both hashes.
fn first_difference(
    reader: &Reader,
    bits: u8,
    table: &[u8],
    lba: u64,
    sectors: u64,
) -> Result<Option<Difference>, crate::verify::reader::BadSector> {
    let mut first = None;
    let mut sector = 0;
    reader.each(lba, sectors, |bytes| {
        for found in bytes.chunks_exact(SECTOR_LEN as usize) {
            let expected = &table[(sector * SECTOR_LEN) as usize..][..SECTOR_LEN as usize];
            if first.is_none()
                && found != expected
                && (sector > 0 || !only_state_differs(bits, expected, found))
            {
                first = Some((sector, blake3::hash(expected), blake3::hash(found)));
            }
            sector += 1;
        }
    })?;
    Ok(first)
}

/// Whether two first sectors differ in nothing but the state bits of entry 1.
fn only_state_differs(bits: u8, a: &[u8], b: &[u8]) -> bool {
    let (at, mask) = match bits {
        12 => return false,
        16 => (3, 0xC0),
        _ => (7, 0x0C),
    };
    a.iter().zip(b).enumerate().all(|(i, (a, b))| if i == at { (a ^ b) & !mask == 0 } else { a == b })
}
