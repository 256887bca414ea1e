//! One directory record. (ECMA-119 section 9.1.)

use super::fields::{both_16, both_32};

/// Bytes before the identifier.
const IDENTIFIER_OFFSET: usize = 33;
/// Longest record: an even number that one byte can say.
const RECORD_LEN_MAX: usize = 254;
/// Flag of a directory. (ECMA-119 section 9.1.6.)
const DIRECTORY: u8 = 0x02;
/// 1 January 1980 at midnight, Greenwich: the date that files have in the FAT too. (ECMA-119 section 9.1.5.)
const DATE: [u8; 7] = [80, 1, 1, 0, 0, 0, 0];
/// Number of the volume in its set of one.
const VOLUME: u16 = 1;

/// Identifier of a directory in its own first record, and of its parent in the second. (ECMA-119 section 6.8.2.2.)
pub(super) const SELF: &[u8] = &[0];
pub(super) const PARENT: &[u8] = &[1];

/// Where the bytes of a file or directory lie.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) struct Extent {
    /// First block.
    pub block: u32,
    /// Length in bytes.
    pub len: u32,
}

/// Bytes that a record has for system use behind this identifier.
pub(super) fn room(identifier: &[u8]) -> usize {
    RECORD_LEN_MAX - head_len(identifier)
}

/// Bytes of a record before the system use: an even number.
fn head_len(identifier: &[u8]) -> usize {
    (IDENTIFIER_OFFSET + identifier.len()).next_multiple_of(2)
}

/// A record with its system use, which must have room.
pub(super) fn record(identifier: &[u8], extent: Extent, is_directory: bool, system_use: &[u8]) -> Vec<u8> {
    let len = (head_len(identifier) + system_use.len()).next_multiple_of(2);
    debug_assert!(len <= RECORD_LEN_MAX);
    // Length of the extended attribute record, of an interleaved unit and of a gap: there are none.
    let mut record = vec![len as u8, 0];
    record.extend_from_slice(&both_32(extent.block));
    record.extend_from_slice(&both_32(extent.len));
    record.extend_from_slice(&DATE);
    record.extend_from_slice(&[if is_directory { DIRECTORY } else { 0 }, 0, 0]);
    record.extend_from_slice(&both_16(VOLUME));
    record.push(identifier.len() as u8);
    record.extend_from_slice(identifier);
    record.resize(head_len(identifier), 0);
    record.extend_from_slice(system_use);
    record.resize(len, 0);
    record
}
