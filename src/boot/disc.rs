//! The boot image of a disc: what a BIOS starts from El Torito without emulation.

use ramkey_format::boot::{DISC_CODE, DISC_REST, DiscStart};
use ramkey_format::checksum::checksum;
use ramkey_format::memory::BLOCK_SHIFT;
use zerocopy::FromBytes;

use super::{BootVolume, Patch, boot_area_at, stage2_checksum};

/// Its first block as it was assembled.
pub(super) const START: &[u8] = include_bytes!("../../bootsectors/prebuilt/disc.bin");
/// Block of a disc's primary volume descriptor (ECMA-119, 6.2.1).
const DESCRIPTOR_BLOCK: u32 = 16;

/// The boot image of a disc, in whole blocks of 2048 bytes, for a place from block `file_block` on: its first block, and a
/// boot area that reads ISO 9660, whatever volume `patch` names.
///
/// It has a boot information table, as xorriso's `-boot-info-table` would fill it in; a program that puts the image
/// elsewhere may fill in that table again.
///
/// # Errors
///
/// What is wrong with the committed files.
pub fn disc_image(patch: &Patch, file_block: u32) -> Result<Vec<u8>, &'static str> {
    let patch = Patch { volume: BootVolume::Iso9660, is_disc: true, ..*patch };
    let boot_lba = file_block.checked_add(1).and_then(|block| block.checked_mul(1 << BLOCK_SHIFT));
    let area = boot_area_at(&patch, boot_lba.ok_or("the boot image lies behind what a disc can have")?)?;
    let mut bytes = START.to_vec();
    if bytes.len() != DiscStart::LEN || bytes[DISC_CODE as usize..][..2] == [0; 2] {
        return Err("disc.bin is not one block of code");
    }
    let boot_checksum = stage2_checksum(&area);
    bytes.extend(area);
    bytes.resize(bytes.len().next_multiple_of(DiscStart::LEN), 0);
    let file_len = bytes.len() as u32;
    let rest_checksum = checksum(&bytes[DISC_REST as usize..DiscStart::LEN]);
    let start = start_of(&mut bytes)?;
    start.rest_checksum = rest_checksum.into();
    start.boot_checksum = boot_checksum.into();
    let file_sum = sum(&bytes[DISC_CODE as usize..]);
    let start = start_of(&mut bytes)?;
    start.descriptor_block = DESCRIPTOR_BLOCK.into();
    start.file_block = file_block.into();
    start.file_len = file_len.into();
    start.file_sum = file_sum.into();
    Ok(bytes)
}

fn start_of(bytes: &mut [u8]) -> Result<&mut DiscStart, &'static str> {
    let (start, _) = DiscStart::mut_from_prefix(bytes).map_err(|_| "disc.bin is too short")?;
    Ok(start)
}

/// Sum of little-endian 32-bit words, of which the last may be short, as the boot information table has it.
fn sum(bytes: &[u8]) -> u32 {
    bytes.chunks(4).fold(0, |sum, word| {
        let mut whole = [0; 4];
        whole[..word.len()].copy_from_slice(word);
        sum.wrapping_add(u32::from_le_bytes(whole))
    })
}
