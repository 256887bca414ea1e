//! A disc image is verified and copied by requests, an observer and a flag that stops it.

use std::fs::{self, File};
use std::os::unix::fs::FileExt;
use std::path::Path;
use std::sync::atomic::{AtomicBool, Ordering};

use ramkey::device::{System, TargetPath};
use ramkey::job::{
    CopyReport, Destination, DiscImage, Event, JobError, Part, PreparedCopy, StickRequest, copy, copy_to,
    prepare_copy, verify,
};
use ramkey::pipeline::{Aftermath, Phase, PipelineError};
use ramkey::verify::Strictness;

use crate::frames::copies::{disc, is_copy};
use crate::frames::mock::{Fault, STICK_SECTORS, Stick};
use crate::frames::sticks::{POISON, noise};

fn prepared(path: &Path) -> Result<PreparedCopy, JobError> {
    let image = DiscImage::find(path).expect("a disc image of ramkey");
    prepare_copy(image, Some(STICK_SECTORS * 512), None, &|_| ())
}

fn put(prepared: &PreparedCopy, stick: &Stick) -> Result<CopyReport, JobError> {
    copy_to(prepared, Path::new("stick"), stick, &AtomicBool::new(false), &|_| ())
}

#[test]
fn a_longer_stick_gets_the_images_bytes_and_a_clear_end() {
    let folder = tempfile::tempdir().unwrap();
    let path = disc(folder.path(), 700_000);
    let prepared = prepared(&path).unwrap();
    let stick = Stick::new(Fault::None);
    let report = put(&prepared, &stick).unwrap();
    let image = fs::read(&path).unwrap();
    assert!(image.len() as u64 + 33 * 512 < STICK_SECTORS * 512, "the stick is longer");
    is_copy(&stick.state().bytes, &image, POISON);
    assert_eq!((report.what, report.len), ("copy of the disc image", image.len() as u64));
    assert_eq!(report.blake3, blake3::hash(&image).to_hex().to_string());
    assert!(report.disc.sound && report.disc.proof && report.disc.disc);
    assert_eq!(report.ranges, prepared.plan().ranges);
    // On the stick, zeros of the image are written, because nobody knows what was there.
    assert_eq!(stick.state().log.iter().map(|(_, len)| len).sum::<u64>(), report.bytes + 3 * 512);
}

#[test]
fn a_file_becomes_the_very_image_and_is_verified() {
    let folder = tempfile::tempdir().unwrap();
    let path = disc(folder.path(), 3_000_000);
    let to = folder.path().join("copy.img");
    let system = System::default();
    let target = TargetPath::look(&system, &to).unwrap();
    let destination = Destination { system: &system, target: &target };
    let prepared = prepare_copy(DiscImage::find(&path).unwrap(), None, Some(destination), &|_| ()).unwrap();
    assert!(!to.exists(), "preparing made the file");
    copy(&prepared, destination, &AtomicBool::new(false), &|_| ()).unwrap();
    is_copy(&fs::read(&to).unwrap(), &fs::read(&path).unwrap(), 0);
    assert!(verify(&to, Strictness::EveryByte, &|_| ()).unwrap().sound);
}

#[test]
fn what_stands_behind_the_disc_in_its_file_is_not_copied() {
    let folder = tempfile::tempdir().unwrap();
    let path = disc(folder.path(), 700_000);
    let image = fs::read(&path).unwrap();
    for more in [1, 512, 70_000] {
        fs::write(&path, [&image[..], &noise(more)].concat()).unwrap();
        let stick = Stick::new(Fault::None);
        put(&prepared(&path).unwrap(), &stick).unwrap();
        is_copy(&stick.state().bytes, &image, POISON);
    }
}

#[test]
fn a_damaged_image_is_refused_before_anything_is_opened_for_writing() {
    let folder = tempfile::tempdir().unwrap();
    let path = disc(folder.path(), 700_000);
    let whole = fs::read(&path).unwrap();
    let capsule = whole.windows(8).position(|bytes| bytes == b"RAMKEYRC").unwrap();
    let unfinished = |image: &mut Vec<u8>| {
        image[..512].fill(0);
        image[128 * 512..129 * 512].fill(0);
    };
    type Damage<'a> = (&'a str, &'a dyn Fn(&mut Vec<u8>));
    let cases: [Damage; 6] = [
        ("sector 0", &|image| image[100] ^= 1),
        ("the loader", &|image| image[200 * 512] ^= 1),
        ("an image", &|image| image[capsule + 9000] ^= 1),
        ("ISO 9660", &|image| image[64 * 512 + 100] ^= 1),
        ("not finished", &unfinished),
        ("cut off", &|image| image.truncate(image.len() - 512)),
    ];
    for (what, damage) in cases {
        let mut image = whole.clone();
        damage(&mut image);
        fs::write(&path, image).unwrap();
        let error = prepared(&path).err().unwrap_or_else(|| panic!("{what} was not seen"));
        assert!(
            matches!(&error, JobError::DamagedDisc { faults, .. } if !faults.is_empty()),
            "{what}: {error}"
        );
        assert_eq!(error.stick(), Aftermath::Untouched, "{what}");
        assert!(
            error.to_string().contains("disc.iso is a disc image of ramkey that is damaged: "),
            "{error}"
        );
        assert!(error.help().is_some_and(|help| help.contains("ramkey verify ")), "{error}");
    }
}

#[test]
fn an_image_that_changes_behind_its_proof_does_not_boot() {
    let folder = tempfile::tempdir().unwrap();
    let path = disc(folder.path(), 3_000_000);
    let prepared = prepared(&path).unwrap();
    let file = File::options().write(true).open(&path).unwrap();
    file.write_all_at(b"x", 3_000_000).unwrap();
    let stick = Stick::new(Fault::None);
    let error = put(&prepared, &stick).expect_err("the image is another");
    let JobError::Pipeline(failure) = &error else { panic!("{error}") };
    assert!(matches!(failure.cause, PipelineError::ImageChanged { .. }), "{error}");
    assert_eq!(error.stick(), Aftermath::WillNotBoot);
    assert!(stick.boot_sectors_are(0));
}

#[test]
fn stopped_or_pulled_in_the_middle_the_stick_does_not_boot() {
    let folder = tempfile::tempdir().unwrap();
    let prepared = prepared(&disc(folder.path(), 700_000)).unwrap();
    for (phase, state, byte) in [
        (None, Aftermath::Untouched, POISON),
        (Some(Phase::Write), Aftermath::WillNotBoot, 0),
        (Some(Phase::ReadBack), Aftermath::WillNotBoot, 0),
        (Some(Phase::Commit), Aftermath::WillNotBoot, 0),
    ] {
        let stick = Stick::new(Fault::None);
        let stop = AtomicBool::new(phase.is_none());
        let seen = AtomicBool::new(false);
        let observer = |event| match event {
            Event::Begin { part: Part::Write(begun), .. } if Some(begun) == phase => {
                stop.store(phase != Some(Phase::Commit), Ordering::Relaxed);
                seen.store(true, Ordering::Relaxed);
                if phase == Some(Phase::Commit) {
                    // From now on nothing can be written: the stick was pulled.
                    let mut state = stick.state();
                    state.fault = Fault::FailWrite(state.writes);
                }
            }
            _ => {}
        };
        let error =
            copy_to(&prepared, Path::new("stick"), &stick, &stop, &observer).expect_err("it was stopped");
        assert_eq!(seen.load(Ordering::Relaxed), phase.is_some(), "{phase:?}");
        assert_eq!(error.stick(), state, "{phase:?}: {error}");
        assert!(stick.boot_sectors_are(byte), "{phase:?}");
    }
}

#[test]
fn a_stick_that_is_too_small_is_told_what_is_missing() {
    let folder = tempfile::tempdir().unwrap();
    let path = disc(folder.path(), 700_000);
    let len = fs::metadata(&path).unwrap().len();
    let error = prepare_copy(DiscImage::find(&path).unwrap(), Some(len - 512), None, &|_| ()).err();
    let error = error.expect("a refusal");
    assert!(matches!(error, JobError::SmallTarget { .. }), "{error}");
    assert!(error.to_string().contains(&format!("has {} bytes, 512 too few for ", len - 512)), "{error}");
    assert!(prepare_copy(DiscImage::find(&path).unwrap(), Some(len), None, &|_| ()).is_ok());
}

#[test]
fn only_a_disc_image_of_ours_is_found_as_one() {
    let folder = tempfile::tempdir().unwrap();
    let at = |name: &str| folder.path().join(name);
    let path = disc(folder.path(), 700_000);
    assert!(DiscImage::find(&path).is_some());
    // A stick of ours is a disk to be booted from RAM, as it was before there were discs.
    let request = StickRequest { size: Some(8 << 20), ..StickRequest::new(vec![at("one.img")]) };
    let images = ramkey::job::Images::open(&request).unwrap();
    let prepared = ramkey::job::prepare(&request, images, None, &|_| ()).unwrap();
    let stick = Stick::new(Fault::None);
    ramkey::job::write_to(&prepared, &stick, &AtomicBool::new(false), &|_| ()).unwrap();
    fs::write(at("stick.img"), &stick.state().bytes).unwrap();
    for name in ["one.img", "stick.img", "missing.img", "."] {
        assert!(DiscImage::find(&at(name)).is_none(), "{name}");
    }
    // Either of header and manifest is enough: a damaged disc is no CD of others.
    let whole = fs::read(&path).unwrap();
    for damaged in [128, 464] {
        let mut image = whole.clone();
        image[damaged * 512] ^= 1;
        fs::write(&path, image).unwrap();
        assert!(DiscImage::find(&path).is_some(), "sector {damaged}");
    }
}

#[test]
fn a_stick_that_does_not_keep_a_block_is_named_with_the_place_and_the_way_out() {
    let folder = tempfile::tempdir().unwrap();
    let path = disc(folder.path(), 700_000);
    let prepared = prepared(&path).unwrap();
    let plan = prepared.plan();
    let longest = plan.ranges.iter().max_by_key(|range| range.sectors).unwrap();
    let capsule = longest.lba + 100;
    for fault in [
        Fault::DropSector(capsule),
        Fault::Dead { lba: capsule, sectors: 1 },
        Fault::Unwritable { lba: capsule, sectors: 1 },
    ] {
        let error = put(&prepared, &Stick::new(fault)).expect_err("it lost a sector");
        assert!(matches!(error, JobError::FixedPlaces { .. }), "{fault:?}: {error}");
        assert_eq!(error.stick(), Aftermath::WillNotBoot, "{fault:?}");
        let places: Vec<u64> = error.differences().iter().map(|found| found.offset / 512).collect();
        assert_eq!(places, [capsule], "{fault:?}");
        assert!(error.help().is_some_and(|help| help.contains("use another stick")), "{fault:?}");
    }
}
