//! Makes sticks: with ramkey, and with SYSLINUX and MEMDISK as a second opinion about our guests.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use super::harness::{file, tool};

/// Where Debian keeps MEMDISK.
pub const MEMDISK: &str = "/usr/lib/syslinux/memdisk";

/// Writes a stick of 64 MiB with `ramkey write`, which verifies it too. It waits for a key before it boots the image,
/// unless `options` have a `--timeout`.
pub fn ramkey(folder: &Path, images: &[&Path], options: &[&str]) -> PathBuf {
    let size: &[&str] = if options.contains(&"--size") { &[] } else { &["--size", "64M"] };
    made("write", folder.join("stick.img"), images, &[size, options].concat())
}

/// Writes a disc with `ramkey disc`, which waits for a key, too.
pub fn ramkey_disc(folder: &Path, images: &[&Path], options: &[&str]) -> PathBuf {
    made("disc", folder.join("ramkey.iso"), images, options)
}

fn made(command: &str, medium: PathBuf, images: &[&Path], options: &[&str]) -> PathBuf {
    let mut ramkey = Command::new(env!("CARGO_BIN_EXE_ramkey"));
    ramkey.arg(command).args(images).arg("--to").arg(&medium).arg("--yes");
    if !options.contains(&"--timeout") {
        ramkey.args(["--timeout", "0"]);
    }
    let output = ramkey.args(options).output().expect("running ramkey");
    assert!(output.status.success(), "ramkey {command}: {}", String::from_utf8_lossy(&output.stderr));
    medium
}

/// Writes a disc image with `ramkey disc`, which verifies it too. It waits for a key before it boots the image, unless
/// `options` have a `--timeout`.
pub fn disc(folder: &Path, image: &Path, options: &[&str]) -> PathBuf {
    let disc = folder.join("disc.iso");
    let mut command = Command::new(env!("CARGO_BIN_EXE_ramkey"));
    command.arg("disc").arg(image).arg("--to").arg(&disc).arg("--yes");
    if !options.contains(&"--timeout") {
        command.args(["--timeout", "0"]);
    }
    let output = command.args(options).output().expect("running ramkey");
    assert!(output.status.success(), "ramkey disc: {}", String::from_utf8_lossy(&output.stderr));
    disc
}

/// Writes a stick that loads `image` with MEMDISK; `options` are MEMDISK's.
pub fn memdisk(folder: &Path, image: &Path, options: &str) -> PathBuf {
    let stick = folder.join("memdisk.img");
    fs::File::create(&stick).and_then(|file| file.set_len(64 << 20)).expect("making a stick");
    let text = stick.display().to_string();
    tool("mkfs.fat", &["-F", "16", "-n", "MEMDISK", &text]);
    tool("syslinux", &["--install", &text]);
    let config =
        format!("DEFAULT m\nPROMPT 0\nLABEL m\n LINUX memdisk\n INITRD image.img\n APPEND {options}\n");
    let config = file(folder, "syslinux.cfg", config.as_bytes());
    for (path, name) in [(Path::new(MEMDISK), "memdisk"), (image, "image.img"), (&config, "syslinux.cfg")] {
        tool("mcopy", &["-i", &text, &path.display().to_string(), &format!("::{name}")]);
    }
    stick
}
