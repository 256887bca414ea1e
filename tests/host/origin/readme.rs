//! The text on a disc: what other programs read of it is what they themselves say of the images.

use std::fs;
use std::path::PathBuf;
use std::process::{Command, Output, Stdio};

use crate::frames::sticks::{noise, printed, tool};
use crate::frames::windows_image::{System, Xp};
use serde_json::Value;

struct Desk(tempfile::TempDir);

impl Desk {
    fn new() -> Self {
        let desk = Self(tempfile::tempdir().unwrap());
        let disk = noise(20 * 4 * 17 * 512);
        let mut header = b"DOSEMU\0".to_vec();
        [4u32, 17, 20, 128].iter().for_each(|number| header.extend(number.to_le_bytes()));
        header.resize(128, 0);
        fs::write(desk.path("disk.img"), &disk).unwrap();
        fs::write(desk.path("dosemu.img"), [header, disk].concat()).unwrap();
        desk
    }

    fn path(&self, name: &str) -> PathBuf {
        self.0.path().join(name)
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

    /// The text on a disc, as a reader of CDs finds it.
    fn readme(&self, disc: &str) -> Vec<u8> {
        let disc = self.path(disc);
        let path = "/RAMKEY/README.TXT;1";
        let output = tool("genisoimage", "isoinfo", &["-i", disc.to_str().unwrap(), "-x", path]);
        assert!(output.status.success(), "{}", printed(&output));
        output.stdout
    }

    fn digits(&self, program: &str, name: &str) -> String {
        let path = self.path(name);
        let package = if program == "b3sum" { "b3sum" } else { "coreutils" };
        let output = tool(package, program, &[path.to_str().unwrap()]);
        String::from_utf8(output.stdout).unwrap().split(' ').next().unwrap().to_owned()
    }
}

#[test]
fn a_disc_tells_of_each_image_where_it_is_from_and_what_its_hashes_are() {
    let desk = Desk::new();
    let source = "the shelf\x1b[31m of J\u{fc}rgen, second from above, behind the box with the cables that nobody knows";
    let two = ["disc", "dosemu.img", "disk.img", "--title", "One", "--source", source, "--to", "disc.iso"];
    desk.done(&two);
    let bytes = desk.readme("disc.iso");
    for line in bytes.split_inclusive(|byte| *byte == b'\n') {
        assert!(line.ends_with(b"\r\n") && line.len() <= 80, "{:?}", String::from_utf8_lossy(line));
    }
    assert!(bytes.windows(6).any(|window| window == b"J\x81rgen") && !bytes.contains(&0x1B));
    let text = String::from_utf8_lossy(&bytes);
    let hash = |program, name| desk.digits(program, name);
    for words in [
        "IMAGE 1: One\r\nFile      RAMKEY\\DOSEMU.RKC\r\nSize      696320 bytes\r\n".to_owned(),
        format!("BLAKE3    {}\r\nSHA-256   {}\r\n", hash("b3sum", "disk.img"), hash("sha256sum", "disk.img")),
        "Came as   dosemu.img\r\n          696448 bytes\r\n".to_owned(),
        format!(
            "BLAKE3    {}\r\nSHA-256   {}\r\n",
            hash("b3sum", "dosemu.img"),
            hash("sha256sum", "dosemu.img")
        ),
        "IMAGE 2: disk\r\n".to_owned(),
        "Came as   disk.img\r\n\r\n".to_owned(),
        format!("ramkey {} made it", env!("CARGO_PKG_VERSION")),
        "MIT or Apache-2.0".to_owned(),
    ] {
        assert!(text.contains(&words), "{words:?}: {text}");
    }
    // The last lines are those that a person follows.
    desk.done(&["verify", "disc.iso"]);
    desk.done(&["extract", "DISK.RKC", "--from", "disc.iso", "--to", "back.img"]);
    assert_eq!(hash("b3sum", "back.img"), hash("b3sum", "disk.img"));

    let again: Vec<&str> = two[..8].iter().copied().chain(["again.iso"]).collect();
    desk.done(&again);
    assert!(fs::read(desk.path("again.iso")).unwrap() == fs::read(desk.path("disc.iso")).unwrap());
    desk.done(&["write", "disc.iso", "--to", "copy.img"]);
    desk.done(&["verify", "copy.img"]);
    assert_eq!(desk.readme("copy.img"), bytes);
    let damaged = fs::read(desk.path("disc.iso")).unwrap();
    let at = damaged.windows(9).position(|window| window == b"IMAGE 1: ").unwrap();
    let mut damaged = damaged;
    damaged[at] ^= 1;
    fs::write(desk.path("damaged.iso"), damaged).unwrap();
    assert_eq!(desk.run(&["verify", "damaged.iso"]).status.code(), Some(4));
}

#[test]
fn a_source_that_is_too_long_or_of_no_image_is_refused() {
    let desk = Desk::new();
    let disc = ["disc", "disk.img", "--to", "disc.iso"];
    for more in [&["--source", &"x".repeat(201)][..], &["--source", ""], &["--source", "a", "--source", "b"]]
    {
        let output = desk.run(&[&disc[..], more].concat());
        assert_eq!(output.status.code(), Some(2), "{}", printed(&output));
    }
    let twice = ["write", "disk.img", "--to", "stick.img", "--source", "a", "--source", "b"];
    assert_eq!(desk.run(&twice).status.code(), Some(2));
    desk.done(&["plan", "disk.img", "--source", "a"]);
    desk.done(&["plan", "--disc", "disk.img", "--source", &"x".repeat(200)]);
    assert!(!desk.path("disc.iso").exists());
}

#[test]
fn a_windows_without_updates_is_named_once_with_what_follows_and_with_the_memory_that_it_wants() {
    let desk = Desk::new();
    fs::write(desk.path("xp.img"), Xp::new(System::Fat16).disk()).unwrap();
    let advice = "Windows XP has had no updates since 8 April 2014";
    for arguments in
        [&["inspect", "xp.img"][..], &["plan", "xp.img"], &["write", "xp.img", "--to", "stick.img"]]
    {
        let text = desk.done(arguments);
        assert_eq!(text.matches(advice).count(), 1, "{arguments:?}: {text}");
        let json: Value =
            serde_json::from_str(&desk.done(&[arguments, &["--json", "--yes"][..1]].concat())).unwrap();
        let image = if arguments[0] == "inspect" { &json } else { &json["images"][0] };
        let machine = &image["machine"];
        assert_eq!((&machine["system"], &machine["system_mb"]), (&"Windows XP".into(), &64.into()), "{json}");
        let least = image["ram_needed"].as_u64().unwrap() + (65 << 20);
        let machines = machine["machines"].as_array().unwrap();
        assert!(machines.iter().all(|mb| mb.as_u64().unwrap() << 20 >= least) && machines.len() > 1);
        fs::remove_file(desk.path("stick.img")).ok();
    }
    desk.done(&["disc", "xp.img", "--to", "xp.iso"]);
    let text = String::from_utf8_lossy(&desk.readme("xp.iso")).replace("\r\n", " ");
    assert!(text.contains(advice), "{text}");
    assert!(!desk.done(&["inspect", "disk.img"]).contains("no updates"));
}
