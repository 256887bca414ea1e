//! A stick of another version gets this boot code. Wherever that is cut, it boots the old, the new, or nothing.

use std::fs;
use std::process::Command;
use std::sync::atomic::{AtomicBool, AtomicU32, Ordering};

use ramkey::job::{Event, Part, update_to};
use ramkey::layout::Role;
use ramkey::pipeline::{Aftermath, Phase};
use ramkey::plan::{FatBits, FsChoice, LayoutKind, Slot};
use ramkey::repair::{UpdateError, update};
use ramkey::verify::Strictness;
use ramkey_format::memory::{BOOT_LBA, PARTITION_LBA};

use crate::frames::foreign::foreign;
use crate::frames::recorder::{Op, Recorder, each_cut};
use crate::frames::sticks::{Image, MIB, Stick, printed};
use crate::frames::verdicts::{OnDisk, judge, stick, told};

const CASES: [(LayoutKind, FsChoice, u64); 7] = [
    (LayoutKind::Universal { slot: Slot::First }, FsChoice::Is(FatBits::Fat16), 17 * MIB),
    (LayoutKind::Universal { slot: Slot::First }, FsChoice::Is(FatBits::Fat32), 48 * MIB),
    (LayoutKind::Hdd, FsChoice::Auto, 8 * MIB),
    (LayoutKind::Zip, FsChoice::Auto, 8 * MIB),
    (LayoutKind::Fdd, FsChoice::Auto, 8 * MIB),
    (LayoutKind::TwoPartitions, FsChoice::Auto, 8 * MIB),
    (LayoutKind::Gpt, FsChoice::Is(FatBits::Fat16), 12 * MIB),
];

fn updated(before: &[u8]) -> (Vec<u8>, Vec<Op>) {
    let target = Recorder::new(before.to_vec());
    let plan = update(&Image(before.to_vec())).expect("it can be updated");
    assert!(plan.is_possible(before.len() as u64 / 512), "who is told so believes it");
    update_to(&plan, &target, &AtomicBool::new(false), &|_| ()).expect("it is updated");
    target.end()
}

fn is_whole(bytes: &[u8], case: &str) {
    let verdict = judge(&Image(bytes.to_vec()), Strictness::EveryByte);
    assert!(verdict.sound && verdict.changes.is_empty(), "{case}: {}", told(&verdict));
}

/// Both are the same but for the manifests.
fn is_same(stick: &Stick, one: &[u8], two: &[u8], case: &str) {
    for extent in stick.layout.extents.iter().filter(|extent| extent.role != Role::Manifest) {
        let bytes = (extent.lba * 512) as usize..((extent.lba + extent.sectors) * 512) as usize;
        assert!(one[bytes.clone()] == two[bytes], "{case}: {:?} at {}", extent.role, extent.lba);
    }
}

#[test]
fn a_stick_of_another_version_becomes_what_this_one_writes_and_one_of_this_is_left_alone() {
    for (layout, fs, len) in CASES {
        let case = format!("{layout:?} {fs:?}");
        let stick = stick(layout, fs, len);
        let own = stick.bytes();
        assert!(update(&Image(own.clone())).unwrap().code.is_none(), "{case}: it is of this version");
        let mut before = own.clone();
        foreign(&mut before);
        is_whole(&before, &case);
        let (after, _) = updated(&before);
        is_whole(&after, &case);
        is_same(&stick, &after, &own, &case);
        assert!(update(&Image(after)).unwrap().code.is_none(), "{case}: again");
    }
}

#[test]
fn an_image_whose_kind_is_a_guess_wants_boot_code_that_knows_of_guesses() {
    let folder = tempfile::tempdir().unwrap();
    let path = |name: &str| folder.path().join(name).to_str().unwrap().to_owned();
    // A boot sector without a table and without a description of its volume.
    let mut image = vec![0xF4; 1_474_560];
    image[..3].copy_from_slice(b"\xFA\xEB\xFD");
    image[510..512].copy_from_slice(b"\x55\xAA");
    fs::write(path("guess.img"), &image).unwrap();
    let says = |words: &[&str], exit: i32| {
        let output = Command::new(env!("CARGO_BIN_EXE_ramkey")).args(words).output().unwrap();
        assert_eq!(output.status.code(), Some(exit), "{words:?}: {}", printed(&output));
        printed(&output)
    };
    let (image, target) = (path("guess.img"), path("stick.img"));
    let options = ["--kind", "floppy", "--title", "dos", "--layout", "hdd", "--size", "8M"];
    says(&[&["write", &image, "--to", &target], &options[..]].concat(), 0);
    let mut before = fs::read(&target).unwrap();
    foreign(&mut before);
    fs::write(&target, &before).unwrap();
    let add = ["add", &image, "--to", &target, "--title", "guess"];
    for words in [&add[..], &["reflash", &image, "--replace", "dos", "--to", &target]] {
        let said = says(words, 3);
        assert!(said.contains("run `ramkey update ") && said.contains("--kind"), "{said}");
        assert!(fs::read(&target).unwrap() == before, "{words:?}");
    }
    says(&[&add[..], &["--kind", "floppy"]].concat(), 0);
    fs::write(&target, &before).unwrap();
    says(&["update", &target, "--yes"], 0);
    says(&add, 0);
    says(&["verify", &target], 0);
}

#[test]
fn what_the_user_did_stays() {
    let (layout, fs, len) = CASES[1];
    let disk = OnDisk::new(layout, fs, len);
    let own = disk.scratch("own.txt", b"mine");
    disk.mtools("mcopy", &[&own, "::"]);
    disk.mtools("mlabel", &["::MINE"]);
    let mut before = std::fs::read(&disk.path).unwrap();
    // The manifest stays that of a fresh stick but for the boot code.
    let mut fresh = stick(layout, fs, len).bytes();
    let was = fresh.clone();
    foreign(&mut fresh);
    for (at, (fresh, was)) in fresh.iter().zip(&was).enumerate().filter(|(_, (fresh, was))| fresh != was) {
        assert!(before[at] == *was || at > 464 * 512, "byte {at}");
        before[at] = *fresh;
    }
    let (after, _) = updated(&before);
    std::fs::write(&disk.path, &after).unwrap();
    disk.expect(&["OWN.TXT was added", "the label is \"MINE\""]);
    assert!(update(&Image(after)).unwrap().code.is_none());
}

#[test]
fn wherever_it_is_cut_it_boots_the_old_or_the_new_or_nothing_and_the_command_goes_on() {
    let (layout, fs, len) = CASES[2];
    let stick = stick(layout, fs, len);
    let own = stick.bytes();
    let mut before = own.clone();
    foreign(&mut before);
    let (after, log) = updated(&before);
    let place = |lba: u32| lba as usize * 512..(lba as usize + 1) * 512;
    let area = |bytes: &[u8]| bytes[place(BOOT_LBA).start..place(BOOT_LBA + 100).end].to_vec();
    let (old, new) = (area(&before), area(&after));
    let (mut number, mut seen) = (0, [0; 3]);
    each_cut(&before, &log, 2, |case, now| {
        let is_clear = now[..512] == [0; 512]
            || [BOOT_LBA, PARTITION_LBA + BOOT_LBA]
                .iter()
                .all(|&lba| now[place(lba)].iter().all(|&byte| byte == 0));
        let kind = match () {
            () if is_clear => 0,
            () if area(now) == old && now[..512] == before[..512] => 1,
            () if area(now) == new && now[..512] == after[..512] => 2,
            () => panic!("{case}: it is a mixture"),
        };
        seen[kind] += 1;
        number += 1;
        if number % 7 == 0 || kind != 0 {
            let (end, _) = updated(now);
            is_whole_but_manifest(&end, case);
            is_same(&stick, &end, &own, case);
        }
    });
    assert!(seen.iter().all(|&seen| seen > 0), "{seen:?}");
}

/// Sound: of a manifest that was cut off the other one counts.
fn is_whole_but_manifest(bytes: &[u8], case: &str) {
    let verdict = judge(&Image(bytes.to_vec()), Strictness::Boot);
    assert!(verdict.sound, "{case}: {}", told(&verdict));
}

#[test]
fn without_a_manifest_nothing_is_done() {
    let (layout, fs, len) = CASES[2];
    let mut bytes = stick(layout, fs, len).bytes();
    foreign(&mut bytes);
    bytes[464 * 512..465 * 512].fill(0);
    assert_eq!(update(&Image(bytes)).err(), Some(UpdateError::NoManifest));
}

#[test]
fn who_stops_it_is_told_that_the_stick_does_not_boot_and_the_command_goes_on() {
    let (layout, fs, len) = CASES[0];
    let stick = stick(layout, fs, len);
    let mut before = stick.bytes();
    foreign(&mut before);
    let plan = update(&Image(before.clone())).unwrap();
    let target = Recorder::new(before.clone());
    let (stop, passes) = (AtomicBool::new(false), AtomicU32::new(0));
    // The first pass over the boot code, which comes behind the one over the manifest.
    let observe = |event| {
        if let Event::Begin { part: Part::Write(Phase::ReadBack), .. } = event {
            stop.fetch_or(passes.fetch_add(1, Ordering::Relaxed) == 1, Ordering::Relaxed);
        }
    };
    let error = update_to(&plan, &target, &stop, &observe).unwrap_err();
    assert_eq!(error.stick(), Aftermath::WillNotBoot, "{error}");
    let (now, _) = target.end();
    assert_eq!(now[..512], [0; 512]);
    let (after, _) = updated(&now);
    is_whole(&after, "it went on");
    is_same(&stick, &after, &stick.bytes(), "it went on");
    // Before anything was written.
    let target = Recorder::new(before.clone());
    let error = update_to(&plan, &target, &AtomicBool::new(true), &|_| ()).unwrap_err();
    assert_eq!(error.stick(), Aftermath::Untouched, "{error}");
    assert!(target.end().0 == before);
}
