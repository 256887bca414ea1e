//! What keeps a Windows from starting before a driver matters: boot code, its boot loader and menu, kernel and HAL.

use crate::frames::hive;
use std::path::Path;

use crate::frames::hive::Key;
use crate::frames::sticks::Image;
use crate::frames::windows_image::{
    BOOT_INI, LEAD, SIGNATURE, System, Xp, after, on_disk, problems, program, start_with, windows,
};
use ramkey::contents::windows::{Answer, DiskOrder, Family, Windows, look, look_in};
use ramkey::contents::{KindChoice, probe};
use ramkey::image::Identity;

const BUT: &str = "FiraDisk 0.0.1.30 starts at boot and will find this RAM disk, but Windows will not start";
const RIGHT: &str = "multi(0)disk(0)rdisk(0)partition(1)\\WINDOWS";

/// Asserts that one thing stops it, with what its step has.
fn is_stopped(found: &Windows, problem: &str, fix: &str) {
    assert_eq!((problems(found).as_str(), found.starts), (format!("!{problem}\n").as_str(), Answer::No));
    assert_eq!(found.verdict, BUT);
    assert!(found.problems[0].fix.contains(fix), "{}", found.problems[0].fix);
}

fn with_menu(menu: &[u8]) -> Windows {
    after(|xp| {
        xp.file("boot.ini", menu);
    })
}

#[test]
fn a_menu_that_leads_to_no_windows_is_told_with_the_line_that_does() {
    let replaced = |old: &str, new: &str| with_menu(BOOT_INI.replace(old, new).as_bytes());
    let elsewhere = |folder: &str| format!("`boot.ini` starts `\\{folder}`, and Windows is in `\\WINDOWS`");
    for folder in ["WINXP", "WINNT", ""] {
        is_stopped(&replaced("\\WINDOWS", &format!("\\{folder}")), &elsewhere(folder), RIGHT);
    }
    let default = "default=multi(0)disk(0)rdisk(0)partition(1)\\";
    let found = replaced(&format!("{default}WINDOWS"), &format!("{default}WINXP"));
    is_stopped(&found, &elsewhere("WINXP"), RIGHT);
    let grldr = "[boot loader]\r\ndefault=C:\\grldr\r\n[operating systems]\r\nC:\\grldr=\"GRUB4DOS\"\r\n\
        multi(0)disk(0)rdisk(0)partition(1)\\WINDOWS=\"XP\"\r\n";
    is_stopped(&with_menu(grldr.as_bytes()), "`boot.ini` starts `C:\\grldr`, which is no Windows", RIGHT);
    // Upper and lower case, and a mark of UTF-8 before the first section, change nothing.
    assert_eq!(problems(&replaced("\\WINDOWS", "\\Windows")), "");
    let marked = [b"\xEF\xBB\xBF", BOOT_INI.as_bytes()].concat();
    assert_eq!(problems(&with_menu(&marked)), "");
}

#[test]
fn a_menu_without_a_line_that_ntldr_can_start_is_told() {
    for menu in [
        "",
        " ",
        "[operating systems]\r\n",
        "[boot loader]\r\ntimeout=3\r\n[operating systems]\r\n;x=\"y\"\r\n",
    ] {
        let found = with_menu(menu.as_bytes());
        is_stopped(&found, "`boot.ini` has no line that NTLDR can start", &format!("`default={RIGHT}`"));
    }
    let little: Vec<u8> = BOOT_INI.encode_utf16().flat_map(u16::to_le_bytes).collect();
    let big: Vec<u8> = BOOT_INI.encode_utf16().flat_map(u16::to_be_bytes).collect();
    for menu in [&[b"\xFF\xFE", &little[..]].concat(), &[b"\xFE\xFF", &big[..]].concat(), &little] {
        is_stopped(&with_menu(menu), "`boot.ini` is in UTF-16, and NTLDR reads plain text alone", RIGHT);
    }
}

#[test]
fn without_a_menu_ntldr_starts_one_folder_alone() {
    let in_folder = |folder: &str, kernel: [u16; 4]| {
        after(|xp| {
            xp.files.remove("boot.ini");
            let files = std::mem::take(&mut xp.files);
            for (path, bytes) in files {
                xp.file(&path.replace("WINDOWS", folder), &bytes);
            }
            xp.file(&format!("{folder}/system32/config/SYSTEM"), &hive::hive(&xp.registry.clone(), hive::XP));
            xp.file(&format!("{folder}/system32/ntoskrnl.exe"), &program(0x014C, kernel));
            xp.registry = Key::new("none");
            xp.software = Key::new("none");
        })
    };
    let (xp, nt) = ([5, 1, 2600, 0], [5, 0, 2195, 0]);
    let text =
        |folder| format!("there is no `boot.ini`: NTLDR looks for `\\{folder}` on the first partition\n");
    assert!(problems(&in_folder("WINDOWS", xp)).starts_with(&text("WINDOWS")));
    assert!(problems(&in_folder("WINNT", xp)).starts_with(&format!("!{}", text("WINDOWS"))));
    assert!(problems(&in_folder("WINNT", nt)).starts_with(&text("WINNT")));
}

#[test]
fn a_missing_boot_loader_kernel_or_hal_is_told() {
    let without = |files: &[&str]| {
        after(|xp| {
            for file in files {
                assert!(xp.files.remove(*file).is_some(), "{file}");
            }
        })
    };
    let system = "WINDOWS/system32";
    is_stopped(&without(&["ntldr"]), "`NTLDR` is missing", "copy `NTLDR`");
    let both = without(&["ntldr", "NTDETECT.COM"]);
    assert!(problems(&both).contains("!`NTLDR` is missing") && problems(&both).contains("!`NTDETECT.COM`"));
    let hal = without(&[&format!("{system}/hal.dll")]);
    is_stopped(&hal, "`\\WINDOWS\\system32\\hal.dll` is missing", "copy `hal.dll`");
    let kernel = without(&[&format!("{system}/ntoskrnl.exe")]);
    is_stopped(&kernel, "`\\WINDOWS\\system32\\ntoskrnl.exe` is missing", "copy `ntoskrnl.exe`");
    // A machine with PAE starts the other kernel.
    let other = after(|xp| {
        let kernel = xp.files.remove("WINDOWS/system32/ntoskrnl.exe").unwrap();
        xp.file("WINDOWS/system32/ntkrnlpa.exe", &kernel);
    });
    assert_eq!(other.starts, Answer::Yes);
    assert!(problems(&other).starts_with("`\\WINDOWS\\system32\\ntoskrnl.exe` is missing: it starts with"));
    assert_eq!(other.product.as_deref(), Some("Microsoft Windows XP"));
}

#[test]
fn kernel_and_hal_are_those_that_the_menu_names() {
    let named = |switches: &str, files: &[&str]| {
        after(|xp| {
            for file in ["ntoskrnl.exe", "hal.dll"] {
                xp.files.remove(&format!("WINDOWS/system32/{file}"));
            }
            for file in files {
                xp.file(&format!("WINDOWS/system32/{file}"), &program(0x014C, [5, 1, 2600, 5512]));
            }
            xp.file("boot.ini", BOOT_INI.replace("/fastdetect", switches).as_bytes());
        })
    };
    assert_eq!(
        problems(&named("/kernel=ntkrnlmp.exe /HAL=halmacpi.dll", &["ntkrnlmp.exe", "halmacpi.dll"])),
        ""
    );
    let found = named("/KERNEL=other.exe", &["ntoskrnl.exe", "hal.dll"]);
    is_stopped(&found, "`\\WINDOWS\\system32\\other.exe` is missing", "other.exe");
}

#[test]
fn what_no_bios_starts_is_a_problem_of_windows_with_its_step() {
    let changed = |change: fn(&mut [u8])| {
        let mut disk = Xp::new(System::Fat16).disk();
        change(&mut disk);
        windows(disk).unwrap()
    };
    let inactive = changed(|disk| disk[0x1BE] = 0);
    let problem = "no partition is active; the usual boot code starts the active one";
    is_stopped(&inactive, problem, "`sfdisk --activate xp.img 1`");
    let blank = changed(|disk| disk[..440].fill(0));
    let problem = "its first sector has a partition table and no boot code: no BIOS starts it";
    is_stopped(
        &blank,
        problem,
        "`dd if=/usr/lib/syslinux/mbr/mbr.bin of=xp.img bs=440 count=1 conv=notrunc`",
    );
    let empty = changed(|disk| disk[LEAD * 512 + 0x3E..LEAD * 512 + 440].fill(0));
    is_stopped(&empty, "partition 1 is to be started, and its boot sector has no code", "run `fixboot`");
    // A boot manager starts what it likes.
    let managed = changed(|disk| {
        disk[0x1BE] = 0;
        disk[6..10].copy_from_slice(b"GRUB");
    });
    assert_eq!((problems(&managed).as_str(), managed.starts), ("", Answer::Yes));
}

#[test]
fn a_step_names_the_image_as_one_word_of_a_shell() {
    let mut disk = Xp::new(System::Fat16).disk();
    disk[0x1BE] = 0;
    let image = Image(disk);
    let facts = probe(Path::new("my xp.img"), &image, KindChoice::Auto, None).unwrap();
    let fix = &look(&image, &facts).unwrap().problems[0].fix;
    assert!(fix.starts_with("`sfdisk --activate 'my xp.img' 1`"), "{fix}");
}

#[test]
fn an_ntldr_beside_the_active_partition_is_not_started() {
    let volume = Xp::new(System::Fat16).partition();
    let mut disk = on_disk(&volume, SIGNATURE, System::Fat16);
    let other = disk.len() / 512;
    disk.extend(vec![0; 1 << 20]);
    disk.copy_within(LEAD * 512..(LEAD + 1) * 512, other * 512);
    let mut entry = disk[0x1BE..0x1CE].to_vec();
    entry[8..16].copy_from_slice(&[(other as u32).to_le_bytes(), 2048u32.to_le_bytes()].concat());
    disk[0x1CE..0x1DE].copy_from_slice(&entry);
    disk[0x1BE] = 0;
    let found = windows(disk).unwrap();
    let problem = "its boot loader is on partition 1, and another partition is active";
    assert!(problems(&found).contains(&format!("!{problem}\n")), "{}", problems(&found));
}

#[test]
fn other_lines_of_windows_need_their_boot_code_too_and_no_files_of_ntldr() {
    let mut seven = Xp::new(System::Ntfs);
    for file in ["ntldr", "NTDETECT.COM", "boot.ini", "WINDOWS/system32/hal.dll"] {
        seven.files.remove(file);
    }
    seven.file("bootmgr", b"BOOTMGR").file("Boot/BCD", b"x").file("WINDOWS/system32/winload.exe", b"x");
    seven.file("WINDOWS/system32/ntoskrnl.exe", &program(0x014C, [6, 1, 7601, 0]));
    let whole = windows(seven.disk()).unwrap();
    assert_eq!((whole.family, problems(&whole).as_str(), whole.starts), (Family::Bootmgr, "", Answer::Yes));
    seven.files.remove("bootmgr");
    let found = windows(seven.disk()).unwrap();
    assert_eq!((found.family, problems(&found).as_str()), (Family::Bootmgr, "!`BOOTMGR` is missing\n"));
    assert_eq!(found.starts, Answer::No);

    let mut nine = Xp::new(System::Fat16);
    (nine.registry, nine.software) = (Key::new("none"), Key::new("none"));
    nine.files.clear();
    nine.file("IO.SYS", b"x")
        .file("MSDOS.SYS", b"[Paths]\r\nWinDir=C:\\WIN98\r\n")
        .file("WIN98/SYSTEM.DAT", b"x");
    let mut disk = nine.disk();
    assert_eq!(windows(disk.clone()).unwrap().starts, Answer::Yes);
    disk[0x1BE] = 0;
    let found = windows(disk).unwrap();
    assert_eq!((found.family, found.starts), (Family::Dos, Answer::No));
    assert!(found.verdict.ends_with("it needs no driver for the RAM disk, but Windows will not start"));
}

#[test]
fn an_image_of_a_partition_needs_code_in_its_boot_sector() {
    let mut volume = Xp::new(System::Fat16).partition();
    assert_eq!(windows(volume.clone()).unwrap().starts, Answer::Yes);
    start_with(&mut volume, b"");
    volume[0x3E..440].fill(0);
    let found = windows(volume).unwrap();
    assert_eq!(found.starts, Answer::No);
    assert!(problems(&found).contains("!its first sector has no boot code"), "{}", problems(&found));
}

#[test]
fn the_disk_of_the_menu_is_counted_as_the_machine_will_count() {
    let seen = |disk: u32, order| {
        let mut xp = Xp::new(System::Fat16);
        xp.file("boot.ini", BOOT_INI.replace("rdisk(0)", &format!("rdisk({disk})")).as_bytes());
        let image = Image(xp.disk());
        let facts = probe(Path::new("xp.img"), &image, KindChoice::Auto, None).unwrap();
        look_in(&image, &facts, order).unwrap()
    };
    let ram = seen(0, DiskOrder::RamFirst);
    assert_eq!((problems(&ram).as_str(), ram.identity), ("", Identity::Memdisk));
    is_stopped(
        &seen(1, DiskOrder::RamFirst),
        "`boot.ini` starts Windows from disk 1, and the RAM disk is disk 0",
        RIGHT,
    );
    let behind = seen(1, DiskOrder::InternalFirst);
    assert_eq!((problems(&behind).as_str(), behind.starts), ("", Answer::Yes));
    let own = seen(0, DiskOrder::InternalFirst);
    assert!(problems(&own).contains("which with `--first-disk internal` is the machine's own if it has one"));
    assert!(own.problems[0].fix.contains("rdisk(1)"), "{}", own.problems[0].fix);
}
