//! A stick that is changed, and of which some sectors keep nothing: what is new lies around them, and wherever that is cut the stick
//! is sound and boots what it did or what is new.

use std::path::Path;
use std::sync::atomic::AtomicBool;

use ramkey::job::{JobError, add_to, reflash_to, remove_from};
use ramkey::pipeline::Aftermath;
use ramkey::plan::FatBits;
use ramkey::verify::{ReadmeState, Strictness};

use crate::frames::desk::{CHUNK, Desk, bytes, is_clean, is_whole, judge, superfloppy, survives_some};
use crate::frames::loader::load_all;
use crate::frames::recorder::{Op, is_long};
use crate::frames::sticks::{MIB, noise};
use crate::frames::verdicts::told;
use crate::frames::worn::{WEARS, Wear, Worn, are_marked};

/// A change of a stick: what it holds then, what came to it, and what is to be known.
type Changed = Result<(Vec<String>, Vec<u8>, Vec<Op>), Box<(JobError, Vec<u8>)>>;

/// Replaces the image of the desk on a worn stick that holds `before`.
fn reflash(desk: &Desk, before: &[u8], new: &[u8], (dead, wear): (&[u64], Wear)) -> Changed {
    let prepared = desk.prepared(before, new, None).unwrap();
    let target = Worn::over(before.to_vec(), dead, wear);
    let stop = AtomicBool::new(false);
    let done = reflash_to(&prepared, Path::new("stick"), &target, &stop, &|_| (), &|| false);
    let (after, log) = target.end();
    match done {
        Ok(report) => Ok((report.warnings, after, log)),
        Err(error) => Err(Box::new((error, after))),
    }
}

/// Adds an image to a worn stick that holds `before`.
fn add(desk: &Desk, before: &[u8], image: (&str, &[u8]), (dead, wear): (&[u64], Wear)) -> Changed {
    let prepared = desk.prepared_addition(before, image, Some("b"), &[]).unwrap();
    let target = Worn::over(before.to_vec(), dead, wear);
    let done = add_to(&prepared, Path::new("stick"), &target, &AtomicBool::new(false), &|_| ());
    let (after, log) = target.end();
    match done {
        Ok(report) => Ok((report.warnings, after, log)),
        Err(error) => Err(Box::new((error, after))),
    }
}

/// The sectors of new bytes in a log: the first, one in the middle and the last of the longest writes, and the next ones where the
/// change would go when it moves away from these.
fn places(log: &[Op]) -> Vec<u64> {
    let len = |op: &&Op| if let Op::Write(_, bytes) = op { bytes.len() } else { 0 };
    let longest = log.iter().filter(|op| matches!(op, Op::Write(..))).max_by_key(len).unwrap();
    let Op::Write(offset, bytes) = longest else { panic!("a write") };
    let (first, sectors) = (offset / 512, bytes.len() as u64 / 512);
    vec![first + sectors / 3, first + sectors / 2, first + sectors / 2 + 1, first + sectors - 9]
}

/// Sectors that hold other bytes in `after` than in `before`, behind what both have in `from`.
fn moved_to(before: &[u8], after: &[u8], from: u64) -> u64 {
    let sectors = before.chunks(512).zip(after.chunks(512)).enumerate();
    let last = sectors.filter(|(_, (old, new))| old != new).map(|(lba, _)| lba as u64).max().unwrap();
    assert!(last > from, "{last} {from}");
    last
}

fn warns(warnings: &[String], case: &str) {
    assert!(warnings.iter().any(|text| text.contains("do not keep data")), "{case}: {warnings:?}");
}

#[test]
fn an_image_is_replaced_around_sectors_that_keep_nothing_and_survives_every_cut() {
    let old = bytes(4 * CHUNK, 1);
    let mut new = old.clone();
    new[2 * CHUNK..2 * CHUNK + 1000].fill(9);
    let all = [(FatBits::Fat12, 3 * MIB), (FatBits::Fat16, 5 * MIB), (FatBits::Fat32, 36 * MIB)];
    let (usual, sample, step) = if is_long() { (3, 1, 3) } else { (1, 5, 7) };
    for (case, (bits, len)) in all.into_iter().enumerate().take(usual) {
        let desk = Desk::new(&[("a.img", old.clone())], superfloppy(bits, len));
        let (plain, log, _) = desk.reflash(&desk.stick, &new, None).unwrap();
        let mut dead = places(&log);
        // All of them on the smallest one.
        for (number, wear) in WEARS.into_iter().enumerate().filter(|(number, _)| case == 0 || *number == 0) {
            let name = format!("{bits:?} {wear:?}");
            let (warnings, after, _) =
                reflash(&desk, &desk.stick, &new, (&dead, wear)).map_err(|failed| failed.0).unwrap();
            warns(&warnings, &name);
            is_whole(&after, 0, desk.folder.path());
            are_marked(&after, 0, &dead, &name);
            if number == 0 {
                // One of those to which it moved keeps nothing either.
                dead.push(moved_to(&plain, &after, dead[0]));
            }
        }
        let wear = WEARS[case];
        // Once around is enough to be cut everywhere; twice takes twice as long.
        let dead = if is_long() { &dead[..] } else { &dead[1..3] };
        let done = reflash(&desk, &desk.stick, &new, (dead, wear));
        let (warnings, after, log) = done.map_err(|failed| failed.0).unwrap();
        warns(&warnings, "again");
        are_marked(&after, 0, dead, "again");
        assert_ne!(load_all(&after, 0).unwrap(), load_all(&desk.stick, 0).unwrap());
        if bits == FatBits::Fat12 || is_long() {
            survives_some((&desk.stick, &log, &after), 1, (sample, step, desk.folder.path()), &|stick| {
                let done = reflash(&desk, stick, &new, (dead, wear));
                done.map(|(_, after, _)| after).map_err(|failed| failed.0)
            });
        }
    }
}

#[test]
fn an_image_is_added_around_sectors_that_keep_nothing_its_first_too() {
    let (old, new) = (bytes(2 * CHUNK, 1), bytes(2 * CHUNK, 2));
    let all = [(FatBits::Fat12, 3 * MIB), (FatBits::Fat16, 5 * MIB), (FatBits::Fat32, 36 * MIB)];
    let (usual, sample, step) = if is_long() { (3, 1, 3) } else { (2, 5, 7) };
    for (case, (bits, len)) in all.into_iter().enumerate().take(usual) {
        let desk = Desk::new(&[("a.img", old.clone())], superfloppy(bits, len));
        let (_, log, _) = desk.add(&desk.stick, ("b.img", &new), None, &[]).unwrap();
        let first =
            log.iter().find_map(|op| if let Op::Write(offset, _) = op { Some(offset / 512) } else { None });
        for wear in WEARS.into_iter().filter(|wear| case == 0 || *wear == WEARS[case]) {
            // The header, which comes last.
            for dead in [places(&log), vec![first.unwrap() - 1]] {
                let name = format!("{bits:?} {wear:?} {dead:?}");
                let done = add(&desk, &desk.stick, ("b.img", &new), (&dead, wear));
                let (warnings, after, log) = done.map_err(|failed| format!("{name}: {}", failed.0)).unwrap();
                warns(&warnings, &name);
                is_whole(&after, 0, desk.folder.path());
                are_marked(&after, 0, &dead, &name);
                if wear == WEARS[case] && dead.len() > 1 && (case == 0 || is_long()) {
                    survives_some(
                        (&desk.stick, &log, &after),
                        1,
                        (sample, step, desk.folder.path()),
                        &|stick| {
                            let done = add(&desk, stick, ("b.img", &new), (&dead, wear));
                            done.map(|(_, after, _)| after).map_err(|failed| failed.0)
                        },
                    );
                }
            }
        }
    }
}

#[test]
fn without_other_room_the_error_says_so_and_the_stick_boots_what_it_did() {
    let desk = Desk::new(&[("a.img", bytes(3 * CHUNK, 1))], superfloppy(FatBits::Fat12, 3 * MIB));
    let free = judge(&desk.stick, Strictness::Boot).free;
    let new = noise((free as usize - 16_384) / 512 * 512);
    let (plain, log, _) = desk.add(&desk.stick, ("b.img", &new), None, &[]).unwrap();
    let (first, left) = (places(&log)[0], judge(&plain, Strictness::Boot).free / 512);
    // More than is left.
    let dead: Vec<u64> = (first..first + left + 9).collect();
    let failed = add(&desk, &desk.stick, ("b.img", &new), (&dead, Wear::Forgets));
    let (error, after) = *failed.expect_err("it had room");
    assert!(matches!(&error, JobError::NoOtherRoom { .. }), "{error}");
    assert_eq!(error.stick(), Aftermath::BootsAsBefore, "{error}");
    assert!(!error.differences().is_empty(), "{error}");
    assert_eq!(load_all(&after, 0).unwrap(), load_all(&desk.stick, 0).unwrap());
    let verdict = judge(&after, Strictness::Boot);
    assert!(verdict.sound, "{}", told(&verdict));
    is_clean(&after, desk.folder.path());
}

#[test]
fn a_sector_that_it_cannot_do_without_is_named_and_nothing_is_marked() {
    let (old, new) = (bytes(3 * CHUNK, 1), bytes(3 * CHUNK, 2));
    let desk = Desk::new(&[("a.img", old)], superfloppy(FatBits::Fat16, 6 * MIB));
    let (_, log, _) = desk.reflash(&desk.stick, &new, None).unwrap();
    // The first sector of each write that is shorter than the new chunks: manifests, tables, folders and the image's header.
    let small = log.iter().filter_map(|op| match op {
        Op::Write(offset, bytes) if bytes.len() < 1 << 16 => Some(offset / 512),
        _ => None,
    });
    let mut small: Vec<u64> = small.collect();
    small.sort_unstable();
    small.dedup();
    assert!(small.len() > 5, "{small:?}");
    for lba in small {
        let (error, after) = match reflash(&desk, &desk.stick, &new, (&[lba], Wear::Forgets)) {
            // What was written there is what was there.
            Ok(_) => continue,
            Err(failed) => *failed,
        };
        let cause = match &error {
            JobError::Unfinished { cause } => cause,
            error => error,
        };
        assert!(matches!(cause, JobError::Differs { .. } | JobError::Pipeline(_)), "{lba}: {error}");
        let verdict = judge(&after, Strictness::Boot);
        assert!(verdict.sound, "{lba}: {error}: {}", told(&verdict));
        let (tables, _) = crate::frames::worn::marked(&after, 0);
        assert!(tables.iter().all(Vec::is_empty), "{lba}: {tables:?}");
    }
}

#[test]
fn the_text_goes_around_what_keeps_nothing_and_where_it_cannot_it_tells_of_the_images_before() {
    let desk = Desk::new(&[("a.img", bytes(2 * CHUNK, 1))], superfloppy(FatBits::Fat16, 5 * MIB));
    let text_of = |log: &[Op]| {
        let text = log.iter().find_map(|op| match op {
            Op::Write(offset, bytes) if bytes.windows(7).any(|bytes| bytes == b"IMAGE 1") => {
                Some(offset / 512)
            }
            _ => None,
        });
        text.unwrap()
    };
    let (plain, log, _) = desk.add(&desk.stick, ("b.img", &bytes(CHUNK, 2)), None, &[]).unwrap();
    let text = text_of(&log);
    let add = |dead: &[u64]| {
        let prepared = desk.prepared_addition(&desk.stick, ("b.img", &bytes(CHUNK, 2)), None, &[]).unwrap();
        let target = Worn::over(desk.stick.clone(), dead, Wear::Forgets);
        let report =
            add_to(&prepared, Path::new("stick"), &target, &AtomicBool::new(false), &|_| ()).unwrap();
        (report, target.end().0)
    };
    let (report, after) = add(&[text + 1]);
    warns(&report.warnings, "the text");
    assert_eq!(report.warnings.iter().filter(|text| text.contains("do not keep data")).count(), 1);
    are_marked(&after, 0, &[text + 1], "the text");
    is_whole(&after, 0, desk.folder.path());
    assert_eq!(judge(&after, Strictness::Boot).readme, Some(ReadmeState::AsWritten));
    // All behind it: it is tried a few times.
    let dead: Vec<u64> = (text..5 * MIB / 512).collect();
    let (report, after) = add(&dead);
    assert!(report.notes.iter().any(|note| note.contains("images that were there before")), "{report:?}");
    let verdict = judge(&after, Strictness::Boot);
    assert!(verdict.sound && verdict.capsules.len() == 2, "{}", told(&verdict));
    assert_eq!(verdict.readme, Some(ReadmeState::OtherImages));
    is_clean(&after, desk.folder.path());

    let (_, log, _) = desk.remove(&plain, "a").unwrap();
    let text = text_of(&log);
    let target = Worn::over(plain, &[text + 1], Wear::Forgets);
    let report = remove_from("a", Path::new("stick"), &target, &AtomicBool::new(false), &|_| ()).unwrap();
    warns(&report.notes, "removed");
    is_whole(&target.end().0, 0, desk.folder.path());
}
