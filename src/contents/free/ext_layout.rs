//! The superblock of an ext2, ext3 or ext4, and where its groups of blocks have what they need.
//!
//! Source: Linux, `Documentation/filesystems/ext4`: `super.rst`, `group_descr.rst`, `blockgroup.rst`.

use std::ops::Range;

use super::why::{Closed, Structure, Why};
use crate::contents::bytes::{u16_at, u32_at};
use crate::image::Source;

/// Where the superblock begins, and its bytes.
pub(super) const SUPERBLOCK: u64 = 1024;
pub(super) const SUPERBLOCK_LEN: usize = 1024;
/// Its state when it was closed and nothing is wrong.
const CLEAN: u16 = 1;
/// Features that change what is read here, or nothing that is: types in folders, groups of descriptors, extents, 64-bit
/// numbers, flexible groups, large attributes, seeds of checksums, large folders, data in inodes, folders that know no case.
const META_GROUPS: u32 = 0x10;
const WIDE: u32 = 0x80;
const INCOMPATIBLE: u32 =
    0x2 | META_GROUPS | 0x40 | WIDE | 0x200 | 0x400 | 0x2000 | 0x4000 | 0x8000 | 0x2_0000;
/// The journal holds what is not on the disk yet.
const RECOVER: u32 = 0x4;
/// Features to which a writer must keep: few copies of the superblock, large files, trees, huge files, checksums of groups,
/// many folders, large inodes, quotas, checksums, read only, projects, verified files.
const SPARSE: u32 = 0x1;
const GROUP_CHECKSUMS: u32 = 0x10;
const CHECKSUMS: u32 = 0x400;
const READ_ONLY: u32 =
    SPARSE | 0x2 | 0x4 | 0x8 | GROUP_CHECKSUMS | 0x20 | 0x40 | 0x100 | CHECKSUMS | 0x1000 | 0x2000 | 0x8000;
/// Files that were deleted while they were open, in a file of their own.
const ORPHANS: u32 = 0x1_0000;
/// Two copies of the superblock at most; where it is said in which groups.
const SPARSE_2: u32 = 0x200;
const BACKUPS: usize = 588;
/// Lengths of a descriptor.
const DESCRIPTOR_LEN: u64 = 32;
const DESCRIPTOR_LENS: Range<u64> = 64..1025;
/// Fewest blocks of a group, as `mke2fs` has it.
const GROUP_BLOCKS_MIN: u64 = 256;
/// Blocks of at most 64 KiB, as a power of two above 1024.
const SHIFT_MAX: u32 = 6;
/// Flag of a group whose bitmap was never written.
const UNUSED: u16 = 0x2;

/// What a superblock says.
pub(super) struct Layout {
    pub block_len: u64,
    pub blocks: u64,
    /// The first block that is in a group: 1 if blocks have 1024 bytes, else 0.
    pub first_block: u64,
    pub free_blocks: u64,
    pub group_blocks: u64,
    pub groups: u64,
    /// Blocks of the table of inodes of a group.
    pub inode_blocks: u64,
    descriptor_len: u64,
    /// First block of descriptors that is not behind the superblock; more than there are, if all are.
    first_meta_group: u64,
    reserved_blocks: u64,
    has_flags: bool,
    is_sparse: bool,
    backups: Option<[u64; 2]>,
}

/// A group of blocks.
pub(super) struct Group {
    pub block_bitmap: u64,
    pub inode_bitmap: u64,
    pub inode_table: u64,
    pub free_blocks: u64,
    /// Whether its bitmap was never written.
    pub is_unused: bool,
}

impl Layout {
    /// What the superblock `bytes` says, if it is one of a file system that was closed and has no feature that is unknown.
    pub fn read(bytes: &[u8; SUPERBLOCK_LEN]) -> Result<Self, Why> {
        let long = |at: usize| u64::from(u32_at(bytes, at));
        let word = |at: usize| u64::from(u16_at(bytes, at));
        let damaged = Why::Damaged(Structure::Superblock);
        let [compatible, incompatible, read_only] = [92, 96, 100].map(|at| u32_at(bytes, at));
        let revision = long(76);
        let has_features = compatible | incompatible | read_only != 0;
        if incompatible & RECOVER != 0 {
            return Err(Why::NotClosed(Closed::Log));
        }
        if u16_at(bytes, 58) != CLEAN {
            return Err(Why::NotClosed(Closed::Mark));
        }
        if long(232) != 0 || read_only & ORPHANS != 0 {
            return Err(Why::NotClosed(Closed::Orphans));
        }
        if incompatible & !INCOMPATIBLE != 0
            || read_only & !READ_ONLY != 0
            || revision > 1
            || (revision == 0 && has_features)
        {
            return Err(Why::Features);
        }
        let is_wide = incompatible & WIDE != 0;
        let high = |at: usize| if is_wide { long(at) << 32 } else { 0 };
        let shift = u32_at(bytes, 24);
        if shift > SHIFT_MAX || u32_at(bytes, 28) != shift {
            return Err(damaged);
        }
        let block_len = 1024 << shift;
        let inode_len = if revision == 0 { 128 } else { word(88) };
        let mut layout = Self {
            block_len,
            blocks: long(4) | high(336),
            first_block: long(20),
            free_blocks: long(12) | high(344),
            group_blocks: long(32),
            groups: 0,
            inode_blocks: (long(40) * inode_len).div_ceil(block_len),
            descriptor_len: if is_wide { word(254) } else { DESCRIPTOR_LEN },
            first_meta_group: if incompatible & META_GROUPS != 0 { long(260) } else { u64::MAX },
            reserved_blocks: word(206),
            has_flags: read_only & (GROUP_CHECKSUMS | CHECKSUMS) != 0,
            is_sparse: read_only & SPARSE != 0,
            backups: (compatible & SPARSE_2 != 0).then(|| [long(BACKUPS), long(BACKUPS + 4)]),
        };
        layout.groups =
            (layout.blocks.saturating_sub(layout.first_block)).div_ceil(layout.group_blocks.max(1));
        let is_sound = layout.first_block == u64::from(shift == 0)
            && layout.blocks > layout.first_block
            && layout.group_blocks >= GROUP_BLOCKS_MIN
            && layout.group_blocks.is_multiple_of(8)
            && layout.group_blocks <= block_len * 8
            && layout.reserved_blocks <= layout.group_blocks
            && (!is_wide || layout.descriptor_len.is_power_of_two())
            && (!is_wide || DESCRIPTOR_LENS.contains(&layout.descriptor_len))
            && inode_len.is_power_of_two()
            && (128..=block_len).contains(&inode_len)
            && layout.inode_blocks > 0
            && layout.inode_blocks.saturating_mul(layout.groups) < layout.blocks;
        if is_sound { Ok(layout) } else { Err(damaged) }
    }

    /// The blocks of `group`, which is there.
    pub fn blocks_of(&self, group: u64) -> Range<u64> {
        let start = self.first_block + group * self.group_blocks;
        start..(start + self.group_blocks).min(self.blocks)
    }

    /// Descriptors in a block.
    fn in_block(&self) -> u64 {
        self.block_len / self.descriptor_len
    }

    /// Whether a copy of the superblock is in `group`.
    fn has_superblock(&self, group: u64) -> bool {
        if group == 0 {
            return true;
        }
        if let Some(backups) = self.backups {
            return backups.contains(&group);
        }
        let is_power = |base: u64| {
            let mut power = base;
            while power < group {
                power *= base;
            }
            power == group
        };
        !self.is_sparse || group == 1 || is_power(3) || is_power(5) || is_power(7)
    }

    /// The block with the descriptors of `group`.
    fn descriptor_block(&self, group: u64) -> u64 {
        let index = group / self.in_block();
        if index < self.first_meta_group {
            return self.first_block + 1 + index;
        }
        let first = index * self.in_block();
        self.blocks_of(first).start + u64::from(self.has_superblock(first))
    }

    /// Blocks of superblocks and descriptors at the start of `group`.
    pub fn own_blocks(&self, group: u64) -> Range<u64> {
        let start = self.blocks_of(group).start;
        let own = u64::from(self.has_superblock(group));
        let (in_block, meta_blocks) = (self.in_block(), self.groups.div_ceil(self.in_block()));
        let behind = if group / in_block >= self.first_meta_group {
            // The first, the second and the last group of those that share a block have a copy of it.
            let place = group % in_block;
            u64::from(place < 2 || place == in_block - 1)
        } else if own == 1 {
            meta_blocks.min(self.first_meta_group) + self.reserved_blocks
        } else {
            0
        };
        start..start + own + behind
    }

    /// The descriptor of `group`, of the file system that begins at byte `start` of the image.
    pub fn group(&self, source: &dyn Source, start: u64, group: u64) -> Result<Group, Why> {
        let mut bytes = [0; DESCRIPTOR_LENS.start as usize];
        let bytes = &mut bytes[..self.descriptor_len.min(DESCRIPTOR_LENS.start) as usize];
        let within = group % self.in_block() * self.descriptor_len;
        let at = start + self.descriptor_block(group) * self.block_len + within;
        source.read_at(at, bytes).map_err(|_| Why::Unreadable)?;
        let is_wide = bytes.len() as u64 > DESCRIPTOR_LEN;
        let long = |at: usize| {
            let high = if is_wide { u64::from(u32_at(bytes, at + 32)) << 32 } else { 0 };
            u64::from(u32_at(bytes, at)) | high
        };
        let high = if is_wide { u64::from(u16_at(bytes, 44)) << 16 } else { 0 };
        Ok(Group {
            block_bitmap: long(0),
            inode_bitmap: long(4),
            inode_table: long(8),
            free_blocks: u64::from(u16_at(bytes, 12)) | high,
            is_unused: self.has_flags && u16_at(bytes, 18) & UNUSED != 0,
        })
    }
}
