//! Sticks of which some sectors hold no data: images move away from them, and what cannot move makes the stick a bad one.

use std::fs;
use std::ops::Range;
use std::path::Path;
use std::sync::atomic::{AtomicBool, Ordering};

use crate::frames::desk::{
    CHUNK, Desk, bytes, is_clean, is_whole, judge, superfloppy, with_own_file, without_own_file,
};
use crate::frames::recorder::Op;
use crate::frames::sticks::{MIB, noise, printed, tool};
use crate::frames::verdicts::told;
use crate::frames::worn::{Wear, Worn, are_marked};
use ramkey::job::{Images, JobError, Prepared, StickRequest, prepare, resume_to, verify, write_to};
use ramkey::layout::Role;
use ramkey::pipeline::{Aftermath, Found};
use ramkey::plan::{FatBits, FsChoice, LayoutChoice, LayoutKind, Slot};
use ramkey::verify::{ReadmeState, Strictness};
use ramkey_format::bpb::Fat32Start;
use ramkey_format::memory::MANIFEST_LBA;

/// A stick of `len` bytes with an image that nothing compresses and one that much does.
fn prepared(folder: &std::path::Path, layout: LayoutChoice, fs: FsChoice, len: u64) -> Prepared {
    let (noisy, plain) = (folder.join("noise.img"), folder.join("plain.img"));
    fs::write(&noisy, noise(1_500_000)).unwrap();
    let few: Vec<u8> = noise(900_000).into_iter().map(|byte| byte & 3).collect();
    fs::write(&plain, few).unwrap();
    let request = StickRequest { size: Some(len), layout, fs, ..StickRequest::new(vec![noisy, plain]) };
    prepare(&request, Images::open(&request).unwrap(), None, &|_| ()).unwrap()
}

/// First sectors and ends of the files of all images.
fn files(prepared: &Prepared) -> Vec<(u64, u64)> {
    let is_of = |role, image| role == Role::Capsule { image };
    let ends = |image| {
        let extents = prepared.layout.extents.iter().filter(|extent| is_of(extent.role, image));
        let (starts, ends): (Vec<u64>, Vec<u64>) = extents.map(|e| (e.lba, e.lba + e.sectors)).unzip();
        (*starts.iter().min().unwrap(), *ends.iter().max().unwrap())
    };
    (0..2).map(ends).collect()
}

#[test]
fn images_move_away_from_sectors_that_keep_nothing_and_the_report_warns() {
    let all: [(LayoutChoice, FsChoice, u64); 3] = [
        (LayoutKind::Fdd.into(), FsChoice::Auto, 8 << 20),
        (LayoutKind::Universal { slot: Slot::First }.into(), FsChoice::Auto, 24 << 20),
        (LayoutKind::Hdd.into(), FsChoice::Is(FatBits::Fat32), 64 << 20),
    ];
    let wears = [Wear::Forgets, Wear::Refuses];
    for ((layout, fs, len), wear) in all.into_iter().flat_map(|case| wears.map(|wear| (case, wear))) {
        let name = format!("{layout:?} {fs:?} {len} {wear:?}");
        let folder = tempfile::tempdir().unwrap();
        let prepared = prepared(folder.path(), layout, fs, len);
        let [(first, end), (second, last)] = files(&prepared)[..] else { panic!("two images") };
        // A header; some in the middle, over the border of clusters; the other header; the very last.
        let dead: Vec<u64> =
            [first, first + 1000, first + 1063, first + 1064, end - 1, second, last - 1].into();
        let stick = Worn::new(len, &dead, wear);
        let report = write_to(&prepared, &stick, &AtomicBool::new(false), &|_| ());
        let report = report.unwrap_or_else(|error| panic!("{name}: {error}"));
        let warning = report.stick.warnings.iter().find(|text| text.contains("do not keep data"));
        assert!(warning.is_some_and(|text| text.contains(&format!("{first}..{}", first + 1))), "{name}");
        assert!(report.stick.doubts > 0, "{name}");
        assert!(report.effort.skipped > report.effort.written, "{name}: {:?}", report.effort);
        let has = |lba: &u64| report.stick.ranges.iter().any(|r| (r.lba..r.lba + r.sectors).contains(lba));
        assert_eq!(dead.iter().find(|lba| has(lba)), None, "{name}: an image lies there");

        let bytes = stick.bytes.into_inner().unwrap();
        let path = folder.path().join("stick.img");
        fs::write(&path, &bytes).unwrap();
        let verdict = verify(&path, Strictness::EveryByte, &|_| ()).unwrap();
        assert!(verdict.sound, "{name}: {:?}", verdict.faults);
        let lba = report.stick.volume_lba;
        let volume = &bytes[(lba * 512) as usize..][..(report.stick.volume_sectors * 512) as usize];
        are_marked(volume, lba, &dead, &name);
        let volume_path = folder.path().join("volume");
        fs::write(&volume_path, volume).unwrap();
        let output = tool("dosfstools", "fsck.fat", &["-n", volume_path.to_str().unwrap()]);
        assert!(output.status.success(), "{name}: {}", printed(&output));
    }
}

/// A FAT32 stick whose images lie around bad clusters, in an intact medium: nothing is written to those any more.
fn moved() -> Desk {
    let folder = tempfile::tempdir().unwrap();
    let images = ["one.img", "two.img"].map(|name| folder.path().join(name));
    fs::write(&images[0], bytes(4 * CHUNK, 1)).unwrap();
    fs::write(&images[1], bytes(3 * CHUNK, 2)).unwrap();
    let request = StickRequest { images: images.into(), trim: None, ..superfloppy(FatBits::Fat32, 40 * MIB) };
    let prepared = prepare(&request, Images::open(&request).unwrap(), None, &|_| ()).unwrap();
    let [(first, _), (second, _)] = files(&prepared)[..] else { panic!("two images") };
    let stick = Worn::new(40 * MIB, &[first + 300, first + 310, second + 1], Wear::Forgets);
    write_to(&prepared, &stick, &AtomicBool::new(false), &|_| ()).unwrap();
    Desk { folder, request, stick: stick.bytes.into_inner().unwrap(), over: false }
}

/// The same stick after a system marked its last cluster bad and counted that.
fn with_another_bad_one(stick: &[u8]) -> Vec<u8> {
    let mut stick = stick.to_vec();
    let start = Fat32Start::of(stick[..512].try_into().unwrap());
    let bpb = &start.common;
    let (reserved, table) = (u64::from(bpb.reserved.get()), u64::from(start.fat_sectors()));
    let clusters = (u64::from(bpb.sectors()) - reserved - 2 * table) / u64::from(bpb.cluster_sectors);
    for number in 0..2 {
        let at = ((reserved + number * table) * 512 + 4 * (clusters + 1)) as usize;
        stick[at..at + 4].copy_from_slice(&0x0FFF_FFF7_u32.to_le_bytes());
    }
    let free = &mut stick[512 + 488..][..4];
    let count = u32::from_le_bytes(free.try_into().unwrap()) - 1;
    free.copy_from_slice(&count.to_le_bytes());
    stick
}

#[test]
fn a_fat32_with_bad_clusters_is_changed_and_proven_as_others_are() {
    let desk = moved();
    let folder = desk.folder.path();
    is_whole(&desk.stick, 0, folder);
    let is_sound = |stick: &[u8]| {
        let verdict = judge(stick, Strictness::Boot);
        assert!(verdict.sound, "{}", told(&verdict));
        is_clean(stick, folder);
    };
    let own = with_own_file(&desk, &desk.stick, "::OWN.TXT");
    let counted = without_own_file(&desk, &own, "::OWN.TXT");
    let worse = with_another_bad_one(&desk.stick);
    let (small, large) = (bytes(2 * CHUNK, 3), bytes(7 * CHUNK, 4));
    for (stick, is_fresh) in [(&desk.stick, true), (&counted, false), (&worse, false)] {
        is_sound(stick);
        let check = |stick: &[u8]| if is_fresh { is_whole(stick, 0, folder) } else { is_sound(stick) };
        let (added, ..) = desk.add(stick, ("three.img", &small), None, &[]).unwrap();
        check(&added);
        let (less, ..) = desk.remove(&added, "one").unwrap();
        check(&less);
        let (grown, ..) = desk.reflash(&less, &large, Some("two")).unwrap();
        check(&grown);
        is_sound(&without_own_file(&desk, &with_own_file(&desk, &grown, "::MORE.TXT"), "::MORE.TXT"));
    }
}

#[test]
fn a_sector_that_the_stick_cannot_do_without_makes_it_a_bad_one_and_is_named() {
    let folder = tempfile::tempdir().unwrap();
    let prepared = prepared(folder.path(), LayoutKind::Hdd.into(), FsChoice::Auto, 24 << 20);
    let [(first, _), _] = files(&prepared)[..] else { panic!("two images") };
    for role in [Role::BootCode, Role::FatTable, Role::Directory] {
        let extent = prepared.layout.extents.iter().find(|extent| extent.role == role).unwrap();
        let lba = extent.lba + extent.sectors - 1;
        // One of an image beside it changes nothing.
        let stick = Worn::new(24 << 20, &[lba, first], Wear::Forgets);
        let end = write_to(&prepared, &stick, &AtomicBool::new(false), &|_| ());
        let Err(JobError::Differs { stick: state, differences }) = end else {
            panic!("{role:?}: it was missed")
        };
        assert_eq!(state, Aftermath::WillNotBoot, "{role:?}");
        let named: Vec<(u64, u64)> =
            differences.iter().map(|found| (found.offset / 512, found.end / 512)).collect();
        assert_eq!(named, [(lba, lba + 1), (first, first + 1)], "{role:?}");
        assert!(differences.iter().all(|found| found.tries == 4), "{role:?}: {differences:?}");
        let read = Found::Bytes(blake3::hash(&[0xD1; 512]));
        assert!(differences.iter().all(|found| found.read == read), "{role:?}");
    }
}

#[test]
fn a_stick_that_was_written_is_never_called_untouched() {
    let folder = tempfile::tempdir().unwrap();
    let prepared = prepared(folder.path(), LayoutKind::Fdd.into(), FsChoice::Auto, 8 << 20);
    let [(first, _), _] = files(&prepared)[..] else { panic!("two images") };
    let mut states = Vec::new();
    for same in 0.. {
        let stick = Worn::new(8 << 20, &[first + 40], Wear::Forgets);
        stick.same.store(same, Ordering::Relaxed);
        let end = write_to(&prepared, &stick, &AtomicBool::new(false), &|_| ());
        let bytes = stick.bytes.into_inner().unwrap();
        let Err(error) = end else { break };
        let is_untouched = bytes.iter().all(|&byte| byte == 0xD1);
        assert_eq!(error.stick() == Aftermath::Untouched, is_untouched, "{same}: {error}");
        states.push(error.stick());
    }
    // Before and behind each of two rounds, and more often.
    assert!(states.len() >= 4 && states.contains(&Aftermath::WillNotBoot), "{states:?}");
}

#[test]
fn a_write_that_moved_images_is_gone_on_with_wherever_it_was_cut() {
    let folder = tempfile::tempdir().unwrap();
    let prepared = prepared(folder.path(), LayoutKind::Fdd.into(), FsChoice::Auto, 8 << 20);
    let [(first, _), (_, last)] = files(&prepared)[..] else { panic!("two images") };
    // The second of them is where the image moves to.
    goes_on(&prepared, &[first + 40, last.next_multiple_of(8) + 2], 3);
}

/// The sectors of the text about the images.
fn text(prepared: &Prepared) -> Range<u64> {
    let text = prepared.layout.extents.iter().find(|extent| extent.role == Role::Text).unwrap();
    text.lba..text.lba + text.sectors
}

#[test]
fn the_text_moves_as_images_do_and_a_write_that_moved_it_is_gone_on_with() {
    let folder = tempfile::tempdir().unwrap();
    let prepared = prepared(folder.path(), LayoutKind::Fdd.into(), FsChoice::Auto, 8 << 20);
    let [(first, _), _] = files(&prepared)[..] else { panic!("two images") };
    let text = text(&prepared);
    for (dead, step) in [
        // In its middle; its beginning, where an image would move to; each of its sectors.
        (vec![(text.start + text.end) / 2], 9),
        (vec![first + 40, text.start], 40),
        (text.clone().collect(), 40),
    ] {
        let whole = goes_on(&prepared, &dead, step);
        let path = folder.path().join("stick.img");
        fs::write(&path, &whole).unwrap();
        let verdict = verify(&path, Strictness::EveryByte, &|_| ()).unwrap();
        assert!(verdict.sound, "{dead:?}: {}", told(&verdict));
        assert_eq!(verdict.readme, Some(ReadmeState::AsWritten), "{dead:?}");
        let volume = prepared.plan.division.volume.lba;
        are_marked(&whole[(volume * 512) as usize..], volume, &dead, "the text");
    }
}

/// Writes a stick of which the sectors `dead` keep nothing, and goes on with that where it is cut, every `step`th time and at the
/// end: it becomes the same stick, which is given.
fn goes_on(prepared: &Prepared, dead: &[u64], step: usize) -> Vec<u8> {
    let stop = AtomicBool::new(false);
    let stick = Worn::new(8 << 20, dead, Wear::Forgets);
    write_to(prepared, &stick, &stop, &|_| ()).unwrap();
    let (whole, log) = stick.end();
    let manifest = |stick: &[u8]| stick[MANIFEST_LBA as usize * 512..][..512].to_vec();
    let (mut cut, mut seen) = (vec![0xD1; 8 << 20], [0; 2]);
    for (number, op) in log.iter().enumerate() {
        let Op::Write(offset, bytes) = op else { continue };
        cut[*offset as usize..][..bytes.len()].copy_from_slice(bytes);
        if number % step > 0 && number + 30 < log.len() {
            continue;
        }
        let stick = Worn::over(cut.clone(), dead, Wear::Forgets);
        let end = resume_to(prepared, Path::new("stick"), &stick, &stop, &|_| ());
        let (after, log) = stick.end();
        match end {
            Ok(report) => {
                assert!(after == whole, "{number}: it is another stick");
                let warnings = &report.stick.warnings;
                assert!(
                    warnings.iter().any(|text| text.contains("do not keep data")),
                    "{number}: {warnings:?}"
                );
                seen[usize::from(manifest(&cut) == manifest(&whole))] += 1;
            }
            Err(JobError::NotResumed { why, .. }) => {
                assert!(!log.iter().any(|op| matches!(op, Op::Write(..))), "{number}: {why}");
            }
            Err(error) => panic!("{number}: {error}"),
        }
    }
    assert!(seen[0] > 0 && seen[1] > 2, "{dead:?}: {seen:?}");
    whole
}
