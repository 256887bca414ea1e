//! Whatever the stick and the images: a plan that is laid out keeps its promises, and one that is refused says why.

use std::path::Path;

use crate::frames::sticks::{Image, facts, imagined, noise, request};
use proptest::prelude::*;
use ramkey::contents::{Kind, KindChoice, probe};
use ramkey::image::Identity;
use ramkey::layout::{Content, LayoutError, Role, layout};
use ramkey::plan::{
    CompanionRequest, CopyMode, FatBits, FirstDisk, FsChoice, ImageRequest, LayoutKind, PlanError, Request,
    SetOptions, Writes, plan,
};
use ramkey_format::capsule::{CapsuleHeader, flags};
use ramkey_format::manifest::ManifestHeader;

fn any_layout() -> impl Strategy<Value = LayoutKind> {
    prop::sample::select(LayoutKind::ALL.to_vec())
}

fn any_fs() -> impl Strategy<Value = FsChoice> {
    prop_oneof![
        3 => Just(FsChoice::Auto),
        1 => Just(FsChoice::Is(FatBits::Fat12)),
        1 => Just(FsChoice::Is(FatBits::Fat16)),
        1 => Just(FsChoice::Is(FatBits::Fat32)),
    ]
}

fn any_set() -> impl Strategy<Value = SetOptions> {
    let identity = prop_oneof![Just(Identity::Memdisk), Just(Identity::Grub4dos)];
    let first_disk = prop_oneof![Just(None), Just(Some(FirstDisk::Ram)), Just(Some(FirstDisk::Internal))];
    let copy = prop_oneof![Just(CopyMode::Auto), Just(CopyMode::Direct), Just(CopyMode::Int15)];
    let options = (identity, first_disk, copy, any::<bool>());
    options.prop_map(|(identity, first_disk, copy, keep_stick)| SetOptions {
        identity,
        first_disk,
        keep_stick,
        copy,
    })
}

/// A drive beside others: its length, its kind as a number, and its place in its class if it asks for one.
type Beside = (u64, u8, Option<u8>);

fn any_beside() -> impl Strategy<Value = Vec<Beside>> {
    prop::collection::vec((1u64..600_000, 0u8..3, prop::option::of(0u8..6)), 0..9)
}

/// The first number of a drive of this kind, and the kind.
fn class(kind: u8) -> (u8, Kind) {
    [(0x80, Kind::HardDisk), (0x00, Kind::Floppy), (0x80, Kind::Partition)][usize::from(kind)]
}

fn companion(&(len, kind, place): &Beside) -> CompanionRequest {
    let (first, kind) = class(kind);
    let image = Image(noise(len as usize));
    let facts = probe(Path::new("data.img"), &image, KindChoice::Is(kind), None).unwrap();
    let writes = if len % 2 == 0 { Writes::Refused } else { Writes::Dropped };
    CompanionRequest { facts, number: place.map(|place| first + place), writes }
}

fn requested(lens: &[u64], stick_sectors: u64, layout: LayoutKind, fs: FsChoice) -> Request {
    let base = request(facts("a.img", &Image(noise(512))), 0);
    let images = lens.iter().map(|&len| {
        let mut facts = facts("a.img", &Image(noise(512)));
        facts.len = len;
        facts.disk_sectors = len.div_ceil(512).max(2880) as u32;
        ImageRequest { facts, title: None, writes: Writes::Kept }
    });
    Request { images: images.collect(), stick_sectors, layout: layout.into(), fs, ..base }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 96, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn every_stick_is_sound_or_refused(
        lens in prop::collection::vec(1u64..3_000_000, 1..6),
        stick_sectors in prop_oneof![0u64..20_000, 20_000u64..400_000],
        kind in any_layout(),
        fs in any_fs(),
    ) {
        let request = requested(&lens, stick_sectors, kind, fs);
        let plan = match plan(&request) {
            Ok(plan) => plan,
            Err(PlanError::StickTooSmall { needed, available }) => {
                prop_assert!(available < needed);
                return Ok(());
            }
            Err(PlanError::FsSize { least, most, found, .. }) => {
                prop_assert!(found < least || found > most);
                return Ok(());
            }
            Err(other) => return Err(TestCaseError::fail(other.to_string())),
        };
        let scans: Vec<_> = lens.iter().map(|&len| imagined(len)).collect();
        let made = match layout(&plan, &scans) {
            Ok(made) => made,
            Err(LayoutError::TooLarge { needed, available }) => {
                prop_assert!(needed > available);
                prop_assert!(needed > lens.iter().sum::<u64>());
                return Ok(());
            }
            Err(other) => return Err(TestCaseError::fail(other.to_string())),
        };
        prop_assert_eq!(&made, &layout(&plan, &scans).unwrap());

        let mut stored = vec![0; lens.len()];
        let mut capsule_sectors = vec![0; lens.len()];
        let mut headers = 0;
        let volume = plan.division.volume.lba..plan.division.volume.lba + plan.division.volume.sectors;
        for extent in &made.extents {
            let end = extent.lba + extent.sectors;
            prop_assert!(end <= stick_sectors);
            if let Role::Capsule { image } = extent.role {
                prop_assert!(volume.contains(&extent.lba) && end <= volume.end);
                capsule_sectors[image] += extent.sectors;
                match &extent.content {
                    Content::Bytes(bytes) => {
                        let header = CapsuleHeader::parse(bytes).unwrap();
                        prop_assert_eq!(header.image_len.get(), lens[image]);
                        headers += 1;
                    }
                    Content::Image { image: of, offset } => {
                        prop_assert_eq!((*of, *offset), (image, stored[image]));
                        stored[image] += extent.sectors * 512;
                    }
                    Content::Zeros | Content::Stamps { .. } => {
                        prop_assert!(false, "a capsule stores image and headers only");
                    }
                }
            }
            if let (Role::Manifest, Content::Bytes(bytes)) = (extent.role, &extent.content) {
                let (header, _) = ManifestHeader::parse(bytes).unwrap();
                prop_assert_eq!(header.stick_sectors.get(), stick_sectors);
            }
        }
        prop_assert_eq!(headers, lens.len());
        for (image, len) in lens.iter().enumerate() {
            prop_assert_eq!(stored[image], len.next_multiple_of(512));
            let head = (512 + 48 * len.div_ceil(1 << 18)).next_multiple_of(512);
            prop_assert_eq!(capsule_sectors[image] * 512, head + len.next_multiple_of(512));
        }
    }

    #[test]
    fn every_set_of_drives_is_sound_or_refused(
        beside in any_beside(),
        boots in 1usize..4,
        boot_kind in 0u8..3,
        options in any_set(),
    ) {
        let (_, kind) = class(boot_kind);
        let image = Image(noise(70_000));
        let facts = probe(Path::new("a.img"), &image, KindChoice::Is(kind), None).unwrap();
        let boot = ImageRequest { facts: facts.clone(), title: None, writes: Writes::Kept };
        let asked = Request {
            images: vec![boot; boots],
            companions: beside.iter().map(companion).collect(),
            set: options,
            ..request(facts, 64 << 20)
        };
        let floppies = usize::from(kind == Kind::Floppy) + beside.iter().filter(|(_, kind, _)| *kind == 1).count();
        let mut named: Vec<u8> =
            asked.companions.iter().filter_map(|c| c.number.filter(|n| ![0, 0x80].contains(n))).collect();
        let outside = beside.iter().any(|(_, kind, place)| *kind == 1 && place.is_some_and(|place| place > 3));
        named.sort_unstable();
        let twice = named.windows(2).any(|pair| pair[0] == pair[1]);
        let refused = outside || twice || beside.len() > 7 || floppies > 4;
        let plan = match plan(&asked) {
            Ok(plan) => plan,
            Err(
                PlanError::DriveNumber { .. }
                | PlanError::SameNumber { .. }
                | PlanError::TooManyDrives { .. }
                | PlanError::TooManyFloppies { .. },
            ) => {
                prop_assert!(refused);
                return Ok(());
            }
            Err(other) => return Err(TestCaseError::fail(other.to_string())),
        };
        prop_assert!(!refused);
        let scans: Vec<_> = plan.carried.capsules.iter().map(|capsule| imagined(capsule.facts.len)).collect();
        let made = layout(&plan, &scans).unwrap();
        let mut headers = vec![None; plan.carried.capsules.len()];
        for extent in &made.extents {
            if let (Role::Capsule { image }, Content::Bytes(bytes)) = (extent.role, &extent.content) {
                headers[image] = Some(CapsuleHeader::parse(bytes).unwrap().clone());
            }
        }
        let headers: Vec<CapsuleHeader> = headers.into_iter().map(Option::unwrap).collect();
        for (index, (header, capsule)) in headers.iter().zip(&plan.carried.capsules).enumerate() {
            let is_boot = index < boots;
            prop_assert_eq!(header.flags.get() & flags::COMPANION != 0, !is_boot);
            prop_assert_eq!(header.companions().count(), if is_boot { beside.len() } else { 0 });
            prop_assert_eq!(header.drive, capsule.number);
            for (named, capsule) in header.companions().zip(&plan.carried.capsules[boots..]) {
                let name = String::from_utf8(named.name.to_vec()).unwrap();
                prop_assert_eq!(format!("{}.RKC", name.trim_end()), capsule.file_name.clone());
            }
        }
    }
}
