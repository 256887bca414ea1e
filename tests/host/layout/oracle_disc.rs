//! What the program writes as a disc, with a folder of the user's, is what other people's readers find there.

use std::fs::{self, File};
use std::os::unix::fs::{PermissionsExt, symlink};
use std::path::Path;
use std::process::Command;

use crate::frames::sticks::{noise, printed, tool};

fn disc(folder: &Path, boot: &str) -> String {
    let path = |name: &str| folder.join(name).into_os_string().into_string().unwrap();
    fs::write(path("my-dos.img"), noise(300_000)).unwrap();
    fs::create_dir_all(path("own/Sub folder/ünï")).unwrap();
    fs::write(path("own/Sub folder/ünï/Some text.txt"), noise(5000)).unwrap();
    fs::write(path("own/tool.exe"), noise(2_500_000)).unwrap();
    fs::write(path("own/nothing"), "").unwrap();
    if fs::symlink_metadata(path("own/link")).is_err() {
        symlink("tool.exe", path("own/link")).unwrap();
    }
    let output = Command::new(env!("CARGO_BIN_EXE_ramkey"))
        .args(["disc", &path("my-dos.img"), "--kind", "hdd", "--boot", boot, "--yes"])
        .args(["--dir", &path("own"), "--to", &path("mini.iso")])
        .output()
        .unwrap();
    let text = printed(&output);
    assert!(output.status.success(), "{text}");
    assert!(text.contains("own/link is left out: it is a symbolic link"), "{text}");
    path("mini.iso")
}

#[test]
fn xorriso_finds_nothing_wrong_with_a_disc_and_restores_its_files() {
    for (boot, entries) in [
        ("auto", "none fd1.4 hd"),
        ("no-emulation", "none"),
        ("floppy", "fd1.4 none hd"),
        ("hard-disk", "hd none fd1.4"),
    ] {
        let folder = tempfile::tempdir().unwrap();
        let disc = disc(folder.path(), boot);
        let out = folder.path().join("out");
        let arguments = ["-osirrox", "on", "-indev", &disc, "-report_el_torito", "plain"];
        let output =
            tool("xorriso", "xorriso", &[&arguments[..], &["-extract", "/", out.to_str().unwrap()]].concat());
        let text = printed(&output);
        let bad = ["WARNING", "SORRY", "MISHAP", "FAILURE", "FATAL"];
        assert!(output.status.success() && !bad.iter().any(|bad| text.contains(bad)), "{boot}: {text}");
        let found = text.lines().filter_map(|line| line.strip_prefix("El Torito boot img :"));
        let found: Vec<&str> = found.filter_map(|line| line.split_whitespace().nth(3)).collect();
        let floppy = found.iter().map(|mode| if *mode == "fd2.8" { "fd1.4" } else { mode });
        assert_eq!(floppy.collect::<Vec<_>>().join(" "), entries, "{boot}");

        for path in ["", "RAMKEY", "Sub folder", "Sub folder/ünï"] {
            fs::set_permissions(out.join(path), fs::Permissions::from_mode(0o755)).unwrap();
        }
        let own = folder.path().join("own");
        for path in ["Sub folder/ünï/Some text.txt", "tool.exe", "nothing"] {
            assert!(fs::read(out.join(path)).unwrap() == fs::read(own.join(path)).unwrap(), "{boot}: {path}");
        }
        assert!(!out.join("link").exists());
        let capsule = fs::read(out.join("RAMKEY/MY-DOS.RKC")).unwrap();
        let image = format!("{disc}@@{}", 2048 * 512);
        let in_fat = tool("mtools", "mcopy", &["-i", &image, "::RAMKEY/MY-DOS.RKC", "-"]);
        assert!(in_fat.stdout == capsule, "{boot}: FAT and ISO 9660 name the same bytes");
        let loaded = fs::read(out.join("RAMKEY/DISC.BIN")).unwrap();
        assert!(
            loaded.len() > 2048
                && fs::read(&disc).unwrap().windows(2048).step_by(2048).any(|block| block == &loaded[..2048])
        );
    }
}

#[test]
fn other_programs_find_no_fault_in_the_stick_that_a_disc_is() {
    let folder = tempfile::tempdir().unwrap();
    let disc = disc(folder.path(), "auto");
    let text = printed(&tool("fdisk", "sfdisk", &["--verify", &disc]));
    assert!(text.contains("No errors detected"), "{text}");
    let dump = printed(&tool("fdisk", "sfdisk", &["-d", &disc]));
    let line = dump.lines().find(|line| line.contains("bootable")).unwrap();
    let number = |name: &str| -> u64 {
        let rest = line.split(name).nth(1).unwrap();
        rest.trim_start_matches([' ', '=']).split(',').next().unwrap().trim().parse().unwrap()
    };
    let (start, sectors) = (number("start"), number("size"));
    let bytes = fs::read(&disc).unwrap();
    let volume = folder.path().join("volume");
    fs::write(&volume, &bytes[start as usize * 512..][..sectors as usize * 512]).unwrap();
    File::options().write(true).open(&volume).unwrap().set_len(sectors * 512).unwrap();
    let output = tool("dosfstools", "fsck.fat", &["-n", volume.to_str().unwrap()]);
    assert!(output.status.success(), "{}", printed(&output));
    let info = printed(&tool("genisoimage", "isoinfo", &["-d", "-i", &disc]));
    assert!(info.contains(&format!("Volume size is: {}", bytes.len() / 2048)), "{info}");
    assert!(
        info.contains("Joliet with UCS level 3 found") && info.contains("Rock Ridge signatures version 1"),
        "{info}"
    );
}
