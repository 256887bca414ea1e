//! Bytes of which nothing is known are asked about before a stick is written; everything that tells a disk is enough.

use std::fs;
use std::io::Write;
use std::process::{Command, Output, Stdio};

const LEN: usize = 300_000;

struct Desk {
    folder: tempfile::TempDir,
}

impl Desk {
    /// A folder with an image that boots, one of which nothing is known, and an empty disk.
    fn new() -> Self {
        let desk = Self { folder: tempfile::tempdir().unwrap() };
        desk.put("boots.img", &with(510, &[0x55, 0xAA]));
        desk.put("what.img", &with(0, &[0x90]));
        desk.put("blank.img", &[0; LEN]);
        desk
    }

    fn put(&self, name: &str, bytes: &[u8]) {
        fs::write(self.folder.path().join(name), bytes).unwrap();
    }

    fn write(&self, arguments: &[&str]) -> Output {
        let _ = fs::remove_file(self.folder.path().join("stick.img"));
        let mut command = Command::new(env!("CARGO_BIN_EXE_ramkey"));
        command.args(["write", "--to", "stick.img"]).args(arguments).current_dir(self.folder.path());
        command.stdin(Stdio::null()).output().unwrap()
    }

    fn has_stick(&self) -> bool {
        self.folder.path().join("stick.img").exists()
    }

    /// Writes with somebody at a terminal who answers.
    fn answered(&self, answer: &str) -> (Option<i32>, String) {
        let _ = fs::remove_file(self.folder.path().join("stick.img"));
        let ramkey = format!("{} write what.img --to stick.img", env!("CARGO_BIN_EXE_ramkey"));
        let mut command = Command::new("script");
        command.args(["--quiet", "--return", "--command", &ramkey, "/dev/null"]);
        command.current_dir(self.folder.path()).stdin(Stdio::piped()).stdout(Stdio::piped());
        let mut child = command.spawn().expect("`script` of util-linux");
        child.stdin.take().unwrap().write_all(answer.as_bytes()).unwrap();
        let output = child.wait_with_output().unwrap();
        (output.status.code(), String::from_utf8_lossy(&output.stdout).into_owned())
    }
}

/// Bytes without any sense but `bytes` at `offset`.
fn with(offset: usize, bytes: &[u8]) -> Vec<u8> {
    let mut image = vec![0x90; LEN];
    image[446] = 0x7F;
    image[offset..offset + bytes.len()].copy_from_slice(bytes);
    image
}

#[test]
fn without_a_terminal_the_answer_is_no_and_yes_says_it_before() {
    let desk = Desk::new();
    for arguments in [
        &["what.img"][..],
        &["what.img", "--kind", "hdd"],
        &["blank.img"],
        &["boots.img", "what.img"],
        &["boots.img", "--with", "what.img"],
        &["boots.img", "--floppy", "blank.img", "--with", "what.img"],
    ] {
        let output = desk.write(arguments);
        let errors = String::from_utf8_lossy(&output.stderr);
        assert_eq!(output.status.code(), Some(3), "{arguments:?}: {errors}");
        let missing = "has no boot signature, no partition table and no file system that is known";
        assert!(errors.contains(missing), "{arguments:?}: {errors}");
        assert!(errors.contains("help: `file ") && errors.contains("add --yes"), "{arguments:?}: {errors}");
        assert!(!desk.has_stick(), "{arguments:?}");
        let output = desk.write(&[arguments, &["--dry-run"]].concat());
        assert_eq!((output.status.code(), desk.has_stick()), (Some(0), false), "{arguments:?}: {output:?}");
        let output = desk.write(&[arguments, &["--yes"]].concat());
        assert_eq!((output.status.code(), desk.has_stick()), (Some(0), true), "{arguments:?}: {output:?}");
    }
}

#[test]
fn inspect_and_plan_say_that_write_will_ask_and_only_where_it_will() {
    let desk = Desk::new();
    let says = |arguments: &[&str]| {
        let mut command = Command::new(env!("CARGO_BIN_EXE_ramkey"));
        let output = command.args(arguments).current_dir(desk.folder.path()).output().unwrap();
        let text = String::from_utf8_lossy(&output.stdout);
        assert!(output.status.success(), "{arguments:?}: {text}");
        text.matches("that is known; `ramkey write` asks before it writes it").count()
    };
    for (arguments, times) in [
        (&["inspect", "what.img"][..], 1),
        (&["inspect", "what.img", "--json"], 1),
        (&["inspect", "boots.img"], 0),
        (&["plan", "what.img"], 1),
        (&["plan", "what.img", "--json"], 1),
        (&["plan", "boots.img"], 0),
        (&["plan", "boots.img", "--with", "what.img"], 1),
        (&["plan", "boots.img", "--with", "blank.img"], 0),
        (&["write", "what.img", "--to", "stick.img", "--dry-run"], 1),
    ] {
        assert_eq!(says(arguments), times, "{arguments:?}");
    }
}

#[test]
fn on_a_terminal_yes_is_the_answer() {
    let desk = Desk::new();
    for wrong in ["\n", "y\n", "no\n", "what.img\n"] {
        let (status, screen) = desk.answered(wrong);
        assert_eq!((status, desk.has_stick()), (Some(3), false), "{wrong:?}: {screen}");
        assert!(screen.contains("what.img was not confirmed, and nothing was written"), "{screen}");
    }
    let (status, screen) = desk.answered("yes\n");
    assert_eq!((status, desk.has_stick()), (Some(0), true), "{screen}");
    assert!(screen.contains("It may be no image of a disk. Type yes to write it: "), "{screen}");
}

#[test]
fn whatever_tells_a_disk_is_enough() {
    let desk = Desk::new();
    // A boot sector of DOS 1 without a signature: 512 bytes, 1 sector per cluster, 2 tables, 112 entries, 720 sectors.
    let fields = [0, 2, 2, 1, 0, 2, 0x70, 0, 0xD0, 2, 0xFD, 2, 0, 9, 0, 2, 0, 0, 0, 0, 0, 0, 0, 0, 0];
    let mut disc = with(16 * 2048, b"\x01CD001\x01");
    disc[16 * 2048 + 80..16 * 2048 + 84].copy_from_slice(&(LEN as u32 / 2048).to_le_bytes());
    disc[16 * 2048 + 128..16 * 2048 + 130].copy_from_slice(&2048u16.to_le_bytes());
    disc[17 * 2048..17 * 2048 + 7].copy_from_slice(b"\xFFCD001\x01");
    let dosemu =
        [&b"DOSEMU\0\x04\0\0\0\x11\0\0\0\x0A\0\0\0\x80\0\0\0"[..], &[0; 105], &with(0, &[0x90])].concat();
    for (bytes, what) in [
        (with(11, &fields), "a parameter block"),
        (with(1080, &[0x53, 0xEF]), "ext4"),
        (with(0, b"XFSB"), "XFS"),
        (with(65_600, b"_BHRfS_M"), "Btrfs"),
        (with(4086, b"SWAPSPACE2"), "swap"),
        (with(1024, b"H+\0\x04"), "HFS+"),
        (with(0, b"DOS\0"), "a floppy of an Amiga"),
        (dosemu, "the header of a disk"),
    ] {
        desk.put("some.img", &bytes);
        let output = desk.write(&["some.img"]);
        assert_eq!(output.status.code(), Some(0), "{what}: {}", String::from_utf8_lossy(&output.stderr));
    }
    desk.put("some.iso", &disc);
    let output = desk.write(&["boots.img", "--with", "some.iso"]);
    assert_eq!(output.status.code(), Some(0), "a CD: {}", String::from_utf8_lossy(&output.stderr));
    let output = desk.write(&["boots.img", "--with", "blank.img"]);
    assert_eq!(output.status.code(), Some(0), "an empty drive: {}", String::from_utf8_lossy(&output.stderr));
    let output = desk.write(&["boots.img", "--with", "blank.img", "--yes"]);
    assert_eq!(output.status.code(), Some(0));
}
