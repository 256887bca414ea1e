//! Packed images, files in archives and standard input, for every command that takes an image.

use std::fs;
use std::io::Write;
use std::os::unix::fs::PermissionsExt;
use std::os::unix::process::CommandExt;
use std::path::{Path, PathBuf};
use std::process::{Command, Output, Stdio};

use serde_json::Value;

use crate::frames::loops::Mount;
use crate::frames::packers::{ARCHIVES, STREAMS, archive, pack};
use crate::frames::sticks::noise;
use ramkey::sandbox::NOBODY;

const LEN: usize = 90_000;

/// A folder with an image and packed ones, and another one for temporary files.
struct Desk {
    folder: tempfile::TempDir,
    temporary: tempfile::TempDir,
}

impl Desk {
    fn new() -> Self {
        let desk = Self { folder: tempfile::tempdir().unwrap(), temporary: tempfile::tempdir().unwrap() };
        fs::set_permissions(desk.folder.path(), fs::Permissions::from_mode(0o777)).unwrap();
        fs::set_permissions(desk.temporary.path(), fs::Permissions::from_mode(0o777)).unwrap();
        desk.put("dos.img", &noise(LEN));
        desk.put("dos.img.gz", &pack(&["gzip", "-n"], &noise(LEN)));
        desk
    }

    fn put(&self, name: &str, bytes: &[u8]) {
        fs::write(self.path(name), bytes).unwrap();
    }

    fn path(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }

    fn command(&self, arguments: &[&str]) -> Command {
        let mut command = Command::new(env!("CARGO_BIN_EXE_ramkey"));
        command.args(arguments).current_dir(self.folder.path()).env("TMPDIR", self.temporary.path());
        command
    }

    fn ramkey(&self, arguments: &[&str]) -> Output {
        let output = self.command(arguments).stdin(Stdio::null()).output().unwrap();
        assert_eq!(fs::read_dir(self.temporary.path()).unwrap().count(), 0, "nothing is left");
        output
    }

    fn json(&self, arguments: &[&str]) -> Value {
        let output = self.ramkey(&[arguments, &["--json"]].concat());
        assert!(output.status.success(), "{arguments:?}: {output:?}");
        serde_json::from_slice(&output.stdout).unwrap()
    }

    /// Exit status and standard error.
    fn refused(&self, arguments: &[&str]) -> (Option<i32>, String) {
        let output = self.ramkey(arguments);
        (output.status.code(), String::from_utf8_lossy(&output.stderr).into_owned())
    }

    /// The same with `input` on standard input.
    fn with_input(&self, arguments: &[&str], input: &[u8]) -> Output {
        let mut command = self.command(arguments);
        command.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped());
        let mut child = command.spawn().unwrap();
        // A command that refuses does not read it.
        let _ = child.stdin.take().unwrap().write_all(input);
        child.wait_with_output().unwrap()
    }
}

fn hash(bytes: &[u8]) -> String {
    blake3::hash(bytes).to_hex().to_string()
}

#[test]
fn whatever_an_image_is_packed_in_is_told_and_its_hash_is_that_of_the_image() {
    let desk = Desk::new();
    for (command, name) in STREAMS.iter().step_by(2) {
        desk.put("packed.bin", &pack(command, &noise(LEN)));
        let found = desk.json(&["inspect", "--hash", "packed.bin"]);
        let packed_len = fs::metadata(desk.path("packed.bin")).unwrap().len();
        assert_eq!(found["blake3"], hash(&noise(LEN)), "{command:?}");
        let told =
            serde_json::json!([{ "container": name, "packed_len": packed_len, "member": null, "len": LEN }]);
        assert_eq!(found["unpacked"], told, "{command:?}");
    }
    for (command, name) in [ARCHIVES[0], ARCHIVES[5]] {
        desk.put("packed.bin", &archive(command, &[("x/dos.img", &noise(LEN)), ("y", b"y")]));
        let found = desk.json(&["inspect", "--hash", "packed.bin#x/dos.img"]);
        assert_eq!(found["blake3"], hash(&noise(LEN)), "{command:?}");
        assert_eq!(
            (&found["unpacked"][0]["container"], &found["unpacked"][0]["member"]),
            (&name.into(), &"x/dos.img".into())
        );
    }
    let text = String::from_utf8(desk.ramkey(&["inspect", "dos.img.gz"]).stdout).unwrap();
    let packed =
        text.lines().find(|line| line.starts_with("packed    gzip, ")).unwrap_or_else(|| panic!("{text}"));
    assert!(packed.ends_with("; unpacked to 87.8 KiB"), "{packed}");
    assert!(desk.json(&["inspect", "dos.img"])["unpacked"].as_array().unwrap().is_empty());
}

#[test]
fn every_command_makes_the_same_of_a_packed_image_as_of_the_image() {
    let desk = Desk::new();
    let both = |arguments: &[&str], out: &str| {
        // The text beside the images has the name and the hashes of the file as it was downloaded.
        let made: Vec<Vec<serde_json::Value>> = ["dos.img", "dos.img.gz"]
            .iter()
            .map(|image| {
                let _ = fs::remove_file(desk.path(out));
                let given: Vec<&str> =
                    arguments.iter().map(|word| if *word == "IMAGE" { image } else { *word }).collect();
                let output = desk.ramkey(&given);
                assert!(output.status.success(), "{given:?}: {output:?}");
                let found = desk.json(&["verify", out]);
                ["capsules", "stick_id", "label", "changes", "faults", "readme"]
                    .map(|field| found[field].clone())
                    .to_vec()
            })
            .collect();
        assert!(made[0] == made[1], "{arguments:?}: the same images, names and titles");
    };
    both(&["write", "IMAGE", "--to", "s.img", "--size", "4M"], "s.img");
    both(&["write", "dos.img", "--with", "IMAGE", "--to", "s.img", "--size", "4M"], "s.img");
    both(&["write", "dos.img", "--floppy", "IMAGE", "--to", "s.img", "--size", "4M"], "s.img");
    // The text on a disc has the hashes of the file as it was downloaded, so the disc is another from there on.
    for image in ["dos.img", "dos.img.gz"] {
        // There is none before the first.
        let _ = fs::remove_file(desk.path("d.iso"));
        assert!(desk.ramkey(&["disc", image, "--to", "d.iso"]).status.success());
        let found = desk.json(&["verify", "d.iso"]);
        assert_eq!(found["capsules"][0]["blake3"], hash(&noise(LEN)), "{image}: {found}");
    }
    let plan = desk.json(&["plan", "dos.img.gz", "--size", "4M"]);
    assert_eq!(plan["images"][0]["unpacked"][0]["container"], "gzip", "{plan}");
    assert_eq!(plan["images"][0]["title"], "dos");

    // A disc image of ramkey that is packed is copied as it is.
    desk.put("d.iso.xz", &pack(&["xz", "-0"], &fs::read(desk.path("d.iso")).unwrap()));
    let copied = desk.json(&["write", "d.iso.xz", "--to", "copy.img"]);
    assert_eq!(copied["blake3"], hash(&fs::read(desk.path("d.iso")).unwrap()), "{copied}");

    // Into a stick that is there.
    desk.put("other.img", &[&noise(LEN)[..], b"more"].concat());
    desk.put("other.img.zst", &pack(&["zstd", "-q"], &fs::read(desk.path("other.img")).unwrap()));
    for (verb, other) in [("reflash", "dos"), ("add", "other")] {
        desk.ramkey(&["write", "dos.img", "--to", "s.img", "--size", "4M", "--yes"]);
        let output = desk.ramkey(&[verb, "other.img.zst", "--to", "s.img", "--yes"]);
        assert!(output.status.success(), "{verb}: {output:?}");
        let shown = desk.json(&["inspect", "s.img"]).to_string();
        let wanted = hash(&fs::read(desk.path("other.img")).unwrap());
        assert!(shown.contains(&wanted) && shown.contains(&format!("\"{other}\"")), "{verb}: {shown}");
        fs::remove_file(desk.path("s.img")).unwrap();
    }
}

#[test]
fn an_image_is_unpacked_as_often_as_it_was_packed_but_for_a_bound() {
    let desk = Desk::new();
    let mut packed = noise(LEN);
    for number in 1..=5 {
        packed = pack(&["gzip"], &packed);
        desk.put(&format!("{number}.gz"), &packed);
    }
    assert_eq!(desk.json(&["inspect", "4.gz"])["unpacked"].as_array().unwrap().len(), 4);
    let (status, text) = desk.refused(&["inspect", "5.gz"]);
    assert_eq!(status, Some(1));
    assert!(text.contains("that is the layer number 5, and 4 are unpacked"), "{text}");

    let inner = archive(ARCHIVES[0].0, &[("a.img", &noise(LEN)), ("b.img", &noise(5000))]);
    let outer = archive(ARCHIVES[5].0, &[("in.zip", &inner), ("c.img", b"c")]);
    desk.put("all.7z.gz", &pack(&["gzip"], &outer));
    let found = desk.json(&["plan", "all.7z.gz#in.zip#b.img", "--size", "4M"]);
    assert_eq!(found["images"][0]["blake3"], hash(&noise(5000)), "{found}");
    assert_eq!(found["images"][0]["title"], "b");
    let (_, text) = desk.refused(&["inspect", "all.7z.gz#in.zip"]);
    assert!(text.contains("there are 2 files in it: a.img, b.img"), "{text}");
    assert!(text.contains("all.7z.gz#in.zip#a.img"), "the next command is said: {text}");
    let (_, text) = desk.refused(&["inspect", "dos.img#a"]);
    assert!(text.contains("dos.img is no archive, so there is no file a in it"), "{text}");
    // A disk of DOSEMU in it.
    let mut dosemu = b"DOSEMU\0\x04\0\0\0\x11\0\0\0\x67\x02\0\0\x80\0\0\0".to_vec();
    dosemu.resize(128, 0);
    dosemu.extend_from_slice(&noise(615 * 4 * 17 * 512));
    desk.put("dosemu.gz", &pack(&["gzip", "-1"], &dosemu));
    assert_eq!(desk.json(&["inspect", "dosemu.gz"])["geometry"], "615/4/17");
}

#[test]
fn a_file_whose_name_has_the_sign_is_that_file() {
    let desk = Desk::new();
    desk.put("a#b.img", &noise(7000));
    desk.put("x.zip", &archive(ARCHIVES[0].0, &[("a#b.img", &noise(9000)), ("c", b"c")]));
    desk.put("x.zip#c", &noise(11_000));
    for (name, len) in [("a#b.img", 7000), ("x.zip#a#b.img", 9000), ("x.zip#c", 11_000)] {
        assert_eq!(desk.json(&["inspect", name])["len"], len, "{name}");
        assert_eq!(desk.json(&["plan", name, "--size", "4M"])["images"][0]["len"], len, "{name}");
    }
    let (status, text) = desk.refused(&["write", "no.zip#a", "--to", "s.img"]);
    assert_eq!(status, Some(3), "{text}");
    assert!(text.contains("no.zip#a"), "{text}");
}

#[test]
fn standard_input_is_an_image_too_packed_or_not() {
    let desk = Desk::new();
    let packed = fs::read(desk.path("dos.img.gz")).unwrap();
    for input in [&noise(LEN)[..], &packed] {
        let output = desk.with_input(&["inspect", "-", "--hash", "--json"], input);
        let found: Value = serde_json::from_slice(&output.stdout).unwrap_or_else(|_| panic!("{output:?}"));
        assert_eq!((&found["blake3"], &found["path"]), (&hash(&noise(LEN)).into(), &"-".into()));
        let output = desk.with_input(&["write", "-", "--with", "dos.img", "--to", "s.img", "--yes"], input);
        assert!(output.status.success(), "{output:?}");
    }
    // What is wrong with it is told, although it can be read once only.
    let several = archive(ARCHIVES[0].0, &[("a.img", b"one"), ("b.img", b"two")]);
    let cut = &packed[..packed.len() - 9];
    for (input, why) in [(cut, "it ends too early"), (&several[..], "as in `'FILE#a.img'`")] {
        for command in [&["inspect", "-"][..], &["plan", "-"], &["write", "-", "--to", "t.img", "--yes"]] {
            let output = desk.with_input(command, input);
            let text = String::from_utf8_lossy(&output.stderr).into_owned();
            assert!(!output.status.success() && text.contains(why), "{command:?}: {text}");
            assert!(!desk.path("t.img").exists(), "{command:?}");
        }
    }
    // A text on standard input opens nothing.
    let text = "# Disk DescriptorFile\nversion=1\nCID=fffffffe\nparentCID=ffffffff\ncreateType=\"monolithicFlat\"\nRW 1 FLAT \"dos.img\" 0\n";
    let output = desk.with_input(&["inspect", "-"], text.as_bytes());
    let said = String::from_utf8_lossy(&output.stderr).into_owned();
    assert!(!output.status.success() && said.contains("dos.img"), "{said}");
    let output = desk.with_input(&["inspect", "-"], b"");
    assert_eq!(output.status.code(), Some(1), "{output:?}");
    // Nobody types an image.
    let command = format!("{} inspect -", env!("CARGO_BIN_EXE_ramkey"));
    let output =
        Command::new("script").args(["-qec", &command, "/dev/null"]).stdin(Stdio::null()).output().unwrap();
    let text = String::from_utf8_lossy(&output.stdout).into_owned();
    assert!(text.contains("- is standard input, and that is the terminal"), "{text}");
}

#[test]
fn a_packed_image_is_refused_as_the_target_by_every_name_as_the_image_is() {
    let desk = Desk::new();
    for image in ["dos.img", "dos.img.gz"] {
        let before = fs::read(desk.path(image)).unwrap();
        let hard = format!("hard-{image}");
        fs::hard_link(desk.path(image), desk.path(&hard)).unwrap();
        std::os::unix::fs::symlink(image, desk.path(&format!("soft-{image}"))).unwrap();
        for target in [image.to_owned(), hard, format!("soft-{image}")] {
            for command in [&["write", image][..], &["write", "dos.img", "--with", image]] {
                let arguments = [command, &["--to", &target, "--yes"]].concat();
                let (status, text) = desk.refused(&arguments);
                assert_eq!(status, Some(3), "{arguments:?}: {text}");
                assert!(fs::read(desk.path(image)).unwrap() == before, "{arguments:?}");
            }
        }
    }
    // What is on a stick that would be written.
    let Some(mount) = Mount::new(Path::new("none"), desk.path("mounted"), &["-t", "tmpfs"]) else { return };
    fs::copy(desk.path("dos.img.gz"), mount.folder.join("dos.img.gz")).unwrap();
    let name = mount.folder.join("dos.img.gz");
    assert!(desk.ramkey(&["inspect", name.to_str().unwrap()]).status.success());
}

#[test]
fn where_there_is_no_room_for_what_is_unpacked_the_folder_is_named() {
    let desk = Desk::new();
    let missing = |folder: &Path| {
        let mut command = desk.command(&["write", "dos.img.gz", "--to", "s.img"]);
        let output = command.env("TMPDIR", folder).stdin(Stdio::null()).output().unwrap();
        (output.status.code(), String::from_utf8_lossy(&output.stderr).into_owned())
    };
    let none = desk.path("no folder");
    let (status, text) = missing(&none);
    let why =
        format!("dos.img.gz is kept in a temporary file, and there is no place for it in {}", none.display());
    assert_eq!(status, Some(3), "{text}");
    assert!(text.contains(&why) && text.contains("TMPDIR=FOLDER"), "{text}");
    let Some(mount) = Mount::new(Path::new("none"), desk.path("small"), &["-t", "tmpfs", "-o", "size=32k"])
    else {
        return;
    };
    fs::set_permissions(&mount.folder, fs::Permissions::from_mode(0o777)).unwrap();
    let (status, text) = missing(&mount.folder);
    assert_eq!(status, Some(3), "{text}");
    let why = format!("there is no place for it in {}", mount.folder.display());
    assert!(text.contains(&why) && text.contains("No space left"), "{text}");
    assert!(!desk.path("s.img").exists());
}

#[test]
fn root_and_anybody_are_told_the_same_of_what_is_packed() {
    if !rustix::process::geteuid().is_root() {
        return;
    }
    let desk = Desk::new();
    let packed = fs::read(desk.path("dos.img.gz")).unwrap();
    desk.put("cut.gz", &packed[..packed.len() / 2]);
    desk.put("behind.gz", &[&packed[..], b"behind"].concat());
    desk.put("two.zip", &archive(ARCHIVES[0].0, &[("a.img", &noise(LEN)), ("b", b"b")]));
    desk.put("a.7z", &archive(ARCHIVES[5].0, &[("a.img", &noise(LEN))]));
    desk.put("dictionary.xz", &pack(&["xz", "--lzma2=dict=1GiB"], b"x"));
    for name in [
        "dos.img.gz",
        "cut.gz",
        "behind.gz",
        "two.zip",
        "two.zip#a.img",
        "two.zip#c",
        "a.7z",
        "dictionary.xz",
    ] {
        let told = |as_nobody: bool| {
            let mut command = desk.command(&["inspect", "--hash", "--json", name]);
            if as_nobody {
                command.uid(NOBODY).gid(NOBODY);
            }
            let output = command.stdin(Stdio::null()).output().unwrap();
            let told = if output.stdout.is_empty() { output.stderr } else { output.stdout };
            (output.status.code(), String::from_utf8_lossy(&told).into_owned())
        };
        assert_eq!(told(false), told(true), "{name}");
    }
}
