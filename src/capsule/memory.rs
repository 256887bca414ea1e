//! The memory that a machine needs for capsules. The rule itself is [`Need`], which the loader uses too.

use ramkey_format::capsule::{CHUNK_ENTRY_LEN, Need};

use crate::image::CHUNK_LEN;
use crate::units::MIB;

/// Bytes of the chunk table of an image of `len` bytes.
pub fn table_len(len: u64) -> u64 {
    len.div_ceil(CHUNK_LEN as u64) * CHUNK_ENTRY_LEN as u64
}

/// Memory that the RAM disk of an image of `len` bytes and its chunk table take, in bytes, in whole pages.
pub fn ram_taken(disk_sectors: u32, len: u64) -> u64 {
    Need::of(disk_sectors, table_len(len)).all()
}

/// Memory that the machine must have for an image of `len` bytes alone, in bytes: what it takes, in whole MiB as the
/// boot menu shows them, and the first MiB, which is never used for it. The machine may keep some for itself.
pub fn ram_needed(disk_sectors: u32, len: u64) -> u64 {
    ram_needed_together([ram_taken(disk_sectors, len)])
}

/// The same for capsules that are in memory together, by what each of them takes.
pub fn ram_needed_together(taken: impl IntoIterator<Item = u64>) -> u64 {
    taken.into_iter().sum::<u64>().next_multiple_of(MIB) + MIB
}

#[cfg(test)]
mod tests {
    use super::{ram_needed, ram_needed_together, ram_taken};

    fn taken(sectors: u32) -> u64 {
        ram_taken(sectors, u64::from(sectors) * 512)
    }

    #[test]
    fn a_floppy_needs_three_mib_and_a_disk_of_whole_mib_one_more_for_its_table() {
        // 1912 sectors, a page for the table and 64 KiB for the decoder are 1 MiB.
        for (sectors, mib) in [(1, 2), (2880, 3), (1912, 2), (1913, 3), (2048, 3), (131_072, 66)] {
            assert_eq!(ram_needed(sectors, u64::from(sectors) * 512), mib << 20, "{sectors} sectors");
        }
        // The table is that of the image; the disk may be longer.
        assert_eq!(ram_needed(2880, 512), 3 << 20);
    }

    #[test]
    fn disks_that_are_together_in_memory_share_the_first_mib_only() {
        let together = |sectors: &[u32]| ram_needed_together(sectors.iter().map(|&sectors| taken(sectors)));
        assert_eq!(together(&[2880]), ram_needed(2880, 2880 * 512));
        // 1508 KiB, 1 MiB, and 64 MiB with 12 KiB of table and 64 KiB for the decoder are less than 67 MiB.
        assert_eq!(together(&[2880, 1912, 131_072]), (67 + 1) << 20);
        assert_eq!(together(&[1912, 1912]), (2 + 1) << 20);
        assert_eq!(together(&[1912, 1913]), (3 + 1) << 20);
    }
}
