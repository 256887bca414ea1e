//! Ranges as they are collected, whatever is laid out.

use std::ops::Range;

use super::extent::{Content, Extent, Role};
use crate::capsule::{Capsule, Stored};
use crate::units::SECTOR_LEN;

/// Zeros between two sectors of a table that are worth a range of their own: 32 KiB.
const ZEROS_MIN: u64 = 64;

/// Extents as they are found, in any order.
#[derive(Default)]
pub(super) struct Extents(pub Vec<Extent>);

impl Extents {
    pub fn bytes(&mut self, lba: u64, role: Role, bytes: Vec<u8>) {
        let sectors = bytes.len() as u64 / SECTOR_LEN;
        self.0.push(Extent { lba, sectors, role, content: Content::Bytes(bytes) });
    }

    pub fn zeros(&mut self, range: Range<u64>, role: Role) {
        if !range.is_empty() {
            let sectors = range.end - range.start;
            self.0.push(Extent { lba: range.start, sectors, role, content: Content::Zeros });
        }
    }

    /// The few sectors of `range`, one by one.
    pub fn sparse(&mut self, range: Range<u64>, role: Role, sector: impl Fn(u64) -> [u8; 512]) {
        let present = range.clone().map(|lba| (lba, sector(lba))).filter(|(_, sector)| *sector != [0; 512]);
        self.runs(range, role, present);
    }

    /// Covers `range` with extents: bytes around the sectors of `present`, which ascend, zeros where they are far apart.
    pub fn runs(&mut self, range: Range<u64>, role: Role, present: impl Iterator<Item = (u64, [u8; 512])>) {
        let mut start = range.start;
        let mut bytes = Vec::new();
        for (lba, sector) in present {
            let end = start + bytes.len() as u64 / SECTOR_LEN;
            if lba - end >= ZEROS_MIN {
                if !bytes.is_empty() {
                    self.bytes(start, role, std::mem::take(&mut bytes));
                }
                self.zeros(end..lba, role);
                start = lba;
            } else {
                bytes.resize(((lba - start) * SECTOR_LEN) as usize, 0);
            }
            bytes.extend_from_slice(&sector);
        }
        let mut end = start + bytes.len() as u64 / SECTOR_LEN;
        if range.end - end < ZEROS_MIN && !bytes.is_empty() {
            bytes.resize(((range.end - start) * SECTOR_LEN) as usize, 0);
            end = range.end;
        }
        if !bytes.is_empty() {
            self.bytes(start, role, bytes);
        }
        self.zeros(end..range.end, role);
    }

    /// Puts the pieces of a capsule, in order, into the sectors of its file; what is left of the last cluster is not
    /// written.
    pub fn capsule(&mut self, image: usize, capsule: &Capsule, file: &[Range<u64>]) {
        let role = Role::Capsule { image };
        let mut room = file.iter().cloned();
        let mut here = 0..0;
        for piece in &capsule.pieces {
            let mut done = 0;
            while done < piece.sectors {
                if here.is_empty() {
                    here = room.next().expect("the file is as long as the capsule");
                }
                let sectors = (piece.sectors - done).min(here.end - here.start);
                let content = part(image, &piece.stored, done, sectors);
                self.0.push(Extent { lba: here.start, sectors, role, content });
                here.start += sectors;
                done += sectors;
            }
        }
    }
}

/// The ranges of a capsule in the sectors of its file, which is as long as it, in the order of the file; `image` is the number of
/// the image that has the bytes that are not its own.
pub fn capsule_extents(image: usize, capsule: &Capsule, file: &[Range<u64>]) -> Vec<Extent> {
    let mut extents = Extents::default();
    extents.capsule(image, capsule, file);
    extents.0
}

/// `sectors` sectors of a piece of the capsule of image number `image`, from sector `first` on.
fn part(image: usize, stored: &Stored, first: u64, sectors: u64) -> Content {
    let skip = first * SECTOR_LEN;
    match stored {
        Stored::Own(bytes) => {
            Content::Bytes(bytes[skip as usize..][..(sectors * SECTOR_LEN) as usize].to_vec())
        }
        Stored::Image { offset } => Content::Image { image, offset: offset + skip },
    }
}
