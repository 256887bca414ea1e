//! Whether the Windows in an image will find its RAM disk: a table of what can be wrong with it.

use std::process::Command;

use crate::frames::hive::{Key, Layout, XP, hive};
use crate::frames::windows_image::{
    BOOT_INI, LEAD, SIGNATURE, System, Xp, after, problems, program, windows,
};
use ramkey::contents::windows::{Answer, DriverName, Family, Windows};
use ramkey::image::Identity;

fn is_sound(windows: &Windows) {
    assert_eq!(problems(windows), "");
    assert_eq!(windows.starts, Answer::Yes);
    assert_eq!(windows.verdict, "FiraDisk 0.0.1.30 starts at boot and will find this RAM disk: yes");
    assert_eq!((windows.family, windows.product.as_deref()), (Family::Ntldr, Some("Microsoft Windows XP")));
    let place = windows.place.as_ref().unwrap();
    assert_eq!((place.partition, place.offset, place.folder.as_str()), (1, LEAD as u64 * 512, "WINDOWS"));
    assert_eq!((windows.disk_signature, windows.system_letter), (Some(SIGNATURE), Some('C')));
    let system = windows.system.as_ref().unwrap();
    assert_eq!((system.control_set, system.hive_is_dirty, system.drivers.len()), (1, false, 1));
    let driver = &system.drivers[0];
    assert_eq!((driver.name, driver.start, driver.kind), (DriverName::FiraDisk, Some(0), Some(1)));
    assert_eq!(driver.path, "system32\\DRIVERS\\firadisk.sys");
    assert!(driver.file_is_present && driver.group_is_ordered);
    assert_eq!(driver.processor_bits, Some(32));
}

#[test]
fn a_sound_xp_is_sound_on_every_file_system() {
    for system in [System::Fat16, System::Fat32, System::Ntfs] {
        is_sound(&windows(Xp::new(system).disk()).unwrap_or_else(|| panic!("{system:?}")));
    }
}

#[test]
fn the_drivers_decide_the_identity() {
    let found = after(|xp| {
        xp.remove_driver("FiraDisk", "firadisk.sys").driver("WinVBlock", "wvblk32.sys", [0, 0, 1, 8]);
        xp.service("WinVBlock").text("Group", "SCSI miniport");
    });
    assert_eq!(problems(&found), "");
    assert_eq!(found.verdict, "WinVBlock 0.0.1.8 starts at boot and will find this RAM disk: yes");
    assert_eq!(found.identity, Identity::Memdisk);

    let found = after(|xp| {
        xp.remove_driver("FiraDisk", "firadisk.sys").driver("svbusx86", "svbusx86.sys", [1, 3, 0, 0]);
    });
    let with = "starts at boot and will find this RAM disk with `--identity grub4dos`: yes";
    assert_eq!(found.verdict, format!("SVBus 1.3.0.0 {with}"));
    assert_eq!(found.identity, Identity::Grub4dos);

    // A service of another name is told by its file.
    let found = after(|xp| {
        xp.remove_driver("FiraDisk", "firadisk.sys").driver("Own", "wvblk32.sys", [0, 0, 1, 8]);
        xp.service("Own").number("Start", 1);
    });
    assert_eq!(found.system.as_ref().unwrap().drivers[0].name, DriverName::WinVBlock);
    assert!(found.problems[0].fix.contains("Services\\Own` to 0"), "{:?}", found.problems);

    for (version, identity) in [(19, Identity::Grub4dos), (20, Identity::Memdisk)] {
        let found = after(|xp| {
            xp.driver("FiraDisk", "firadisk.sys", [0, 0, 1, version]);
        });
        assert_eq!((found.identity, found.starts), (identity, Answer::Yes), "{version}");
    }
    let settings = |values: &[&str]| {
        let values: Vec<String> = values.iter().map(|value| format!("DisableDetect{value}")).collect();
        after(move |xp| {
            for value in values {
                xp.registry.at("ControlSet001\\Control\\FiraDisk").number(&value, 1);
            }
        })
    };
    assert_eq!(settings(&["Memdisk"]).identity, Identity::Grub4dos);
    assert_eq!(settings(&["Grub4dos"]).identity, Identity::Memdisk);
    for values in [&["Memdisk", "Grub4dos"][..], &["edRAMDrives"]] {
        let found = settings(values);
        assert_eq!(found.starts, Answer::No, "{values:?}");
        assert_eq!(problems(&found), "!FiraDisk is told not to look for RAM disks\n");
    }
}

#[test]
fn a_driver_that_will_not_work_is_told_with_its_step() {
    type Change = fn(&mut Xp);
    let table: [(Change, &str, &str); 8] = [
        (
            |xp| {
                xp.service("FiraDisk").number("Start", 3);
            },
            "FiraDisk does not start at boot: its start type is 3",
            "`Start` below `HKLM\\SYSTEM\\CurrentControlSet\\Services\\FiraDisk` to 0",
        ),
        (
            |xp| xp.service("FiraDisk").remove("Start"),
            "FiraDisk does not start at boot: its start type is none",
            "to 0",
        ),
        (
            |xp| {
                xp.service("FiraDisk").number("Type", 16);
            },
            "the service FiraDisk is no driver of the kernel",
            "set `Type`",
        ),
        (
            |xp| {
                xp.files.remove("WINDOWS/system32/drivers/firadisk.sys");
            },
            "FiraDisk is installed, and its file `system32\\DRIVERS\\firadisk.sys` is not there",
            "install FiraDisk again",
        ),
        (
            |xp| {
                xp.file("WINDOWS/system32/drivers/firadisk.sys", &program(0x8664, [0, 0, 1, 30]));
            },
            "FiraDisk's file is for Windows of 64 bits, and this one has 32",
            "install the 32-bit FiraDisk",
        ),
        (
            |xp| {
                xp.file("WINDOWS/system32/ntoskrnl.exe", &program(0x014C, [5, 0, 2195, 7045]));
            },
            "FiraDisk is reported to stop Windows 2000 with 0x0000007B",
            "install WinVBlock instead",
        ),
        (
            |xp| {
                xp.service("FiraDisk").at("Parameters").number("PnP", 1);
            },
            "FiraDisk expects a device that is no longer there",
            "set `PnP`",
        ),
        (
            |xp| {
                xp.remove_driver("FiraDisk", "firadisk.sys");
            },
            "no driver for RAM disks is installed",
            "`ramkey windows add-driver xp.img --driver firadisk.sys`",
        ),
    ];
    for (change, problem, step) in table {
        let found = after(change);
        assert_eq!(problems(&found), format!("!{problem}\n"));
        assert!(found.problems[0].fix.contains(step), "{step} in {}", found.problems[0].fix);
        assert!(found.verdict.ends_with("it will stop with 0x0000007B"), "{}", found.verdict);
        assert_eq!(found.starts, Answer::No);
    }
    // A device that is there is the driver's own.
    is_sound(&after(|xp| {
        xp.service("FiraDisk").at("Parameters").number("PnP", 1);
        xp.registry.at("ControlSet001\\Enum\\Root\\LEGACY_X\\0000").text("Service", "x");
        xp.registry.at("ControlSet001\\Enum\\Root\\UNKNOWN\\0000").text("Service", "FiraDisk");
    }));
}

#[test]
fn two_drivers_are_one_too_many() {
    let found = after(|xp| {
        xp.driver("WinVBlock", "wvblk32.sys", [0, 0, 1, 8]);
    });
    let both = "FiraDisk and WinVBlock both start at boot: Windows may see the disk twice, or one may hide it from the other\n";
    assert_eq!((problems(&found).as_str(), found.starts), (both, Answer::Yes));
    // One that is switched off is no second driver, and no problem but its own.
    let found = after(|xp| {
        xp.driver("WinVBlock", "wvblk32.sys", [0, 0, 1, 8]);
        xp.service("WinVBlock").number("Start", 4);
    });
    assert_eq!(problems(&found), "WinVBlock does not start at boot: its start type is 4\n");
    assert_eq!(found.starts, Answer::Yes);
    let found = after(|xp| {
        xp.driver("svbusx86", "svbusx86.sys", [1, 3, 0, 0]);
    });
    assert_eq!((found.identity, found.starts), (Identity::Memdisk, Answer::Yes));
    assert!(problems(&found).contains("SVBus 1.3.0.0 looks for GRUB4DOS's identity alone"));
}

#[test]
fn the_group_has_a_place_in_the_order() {
    let none = after(|xp| xp.service("FiraDisk").remove("Group"));
    assert_eq!(problems(&none), "FiraDisk is in no group: it is loaded after all drivers that are in one\n");
    let other = after(|xp| {
        xp.service("FiraDisk").text("Group", "Nowhere");
    });
    let expected = "FiraDisk is in the group `Nowhere`, which has no place in the order of groups\n";
    assert_eq!((problems(&other).as_str(), other.starts), (expected, Answer::Yes));
}

#[test]
fn the_set_of_settings_is_that_of_the_next_start() {
    let found = after(|xp| {
        xp.registry.at("Select").number("Default", 3);
        let set = xp.registry.at("ControlSet001").clone();
        let other = xp.registry.at("ControlSet003");
        (other.keys, other.values) = (set.keys, set.values);
        xp.service("FiraDisk").number("Start", 4);
    });
    assert_eq!((problems(&found).as_str(), found.starts), ("", Answer::Yes));
    let system = found.system.unwrap();
    assert_eq!((system.control_set, system.current_set), (3, Some(1)));
}

#[test]
fn settings_that_are_not_there_are_told() {
    let found = after(|xp| {
        xp.registry.at("Select").number("Default", 4);
    });
    assert_eq!(problems(&found), "!the settings of the next start, ControlSet004, are not in the registry\n");
    assert_eq!(found.starts, Answer::No);
}

#[test]
fn the_boot_menu_must_name_the_ram_disk() {
    let menu = |path: &str| {
        let text = BOOT_INI.replace("multi(0)disk(0)rdisk(0)partition(1)\\WINDOWS", path);
        after(move |xp| {
            xp.file("boot.ini", text.as_bytes());
        })
    };
    let found = menu("multi(0)disk(0)rdisk(1)partition(1)\\WINDOWS");
    assert_eq!(problems(&found), "!`boot.ini` starts Windows from disk 1, and the RAM disk is disk 0\n");
    assert_eq!(found.problems[0].fix, "let `boot.ini` name `multi(0)disk(0)rdisk(0)partition(1)\\WINDOWS`");
    assert_eq!(found.starts, Answer::No);
    let found = menu("signature(1b2c3d4e)disk(0)rdisk(0)partition(1)\\WINDOWS");
    assert!(
        problems(&found).starts_with("!`boot.ini` starts Windows from `signature("),
        "{}",
        problems(&found)
    );
    let found = menu("multi(0)disk(0)rdisk(0)partition(2)\\WINDOWS");
    assert_eq!(problems(&found), "!`boot.ini` names partition 2, and Windows is on partition 1\n");
    let found = after(|xp| {
        xp.files.remove("boot.ini");
        xp.files.remove("NTDETECT.COM");
    });
    assert!(problems(&found).starts_with("!`NTDETECT.COM` is missing"), "{}", problems(&found));
    assert!(problems(&found).contains("\nthere is no `boot.ini`"), "{}", problems(&found));
}

#[test]
fn the_drive_letter_is_that_of_this_disk() {
    let other = after(|xp| xp.signature = 0x0102_0304);
    let text = problems(&other);
    assert!(text.contains("C: on a disk with the signature 1b2c3d4e, and the image has 01020304"), "{text}");
    assert!(
        other.problems[0].fix.starts_with("`sfdisk --disk-id xp.img 0x1b2c3d4e`"),
        "{}",
        other.problems[0].fix
    );
    assert_eq!(other.starts, Answer::Yes);
    let zero = after(|xp| xp.signature = 0);
    assert!(zero.problems[0].fix.contains("0x1b2c3d4e"), "{:?}", zero.problems);
    let unknown = after(|xp| {
        xp.signature = 0;
        xp.registry.remove("MountedDevices");
    });
    assert!(problems(&unknown).contains("ramkey puts one of its own into memory"), "{}", problems(&unknown));
    let moved = after(|xp| {
        xp.letter('C', SIGNATURE, 1 << 20);
    });
    assert!(problems(&moved).contains("C: at byte 0x100000 of its disk, and its partition begins at 0x7e00"));
    // What it remembers of other disks does not matter.
    is_sound(&after(|xp| {
        xp.letter('D', 7, 512);
        xp.registry
            .at("MountedDevices")
            .bytes("\\??\\Volume{0}", &[0; 12])
            .bytes("\\DosDevices\\E:", &[7; 90]);
    }));
    let partition = windows(Xp::new(System::Ntfs).partition()).unwrap();
    assert!(problems(&partition).starts_with("an image of a partition gets a new disk signature"));
    assert_eq!(partition.place.unwrap().offset, LEAD as u64 * 512);
}

#[test]
fn what_cannot_be_read_is_said_and_not_guessed() {
    let dirty = after(|xp| {
        let bytes = hive(&xp.registry, Layout { dirty: true, ..XP });
        xp.file("WINDOWS/system32/config/SYSTEM", &bytes);
    });
    assert!(problems(&dirty).starts_with("the registry was copied while Windows ran"));
    assert_eq!(dirty.starts, Answer::Yes);
    for bytes in [&b"no hive"[..], b"", &hive(&Key::new("x"), XP)[..4096]] {
        let found = after(|xp| {
            xp.file("WINDOWS/system32/config/SYSTEM", bytes);
        });
        assert!(
            problems(&found).starts_with("`system32\\config\\SYSTEM` cannot be read: "),
            "{}",
            problems(&found)
        );
        assert_eq!((found.starts, found.system), (Answer::Unknown, None));
    }
    let found = after(|xp| xp.registry = Key::new("none"));
    assert_eq!(problems(&found), "!there is no `system32\\config\\SYSTEM` where the boot menu leads\n");
    let found =
        after(|xp| xp.registry.at("ControlSet001\\Control\\CriticalDeviceDatabase").remove("gendisk"));
    assert!(problems(&found).starts_with("the critical device database has no `gendisk`"));
}

#[test]
fn other_lines_of_windows_are_told_apart() {
    let plain = |files: &[&str]| {
        let mut xp = Xp::new(System::Fat16);
        (xp.registry, xp.software) = (Key::new("none"), Key::new("none"));
        xp.files.clear();
        for path in files {
            xp.file(
                path,
                if path.ends_with("MSDOS.SYS") { b"[Paths]\r\nWinDir=C:\\WIN98\r\n" } else { b"x" },
            );
        }
        windows(xp.disk())
    };
    let nine = plain(&["IO.SYS", "MSDOS.SYS", "WIN98/SYSTEM.DAT"]).unwrap();
    assert_eq!((nine.family, nine.starts), (Family::Dos, Answer::Yes));
    assert_eq!(nine.place.unwrap().folder, "WIN98");
    let pe = plain(&["bootmgr", "boot/bcd", "sources/boot.wim"]).unwrap();
    assert_eq!((pe.family, pe.starts), (Family::Pe, Answer::Yes));
    assert_eq!(plain(&["IO.SYS", "MSDOS.SYS", "COMMAND.COM"]), None);
    assert_eq!(plain(&["KERNEL.SYS"]), None);
    assert_eq!(windows(vec![0; 1 << 22]), None);
    let lost = plain(&["NTLDR", "NTDETECT.COM"]).unwrap();
    assert_eq!((lost.family, lost.starts), (Family::Ntldr, Answer::Unknown));

    let mut seven = Xp::new(System::Ntfs);
    for file in ["ntldr", "NTDETECT.COM", "boot.ini"] {
        seven.files.remove(file);
    }
    seven.file("bootmgr", b"BOOTMGR").file("Boot/BCD", b"x");
    seven.file("WINDOWS/system32/ntoskrnl.exe", &program(0x014C, [6, 1, 7601, 0]));
    seven.software = Key::new("none");
    let found = windows(seven.disk()).unwrap();
    assert_eq!((found.family, found.product.as_deref()), (Family::Bootmgr, Some("Windows 7")));
    assert_eq!((problems(&found).as_str(), found.starts), ("", Answer::Yes));
    seven.files.remove("Boot/BCD");
    assert!(problems(&windows(seven.disk()).unwrap()).starts_with("!`Boot\\BCD` is missing"));
}

#[test]
fn reactos_is_judged_by_the_same_rules() {
    let reactos = |start: u32| {
        let mut xp = Xp::new(System::Fat16);
        for file in ["ntldr", "NTDETECT.COM", "boot.ini"] {
            xp.files.remove(file);
        }
        let files = std::mem::take(&mut xp.files);
        xp.files =
            files.into_iter().map(|(path, bytes)| (path.replace("WINDOWS", "reactos"), bytes)).collect();
        let menu = "[FREELOADER]\r\nDefaultOS=ReactOS\r\n[ReactOS]\r\nBootType=Windows2003\r\n\
            SystemPath=multi(0)disk(0)rdisk(0)partition(1)\\reactos\r\nOptions=/DEBUG\r\n";
        xp.file("freeldr.ini", menu.as_bytes()).file("freeldr.sys", b"x");
        xp.service("FiraDisk").number("Start", start);
        let registry = hive(&xp.registry, XP);
        (xp.registry, xp.software) = (Key::new("none"), Key::new("none"));
        windows(xp.file("reactos/system32/config/system", &registry).disk()).unwrap()
    };
    let found = reactos(0);
    assert_eq!((found.family, found.product.as_deref()), (Family::Reactos, Some("ReactOS")));
    assert_eq!((problems(&found).as_str(), found.starts), ("", Answer::Yes));
    assert_eq!(found.boot_entry.unwrap().switches, "/DEBUG");
    assert_eq!(reactos(1).starts, Answer::No);
}

/// What `ramkey inspect` prints of `disk`.
fn inspected(disk: &[u8], arguments: &[&str]) -> String {
    let folder = tempfile::tempdir().unwrap();
    std::fs::write(folder.path().join("xp.img"), disk).unwrap();
    let mut command = Command::new(env!("CARGO_BIN_EXE_ramkey"));
    let output =
        command.args(["inspect", "xp.img"]).args(arguments).current_dir(folder.path()).output().unwrap();
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    String::from_utf8(output.stdout).unwrap()
}

#[test]
fn inspect_prints_the_verdict_and_each_step() {
    let text = inspected(&Xp::new(System::Ntfs).disk(), &[]);
    let tail = "\
windows   Microsoft Windows XP in \\WINDOWS on partition 1
start     multi(0)disk(0)rdisk(0)partition(1)\\WINDOWS /fastdetect
driver    FiraDisk 0.0.1.30, starts at boot, group Boot Bus Extender, system32\\DRIVERS\\firadisk.sys
verdict   FiraDisk 0.0.1.30 starts at boot and will find this RAM disk: yes
";
    assert!(text.ends_with(tail), "{text}");
    let mut xp = Xp::new(System::Fat16);
    xp.service("FiraDisk").number("Start", 3);
    let text = inspected(&xp.disk(), &[]);
    let tail = "\
verdict   FiraDisk 0.0.1.30 will not find this RAM disk: it will stop with 0x0000007B
problem   FiraDisk does not start at boot: its start type is 3
  step    set `Start` below `HKLM\\SYSTEM\\CurrentControlSet\\Services\\FiraDisk` to 0, then shut down and copy the disk again
";
    assert!(text.ends_with(tail), "{text}");
}

#[test]
fn json_has_all_of_it() {
    let mut xp = Xp::new(System::Fat16);
    xp.remove_driver("FiraDisk", "firadisk.sys").driver("svbusx86", "svbusx86.sys", [1, 3, 0, 0]);
    xp.service("svbusx86").text("Group", "Nowhere");
    let value: serde_json::Value = serde_json::from_str(&inspected(&xp.disk(), &["--json"])).unwrap();
    let windows = &value["windows"];
    let expected = [
        ("/family", "ntldr".into()),
        ("/product", "Microsoft Windows XP".into()),
        ("/kernel_version", "5.1.2600.5512".into()),
        ("/processor_bits", 32.into()),
        ("/place/folder", "WINDOWS".into()),
        ("/place/offset", 32256.into()),
        ("/boot_entry/disk", 0.into()),
        ("/system/control_set", 1.into()),
        ("/system/drivers/0/name", "SVBus".into()),
        ("/system/drivers/0/version", "1.3.0.0".into()),
        ("/system/drivers/0/group_is_ordered", false.into()),
        ("/system/drive_letters/0/letter", "C".into()),
        ("/disk_signature", SIGNATURE.into()),
        ("/identity", "grub4dos".into()),
        ("/starts", "yes".into()),
        ("/problems/0/stops", false.into()),
    ];
    for (path, expected) in expected {
        assert_eq!(windows.pointer(path), Some(&expected), "{path} in {windows:#}");
    }
    let nothing: serde_json::Value = serde_json::from_str(&inspected(&[0; 4 << 20], &["--json"])).unwrap();
    assert_eq!(nothing["windows"], serde_json::Value::Null);
}
