//! The long names of FAT.

/// The parts of a long name, which come before their entry and last part first.
#[derive(Default)]
pub(crate) struct LongName {
    units: Vec<u16>,
    checksum: u8,
    expected: u8,
}

impl LongName {
    /// Takes one more part, a slot of 32 bytes; one that does not continue the others ends the name.
    pub fn add(&mut self, slot: &[u8]) {
        let order = slot[0] & 0x1F;
        if slot[0] & 0x40 != 0 {
            *self = Self { units: Vec::new(), checksum: slot[13], expected: order };
        }
        if order == 0 || order != self.expected || slot[13] != self.checksum {
            *self = Self::default();
            return;
        }
        self.expected -= 1;
        let units = [1..11, 14..26, 28..32].into_iter().flat_map(|range| slot[range].chunks_exact(2));
        self.units.splice(0..0, units.map(|unit| u16::from_le_bytes([unit[0], unit[1]])));
    }

    /// The characters of the name, if it is whole and is that of the entry in `slot`.
    pub fn of(self, slot: &[u8]) -> Option<impl Iterator<Item = char>> {
        let sum = slot[..11].iter().fold(0u8, |sum, &byte| sum.rotate_right(1).wrapping_add(byte));
        let is_its = !self.units.is_empty() && self.expected == 0 && self.checksum == sum;
        let units = self.units.into_iter().take_while(|&unit| unit != 0);
        let name = char::decode_utf16(units).map(|unit| unit.unwrap_or(char::REPLACEMENT_CHARACTER));
        is_its.then_some(name)
    }
}
