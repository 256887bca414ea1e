//! How much is said and where: quiet, verbose, colours, the log, a report, settings, and what is said of a stick that is ejected.

use std::fs;
use std::path::PathBuf;
use std::process::{Command, Output, Stdio};

use serde_json::Value;

use crate::frames::loops::Loop;

/// A folder with an image in it, and an environment in which nobody has said what is usual.
struct Room {
    folder: tempfile::TempDir,
}

impl Room {
    fn new() -> Self {
        let room = Self { folder: tempfile::tempdir().unwrap() };
        let mut image = vec![0; 300_000];
        blake3::Hasher::new().finalize_xof().fill(&mut image);
        image[446] = 0x7F;
        image[510..512].copy_from_slice(&[0x55, 0xAA]);
        fs::write(room.path("dos.img"), image).unwrap();
        room
    }

    fn path(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }

    fn run(&self, environment: &[(&str, &str)], words: &[&str]) -> Output {
        let mut command = Command::new(env!("CARGO_BIN_EXE_ramkey"));
        for name in [
            "NO_COLOR",
            "CLICOLOR_FORCE",
            "RAMKEY_LOG",
            "RAMKEY_CONFIG",
            "RAMKEY_BUS",
            "RAMKEY_COMPRESS",
            "RAMKEY_LANG",
        ] {
            command.env_remove(name);
        }
        command.env("XDG_CONFIG_HOME", self.path("settings")).envs(environment.iter().copied());
        command.args(words).current_dir(self.folder.path()).stdin(Stdio::null()).output().unwrap()
    }
}

const WRITE: [&str; 6] = ["write", "dos.img", "--to", "stick.img", "--size", "8M"];

fn text(bytes: &[u8]) -> String {
    String::from_utf8(bytes.to_vec()).unwrap()
}

#[test]
fn a_quiet_command_says_errors_only_and_its_status_tells_the_rest() {
    let room = Room::new();
    let said = |words: &[&str]| {
        let output = room.run(&[], words);
        (output.status.code(), text(&output.stdout), text(&output.stderr))
    };
    let nothing = |status| (Some(status), String::new(), String::new());
    assert_eq!(said(&[&WRITE[..], &["--quiet"]].concat()), nothing(0));
    assert_eq!(said(&["-q", "verify", "stick.img"]), nothing(0));
    let mut stick = fs::read(room.path("stick.img")).unwrap();
    stick[0] ^= 1;
    fs::write(room.path("stick.img"), stick).unwrap();
    assert_eq!(said(&["verify", "stick.img", "-q"]), nothing(4));
    let (status, output, error) = said(&["verify", "stick.img", "-q", "--json"]);
    let verdict: Value = serde_json::from_str(&output).unwrap();
    assert_eq!((status, &verdict["sound"], &*error), (Some(4), &false.into(), ""));
    let (status, output, error) = said(&["verify", "nothing.img", "-q"]);
    assert!(status == Some(1) && output.is_empty() && error.starts_with("error: "), "{error}");
    assert_eq!(said(&["list", "-q", "-v"]).0, Some(2));
}

#[test]
fn a_verbose_command_tells_each_step_on_standard_error_and_the_same_result() {
    let room = Room::new();
    let plain = room.run(&[], &[&WRITE[..], &["--json"]].concat());
    fs::remove_file(room.path("stick.img")).unwrap();
    let verbose = room.run(&[], &[&WRITE[..], &["--json", "--verbose"]].concat());
    assert_eq!(text(&plain.stdout), text(&verbose.stdout));
    assert!(plain.stderr.is_empty(), "{plain:?}");
    let steps = text(&verbose.stderr);
    assert!(steps.lines().all(|line| line.starts_with("step: ")), "{steps}");
    for part in [
        "step: ramkey ",
        "target: new file stick.img",
        "hashing: ",
        "layout universal, FAT",
        "writing: ",
        "reading back ",
        "exit status 0 after ",
    ] {
        assert!(steps.contains(part), "{part}: {steps}");
    }
}

#[test]
fn colours_are_for_terminals_or_for_whoever_asks() {
    let room = Room::new();
    let is_painted = |environment: &[_], words: &[&str]| {
        let words = [&["verify", "nothing.img"], words].concat();
        let error = text(&room.run(environment, &words).stderr);
        assert!(error.contains("error:") && error.contains("nothing.img"), "{error}");
        error.starts_with("\x1b[")
    };
    assert!(!is_painted(&[], &[]));
    assert!(is_painted(&[], &["--color", "always"]));
    assert!(is_painted(&[("CLICOLOR_FORCE", "1")], &[]));
    assert!(!is_painted(&[("CLICOLOR_FORCE", "1"), ("NO_COLOR", "1")], &[]));
    assert!(!is_painted(&[("CLICOLOR_FORCE", "1")], &["--color=never"]));
    assert!(is_painted(&[("RAMKEY_COLOR", "always")], &[]));
    let help = |environment: &[_], words: &[&str]| room.run(environment, words).stdout.contains(&0x1B);
    assert!(
        help(&[], &["list", "--help", "--color=always"])
            && !help(&[("CLICOLOR_FORCE", "1")], &["list", "-h", "--color=never"])
    );
}

#[test]
fn a_log_gets_what_each_command_did_and_no_other_file_does() {
    let room = Room::new();
    let log = || fs::read_to_string(room.path("log.txt")).unwrap();
    assert!(room.run(&[], &[&WRITE[..], &["--log", "log.txt"]].concat()).status.success());
    let first = log();
    assert!(first.starts_with("# log of ramkey\n"), "{first}");
    for part in [
        " begin version ",
        "write dos.img --to stick.img --size 8M --log log.txt\n",
        " step  writing: ",
        " exit status 0 ",
    ] {
        assert!(first.contains(part), "{part}: {first}");
    }
    assert_eq!(room.run(&[("RAMKEY_LOG", "log.txt")], &["verify", "nothing.img"]).status.code(), Some(1));
    let second = log();
    let added = second.strip_prefix(&first).unwrap();
    assert!(added.contains(" said  error: ") && added.contains(" exit status 1 "), "{added}");
    let before = fs::read(room.path("dos.img")).unwrap();
    let refused = room.run(&[], &["list", "--log", "dos.img"]);
    assert_eq!((refused.status.code(), &*refused.stdout), (Some(3), &b""[..]));
    assert!(fs::read(room.path("dos.img")).unwrap() == before);
}

#[test]
fn a_report_has_the_last_command_and_neither_serial_numbers_nor_names_nor_folders_of_users() {
    let room = Room::new();
    let serial = "4C530001230405117182";
    fs::write(room.path("serials.txt"), format!("{serial}\n")).unwrap();
    let home = room.folder.path().to_str().unwrap();
    let environment = [("HOME", home), ("USER", "adalovelace"), ("RAMKEY_LOG", "log.txt")];
    assert!(room.run(&environment, &["plan", "dos.img"]).status.success());
    fs::create_dir(room.path("adalovelace")).unwrap();
    let (image, receipts) = (format!("{home}/dos.img"), format!("{home}/adalovelace"));
    let words = ["write", &image, "--all-matching", "serials.txt", "--receipt", &receipts, "--yes"];
    assert_eq!(room.run(&environment, &words).status.code(), Some(3));
    let log = fs::read_to_string(room.path("log.txt")).unwrap();
    assert!(log.contains(serial) && log.contains(home) && log.contains("adalovelace"), "{log}");
    assert!(room.run(&environment, &["report", "--log", "log.txt", "--to", "report.txt"]).status.success());
    let report = fs::read_to_string(room.path("report.txt")).unwrap();
    for gone in [serial, home, "adalovelace", "ramkey plan"] {
        assert!(!report.contains(gone), "{gone}: {report}");
    }
    for part in [
        "boot code  ",
        "\nsystem     ",
        "\ndisks\n",
        "\nthe last command\n",
        " write ~/dos.img --all-matching",
        "...182 is plugged in",
    ] {
        assert!(report.contains(part), "{part}: {report}");
    }
    // What is there stays.
    assert_eq!(room.run(&environment, &["report", "--to", "dos.img"]).status.code(), Some(1));
    assert_eq!(room.run(&environment, &["report", "--log", "dos.img"]).status.code(), Some(3));
    let printed = room.run(&environment[..2], &["report"]);
    assert!(text(&printed.stdout).contains("\nno log: "), "{printed:?}");
}

#[test]
fn settings_are_as_if_their_options_were_given_and_options_count_before_them() {
    let room = Room::new();
    let plan = |environment: &[_], words: &[&str]| {
        let output = room.run(environment, &[&["plan", "dos.img", "--json"], words].concat());
        assert!(output.status.success(), "{output:?}");
        serde_json::from_slice::<Value>(&output.stdout).unwrap()["stick_id"].clone()
    };
    let (english, german) = (plan(&[], &[]), plan(&[], &["--lang", "de"]));
    assert_ne!(english, german);
    fs::create_dir_all(room.path("settings/ramkey")).unwrap();
    let file = room.path("settings/ramkey/config.toml");
    fs::write(&file, "lang = \"de\"\nbus = \"usb2\"\n").unwrap();
    assert_eq!(plan(&[], &["--bus", "usb1"]), german);
    assert_eq!(plan(&[("RAMKEY_LANG", "en")], &["--bus", "usb1"]), english);
    assert_eq!(plan(&[("RAMKEY_LANG", "de")], &["--bus", "usb1", "--lang", "en"]), english);
    fs::write(room.path("other.toml"), "").unwrap();
    assert_eq!(plan(&[("RAMKEY_CONFIG", "other.toml")], &[]), english);
    fs::write(&file, "lang = \"de\"\nlanguage = \"de\"\n").unwrap();
    let wrong = room.run(&[], &["plan", "dos.img"]);
    let error = text(&wrong.stderr);
    assert_eq!(wrong.status.code(), Some(2), "{error}");
    assert!(
        error.contains("config.toml, line 2: unknown field `language`")
            && error.contains("\nhelp: the keys are "),
        "{error}"
    );
    assert!(room.run(&[], &["plan", "--help"]).status.success(), "help comes all the same");
}

#[test]
fn what_cannot_be_ejected_is_finished_all_the_same_and_a_note_says_why() {
    let room = Room::new();
    let file = room.run(&[], &[&WRITE[..], &["--eject"]].concat());
    assert_eq!(text(&file.stderr), "note: stick.img is a file: there is nothing to eject\n");
    assert!(file.status.success());
    let same = room.run(&[], &["update", "stick.img", "--eject"]);
    assert_eq!(text(&same.stderr), "note: nothing is to be written, so nothing is ejected\n");
    fs::write(room.path("disk.img"), vec![0; 8 << 20]).unwrap();
    let Some(device) = Loop::of(&room.path("disk.img"), &[]) else { return };
    let node = device.node.to_str().unwrap();
    let written = room.run(&[], &["write", "dos.img", "--to", node, "--yes", "--eject"]);
    let notes = text(&written.stderr);
    assert!(written.status.success(), "{notes}");
    assert!(notes.contains("note: the stick is proven, but it was not ejected ("), "{notes}");
    assert!(!text(&written.stdout).contains("you may pull"), "{written:?}");
    let read = room.run(&[], &["verify", node, "--eject"]);
    assert_eq!(read.status.code(), Some(2), "{read:?}");
}

#[test]
fn the_version_names_the_boot_code() {
    let room = Room::new();
    let (short, long) = (room.run(&[], &["-V"]), room.run(&[], &["--version"]));
    let (short, long) = (text(&short.stdout), text(&long.stdout));
    let mut all = blake3::Hasher::new();
    for name in ["boot", "disc", "dos", "dos_mbr", "plain", "sector0", "stage1"] {
        let folder = concat!(env!("CARGO_MANIFEST_DIR"), "/bootsectors/prebuilt");
        all.update(&fs::read(format!("{folder}/{name}.bin")).unwrap());
    }
    let hash = all.finalize().to_hex().to_string();
    let version = env!("CARGO_PKG_VERSION");
    assert_eq!(short, format!("ramkey {version} (boot code {})\n", &hash[..12]));
    assert!(long.starts_with(&format!("ramkey {version}\n")) && long.contains(&hash), "{long}");
    assert!(long.contains(std::env::consts::ARCH) && short.lines().count() == 1, "{long}");
}
