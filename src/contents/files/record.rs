//! Records of NTFS, and the attributes in a file's record.

use super::runs::{Run, decode};
use crate::contents::bytes::{get_u16, get_u32, get_u64};

/// Kinds of attributes.
pub(super) const ATTRIBUTE_LIST: u32 = 0x20;
pub(super) const FILE_NAME: u32 = 0x30;
const VOLUME_INFORMATION: u32 = 0x70;
pub(super) const DATA: u32 = 0x80;
pub(super) const INDEX_ROOT: u32 = 0x90;
pub(super) const INDEX_ALLOCATION: u32 = 0xA0;
pub(super) const BITMAP: u32 = 0xB0;
/// Ends the attributes of a record.
const END: u32 = 0xFFFF_FFFF;
/// Bits of an attribute's flags.
const COMPRESSED: u16 = 0x00FF;
const ENCRYPTED: u16 = 0x4000;
/// Every so many bytes of a record, two are kept elsewhere.
const STRIDE: usize = 512;
/// Most clusters in a unit of compression, as a power of two.
const UNIT_SHIFT_MAX: u16 = 4;

/// Checks that a record begins with `signature` and was written whole, and puts the two bytes at the end of each
/// 512 back; `None` if it is damaged.
pub(in crate::contents) fn restore(record: &mut [u8], signature: &[u8; 4]) -> Option<()> {
    if !record.starts_with(signature) {
        return None;
    }
    let (at, count) = (usize::from(get_u16(record, 4)?), usize::from(get_u16(record, 6)?));
    let kept = record.get(at..at + count * 2)?.to_vec();
    let (mark, kept) = kept.split_first_chunk::<2>()?;
    if kept.len() / 2 != record.len() / STRIDE {
        return None;
    }
    for (piece, kept) in record.chunks_exact_mut(STRIDE).zip(kept.chunks_exact(2)) {
        let end = &mut piece[STRIDE - 2..];
        if end != mark {
            return None;
        }
        end.copy_from_slice(kept);
    }
    Some(())
}

/// An attribute of a file of the volume itself.
#[derive(Clone, Copy)]
pub(in crate::contents) enum SystemPart {
    Data,
    /// What the volume says of itself: its version and its marks.
    VolumeInformation,
}

impl SystemPart {
    pub(super) fn kind(self) -> u32 {
        match self {
            Self::Data => DATA,
            Self::VolumeInformation => VOLUME_INFORMATION,
        }
    }
}

/// One attribute of a file, or a part of one.
#[derive(Clone, Debug)]
pub(super) struct Attribute {
    pub kind: u32,
    /// Its name, in UTF-16.
    pub name: Vec<u8>,
    pub encrypted: bool,
    pub value: AttributeValue,
}

impl Attribute {
    /// The memory that it takes, as a number of runs.
    pub fn weight(&self) -> usize {
        match &self.value {
            AttributeValue::Resident(bytes) => bytes.len() / size_of::<Run>(),
            AttributeValue::Clusters { runs, .. } => runs.len(),
        }
    }
}

/// What an attribute holds.
#[derive(Clone, Debug)]
pub(super) enum AttributeValue {
    /// Bytes in the record.
    Resident(Vec<u8>),
    /// Clusters of the volume.
    Clusters {
        /// Length in bytes; right in the first part only.
        len: u64,
        /// Bytes behind these are zeros.
        initialised_len: u64,
        /// Clusters of a unit of compression, as a power of two; 0 if it is not compressed.
        unit_shift: u16,
        /// Where they are.
        runs: Vec<Run>,
    },
}

/// The attributes of a restored record; `None` if one is damaged.
pub(super) fn attributes(record: &[u8]) -> Option<Vec<Attribute>> {
    let mut attributes = Vec::new();
    let mut at = usize::from(get_u16(record, 20)?);
    loop {
        let kind = get_u32(record, at)?;
        if kind == END {
            return Some(attributes);
        }
        let len = get_u32(record, at + 4)? as usize;
        // Every turn goes on by at least a header.
        if len < 24 {
            return None;
        }
        attributes.push(attribute(kind, record.get(at..at + len)?)?);
        at += len;
    }
}

fn attribute(kind: u32, bytes: &[u8]) -> Option<Attribute> {
    let is_resident = *bytes.get(8)? == 0;
    let (name_len, name_at) = (usize::from(*bytes.get(9)?) * 2, usize::from(get_u16(bytes, 10)?));
    let name = bytes.get(name_at..name_at + name_len)?.to_vec();
    let flags = get_u16(bytes, 12)?;
    let value = if is_resident {
        let (len, at) = (get_u32(bytes, 16)? as usize, usize::from(get_u16(bytes, 20)?));
        AttributeValue::Resident(bytes.get(at..at.checked_add(len)?)?.to_vec())
    } else {
        let (vcn, runs_at) = (get_u64(bytes, 16)?, usize::from(get_u16(bytes, 32)?));
        let unit_shift = if flags & COMPRESSED == 0 { 0 } else { get_u16(bytes, 34)? };
        if unit_shift > UNIT_SHIFT_MAX {
            return None;
        }
        let runs = decode(bytes.get(runs_at..)?, vcn)?;
        // Parts behind the first have no lengths.
        let (len, initialised_len) =
            if vcn == 0 { (get_u64(bytes, 48)?, get_u64(bytes, 56)?) } else { (0, 0) };
        AttributeValue::Clusters { len, initialised_len, unit_shift, runs }
    };
    Some(Attribute { kind, name, encrypted: flags & ENCRYPTED != 0, value })
}
