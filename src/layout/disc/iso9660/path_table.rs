//! Path tables: every folder, by level. (ECMA-119 section 9.4.)

use super::hierarchy::Hierarchy;
use super::tree::Tree;

/// Which byte of a number comes first.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Order {
    /// The low one: a path table of type L.
    Low,
    /// The high one: type M.
    High,
}

impl Order {
    fn number_16(self, number: u16) -> [u8; 2] {
        match self {
            Self::Low => number.to_le_bytes(),
            Self::High => number.to_be_bytes(),
        }
    }

    fn number_32(self, number: u32) -> [u8; 4] {
        match self {
            Self::Low => number.to_le_bytes(),
            Self::High => number.to_be_bytes(),
        }
    }
}

/// The table, not filled up to a block. `folder_blocks` has the first block of each folder's directory.
pub(super) fn path_table(tree: &Tree, hierarchy: &Hierarchy, folder_blocks: &[u32], order: Order) -> Vec<u8> {
    let mut numbers = vec![0u16; tree.folders().len()];
    for (number, &folder) in (1..=u16::MAX).zip(&hierarchy.order) {
        numbers[folder] = number;
    }
    let mut table = Vec::new();
    for &folder in &hierarchy.order {
        let identifier = &hierarchy.identifiers[folder];
        // No extended attribute record.
        table.extend_from_slice(&[identifier.len() as u8, 0]);
        table.extend_from_slice(&order.number_32(folder_blocks[folder]));
        table.extend_from_slice(&order.number_16(numbers[tree.folders()[folder].parent]));
        table.extend_from_slice(identifier);
        if identifier.len() % 2 == 1 {
            table.push(0);
        }
    }
    table
}
