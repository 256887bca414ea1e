//! A driver is added to a made-up Windows and taken out of it.

use std::collections::BTreeSet;
use std::fs;

use super::desk::{Desk, Wish};
use super::hive::Tree;
use crate::frames::drivers::{DRIVER, Program, X64, X86, driver};
use crate::frames::hive::{Layout, XP, hive};
use crate::frames::sticks::{printed, tool};
use crate::frames::windows_image::{BOOT_INI, LEAD, SIGNATURE, System, bare, problems};
use ramkey::contents::windows::Answer;
use ramkey::image::Identity;
use ramkey::job::WindowsChange;
use ramkey::windows::Attach;

fn mtools(program: &str, arguments: &[&str]) {
    let output = tool("mtools", program, arguments);
    assert!(output.status.success(), "{program} {arguments:?}: {}", printed(&output));
}

/// Paths of keys and values that are not the same in both.
pub fn differences(one: &Tree, other: &Tree) -> BTreeSet<String> {
    fn all(tree: &Tree, path: &str, out: &mut BTreeSet<String>) {
        out.extend(tree.values.iter().map(|(name, (kind, bytes))| format!("{path}:{name}={kind}:{bytes:?}")));
        for (name, below) in &tree.keys {
            let path = format!("{path}\\{name}");
            out.insert(path.clone());
            all(below, &path, out);
        }
    }
    let (mut first, mut second) = (BTreeSet::new(), BTreeSet::new());
    all(one, "", &mut first);
    all(other, "", &mut second);
    first.symmetric_difference(&second).map(|line| line.split('=').next().unwrap().to_owned()).collect()
}

#[test]
fn every_driver_finds_the_disk_and_goes_without_a_trace() {
    let drivers = [
        ("firadisk.sys", "FiraDisk", None, Identity::Memdisk),
        ("firadisk.sys", "FiraDisk", Some(Attach::Own), Identity::Memdisk),
        ("wvblk32.sys", "WinVBlock", None, Identity::Memdisk),
        ("wvblk32.sys", "WinVBlock", Some(Attach::Root), Identity::Memdisk),
        ("svbusx86.sys", "SVBus", None, Identity::Grub4dos),
    ];
    for (system, drivers) in
        [(System::Fat16, &drivers[..]), (System::Fat32, &drivers[..1]), (System::Ntfs, &drivers[1..3])]
    {
        let desk = Desk::new(&bare(system));
        let (old, tree) = (desk.image("xp.img"), desk.registry("xp.img", system));
        let before = desk.windows("xp.img");
        assert_eq!(before.starts, Answer::No);
        for (number, &(file, name, attach, identity)) in drivers.iter().enumerate() {
            let [with, without] = ["with", "without"].map(|word| format!("{word}{number}.img"));
            let wish = Wish { attach, ..Wish::default() };
            let report = desk.add("xp.img", file, &with, wish).unwrap_or_else(|error| panic!("{error:?}"));
            assert_eq!(report.starts, Some(Answer::Yes), "{system:?} {report:?}");
            let after = desk.windows(&with);
            assert_eq!((problems(&after).as_str(), after.identity), ("", identity), "{system:?} {name}");
            let path = &after.system.as_ref().unwrap().drivers[0].path;
            assert_eq!(path, &format!("system32\\drivers\\{file}"));
            let copied = desk.file(&with, &format!("WINDOWS/system32/drivers/{file}"), system);
            assert!(copied.expect("it is copied") == desk.image(file));
            desk.is_whole(&with, system);
            assert!(desk.image("xp.img") == old);
            // The same change gives the same bytes, whatever the time is.
            desk.add("xp.img", file, "again.img", wish).unwrap();
            assert!(desk.image("again.img") == desk.image(&with), "{system:?} {name}");
            fs::remove_file(desk.path("again.img")).unwrap();
            for line in differences(&tree, &desk.registry(&with, system)) {
                let place = ["\\SERVICES\\", "\\ENUM", "\\CONTROL\\CRITICALDEVICEDATABASE\\"];
                assert!(place.iter().any(|place| line.contains(place)), "{line}");
                assert!(line.starts_with("\\CONTROLSET001") || line.starts_with("\\CONTROLSET002"), "{line}");
            }

            let report = desk.remove(&with, &without).unwrap();
            assert_eq!(report.after.as_ref(), Some(&before.verdict));
            assert_eq!(
                differences(&tree, &desk.registry(&without, system)),
                BTreeSet::new(),
                "{system:?} {name}"
            );
            assert_eq!(desk.windows(&without), before);
            desk.is_whole(&without, system);
            if system != System::Ntfs {
                assert_eq!(desk.file(&without, &format!("WINDOWS/system32/drivers/{file}"), system), None);
            }
        }
    }
}

#[test]
fn what_keeps_it_from_starting_is_mended_and_comes_back() {
    let mut xp = bare(System::Fat16);
    xp.file("boot.ini", BOOT_INI.replace("rdisk(0)partition(1)", "rdisk(1)partition(2)").as_bytes());
    xp.signature = 0x0102_0304;
    xp.letter('D', 7, 512);
    for set in ["ControlSet001", "ControlSet002"] {
        let control = xp.registry.at(&format!("{set}\\Control"));
        control.at("CriticalDeviceDatabase").remove("gendisk");
        control.at("FiraDisk").number("DisableDetectMemdisk", 1);
        control.at("ServiceGroupOrder").texts("List", &["System Reserved", "SCSI miniport"]);
    }
    let desk = Desk::new(&xp);
    let (before, tree) = (desk.windows("xp.img"), desk.registry("xp.img", System::Fat16));
    let planned = desk.add("xp.img", "firadisk.sys", "", Wish::default()).unwrap();
    let report = desk.add("xp.img", "firadisk.sys", "new.img", Wish::default()).unwrap();
    assert_eq!((planned.changes, planned.to), (report.changes.clone(), None));
    for expected in [
        "boot.ini: starts multi(0)disk(0)rdisk(0)partition(1)\\WINDOWS",
        "MountedDevices: ",
        "gendisk",
        "DisableDetectMemdisk",
    ] {
        assert!(
            report.changes.iter().any(|line| line.contains(expected)),
            "{expected} in {:#?}",
            report.changes
        );
    }
    let after = desk.windows("new.img");
    assert_eq!((problems(&after).as_str(), after.starts), ("", Answer::Yes));
    assert_eq!(after.system.as_ref().unwrap().drivers[0].group.as_deref(), Some("SCSI miniport"));
    assert_eq!(desk.file("new.img", "boot.ini", System::Fat16).unwrap(), BOOT_INI.as_bytes());
    assert!(
        !desk.registry("new.img", System::Fat16).keys["MOUNTEDDEVICES"]
            .values
            .contains_key("\\DOSDEVICES\\D:")
    );
    desk.remove("new.img", "old.img").unwrap();
    assert_eq!(desk.windows("old.img"), before);
    assert_eq!(differences(&tree, &desk.registry("old.img", System::Fat16)), BTreeSet::new());
}

#[test]
fn a_disk_without_a_signature_gets_the_one_that_windows_remembers() {
    for remembered in [true, false] {
        let mut xp = bare(System::Fat16);
        xp.signature = 0;
        if !remembered {
            xp.registry.remove("MountedDevices");
        }
        let desk = Desk::new(&xp);
        desk.add("xp.img", "wvblk32.sys", "new.img", Wish::default()).unwrap();
        let after = desk.windows("new.img");
        assert_eq!(problems(&after), "");
        assert_ne!(after.disk_signature, Some(0));
        assert_eq!(after.disk_signature == Some(SIGNATURE), remembered);
        // The same image becomes the same.
        desk.add("xp.img", "wvblk32.sys", "again.img", Wish::default()).unwrap();
        assert!(desk.image("new.img") == desk.image("again.img"));
        desk.remove("new.img", "old.img").unwrap();
        assert_eq!(desk.windows("old.img").disk_signature, Some(0));
    }
}

#[test]
fn a_driver_that_is_added_again_mends_again() {
    let mut xp = bare(System::Fat16);
    xp.signature = 0;
    xp.letter('C', 0x0102_0304, 1 << 20).letter('D', 7, 512);
    let desk = Desk::new(&xp);
    let tree = desk.registry("xp.img", System::Fat16);
    desk.add("xp.img", "firadisk.sys", "once.img", Wish::default()).unwrap();
    desk.add("once.img", "firadisk.sys", "twice.img", Wish::default()).unwrap();
    let once = desk.registry("once.img", System::Fat16);
    assert_eq!(differences(&once, &desk.registry("twice.img", System::Fat16)), BTreeSet::new());
    assert!(desk.image("once.img")[..512] == desk.image("twice.img")[..512]);
    assert_ne!(desk.windows("twice.img").disk_signature, Some(0));
    desk.remove("twice.img", "none.img").unwrap();
    assert_eq!(differences(&tree, &desk.registry("none.img", System::Fat16)), BTreeSet::new());
    assert_eq!(desk.windows("none.img").disk_signature, Some(0));
}

#[test]
fn a_driver_that_comes_back_does_not_start_beside_the_new_one() {
    let mut xp = bare(System::Fat16);
    xp.driver("WinVBlock", "wvblk32.sys", [0, 0, 1, 8]);
    let desk = Desk::new(&xp);
    let tree = desk.registry("xp.img", System::Fat16);
    let wish = Wish { remove_other: true, ..Wish::default() };
    desk.add("xp.img", "firadisk.sys", "one.img", wish).unwrap();
    desk.add("one.img", "firadisk.sys", "two.img", wish).unwrap();
    assert_eq!(desk.windows("two.img").system.unwrap().drivers.len(), 1);
    let error = desk.add("one.img", "firadisk.sys", "three.img", Wish::default()).unwrap_err();
    let source = std::error::Error::source(&error).unwrap().to_string();
    assert!(source.starts_with("WinVBlock starts at boot too"), "{source}");
    desk.remove("two.img", "none.img").unwrap();
    assert_eq!(differences(&tree, &desk.registry("none.img", System::Fat16)), BTreeSet::new());
}

#[test]
fn a_second_driver_is_refused_or_taken_out() {
    let mut xp = bare(System::Fat16);
    xp.driver("WinVBlock", "wvblk32.sys", [0, 0, 1, 8]);
    let enumerated = xp.registry.at("ControlSet001\\Enum\\Root\\SCSIADAPTER\\0000");
    enumerated.text("Service", "WinVBlock").texts("HardwareID", &["root\\winvblock"]);
    let desk = Desk::new(&xp);
    let tree = desk.registry("xp.img", System::Fat16);
    let refused = desk.refused("firadisk.sys", Wish::default());
    assert_eq!(refused, "WinVBlock starts at boot too, and one of them may hide the RAM disk from the other");
    let wish = Wish { remove_other: true, ..Wish::default() };
    let report = desk.add("xp.img", "firadisk.sys", "new.img", wish).unwrap();
    assert!(report.changes.iter().any(|line| line.contains("service WinVBlock is gone")), "{report:#?}");
    let after = desk.windows("new.img");
    assert_eq!((problems(&after).as_str(), after.system.unwrap().drivers.len()), ("", 1));
    desk.remove("new.img", "old.img").unwrap();
    assert_eq!(differences(&tree, &desk.registry("old.img", System::Fat16)), BTreeSet::new());

    // One that was added here goes without being asked for, and the same driver again changes its form.
    let desk = Desk::new(&bare(System::Fat16));
    let tree = desk.registry("xp.img", System::Fat16);
    desk.add("xp.img", "firadisk.sys", "one.img", Wish::default()).unwrap();
    let own = Wish { attach: Some(Attach::Own), ..Wish::default() };
    desk.add("one.img", "firadisk.sys", "own.img", own).unwrap();
    assert_eq!(problems(&desk.windows("own.img")), "");
    assert!(!desk.registry("own.img", System::Fat16).keys["CONTROLSET001"].keys.contains_key("ENUM"));
    desk.add("own.img", "wvblk32.sys", "two.img", wish).unwrap();
    assert_eq!(desk.windows("two.img").system.unwrap().drivers.len(), 1);
    desk.remove("two.img", "none.img").unwrap();
    assert_eq!(differences(&tree, &desk.registry("none.img", System::Fat16)), BTreeSet::new());
}

#[test]
fn what_this_windows_cannot_load_is_refused_before_anything_is_written() {
    let desk = Desk::new(&bare(System::Fat16));
    let put = |name: &str, program: &Program<'_>| fs::write(desk.path(name), program.bytes()).unwrap();
    let fira = Program { word: "FiraDisk", ..DRIVER };
    put("wide.sys", &Program { machine: X64, is_signed: true, ..fira.clone() });
    put("user.sys", &Program { subsystem: 2, ..fira.clone() });
    put("other.sys", &Program { word: "something else", ..DRIVER });
    put(
        "import.sys",
        &Program { imports: &[("ntoskrnl.exe", &["IoCreateDevice", "KeNew"])], ..fira.clone() },
    );
    put("file.sys", &Program { imports: &[("storport.sys", &["StorPortInitialize"])], ..fira.clone() });
    put("old.sys", &Program { version: [0, 0, 1, 24], ..fira.clone() });
    fs::write(desk.path("text.sys"), b"no program").unwrap();
    fs::create_dir(desk.path("empty")).unwrap();
    fs::create_dir(desk.path("both")).unwrap();
    for name in ["firadisk.sys", "wvblk32.sys"] {
        fs::copy(desk.path(name), desk.path("both").join(name)).unwrap();
    }
    let own = Wish { attach: Some(Attach::Own), ..Wish::default() };
    for (driver, wish, expected) in [
        ("wide.sys", Wish::default(), "wide.sys is for Windows of 64 bits, and this one has 32"),
        (
            "user.sys",
            Wish::default(),
            "user.sys is no driver for RAM disks: it is a program for users, and not for the kernel",
        ),
        (
            "other.sys",
            Wish::default(),
            "other.sys is no driver for RAM disks: it is neither FiraDisk nor WinVBlock nor SVBus",
        ),
        (
            "text.sys",
            Wish::default(),
            "text.sys is no driver for RAM disks: it is no program file of Windows",
        ),
        ("import.sys", Wish::default(), "import.sys wants KeNew of ntoskrnl.exe, which this Windows has not"),
        ("file.sys", Wish::default(), "file.sys wants something of storport.sys, which this Windows has not"),
        ("empty", Wish::default(), "no driver for RAM disks is there"),
        ("both", Wish::default(), "FiraDisk and WinVBlock are there, and a Windows can have one of them"),
        ("old.sys", own, "FiraDisk 0.0.1.24 does not report itself"),
        ("svbusx86.sys", own, "SVBus 0.0.1.30 does not report itself"),
    ] {
        assert_eq!(desk.refused(driver, wish), expected);
    }
    let mut second = bare(System::Fat16);
    let kernel = Program {
        version: [5, 0, 2195, 7045],
        imports: &[],
        exports: &["IoCreateDevice", "MmMapIoSpace"],
        ..DRIVER
    };
    second.file("WINDOWS/system32/ntoskrnl.exe", &kernel.bytes());
    let desk = Desk::new(&second);
    let refused = desk.refused("firadisk.sys", Wish::default());
    assert_eq!(refused, "FiraDisk is reported to stop Windows 2000 with 0x0000007B");
}

#[test]
fn sixty_four_bits_want_a_signature() {
    let mut xp = bare(System::Fat16);
    let exports = &["IoCreateDevice", "MmMapIoSpace", "KfRaiseIrql"];
    let kernel = Program { machine: X64, version: [6, 1, 7601, 0], imports: &[], exports, ..DRIVER };
    xp.file("WINDOWS/system32/ntoskrnl.exe", &kernel.bytes());
    let desk = Desk::new(&xp);
    let driver = Program { machine: X64, word: "FiraDisk", ..DRIVER };
    fs::write(desk.path("firadi64.sys"), driver.bytes()).unwrap();
    let refused = desk.refused("firadi64.sys", Wish::default());
    assert_eq!(refused, "firadi64.sys is not signed, and a Windows of 64 bits loads signed drivers alone");
    let wish = Wish { allow_unsigned: true, ..Wish::default() };
    desk.add("xp.img", "firadi64.sys", "new.img", wish).unwrap();
    let signed = Program { is_signed: true, ..driver };
    fs::write(desk.path("firadi64.sys"), signed.bytes()).unwrap();
    // Of a folder the driver for this processor is taken, and there is one alone.
    let report = desk.add("xp.img", "", "signed.img", Wish::default()).unwrap();
    assert_eq!((report.driver.as_deref(), report.starts), (Some("FiraDisk 0.0.1.30"), Some(Answer::Yes)));
}

#[test]
fn a_folder_and_a_floppy_have_the_driver_too() {
    let desk = Desk::new(&bare(System::Fat16));
    let folder = desk.path("archive/driver/x86");
    fs::create_dir_all(&folder).unwrap();
    fs::write(folder.join("FiraDisk.SYS"), driver("FiraDisk", X86)).unwrap();
    fs::write(desk.path("archive/driver/firadi64.sys"), driver("FiraDisk", X64)).unwrap();
    let report = desk.add("xp.img", "archive", "one.img", Wish::default()).unwrap();
    assert_eq!(report.driver.as_deref(), Some("FiraDisk 0.0.1.30"));

    let floppy = desk.path("f6.img");
    let floppy = floppy.to_str().unwrap();
    let list = "[Disks]\r\nd1 = \"FiraDisk\",\\firadisk.inf,\\x86\r\n[Files.scsi.fira]\r\ndriver = d1,own.sys,FiraDisk\r\n";
    fs::write(desk.path("txtsetup.oem"), list).unwrap();
    fs::write(desk.path("own.sys"), driver("FiraDisk", X86)).unwrap();
    mtools("mformat", &["-C", "-f", "1440", "-i", floppy, "::"]);
    mtools("mmd", &["-i", floppy, "::x86"]);
    mtools("mcopy", &["-i", floppy, desk.path("txtsetup.oem").to_str().unwrap(), "::"]);
    mtools("mcopy", &["-i", floppy, desk.path("own.sys").to_str().unwrap(), "::x86"]);
    desk.add("xp.img", "f6.img", "two.img", Wish::default()).unwrap();
    for image in ["one.img", "two.img"] {
        assert_eq!(desk.windows(image).starts, Answer::Yes);
        assert!(
            desk.file(image, "WINDOWS/system32/drivers/firadisk.sys", System::Fat16).unwrap()
                == driver("FiraDisk", X86)
        );
    }
}

#[test]
fn a_windows_that_was_not_shut_down_is_refused() {
    let mut xp = bare(System::Fat16);
    let bytes = hive(&xp.registry, Layout { dirty: true, ..XP });
    xp.file("WINDOWS/system32/config/SYSTEM", &bytes);
    let refused = Desk::new(&xp).refused("firadisk.sys", Wish::default());
    assert_eq!(
        refused,
        "its registry `WINDOWS\\system32\\config\\SYSTEM` cannot be changed: it was not closed: it was \
        copied while Windows ran, or Windows was switched off"
    );
    for mark in [b"hibr", b"HIBR"] {
        let mut xp = bare(System::Fat16);
        xp.file("hiberfil.sys", &[&mark[..], &[0; 4096]].concat());
        let refused = Desk::new(&xp).refused("firadisk.sys", Wish::default());
        assert!(refused.starts_with("the Windows on partition 1 is hibernated"), "{refused}");
    }
    // A FAT says that it was in use; it is whole all the same, until a chain in it is not.
    let mut image = bare(System::Fat16).disk();
    let table = (LEAD + 1) * 512;
    image[table + 3] &= 0x7F;
    let report = Desk::of(&image).add("xp.img", "firadisk.sys", "new.img", Wish::default()).unwrap();
    assert!(report.changes[0].contains("partition 1 was not closed"), "{:?}", report.changes);
    image[table + 4..table + 64].fill(0);
    let refused = Desk::of(&image).refused("firadisk.sys", Wish::default());
    assert!(refused.starts_with("partition 1"), "{refused}");
}

#[test]
fn an_image_in_its_place_keeps_what_it_was() {
    let desk = Desk::new(&bare(System::Fat16));
    let old = desk.image("xp.img");
    let report = desk.add("xp.img", "firadisk.sys", "xp.img", Wish::default()).unwrap();
    assert!(report.backup.unwrap().ends_with("xp.img.before-driver"));
    assert!(desk.image("xp.img.before-driver") == old);
    assert_eq!(desk.windows("xp.img").starts, Answer::Yes);
    let new = desk.image("xp.img");
    let error = desk.add("xp.img", "firadisk.sys", "xp.img", Wish::default()).unwrap_err();
    assert!(error.to_string().ends_with("xp.img.before-driver exists and holds something else"), "{error}");
    assert!(desk.image("xp.img") == new && desk.image("xp.img.before-driver") == old);
    desk.remove("xp.img", "xp.img").unwrap();
    assert!(desk.image("xp.img.with-driver") == new);
    assert_eq!(desk.windows("xp.img").starts, Answer::No);
    let error = desk.remove("xp.img", "none.img").unwrap_err();
    let source = std::error::Error::source(&error).unwrap().to_string();
    assert_eq!(source, "no driver that `add-driver` put there is on it");
}

#[test]
fn a_driver_that_somebody_else_installed_stays_until_it_is_asked_for() {
    let mut xp = bare(System::Fat16);
    xp.driver("FiraDisk", "firadisk.sys", [0, 0, 1, 30]);
    let desk = Desk::new(&xp);
    let error = desk.remove("xp.img", "new.img").unwrap_err();
    let source = std::error::Error::source(&error).unwrap().to_string();
    assert_eq!(source, "no driver that `add-driver` put there is on it, but FiraDisk is installed");
    let report = desk.change("xp.img", &WindowsChange::Remove { installed: true }, "new.img").unwrap();
    assert_eq!(report.starts, Some(Answer::No));
    assert!(desk.file("new.img", "WINDOWS/system32/drivers/firadisk.sys", System::Fat16).is_some());
}

#[test]
fn reactos_gets_a_file_that_is_called_like_its_service() {
    let mut xp = bare(System::Fat16);
    for file in ["ntldr", "NTDETECT.COM", "boot.ini"] {
        xp.files.remove(file);
    }
    let menu = "[FREELOADER]\r\nDefaultOS=ReactOS\r\n[ReactOS]\r\nBootType=Windows2003\r\n\
        SystemPath=multi(0)disk(0)rdisk(0)partition(1)\\WINDOWS\r\n";
    xp.file("freeldr.ini", menu.as_bytes());
    // Its boot loader has NTLDR's name on the disk of somebody who had a boot sector that starts that.
    xp.file("ntldr", b"FREELDR");
    let desk = Desk::new(&xp);
    for (driver, file) in [("firadisk.sys", "firadisk.sys"), ("wvblk32.sys", "winvblock.sys")] {
        let image = format!("{file}.img");
        let report = desk.add("xp.img", driver, &image, Wish::default()).unwrap();
        assert_eq!(report.starts, Some(Answer::Yes), "{report:#?}");
        assert!(desk.file(&image, &format!("WINDOWS/system32/drivers/{file}"), System::Fat16).is_some());
    }
    // The menu names kernel and HAL, and a file that is not there may be elsewhere.
    let kernel = xp.files.remove("WINDOWS/system32/ntoskrnl.exe").unwrap();
    xp.files.remove("WINDOWS/system32/hal.dll");
    xp.file("WINDOWS/system32/ntkrnlmp.exe", &kernel).file("WINDOWS/system32/halacpi.dll", &kernel);
    xp.file("freeldr.ini", format!("{menu}Options=/KERNEL=ntkrnlmp.exe /HAL=halacpi.dll\r\n").as_bytes());
    let desk = Desk::new(&xp);
    let other = Program { word: "FiraDisk", imports: &[("scsiport.sys", &["ScsiPortInitialize"])], ..DRIVER };
    fs::write(desk.path("other.sys"), other.bytes()).unwrap();
    for (driver, is_noted) in [("firadisk.sys", false), ("other.sys", true)] {
        let report = desk.add("xp.img", driver, &format!("{driver}.img"), Wish::default()).unwrap();
        assert_eq!(report.starts, Some(Answer::Yes), "{report:#?}");
        assert_eq!(report.changes[0].contains("wants scsiport.sys"), is_noted, "{report:#?}");
    }
}
