//! `ramkey map` and `ramkey plan --svg` as commands.

use std::collections::BTreeSet;
use std::fs;
use std::path::PathBuf;
use std::process::{Command, Output};

use serde_json::Value;

use crate::frames::fields::{all_documented, fields};
use crate::frames::sticks::{noise, printed, tool};

struct Desk(tempfile::TempDir);

impl Desk {
    /// A stick with an image, and another image that differs from it in one place.
    fn new() -> Self {
        let desk = Self(tempfile::tempdir().unwrap());
        let mut image = noise(1_500_000);
        fs::write(desk.path("dos.img"), &image).unwrap();
        image[700_000] ^= 1;
        fs::write(desk.path("new.img"), &image).unwrap();
        desk.done(&["write", "dos.img", "--to", "stick.img", "--size", "8M"], 80);
        desk
    }

    fn path(&self, name: &str) -> PathBuf {
        self.0.path().join(name)
    }

    fn ramkey(&self, arguments: &[&str], columns: usize) -> Output {
        let mut command = Command::new(env!("CARGO_BIN_EXE_ramkey"));
        command.args(arguments).current_dir(self.0.path()).env("COLUMNS", columns.to_string());
        command.output().unwrap()
    }

    fn done(&self, arguments: &[&str], columns: usize) -> String {
        let output = self.ramkey(arguments, columns);
        assert!(output.status.success(), "{arguments:?}: {}", printed(&output));
        String::from_utf8(output.stdout).unwrap()
    }
}

#[test]
fn a_map_fits_terminals_of_80_and_of_40_columns() {
    let desk = Desk::new();
    for columns in [80, 40] {
        let text = desk.done(&["map", "stick.img", "--verify"], columns);
        let longest = text.lines().map(|line| line.chars().count()).max();
        assert_eq!(longest, Some(columns), "{text}");
        assert!(text.lines().any(|line| line.starts_with("Ss") && line.contains("11")), "{text}");
        assert!(text.contains("RAMKEY/DOS.RKC") && text.contains("\n= same, x changed"), "{text}");
    }
}

#[test]
fn a_map_shows_which_pieces_another_image_would_change() {
    let desk = Desk::new();
    let text = desk.done(&["map", "stick.img", "--against", "new.img"], 80);
    assert!(text.contains("compared  with new.img:") && text.contains(" 1 changed,"), "{text}");
    assert!(text.ends_with("\n=.x=.=\n"), "{text}");
}

#[test]
fn the_fields_of_a_map_are_those_that_the_page_lists() {
    let desk = Desk::new();
    let json = desk.done(&["map", "stick.img", "--against", "new.img", "--verify", "--json"], 80);
    let map: Value = serde_json::from_str(&json).unwrap();
    let mut found = BTreeSet::new();
    fields(&map, "", &mut found);
    assert_eq!(found, all_documented("Of a map"));
    assert_eq!((&map["medium"], &map["ranges"][0]["use"]), (&"stick".into(), &"sector-0".into()));
}

#[test]
fn a_drawing_is_the_same_bytes_each_time_and_is_told_in_words() {
    let desk = Desk::new();
    desk.done(&["map", "stick.img", "--verify", "--svg", "a.svg"], 80);
    desk.done(&["map", "stick.img", "--verify", "--svg", "b.svg"], 40);
    // Another map takes its place.
    desk.done(&["plan", "dos.img", "--size", "8M", "--svg", "plan.svg"], 80);
    desk.done(&["map", "stick.img", "--verify", "--svg", "plan.svg"], 80);
    let [a, b, plan] =
        ["a.svg", "b.svg", "plan.svg"].map(|name| fs::read_to_string(desk.path(name)).unwrap());
    assert!(a == b && a == plan);
    for part in [
        "role=\"img\"",
        "<title id=\"title\">stick.img: a stick, 8 MiB",
        "<desc id=\"desc\">From its",
        "RAMKEY/DOS.RKC",
    ] {
        assert!(a.contains(part), "{part}");
    }
    assert!(!a.contains("<script") && !a.contains("href"));
    let output = tool("libxml2-utils", "xmllint", &["--noout", desk.path("a.svg").to_str().unwrap()]);
    assert!(output.status.success(), "{}", printed(&output));
}

#[test]
fn a_drawing_takes_the_place_of_no_other_file() {
    let desk = Desk::new();
    let before = fs::read(desk.path("stick.img")).unwrap();
    for (arguments, file) in [
        (&["map", "stick.img", "--svg", "dos.img"][..], "dos.img"),
        (&["map", "stick.img", "--svg", "stick.img"], "stick.img"),
        (&["plan", "dos.img", "--size", "8M", "--svg", "stick.img"], "stick.img"),
    ] {
        let output = desk.ramkey(arguments, 80);
        assert_eq!(output.status.code(), Some(3), "{arguments:?}: {}", printed(&output));
        assert!(printed(&output).contains(&format!("error: {file} exists and is no map of ramkey")));
    }
    assert_eq!(fs::read(desk.path("stick.img")).unwrap(), before);
}

#[test]
fn pieces_of_what_is_no_stick_are_not_shown() {
    let desk = Desk::new();
    for option in [&["--verify"][..], &["--against", "new.img"]] {
        let output = desk.ramkey(&[&["map", "dos.img"], option].concat(), 80);
        assert_eq!(output.status.code(), Some(1), "{}", printed(&output));
        assert!(printed(&output).contains("error: dos.img is no stick of ramkey"), "{}", printed(&output));
    }
}

#[test]
fn a_disc_image_of_ours_has_a_map_of_both_its_file_systems() {
    let desk = Desk::new();
    desk.done(&["disc", "dos.img", "--to", "disc.iso"], 80);
    let text = desk.done(&["map", "disc.iso"], 80);
    for part in [
        "a disc image, which is a stick as well",
        "primary volume descriptor",
        "boot catalogue of El Torito",
        "file allocation table 1",
        "RAMKEY/DOS.RKC",
    ] {
        assert!(text.contains(part), "{part}: {text}");
    }
}
