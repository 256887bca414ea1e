//! Several sticks are written at once: each is what it would be alone, and what is slow or fails is that alone.

use std::collections::BTreeSet;
use std::fs;
use std::os::unix::fs::{chown, symlink};
use std::os::unix::process::CommandExt;
use std::path::{Path, PathBuf};
use std::process::{Command, Output, Stdio};

use ramkey::job::verify;
use ramkey::verify::Strictness;
use serde_json::Value;

use crate::frames::bad_stick::{BadStick, Faults};
use crate::frames::loops::Loop;
use crate::frames::skip::skip;
use crate::frames::sticks::{MIB, POISON, noise, printed};

/// A user of whom nothing runs: root may have as many threads as it likes.
const NOBODYS: u32 = 61_917;

/// A folder with an image that is packed a little.
struct Desk {
    folder: tempfile::TempDir,
}

impl Desk {
    fn new() -> Self {
        let desk = Self { folder: tempfile::tempdir().unwrap() };
        let mut image = noise(2_500_000);
        image[1_000_000..1_400_000].iter_mut().for_each(|byte| *byte &= 0x0F);
        fs::write(desk.path("one.img"), image).unwrap();
        desk
    }

    fn path(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }

    /// A stick that holds something.
    fn stick(&self, name: &str, len: u64) -> PathBuf {
        let path = self.path(name);
        fs::write(&path, vec![POISON; len as usize]).unwrap();
        path
    }

    fn ramkey(&self, arguments: &[&str]) -> Output {
        let mut command = Command::new(env!("CARGO_BIN_EXE_ramkey"));
        command.args(arguments).current_dir(self.folder.path()).stdin(Stdio::null()).output().unwrap()
    }

    /// Writes to these targets, with options that end with `--`.
    fn write(&self, options: &[&str], targets: &[&str]) -> Output {
        let to = targets.iter().flat_map(|target| ["--to", target]);
        let arguments: Vec<&str> =
            ["write", "one.img"].into_iter().chain(options.iter().copied()).chain(to).collect();
        self.ramkey(&arguments)
    }
}

fn json(output: &Output) -> Value {
    serde_json::from_slice(&output.stdout).unwrap_or_else(|error| panic!("{error}: {}", printed(output)))
}

fn is_proven(path: &Path) {
    let verdict = verify(path, Strictness::EveryByte, &|_| ()).unwrap();
    assert!(verdict.sound && verdict.changes.is_empty(), "{}: {:?}", path.display(), verdict.faults);
}

#[test]
fn each_of_several_sticks_is_what_it_would_be_alone() {
    let desk = Desk::new();
    let lens = [("a.img", 16 * MIB), ("b.img", 12 * MIB), ("c.img", 40 * MIB)];
    for (name, len) in lens {
        desk.stick(name, len);
    }
    let targets = ["a.img", "b.img", "c.img", "new.img"];
    let output = desk.write(&["--yes", "--json"], &targets);
    assert_eq!(output.status.code(), Some(0), "{}", printed(&output));
    let told = json(&output);
    assert_eq!(told.as_array().unwrap().len(), 4);
    for (name, receipt) in targets.iter().zip(told.as_array().unwrap()) {
        assert_eq!((&receipt["target"]["path"], &receipt["state"]), (&(*name).into(), &"done".into()));
        is_proven(&desk.path(name));
        let alone = format!("alone-{name}");
        let len = fs::metadata(desk.path(name)).unwrap().len();
        if *name != "new.img" {
            desk.stick(&alone, len);
        }
        let output = desk.write(&["--yes"], &[&alone]);
        assert_eq!(output.status.code(), Some(0), "{}", printed(&output));
        assert!(fs::read(desk.path(name)).unwrap() == fs::read(desk.path(&alone)).unwrap(), "{name}");
    }
    let text = String::from_utf8_lossy(&output.stderr).into_owned();
    for words in ["a.img: writing\n", "b.img: reading back\n", "c.img: finishing\n", "new.img: done\n"] {
        assert!(text.contains(words), "{words:?} is not in {text}");
    }
}

#[test]
fn with_the_same_size_they_have_the_same_bytes() {
    let desk = Desk::new();
    for (name, len) in [("a.img", 16 * MIB), ("b.img", 12 * MIB)] {
        desk.stick(name, len);
    }
    let output = desk.write(&["--yes", "--same-size", "--json"], &["a.img", "b.img", "new.img"]);
    assert_eq!(output.status.code(), Some(0), "{}", printed(&output));
    let told = json(&output);
    let ids: BTreeSet<&str> =
        told.as_array().unwrap().iter().map(|receipt| receipt["stick"]["id"].as_str().unwrap()).collect();
    assert_eq!(ids.len(), 1);
    let [a, b, new] = ["a.img", "b.img", "new.img"].map(|name| fs::read(desk.path(name)).unwrap());
    assert_eq!((a.len() as u64, b.len() as u64, new.len() as u64), (16 * MIB, 12 * MIB, 12 * MIB));
    assert!(a[..b.len()] == b && a[b.len()..].iter().all(|&byte| byte == POISON));
    let verdict = verify(&desk.path("a.img"), Strictness::Boot, &|_| ()).unwrap();
    assert!(verdict.sound, "{:?}", verdict.faults);
    is_proven(&desk.path("b.img"));
    is_proven(&desk.path("new.img"));
}

/// Nothing is written to any of these, and no file is made.
fn refused(desk: &Desk, options: &[&str], targets: &[&str], words: &str) {
    let bytes = |name: &&str| fs::read(desk.path(name)).ok();
    let before: Vec<_> = targets.iter().map(bytes).collect();
    let output = desk.write(options, targets);
    assert_eq!(output.status.code(), Some(3), "{targets:?}: {}", printed(&output));
    assert!(printed(&output).contains(words), "{targets:?}: {}", printed(&output));
    assert!(targets.iter().map(bytes).collect::<Vec<_>>() == before, "{targets:?}: something was written");
}

#[test]
fn one_stick_by_two_names_is_refused_and_so_are_all_if_one_is() {
    let desk = Desk::new();
    let stick = desk.stick("a.img", 12 * MIB);
    desk.stick("b.img", 12 * MIB);
    symlink("a.img", desk.path("link.img")).unwrap();
    fs::hard_link(&stick, desk.path("hard.img")).unwrap();
    fs::create_dir(desk.path("folder")).unwrap();
    symlink(".", desk.path("here")).unwrap();
    let same = "are the same stick";
    for other in ["a.img", "link.img", "hard.img", "./a.img", "here/a.img"] {
        refused(&desk, &["--yes"], &["a.img", "b.img", other], same);
    }
    refused(&desk, &["--yes"], &["b.img", "new.img", "here/new.img"], same);
    refused(&desk, &["--yes"], &["b.img", "folder", "new.img"], "a directory");
    refused(&desk, &["--yes"], &["b.img", "one.img", "new.img"], "it is one of the images");
    // Without --yes each is asked about, and there is nobody to ask.
    refused(&desk, &[], &["new.img", "a.img"], "would be overwritten");
    desk.stick("small.img", MIB);
    refused(&desk, &["--yes"], &["b.img", "new.img", "small.img"], "small.img");
    assert!(!desk.path("new.img").exists());
}

#[test]
fn a_device_and_the_file_that_it_shows_are_refused_together() {
    let desk = Desk::new();
    let file = desk.stick("a.img", 12 * MIB);
    desk.stick("b.img", 12 * MIB);
    let Some(device) = Loop::of(&file, &[]) else { return };
    let node = device.node.to_str().unwrap();
    refused(&desk, &["--yes"], &["b.img", node, "a.img"], "or one lies on the other");
    let link = desk.path("by-id");
    symlink(&device.node, &link).unwrap();
    refused(&desk, &["--yes"], &["b.img", node, "by-id"], "are the same stick");
    let Some(upper) = Loop::of(&device.node, &[]) else { return };
    refused(&desk, &["--yes"], &["b.img", node, upper.node.to_str().unwrap()], "is refused");
}

#[test]
fn of_ten_devices_a_slow_one_is_waited_for_and_a_failing_one_fails_alone() {
    let desk = Desk::new();
    let files: Vec<PathBuf> = (0..10).map(|n| desk.stick(&format!("disk{n}.img"), 12 * MIB)).collect();
    let slow = Faults { rate: Some(2 << 20), ..Faults::default() };
    let failing = Faults { writes: (600..664).collect(), ..Faults::default() };
    let Some(slow) = BadStick::new(&files[0], &slow) else { return };
    let Some(failing) = BadStick::new(&files[1], &failing) else { return };
    let devices: Option<Vec<Loop>> = files[2..].iter().map(|file| Loop::of(file, &[])).collect();
    let Some(devices) = devices else { return };
    let good: Vec<&str> = devices.iter().map(|device| device.node.to_str().unwrap()).collect();
    let nodes: Vec<&str> = [slow.node().to_str().unwrap(), failing.node().to_str().unwrap()]
        .into_iter()
        .chain(good.iter().copied())
        .collect();

    fs::create_dir(desk.path("receipts")).unwrap();
    let output = desk.write(&["--yes", "--json", "--receipt", "receipts"], &nodes);
    assert_eq!(output.status.code(), Some(5), "{}", printed(&output));
    let told = json(&output);
    let states: Vec<&str> =
        told.as_array().unwrap().iter().map(|receipt| receipt["state"].as_str().unwrap()).collect();
    assert_eq!(states, [&["done", "will-not-boot"][..], &["done"; 8]].concat(), "{told}");
    for node in nodes.iter().filter(|node| **node != nodes[1]) {
        is_proven(Path::new(node));
    }
    let text = String::from_utf8_lossy(&output.stderr).into_owned();
    let last = text.lines().rfind(|line| line.ends_with(": done")).unwrap();
    assert_eq!(last, format!("{}: done", nodes[0]), "the others wait for the slow one: {text}");
    assert!(text.contains(&format!("\n{}:\n  error: ", nodes[1])), "{text}");
    for (node, receipt) in nodes.iter().zip(told.as_array().unwrap()) {
        let name = Path::new(node).file_name().unwrap().to_str().unwrap();
        let file = fs::read(desk.path("receipts").join(format!("{name}.json"))).unwrap();
        assert_eq!(&serde_json::from_slice::<Value>(&file).unwrap(), receipt);
    }
    drop(failing);
    assert!(fs::read(&files[1]).unwrap()[..512] == [0; 512], "it boots and is not proven");

    // What is complete is left as it is, and the worn one is refused only by itself.
    let output = desk.write(&["--resume", "--json"], &good);
    assert_eq!(output.status.code(), Some(0), "{}", printed(&output));
    assert!(json(&output).as_array().unwrap().iter().all(|receipt| receipt["state"] == "complete"));
}

#[test]
fn several_unfinished_sticks_go_on_each_by_itself() {
    let desk = Desk::new();
    let names = ["a.img", "b.img", "c.img"];
    names.iter().for_each(|name| drop(desk.stick(name, 12 * MIB)));
    assert!(desk.write(&["--yes"], &names).status.success());
    let whole = fs::read(desk.path("a.img")).unwrap();
    let mut cut = whole.clone();
    cut[..512].fill(0);
    cut[2 << 20..3 << 20].fill(POISON);
    fs::write(desk.path("b.img"), &cut).unwrap();
    desk.stick("c.img", 12 * MIB);
    let output = desk.write(&["--resume", "--json"], &names);
    assert_eq!(output.status.code(), Some(3), "{}", printed(&output));
    let told = json(&output);
    let states: Vec<&str> =
        told.as_array().unwrap().iter().map(|receipt| receipt["state"].as_str().unwrap()).collect();
    assert_eq!(states, ["complete", "done", "untouched"], "{told}");
    assert!(told[1]["effort"]["skipped"].as_u64() > Some(1 << 20), "{told}");
    for name in ["a.img", "b.img"] {
        assert!(fs::read(desk.path(name)).unwrap() == whole, "{name}");
    }
    assert!(fs::read(desk.path("c.img")).unwrap().iter().all(|&byte| byte == POISON));
}

#[test]
fn where_there_is_no_room_for_what_is_packed_the_sticks_are_the_same() {
    let desk = Desk::new();
    let to = |names: [&str; 2], folder: &str| {
        let mut command = Command::new(env!("CARGO_BIN_EXE_ramkey"));
        command.args(["write", "one.img", "--size", "16M", "--to", names[0], "--to", names[1]]);
        command.current_dir(desk.folder.path()).env("TMPDIR", folder).stdin(Stdio::null());
        let output = command.output().unwrap();
        assert!(output.status.success(), "{folder}: {}", printed(&output));
        names.map(|name| fs::read(desk.path(name)).unwrap())
    };
    let [a, b] = to(["a.img", "b.img"], desk.folder.path().to_str().unwrap());
    let [c, d] = to(["c.img", "d.img"], "/no/such/folder");
    assert!(a == b && a == c && a == d);
    let left = fs::read_dir(desk.folder.path()).unwrap().count();
    assert_eq!(left, 5, "the images and the sticks");
}

#[test]
fn a_list_of_serial_numbers_that_names_no_stick_writes_nothing() {
    let desk = Desk::new();
    let matching = |words: &str, options: &[&str]| {
        let output = desk.ramkey(&[&["write", "one.img", "--yes"], options].concat());
        assert_eq!(output.status.code(), Some(3), "{}", printed(&output));
        assert!(printed(&output).contains(words), "{words:?} is not in {}", printed(&output));
    };
    fs::write(desk.path("empty.txt"), "# none\n\n").unwrap();
    matching("empty.txt has no serial number in it", &["--all-matching", "empty.txt"]);
    matching("none.txt cannot be read", &["--all-matching", "none.txt"]);
    fs::write(desk.path("gone.txt"), "ramkey\x1bgone\nANOTHER\n").unwrap();
    matching("no stick of gone.txt is plugged in", &["--all-matching", "gone.txt", "--to", "a.img"]);
    matching("no stick with serial number ANOTHER is plugged in", &["--all-matching", "gone.txt"]);
    assert!(!desk.path("a.img").exists());
    let output = desk.ramkey(&["write", "one.img", "--yes"]);
    assert_eq!(output.status.code(), Some(2), "{}", printed(&output));
}

#[test]
fn several_copies_of_a_disc_image_are_made_one_by_one() {
    let desk = Desk::new();
    assert!(desk.ramkey(&["disc", "one.img", "--to", "disc.iso"]).status.success());
    let output = desk.ramkey(&["write", "disc.iso", "--to", "a.img", "--to", "b.img"]);
    assert_eq!(output.status.code(), Some(2), "{}", printed(&output));
    assert!(printed(&output).contains("more than one stick was given"), "{}", printed(&output));
    assert!(!desk.path("a.img").exists() && !desk.path("b.img").exists());
}

#[test]
fn where_the_system_has_few_threads_each_stick_still_has_its_report() {
    let desk = Desk::new();
    for name in ["a.img", "b.img", "c.img"] {
        desk.stick(name, 8 * MIB);
    }
    if !rustix::process::geteuid().is_root() {
        return skip("user of whom nothing runs", b"only root can become one");
    }
    for path in ["", "one.img", "a.img", "b.img", "c.img"].map(|name| desk.path(name)) {
        chown(path, Some(NOBODYS), Some(NOBODYS)).unwrap();
    }
    let (mut failed, mut done) = (0, 0);
    for threads in [1, 2, 4, 5, 7, 9] {
        let mut command = Command::new("prlimit");
        command.uid(NOBODYS).gid(NOBODYS).arg(format!("--nproc={threads}:{threads}"));
        command.arg(env!("CARGO_BIN_EXE_ramkey")).args(["write", "one.img", "--yes", "--json"]);
        command.args(["--to", "a.img", "--to", "b.img", "--to", "c.img"]).current_dir(desk.folder.path());
        let output = command.stdin(Stdio::null()).output().unwrap();
        let text = String::from_utf8_lossy(&output.stderr).into_owned();
        assert!(!text.contains("panicked"), "{threads}: {text}");
        let told = serde_json::from_slice::<Value>(&output.stdout).unwrap_or_default();
        if let Some(told) = told.as_array() {
            assert_eq!(told.len(), 3, "{threads}: {text}");
            done += told.iter().filter(|receipt| receipt["state"] == "done").count();
        } else {
            failed += 1;
            assert!(output.status.code().is_some_and(|code| [1, 3].contains(&code)), "{threads}: {text}");
        }
    }
    assert!(done > 2, "{done} {failed}");
}
