//! Packed images, files in archives and standard input, for every command that takes an image.

use std::fs;
use std::os::unix::fs::PermissionsExt;
use std::os::unix::process::CommandExt;
use std::path::Path;
use std::process::{Command, Stdio};

use serde_json::Value;

use crate::frames::loops::Mount;
use crate::frames::packers::{ARCHIVES, STREAMS, archive, pack};
use crate::frames::sticks::noise;
use crate::frames::workplace::Workplace;
use ramkey::sandbox::NOBODY;

const LEN: usize = 90_000;

/// A workplace with an image and the same packed.
fn workplace() -> Workplace {
    let place = Workplace::new();
    place.put("dos.img", &noise(LEN));
    place.put("dos.img.gz", &pack(&["gzip", "-n"], &noise(LEN)));
    place
}

fn hash(bytes: &[u8]) -> String {
    blake3::hash(bytes).to_hex().to_string()
}

#[test]
fn whatever_an_image_is_packed_in_is_told_and_its_hash_is_that_of_the_image() {
    let place = workplace();
    for (command, name) in STREAMS.iter().step_by(2) {
        place.put("packed.bin", &pack(command, &noise(LEN)));
        let found = place.json(&["inspect", "--hash", "packed.bin"]);
        let packed_len = fs::metadata(place.path("packed.bin")).unwrap().len();
        assert_eq!(found["blake3"], hash(&noise(LEN)), "{command:?}");
        let told =
            serde_json::json!([{ "container": name, "packed_len": packed_len, "member": null, "len": LEN }]);
        assert_eq!(found["unpacked"], told, "{command:?}");
    }
    for (command, name) in [ARCHIVES[0], ARCHIVES[5]] {
        place.put("packed.bin", &archive(command, &[("x/dos.img", &noise(LEN)), ("y", b"y")]));
        let found = place.json(&["inspect", "--hash", "packed.bin#x/dos.img"]);
        assert_eq!(found["blake3"], hash(&noise(LEN)), "{command:?}");
        assert_eq!(
            (&found["unpacked"][0]["container"], &found["unpacked"][0]["member"]),
            (&name.into(), &"x/dos.img".into())
        );
    }
    let text = String::from_utf8(place.ramkey(&["inspect", "dos.img.gz"]).stdout).unwrap();
    let packed =
        text.lines().find(|line| line.starts_with("packed    gzip, ")).unwrap_or_else(|| panic!("{text}"));
    assert!(packed.ends_with("; unpacked to 87.8 KiB"), "{packed}");
    assert!(place.json(&["inspect", "dos.img"])["unpacked"].as_array().unwrap().is_empty());
}

#[test]
fn every_command_makes_the_same_of_a_packed_image_as_of_the_image() {
    let place = workplace();
    let both = |arguments: &[&str], out: &str| {
        // The text beside the images has the name and the hashes of the file as it was downloaded.
        let made: Vec<Vec<serde_json::Value>> = ["dos.img", "dos.img.gz"]
            .iter()
            .map(|image| {
                let _ = fs::remove_file(place.path(out));
                let given: Vec<&str> =
                    arguments.iter().map(|word| if *word == "IMAGE" { image } else { *word }).collect();
                let output = place.ramkey(&given);
                assert!(output.status.success(), "{given:?}: {output:?}");
                let found = place.json(&["verify", out]);
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
        let _ = fs::remove_file(place.path("d.iso"));
        assert!(place.ramkey(&["disc", image, "--to", "d.iso"]).status.success());
        let found = place.json(&["verify", "d.iso"]);
        assert_eq!(found["capsules"][0]["blake3"], hash(&noise(LEN)), "{image}: {found}");
    }
    let plan = place.json(&["plan", "dos.img.gz", "--size", "4M"]);
    assert_eq!(plan["images"][0]["unpacked"][0]["container"], "gzip", "{plan}");
    assert_eq!(plan["images"][0]["title"], "dos");

    // A disc image of ramkey that is packed is copied as it is.
    place.put("d.iso.xz", &pack(&["xz", "-0"], &fs::read(place.path("d.iso")).unwrap()));
    let copied = place.json(&["write", "d.iso.xz", "--to", "copy.img"]);
    assert_eq!(copied["blake3"], hash(&fs::read(place.path("d.iso")).unwrap()), "{copied}");

    // Into a stick that is there.
    place.put("other.img", &[&noise(LEN)[..], b"more"].concat());
    place.put("other.img.zst", &pack(&["zstd", "-q"], &fs::read(place.path("other.img")).unwrap()));
    for (verb, other) in [("reflash", "dos"), ("add", "other")] {
        place.ramkey(&["write", "dos.img", "--to", "s.img", "--size", "4M", "--yes"]);
        let output = place.ramkey(&[verb, "other.img.zst", "--to", "s.img", "--yes"]);
        assert!(output.status.success(), "{verb}: {output:?}");
        let shown = place.json(&["inspect", "s.img"]).to_string();
        let wanted = hash(&fs::read(place.path("other.img")).unwrap());
        assert!(shown.contains(&wanted) && shown.contains(&format!("\"{other}\"")), "{verb}: {shown}");
        fs::remove_file(place.path("s.img")).unwrap();
    }
}

#[test]
fn an_image_is_unpacked_as_often_as_it_was_packed_but_for_a_bound() {
    let place = workplace();
    let mut packed = noise(LEN);
    for number in 1..=5 {
        packed = pack(&["gzip"], &packed);
        place.put(&format!("{number}.gz"), &packed);
    }
    assert_eq!(place.json(&["inspect", "4.gz"])["unpacked"].as_array().unwrap().len(), 4);
    let (status, text) = place.refused(&["inspect", "5.gz"]);
    assert_eq!(status, Some(1));
    assert!(text.contains("that is the layer number 5, and 4 are unpacked"), "{text}");

    let inner = archive(ARCHIVES[0].0, &[("a.img", &noise(LEN)), ("b.img", &noise(5000))]);
    let outer = archive(ARCHIVES[5].0, &[("in.zip", &inner), ("c.img", b"c")]);
    place.put("all.7z.gz", &pack(&["gzip"], &outer));
    let found = place.json(&["plan", "all.7z.gz#in.zip#b.img", "--size", "4M"]);
    assert_eq!(found["images"][0]["blake3"], hash(&noise(5000)), "{found}");
    assert_eq!(found["images"][0]["title"], "b");
    let (_, text) = place.refused(&["inspect", "all.7z.gz#in.zip"]);
    assert!(text.contains("there are 2 files in it: a.img, b.img"), "{text}");
    assert!(text.contains("all.7z.gz#in.zip#a.img"), "the next command is said: {text}");
    let (_, text) = place.refused(&["inspect", "dos.img#a"]);
    assert!(text.contains("dos.img is no archive, so there is no file a in it"), "{text}");
    // A disk of DOSEMU in it.
    let mut dosemu = b"DOSEMU\0\x04\0\0\0\x11\0\0\0\x67\x02\0\0\x80\0\0\0".to_vec();
    dosemu.resize(128, 0);
    dosemu.extend_from_slice(&noise(615 * 4 * 17 * 512));
    place.put("dosemu.gz", &pack(&["gzip", "-1"], &dosemu));
    assert_eq!(place.json(&["inspect", "dosemu.gz"])["geometry"], "615/4/17");
}

#[test]
fn a_file_whose_name_has_the_sign_is_that_file() {
    let place = workplace();
    place.put("a#b.img", &noise(7000));
    place.put("x.zip", &archive(ARCHIVES[0].0, &[("a#b.img", &noise(9000)), ("c", b"c")]));
    place.put("x.zip#c", &noise(11_000));
    for (name, len) in [("a#b.img", 7000), ("x.zip#a#b.img", 9000), ("x.zip#c", 11_000)] {
        assert_eq!(place.json(&["inspect", name])["len"], len, "{name}");
        assert_eq!(place.json(&["plan", name, "--size", "4M"])["images"][0]["len"], len, "{name}");
    }
    let (status, text) = place.refused(&["write", "no.zip#a", "--to", "s.img"]);
    assert_eq!(status, Some(3), "{text}");
    assert!(text.contains("no.zip#a"), "{text}");
}

#[test]
fn standard_input_is_an_image_too_packed_or_not() {
    let place = workplace();
    let packed = fs::read(place.path("dos.img.gz")).unwrap();
    for input in [&noise(LEN)[..], &packed] {
        let output = place.with_input(&["inspect", "-", "--hash", "--json"], input);
        let found: Value = serde_json::from_slice(&output.stdout).unwrap_or_else(|_| panic!("{output:?}"));
        assert_eq!((&found["blake3"], &found["path"]), (&hash(&noise(LEN)).into(), &"-".into()));
        let output = place.with_input(&["write", "-", "--with", "dos.img", "--to", "s.img", "--yes"], input);
        assert!(output.status.success(), "{output:?}");
    }
    // What is wrong with it is told, although it can be read once only.
    let several = archive(ARCHIVES[0].0, &[("a.img", b"one"), ("b.img", b"two")]);
    let cut = &packed[..packed.len() - 9];
    for (input, why) in [(cut, "it ends too early"), (&several[..], "as in `'FILE#a.img'`")] {
        for command in [&["inspect", "-"][..], &["plan", "-"], &["write", "-", "--to", "t.img", "--yes"]] {
            let output = place.with_input(command, input);
            let text = String::from_utf8_lossy(&output.stderr).into_owned();
            assert!(!output.status.success() && text.contains(why), "{command:?}: {text}");
            assert!(!place.path("t.img").exists(), "{command:?}");
        }
    }
    // A text on standard input opens nothing.
    let text = "# Disk DescriptorFile\nversion=1\nCID=fffffffe\nparentCID=ffffffff\ncreateType=\"monolithicFlat\"\nRW 1 FLAT \"dos.img\" 0\n";
    let output = place.with_input(&["inspect", "-"], text.as_bytes());
    let said = String::from_utf8_lossy(&output.stderr).into_owned();
    assert!(!output.status.success() && said.contains("dos.img"), "{said}");
    let output = place.with_input(&["inspect", "-"], b"");
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
    let place = workplace();
    for image in ["dos.img", "dos.img.gz"] {
        let before = fs::read(place.path(image)).unwrap();
        let hard = format!("hard-{image}");
        fs::hard_link(place.path(image), place.path(&hard)).unwrap();
        std::os::unix::fs::symlink(image, place.path(&format!("soft-{image}"))).unwrap();
        for target in [image.to_owned(), hard, format!("soft-{image}")] {
            for command in [&["write", image][..], &["write", "dos.img", "--with", image]] {
                let arguments = [command, &["--to", &target, "--yes"]].concat();
                let (status, text) = place.refused(&arguments);
                assert_eq!(status, Some(3), "{arguments:?}: {text}");
                assert!(fs::read(place.path(image)).unwrap() == before, "{arguments:?}");
            }
        }
    }
    // What is on a stick that would be written.
    let Some(mount) = Mount::new(Path::new("none"), place.path("mounted"), &["-t", "tmpfs"]) else { return };
    fs::copy(place.path("dos.img.gz"), mount.folder.join("dos.img.gz")).unwrap();
    let name = mount.folder.join("dos.img.gz");
    assert!(place.ramkey(&["inspect", name.to_str().unwrap()]).status.success());
}

#[test]
fn where_there_is_no_room_for_what_is_unpacked_the_folder_is_named() {
    let place = workplace();
    let missing = |folder: &Path| {
        let mut command = place.command(&["write", "dos.img.gz", "--to", "s.img"]);
        let output = command.env("TMPDIR", folder).stdin(Stdio::null()).output().unwrap();
        (output.status.code(), String::from_utf8_lossy(&output.stderr).into_owned())
    };
    let none = place.path("no folder");
    let (status, text) = missing(&none);
    let why =
        format!("dos.img.gz is kept in a temporary file, and there is no place for it in {}", none.display());
    assert_eq!(status, Some(3), "{text}");
    assert!(text.contains(&why) && text.contains("TMPDIR=FOLDER"), "{text}");
    let Some(mount) = Mount::new(Path::new("none"), place.path("small"), &["-t", "tmpfs", "-o", "size=32k"])
    else {
        return;
    };
    fs::set_permissions(&mount.folder, fs::Permissions::from_mode(0o777)).unwrap();
    let (status, text) = missing(&mount.folder);
    assert_eq!(status, Some(3), "{text}");
    let why = format!("there is no place for it in {}", mount.folder.display());
    assert!(text.contains(&why) && text.contains("No space left"), "{text}");
    assert!(!place.path("s.img").exists());
}

#[test]
fn root_and_anybody_are_told_the_same_of_what_is_packed() {
    if !rustix::process::geteuid().is_root() {
        return;
    }
    let place = workplace();
    let packed = fs::read(place.path("dos.img.gz")).unwrap();
    place.put("cut.gz", &packed[..packed.len() / 2]);
    place.put("behind.gz", &[&packed[..], b"behind"].concat());
    place.put("two.zip", &archive(ARCHIVES[0].0, &[("a.img", &noise(LEN)), ("b", b"b")]));
    place.put("a.7z", &archive(ARCHIVES[5].0, &[("a.img", &noise(LEN))]));
    place.put("dictionary.xz", &pack(&["xz", "--lzma2=dict=1GiB"], b"x"));
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
            let mut command = place.command(&["inspect", "--hash", "--json", name]);
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
