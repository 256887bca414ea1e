//! What a user and his systems do to a stick is named, and is no fault.

use crate::frames::sticks::{Image, MIB, noise};
use crate::frames::verdicts::{OnDisk, flipped, judge, kinds, stick, told, volume_offset};
use ramkey::plan::{FatBits, FsChoice, LayoutKind, Slot};
use ramkey::verify::{Change, FaultKind, Strictness};

const UNIVERSAL: LayoutKind = LayoutKind::Universal { slot: Slot::First };

const CHANGED_LAYOUTS: [(LayoutKind, FsChoice, u64); 9] = [
    (UNIVERSAL, FsChoice::Auto, 8 * MIB),
    (UNIVERSAL, FsChoice::Is(FatBits::Fat16), 70 * MIB),
    (UNIVERSAL, FsChoice::Is(FatBits::Fat32), 48 * MIB),
    (LayoutKind::Zip, FsChoice::Is(FatBits::Fat32), 48 * MIB),
    (LayoutKind::Fdd, FsChoice::Is(FatBits::Fat32), 48 * MIB),
    (LayoutKind::Hdd, FsChoice::Auto, 8 * MIB),
    (LayoutKind::Hdd, FsChoice::Is(FatBits::Fat32), 48 * MIB),
    (LayoutKind::Superfloppy, FsChoice::Is(FatBits::Fat16), 24 * MIB),
    (LayoutKind::Superfloppy, FsChoice::Is(FatBits::Fat32), 48 * MIB),
];

#[test]
fn files_that_a_user_adds_are_named_and_are_no_fault() {
    for (layout, fs, len) in CHANGED_LAYOUTS {
        let stick = OnDisk::new(layout, fs, len);
        let note = stick.scratch("A long name of mine.txt", &noise(5000));
        stick.mtools("mcopy", &[&note, "::"]);
        stick.mtools("mmd", &["::FOTOS"]);
        stick.mtools("mcopy", &[&note, "::FOTOS/X.TXT"]);
        stick.expect(&["A long name of mine.txt was added", "FOTOS was added", "FOTOS/X.TXT was added"]);
    }
}

#[test]
fn an_image_that_a_user_removes_is_named_and_is_no_fault() {
    let stick = OnDisk::new(LayoutKind::Hdd, FsChoice::Auto, 8 * MIB);
    stick.mtools("mdel", &["::RAMKEY/DOS.RKC"]);
    stick.expect(&["the image \"dos\" was removed"]);
    stick.mtools("mdel", &["::RAMKEY/TINY.RKC"]);
    assert_eq!(kinds(&stick.judge(Strictness::Boot)), [FaultKind::NoImage]);
}

#[test]
fn an_image_that_the_menu_no_longer_shows_is_a_fault() {
    let stick = OnDisk::new(LayoutKind::Hdd, FsChoice::Auto, 8 * MIB);
    stick.mtools("mren", &["::RAMKEY/DOS.RKC", "::RAMKEY/DOS.OLD"]);
    let verdict = stick.judge(Strictness::Boot);
    assert_eq!(kinds(&verdict), [FaultKind::Capsule], "{}", told(&verdict));
}

#[test]
fn an_image_that_was_moved_by_a_file_manager_is_proven_in_its_pieces() {
    for (layout, fs, len) in CHANGED_LAYOUTS {
        let stick = OnDisk::new(layout, fs, len);
        let copy = stick.path.with_file_name("DOS.RKC").display().to_string();
        stick.mtools("mcopy", &["::RAMKEY/DOS.RKC", &copy]);
        stick.mtools("mdel", &["::RAMKEY/DOS.RKC"]);
        // Every second of these is deleted again, and what is behind them is filled: the copy must be cut up.
        let small = stick.scratch("small", &noise(8192));
        let names: Vec<String> = (0..20).map(|n| format!("::S{n}")).collect();
        for name in &names {
            stick.mtools("mcopy", &[&small, name]);
        }
        for name in names.iter().step_by(2) {
            stick.mtools("mdel", &[name]);
        }
        stick.mtools("mcopy", &["-m", &copy, "::RAMKEY/DOS.RKC"]);
        let verdict = stick.judge(Strictness::Boot);
        assert!(verdict.sound, "{}", told(&verdict));
        let dos = verdict.capsules.iter().find(|capsule| capsule.file == "RAMKEY/DOS.RKC").unwrap();
        assert!(dos.proven && dos.as_written);
        // On a FAT32 mtools goes on behind the last cluster that it used, where all is free.
        let fat32 = matches!(fs, FsChoice::Is(FatBits::Fat32));
        assert!(dos.fragments > 1 || fat32, "{layout:?} {fs:?}: it lies in one piece");
        stick.expect(&["RAMKEY/DOS.RKC has other dates", "S1 was added"]);
    }
}

#[test]
fn an_image_that_a_user_copies_in_is_proven_too_and_its_damage_found() {
    let stick = OnDisk::new(LayoutKind::Hdd, FsChoice::Auto, 8 * MIB);
    let copy = stick.path.with_file_name("DOS.RKC").display().to_string();
    stick.mtools("mcopy", &["::RAMKEY/DOS.RKC", &copy]);
    stick.mtools("mcopy", &[&copy, "::RAMKEY/SECOND.RKC"]);
    let verdict = stick.judge(Strictness::Boot);
    assert!(verdict.sound, "{}", told(&verdict));
    assert_eq!(verdict.capsules.len(), 3);

    let mut damaged = std::fs::read(&copy).unwrap();
    let last = damaged.len() - 1000;
    damaged[last] ^= 1;
    let damaged = stick.scratch("DAMAGED", &damaged);
    stick.mtools("mcopy", &[&damaged, "::RAMKEY/THIRD.RKC"]);
    let short = stick.scratch("SHORT", &std::fs::read(&copy).unwrap()[..100_000]);
    stick.mtools("mcopy", &[&short, "::RAMKEY/SHORT.RKC"]);
    let other = stick.scratch("OTHER", b"hello");
    stick.mtools("mcopy", &[&other, "::RAMKEY/OTHER.RKC"]);
    let verdict = stick.judge(Strictness::Boot);
    let files: Vec<&str> = verdict.faults.iter().filter_map(|fault| fault.place.file.as_deref()).collect();
    assert_eq!(files, ["RAMKEY/OTHER.RKC", "RAMKEY/SHORT.RKC", "RAMKEY/THIRD.RKC"]);
}

#[test]
fn another_label_is_a_change_and_no_fault() {
    for (layout, fs, len) in CHANGED_LAYOUTS {
        let stick = OnDisk::new(layout, fs, len);
        for (written, found) in [("RAMKEY", "MY STICK"), ("RAMKEY", "ANOTHER")] {
            stick.mtools("mlabel", &[&format!("::{found}")]);
            let verdict = stick.judge(Strictness::Boot);
            assert_eq!(verdict.label, found);
            stick.expect(&[]);
            let label = Change::Label { written: written.into(), found: found.into() };
            assert_eq!(verdict.changes, [label], "{layout:?} {fs:?}");
        }
    }
}

#[test]
fn another_label_in_both_boot_sectors_of_a_fat32_is_a_change_and_no_fault() {
    let mut stick = Image(stick(LayoutKind::Hdd, FsChoice::Is(FatBits::Fat32), 48 * MIB).bytes());
    for sector in [0, 6] {
        let at = (MIB + sector * 512) as usize + 0x47;
        stick.0[at..at + 11].copy_from_slice(b"MY STICK   ");
    }
    let verdict = judge(&stick, Strictness::Boot);
    assert!(verdict.sound, "{}", told(&verdict));
    assert!(matches!(verdict.changes[..], [Change::Label { .. }]), "{}", told(&verdict));
    // A byte of the numbers beside it is no label.
    stick.0[MIB as usize + 0x24] ^= 1;
    assert!(!judge(&stick, Strictness::Boot).sound);
}

#[test]
fn the_state_of_a_stick_that_is_mounted_is_a_change_and_no_fault() {
    for (layout, fs, len) in CHANGED_LAYOUTS {
        let mut stick = Image(stick(layout, fs, len).bytes());
        let volume = volume_offset(layout) as usize;
        let state = if matches!(fs, FsChoice::Is(FatBits::Fat32)) { 0x41 } else { 0x25 };
        stick.0[volume + state] |= 1;
        let verdict = judge(&stick, Strictness::Boot);
        assert!(verdict.sound, "{}", told(&verdict));
        assert!(matches!(verdict.changes[..], [Change::Volume { .. }]), "{}", told(&verdict));
    }
}

#[test]
fn a_universal_stick_may_be_mounted_and_labelled_as_a_whole() {
    for (layout, fs, len) in CHANGED_LAYOUTS.into_iter().filter(|(layout, ..)| *layout == UNIVERSAL) {
        let fresh = Image(stick(layout, fs, len).bytes());
        let fat32 = matches!(fs, FsChoice::Is(FatBits::Fat32));
        let (state, label) = if fat32 { (0x41, 0x47) } else { (0x25, 0x2B) };
        let mut stick = Image(fresh.0.clone());
        stick.0[state] |= 1;
        let verdict = judge(&stick, Strictness::Boot);
        assert!(verdict.sound, "{fs:?}: {}", told(&verdict));
        assert!(matches!(verdict.changes[..], [Change::Volume { .. }]), "{fs:?}: {}", told(&verdict));
        assert_eq!(kinds(&judge(&stick, Strictness::EveryByte)), [FaultKind::Sector0], "{fs:?}");
        stick.0[3..11].copy_from_slice(b"ANOTHER ");
        stick.0[label..label + 11].copy_from_slice(b"MY STICK   ");
        let verdict = judge(&stick, Strictness::Boot);
        assert!(verdict.sound && verdict.changes.len() == 2, "{fs:?}: {}", told(&verdict));
        // Its numbers and its table are not for systems to change.
        for at in [14, 28, 0x1BE, 0x1FE] {
            flipped(&mut stick, at, 0, |stick| {
                assert_eq!(kinds(&judge(stick, Strictness::Boot)), [FaultKind::Sector0], "{fs:?}: byte {at}");
            });
        }
    }
}

#[test]
fn dates_and_attributes_of_folders_are_a_change_of_their_own() {
    let stick = stick(LayoutKind::Hdd, FsChoice::Auto, 8 * MIB);
    let mut bytes = Image(stick.bytes());
    let root =
        stick.layout.extents.iter().find(|extent| extent.role == ramkey::layout::Role::Directory).unwrap();
    // Hidden, and a date of the folder itself.
    for (byte, bit) in [(32 + 11, 1), (32 + 24, 3)] {
        flipped(&mut bytes, root.lba * 512 + byte, bit, |bytes| {
            let verdict = judge(bytes, Strictness::Boot);
            assert!(verdict.sound, "{}", told(&verdict));
            assert!(matches!(verdict.changes[..], [Change::Details { .. }]), "{}", told(&verdict));
        });
    }
}

#[test]
fn a_stick_that_ends_too_early_says_by_how_much_and_which_images_are_cut() {
    let stick = stick(LayoutKind::Hdd, FsChoice::Auto, 8 * MIB);
    let whole = stick.bytes();
    let is_capsule =
        |extent: &&ramkey::layout::Extent| matches!(extent.role, ramkey::layout::Role::Capsule { .. });
    let last = stick.layout.extents.iter().rfind(is_capsule).unwrap();
    for (len, words) in [
        (7 << 20, "the stick ends 1 MiB too early: it was written with 16384 sectors and has 14336"),
        (7 << 20, "all images lie before its end"),
        ((last.lba as usize) << 9, "1 of its 2 images are not whole"),
        (3 << 19, "none of its 2 images is whole"),
    ] {
        let verdict = judge(&Image(whole[..len].to_vec()), Strictness::Boot);
        let [fault] = &verdict.faults[..] else { panic!("{len}: {}", told(&verdict)) };
        assert_eq!(fault.kind, FaultKind::TooShort);
        assert!(fault.to_string().contains(words), "{len}: {fault}");
    }
}
