//! CD images for guests, made block by block: the smallest that boot, in every form that El Torito has.

use super::harness::{GUEST_SECTORS, assemble};

/// Bytes of a block.
pub const BLOCK: usize = 2048;
/// Block of the boot catalogue.
pub const CATALOGUE: u32 = 19;
/// First block of what is booted.
pub const BOOT: u32 = 24;

/// How a disc boots: the medium of its catalogue.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Media {
    NoEmulation = 0,
    Floppy12 = 1,
    Floppy144 = 2,
    Floppy288 = 3,
    HardDisk = 4,
}

/// A disc of `blocks` blocks that boots `boot`, of which `load_sectors` are loaded to `segment` (0 for 07C0h). Every word
/// behind `boot` is a number that `is_disk` in `guest.inc` knows.
pub fn disc(blocks: u32, media: Media, segment: u16, load_sectors: u16, boot: &[u8]) -> Vec<u8> {
    let mut disc = vec![0; blocks as usize * BLOCK];
    let start = BOOT as usize * BLOCK;
    for (index, word) in disc.chunks_exact_mut(4).enumerate().skip(start / 4) {
        word.copy_from_slice(&(index as u32).wrapping_mul(0x9E37_79B1).to_le_bytes());
    }
    disc[start..start + boot.len()].copy_from_slice(boot);
    let mut put = |block: u32, at: usize, bytes: &[u8]| {
        disc[block as usize * BLOCK + at..][..bytes.len()].copy_from_slice(bytes);
    };
    put(16, 0, b"\x01CD001\x01");
    put(16, 40, b"GUEST                           ");
    put(16, 80, &blocks.to_le_bytes());
    put(16, 84, &blocks.to_be_bytes());
    put(16, 128, &2048_u16.to_le_bytes());
    put(16, 130, &2048_u16.to_be_bytes());
    put(17, 0, b"\x00CD001\x01EL TORITO SPECIFICATION");
    put(17, 0x47, &CATALOGUE.to_le_bytes());
    put(18, 0, b"\xFFCD001\x01");
    // Entry for a PC, whose words add up to 0; then the one that boots.
    put(CATALOGUE, 0, &[1]);
    put(CATALOGUE, 28, &[0xAA, 0x55, 0x55, 0xAA]);
    put(CATALOGUE, 32, &[0x88, media as u8]);
    put(CATALOGUE, 34, &segment.to_le_bytes());
    put(CATALOGUE, 38, &load_sectors.to_le_bytes());
    put(CATALOGUE, 40, &BOOT.to_le_bytes());
    disc
}

/// A disc whose guest is loaded whole, without emulation.
pub fn no_emulation(guest: &str, blocks: u32, more: &[&str]) -> Vec<u8> {
    let sectors = blocks * 4;
    let mut definitions = vec![
        "PRELOADED".to_owned(),
        format!("IMAGE_SECTORS={sectors}"),
        format!("DISK_SECTORS={sectors}"),
        format!("BLOCKS={blocks}"),
        format!("CATALOGUE={CATALOGUE}"),
        format!("BOOT={BOOT}"),
    ];
    definitions.extend(more.iter().map(|&definition| definition.to_owned()));
    let guest = assemble(guest, &definitions);
    assert_eq!(guest.len(), GUEST_SECTORS * 512);
    disc(blocks, Media::NoEmulation, 0, GUEST_SECTORS as u16, &guest)
}

/// A disc that emulates `disk`; some blocks follow it.
pub fn emulating(media: Media, disk: &[u8]) -> Vec<u8> {
    let blocks = BOOT + disk.len().div_ceil(BLOCK) as u32 + 16;
    disc(blocks, media, 0, 1, disk)
}
