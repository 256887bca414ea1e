//! The memory that a machine needs for capsules. The rule itself is [`Need`], which the loader uses too.

use ramkey_format::capsule::{CHUNK_ENTRY_LEN, Need};

use super::origin::record;
use crate::contents::MadeOf;
use crate::image::CHUNK_LEN;
use crate::units::MIB;

/// Bytes of the chunk table of an image of `len` bytes.
fn table_len(len: u64) -> u64 {
    len.div_ceil(CHUNK_LEN as u64) * CHUNK_ENTRY_LEN as u64
}

/// Bytes of the table block of an image of `len` bytes: its chunk table, and what says of what it was made.
pub fn block_len(len: u64, made_of: Option<&MadeOf>) -> u64 {
    table_len(len) + made_of.map_or(0, |made_of| record(made_of).len() as u64)
}

/// Memory that a RAM disk and a table block of `block_len` bytes take, in bytes, in whole pages.
pub fn ram_taken(disk_sectors: u32, block_len: u64) -> u64 {
    Need::of(disk_sectors, block_len).all()
}

/// Memory that the machine must have for an image of `len` bytes alone that was made of no other one, in bytes: what it takes, in whole MiB as the
/// boot menu shows them, and the first MiB, which is never used for it. The machine may keep some for itself.
pub fn ram_needed(disk_sectors: u32, len: u64) -> u64 {
    ram_needed_together([ram_taken(disk_sectors, table_len(len))])
}

/// The same for capsules that are in memory together, by what each of them takes.
pub fn ram_needed_together(taken: impl IntoIterator<Item = u64>) -> u64 {
    taken.into_iter().sum::<u64>().next_multiple_of(MIB) + MIB
}

#[cfg(test)]
mod tests {
    use super::{block_len, ram_needed, ram_needed_together, ram_taken};

    fn taken(sectors: u32) -> u64 {
        ram_taken(sectors, block_len(u64::from(sectors) * 512, None))
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
