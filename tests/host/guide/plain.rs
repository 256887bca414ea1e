//! The guide line by line.

use std::fs;

use crate::guide::person::{CTRL_C, Desk, End, Person};

const INT: i32 = 2;

#[test]
fn the_whole_way_is_lines_of_ascii_that_move_no_cursor() {
    let desk = Desk::new();
    let mut person = Person::starts(&desk, &["--plain"]);
    for (seen, answer) in [
        ("Number, or Path [2]:", "2"),
        ("Look whether this is the image", ""),
        ("Choose what the old machine will start from", "9"),
        ("! A number from 1 to", "q?"),
        ("Number [1]: q?", "1"),
        ("Name [stick.img]:", ""),
        ("Number, or Size [1]:", "8M"),
        ("Number, or MB [1]:", "128"),
        ("which USB the old machine has", "b"),
        ("type it in MB.", "128"),
        ("packed.", "3"),
        ("how the stick is divided", ""),
        ("nothing is written yet.", "?"),
        ("ramkey write --to stick.img --size 8M --bus usb2 dos.img", "1"),
        ("It is written and proven.", "1"),
    ] {
        person.answers(seen, answer).presses("\n");
    }
    let told = person.told();
    let screen = person.ends_with(0);
    assert!(screen.contains("the same is done by: ramkey write --to stick.img"), "{screen}");
    assert!(told.is_ascii(), "{}", String::from_utf8_lossy(&told));
    assert!(!told.contains(&0x1B), "{}", String::from_utf8_lossy(&told));
    let told = String::from_utf8(told).unwrap();
    for title in ["Step 1 of 8", "Step 5 of 8", "Step 7 of 8: writing", "Step 8 of 8"] {
        assert!(told.contains(title), "{title}: {told}");
    }
    assert!(told.lines().all(|line| line.len() <= 110), "{told}");
    assert_eq!(fs::metadata(desk.path("stick.img")).unwrap().len(), 8 << 20);
}

#[test]
fn a_wrong_word_writes_nothing_and_q_leaves_with_the_status_of_a_refusal() {
    let desk = Desk::new();
    let full = vec![0xD1; 8 << 20];
    fs::write(desk.path("stick.img"), &full).unwrap();
    let mut person = Person::starts(&desk, &["guide", "--plain"]);
    for (seen, answer) in [
        ("Path [2]:", "dos.img"),
        ("is the image that you mean", "1"),
        ("start from", "1"),
        ("Name [stick.img]:", ""),
        ("MB [1]:", ""),
        ("which USB", ""),
        ("divided", ""),
        ("nothing is written yet.", "1"),
        ("Type stick.img to erase it:", "yes"),
        ("! That was not the name.", "q"),
    ] {
        person.answers(seen, answer).presses("\n");
    }
    let screen = person.ends_with(3);
    assert!(screen.contains("nothing was written"), "{screen}");
    assert!(fs::read(desk.path("stick.img")).unwrap() == full);
}

#[test]
fn ctrl_c_at_a_question_ends_it_and_so_does_the_end_of_the_input() {
    let desk = Desk::new();
    let mut person = Person::starts(&desk, &["--plain"]);
    person.answers("Path [2]:", CTRL_C);
    assert_eq!(person.ends().0, End::Signal(INT));
    let mut person = Person::starts(&desk, &["--plain"]);
    person.answers("Path [2]:", "\u{4}");
    person.ends_with(3);
}
