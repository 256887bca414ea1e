//! What is changed in a RAM disk after it was proven. The stored image stays as it is, and each change is said.

use core::mem::offset_of;
use core::ops::Range;

use ramkey_format::boot::{SECTOR0_DISK_SIGNATURE, SECTOR0_TABLE};
use ramkey_format::bpb::{Bpb, Fat16Start, Fat32Start, PartitionEntry};
use ramkey_format::capsule::kind;
use ramkey_format::memory::{SECTOR_SHIFT, SECTOR_SIZE};
use ramkey_loader_core::geometry::{Geometry, partition_entry};
use ramkey_loader_core::screen::say;
use zerocopy::FromBytes;

use crate::console::Console;
use crate::load::RamDisk;

/// The assembled sector 0 of a partition image's disk.
static RAM_MBR: &[u8; SECTOR_SIZE as usize] = include_bytes!(concat!(env!("RAMKEY_BLOBS"), "/ram_mbr.bin"));

/// The mark behind the drive number of a boot sector: there is one.
const EXTENDED: u8 = 0x29;
/// Sector 0: disk signature, as Windows NT knows it.
const DISK_SIGNATURE: Range<usize> = SECTOR0_DISK_SIGNATURE as usize..SECTOR0_DISK_SIGNATURE as usize + 4;
/// Sector 0: the first entry of its table.
const FIRST_ENTRY: Range<usize> = SECTOR0_TABLE as usize..SECTOR0_TABLE as usize + PartitionEntry::LEN;

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
    first[FIRST_ENTRY].copy_from_slice(&entry);

    let boot = memory.bytes_mut(lead << SECTOR_SHIFT, SECTOR_SIZE);
    let Ok((bpb, _)) = Bpb::mut_from_prefix(boot) else { return };
    if u32::from(bpb.bytes_per_sector.get()) != SECTOR_SIZE {
        return;
    }
    let hidden = bpb.hidden.get();
    if hidden != lead {
        bpb.hidden.set(lead);
        console.say(&say::hidden_changed(hidden, lead));
    }
    // FAT32 has it at another place, where FAT12 and FAT16 have code.
    let (drive, extended) = if bpb.is_fat32() {
        (offset_of!(Fat32Start, drive), offset_of!(Fat32Start, extended))
    } else {
        (offset_of!(Fat16Start, drive), offset_of!(Fat16Start, extended))
    };
    if boot[extended] == EXTENDED && boot[drive] != number {
        console.say(&say::drive_changed(boot[drive], number));
        boot[drive] = number;
    }
}
