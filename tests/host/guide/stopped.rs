//! The guide is left, stopped or ended at each of its moments.

use std::fs::{self, File};
use std::io::Read;
use std::os::unix::fs::MetadataExt;
use std::thread::sleep;
use std::time::{Duration, Instant};

use rustix::process::Signal;

use crate::guide::person::{CTRL_C, Desk, End, Person, at_terminal};
use crate::guide::screen::WAY;

#[test]
fn ctrl_c_leaves_from_every_step_with_nothing_written() {
    let desk = Desk::new();
    for steps in 0..=WAY.len() {
        let mut person = Person::starts(&desk, &[]);
        person.walks(&WAY[..steps]);
        let title = WAY.get(steps).map_or("Step 5 of 8", |step| step.0);
        person.answers(title, CTRL_C);
        let screen = person.ends_with(3);
        assert!(screen.contains("nothing was written"), "{screen}");
    }
    assert!(!desk.path("stick.img").exists());
}

#[test]
fn a_signal_leaves_the_terminal_as_it_was_found() {
    let desk = Desk::new();
    for signal in [Signal::TERM, Signal::INT, Signal::HUP] {
        let mut person = Person::starts(&desk, &[]);
        person.sees(&["Step 1 of 8"]).signals(signal);
        person.ends_with(3);
    }
}

#[test]
fn the_guide_ends_when_its_terminal_is_gone() {
    let desk = Desk::new();
    for arguments in [&[env!("CARGO_BIN_EXE_ramkey")][..], &[env!("CARGO_BIN_EXE_ramkey"), "--plain"]] {
        let (terminal, mut child) = at_terminal(&desk, arguments);
        let mut terminal = File::from(terminal);
        let (mut seen, mut bytes) = (Vec::new(), [0; 4096]);
        while !String::from_utf8_lossy(&seen).contains("1 of 8") {
            let len = terminal.read(&mut bytes).unwrap();
            seen.extend_from_slice(&bytes[..len]);
        }
        drop(terminal);
        let begun = Instant::now();
        let status = loop {
            match child.try_wait().unwrap() {
                None if begun.elapsed() < Duration::from_secs(30) => sleep(Duration::from_millis(20)),
                status => break status,
            }
        };
        assert!(status.is_some(), "it waits for somebody who will never come");
    }
    assert!(!desk.path("stick.img").exists());
}

/// Goes to the last question and writes; stops the program then.
fn held_in_writing(desk: &Desk) -> Person {
    fs::remove_file(desk.path("stick.img")).ok();
    let mut person = Person::starts(desk, &[]);
    person.walks(&WAY).walks(&[("Step 5 of 8", "Write it now")]);
    hold_in_writing(desk, &person);
    person
}

/// Stops the program as soon as its file has its first bytes.
pub fn hold_in_writing(desk: &Desk, person: &Person) {
    while fs::metadata(desk.path("stick.img")).map_or(0, |stick| stick.blocks()) == 0 {
        sleep(Duration::from_millis(1));
    }
    person.signals(Signal::STOP);
}

/// Rounds of which one must come between the first byte and the last.
pub const ROUNDS: u32 = 16;

#[test]
fn ctrl_c_while_it_is_written_stops_it_as_on_the_command_line() {
    let desk = Desk::new();
    desk.image("dos.img", 6 << 20);
    for _ in 0..ROUNDS {
        let mut person = held_in_writing(&desk);
        person.presses(CTRL_C).signals(Signal::CONT);
        person.sees(&["Step 8 of 8"]);
        let is_stopped = person.screen().contains("It was not finished, and starts nothing");
        if is_stopped {
            person.sees(&["! error: ", "the stick will not boot", "help: "]);
            person.chooses("Leave");
            let screen = person.ends_with(5);
            assert!(screen.contains("the stick will not boot"), "{screen}");
            assert_eq!(fs::read(desk.path("stick.img")).unwrap()[..512], [0; 512], "sector 0 is clear");
            return;
        }
        person.chooses("Leave");
        person.ends_with(0);
    }
    panic!("no round came between the first write and the last");
}

#[test]
fn a_signal_while_it_is_written_stops_it_and_the_guide_ends_by_itself() {
    let desk = Desk::new();
    desk.image("dos.img", 6 << 20);
    for _ in 0..ROUNDS {
        let person = held_in_writing(&desk);
        person.signals(Signal::TERM);
        person.signals(Signal::CONT);
        let (end, screen) = person.ends();
        match end {
            End::Status(5) => {
                assert!(screen.contains("the stick will not boot"), "{screen}");
                return;
            }
            end => assert_eq!(end, End::Status(0), "{screen}"),
        }
    }
    panic!("no round came between the first write and the last");
}

#[test]
fn a_second_signal_while_it_is_written_ends_it_at_once_and_leaves_the_terminal_as_it_was_found() {
    let desk = Desk::new();
    desk.image("dos.img", 6 << 20);
    for _ in 0..ROUNDS {
        let person = held_in_writing(&desk);
        for signal in [Signal::INT, Signal::TERM, Signal::CONT] {
            person.signals(signal);
        }
        if let (End::Signal(_), _) = person.ends() {
            return;
        }
    }
    panic!("no round came between the first write and the last");
}
