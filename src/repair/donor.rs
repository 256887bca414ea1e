//! An image that is at hand, from which pieces of one on a stick are made again.

use std::ops::Range;

use ramkey_format::capsule::CapsuleHeader;

use crate::capsule::{TablePlace, encode_table};
use crate::image::{Bus, CHUNK_SHIFT, Compression, Packer, Scan, Source, chunk_value, scan_trimmed};

/// An image that may be the one on the stick, or a version of it.
pub struct Donor<'d> {
    /// Its bytes.
    pub source: &'d dyn Source,
    /// Those that would be left out, in order.
    pub free: &'d [Range<u64>],
}

impl Donor<'_> {
    /// The bytes of a chunk, if they have this value at their place: as they are, or without what would be left out.
    pub(super) fn chunk(&self, bytes: &Range<u64>, count: usize, value: &[u8; 32]) -> Option<Vec<u8>> {
        if bytes.end > self.source.len() {
            return None;
        }
        let mut plain = vec![0; (bytes.end - bytes.start) as usize];
        self.source.read_at(bytes.start, &mut plain).ok()?;
        if chunk_value(&plain, bytes.start, count) == *value {
            return Some(plain);
        }
        for free in self.free.iter().filter(|free| free.start < bytes.end && free.end > bytes.start) {
            let (from, to) = (free.start.max(bytes.start), free.end.min(bytes.end));
            plain[(from - bytes.start) as usize..(to - bytes.start) as usize].fill(0);
        }
        (chunk_value(&plain, bytes.start, count) == *value).then_some(plain)
    }

    /// The table of a capsule of this image, if one of the ways to pack it gives the one that the header names.
    /// `block` is what is there; what follows the table in it is of no image, and is right or lost.
    pub(super) fn table(&self, header: &CapsuleHeader, block: &[u8]) -> Option<Vec<u8>> {
        if self.source.len() != header.image_len.get() || header.chunk_shift != CHUNK_SHIFT {
            return None;
        }
        let trimmed = [&[][..], self.free];
        let scans = trimmed.into_iter().filter_map(|free| scan_trimmed(self.source, free, &mut |_| {}).ok());
        let scan = scans.into_iter().find(|scan| scan.ram_root == header.ram_blake3)?;
        let behind = block.get(usize::try_from(header.entries_len()).ok()?..)?;
        let is_it = |table: &Vec<u8>| *blake3::hash(table).as_bytes() == header.table_blake3;
        let made = |scan: &Scan| {
            let parts = scan.parts();
            Some(encode_table(scan, &parts, TablePlace::of(&parts), behind)).filter(is_it)
        };
        let buses = [Bus::Usb1, Bus::Usb2, Bus::Cd].map(|bus| (Compression::Auto, bus));
        let others = [Compression::Fast, Compression::Small].map(|how| (how, Bus::Usb1));
        made(&scan).or_else(|| {
            buses.into_iter().chain(others).find_map(|(how, bus)| {
                let mut packer = Packer::new(how, bus);
                made(&scan.clone().pack(self.source, &mut packer, &mut |_| {}).ok()?)
            })
        })
    }
}
