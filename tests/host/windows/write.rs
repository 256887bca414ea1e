//! The commands: `ramkey windows`, and `ramkey write --driver`.

use std::fs;

use super::desk::{Desk, Wish};
use crate::frames::limits::ramkey;
use crate::frames::schema::must_fit;
use crate::frames::sticks::{printed, tool};
use crate::frames::windows_image::{BOOT_INI, System, bare, windows};
use ramkey::contents::windows::Answer;

#[test]
fn a_stick_gets_the_image_with_its_driver() {
    let desk = Desk::new(&bare(System::Fat16));
    let path = |name: &str| desk.path(name).to_str().unwrap().to_owned();
    let old = desk.image("xp.img");
    let words =
        ["write", &path("xp.img"), "--driver", &path("firadisk.sys"), "--to", &path("stick.img"), "--yes"];
    let output = ramkey(&words);
    assert!(output.status.success(), "{}", printed(&output));
    let said = String::from_utf8_lossy(&output.stderr);
    assert!(said.contains("service FiraDisk") && said.contains("will find this RAM disk: yes"), "{said}");
    assert!(desk.image("xp.img") == old);
    let output = ramkey(&["extract", "--from", &path("stick.img"), "--to", &path("out.img")]);
    assert!(output.status.success(), "{}", printed(&output));
    let found = windows(desk.image("out.img")).unwrap();
    assert_eq!(found.starts, Answer::Yes);
    // It is what `add-driver` makes.
    desk.add("xp.img", "firadisk.sys", "same.img", Wish::default()).unwrap();
    assert!(desk.image("out.img") == desk.image("same.img"));

    // Behind the machine's own disk it is another disk, and the boot menu says so.
    let behind = path("behind.img");
    let words = [&words[..5], &[behind.as_str(), "--yes", "--first-disk", "internal"]].concat();
    let output = ramkey(&words);
    assert!(output.status.success(), "{}", printed(&output));
    let said = printed(&output);
    assert!(said.contains("rdisk(1)partition(1)") && !said.contains("disk 0"), "{said}");
    ramkey(&["extract", "--from", &behind, "--to", &path("second.img")]);
    let menu = desk.file("second.img", "boot.ini", System::Fat16).unwrap();
    assert!(menu == BOOT_INI.replace("rdisk(0)", "rdisk(1)").as_bytes());

    let refused =
        ramkey(&["write", &path("xp.img"), "--driver", &path("xp.img"), "--to", &path("other.img"), "--yes"]);
    assert_eq!(refused.status.code(), Some(3), "{}", printed(&refused));
    assert!(!desk.path("other.img").exists());
}

#[test]
fn the_commands_say_what_they_change_and_where_the_old_image_is() {
    let desk = Desk::new(&bare(System::Fat16));
    let path = |name: &str| desk.path(name).to_str().unwrap().to_owned();
    let (image, driver) = (path("xp.img"), path("firadisk.sys"));
    let old = desk.image("xp.img");
    let text = |words: &[&str], exit: i32| {
        let output = ramkey(words);
        assert_eq!(output.status.code(), Some(exit), "{words:?}: {}", printed(&output));
        printed(&output)
    };
    let json = |words: &[&str]| {
        let output = ramkey(&[words, &["--json"]].concat());
        let report: serde_json::Value =
            serde_json::from_slice(&output.stdout).unwrap_or_else(|_| panic!("{}", printed(&output)));
        must_fit("windows", &report);
        report
    };
    let add = ["windows", "add-driver", &image, "--driver", &driver];
    let dry = text(&[&add[..], &["--dry-run"]].concat(), 0);
    assert!(
        dry.contains("change    ControlSet001: service FiraDisk") && dry.contains("nothing is changed"),
        "{dry}"
    );
    let planned = json(&[&add[..], &["--dry-run"]].concat());
    assert!(planned["changes"].as_array().is_some_and(|changes| !changes.is_empty()), "{planned}");
    assert!(desk.image("xp.img") == old && !desk.path("xp.img.before-driver").exists());
    let done = text(&add, 0);
    assert!(
        done.contains("will find this RAM disk: yes")
            && done.contains("xp.img.before-driver is the image as it was"),
        "{done}"
    );
    assert!(desk.image("xp.img.before-driver") == old);
    let again = text(&add, 3);
    assert!(again.contains("move ") && again.contains("xp.img.before-driver"), "{again}");
    let removed = json(&["windows", "remove-driver", &image, "--to", &path("old.img")]);
    assert_eq!(removed["starts"], "no", "{removed}");
    // What is around it in its file would be lost.
    let header: Vec<u8> = [16u32, 63, 33, 128].into_iter().flat_map(u32::to_le_bytes).collect();
    let mut wrapped = [&b"DOSEMU\0"[..], &header].concat();
    wrapped.resize(128, 0);
    wrapped.extend(&old);
    fs::write(desk.path("wrapped.img"), wrapped).unwrap();
    let add = ["windows", "add-driver", &path("wrapped.img"), "--driver", &driver];
    let refused = text(&add, 3);
    assert!(refused.contains("is no plain image") && refused.contains("--to NEW"), "{refused}");
    text(&[&add[..], &["--to", &path("plain.img")]].concat(), 0);
    assert!(desk.image("plain.img") == desk.image("xp.img"));
}

#[test]
fn a_folder_becomes_the_floppy_that_setup_reads() {
    let desk = Desk::new(&bare(System::Fat16));
    let path = |name: &str| desk.path(name).to_str().unwrap().to_owned();
    fs::create_dir(desk.path("fira")).unwrap();
    fs::copy(desk.path("firadisk.sys"), desk.path("fira/firadisk.sys")).unwrap();
    fs::write(desk.path("fira/firadisk.inf"), b"[Version]\r\n").unwrap();
    for own_list in [false, true] {
        if own_list {
            fs::write(desk.path("fira/TXTSETUP.OEM"), b"[Disks]\r\n").unwrap();
        }
        let (stick, out) = (path(&format!("stick{own_list}.img")), path(&format!("out{own_list}.img")));
        let output = ramkey(&["write", &path("xp.img"), "--floppy", &path("fira"), "--to", &stick, "--yes"]);
        assert!(output.status.success(), "{}", printed(&output));
        let output = ramkey(&["extract", "--from", &stick, "--to", &out, "fira"]);
        assert!(output.status.success(), "{}", printed(&output));
        let check = tool("dosfstools", "fsck.fat", &["-n", &out]);
        assert!(check.status.success(), "{}", printed(&check));
        let taken = |name: &str| tool("mtools", "mtype", &["-i", &out, &format!("::{name}")]).stdout;
        assert!(taken("firadisk.sys") == desk.image("firadisk.sys"));
        assert_eq!(taken("firadisk.inf"), b"[Version]\r\n");
        let list = String::from_utf8(taken("txtsetup.oem")).unwrap();
        let expected = if own_list {
            "[Disks]\r\n"
        } else {
            "driver = d1, firadisk.sys, FiraDisk\r\ninf = d1, firadisk.inf\r\n"
        };
        assert!(
            list.contains(expected) && (own_list || list.contains("\"detected\\firadisk\", \"FiraDisk\"")),
            "{list}"
        );
    }
    fs::create_dir(desk.path("none")).unwrap();
    let refused =
        ramkey(&["write", &path("xp.img"), "--floppy", &path("none"), "--to", &path("no.img"), "--yes"]);
    assert_eq!(refused.status.code(), Some(3), "{}", printed(&refused));
    assert!(printed(&refused).contains("there is nothing in it"), "{}", printed(&refused));
}
