//! `write` says that a stick boots from RAM only where nothing speaks against it; `plan` and JSON say the same.

use std::fs;
use std::path::PathBuf;
use std::process::Command;

use crate::frames::discs::{by_hand, entry};
use crate::frames::windows_image::{BOOT_INI, System, Xp};
use serde_json::Value;

struct Desk {
    folder: tempfile::TempDir,
}

impl Desk {
    fn new() -> Self {
        Self { folder: tempfile::tempdir().unwrap() }
    }

    fn put(&self, name: &str, bytes: &[u8]) -> PathBuf {
        let path = self.folder.path().join(name);
        fs::write(&path, bytes).unwrap();
        path
    }

    /// Status, and what is printed on standard output and standard error.
    fn ramkey(&self, arguments: &[&str]) -> (Option<i32>, String) {
        let mut command = Command::new(env!("CARGO_BIN_EXE_ramkey"));
        let output = command.args(arguments).current_dir(self.folder.path()).output().unwrap();
        let text = [output.stdout, output.stderr].concat();
        (output.status.code(), String::from_utf8(text).unwrap())
    }

    fn json(&self, arguments: &[&str]) -> Value {
        serde_json::from_str(&self.ramkey(&[arguments, &["--json"]].concat()).1).unwrap()
    }

    /// The warnings of `image`, the doubts, and the last line of `write`.
    fn written(&self, image: &str, options: &[&str]) -> (Vec<String>, u64, String) {
        let plan = self.json(&[&["plan", image], options].concat());
        let warnings = plan["images"][0]["warnings"].as_array().unwrap();
        let warnings = warnings.iter().map(|warning| warning.as_str().unwrap().to_owned()).collect();
        let (status, text) =
            self.ramkey(&[&["write", image, "--to", "stick.img", "--yes"], options].concat());
        assert_eq!(status, Some(0), "{text}");
        (warnings, plan["doubts"].as_u64().unwrap(), text.lines().last().unwrap().to_owned())
    }
}

const BOOTS: &str = "done      stick.img boots from RAM";
const SEE: &str = "done      stick.img is written and proven; whether it boots: see the warning";

/// A disk with code that starts its one active partition, which has code too.
fn sound() -> Vec<u8> {
    Xp::new(System::Fat16).disk()
}

#[test]
fn a_sound_image_boots_and_a_note_does_not_change_that() {
    let desk = Desk::new();
    desk.put("disk.img", &sound());
    assert_eq!(desk.written("disk.img", &[]), (vec![], 0, BOOTS.into()));
    desk.put("odd.img", &[&sound()[..], b"xyz"].concat());
    assert_eq!(desk.written("odd.img", &[]), (vec![], 0, BOOTS.into()));
    let notes = desk.json(&["plan", "odd.img"])["images"][0]["notes"].clone();
    assert_eq!(notes[0], "its last sector is not whole; 509 zero bytes will follow it in memory");
    assert!(notes[1].as_str().unwrap().starts_with("Windows XP has had no updates since "), "{notes}");
    assert!(desk.ramkey(&["inspect", "odd.img"]).1.contains("\nnote      its last sector is not whole;"));
}

#[test]
fn each_thing_that_speaks_against_a_boot_withholds_the_word() {
    let desk = Desk::new();
    let changed = |change: fn(&mut Vec<u8>)| {
        let mut disk = sound();
        change(&mut disk);
        disk
    };
    // What it is, and how many warnings: those of a Windows are told once more in its verdict.
    let table: [(&str, Vec<u8>, u64); 5] = [
        ("no partition is active", changed(|disk| disk[0x1BE] = 0), 2),
        ("no boot code", changed(|disk| disk[..440].fill(0)), 2),
        ("no 55 AA", changed(|disk| disk[63 * 512 + 511] = 0), 1),
        ("it ends 1 MiB before its partition does", changed(|disk| disk.truncate(disk.len() - (1 << 20))), 1),
        ("it ends 1 byte", changed(|disk| disk.truncate(disk.len() - 1)), 1),
    ];
    for (what, disk, doubts) in table {
        desk.put("disk.img", &disk);
        let (warnings, found, last) = desk.written("disk.img", &[]);
        assert!(warnings[0].contains(what) || what == "it ends 1 byte", "{what}: {warnings:?}");
        assert_eq!(found, doubts, "{what}: {warnings:?}");
        assert!(last.starts_with(SEE), "{what}: {last}");
        let shown = desk.ramkey(&["inspect", "disk.img"]).1;
        assert!(shown.contains(&warnings[0]), "{what}: {shown}");
    }
}

#[test]
fn a_companion_need_not_boot() {
    let desk = Desk::new();
    desk.put("disk.img", &sound());
    let mut data = sound();
    data[..440].fill(0);
    data[0x1BE] = 0;
    data[0x1B8] ^= 1;
    desk.put("data.img", &data);
    let (warnings, doubts, last) = desk.written("disk.img", &["--with", "data.img"]);
    assert_eq!((warnings, doubts, last), (vec![], 0, BOOTS.into()));
}

#[test]
fn what_may_go_wrong_with_a_windows_is_said_with_its_step() {
    let desk = Desk::new();
    let mut xp = Xp::new(System::Fat16);
    xp.service("FiraDisk").remove("Group");
    desk.put("xp.img", &xp.disk());
    let (warnings, doubts, last) = desk.written("xp.img", &[]);
    assert!(
        warnings[0].contains("FiraDisk is in no group") && warnings[0].contains("set `Group`"),
        "{warnings:?}"
    );
    assert_eq!((warnings.len(), doubts, last.as_str()), (1, 1, SEE));
}

#[test]
fn the_menu_of_a_windows_and_the_order_of_the_disks_are_looked_at_together() {
    let desk = Desk::new();
    let mut xp = Xp::new(System::Fat16);
    desk.put("rdisk0.img", &xp.disk());
    xp.file("boot.ini", BOOT_INI.replace("rdisk(0)", "rdisk(1)").as_bytes());
    desk.put("rdisk1.img", &xp.disk());
    let internal = ["--first-disk", "internal"];
    assert_eq!(desk.written("rdisk0.img", &[]).2, BOOTS);
    assert_eq!(desk.written("rdisk1.img", &internal), (vec![], 0, BOOTS.into()));
    let (warnings, _, last) = desk.written("rdisk0.img", &internal);
    assert!(warnings[0].contains("is the machine's own if it has one") && warnings[0].contains("rdisk(1)"));
    assert_eq!(last, SEE);
    let (warnings, _, last) = desk.written("rdisk1.img", &["--first-disk", "ram"]);
    assert!(
        warnings[0].ends_with("but Windows will not start; `ramkey inspect` shows the steps"),
        "{warnings:?}"
    );
    assert_eq!(last, SEE);
}

#[test]
fn a_cd_that_no_machine_can_boot_is_refused_and_may_stand_beside_another_image() {
    let desk = Desk::new();
    desk.put("disk.img", &sound());
    for (segment, sectors) in [(0x0004, 76), (0x0050, 4), (0xA000, 4), (0, 65535)] {
        desk.put("cd.iso", &by_hand(64, 0, &[entry(0x88, 0, segment, sectors, 21)]));
        let (status, text) = desk.ramkey(&["write", "cd.iso", "--to", "cd-stick.img", "--yes"]);
        assert_eq!(status, Some(3), "{segment:04X}h {sectors}: {text}");
        assert!(text.contains("its boot catalogue wants the boot code at 0x"), "{text}");
        assert!(text.contains("help: no machine boots it"), "{text}");
        assert!(!desk.folder.path().join("cd-stick.img").exists());
        let shown = desk.ramkey(&["inspect", "cd.iso"]).1;
        assert!(
            shown.contains("\nboot      not as a CD: its boot catalogue wants the boot code at 0x"),
            "{shown}"
        );
        assert!(shown.contains("\n  step    no machine boots it"), "{shown}");
        assert_eq!(desk.written("disk.img", &["--with", "cd.iso"]).2, BOOTS);
    }
}

#[test]
fn inspect_shows_what_stops_a_windows_once_and_with_its_step() {
    let desk = Desk::new();
    let mut disk = sound();
    disk[0x1BE] = 0;
    desk.put("xp.img", &disk);
    let shown = desk.ramkey(&["inspect", "xp.img"]).1;
    assert_eq!(shown.matches("no partition is active").count(), 1, "{shown}");
    assert!(shown.contains("\nproblem   no partition is active"), "{shown}");
    assert!(shown.contains("\n  step    `sfdisk --activate xp.img 1`"), "{shown}");
    // JSON has both: a program asks for either.
    let json = desk.json(&["inspect", "xp.img"]);
    assert_eq!(json["warnings"][0], json["windows"]["problems"][0]["problem"]);
}
