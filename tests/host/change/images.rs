//! Images come to a stick and leave it. Wherever that is cut, the stick is sound and has what it had, or all that is new.

use std::fs;

use ramkey::change::ChangeError;
use ramkey::job::JobError;
use ramkey::plan::FatBits;
use ramkey::verify::Strictness;

use crate::frames::desk::{
    CHUNK, Desk, bytes, hash, is_clean, is_whole, judge, superfloppy, survives, with_own_file,
};
use crate::frames::loader::load_all;
use crate::frames::recorder::{Op, each_cut};
use crate::frames::sticks::{MIB, every_layout, noise, tool};
use crate::frames::verdicts::{told, volume_offset};

/// Title and hash of what a stick loads for its menu.
fn menu(stick: &[u8]) -> Vec<(String, String)> {
    let loaded = load_all(stick, 0).unwrap();
    loaded.into_iter().filter(|image| !image.is_companion).map(|image| (image.title, image.blake3)).collect()
}

#[test]
fn an_image_that_comes_and_goes_survives_every_cut_on_every_fat() {
    for (bits, len) in [(FatBits::Fat12, 3 * MIB), (FatBits::Fat16, 5 * MIB), (FatBits::Fat32, 36 * MIB)] {
        let (one, two) = (bytes(3 * CHUNK, 1), bytes(4 * CHUNK + 700, 2));
        let desk = Desk::new(&[("one.img", one.clone())], superfloppy(bits, len));
        let folder = desk.folder.path();
        let (added, log, report) = desk.add(&desk.stick, ("two.img", &two), None, &[]).unwrap();
        is_whole(&added, 0, folder);
        assert_eq!(menu(&added), [("one".into(), hash(&one)), ("two".into(), hash(&two))]);
        assert_eq!((&report.images[0].file[..], report.images.len()), ("RAMKEY/TWO.RKC", 1));
        let written: usize =
            log.iter().map(|op| if let Op::Write(_, bytes) = op { bytes.len() } else { 0 }).sum();
        assert_eq!(report.effort.written, written as u64);
        survives((&desk.stick, &log, &added), 2, (5, folder), &|stick| {
            desk.add(stick, ("two.img", &two), Some("two"), &[]).map(|(end, ..)| end)
        });

        // The first one goes, and leaves a gap that the next one takes.
        let (less, log, report) = desk.remove(&added, "ONE.RKC").unwrap();
        is_whole(&less, 0, folder);
        assert_eq!(menu(&less), [("two".into(), hash(&two))]);
        assert!(report.freed >= 3 * CHUNK as u64 / 4, "{report:?}");
        survives((&added, &log, &less), 2, (5, folder), &|stick| {
            desk.remove(stick, "one").map(|(end, ..)| end)
        });
        let (again, ..) = desk.add(&less, ("three.img", &one), None, &[]).unwrap();
        is_whole(&again, 0, folder);
        let (grown, ..) = desk.reflash(&again, &bytes(5 * CHUNK, 3), Some("two")).unwrap();
        is_whole(&grown, 0, folder);
        // What came and goes leaves no trace but in the manifest.
        let (back, ..) = desk.remove(&added, "two").unwrap();
        is_whole(&back, 0, folder);
        assert_eq!(judge(&back, Strictness::Boot).free, judge(&desk.stick, Strictness::Boot).free);
    }
}

#[test]
fn a_set_comes_and_goes_as_one() {
    let (one, boot, disk) = (bytes(2 * CHUNK, 1), bytes(3 * CHUNK, 2), bytes(2 * CHUNK, 3));
    let desk = Desk::new(&[("one.img", one.clone())], superfloppy(FatBits::Fat16, 5 * MIB));
    let folder = desk.folder.path();
    let (added, log, report) =
        desk.add(&desk.stick, ("set.img", &boot), Some("A set"), &[("disk.img", &disk)]).unwrap();
    is_whole(&added, 0, folder);
    assert_eq!(report.images.iter().map(|image| image.companion).collect::<Vec<bool>>(), [false, true]);
    assert_eq!(menu(&added), [("one".into(), hash(&one)), ("A set".into(), hash(&boot))]);
    survives((&desk.stick, &log, &added), 3, (7, folder), &|stick| {
        desk.add(stick, ("set.img", &boot), Some("A set"), &[("disk.img", &disk)]).map(|(end, ..)| end)
    });
    let error = desk.remove(&added, "disk").map(drop).unwrap_err();
    assert!(matches!(&error, JobError::Needed { by, .. } if by == "A set"), "{error}");
    let (gone, log, report) = desk.remove(&added, "A set").unwrap();
    assert_eq!(report.images.len(), 2);
    is_whole(&gone, 0, folder);
    assert_eq!(menu(&gone), [("one".into(), hash(&one))]);
    survives((&added, &log, &gone), 3, (7, folder), &|stick| {
        desk.remove(stick, "A set").map(|(end, ..)| end)
    });
}

#[test]
fn what_cannot_be_is_refused_and_the_stick_stays() {
    let one = bytes(2 * CHUNK, 1);
    let desk = Desk::new(&[("one.img", one.clone())], superfloppy(FatBits::Fat12, 2 * MIB));
    let add = |title, image: &[u8]| desk.add(&desk.stick, ("one.img", image), title, &[]).map(drop);
    let error = add(Some("one"), &one).unwrap_err();
    assert!(matches!(&error, JobError::TitleTaken { title, .. } if title == "one"), "{error}");
    let error = add(None, &bytes(24 * CHUNK, 2)).unwrap_err();
    assert!(matches!(&error, JobError::Change { has_written: false, .. }), "{error}");
    assert!(std::error::Error::source(&error).unwrap().to_string().contains("of free space"), "{error}");
    let error = desk.remove(&desk.stick, "one").map(drop).unwrap_err();
    assert!(matches!(&error, JobError::LastImage { .. }), "{error}");
    let error = desk.remove(&desk.stick, "other").map(drop).unwrap_err();
    assert!(matches!(&error, JobError::NotReplaced { found, .. } if found == &["one"]), "{error}");
    // A title that the file's name gives gets a number, and so does the file.
    let (mut stick, _, report) = desk.add(&desk.stick, ("one.img", &one[..1000]), None, &[]).unwrap();
    assert_eq!((&report.images[0].title[..], &report.images[0].file[..]), ("one (2)", "RAMKEY/ONE~1.RKC"));
    // Its folder has one cluster of 512 bytes, with two slots of its own, and one of the text.
    for number in 3..=13 {
        (stick, ..) = desk.add(&stick, ("one.img", &one[..1000 * number]), None, &[]).unwrap();
    }
    let verdict = judge(&stick, Strictness::Boot);
    assert!(verdict.sound && verdict.capsules.len() == 13, "{}", told(&verdict));
    is_clean(&stick, desk.folder.path());
    let error = desk.add(&stick, ("more.img", &one[..512]), None, &[]).map(drop).unwrap_err();
    assert!(matches!(&error, JobError::Change { source: ChangeError::FolderFull, .. }), "{error}");
}

#[test]
fn a_menu_that_is_full_takes_no_other_image() {
    let names: Vec<String> = (0..16).map(|number| format!("i{number}.img")).collect();
    let images: Vec<(&str, Vec<u8>)> =
        names.iter().map(|name| (&name[..], bytes(1000, name.as_bytes()[1]))).collect();
    let desk = Desk::new(&images, superfloppy(FatBits::Fat12, 2 * MIB));
    let error = desk.add(&desk.stick, ("more.img", &images[0].1), None, &[]).map(drop).unwrap_err();
    assert!(matches!(&error, JobError::MenuFull { limit: 16, .. }), "{error}");
    let (less, ..) = desk.remove(&desk.stick, "i3").unwrap();
    is_whole(&less, 0, desk.folder.path());
    let (again, ..) = desk.add(&less, ("more.img", &images[0].1), None, &[]).unwrap();
    is_whole(&again, 0, desk.folder.path());
    assert_eq!(menu(&again).len(), 16);
}

#[test]
fn the_users_own_files_and_names_stay() {
    let (one, two) = (bytes(3 * CHUNK, 1), bytes(2 * CHUNK, 2));
    let desk = Desk::new(&[("one.img", one.clone())], superfloppy(FatBits::Fat16, 5 * MIB));
    let mut stick = desk.stick.clone();
    let places = ["::OWN.TXT", "::RAMKEY/A long name of mine.txt", "::RAMKEY/OTHER.TXT"];
    for place in places {
        stick = with_own_file(&desk, &stick, place);
    }
    let path = desk.folder.path().join("own.img");
    let image = path.to_str().unwrap().to_owned();
    let long = "::RAMKEY/A rescue system with a long name.rkc";
    assert!(tool("mtools", "mren", &["-i", &image, "::RAMKEY/ONE.RKC", long]).status.success());
    stick = fs::read(&path).unwrap();
    let (added, ..) = desk.add(&stick, ("two.img", &two), None, &[]).unwrap();
    is_clean(&added, desk.folder.path());
    let (less, log, _) = desk.remove(&added, "a rescue system with a long name.rkc").unwrap();
    is_clean(&less, desk.folder.path());
    survives((&added, &log, &less), 1, (9, desk.folder.path()), &|stick| {
        desk.remove(stick, "one").map(|(end, ..)| end)
    });
    fs::write(&path, &less).unwrap();
    for place in places {
        assert_eq!(tool("mtools", "mtype", &["-i", &image, place]).stdout, noise(3000), "{place}");
    }
    assert_eq!(menu(&less), [("two".into(), hash(&two))]);
    let verdict = judge(&less, Strictness::Boot);
    assert!(!told(&verdict).contains("renamed"), "{}", told(&verdict));
}

#[test]
fn every_layout_and_file_system_takes_another_image() {
    let (one, two) = (bytes(2 * CHUNK, 1), bytes(2 * CHUNK + 5, 2));
    for (layout, fs, len) in every_layout().into_iter().filter(|(.., len)| *len <= 12 * MIB) {
        let usual =
            ramkey::job::StickRequest { layout: layout.into(), fs, ..superfloppy(FatBits::Fat16, len) };
        let desk = Desk::new(&[("one.img", one.clone())], usual);
        let offset = volume_offset(layout);
        let (added, ..) = desk.add(&desk.stick, ("two.img", &two), None, &[]).unwrap();
        is_whole(&added, offset, desk.folder.path());
        assert_eq!(load_all(&added, offset / 512).unwrap().len(), 2, "{layout:?} {fs:?}");
        let (less, ..) = desk.remove(&added, "one").unwrap();
        is_whole(&less, offset, desk.folder.path());
        assert_eq!(load_all(&less, offset / 512).unwrap()[0].blake3, hash(&two), "{layout:?} {fs:?}");
    }
}

#[test]
fn free_space_in_too_many_pieces_is_not_called_too_little() {
    let desk = Desk::new(&[("one.img", bytes(1000, 1))], superfloppy(FatBits::Fat32, 40 * MIB));
    let mut stick = desk.stick.clone();
    let number = |at: usize| usize::from(u16::from_le_bytes([stick[at], stick[at + 1]]));
    let (reserved, table, cluster) = (number(14), number(36), usize::from(stick[13]) * 512);
    let clusters = (stick.len() / 512 - reserved - 2 * table) * 512 / cluster;
    // Every second one that is free is marked bad: the others are nobody's neighbours.
    for cluster in (200..clusters - 200).step_by(2) {
        for number in 0..2 {
            let at = (reserved + number * table) * 512 + 4 * cluster;
            if stick[at..at + 4] == [0; 4] {
                stick[at..at + 4].copy_from_slice(&0x0FFF_FFF7_u32.to_le_bytes());
            }
        }
    }
    let verdict = judge(&stick, Strictness::Boot);
    assert!(verdict.sound && clusters > 36_000, "{clusters}: {}", told(&verdict));
    let image = noise(9000 * cluster);
    assert!(verdict.free > image.len() as u64 + 512 * 1024, "{}", verdict.free);
    let error = desk.add(&stick, ("two.img", &image), None, &[]).map(drop).unwrap_err();
    assert!(matches!(&error, JobError::Change { source: ChangeError::TooManyPieces, .. }), "{error:?}");
}

#[test]
fn an_image_is_named_by_its_file_without_the_ending_and_one_that_is_leaving_by_what_it_was() {
    let images = ["one.img", "two.img", "three.img"].map(|name| (name, bytes(CHUNK, name.as_bytes()[1])));
    let titles = ["First", "two", "one"].map(str::to_owned).to_vec();
    let usual = ramkey::job::StickRequest { titles, ..superfloppy(FatBits::Fat12, 3 * MIB) };
    let desk = Desk::new(&images, usual);
    // A title and a whole name come first.
    let gone = |name| desk.remove(&desk.stick, name).map(|(.., report)| report.images[0].file.clone());
    assert_eq!(gone("one").unwrap(), "RAMKEY/THREE.RKC");
    assert_eq!(gone("ONE.RKC").unwrap(), "RAMKEY/ONE.RKC");
    assert_eq!(gone("two").unwrap(), "RAMKEY/TWO.RKC");
    let path = desk.folder.path().join("own.img");
    fs::write(&path, &desk.stick).unwrap();
    let image = path.to_str().unwrap();
    assert!(
        tool("mtools", "mren", &["-i", image, "::RAMKEY/ONE.RKC", "::RAMKEY/two.rkc2.rkc"]).status.success()
    );
    assert!(
        tool("mtools", "mren", &["-i", image, "::RAMKEY/THREE.RKC", "::RAMKEY/two.x.rkc"]).status.success()
    );
    let renamed = fs::read(&path).unwrap();
    let found = desk.remove(&renamed, "TWO").map(|(.., report)| report.images[0].file.clone());
    assert_eq!(found.unwrap(), "RAMKEY/TWO.RKC");

    // Behind the sector that decides it is gone, and the same command says so and finishes.
    for name in ["two", "TWO", "two.rkc"] {
        let (after, log, report) = desk.remove(&desk.stick, name).unwrap();
        let (mut behind, mut whole) = (0, 0);
        each_cut(&desk.stick, &log, 1, |case, stick| {
            if menu(stick).len() == 3 {
                return;
            }
            match desk.remove(stick, name) {
                Ok((end, _, again)) => {
                    behind += 1;
                    assert_eq!((menu(&end), again.freed), (menu(&after), report.freed), "{case}");
                    assert_eq!((&again.images[0].title[..], again.images.len()), ("two", 1), "{case}");
                    is_whole(&end, 0, desk.folder.path());
                }
                // The last manifest is there: nothing is left to finish.
                Err(JobError::NotReplaced { .. }) => whole += 1,
                Err(error) => panic!("{case}: {error}"),
            }
        });
        assert!(behind > 3 && whole > 0, "{behind} {whole}");
    }
}
