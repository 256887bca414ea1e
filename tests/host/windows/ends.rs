//! Ways in which the driver does not come into its image: a full disk, a cut, an interrupt at a question, a kind of disk that no
//! Windows starts from, a source that lies on the target.

use std::fs;
use std::io::{Read, Write};
use std::path::Path;
use std::process::{Command, Stdio};
use std::thread::sleep;
use std::time::Duration;

use flate2::{Compression, write::GzEncoder};

use super::desk::{Desk, Wish};
use super::place::{fat, says, started};
use crate::frames::limits::ramkey;
use crate::frames::loops::{Loop, Mount, must};
use crate::frames::skip::skip;
use crate::frames::sticks::{noise, printed};
use crate::frames::windows_image::{System, bare};

const ADD: [&str; 5] = ["windows", "add-driver", "xp.img", "--driver", "firadisk.sys"];

fn names(folder: &Path) -> Vec<String> {
    let entries = fs::read_dir(folder).unwrap();
    let mut names: Vec<String> =
        entries.map(|entry| entry.unwrap().file_name().into_string().unwrap()).collect();
    names.sort();
    names
}

#[test]
fn a_full_disk_leaves_the_image_and_nothing_beside_it() {
    let mut xp = bare(System::Fat16);
    xp.file("WINDOWS/noise.bin", &noise(6 << 20));
    let desk = Desk::new(&xp);
    let size = format!("size={}k", (fs::metadata(desk.path("xp.img")).unwrap().len() >> 10) + (3 << 10));
    let options = ["-t", "tmpfs", "-o", &size];
    let Some(disk) = Mount::new(Path::new("none"), desk.path("disk"), &options) else { return };
    let old = desk.image("xp.img");
    for name in ["xp.img", "firadisk.sys"] {
        fs::copy(desk.path(name), disk.folder.join(name)).unwrap();
    }
    // Of a limit it is said sooner that it is in the way.
    for (limit, to, exit) in [
        ("unlimited", None, 1),
        ("unlimited", Some("new.img"), 1),
        ("8192", None, 3),
        ("8192", Some("new.img"), 3),
    ] {
        let mut command = Command::new("sh");
        let line = format!("ulimit -f {limit} && exec \"$@\"");
        command.args(["-c", &line, "sh", env!("CARGO_BIN_EXE_ramkey")]);
        command.args(ADD).current_dir(&disk.folder);
        command.args(to.iter().flat_map(|to| ["--to", to]));
        let output = command.output().unwrap();
        assert_eq!(output.status.code(), Some(exit), "{limit}: {}", printed(&output));
        let why = if exit == 1 { "No space left on device" } else { "File too large" };
        assert!(printed(&output).contains(why), "{}", printed(&output));
        assert!(fs::read(disk.folder.join("xp.img")).unwrap() == old);
        assert_eq!(names(&disk.folder), ["firadisk.sys", "xp.img"]);
    }
}

#[test]
fn wherever_it_is_cut_the_image_is_the_old_or_the_new_one() {
    let desk = fat();
    let old = desk.image("xp.img");
    desk.add("xp.img", "firadisk.sys", "same.img", Wish::default()).unwrap();
    let new = desk.image("same.img");
    let [image, unfinished, backup] =
        ["xp.img", "xp.img.unfinished", "xp.img.before-driver"].map(|name| desk.path(name));
    let mut cut = 0;
    for moment in 0..6 {
        let mut child = started(&desk, &ADD, Stdio::null(), desk.folder.path());
        while !unfinished.exists() && child.try_wait().unwrap().is_none() {
            sleep(Duration::from_millis(1));
        }
        sleep(Duration::from_millis(moment * moment * 8));
        child.kill().unwrap();
        child.wait().unwrap();
        let found = desk.image("xp.img");
        assert!(found == old || found == new, "moment {moment}");
        assert!(!backup.exists() || fs::read(&backup).unwrap() == old, "moment {moment}");
        if found == new {
            assert!(backup.exists(), "moment {moment}: the old one is there, too");
            fs::rename(&backup, &image).unwrap();
        }
        if unfinished.exists() {
            cut += 1;
            // It is no part of anything, and its name is said.
            assert!(says(&desk, &ADD, 3).contains("move "), "moment {moment}");
            fs::remove_file(&unfinished).unwrap();
        }
        let _ = fs::remove_file(&backup);
    }
    assert!(cut > 0, "some are cut in the middle");
    says(&desk, &ADD, 0);
    assert!(desk.image("xp.img") == new && fs::read(&backup).unwrap() == old);
}

#[test]
fn the_kind_that_is_named_counts_for_the_driver_too() {
    let desk = Desk::of(&bare(System::Fat16).partition());
    let line = |kind: &'static str, to: &'static str| {
        ["write", "xp.img", "--kind", kind, "--driver", "firadisk.sys", "--to", to, "--yes"]
    };
    let said = says(&desk, &line("partition", "stick.img"), 0);
    assert!(said.contains("will find this RAM disk: yes"), "{said}");
    let said = says(&desk, &line("floppy", "floppy.img"), 3);
    assert!(said.contains("no Windows that needs a driver is on it"), "{said}");
    assert!(!desk.path("floppy.img").exists());
}

#[test]
fn an_image_on_the_stick_that_is_written_is_refused_however_it_is_packed() {
    let desk = fat();
    let mut packed = GzEncoder::new(Vec::new(), Compression::fast());
    packed.write_all(&desk.image("xp.img")).unwrap();
    let packed = packed.finish().unwrap();
    fs::File::create(desk.path("stick.img")).unwrap().set_len(64 << 20).unwrap();
    must("mkfs.ext2", &["-q".as_ref(), desk.path("stick.img").as_os_str()]);
    let Some(device) = Loop::of(&desk.path("stick.img"), &[]) else { return };
    let Some(mount) = Mount::new(&device.node, desk.path("mount"), &[]) else { return };
    let image = mount.folder.join("xp.img.gz");
    fs::write(&image, &packed).unwrap();
    let (image, node) = (image.to_str().unwrap(), device.node.to_str().unwrap());
    let driver = desk.path("firadisk.sys");
    for more in [&[][..], &["--unmount"]] {
        let line = ["write", image, "--driver", driver.to_str().unwrap(), "--to", node, "--yes"];
        let output = ramkey(&[&line[..], more].concat());
        assert_eq!(output.status.code(), Some(3), "{}", printed(&output));
        assert!(fs::read(image).unwrap() == packed, "{}", printed(&output));
    }
}

#[test]
fn an_interrupt_at_the_question_leaves_the_target() {
    let desk = fat();
    // What is lost is asked about.
    fs::write(desk.path("target.img"), desk.image("xp.img")).unwrap();
    let (target, temporary) = (desk.image("target.img"), desk.path("temporary"));
    fs::create_dir(&temporary).unwrap();
    let words = ["write", "xp.img", "--driver", "firadisk.sys", "--to", "target.img"];
    let line = format!("exec {} {}", env!("CARGO_BIN_EXE_ramkey"), words.join(" "));
    let mut command = Command::new("script");
    command.args(["--quiet", "--return", "--command", &line, "/dev/null"]);
    command.env("TMPDIR", &temporary).current_dir(desk.folder.path());
    command.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::null());
    let mut child = match command.spawn() {
        Ok(child) => child,
        Err(error) => return skip("script", error.to_string().as_bytes()),
    };
    let (mut said, mut screen) = (Vec::new(), child.stdout.take().unwrap());
    let mut byte = [0];
    while !said.ends_with(b"to erase it: ") {
        assert_eq!(screen.read(&mut byte).unwrap(), 1, "{}", String::from_utf8_lossy(&said));
        said.push(byte[0]);
    }
    // Control and C, which a terminal makes a signal of.
    child.stdin.as_mut().unwrap().write_all(&[3]).unwrap();
    screen.read_to_end(&mut said).unwrap();
    let status = child.wait().unwrap();
    assert_eq!(status.code(), Some(130), "{}", String::from_utf8_lossy(&said));
    assert!(desk.image("target.img") == target);
    assert_eq!(fs::read_dir(&temporary).unwrap().count(), 0);
}
