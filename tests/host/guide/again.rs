//! One medium after the other in one guide: which exit status that has, and what is told of each.

use std::fs::{self, File};
use std::thread::sleep;
use std::time::{Duration, Instant};

use rustix::process::Signal;

use crate::guide::person::{CTRL_C, Desk, ENTER, ESC, Person};
use crate::guide::stopped::{ROUNDS, hold_in_writing};

/// What a person tries: the file that is written, and what becomes of that.
type Try = (&'static str, Fate);

#[derive(Clone, Copy, PartialEq, Eq)]
enum Fate {
    Done,
    /// The file is longer than one may get, which is found out when some of it is written.
    Fails,
    /// There is a folder in its place when it is written.
    Refused,
}

/// In the shell that starts the guide no file may get longer than 4 MiB.
const LIMIT: &str = "ulimit -f 4096; exec \"$0\" --plain";

fn tries(desk: &Desk, person: &mut Person, (target, fate): Try) {
    fs::remove_dir(desk.path(target)).ok();
    fs::write(desk.path(target), vec![0xD1; if fate == Fate::Fails { 5 << 20 } else { 3 << 20 }]).unwrap();
    for (seen, answer) in LINES.iter().filter(|(seen, _)| !seen.contains("Size")) {
        let answer = if seen.contains("Name") { target } else { answer };
        person.answers(seen, answer).presses("\n");
    }
    person.sees(&["to erase it:"]);
    if fate == Fate::Refused {
        fs::remove_file(desk.path(target)).unwrap();
        fs::create_dir(desk.path(target)).unwrap();
    }
    person.presses(target.trim_start_matches("./")).presses("\n").sees(&[match fate {
        Fate::Done => "It is written and proven.",
        Fate::Fails => "It was not finished, and starts nothing",
        Fate::Refused => "It was refused",
    }]);
}

/// What is told behind these, with this exit status.
fn end_of(all: &[Try], status: i32) -> String {
    let desk = Desk::new();
    let ramkey = env!("CARGO_BIN_EXE_ramkey");
    let mut person = Person::starts_command(&desk, &["bash", "-c", LIMIT, ramkey]);
    for (number, one) in all.iter().enumerate() {
        tries(&desk, &mut person, *one);
        person.forgets().presses(if number + 1 == all.len() { "1\n" } else { "2\n" });
    }
    person.ends_with(status)
}

#[test]
fn the_exit_status_is_that_of_the_last_medium_that_was_begun_unless_another_one_starts_nothing_since() {
    use Fate::{Done, Fails, Refused};
    let [one, two, same] = ["one.img", "two.img", "./one.img"];
    let boots = |screen: &str, name: &str| screen.contains(&format!("{name} boots from RAM"));
    let screen = end_of(&[(one, Fails), (two, Fails), (two, Done)], 5);
    let spoilt = "one.img, which was begun before, starts nothing: write it again";
    assert!(screen.contains(spoilt) && boots(&screen, two), "{screen}");
    let screen = end_of(&[(one, Refused), (one, Fails), (same, Done), (two, Refused)], 0);
    assert!(boots(&screen, same) && !screen.contains("starts nothing"), "{screen}");
    let screen = end_of(&[(one, Done), (two, Fails), (one, Refused)], 5);
    assert!(!boots(&screen, one) && screen.contains("will not boot"), "{screen}");
}

/// The way to a new file, line by line.
const LINES: [(&str, &str); 9] = [
    ("or Path [2]:", "dos.img"),
    ("is the image that you mean", "1"),
    ("start from", "1"),
    ("Name [stick.img]:", ""),
    ("or Size [1]:", "16M"),
    ("MB [1]:", ""),
    ("which USB", ""),
    ("divided", ""),
    ("nothing is written yet.", "1"),
];

#[test]
fn whoever_stopped_a_write_line_by_line_can_write_again() {
    let desk = Desk::new();
    desk.image("dos.img", 4 << 20);
    for _ in 0..ROUNDS {
        fs::remove_file(desk.path("stick.img")).ok();
        let mut person = Person::starts(&desk, &["--plain"]);
        for (seen, answer) in &LINES {
            person.answers(seen, answer).presses("\n");
        }
        hold_in_writing(&desk, &person);
        person.presses(CTRL_C).signals(Signal::CONT);
        person.sees(&["Step 8 of 8"]).sees(&["Number [1]:"]);
        if !person.screen().contains("It was not finished, and starts nothing") {
            continue;
        }
        person.forgets().presses("2\n");
        for (seen, answer) in LINES.iter().filter(|(seen, _)| !seen.contains("Size")) {
            person.answers(seen, answer).presses("\n");
        }
        person.sees(&["It is written and proven."]);
        person.forgets().presses("1\n");
        let screen = person.ends_with(0);
        assert!(!screen.contains("starts nothing"), "{screen}");
        return;
    }
    panic!("no round came between the first write and the last");
}

#[test]
fn an_image_that_nobody_wants_to_know_of_any_more_is_read_no_further() {
    let desk = Desk::new();
    desk.image("long.img", 1 << 20);
    File::options().write(true).open(desk.path("long.img")).unwrap().set_len(32 << 30).unwrap();
    let mut person = Person::starts(&desk, &[]);
    person.answers("Step 1", "long.img").presses(ENTER).sees(&["Looking at the image", " of 32 GiB"]);
    person.presses(ESC).sees(&["Path: _"]);
    let read = || person.field("io", "rchar:").parse::<u64>().unwrap();
    let begun = Instant::now();
    let mut before = read();
    loop {
        sleep(Duration::from_millis(300));
        // The guide itself reads nothing but keys.
        match read() - before {
            ..65536 => break,
            more => before += more,
        }
        assert!(begun.elapsed() < Duration::from_secs(10), "it reads on: {before}");
    }
    person.presses(CTRL_C);
    person.ends_with(3);
}
