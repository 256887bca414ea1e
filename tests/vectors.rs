//! The writer makes the frozen capsules byte for byte.

mod sticks;

use ramkey::image::{Kind, KindChoice, scan};
use ramkey::layout::{Content, Role, layout};
use ramkey::plan::{ImageRequest, Request, Writes, plan};
use sticks::{Image, MIB, facts, request};

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

/// Header and chunk table that the writer makes.
fn written(image: Vec<u8>, kind: Kind, title: &str, writes: Writes, chs: Option<&str>) -> Vec<u8> {
    let image = Image(image);
    let chs = chs.map(|text| text.parse().unwrap());
    let facts_of_it = ramkey::image::probe("x.img".as_ref(), &image, KindChoice::Is(kind), chs).unwrap();
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
