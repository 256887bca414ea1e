//! An image on a stick becomes another. Wherever that is cut, the stick is sound and boots one of the two.

use std::fs;

use ramkey::change::ChangeError;
use ramkey::image::Compression;
use ramkey::job::{JobError, ReflashReport, StickRequest};
use ramkey::plan::FatBits;
use ramkey::verify::Strictness;

use crate::frames::desk::{CHUNK, Desk, bytes, hash, is_whole, judge, superfloppy};
use crate::frames::recorder::{Op, each_cut};
use crate::frames::sticks::{MIB, every_layout, noise, tool};
use crate::frames::verdicts::{told, volume_offset};

/// Looks at the stick wherever it could be cut, and goes on from some of these moments.
fn survives(desk: &Desk, old: &[u8], new: &[u8], replaces: Option<&str>) -> (Vec<u8>, ReflashReport) {
    let (after, log, report) = desk.reflash(&desk.stick, new, replaces).unwrap();
    is_whole(&after, 0, desk.folder.path());
    let mut went_on = 0;
    let (was, is) = (hash(old), hash(new));
    let mut seen = [false; 2];
    let looks = each_cut(&desk.stick, &log, 2, |case, stick| {
        let verdict = judge(stick, Strictness::Boot);
        assert!(verdict.sound, "{case}: {}", told(&verdict));
        let capsule = verdict.capsules.iter().find(|capsule| capsule.file == report.image.file).expect(case);
        assert!(capsule.proven && [&was, &is].contains(&&capsule.blake3), "{case}: {}", told(&verdict));
        seen[usize::from(capsule.blake3 == is)] = true;
        went_on += 1;
        if went_on % 9 == 0 {
            let (end, ..) =
                desk.reflash(stick, new, replaces).unwrap_or_else(|error| panic!("{case}: {error}"));
            is_whole(&end, 0, desk.folder.path());
            let verdict = judge(&end, Strictness::Boot);
            assert!(
                verdict.capsules.iter().any(|capsule| capsule.blake3 == is),
                "{case}: {}",
                told(&verdict)
            );
        }
    });
    assert!(looks > 20 && seen == [true; 2], "only {looks} moments");
    (after, report)
}

#[test]
fn a_small_change_writes_little_and_survives_every_cut() {
    let old = bytes(16 * CHUNK, 1);
    let mut new = old.clone();
    new[7 * CHUNK..7 * CHUNK + 1000].fill(9);
    for bits in [FatBits::Fat12, FatBits::Fat16] {
        let len = if bits == FatBits::Fat12 { 5 * MIB } else { 8 * MIB };
        let desk = Desk::new(&[("a.img", old.clone())], superfloppy(bits, len));
        let (after, report) = survives(&desk, &old, &new, None);
        // Fast packing refers to four chunks before: five are written.
        assert_eq!((report.chunks, report.kept), (16, 11));
        assert!(!report.same && report.was == hash(&old));
        // Again, and it fits into what was left over.
        let (again, _, report) = desk.reflash(&after, &old, None).unwrap();
        is_whole(&again, 0, desk.folder.path());
        assert_eq!(report.kept, 11);
        // And nothing is to be done.
        let (same, log, report) = desk.reflash(&again, &old, None).unwrap();
        assert!(report.same && log.is_empty() && same == again && report.effort.written == 0);
    }
}

#[test]
fn an_image_grows_and_shrinks_in_its_file_and_gives_its_clusters_back() {
    let old = bytes(6 * CHUNK, 1);
    let larger = [&old[..], &bytes(9 * CHUNK + 700, 2)].concat();
    let desk = Desk::new(&[("a.img", old.clone())], superfloppy(FatBits::Fat16, 16 * MIB));
    let free = |stick: &[u8]| judge(stick, Strictness::Boot).free;
    let (grown, report) = survives(&desk, &old, &larger, None);
    assert_eq!(report.image.len, larger.len() as u64);
    assert!(free(&grown) < free(&desk.stick));
    let (shrunk, ..) = desk.reflash(&grown, &old[..2 * CHUNK], None).unwrap();
    is_whole(&shrunk, 0, desk.folder.path());
    assert!(free(&shrunk) > free(&grown));
}

#[test]
fn one_of_several_images_changes_and_the_others_stay_with_the_users_own_files() {
    let (one, two) = (bytes(5 * CHUNK, 1), bytes(6 * CHUNK, 2));
    let images = [("one.img", one.clone()), ("two.img", two.clone())];
    let mut desk = Desk::new(&images, superfloppy(FatBits::Fat16, 16 * MIB));
    let path = desk.folder.path().join("own.img");
    fs::write(&path, &desk.stick).unwrap();
    let own = desk.folder.path().join("own.txt");
    fs::write(&own, noise(100_000)).unwrap();
    let (image, own) = (path.to_str().unwrap(), own.to_str().unwrap());
    for place in ["::OWN.TXT", "::RAMKEY/A long name.txt"] {
        assert!(tool("mtools", "mcopy", &["-i", image, own, place]).status.success());
    }
    desk.stick = fs::read(&path).unwrap();

    let mut new = one.clone();
    new.rotate_left(CHUNK);
    let error = desk.reflash(&desk.stick, &new, None).unwrap_err();
    assert!(matches!(&error, JobError::NotReplaced { found, .. } if found.len() == 2), "{error}");
    let (after, _, report) = desk.reflash(&desk.stick, &new, Some("one")).unwrap();
    assert_eq!((&report.image.title[..], &report.image.file[..]), ("one", "RAMKEY/ONE.RKC"));
    let verdict = judge(&after, Strictness::Boot);
    assert!(verdict.sound, "{}", told(&verdict));
    let hashes: Vec<&String> = verdict.capsules.iter().map(|capsule| &capsule.blake3).collect();
    assert_eq!(hashes, [&hash(&new), &hash(&two)]);
    fs::write(&path, &after).unwrap();
    for place in ["::OWN.TXT", "::RAMKEY/A long name.txt"] {
        let found = tool("mtools", "mtype", &["-i", image, place]);
        assert_eq!(found.stdout, noise(100_000), "{place}");
    }
    assert!(tool("dosfstools", "fsck.fat", &["-n", image]).status.success());
}

#[test]
fn a_stick_without_room_is_refused_and_stays() {
    let desk = Desk::new(&[("a.img", bytes(12 * CHUNK, 1))], superfloppy(FatBits::Fat12, 2 * MIB));
    let error = desk.reflash(&desk.stick, &bytes(12 * CHUNK, 7), None).unwrap_err();
    assert!(matches!(&error, JobError::Change { source: ChangeError::NoRoom { .. }, .. }), "{error}");
}

#[test]
fn a_fat32_keeps_its_counts_also_where_a_system_counted_before_and_counts_behind() {
    let old = bytes(3 * CHUNK, 1);
    let new = [&old[..], &bytes(4 * CHUNK, 3)].concat();
    let mut desk = Desk::new(&[("a.img", old.clone())], superfloppy(FatBits::Fat32, 40 * MIB));
    let (after, _) = survives(&desk, &old, &new, None);
    // mtools and Linux count anew.
    let path = desk.folder.path().join("own.img");
    let own = desk.folder.path().join("own.txt");
    fs::write(&own, noise(100_000)).unwrap();
    let (image, own) = (path.to_str().unwrap(), own.to_str().unwrap());
    for stick in [&desk.stick.clone(), &after] {
        fs::write(&path, stick).unwrap();
        assert!(tool("mtools", "mcopy", &["-i", image, own, "::OWN.TXT"]).status.success());
        desk.stick = fs::read(&path).unwrap();
        let (changed, ..) = desk.reflash(&desk.stick, &bytes(5 * CHUNK, 7), None).unwrap();
        let verdict = judge(&changed, Strictness::Boot);
        assert!(verdict.sound, "{}", told(&verdict));
        fs::write(&path, &changed).unwrap();
        assert!(tool("dosfstools", "fsck.fat", &["-n", image]).status.success());
        assert!(tool("mtools", "mdel", &["-i", image, "::OWN.TXT"]).status.success());
        let verdict = judge(&fs::read(&path).unwrap(), Strictness::Boot);
        assert!(verdict.sound, "{}", told(&verdict));
    }
}

#[test]
fn what_was_cut_off_is_finished_before_another_image_changes() {
    let (one, two) = (bytes(5 * CHUNK, 1), bytes(6 * CHUNK, 2));
    let images = [("one.img", one.clone()), ("two.img", two.clone())];
    let desk = Desk::new(&images, superfloppy(FatBits::Fat16, 16 * MIB));
    let (larger, other) = (bytes(9 * CHUNK, 3), bytes(4 * CHUNK, 4));
    let (_, log, _) = desk.reflash(&desk.stick, &larger, Some("one")).unwrap();
    let mut number = 0;
    each_cut(&desk.stick, &log, 1, |case, stick| {
        number += 1;
        if number % 4 != 0 {
            return;
        }
        let (end, ..) =
            desk.reflash(stick, &other, Some("two")).unwrap_or_else(|error| panic!("{case}: {error}"));
        is_whole(&end, 0, desk.folder.path());
        let hashes: Vec<String> =
            judge(&end, Strictness::Boot).capsules.into_iter().map(|capsule| capsule.blake3).collect();
        assert!([hash(&one), hash(&larger)].contains(&hashes[0]) && hashes[1] == hash(&other), "{case}");
    });
    assert!(number > 20);
}

#[test]
fn an_image_takes_the_place_of_one_that_was_deleted() {
    let (one, two) = (bytes(5 * CHUNK, 1), bytes(6 * CHUNK, 2));
    let images = [("one.img", one.clone()), ("two.img", two)];
    let mut desk = Desk::new(&images, superfloppy(FatBits::Fat16, 6 * MIB));
    let path = desk.folder.path().join("own.img");
    fs::write(&path, &desk.stick).unwrap();
    assert!(tool("mtools", "mdel", &["-i", path.to_str().unwrap(), "::RAMKEY/TWO.RKC"]).status.success());
    desk.stick = fs::read(&path).unwrap();
    let larger = bytes(12 * CHUNK, 5);
    let (after, log, _) = desk.reflash(&desk.stick, &larger, None).unwrap();
    let verdict = judge(&after, Strictness::Boot);
    assert!(verdict.sound && verdict.capsules[0].blake3 == hash(&larger), "{}", told(&verdict));
    each_cut(&desk.stick, &log, 1, |case, stick| {
        let verdict = judge(stick, Strictness::Boot);
        assert!(verdict.sound && verdict.capsules[0].proven, "{case}: {}", told(&verdict));
    });
    let (again, ..) = desk.reflash(&after, &one, None).unwrap();
    assert!(judge(&again, Strictness::Boot).sound);
}

#[test]
fn images_whose_names_were_swapped_change_like_others() {
    let (one, two) = (bytes(5 * CHUNK, 1), bytes(6 * CHUNK, 2));
    let images = [("one.img", one.clone()), ("two.img", two)];
    let mut desk = Desk::new(&images, superfloppy(FatBits::Fat16, 16 * MIB));
    let path = desk.folder.path().join("own.img");
    fs::write(&path, &desk.stick).unwrap();
    let image = path.to_str().unwrap();
    for (from, to) in [("ONE", "X"), ("TWO", "ONE"), ("X", "TWO")] {
        let names = [format!("::RAMKEY/{from}.RKC"), format!("::RAMKEY/{to}.RKC")];
        assert!(tool("mtools", "mren", &["-i", image, &names[0], &names[1]]).status.success());
    }
    desk.stick = fs::read(&path).unwrap();
    let (_, log, _) = desk.reflash(&desk.stick, &bytes(9 * CHUNK, 3), Some("one")).unwrap();
    each_cut(&desk.stick, &log, 2, |case, stick| {
        let verdict = judge(stick, Strictness::Boot);
        assert!(
            verdict.sound && verdict.capsules.iter().all(|capsule| capsule.proven),
            "{case}: {}",
            told(&verdict)
        );
    });
}

#[test]
fn every_layout_and_file_system_can_be_changed() {
    let old = bytes(3 * CHUNK, 1);
    let mut new = old.clone();
    new[2 * CHUNK..].rotate_left(1);
    for (layout, fs, len) in every_layout().into_iter().filter(|(.., len)| *len <= 48 * MIB) {
        let usual = StickRequest {
            layout: layout.into(),
            fs,
            size: Some(len),
            compression: Compression::Fast,
            ..StickRequest::new(Vec::new())
        };
        let desk = Desk::new(&[("a.img", old.clone())], usual);
        let (after, log, report) = desk.reflash(&desk.stick, &new, None).unwrap();
        assert_eq!((report.chunks, report.kept), (3, 2), "{layout:?} {fs:?}");
        is_whole(&after, volume_offset(layout), desk.folder.path());
        let verdict = judge(&after, Strictness::Boot);
        assert_eq!(verdict.stick_id, judge(&desk.stick, Strictness::Boot).stick_id);
        assert_eq!(verdict.capsules[0].blake3, hash(&new), "{layout:?} {fs:?}");
        let written: usize =
            log.iter().map(|op| if let Op::Write(_, bytes) = op { bytes.len() } else { 0 }).sum();
        assert_eq!(written as u64, report.effort.written, "{layout:?} {fs:?}");
    }
}

#[test]
fn what_is_no_stick_or_has_faults_is_refused_and_stays() {
    let old = bytes(3 * CHUNK, 1);
    let desk = Desk::new(&[("a.img", old.clone())], superfloppy(FatBits::Fat12, 4 * MIB));
    let error = desk.reflash(&noise(4 << 20), &old, None).unwrap_err();
    assert!(matches!(error, JobError::ForeignStick { .. }), "{error}");
    let mut faulty = desk.stick.clone();
    // Behind the image lies the text about it.
    let chunk = faulty.windows(8).rposition(|bytes| bytes == b"RAMKEY\r\n").unwrap();
    let at = (0..chunk).rev().find(|&at| faulty[at] != 0).unwrap();
    faulty[at] ^= 1;
    let error = desk.reflash(&faulty, &old, None).unwrap_err();
    assert!(matches!(&error, JobError::FaultyStick { faults, .. } if !faults.is_empty()), "{error}");
    let error = desk.reflash(&desk.stick, &old, Some("other")).unwrap_err();
    assert!(matches!(&error, JobError::NotReplaced { found, .. } if found == &["a"]), "{error}");
}
