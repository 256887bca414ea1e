//! Receipts: every field is documented, and no other file is overwritten by one.

use std::collections::BTreeSet;
use std::fs;
use std::path::PathBuf;
use std::process::{Command, Output, Stdio};

use ramkey::pipeline::{Access, Effort, Repair, Retry, VerifyLevel};
use ramkey::report::ReceiptError;
use serde_json::Value;

use crate::frames::fields::{all_documented, fields};
use crate::frames::sticks::{noise, printed};

struct Desk(tempfile::TempDir);

impl Desk {
    fn new() -> Self {
        let desk = Self(tempfile::tempdir().unwrap());
        fs::write(desk.path("one.img"), noise(300_000)).unwrap();
        fs::create_dir(desk.path("receipts")).unwrap();
        desk
    }

    fn path(&self, name: &str) -> PathBuf {
        self.0.path().join(name)
    }

    fn write(&self, options: &[&str]) -> Output {
        let mut command = Command::new(env!("CARGO_BIN_EXE_ramkey"));
        command.args(["write", "one.img", "--size", "8M", "--yes", "--receipt", "receipts"]).args(options);
        command.current_dir(self.0.path()).stdin(Stdio::null()).output().unwrap()
    }

    fn receipt(&self, name: &str) -> Value {
        serde_json::from_slice(&fs::read(self.path("receipts").join(name)).unwrap()).unwrap()
    }
}

#[test]
fn a_receipt_has_the_fields_that_the_page_lists() {
    let desk = Desk::new();
    let output = desk.write(&["--to", "a.img"]);
    assert!(output.status.success(), "{}", printed(&output));
    let mut found = BTreeSet::new();
    let receipt = desk.receipt("a.img.json");
    fields(&receipt, "", &mut found);
    // One that failed, and one that had to try again.
    let repair = Repair { lba: 1, sectors: 1, tries: 1 };
    let retry = Retry { access: Access::Read, lba: 1, sectors: 1, failed: 1, error: "x".into() };
    let effort = Effort { retries: vec![retry], repairs: vec![repair], ..Effort::default() };
    fields(&serde_json::to_value(&effort).unwrap(), "effort", &mut found);
    let error = ReceiptError { error: "x".into(), because: vec!["x".into()], help: Some("x".into()) };
    fields(&serde_json::to_value(&error).unwrap(), "error", &mut found);
    let output = desk.write(&["--to", "a.img", "--resume", "--title", "Another"]);
    assert_eq!(output.status.code(), Some(3), "{}", printed(&output));
    assert_eq!(desk.receipt("a.img.json"), receipt, "what was refused has no receipt");
    assert_eq!(found, all_documented("Of a receipt"));

    assert_eq!(
        (&receipt["tool"], &receipt["version"]),
        (&"ramkey".into(), &env!("CARGO_PKG_VERSION").into())
    );
    assert_eq!((&receipt["state"], &receipt["error"]), (&"done".into(), &Value::Null));
    let image = fs::read(desk.path("one.img")).unwrap();
    assert_eq!(receipt["images"][0]["blake3"], blake3::hash(&image).to_hex().as_str());
    assert_eq!(receipt["verified"], serde_json::to_value(VerifyLevel::Direct).unwrap());
    assert_eq!(receipt["effort"]["level"], receipt["verified"]);
    assert!(receipt["effort"]["written"].as_u64() > Some(0));
}

#[test]
fn no_other_file_is_overwritten_and_an_old_receipt_is_replaced() {
    let desk = Desk::new();
    let place = desk.path("receipts").join("a.img.json");
    for mine in ["mine", "{\n  \"other\": 1\n}", ""] {
        fs::write(&place, mine).unwrap();
        for targets in [&["--to", "a.img"][..], &["--to", "b.img", "--to", "a.img"]] {
            let output = desk.write(targets);
            assert_eq!(output.status.code(), Some(3), "{mine:?}: {}", printed(&output));
            assert!(printed(&output).contains("exists and is no receipt of ramkey"), "{}", printed(&output));
            assert_eq!(fs::read_to_string(&place).unwrap(), mine);
        }
    }
    assert!(!desk.path("a.img").exists() && !desk.path("b.img").exists());
    fs::remove_file(&place).unwrap();
    for _ in 0..2 {
        let output = desk.write(&["--to", "a.img", "--to", "b.img"]);
        assert!(output.status.success(), "{}", printed(&output));
    }
    let names = fs::read_dir(desk.path("receipts")).unwrap().map(|file| file.unwrap().file_name());
    assert_eq!(names.collect::<BTreeSet<_>>(), ["a.img.json", "b.img.json"].map(Into::into).into());
}

#[test]
fn names_of_receipts_lead_nowhere_else_and_are_apart() {
    let desk = Desk::new();
    for folder in ["x", "y"] {
        fs::create_dir(desk.path(folder)).unwrap();
    }
    let output =
        desk.write(&["--to", "x/..stick", "--to", "y/..stick", "--to", "x/a b\u{1b}.img", "--to", "x/ä.img"]);
    assert!(output.status.success(), "{}", printed(&output));
    for (name, path) in
        [("stick.json", "x/..stick"), ("stick-2.json", "y/..stick"), ("a_b_.img.json", "x/a b\u{1b}.img")]
    {
        assert_eq!(desk.receipt(name)["target"]["path"], path, "{name}");
    }
    assert_eq!(fs::read_dir(desk.path("receipts")).unwrap().count(), 4);
}

#[test]
fn without_a_folder_for_them_nothing_is_written() {
    let desk = Desk::new();
    fs::remove_dir(desk.path("receipts")).unwrap();
    for targets in [&["--to", "a.img"][..], &["--to", "a.img", "--to", "b.img"]] {
        let output = desk.write(targets);
        assert_eq!(output.status.code(), Some(3), "{}", printed(&output));
    }
    fs::write(desk.path("receipts"), "a file").unwrap();
    assert_eq!(desk.write(&["--to", "a.img"]).status.code(), Some(3));
    assert!(!desk.path("a.img").exists());
}
