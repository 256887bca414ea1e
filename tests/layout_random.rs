//! Whatever the stick and the images: a plan that is laid out keeps its promises, and one that is refused says why.

mod sticks;

use proptest::prelude::*;
use ramkey::layout::{Content, LayoutError, Role, layout};
use ramkey::plan::{FatBits, FsChoice, ImageRequest, LayoutKind, PlanError, Request, Writes, plan};
use ramkey_format::capsule::CapsuleHeader;
use ramkey_format::manifest::ManifestHeader;
use sticks::{Image, facts, imagined, noise, request};

fn any_layout() -> impl Strategy<Value = LayoutKind> {
    prop_oneof![Just(LayoutKind::Mbr), Just(LayoutKind::Gpt), Just(LayoutKind::Superfloppy)]
}

fn any_fs() -> impl Strategy<Value = FsChoice> {
    prop_oneof![
        3 => Just(FsChoice::Auto),
        1 => Just(FsChoice::Is(FatBits::Fat12)),
        1 => Just(FsChoice::Is(FatBits::Fat16)),
        1 => Just(FsChoice::Is(FatBits::Fat32)),
    ]
}

fn requested(lens: &[u64], stick_sectors: u64, layout: LayoutKind, fs: FsChoice) -> Request {
    let base = request(facts("a.img", &Image(noise(512))), 0);
    let images = lens.iter().map(|&len| {
        let mut facts = facts("a.img", &Image(noise(512)));
        facts.len = len;
        facts.disk_sectors = len.div_ceil(512).max(2880) as u32;
        ImageRequest { facts, title: None, writes: Writes::Kept }
    });
    Request { images: images.collect(), stick_sectors, layout, fs, ..base }
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
        let volume = plan.volume.lba..plan.volume.lba + plan.volume.sectors;
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
                    Content::Zeros => prop_assert!(false, "a capsule stores no zeros"),
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
}
