//! A stick is a pure function of images and options, and keeps the contract byte by byte.

use std::collections::BTreeMap;

use crate::frames::mock::CLEARED_FIRST;
use crate::frames::sticks::{Image, MIB, POISON, Stick, every_layout, facts, imagined, noise, request};
use ramkey::image::{Scan, scan};
use ramkey::layout::{Content, Layout, LayoutError, Role, layout};
use ramkey::plan::{FatBits, FsChoice, ImageRequest, LayoutKind, Plan, Request, Slot, Writes, plan};
use ramkey_format::boot::{BootHeader, SECTOR0_BOOT_CHECKSUM, SECTOR0_BOOT_LBA};
use ramkey_format::checksum::checksum;
use ramkey_format::manifest::{ManifestHeader, RangeEntry, range};
use ramkey_format::memory::{
    BOOT_AREA_END_LBA, BOOT_LBA, MANIFEST_2_LBA, MANIFEST_LBA, MANIFEST_SECTORS_MAX, STAMPED_SECTORS,
};
use zerocopy::IntoBytes;

const BOOT_AREA: usize = BOOT_LBA as usize * 512;
/// Slot A of the manifest.
const MANIFEST: usize = MANIFEST_LBA as usize * 512;
/// One past slot B.
const MANIFEST_END: usize = (MANIFEST_2_LBA + MANIFEST_SECTORS_MAX) as usize * 512;
const BOOT_AREA_END: u16 = BOOT_AREA_END_LBA as u16;
const STAMPED: u16 = STAMPED_SECTORS as u16;

/// Every layout on a stick of up to 128 MiB, with its bytes.
fn for_each_stick(test: impl Fn(&Stick, &[u8], &str)) {
    for (kind, fs, len) in every_layout().into_iter().filter(|(.., len)| *len <= 128 * MIB) {
        let images = vec![("one.img", Image(noise(700_000))), ("two.img", Image(noise(1_474_560)))];
        let stick = Stick::new(images, kind, fs, len);
        test(&stick, &stick.bytes(), &format!("{kind:?} {fs:?} {len}"));
    }
}

fn u32_at(bytes: &[u8], at: usize) -> u32 {
    u32::from_le_bytes(bytes[at..at + 4].try_into().unwrap())
}

fn u16_at(bytes: &[u8], at: usize) -> u16 {
    u16::from_le_bytes(bytes[at..at + 2].try_into().unwrap())
}

#[test]
fn the_extents_begin_with_sector_0_ascend_and_stay_on_the_stick() {
    for_each_stick(|stick, _, name| {
        assert_eq!((stick.layout.extents[0].lba, stick.layout.extents[0].role), (0, Role::Sector0), "{name}");
        let mut free_from = 0;
        for extent in &stick.layout.extents {
            assert!(
                extent.lba >= free_from && extent.sectors > 0,
                "{name}: {} at {}",
                extent.role,
                extent.lba
            );
            free_from = extent.lba + extent.sectors;
            if let Content::Bytes(bytes) = &extent.content {
                assert_eq!(bytes.len() as u64, extent.sectors * 512, "{name}: {}", extent.role);
            }
        }
        assert!(free_from <= stick.plan.division.sectors, "{name}");
    });
}

#[test]
fn sector_0_and_every_boot_header_are_held_back_and_cleared_first() {
    for_each_stick(|stick, bytes, name| {
        assert_eq!(stick.layout.cleared_first, CLEARED_FIRST, "{name}");
        let held_back = &stick.layout.held_back;
        let headers =
            (0..).zip(bytes.chunks(512)).filter(|(_, sector)| sector.starts_with(&BootHeader::MAGIC));
        let expected: Vec<u64> = [0].into_iter().chain(headers.map(|(lba, _)| lba)).collect();
        assert!(held_back.iter().rev().eq(&expected), "{name}: {held_back:?}");
        assert!(held_back.len() >= 2, "{name}");
    });
}

#[test]
fn sector_0_proves_the_boot_header_and_stage_2_of_this_stick() {
    for_each_stick(|stick, bytes, name| {
        assert_eq!(u32_at(bytes, SECTOR0_BOOT_LBA as usize), 128, "{name}");
        let stage2 = &bytes[BOOT_AREA..BOOT_AREA + 16 * 512];
        assert_eq!(u32_at(bytes, SECTOR0_BOOT_CHECKSUM as usize), checksum(stage2), "{name}");
        assert_eq!(bytes[510..512], [0x55, 0xAA], "{name}");
        let header = BootHeader::parse(stage2).unwrap();
        assert_eq!(u64::from(header.volume_lba.get()), stick.plan.division.volume.lba, "{name}");
        assert_eq!((header.start_timeout, header.menu_timeout), (3, 10), "{name}");
        assert_eq!(header.boot_lba.get(), 128, "{name}");
        let loader_len = usize::from(header.loader_sectors.get()) * 512;
        let loader = &bytes[BOOT_AREA + 16 * 512..][..loader_len];
        assert_eq!(header.loader_checksum.get(), checksum(loader), "{name}");
    });
}

#[test]
fn the_manifest_lists_every_range_but_its_own_with_its_hash() {
    for_each_stick(|stick, bytes, name| {
        let area = &bytes[MANIFEST..MANIFEST_END];
        let (header, ranges) = ManifestHeader::parse(area).unwrap();
        let mut hasher = blake3::Hasher::new();
        hasher.update(&area[..96]).update(ranges.as_bytes());
        assert_eq!(*hasher.finalize().as_bytes(), header.blake3, "{name}");
        let used = 128 + ranges.len() * 64;
        assert!(
            area[used..].iter().all(|&byte| byte == 0),
            "{name}: stale bytes behind the manifest, or in its second slot"
        );
        assert_ne!(header.stick_id, [0; 16], "{name}");
        assert_eq!(header.fat_bits, stick.plan.division.volume.bits.bits(), "{name}");
        assert_eq!(header.stick_sectors.get(), stick.plan.division.sectors, "{name}");
        assert_eq!(header.volume_lba.get(), stick.plan.division.volume.lba, "{name}");
        assert_eq!(header.volume_sectors.get(), stick.plan.division.volume.sectors, "{name}");
        for range in ranges {
            let mut proven = proven_bytes(bytes, ranges, range).to_vec();
            // The last file of the folder is the text about the images, and the manifest leaves it out.
            let is_text =
                |slot: &[u8; 32]| range.kind == range::DIRECTORY && slot.starts_with(b"README  TXT");
            for slot in proven.as_chunks_mut::<32>().0.iter_mut().filter(|slot| is_text(slot)) {
                slot.fill(0);
            }
            assert_eq!(*blake3::hash(&proven).as_bytes(), range.blake3, "{name}: {range:?}");
        }
        let listed: u64 = ranges.iter().map(|range| range.sectors.get()).sum();
        assert_eq!(listed + 2 * u64::from(MANIFEST_SECTORS_MAX), stick.layout.written_sectors(), "{name}");
    });
}

/// The bytes that the hash of `range` is of: all of it, or the header of its capsule.
fn proven_bytes<'a>(stick: &'a [u8], ranges: &[RangeEntry], range: &RangeEntry) -> &'a [u8] {
    let start = range.lba.get() as usize * 512;
    if range.kind == range::CAPSULE {
        let same = |other: &&RangeEntry| other.blake3 == range.blake3 && other.file_sector.get() == 0;
        let first = ranges.iter().find(same).unwrap().lba.get() as usize * 512;
        return &stick[first..first + 512];
    }
    &stick[start..start + range.sectors.get() as usize * 512]
}

#[test]
fn what_another_tool_may_have_left_is_cleared() {
    for_each_stick(|stick, bytes, name| {
        let boot_sectors =
            stick.layout.extents.iter().find(|extent| extent.role == Role::BootCode).unwrap().sectors;
        let mut clear = Vec::new();
        clear.push(BOOT_AREA + boot_sectors as usize * 512..MANIFEST);
        if stick.plan.division.layout != LayoutKind::Gpt {
            clear.push(bytes.len() - 33 * 512..bytes.len());
        }
        clear.push(MANIFEST_END..BOOT_AREA_END_LBA as usize * 512);
        for range in clear {
            assert!(bytes[range.clone()].iter().all(|&byte| byte == 0), "{name}: {range:?}");
        }
        // Free space of the file system is not touched.
        let last_of_volume =
            (stick.plan.division.volume.lba + stick.plan.division.volume.sectors) as usize * 512 - 1;
        assert_eq!(bytes[last_of_volume], POISON, "{name}");
    });
}

#[test]
fn the_boot_sector_of_the_file_system_agrees_with_the_table() {
    for_each_stick(|stick, bytes, name| {
        let volume = &stick.plan.division.volume;
        let boot = &bytes[volume.lba as usize * 512..][..512];
        assert_eq!(u64::from(u32_at(boot, 28)), volume.lba, "{name}: hidden sectors");
        assert_eq!(u16_at(boot, 24), stick.plan.division.geometry.sectors_per_track, "{name}");
        assert_eq!(u16_at(boot, 26), stick.plan.division.geometry.heads, "{name}");
        let (media, drive) = match stick.plan.division.layout {
            LayoutKind::Fdd => (0xF0, 0x00),
            LayoutKind::Zip => (0xF8, 0x00),
            _ => (0xF8, 0x80),
        };
        assert_eq!(boot[21], media, "{name}");
        let table = (volume.lba as usize + usize::from(u16_at(boot, 14))) * 512;
        assert_eq!(bytes[table], media, "{name}: the first byte of the table");
        let is_fat32 = volume.bits == FatBits::Fat32;
        assert_eq!(boot[if is_fat32 { 64 } else { 36 }], drive, "{name}: drive");
        let (short, long) = (u64::from(u16_at(boot, 19)), u64::from(u32_at(boot, 32)));
        let expected = if volume.sectors < 65536 { (volume.sectors, 0) } else { (0, volume.sectors) };
        assert_eq!((short, long), expected, "{name}");
        if is_fat32 {
            let backup = &bytes[(volume.lba as usize + 6) * 512..][..1024];
            assert_eq!(&backup[..512], boot, "{name}: copy of the boot sector");
            let info = &bytes[(volume.lba as usize + 1) * 512..][..512];
            assert_eq!(&backup[512..], info, "{name}: copy of the summary");
            assert_eq!(u32_at(info, 0), 0x4161_5252, "{name}");
        }
        let is_small = bytes.len() < 16 << 20;
        let reserved = match (stick.plan.division.layout, is_small) {
            (LayoutKind::Zip, true) => BOOT_AREA_END - 32,
            (LayoutKind::Zip, false) => 2048 + STAMPED - 32,
            (LayoutKind::Fdd | LayoutKind::Superfloppy, false) => 2048 + STAMPED,
            (_, true) => BOOT_AREA_END,
            (_, false) => STAMPED,
        };
        assert_eq!(u16_at(boot, 14), reserved, "{name}: reserved sectors");
        assert_eq!(boot[..3], [0xEB, 0x58, 0x90], "{name}");
        let is_universal = matches!(stick.plan.division.layout, LayoutKind::Universal { .. });
        if !is_universal && volume.lba > 0 {
            assert_eq!(bytes[3..0x5A], [0; 0x57], "{name}: a BPB in front of a partition");
        }
    });
}

#[test]
fn an_mbr_has_one_active_entry_whose_chs_and_lba_agree() {
    for (len, first, last) in [
        (8 * MIB, [0, 1, 1], [63, 32, 6]),
        (128 * MIB, [0, 1, 1], [63, 32, 126]),
        // Cylinder 1022: the stick's last is left free.
        (1024 * MIB, [0, 1, 1], [63, 0xE0, 0xFE]),
        (2048 * MIB, [32, 33, 0], [254, 63, 4]),
        (16384 * MIB, [32, 33, 0], [254, 0xFF, 0xFF]),
    ] {
        let stick = Stick::new(vec![("a.img", Image(noise(4096)))], LayoutKind::Hdd, FsChoice::Auto, len);
        let Content::Bytes(sector) = &stick.layout.extents[0].content else { panic!("sector 0 is bytes") };
        let entry = &sector[0x1BE..0x1CE];
        assert_eq!(entry[0], 0x80);
        assert_eq!(u32_at(entry, 8), 2048);
        assert_eq!(u64::from(u32_at(entry, 12)), stick.plan.division.volume.sectors);
        assert_eq!(entry[1..4], first, "{len}: first");
        let (head, sector_high, cylinder) = (last[0], last[1], last[2]);
        if len != 2048 * MIB {
            assert_eq!(entry[5..8], [head, sector_high, cylinder], "{len}: last");
        } else {
            // 2 GiB is 261 cylinders of 255/63: head 254, sector 63, cylinder 260.
            assert_eq!(entry[5..8], [254, 63 | 0x40, 4], "{len}: last");
        }
        assert_eq!(sector[0x1CE..0x1FE], [0; 48]);
    }
}

#[test]
fn a_universal_stick_and_a_zip_disk_have_one_active_entry_of_type_06_in_their_slot() {
    let sizes = [16 * MIB, 32 * MIB, 64 * MIB, 128 * MIB, 250_000 * 512, 251_904 * 512, 256_000 * 512];
    for (kind, slot) in [
        (LayoutKind::Universal { slot: Slot::First }, 0),
        (LayoutKind::Universal { slot: Slot::Fourth }, 3),
        (LayoutKind::Zip, 3),
    ] {
        for len in sizes {
            let fs = FsChoice::Is(FatBits::Fat16);
            let stick = Stick::new(vec![("a.img", Image(noise(4096)))], kind, fs, len);
            let Content::Bytes(sector) = &stick.layout.extents[0].content else {
                panic!("sector 0 is bytes")
            };
            for (number, entry) in sector[0x1BE..0x1FE].chunks(16).enumerate() {
                if number != slot {
                    assert_eq!(entry, [0; 16], "{kind:?} {len}: entry {number}");
                    continue;
                }
                let (start, sectors) = (u32_at(entry, 8), u32_at(entry, 12));
                assert_eq!((entry[0], entry[4]), (0x80, 0x06), "{kind:?} {len}");
                assert_eq!(u64::from(start), stick.plan.division.volume.lba, "{kind:?} {len}");
                assert_eq!(entry[1..4], if start == 32 { [1, 1, 0] } else { [0, 1, 1] }, "{kind:?} {len}");
                let cylinders = (start + sectors) / 2048;
                assert_eq!((start + sectors) % 2048, 0, "{kind:?} {len}");
                assert_eq!(entry[5..8], [63, 32, (cylinders - 1) as u8], "{kind:?} {len}");
            }
        }
    }
}

#[test]
fn the_same_images_and_options_give_the_same_stick_from_any_folder() {
    for (kind, fs, len) in every_layout() {
        let of = |name: &str| Stick::new(vec![(name, Image(noise(700_000)))], kind, fs, len).layout;
        assert_eq!(of("here/dos.img"), of("/else/where/dos.img"), "{kind:?} {fs:?}");
    }
}

#[test]
fn nothing_that_is_stamped_or_summed_depends_on_the_images() {
    for (kind, fs, len) in every_layout() {
        let of = |seed| Stick::new(vec![("dos.img", Image(noise(seed)))], kind, fs, len);
        let (one, other) = (of(5000), of(5001));
        let boot = |stick: &Stick| -> Vec<_> {
            let roles = [Role::BootCode, Role::BootCopy, Role::Stamps];
            stick.layout.extents.iter().filter(|extent| roles.contains(&extent.role)).cloned().collect()
        };
        assert!(!boot(&one).is_empty());
        assert_eq!(boot(&one), boot(&other), "{kind:?} {fs:?} {len}");
        let code = |stick: &Stick| match &stick.layout.extents[0].content {
            Content::Bytes(sector) => sector[0x5A..0x1B8].to_vec(),
            _ => panic!("sector 0 is bytes"),
        };
        assert_eq!(code(&one), code(&other), "{kind:?} {fs:?} {len}");
        assert_ne!(one.layout, other.layout);
    }
}

/// Stick id, disk signature and volume serial.
fn numbers(stick: &Stick) -> ([u8; 16], u32, u32) {
    let bytes = stick.bytes();
    let id = ManifestHeader::parse(&bytes[MANIFEST..MANIFEST_END]).unwrap().0.stick_id;
    let boot = stick.plan.division.volume.lba as usize * 512;
    (id, u32_at(&bytes, 0x1B8), u32_at(&bytes, boot + 39))
}

#[test]
fn another_image_or_option_gives_other_numbers() {
    let of = |seed: usize, kind, len| {
        numbers(&Stick::new(vec![("dos.img", Image(noise(seed)))], kind, FsChoice::Auto, len))
    };
    let all = [
        of(4096, LayoutKind::Hdd, 8 * MIB),
        of(4097, LayoutKind::Hdd, 8 * MIB),
        of(4096, LayoutKind::Gpt, 8 * MIB),
        of(4096, LayoutKind::Hdd, 9 * MIB),
    ];
    for (i, a) in all.iter().enumerate() {
        assert_ne!(a.1, 0);
        for b in &all[..i] {
            assert!(a.0 != b.0 && a.1 != b.1 && a.2 != b.2);
        }
    }
}

/// The stick of one image, with this id.
fn of_id(id: Option<[u8; 16]>, seed: usize, kind: LayoutKind, fs: FsChoice, len: u64) -> Layout {
    let image = Image(noise(seed));
    let base = request(facts("dos.img", &image), len);
    let plan = plan(&Request { layout: kind.into(), fs, id, ..base }).unwrap();
    layout(&plan, &[scan(&image, &mut |_| ()).unwrap()]).unwrap()
}

#[test]
fn the_id_that_would_be_derived_gives_the_same_stick_when_it_is_named() {
    for (kind, fs, len) in every_layout() {
        let derived = of_id(None, 5000, kind, fs, len);
        let manifest = derived.extents.iter().find(|extent| extent.role == Role::Manifest).unwrap();
        let Content::Bytes(bytes) = &manifest.content else { panic!("a manifest is bytes") };
        let id = ManifestHeader::parse(bytes).unwrap().0.stick_id;
        assert_eq!(of_id(Some(id), 5000, kind, fs, len), derived, "{kind:?} {fs:?} {len}");
    }
}

#[test]
fn every_number_by_which_systems_know_a_stick_follows_from_its_id_alone() {
    let sticks = [
        of_id(Some([7; 16]), 5000, LayoutKind::Gpt, FsChoice::Auto, 8 * MIB),
        of_id(Some([7; 16]), 5001, LayoutKind::Gpt, FsChoice::Auto, 8 * MIB),
        of_id(Some([8; 16]), 5000, LayoutKind::Gpt, FsChoice::Auto, 8 * MIB),
    ];
    let of_role = |layout: &Layout, role: Role| -> Vec<_> {
        layout.extents.iter().filter(|extent| extent.role == role).cloned().collect()
    };
    for role in [Role::Sector0, Role::Table, Role::FatReserved] {
        let [one, same, other] = [0, 1, 2].map(|index| of_role(&sticks[index], role));
        assert!(!one.is_empty() && one == same && one != other, "{role}");
    }
}

/// A plan for one image of `len` bytes that is never read.
fn plan_of(len: u64, kind: LayoutKind, fs: FsChoice, stick_len: u64) -> Plan {
    let mut facts = facts("dos.img", &Image(noise(4096)));
    facts.len = len;
    facts.disk_sectors = len.div_ceil(512).max(2880) as u32;
    plan(&Request { layout: kind.into(), fs, ..request(facts, stick_len) }).unwrap()
}

fn laid_out(len: u64, kind: LayoutKind, fs: FsChoice, stick_len: u64) -> Result<Layout, LayoutError> {
    layout(&plan_of(len, kind, fs, stick_len), &[imagined(len)])
}

#[test]
fn the_last_sector_that_fits_and_the_first_that_does_not() {
    // With a partition, with reserved sectors, and with both.
    let kinds = [LayoutKind::Hdd, LayoutKind::Superfloppy, LayoutKind::Universal { slot: Slot::First }];
    let cases = every_layout().into_iter().filter(|(kind, _, len)| *len <= 128 * MIB && kinds.contains(kind));
    for (kind, fs, stick_len) in cases {
        let fits = |sectors: u64| laid_out(sectors * 512, kind, fs, stick_len);
        let Err(LayoutError::TooLarge { available, .. }) = fits(stick_len / 512) else {
            panic!("it cannot fit")
        };
        // Folder, table and header take less than 256 sectors and four clusters.
        let (mut low, mut high) = (available / 512 - 512, available / 512);
        while low + 1 < high {
            // Nearer to what does not fit, because that is known much sooner.
            let middle = high - (high - low).div_ceil(8);
            if fits(middle).is_ok() { low = middle } else { high = middle }
        }
        let name = format!("{kind:?} {fs:?} {stick_len}");
        let Err(LayoutError::TooLarge { needed, available }) = fits(high) else { panic!("{name}") };
        let cluster_len = u64::from(plan_of(512, kind, fs, stick_len).division.volume.cluster_sectors) * 512;
        assert_eq!(needed, available + cluster_len, "{name}");
        let last = fits(low).unwrap();
        let end = |extent: &ramkey::layout::Extent| extent.lba + extent.sectors;
        let last_capsule =
            last.extents.iter().rfind(|extent| matches!(extent.role, Role::Capsule { .. })).unwrap();
        let plan = plan_of(512, kind, fs, stick_len);
        let unused = plan.division.volume.lba + plan.division.volume.sectors - end(last_capsule);
        assert!(
            unused < 2 * u64::from(plan.division.volume.cluster_sectors),
            "{name}: {unused} sectors are left"
        );
    }
}

#[test]
fn what_does_not_fit_says_how_much_larger_the_stick_must_be() {
    let error = laid_out(8 * MIB, LayoutKind::Hdd, FsChoice::Auto, 8 * MIB).unwrap_err();
    assert_eq!(
        error.to_string(),
        "the images need 8.0 MiB (8392704 bytes) and the stick's file system has 5.6 MiB (5961728 bytes)"
    );
    assert_eq!(error.help(), "use a stick with 3 MiB more (--size for a file), or leave an image out");
}

#[test]
fn zero_chunks_take_no_room() {
    let image = Image(vec![0; 64 << 20]);
    let stick = Stick::new(vec![("zeros.img", image)], LayoutKind::Hdd, FsChoice::Auto, 8 * MIB);
    let capsule: u64 = stick
        .layout
        .extents
        .iter()
        .filter(|extent| matches!(extent.role, Role::Capsule { .. }))
        .map(|extent| extent.sectors)
        .sum();
    // 512 bytes of header and 256 entries of 48.
    assert_eq!(capsule, 25);
}

#[test]
fn a_full_menu_of_images_is_laid_out_one_after_another_each_in_one_piece() {
    let names: Vec<String> = (0..16).map(|n| format!("image{n}.img")).collect();
    let images =
        names.iter().enumerate().map(|(n, name)| (&name[..], Image(noise(5000 + 512 * n)))).collect();
    let stick = Stick::new(images, LayoutKind::Hdd, FsChoice::Is(FatBits::Fat32), 48 * MIB);
    let mut places = BTreeMap::<usize, Vec<(u64, u64)>>::new();
    for extent in &stick.layout.extents {
        if let Role::Capsule { image } = extent.role {
            places.entry(image).or_default().push((extent.lba, extent.lba + extent.sectors));
        }
    }
    assert_eq!(places.len(), 16);
    // As near to the start of the stick as can be: directories, then images.
    let end_of_directories =
        stick.layout.extents.iter().rfind(|extent| extent.role == Role::Directory).unwrap();
    assert_eq!(places[&0][0].0, end_of_directories.lba + end_of_directories.sectors);
    let mut free_from = 0;
    for (image, pieces) in places {
        assert!(pieces[0].0 >= free_from, "image {image}");
        assert!(pieces.windows(2).all(|pair| pair[0].1 == pair[1].0), "image {image} is in pieces");
        free_from = pieces.last().unwrap().1;
    }
}

#[test]
fn an_image_of_4_gib_less_1_mib_fits_a_file_of_fat32() {
    let len = (4 << 30) - MIB;
    let layout = laid_out(len, LayoutKind::Hdd, FsChoice::Auto, 40 << 30).unwrap();
    let stored: u64 = layout
        .extents
        .iter()
        .filter(|extent| matches!(extent.content, Content::Image { .. }))
        .map(|extent| extent.sectors * 512)
        .sum();
    assert_eq!(stored, len);
}

#[test]
fn read_only_and_title_reach_the_capsule() {
    let image = Image(noise(9000));
    let scans: [Scan; 1] = [scan(&image, &mut |_| ()).unwrap()];
    let base = request(facts("dos.img", &image), 8 * MIB);
    let images = vec![ImageRequest {
        facts: facts("dos.img", &image),
        title: Some("MS-DOS 6.22".into()),
        writes: Writes::Refused,
    }];
    let plan = plan(&Request { images, ..base }).unwrap();
    let layout = layout(&plan, &scans).unwrap();
    let capsule = layout.extents.iter().find(|extent| extent.role == Role::Capsule { image: 0 }).unwrap();
    let Content::Bytes(head) = &capsule.content else { panic!("a capsule begins with bytes") };
    let header = ramkey_format::capsule::CapsuleHeader::parse(head).unwrap();
    assert_eq!(header.title(), Some(&b"MS-DOS 6.22"[..]));
    use ramkey_format::capsule::flags;
    assert_eq!(header.flags.get(), flags::READ_ONLY | flags::KIND_IS_GUESS, "nothing says what noise is");
    assert_eq!((header.drive, header.drive_type, header.disk_sectors.get()), (0, 4, 2880));
}
