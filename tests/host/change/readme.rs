//! README.TXT of a stick: it tells of the images that are there, is exchanged behind them, and is the user's once he changed it.

use std::fs;
use std::path::Path;
use std::sync::atomic::AtomicBool;

use ramkey::device::{System, TargetPath};
use ramkey::job::{Destination, StickRequest, prepare_repair, repair};
use ramkey::layout::{Role, layout};
use ramkey::plan::{FatBits, FsChoice, LayoutKind, Request, plan};
use ramkey::verify::{ReadmeState, Strictness};

use crate::frames::desk::{CHUNK, Desk, bytes, hash, is_clean, is_whole, judge, superfloppy};
use crate::frames::recorder::{each_cut, is_long};
use crate::frames::sticks::{Image, MIB, every_layout, facts, imagined, noise, printed, request, tool};
use crate::frames::verdicts::{told, volume_offset};

/// What mtools reads of the text on a stick whose file system begins at byte `offset`.
fn text(stick: &[u8], offset: u64, folder: &Path) -> String {
    let path = folder.join("read.img");
    fs::write(&path, stick).unwrap();
    let volume = format!("{}@@{offset}", path.display());
    let output = tool("mtools", "mtype", &["-i", &volume, "::RAMKEY/README.TXT"]);
    assert!(output.status.success(), "{}", printed(&output));
    String::from_utf8_lossy(&output.stdout).into_owned()
}

/// The same stick after mtools did something with its text.
fn with(desk: &Desk, stick: &[u8], program: &str, arguments: &[&str]) -> Vec<u8> {
    let path = desk.folder.path().join("changed.img");
    fs::write(&path, stick).unwrap();
    let output = tool("mtools", program, &[&["-i", path.to_str().unwrap()], arguments].concat());
    assert!(output.status.success(), "{}", printed(&output));
    fs::read(&path).unwrap()
}

fn desk(bits: FatBits, len: u64) -> Desk {
    let usual = StickRequest { sources: vec!["the shelf".into()], ..superfloppy(bits, len) };
    Desk::new(&[("one.img", bytes(2 * CHUNK, 1)), ("two.img", bytes(CHUNK, 2))], usual)
}

#[test]
fn it_is_on_every_stick_as_written_and_as_other_programs_read_it() {
    let small = every_layout().into_iter().filter(|(layout, fs, len)| {
        *len <= 48 * MIB && (*layout != LayoutKind::Superfloppy || *fs != FsChoice::Auto)
    });
    let mut seen = [0; 3];
    for (layout, fs, len) in small {
        // One of each width of entries; other layouts only lie elsewhere.
        let kind = match fs {
            FsChoice::Is(FatBits::Fat12) => 0,
            FsChoice::Is(FatBits::Fat32) => 2,
            _ => 1,
        };
        seen[kind] += 1;
        if seen[kind] > 1 && !is_long() {
            continue;
        }
        let usual =
            StickRequest { layout: layout.into(), fs, size: Some(len), ..StickRequest::new(Vec::new()) };
        let image = bytes(CHUNK, 3);
        let desk = Desk::new(&[("a.img", image.clone())], usual);
        let (offset, folder) = (volume_offset(layout), desk.folder.path());
        let text = text(&desk.stick, offset, folder);
        assert!(text.contains("IMAGE 1: a\r\nFile      RAMKEY\\A.RKC\r\n"), "{layout:?} {fs:?}: {text}");
        assert!(text.contains(&format!("BLAKE3    {}\r\nSHA-256   ", hash(&image))), "{text}");
        assert!(text.contains("Came as   a.img\r\n") && text.ends_with("warranty.\r\n"), "{text}");
        is_whole(&desk.stick, offset, folder);
        assert_eq!(judge(&desk.stick, Strictness::Boot).readme, Some(ReadmeState::AsWritten));
    }
}

#[test]
fn it_follows_the_images_keeps_what_it_told_and_is_whole_at_every_cut() {
    let all = [(FatBits::Fat12, 3 * MIB), (FatBits::Fat16, 5 * MIB), (FatBits::Fat32, 36 * MIB)];
    for (bits, len) in all.into_iter().take(if is_long() { 3 } else { 1 }) {
        let desk = desk(bits, len);
        let folder = desk.folder.path();
        let first = text(&desk.stick, 0, folder);
        let line = |text: &str, begins: &str| {
            text.lines().find(|line| line.starts_with(begins)).map(str::to_owned).unwrap()
        };
        let (added, log, _) = desk.add(&desk.stick, ("three.img", &bytes(CHUNK, 3)), None, &[]).unwrap();
        let second = text(&added, 0, folder);
        let kept = &first[first.find("IMAGE 1").unwrap()..first.find("HOW TO").unwrap()];
        assert!(second.contains(kept) && second.contains("From      the shelf"), "{second}");
        assert!(second.contains("IMAGE 3: three\r\n") && second.contains("Came as   three.img"), "{second}");
        is_whole(&added, 0, folder);
        let (mut seen, mut number) = ([0; 2], 0);
        // A cut before it was exchanged: the next change renews it, be it none of an image.
        let mut stale = None;
        each_cut(&desk.stick, &log, 1, |case, stick| {
            number += 1;
            if number % 3 > 0 && !is_long() {
                return;
            }
            let verdict = judge(stick, Strictness::Boot);
            let is_there = matches!(verdict.readme, Some(ReadmeState::AsWritten | ReadmeState::OtherImages));
            assert!(verdict.sound && is_there, "{case}: {:?} {}", verdict.readme, told(&verdict));
            let is_written = verdict.readme == Some(ReadmeState::AsWritten);
            seen[usize::from(is_written)] += 1;
            if !is_written && verdict.capsules.len() == 3 && told(&verdict).contains("README.TXT") {
                stale = Some(stick.to_vec());
            }
        });
        assert!(seen.iter().all(|&count| count > 0), "{seen:?}");
        let stale = stale.expect("a cut between the image and the text");
        let (again, ..) = desk.reflash(&stale, &bytes(CHUNK, 2), Some("two")).unwrap();
        assert_eq!(judge(&again, Strictness::Boot).readme, Some(ReadmeState::AsWritten));

        let (changed, ..) = desk.reflash(&added, &bytes(2 * CHUNK, 9), Some("two")).unwrap();
        let third = text(&changed, 0, folder);
        assert!(third.contains(&hash(&bytes(2 * CHUNK, 9))) && !third.contains(&hash(&bytes(CHUNK, 2))));
        is_whole(&changed, 0, folder);
        let (less, ..) = desk.remove(&changed, "one").unwrap();
        let fourth = text(&less, 0, folder);
        assert!(fourth.contains("IMAGE 1: two\r\n") && !fourth.contains("IMAGE 3"), "{fourth}");
        assert!(fourth.contains(&line(&third, "Came as   three.img")), "{fourth}");
        is_whole(&less, 0, folder);
    }
}

#[test]
fn whoever_changes_or_deletes_it_has_a_sound_stick_and_keeps_what_he_made_of_it() {
    let desk = desk(FatBits::Fat16, 5 * MIB);
    let own = desk.folder.path().join("README.TXT");
    fs::write(&own, "mine").unwrap();
    let edited = with(&desk, &desk.stick, "mcopy", &["-o", own.to_str().unwrap(), "::RAMKEY/README.TXT"]);
    let gone = with(&desk, &desk.stick, "mdel", &["::RAMKEY/README.TXT"]);
    let moved = with(&desk, &desk.stick, "mren", &["::RAMKEY/README.TXT", "::RAMKEY/OTHER.TXT"]);
    for (stick, state, words) in [
        (&edited, ReadmeState::Changed, "RAMKEY/README.TXT is not as ramkey wrote it"),
        (&gone, ReadmeState::Gone, "RAMKEY/README.TXT is gone, or has another name"),
        (&moved, ReadmeState::Gone, "RAMKEY/OTHER.TXT was added"),
    ] {
        let verdict = judge(stick, Strictness::Boot);
        assert!(verdict.sound && verdict.readme == Some(state), "{}", told(&verdict));
        assert!(told(&verdict).contains(words) && !told(&verdict).contains("renamed"), "{}", told(&verdict));
        assert!(!judge(stick, Strictness::EveryByte).sound);
        // Its clusters may be an image's by now.
        let (after, ..) = desk.add(stick, ("three.img", &bytes(CHUNK, 3)), None, &[]).unwrap();
        let verdict = judge(&after, Strictness::Boot);
        assert!(verdict.sound && verdict.readme.is_none(), "{:?} {}", verdict.readme, told(&verdict));
        assert_eq!(verdict.capsules.len(), 3);
        is_clean(&after, desk.folder.path());
        let (after, ..) = desk.reflash(&after, &bytes(3 * CHUNK, 4), Some("one")).unwrap();
        is_clean(&after, desk.folder.path());
        assert!(judge(&after, Strictness::Boot).sound);
    }
    let (after, ..) = desk.remove(&edited, "two").unwrap();
    assert_eq!(text(&after, 0, desk.folder.path()), "mine");
}

#[test]
fn one_bit_of_it_is_put_right_and_what_somebody_wrote_stays() {
    let desk = desk(FatBits::Fat16, 5 * MIB);
    let at = desk.stick.windows(7).position(|bytes| bytes == b"IMAGE 1").unwrap();
    let mended = |damaged: &[u8]| {
        let path = desk.folder.path().join("damaged.img");
        fs::write(&path, damaged).unwrap();
        let system = System::default();
        let target = TargetPath::look(&system, &path).unwrap();
        let destination = Destination { system: &system, target: &target };
        let prepared = prepare_repair(Vec::new(), destination, &|_| ()).unwrap();
        let report = repair(prepared, destination, &AtomicBool::new(false), &|_| ()).unwrap();
        (report, fs::read(&path).unwrap())
    };
    let mut damaged = desk.stick.clone();
    damaged[at] ^= 4;
    let (report, after) = mended(&damaged);
    assert!(after == desk.stick && report.repaired[0].what == "README.TXT", "{report:?}");
    damaged[at..at + 5].copy_from_slice(b"image");
    let (report, after) = mended(&damaged);
    assert!(after == damaged && report.repaired.is_empty() && report.after.sound, "{report:?}");
}

#[test]
fn a_stick_without_a_cluster_left_is_written_without_it() {
    let laid_out = |sectors: usize| {
        let image = Image(noise(sectors * 512));
        let request = Request {
            layout: LayoutKind::Superfloppy.into(),
            fs: FsChoice::Is(FatBits::Fat12),
            readme: b"a".repeat(1025),
            ..request(facts("a.img", &image), 2 * MIB)
        };
        layout(&plan(&request).unwrap(), &[imagined(image.0.len() as u64)])
    };
    let (mut fits, mut too_long) = (1000, 4096);
    while too_long - fits > 1 {
        let middle = (fits + too_long) / 2;
        *(if laid_out(middle).is_ok() { &mut fits } else { &mut too_long }) = middle;
    }
    // A cluster is a sector.
    for (sectors, is_there) in [(fits, false), (fits - 2, false), (fits - 3, true)] {
        let layout = laid_out(sectors).unwrap();
        let text = layout.extents.iter().find(|extent| extent.role == Role::Text);
        let image =
            layout.extents.iter().rfind(|extent| matches!(extent.role, Role::Capsule { .. })).unwrap();
        assert_eq!(
            text.map(|text| (text.lba, text.sectors)),
            is_there.then_some((image.lba + image.sectors, 3))
        );
    }
}
