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
    let stick = folder.join("stick.img");
    let mut command = Command::new(env!("CARGO_BIN_EXE_ramkey"));
    command.arg("write").args(images).arg("--to").arg(&stick).arg("--yes");
    if !options.contains(&"--timeout") {
        command.args(["--timeout", "0"]);
    }
    if !options.contains(&"--size") {
        command.args(["--size", "64M"]);
    }
    let output = command.args(options).output().expect("running ramkey");
    assert!(output.status.success(), "ramkey write: {}", String::from_utf8_lossy(&output.stderr));
    stick
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
