//! A stick is proven without its images: damage is found and placed, and a user's own changes are no fault.

use std::io;
use std::path::Path;

use crate::frames::mock::CLEARED_FIRST;
use crate::frames::sticks::{Image, MIB, Stick, every_layout, noise};
use crate::frames::verdicts::{IMAGE_LEN, flipped, judge, kinds, stick, told};
use ramkey::image::Source;
use ramkey::layout::{Content, Extent, Role};
use ramkey::plan::{FatBits, FsChoice, LayoutKind, Slot};
use ramkey::stick::{has_trace, is_stick};
use ramkey::verify::{FaultKind, StickVerdict, Strictness, facts};
use ramkey_format::manifest::{ManifestHeader, range};
use ramkey_format::memory::{BOOT_AREA_END_LBA, MANIFEST_2_LBA, MANIFEST_LBA, MANIFEST_SECTORS_MAX};
use zerocopy::IntoBytes;

const UNIVERSAL: LayoutKind = LayoutKind::Universal { slot: Slot::First };

fn small() -> Stick {
    stick(LayoutKind::Hdd, FsChoice::Auto, 8 * MIB)
}

/// Numbers that are the same each time.
struct Dice(u64);

impl Dice {
    fn roll(&mut self, below: u64) -> u64 {
        self.0 = self.0.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        (self.0 >> 33) % below
    }
}

#[test]
fn a_fresh_stick_of_every_layout_is_sound() {
    // All of a stick is in memory here.
    for (layout, fs, len) in every_layout().into_iter().filter(|(_, _, len)| *len < 200 * MIB) {
        let stick = Image(stick(layout, fs, len).bytes());
        for strictness in [Strictness::Boot, Strictness::EveryByte] {
            let verdict = judge(&stick, strictness);
            assert!(verdict.sound, "{layout:?} {fs:?} {len}: {}", told(&verdict));
            assert!(verdict.changes.is_empty(), "{layout:?} {fs:?} {len}: {}", told(&verdict));
            let hashes: Vec<&str> = verdict.capsules.iter().map(|capsule| &*capsule.blake3).collect();
            let expected = [IMAGE_LEN, 1000].map(|len| blake3::hash(&noise(len)).to_hex().to_string());
            assert_eq!(hashes, expected);
            assert!(verdict.capsules.iter().all(|capsule| capsule.proven && capsule.as_written));
        }
    }
}

/// The extents of one role, and how many of their bytes matter.
fn extents(stick: &Stick, wanted: impl Fn(&Role) -> bool) -> Vec<Extent> {
    stick.layout.extents.iter().filter(|extent| wanted(&extent.role)).cloned().collect()
}

#[test]
fn strict_finds_every_flipped_bit_of_everything_that_was_written() {
    let mut dice = Dice(1);
    let cases = [
        (LayoutKind::Hdd, FsChoice::Auto, 8 * MIB),
        (LayoutKind::Gpt, FsChoice::Is(FatBits::Fat16), 12 * MIB),
        (LayoutKind::Superfloppy, FsChoice::Is(FatBits::Fat32), 48 * MIB),
        (UNIVERSAL, FsChoice::Is(FatBits::Fat32), 48 * MIB),
    ];
    for (layout, fs, len) in cases {
        let stick = stick(layout, fs, len);
        let mut bytes = Image(stick.bytes());
        for extent in &stick.layout.extents {
            for _ in 0..6 {
                let byte = extent.lba * 512 + dice.roll(extent.sectors * 512);
                let bit = dice.roll(8);
                flipped(&mut bytes, byte, bit, |bytes| {
                    let verdict = judge(bytes, Strictness::EveryByte);
                    assert!(!verdict.sound, "{layout:?}: bit {bit} of byte {byte:#x}, {:?}", extent.role);
                    let hit = verdict.faults.iter().any(|fault| {
                        let place = &fault.place;
                        (place.offset..place.end).contains(&byte) || place.sectors == 0
                    });
                    let folder = extent.role == Role::Directory || extent.role == Role::Manifest;
                    assert!(hit || folder, "{:?} at {byte:#x}: {}", extent.role, told(&verdict));
                });
            }
        }
    }
}

#[test]
fn a_flipped_bit_that_matters_to_a_boot_is_found_without_strict() {
    let mut dice = Dice(2);
    let stick = small();
    let mut bytes = Image(stick.bytes());
    type Check = (&'static str, fn(&Role) -> bool, &'static [FaultKind]);
    let checks: [Check; 8] = [
        ("sector 0", |role| *role == Role::Sector0, &[FaultKind::Sector0]),
        ("boot code", |role| *role == Role::BootCode, &[FaultKind::BootCode]),
        ("copy of the boot code", |role| *role == Role::BootCopy, &[FaultKind::BootCopy]),
        ("stamps", |role| *role == Role::Stamps, &[FaultKind::Stamps]),
        ("cleared", |role| *role == Role::Cleared, &[FaultKind::Cleared]),
        ("FAT", |role| *role == Role::FatTable, &[FaultKind::FatTable]),
        ("boot sector", |role| *role == Role::FatReserved, &[FaultKind::FatReserved]),
        ("capsule", |role| matches!(role, Role::Capsule { .. }), &[FaultKind::Capsule]),
    ];
    for (name, wanted, expected) in checks {
        for extent in extents(&stick, wanted) {
            for _ in 0..12 {
                let offset = dice.roll(extent.sectors * 512);
                if is_padding(&stick, &extent, offset) || (name == "boot sector" && is_free_to_change(offset))
                {
                    continue;
                }
                let (byte, bit) = (extent.lba * 512 + offset, dice.roll(8));
                flipped(&mut bytes, byte, bit, |bytes| {
                    let verdict = judge(bytes, Strictness::Boot);
                    let found = kinds(&verdict);
                    assert!(
                        expected.iter().all(|kind| found.contains(kind)),
                        "{name}: bit {bit} of byte {byte:#x} gave {found:?}"
                    );
                });
            }
        }
    }
}

/// Bytes behind the chunk table or behind the image, which nobody reads.
fn is_padding(stick: &Stick, extent: &Extent, offset: u64) -> bool {
    let Role::Capsule { image } = extent.role else { return false };
    let len = stick.images[image].0.len() as u64;
    match &extent.content {
        Content::Bytes(_) => offset >= 512 + len.div_ceil(1 << 18) * 48,
        Content::Image { offset: start, .. } => start + offset >= len,
        Content::Zeros | Content::Stamps { .. } => false,
    }
}

/// Name, state and label in the boot sector of a FAT12 or FAT16: systems change them.
fn is_free_to_change(offset: u64) -> bool {
    matches!(offset, 3..11 | 0x25 | 0x2B..0x36)
}

#[test]
fn a_flipped_bit_in_a_manifest_is_found_and_the_images_are_still_proven() {
    let stick = small();
    let mut bytes = Image(stick.bytes());
    let manifest = &extents(&stick, |role| *role == Role::Manifest)[0];
    for offset in (0..400).step_by(13) {
        flipped(&mut bytes, manifest.lba * 512 + offset, offset % 8, |bytes| {
            let verdict = judge(bytes, Strictness::Boot);
            assert_eq!(kinds(&verdict), [FaultKind::Manifest], "byte {offset}: {}", told(&verdict));
            assert_eq!(verdict.capsules.len(), 2, "byte {offset}");
        });
    }
}

/// A manifest whose range behind the slots is another one, with the hash of the zeros that are there.
fn forged(stick: &[u8], lba: u64, sectors: u64, kind: u8) -> Vec<u8> {
    let mut stick = stick.to_vec();
    let slots_end = u64::from(MANIFEST_2_LBA + MANIFEST_SECTORS_MAX);
    let zeros = blake3::hash(&vec![0; sectors as usize * 512]);
    let manifest = &mut stick[MANIFEST_LBA as usize * 512..][..MANIFEST_SECTORS_MAX as usize * 512];
    let (header, ranges) = ManifestHeader::parse(manifest).unwrap();
    let (count, mut ranges) = (header.range_count.get(), ranges.to_vec());
    let range = ranges.iter_mut().find(|range| range.lba.get() == slots_end).unwrap();
    (range.lba, range.sectors, range.kind) = (lba.into(), sectors.into(), kind);
    range.blake3 = *zeros.as_bytes();
    manifest[128..128 + count as usize * 64].copy_from_slice(ranges.as_bytes());
    let named = [&manifest[..96], ranges.as_bytes()].concat();
    manifest[96..128].copy_from_slice(blake3::hash(&named).as_bytes());
    assert!(ManifestHeader::parse(manifest).is_ok());
    stick
}

#[test]
fn a_manifest_that_names_its_own_slots_is_none() {
    let stick = small().bytes();
    let (second, end) = (u64::from(MANIFEST_2_LBA), u64::from(MANIFEST_2_LBA + MANIFEST_SECTORS_MAX));
    let free = u64::from(BOOT_AREA_END_LBA) - end;
    let verdict = |lba, sectors, kind| judge(&Image(forged(&stick, lba, sectors, kind)), Strictness::Boot);
    assert!(verdict(end, free, range::CLEARED).sound);
    for (lba, sectors, kind) in [
        (second, end + free - second, range::BOOT_CODE),
        (second, end + free - second, range::CLEARED),
        (end - 1, free + 1, range::STAMPS),
        (second - 1, 1, range::CLEARED),
        (second, 1, range::BOOT_CODE),
        // Boot code lies before the manifests, wherever else it could.
        (end, free, range::BOOT_CODE),
    ] {
        let verdict = verdict(lba, sectors, kind);
        assert_eq!(kinds(&verdict), [FaultKind::Manifest], "{lba} {kind}: {}", told(&verdict));
        assert_eq!(verdict.capsules.len(), 2, "{lba} {kind}");
    }
}

#[test]
fn a_manifest_of_nothing_or_of_no_fat_is_none() {
    let stick = small().bytes();
    let kinds_of = |at: usize, value: u8| {
        let mut stick = stick.clone();
        let manifest = &mut stick[MANIFEST_LBA as usize * 512..][..MANIFEST_SECTORS_MAX as usize * 512];
        manifest[at] = value;
        let count = u32::from_le_bytes(manifest[COUNT..COUNT + 4].try_into().unwrap()) as usize;
        let named = [&manifest[..96], &manifest[128..128 + count * 64]].concat();
        manifest[96..128].copy_from_slice(blake3::hash(&named).as_bytes());
        kinds(&judge(&Image(stick), Strictness::Boot))
    };
    const COUNT: usize = std::mem::offset_of!(ManifestHeader, range_count);
    const BITS: usize = std::mem::offset_of!(ManifestHeader, fat_bits);
    let bits = stick[MANIFEST_LBA as usize * 512 + BITS];
    assert_eq!(kinds_of(BITS, bits), []);
    assert_eq!(kinds_of(BITS, 0), [FaultKind::Manifest]);
    assert_eq!(kinds_of(COUNT, 0), [FaultKind::Manifest]);
}

#[test]
fn a_flipped_bit_in_a_directory_is_found_or_changes_no_image() {
    let stick = small();
    let mut bytes = Image(stick.bytes());
    let whole = judge(&bytes, Strictness::Boot);
    let mut found = 0;
    for extent in extents(&stick, |role| *role == Role::Directory) {
        for offset in 0..(4 * 32).min(extent.sectors * 512) {
            for bit in 0..8 {
                flipped(&mut bytes, extent.lba * 512 + offset, bit, |bytes| {
                    let verdict = judge(bytes, Strictness::Boot);
                    found += usize::from(!verdict.sound);
                    if verdict.sound {
                        let hashes = |verdict: &StickVerdict| -> Vec<String> {
                            let mut all: Vec<String> =
                                verdict.capsules.iter().map(|capsule| capsule.blake3.clone()).collect();
                            all.sort();
                            all
                        };
                        assert_eq!(hashes(&verdict), hashes(&whole), "bit {bit} of byte {offset}");
                    }
                });
            }
        }
    }
    assert!(found > 300, "only {found} flips were found");
}

#[test]
fn damage_in_an_image_is_placed_in_the_stick_and_in_the_image_with_both_hashes() {
    let stick = small();
    let mut bytes = Image(stick.bytes());
    let wanted = |extent: &&Extent| matches!(extent.content, Content::Image { image: 0, offset: 0 });
    let data = stick.layout.extents.iter().find(wanted).unwrap();
    flipped(&mut bytes, data.lba * 512 + 1000, 0, |bytes| {
        let verdict = judge(bytes, Strictness::Boot);
        let [fault] = &verdict.faults[..] else { panic!("{}", told(&verdict)) };
        assert_eq!((fault.place.lba, fault.place.sectors), (data.lba, 512));
        assert_eq!((fault.place.image_offset, fault.place.image_end), (Some(0), Some(1 << 18)));
        assert_eq!(fault.place.file.as_deref(), Some("RAMKEY/DOS.RKC"));
        assert!(fault.expected.is_some() && fault.found.is_some() && fault.expected != fault.found);
        assert!(
            fault
                .to_string()
                .starts_with("RAMKEY/DOS.RKC: chunk 0 is damaged, bytes 0x0..0x40000 of the image")
        );
        let proven: Vec<bool> = verdict.capsules.iter().map(|capsule| capsule.proven).collect();
        assert_eq!(proven, [false, true]);
    });
}

#[test]
fn an_unfinished_stick_is_named_as_such() {
    let mut bytes = Image(small().bytes());
    for lba in CLEARED_FIRST {
        bytes.0[lba as usize * 512..][..512].fill(0);
    }
    assert!(is_stick(&bytes), "its manifest is there");
    let verdict = judge(&bytes, Strictness::Boot);
    for what in
        ["sector 0 is clear: the stick was not finished", "the boot header is clear: the stick was not"]
    {
        assert!(told(&verdict).contains(what), "{}", told(&verdict));
    }
}

#[test]
fn what_is_no_stick_is_said_to_be_none() {
    for bytes in [vec![], vec![0; 100], vec![0xD1; 1 << 20], noise(1 << 20)] {
        let stick = Image(bytes);
        assert!(!is_stick(&stick) && !has_trace(&stick));
        assert_eq!(kinds(&judge(&stick, Strictness::Boot)), [FaultKind::NoStick]);
    }
}

#[test]
fn a_stick_cut_short_at_any_place_is_a_fault() {
    let whole = small().bytes();
    for sectors in [35, 100, 129, 464, 500, 526, 550, 592, 2048, 2050, 2180, 2640, 4000, 8 * 2048 - 1] {
        let verdict = judge(&Image(whole[..sectors * 512].to_vec()), Strictness::Boot);
        assert!(!verdict.sound, "cut to {sectors} sectors");
    }
}

/// A stick with one sector that cannot be read.
struct Broken {
    stick: Image,
    lba: u64,
}

impl Source for Broken {
    fn len(&self) -> u64 {
        self.stick.len()
    }

    fn read_at(&self, offset: u64, buffer: &mut [u8]) -> io::Result<()> {
        let (start, end) = (offset / 512, (offset + buffer.len() as u64).div_ceil(512));
        if (start..end).contains(&self.lba) {
            return Err(io::Error::from_raw_os_error(5));
        }
        self.stick.read_at(offset, buffer)
    }
}

#[test]
fn an_unreadable_sector_of_any_range_is_named_by_its_lba() {
    let stick = small();
    let bytes = stick.bytes();
    for extent in &stick.layout.extents {
        for lba in [extent.lba, extent.lba + extent.sectors - 1] {
            let broken = Broken { stick: Image(bytes.clone()), lba };
            let verdict = judge(&broken, Strictness::EveryByte);
            let named = verdict.faults.iter().any(|fault| {
                fault.kind == FaultKind::Unreadable && (fault.place.lba, fault.place.sectors) == (lba, 1)
            });
            assert!(named, "LBA {lba} of {:?}: {}", extent.role, told(&verdict));
        }
    }
}

#[test]
fn nonsense_in_the_file_system_never_panics_and_is_never_sound() {
    let stick = small();
    let bytes = stick.bytes();
    let mut dice = Dice(3);
    let structures =
        extents(&stick, |role| matches!(role, Role::FatReserved | Role::FatTable | Role::Directory));
    for round in 0..400 {
        let mut broken = Image(bytes.clone());
        for _ in 0..1 + round % 7 {
            let extent = &structures[dice.roll(structures.len() as u64) as usize];
            let at = (extent.lba * 512 + dice.roll(extent.sectors.min(2) * 512)) as usize;
            let len = (1 + dice.roll(40) as usize).min(broken.0.len() - at);
            for byte in &mut broken.0[at..at + len] {
                *byte = dice.roll(256) as u8;
            }
        }
        if broken.0 != bytes {
            assert!(!judge(&broken, Strictness::EveryByte).sound, "round {round}");
            let _ = judge(&broken, Strictness::Boot);
            let _ = facts(&broken);
        }
    }
}

#[test]
fn facts_tell_what_is_on_a_stick_and_prove_nothing() {
    let stick = Image(small().bytes());
    let found = facts(&stick);
    assert_eq!(found.capsules.len(), 2);
    assert!(found.capsules.iter().all(|capsule| !capsule.proven));
    assert_eq!((&*found.layout, &*found.file_system, &*found.label), ("hdd", "FAT12", "RAMKEY"));
    assert!(Path::new(&found.capsules[0].file).starts_with("RAMKEY"));
}
