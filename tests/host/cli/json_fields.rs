//! `docs/cli.md` lists the fields of the JSON of `verify`, `inspect` and `doctor`, and they have no others.

use std::collections::BTreeSet;
use std::fs;
use std::path::Path;
use std::process::Command;
use std::sync::atomic::AtomicBool;

use crate::frames::fake::{Fake, Lies};
use crate::frames::fields::{documented, fields};
use crate::frames::schema::must_fit;
use crate::frames::sticks::{MIB, noise, printed, tool};
use ramkey::job::{Event, stamp_on};
use ramkey::pipeline::SlowArea;
use ramkey::verify::Change;
use ramkey_format::memory::{BOOT_LBA, MANIFEST_LBA};
use serde_json::Value;

struct Desk(tempfile::TempDir);

impl Desk {
    /// A stick with two images, one of which stands beside the other.
    fn new() -> Self {
        let desk = Self(tempfile::tempdir().unwrap());
        for (name, len) in [("dos.img", 300_000), ("data.img", 200_000)] {
            fs::write(desk.0.path().join(name), noise(len)).unwrap();
        }
        desk.ramkey(&["write", "dos.img", "--with", "data.img", "--to", "stick.img", "--size", "8M"], 0);
        desk
    }

    fn ramkey(&self, arguments: &[&str], status: i32) -> String {
        let mut command = Command::new(env!("CARGO_BIN_EXE_ramkey"));
        let output = command.args(arguments).current_dir(self.0.path()).output().unwrap();
        assert_eq!(output.status.code(), Some(status), "{arguments:?}: {}", printed(&output));
        String::from_utf8(output.stdout).unwrap()
    }

    fn json(&self, arguments: &[&str], status: i32) -> Value {
        let value = serde_json::from_str(&self.ramkey(&[arguments, &["--json"]].concat(), status)).unwrap();
        must_fit(arguments[0], &value);
        value
    }

    fn change(&self, change: impl FnOnce(&mut Vec<u8>)) {
        let path = self.0.path().join("stick.img");
        let mut stick = fs::read(&path).unwrap();
        change(&mut stick);
        fs::write(path, stick).unwrap();
    }

    fn mtools(&self, program: &str, arguments: &[&str]) {
        let volume = format!("{}@@{MIB}", self.0.path().join("stick.img").display());
        let output = tool("mtools", program, &[&["-i", &volume], arguments].concat());
        assert!(output.status.success(), "{}", printed(&output));
    }
}

/// Adds a file, damages an image and sector 0, so that every list has an element.
fn spoil(desk: &Desk) {
    let note = desk.0.path().join("note.txt");
    fs::write(&note, "mine").unwrap();
    desk.mtools("mcopy", &[note.to_str().unwrap(), "::"]);
    desk.change(|stick| {
        stick[0] ^= 1;
        stick[4096 * 512 - 1000..4096 * 512].fill(0x55);
    });
}

#[test]
fn verify_and_inspect_of_a_stick_have_the_fields_that_the_page_lists() {
    let desk = Desk::new();
    let all = documented("Of a stick", 0);
    let of_inspect = BTreeSet::from(["what", "path", "origin"].map(str::to_owned));
    spoil(&desk);
    let verdict = desk.json(&["verify", "stick.img"], 4);
    let mut found = BTreeSet::new();
    fields(&verdict, "", &mut found);
    assert_eq!(found, &all - &of_inspect);
    assert_eq!((&verdict["sound"], &verdict["proof"]), (&false.into(), &true.into()));

    let inspected = desk.json(&["inspect", "stick.img"], 0);
    let mut found = BTreeSet::new();
    fields(&inspected, "", &mut found);
    assert_eq!(found, all);
    assert_eq!((&inspected["what"], &inspected["path"]), (&"stick".into(), &"stick.img".into()));
    assert_eq!((&inspected["sound"], &inspected["proof"]), (&false.into(), &false.into()));
    assert_eq!(inspected["faults"][0]["kind"], "sector0");
    let text = desk.ramkey(&["inspect", "stick.img"], 0);
    assert!(
        text.contains("\nfault     sector 0 is not as written") && text.contains("\nfaults    "),
        "{text}"
    );
}

#[test]
fn inspect_of_a_sound_stick_does_not_claim_a_proof() {
    let desk = Desk::new();
    let inspected = desk.json(&["inspect", "stick.img"], 0);
    assert_eq!((&inspected["sound"], &inspected["proof"]), (&true.into(), &false.into()));
    assert!(inspected["capsules"].as_array().unwrap().iter().all(|capsule| capsule["proven"] == false));
    let text = desk.ramkey(&["inspect", "stick.img"], 0);
    let last = "seen      no fault beside the images' bytes, which `ramkey verify` proves\n";
    assert!(text.ends_with(last) && !text.contains("sound"), "{text}");
}

#[test]
fn every_change_has_the_fields_that_the_page_lists() {
    let text = || "x".to_owned();
    let changes = [
        Change::Added { path: text(), len: 1, hint: None },
        Change::Removed { title: None, path: None, lba: 1 },
        Change::Replaced { path: text(), title: text(), was: None, proven: true, from: None },
        Change::Renamed { path: text(), from: None, title: text() },
        Change::Names { paths: Vec::new() },
        Change::Swapped { path: text(), other: text() },
        Change::Copied { path: text(), of: text(), whole: true, hint: None },
        Change::Alone { path: text() },
        Change::Dates { path: text() },
        Change::Label { written: text(), found: text() },
        Change::Unfinished { path: text(), is_new: true },
        Change::Manifest { lba: 1, sectors: 1 },
        Change::Volume { what: "x".into() },
        Change::Longer { written: 1, found: 2, what: "x".into() },
        Change::Details { what: "x".into(), lba: 1, sectors: 1 },
        Change::Readme { path: text(), what: "x".into() },
        Change::More { files: 1 },
    ];
    let page = fs::read_to_string(Path::new(env!("CARGO_MANIFEST_DIR")).join("docs/cli.md")).unwrap();
    let (_, table) = page.split_once("\n| `changes[].change` | its other fields |\n").unwrap();
    for change in &changes {
        let value = serde_json::to_value(change).unwrap();
        let name = value["change"].as_str().unwrap();
        let row = table.lines().find(|line| line.starts_with(&format!("| `{name}` | "))).expect(name);
        let listed: BTreeSet<&str> = row.split('`').skip(1).step_by(2).collect();
        let mut keys: BTreeSet<&str> = value.as_object().unwrap().keys().map(String::as_str).collect();
        keys.remove("change");
        assert_eq!(&listed - &BTreeSet::from([name]), keys, "{name}");
    }
    assert_eq!(documented("Of a stick", 2).len(), changes.len());
}

#[test]
fn doctor_has_the_fields_that_the_page_lists() {
    let desk = Desk::new();
    desk.change(|stick| stick[28] = 1);
    let diagnosis = desk.json(&["doctor", "stick.img"], 4);
    let mut found = BTreeSet::new();
    fields(&diagnosis, "", &mut found);
    assert_eq!(found, documented("Of any stick, by doctor", 0));
}

#[test]
fn a_copy_has_the_fields_that_the_page_lists() {
    let desk = Desk::new();
    desk.ramkey(&["disc", "dos.img", "--to", "disc.iso"], 0);
    let copy = desk.json(&["write", "disc.iso", "--to", "copy.img"], 0);
    let mut found = BTreeSet::new();
    fields(&copy, "", &mut found);
    found.retain(|field| !field.starts_with("disc."));
    assert_eq!(found, documented("Of a copy", 0));
    let verdict = desk.json(&["verify", "copy.img"], 0);
    let keys = |value: &Value| value.as_object().unwrap().keys().cloned().collect::<Vec<_>>();
    assert_eq!(keys(&copy["disc"]), keys(&verdict));
}

#[test]
fn a_check_has_the_fields_that_the_page_lists() {
    let desk = Desk::new();
    let lies = Lies { unreadable: 9000..9001, slow: 4096..6144, ..Lies::wraps(40_000, 30_000) };
    let stick = Fake::new(lies);
    let (stop, observer) = (AtomicBool::new(false), |_: Event| {});
    let mut report = stamp_on(Path::new("/dev/sdx"), &stick, &stop, &observer).report;
    // Its clock is no clock of a report.
    report.slow.push(SlowArea { lba: 1, sectors: 1, rate: 1, usual: 10 });
    let mut found = BTreeSet::new();
    fields(&serde_json::to_value(&report).unwrap(), "", &mut found);
    let listed = documented("Of a check", 0);
    assert_eq!(found, listed);
    let printed = desk.json(&["check", "stick.img"], 0);
    let keys = |value: &Value| value.as_object().unwrap().keys().cloned().collect::<Vec<_>>();
    assert_eq!(keys(&printed), keys(&serde_json::to_value(&report).unwrap()));
    assert_eq!(keys(&printed["stick"]), keys(&desk.json(&["verify", "stick.img"], 0)));
}

/// Makes a disk of 24 MiB with a FAT16 and a file in it.
fn disk(desk: &Desk) {
    let image = desk.0.path().join("disk.img");
    fs::File::create(&image).unwrap().set_len(24 << 20).unwrap();
    let image = image.to_str().unwrap();
    let made = tool("dosfstools", "mkfs.fat", &["-F", "16", "-s", "2", "-g", "16/63", "-h", "63", image]);
    assert!(made.status.success(), "{}", printed(&made));
    let file = desk.0.path().join("dos.img");
    let copied = tool("mtools", "mcopy", &["-i", image, file.to_str().unwrap(), "::DOS.IMG"]);
    assert!(copied.status.success(), "{}", printed(&copied));
}

#[test]
fn a_smaller_image_has_the_fields_that_the_page_lists() {
    let desk = Desk::new();
    disk(&desk);
    let made = desk.json(&["shrink", "disk.img", "smaller.img"], 0);
    let mut found = BTreeSet::new();
    fields(&made, "", &mut found);
    // The second column of one row names values.
    let listed = documented("Of a smaller image", 0);
    assert_eq!(found, listed);
    let text = desk.ramkey(&["shrink", "disk.img", "again.img"], 0);
    for words in
        ["\nsmaller   again.img, ", "\nRAM       ", "it keeps 4101 clusters", "disk.img is as it was\n"]
    {
        assert!(text.contains(words), "{words}: {text}");
    }
    let again = Command::new(env!("CARGO_BIN_EXE_ramkey"))
        .args(["shrink", "disk.img", "again.img", "--json"])
        .current_dir(desk.0.path())
        .output()
        .unwrap();
    assert_eq!(again.status.code(), Some(3), "{}", printed(&again));
    let error: Value = serde_json::from_slice(&again.stdout).unwrap();
    assert!(error["error"].to_string().contains("exists"), "{error}");
}

#[test]
fn what_an_image_takes_has_the_fields_that_the_page_lists() {
    let desk = Desk::new();
    disk(&desk);
    let listed = documented("Of what an image takes", 0);
    let of = |image: &Value| {
        let (mut found, mut room) = (BTreeSet::from(["machine".to_owned()]), BTreeSet::new());
        fields(&image["load"], "load", &mut found);
        fields(&image["machine"], "machine", &mut found);
        fields(&image["room"], "room", &mut room);
        (found, room)
    };
    let planned = desk.json(&["plan", "disk.img", "--with", "data.img"], 0);
    let (load, room) = of(&planned["images"][0]);
    assert_eq!(&load | &room, listed);
    let of_load = |field: &&String| !field.starts_with("machine.");
    let load: BTreeSet<String> = load.iter().filter(of_load).cloned().collect();
    assert_eq!(of(&planned["companions"][0]).0, load);
    let inspected = desk.json(&["inspect", "disk.img"], 0);
    assert_eq!(of(&inspected).1, room);
    assert_eq!(inspected["room"], planned["images"][0]["room"]);
    assert_eq!(inspected["left_out"], planned["images"][0]["load"]["left_out"]);
    assert_eq!(inspected["left_out"], inspected["room"]["volumes"][0]["free"], "{inspected}");
    assert_eq!(inspected["swap_left_out"], 0);
    let written = desk.json(&["write", "disk.img", "--to", "new.img"], 0);
    assert_eq!(written["images"][0]["room"], Value::Null);
    let (stored, read) = (&written["images"][0]["load"]["stored"], &written["images"][0]["load"]["read"]);
    assert!(stored.as_u64().unwrap() > 0 && read.as_u64() > stored.as_u64(), "{written}");
    let text = desk.ramkey(&["plan", "disk.img"], 0);
    for words in [
        "          loaded in ",
        " MB/s\n",
        "\nmachine   disk.img: ",
        "\nroom      disk.img\n",
        "  \\DOS.IMG\n",
    ] {
        assert!(text.contains(words), "{words}: {text}");
    }
}

#[test]
fn an_unfinished_stick_is_no_clean_one_for_any_command() {
    let desk = Desk::new();
    desk.change(|stick| {
        stick[..512].fill(0);
        stick[128 * 512..129 * 512].fill(0);
    });
    for (command, status) in [("verify", 4), ("doctor", 4), ("inspect", 0)] {
        let text = desk.ramkey(&[command, "stick.img"], status);
        assert!(text.contains("not finished") || text.contains("unfinished"), "{command}: {text}");
    }
    assert_eq!(desk.json(&["inspect", "stick.img"], 0)["sound"], false);
    assert_eq!(desk.json(&["doctor", "stick.img"], 4)["findings"][0]["kind"], "unfinished");
    // Copies of the boot code are all that is left.
    desk.change(|stick| stick[128 * 512..].fill(0));
    for (command, status) in [("verify", 4), ("doctor", 4), ("inspect", 0)] {
        let text = desk.ramkey(&[command, "stick.img"], status);
        assert!(text.contains("not finished") || text.contains("unfinished"), "{command}: {text}");
    }
}

#[test]
fn a_stick_whose_boot_area_is_gone_is_inspected_as_a_stick() {
    let desk = Desk::new();
    desk.change(|stick| stick[..2048 * 512].fill(0xD1));
    let inspected = desk.json(&["inspect", "stick.img"], 0);
    assert_eq!((&inspected["what"], &inspected["sound"]), (&"stick".into(), &false.into()));
    let verdict = desk.json(&["verify", "stick.img"], 4);
    assert_eq!(verdict["capsules"][0]["proven"], true, "an image proves itself");
    assert_eq!(verdict["faults"][0]["kind"], "no-stick");
    assert_eq!(verdict["changes"], serde_json::json!([]), "nobody knows what was added");
}

#[test]
fn no_text_of_a_fault_has_a_name_of_the_programs_own() {
    let desk = Desk::new();
    let whole = fs::read(desk.0.path().join("stick.img")).unwrap();
    // Each field of the records: boot header, manifest, capsule.
    let capsule = whole.windows(8).position(|bytes| bytes == b"RAMKEYRC").unwrap();
    for record in [BOOT_LBA as usize * 512, MANIFEST_LBA as usize * 512, capsule] {
        for offset in [0, 8, 10, 12, 16, 18, 24, 40, 46, 75, 104, 112, 113, 114, 120, 128, 129, 136, 440] {
            desk.change(|stick| {
                stick.copy_from_slice(&whole);
                stick[record + offset] ^= 0x7F;
            });
            let text = desk.ramkey(&["verify", "stick.img"], 4);
            for word in ["NotA", "Field", "Unknown", "Version {", "RangeCount", "Range {", "Lengths"] {
                assert!(!text.contains(word), "{word} in {text}");
            }
        }
    }
}

#[test]
fn what_is_done_with_a_stick_has_the_fields_that_the_page_lists() {
    let desk = Desk::new();
    let of = |value: &Value| {
        let mut found = BTreeSet::new();
        fields(value, "", &mut found);
        found
    };
    let out = desk.json(&["extract", "dos", "--from", "stick.img", "--to", "out.img"], 0);
    assert_eq!(of(&out), documented("Of an image that was taken out", 0));
    let same = desk.json(&["update", "stick.img"], 0);
    assert_eq!(of(&same), documented("Of an updated stick", 0));
    assert_eq!((&same["same"], &same["language"]), (&true.into(), &"en".into()));
    let french = ["write", "dos.img", "--to", "french.img", "--size", "8M", "--lang", "fr"];
    desk.ramkey(&french, 0);
    assert_eq!(desk.json(&["update", "french.img"], 0)["language"], "fr", "what it has stays");
    desk.change(|stick| stick[1] ^= 1);
    let repaired = desk.json(&["verify", "stick.img", "--repair"], 0);
    let is_own = |name: &String| !name.contains('.') || name.starts_with("repaired");
    let own: BTreeSet<String> = of(&repaired).into_iter().filter(is_own).collect();
    assert_eq!(own, documented("Of a repaired stick", 0));
    assert_eq!((&repaired["before"]["sound"], &repaired["after"]["sound"]), (&false.into(), &true.into()));
    let plain = desk.json(&["restore", "stick.img"], 0);
    assert_eq!(of(&plain), documented("Of a plain stick", 0));
}
