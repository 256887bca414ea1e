//! The guide on a screen that it draws.

use std::fs;
use std::process::{Command, Stdio};

use crate::guide::person::{CTRL_U, DOWN, Desk, ENTER, ESC, PAGE_DOWN, Person};

/// The way to a new file of 8 MiB, up to the page that has the text behind it.
pub const WAY: [(&str, &str); 8] = [
    ("the disk image that the old machine is to start", "dos.img"),
    ("Look whether this is the image", "Go on"),
    ("Choose what the old machine will start from", "A file"),
    ("Type the name", ""),
    ("how large", "As small"),
    ("how much memory", "128 MB"),
    ("which USB", "USB 2.0"),
    ("Step 4 of 8: the layout", "as is usual"),
];

#[test]
fn from_an_image_to_a_proven_stick_and_its_command_writes_the_same() {
    let desk = Desk::new();
    let mut person = Person::starts(&desk, &[]);
    person.walks(&WAY[..4]).answers("how large", "8M").presses(ENTER).walks(&WAY[5..]);
    let command = "ramkey write --to stick.img --size 8M --bus usb2 dos.img";
    person.sees(&["Step 5 of 8: the summary", command, "stick.img becomes a stick of 8 MiB"]);
    assert!(!desk.path("stick.img").exists(), "it was written before that was wanted");
    person.chooses("Write it now");
    person.sees(&["Step 8 of 8: the result", "written and proven", "legacy support", "removed"]);
    person.chooses("Leave");
    let screen = person.ends_with(0);
    assert!(screen.contains("done      stick.img boots from RAM") && screen.contains(command), "{screen}");

    let found = fs::read(desk.path("stick.img")).unwrap();
    fs::remove_file(desk.path("stick.img")).unwrap();
    let ramkey = env!("CARGO_BIN_EXE_ramkey");
    let line = command.replacen("ramkey", &format!("'{ramkey}'"), 1);
    let mut shell = Command::new("sh");
    let output = shell.args(["-c", &line]).current_dir(desk.folder.path()).output().unwrap();
    assert!(output.status.success(), "{line}");
    assert!(fs::read(desk.path("stick.img")).unwrap() == found, "{line} writes other bytes");
}

#[test]
fn a_disc_image_is_made_and_has_no_layout() {
    let desk = Desk::new();
    let mut person = Person::starts(&desk, &["guide"]);
    person.walks(&WAY[..2]).walks(&[
        ("Choose what the old machine will start from", "A disc image"),
        ("Type the name of the disc image", ""),
        ("the blank CD", "usual CD of 12 cm"),
        ("From a CD drive", "I do not know"),
    ]);
    person.sees(&["Step 5 of 8", "ramkey disc --to disc.iso --media 12cm dos.img"]);
    person.chooses("Write it now");
    person.sees(&["Burn the file as an image"]).chooses("Leave");
    person.ends_with(0);
    assert!(desk.path("disc.iso").exists());
}

#[test]
fn what_is_no_image_is_told_and_what_was_typed_stays() {
    let desk = Desk::new();
    let mut person = Person::starts(&desk, &[]);
    person.answers("Step 1", "words.txt").answers("Path: words.txt_", ENTER);
    person.sees(&["! error: words.txt is", "Path: words.txt_", "Step 1 of 8"]);
    person.presses(CTRL_U).answers("Path: _", "nothing.img").presses(ENTER);
    person.sees(&["! error: nothing.img does not exist", "Path: nothing.img_"]);
    person.presses(CTRL_U).answers("Path: _", "more").presses(ENTER);
    person.sees(&["/more:"]).sees(&["..  the folder above"]);
    person.presses(ENTER).sees(&["dos.img"]);
    person.presses(CTRL_U).answers("Path: _", "./dos.img").presses(ENTER);
    person.sees(&["dos.img is the image of a floppy", "BLAKE3", "360 KiB"]);
    person.presses("q");
    person.ends_with(3);
}

#[test]
fn an_image_that_does_not_fit_the_machine_is_told_of_and_another_one_can_be_chosen() {
    let desk = Desk::new();
    let mut person = Person::starts(&desk, &[]);
    person.walks(&WAY[..5]).answers("how much memory", "2").presses(ENTER);
    person.sees(&["! The image does not fit", "the machine has 2 MB"]);
    person.presses(DOWN).presses(ENTER).walks(&WAY[6..]);
    person.sees(&["Step 5 of 8", "does not fit a machine with 2 MB"]);
    for title in ["Step 4 of 8", "which USB", "does not fit"] {
        person.presses(ESC).sees(&[title]);
    }
    person.chooses("Choose another image");
    person.sees(&["Step 1 of 8"]);
    person.presses("\u{3}");
    person.ends_with(3);
}

#[test]
fn from_every_step_esc_goes_back_to_the_one_before() {
    let desk = Desk::new();
    let mut person = Person::starts(&desk, &[]);
    person.walks(&WAY).sees(&["Step 5 of 8"]);
    for (title, _) in WAY.iter().rev() {
        person.presses(ESC).sees(&[title]);
    }
    person.presses(ESC).sees(&["This is the first step"]);
    person.presses("\u{3}");
    let screen = person.ends_with(3);
    assert!(screen.contains("nothing was written"), "{screen}");
    assert!(!desk.path("stick.img").exists());
}

#[test]
fn the_window_may_have_another_size_at_any_time() {
    let desk = Desk::new();
    let mut person = Person::starts(&desk, &[]);
    for step in &WAY {
        person.sees(&[step.0]);
        for (rows, columns) in [(30, 100), (20, 60), (24, 80)] {
            person.resizes(rows, columns);
            person.sees(&[step.0, "Esc back", "leave"]);
        }
        person.resizes(10, 40);
        person.sees(&["40 columns and 10 rows", "ramkey --plain"]);
        person.resizes(24, 80);
        person.walks(&[*step]);
    }
    person.sees(&["Step 5 of 8"]).resizes(20, 60);
    person.sees(&[" below: PgUp, PgDn"]);
    person.presses(&PAGE_DOWN.repeat(9)).sees(&[" 0 below: PgUp, PgDn", "for a BIOS that boots sticks"]);
    person.presses("q");
    person.ends_with(3);
}

#[test]
fn a_file_that_holds_something_is_overwritten_by_its_name_alone() {
    let desk = Desk::new();
    let full = vec![0xD1; 8 << 20];
    fs::write(desk.path("stick.img"), &full).unwrap();
    let mut person = Person::starts(&desk, &[]);
    person.walks(&WAY[..4]);
    person.sees(&["keeps its length of 8 MiB"]).sees(&["how much memory"]);
    person.presses(ENTER).walks(&WAY[6..]).walks(&[("Step 5 of 8", "Go on")]);
    person.sees(&[
        "Step 6 of 8: your word",
        "Everything in this file will be lost",
        "Type stick.img to erase it: _",
    ]);
    for word in ["yes", "stick", "STICK.IMG", ""] {
        person.presses(CTRL_U).presses(word).presses(ENTER);
        person.sees(&["! That was not the name. Nothing was written"]);
    }
    assert!(fs::read(desk.path("stick.img")).unwrap() == full, "it was written without the word");
    person.presses(CTRL_U).presses("stick.img").presses(ENTER);
    person.sees(&["Step 8 of 8"]).sees(&["written and proven"]);
    person.chooses("Leave");
    person.ends_with(0);
}

#[test]
fn bytes_of_which_nothing_is_known_are_written_after_a_yes() {
    let desk = Desk::new();
    fs::write(desk.path("dos.img"), vec![0xD1; 368_640]).unwrap();
    let mut person = Person::starts(&desk, &[]);
    person.walks(&WAY).walks(&[("Step 5 of 8", "Go on")]);
    person.answers("no boot signature", "no").presses(ENTER).sees(&["That was not yes"]);
    person.presses(CTRL_U).presses("yes").presses(ENTER).sees(&["Step 8 of 8"]);
    person.chooses("Make another one");
    // What is only planned then is not what was written.
    person.sees(&[WAY[0].0]).presses("./dos.img").presses(ENTER).walks(&WAY[1..3]);
    person.sees(&["Type the name"]).presses(CTRL_U).presses("other.img").presses(ENTER).walks(&WAY[4..]);
    person.sees(&["other.img becomes a stick"]).presses("q");
    let screen = person.ends_with(0);
    assert!(screen.contains("--to stick.img") && !screen.contains("other.img"), "{screen}");
}

#[test]
fn without_a_terminal_there_is_no_guide() {
    let desk = Desk::new();
    let run = |arguments: &[&str]| {
        let mut command = Command::new(env!("CARGO_BIN_EXE_ramkey"));
        command.args(arguments).current_dir(desk.folder.path()).stdin(Stdio::null()).output().unwrap()
    };
    let output = run(&[]);
    assert_eq!(output.status.code(), Some(2));
    assert!(String::from_utf8_lossy(&output.stderr).contains("Usage: ramkey"));
    for arguments in [&["guide"][..], &["guide", "--plain"]] {
        let output = run(arguments);
        let text = String::from_utf8_lossy(&output.stderr).into_owned();
        assert_eq!(output.status.code(), Some(2), "{text}");
        assert!(text.contains("error: the guide asks, and there is no terminal to answer"), "{text}");
    }
    assert_eq!(run(&["--plain"]).status.code(), Some(2));
}
