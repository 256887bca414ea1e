//! Virtual machines' disks that `qemu-img` makes: every byte is what went in.

use std::fs;

use proptest::prelude::*;
use ramkey::image::open;

use crate::frames::virtual_disks::{FORMS, Form, Workshop, all_of, patchwork};

/// Whether the disk of the kind `form` that is made of `plain` has its bytes.
fn check(plain: &[u8], form: &Form) {
    let workshop = Workshop::new(plain);
    let path = workshop.make(form);
    let what = format!("{} {} of {} bytes", form.driver, form.options, plain.len());
    let source = open(&path).unwrap_or_else(|error| panic!("{what}: {error}"));
    let found = all_of(&*source).unwrap_or_else(|error| panic!("{what}: {error}"));
    let words = &source.wrapping().unwrap().left_out;
    assert!(words.starts_with(form.words), "{what}: {words}");
    if form.driver == "vpc" && !form.options.contains("force_size") {
        // A whole number of cylinders.
        assert!(words.contains("rounded to its geometry"), "{words}");
        assert!(found.len() >= plain.len() && found.len() < plain.len() + 16 * 63 * 512, "{what}");
        assert!(found[plain.len()..].iter().all(|&byte| byte == 0), "{what}");
    } else {
        assert_eq!(found.len(), plain.len(), "{what}");
    }
    assert!(found.starts_with(plain), "{what}: other bytes");
    // In another order, over the ends of blocks.
    for at in (0..plain.len()).rev().step_by(65_521) {
        let mut part = vec![0xD1; 1537.min(plain.len() - at)];
        source.read_at(at as u64, &mut part).unwrap();
        assert!(part == plain[at..at + part.len()], "{what}: byte {at}");
    }
    assert!(source.read_at(found.len() as u64 - 1, &mut [0; 2]).is_err(), "{what}: behind the end");
    assert!(source.read_at(u64::MAX, &mut [0; 2]).is_err(), "{what}: nowhere");
    let own = fs::canonicalize(&path).unwrap();
    assert_eq!(fs::canonicalize(&source.files()[0].path).unwrap(), own, "{what}");
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 2, max_shrink_iters: 0, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn a_disk_of_any_length_has_the_bytes_that_went_in(number: u64, sectors in 2048usize..40_960) {
        let plain = patchwork(number, sectors * 512);
        FORMS.iter().for_each(|form| check(&plain, form));
    }
}

#[test]
fn the_smallest_disk_has_its_bytes() {
    FORMS.iter().for_each(|form| check(&[7; 512], form));
}

#[test]
fn a_disk_of_zeros_takes_no_room_and_says_so() {
    let plain = vec![0; 3 << 20];
    for form in FORMS.iter().filter(|form| ["vmdk", "vhdx"].contains(&form.driver) && form.options.is_empty())
    {
        check(&plain, form);
        let workshop = Workshop::new(&plain);
        let source = open(&workshop.make(form)).unwrap();
        assert_eq!(source.wrapping().unwrap().left_out, format!("{}0 bytes of 3 MiB present", form.words));
    }
}
