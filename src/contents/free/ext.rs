//! Free blocks of an ext2, ext3 or ext4: those that the bitmaps of its groups call so. In a group whose bitmap was never
//! written all blocks are free but those that the file system itself has there. (Linux,
//! `Documentation/filesystems/ext4/blockgroup.rst`, "Lazy Block Group Initialization".)

use std::ops::Range;

use super::ext_layout::{Group, Layout, SUPERBLOCK, SUPERBLOCK_LEN};
use super::usage::{Bits, Usage};
use super::why::{Structure, Why};
use crate::image::Source;

/// What the file system calls free that has the `len` bytes from `start` on.
pub(super) fn usage(source: &dyn Source, start: u64, len: u64) -> Result<Usage, Why> {
    let mut superblock = [0; SUPERBLOCK_LEN];
    if SUPERBLOCK + SUPERBLOCK_LEN as u64 > len {
        return Err(Why::BeyondPartition);
    }
    source.read_at(start + SUPERBLOCK, &mut superblock).map_err(|_| Why::Unreadable)?;
    let layout = Layout::read(&superblock)?;
    if layout.blocks > len / layout.block_len {
        return Err(Why::BeyondPartition);
    }
    let first = start + layout.first_block * layout.block_len;
    let mut usage = Usage::new(first, layout.block_len, layout.blocks - layout.first_block)?;
    let mut groups = Vec::new();
    for number in 0..layout.groups {
        let group = layout.group(source, start, number)?;
        check_places(&layout, &group)?;
        groups.push(group);
    }
    for (number, group) in (0..).zip(&groups).filter(|(_, group)| !group.is_unused) {
        load(source, start, &layout, number, group, &mut usage)?;
    }
    derive(&layout, &groups, &mut usage)?;
    if groups.iter().map(|group| group.free_blocks).sum::<u64>() != layout.free_blocks {
        return Err(Why::FreeCount);
    }
    check_own(&layout, &groups, &usage)?;
    Ok(usage)
}

/// Checks that what a group needs is within the file system.
fn check_places(layout: &Layout, group: &Group) -> Result<(), Why> {
    let [_, needed @ ..] = needed(layout, 0, group);
    let is_there = |blocks: &Range<u64>| blocks.start >= layout.first_block && blocks.end <= layout.blocks;
    if needed.iter().all(is_there) { Ok(()) } else { Err(Why::Damaged(Structure::Group)) }
}

/// Calls free what the file system itself does not have in the groups whose bitmaps were never written, if those are as
/// many blocks as the groups' descriptors say.
fn derive(layout: &Layout, groups: &[Group], usage: &mut Usage) -> Result<(), Why> {
    let mut own = Bits::new(usage.units(), false);
    for (number, group) in (0..).zip(groups) {
        for blocks in needed(layout, number, group) {
            blocks
                .filter(|&block| block < layout.blocks)
                .for_each(|block| own.set(block - layout.first_block, true));
        }
    }
    for (number, group) in (0..).zip(groups).filter(|(_, group)| group.is_unused) {
        let units = layout.blocks_of(number).map(|block| block - layout.first_block);
        let free: Vec<u64> = units.filter(|&unit| !own.get(unit)).collect();
        if free.len() as u64 != group.free_blocks {
            return Err(Why::FreeCount);
        }
        free.into_iter().for_each(|unit| usage.free_one(unit));
    }
    Ok(())
}

/// What the file system itself has of a group, wherever that is.
fn needed(layout: &Layout, number: u64, group: &Group) -> [Range<u64>; 4] {
    let one = |block: u64| block..block.saturating_add(1);
    let table = group.inode_table..group.inode_table.saturating_add(layout.inode_blocks);
    [layout.own_blocks(number), one(group.block_bitmap), one(group.inode_bitmap), table]
}

/// Takes over the bitmap of a group, if that counts as many free blocks as the group's descriptor.
fn load(
    source: &dyn Source,
    start: u64,
    layout: &Layout,
    number: u64,
    group: &Group,
    usage: &mut Usage,
) -> Result<(), Why> {
    let blocks = layout.blocks_of(number);
    let count = blocks.end - blocks.start;
    let mut bitmap = vec![0; count.div_ceil(8) as usize];
    let at = start + group.block_bitmap * layout.block_len;
    source.read_at(at, &mut bitmap).map_err(|_| Why::Unreadable)?;
    let is_free = |block: &u64| bitmap[(block / 8) as usize] >> (block % 8) & 1 == 0;
    if (0..count).filter(is_free).count() as u64 != group.free_blocks {
        return Err(Why::FreeCount);
    }
    usage.load(blocks.start - layout.first_block, &bitmap);
    Ok(())
}

/// Checks that what the groups need is used.
fn check_own(layout: &Layout, groups: &[Group], usage: &Usage) -> Result<(), Why> {
    let first = layout.first_block;
    let needed = (0..).zip(groups).flat_map(|(number, group)| needed(layout, number, group));
    let are_used = |blocks: Range<u64>| usage.are_used(blocks.start - first..blocks.end - first);
    if needed.into_iter().all(are_used) { Ok(()) } else { Err(Why::UsedIsFree) }
}
