//! A file that exists and is named as the stick: what is lost is asked about, what is nobody's is not.

use std::fs::{self, File};
use std::io::{Seek, SeekFrom, Write};
use std::os::unix::fs::FileExt;
use std::path::PathBuf;
use std::process::{Command, Output, Stdio};

/// Length of every stick here.
const LEN: u64 = 8 << 20;

/// A folder with an image in it.
struct Desk {
    folder: tempfile::TempDir,
}

impl Desk {
    fn new() -> Self {
        let desk = Self { folder: tempfile::tempdir().unwrap() };
        let mut image = [7; 5000];
        image[510..512].copy_from_slice(&[0x55, 0xAA]);
        fs::write(desk.path("dos.img"), image).unwrap();
        desk
    }

    fn path(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }

    fn run(&self, program: &str, arguments: &[&str]) -> Output {
        let mut command = Command::new(program);
        command.args(arguments).current_dir(self.folder.path()).stdin(Stdio::null());
        command.output().unwrap_or_else(|error| panic!("{program}: {error}"))
    }

    fn ramkey(&self, arguments: &[&str]) -> Output {
        self.run(env!("CARGO_BIN_EXE_ramkey"), arguments)
    }

    fn write(&self, more: &[&str]) -> Output {
        self.ramkey(&[&["write", "dos.img", "--to", "stick.img"], more].concat())
    }

    /// A file of holes, with some bytes in it.
    fn make(&self, offset: u64, bytes: &[u8]) {
        let mut file = File::create(self.path("stick.img")).unwrap();
        file.set_len(LEN).unwrap();
        file.seek(SeekFrom::Start(offset)).unwrap();
        file.write_all(bytes).unwrap();
    }

    fn stick(&self) -> Vec<u8> {
        fs::read(self.path("stick.img")).unwrap()
    }

    fn refuses(&self, case: &str, text: &str) {
        let before = self.stick();
        let output = self.write(&[]);
        let errors = String::from_utf8_lossy(&output.stderr).into_owned();
        assert_eq!(output.status.code(), Some(3), "{case}: {errors}");
        assert!(errors.contains(&format!("it holds {text}, and there is no terminal")), "{case}: {errors}");
        assert!(errors.contains("help: name another file, or add --yes"), "{case}: {errors}");
        assert!(self.stick() == before, "{case}: it was changed");
    }

    fn accepts(&self, case: &str, more: &[&str]) {
        let output = self.write(more);
        assert!(output.status.success(), "{case}: {}", String::from_utf8_lossy(&output.stderr));
        assert!(self.ramkey(&["verify", "--strict", "stick.img"]).status.success(), "{case}");
    }
}

#[test]
fn one_byte_anywhere_is_enough_to_be_asked_about() {
    let desk = Desk::new();
    for offset in [0, 1, 511, 512, 1 << 20, (1 << 20) + 1, 5_000_001, LEN - 1] {
        desk.make(offset, b"x");
        desk.refuses(&format!("a byte at {offset}"), "unknown contents");
    }
    desk.accepts("with --yes", &["--yes"]);
}

#[test]
fn what_is_in_it_is_named() {
    let desk = Desk::new();
    desk.make(0, b"My novel, the only copy");
    desk.refuses("a text", "unknown contents");
    let disk = |name: &str, program: &str, arguments: &[&str], text: &str| {
        desk.make(0, &[]);
        let output = desk.run(program, arguments);
        assert!(output.status.success(), "{name}: {}", String::from_utf8_lossy(&output.stderr));
        desk.refuses(name, text);
    };
    let fat = ["-v", "LETTERS", "-t", "16", "-h", "16", "-s", "64", "-i", "stick.img", "::"];
    disk("a FAT", "mformat", &fat, "FAT12 \"LETTERS\"");
    let ext = ["-q", "-F", "-L", "letters", "stick.img"];
    disk("an ext2", "/sbin/mkfs.ext2", &ext, "ext \"letters\"");
    disk("a disk", "/sbin/sgdisk", &["--new=1:2048:4096", "stick.img"], "a GPT with 1 partition");
}

#[test]
fn what_is_nobodys_needs_no_question() {
    // What is told is the first thing that is found: the boot sector in sector 0, or the table.
    for (layout, named) in [("universal", "FAT12 \"RAMKEY\""), ("hdd", "1 partition, active type 01h")] {
        let desk = Desk::new();
        desk.accepts("a new file", &["--size", "8M", "--layout", layout]);
        let old = desk.stick();
        let fat = ["-F", "12", "-n", "LETTERS", "--offset", "2048", "stick.img", "6144"];
        assert!(desk.run("/sbin/mkfs.fat", &fat).status.success());
        assert!(desk.stick()[..2048 * 512] == old[..2048 * 512], "the boot area is still there");
        desk.refuses("a new file system behind our boot area", named);
    }
}

/// A stick as ramkey wrote it, with what `change` does to its file system by mtools.
fn stick_with(change: &[&[&str]]) -> Desk {
    let desk = Desk::new();
    desk.accepts("a new file", &["--size", "8M"]);
    fs::write(desk.path("letter.txt"), "My novel, the only copy").unwrap();
    for step in change {
        let (program, arguments) = step.split_first().unwrap();
        let arguments: Vec<&str> = ["-i", "stick.img"].iter().chain(arguments).copied().collect();
        let output = desk.run(program, &arguments);
        assert!(output.status.success(), "{step:?}: {}", String::from_utf8_lossy(&output.stderr));
    }
    desk
}

#[test]
fn a_stick_with_files_of_its_owner_is_asked_about_and_they_are_named() {
    let table: [(&str, Vec<&[&str]>, &str); 7] = [
        ("beside the folder", vec![&["mcopy", "letter.txt", "::/LETTER.TXT"]], "a file of yours: LETTER.TXT"),
        ("a long name", vec![&["mcopy", "letter.txt", "::/My Novel.txt"]], "a file of yours: My Novel.txt"),
        (
            "within the folder",
            vec![&["mcopy", "letter.txt", "::/RAMKEY/LETTER.TXT"]],
            "a file of yours: RAMKEY/LETTER.TXT",
        ),
        (
            "in disguise",
            vec![&["mcopy", "letter.txt", "::/RAMKEY/LETTER.RKC"]],
            "a file of yours: RAMKEY/LETTER.RKC",
        ),
        (
            "in a folder",
            vec![&["mmd", "::/PHOTOS"], &["mcopy", "letter.txt", "::/PHOTOS/A.JPG"]],
            "a file of yours: PHOTOS/A.JPG",
        ),
        (
            "many",
            vec![
                &["mcopy", "letter.txt", "::/A"],
                &["mcopy", "letter.txt", "::/B"],
                &["mcopy", "letter.txt", "::/C"],
                &["mcopy", "letter.txt", "::/D"],
                &["mcopy", "letter.txt", "::/E"],
            ],
            "5 files of yours: A, B, C and 2 more",
        ),
        (
            "beside a label of its owner",
            vec![&["mlabel", "::MINE"], &["mcopy", "letter.txt", "::/LETTER.TXT"]],
            "a file of yours: LETTER.TXT",
        ),
    ];
    for (case, change, text) in table {
        let desk = stick_with(&change);
        desk.refuses(case, &format!("a stick of ramkey with {text}"));
        desk.accepts("with --yes", &["--yes"]);
    }
}

#[test]
fn an_image_that_was_copied_to_a_stick_is_its_owners_and_so_is_every_file_of_an_unfinished_one() {
    let desk = stick_with(&[]);
    fs::write(desk.path("other.img"), [9; 7000]).unwrap();
    assert!(
        desk.ramkey(&["write", "other.img", "--to", "second.img", "--size", "8M", "--yes"]).status.success()
    );
    for arguments in [
        ["-i", "second.img", "::/RAMKEY/OTHER.RKC", "copied"],
        ["-i", "stick.img", "copied", "::/RAMKEY/OTHER.RKC"],
    ] {
        assert!(desk.run("mcopy", &arguments).status.success());
    }
    desk.refuses("a copied image", "a stick of ramkey with a file of yours: RAMKEY/OTHER.RKC");

    let desk = stick_with(&[&["mcopy", "letter.txt", "::/LETTER.TXT"]]);
    let mut bytes = desk.stick();
    let boot_sector = 2048 * 512;
    bytes[..512].fill(0);
    assert_eq!(&bytes[boot_sector + 510..boot_sector + 512], [0x55, 0xAA], "the file system is there");
    fs::write(desk.path("stick.img"), bytes).unwrap();
    desk.refuses("an unfinished stick", "a stick of ramkey with a file of yours: LETTER.TXT");
}

#[test]
fn what_is_no_loss_is_not_asked_about() {
    let table: [(&str, Vec<&[&str]>); 3] = [
        ("another label", vec![&["mlabel", "::MINE"]]),
        (
            "a file that was deleted",
            vec![&["mcopy", "letter.txt", "::/LETTER.TXT"], &["mdel", "::/LETTER.TXT"]],
        ),
        ("a label and back", vec![&["mlabel", "::MINE"], &["mlabel", "::RAMKEY"]]),
    ];
    for (case, change) in table {
        let desk = stick_with(&change);
        desk.accepts(case, &[]);
    }
}

#[test]
fn a_stick_with_a_fault_may_hold_anything() {
    let desk = stick_with(&[]);
    let mut bytes = desk.stick();
    bytes[446 + 16..446 + 32].copy_from_slice(&[0, 1, 1, 0, 0x83, 1, 1, 0, 0, 0x38, 0, 0, 1, 0, 0, 0]);
    fs::write(desk.path("stick.img"), bytes).unwrap();
    desk.refuses("a second partition", "a stick of ramkey that was changed");
}

#[test]
fn what_lies_behind_the_end_of_a_stick_is_its_owners_and_zeros_there_are_nobodys() {
    for is_finished in [true, false] {
        for layout in ["universal", "gpt"] {
            let desk = Desk::new();
            desk.accepts("a new file", &["--size", "8M", "--layout", layout]);
            let put = |offset: u64, bytes: &[u8]| {
                let file = File::options().write(true).open(desk.path("stick.img")).unwrap();
                file.set_len(2 * LEN).unwrap();
                file.write_all_at(bytes, offset).unwrap();
            };
            if !is_finished {
                put(0, &[0; 512]);
            }
            for offset in [LEN, LEN + (1 << 20) + 1, 2 * LEN - 1] {
                put(offset, b"x");
                let case = format!("{layout}, finished: {is_finished}, {offset}");
                desk.refuses(&case, "a stick of ramkey with bytes of yours behind its end");
                put(offset, &[0]);
            }
            desk.accepts("zeros behind the end", &[]);
        }
    }
}

#[test]
fn a_hole_of_terabytes_is_not_read() {
    let desk = Desk::new();
    let file = File::create(desk.path("large.img")).unwrap();
    if file.set_len(1 << 40).is_err() {
        // This file system has no such files, so nobody can have one on it.
        return;
    }
    let target = ramkey::device::TargetPath::look(&Default::default(), &desk.path("large.img")).unwrap();
    let file = ramkey::device::ReadOnly::open(&target).unwrap();
    let read = std::cell::Cell::new(0);
    assert_eq!(file.first_data(0, &|bytes| read.set(read.get() + bytes)).unwrap(), None);
    assert!(read.get() < 1 << 30, "{} bytes were read", read.get());
}

/// Answers the question on a terminal.
fn answer(desk: &Desk, answer: &str) -> (Option<i32>, String) {
    let ramkey = format!("{} write dos.img --to stick.img", env!("CARGO_BIN_EXE_ramkey"));
    let mut command = Command::new("script");
    command.args(["--quiet", "--return", "--command", &ramkey, "/dev/null"]);
    command.current_dir(desk.folder.path()).stdin(Stdio::piped()).stdout(Stdio::piped());
    let mut child = command.spawn().expect("`script` of util-linux");
    child.stdin.take().unwrap().write_all(answer.as_bytes()).unwrap();
    let output = child.wait_with_output().unwrap();
    (output.status.code(), String::from_utf8_lossy(&output.stdout).into_owned())
}

#[test]
fn on_a_terminal_the_name_of_the_file_is_the_answer() {
    let desk = Desk::new();
    desk.make(4096, b"letters");
    let before = desk.stick();
    for wrong in ["\n", "y\n", "yes\n", "dos.img\n"] {
        let (status, screen) = answer(&desk, wrong);
        assert_eq!(status, Some(3), "{screen}");
        assert!(screen.contains("stick.img was not confirmed and stays as it is"), "{screen}");
        assert!(desk.stick() == before, "{wrong:?} changed it");
    }
    // Any path that leads to it names it too.
    let (status, screen) = answer(&desk, &format!("{}\n", desk.path("stick.img").display()));
    assert_eq!(status, Some(0), "{screen}");
    desk.make(4096, b"letters");
    let (status, screen) = answer(&desk, "stick.img\n");
    assert_eq!(status, Some(0), "{screen}");
    assert!(screen.contains("stick.img  8 MiB (8388608 bytes), unknown contents"), "{screen}");
    assert!(screen.contains("Type stick.img to erase it: "), "{screen}");
    let (status, screen) = answer(&desk, "");
    assert_eq!((status, screen.contains("Type")), (Some(0), false), "it is a stick of ours now: {screen}");
}
