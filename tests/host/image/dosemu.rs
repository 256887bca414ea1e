//! Disks of DOSEMU: the header in front of them is left out, and tells the geometry.

use std::fs;
use std::path::Path;
use std::process::{Command, Output, Stdio};

use crate::frames::sticks::{Image, noise};
use ramkey::contents::{Kind, KindChoice, Warning, probe};
use ramkey::image::{ImageError, unwrapped};
use serde_json::Value;

/// Sectors of the disk: 615 cylinders, 4 heads, 17 sectors per track.
const SECTORS: usize = 615 * 4 * 17;

/// A header that says so.
fn header(heads: u32, track: u32, cylinders: u32, begin: u32) -> Vec<u8> {
    let mut header = b"DOSEMU\0".to_vec();
    for number in [heads, track, cylinders, begin] {
        header.extend(number.to_le_bytes());
    }
    header.resize(128, 0);
    header
}

fn disk() -> Vec<u8> {
    noise(SECTORS * 512)
}

/// A folder with a disk, and with the same disk behind a header.
struct Desk {
    folder: tempfile::TempDir,
}

impl Desk {
    fn new() -> Self {
        let desk = Self { folder: tempfile::tempdir().unwrap() };
        desk.put("disk.img", &disk());
        desk.put("dosemu.img", &[header(4, 17, 615, 128), disk()].concat());
        desk
    }

    fn put(&self, name: &str, bytes: &[u8]) {
        fs::write(self.folder.path().join(name), bytes).unwrap();
    }

    fn ramkey(&self, arguments: &[&str]) -> Output {
        let mut command = Command::new(env!("CARGO_BIN_EXE_ramkey"));
        command.args(arguments).current_dir(self.folder.path()).stdin(Stdio::null()).output().unwrap()
    }

    fn json(&self, arguments: &[&str]) -> Value {
        let output = self.ramkey(&[arguments, &["--json"]].concat());
        serde_json::from_slice(&output.stdout).unwrap_or_else(|error| panic!("{error}: {output:?}"))
    }
}

#[test]
fn a_disk_behind_a_header_has_the_header_s_geometry_and_the_disk_s_bytes() {
    let source =
        unwrapped(Path::new("d.img"), Box::new(Image([header(4, 17, 615, 128), disk()].concat()))).unwrap();
    let facts = probe(Path::new("d.img"), &*source, KindChoice::Auto, None).unwrap();
    assert_eq!((facts.kind, facts.geometry.to_string()), (Kind::HardDisk, "615/4/17".into()));
    assert_eq!((facts.len, facts.disk_sectors as usize), (SECTORS as u64 * 512, SECTORS));
    assert!(facts.boot_signature && facts.warnings.is_empty(), "{:?}", facts.warnings);
    assert_eq!(facts.wrapping.and_then(|wrapping| wrapping.header_len), Some(128));
    let mut sector = [0; 512];
    source.read_at(0, &mut sector).unwrap();
    assert!(sector == disk()[..512]);
    assert!(source.read_at(u64::MAX - 4, &mut sector).is_err(), "an address that does not exist");
    assert!(source.read_at(facts.len - 511, &mut sector).is_err(), "a byte behind the end");

    let asked = |kind, chs: Option<&str>| {
        probe(Path::new("d.img"), &*source, kind, chs.map(|chs| chs.parse().unwrap())).unwrap()
    };
    let facts = asked(KindChoice::Auto, Some("82/8/63"));
    assert_eq!(facts.geometry.to_string(), "82/8/63", "what is asked for wins");
    assert_eq!(asked(KindChoice::Is(Kind::Partition), None).kind, Kind::Partition);
}

#[test]
fn a_disk_that_is_shorter_or_longer_than_its_header_says_is_used() {
    let facts = |header: Vec<u8>, len: usize| {
        let source = unwrapped(Path::new("d.img"), Box::new(Image([header, noise(len)].concat()))).unwrap();
        probe(Path::new("d.img"), &*source, KindChoice::Auto, None).unwrap()
    };
    // DOSEMU makes a disk of a few sectors, and the rest when it is written.
    let short = facts(header(4, 17, 615, 128), 10 << 20);
    assert_eq!((short.geometry.to_string(), short.disk_sectors as usize), ("615/4/17".into(), SECTORS));
    // But not so many sectors that are not there.
    let missing = facts(header(16, 63, 1024, 128), 1 << 20);
    assert_eq!((missing.geometry.to_string(), missing.disk_sectors), ("3/16/63".into(), 3024));
    let long = facts(header(4, 17, 600, 128), SECTORS * 512);
    assert_eq!((long.geometry.to_string(), long.disk_sectors as usize), ("600/4/17".into(), SECTORS));
    let beyond = Warning::BeyondGeometry { reach: 40_800, present: SECTORS as u64 };
    assert_eq!(long.warnings, [beyond]);
    let other = facts([header(4, 17, 615, 4096), vec![0; 4096 - 128]].concat(), SECTORS * 512);
    assert_eq!(other.wrapping.and_then(|wrapping| wrapping.header_len), Some(4096));
}

#[test]
fn a_header_that_makes_no_sense_is_named_with_the_command_that_leaves_it_out() {
    let open = |bytes: Vec<u8>| unwrapped(Path::new("my disk.img"), Box::new(Image(bytes)));
    let table = [
        (header(0, 17, 615, 128), "no disk has the geometry 615/0/17"),
        (header(4, 0, 615, 128), "no disk has the geometry 615/4/0"),
        (header(4, 17, 0, 128), "no disk has the geometry 0/4/17"),
        (header(256, 17, 615, 128), "no disk has the geometry 615/256/17"),
        (header(4, 64, 615, 128), "no disk has the geometry 615/4/64"),
        (header(0x0001_0004, 17, 615, 128), "no disk has the geometry 615/65540/17"),
        (header(255, 63, u32::MAX, 128), "no disk has the geometry 4294967295/255/63"),
        (header(255, 63, 523, 128), "no disk has the geometry 523/255/63"),
        (header(4, 17, 615, 0), "the disk cannot begin at byte 0 of"),
        (header(4, 17, 615, 127), "the disk cannot begin at byte 127 of"),
        (header(4, 17, 615, 0x8000_0000), "the disk cannot begin at byte 2147483648 of"),
        (header(4, 17, 615, 129), "there is no disk at byte 129"),
        (b"DOSEMU\0\x04\0".to_vec(), "the file ends in it"),
    ];
    for (header, why) in table {
        let whole = header.len() == 128;
        let bytes = if whole { [header, disk()].concat() } else { header };
        let Err(error) = open(bytes) else { panic!("{why}") };
        let text = error.to_string();
        assert!(text.starts_with(&format!("my disk.img has a damaged DOSEMU header: {why}")), "{text}");
        assert!(
            error.help().contains("`tail -c +129 'my disk.img' > 'my disk.raw.img'`"),
            "{}",
            error.help()
        );
    }
    assert!(open(header(4, 17, 615, 128)).is_err(), "nothing behind it");
    assert!(matches!(open(Vec::new()), Ok(source) if source.is_empty()));
    // Boot code that begins with these letters.
    let mut boots = noise(1 << 20);
    boots[..7].copy_from_slice(b"DOSEMU\0");
    assert_eq!(open(boots).unwrap().len(), 1 << 20);
}

#[test]
fn a_stick_of_it_is_the_stick_of_the_disk_and_its_hash_that_of_the_disk() {
    let desk = Desk::new();
    let plain = desk.json(&["write", "disk.img", "--chs", "615/4/17", "--title", "A", "--to", "plain.img"]);
    let ours = desk.json(&["write", "dosemu.img", "--title", "A", "--to", "ours.img"]);
    let image = &ours["images"][0];
    assert_eq!(image["blake3"], blake3::hash(&disk()).to_hex().to_string());
    assert_eq!((&image["len"], &image["geometry"]), (&(SECTORS * 512).into(), &"615/4/17".into()));
    assert_eq!(image["header"]["len"], 128);
    assert_eq!(image["header"]["disk"], "tail -c +129 dosemu.img");
    assert_eq!(image["warnings"], Value::Array(Vec::new()));
    assert!(plain["images"][0]["header"].is_null());
    assert_eq!(image["ram_needed"], plain["images"][0]["ram_needed"]);
    assert_eq!(ours["bytes"], plain["bytes"]);
    let verdict = desk.json(&["verify", "--strict", "ours.img"]);
    assert_eq!((&verdict["sound"], &verdict["capsules"][0]["blake3"]), (&true.into(), &image["blake3"]));

    let text = String::from_utf8(desk.ramkey(&["plan", "dosemu.img"]).stdout).unwrap();
    let line =
        "the header of DOSEMU, 128 bytes, is left out; BLAKE3 is that of `tail -c +129 dosemu.img | b3sum`";
    assert!(text.contains(line), "{text}");

    let beside = desk.json(&["write", "disk.img", "--with", "83h:dosemu.img", "--to", "two.img"]);
    assert_eq!(beside["companions"][0]["blake3"], image["blake3"]);
    assert_eq!(beside["companions"][0]["geometry"], "615/4/17");
    assert_eq!(desk.json(&["verify", "--strict", "two.img"])["sound"], true);
}

#[test]
fn inspect_says_that_there_is_a_header_and_hashes_the_disk() {
    let desk = Desk::new();
    let found = desk.json(&["inspect", "--hash", "dosemu.img"]);
    assert_eq!(found["blake3"], blake3::hash(&disk()).to_hex().to_string());
    assert_eq!((&found["len"], &found["header"]["program"]), (&(SECTORS * 512).into(), &"DOSEMU".into()));
    let text = String::from_utf8(desk.ramkey(&["inspect", "dosemu.img"]).stdout).unwrap();
    assert!(text.contains("\nheader    the header of DOSEMU, 128 bytes, is left out"), "{text}");
    assert!(text.contains("\nkind      hard disk: it has the header of a disk of DOSEMU\n"), "{text}");

    desk.put("bad.img", &[header(4, 17, 615, 0), disk()].concat());
    assert_eq!(desk.ramkey(&["inspect", "bad.img"]).status.code(), Some(1));
    let output = desk.ramkey(&["write", "bad.img", "--to", "new.img", "--yes"]);
    assert_eq!(output.status.code(), Some(3));
    assert!(!desk.folder.path().join("new.img").exists());
    let name = Path::new("x.img");
    assert!(matches!(unwrapped(name, Box::new(Image(header(0, 0, 0, 0)))), Err(ImageError::Header { .. })));
}
