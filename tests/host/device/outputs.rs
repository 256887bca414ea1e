//! Where the output goes: closed, full, gone, or into the very stick that is written.

use crate::frames::loops::{Loop, Mount};
use std::fs::{self, File, OpenOptions};
use std::path::PathBuf;
use std::process::{Command, Output, Stdio};

/// A folder with an image and a stick in it.
struct Desk {
    folder: tempfile::TempDir,
}

impl Desk {
    fn new() -> Self {
        let desk = Self { folder: tempfile::tempdir().unwrap() };
        let mut image = vec![0xD1; 300_000];
        image[510..512].copy_from_slice(&[0x55, 0xAA]);
        fs::write(desk.path("dos.img"), image).unwrap();
        let made = desk.run("write dos.img --to stick.img --size 8M >/dev/null");
        assert!(made.status.success(), "{made:?}");
        desk
    }

    fn path(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }

    /// Runs `ramkey` with what a shell makes of the words behind it.
    fn run(&self, words: &str) -> Output {
        let script = format!("exec '{}' {words}", env!("CARGO_BIN_EXE_ramkey"));
        let mut shell = Command::new("sh");
        shell.args(["-c", &script]).current_dir(self.folder.path()).stdin(Stdio::null()).output().unwrap()
    }

    fn stick(&self) -> Vec<u8> {
        fs::read(self.path("stick.img")).unwrap()
    }
}

/// Commands that end well, with the words that they must have.
const COMMANDS: [&str; 12] = [
    "verify stick.img",
    "verify --json stick.img",
    "inspect stick.img",
    "inspect dos.img --json",
    "plan dos.img",
    "doctor stick.img",
    "list",
    "list --json",
    "explain",
    "explain report",
    "--help",
    "--version",
];

#[test]
fn a_report_that_could_not_be_written_is_no_success() {
    let desk = Desk::new();
    for (number, command) in
        COMMANDS.into_iter().chain(["phram --to P", "write --yes dos.img --to S"]).enumerate()
    {
        for (output, why) in [(">/dev/full", "No space left on device"), (">&-", "standard output is closed")]
        {
            let command = command.replace(" P", &format!(" {number}{}.cpio", output.len()));
            let command = command.replace(" S", " other.img --size 8M");
            let result = desk.run(&format!("{command} {output}"));
            let text = String::from_utf8_lossy(&result.stderr).into_owned();
            assert_eq!(result.status.code(), Some(1), "{command} {output}: {text}");
            assert!(text.starts_with("error: ") && text.contains(why), "{command} {output}: {text}");
        }
    }
    assert!(desk.run("verify --strict other.img").status.success(), "the stick is complete all the same");
}

#[test]
fn a_report_that_is_thrown_away_or_not_read_to_its_end_is_a_success() {
    let desk = Desk::new();
    for command in COMMANDS {
        // Some programs open the null device for both ways, as the runtime does for a closed output.
        for output in [">/dev/null", "1<>/dev/null", ">/dev/null 2>&-", "<&-"] {
            let result = desk.run(&format!("{command} {output}"));
            assert_eq!(result.status.code(), Some(0), "{command} {output}: {result:?}");
        }
        let (reader, writer) = std::io::pipe().unwrap();
        drop(reader);
        let mut ramkey = Command::new(env!("CARGO_BIN_EXE_ramkey"));
        ramkey.args(command.split(' ')).current_dir(desk.folder.path()).stdout(writer);
        assert_eq!(ramkey.status().unwrap().code(), Some(0), "{command} into a closed pipe");
    }
}

#[test]
fn a_stick_that_the_output_goes_to_is_refused_and_stays_as_it_is() {
    let desk = Desk::new();
    fs::hard_link(desk.path("stick.img"), desk.path("link.img")).unwrap();
    let before = desk.stick();
    for target in ["stick.img", "link.img", "/dev/stdout", "/dev/fd/1", "/proc/self/fd/1"] {
        for command in ["write", "write --json", "write --dry-run", "plan"] {
            for output in ["1<>stick.img", ">>stick.img"] {
                let yes = if command.starts_with("write") { "--yes" } else { "" };
                let result = desk.run(&format!("{command} dos.img --to {target} {yes} {output}"));
                let text = String::from_utf8_lossy(&result.stderr).into_owned();
                assert_eq!(result.status.code(), Some(3), "{target} {command} {output}: {text}");
                let expected = format!(
                    "error: {target} is refused: the standard output of this command goes to it\n\
                     help: send the output to another file, or nowhere: `>/dev/null`\n"
                );
                assert_eq!(text, expected, "{command} {output}");
                assert!(desk.stick() == before, "{target} {command} {output}: the stick was changed");
            }
        }
    }
    assert!(desk.run("verify --strict stick.img").status.success());
}

#[test]
fn an_error_is_not_written_over_the_stick_that_it_is_about() {
    let desk = Desk::new();
    let before = desk.stick();
    let refused = |words: &str| {
        let result = desk.run(words);
        assert_eq!(result.status.code(), Some(3), "{words}: {result:?}");
        assert!(desk.stick() == before, "{words}: the stick was changed");
        String::from_utf8(result.stdout).unwrap()
    };
    for target in ["stick.img", "/dev/stderr"] {
        let text = refused(&format!("write dos.img --to {target} --yes 2<>stick.img"));
        assert!(text.starts_with(&format!("error: {target} is refused: the standard error")), "{text}");
        let text = refused(&format!("write missing.img --to {target} --yes --json 2<>stick.img"));
        let error: serde_json::Value = serde_json::from_str(&text).unwrap();
        assert_eq!(error["exit"], "refused");
        refused(&format!("write dos.img --to {target} --yes 1<>stick.img 2>&1"));
        refused(&format!("write dos.img --to {target} --yes --json 1<>stick.img 2>&1"));
    }
}

#[test]
fn a_device_that_the_output_goes_to_is_refused_and_stays_as_it_is() {
    let desk = Desk::new();
    let Some(device) = Loop::of(&desk.path("stick.img"), &[]) else { return };
    let before = desk.stick();
    let open = || Stdio::from(OpenOptions::new().write(true).open(&device.node).unwrap());
    for error in [false, true] {
        let mut ramkey = Command::new(env!("CARGO_BIN_EXE_ramkey"));
        ramkey.args(["write", "dos.img", "--yes", "--to"]).arg(&device.node).current_dir(desk.folder.path());
        ramkey.stdout(Stdio::piped()).stderr(Stdio::piped());
        let result = if error { ramkey.stderr(open()) } else { ramkey.stdout(open()) }.output().unwrap();
        let text = String::from_utf8(if error { result.stdout } else { result.stderr }).unwrap();
        assert_eq!(result.status.code(), Some(3), "{text}");
        assert!(text.contains(" of this command goes to it\n"), "{text}");
        // Through the device, because the file may lag behind it.
        assert!(fs::read(&device.node).unwrap() == before, "the device was changed");
    }
}

#[test]
fn of_a_device_whose_partitions_the_system_never_shows_nobody_is_told_that_it_does_not_see_them() {
    let desk = Desk::new();
    let Some(device) = Loop::of(&desk.path("stick.img"), &[]) else { return };
    let result = desk.run(&format!("write dos.img --yes --to {} 2>&1", device.node.display()));
    let text = String::from_utf8(result.stdout).unwrap();
    assert_eq!(result.status.code(), Some(0), "{text}");
    assert!(!text.contains("partition yet"), "{text}");
}

#[test]
fn a_target_that_the_output_goes_to_by_another_device_is_refused_and_stays_as_it_is() {
    let desk = Desk::new();
    let Some(device) = Loop::of(&desk.path("stick.img"), &[]) else { return };
    let node = device.node.display().to_string();
    let before = desk.stick();
    let refused = |target: &str, output: &str| {
        let result = desk.run(&format!("write dos.img --to {target} --yes {output}"));
        assert_eq!(result.status.code(), Some(3), "{target} {output}: {result:?}");
        let text = String::from_utf8([result.stdout, result.stderr].concat()).unwrap();
        let expected = format!("error: {target} is refused: the standard ");
        // Where both go there, nothing is said at all.
        assert!(text.starts_with(&expected) != output.ends_with("2>&1"), "{target} {output}: {text}");
        sync();
        assert!(desk.stick() == before, "{target} {output}: the file was changed");
        assert!(fs::read(&device.node).unwrap() == before, "{target} {output}: the device was changed");
    };
    for output in ["1<>stick.img", "1>>stick.img", "2<>stick.img", "2>>stick.img", "1<>stick.img 2>&1"] {
        refused(&node, output);
    }
    for output in [format!("1<>{node}"), format!("2<>{node}"), format!("1<>{node} 2>&1")] {
        refused("stick.img", &output);
    }
    let Some(upper) = Loop::of(&device.node, &[]) else { return };
    refused(&node, &format!("1<>{}", upper.node.display()));
    refused("stick.img", &format!("2<>{}", upper.node.display()));
    refused(&upper.node.display().to_string(), "1<>stick.img");
    drop(upper);
    let Some(twin) = Loop::of(&desk.path("stick.img"), &[]) else { return };
    refused(&node, &format!("2<>{}", twin.node.display()));
    drop(twin);
    let result = desk.run(&format!("write dos.img --to {node} --yes 1>report.txt 2>errors.txt"));
    assert_eq!(result.status.code(), Some(0), "another file is no reason");
}

#[test]
fn a_target_that_the_output_goes_to_through_an_overlay_is_refused_and_stays_as_it_is() {
    let desk = Desk::new();
    for folder in ["lower", "upper", "work", "merged", "bound"] {
        fs::create_dir(desk.path(folder)).unwrap();
    }
    fs::rename(desk.path("stick.img"), desk.path("upper/stick.img")).unwrap();
    let at = |name: &str| desk.path(name).display().to_string();
    let options = format!("lowerdir={},upperdir={},workdir={}", at("lower"), at("upper"), at("work"));
    let Some(_overlay) =
        Mount::new("overlay".as_ref(), desk.path("merged"), &["-t", "overlay", "-o", &options])
    else {
        return;
    };
    let Some(_bound) = Mount::new(&desk.path("upper"), desk.path("bound"), &["--bind"]) else { return };
    let Some(device) = Loop::of(&desk.path("upper/stick.img"), &[]) else { return };
    let before = fs::read(desk.path("upper/stick.img")).unwrap();
    let node = device.node.display().to_string();
    let names = ["merged/stick.img", "upper/stick.img", "bound/stick.img", &node];
    for target in names {
        for output in names {
            for stream in [1, 2] {
                let result = desk.run(&format!("write dos.img --to {target} --yes {stream}<>{output}"));
                let text = String::from_utf8([result.stdout, result.stderr].concat()).unwrap();
                assert_eq!(result.status.code(), Some(3), "{target} {stream}<>{output}: {text}");
                assert!(
                    text.contains(" of this command goes to it\n"),
                    "{target} {stream}<>{output}: {text}"
                );
                sync();
                let after = fs::read(desk.path("upper/stick.img")).unwrap();
                assert!(after == before, "{target} {stream}<>{output}: it was changed");
            }
        }
    }
}

fn sync() {
    assert!(Command::new("sync").status().unwrap().success());
}

#[test]
fn an_output_that_is_only_read_or_another_file_is_no_reason_to_refuse() {
    let desk = Desk::new();
    let read_only = File::open(desk.path("stick.img")).unwrap();
    let mut ramkey = Command::new(env!("CARGO_BIN_EXE_ramkey"));
    ramkey.args(["write", "dos.img", "--yes", "--to", "stick.img"]).current_dir(desk.folder.path());
    // The stick can be written, and its report cannot.
    assert_eq!(ramkey.stderr(read_only).output().unwrap().status.code(), Some(0));
    let result = desk.run("write dos.img --yes --to stick.img >report.txt 2>errors.txt");
    assert_eq!(result.status.code(), Some(0));
    assert!(fs::read_to_string(desk.path("report.txt")).unwrap().contains("\ndone      stick.img "));
    assert!(desk.run("verify --strict stick.img").status.success());
}
