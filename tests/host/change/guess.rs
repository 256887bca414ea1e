//! An image whose kind is a guess comes only to boot code that knows that; it is asked before anything is written.

use std::path::Path;
use std::sync::atomic::AtomicBool;

use ramkey::contents::{Kind, KindChoice};
use ramkey::job::{JobError, StickRequest, add_to, reflash_to};
use ramkey::plan::FatBits;

use crate::frames::desk::{CHUNK, Desk, bytes, is_whole, superfloppy};
use crate::frames::foreign::foreign;
use crate::frames::recorder::{Recorder, each_cut};
use crate::frames::sticks::MIB;

/// A stick of another version whose image is said to be a floppy, or is a guess.
fn desk(image: usize, len: u64, kind: KindChoice) -> Desk {
    let usual = StickRequest { kind, ..superfloppy(FatBits::Fat12, len) };
    let mut desk = Desk::new(&[("a.img", bytes(image, 1))], usual);
    foreign(&mut desk.stick);
    desk
}

const SAID: KindChoice = KindChoice::Is(Kind::Floppy);

/// The help of the refusal to bring a guess to the stick, to which nothing is written.
fn refused(desk: &mut Desk, stick: &[u8], adds: bool, case: &str) -> String {
    let guess = bytes(3 * CHUNK, 9);
    desk.request.kind = KindChoice::Auto;
    let target = Recorder::new(stick.to_vec());
    let (stop, path) = (AtomicBool::new(false), Path::new("stick.img"));
    let error = if adds {
        let prepared = desk.prepared_addition(stick, ("b.img", &guess), None, &[]).unwrap();
        add_to(&prepared, path, &target, &stop, &|_| ()).map(drop).unwrap_err()
    } else {
        let prepared = desk.prepared(stick, &guess, None).unwrap();
        reflash_to(&prepared, path, &target, &stop, &|_| (), &|| true).map(drop).unwrap_err()
    };
    desk.request.kind = SAID;
    let (after, log) = target.end();
    assert!(matches!(&error, JobError::OtherBootCode { .. }), "{case}: {error}");
    assert!(after == stick && log.is_empty(), "{case}: something was written");
    error.help().unwrap()
}

#[test]
fn boot_code_that_boots_a_guess_gets_another_one_whatever_its_version() {
    let desk = desk(2 * CHUNK, 3 * MIB, KindChoice::Auto);
    let (new, _, _) = desk.reflash(&desk.stick, &bytes(2 * CHUNK, 7), None).unwrap();
    is_whole(&new, 0, desk.folder.path());
    let (both, _, _) = desk.add(&new, ("b.img", &bytes(CHUNK, 8)), None, &[]).unwrap();
    is_whole(&both, 0, desk.folder.path());
}

#[test]
fn a_guess_is_refused_before_a_change_that_was_cut_off_is_finished() {
    let mut desk = desk(2 * CHUNK, 3 * MIB, SAID);
    let (before, new) = (desk.stick.clone(), bytes(2 * CHUNK, 7));
    let (after, log, _) = desk.reflash(&before, &new, None).unwrap();
    let (mut number, mut between) = (0, 0);
    each_cut(&before, &log, 1, |case, stick| {
        number += 1;
        if number % 8 != 4 {
            return;
        }
        between += usize::from(stick != before && stick != after);
        for adds in [false, true] {
            let help = refused(&mut desk, stick, adds, case);
            assert!(help.starts_with("run `ramkey update"), "{help}");
        }
    });
    assert!(between > 3, "{between} of {number}");
    // The update that is named lets it come.
    let (updated, _) = desk.update(&before).unwrap();
    desk.request.kind = KindChoice::Auto;
    desk.reflash(&updated, &new, None).unwrap();
}

#[test]
fn where_an_image_was_being_written_over_a_guess_is_told_what_helps() {
    let mut desk = desk(12 * CHUNK, 2 * MIB, SAID);
    desk.over = true;
    let (before, new) = (desk.stick.clone(), bytes(12 * CHUNK, 7));
    let (_, log, _) = desk.reflash(&before, &new, None).unwrap();
    let mut dead = 0;
    each_cut(&before, &log, 1, |case, stick| {
        if stick[..512] != [0; 512] || dead == 4 {
            return;
        }
        dead += 1;
        assert!(desk.update(stick).is_err(), "{case}: the update waits");
        let help = refused(&mut desk, stick, false, case);
        assert!(help.starts_with("say what it is with `--kind floppy`"), "{help}");
        let (end, ..) = desk.reflash(stick, &new, None).unwrap();
        is_whole(&end, 0, desk.folder.path());
        desk.update(&end).unwrap();
    });
    assert_eq!(dead, 4);
}
