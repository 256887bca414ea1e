//! Which units of a volume are used: clusters or blocks, a bit for each.

use std::ops::Range;

use super::why::Why;

/// Most units of a volume: an image of 4 GiB has no more clusters.
const UNITS_MAX: u64 = 1 << 23;

/// A bit for each of some units.
pub(super) struct Bits(Vec<u8>);

impl Bits {
    /// So many bits, all of them alike.
    pub fn new(units: u64, value: bool) -> Self {
        Self(vec![if value { 0xFF } else { 0 }; units.div_ceil(8) as usize])
    }

    /// The bit of a unit that is there.
    pub fn get(&self, unit: u64) -> bool {
        self.0[(unit / 8) as usize] >> (unit % 8) & 1 != 0
    }

    /// Sets the bit of a unit that is there.
    pub fn set(&mut self, unit: u64, value: bool) {
        let byte = &mut self.0[(unit / 8) as usize];
        *byte = *byte & !(1 << (unit % 8)) | u8::from(value) << (unit % 8);
    }
}

/// Units of the same length, one behind the other, each used or free.
pub(super) struct Usage {
    /// First byte of the first unit, in the image.
    start: u64,
    unit_len: u64,
    units: u64,
    used: Bits,
    swap: u64,
}

impl Usage {
    /// So many units of `unit_len` bytes from byte `start` of the image on; all of them used.
    pub fn new(start: u64, unit_len: u64, units: u64) -> Result<Self, Why> {
        if units > UNITS_MAX {
            return Err(Why::TooMany);
        }
        Ok(Self { start, unit_len, units, used: Bits::new(units, true), swap: 0 })
    }

    /// How many units there are.
    pub fn units(&self) -> u64 {
        self.units
    }

    /// How many bytes of the free ones belong to swap files.
    pub fn swap(&self) -> u64 {
        self.swap
    }

    /// Whether `unit` is used; one that is not there is not.
    pub fn is_used(&self, unit: u64) -> bool {
        unit < self.units && self.used.get(unit)
    }

    /// Whether all of `units` are there and used.
    pub fn are_used(&self, mut units: Range<u64>) -> bool {
        units.end <= self.units && units.all(|unit| self.is_used(unit))
    }

    /// Calls a unit that is there free.
    pub fn free_one(&mut self, unit: u64) {
        self.used.set(unit, false);
    }

    /// Takes over the bits of the units from the multiple of eight `first` on: those that are set are of used units. What
    /// they say of units that are not there does not count.
    pub fn load(&mut self, first: u64, bits: &[u8]) {
        let own = &mut self.used.0[(first / 8) as usize..];
        let len = own.len().min(bits.len());
        own[..len].copy_from_slice(&bits[..len]);
    }

    /// Calls used ones free, because they hold what is swapped out.
    pub fn free_swap(&mut self, units: Range<u64>) {
        for unit in units {
            self.swap += if self.is_used(unit) { self.unit_len } else { 0 };
            self.free_one(unit);
        }
    }

    /// The bytes of free units, in order and apart from each other.
    pub fn free(&self) -> impl Iterator<Item = Range<u64>> {
        let mut at = 0;
        std::iter::from_fn(move || {
            let first = self.next(at, false)?;
            let end = self.next(first, true).unwrap_or(self.units);
            at = end;
            Some(self.start + first * self.unit_len..self.start + end * self.unit_len)
        })
    }

    /// The first unit from `at` on that is used, or that is free.
    fn next(&self, mut at: u64, used: bool) -> Option<u64> {
        let dull = if used { 0 } else { 0xFF };
        while at < self.units {
            if at.is_multiple_of(8) && self.used.0[(at / 8) as usize] == dull {
                at += 8;
            } else if self.is_used(at) == used {
                return Some(at);
            } else {
                at += 1;
            }
        }
        None
    }
}

#[cfg(test)]
mod tests {
    use super::{UNITS_MAX, Usage};

    #[test]
    fn free_units_are_found_wherever_they_are() {
        let free = [0, 1, 7, 8, 9, 15, 16, 17, 18, 19, 20, 21, 22, 23, 24, 40, 42];
        let mut usage = Usage::new(1024, 512, 43).unwrap();
        assert_eq!(usage.free().count(), 0);
        free.iter().for_each(|&unit| usage.free_one(unit));
        let found: Vec<u64> =
            usage.free().flat_map(|range| range.step_by(512)).map(|at| (at - 1024) / 512).collect();
        assert_eq!(found, free);
        let ends: Vec<u64> = usage.free().map(|range| range.end).collect();
        assert!(usage.free().skip(1).zip(ends).all(|(range, before)| range.start > before));
        assert!(
            usage.are_used(2..7) && !usage.are_used(2..8) && !usage.are_used(41..44) && !usage.is_used(43)
        );
        usage.free_swap(2..5);
        usage.free_swap(3..5);
        assert_eq!((usage.swap(), usage.is_used(4), usage.is_used(5)), (1536, false, true));
    }

    #[test]
    fn memory_does_not_grow_with_what_a_volume_claims() {
        assert!(Usage::new(0, 512, UNITS_MAX).is_ok() && Usage::new(0, 512, UNITS_MAX + 1).is_err());
    }
}
