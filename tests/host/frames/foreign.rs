//! A stick as another version of this program would have written it: its boot code has another byte at its end.

use ramkey_format::boot::{BootHeader, SECTOR0_BOOT_CHECKSUM};
use ramkey_format::checksum::checksum;
use ramkey_format::manifest::{
    MANIFEST_HASHED_LEN, MANIFEST_HEADER_LEN, ManifestHeader, RANGE_ENTRY_LEN, range,
};
use ramkey_format::memory::{BOOT_LBA, MANIFEST_LBA, PARTITION_LBA, STAGE2_SECTORS};
use zerocopy::{FromBytes, IntoBytes};

const SECTOR: usize = 512;
/// Sectors in which boot code and stamps lie.
const STAMPED: usize = 4160;

/// Lets the boot code of a fresh stick be another, with everything that names it; the loader does the same.
pub fn foreign(stick: &mut [u8]) {
    let at = SECTOR0_BOOT_CHECKSUM as usize;
    let old: [u8; 4] = stick[at..at + 4].try_into().unwrap();
    let mut new = [0; 4];
    for lba in [BOOT_LBA, PARTITION_LBA + BOOT_LBA] {
        let start = lba as usize * SECTOR;
        let Ok(header) = BootHeader::parse(&stick[start..start + SECTOR]) else { continue };
        let stage2 = start + STAGE2_SECTORS as usize * SECTOR;
        let end = stage2 + usize::from(header.loader_sectors.get()) * SECTOR;
        assert_eq!(stick[end - 1], 0, "the loader ends with zeros");
        stick[end - 1] = 0x5A;
        let sum = checksum(&stick[stage2..end]);
        let (header, _) = BootHeader::mut_from_prefix(&mut stick[start..]).unwrap();
        header.loader_checksum = sum.into();
        new = checksum(&stick[start..stage2]).to_le_bytes();
    }
    let stamped = stick.len().min(STAMPED * SECTOR);
    for sector in stick[..stamped].chunks_mut(SECTOR) {
        if sector[at..at + 4] == old {
            sector[at..at + 4].copy_from_slice(&new);
        }
    }
    announce(stick);
}

/// Lets the manifest of a fresh stick have the hashes of what is there.
pub fn announce(stick: &mut [u8]) {
    let start = MANIFEST_LBA as usize * SECTOR;
    let (header, ranges) = ManifestHeader::parse(&stick[start..]).unwrap();
    let (mut header, mut ranges) = (header.clone(), ranges.to_vec());
    // That of the directories leaves out the text about the images, and nobody changed them.
    let is_of_bytes = |kind| !matches!(kind, range::CAPSULE | range::DIRECTORY);
    for entry in ranges.iter_mut().filter(|entry| is_of_bytes(entry.kind)) {
        let first = entry.lba.get() as usize * SECTOR;
        let bytes = &stick[first..first + entry.sectors.get() as usize * SECTOR];
        entry.blake3 = *blake3::hash(bytes).as_bytes();
    }
    let hashed = [&header.as_bytes()[..MANIFEST_HASHED_LEN], ranges.as_bytes()].concat();
    header.blake3 = *blake3::hash(&hashed).as_bytes();
    let end = start + MANIFEST_HEADER_LEN + ranges.len() * RANGE_ENTRY_LEN;
    stick[start..end].copy_from_slice(&[header.as_bytes(), ranges.as_bytes()].concat());
}
