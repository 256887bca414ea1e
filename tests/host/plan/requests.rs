//! Planning is pure, so its edge cases are tables.

use crate::frames::sticks;
use crate::frames::sticks::{Image, MIB, facts, noise};
use ramkey::plan::{
    FatBits, FsChoice, IMAGES_MAX, ImageRequest, LayoutChoice, LayoutKind, PlanError, Request, Slot, Writes,
    plan,
};

fn image(name: &str) -> ImageRequest {
    ImageRequest { facts: facts(name, &Image(noise(4096))), title: None, writes: Writes::Kept }
}

fn request(stick_sectors: u64) -> Request {
    Request { stick_sectors, ..sticks::request(image("dos.img").facts, 0) }
}

fn with_images(names: &[&str]) -> Request {
    Request { images: names.iter().map(|name| image(name)).collect(), ..request(262_144) }
}

#[test]
fn the_partition_ends_on_a_cylinder_and_leaves_the_end_of_the_stick_free() {
    let sizes = [
        // sectors of the stick, end of the MBR partition, of the GPT partition, of the superfloppy
        (4129, 4096, 4096, 4096),
        (6176, 4096, 4096, 6143),
        (6177, 6144, 6144, 6144),
        (6178, 6144, 6144, 6145),
        (250_000, 249_856, 249_856, 249_967),
        (262_144, 260_096, 260_096, 262_111),
        (2_097_152, 2_095_104, 2_095_104, 2_097_119),
        (2_097_153, 130 * 16065, 2_095_104, 2_097_120),
        (30_000_000, 1867 * 16065, 29_999_104, 29_999_967),
    ];
    for (sectors, mbr, gpt, superfloppy) in sizes {
        for (layout, start, end) in [
            (LayoutKind::Hdd, 2048, mbr),
            (LayoutKind::Gpt, 2048, gpt),
            (LayoutKind::Superfloppy, 0, superfloppy),
        ] {
            let plan = plan(&Request { layout: layout.into(), ..request(sectors) }).unwrap();
            assert_eq!(
                (plan.division.volume.lba, plan.division.volume.lba + plan.division.volume.sectors),
                (start, end),
                "{layout:?} {sectors}"
            );
        }
    }
}

#[test]
fn each_layout_has_its_start_its_end_and_its_geometry() {
    let universal = LayoutKind::Universal { slot: Slot::First };
    let universal_zip = LayoutKind::Universal { slot: Slot::Fourth };
    let table = [
        // What is sold as 128 MB, and 4 GB.
        (universal, 250_000, 2048, 249_856, (64, 32)),
        (universal, 251_904, 2048, 249_856, (64, 32)),
        (universal, 251_937, 2048, 251_904, (64, 32)),
        (universal_zip, 256_000, 2048, 253_952, (64, 32)),
        (universal_zip, 8_000_000, 2048, 7_999_488, (64, 32)),
        (LayoutKind::Zip, 250_000, 32, 249_856, (64, 32)),
        (LayoutKind::Zip, 8_000_000, 32, 7_999_488, (64, 32)),
        (LayoutKind::Fdd, 250_000, 0, 249_856, (64, 32)),
        (LayoutKind::Fdd, 8_000_000, 0, 497 * 16065, (255, 63)),
        (LayoutKind::Hdd, 8_000_000, 2048, 497 * 16065, (255, 63)),
        (LayoutKind::TwoPartitions, 250_000, 2048, 247_808, (64, 32)),
        (LayoutKind::TwoPartitions, 8_000_000, 2048, 496 * 16065, (255, 63)),
    ];
    for (layout, sectors, start, end, geometry) in table {
        let plan = plan(&Request { layout: layout.into(), ..request(sectors) }).unwrap();
        let volume = &plan.division.volume;
        assert_eq!((volume.lba, volume.lba + volume.sectors), (start, end), "{layout:?} {sectors}");
        assert_eq!(
            (plan.division.geometry.heads, plan.division.geometry.sectors_per_track),
            geometry,
            "{layout:?} {sectors}"
        );
    }
}

#[test]
fn a_stick_below_1_gib_is_universal_and_a_larger_one_a_hard_disk_unless_another_layout_is_asked_for() {
    for (sectors, expected) in [
        (4129, LayoutKind::Universal { slot: Slot::First }),
        (2_097_151, LayoutKind::Universal { slot: Slot::First }),
        (2_097_152, LayoutKind::Hdd),
        (1 << 34, LayoutKind::Hdd),
    ] {
        let chosen = Request { layout: LayoutChoice::Auto, ..request(sectors) };
        assert_eq!(plan(&chosen).unwrap().division.layout, expected, "{sectors} sectors");
        for kind in LayoutKind::ALL.into_iter().filter(|_| sectors > 100_000) {
            let asked = plan(&Request { layout: kind.into(), ..request(sectors) }).unwrap();
            assert_eq!(asked.division.layout, kind, "{sectors} sectors");
        }
    }
}

#[test]
fn the_smallest_stick_is_planned_and_one_sector_less_is_refused() {
    for (layout, least) in [
        (LayoutKind::Universal { slot: Slot::First }, 4129),
        (LayoutKind::Hdd, 4129),
        (LayoutKind::Zip, 2081),
        (LayoutKind::Fdd, 2081),
        (LayoutKind::TwoPartitions, 6177),
        (LayoutKind::Gpt, 4129),
        (LayoutKind::Superfloppy, 1057),
    ] {
        plan(&Request { layout: layout.into(), ..request(least) }).unwrap();
        for sectors in [least - 1, 32, 0] {
            let error = plan(&Request { layout: layout.into(), ..request(sectors) }).unwrap_err();
            let expected = PlanError::StickTooSmall { needed: least * 512, available: sectors * 512 };
            assert_eq!(error, expected, "{layout:?}");
        }
    }
    let error = plan(&request(2048)).unwrap_err();
    assert_eq!(error.to_string(), "the stick has 1048576 bytes and this layout needs at least 2114048");
    assert_eq!(error.help(), "use a stick of 3 MiB or more (--size for a file)");
}

#[test]
fn the_file_system_is_chosen_by_its_size() {
    let sizes = [
        (32767, FatBits::Fat12, 8),
        (32768, FatBits::Fat16, 4),
        (262_144, FatBits::Fat16, 4),
        (300_000, FatBits::Fat16, 8),
        (2_097_152, FatBits::Fat16, 32),
        (2_097_153, FatBits::Fat32, 8),
        (16_777_215, FatBits::Fat32, 8),
        (16_777_216, FatBits::Fat32, 16),
        (33_554_432, FatBits::Fat32, 32),
        (67_108_864, FatBits::Fat32, 64),
        (4_294_967_295, FatBits::Fat32, 64),
    ];
    for (sectors, bits, cluster_sectors) in sizes {
        let plan =
            plan(&Request { layout: LayoutKind::Superfloppy.into(), ..request(sectors + 33) }).unwrap();
        assert_eq!(plan.division.volume.sectors, sectors);
        assert_eq!(
            (plan.division.volume.bits, plan.division.volume.cluster_sectors),
            (bits, cluster_sectors),
            "{sectors} sectors"
        );
    }
}

#[test]
fn a_stick_beyond_2_tib_gets_a_file_system_that_32_bits_can_count() {
    for layout in LayoutKind::ALL {
        let plan = plan(&Request { layout: layout.into(), ..request(1 << 34) }).unwrap();
        assert!(plan.division.volume.lba + plan.division.volume.sectors <= u64::from(u32::MAX), "{layout:?}");
    }
}

#[test]
fn a_file_system_of_another_size_is_refused_with_the_sizes_it_can_have() {
    for bits in [FatBits::Fat12, FatBits::Fat16, FatBits::Fat32] {
        let as_asked = |sectors: u64| {
            let asked = Request {
                layout: LayoutKind::Superfloppy.into(),
                fs: FsChoice::Is(bits),
                ..request(sectors + 33)
            };
            plan(&asked)
        };
        // One that is refused says which sizes are not.
        let wrong = if bits == FatBits::Fat32 { 50_000 } else { 5_000_000 };
        let Err(PlanError::FsSize { least, most, found, .. }) = as_asked(wrong) else {
            panic!("{bits} of {wrong} sectors is planned")
        };
        assert_eq!(found, wrong * 512);
        for inside in [least / 512, most / 512] {
            assert_eq!(as_asked(inside).unwrap().division.volume.bits, bits, "{inside} sectors");
        }
        if bits != FatBits::Fat12 {
            assert!(as_asked(least / 512 - 1).is_err(), "{bits} begins at {least}");
        }
        if bits != FatBits::Fat32 {
            assert!(as_asked(most / 512 + 1).is_err(), "{bits} ends at {most}");
        }
    }
}

#[test]
fn every_image_gets_its_own_8_3_name() {
    let table: [(&[&str], &[&str]); 6] = [
        (&["dos.img"], &["DOS.RKC"]),
        (&["/a/Windows XP SP3.img", "b/windows xp.img"], &["WINDOWS_.RKC", "WINDOW~1.RKC"]),
        (&["a.img", "x/a.bin", "y/A"], &["A.RKC", "A~1.RKC", "A~2.RKC"]),
        (&["..img", "\u{e9}\u{e9}.img"], &["IMAGE.RKC", "IMAGE~1.RKC"]),
        (&["nul.img", "com1.img", "aux"], &["NUL_.RKC", "COM1_.RKC", "AUX_.RKC"]),
        (&["free-dos.tar.img"], &["FREE-DOS.RKC"]),
    ];
    for (paths, names) in table {
        let plan = plan(&with_images(paths)).unwrap();
        let found: Vec<&str> = plan.carried.capsules.iter().map(|capsule| &capsule.file_name[..]).collect();
        assert_eq!(found, names, "{paths:?}");
    }
}

#[test]
fn as_many_images_as_the_menu_shows_all_get_names_and_one_more_is_refused() {
    let most = vec!["a-long-name.img"; IMAGES_MAX];
    let plan_of_most = plan(&with_images(&most)).unwrap();
    let mut names: Vec<&String> =
        plan_of_most.carried.capsules.iter().map(|capsule| &capsule.file_name).collect();
    names.sort();
    names.dedup();
    assert_eq!(names.len(), IMAGES_MAX);
    assert!(names.iter().all(|name| name.len() <= 12));
    let error = plan(&with_images(&vec!["a.img"; IMAGES_MAX + 1])).unwrap_err();
    assert_eq!(error, PlanError::TooManyImages { found: IMAGES_MAX + 1, limit: IMAGES_MAX });
    assert_eq!(plan(&with_images(&[])), Err(PlanError::NoImage));
}

#[test]
fn no_two_images_have_one_title() {
    let titles = |names: &[(&str, Option<&str>)]| {
        let image = |&(name, title): &(&str, Option<&str>)| ImageRequest {
            title: title.map(str::to_owned),
            ..image(name)
        };
        let plan = plan(&Request { images: names.iter().map(image).collect(), ..request(262_144) });
        let titles: Vec<String> =
            plan.unwrap().carried.capsules.into_iter().map(|capsule| capsule.title).collect();
        titles
    };
    assert_eq!(
        titles(&[("x/dos.img", None), ("y/dos.img", None), ("dos.ima", None)]),
        ["dos", "dos (2)", "dos (3)"]
    );
    assert_eq!(titles(&[("a", Some("A")), ("b", Some("A")), ("c", Some("a"))]), ["A", "A (2)", "a"]);
    assert_eq!(titles(&[("a", Some("A (2)")), ("b", Some("A")), ("c", Some("A"))]), ["A (2)", "A", "A (3)"]);
    let long = "t".repeat(64);
    let cut = format!("{} (2)", "t".repeat(60));
    assert_eq!(titles(&[("a", Some(&long)), ("b", Some(&long))]), [long, cut]);
}

#[test]
fn a_title_is_the_file_s_name_or_64_characters_that_the_screen_has() {
    let titled = |title: Option<&str>| {
        let mut request = with_images(&["dir/Free DOS 1.3.img"]);
        request.images[0].title = title.map(str::to_owned);
        plan(&request).map(|plan| plan.carried.capsules[0].title.clone())
    };
    assert_eq!(titled(None).as_deref(), Ok("Free DOS 1.3"));
    assert_eq!(titled(Some(&"t".repeat(64))), Ok("t".repeat(64)));
    assert_eq!(titled(Some(&"é".repeat(64))), Ok("é".repeat(64)));
    for wrong in ["", "   ", "\u{a0}", "Диск", "8 €", "two\nlines", &"t".repeat(65), &"é".repeat(65)] {
        let error = titled(Some(wrong)).unwrap_err();
        assert_eq!(error, PlanError::Title { path: "dir/Free DOS 1.3.img".into(), title: wrong.into() });
    }
}

#[test]
fn a_label_that_fat_forbids_is_refused() {
    let labelled = |label: &str| plan(&Request { label: Some(label.into()), ..request(262_144) });
    assert_eq!(&plan(&request(262_144)).unwrap().division.label, b"RAMKEY     ");
    assert_eq!(&labelled("my stick-1").unwrap().division.label, b"MY STICK-1 ");
    assert_eq!(&labelled("ELEVENCHARS").unwrap().division.label, b"ELEVENCHARS");
    for wrong in ["", "TWELVE CHARS", " A", "A.B", "A/B", "A\"B", "caf\u{e9}", "A\tB", "A+B", "A*"] {
        let error = labelled(wrong).unwrap_err();
        assert_eq!(error, PlanError::Label { label: wrong.into() });
        assert!(!error.help().is_empty());
    }
}

#[test]
fn an_image_whose_table_alone_is_too_large_is_refused_before_it_is_read() {
    let mut huge = with_images(&["huge.img"]);
    huge.images[0].facts.len = 4000 * MIB;
    huge.stick_sectors = 1057;
    huge.layout = LayoutKind::Superfloppy.into();
    let error = plan(&huge).unwrap_err();
    let text = "huge.img needs at least 750.5 KiB (768512 bytes) and the stick's file system has 512 KiB (524288 bytes)";
    assert_eq!(error.to_string(), text);
}

#[test]
fn planning_twice_gives_the_same_plan() {
    for layout in LayoutKind::ALL {
        let request = Request { layout: layout.into(), ..with_images(&["a.img", "b.img"]) };
        assert_eq!(plan(&request), plan(&request.clone()));
    }
}
