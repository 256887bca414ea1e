//! `docs/schema` has the schema of what is printed as JSON, and everything that is printed fits it.

use std::fs;
use std::process::{Command, Output, Stdio};

use serde_json::Value;

use crate::frames::schema::{must_fit, path};
use crate::frames::sticks::{noise, printed};

#[test]
fn the_published_schema_is_the_programs() {
    let made = serde_json::to_string_pretty(&ramkey::cli::schema()).unwrap() + "\n";
    if std::env::var_os("RAMKEY_BLESS").is_some() {
        fs::create_dir_all(path().parent().unwrap()).unwrap();
        fs::write(path(), &made).unwrap();
    }
    let published = fs::read_to_string(path()).unwrap_or_default();
    assert!(published == made, "`RAMKEY_BLESS=1 cargo test --test host -- cli::schema` writes it anew");
}

/// A folder with two images.
struct Desk(tempfile::TempDir);

impl Desk {
    fn new() -> Self {
        let desk = Self(tempfile::tempdir().unwrap());
        for (name, len) in [("dos.img", 300_000), ("data.img", 200_000), ("new.img", 250_000)] {
            fs::write(desk.0.path().join(name), noise(len)).unwrap();
        }
        desk
    }

    /// Runs the program where there is no other, so that no machine is started.
    fn ramkey(&self, arguments: &str) -> Output {
        let mut command = Command::new(env!("CARGO_BIN_EXE_ramkey"));
        command.args(arguments.split(' ')).current_dir(self.0.path()).stdin(Stdio::null());
        command.env("PATH", self.0.path()).output().unwrap()
    }

    /// What is printed fits the schema of the command.
    fn fits(&self, name: &str, arguments: &str) -> Value {
        let output = self.ramkey(&format!("{arguments} --json"));
        let value = serde_json::from_slice(&output.stdout).unwrap_or_else(|_| panic!("{}", printed(&output)));
        must_fit(name, &value);
        value
    }

    /// Each line of the events fits it.
    fn events(&self, arguments: &str) -> Vec<Value> {
        let output = self.ramkey(&format!("{arguments} --json=events"));
        let text = String::from_utf8(output.stdout).unwrap();
        let events: Vec<Value> = text.lines().map(|line| serde_json::from_str(line).unwrap()).collect();
        events.iter().for_each(|event| must_fit("event", event));
        events
    }
}

#[test]
fn what_each_command_prints_fits_the_schema() {
    let desk = Desk::new();
    for (name, arguments) in [
        ("plan", "plan dos.img --with data.img"),
        ("write", "write dos.img --to stick.img --size 8M --dry-run"),
        ("write", "write dos.img --with data.img --to stick.img --size 8M"),
        ("write", "write dos.img --to a.img --to b.img --size 8M --receipt ."),
        ("write", "write dos.img --to a.img --to b.img --dry-run"),
        ("disc", "disc dos.img --to disc.iso"),
        ("plan", "plan disc.iso"),
        ("inspect", "inspect disc.iso"),
        ("inspect", "inspect dos.img --hash"),
        ("map", "map dos.img"),
        ("map", "map stick.img --verify"),
        ("add", "add new.img --to stick.img --yes"),
        ("reflash", "reflash new.img --to a.img --yes"),
        ("remove", "remove NEW --from stick.img --yes"),
        ("map", "map stick.img --against dos.img"),
        ("list", "list --all"),
        ("phram", "phram --to addition.cpio"),
        ("demo", "demo"),
        ("explain", "explain"),
        ("explain", "explain E31 80"),
        ("explain", "explain report"),
        ("error", "verify nothing"),
        ("error", "write"),
        ("error", "write nothing --to a.img"),
    ] {
        let value = desk.fits(name, arguments);
        assert_eq!(value.get("error").is_some_and(Value::is_string), name == "error", "{arguments}: {value}");
    }
    let receipt = fs::read_to_string(desk.0.path().join("a.img.json")).unwrap();
    must_fit("receipt", &serde_json::from_str(&receipt).unwrap());
}

#[test]
fn events_are_a_line_each_and_end_with_the_result_or_the_error() {
    let desk = Desk::new();
    let events = desk.events("write dos.img --to stick.img --size 8M");
    let parts = |kind: &str| -> Vec<String> {
        let of_kind = events.iter().filter(|event| event["event"] == kind);
        of_kind.map(|event| event["part"].as_str().unwrap().to_owned()).collect()
    };
    let begun = parts("begin");
    assert_eq!(begun, parts("end"));
    assert!(begun.starts_with(&["hashing".into()]) && begun.contains(&"reading back".into()), "{begun:?}");
    let written = events.iter().find(|event| event["event"] == "end" && event["part"] == "writing").unwrap();
    assert!(written["done"] == written["bytes"] && written["done"].as_u64() > Some(300_000), "{written}");
    let (last, before) = events.split_last().unwrap();
    assert!(before.iter().all(|event| event["event"] != "result" && event["stick"].is_null()));
    must_fit("write", &last["result"]);

    let several = desk.events("write dos.img --to a.img --to b.img --size 8M");
    for stick in ["a.img", "b.img"] {
        let own: Vec<&Value> = several.iter().filter(|event| event["stick"] == stick).collect();
        assert_eq!(own.last().map(|event| &event["state"]), Some(&"done".into()), "{own:?}");
    }
    must_fit("write", &several.last().unwrap()["result"]);

    for (arguments, len) in
        [("add new.img --to stick.img --yes", 250_000), ("reflash data.img --to a.img --yes", 200_000)]
    {
        let events = desk.events(arguments);
        let expected: Vec<&Value> = events.iter().filter(|event| event["event"] == "expect").collect();
        // Hashed and packed; then the stick is read, and the image written and read back.
        assert_eq!(
            (&expected[0]["bytes"], &expected[0]["later"]),
            (&(2 * len).into(), &((8 << 20) + 2 * len).into())
        );
        let changed =
            events.iter().find(|event| event["event"] == "begin" && event["part"] == "changing").unwrap();
        assert_eq!(expected[1]["bytes"], changed["bytes"], "{arguments}");
    }
    desk.ramkey("disc dos.img --to disc.iso");
    let len = fs::metadata(desk.0.path().join("disc.iso")).unwrap().len();
    let events = desk.events("write disc.iso --to copy.img");
    assert_eq!((&events[0]["bytes"], &events[0]["later"]), (&(2 * len).into(), &(2 * len).into()));
    let events = desk.events("verify stick.img");
    assert_eq!((&events[0]["event"], &events[0]["bytes"]), (&"expect".into(), &(8 << 20).into()));

    for (arguments, status) in [("verify nothing", 1), ("verify stick.img --strickt", 2)] {
        let events = desk.events(arguments);
        let last = events.last().unwrap();
        assert_eq!((&last["event"], &last["exit_status"]), (&"error".into(), &status.into()));
    }
}
