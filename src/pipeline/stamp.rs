//! Sectors that say which one they are, so that a medium which mixes them up, forgets or changes them is found out.

use std::hash::{BuildHasher, RandomState};

use crate::units::SECTOR_LEN;

/// Bytes of a sector.
const SECTOR: usize = SECTOR_LEN as usize;
/// Bytes of the number at the start of a stamp.
const NUMBER: usize = 8;
/// Bits by which a stamp may differ and still be one that was changed, and not something else: an eighth.
const BITS_MAX: u32 = SECTOR_LEN as u32;

/// Which run stamps belong to: those of another are none.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct RunId([u8; blake3::KEY_LEN]);

/// What a sector holds that was stamped.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Kept {
    /// Its own stamp.
    Own,
    /// The stamp of another sector.
    Stamp {
        /// Which.
        lba: u64,
    },
    /// Its stamp, with so many bits changed.
    Bits(u32),
    /// Zeros.
    Zeros,
    /// Nothing but FFh, which erased flash holds.
    Ones,
    /// Something else: what it held before, most likely.
    Other,
}

impl RunId {
    /// The same for the same seed.
    pub fn new(seed: &[u8]) -> Self {
        Self(*blake3::hash(seed).as_bytes())
    }

    /// One that no other run has.
    pub fn random() -> Self {
        let state = RandomState::new();
        let words = [0_u8, 1, 2, 3].map(|word| state.hash_one(word).to_le_bytes());
        Self::new(words.as_flattened())
    }

    /// The stamp of sector `lba`. Nothing packs it, and no BIOS takes it for a boot sector.
    pub fn stamp(&self, lba: u64, sector: &mut [u8; SECTOR]) {
        let (number, rest) = sector.split_at_mut(NUMBER);
        let lba = lba.to_le_bytes();
        blake3::Hasher::new_keyed(&self.0).update(&lba).finalize_xof().fill(rest);
        if rest.ends_with(&[0x55, 0xAA]) {
            rest[SECTOR - NUMBER - 1] = 0;
        }
        let mask = self.mask(rest);
        number.iter_mut().zip(lba).zip(mask).for_each(|((byte, lba), mask)| *byte = lba ^ mask);
    }

    /// The stamps of the sectors from `lba` on, which fill `bytes`.
    pub fn stamp_all(&self, lba: u64, bytes: &mut [u8]) {
        for (lba, sector) in (lba..).zip(bytes.as_chunks_mut().0) {
            self.stamp(lba, sector);
        }
    }

    /// What `sector`, which was read at `lba`, holds.
    pub fn read(&self, lba: u64, sector: &[u8; SECTOR]) -> Kept {
        let mut wanted = [0; SECTOR];
        self.stamp(lba, &mut wanted);
        if *sector == wanted {
            return Kept::Own;
        }
        if let Some(other) = self.stamp_in(sector) {
            return Kept::Stamp { lba: other };
        }
        let bits = sector.iter().zip(wanted).map(|(found, wanted)| (found ^ wanted).count_ones()).sum();
        match sector {
            _ if bits <= BITS_MAX => Kept::Bits(bits),
            [0, ..] if *sector == [0; SECTOR] => Kept::Zeros,
            [0xFF, ..] if *sector == [0xFF; SECTOR] => Kept::Ones,
            _ => Kept::Other,
        }
    }

    /// The number of the sector whose stamp this is.
    pub fn stamp_in(&self, sector: &[u8; SECTOR]) -> Option<u64> {
        let (number, rest) = sector.split_first_chunk::<NUMBER>()?;
        let mask = self.mask(rest);
        let lba: [u8; NUMBER] = std::array::from_fn(|at| number[at] ^ mask[at]);
        let lba = u64::from_le_bytes(lba);
        let mut wanted = [0; SECTOR];
        self.stamp(lba, &mut wanted);
        (*sector == wanted).then_some(lba)
    }

    /// What hides the number, made of the first bytes behind it.
    fn mask(&self, rest: &[u8]) -> [u8; NUMBER] {
        let hash = blake3::keyed_hash(&self.0, &rest[..blake3::OUT_LEN]);
        std::array::from_fn(|at| hash.as_bytes()[at])
    }
}

#[cfg(test)]
mod tests {
    use super::{Kept, RunId, SECTOR};

    fn stamp(id: RunId, lba: u64) -> [u8; SECTOR] {
        let mut sector = [0xD1; SECTOR];
        id.stamp(lba, &mut sector);
        sector
    }

    #[test]
    fn a_stamp_says_which_sector_it_belongs_to_and_in_which_run() {
        let [one, two] = [RunId::new(b"one"), RunId::random()];
        for lba in [0, 1, 8, 0xFFFF_FFFF, u64::MAX] {
            assert_eq!(one.read(lba, &stamp(one, lba)), Kept::Own);
            assert_eq!(one.read(lba ^ 1, &stamp(one, lba)), Kept::Stamp { lba });
            assert_eq!(one.read(lba, &stamp(two, lba)), Kept::Other);
        }
        assert_ne!(two, RunId::random());
    }

    #[test]
    fn what_became_of_a_stamp_is_told() {
        let id = RunId::new(b"");
        let mut sector = stamp(id, 7);
        sector[0] ^= 1;
        sector[511] ^= 0x80;
        assert_eq!(id.read(7, &sector), Kept::Bits(2));
        assert_eq!(id.read(8, &sector), Kept::Other);
        assert_eq!(id.read(7, &[0; SECTOR]), Kept::Zeros);
        assert_eq!(id.read(7, &[0xFF; SECTOR]), Kept::Ones);
        assert_eq!(id.read(7, &[0xD1; SECTOR]), Kept::Other);
    }

    #[test]
    fn no_stamp_is_a_boot_sector_and_nothing_packs_them() {
        let id = RunId::new(b"many");
        let mut bytes = vec![0; 70_000 * SECTOR];
        id.stamp_all(0, &mut bytes);
        assert!(bytes.as_chunks::<SECTOR>().0.iter().all(|sector| !sector.ends_with(&[0x55, 0xAA])));
        bytes.truncate(1 << 20);
        let mut packed = Vec::with_capacity(zstd_safe::compress_bound(bytes.len()));
        let len = zstd_safe::CCtx::create().compress(&mut packed, &bytes, 19).expect("packs anything");
        assert!(len >= bytes.len(), "{len}");
    }
}
