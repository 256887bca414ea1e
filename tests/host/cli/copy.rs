//! `ramkey write DISC.iso`: a disc image of ours is copied to files and devices, or refused with what to do.

use std::fs::{self, File};
use std::os::unix::fs::FileExt;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Output, Stdio};
use std::thread::sleep;
use std::time::Duration;

use rustix::process::{Pid, Signal, kill_process};
use serde_json::Value;

use crate::frames::copies::{disc, is_copy};
use crate::frames::loops::Loop;
use crate::frames::sticks::{MIB, POISON, noise, printed, tool};

/// A folder with `disc.iso`, and `one.img`, which is on it.
struct Desk {
    folder: tempfile::TempDir,
}

impl Desk {
    fn new() -> Self {
        Self::with(700_000)
    }

    fn with(len: usize) -> Self {
        let desk = Self { folder: tempfile::tempdir().unwrap() };
        disc(desk.folder.path(), len);
        desk
    }

    fn at(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }

    fn bytes(&self, name: &str) -> Vec<u8> {
        fs::read(self.at(name)).unwrap()
    }

    fn command(&self, arguments: &[&str]) -> Command {
        let mut command = Command::new(env!("CARGO_BIN_EXE_ramkey"));
        command.args(arguments).current_dir(self.folder.path()).stdin(Stdio::null());
        command.stdout(Stdio::piped()).stderr(Stdio::piped());
        command
    }

    fn run(&self, arguments: &[&str], status: i32) -> Output {
        let output = self.command(arguments).output().unwrap();
        assert_eq!(output.status.code(), Some(status), "{arguments:?}: {}", printed(&output));
        output
    }

    fn json(&self, arguments: &[&str]) -> Value {
        serde_json::from_slice(&self.run(arguments, 0).stdout).unwrap()
    }

    /// What must be true of a copy, whatever it is on.
    fn is_sound(&self, stick: &str) {
        for arguments in [&["verify", stick][..], &["verify", "--strict", stick], &["doctor", stick]] {
            self.run(arguments, 0);
        }
        assert_eq!(self.json(&["verify", stick, "--json"])["disc"], true);
        let output = tool("fdisk", "sfdisk", &["--verify", stick]);
        assert!(
            output.status.success() && printed(&output).contains("No errors detected"),
            "{}",
            printed(&output)
        );
        let volume = self.at("volume.img");
        let medium = File::open(stick).unwrap();
        let mut bytes = vec![0; self.bytes("disc.iso").len() - MIB as usize];
        medium.read_exact_at(&mut bytes, MIB).unwrap();
        fs::write(&volume, bytes).unwrap();
        let output = tool("dosfstools", "fsck.fat", &["-n", volume.to_str().unwrap()]);
        assert!(output.status.success(), "{}", printed(&output));
    }
}

#[test]
fn a_new_file_becomes_the_image_and_the_screen_says_that_it_is_a_copy() {
    let desk = Desk::new();
    let text = printed(&desk.run(&["write", "disc.iso", "--to", "stick.img"], 0));
    assert!(desk.bytes("stick.img") == desk.bytes("disc.iso"), "the copy is another");
    for line in [
        "          copy of the disc image, ",
        "\ndisc      universal, ",
        "all read back and identical\n",
        "\ndone      stick.img boots from RAM, as the disc does\n",
    ] {
        assert!(text.contains(line), "no {line:?} in {text}");
    }
    desk.is_sound(desk.at("stick.img").to_str().unwrap());
    // Again over itself, without a question: nothing of the user's is on it.
    desk.run(&["write", "disc.iso", "--to", "stick.img"], 0);
    assert!(desk.bytes("stick.img") == desk.bytes("disc.iso"), "the copy is another");
}

#[test]
fn plan_and_dry_run_show_the_ranges_and_write_nothing() {
    let desk = Desk::new();
    let plan = desk.json(&["plan", "disc.iso", "--to", "stick.img", "--json"]);
    let dry = desk.json(&["write", "disc.iso", "--to", "stick.img", "--dry-run", "--json"]);
    assert!(!desk.at("stick.img").exists());
    assert_eq!(plan, dry);
    assert_eq!(desk.json(&["plan", "disc.iso", "--json"]), plan, "no target is a new file");
    let mut written = desk.json(&["write", "disc.iso", "--to", "stick.img", "--json"]);
    let effort = written["effort"].take();
    assert!(effort["written"].as_u64() > Some(0), "{effort}");
    assert_eq!(written, plan, "a plan is what is written");
    assert_eq!(plan["what"], "copy of the disc image");
    assert_eq!(plan["ranges"][0]["role"], "sector-0");
    let text = printed(&desk.run(&["plan", "disc.iso"], 0));
    assert!(
        text.contains("its boot header; cleared first") && text.ends_with("; nothing was written\n"),
        "{text}"
    );
}

#[test]
fn a_longer_device_with_an_older_gpt_gets_a_copy_that_every_tool_calls_sound() {
    let desk = Desk::new();
    let len = desk.bytes("disc.iso").len() + (5 << 20);
    fs::write(desk.at("disk.img"), vec![POISON; len]).unwrap();
    let disk = desk.at("disk.img");
    let output = tool("gdisk", "sgdisk", &["--zap-all", "--new", "1:2048:0", disk.to_str().unwrap()]);
    assert!(output.status.success(), "{}", printed(&output));
    let before = desk.bytes("disk.img");
    assert!(before[before.len() - 512..].starts_with(b"EFI PART"), "there is no GPT to be cleared");
    let Some(device) = Loop::of(&disk, &[]) else { return };
    let node = device.node.to_str().unwrap();

    let output = desk.run(&["write", "disc.iso", "--to", node], 3);
    assert!(printed(&output).contains("would be erased, and there is no terminal"), "{}", printed(&output));
    assert!(fs::read(&device.node).unwrap() == before, "it was not confirmed");
    desk.run(&["write", "disc.iso", "--to", node, "--yes"], 0);
    let found = fs::read(&device.node).unwrap();
    let image = desk.bytes("disc.iso");
    assert!(found[..image.len()] == image, "the copy is another");
    let (behind, end) = found[image.len()..].split_at(found.len() - image.len() - 33 * 512);
    assert!(*behind == before[image.len()..][..behind.len()], "something was written behind the image");
    assert!(end.iter().all(|&byte| byte == 0), "the GPT is still there");
    desk.is_sound(node);
    let text = printed(&desk.run(&["verify", node], 0));
    assert!(text.contains("a disc image ends where it ends, and what is behind is not used"), "{text}");
    let text = printed(&desk.run(&["doctor", node], 0));
    assert!(text.contains("ramkey-disc: it is a disc of ramkey") && !text.contains("iso-hybrid"), "{text}");
}

#[test]
fn a_target_that_is_too_small_stays_as_it_is() {
    let desk = Desk::new();
    let len = desk.bytes("disc.iso").len();
    fs::write(desk.at("small.img"), vec![POISON; len - 1024]).unwrap();
    let missing = "1024 too few for disc.iso, which has ";
    let output = desk.run(&["write", "disc.iso", "--to", "small.img", "--yes"], 3);
    assert!(printed(&output).contains(missing) && printed(&output).contains("help: name another file"));
    if let Some(device) = Loop::of(&desk.at("small.img"), &[]) {
        let output = desk.run(&["write", "disc.iso", "--to", device.node.to_str().unwrap(), "--yes"], 3);
        assert!(printed(&output).contains(missing) && printed(&output).contains("help: use a larger stick"));
    }
    assert!(desk.bytes("small.img") == vec![POISON; len - 1024], "the target was changed");
    let output = desk.run(&["write", "disc.iso", "--to", "new.img", "--size", "1M"], 3);
    assert!(printed(&output).contains("help: leave --size out"), "{}", printed(&output));
    assert!(!desk.at("new.img").exists());
    desk.run(&["write", "disc.iso", "--to", "new.img", "--size", "32M"], 0);
    is_copy(&desk.bytes("new.img"), &desk.bytes("disc.iso"), 0);
    assert_eq!(desk.bytes("new.img").len(), 32 << 20);
}

#[test]
fn a_damaged_image_is_refused_and_the_target_stays_as_it_is() {
    let desk = Desk::new();
    let mut image = desk.bytes("disc.iso");
    image[100] ^= 1;
    fs::write(desk.at("disc.iso"), image).unwrap();
    fs::write(desk.at("stick.img"), vec![POISON; 16 << 20]).unwrap();
    for arguments in [
        &["write", "disc.iso", "--to", "stick.img", "--yes"][..],
        &["write", "disc.iso", "--to", "new.img"],
        &["plan", "disc.iso"],
    ] {
        let text = printed(&desk.run(arguments, 3));
        assert!(text.contains("disc image of ramkey that is damaged: sector 0 is not as written"), "{text}");
    }
    assert!(desk.bytes("stick.img") == vec![POISON; 16 << 20], "the target was changed");
    assert!(!desk.at("new.img").exists());
}

#[test]
fn an_option_that_a_copy_cannot_have_is_one_error_that_says_what_to_do() {
    let desk = Desk::new();
    let id = "0".repeat(32);
    let of_disc: &[&[&str]] = &[
        &["--label", "X"],
        &["--id", &id],
        &["--title", "X"],
        &["--chs", "4/16/63"],
        &["--timeout", "3"],
        &["--menu-timeout", "30"],
        &["--lang", "de"],
        &["--with", "one.img"],
        &["--floppy", "one.img"],
        &["--identity", "memdisk"],
        &["--first-disk", "ram"],
        &["--keep-stick"],
        &["--read-only"],
        &["--fake-write"],
        &["--copy", "auto"],
    ];
    let of_stick: &[&[&str]] = &[&["--layout", "hdd"], &["--zip"], &["--fs", "fat16"], &["--linux-phram"]];
    let anew =
        "make the disc anew with it: `ramkey disc IMAGE... --to FILE.iso`; --kind cd boots disc.iso from RAM";
    let leave = "leave the option out, or name the images that the disc was made from; --kind cd boots ";
    let tables = [(of_disc, anew), (of_stick, leave)];
    for (option, help) in
        tables.iter().flat_map(|(options, help)| options.iter().map(move |option| (option, help)))
    {
        let text = printed(&desk.run(&[&["write", "disc.iso", "--to", "stick.img"], *option].concat(), 2));
        let what = format!(
            "error: disc.iso is a disc image of ramkey, which is copied as it is, and {} was given\nhelp: {help}",
            option[0]
        );
        assert!(text.starts_with(&what), "{option:?}: {text}");
        assert_eq!(text.lines().count(), 2, "{text}");
    }
    let text = printed(&desk.run(&["write", "one.img", "disc.iso", "--to", "stick.img"], 2));
    assert!(text.contains("and other images were named\nhelp: name it alone, or "), "{text}");
    assert!(!desk.at("stick.img").exists());
}

#[test]
fn kind_cd_boots_it_from_ram_as_a_cd_of_others() {
    let desk = Desk::new();
    let report =
        desk.json(&["write", "disc.iso", "--kind", "cd", "--title", "CD", "--to", "stick.img", "--json"]);
    assert_eq!((&report["images"][0]["kind"], &report["images"][0]["title"]), (&"CD".into(), &"CD".into()));
    assert_eq!(report["images"][0]["len"], desk.bytes("disc.iso").len());
    assert_eq!(desk.json(&["verify", "stick.img", "--json"])["disc"], false);
}

#[test]
fn an_image_that_lies_on_the_target_is_refused() {
    let desk = Desk::new();
    let before = desk.bytes("disc.iso");
    std::os::unix::fs::symlink("disc.iso", desk.at("link.iso")).unwrap();
    let refuses = |target: &str| {
        let text = printed(&desk.run(&["write", "disc.iso", "--to", target, "--yes"], 3));
        assert!(text.contains("one of the images"), "{text}");
    };
    refuses("disc.iso");
    refuses("link.iso");
    if let Some(device) = Loop::of(&desk.at("disc.iso"), &[]) {
        refuses(device.node.to_str().unwrap());
    }
    assert!(desk.bytes("disc.iso") == before, "the image was changed");
}

/// Asks the program to end when its new file has its first bytes.
fn terminate_when_begun(mut child: Child, stick: &Path) -> Output {
    use std::os::unix::fs::MetadataExt;
    while fs::metadata(stick).map_or(0, |stick| stick.blocks()) == 0 {
        assert_eq!(child.try_wait().unwrap(), None, "it ended before it began");
        sleep(Duration::from_millis(1));
    }
    kill_process(Pid::from_raw(child.id().try_into().unwrap()).unwrap(), Signal::TERM).unwrap();
    child.wait_with_output().unwrap()
}

#[test]
fn ended_in_the_middle_it_does_not_boot_and_says_so() {
    let desk = Desk::with(60 << 20);
    let stick = desk.at("stick.img");
    let child = desk.command(&["write", "disc.iso", "--to", "stick.img"]).spawn().unwrap();
    let output = terminate_when_begun(child, &stick);
    assert_eq!(output.status.code(), Some(5), "{}", printed(&output));
    assert!(printed(&output).contains("the stick will not boot"), "{}", printed(&output));
    let found = File::open(&stick).unwrap();
    for lba in [0, 128, 2176] {
        let mut sector = [0xD1; 512];
        found.read_exact_at(&mut sector, lba * 512).unwrap();
        assert_eq!(sector, [0; 512], "sector {lba}");
    }
    desk.run(&["write", "disc.iso", "--to", "stick.img"], 0);
    desk.run(&["verify", "stick.img"], 0);
}

#[test]
fn files_that_were_added_to_the_disc_image_are_named_and_copied() {
    let desk = Desk::new();
    fs::write(desk.at("note.txt"), noise(600)).unwrap();
    let volume = format!("{}@@{MIB}", desk.at("disc.iso").display());
    let note = desk.at("note.txt");
    let output = tool("mtools", "mcopy", &["-i", &volume, note.to_str().unwrap(), "::"]);
    assert!(output.status.success(), "{}", printed(&output));
    let text = printed(&desk.run(&["write", "disc.iso", "--to", "stick.img"], 0));
    assert!(text.contains("\nchanged   NOTE.TXT"), "{text}");
    assert!(desk.bytes("stick.img") == desk.bytes("disc.iso"), "the copy is another");
    // Now the copy holds a file of the user's.
    let output = desk.run(&["write", "disc.iso", "--to", "stick.img"], 3);
    assert!(
        printed(&output).contains("it holds a disc of ramkey with a file of yours: "),
        "{}",
        printed(&output)
    );
}
