//! Titles in the boot menu: what the target machine's screen has stays, and what it does not have is said.

use std::ffi::OsStr;
use std::fs;
use std::os::unix::ffi::OsStrExt;
use std::path::Path;
use std::process::{Command, Output, Stdio};

use serde_json::Value;

fn ramkey(folder: &Path, arguments: &[&str]) -> Output {
    let mut command = Command::new(env!("CARGO_BIN_EXE_ramkey"));
    command.args(arguments).current_dir(folder).stdin(Stdio::null()).output().unwrap()
}

/// Writes a stick of an image with this name, and gives the report.
fn written(folder: &Path, name: &str, more: &[&str]) -> Value {
    let mut image = vec![0x90; 4096];
    image[0] = 0xFA;
    image[510..512].copy_from_slice(&[0x55, 0xAA]);
    fs::write(folder.join(name), &image).unwrap();
    let output = ramkey(folder, &[&["write", name, "--to", "stick.img", "--json"], more].concat());
    assert_eq!(output.status.code(), Some(0), "{name}: {output:?}");
    serde_json::from_slice(&output.stdout).unwrap()
}

/// The title as it stands on the stick.
fn bytes(folder: &Path) -> Vec<u8> {
    let stick = fs::read(folder.join("stick.img")).unwrap();
    let header = stick.chunks(512).find(|sector| sector.starts_with(b"RAMKEYRC")).unwrap();
    header[248..312].iter().copied().take_while(|&byte| byte != 0).collect()
}

#[test]
fn what_code_page_437_has_stays_as_it_is_on_the_stick_and_wherever_it_is_shown() {
    let folder = tempfile::tempdir().unwrap();
    let folder = folder.path();
    let table: &[(&str, &str, &[u8])] = &[
        ("Café Zürich.img", "Café Zürich", b"Caf\x82 Z\x81rich"),
        ("½ ñandú Größe Åse.img", "½ ñandú Größe Åse", b"\xAB \xA4and\xA3 Gr\x94\xE1e \x8Fse"),
        ("DOS 6.22 (±2°).ima", "DOS 6.22 (±2°)", b"DOS 6.22 (\xF12\xF8)"),
        // As a file system writes it that parts letters and marks.
        ("Cafe\u{301} Zu\u{308}rich.img", "Café Zürich", b"Caf\x82 Z\x81rich"),
        ("10 \u{3bc}s.img", "10 µs", b"10 \xE6s"),
        ("a\u{a0}b.img", "a b", b"a b"),
    ];
    for &(name, title, on_stick) in table {
        let report = written(folder, name, &[]);
        let image = &report["images"][0];
        assert_eq!((&image["title"], &image["hints"]), (&title.into(), &Value::Array(Vec::new())), "{name}");
        assert_eq!(bytes(folder), on_stick, "{name}");
        let verify = ramkey(folder, &["verify", "--strict", "stick.img"]);
        assert_eq!(verify.status.code(), Some(0), "{name}");
        let text = String::from_utf8(verify.stdout).unwrap();
        assert!(text.contains(&format!("\"{title}\":")), "{name}: {text}");
        let inspect = ramkey(folder, &["inspect", "stick.img", "--json"]);
        let found: Value = serde_json::from_slice(&inspect.stdout).unwrap();
        assert_eq!(found["capsules"][0]["title"], title, "{name}");
        fs::remove_file(folder.join("stick.img")).unwrap();
    }
    let report = written(folder, "x.img", &["--title", "Größe ½"]);
    assert_eq!(
        (&report["images"][0]["title"], bytes(folder)),
        (&"Größe ½".into(), b"Gr\x94\xE1e \xAB".to_vec())
    );
}

#[test]
fn a_title_that_loses_letters_names_the_option_that_gives_another_and_still_boots() {
    let folder = tempfile::tempdir().unwrap();
    let folder = folder.path();
    let long = "t".repeat(65);
    let letters = "the file's name has letters that the target machine's screen does not have";
    for (name, title, lost) in [
        ("Мой диск №1.img", "___ ____ _1", letters),
        ("重装 系统.ima", "__ __", letters),
        ("Łódź.img", "_ód_", letters),
        ("8 €.img", "8 _", letters),
        ("a\u{301}\u{302}.img", "á_", letters),
        (&format!("{long}.img"), &long[..64], "the file's name is longer than a title can be"),
    ] {
        let report = written(folder, name, &[]);
        let image = &report["images"][0];
        let hint = format!("{lost}: --title \"...\" gives it another title than \"{title}\"");
        assert_eq!((&image["title"], &image["hints"][0]), (&title.into(), &hint.clone().into()), "{name}");
        assert_eq!(image["warnings"], Value::Array(Vec::new()), "{name}: it boots");
        for arguments in [&["plan", name][..], &["write", name, "--to", "stick.img"]] {
            let text = String::from_utf8(ramkey(folder, arguments).stdout).unwrap();
            assert!(text.contains(&format!("\nhint      {hint}\n")), "{arguments:?}: {text}");
            let boots = text.ends_with("done      stick.img boots from RAM\n");
            assert_eq!(boots, arguments[0] == "write", "{arguments:?}: {text}");
        }
        let report = written(folder, name, &["--title", "One"]);
        assert_eq!(report["images"][0]["hints"], Value::Array(Vec::new()), "{name}");
        // A drive beside another has no title that anybody sees.
        let report = written(folder, "dos.img", &["--with", name]);
        assert_eq!(report["companions"][0]["hints"], Value::Array(Vec::new()), "{name}");
        fs::remove_file(folder.join("stick.img")).unwrap();
    }
}

#[test]
fn a_name_that_is_no_utf_8_loses_letters_too() {
    let folder = tempfile::tempdir().unwrap();
    let name = OsStr::from_bytes(b"caf\xE9.img");
    let mut image = vec![0x90; 4096];
    image[510..512].copy_from_slice(&[0x55, 0xAA]);
    fs::write(folder.path().join(name), &image).unwrap();
    let mut command = Command::new(env!("CARGO_BIN_EXE_ramkey"));
    let output = command.arg("plan").arg(name).current_dir(folder.path()).output().unwrap();
    let text = String::from_utf8_lossy(&output.stdout);
    assert!(text.contains("--title \"...\" gives it another title than \"caf_\""), "{text}");
}
