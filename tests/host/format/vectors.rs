//! The writer makes the frozen capsules byte for byte.

use crate::frames::discs;
use crate::frames::sticks::{Image, MIB, facts, request};
use ramkey::contents::{Kind, KindChoice};
use ramkey::image::{Identity, scan};
use ramkey::layout::{Content, Role, layout};
use ramkey::plan::{CompanionRequest, CopyMode, FirstDisk, ImageRequest, Request, SetOptions, Writes, plan};

/// The bytes of a good vector.
fn vector(name: &str) -> Vec<u8> {
    let path = format!("{}/tests/vectors/{name}.hex", env!("CARGO_MANIFEST_DIR"));
    let text = std::fs::read_to_string(&path).unwrap_or_else(|error| panic!("{path}: {error}"));
    let mut bytes = Vec::new();
    for line in text.lines() {
        match line.split_once(' ').unwrap() {
            ("#" | "result", _) => {}
            ("length", length) => bytes.resize(length.parse().unwrap(), 0),
            (offset, row) => {
                let at = usize::from_str_radix(offset, 16).unwrap();
                for (i, byte) in row.split_whitespace().enumerate() {
                    bytes[at + i] = u8::from_str_radix(byte, 16).unwrap();
                }
            }
        }
    }
    bytes
}

/// Header and chunk table of each capsule that the writer makes.
fn all_written(request: &Request, images: &[&Image]) -> Vec<Vec<u8>> {
    let scans: Vec<_> = images.iter().map(|image| scan(*image, &mut |_| ()).unwrap()).collect();
    let layout = layout(&plan(request).unwrap(), &scans).unwrap();
    let head = |image| {
        let mut extents = layout.extents.iter().filter(|extent| extent.role == Role::Capsule { image });
        let Content::Bytes(bytes) = &extents.next().unwrap().content else {
            panic!("a capsule begins with bytes")
        };
        bytes.clone()
    };
    (0..images.len()).map(head).collect()
}

/// Header and chunk table that the writer makes.
fn written(image: Vec<u8>, kind: Kind, title: &str, writes: Writes, chs: Option<&str>) -> Vec<u8> {
    let image = Image(image);
    let chs = chs.map(|text| text.parse().unwrap());
    let facts_of_it = ramkey::contents::probe("x.img".as_ref(), &image, KindChoice::Is(kind), chs).unwrap();
    let images = vec![ImageRequest { facts: facts_of_it, title: Some(title.into()), writes }];
    let request = Request { images, ..request(facts("x.img", &image), 8 * MIB) };
    let layout = layout(&plan(&request).unwrap(), &[scan(&image, &mut |_| ()).unwrap()]).unwrap();
    let first = layout.extents.into_iter().find(|extent| extent.role == Role::Capsule { image: 0 }).unwrap();
    let Content::Bytes(bytes) = first.content else { panic!("a capsule begins with bytes") };
    bytes
}

#[test]
fn a_floppy_of_one_chunk() {
    let mut image = vec![0; 512];
    image[..2].copy_from_slice(&[0xEB, 0xFE]);
    image[510..].copy_from_slice(&[0x55, 0xAA]);
    assert_eq!(written(image, Kind::Floppy, "One sector", Writes::Kept, None), vector("capsule-floppy"));
}

#[test]
fn a_hard_disk_of_four_chunks_one_of_them_zeros_and_one_short() {
    let numbers: Vec<u8> = (0..65536u32).flat_map(u32::to_le_bytes).collect();
    let image =
        [&numbers, &vec![0; 1 << 18], &numbers, &b"ramke".to_vec()].map(|part| part.as_slice()).concat();
    let made = written(image, Kind::HardDisk, "Numbers, zeros, numbers", Writes::Refused, Some("2/16/63"));
    assert_eq!(made, vector("capsule-hard-disk"));
}

/// One sector that loops, with a signature.
fn boot_sector() -> Vec<u8> {
    let mut image = vec![0; 512];
    image[..2].copy_from_slice(&[0xEB, 0xFE]);
    image[510..].copy_from_slice(&[0x55, 0xAA]);
    image
}

#[test]
fn a_set_of_two_hard_disks_and_a_floppy() {
    let mut record = boot_sector();
    record[446..462].copy_from_slice(&[0x80, 0, 0, 0, 6, 0, 0, 0, 63, 0, 0, 0, 0xB1, 3, 0, 0]);
    let (disk, floppy) = (Image(record), Image(boot_sector()));
    let as_kind = |name: &str, image: &Image, kind| {
        ramkey::contents::probe(name.as_ref(), image, KindChoice::Is(kind), None).unwrap()
    };
    let writes = Writes::Dropped;
    let beside =
        |name, image, kind, number| CompanionRequest { facts: as_kind(name, image, kind), number, writes };
    let facts = as_kind("set.img", &disk, Kind::HardDisk);
    let request = Request {
        images: vec![ImageRequest { facts: facts.clone(), title: Some("A set".into()), writes }],
        companions: vec![
            beside("data.img", &disk, Kind::HardDisk, Some(0x83)),
            beside("f6.img", &floppy, Kind::Floppy, Some(0x01)),
        ],
        set: SetOptions {
            identity: Identity::Grub4dos,
            first_disk: Some(FirstDisk::Internal),
            keep_stick: true,
            copy: CopyMode::Int15,
        },
        ..request(facts, 8 * MIB)
    };
    let made = all_written(&request, &[&disk, &disk, &floppy]);
    let names = ["capsule-set", "capsule-companion", "capsule-companion-floppy"];
    for (made, name) in made.iter().zip(names) {
        assert_eq!(*made, vector(name), "{name}");
    }
}

#[test]
fn a_cd_that_emulates_a_floppy_a_cd_that_does_not_and_one_beside_another_image() {
    let cd =
        |media, sectors| Image(discs::by_hand_empty(40, 0, &[discs::entry(0x88, media, 0, sectors, 24)]));
    let made = |image: &Image, companions| {
        let facts = facts("cd.iso", image);
        let images =
            vec![ImageRequest { facts: facts.clone(), title: Some("A CD".into()), writes: Writes::Kept }];
        let request = Request { images, companions, ..request(facts, 8 * MIB) };
        all_written(&request, &vec![image; 1 + request.companions.len()])
    };
    let (floppy, plain) = (cd(2, 1), cd(0, 9));
    assert_eq!(made(&floppy, Vec::new()), [vector("capsule-cd-floppy")]);
    assert_eq!(made(&plain, Vec::new()), [vector("capsule-cd")]);
    let beside = CompanionRequest { facts: facts("cd.iso", &plain), number: None, writes: Writes::Kept };
    assert_eq!(made(&plain, vec![beside])[1], vector("capsule-cd-companion"));
}
