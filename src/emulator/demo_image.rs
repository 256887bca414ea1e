//! The built-in image: a small hard disk that proves, on screen and COM1, that it runs from memory.
//!
//! Only its code is kept (`bootsectors/demo/demo.asm`); the data that it reads is made here, the same everywhere.

use ramkey_format::checksum::checksum;

/// Sectors of the image: 1 MiB.
const SECTORS: usize = 2048;
/// Bytes in a sector.
const SECTOR_LEN: usize = 512;
/// Offset of the sum of every other sector in sector 0; `DISK_SUM` in `demo.asm`.
const DISK_SUM: usize = 0x1B0;
/// First sector of the partition, where the data begins; `PARTITION_LBA` in `demo.asm`.
const DATA_LBA: usize = 32;
/// Sectors that stay zero, as large parts of real disks are.
const ZEROS: std::ops::Range<usize> = 1024..1536;
/// The assembled `demo.asm`.
const CODE: &[u8] = include_bytes!("../../bootsectors/prebuilt/demo.bin");

/// The demo image: one active partition on a disk of 16 cylinders, 4 heads and 32 sectors.
pub fn demo_image() -> Vec<u8> {
    let mut image = vec![0; SECTORS * SECTOR_LEN];
    image[..CODE.len()].copy_from_slice(CODE);
    for lba in (DATA_LBA..SECTORS).filter(|lba| !ZEROS.contains(lba)) {
        let mut number = lba as u32;
        for word in image[lba * SECTOR_LEN..][..SECTOR_LEN].chunks_exact_mut(4) {
            // A linear congruential sequence (Numerical Recipes): every sector and every word differs.
            number = number.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
            word.copy_from_slice(&number.to_le_bytes());
        }
    }
    let sum = checksum(&image[SECTOR_LEN..]);
    image[DISK_SUM..][..4].copy_from_slice(&sum.to_le_bytes());
    image
}

#[cfg(test)]
mod tests {
    use super::{CODE, DATA_LBA, SECTOR_LEN, demo_image};

    #[test]
    fn the_image_is_one_mebibyte_and_bootable() {
        let image = demo_image();
        assert_eq!(image.len(), 1 << 20);
        assert_eq!(image[510..512], [0x55, 0xAA]);
        assert!(CODE.len() <= DATA_LBA * SECTOR_LEN, "the code reaches the data");
    }

    #[test]
    fn no_two_sectors_of_data_are_equal() {
        let image = demo_image();
        let data = &image[DATA_LBA * SECTOR_LEN..];
        let mut seen = std::collections::HashSet::new();
        let repeated = data.chunks(SECTOR_LEN).filter(|sector| sector.iter().any(|&byte| byte != 0));
        assert!(repeated.into_iter().all(|sector| seen.insert(sector)));
        assert!(data.chunks(SECTOR_LEN).any(|sector| sector.iter().all(|&byte| byte == 0)));
    }
}
