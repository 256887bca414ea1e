//! The command line from outside: its texts, its exit statuses, its JSON.

use std::fs;
use std::path::Path;
use std::process::{Command, Output};

use ramkey_format::memory::{BOOT_LBA, MANIFEST_LBA};
use serde_json::Value;

#[test]
fn every_text_is_as_shown() {
    trycmd::TestCases::new().case("tests/cli/*.trycmd");
}

#[test]
fn the_reference_is_what_the_help_says() {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("docs/cli.md");
    let expected = ramkey::cli::reference();
    if std::env::var_os("RAMKEY_BLESS").is_some() {
        fs::write(&path, &expected).unwrap();
    }
    let found = fs::read_to_string(&path).unwrap_or_default();
    assert!(
        found == expected,
        "docs/cli.md is old: `RAMKEY_BLESS=1 cargo test --test host -- cli::texts` writes it anew"
    );
}

/// Makes `image` end its first sector with 55h AAh, and gives it no partition table.
fn boots(image: &mut [u8]) {
    image[446] = 0x7F;
    image[510..512].copy_from_slice(&[0x55, 0xAA]);
}

/// A folder with an image in it.
struct Desk {
    folder: tempfile::TempDir,
}

impl Desk {
    fn new() -> Self {
        let desk = Self { folder: tempfile::tempdir().unwrap() };
        let mut image = vec![0; 300_000];
        blake3::Hasher::new().finalize_xof().fill(&mut image);
        boots(&mut image);
        fs::write(desk.folder.path().join("dos.img"), image).unwrap();
        desk
    }

    fn ramkey(&self, arguments: &[&str]) -> Output {
        let mut command = Command::new(env!("CARGO_BIN_EXE_ramkey"));
        command.args(arguments).current_dir(self.folder.path()).output().unwrap()
    }

    fn status(&self, arguments: &[&str]) -> Option<i32> {
        self.ramkey(arguments).status.code()
    }

    fn json(&self, arguments: &[&str]) -> Value {
        serde_json::from_slice(&self.ramkey(arguments).stdout).unwrap()
    }

    fn stick(&self) -> Vec<u8> {
        fs::read(self.folder.path().join("stick.img")).unwrap()
    }
}

const WRITE: [&str; 6] = ["write", "dos.img", "--to", "stick.img", "--size", "8M"];

#[test]
fn the_exit_status_of_verify_tells_sound_from_damaged_from_missing() {
    let desk = Desk::new();
    assert_eq!(desk.status(&WRITE), Some(0));
    assert_eq!(desk.status(&["verify", "--strict", "stick.img"]), Some(0));
    let whole = desk.stick();
    let (boot, manifest) = (BOOT_LBA as usize * 512, MANIFEST_LBA as usize * 512);
    for (byte, kind) in [(0, "sector0"), (boot + 700, "boot-code"), (manifest + 200, "manifest")] {
        let mut stick = whole.clone();
        stick[byte] ^= 0x10;
        fs::write(desk.folder.path().join("stick.img"), stick).unwrap();
        assert_eq!(desk.status(&["verify", "stick.img"]), Some(4), "{kind}");
        let verdict = desk.json(&["verify", "stick.img", "--json"]);
        assert_eq!(verdict["sound"], false);
        assert_eq!(verdict["faults"][0]["kind"], kind);
        let place = &verdict["faults"][0];
        let (offset, end) = (place["offset"].as_u64().unwrap(), place["end"].as_u64().unwrap());
        assert!((offset..end).contains(&(byte as u64)), "{kind}: {offset}..{end}");
    }
    assert_eq!(desk.status(&["verify", "nothing.img"]), Some(1));
}

#[test]
fn verify_tells_a_stick_that_was_damaged_from_what_is_no_stick() {
    let desk = Desk::new();
    for layout in ["hdd", "gpt"] {
        assert_eq!(desk.status(&[&WRITE[..], &["--layout", layout, "--yes"]].concat()), Some(0));
        let whole = desk.stick();
        let wiped = |sectors: std::ops::Range<usize>| {
            let mut stick = whole.clone();
            stick[sectors.start * 512..sectors.end * 512].fill(0xD1);
            fs::write(desk.folder.path().join("stick.img"), stick).unwrap();
            desk.status(&["verify", "stick.img"])
        };
        assert_eq!(wiped(0..1), Some(4), "{layout}: sector 0");
        assert_eq!(
            wiped(BOOT_LBA as usize..MANIFEST_LBA as usize),
            Some(4),
            "{layout}: the boot code, but not the manifest"
        );
        assert_eq!(wiped(0..2048), Some(4), "{layout}: all before the folder RAMKEY");
        assert_eq!(wiped(34..8192), Some(1), "{layout}: all that is ours, with only a table left");
    }
    assert_eq!(desk.status(&["verify", "dos.img"]), Some(1));
    let output = desk.ramkey(&["verify", "dos.img", "--strict"]);
    assert!(output.stderr.starts_with(b"error: dos.img is no stick of ramkey\nhelp: "), "{output:?}");
}

#[test]
fn each_layout_has_its_name_in_plan_and_verify_and_says_for_whom_it_is() {
    let desk = Desk::new();
    let layouts = [
        (&[][..], "universal"),
        (&["--layout", "universal"], "universal"),
        (&["--zip"], "universal-zip"),
        (&["--zip", "--layout", "universal"], "universal-zip"),
        (&["--layout", "hdd"], "hdd"),
        (&["--layout", "zip"], "zip"),
        (&["--layout", "fdd"], "fdd"),
        (&["--layout", "two-partitions"], "two-partitions"),
        (&["--layout", "gpt"], "gpt"),
        (&["--layout", "superfloppy"], "superfloppy"),
    ];
    for (options, name) in layouts {
        let written = desk.json(&[&WRITE[..], &["--yes", "--json"], options].concat());
        assert_eq!(written["layout"], name);
        assert!(written["machines"].as_str().unwrap().contains("BIOS"), "{written}");
        assert_eq!(written["warnings"], serde_json::json!([]));
        let verdict = desk.json(&["verify", "--strict", "stick.img", "--json"]);
        assert_eq!((&verdict["layout"], &verdict["sound"]), (&name.into(), &true.into()));
    }
    // From 1 GiB on a stick is a hard disk, unless it is to be a ZIP disk.
    for (options, name) in [(&[][..], "hdd"), (&["--zip"], "universal-zip")] {
        let planned = desk.json(&[&["plan", "dos.img", "--size", "1G", "--json"], options].concat());
        assert_eq!(planned["layout"], name);
    }
    let below = desk.json(&["plan", "dos.img", "--size", "1073741312", "--json"]);
    assert_eq!(below["layout"], "universal");
}

/// Puts an image of so many MiB with a boot signature on the desk.
fn disk_image(desk: &Desk, name: &str, mib: usize) {
    let mut bytes = vec![1; mib << 20];
    bytes[0] = 0xFA;
    bytes[510..512].copy_from_slice(&[0x55, 0xAA]);
    fs::write(desk.folder.path().join(name), &bytes).unwrap();
}

#[test]
fn an_image_behind_what_an_old_bios_shows_is_warned_of_in_text_and_json() {
    let desk = Desk::new();
    disk_image(&desk, "large.img", 64);
    // Seven of them end before 504 MiB.
    let images = ["large.img"; 8];
    let plan = |more: &[&str]| {
        let options = ["plan", "--size", "2G", "--compress", "none"];
        desk.ramkey(&[&options, &images[..], more].concat())
    };
    let json: Value = serde_json::from_slice(&plan(&["--json"]).stdout).unwrap();
    let expected = "RAMKEY/LARGE~7.RKC ends behind 504 MiB, where a BIOS ends that has no EDD and translates no geometry";
    assert_eq!(json["warnings"], serde_json::json!([expected]));
    let text = String::from_utf8(plan(&[]).stdout).unwrap();
    assert!(text.contains(&format!("\nwarning   {expected}\n")), "{text}");
}

#[test]
fn after_a_warning_of_the_layout_write_does_not_say_that_the_stick_boots() {
    let desk = Desk::new();
    disk_image(&desk, "long.img", 20);
    let write = |layout: &str| {
        let options =
            ["write", "long.img", "--kind", "hdd", "--compress", "none", "--to", "stick.img", "--yes"];
        String::from_utf8(desk.ramkey(&[&options[..], &["--layout", layout]].concat()).stdout).unwrap()
    };
    let text = write("hdd");
    assert!(!text.contains("warning") && text.contains("boots from RAM"), "{text}");
    let text = write("fdd");
    assert!(text.contains("\nwarning   RAMKEY/LONG.RKC ends behind 18 MiB,"), "{text}");
    assert!(text.contains("whether it boots: see the warning"), "{text}");
}

#[test]
fn a_label_of_the_users_own_choice_may_change_too() {
    let desk = Desk::new();
    assert_eq!(desk.status(&[&WRITE[..], &["--label", "tools"]].concat()), Some(0));
    let mut stick = desk.stick();
    let label = (1 << 20) + 0x2B;
    assert_eq!(stick[label..label + 11], *b"TOOLS      ");
    stick[label..label + 11].copy_from_slice(b"NEW        ");
    fs::write(desk.folder.path().join("stick.img"), stick).unwrap();
    let verdict = desk.json(&["verify", "stick.img", "--json"]);
    assert_eq!(verdict["sound"], true, "{verdict}");
    let change = serde_json::json!([{ "change": "label", "written": "TOOLS", "found": "NEW" }]);
    assert_eq!(verdict["changes"], change);
}

#[test]
fn the_same_images_and_options_give_the_same_bytes_from_any_folder() {
    let (one, two) = (Desk::new(), Desk::new());
    assert_eq!(one.status(&WRITE), Some(0));
    let image = one.folder.path().join("dos.img").display().to_string();
    assert_eq!(two.status(&["write", &image, "--to", "stick.img", "--size", "8M"]), Some(0));
    assert!(one.stick() == two.stick());
}

#[test]
fn a_dry_run_is_the_plan_and_makes_nothing() {
    let desk = Desk::new();
    let dry = desk.ramkey(&[&WRITE[..], &["--dry-run"]].concat());
    assert!(dry.status.success() && !desk.folder.path().join("stick.img").exists());
    let plan = desk.ramkey(&["plan", "dos.img", "--size", "8M"]);
    assert_eq!(String::from_utf8(dry.stdout).unwrap(), String::from_utf8(plan.stdout).unwrap());
    let report = desk.json(&["plan", "dos.img", "--size", "8M", "--json"]);
    let ranges = report["ranges"].as_array().unwrap();
    assert_eq!(ranges[0]["role"], "sector-0");
    let sectors: u64 = ranges.iter().map(|range| range["sectors"].as_u64().unwrap()).sum();
    assert_eq!(report["bytes"].as_u64(), Some(sectors * 512));
}

#[test]
fn without_a_size_the_smallest_usual_stick_is_made_and_an_old_file_keeps_its_own() {
    let desk = Desk::new();
    let write = ["write", "dos.img", "--to", "stick.img", "--json"];
    let report = desk.json(&write);
    assert_eq!((&report["sectors"], &report["size_chosen"]), (&32768.into(), &true.into()));
    assert_eq!(desk.stick().len(), 16 << 20);
    assert_eq!(desk.json(&["plan", "dos.img", "--json"])["stick_id"], report["stick_id"]);
    assert_eq!(desk.status(&["verify", "--strict", "stick.img"]), Some(0));

    fs::write(desk.folder.path().join("stick.img"), vec![0; 8 << 20]).unwrap();
    let report = desk.json(&write);
    assert_eq!((&report["sectors"], &report["size_chosen"]), (&16384.into(), &false.into()));
    // The partitions of 16 and 32 MiB have 14 and 30.
    for (mib, chosen) in [(12, 16), (13, 32), (26, 32), (28, 64)] {
        let mut image = vec![0; mib << 20];
        blake3::Hasher::new().finalize_xof().fill(&mut image);
        fs::write(desk.folder.path().join("large.img"), image).unwrap();
        let plan = desk.json(&["plan", "large.img", "--kind", "hdd", "--json"]);
        assert_eq!(plan["sectors"].as_u64(), Some(chosen * 2048), "{mib} MiB");
    }
    let plan = desk.json(&["plan", "dos.img", "--fs", "fat32", "--json"]);
    assert_eq!(plan["sectors"], 64 * 2048, "no smaller stick has a FAT32");
}

#[test]
fn a_size_is_decimal_with_a_b_and_binary_without() {
    let desk = Desk::new();
    for (size, bytes) in [
        ("1GB", 1_000_000_000),
        ("1gb", 1_000_000_000),
        ("1G", 1 << 30),
        ("1GiB", 1 << 30),
        ("1.5G", 3 << 29),
        ("8.5MiB", 17 << 19),
    ] {
        let plan = desk.json(&["plan", "dos.img", "--size", size, "--json"]);
        assert_eq!(plan["sectors"].as_u64(), Some(bytes / 512), "{size}");
    }
    assert_eq!(desk.status(&["write", "dos.img", "--to", "stick.img", "--size", "16MB"]), Some(0));
    assert_eq!(desk.stick().len(), 16_000_000);
    assert_eq!(desk.status(&["verify", "--strict", "stick.img"]), Some(0));
    for (size, why) in [
        ("0", "a stick has at least 512 bytes; write 64M for 64 MiB"),
        ("64", "a stick has at least 512 bytes; write 64M for 64 MiB"),
        ("4MB", "4000000 is no multiple of 512 bytes; 3999744 is"),
        ("1.3K", "\"1.3K\" is no whole number of bytes; write it as 128M, 1.5G, 4GB"),
        ("1Gb/s", "\"1Gb/s\" is no size; write it as"),
        ("20000000T", "is more bytes than 64 bits can count"),
    ] {
        let output = desk.ramkey(&["plan", "dos.img", "--size", size]);
        let text = String::from_utf8(output.stderr).unwrap();
        assert!(output.status.code() == Some(2) && text.contains(why), "{size}: {text}");
    }
}

#[test]
fn the_report_has_the_hash_that_b3sum_prints() {
    let desk = Desk::new();
    let report = desk.json(&[&WRITE[..], &["--json", "--title", "DOS 6.22", "--read-only"]].concat());
    let image = &report["images"][0];
    let expected = blake3::hash(&fs::read(desk.folder.path().join("dos.img")).unwrap());
    assert_eq!(image["blake3"], expected.to_hex().to_string());
    assert_eq!((&image["file"], &image["title"]), (&"DOS.RKC".into(), &"DOS 6.22".into()));
    assert_eq!(report["repairs"], Value::Array(Vec::new()));
    let verdict = desk.json(&["verify", "stick.img", "--json"]);
    assert_eq!(verdict["sound"], true);
    assert_eq!(verdict["stick_id"], report["stick_id"]);
    assert_eq!(verdict["capsules"][0]["blake3"], image["blake3"]);
    assert_eq!(verdict["capsules"][0]["read_only"], true);
}

#[test]
fn a_stick_with_a_warning_is_not_said_to_boot() {
    let desk = Desk::new();
    let mut floppy = vec![0; 1_474_560];
    floppy[0] = 0xFA;
    floppy[510..512].copy_from_slice(&[0x55, 0xAA]);
    fs::write(desk.folder.path().join("dos.img"), &floppy).unwrap();
    let last = |more: &[&str]| {
        let output = desk.ramkey(&[&WRITE[..], more].concat());
        let text = String::from_utf8(output.stdout).unwrap();
        text.lines().last().unwrap().to_owned()
    };
    assert_eq!(last(&[]), "done      stick.img boots from RAM");
    let doubtful = "done      stick.img is written and proven; whether it boots: see the warning";
    assert_eq!(last(&["--chs", "40/2/9"]), doubtful);
    floppy[510] = 0;
    fs::write(desk.folder.path().join("dos.img"), &floppy).unwrap();
    assert_eq!(last(&["--yes"]), doubtful);
    assert_eq!(last(&["--yes", "--chs", "40/2/9"]), format!("{doubtful}s"));
}

#[test]
fn an_error_is_json_too_when_json_was_asked_for() {
    let desk = Desk::new();
    let error = desk.json(&["write", "missing.img", "--to", "stick.img", "--size", "8M", "--json"]);
    assert_eq!(error["exit_status"], 3);
    assert_eq!(error["exit"], "refused");
    assert_eq!(error["error"], "opening missing.img");
    assert!(error["because"][0].as_str().unwrap().contains("No such file"));
    assert!(error["help"].is_string());
}

#[test]
fn a_command_line_that_makes_no_sense_is_json_too() {
    let desk = Desk::new();
    let usage = |arguments: &[&str]| {
        let output = desk.ramkey(arguments);
        assert_eq!(output.status.code(), Some(2), "{arguments:?}");
        assert!(output.stderr.starts_with(b"error: "), "{arguments:?}: people read it too");
        let error: Value = serde_json::from_slice(&output.stdout).unwrap();
        assert_eq!((&error["exit_status"], &error["exit"]), (&2.into(), &"usage".into()));
        assert_eq!(error["because"], Value::Array(Vec::new()));
        (error["error"].as_str().unwrap().to_owned(), error["help"].as_str().unwrap().to_owned())
    };
    let lists = "`ramkey help` lists commands and options";
    for (arguments, error, help) in [
        (&["--json"][..], "no command was given", lists),
        (
            &["write", "--json"],
            "the following required arguments were not provided: --to <TARGET> <IMAGE>...",
            lists,
        ),
        (
            &["--json", "vreify", "x"],
            "unrecognized subcommand 'vreify'",
            "a similar subcommand exists: 'verify'",
        ),
        (
            &["verify", "x", "--strickt", "--json"],
            "unexpected argument '--strickt' found",
            "a similar argument exists: '--strict'",
        ),
        (
            &["plan", "dos.img", "--timeout", "-1", "--json"],
            "invalid value '-1' for '--timeout <SECONDS>': it is 0 to 254 seconds, or off",
            lists,
        ),
        (
            &["plan", "dos.img", "--title", "a", "--title", "b", "--json"],
            "--title was given 2 times for 1 image",
            lists,
        ),
        (
            &["plan", "dos.img", "--zip", "--layout", "two-partitions", "--json"],
            "--zip is for the universal layout, and --layout two-partitions was given",
            lists,
        ),
    ] {
        assert_eq!(usage(arguments), (error.to_owned(), help.to_owned()), "{arguments:?}");
    }
    let help = desk.ramkey(&["--json", "--help"]);
    assert!(help.status.success() && help.stdout.starts_with(b"Makes USB sticks"));
    let named = desk.ramkey(&["verify", "--strickt", "--", "--json"]);
    assert_eq!((named.status.code(), &*named.stdout), (Some(2), &b""[..]), "a file named --json");
}

#[test]
fn the_doctor_names_a_contradiction_and_changes_nothing() {
    let desk = Desk::new();
    assert_eq!(desk.status(&[&WRITE[..], &["--layout", "hdd"]].concat()), Some(0));
    assert_eq!(desk.status(&["doctor", "stick.img"]), Some(0));
    let mut stick = desk.stick();
    stick[(1 << 20) + 28..][..4].fill(0);
    fs::write(desk.folder.path().join("stick.img"), &stick).unwrap();
    let output = desk.ramkey(&["doctor", "stick.img"]);
    assert_eq!(output.status.code(), Some(4));
    let text = String::from_utf8(output.stdout).unwrap();
    let finding = "fault     hidden-sectors: partition 1 begins at sector 2048, and its boot sector says 0\n";
    assert!(text.contains(finding), "{text}");
    for label in ["  why     ", "  hurts   ", "  do      ", "  source  "] {
        assert_eq!(text.matches(label).count(), 1, "{label} in {text}");
    }
    assert!(text.ends_with("found     1 contradiction\n"), "{text}");
    let diagnosis = desk.json(&["doctor", "stick.img", "--json"]);
    let finding = &diagnosis["findings"][0];
    assert_eq!((&diagnosis["contradictions"], &finding["kind"]), (&1.into(), &"hidden-sectors".into()));
    assert_eq!((&finding["severity"], &finding["lba"]), (&"fault".into(), &2048.into()));
    assert!(desk.stick() == stick, "the stick was changed");
}

#[test]
fn every_code_is_explained_with_the_words_of_the_page() {
    let desk = Desk::new();
    let page = Path::new(env!("CARGO_MANIFEST_DIR")).join("docs/errors.md");
    let page = fs::read_to_string(page).unwrap();
    let list = desk.json(&["explain", "--json"]);
    let codes = list["codes"].as_array().unwrap();
    let rows = page.lines().filter(|line| line.starts_with("### ")).count();
    assert_eq!(codes.len(), rows, "codes, and sections of docs/errors.md");
    for listed in codes {
        let code = listed["code"].as_str().unwrap();
        let one = desk.json(&["explain", code, "--json"]);
        assert_eq!(one, *listed);
        let (_, section) = page.split_once(&format!("\n### {code}\n")).expect(code);
        let section = section.split("\n#").next().unwrap();
        for field in ["screen", "what_happened"] {
            let text = one[field].as_str().unwrap();
            assert!(section.contains(text), "{code}: {text}");
        }
        for field in ["likely_causes", "what_to_try"] {
            let list = one[field].as_array().unwrap();
            assert!(!list.is_empty(), "{code} has no {field}");
            for (number, text) in (1..).zip(list) {
                let item = format!("\n{number}. {}\n", text.as_str().unwrap());
                assert!(section.contains(&item), "{code}: {item}");
            }
        }
    }
    for (words, codes) in
        [("`--layout hdd`", &["R", "S", "E31", "E32", "E40", "E46"][..]), ("Hold Shift", &["E31", "E46"])]
    {
        for code in codes {
            let steps = desk.json(&["explain", code, "--json"])["what_to_try"].to_string();
            assert!(steps.contains(words), "{code} does not say {words}");
        }
    }
    for line in desk.json(&["explain", "report", "--json"])["report"].as_array().unwrap() {
        let row =
            format!("| `{}` | {} |", line["screen"].as_str().unwrap(), line["meaning"].as_str().unwrap());
        assert!(page.contains(&row), "{row}");
    }
    for status in list["statuses"].as_array().unwrap() {
        let digits = format!("{:02x}", status["status"].as_u64().unwrap());
        let one = desk.json(&["explain", "r", &digits, "--json"]);
        assert_eq!(one["status"], *status);
    }
}

#[test]
fn nothing_is_drawn_without_a_terminal() {
    let desk = Desk::new();
    let output = desk.ramkey(&WRITE);
    assert_eq!(String::from_utf8(output.stderr).unwrap(), "");
}

#[test]
fn the_list_is_json_and_names_no_disk_of_the_running_system_as_writable() {
    let desk = Desk::new();
    let list = desk.json(&["list", "--all", "--json"]);
    let disks = |name: &str| list[name].as_array().unwrap().clone();
    assert!(list.is_object(), "one JSON object");
    for stick in disks("sticks").iter().chain(&disks("others")) {
        let refused = stick["refused"].as_str().unwrap_or_default();
        assert_eq!(stick["writable"].as_bool(), Some(refused.is_empty()));
    }
}

#[test]
fn the_id_that_is_shown_gives_the_same_bytes_when_it_is_named() {
    let desk = Desk::new();
    let id = desk.json(&[&WRITE[..], &["--json"]].concat())["stick_id"].as_str().unwrap().to_owned();
    let derived = desk.stick();
    assert_eq!(desk.status(&[&WRITE[..], &["--yes", "--id", &id.to_uppercase()]].concat()), Some(0));
    assert!(desk.stick() == derived);
    let other = "00112233445566778899aabbccddeeff";
    assert_eq!(desk.status(&[&WRITE[..], &["--yes", "--id", other]].concat()), Some(0));
    assert!(desk.stick() != derived);
    assert_eq!(desk.json(&["verify", "stick.img", "--json"])["stick_id"], other);
    assert_eq!(desk.json(&["plan", "dos.img", "--id", other, "--json"])["stick_id"], other);
}
