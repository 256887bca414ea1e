//! A repair that is cut off, or that meets another stick than the one that was looked at.

use std::fs;
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicBool, AtomicU32, Ordering};

use ramkey::change::ChangeError;
use ramkey::device::{OpenError, System, TargetPath};
use ramkey::image::Compression;
use ramkey::job::{
    Destination, Event, JobError, Part, PreparedRepair, StickRequest, prepare_repair, prepare_update,
    repair_to, update_to,
};
use ramkey::pipeline::Aftermath;
use ramkey::plan::{FatBits, FsChoice, LayoutKind, Slot};
use ramkey::repair::update;
use ramkey::verify::Strictness;
use ramkey_format::memory::{BOOT_LBA, PARTITION_LBA};

use crate::frames::desk::{CHUNK, Desk, bytes, superfloppy};
use crate::frames::foreign::foreign;
use crate::frames::recorder::{Op, Recorder, each_cut};
use crate::frames::sticks::{Image, MIB, noise};
use crate::frames::verdicts::{judge, stick, told};

/// Does something with a stick in a file.
fn with<T>(bytes: &[u8], work: impl FnOnce(Destination) -> T) -> T {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("stick.img");
    fs::write(&path, bytes).unwrap();
    let system = System::default();
    let target = TargetPath::look(&system, &path).unwrap();
    work(Destination { system: &system, target: &target })
}

fn prepared(bytes: &[u8], images: &[PathBuf]) -> Result<PreparedRepair, JobError> {
    with(bytes, |destination| prepare_repair(images.to_vec(), destination, &|_| ()))
}

fn never() -> AtomicBool {
    AtomicBool::new(false)
}

fn repaired(bytes: &[u8]) -> (Vec<u8>, Vec<Op>) {
    let prepared = prepared(bytes, &[]).unwrap();
    let target = Recorder::new(bytes.to_vec());
    if !prepared.mended.is_empty() {
        repair_to(prepared, Path::new("stick"), &target, &never(), &|_| ()).unwrap();
    }
    target.end()
}

fn universal() -> Vec<u8> {
    stick(LayoutKind::Universal { slot: Slot::First }, FsChoice::Is(FatBits::Fat16), 17 * MIB).bytes()
}

/// That of another version on which an update was cut off behind the manifest that announces it.
fn announced() -> Vec<u8> {
    let mut before = universal();
    foreign(&mut before);
    let mut plan = update(&Image(before.clone())).unwrap();
    plan.code = None;
    let target = Recorder::new(before);
    update_to(&plan, &target, &never(), &|_| ()).unwrap();
    target.end().0
}

#[test]
fn boot_code_that_is_exchanged_is_all_old_or_all_new_or_does_not_start_and_the_repair_goes_on() {
    let before = announced();
    let (after, log) = repaired(&before);
    let verdict = judge(&Image(after.clone()), Strictness::Boot);
    assert!(verdict.sound, "{}", told(&verdict));
    let areas = [BOOT_LBA, PARTITION_LBA + BOOT_LBA].map(|lba| lba as usize * 512);
    let (mut seen, mut number) = ([0; 3], 0);
    each_cut(&before, &log, 2, |case, now| {
        let is = |whole: &[u8]| {
            now[..512] == whole[..512] && areas.iter().all(|&at| now[at..at + 51200] == whole[at..at + 51200])
        };
        let starts = now[..512] != [0; 512] && areas.iter().any(|&at| now[at..at + 512] != [0; 512]);
        let kind = match () {
            () if is(&before) => 0,
            () if is(&after) => 1,
            () if !starts => 2,
            () => panic!("{case}: it is a mixture"),
        };
        seen[kind] += 1;
        number += 1;
        if number % 40 == 0 && kind == 2 {
            let verdict = judge(&Image(repaired(now).0), Strictness::Boot);
            assert!(verdict.sound, "{case}: {}", told(&verdict));
        }
    });
    assert!(seen.iter().all(|&seen| seen > 0), "{seen:?}");
}

#[test]
fn two_boot_areas_of_another_version_that_are_made_from_each_other_never_start_half_made() {
    let mut whole = universal();
    foreign(&mut whole);
    let areas = [BOOT_LBA, PARTITION_LBA + BOOT_LBA].map(|lba| lba as usize * 512);
    // Sectors of each that are damaged; the first is its header.
    for damage in [[&[30, 31][..], &[60, 7]], [&[0, 30], &[60]], [&[30], &[0, 60]]] {
        let mut before = whole.clone();
        for (area, sectors) in areas.into_iter().zip(damage) {
            sectors.iter().for_each(|sector| before[area + sector * 512 + 50] ^= 1);
        }
        let (after, log) = repaired(&before);
        assert!(after == whole, "{damage:?}: {}", told(&judge(&Image(after), Strictness::Boot)));
        let (mut number, mut clear) = (0, [false; 2]);
        each_cut(&before, &log, 1, |case, now| {
            for (place, at) in areas.into_iter().enumerate() {
                let area = at..at + 51200;
                let is_clear = now[at..at + 512] == [0; 512];
                let is_one = now[area.clone()] == before[area.clone()] || now[area.clone()] == whole[area];
                assert!(is_clear || is_one, "{damage:?} {case}: a mixture at {at:#x}");
                clear[place] |= is_clear;
            }
            number += 1;
            if number % 20 == 0 {
                assert!(repaired(now).0 == whole, "{damage:?} {case}: it cannot be finished");
            }
        });
        assert_eq!(clear, [true; 2], "{damage:?}");
    }
}

#[test]
fn a_stick_that_was_written_to_since_it_was_looked_at_stays_as_it_is() {
    let mut before = universal();
    before[PARTITION_LBA as usize * 512 + 14] ^= 1;
    let prepared = prepared(&before, &[]).unwrap();
    assert!(!prepared.mended.is_empty());
    // Where the file system says that it is mounted.
    before[PARTITION_LBA as usize * 512 + 0x25] |= 1;
    before[PARTITION_LBA as usize * 512 + 0x2B] ^= 1;
    before[700 * 512 + 430] ^= 1;
    let target = Recorder::new(before.clone());
    let done = repair_to(prepared, Path::new("stick"), &target, &never(), &|_| ());
    let error = done.map(drop).unwrap_err();
    assert!(matches!(error, JobError::Target(OpenError::Changed { .. })), "{error}");
    let (after, log) = target.end();
    assert!(after == before && log.is_empty());
}

#[test]
fn who_stops_it_between_two_rounds_is_not_told_that_nothing_was_written() {
    let usual = StickRequest { compression: Compression::None, ..superfloppy(FatBits::Fat16, 24 * MIB) };
    let image: Vec<u8> = noise(40 * CHUNK).iter().map(|byte| byte | 1).collect();
    let desk = Desk::new(&[("a.img", image)], usual);
    let mut broken = desk.stick.clone();
    let lba = broken.chunks(512).position(|sector| sector.starts_with(b"RAMKEYRC")).unwrap();
    broken[(lba + 600) * 512..(lba + 600) * 512 + 9 * MIB as usize].fill(0x11);
    let prepared = prepared(&broken, &desk.request.images).unwrap();
    let target = Recorder::new(broken);
    let (stop, looks) = (never(), AtomicU32::new(0));
    // The look behind the first round.
    let observe = |event| {
        if let Event::Begin { part: Part::Mend, .. } = event {
            stop.fetch_or(looks.fetch_add(1, Ordering::Relaxed) == 1, Ordering::Relaxed);
        }
    };
    let error = repair_to(prepared, Path::new("stick"), &target, &stop, &observe).map(drop).unwrap_err();
    assert!(!target.end().1.is_empty());
    assert_eq!(error.stick(), Aftermath::BootsAsBefore, "{error}");
}

#[test]
fn while_an_image_is_written_over_another_one_nothing_else_lets_the_stick_start() {
    let (old, new) = (bytes(12 * CHUNK, 1), bytes(12 * CHUNK, 7));
    let mut desk = Desk::new(&[("a.img", old)], superfloppy(FatBits::Fat12, 2 * MIB));
    desk.over = true;
    let (_, log, _) = desk.reflash(&desk.stick, &new, None).unwrap();
    let mut looked = 0;
    each_cut(&desk.stick, &log, 1, |case, stick| {
        if stick[..512] != [0; 512] || looked == 3 {
            return;
        }
        looked += 1;
        let repair = prepared(stick, &[]).map(drop);
        let update = with(stick, |destination| prepare_update(destination).map(drop));
        for error in [repair, update].map(Result::unwrap_err) {
            let is_it = matches!(&error, JobError::Change { source: ChangeError::WrittenOver, .. });
            assert!(is_it, "{case}: {error}");
            assert!(error.help().unwrap().contains("ramkey reflash"), "{case}");
        }
    });
    assert_eq!(looked, 3);
}
