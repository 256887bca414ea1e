//! The memory that is told for an image is that which the loader takes for it.

use std::path::Path;
use std::sync::atomic::AtomicBool;

use ramkey::contents::{Kind, KindChoice, MadeOf};
use ramkey::image::Compression;
use ramkey::job::{Images, StickRequest, prepare, write_to};
use ramkey::plan::LayoutKind;
use ramkey::units::Geometry;
use ramkey::verify::{Strictness, verify};

use crate::frames::recorder::Recorder;
use crate::frames::sticks::Image;

/// 21 MiB without 68 KiB: with one page of its table and the decoder's 64 KiB whole MiB.
const DISK: Geometry = Geometry { cylinders: 233, heads: 8, sectors_per_track: 23 };

/// The memory that is told before the stick is written, and what its capsule wants, in bytes.
fn needs(path: &Path, made_of: Option<MadeOf>) -> (u64, u64) {
    let request = StickRequest {
        kind: KindChoice::Is(Kind::HardDisk),
        geometry: Some(DISK),
        layout: LayoutKind::Superfloppy.into(),
        size: Some(24 << 20),
        compression: Compression::Fast,
        ..StickRequest::new(vec![path.to_owned()])
    };
    let mut images = Images::open(&request).unwrap();
    images.facts[0].made_of = made_of;
    let prepared = prepare(&request, images, None, &|_| ()).unwrap();
    let target = Recorder::new(vec![0; 24 << 20]);
    let report = write_to(&prepared, &target, &AtomicBool::new(false), &|_| ()).unwrap();
    let verdict = verify(&Image(target.end().0), Strictness::EveryByte, &|_| {});
    assert!(verdict.sound, "{verdict:?}");
    (report.stick.images[0].ram_needed, verdict.capsules[0].ram_needed)
}

#[test]
fn a_record_of_what_an_image_was_made_of_counts_with_its_table() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("disk.img");
    std::fs::write(&path, vec![0; 233 * 8 * 23 * 512]).unwrap();
    assert_eq!(needs(&path, None), (22 << 20, 22 << 20));
    let made_of =
        MadeOf { len: 512, blake3: [7; 32], text: "with the driver FiraDisk 0.0.1.30 (root)".into() };
    assert_eq!(needs(&path, Some(made_of)), (23 << 20, 23 << 20));
}
