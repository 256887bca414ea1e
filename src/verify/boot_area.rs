//! Judges the boot area: manifest, boot header and boot code.

use ramkey_format::boot::SECTOR0_BOOT_CHECKSUM;
use ramkey_format::manifest::{RangeEntry, is_changing, layout, range};
use ramkey_format::memory::{BOOT_LBA, STAGE2_SECTORS};

use crate::stick::{self, LayoutKind, Manifest, ManifestSlot, SlotState, StickState};
use crate::units::{Bytes, SECTOR_LEN};
use crate::verify::fault::{Change, Fault, FaultKind, Findings, Place};
use crate::verify::verdict::Strictness;
use crate::verify::words;

/// What the boot area says of the stick, as far as it can be believed.
pub(super) struct BootArea<'s> {
    /// The ranges of a sound manifest, or none.
    pub ranges: &'s [RangeEntry],
    /// Whether the medium is a disc as well.
    pub is_disc: bool,
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
    /// Clusters that the summary of free clusters leaves out as bad.
    pub bad: u64,
    /// Sectors that the stick has.
    found_sectors: u64,
    strictness: Strictness,
}

/// What is said of a table or a tree that a change of an image left half done; and of the text about them.
const GROWING: &str = "a file was growing when a change of its image was cut off";
const EXCHANGED: &str = "README.TXT was being exchanged when that was cut off";

impl<'s> BootArea<'s> {
    /// Judges the boot area of `state`, on a stick that has `found_sectors` sectors.
    pub fn judge(
        state: &'s StickState,
        found_sectors: u64,
        strictness: Strictness,
        findings: &mut Findings,
    ) -> Self {
        let mut area = Self {
            ranges: &[],
            is_disc: state.area.as_ref().is_some_and(stick::BootArea::is_disc),
            stick_id: None,
            layout: 0,
            fat_bits: 0,
            volume_lba: state.volume_lba,
            volume_sectors: 0,
            stick_sectors: 0,
            label: [b' '; 11],
            bad: state.counted_bad(),
            found_sectors,
            strictness,
        };
        match &state.area {
            None => {
                let message = match state.sector_0 {
                    Ok(sector) if sector == [0; 512] => {
                        "there is no boot area, and sector 0 is clear: the stick was not finished"
                    }
                    _ => "there is no boot area: neither boot header nor manifest",
                };
                let place = Place::sectors(u64::from(BOOT_LBA), 1);
                findings.fault(Fault::new(FaultKind::NoStick, place, message));
            }
            Some(found) => {
                match found.counting() {
                    Some(number) => {
                        for slot in &found.slots {
                            area.judge_slot(slot, &found.slots[number], findings);
                        }
                    }
                    None => no_manifest(&found.slots, findings),
                }
                if let Some(manifest) = found.manifest() {
                    area.believe(manifest, findings);
                }
                area.judge_boot_code(state, found, findings);
            }
        }
        area
    }

    /// Judges a slot of a stick on which the manifest in `counting` counts.
    ///
    /// Nobody can tell a manifest whose writing was cut off from one that was damaged, as long as the other one counts; and a
    /// boot needs neither.
    fn judge_slot(&self, slot: &ManifestSlot, counting: &ManifestSlot, findings: &mut Findings) {
        let generation = counting.manifest().map_or(0, Manifest::generation);
        let (lba, is_fault, message) = match &slot.state {
            SlotState::Unreadable(error) => return findings.unreadable(error.clone(), None),
            SlotState::Sound(Manifest { rest_lba: None, .. }) => return,
            // A fresh stick has one manifest.
            SlotState::Clear if generation == 1 => return,
            SlotState::Sound(Manifest { rest_lba: Some(lba), .. }) => {
                (Some(*lba), generation == 1, "the zeros behind the manifest hold something".to_owned())
            }
            state => {
                (None, false, format!("the slot of the manifest that does not count: {}", words::slot(state)))
            }
        };
        let place = lba.map_or(Place::sectors(slot.lba, slot.sectors), |lba| Place::sectors(lba, 1));
        if is_fault || self.strictness == Strictness::EveryByte {
            findings.fault(Fault::new(FaultKind::Manifest, place, message));
        } else {
            findings.change(Change::Manifest { lba: slot.lba, sectors: slot.sectors });
        }
    }

    /// Takes what the manifest says.
    fn believe(&mut self, manifest: &'s Manifest, findings: &mut Findings) {
        let header = &manifest.header;
        self.ranges = &manifest.ranges;
        self.stick_id = Some(header.stick_id);
        self.layout = header.layout;
        self.fat_bits = header.fat_bits;
        self.volume_sectors = header.volume_sectors.get();
        self.stick_sectors = header.stick_sectors.get();
        self.label = header.label;
        self.compare_len(findings);
    }

    /// Compares the length of the stick with the one that it was written with.
    fn compare_len(&self, findings: &mut Findings) {
        let (written, found) = (self.stick_sectors, self.found_sectors);
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
                _ if self.is_disc => {
                    "it boots; a disc image ends where it ends, and what is behind is not used"
                }
                _ => "it boots; what is behind is not used",
            };
            let change = Change::Longer { written, found, what: what.into() };
            // A copy of a disc image is as it was written, and so is a disc that was burned with more blocks behind it.
            if self.strictness == Strictness::EveryByte && !self.is_disc {
                let place = Place::sectors(written, found - written);
                findings.fault(Fault::new(FaultKind::TooLong, place, change.to_string()));
            } else {
                findings.change(change);
            }
        }
    }

    /// Whether a change is announced.
    pub fn is_changing(&self) -> bool {
        is_changing(self.ranges)
    }

    /// What is said of tables and of a tree that a change left half done, if one is announced.
    pub fn cut(&self) -> Option<&'static str> {
        let of_image = self.ranges.iter().any(|range| range.kind == range::CAPSULE_NEXT);
        self.is_changing().then_some(if of_image { GROWING } else { EXCHANGED })
    }

    /// What a stick has lost that ends too early.
    fn too_short(&self, written: u64, found: u64) -> String {
        let all = self.ranges.iter().filter(|range| range.is_first_piece()).count();
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
    fn judge_boot_code(&mut self, state: &StickState, area: &stick::BootArea, findings: &mut Findings) {
        let lba = u64::from(BOOT_LBA);
        let place = |sectors| Place::sectors(lba, sectors);
        let (sector, sector_0) = match (&area.header_sector, &state.sector_0) {
            (Ok(sector), Ok(sector_0)) => (*sector, *sector_0),
            (Err(error), _) | (_, Err(error)) => return findings.unreadable(error.clone(), None),
        };
        let (header, sums) = match (&area.header, &area.sums) {
            (Some(Ok(header)), Some(sums)) => (header, sums),
            (Some(Err(_)), _) if sector == [0; 512] && sector_0 == [0; 512] => {
                let message = "the boot header is clear: the stick was not finished";
                return findings.fault(Fault::new(FaultKind::BootCode, place(1), message));
            }
            (Some(Err(error)), _) => {
                let message = words::boot_header_error(*error);
                return findings.fault(Fault::new(FaultKind::BootCode, place(1), message));
            }
            // A header that was read has both.
            _ => return,
        };
        if self.volume_lba.is_some_and(|lba| lba != u64::from(header.volume_lba.get())) {
            let message = "the boot header and the manifest belong to two sticks";
            findings.fault(Fault::new(FaultKind::BootCode, place(1), message));
        }
        if self.ranges.is_empty() {
            self.layout = if header.volume_lba.get() == 0 { layout::SUPERFLOPPY } else { 0 };
        }
        let sums = match sums {
            Ok(sums) => sums,
            Err(error) => return findings.unreadable(error.clone(), None),
        };
        let stage2 = u64::from(STAGE2_SECTORS);
        let at = SECTOR0_BOOT_CHECKSUM as usize;
        let wanted = u32::from_le_bytes([sector_0[at], sector_0[at + 1], sector_0[at + 2], sector_0[at + 3]]);
        if sector_0 != [0; 512] && sums.stage2 != wanted {
            let message = "the second stage does not have the checksum that sector 0 names";
            findings.fault(Fault::new(FaultKind::BootCode, place(stage2), message));
        }
        if sums.loader != header.loader_checksum.get() {
            let place = Place::sectors(lba + stage2, sums.loader_sectors);
            let message = "the loader does not have the checksum that the boot header names";
            findings.fault(Fault::new(FaultKind::BootCode, place, message));
        }
        if self.ranges.is_empty() && sector_0 == [0; 512] {
            let message = "sector 0 is clear: the stick was not finished";
            findings.fault(Fault::new(FaultKind::Sector0, Place::sectors(0, 1), message));
        }
    }
}

/// Tells why none of the slots holds a manifest. Where none was begun, nothing is said of the second.
fn no_manifest(slots: &[ManifestSlot], findings: &mut Findings) {
    let is_clear = |slot: &&ManifestSlot| slot.state == SlotState::Clear;
    let all_clear = slots.iter().all(|slot| is_clear(&slot));
    for slot in slots.iter().filter(|slot| !is_clear(slot)).chain(slots.first().filter(|_| all_clear)) {
        let place = Place::sectors(slot.lba, slot.sectors);
        let fault = Fault::new(FaultKind::Manifest, place, words::slot(&slot.state));
        findings.fault(match &slot.state {
            SlotState::Unreadable(error) => {
                findings.unreadable(error.clone(), None);
                continue;
            }
            SlotState::WrongHash { expected, found } => fault.hashes(*expected, *found),
            _ => fault,
        });
    }
}
