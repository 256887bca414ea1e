//! A driver is added to a Windows around which something is not as usual: a full volume, a damaged one, another driver of the
//! same name, a menu that cannot be read.

use std::collections::BTreeSet;
use std::fs::{self, Permissions};
use std::os::unix::fs::PermissionsExt;

use super::desk::{Desk, Wish};
use super::driver::differences;
use crate::frames::drivers::{X86, driver};
use crate::frames::hive::{Key, Layout, Lists, XP, hive};
use crate::frames::windows_image::{BOOT_INI, LEAD, SIGNATURE, System, Xp, bare, on_disk};
use ramkey::contents::windows::hive::ValueData;
use ramkey::job::{JobError, WindowsChange};
use ramkey::windows::hive::{HiveEdit, HiveEditError};
use ramkey::windows::{Candidate, f6_list};

const FILE: &str = "WINDOWS/system32/drivers/firadisk.sys";

fn source(error: &JobError) -> String {
    std::error::Error::source(error).map(ToString::to_string).unwrap_or_default()
}

#[test]
fn a_driver_that_was_there_comes_back() {
    for system in [System::Fat16, System::Ntfs] {
        let mut xp = bare(system);
        xp.file(FILE, b"the driver of somebody else");
        let desk = Desk::new(&xp);
        let report = desk.add("xp.img", "firadisk.sys", "new.img", Wish::default()).unwrap();
        assert!(report.changes.iter().any(|line| line.contains("firadisk.sys.before")), "{report:#?}");
        assert!(desk.file("new.img", FILE, system).unwrap() == driver("FiraDisk", X86));
        // Also where it is added twice.
        desk.add("new.img", "firadisk.sys", "again.img", Wish::default()).unwrap();
        desk.remove("again.img", "old.img").unwrap();
        assert_eq!(desk.file("old.img", FILE, system).unwrap(), b"the driver of somebody else");
        let kept = desk.file("old.img", &format!("{FILE}.before"), system);
        assert_eq!(kept.is_some(), system == System::Ntfs);
        desk.is_whole("old.img", system);
    }
}

#[test]
fn an_image_that_nobody_else_may_reach_gets_its_driver() {
    let desk = Desk::new(&bare(System::Ntfs));
    fs::set_permissions(desk.folder.path(), Permissions::from_mode(0o700)).unwrap();
    desk.add("xp.img", "firadisk.sys", "new.img", Wish::default()).unwrap();
    assert!(desk.file("new.img", FILE, System::Ntfs).unwrap() == driver("FiraDisk", X86));
}

#[test]
fn a_full_volume_wants_room_and_no_repair() {
    let mut image = bare(System::Fat16).disk();
    let boot = LEAD * 512;
    let sectors = usize::from(u16::from_le_bytes([image[boot + 22], image[boot + 23]]));
    for table in [boot + 512, boot + 512 * (1 + sectors)] {
        for entry in image[table..table + 512 * sectors].chunks_exact_mut(2) {
            if entry == [0, 0] {
                entry.copy_from_slice(&0xFFF7u16.to_le_bytes());
            }
        }
    }
    let desk = Desk::of(&image);
    let error = desk.add("xp.img", "firadisk.sys", "", Wish::default()).unwrap_err();
    assert!(source(&error).starts_with("partition 1 is full: "), "{}", source(&error));
    let output = crate::frames::limits::ramkey(&[
        "windows",
        "add-driver",
        desk.path("xp.img").to_str().unwrap(),
        "--driver",
        desk.path("firadisk.sys").to_str().unwrap(),
        "--dry-run",
    ]);
    let said = crate::frames::sticks::printed(&output);
    assert!(said.contains("delete files on partition 1") && !said.contains("chkdsk"), "{said}");
}

/// A disk with a second partition behind the one with Windows.
fn two(first: &[u8], second: &[u8]) -> Vec<u8> {
    let mut disk = on_disk(first, SIGNATURE, System::Fat16);
    disk[0x1CE + 4] = 6;
    let (start, len) = ((disk.len() / 512) as u32, (second.len() / 512) as u32);
    disk[0x1CE + 8..0x1CE + 12].copy_from_slice(&start.to_le_bytes());
    disk[0x1CE + 12..0x1CE + 16].copy_from_slice(&len.to_le_bytes());
    disk.extend(second);
    disk
}

#[test]
fn a_menu_elsewhere_is_in_nobodys_way() {
    let xp = bare(System::Fat16);
    // The table of the second volume is empty, and its menu of several clusters cannot be read.
    let mut second = bare(System::Fat16);
    second.file("boot.ini", BOOT_INI.repeat(100).as_bytes());
    let mut damaged = second.partition();
    damaged[512 + 4..512 * 33].fill(0);
    let desk = Desk::of(&two(&xp.partition(), &damaged));
    desk.add("xp.img", "firadisk.sys", "new.img", Wish::default()).unwrap();
    // The menu is too long for a menu.
    let mut long = bare(System::Fat16);
    long.file("boot.ini", BOOT_INI.repeat(600).as_bytes());
    let desk = Desk::new(&long);
    let report = desk.add("xp.img", "firadisk.sys", "new.img", Wish::default()).unwrap();
    assert!(report.changes.iter().any(|line| line.starts_with("boot.ini is not looked at")), "{report:#?}");
    // The only menu is on a volume that was in use when it was copied.
    let mut first = bare(System::Fat16);
    first.files.remove("boot.ini");
    let mut other = bare(System::Fat16);
    other.files.retain(|name, _| !name.contains('/'));
    other.registry = Key::new("none");
    other.software = Key::new("none");
    other.file("boot.ini", BOOT_INI.replace("rdisk(0)", "rdisk(1)").as_bytes());
    let mut in_use = other.partition();
    in_use[512 + 3] &= 0x7F;
    let disk = two(&first.partition(), &in_use);
    let desk = Desk::of(&disk);
    let report = desk.add("xp.img", "firadisk.sys", "new.img", Wish::default()).unwrap();
    assert!(report.changes.iter().any(|line| line.starts_with("boot.ini stays as it is")), "{report:#?}");
    assert!(desk.image("new.img").ends_with(&in_use));
}

#[test]
fn what_starts_too_late_starts_at_boot_and_comes_back() {
    let mut xp = bare(System::Fat16);
    for (service, start) in [("disk", 3), ("partmgr", 0), ("ftdisk", 4), ("volmgr", 2)] {
        xp.service(service).number("Start", start);
    }
    xp.service("ftdisk").variable_text("ImagePath", "\\SystemRoot\\own\\ft.sys");
    xp.file("WINDOWS/own/ft.sys", b"ftdisk");
    let late = |xp: &Xp| {
        let desk = Desk::new(xp);
        let report = desk.add("xp.img", "firadisk.sys", "new.img", Wish::default()).unwrap();
        let starts = |image: &str| {
            let services = &desk.registry(image, System::Fat16).keys["CONTROLSET001"].keys["SERVICES"];
            ["DISK", "FTDISK", "VOLMGR"].map(|name| {
                services.keys.get(name).map(|service| service.values["START"].1[0]).unwrap_or(u8::MAX)
            })
        };
        let new = starts("new.img");
        desk.remove("new.img", "old.img").unwrap();
        assert_eq!(starts("old.img"), starts("xp.img"));
        let lines =
            report.changes.into_iter().filter(|line| line.contains("at boot") && !line.contains("FiraDisk"));
        (new, lines.collect::<Vec<_>>())
    };
    // NT 4 has no `mountmgr`, and starts `ftdisk` as it needs it. What has no file stays.
    let disk = "ControlSet001: service disk starts at boot: its Start was 3".to_owned();
    let volmgr = "ControlSet001: service volmgr has Start 2 and must start at boot, and its file \
        system32\\drivers\\volmgr.sys is not there";
    assert_eq!(late(&xp), ([0, 4, 2], vec![disk.clone(), volmgr.into()]));
    xp.service("mountmgr").number("Start", 0);
    let ftdisk = "ControlSet001: service ftdisk starts at boot: its Start was 4".into();
    assert_eq!(late(&xp), ([0, 0, 2], vec![disk, volmgr.into(), ftdisk]));
    assert_eq!(late(&bare(System::Fat16)), ([0, u8::MAX, u8::MAX], vec![]));
}

/// Copies a set of settings over another, as Windows does at its start.
fn copy_set(hive: &mut HiveEdit, from: &str, to: &str) {
    hive.delete_key(to).unwrap();
    let mut keys = vec![String::new()];
    while let Some(key) = keys.pop() {
        let [old, new] = [from, to].map(|set| format!("{set}{key}"));
        hive.create_key(&new).unwrap();
        for (name, data) in hive.values(&old).unwrap() {
            hive.set_value(&new, &name, &data).unwrap();
        }
        keys.extend(hive.subkeys(&old).unwrap().into_iter().map(|name| format!("{key}\\{name}")));
    }
}

#[test]
fn sets_of_settings_that_windows_copied_lose_the_driver_too() {
    const SYSTEM: &str = "WINDOWS/system32/config/SYSTEM";
    let mut xp = bare(System::Fat16);
    // What is put back differs from set to set, and the second one gets the number of one that is gone.
    xp.registry.at("ControlSet001\\Control\\FiraDisk").number("DisableDetectMemdisk", 1);
    let desk = Desk::new(&xp);
    let changed = |image: &str, copies: bool| {
        let mut hive = HiveEdit::open(desk.file(image, SYSTEM, System::Fat16).unwrap()).unwrap();
        if copies {
            copy_set(&mut hive, "ControlSet001", "ControlSet003");
            copy_set(&mut hive, "ControlSet003", "ControlSet002");
        } else {
            hive.delete_key("ControlSet002").unwrap();
        }
        for (name, number) in [("LastKnownGood", 3), ("Default", 1), ("Current", 1)] {
            let data = ValueData { kind: 4, bytes: [number, 0, 0, 0].to_vec() };
            hive.set_value("Select", name, &data).unwrap();
        }
        desk.put_file(image, SYSTEM, &hive.finish());
        desk.registry(image, System::Fat16)
    };
    for copies in [true, false] {
        desk.add("xp.img", "firadisk.sys", &format!("new{copies}.img"), Wish::default()).unwrap();
        fs::copy(desk.path("xp.img"), desk.path("plain.img")).unwrap();
        let expected = changed("plain.img", copies);
        changed(&format!("new{copies}.img"), copies);
        let report = desk.remove(&format!("new{copies}.img"), &format!("old{copies}.img")).unwrap();
        let found = desk.registry(&format!("old{copies}.img"), System::Fat16);
        assert_eq!(differences(&expected, &found), BTreeSet::new(), "{report:#?}");
        let of_copies = report.changes.iter().filter(|line| line.contains("it is a copy of ControlSet00"));
        assert_eq!(of_copies.count(), if copies { 2 } else { 0 }, "{report:#?}");
    }
}

/// Only the copy of the first set has what that had; Windows starts with another one.
fn only_a_copy_is_left(hive: &mut HiveEdit) {
    copy_set(hive, "ControlSet001", "ControlSet003");
    for set in ["ControlSet001", "ControlSet002"] {
        hive.delete_key(set).unwrap();
    }
    for name in ["Default", "Current", "LastKnownGood"] {
        hive.set_value("Select", name, &ValueData { kind: 4, bytes: vec![4, 0, 0, 0] }).unwrap();
    }
}

#[test]
fn a_driver_that_is_left_in_a_copied_set_alone_goes_too() {
    const SYSTEM: &str = "WINDOWS/system32/config/SYSTEM";
    let mut xp = bare(System::Fat16);
    let set = xp.registry.at("ControlSet001").clone();
    let other = xp.registry.at("ControlSet004");
    (other.keys, other.values) = (set.keys, set.values);
    let desk = Desk::new(&xp);
    let changed = |image: &str| {
        let mut hive = HiveEdit::open(desk.file(image, SYSTEM, System::Fat16).unwrap()).unwrap();
        only_a_copy_is_left(&mut hive);
        desk.put_file(image, SYSTEM, &hive.finish());
        desk.registry(image, System::Fat16)
    };
    desk.add("xp.img", "firadisk.sys", "new.img", Wish::default()).unwrap();
    fs::copy(desk.path("xp.img"), desk.path("plain.img")).unwrap();
    let expected = changed("plain.img");
    changed("new.img");
    let report = desk.remove("new.img", "old.img").unwrap();
    assert_eq!(differences(&expected, &desk.registry("old.img", System::Fat16)), BTreeSet::new());
    assert!(report.changes.iter().any(|line| line.starts_with("ControlSet003: it is a copy")), "{report:#?}");

    // So does one of somebody else, and one that is there alone is no second driver at boot.
    xp.driver("WinVBlock", "wvblk32.sys", [0, 0, 1, 8]);
    let desk = Desk::new(&xp);
    let mut hive = HiveEdit::open(desk.file("xp.img", SYSTEM, System::Fat16).unwrap()).unwrap();
    only_a_copy_is_left(&mut hive);
    desk.put_file("xp.img", SYSTEM, &hive.finish());
    desk.add("xp.img", "firadisk.sys", "", Wish::default()).unwrap();
    let told = source(&desk.remove("xp.img", "none.img").unwrap_err());
    assert!(told.ends_with("but WinVBlock is installed"), "{told}");
    let report = desk.change("xp.img", &WindowsChange::Remove { installed: true }, "none.img").unwrap();
    let is_gone = |line: &String| line.starts_with("ControlSet003: service WinVBlock is gone");
    assert!(report.changes.iter().any(is_gone), "{report:#?}");
}

#[test]
fn a_record_that_no_driver_leaves_is_not_followed() {
    let mut xp = bare(System::Fat16);
    xp.driver("FiraDisk", "firadisk.sys", [0, 0, 1, 30]);
    let steps = |step: &str, count: usize| {
        let mut text: Vec<u8> = step.repeat(count).encode_utf16().flat_map(u16::to_le_bytes).collect();
        text.extend([0, 0]);
        text
    };
    for (step, count, is_followed) in [
        ("new\tControlSet001\\Gone\tA\0", 4096, true),
        ("new\tControlSet001\\Gone\tA\0", 4097, false),
        ("file\t1\tgone.txt\0", 65, false),
    ] {
        xp.service("FiraDisk").set("RamkeyUndo", 7, steps(step, count));
        let removed = Desk::new(&xp).remove("xp.img", "");
        assert_eq!(removed.is_ok(), is_followed, "{step} {count}");
        if let Err(error) = removed {
            assert!(source(&error).contains("it has more steps than a driver needs"), "{}", source(&error));
        }
    }
}

#[test]
fn a_list_that_is_named_again_and_again_ends_at_the_count() {
    let mut root = Key::new("root");
    for number in 0..7 {
        root.at(&format!("Key{number}"));
    }
    let mut bytes = hive(&root, Layout { lists: Lists::Ri(3), ..XP });
    let top = bytes.windows(4).rposition(|window| window == b"ri\x03\0").unwrap();
    let first: [u8; 4] = bytes[top + 4..top + 8].try_into().unwrap();
    bytes[top + 12..top + 16].copy_from_slice(&first);
    // The third list is refused, and not all of them when they are together.
    let offset = 4096 + u32::from_le_bytes(first) as usize;
    assert_eq!(
        HiveEdit::open(bytes).err(),
        Some(HiveEditError::Damaged { offset, wanted: "a list of keys" })
    );
}

#[test]
fn a_driver_may_have_any_name() {
    let files = ["ддд.sys", "é.sys", "f.inf"]
        .map(|name| Candidate { name: name.into(), bytes: driver("FiraDisk", X86) });
    let list = String::from_utf8(f6_list(&files).unwrap()).unwrap();
    assert!(list.contains("driver = d1, ддд.sys, ") && list.contains("driver = d1, é.sys, "), "{list}");
}
