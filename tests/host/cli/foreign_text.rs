//! Text that others wrote is shown, and no terminal obeys it.

use crate::frames::skip;
use std::ffi::{OsStr, OsString};
use std::fs;
use std::io::Write;
use std::os::unix::ffi::OsStrExt;
use std::path::PathBuf;
use std::process::{Command, Stdio};

use crate::frames::windows_image::{BOOT_INI, System, Xp};
use ramkey::units::{is_hidden, shell_word};
use serde_json::Value;

/// What a terminal would obey: escape sequences, a bell, another direction, a line of its own, and what cannot be seen.
const NASTY: &str = "a\u{1b}[2J\u{1b}]0;t\u{7}\r\u{8}\u{7f}\u{9b}31m\u{202e}\u{202a}\u{2066}\u{2069}\u{200e}\u{200f}\
                     \u{61c}\u{200b}\u{feff}\u{2028}\u{2029}\t\nerror: forged\nb";
/// The beginning of it, as it is shown.
const SHOWN: &str = r"a\x1b[2J\x1b]0;t\x07\r\x08\x7f\u{9b}31m\u{202e}\u{202a}\u{2066}\u{2069}\u{200e}\u{200f}\u{61c}\u{200b}\u{feff}\u{2028}\u{2029}\t\nerror: forged\nb";

/// A folder with an image and a stick in it.
struct Desk {
    folder: tempfile::TempDir,
}

/// What a command printed.
struct Printed {
    output: String,
    errors: String,
}

impl Desk {
    fn new() -> Self {
        let desk = Self { folder: tempfile::tempdir().unwrap() };
        let mut image = vec![0xD1; 300_000];
        image[510..512].copy_from_slice(&[0x55, 0xAA]);
        fs::write(desk.path("dos.img"), &image).unwrap();
        desk
    }

    fn path(&self, name: impl AsRef<OsStr>) -> PathBuf {
        self.folder.path().join(name.as_ref())
    }

    /// Runs a command, whose output must be nothing but signs and line ends.
    fn run<S: AsRef<OsStr>>(&self, arguments: &[S]) -> Printed {
        let mut ramkey = Command::new(env!("CARGO_BIN_EXE_ramkey"));
        let output =
            ramkey.args(arguments).current_dir(self.folder.path()).stdin(Stdio::null()).output().unwrap();
        let words: Vec<&OsStr> = arguments.iter().map(AsRef::as_ref).collect();
        let text = |bytes: Vec<u8>| {
            let text = String::from_utf8(bytes).unwrap_or_else(|error| panic!("{words:?}: {error}"));
            let hidden = text.chars().find(|&c| is_hidden(c) && c != '\n');
            assert_eq!(hidden, None, "{words:?}: {text:?}");
            assert!(!text.lines().any(|line| line.starts_with("error: forged")), "{words:?}: {text}");
            text
        };
        assert!(output.status.code().is_some_and(|status| status < 6), "{words:?}: {}", output.status);
        Printed { output: text(output.stdout), errors: text(output.stderr) }
    }

    /// Runs a command that prints JSON.
    fn json(&self, arguments: &[&str]) -> Value {
        let printed = self.run(arguments);
        serde_json::from_str(&printed.output).unwrap_or_else(|error| panic!("{arguments:?}: {error}"))
    }
}

/// Command lines in which `@` stands for a name.
const WITH_NAMES: &[&str] = &[
    "write @ --to stick.img",
    "write dos.img --to @/no/folder",
    "write dos.img --to @",
    "write dos.img --to @ --size 1000000",
    "write dos.img @ --to stick.img --size 8M",
    "write dos.img --to stick.img --size @",
    "write dos.img --to stick.img --title @",
    "write dos.img --to stick.img --label @",
    "write dos.img --to stick.img --kind @",
    "write dos.img --to stick.img --chs @",
    "write dos.img --to stick.img --with @",
    "write dos.img --to stick.img --with 99h:@",
    "write dos.img --to stick.img --floppy @",
    "write dos.img --to stick.img --timeout @",
    "write dos.img --to stick.img --@",
    "write dos.img --to stick.img -@",
    "write dos.img --to stick.img --linux-phram=@",
    "plan @",
    "plan dos.img --to @",
    "verify @",
    "verify @ @",
    "inspect @",
    "inspect --hash @",
    "doctor @",
    "list @",
    "explain @",
    "explain E31 @",
    "phram --to @/phram.cpio",
    "phram --to phram.cpio --modules @",
    "boot @/stick.img",
    "boot @ --usb @",
    "boot @ --seconds @",
    "demo @",
    "@",
    "help @",
];

#[test]
fn a_name_on_the_command_line_is_shown_and_not_obeyed() {
    let mut unreadable = OsString::from(NASTY);
    unreadable.push(OsStr::from_bytes(b"\xFF\xC3"));
    for name in [OsString::from(NASTY), unreadable] {
        for exists in [false, true].into_iter().take(1 + usize::from(name == NASTY)) {
            let desk = Desk::new();
            if exists {
                fs::copy(desk.path("dos.img"), desk.path(&name)).unwrap();
            }
            let mut shown = 0;
            for words in WITH_NAMES {
                let arguments: Vec<OsString> = words.split(' ').map(|word| with_name(word, &name)).collect();
                let Printed { output, errors } = desk.run(&arguments);
                shown += u32::from((output + &errors).contains(SHOWN));
                let json = desk.run(&[&arguments[..], &["--json".into()]].concat()).output;
                serde_json::from_str::<Value>(&json)
                    .unwrap_or_else(|error| panic!("{words}: {error}: {json}"));
            }
            assert!(shown >= 20, "only {shown} show the name");
        }
    }
}

fn with_name(word: &str, name: &OsStr) -> OsString {
    let mut parts = word.split('@');
    let mut text = OsString::from(parts.next().unwrap());
    for part in parts {
        text.push(name);
        text.push(part);
    }
    text
}

#[test]
fn a_name_that_is_no_text_is_shown_by_its_bytes_and_told_in_commands_that_can_be_pasted() {
    let desk = Desk::new();
    let name = OsStr::from_bytes(b"a b\xFF\x1b.img");
    fs::write(desk.path(name), [7; 600]).unwrap();
    let errors = desk.run(&["verify".as_ref(), name]).errors;
    assert_eq!(
        errors,
        "error: a b\\xff\\x1b.img is no stick of ramkey\n\
         help: `ramkey inspect $'a b\\xff\\x1b.img'` tells what it is\n"
    );
    let written =
        desk.run(&["write".as_ref(), "dos.img".as_ref(), "--to".as_ref(), OsStr::from_bytes(b"s\xFF")]);
    assert!(written.output.contains("\ndone      s\\xff "), "{}", written.output);
}

#[test]
fn json_has_the_true_name() {
    let desk = Desk::new();
    fs::copy(desk.path("dos.img"), desk.path(NASTY)).unwrap();
    assert_eq!(desk.json(&["inspect", NASTY, "--json"])["path"], NASTY);
    assert_eq!(desk.json(&["plan", NASTY, "--json"])["images"][0]["path"], NASTY);
    let missing = format!("{NASTY}2");
    assert_eq!(desk.json(&["plan", &missing, "--json"])["error"], format!("opening {missing}"));
}

#[test]
fn what_stands_on_a_stick_is_shown_and_not_obeyed() {
    let desk = Desk::new();
    desk.run(&["write", "dos.img", "--to", "stick.img", "--size", "8M", "--layout", "hdd"]);
    let mut stick = fs::read(desk.path("stick.img")).unwrap();
    let volume = 1 << 20;
    // OEM name, label, name of the file system; the title; and a long name in a directory.
    stick[volume + 3..volume + 11].copy_from_slice(b"\x1b[2J\x07\x9B\x7f\n");
    stick[volume + 43..volume + 54].copy_from_slice(b"\x1b[2J\nfault\x07");
    let title = stick.windows(4).position(|bytes| bytes == b"dos\0").unwrap();
    stick[title..title + 3].copy_from_slice(b"\x1b[J");
    let labels = stick.windows(12).position(|bytes| bytes == b"RAMKEY     \x08").unwrap();
    stick[labels..labels + 11].copy_from_slice(b"\x1b[2J\nfault\x07");
    let long: Vec<usize> =
        (0..stick.len()).step_by(32).filter(|&at| stick[at + 11] == 0x0F && at > labels).collect();
    for at in long {
        stick[at + 1..at + 11].copy_from_slice(&[0x2E, 0x20, 0x1b, 0, b'[', 0, 0x0A, 0, 0x9B, 0]);
    }
    fs::write(desk.path("stick.img"), stick).unwrap();
    for command in
        ["verify", "verify --strict", "inspect", "doctor", "plan dos.img --to", "write dos.img --to"]
    {
        let arguments: Vec<&str> = command.split(' ').chain(["stick.img"]).collect();
        let printed = desk.run(&arguments);
        assert!(!printed.output.contains("\nfault\u{7}"), "{}", printed.output);
        desk.json(&[&arguments[..], &["--json"]].concat());
    }
}

#[test]
fn what_a_windows_has_in_its_boot_ini_and_registry_is_shown_and_not_obeyed() {
    let desk = Desk::new();
    let mut xp = Xp::new(System::Fat16);
    let ini = BOOT_INI.replace("/fastdetect", "/fastdetect \x1b[2J\x07\x7f\u{9b}\u{202e}");
    xp.file("boot.ini", ini.as_bytes());
    xp.software.at("Microsoft\\Windows NT\\CurrentVersion").text("ProductName", NASTY);
    xp.service("FiraDisk").text("Group", NASTY).variable_text("ImagePath", NASTY);
    fs::write(desk.path("xp.img"), xp.disk()).unwrap();
    let text = desk.run(&["inspect", "xp.img"]).output;
    assert!(text.contains(&format!("\nwindows   {SHOWN} in ")), "{text}");
    assert!(text.contains(r"/fastdetect \x1b[2J\x07\x7f"), "{text}");
    let windows = &desk.json(&["inspect", "xp.img", "--json"])["windows"];
    assert_eq!(windows["product"], NASTY);
    desk.run(&["plan", "xp.img"]);
    desk.run(&["write", "xp.img", "--to", "stick.img"]);
}

#[test]
fn a_shell_reads_every_byte_of_the_word() {
    let mut all: Vec<u8> = (1..=255).collect();
    all.extend("é\u{202E}9\u{9B}'\u{2028}a\"".as_bytes());
    let names = [&all[..], b"it's $HOME", "日本 \u{3000}x".as_bytes(), b"*?[a]", b"a=b", b"\x01\x32"];
    for name in names {
        let script = format!("printf %s {}", shell_word(OsStr::from_bytes(name)));
        match Command::new("bash").args(["-c", &script]).output() {
            Ok(output) => assert!(output.stdout == name, "{script}: {output:?}"),
            Err(error) => skip::skip("bash", error.to_string().as_bytes()),
        }
    }
}

#[test]
fn a_question_shows_the_name_that_it_asks_for_and_takes_it_as_shown() {
    let desk = Desk::new();
    fs::write(desk.path(NASTY), vec![7; 8 << 20]).unwrap();
    let ramkey = format!("{} write dos.img --to {}", env!("CARGO_BIN_EXE_ramkey"), shell_word(NASTY));
    let mut script = Command::new("script");
    script.args(["--quiet", "--return", "--command", &ramkey, "/dev/null"]).env("SHELL", "/bin/bash");
    script.current_dir(desk.folder.path()).stdin(Stdio::piped()).stdout(Stdio::piped());
    let mut child = script.spawn().expect("`script` of util-linux");
    child.stdin.take().unwrap().write_all(format!("{SHOWN}\n").as_bytes()).unwrap();
    let output = child.wait_with_output().unwrap();
    let screen = String::from_utf8(output.stdout).unwrap();
    assert!(output.status.success(), "{screen:?}");
    assert!(screen.contains(&format!("Type {SHOWN} to erase it: ")), "{screen:?}");
    for part in ["\u{1b}]0;t", "\u{7}", "\u{202e}", "\u{9b}", "\nerror: forged"] {
        assert!(!screen.contains(part), "{part:?} in {screen:?}");
    }
}
