//! Images that `ramkey shrink` made smaller boot as they did before.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use ramkey::emulator::{Controller, Machine, Port, Stick};

use super::harness::{DEADLINE, Running, assemble, scratch, tool};
use super::sticks;

/// Debian's SYSLINUX MBR: starts the active partition's boot sector.
const MBR: &str = "/usr/lib/syslinux/mbr/mbr.bin";
/// A disk of 64 cylinders of 16 heads and 63 sectors, and the partition in it.
const SECTORS: u32 = 64 * 16 * 63;
const START: u32 = 63;

/// A disk with one active FAT16, of which little is used.
fn disk(folder: &Path) -> PathBuf {
    let image = folder.join("large.img");
    fs::File::create(&image).and_then(|file| file.set_len(u64::from(SECTORS) * 512)).expect("a file");
    let sectors = (SECTORS - START).to_string();
    let volume = volume(&image);
    tool("mformat", &["-i", &volume, "-T", &sectors, "-h", "16", "-s", "63", "-H", "63", "::"]);
    let mut bytes = fs::read(&image).expect("the disk");
    let mbr = fs::read(MBR).expect("syslinux is needed: `cargo xtask tools` installs it");
    bytes[..mbr.len()].copy_from_slice(&mbr);
    bytes[446..454].copy_from_slice(&[0x80, 1, 1, 0, 6, 15, 63, 63]);
    bytes[454..458].copy_from_slice(&START.to_le_bytes());
    bytes[458..462].copy_from_slice(&(SECTORS - START).to_le_bytes());
    bytes[510..512].copy_from_slice(&[0x55, 0xAA]);
    fs::write(&image, bytes).expect("the disk");
    image
}

fn volume(image: &Path) -> String {
    format!("{}@@{}", image.display(), START * 512)
}

/// The smaller image, at most a quarter of the large one.
fn shrunk(image: &Path) -> PathBuf {
    let smaller = image.with_file_name("smaller.img");
    let output = Command::new(env!("CARGO_BIN_EXE_ramkey")).arg("shrink").args([image, &smaller]).output();
    let output = output.expect("running ramkey");
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    let len = |path: &Path| fs::metadata(path).expect("the image").len();
    assert!(len(&smaller) * 4 < len(image), "{} bytes", len(&smaller));
    smaller
}

#[test]
fn a_boot_sector_finds_itself_and_its_partition_in_a_smaller_image() {
    let folder = scratch();
    let image = disk(folder.path());
    // The guest is the code of the boot sector: it lies behind the BPB.
    let mut bytes = fs::read(&image).expect("the disk");
    let code = assemble("boot_record", &[]);
    let boot = &mut bytes[START as usize * 512..][..512];
    boot[..3].copy_from_slice(&code[..3]);
    boot[0x3E..].copy_from_slice(&code[0x3E..]);
    fs::write(&image, bytes).expect("the disk");
    let stick = sticks::ramkey(folder.path(), &[&shrunk(&image)], &[]);
    let mut running = Running::start(&Machine::new(Stick::new(&stick, Port::Usb(Controller::Xhci))));
    running.pull_and_boot();
    running.must_pass();
}

#[test]
fn a_boot_loader_reads_its_files_from_a_smaller_image() {
    let folder = scratch();
    let image = disk(folder.path());
    tool("syslinux", &["--install", "--offset", &(START * 512).to_string(), &image.display().to_string()]);
    // A large file before the configuration, so that the end of what is used is read.
    let file = folder.path().join("file");
    fs::write(&file, vec![0xD1; 3 << 20]).expect("a file");
    tool("mcopy", &["-i", &volume(&image), &file.display().to_string(), "::FILLER.BIN"]);
    fs::write(&file, "SAY read from the end of it\nPROMPT 1\nTIMEOUT 0\n").expect("a file");
    tool("mcopy", &["-i", &volume(&image), &file.display().to_string(), "::SYSLINUX.CFG"]);
    let stick = sticks::ramkey(folder.path(), &[&shrunk(&image)], &[]);
    let mut running = Running::start(&Machine::new(Stick::new(&stick, Port::Usb(Controller::Xhci))));
    running.pull_and_boot();
    running.wait_screen("read from the end of it", DEADLINE);
}
