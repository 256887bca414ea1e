//! What the boot area says of the stick: manifest and boot header.

use ramkey_format::boot::{BootHeader, SECTOR0_BOOT_CHECKSUM};
use ramkey_format::checksum::checksum;
use ramkey_format::manifest::{
    MANIFEST_HASHED_LEN, MANIFEST_HEADER_LEN, ManifestHeader, RANGE_ENTRY_LEN, RangeEntry, layout, range,
};
use ramkey_format::memory::{BOOT_LBA, MANIFEST_2_LBA, MANIFEST_LBA, MANIFEST_SECTORS_MAX, STAGE2_SECTORS};
use zerocopy::IntoBytes;

use crate::plan::LayoutKind;
use crate::units::{Bytes, SECTOR_LEN};
use crate::verify::fault::Findings;
use crate::verify::reader::Reader;
use crate::verify::{Change, Fault, FaultKind, Place, Strictness, words};

/// The boot area, as far as it can be understood.
pub(super) struct BootArea {
    /// The ranges of a sound manifest, or none.
    pub ranges: Vec<RangeEntry>,
    pub stick_id: Option<[u8; 16]>,
    /// A value of [`layout`], or 0.
    pub layout: u8,
    pub fat_bits: u8,
    pub volume_lba: Option<u64>,
    pub volume_sectors: u64,
    /// Sectors of the stick when it was written; 0 if the manifest is not sound.
    pub stick_sectors: u64,
    /// Label that was written; spaces if the manifest is not sound.
    pub label: [u8; 11],
}

impl BootArea {
    pub fn is_present(reader: &Reader) -> bool {
        let magic = |lba: u32, magic: &[u8]| {
            reader.sector(u64::from(lba)).is_ok_and(|sector| sector.starts_with(magic))
        };
        magic(BOOT_LBA, &BootHeader::MAGIC) || magic(MANIFEST_LBA, &ManifestHeader::MAGIC)
    }

    pub fn read(reader: &Reader, strictness: Strictness, findings: &mut Findings) -> Self {
        let mut area = Self {
            ranges: Vec::new(),
            stick_id: None,
            layout: 0,
            fat_bits: 0,
            volume_lba: None,
            volume_sectors: 0,
            stick_sectors: 0,
            label: [b' '; 11],
        };
        if !Self::is_present(reader) {
            let place = Place::sectors(u64::from(BOOT_LBA), 1);
            let message = match reader.sector(0) {
                Ok(sector) if sector == [0; 512] => {
                    "there is no boot area, and sector 0 is clear: the stick was not finished"
                }
                _ => "there is no boot area: neither boot header nor manifest",
            };
            findings.fault(Fault::new(FaultKind::NoStick, place, message));
            return area;
        }
        area.read_manifest(reader, strictness, findings);
        area.read_boot_header(reader, findings);
        area
    }

    fn read_manifest(&mut self, reader: &Reader, strictness: Strictness, findings: &mut Findings) {
        let (lba, sectors) = (u64::from(MANIFEST_LBA), u64::from(MANIFEST_SECTORS_MAX));
        let place = Place::sectors(lba, sectors);
        let bytes = match reader.bytes(lba, sectors) {
            Ok(bytes) => bytes,
            Err(bad) => return findings.unreadable(bad, None),
        };
        let (header, ranges) = match ManifestHeader::parse(&bytes) {
            Ok(parsed) => parsed,
            Err(error) => {
                return findings.fault(Fault::new(FaultKind::Manifest, place, words::manifest_error(error)));
            }
        };
        let mut hasher = blake3::Hasher::new();
        let found = hasher.update(&bytes[..MANIFEST_HASHED_LEN]).update(ranges.as_bytes()).finalize();
        let expected = blake3::Hash::from_bytes(header.blake3);
        if found != expected {
            let message = "the manifest does not have the hash that it names";
            return findings.fault(Fault::new(FaultKind::Manifest, place, message).hashes(expected, found));
        }
        let end = MANIFEST_HEADER_LEN + ranges.len() * RANGE_ENTRY_LEN;
        zeros(lba, end, &bytes, findings);
        let lba = u64::from(MANIFEST_2_LBA);
        match reader.bytes(lba, sectors) {
            Ok(bytes) => zeros(lba, 0, &bytes, findings),
            Err(bad) => findings.unreadable(bad, None),
        }
        self.ranges = ranges.to_vec();
        self.stick_id = Some(header.stick_id);
        self.layout = header.layout;
        self.fat_bits = header.fat_bits;
        self.volume_lba = Some(header.volume_lba.get());
        self.volume_sectors = header.volume_sectors.get();
        self.stick_sectors = header.stick_sectors.get();
        self.label = header.label;
        self.compare_len(reader, self.stick_sectors, strictness, findings);
    }

    /// Compares the length of the stick with the one that it was written with.
    fn compare_len(&self, reader: &Reader, written: u64, strictness: Strictness, findings: &mut Findings) {
        let found = reader.sectors();
        if written > found {
            let place = Place::sectors(found, written - found);
            findings.fault(Fault::new(FaultKind::TooShort, place, self.too_short(written, found)));
        }
        if written < found {
            let what = match LayoutKind::from_code(self.layout) {
                Some(LayoutKind::Gpt) => {
                    "it boots, but the copy of its GPT is not at the end, and systems call the table damaged; \
                     `sgdisk -e` moves it there"
                }
                _ => "it boots; what is behind is not used",
            };
            let change = Change::Longer { written, found, what };
            if strictness == Strictness::EveryByte {
                let place = Place::sectors(written, found - written);
                findings.fault(Fault::new(FaultKind::TooLong, place, change.to_string()));
            } else {
                findings.change(change);
            }
        }
    }

    /// What a stick has lost that ends too early.
    fn too_short(&self, written: u64, found: u64) -> String {
        let is_first = |range: &&RangeEntry| range.kind == range::CAPSULE && range.file_sector.get() == 0;
        let all = self.ranges.iter().filter(is_first).count();
        let mut cut: Vec<[u8; 32]> = Vec::new();
        for range in self.ranges.iter().filter(|range| range.kind == range::CAPSULE) {
            if range.lba.get() + range.sectors.get() > found && !cut.contains(&range.blake3) {
                cut.push(range.blake3);
            }
        }
        let lost = match (cut.len(), all) {
            (0, _) => "all images lie before its end".into(),
            (1, 1) => "its image is not whole".into(),
            (cut, all) if cut == all => format!("none of its {all} images is whole"),
            (cut, all) => format!("{cut} of its {all} images are not whole"),
        };
        let missing = Bytes((written - found).saturating_mul(SECTOR_LEN));
        format!(
            "the stick ends {missing} too early: it was written with {written} sectors and has {found}, as a copy that \
             was cut off or went to a smaller stick; {lost}"
        )
    }

    /// Checks the boot code as sector 0 and stage 2 do, which needs no manifest.
    fn read_boot_header(&mut self, reader: &Reader, findings: &mut Findings) {
        let lba = u64::from(BOOT_LBA);
        let place = |sectors| Place::sectors(lba, sectors);
        let sector = match reader.sector(lba) {
            Ok(sector) => sector,
            Err(bad) => return findings.unreadable(bad, None),
        };
        let sector_0 = match reader.sector(0) {
            Ok(sector) => sector,
            Err(bad) => return findings.unreadable(bad, None),
        };
        let header = match BootHeader::parse(&sector) {
            Ok(header) => header,
            Err(_) if sector == [0; 512] && sector_0 == [0; 512] => {
                let message = "the boot header is clear: the stick was not finished";
                return findings.fault(Fault::new(FaultKind::BootCode, place(1), message));
            }
            Err(error) => {
                return findings.fault(Fault::new(
                    FaultKind::BootCode,
                    place(1),
                    words::boot_header_error(error),
                ));
            }
        };
        if self.stick_id.is_some_and(|id| id != header.stick_id) {
            let message = "the boot header and the manifest belong to two sticks";
            findings.fault(Fault::new(FaultKind::BootCode, place(1), message));
        }
        if self.ranges.is_empty() {
            self.stick_id = Some(header.stick_id);
            self.volume_lba = Some(u64::from(header.volume_lba.get()));
            self.layout = if header.volume_lba.get() == 0 { layout::SUPERFLOPPY } else { 0 };
        }
        let stage2 = u64::from(STAGE2_SECTORS);
        let loader = u64::from(header.loader_sectors.get());
        let bytes = match reader.bytes(lba, stage2 + loader) {
            Ok(bytes) => bytes,
            Err(bad) => return findings.unreadable(bad, None),
        };
        let (stage2_bytes, loader_bytes) = bytes.split_at((stage2 * SECTOR_LEN) as usize);
        let at = SECTOR0_BOOT_CHECKSUM as usize;
        let wanted = u32::from_le_bytes([sector_0[at], sector_0[at + 1], sector_0[at + 2], sector_0[at + 3]]);
        if sector_0 != [0; 512] && checksum(stage2_bytes) != wanted {
            let message = "the second stage does not have the checksum that sector 0 names";
            findings.fault(Fault::new(FaultKind::BootCode, place(stage2), message));
        }
        if checksum(loader_bytes) != header.loader_checksum.get() {
            let message = "the loader does not have the checksum that the boot header names";
            findings.fault(Fault::new(FaultKind::BootCode, Place::sectors(lba + stage2, loader), message));
        }
        if self.ranges.is_empty() && sector_0 == [0; 512] {
            let message = "sector 0 is clear: the stick was not finished";
            findings.fault(Fault::new(FaultKind::Sector0, Place::sectors(0, 1), message));
        }
    }
}

/// Reports the first byte that is not zero of a slot of the manifest from byte `end` of it on; the slot begins at sector
/// `lba`.
fn zeros(lba: u64, end: usize, slot: &[u8], findings: &mut Findings) {
    if let Some(at) = slot[end..].iter().position(|&byte| byte != 0) {
        let place = Place::sectors(lba + (end + at) as u64 / SECTOR_LEN, 1);
        findings.fault(Fault::new(
            FaultKind::Manifest,
            place,
            "the zeros behind the manifest hold something",
        ));
    }
}
