//! An image whose file is not what was said of it is refused before anything is written, in every command that reads images.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, Output, Stdio};

use crate::frames::packers::pack;
use crate::frames::sticks::{noise, printed, tool};
use ramkey::image::open;
use ramkey::job::{Images, JobError, StickRequest, prepare};
use ramkey::origin::{Algorithm, Expectations, OriginError, Said};
use serde_json::Value;

/// A folder with two images, and with the same as the first behind a header of DOSEMU.
struct Desk(tempfile::TempDir);

/// Cylinders, heads and sectors per track of the first image.
const SHAPE: [u32; 3] = [20, 4, 17];
const PROGRAMS: [(&str, &str); 4] =
    [("SHA-256", "sha256sum"), ("SHA-1", "sha1sum"), ("MD5", "md5sum"), ("BLAKE3", "b3sum")];

impl Desk {
    fn new() -> Self {
        let desk = Self(tempfile::tempdir().unwrap());
        let disk = noise(SHAPE.iter().product::<u32>() as usize * 512);
        let mut header = b"DOSEMU\0".to_vec();
        [SHAPE[1], SHAPE[2], SHAPE[0], 128].iter().for_each(|number| header.extend(number.to_le_bytes()));
        header.resize(128, 0);
        desk.put("dos.img", &disk);
        desk.put("dosemu.img", [header, disk].concat());
        desk.put("other.img", noise(200_000));
        desk
    }

    fn path(&self, name: &str) -> PathBuf {
        self.0.path().join(name)
    }

    fn put(&self, name: &str, bytes: impl AsRef<[u8]>) {
        fs::write(self.path(name), bytes).unwrap();
    }

    fn run(&self, arguments: &[&str]) -> Output {
        let mut command = Command::new(env!("CARGO_BIN_EXE_ramkey"));
        command.args(arguments).current_dir(self.0.path()).stdin(Stdio::null()).output().unwrap()
    }

    fn done(&self, arguments: &[&str]) -> String {
        let output = self.run(arguments);
        assert_eq!(output.status.code(), Some(0), "{arguments:?}: {}", printed(&output));
        String::from_utf8(output.stdout).unwrap()
    }

    /// What is said of a refusal.
    fn refused(&self, arguments: &[&str], status: i32) -> String {
        let output = self.run(arguments);
        assert_eq!(output.status.code(), Some(status), "{arguments:?}: {}", printed(&output));
        String::from_utf8(output.stderr).unwrap()
    }

    fn json(&self, arguments: &[&str]) -> Value {
        serde_json::from_str(&self.done(&[arguments, &["--json"]].concat())).unwrap()
    }

    /// What another program prints of a file.
    fn listed(&self, program: &str, options: &[&str], name: &str) -> String {
        let package = if program == "b3sum" { "b3sum" } else { "coreutils" };
        let output = tool_in(self.0.path(), package, program, &[options, &["--", name]].concat());
        String::from_utf8(output.stdout).unwrap()
    }

    fn digits(&self, program: &str, name: &str) -> String {
        self.listed(program, &[], name).split(' ').next().unwrap().to_owned()
    }
}

/// Another program in a folder.
fn tool_in(folder: &Path, package: &str, program: &str, arguments: &[&str]) -> Output {
    let folder = format!("--chdir={}", folder.display());
    let output = tool(package, "env", &[&[&folder[..], program], arguments].concat());
    assert!(output.status.success(), "{}", printed(&output));
    output
}

/// The same hash with its last digit changed.
fn other(digits: &str) -> String {
    let last = if digits.ends_with('0') { '1' } else { '0' };
    format!("{}{last}", &digits[..digits.len() - 1])
}

const TO: [&str; 5] = ["--to", "stick.img", "--size", "4M", "--yes"];

#[test]
fn a_hash_of_each_kind_lets_the_image_through_and_another_stops_it_with_nothing_written() {
    let desk = Desk::new();
    for (name, program) in PROGRAMS {
        let digits = desk.digits(program, "dos.img");
        let said = desk.done(&[&["write", "dos.img", "--expect", &digits.to_uppercase()], &TO[..]].concat());
        assert!(said.contains(&format!("\norigin    {name} as expected\n")), "{said}");
        fs::remove_file(desk.path("stick.img")).unwrap();

        let wrong = other(&digits);
        let error = desk.refused(&[&["write", "dos.img", "--expect", &wrong], &TO[..]].concat(), 3);
        let told = error.contains(&digits) && error.contains(&wrong) && error.contains("another version");
        assert!(told, "{error}");
        assert!(!desk.path("stick.img").exists());
    }
    for text in ["abcdef0123456789", &"a".repeat(63), &"A".repeat(128)] {
        let error = desk.refused(&[&["write", "dos.img", "--expect", text], &TO[..]].concat(), 2);
        assert!(error.contains("64 hexadecimal digits"), "{error}");
    }
}

#[test]
fn the_file_as_it_was_downloaded_counts_and_not_the_image_in_it() {
    let desk = Desk::new();
    let (file, image) = (desk.digits("sha256sum", "dosemu.img"), desk.digits("sha256sum", "dos.img"));
    let report = desk.json(&["plan", "dosemu.img", "--expect", &file]);
    let origin = serde_json::json!([{ "algorithm": "SHA-256", "list": null }]);
    assert_eq!(report["images"][0]["origin"], origin);
    desk.refused(&["plan", "dosemu.img", "--expect", &image], 3);

    let view = desk.json(&["inspect", "dosemu.img", "--hash"]);
    for ((name, program), field) in PROGRAMS.iter().zip(["sha256", "sha1", "md5", "blake3"]) {
        assert_eq!(view["hashes"][field], desk.digits(program, "dos.img"), "{name}");
        assert_eq!(view["file_hashes"][field], desk.digits(program, "dosemu.img"), "{name}");
    }
    assert_eq!(view["blake3"], view["hashes"]["blake3"]);
    let plain = desk.json(&["inspect", "dos.img", "--hash"]);
    assert_eq!((&plain["hashes"], &plain["file_hashes"]), (&view["hashes"], &Value::Null));
    let text = desk.done(&["inspect", "dosemu.img", "--hash"]);
    assert!(text.starts_with("BLAKE3  ") && text.contains(&format!("          SHA-256 {file}\n")), "{text}");
}

#[test]
fn of_an_image_that_is_unpacked_the_packed_file_counts_also_by_a_list_beside_it() {
    let desk = Desk::new();
    let packed = desk.path("dos.img.gz");
    let gzip = tool("gzip", "gzip", &["-k", desk.path("dos.img").to_str().unwrap()]);
    assert!(gzip.status.success() && packed.exists(), "{}", printed(&gzip));
    let (file, image) = (desk.digits("sha256sum", "dos.img.gz"), desk.digits("sha256sum", "dos.img"));
    desk.done(&["plan", "dos.img.gz", "--expect", &file]);
    desk.refused(&["plan", "dos.img.gz", "--expect", &image], 3);
    let view = desk.json(&["inspect", "dos.img.gz", "--hash"]);
    assert_eq!((&view["hashes"]["sha256"], &view["file_hashes"]["sha256"]), (&image.into(), &file.into()));
    desk.put("B3SUMS", desk.listed("b3sum", &[], "dos.img.gz"));
    let said = desk.done(&[&["write", "dos.img.gz"], &TO[..]].concat());
    assert!(said.contains("origin    BLAKE3 as in B3SUMS\n"), "{said}");
    desk.put("B3SUMS", desk.listed("b3sum", &[], "dos.img").replace("dos.img", "dos.img.gz"));
    desk.refused(&["inspect", "dos.img.gz"], 3);
}

#[test]
fn lists_of_other_programs_are_read_in_every_form() {
    let desk = Desk::new();
    let odd = "a\\b\nc (1).img";
    fs::copy(desk.path("dos.img"), desk.path(odd)).unwrap();
    for (name, program) in PROGRAMS {
        let plain = desk.listed(program, &[], "dos.img");
        let mut forms = vec![
            ("text", plain.clone()),
            ("upper case and CRLF", {
                let (digits, rest) = plain.split_once(' ').unwrap();
                format!("\u{feff}{} {}\r\n", digits.to_uppercase(), rest.trim_end())
            }),
            ("alone", format!("{}\n", desk.digits(program, "dos.img"))),
            ("among others", format!("{}{plain}", desk.listed(program, &[], "other.img"))),
        ];
        if program != "b3sum" {
            forms.push(("binary", desk.listed(program, &["-b"], "dos.img")));
            forms.push(("tag", desk.listed(program, &["--tag"], "dos.img")));
        }
        for (form, text) in forms {
            desk.put("list", text);
            let said = desk.done(&["plan", "dos.img", "--expect", "list"]);
            assert!(said.contains(&format!("\norigin    {name} as in list\n")), "{program}, {form}: {said}");
        }
        let ways = if program == "b3sum" { &[&[][..]][..] } else { &[&[][..], &["--tag"]] };
        for options in ways {
            desk.put("list", desk.listed(program, options, odd));
            let said = desk.done(&["plan", odd, "--expect", "list"]);
            assert!(said.contains(" as in list\n"), "{program} {options:?}: {said}");
        }
        desk.put("list", desk.listed(program, &[], "dos.img").replace("dos.img", "other.img"));
        desk.refused(&["plan", "other.img", "--expect", "list"], 3);
    }
}

#[test]
fn a_list_that_does_not_tell_is_refused_with_what_it_has() {
    let desk = Desk::new();
    let digits = desk.digits("sha256sum", "dos.img");
    let many: String = (0..9).map(|n| format!("{digits}  other-{n}\x1b[31m.img\n")).collect();
    desk.put("list", many);
    let error = desk.refused(&["plan", "dos.img", "--expect", "list"], 3);
    assert!(error.contains("other-4") && !error.contains("other-5") && error.contains("4 more"), "{error}");
    assert!(!error.contains('\x1b'), "{error:?}");
    for (text, words) in [
        (format!("{digits}  a/dos.img\n{}  b/dos.img\n", other(&digits)), "different hashes"),
        (format!("{digits}{digits}  dos.img\n"), "not known here"),
        ("no list\n".to_owned(), "no list of hashes"),
        ("x".repeat((4 << 20) + 1), "longer than"),
    ] {
        desk.put("list", text);
        let error = desk.refused(&["plan", "dos.img", "--expect", "list"], 3);
        assert!(error.contains(words), "{words}: {error}");
    }
    let error = desk.refused(&["plan", "dos.img", "--expect", "missing"], 3);
    assert!(error.contains("missing"), "{error}");
    desk.refused(&["plan", "dos.img", "--expect", "."], 3);
}

#[test]
fn lists_beside_an_image_are_found_and_checked_and_what_does_not_name_it_is_no_matter() {
    let desk = Desk::new();
    desk.put("SHA256SUMS", desk.listed("sha256sum", &["-b"], "dos.img"));
    desk.put("MD5SUMS", desk.listed("md5sum", &[], "other.img"));
    desk.put("dos.img.b3", desk.digits("b3sum", "dos.img"));
    fs::create_dir(desk.path("SHA1SUMS")).unwrap();
    let said = desk.done(&["inspect", "dos.img"]);
    assert!(said.contains("origin    SHA-256 as in SHA256SUMS, BLAKE3 as in dos.img.b3\n"), "{said}");
    assert!(!desk.done(&["inspect", "dosemu.img"]).contains("origin"));
    let report = desk.json(&["plan", "other.img"]);
    assert_eq!(report["images"][0]["origin"][0]["list"], "MD5SUMS");

    desk.put("dos.img.sha1", other(&desk.digits("sha1sum", "dos.img")));
    for arguments in [
        &["inspect", "dos.img"][..],
        &["plan", "dos.img"],
        &["write", "dos.img", "--to", "stick.img", "--yes"],
        &["write", "other.img", "--with", "dos.img", "--to", "stick.img", "--yes"],
        &["disc", "dos.img", "--to", "disc.iso", "--yes"],
        &["plan", "dos.img", "--expect", &desk.digits("sha256sum", "dos.img")],
    ] {
        let error = desk.refused(arguments, 3);
        assert!(error.contains("dos.img.sha1") && error.contains("--no-lists"), "{arguments:?}: {error}");
        desk.done(&[arguments, &["--no-lists"]].concat());
    }
}

#[test]
fn several_images_have_a_hash_each_in_order_or_one_list() {
    let desk = Desk::new();
    let (first, second) = (desk.digits("sha1sum", "dos.img"), desk.digits("b3sum", "other.img"));
    let two = ["plan", "dos.img", "other.img"];
    desk.done(&[&two[..], &["--expect", &first, "--expect", &second]].concat());
    desk.refused(&[&two[..], &["--expect", &second, "--expect", &first]].concat(), 3);
    let error = desk.refused(&[&two[..], &["--expect", &first]].concat(), 3);
    assert!(error.contains("1 hash was given for 2 images"), "{error}");

    desk.put("list", desk.listed("sha256sum", &[], "dos.img"));
    let error = desk.refused(&[&two[..], &["--expect", "list"]].concat(), 3);
    assert!(error.contains("does not name other.img"), "{error}");
    // What stands beside an image may be the user's own.
    desk.done(&["plan", "dos.img", "--with", "other.img", "--expect", "list"]);
    let wrong = desk.listed("sha256sum", &[], "dos.img").replace("dos.img", "other.img");
    desk.put("list", desk.listed("sha256sum", &[], "dos.img") + &wrong);
    desk.refused(&["plan", "dos.img", "--with", "other.img", "--expect", "list"], 3);
}

#[test]
fn a_stick_that_is_there_and_a_copy_of_a_disc_are_not_touched_for_another_image() {
    let desk = Desk::new();
    desk.done(&[&["write", "dos.img", "--title", "One"], &TO[..]].concat());
    desk.done(&["disc", "dos.img", "--to", "disc.iso", "--yes"]);
    let before = fs::read(desk.path("stick.img")).unwrap();
    let to = ["--to", "stick.img", "--yes"];
    let (right, wrong) = (desk.digits("md5sum", "other.img"), desk.digits("md5sum", "dos.img"));
    for command in ["add", "reflash"] {
        desk.refused(&[&[command, "other.img", "--expect", &wrong], &to[..]].concat(), 3);
        assert_eq!(fs::read(desk.path("stick.img")).unwrap(), before, "{command}");
    }
    let disc = desk.digits("sha256sum", "disc.iso");
    desk.refused(&["write", "disc.iso", "--expect", &other(&disc), "--to", "copy.img"], 3);
    assert!(!desk.path("copy.img").exists());
    let said = desk.done(&["write", "disc.iso", "--expect", &disc, "--to", "copy.img"]);
    assert!(said.contains("origin    SHA-256 as expected\n"), "{said}");
    assert!(desk.done(&["inspect", "disc.iso", "--expect", &disc]).contains("origin    SHA-256"));
    desk.refused(&["inspect", "disc.iso", "--expect", &other(&disc)], 3);

    let said = desk.done(&[&["add", "other.img", "--expect", &right], &to[..]].concat());
    assert!(said.contains("origin    MD5 as expected\n"), "{said}");
    let replaced = ["reflash", "other.img", "--replace", "One", "--expect", &right];
    let said = desk.done(&[&replaced[..], &to].concat());
    assert!(said.contains("origin    MD5 as expected\n"), "{said}");
}

#[test]
fn the_text_never_names_the_hash_of_a_file_that_was_written_to_while_its_image_was_read() {
    let desk = Desk::new();
    let packed = |bytes: &[u8]| pack(&["gzip", "-n"], bytes);
    desk.put("dos.img.gz", packed(&fs::read(desk.path("dos.img")).unwrap()));
    let request = StickRequest::new(vec![desk.path("dos.img.gz")]);
    let prepared = |request: &StickRequest, change: &dyn Fn()| {
        let images = Images::open(request).unwrap();
        change();
        prepare(request, images, None, &|_| ())
    };
    prepared(&request, &|| ()).map(drop).unwrap();
    // Whoever reads a file does not change it.
    prepared(&request, &|| drop(fs::read(desk.path("dos.img.gz")).unwrap())).map(drop).unwrap();
    // It is unpacked by then: the image is the old one, and the file would be the new one.
    let other = packed(&fs::read(desk.path("other.img")).unwrap());
    let error = prepared(&request, &|| desk.put("dos.img.gz", &other)).map(drop).unwrap_err();
    assert!(matches!(&error, JobError::Origin(OriginError::Changed { .. })), "{error}");
}

#[test]
fn what_is_written_to_a_file_behind_the_check_is_seen_and_another_file_of_its_name_is_not_taken() {
    let desk = Desk::new();
    for name in ["dos.img", "dosemu.img"] {
        let source = open(&desk.path(name)).unwrap();
        let expectations = Expectations { beside: true, ..Expectations::default() };
        desk.put("SHA256SUMS", desk.listed("sha256sum", &[], name));
        // The descriptor counts, and not what its name leads to by now.
        fs::rename(desk.path(name), desk.path("moved")).unwrap();
        desk.put(name, "another file");
        let wanted = [Algorithm::Blake3];
        let said = Said::find(&[&*source], 1, &expectations).unwrap();
        let found = said.compare(&[&*source], &wanted, &|_| ()).unwrap().remove(0).unwrap();
        assert_eq!(found.confirmed.len(), 1);

        let mut bytes = vec![0; source.len() as usize];
        source.read_at(0, &mut bytes).unwrap();
        let root = *blake3::hash(&bytes).as_bytes();
        found.is_still(&*source, Some(&root), &|_| ()).unwrap();
        found.is_still(&*source, None, &|_| ()).unwrap();
        let mut changed = fs::read(desk.path("moved")).unwrap();
        changed[9999] ^= 1;
        fs::write(desk.path("moved"), &changed).unwrap();
        bytes[9999] ^= 1;
        let root = *blake3::hash(&bytes).as_bytes();
        for root in [Some(&root), None] {
            let error = found.is_still(&*source, root, &|_| ()).unwrap_err();
            assert!(matches!(error, OriginError::Changed { .. }), "{name}: {error}");
        }
    }
}
