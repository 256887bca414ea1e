//! `ramkey write` to real devices that have less than they claim.

use std::fs;
use std::path::Path;
use std::process::{Command, Output, Stdio};

use crate::frames::fake::{Fake, Lies, Missing};
use crate::frames::fuse::Device;
use crate::frames::sticks::{noise, printed};

/// What they claim, and what they have, in sectors: 2 GiB, and 64 MB and a little.
const CLAIMED: u64 = 1 << 22;
const REAL: u64 = 130_000;

fn ramkey(arguments: &[&str]) -> Output {
    let mut command = Command::new(env!("CARGO_BIN_EXE_ramkey"));
    command.args(arguments).stdin(Stdio::null()).output().unwrap()
}

fn write(device: &Device, more: &[&str]) -> Output {
    let folder = tempfile::tempdir().unwrap();
    let image = folder.path().join("dos.img");
    fs::write(&image, noise(6 << 20)).unwrap();
    let (image, node) = (image.to_str().unwrap(), text(&device.disk.node));
    ramkey(&[&["write", image, "--to", node, "--yes"], more].concat())
}

fn text(path: &Path) -> &str {
    path.to_str().unwrap()
}

#[test]
fn a_stick_that_counts_from_the_start_again_is_not_written() {
    let Some(device) = Device::new(Fake::new(Lies::wraps(CLAIMED, REAL))) else { return };
    let output = write(&device, &[]);
    let words = printed(&output);
    assert_eq!(output.status.code(), Some(5), "{words}");
    for part in [
        "error: the stick claims 2 GiB and keeps what is written up to 63.",
        "read back the stamp of sector",
        "--size 63M",
    ] {
        assert!(words.contains(part), "{part}: {words}");
    }
    for lba in [0, 128, 2176] {
        assert_eq!(device.stick.on_medium(lba), Some([0; 512]), "it does not boot: sector {lba}");
    }
}

#[test]
fn the_part_that_a_stick_keeps_can_be_used() {
    let Some(device) = Device::new(Fake::new(Lies::drops(CLAIMED, REAL, Missing::Zeros))) else { return };
    let output = write(&device, &[]);
    let words = printed(&output);
    assert_eq!(output.status.code(), Some(5), "{words}");
    let size = words.split("--size ").nth(1).and_then(|rest| rest.split('.').next()).unwrap();
    let output = write(&device, &["--size", size]);
    assert!(output.status.success(), "{}", printed(&output));
    let Some(device) = device.replug() else { return };
    let output = ramkey(&["verify", text(&device.disk.node)]);
    assert!(output.status.success(), "{}", printed(&output));
    assert!(printed(&output).contains("proven"), "{}", printed(&output));
}

#[test]
fn a_stick_is_believed_with_no_probe_and_once_it_is_one_of_ours() {
    let Some(device) = Device::new(Fake::new(Lies::drops(CLAIMED, REAL, Missing::Zeros))) else { return };
    let output = write(&device, &["--no-probe"]);
    assert!(output.status.success(), "what was written lies in the part that is there: {}", printed(&output));
    let output = write(&device, &[]);
    assert!(output.status.success(), "{}", printed(&output));
}

#[test]
fn an_honest_stick_of_others_is_written() {
    let Some(device) = Device::new(Fake::new(Lies::none(CLAIMED))) else { return };
    let output = write(&device, &[]);
    assert!(output.status.success(), "{}", printed(&output));
    let output = write(&device, &["--size", "4G"]);
    assert_eq!(output.status.code(), Some(3), "{}", printed(&output));
}
