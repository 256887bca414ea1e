//! How an image is stored on a medium: packed wherever that makes it load sooner.

use std::fs;
use std::path::Path;

use ramkey_format::capsule::{CapsuleHeader, Form};
use ramkey_format::manifest::{ManifestHeader, range};
use ramkey_format::memory::MANIFEST_LBA;

use super::super::harness::{file, scratch, tool};

/// What another program leaves at least of chunks that are stored as they are, in hundredths. A chunk stays so if the oldest
/// machine loads it sooner: from a stick if more than four fifths of it are left, from a disc if more than two thirds are.
pub const LEFT_ON_STICK: usize = 75;
pub const LEFT_ON_DISC: usize = 60;

/// How many chunks are stored in each form.
#[derive(Default)]
pub struct Chunks {
    pub zero: usize,
    pub raw: usize,
    pub packed: usize,
    /// Whether something was left out that the image has.
    pub are_trimmed: bool,
    /// Bytes of those that are stored as they are.
    raw_bytes: Vec<u8>,
}

impl std::fmt::Debug for Chunks {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let Self { zero, raw, packed, are_trimmed, .. } = self;
        write!(f, "{zero} of zeros, {raw} as they are, {packed} packed, trimmed: {are_trimmed}")
    }
}

impl Chunks {
    /// Those of the only image on a stick or a disc.
    pub fn of(medium: &Path) -> Self {
        let bytes = fs::read(medium).expect("reading the medium");
        let (_, ranges) = ManifestHeader::parse(&bytes[MANIFEST_LBA as usize * 512..]).expect("a manifest");
        let range = ranges.iter().find(|range| range.kind == range::CAPSULE).expect("a capsule");
        let capsule = &bytes[range.lba.get() as usize * 512..];
        let header = CapsuleHeader::parse(capsule).expect("a capsule's header");
        let entries = header.entries(&capsule[header.table_offset.get() as usize..]).expect("a table");
        let are_trimmed = header.image_blake3 != header.ram_blake3;
        let mut chunks = Self { are_trimmed, ..Self::default() };
        for (index, entry) in (0..).zip(entries) {
            match header.form(index, entry).expect("a form") {
                Form::Zero => chunks.zero += 1,
                Form::Raw => {
                    chunks.raw += 1;
                    let stored = entry.stored();
                    chunks.raw_bytes.extend(&capsule[stored.start as usize..stored.end as usize]);
                }
                Form::Packed { .. } => chunks.packed += 1,
            }
        }
        chunks
    }

    /// Fails if gzip leaves less than so many hundredths of those that are stored as they are.
    pub fn are_packed_where_it_pays(&self, least: usize) {
        if self.raw == 0 {
            return;
        }
        let folder = scratch();
        let raw = file(folder.path(), "raw", &self.raw_bytes);
        tool("gzip", &["-9".as_ref(), raw.as_os_str()]);
        let left = fs::metadata(raw.with_extension("gz")).expect("what gzip made").len() as usize;
        let all = self.raw_bytes.len();
        assert!(left * 100 >= all * least, "{all} bytes are not packed, and gzip makes {left} of them");
    }
}
