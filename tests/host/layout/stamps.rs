//! Whatever sector a BIOS begins with, and whatever geometry it has: the boot code finds itself there, and a number.

use std::ops::Range;

use crate::frames::sticks::{Image, MIB, Stick, every_layout, noise};
use ramkey::plan::{FatBits, FsChoice, LayoutKind, Slot};
use ramkey_format::boot::{
    BootHeader, SECTOR0_BOOT_CHECKSUM, SECTOR0_BOOT_LBA, SECTOR0_CODE, SECTOR0_STAGE1,
    SECTOR0_STAGE1_CHECKSUM, SECTOR0_STAMP, STAGE1_LEN,
};
use ramkey_format::checksum::checksum;
use ramkey_format::memory::{
    BOOT_AREA_END_LBA, CYLINDERS_TRIED, MANIFEST_LBA, MEASURED_CYLINDER, STAGE1_END, STAGE2_SECTORS,
    STAMPED_SECTORS,
};

const UNIVERSAL: LayoutKind = LayoutKind::Universal { slot: Slot::First };
const BOOT_LBA: u64 = ramkey_format::memory::BOOT_LBA as u64;
const BOOT_AREA_END: u64 = BOOT_AREA_END_LBA as u64;
const PARTITION: u64 = ramkey_format::memory::PARTITION_LBA as u64;
/// A copy of sector 0 on a FAT32, and the sectors that are its own.
const SECTOR_0_COPY: std::ops::Range<u64> =
    PARTITION + MANIFEST_LBA as u64..PARTITION + MANIFEST_LBA as u64 + 8;

/// A stick in memory, by sectors.
struct Sectors {
    stick: Stick,
    bytes: Vec<u8>,
}

impl Sectors {
    fn new(kind: LayoutKind, fs: FsChoice, len: u64) -> Self {
        let stick = Stick::new(vec![("one.img", Image(noise(700_000)))], kind, fs, len);
        let bytes = stick.bytes();
        Self { stick, bytes }
    }

    fn at(&self, lba: u64) -> &[u8] {
        &self.bytes[lba as usize * 512..][..512]
    }

    fn number(&self, lba: u64, at: u32) -> u32 {
        u32::from_le_bytes(self.at(lba)[at as usize..][..4].try_into().unwrap())
    }

    /// What the boot code takes for the number of sector `lba`.
    fn stamp(&self, lba: u64) -> Option<u64> {
        let is_ours = self.number(lba, SECTOR0_BOOT_CHECKSUM) == self.number(0, SECTOR0_BOOT_CHECKSUM);
        is_ours.then(|| u64::from(self.number(lba, SECTOR0_STAMP)))
    }

    fn is_universal(&self) -> bool {
        matches!(self.stick.plan.division.layout, LayoutKind::Universal { .. })
    }

    fn is_small(&self) -> bool {
        (self.bytes.len() as u64) < 16 * MIB
    }

    /// One past the last sector that is stamped.
    fn stamped_end(&self) -> u64 {
        match self.stick.plan.division.volume.lba {
            _ if !self.is_small() => PARTITION + u64::from(STAMPED_SECTORS),
            PARTITION => PARTITION + BOOT_AREA_END,
            _ => BOOT_AREA_END,
        }
    }

    /// Whether the boot code stands a second time where a partition begins.
    fn has_copy(&self) -> bool {
        self.stamped_end() > PARTITION
    }

    /// Sectors of the stamped zone that hold something else.
    fn others(&self) -> Vec<Range<u64>> {
        let plan = &self.stick.plan;
        let mut others = Vec::new();
        others.push(BOOT_LBA..BOOT_AREA_END);
        if plan.division.layout == LayoutKind::Gpt {
            others.push(1..34);
        }
        if plan.division.volume.bits == FatBits::Fat32 {
            others.push(plan.division.volume.lba + 1..plan.division.volume.lba + 16);
        }
        if self.has_copy() {
            let header = BootHeader::parse(self.at(PARTITION + BOOT_LBA)).unwrap();
            let sectors = u64::from(STAGE2_SECTORS) + u64::from(header.loader_sectors.get());
            others.push(PARTITION + BOOT_LBA..PARTITION + BOOT_LBA + sectors);
        }
        if self.is_universal() && plan.division.volume.bits == FatBits::Fat32 {
            others.push(SECTOR_0_COPY);
        }
        others
    }
}

fn for_each_stick(test: impl Fn(&Sectors, &str)) {
    for (kind, fs, len) in every_layout().into_iter().filter(|(.., len)| *len <= 128 * MIB) {
        test(&Sectors::new(kind, fs, len), &format!("{kind:?} {fs:?} {len}"));
    }
}

#[test]
fn every_sector_of_the_stamped_zone_holds_its_own_number_or_what_must_be_there() {
    for_each_stick(|stick, name| {
        let end = stick.stamped_end();
        let others = stick.others();
        for lba in (0..end).filter(|lba| !others.iter().any(|other| other.contains(lba))) {
            assert_eq!(stick.stamp(lba), Some(lba), "{name}: sector {lba}");
        }
        assert_eq!(stick.stamp(end), None, "{name}: sector {end}");
    });
}

/// Bytes of code that do not depend on where a sector is.
fn is_code_of_sector_0(sector: &[u8], sector_0: &[u8]) -> bool {
    let code = SECTOR0_CODE as usize..SECTOR0_STAGE1 as usize;
    let proof = SECTOR0_STAGE1_CHECKSUM as usize..SECTOR0_STAMP as usize;
    sector[..3] == sector_0[..3]
        && sector[code.clone()] == sector_0[code]
        && sector[proof.clone()] == sector_0[proof]
        && sector[510..] == [0x55, 0xAA]
}

fn is_stage_1(stick: &Sectors, lba: u64) -> bool {
    checksum(&stick.at(lba)[..STAGE1_LEN as usize]) == stick.number(0, SECTOR0_STAGE1_CHECKSUM)
}

#[test]
fn whichever_sector_a_bios_starts_it_is_sector_0_and_finds_stage_1_and_the_boot_area() {
    for_each_stick(|stick, name| {
        let mut starts = vec![0, stick.stick.plan.division.volume.lba];
        let others = stick.others();
        // The first sectors of BIOSes that hide a track, or everything before the partition.
        let hidden =
            [17, 18, 32, 36, 63].into_iter().filter(|lba| !others.iter().any(|other| other.contains(lba)));
        starts.extend(hidden);
        starts.extend(stick.has_copy().then_some(PARTITION));
        for lba in starts {
            assert!(is_code_of_sector_0(stick.at(lba), stick.at(0)), "{name}: sector {lba}");
            let first = lba + u64::from(stick.at(lba)[SECTOR0_STAGE1 as usize]);
            let stage1 = (first..first + u64::from(STAGE1_END)).find(|&lba| is_stage_1(stick, lba));
            let stage1 = stage1.unwrap_or_else(|| panic!("{name}: no stage 1 for sector {lba}"));
            let boot_lba = u64::from(stick.number(stage1, SECTOR0_BOOT_LBA));
            let expected = if lba >= PARTITION { PARTITION + BOOT_LBA } else { BOOT_LBA };
            assert_eq!(boot_lba, expected, "{name}: sector {lba}");
            let start = boot_lba as usize * 512;
            let proven = checksum(&stick.bytes[start..start + STAGE2_SECTORS as usize * 512]);
            assert_eq!(proven, stick.number(stage1, SECTOR0_BOOT_CHECKSUM), "{name}: sector {lba}");
        }
    });
}

#[test]
fn the_copy_of_the_boot_area_is_the_boot_area() {
    for_each_stick(|stick, name| {
        if !stick.has_copy() {
            return;
        }
        let header = BootHeader::parse(stick.at(BOOT_LBA)).unwrap();
        for sector in 0..u64::from(STAGE2_SECTORS) + u64::from(header.loader_sectors.get()) {
            let lba = PARTITION + BOOT_LBA + sector;
            assert_eq!(stick.at(lba), stick.at(BOOT_LBA + sector), "{name}: sector {lba}");
        }
    });
}

#[test]
fn stamps_and_copies_of_another_stick_do_not_count() {
    // Of another size, that is; the next test is of sticks whose boot code is the same.
    let (new, mut mixed) =
        (Sectors::new(UNIVERSAL, FsChoice::Auto, 8 * MIB), Sectors::new(UNIVERSAL, FsChoice::Auto, 9 * MIB));
    // The other stick, overwritten up to the partition: what was interrupted there.
    let before = 512..PARTITION as usize * 512;
    mixed.bytes[before.clone()].copy_from_slice(&new.bytes[before]);
    mixed.bytes[..512].fill(0);
    let checksum_of = |lba: u64| mixed.number(lba, SECTOR0_BOOT_CHECKSUM);
    let proven = |lba: u64| checksum(&mixed.bytes[lba as usize * 512..][..STAGE2_SECTORS as usize * 512]);
    assert_ne!(checksum_of(63), checksum_of(PARTITION));
    // Each set of copies still belongs to its own boot area, and to no other.
    assert_eq!((checksum_of(63), checksum_of(PARTITION)), (proven(BOOT_LBA), proven(PARTITION + BOOT_LBA)));
}

#[test]
fn boot_code_of_a_stick_with_equal_options_is_the_same_so_it_does_no_harm_whose_it_is() {
    for (kind, fs, len) in every_layout().into_iter().filter(|(.., len)| *len <= 128 * MIB) {
        let of = |seed| {
            let stick = Stick::new(vec![("one.img", Image(noise(seed)))], kind, fs, len);
            let bytes = stick.bytes();
            Sectors { stick, bytes }
        };
        let (new, mixed) = (of(5000), of(5001));
        let mut others = 0;
        for lba in 1..new.stamped_end() {
            let is_boot_code = (BOOT_LBA..MANIFEST_LBA.into()).contains(&lba);
            let is_stamped = new.stamp(lba) == Some(lba) && lba != new.stick.plan.division.volume.lba;
            if is_boot_code || is_stamped {
                assert_eq!(new.at(lba), mixed.at(lba), "{kind:?} {fs:?} {len}: sector {lba}");
            } else {
                others += 1;
            }
        }
        assert!(others < new.stamped_end() / 2, "{kind:?} {fs:?} {len}: {others}");
    }
}

/// Sectors per track and heads as the boot code measures them on a BIOS that has `track` and `heads` and hides
/// `hidden` sectors.
fn measured(stick: &Sectors, hidden: u64, track: u64, heads: u64) -> Option<(u64, u64)> {
    let found = stick.stamp(hidden)?;
    let heads_tried = (1..=2).filter_map(|head| Some((head, stick.stamp(hidden + head * track)?)));
    let (head, stamp) = heads_tried
        .into_iter()
        .find(|(head, stamp)| stamp.checked_sub(found).is_some_and(|apart| apart > 0 && apart % head == 0))?;
    let measured_track = (stamp - found) / head;
    let end = stick.bytes.len() as u64 / 512;
    let tried = (0..=CYLINDERS_TRIED.ilog2()).map(|double| 1 << double);
    let cylinders = tried.map(|cylinder| (cylinder, hidden + cylinder * track * heads));
    let cylinders = cylinders.filter(|(_, lba)| *lba < end);
    let mut heads = cylinders.filter_map(|(cylinder, lba)| {
        let apart = stick.stamp(lba)?.checked_sub(found)?;
        (apart > 0 && apart % (cylinder * measured_track) == 0).then(|| apart / (cylinder * measured_track))
    });
    Some((measured_track, heads.next()?))
}

#[test]
fn every_cylinder_of_up_to_2048_sectors_is_measured_behind_every_track_that_a_bios_hides() {
    let len = 16 * MIB;
    for kind in [UNIVERSAL, LayoutKind::Hdd, LayoutKind::Zip, LayoutKind::Fdd] {
        for bits in [FatBits::Fat16, FatBits::Fat12] {
            let stick = Sectors::new(kind, FsChoice::Is(bits), len);
            for hidden in [0, 18, 32, 63, PARTITION] {
                for track in 1..=63 {
                    for heads in 1..=255 {
                        let found = measured(&stick, hidden, track, heads);
                        // Of a longer one the first cylinder is enough for all that comes before the loader.
                        let is_long = track * heads > MEASURED_CYLINDER.into();
                        let sound = found == Some((track, heads)) || found.is_none() && is_long;
                        assert!(sound, "{kind:?} {bits}, {hidden} hidden, {track}/{heads}: {found:?}");
                    }
                }
            }
        }
    }
}

/// Whether sector 0, started from sector `hidden`, finds stage 1 on a BIOS that has CHS only, with `track` sectors.
fn finds_stage_1_by_chs(stick: &Sectors, hidden: u64, track: u64) -> bool {
    let mut number = u64::from(stick.at(hidden)[SECTOR0_STAGE1 as usize]);
    while number < 256 {
        for _ in 0..STAGE1_END {
            // The number is that of 63 sectors per track; a sector that the track does not have fails.
            if number % 63 >= track {
                break;
            }
            if is_stage_1(stick, hidden + number / 63 * track + number % 63) {
                return true;
            }
            number += 1;
        }
        number = (number / 63 + 1) * 63;
    }
    false
}

#[test]
fn stage_1_is_found_in_tracks_of_every_length_behind_every_track_that_a_bios_hides() {
    for_each_stick(|stick, name| {
        let others = stick.others();
        for hidden in [0, 17, 18, 32, 36, 63] {
            if !others.iter().any(|other| other.contains(&hidden)) {
                for track in 17..=63 {
                    assert!(
                        finds_stage_1_by_chs(stick, hidden, track),
                        "{name}: {hidden} hidden, track {track}"
                    );
                }
            }
        }
    });
}

#[test]
fn a_guid_partition_table_in_the_first_tracks_does_not_hide_the_geometry() {
    let stick = Sectors::new(LayoutKind::Gpt, FsChoice::Auto, 64 * MIB);
    for track in 17..=63 {
        for heads in (1..=255).filter(|heads| track * heads <= u64::from(MEASURED_CYLINDER)) {
            assert_eq!(measured(&stick, 0, track, heads), Some((track, heads)), "{track}/{heads}");
        }
    }
}

#[test]
fn the_usual_geometries_are_measured_on_a_fat32_and_on_the_smallest_sticks_that_hold_their_cylinders() {
    let usual = [(63, 255), (63, 16), (32, 64), (18, 2), (36, 2), (63, 240), (17, 4)];
    for kind in [UNIVERSAL, LayoutKind::Zip, LayoutKind::Fdd, LayoutKind::Superfloppy] {
        let stick = Sectors::new(kind, FsChoice::Is(FatBits::Fat32), 64 * MIB);
        let others = stick.others();
        for hidden in [0, 18, 32, 63, PARTITION] {
            for (track, heads) in usual {
                // The boot sector of a FAT32 has its own sectors behind it, on a ZIP disk at 33..48.
                if others.iter().any(|other| other.contains(&(hidden + track))) {
                    assert_eq!(kind, LayoutKind::Zip, "{hidden} hidden");
                    continue;
                }
                let expected = (track * heads <= u64::from(MEASURED_CYLINDER)).then_some((track, heads));
                assert_eq!(measured(&stick, hidden, track, heads), expected, "{kind:?}: {hidden} hidden");
            }
        }
    }
    let small = Sectors::new(UNIVERSAL, FsChoice::Auto, 8 * MIB);
    for (track, heads) in usual.into_iter().filter(|(track, heads)| track * heads < PARTITION) {
        assert_eq!(measured(&small, 0, track, heads), Some((track, heads)));
    }
}
