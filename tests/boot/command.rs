//! `ramkey boot` as its user sees it: what is refused, what is printed, how it ends, and what stays behind.

use std::fs;
use std::io::{BufRead, BufReader};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use ramkey::emulator::demo_image;
use rustix::process::{Pid, Signal, kill_process};

use super::demo::ramkey;
use super::frames::schema::must_fit;
use super::harness::{DEADLINE, Geometry, disk, file, scratch, take_slot};
use super::sticks;

const RAMKEY: &str = env!("CARGO_BIN_EXE_ramkey");

/// A stick of ours in a folder.
fn stick(folder: &Path) -> PathBuf {
    let image = file(folder, "demo.img", &demo_image());
    sticks::ramkey(folder, &[&image], &[])
}

#[test]
fn boot_pulls_the_stick_keeps_a_picture_and_changes_nothing() {
    let folder = scratch();
    // A guest that ends the machine. It must not do so before the stick is pulled.
    let geometry = Geometry::new(4, 16, 63);
    let image = file(folder.path(), "guest.img", &disk("int13_hdd", geometry, geometry.sectors(), &[]));
    let options = ["--kind", "hdd", "--chs", "4/16/63", "--timeout", "20"];
    let stick = sticks::ramkey(folder.path(), &[&image], &options);
    let before = fs::read(&stick).expect("the stick");
    let picture = folder.path().join("screen.png");
    let _slot = take_slot();
    let (stick_name, picture_name) = (stick.display().to_string(), picture.display().to_string());
    let arguments =
        ["boot", &stick_name, "--headless", "--pull", "--seconds", "360", "--screenshot", &picture_name];
    let (output, text) = ramkey(&arguments, None);
    assert_eq!(output.status.code(), Some(0), "{text}");
    assert!(text.contains("and the stick pulled"), "{text}");
    for begin in ["ramkey ", "memory ", "Loading guest", "In memory and proven: BLAKE3 "] {
        let lines: Vec<&str> = text.lines().filter_map(|line| line.strip_prefix("| ")).collect();
        let found: Vec<_> = lines.iter().filter(|line| line.starts_with(begin)).collect();
        assert_eq!(found.len(), 1, "{begin}: {text}");
    }
    assert!(text.contains(". You may remove the stick.\n"), "{text}");
    assert!(fs::read(&picture).expect("the picture").starts_with(b"\x89PNG"), "it is no PNG");
    assert!(fs::read(&stick).expect("the stick") == before, "the stick was changed");
}

#[test]
fn boot_ejects_the_disc_from_either_drive_and_changes_nothing() {
    let folder = scratch();
    let geometry = Geometry::new(4, 16, 63);
    let image = file(folder.path(), "guest.img", &disk("int13_hdd", geometry, geometry.sectors(), &[]));
    let options = ["--kind", "hdd", "--chs", "4/16/63", "--timeout", "10"];
    let disc = sticks::disc(folder.path(), &image, &options);
    let before = fs::read(&disc).expect("the disc");
    let _slot = take_slot();
    for (drive, how, said) in
        [("ide", "--eject", "and the disc ejected"), ("usb", "--pull", "and the stick pulled")]
    {
        let name = disc.display().to_string();
        let (output, text) =
            ramkey(&["boot", &name, "--headless", "--cd", drive, how, "--seconds", "360"], None);
        assert_eq!(output.status.code(), Some(0), "{drive}: {text}");
        assert!(text.contains(said), "{drive}: {text}");
        assert!(text.contains(". You may remove the disc.\n"), "{drive}: {text}");
    }
    assert!(fs::read(&disc).expect("the disc") == before, "the disc was changed");
}

#[test]
fn what_cannot_be_booted_is_said_before_anything_is_started() {
    let folder = scratch();
    let at = |name: &str| folder.path().join(name).display().to_string();
    let stick = stick(folder.path()).display().to_string();
    let (image, missing, picture) = (at("demo.img"), at("no-such-stick.img"), at("no/screen.png"));
    let own = folder.path().display().to_string();
    let table: [(&[&str], i32, &str); 15] = [
        (&[&missing], 1, "no-such-stick.img does not exist\nhelp: "),
        (&[&own], 1, " is a directory, neither a block device nor a regular file\nhelp: "),
        (&[&image], 3, "demo.img is no stick of ramkey, and is not booted\nhelp: `ramkey write "),
        (&[&stick, "--ram", "0"], 2, "it is whole MiB, 1M to 1T, for example 64M"),
        (&[&stick, "--ram", "2T"], 2, "it is whole MiB, 1M to 1T, for example 64M"),
        (&[&stick, "--ram", "-1"], 2, "\"-1\" is no size"),
        (&[&stick, "--cd", "scsi"], 2, "invalid value 'scsi' for '--cd <DRIVE>'"),
        (&[&stick, "--eject"], 2, "required arguments were not provided:\n  --cd <DRIVE>"),
        (&[&stick, "--cd", "usb", "--eject", "--pull"], 2, "'--eject' cannot be used with '--pull'"),
        (
            &[&stick, "--cd", "ide", "--pull"],
            2,
            "--pull needs a USB port, and the drive of --cd ide is in none",
        ),
        (
            &[&stick, "--cd", "ide", "--usb", "uhci"],
            2,
            "--usb needs a USB port, and the drive of --cd ide is in",
        ),
        (&[&stick, "--screenshot", &picture], 1, "because: No such file or directory (os error 2)\nhelp: "),
        (&[&stick, "--screenshot", &stick], 3, "stick.img exists and is no picture\nhelp: name another file"),
        (
            &[&stick, "--screenshot", "/dev/null"],
            3,
            "/dev/null exists and is no picture\nhelp: name another file",
        ),
        (&[&stick, "--screenshot", &own], 1, "because: Is a directory (os error 21)\nhelp: "),
    ];
    for (arguments, status, expected) in table {
        // There is no QEMU in this search path: whatever asks for it says that it is missing.
        let (output, text) = ramkey(&[&["boot", "--headless"], arguments].concat(), Some(folder.path()));
        assert_eq!(output.status.code(), Some(status), "{arguments:?}: {text}");
        assert!(text.starts_with("error: ") && text.contains(expected), "{arguments:?}: {text}");
        assert!(output.stdout.is_empty(), "{arguments:?}: {text}");
    }
    let mut names: Vec<_> = fs::read_dir(folder.path())
        .expect("the folder")
        .map(|entry| entry.expect("an entry").file_name())
        .collect();
    names.sort();
    assert_eq!(names, ["demo.img", "stick.img"], "something was made");
}

#[test]
fn memory_that_this_system_has_not_and_an_unknown_processor_are_our_own_errors() {
    let folder = scratch();
    let stick = stick(folder.path()).display().to_string();
    let run = |arguments: &[&str]| {
        let mut command = Command::new("prlimit");
        command.args(["--as=4294967296", RAMKEY, "boot", &stick, "--headless"]);
        let output = command.args(arguments).output().expect("`prlimit` of util-linux");
        (output.status.code(), String::from_utf8_lossy(&output.stderr).into_owned())
    };
    let expected =
        "error: this system cannot give the machine 8192 MB of RAM\nhelp: ask for less, as in --ram 64M\n";
    assert_eq!(run(&["--ram", "8G"]), (Some(1), expected.to_owned()));
    let (status, text) = run(&["--cpu", "abacus"]);
    assert_eq!(status, Some(1), "{text}");
    assert!(text.contains("abacus") && text.contains("help: `qemu-system-x86_64 -cpu help`"), "{text}");
}

#[test]
fn a_boot_that_proves_nothing_fails_and_tells_what_was_seen_last() {
    let folder = scratch();
    let image = file(folder.path(), "large.img", &vec![7; 8 << 20]);
    let stick = sticks::ramkey(folder.path(), &[&image], &[]).display().to_string();
    let _slot = take_slot();
    let small = ["boot", &stick, "--headless", "--ram", "8M", "--seconds", "25"];
    let (output, text) = ramkey(&small, None);
    assert_eq!(output.status.code(), Some(1), "{text}");
    let (_, last) =
        text.split_once("ended: no image was seen in memory and proven\n  seen last: ").expect(&text);
    let seen: Vec<&str> = text.lines().filter_map(|line| line.strip_prefix("| ")).collect();
    assert_eq!(seen.last(), Some(&last.trim_end()), "{text}");
    assert!(text.contains("E22"), "{text}");

    let (output, text) = ramkey(&[&small[..], &["--json"]].concat(), None);
    assert_eq!(output.status.code(), Some(1), "{text}");
    let outcome: serde_json::Value = serde_json::from_slice(&output.stdout).expect("one JSON object");
    must_fit("boot", &outcome);
    assert_eq!(outcome["proven"], false);
    assert_eq!(outcome["screen"].as_array().and_then(|lines| lines.last()), Some(&last.trim_end().into()));
}

/// A boot that runs until it is killed; its temporary files are in a folder of their own.
struct Killed {
    child: Child,
    temporary: tempfile::TempDir,
}

impl Killed {
    /// Returns when the machine's screen shows something, so QEMU runs.
    fn start(command_line: &[&str]) -> Self {
        let temporary = scratch();
        let mut command = Command::new(command_line[0]);
        command
            .args(&command_line[1..])
            .env("TMPDIR", temporary.path())
            .stdout(Stdio::piped())
            .stderr(Stdio::null());
        let mut child = command.spawn().expect("starting ramkey");
        let mut lines = BufReader::new(child.stdout.take().expect("its output")).lines();
        let first = lines.find(|line| line.as_ref().is_ok_and(|line| line.starts_with("| ")));
        assert!(first.is_some(), "no screen");
        // The rest is read too, or a full pipe would stop it.
        std::thread::spawn(move || lines.count());
        let killed = Self { child, temporary };
        assert_eq!(killed.machines(), 1, "QEMU does not run, or is not recognised");
        killed
    }

    /// How many QEMU use our folder.
    fn machines(&self) -> usize {
        let ours = self.temporary.path().display().to_string();
        let lines = fs::read_dir("/proc").expect("/proc").flatten();
        let lines = lines.filter_map(|entry| fs::read(entry.path().join("cmdline")).ok());
        let text = lines.map(|line| String::from_utf8_lossy(&line).into_owned());
        text.filter(|line| line.contains("-qmp") && line.contains(&ours)).count()
    }

    fn wait(&mut self, signal: Signal) -> Option<i32> {
        let id = Pid::from_child(&self.child);
        kill_process(id, signal).expect("a process of ours");
        let status = self.child.wait().expect("its end").code();
        let until = Instant::now() + Duration::from_secs(20);
        while self.machines() != 0 {
            assert!(Instant::now() < until, "QEMU outlives ramkey by {signal:?}");
            std::thread::sleep(Duration::from_millis(50));
        }
        status
    }

    fn left_behind(&self) -> usize {
        fs::read_dir(self.temporary.path()).expect("the folder").count()
    }
}

#[test]
fn a_boot_that_is_killed_leaves_no_machine_and_no_files() {
    let folder = scratch();
    let stick = stick(folder.path()).display().to_string();
    let _slot = take_slot();
    for signal in [Signal::TERM, Signal::INT, Signal::HUP] {
        let mut killed = Killed::start(&[RAMKEY, "boot", &stick, "--headless"]);
        let status = killed.wait(signal);
        assert!(matches!(status, Some(0 | 1)), "{signal:?}: {status:?}");
        assert_eq!(killed.left_behind(), 0, "{signal:?}");
    }
    let mut killed = Killed::start(&[RAMKEY, "demo", "--headless"]);
    assert_eq!(killed.wait(Signal::TERM), Some(1));
    assert_eq!(killed.left_behind(), 0, "the demo");

    let mut killed = Killed::start(&["nohup", RAMKEY, "boot", &stick, "--headless"]);
    kill_process(Pid::from_child(&killed.child), Signal::HUP).expect("a process of ours");
    std::thread::sleep(Duration::from_secs(2));
    assert_eq!((killed.machines(), killed.left_behind()), (1, 1), "it was told not to hear that signal");
    killed.wait(Signal::TERM);
    assert_eq!(killed.left_behind(), 0, "nohup");
}

#[test]
fn a_machine_does_not_outlive_a_ramkey_that_was_killed_by_force() {
    let folder = scratch();
    let stick = stick(folder.path()).display().to_string();
    let _slot = take_slot();
    let begun = Instant::now();
    let mut killed = Killed::start(&[RAMKEY, "boot", &stick, "--headless"]);
    assert_eq!(killed.wait(Signal::KILL), None);
    assert!(begun.elapsed() < DEADLINE);
}
