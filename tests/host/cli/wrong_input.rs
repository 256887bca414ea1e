//! Whatever is wrong with a command line: one clear error, the right exit status, and nothing changed.

use crate::frames::limits::copy_program;
use std::collections::BTreeMap;
use std::fs::{self, File};
use std::os::unix::fs::{PermissionsExt, symlink};
use std::path::Path;
use std::process::{Command, Output, Stdio};

/// An image with a boot signature.
fn image(len: usize) -> Vec<u8> {
    let mut image = vec![7; len];
    image[510..512].copy_from_slice(&[0x55, 0xAA]);
    image
}

/// A folder with images of every kind in it.
struct Desk {
    folder: tempfile::TempDir,
}

impl Desk {
    fn new() -> Self {
        let desk = Self { folder: tempfile::tempdir().unwrap() };
        let at = |name: &str| desk.folder.path().join(name);
        for name in ["dos.img", "two.img", "ünï ☂.img", "secret.img"] {
            fs::write(at(name), image(5000)).unwrap();
        }
        File::create(at("locked.img")).unwrap().set_len(8 << 20).unwrap();
        for number in 1..=17 {
            fs::write(at(&format!("i{number}.img")), image(600)).unwrap();
        }
        fs::write(at("empty.img"), "").unwrap();
        fs::write(at("small.img"), image(1024)).unwrap();
        fs::write(at("nine.img"), image(9 << 20)).unwrap();
        File::create(at("three.img")).unwrap().set_len(3 << 30).unwrap();
        File::create(at("four.img")).unwrap().set_len(4 << 30).unwrap();
        File::create(at("huge.img")).unwrap().set_len(4 << 40).unwrap();
        fs::create_dir(at("folder")).unwrap();
        symlink("dos.img", at("link.img")).unwrap();
        symlink("nowhere", at("dangling.img")).unwrap();
        assert!(Command::new("mkfifo").arg(at("pipe")).status().unwrap().success());
        fs::set_permissions(at("locked.img"), fs::Permissions::from_mode(0o444)).unwrap();
        fs::set_permissions(at("secret.img"), fs::Permissions::from_mode(0o000)).unwrap();
        fs::set_permissions(desk.folder.path(), fs::Permissions::from_mode(0o755)).unwrap();
        desk
    }

    fn path(&self) -> &Path {
        self.folder.path()
    }

    fn ramkey(&self, arguments: &[&str]) -> Command {
        let mut command = Command::new(env!("CARGO_BIN_EXE_ramkey"));
        command.args(arguments).current_dir(self.path()).stdin(Stdio::null());
        command
    }

    /// Name, length and permissions of everything, and the bytes of what is small.
    fn state(&self) -> BTreeMap<String, (u64, u32, Vec<u8>)> {
        let entry = |entry: fs::DirEntry| {
            let meta = entry.metadata().unwrap();
            let small = meta.is_file() && meta.len() < 1 << 20;
            let bytes = if small { fs::read(entry.path()).unwrap_or_default() } else { Vec::new() };
            (entry.file_name().into_string().unwrap(), (meta.len(), meta.permissions().mode(), bytes))
        };
        fs::read_dir(self.path()).unwrap().map(|found| entry(found.unwrap())).collect()
    }

    fn expect(&self, output: Output, arguments: &[&str], status: i32, text: &str) {
        let errors = String::from_utf8(output.stderr).unwrap();
        assert_eq!(output.status.code(), Some(status), "{arguments:?}: {errors}");
        let lines: Vec<&str> = errors.lines().filter(|line| line.starts_with("error: ")).collect();
        assert!(lines.len() == 1 && errors.starts_with("error: "), "{arguments:?}: {errors}");
        assert!(errors.contains(text), "{arguments:?}: no \"{text}\" in {errors}");
        if status != 2 {
            assert!(errors.lines().any(|line| line.starts_with("help: ")), "{arguments:?}: {errors}");
            let strange =
                |line: &&str| !["error: ", "  because: ", "help: "].iter().any(|s| line.starts_with(s));
            assert_eq!(errors.lines().find(strange), None, "{arguments:?}");
        }
        assert_eq!(output.stdout, b"", "{arguments:?}");
    }
}

#[test]
fn each_gives_one_error_and_changes_nothing() {
    let desk = Desk::new();
    let seventeen: Vec<String> = (1..=17).map(|number| format!("i{number}.img")).collect();
    let seventeen: Vec<&str> = seventeen.iter().map(|name| &name[..]).collect();
    let long = "t".repeat(65);
    let table: &[(&[&str], i32, &str)] = &[
        (&["empty.img"], 3, "empty.img is empty"),
        (&["folder"], 3, "help: name the image, or a folder that has files"),
        (&["pipe"], 3, "pipe is a pipe"),
        (&["/dev/null"], 3, "/dev/null is a device"),
        (&["dangling.img"], 3, "No such file"),
        (&["four.img"], 3, "a PC can have at most"),
        (&["huge.img"], 3, "a PC can have at most"),
        (&seventeen, 3, "17 images are more than the 16"),
        (&["dos.img", "--to", "dos.img"], 3, "it is one of the images"),
        (&["dos.img", "--to", "link.img"], 3, "it is one of the images"),
        (&["link.img", "--to", "dos.img"], 3, "it is one of the images"),
        (&["dos.img", "--to", "dangling.img"], 3, "dangling.img does not exist"),
        (&["dos.img", "--to", "folder"], 3, "folder is a directory"),
        (&["dos.img", "--to", "new/"], 3, "new/ does not exist"),
        (&["dos.img", "--to", "no/stick.img"], 3, "make the folder first"),
        (&["dos.img", "--to", "pipe"], 3, "pipe is a pipe"),
        (&["dos.img", "--to", "/dev/null"], 3, "/dev/null is a character device"),
        (&["dos.img", "--to", "/dev/no-such-stick"], 3, "makes no files under /dev"),
        (&["dos.img", "--to", ""], 2, "a value is required"),
        (&["dos.img", "--to", "two.img"], 3, "two.img is there already, and its 5000 bytes are no multiple"),
        (&["dos.img", "--to", "two.img", "--size", "64M"], 3, "two.img is there already"),
        (&["dos.img", "--to", "small.img"], 3, "small.img is there already, and its 1024 bytes are too few"),
        (&["dos.img", "--to", "small.img"], 3, "because: the stick has 1024 bytes and this layout needs"),
        (
            &["nine.img", "--compress", "none", "--to", "locked.img"],
            3,
            "its 8388608 bytes are too few for this stick",
        ),
        (&["nine.img", "--compress", "none", "--to", "locked.img"], 3, "because: the images need"),
        (&["dos.img", "--size", "8000000T"], 3, "choose a smaller --size"),
        (&["dos.img", "--size", "99999999T"], 2, "more bytes than 64 bits"),
        (&["dos.img", "--size=-5"], 2, "is no size"),
        (&["dos.img", "--size", "-5"], 2, "\"-5\" is no size"),
        (&["dos.img", "--timeout", "-1"], 2, "0 to 254 seconds, or off"),
        (&["dos.img", "--menu-timeout", "-1"], 2, "0 to 254 seconds, or off"),
        (&["dos.img", "--timeout", "300"], 2, "0 to 254 seconds, or off"),
        (&["dos.img", "--timeout", "255"], 2, "0 to 254 seconds, or off"),
        (&["dos.img", "--menu-timeout", "soon"], 2, "0 to 254 seconds, or off"),
        (&["dos.img", "--lang", "english"], 2, "the languages are en de es fr pt"),
        (&["dos.img", "--lang", "ru"], 2, "the languages are en de es fr pt"),
        (&["dos.img", "--chs", "9999999999/2/18"], 2, "is no geometry"),
        (&["dos.img", "--chs", "80/2"], 2, "is no geometry"),
        (&["dos.img", "--chs", "4294967295/255/63"], 3, "give a smaller --chs"),
        (&["dos.img", "--chs", "1024/16/63", "--kind", "floppy"], 3, "a floppy can have at most"),
        (&["dos.img", "--title", "Диск"], 3, "the title \"Диск\" is not"),
        (&["dos.img", "--title", "two\nlines"], 3, "the title \"two\\nlines\" is not"),
        (&["dos.img", "--title", &long], 3, "is not 1 to 64 characters"),
        (&["dos.img", "--id", "432a207324661939959433a8d2519fe"], 2, "an identity is 32 hexadecimal digits"),
        (&["dos.img", "--id", "+32a207324661939959433a8d2519fe3"], 2, "an identity is 32 hexadecimal digits"),
        (&["dos.img", "--id=-32a207324661939959433a8d2519fe3"], 2, "an identity is 32 hexadecimal digits"),
        (&["dos.img", "--id", "432a2073-2466-1939-9594-33a8d2519fe3"], 2, "an identity is 32 hexadecimal"),
        (&["dos.img", "--id", ""], 2, "an identity is 32 hexadecimal digits"),
        (&["dos.img", "--label", "ünï"], 3, "the label \"ünï\" is not"),
        (&["dos.img", "--with", "pipe"], 3, "pipe is a pipe"),
        (&["dos.img", "--floppy", "folder"], 3, "folder is a folder"),
        (&["dos.img", "--with", "empty.img"], 3, "empty.img is empty"),
        (&["dos.img", "--floppy", "locked.img", "--with", "four.img"], 3, "a PC can have at most"),
        (&["dos.img", "--floppy", "three.img"], 3, "a floppy can have at most"),
        (
            &["dos.img", "--with", "three.img", "--with", "three.img"],
            3,
            "in RAM together and a PC can have at most",
        ),
        (&["dos.img", "--with", "83:two.img"], 2, "help: if a number is meant: 83h:two.img"),
        (&["dos.img", "--floppy", "0x1:two.img"], 2, "help: if a number is meant: 01h:two.img"),
        (&["dos.img", "--with", "no:such.img"], 3, "opening no:such.img"),
        (&["dos.img", "--with", ""], 2, "an image is missing"),
        (&["dos.img", "--with", "81h:"], 2, "an image is missing"),
        (&["dos.img", "--with", "FFh:two.img"], 3, "cannot be drive FFh"),
        (&["dos.img", "--floppy", "04h:two.img"], 3, "cannot be drive 04h"),
        (&["dos.img", "--floppy", "81h:two.img"], 3, "cannot be drive 81h"),
        (&["dos.img", "--with", "01h:two.img", "--floppy", "01h:two.img"], 3, "cannot both be drive 01h"),
        (&["dos.img", "--with", "two.img", "--to", "two.img"], 3, "it is one of the images"),
        (&["dos.img", "--floppy", "00h:two.img", "--to", "two.img"], 3, "it is one of the images"),
        (&["dos.img", "--fake-write", "--read-only"], 2, "cannot be used with"),
        (&["dos.img", "--first-disk", "usb"], 2, "possible values: ram, internal"),
        (&["dos.img", "--copy", "fast"], 2, "possible values: auto, direct, int15"),
        (&["dos.img", "--kind", "cd"], 3, "dos.img is no CD image"),
        (&["dos.img", "--with", "E0h:two.img"], 3, "two.img is no CD image"),
        (&["dos.img", "--label", "\u{1b}[2J"], 3, "the label \"\\x1b[2J\" is not"),
        (&["dos.img", "--title", "a\u{1b}[2Jb"], 3, "the title \"a\\x1b[2Jb\" is not"),
    ];
    let before = desk.state();
    for &(arguments, status, text) in table {
        let to: &[&str] = if arguments.contains(&"--to") { &[] } else { &["--to", "stick.img"] };
        let output = desk.ramkey(&[&["write"], arguments, to].concat()).output().unwrap();
        desk.expect(output, arguments, status, text);
        assert!(desk.state() == before, "{arguments:?} changed something");
    }
}

#[test]
fn nobody_writes_where_only_others_may() {
    let desk = Desk::new();
    let ramkey = desk.path().join("ramkey");
    copy_program(&ramkey);
    let before = desk.state();
    for (arguments, status, text) in [
        (&["write", "secret.img", "--to", "/dev/shm/ramkey-nobody.img"][..], 3, "`ls -l secret.img` shows"),
        (&["write", "dos.img", "--to", "stick.img"], 3, "`ls -ld .` shows"),
        (&["write", "dos.img", "--to", "locked.img"], 3, "`ls -ld locked.img` shows"),
        (&["verify", "secret.img"], 1, "`ls -ld secret.img` shows"),
    ] {
        let mut command = Command::new(&ramkey);
        if rustix::process::geteuid().is_root() {
            command = Command::new("setpriv");
            command.args(["--reuid", "65534", "--regid", "65534", "--clear-groups"]).arg(&ramkey);
        }
        let output = command.args(arguments).current_dir(desk.path()).output().unwrap();
        desk.expect(output, arguments, status, text);
        assert!(desk.state() == before, "{arguments:?} changed something");
    }
    assert!(!Path::new("/dev/shm/ramkey-nobody.img").exists());
}

#[test]
fn odd_names_and_equal_images_are_no_error() {
    let desk = Desk::new();
    for arguments in [
        &["ünï ☂.img"][..],
        &["link.img"],
        &["dos.img", "dos.img", "two.img"],
        &["dos.img", "two.img", "--title", "A", "--title", "A"],
        &["dos.img", "--with", "dos.img", "--with", "ünï ☂.img", "--floppy", "two.img"],
        &["dos.img", "two.img", "--floppy", "dos.img"],
    ] {
        let output = desk.ramkey(&[&["write", "--to", "stick.img"], arguments].concat()).output().unwrap();
        assert!(output.status.success(), "{arguments:?}: {}", String::from_utf8_lossy(&output.stderr));
        let output = desk.ramkey(&["verify", "--strict", "stick.img", "--json"]).output().unwrap();
        let verdict: serde_json::Value = serde_json::from_slice(&output.stdout).unwrap();
        let images = arguments.iter().filter(|argument| argument.ends_with(".img")).count();
        assert_eq!(verdict["sound"], true, "{arguments:?}");
        assert_eq!(verdict["capsules"].as_array().unwrap().len(), images, "{arguments:?}");
        fs::remove_file(desk.path().join("stick.img")).unwrap();
    }
}

#[test]
fn a_stick_is_finished_whoever_reads_the_report() {
    let desk = Desk::new();
    let write = ["write", "dos.img", "--to", "stick.img"];
    let verified = || {
        let output = desk.ramkey(&["verify", "--strict", "stick.img"]).output().unwrap();
        fs::remove_file(desk.path().join("stick.img")).unwrap();
        output.status.success()
    };
    let (reader, writer) = std::io::pipe().unwrap();
    drop(reader);
    let output = desk.ramkey(&write).stdout(writer).output().unwrap();
    assert_eq!((output.status.code(), &*output.stderr), (Some(0), &b""[..]), "a closed pipe");
    assert!(verified());

    let full = File::options().write(true).open("/dev/full").unwrap();
    let output = desk.ramkey(&write).stdout(full).output().unwrap();
    desk.expect(output, &write, 1, "stick.img is complete and proven, but its report could not be written");
    assert!(verified());
}
