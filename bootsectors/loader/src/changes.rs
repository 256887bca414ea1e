//! What is changed in a RAM disk after it was proven. The stored image stays as it is, and each change is said.

use ramkey_format::capsule::kind;
use ramkey_format::memory::{SECTOR_SHIFT, SECTOR_SIZE};
use ramkey_loader_core::geometry::{Geometry, partition_entry};
use ramkey_loader_core::screen::say;

use crate::console::Console;
use crate::load::RamDisk;

/// The assembled sector 0 of a partition image's disk.
static RAM_MBR: &[u8; SECTOR_SIZE as usize] = include_bytes!(concat!(env!("RAMKEY_BLOBS"), "/ram_mbr.bin"));

/// Boot sector of FAT12 and FAT16: 29h when the drive number is two bytes before it.
const EXTENDED_SIGNATURE: usize = 0x26;
/// The same of FAT32.
const EXTENDED_SIGNATURE_FAT32: usize = 0x42;
/// Sector 0: disk signature, as Windows NT knows it.
const DISK_SIGNATURE: core::ops::Range<usize> = 0x1B8..0x1BC;

/// Makes the changes that `ram_disk` needs, whose BIOS number is `number`.
pub fn make(console: &mut Console, ram_disk: &mut RamDisk, number: u8) {
    if ram_disk.header.kind == kind::PARTITION {
        make_first_track(console, ram_disk, number);
    }
    let signature = ram_disk.header.disk_signature.get();
    if signature != 0 {
        let first = ram_disk.memory.bytes_mut(0, SECTOR_SIZE);
        first[DISK_SIGNATURE].copy_from_slice(&signature.to_le_bytes());
        console.say(&say::signature_changed(signature));
    }
}

/// Makes the track before a partition image: sector 0 with one active entry, and tells the partition's boot sector
/// where it is. The image was proven before; what is changed is said on the screen.
fn make_first_track(console: &mut Console, ram_disk: &mut RamDisk, number: u8) {
    let RamDisk { header, memory } = ram_disk;
    let lead = header.lead_sectors.get();
    let geometry = Geometry { heads: header.heads.get(), sectors_per_track: header.sectors_per_track.get() };
    let first = memory.bytes_mut(0, SECTOR_SIZE);
    first.copy_from_slice(RAM_MBR);
    // The disk signature must not be zero, and differ from image to image.
    first[DISK_SIGNATURE].copy_from_slice(&header.image_blake3[..4]);
    first[DISK_SIGNATURE.start] |= 1;
    // Two drives from one image are two disks.
    first[DISK_SIGNATURE.start + 1] ^= number & 0x0F;
    let entry = partition_entry(&geometry, header.partition_type, lead, header.disk_sectors.get() - lead);
    first[0x1BE..0x1CE].copy_from_slice(&entry);

    let boot = memory.bytes_mut(lead << SECTOR_SHIFT, SECTOR_SIZE);
    let bytes_per_sector = u16::from_le_bytes([boot[11], boot[12]]);
    let hidden = u32::from_le_bytes([boot[28], boot[29], boot[30], boot[31]]);
    if u32::from(bytes_per_sector) != SECTOR_SIZE {
        return;
    }
    if hidden != lead {
        boot[28..32].copy_from_slice(&lead.to_le_bytes());
        console.say(&say::hidden_changed(hidden, lead));
    }
    // FAT32 has it at another place, where FAT12 and FAT16 have code.
    let fat32 = u16::from_le_bytes([boot[0x16], boot[0x17]]) == 0;
    let at = if fat32 { EXTENDED_SIGNATURE_FAT32 } else { EXTENDED_SIGNATURE };
    let drive = &mut boot[at - 2..=at];
    if drive[2] == 0x29 && drive[0] != number {
        console.say(&say::drive_changed(drive[0], number));
        drive[0] = number;
    }
}
