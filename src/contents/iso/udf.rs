//! Finding a file of a UDF volume by its name, as discs of UDF 1.02 to 2.01 have them. (ECMA-167 parts 3 and 4; OSTA
//! Universal Disk Format.)
//!
//! Discs of Windows Vista and newer keep their files in UDF alone. Virtual, sparable and metadata partitions are not
//! followed: no disc that a BIOS boots has them.

use super::blocks::{BLOCK_LEN, Block, Blocks};
use super::error::IsoError;
use crate::contents::bytes::{u16_at, u32_at};

/// Block of the anchor, from which everything else is found.
const ANCHOR: u64 = 256;
/// Most descriptors of a volume that are looked at; discs have six.
const DESCRIPTORS_MAX: u64 = 32;
/// Longest directory that is read: 1 MiB.
const DIRECTORY_LEN_MAX: u64 = 1 << 20;

const TAG_ANCHOR: u16 = 2;
const TAG_PARTITION: u16 = 5;
const TAG_LOGICAL_VOLUME: u16 = 6;
const TAG_TERMINATOR: u16 = 8;
const TAG_FILE_SET: u16 = 256;
const TAG_FILE_IDENTIFIER: u16 = 257;
const TAG_FILE_ENTRY: u16 = 261;
const TAG_EXTENDED_FILE_ENTRY: u16 = 266;

/// Bits of a file identifier.
const IS_DIRECTORY: u8 = 2;
const IS_DELETED: u8 = 4;
const IS_PARENT: u8 = 8;
/// Bytes of a file identifier before the implementation's own and the name.
const NAME_OFFSET: usize = 38;

/// A volume whose root directory was found. Addresses in it count from the start of its partition.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct UdfVolume {
    partition: u32,
    root: u32,
}

impl UdfVolume {
    /// The volume of a disc; `None` if there is none of a kind that is followed.
    pub fn read(blocks: Blocks) -> Result<Option<Self>, IsoError> {
        let Some(anchor) = tagged(blocks, ANCHOR, &[TAG_ANCHOR])? else { return Ok(None) };
        let (len, first) = (u64::from(u32_at(&anchor, 16)), u64::from(u32_at(&anchor, 20)));
        let (mut partition, mut file_set) = (None, None);
        for lba in first..first + (len / BLOCK_LEN).min(DESCRIPTORS_MAX) {
            let Some(block) = blocks.get(lba)? else { break };
            match tag(&block) {
                Some(TAG_PARTITION) => partition = Some(u32_at(&block, 188)),
                // One partition that is a plain part of the disc, in blocks of 2048 bytes.
                Some(TAG_LOGICAL_VOLUME)
                    if u64::from(u32_at(&block, 212)) == BLOCK_LEN
                        && u32_at(&block, 268) == 1
                        && block[440] == 1 =>
                {
                    file_set = Some(u32_at(&block, 252));
                }
                Some(TAG_TERMINATOR) => break,
                _ => {}
            }
        }
        let (Some(partition), Some(file_set)) = (partition, file_set) else { return Ok(None) };
        let lba = u64::from(partition) + u64::from(file_set);
        let set = tagged(blocks, lba, &[TAG_FILE_SET])?;
        Ok(set.map(|set| Self { partition, root: u32_at(&set, 404) }))
    }

    /// Whether there is a file or directory `path`, with `/` between names, in capital or small letters.
    pub fn has(&self, blocks: Blocks, path: &str) -> Result<bool, IsoError> {
        let mut entry = self.root;
        let mut names = path.split('/').peekable();
        while let Some(name) = names.next() {
            let directory = self.contents(blocks, entry)?;
            let found = identifiers(&directory).find(|found| {
                found.is(name) && (found.characteristics & IS_DIRECTORY != 0 || names.peek().is_none())
            });
            match found {
                Some(found) => entry = found.entry,
                None => return Ok(false),
            }
        }
        Ok(true)
    }

    /// The bytes of the directory whose file entry is `entry`, as far as they are there.
    fn contents(&self, blocks: Blocks, entry: u32) -> Result<Vec<u8>, IsoError> {
        let at = |block: u32| u64::from(self.partition) + u64::from(block);
        let Some(entry) = tagged(blocks, at(entry), &[TAG_FILE_ENTRY, TAG_EXTENDED_FILE_ENTRY])? else {
            return Ok(Vec::new());
        };
        let fixed = if tag(&entry) == Some(TAG_FILE_ENTRY) { 176 } else { 216 };
        let (attributes, len) = (u32_at(&entry, fixed - 8) as usize, u32_at(&entry, fixed - 4) as usize);
        let start = fixed.saturating_add(attributes);
        let Some(places) = entry.get(start..start.saturating_add(len)) else { return Ok(Vec::new()) };
        let size = match u16_at(&entry, 34) & 7 {
            0 => 8,
            1 => 16,
            3 => return Ok(places.to_vec()),
            _ => return Ok(Vec::new()),
        };
        let mut bytes = Vec::new();
        for place in places.chunks_exact(size) {
            // The two highest bits say whether it was written; a length of 0 ends the list.
            let len = u64::from(u32_at(place, 0) & 0x3FFF_FFFF);
            let room = DIRECTORY_LEN_MAX.saturating_sub(bytes.len() as u64);
            if len == 0 || room == 0 {
                break;
            }
            let mut part = vec![0; len.min(room) as usize];
            let there = blocks.bytes(at(u32_at(place, 4)), &mut part)?;
            if there == 0 {
                break;
            }
            bytes.extend(&part[..there]);
        }
        Ok(bytes)
    }
}

/// The tag of a descriptor, if its sum is right.
fn tag(descriptor: &[u8]) -> Option<u16> {
    let sum = descriptor[..16].iter().enumerate().filter(|(at, _)| *at != 4);
    let sum = sum.fold(0u8, |sum, (_, &byte)| sum.wrapping_add(byte));
    (sum == descriptor[4]).then(|| u16_at(descriptor, 0))
}

/// Block `lba`, if it has one of these tags.
fn tagged(blocks: Blocks, lba: u64, tags: &[u16]) -> Result<Option<Block>, IsoError> {
    Ok(blocks.get(lba)?.filter(|block| tag(block).is_some_and(|tag| tags.contains(&tag))))
}

/// One name of a directory.
struct Identifier<'a> {
    characteristics: u8,
    /// Block of its file entry.
    entry: u32,
    /// How the name is written, and the name.
    name: &'a [u8],
}

impl Identifier<'_> {
    fn is(&self, wanted: &str) -> bool {
        match self.name {
            [8, name @ ..] => name.eq_ignore_ascii_case(wanted.as_bytes()),
            [16, name @ ..] => {
                let units = name.chunks_exact(2).map(|pair| u16::from_be_bytes([pair[0], pair[1]]));
                String::from_utf16_lossy(&units.collect::<Vec<_>>()).eq_ignore_ascii_case(wanted)
            }
            _ => false,
        }
    }
}

/// The names of a directory, but for deleted ones and the one that leads back.
fn identifiers(directory: &[u8]) -> impl Iterator<Item = Identifier<'_>> {
    let mut rest = directory;
    let all = std::iter::from_fn(move || {
        let fixed = rest.get(..NAME_OFFSET).filter(|fixed| tag(fixed) == Some(TAG_FILE_IDENTIFIER))?;
        let name_at = NAME_OFFSET + usize::from(u16_at(fixed, 36));
        let end = name_at + usize::from(fixed[19]);
        let found = Identifier {
            characteristics: fixed[18],
            entry: u32_at(fixed, 24),
            name: rest.get(name_at..end)?,
        };
        rest = rest.get(end.next_multiple_of(4)..).unwrap_or_default();
        Some(found)
    });
    all.filter(|found| found.characteristics & (IS_DELETED | IS_PARENT) == 0)
}
