//! What a change tells: the bytes that stayed, how far it is, and nothing that is not so.

use std::fs;
use std::sync::Mutex;

use ramkey::job::{Event, Part, StickRequest};
use ramkey::plan::FatBits;
use ramkey::verify::Strictness;

use crate::frames::desk::{CHUNK, Desk, bytes, judge, superfloppy, with_own_file, without_own_file};
use crate::frames::recorder::{Op, each_cut};
use crate::frames::sticks::{MIB, tool};
use crate::frames::verdicts::told;

#[test]
fn an_image_is_not_called_renamed_because_a_file_was_added_before_it_grew() {
    let old = bytes(4 * CHUNK, 1);
    let titled = |bits, len| StickRequest { titles: vec!["Rescue".into()], ..superfloppy(bits, len) };
    for bits in [FatBits::Fat16, FatBits::Fat32] {
        let len = if bits == FatBits::Fat16 { 16 * MIB } else { 40 * MIB };
        let desk = Desk::new(&[("a.img", old.clone())], titled(bits, len));
        for place in ["::OWN.TXT", "::RAMKEY/OWN.TXT"] {
            let before = with_own_file(&desk, &desk.stick, place);
            let (after, log, _) = desk.reflash(&before, &bytes(7 * CHUNK, 2), None).unwrap();
            let told_of = |stick: &[u8]| {
                let verdict = judge(stick, Strictness::Boot);
                assert!(verdict.sound, "{}", told(&verdict));
                told(&verdict)
            };
            let text = told_of(&after);
            assert!(text.contains("was added") && !text.contains("renamed"), "{text}");
            each_cut(&before, &log, 1, |case, stick| {
                let text = told_of(stick);
                assert!(!text.contains("renamed"), "{case}: {text}");
            });
            // Nor when it is gone again.
            let text = told_of(&without_own_file(&desk, &after, place));
            assert!(!text.contains("renamed") && !text.contains("was added"), "{text}");
        }
        // And one that was renamed is.
        let path = desk.folder.path().join("own.img");
        fs::write(&path, with_own_file(&desk, &desk.stick, "::OWN.TXT")).unwrap();
        let image = path.to_str().unwrap();
        assert!(tool("mtools", "mren", &["-i", image, "::RAMKEY/A.RKC", "::RAMKEY/B.RKC"]).status.success());
        let text = told(&judge(&fs::read(&path).unwrap(), Strictness::Boot));
        assert!(text.contains("renamed to RAMKEY/B.RKC"), "{text}");
    }
}

#[test]
fn every_step_is_told_and_the_report_has_the_bytes_that_stayed() {
    let old = bytes(16 * CHUNK, 1);
    let desk = Desk::new(&[("a.img", old.clone())], superfloppy(FatBits::Fat16, 16 * MIB));
    let new = [&old[..12 * CHUNK], &bytes(9 * CHUNK, 7)].concat();
    let parts: Mutex<Vec<(Part, u64, u64)>> = Mutex::default();
    let observer = |event: Event| {
        let mut parts = parts.lock().unwrap();
        match event {
            Event::Begin { part, bytes } => parts.push((part, bytes, 0)),
            Event::Advance { bytes } => parts.last_mut().unwrap().2 += bytes,
            _ => {}
        }
    };
    let (_, log, report) = desk.reflash_watched(&desk.stick, &new, None, &observer).unwrap();
    let parts = parts.into_inner().unwrap();
    // That of the image, and that of the text about it.
    let changes: Vec<_> = parts.iter().filter(|(part, ..)| *part == Part::Change).collect();
    let [all, done] = [|part: &&(_, u64, u64)| part.1, |part: &&(_, u64, u64)| part.2]
        .map(|of| changes.iter().map(of).sum::<u64>());
    assert_eq!((changes.len(), all, done), (2, 2 * report.effort.written, 2 * report.effort.written));
    assert_eq!(parts.iter().filter(|(part, ..)| matches!(part, Part::Write(_))).count(), 0);
    let written: usize =
        log.iter().map(|op| if let Op::Write(_, bytes) = op { bytes.len() } else { 0 }).sum();
    assert_eq!(report.effort.written, written as u64);
    // Half of each of those chunks is noise.
    let least = (report.kept * CHUNK / 4) as u64;
    assert!(report.kept == 12 && (least..4 * least).contains(&report.effort.skipped), "{report:?}");
}
